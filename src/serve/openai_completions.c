/* openai_completions.c: POST /v1/completions (https://platform.openai.com/docs/api-reference/completions). */
#include <stddef.h>
#include <stdio.h>

#include "serve/api.h"
#include "serve/api_chat.h"
#include "serve/openai.h"
#include "serve/prompts.h"

static const ewi_field stream_fields[] = {
    {"include_usage", EWI_FIELD_BOOL, offsetof(ewi_ask, include_usage), 0, 0, NULL, 0},
    {.name = "include_obfuscation", .kind = EWI_FIELD_IGNORED},
};

static const ewi_field fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(ewi_ask, model)},
    {.name = "prompt", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, prompt)},
    {.name = "stream", .kind = EWI_FIELD_BOOL, .offset = offsetof(ewi_ask, stream)},
    {.name = "stream_options",
     .kind = EWI_FIELD_OBJECT,
     .members = stream_fields,
     .n_members = EWI_COUNT(stream_fields)},
    {"max_tokens", EWI_FIELD_COUNT, offsetof(ewi_ask, n_predict), 1, 1 << 24, NULL, 0},
    {"n", EWI_FIELD_COUNT, offsetof(ewi_ask, n_choices), 1, EWI_MAX_CHOICES, NULL, 0},
    {"logprobs", EWI_FIELD_COUNT, offsetof(ewi_ask, n_top), 0, EWI_MAX_TOP, NULL, 0},
    EWI_SAMPLING_FIELDS,
    EWI_RUNNING_FIELDS,
    {.name = "user", .kind = EWI_FIELD_IGNORED},
};

/* ---- the reply ---- */

static void put_spelling(ewi_json_out *json, const ewi_choice *choice, const char *key, ew_token token) {
    char text[EWI_SPELLING];
    ewi_json_out_string(json, key, ewi_answer_spell(choice->answer, token, text));
}

static void put_top(ewi_json_out *json, const ewi_choice *choice, const ewi_said_token *said) {
    char text[EWI_SPELLING];
    ewi_json_out_open(json, NULL, '{');
    for (size_t i = 0; i < said->n_top; i++) {
        ew_str spelled = ewi_answer_spell(choice->answer, said->top[i].token, text);
        char key[sizeof text + 1];
        snprintf(key, sizeof key, "%.*s", (int)spelled.len, spelled.data);
        ewi_json_out_float(json, key, said->top[i].logprob);
    }
    ewi_json_out_close(json);
}

/* Of tokens that were not told yet. */
static void put_logprobs(ewi_json_out *json, ewi_choice *choice) {
    if (!choice->answer->ask.logprobs) {
        ewi_json_out_null(json, "logprobs");
        return;
    }
    ewi_json_out_open(json, "logprobs", '{');
    ewi_json_out_open(json, "tokens", '[');
    for (size_t i = 0; i < choice->n_tokens; i++) put_spelling(json, choice, NULL, choice->tokens[i].token);
    ewi_json_out_close(json);
    ewi_json_out_open(json, "token_logprobs", '[');
    for (size_t i = 0; i < choice->n_tokens; i++) ewi_json_out_float(json, NULL, choice->tokens[i].logprob);
    ewi_json_out_close(json);
    ewi_json_out_open(json, "top_logprobs", '[');
    for (size_t i = 0; i < choice->n_tokens; i++) put_top(json, choice, &choice->tokens[i]);
    ewi_json_out_close(json);
    ewi_json_out_close(json);
    choice->n_tokens = 0;
}

static void put_choice(ewi_json_out *json, ewi_choice *choice, ew_str text, const char *finish) {
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_count(json, "index", choice->index);
    ewi_json_out_string(json, "text", text);
    put_logprobs(json, choice);
    if (finish)
        ewi_json_out_text(json, "finish_reason", finish);
    else
        ewi_json_out_null(json, "finish_reason");
    ewi_json_out_close(json);
}

static void tell(ewi_choice *choice, ew_str text, const char *finish) {
    ewi_json_out json = {.out = &choice->answer->out};
    ewi_openai_event_begin(choice->answer);
    ewi_openai_begin(&json, choice->answer, "cmpl", "text_completion");
    ewi_json_out_open(&json, "choices", '[');
    put_choice(&json, choice, text, finish);
    ewi_json_out_close(&json);
    if (finish) ewi_openai_timings(&json, choice);
    if (choice->answer->ask.include_usage) ewi_json_out_null(&json, "usage");
    ewi_json_out_close_all(&json);
    ewi_openai_event_end(choice->answer);
}

static void tell_part(ewi_choice *choice, const ewi_answer_part *part) {
    tell(choice, part->text, NULL);
}

static void end_choice(ewi_choice *choice) {
    tell(choice, EWI_STR(""), ewi_openai_finish(choice));
}

static void close_stream(ewi_answer *answer) {
    ewi_openai_close(answer, "cmpl", "text_completion");
}

static void tell_whole(ewi_answer *answer) {
    ewi_json_out json = {.out = &answer->out};
    ewi_openai_begin(&json, answer, "cmpl", "text_completion");
    ewi_json_out_open(&json, "choices", '[');
    for (size_t i = 0; i < answer->n_choices; i++) {
        ewi_choice *choice = &answer->choices[i];
        put_choice(&json, choice, ewi_buffer_str(&choice->content), ewi_openai_finish(choice));
    }
    ewi_json_out_close(&json);
    ewi_openai_usage(&json, answer);
    ewi_openai_timings(&json, &answer->choices[0]);
    ewi_json_out_close_all(&json);
}

static const ewi_api api = {
    .name = "openai.completions",
    .stream_type = "text/event-stream",
    .refuse = ewi_openai_refuse,
    .part = tell_part,
    .end_choice = end_choice,
    .close = close_stream,
    .broken = ewi_openai_broken,
    .whole = tell_whole,
};

/* ---- the request ---- */

static bool prepare(ewi_answer *answer, ewi_refusal *refusal) {
    ewi_ask *ask = &answer->ask;
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    ewi_prompt *prompts;
    size_t n;
    ask->n_predict = 16; /* as published */
    ask->n_top = EWI_UNSAID;
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, EWI_COUNT(fields), ask, &room, refusal))
        return false;
    ask->logprobs = ask->n_top != EWI_UNSAID;
    if (!ask->logprobs) ask->n_top = 0;
    if (!ewi_chat_hold(answer, refusal)) return false;
    unsigned flags = ew_tokenizer_adds_bos(answer->host->tokenizer) ? EW_ENCODE_BOS : 0u;
    if (!ewi_prompts_read(ask->prompt, "prompt", answer->host, flags, &answer->arena, &prompts, &n, refusal))
        return false;
    return ewi_prompts_make_choices(answer, prompts, n, refusal);
}

void ewi_openai_completions(ewi_server *server, ewi_exchange *exchange) {
    ewi_refusal refusal = {0};
    ewi_answer *answer = ewi_answer_new(server, exchange, &api, &refusal);
    if (!answer)
        ewi_api_refuse(exchange, &refusal);
    else if (prepare(answer, &refusal))
        ewi_answer_start(answer);
    else
        ewi_answer_refuse(answer, &refusal);
}
