/*
 * llamacpp_completion.c: POST /completion and /infill, as llama.cpp's server has them
 * (https://github.com/ggml-org/llama.cpp/tree/master/tools/server).
 */
#include <stddef.h>
#include <string.h>

#include "format/json.h"
#include "serve/api.h"
#include "serve/api_chat.h"
#include "serve/llamacpp.h"
#include "serve/openai.h"
#include "serve/prompts.h"
#include "text/tokenizer.h"

typedef struct completion_ask {
    ewi_ask ask;
    ew_str grammar, json_schema, samplers; /* JSON */
    bool after_sampling;
    int64_t repeat_last_n;
    ew_str prefix, suffix, text, extra; /* of /infill; extra: JSON */
} completion_ask;

#define AT(member) offsetof(completion_ask, member)

static const ewi_field common[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = AT(ask.model)},
    {.name = "stream", .kind = EWI_FIELD_BOOL, .offset = AT(ask.stream)},
    {.name = "n_predict", .kind = EWI_FIELD_COUNT, .offset = AT(ask.n_predict)},
    {.name = "max_tokens", .kind = EWI_FIELD_COUNT, .offset = AT(ask.n_predict_older)},
    {"n_cmpl", EWI_FIELD_COUNT, AT(ask.n_choices), 1, EWI_MAX_CHOICES, NULL, 0},
    {"temperature", EWI_FIELD_NUMBER, AT(ask.temperature), 0, 100, NULL, 0},
    {"top_k", EWI_FIELD_COUNT, AT(ask.top_k), -1, 1 << 30, NULL, 0},
    {"top_p", EWI_FIELD_NUMBER, AT(ask.top_p), 0, 1, NULL, 0},
    {"min_p", EWI_FIELD_NUMBER, AT(ask.min_p), 0, 1, NULL, 0},
    {"repeat_penalty", EWI_FIELD_NUMBER, AT(ask.repeat_penalty), 0, 100, NULL, 0},
    {"repeat_last_n", EWI_FIELD_COUNT, AT(repeat_last_n), -1, 1 << 30, NULL, 0},
    {"frequency_penalty", EWI_FIELD_NUMBER, AT(ask.frequency_penalty), -2, 2, NULL, 0},
    {"presence_penalty", EWI_FIELD_NUMBER, AT(ask.presence_penalty), -2, 2, NULL, 0},
    {.name = "seed", .kind = EWI_FIELD_COUNT, .offset = AT(ask.seed)},
    {.name = "stop", .kind = EWI_FIELD_TEXTS, .offset = AT(ask.stops)},
    {.name = "logit_bias", .kind = EWI_FIELD_RAW, .offset = AT(ask.logit_bias)},
    {.name = "ignore_eos", .kind = EWI_FIELD_BOOL, .offset = AT(ask.ignore_end)},
    {"n_probs", EWI_FIELD_COUNT, AT(ask.n_top), 0, EWI_MAX_TOP, NULL, 0},
    {.name = "return_tokens", .kind = EWI_FIELD_BOOL, .offset = AT(ask.keep_tokens)},
    EWI_RUNNING_FIELDS,
    {.name = "grammar", .kind = EWI_FIELD_RAW, .offset = AT(grammar)},
    {.name = "json_schema", .kind = EWI_FIELD_RAW, .offset = AT(json_schema)},
    {.name = "samplers", .kind = EWI_FIELD_RAW, .offset = AT(samplers)},
    {.name = "post_sampling_probs", .kind = EWI_FIELD_BOOL, .offset = AT(after_sampling)},
    /* Samplers that are not here must be off; what tunes them has no effect then. */
    {.name = "dynatemp_range", .kind = EWI_FIELD_ONLY, .min = 0},
    {.name = "dynatemp_exponent", .kind = EWI_FIELD_IGNORED},
    {.name = "typical_p", .kind = EWI_FIELD_ONLY, .min = 1},
    {.name = "top_n_sigma", .kind = EWI_FIELD_ONLY, .min = -1},
    {.name = "xtc_probability", .kind = EWI_FIELD_ONLY, .min = 0},
    {.name = "xtc_threshold", .kind = EWI_FIELD_IGNORED},
    {.name = "dry_multiplier", .kind = EWI_FIELD_ONLY, .min = 0},
    {.name = "dry_base", .kind = EWI_FIELD_IGNORED},
    {.name = "dry_allowed_length", .kind = EWI_FIELD_IGNORED},
    {.name = "dry_penalty_last_n", .kind = EWI_FIELD_IGNORED},
    {.name = "dry_sequence_breakers", .kind = EWI_FIELD_IGNORED},
    {.name = "mirostat", .kind = EWI_FIELD_ONLY, .min = 0},
    {.name = "mirostat_tau", .kind = EWI_FIELD_IGNORED},
    {.name = "mirostat_eta", .kind = EWI_FIELD_IGNORED},
    {.name = "min_keep", .kind = EWI_FIELD_ONLY, .min = 0},
    {.name = "n_indent", .kind = EWI_FIELD_ONLY, .min = 0},
    {.name = "t_max_prompt_ms", .kind = EWI_FIELD_IGNORED},
    {.name = "t_max_predict_ms", .kind = EWI_FIELD_IGNORED},
    {.name = "n_keep", .kind = EWI_FIELD_IGNORED},
    {.name = "n_discard", .kind = EWI_FIELD_IGNORED},
    {.name = "n_cache_reuse", .kind = EWI_FIELD_IGNORED},
    {.name = "id_slot", .kind = EWI_FIELD_IGNORED},
    {.name = "response_fields", .kind = EWI_FIELD_IGNORED},
    {.name = "timings_per_token", .kind = EWI_FIELD_IGNORED},
    {.name = "return_progress", .kind = EWI_FIELD_IGNORED},
    {.name = "sse_ping_interval", .kind = EWI_FIELD_IGNORED},
    {.name = "backend_sampling", .kind = EWI_FIELD_IGNORED},
};

static const ewi_field completion_fields[] = {
    {.name = "prompt", .kind = EWI_FIELD_RAW, .offset = AT(ask.prompt)},
};

static const ewi_field infill_fields[] = {
    {.name = "input_prefix", .kind = EWI_FIELD_TEXT, .offset = AT(prefix)},
    {.name = "input_suffix", .kind = EWI_FIELD_TEXT, .offset = AT(suffix)},
    {.name = "input_extra", .kind = EWI_FIELD_RAW, .offset = AT(extra)},
    {.name = "prompt", .kind = EWI_FIELD_TEXT, .offset = AT(text)},
};

/* ---- the reply ---- */

static void put_token(ewi_json_out *json, const ewi_choice *choice, ew_token token, float logprob) {
    char text[EWI_SPELLING];
    ewi_json_out_integer(json, "id", token);
    ewi_json_out_string(json, "token", ewi_answer_spell(choice->answer, token, text));
    ewi_llamacpp_put_bytes(json, "bytes", ewi_token_bytes(choice->answer->host->tokenizer, token));
    ewi_json_out_float(json, "logprob", logprob);
}

static void put_probabilities(ewi_json_out *json, const ewi_choice *choice) {
    if (choice->answer->ask.logprobs)
        ewi_openai_put_tokens(json, "completion_probabilities", choice, put_token);
}

/* What a piece and the end of an answer have in common; tokens are those that were not told yet. */
static void begin(ewi_json_out *json, const ewi_choice *choice, ew_str content, bool stop) {
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_count(json, "index", choice->index);
    ewi_json_out_string(json, "content", content);
    ewi_json_out_open(json, "tokens", '[');
    if (choice->answer->ask.keep_tokens)
        for (size_t i = 0; i < choice->n_tokens; i++)
            ewi_json_out_integer(json, NULL, choice->tokens[i].token);
    ewi_json_out_close(json);
    ewi_json_out_bool(json, "stop", stop);
    ewi_json_out_integer(json, "id_slot", -1);
}

static const char *stop_type(const ewi_choice *choice) {
    switch (ewi_choice_why(choice)) {
    case EWI_WHY_LENGTH: return "limit";
    case EWI_WHY_STOP_TEXT: return "word";
    case EWI_WHY_END:
    case EWI_WHY_CALLS: break;
    }
    return "eos";
}

static void put_end(ewi_json_out *json, const ewi_choice *choice) {
    ewi_answer *answer = choice->answer;
    const ewi_texts *stops = &answer->ask.stops;
    const ew_generation *g = &choice->outcome.generation;
    bool by_word = g->finish == EW_FINISH_STOP;
    ewi_json_out_text(json, "model", answer->host->name);
    ewi_json_out_count(json, "tokens_predicted", g->n_generated);
    ewi_json_out_count(json, "tokens_evaluated", choice->n_prompt);
    ewi_llamacpp_put_settings(json, "generation_settings", &answer->ask, answer);
    ewi_llamacpp_put_text(json, "prompt", answer->host, choice->prompt, choice->n_prompt);
    ewi_json_out_bool(json, "has_new_line",
                      choice->content.len && memchr(choice->content.data, '\n', choice->content.len));
    ewi_json_out_bool(json, "truncated", answer->n_dropped > 0 || g->finish == EW_FINISH_CONTEXT);
    ewi_json_out_text(json, "stop_type", stop_type(choice));
    ewi_json_out_string(json, "stopping_word", by_word ? stops->items[g->stop] : EWI_STR(""));
    ewi_json_out_count(json, "tokens_cached", choice->outcome.n_cached);
    ewi_openai_timings(json, choice);
}

static void tell_part(ewi_choice *choice, const ewi_answer_part *part) {
    ewi_json_out json = {.out = &choice->answer->out};
    ewi_openai_event_begin(choice->answer);
    begin(&json, choice, part->text, false);
    put_probabilities(&json, choice);
    ewi_json_out_close_all(&json);
    ewi_openai_event_end(choice->answer);
    choice->n_tokens = 0;
}

static void end_choice(ewi_choice *choice) {
    ewi_json_out json = {.out = &choice->answer->out};
    ewi_openai_event_begin(choice->answer);
    begin(&json, choice, EWI_STR(""), true);
    put_end(&json, choice);
    ewi_json_out_close_all(&json);
    ewi_openai_event_end(choice->answer);
}

/* One choice is an object, several are an array of them. */
static void tell_whole(ewi_answer *answer) {
    ewi_json_out json = {.out = &answer->out};
    if (answer->n_choices > 1) ewi_json_out_open(&json, NULL, '[');
    for (size_t i = 0; i < answer->n_choices; i++) {
        const ewi_choice *choice = &answer->choices[i];
        begin(&json, choice, ewi_buffer_str(&choice->content), true);
        put_end(&json, choice);
        put_probabilities(&json, choice);
        ewi_json_out_close(&json);
    }
    ewi_json_out_close_all(&json);
}

static void tell_broken(ewi_answer *answer, const ewi_refusal *refusal) {
    ewi_openai_event_begin(answer);
    ewi_llamacpp_refuse(refusal, &answer->out);
    ewi_openai_event_end(answer);
}

static const ewi_api completion_api = {
    .name = "llama.cpp.completion",
    .stream_type = "text/event-stream",
    .refuse = ewi_llamacpp_refuse,
    .part = tell_part,
    .end_choice = end_choice,
    .broken = tell_broken,
    .whole = tell_whole,
};

/* ---- the request ---- */

static bool is_there(ew_str json) {
    return json.len && !ewi_str_is(json, "\"\"") && !ewi_str_is(json, "[]");
}

static bool check(const completion_ask *c, ewi_refusal *refusal) {
    if (is_there(c->grammar) || is_there(c->json_schema)) {
        const char *name = is_there(c->grammar) ? "grammar" : "json_schema";
        return ewi_refuse(refusal, 400, name, "%s: not supported: output cannot be held to it yet", name);
    }
    if (is_there(c->samplers))
        return ewi_refuse(refusal, 400, "samplers", "samplers: their order is fixed here");
    if (c->after_sampling)
        return ewi_refuse(refusal, 400, "post_sampling_probs",
                          "post_sampling_probs: not supported, only probabilities before sampling");
    if (c->ask.n_predict == 0)
        return ewi_refuse(refusal, 400, "n_predict", "n_predict: 1 and more, or -1: no limit");
    return true;
}

/* Negative numbers mean "no limit" and "by chance"; penalties that see nothing are off. */
static void spell_out(completion_ask *c, const ewi_host *host) {
    ewi_ask *ask = &c->ask;
    if (ask->seed < 0) ask->seed = EWI_UNSAID;
    if (ask->top_k < 0 && ask->top_k != EWI_UNSAID) ask->top_k = 0;
    ask->logprobs = ask->n_top > 0;
    ask->keep_tokens = ask->keep_tokens || ask->stream;
    if (c->repeat_last_n > 0) ask->penalty_last_n = c->repeat_last_n;
    if (c->repeat_last_n == -1) ask->penalty_last_n = host->n_ctx;
    if (c->repeat_last_n != 0) return;
    ask->repeat_penalty = 1;
    ask->presence_penalty = ask->frequency_penalty = 0;
}

static bool read_and_hold(ewi_answer *answer, completion_ask *c, const ewi_field *own, size_t n,
                          ewi_refusal *refusal) {
    ewi_field fields[EWI_MAX_FIELDS];
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    *c = (completion_ask){.repeat_last_n = EWI_UNSAID};
    ewi_ask_init(&c->ask);
    memcpy(fields, common, sizeof common);
    memcpy(fields + EWI_COUNT(common), own, n * sizeof *own);
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, n + EWI_COUNT(common), c, &room,
                         refusal) ||
        !check(c, refusal))
        return false;
    answer->ask = c->ask;
    if (!ewi_chat_hold(answer, refusal)) return false;
    spell_out(c, answer->host);
    answer->ask = c->ask;
    return true;
}

static bool prepare_completion(ewi_answer *answer, ewi_refusal *refusal) {
    completion_ask c;
    ewi_prompt *prompts;
    size_t n;
    if (!read_and_hold(answer, &c, completion_fields, EWI_COUNT(completion_fields), refusal)) return false;
    unsigned bos = ew_tokenizer_adds_bos(answer->host->tokenizer) ? EW_ENCODE_BOS : 0u;
    return ewi_prompts_read(c.ask.prompt, "prompt", answer->host, bos | EW_ENCODE_SPECIAL, &answer->arena,
                            &prompts, &n, refusal) &&
           ewi_prompts_make_choices(answer, prompts, n, refusal);
}

static void handle(ewi_server *server, ewi_exchange *exchange, const ewi_api *api,
                   bool (*prepare)(ewi_answer *answer, ewi_refusal *refusal)) {
    ewi_refusal refusal = {0};
    ewi_answer *answer = ewi_answer_new(server, exchange, api, &refusal);
    if (!answer)
        ewi_api_refuse(exchange, &refusal);
    else if (prepare(answer, &refusal))
        ewi_answer_start(answer);
    else
        ewi_answer_refuse(answer, &refusal);
}

void ewi_llamacpp_completion(ewi_server *server, ewi_exchange *exchange) {
    handle(server, exchange, &completion_api, prepare_completion);
}

/* ---- /infill ---- */

/* Marks of fill-in-the-middle, as vocabularies spell them. */
typedef enum mark { MARK_PREFIX, MARK_SUFFIX, MARK_MIDDLE, MARK_REPO, MARK_FILE, N_MARKS } mark;

typedef struct mark_name {
    mark mark;
    const char *text;
} mark_name;

static const mark_name mark_names[] = {
    {MARK_PREFIX, "<|fim_prefix|>"},
    {MARK_SUFFIX, "<|fim_suffix|>"},
    {MARK_MIDDLE, "<|fim_middle|>"},
    {MARK_PREFIX, "<fim_prefix>"},
    {MARK_SUFFIX, "<fim_suffix>"},
    {MARK_MIDDLE, "<fim_middle>"},
    {MARK_PREFIX, "<fim-prefix>"},
    {MARK_SUFFIX, "<fim-suffix>"},
    {MARK_MIDDLE, "<fim-middle>"},
    {MARK_PREFIX, "<|code_prefix|>"},
    {MARK_SUFFIX, "<|code_suffix|>"},
    {MARK_MIDDLE, "<|code_middle|>"},
    {MARK_PREFIX, "<|prefix|>"},
    {MARK_SUFFIX, "<|suffix|>"},
    {MARK_MIDDLE, "<|middle|>"},
    {MARK_PREFIX, "\u2581<PRE>"},
    {MARK_SUFFIX, "\u2581<SUF>"},
    {MARK_MIDDLE, "\u2581<MID>"},
    {MARK_PREFIX, "<PRE>"},
    {MARK_SUFFIX, "<SUF>"},
    {MARK_MIDDLE, "<MID>"},
    {MARK_PREFIX, "<\uff5cfim\u2581begin\uff5c>"},
    {MARK_SUFFIX, "<\uff5cfim\u2581hole\uff5c>"},
    {MARK_MIDDLE, "<\uff5cfim\u2581end\uff5c>"},
    {MARK_REPO, "<|repo_name|>"},
    {MARK_REPO, "<|fim_repo|>"},
    {MARK_REPO, "<reponame>"},
    {MARK_FILE, "<|file_sep|>"},
};

/* -1: there is none. */
static void find_marks(const ew_tokenizer *tokenizer, ew_token marks[N_MARKS]) {
    for (size_t m = 0; m < N_MARKS; m++) marks[m] = -1;
    for (size_t t = 0; t < ew_tokenizer_n_vocab(tokenizer); t++) {
        ew_str text = ew_token_spelling(tokenizer, (ew_token)t);
        for (size_t i = 0; i < EWI_COUNT(mark_names); i++)
            if (marks[mark_names[i].mark] < 0 && ewi_str_is(text, mark_names[i].text))
                marks[mark_names[i].mark] = (ew_token)t;
    }
}

/* A prompt in the making. */
typedef struct weave {
    const ewi_host *host;
    ewi_arena *arena;
    ew_token *tokens;
    size_t n, cap;
    ewi_refusal *refusal;
} weave;

static bool add_tokens(weave *w, const ew_token *tokens, size_t n) {
    if (w->cap - w->n < n) {
        size_t cap = 2 * w->cap + n + 64;
        ew_token *more = ewi_arena_array(w->arena, cap, sizeof *more);
        if (!more) return ewi_refuse(w->refusal, 503, NULL, "out of memory");
        if (w->n) memcpy(more, w->tokens, w->n * sizeof *more);
        w->tokens = more;
        w->cap = cap;
    }
    if (n) memcpy(w->tokens + w->n, tokens, n * sizeof *tokens);
    w->n += n;
    return true;
}

/* A mark that the vocabulary does not have is left out. */
static bool add_mark(weave *w, ew_token token) {
    return token < 0 || add_tokens(w, &token, 1);
}

static bool add_text(weave *w, ew_str text) {
    ewi_prompt prompt;
    return ewi_prompts_encode(text, w->host, 0, w->arena, &prompt, w->refusal) &&
           add_tokens(w, prompt.tokens, prompt.n);
}

static bool add_file_name(weave *w, ew_token before, ew_str name) {
    return before < 0 || (add_mark(w, before) && add_text(w, name) && add_text(w, EWI_STR("\n")));
}

static bool read_chunk(ewi_json *json, ew_str *name, ew_str *text) {
    ew_str key;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_enter_object(json, NULL)) return false;
    while (ewi_json_next_key(json, &key)) {
        ew_str *to = ewi_str_is(key, "filename") ? name : ewi_str_is(key, "text") ? text : NULL;
        if (!to || ewi_json_read_string(json, to, NULL)) return false;
    }
    return text->data != NULL;
}

/* Other files, each behind its name where the vocabulary has a mark for names, else behind a blank line. */
static bool add_extra(weave *w, ew_str extra, const ew_token marks[N_MARKS]) {
    ewi_json json;
    if (extra.len == 0) return true;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)extra.data, extra.len}, w->arena);
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return ewi_refuse(w->refusal, 400, "input_extra", "input_extra: an array is expected");
    for (size_t i = 0; ewi_json_next_item(&json); i++) {
        ew_str name = EWI_STR("tmp"), text = {0};
        if (!read_chunk(&json, &name, &text))
            return ewi_refuse(w->refusal, 400, "input_extra",
                              "input_extra[%zu]: {\"filename\": \"..\", \"text\": \"..\"} is expected", i);
        if (marks[MARK_FILE] < 0 && !add_text(w, EWI_STR("\n\n"))) return false;
        if (!add_file_name(w, marks[MARK_FILE], name) || !add_text(w, text)) return false;
    }
    return true;
}

/* arXiv 2409.12186, section 3.2: other files, then this one: what stands before, behind, and is sought. */
static bool weave_infill(weave *w, const completion_ask *c, const ew_token marks[N_MARKS]) {
    ew_token bos = ew_tokenizer_adds_bos(w->host->tokenizer) ? ew_tokenizer_bos(w->host->tokenizer) : -1;
    return add_mark(w, bos) && add_file_name(w, marks[MARK_REPO], EWI_STR("myproject")) &&
           add_extra(w, c->extra, marks) && add_file_name(w, marks[MARK_FILE], EWI_STR("filename")) &&
           add_mark(w, marks[MARK_PREFIX]) && add_text(w, c->prefix) && add_text(w, c->text) &&
           add_mark(w, marks[MARK_SUFFIX]) && add_text(w, c->suffix) && add_mark(w, marks[MARK_MIDDLE]);
}

static bool check_infill(const completion_ask *c, const ewi_host *host, const ew_token marks[N_MARKS],
                         ewi_refusal *refusal) {
    if (!c->prefix.data || !c->suffix.data)
        return ewi_refuse(refusal, 400, c->prefix.data ? "input_suffix" : "input_prefix", "%s: it is missing",
                          c->prefix.data ? "input_suffix" : "input_prefix");
    if (c->ask.truncate) return ewi_refuse(refusal, 400, "truncate", "truncate: not with /infill");
    if (marks[MARK_PREFIX] >= 0 && marks[MARK_SUFFIX] >= 0 && marks[MARK_MIDDLE] >= 0) return true;
    return ewi_refuse(
        refusal, 501, "model",
        "the model \"%s\" cannot fill in: its vocabulary has no marks for prefix, suffix and middle",
        host->name);
}

static bool prepare_infill(ewi_answer *answer, ewi_refusal *refusal) {
    completion_ask c;
    ew_token marks[N_MARKS];
    if (!read_and_hold(answer, &c, infill_fields, EWI_COUNT(infill_fields), refusal)) return false;
    find_marks(answer->host->tokenizer, marks);
    weave w = {.host = answer->host, .arena = &answer->arena, .refusal = refusal};
    if (!check_infill(&c, answer->host, marks, refusal) || !weave_infill(&w, &c, marks)) return false;
    return ewi_prompts_make_choices(answer, &(ewi_prompt){w.tokens, w.n}, 1, refusal);
}

static const ewi_api infill_api = {
    .name = "llama.cpp.infill",
    .stream_type = "text/event-stream",
    .refuse = ewi_llamacpp_refuse,
    .part = tell_part,
    .end_choice = end_choice,
    .broken = tell_broken,
    .whole = tell_whole,
};

void ewi_llamacpp_infill(ewi_server *server, ewi_exchange *exchange) {
    handle(server, exchange, &infill_api, prepare_infill);
}
