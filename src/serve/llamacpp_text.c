/* llamacpp_text.c: POST /tokenize, /detokenize and /apply-template. */
#include <stddef.h>

#include "base/utf8.h"
#include "format/json.h"
#include "serve/api.h"
#include "serve/chat_messages.h"
#include "serve/llamacpp.h"
#include "serve/prompts.h"
#include "text/tokenizer.h"

typedef struct text_ask {
    ew_str model, content, tokens; /* tokens: JSON */
    bool add_special, parse_special, with_pieces;
    ew_str messages, tools, tool_choice, template_options; /* JSON */
} text_ask;

#define AT(member) offsetof(text_ask, member)

static bool read_and_hold(ewi_answer *answer, const ewi_field *fields, size_t n, text_ask *ask,
                          ewi_refusal *refusal) {
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    *ask = (text_ask){.parse_special = true};
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, n, ask, &room, refusal)) return false;
    answer->host = ewi_models_hold(ewi_server_models(answer->server), ask->model, refusal);
    return answer->host != NULL;
}

/* ---- /tokenize ---- */

static const ewi_field tokenize_fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = AT(model)},
    {.name = "content", .kind = EWI_FIELD_TEXT, .offset = AT(content)},
    {.name = "add_special", .kind = EWI_FIELD_BOOL, .offset = AT(add_special)},
    {.name = "parse_special", .kind = EWI_FIELD_BOOL, .offset = AT(parse_special)},
    {.name = "with_pieces", .kind = EWI_FIELD_BOOL, .offset = AT(with_pieces)},
};

/* A string, or the bytes of a part of a character. */
static void put_piece(ewi_json_out *json, const ewi_answer *answer, ew_token token) {
    ewi_bytes bytes = ewi_token_bytes(answer->host->tokenizer, token);
    if (ewi_utf8_valid(bytes.data, bytes.len))
        ewi_json_out_string(json, "piece", (ew_str){(const char *)bytes.data, bytes.len});
    else
        ewi_llamacpp_put_bytes(json, "piece", bytes);
}

static void tell_tokens(ewi_answer *answer, const ewi_prompt *prompt, bool with_pieces) {
    ewi_json_out json = {.out = &answer->out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_open(&json, "tokens", '[');
    for (size_t i = 0; i < prompt->n; i++) {
        if (!with_pieces) {
            ewi_json_out_integer(&json, NULL, prompt->tokens[i]);
            continue;
        }
        ewi_json_out_open(&json, NULL, '{');
        ewi_json_out_integer(&json, "id", prompt->tokens[i]);
        put_piece(&json, answer, prompt->tokens[i]);
        ewi_json_out_close(&json);
    }
    ewi_json_out_close_all(&json);
}

static unsigned flags_of(const text_ask *ask, const ewi_host *host) {
    unsigned flags = ask->parse_special ? EW_ENCODE_SPECIAL : 0u;
    if (ask->add_special) flags |= EW_ENCODE_EOS;
    if (ask->add_special && ew_tokenizer_adds_bos(host->tokenizer)) flags |= EW_ENCODE_BOS;
    return flags;
}

static bool tokenize(ewi_answer *answer, ewi_refusal *refusal) {
    text_ask ask;
    ewi_prompt prompt;
    if (!read_and_hold(answer, tokenize_fields, EWI_COUNT(tokenize_fields), &ask, refusal)) return false;
    if (!ask.content.data) return ewi_refuse(refusal, 400, "content", "content: it is missing");
    if (!ewi_prompts_encode(ask.content, answer->host, flags_of(&ask, answer->host), &answer->arena, &prompt,
                            refusal))
        return false;
    tell_tokens(answer, &prompt, ask.with_pieces);
    return true;
}

void ewi_llamacpp_tokenize(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api api = {.name = "llama.cpp.tokenize", .refuse = ewi_llamacpp_refuse};
    ewi_api_reply(server, exchange, &api, tokenize);
}

/* ---- /detokenize ---- */

static const ewi_field detokenize_fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = AT(model)},
    {.name = "tokens", .kind = EWI_FIELD_RAW, .offset = AT(tokens)},
};

static bool read_tokens(ewi_answer *answer, ew_str text, ew_token **out, size_t *n, ewi_refusal *refusal) {
    size_t count = 0;
    uint64_t token;
    ewi_json json;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, &answer->arena);
    if (!text.len || ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_count(&json, &count, NULL))
        return ewi_refuse(refusal, 400, "tokens", "tokens: an array is expected");
    size_t n_vocab = ew_tokenizer_n_vocab(answer->host->tokenizer);
    *out = ewi_arena_array(&answer->arena, count + 1, sizeof **out);
    if (!*out || ewi_json_enter_array(&json, NULL)) return ewi_refuse(refusal, 503, NULL, "out of memory");
    for (*n = 0; ewi_json_next_item(&json); ++*n) {
        if (ewi_json_read_u64(&json, &token, NULL) || token >= n_vocab)
            return ewi_refuse(refusal, 400, "tokens", "tokens[%zu]: a number below %zu is expected", *n,
                              n_vocab);
        (*out)[*n] = (ew_token)token;
    }
    return true;
}

static bool detokenize(ewi_answer *answer, ewi_refusal *refusal) {
    text_ask ask;
    ew_token *tokens = NULL;
    size_t n = 0;
    if (!read_and_hold(answer, detokenize_fields, EWI_COUNT(detokenize_fields), &ask, refusal) ||
        !read_tokens(answer, ask.tokens, &tokens, &n, refusal))
        return false;
    ewi_json_out json = {.out = &answer->out};
    ewi_json_out_open(&json, NULL, '{');
    if (!ewi_llamacpp_put_text(&json, "content", answer->host, tokens, n))
        return ewi_refuse(refusal, 503, NULL, "out of memory");
    ewi_json_out_close_all(&json);
    return true;
}

void ewi_llamacpp_detokenize(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api api = {.name = "llama.cpp.detokenize", .refuse = ewi_llamacpp_refuse};
    ewi_api_reply(server, exchange, &api, detokenize);
}

/* ---- /apply-template ---- */

static const ewi_field template_fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = AT(model)},
    {.name = "messages", .kind = EWI_FIELD_RAW, .offset = AT(messages)},
    {.name = "tools", .kind = EWI_FIELD_RAW, .offset = AT(tools)},
    {.name = "tool_choice", .kind = EWI_FIELD_RAW, .offset = AT(tool_choice)},
    {.name = "chat_template_kwargs", .kind = EWI_FIELD_RAW, .offset = AT(template_options)},
};

static bool render(ewi_answer *answer, const text_ask *ask, ewi_conversation *conv, ewi_refusal *refusal) {
    ew_rendering *rendering;
    if (!ewi_conversation_add_openai(conv, ask->messages, refusal) ||
        !ewi_conversation_set_tools(conv, ask->tools, ask->tool_choice, refusal) ||
        !ewi_conversation_set_options(conv, ask->template_options, refusal) ||
        !ewi_conversation_write(conv, answer->host, &rendering, refusal))
        return false;
    ewi_json_out json = {.out = &answer->out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_string(&json, "prompt", ew_rendering_text(rendering));
    ewi_json_out_close_all(&json);
    ew_rendering_free(rendering);
    return true;
}

static bool apply_template(ewi_answer *answer, ewi_refusal *refusal) {
    text_ask ask;
    ewi_conversation conv;
    if (!read_and_hold(answer, template_fields, EWI_COUNT(template_fields), &ask, refusal) ||
        !ewi_conversation_init(&conv, &answer->arena, refusal))
        return false;
    bool ok = render(answer, &ask, &conv, refusal);
    ewi_conversation_deinit(&conv);
    return ok;
}

void ewi_llamacpp_apply_template(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api api = {.name = "llama.cpp.apply-template", .refuse = ewi_llamacpp_refuse};
    ewi_api_reply(server, exchange, &api, apply_template);
}
