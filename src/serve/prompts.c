#include "serve/prompts.h"

#include <string.h>

#include "format/json.h"

static bool no_memory(const char *name, ewi_refusal *refusal) {
    return ewi_refuse(refusal, 503, name, "%s: no memory for it", name);
}

bool ewi_prompts_encode(ew_str text, const ewi_host *host, unsigned flags, ewi_arena *arena, ewi_prompt *out,
                        ewi_refusal *refusal) {
    ew_error err = {0};
    size_t cap = text.len + 4; /* mostly a token is a byte at least */
    for (;;) {
        ew_token *tokens = ewi_arena_array(arena, cap, sizeof *tokens);
        if (!tokens) return no_memory("prompt", refusal);
        if (ew_tokenizer_encode(host->tokenizer, text, flags, tokens, cap, &out->n, &err))
            return ewi_refuse_error(refusal, "prompt", &err);
        out->tokens = tokens;
        if (out->n <= cap) return true;
        cap = out->n;
    }
}

static bool read_tokens(ewi_json *json, const char *name, const ewi_host *host, ewi_arena *arena,
                        ewi_prompt *out, ewi_refusal *refusal) {
    size_t n = 0, n_vocab = ew_model_get_info(host->model).n_vocab;
    if (ewi_json_count(json, &n, NULL)) return no_memory(name, refusal);
    ew_token *tokens = ewi_arena_array(arena, n + 1, sizeof *tokens);
    if (!tokens || ewi_json_enter_array(json, NULL)) return no_memory(name, refusal);
    for (out->n = 0; ewi_json_next_item(json); out->n++) {
        uint64_t token;
        if (ewi_json_read_u64(json, &token, NULL) || token >= n_vocab)
            return ewi_refuse(refusal, 400, name, "%s: tokens below %zu are expected", name, n_vocab);
        tokens[out->n] = (ew_token)token;
    }
    out->tokens = tokens;
    return true;
}

static bool read_one(ewi_json *json, const char *name, const ewi_host *host, unsigned flags, ewi_arena *arena,
                     ewi_prompt *out, ewi_refusal *refusal) {
    ew_str text;
    ewi_json_kind kind = ewi_json_peek(json);
    if (kind == EWI_JSON_ARRAY) return read_tokens(json, name, host, arena, out, refusal);
    if (kind != EWI_JSON_STRING)
        return ewi_refuse(refusal, 400, name, "%s: strings, or arrays of tokens, are expected", name);
    if (ewi_json_read_string(json, &text, NULL)) return no_memory(name, refusal);
    return ewi_prompts_encode(text, host, flags, arena, out, refusal);
}

/* [1, 2] is one prompt, ["a", "b"] and [[1], [2]] are two. */
static bool is_one(ew_str text) {
    size_t i = 0;
    while (i < text.len && strchr(" \t\r\n", text.data[i])) i++;
    if (i == text.len || text.data[i] != '[') return true;
    for (i++; i < text.len && strchr(" \t\r\n", text.data[i]);) i++;
    return i < text.len && text.data[i] != '"' && text.data[i] != '[' && text.data[i] != ']';
}

static bool read_many(ewi_json *json, const char *name, const ewi_host *host, unsigned flags,
                      ewi_arena *arena, ewi_prompt *prompts, size_t *n, ewi_refusal *refusal) {
    if (ewi_json_enter_array(json, NULL)) return no_memory(name, refusal);
    while (ewi_json_next_item(json)) {
        if (!read_one(json, name, host, flags, arena, &prompts[*n], refusal)) return false;
        ++*n;
    }
    return *n > 0 || ewi_refuse(refusal, 400, name, "%s: there is none", name);
}

bool ewi_prompts_read(ew_str text, const char *name, const ewi_host *host, unsigned flags, ewi_arena *arena,
                      ewi_prompt **out, size_t *n, ewi_refusal *refusal) {
    size_t count = 1;
    ewi_json json;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, arena);
    if (text.len == 0) return ewi_refuse(refusal, 400, name, "%s: it is missing", name);
    bool one = is_one(text);
    if (!one && ewi_json_count(&json, &count, NULL)) return no_memory(name, refusal);
    if (count > EWI_MAX_PROMPTS)
        return ewi_refuse(refusal, 400, name, "%s: %zu of them, at most %u", name, count, EWI_MAX_PROMPTS);
    *out = ewi_arena_array(arena, count + 1, sizeof **out);
    *n = 0;
    if (!*out) return no_memory(name, refusal);
    if (!one) return read_many(&json, name, host, flags, arena, *out, n, refusal);
    *n = 1;
    return read_one(&json, name, host, flags, arena, *out, refusal);
}

/* ---- choices ---- */

static void cut(ewi_answer *answer, ewi_prompt *prompt) {
    size_t limit = ewi_answer_limit(answer);
    if (limit == 0 || prompt->n <= limit) return;
    answer->n_dropped += (uint32_t)(prompt->n - limit);
    prompt->tokens += prompt->n - limit;
    prompt->n = limit;
}

bool ewi_prompts_make_choices(ewi_answer *answer, ewi_prompt *prompts, size_t n, ewi_refusal *refusal) {
    size_t each = (size_t)answer->ask.n_choices;
    for (size_t i = 0; i < n; i++) {
        cut(answer, &prompts[i]);
        if (prompts[i].n == 0)
            return ewi_refuse(refusal, 400, "prompt", "prompt: it is empty, and the model has no BOS");
    }
    if (!ewi_answer_make_choices(answer, n * each, refusal)) return false;
    for (size_t i = 0; i < n * each; i++) {
        answer->choices[i].prompt = prompts[i / each].tokens;
        answer->choices[i].n_prompt = prompts[i / each].n;
    }
    return true;
}
