/* openai_chat.c: POST /v1/chat/completions (https://platform.openai.com/docs/api-reference/chat). */
#include <stddef.h>
#include <string.h>

#include "serve/api.h"
#include "serve/api_chat.h"
#include "serve/openai.h"

/* ---- the request ---- */

static const ewi_field stream_fields[] = {
    {"include_usage", EWI_FIELD_BOOL, offsetof(ewi_ask, include_usage), 0, 0, NULL, 0},
    {.name = "include_obfuscation", .kind = EWI_FIELD_IGNORED},
};

static const ewi_field fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(ewi_ask, model)},
    {.name = "messages", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, messages)},
    {.name = "stream", .kind = EWI_FIELD_BOOL, .offset = offsetof(ewi_ask, stream)},
    {.name = "stream_options",
     .kind = EWI_FIELD_OBJECT,
     .members = stream_fields,
     .n_members = EWI_COUNT(stream_fields)},
    {"max_completion_tokens", EWI_FIELD_COUNT, offsetof(ewi_ask, n_predict), 1, 1 << 24, NULL, 0},
    {"max_tokens", EWI_FIELD_COUNT, offsetof(ewi_ask, n_predict_older), 1, 1 << 24, NULL, 0},
    {"n", EWI_FIELD_COUNT, offsetof(ewi_ask, n_choices), 1, EWI_MAX_CHOICES, NULL, 0},
    {.name = "logprobs", .kind = EWI_FIELD_BOOL, .offset = offsetof(ewi_ask, logprobs)},
    {"top_logprobs", EWI_FIELD_COUNT, offsetof(ewi_ask, n_top), 0, EWI_MAX_TOP, NULL, 0},
    {.name = "tools", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, tools)},
    {.name = "tool_choice", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, tool_choice)},
    {.name = "response_format", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, response_format)},
    {.name = "chat_template_kwargs", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, template_options)},
    EWI_SAMPLING_FIELDS,
    EWI_RUNNING_FIELDS,
    {.name = "parallel_tool_calls", .kind = EWI_FIELD_IGNORED},
    {.name = "user", .kind = EWI_FIELD_IGNORED},
    {.name = "safety_identifier", .kind = EWI_FIELD_IGNORED},
    {.name = "prompt_cache_key", .kind = EWI_FIELD_IGNORED},
    {.name = "metadata", .kind = EWI_FIELD_IGNORED},
    {.name = "store", .kind = EWI_FIELD_IGNORED},
    {.name = "service_tier", .kind = EWI_FIELD_IGNORED},
    {.name = "reasoning_effort", .kind = EWI_FIELD_IGNORED},
    {.name = "verbosity", .kind = EWI_FIELD_IGNORED},
    {.name = "modalities", .kind = EWI_FIELD_IGNORED},
    {.name = "prediction", .kind = EWI_FIELD_IGNORED},
    {.name = "web_search_options", .kind = EWI_FIELD_IGNORED},
};

/* ---- the reply ---- */

static void put_bytes(ewi_json_out *json, ew_str text) {
    ewi_json_out_open(json, "bytes", '[');
    for (size_t i = 0; i < text.len; i++) ewi_json_out_count(json, NULL, (uint8_t)text.data[i]);
    ewi_json_out_close(json);
}

static void put_token(ewi_json_out *json, const ewi_choice *choice, ew_token token, float logprob) {
    char text[EWI_SPELLING];
    ew_str spelled = ewi_answer_spell(choice->answer, token, text);
    ewi_json_out_string(json, "token", spelled);
    ewi_json_out_float(json, "logprob", logprob);
    put_bytes(json, spelled);
}

/* Tokens that were not told yet. */
static void put_logprobs(ewi_json_out *json, ewi_choice *choice) {
    if (!choice->answer->ask.logprobs) {
        ewi_json_out_null(json, "logprobs");
        return;
    }
    ewi_json_out_open(json, "logprobs", '{');
    ewi_openai_put_tokens(json, "content", choice, put_token);
    ewi_json_out_close(json);
    choice->n_tokens = 0;
}

/* ---- streamed ---- */

static void begin_chunk(ewi_json_out *json, ewi_choice *choice) {
    ewi_openai_event_begin(choice->answer);
    ewi_openai_begin(json, choice->answer, "chatcmpl", "chat.completion.chunk");
    ewi_json_out_open(json, "choices", '[');
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_count(json, "index", choice->index);
    ewi_json_out_open(json, "delta", '{');
}

static void end_chunk(ewi_json_out *json, ewi_choice *choice, const char *finish) {
    ewi_json_out_close(json); /* delta */
    put_logprobs(json, choice);
    if (finish)
        ewi_json_out_text(json, "finish_reason", finish);
    else
        ewi_json_out_null(json, "finish_reason");
    ewi_json_out_close(json);
    ewi_json_out_close(json); /* choices */
    if (finish) ewi_openai_timings(json, choice);
    if (choice->answer->ask.include_usage) ewi_json_out_null(json, "usage");
    ewi_json_out_close_all(json);
    ewi_openai_event_end(choice->answer);
}

static void open_stream(ewi_answer *answer) {
    for (size_t i = 0; i < answer->n_choices; i++) {
        ewi_choice *choice = &answer->choices[i];
        ewi_json_out json = {.out = &answer->out};
        size_t n_tokens = choice->n_tokens;
        choice->n_tokens = 0; /* the first chunk has the role alone */
        begin_chunk(&json, choice);
        ewi_json_out_text(&json, "role", "assistant");
        ewi_json_out_text(&json, "content", "");
        end_chunk(&json, choice, NULL);
        choice->n_tokens = n_tokens;
    }
}

static void put_call_delta(ewi_json_out *json, const ewi_choice *choice, const ewi_answer_part *part) {
    const ewi_call *call = &choice->calls[choice->n_calls - 1];
    const bool begins = part->kind == EWI_PART_CALL_BEGIN;
    ewi_json_out_open(json, "tool_calls", '[');
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_count(json, "index", choice->n_calls - 1);
    if (begins) {
        ewi_json_out_text(json, "id", call->id);
        ewi_json_out_text(json, "type", "function");
    }
    ewi_json_out_open(json, "function", '{');
    if (begins) ewi_json_out_string(json, "name", part->text);
    ewi_json_out_string(json, "arguments", begins ? EWI_STR("") : part->text);
    ewi_json_out_close(json);
    ewi_json_out_close(json);
    ewi_json_out_close(json);
}

static void tell_part(ewi_choice *choice, const ewi_answer_part *part) {
    ewi_json_out json = {.out = &choice->answer->out};
    if (part->kind == EWI_PART_CALL_END) return;
    begin_chunk(&json, choice);
    if (part->kind == EWI_PART_CONTENT)
        ewi_json_out_string(&json, "content", part->text);
    else if (part->kind == EWI_PART_REASONING)
        ewi_json_out_string(&json, "reasoning_content", part->text);
    else
        put_call_delta(&json, choice, part);
    end_chunk(&json, choice, NULL);
}

static void end_choice(ewi_choice *choice) {
    ewi_json_out json = {.out = &choice->answer->out};
    begin_chunk(&json, choice);
    end_chunk(&json, choice, ewi_openai_finish(choice));
}

static void close_stream(ewi_answer *answer) {
    ewi_openai_close(answer, "chatcmpl", "chat.completion.chunk");
}

/* ---- whole ---- */

static void put_calls(ewi_json_out *json, const ewi_choice *choice) {
    if (ewi_choice_why(choice) != EWI_WHY_CALLS) return;
    ewi_json_out_open(json, "tool_calls", '[');
    for (size_t i = 0; i < choice->n_calls; i++) {
        const ewi_call *call = &choice->calls[i];
        if (call->is_broken) continue;
        ewi_json_out_open(json, NULL, '{');
        ewi_json_out_text(json, "id", call->id);
        ewi_json_out_text(json, "type", "function");
        ewi_json_out_open(json, "function", '{');
        ewi_json_out_string(json, "name", ewi_buffer_str(&call->name));
        ewi_json_out_string(json, "arguments", ewi_buffer_str(&call->arguments));
        ewi_json_out_close(json);
        ewi_json_out_close(json);
    }
    ewi_json_out_close(json);
}

static void put_message(ewi_json_out *json, const ewi_choice *choice) {
    ewi_json_out_open(json, "message", '{');
    ewi_json_out_text(json, "role", "assistant");
    if (choice->n_calls && choice->content.len == 0)
        ewi_json_out_null(json, "content");
    else
        ewi_json_out_string(json, "content", ewi_buffer_str(&choice->content));
    if (choice->reasoning.len)
        ewi_json_out_string(json, "reasoning_content", ewi_buffer_str(&choice->reasoning));
    ewi_json_out_null(json, "refusal");
    put_calls(json, choice);
    ewi_json_out_close(json);
}

static void tell_whole(ewi_answer *answer) {
    ewi_json_out json = {.out = &answer->out};
    ewi_openai_begin(&json, answer, "chatcmpl", "chat.completion");
    ewi_json_out_open(&json, "choices", '[');
    for (size_t i = 0; i < answer->n_choices; i++) {
        ewi_choice *choice = &answer->choices[i];
        ewi_json_out_open(&json, NULL, '{');
        ewi_json_out_count(&json, "index", i);
        put_message(&json, choice);
        put_logprobs(&json, choice);
        ewi_json_out_text(&json, "finish_reason", ewi_openai_finish(choice));
        ewi_json_out_close(&json);
    }
    ewi_json_out_close(&json);
    ewi_openai_usage(&json, answer);
    ewi_openai_timings(&json, &answer->choices[0]);
    ewi_json_out_close_all(&json);
}

static const ewi_api api = {
    .name = "openai.chat",
    .stream_type = "text/event-stream",
    .refuse = ewi_openai_refuse,
    .open = open_stream,
    .part = tell_part,
    .end_choice = end_choice,
    .close = close_stream,
    .broken = ewi_openai_broken,
    .whole = tell_whole,
};

/* ---- from the one to the other ---- */

static bool read_ask(ewi_answer *answer, ewi_refusal *refusal) {
    ewi_ask *ask = &answer->ask;
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, EWI_COUNT(fields), ask, &room, refusal))
        return false;
    if (ask->n_top && !ask->logprobs)
        return ewi_refuse(refusal, 400, "top_logprobs", "top_logprobs: only with \"logprobs\": true");
    return ewi_openai_check_format(ask->response_format, &answer->arena, refusal);
}

static bool build(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal) {
    return ewi_conversation_add_openai(conv, answer->ask.messages, refusal);
}

void ewi_openai_chat(ewi_server *server, ewi_exchange *exchange) {
    ewi_chat_handle(server, exchange, &(ewi_chat){&api, read_ask, build});
}
