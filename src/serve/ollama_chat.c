/* ollama_chat.c: POST /api/chat (https://github.com/ollama/ollama/blob/main/docs/api.md). */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "format/json.h"
#include "serve/api.h"
#include "serve/api_chat.h"
#include "serve/ollama.h"

#define MAX_MESSAGES_BYTES ((size_t)64 << 20)

static const ewi_field fields[] = {
    {.name = "messages", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ollama_ask, ask.messages)},
    {.name = "tools", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ollama_ask, ask.tools)},
};

/* ---- messages, in OpenAI's form ---- */

typedef struct renamed {
    const char *theirs, *ours;
} renamed;

static const renamed members[] = {
    {"role", "role"},
    {"content", "content"},
    {"thinking", "reasoning_content"},
    {"tool_calls", "tool_calls"},
    {"tool_call_id", "tool_call_id"},
    {"tool_name", "name"},
    {"name", "name"},
};

static const char *our_name(ew_str key) {
    for (size_t i = 0; i < EWI_COUNT(members); i++)
        if (ewi_str_is(key, members[i].theirs)) return members[i].ours;
    return NULL;
}

static bool convert_member(ew_str key, ew_str value, size_t index, ewi_json_out *out, ewi_refusal *refusal) {
    char param[64];
    const char *name = our_name(key);
    snprintf(param, sizeof param, "messages[%zu].%.*s", index, key.len < 32 ? (int)key.len : 32, key.data);
    if (ewi_str_is(key, "images")) return ewi_ollama_refuse_images(value, param, refusal);
    if (!name) return ewi_refuse(refusal, 400, param, "%s: no such member here", param);
    ewi_json_out_raw(out, name, value);
    return true;
}

static bool convert_message(ewi_json *json, size_t index, ewi_json_out *out, ewi_refusal *refusal) {
    ew_str key, value;
    bool has_content = false;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_enter_object(json, NULL))
        return ewi_refuse(refusal, 400, "messages", "messages[%zu]: an object is expected", index);
    ewi_json_out_open(out, NULL, '{');
    while (ewi_json_next_key(json, &key)) {
        if (ewi_json_skip_to(json, &value, NULL)) return ewi_refuse(refusal, 503, NULL, "out of memory");
        has_content = has_content || ewi_str_is(key, "content");
        if (!convert_member(key, value, index, out, refusal)) return false;
    }
    if (!has_content) ewi_json_out_text(out, "content", "");
    ewi_json_out_close(out);
    return true;
}

static bool convert_messages(ewi_answer *answer, ewi_buffer *text, ewi_refusal *refusal) {
    ew_str messages = answer->ask.messages;
    ewi_json json;
    ewi_json_out out = {.out = text};
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)messages.data, messages.len}, &answer->arena);
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return ewi_refuse(refusal, 400, "messages", "messages: an array is expected");
    ewi_json_out_open(&out, NULL, '[');
    for (size_t i = 0; ewi_json_next_item(&json); i++)
        if (!convert_message(&json, i, &out, refusal)) return false;
    ewi_json_out_close_all(&out);
    return !text->failed || ewi_refuse(refusal, 503, NULL, "out of memory");
}

static bool build(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal) {
    ewi_buffer text;
    ewi_buffer_init(&text, MAX_MESSAGES_BYTES);
    bool ok = ewi_ollama_settle(answer, refusal) && convert_messages(answer, &text, refusal);
    char *lasting = ok ? ewi_arena_strdup(&answer->arena, ewi_buffer_str(&text)) : NULL;
    ew_str messages = {lasting, text.len};
    ewi_buffer_deinit(&text);
    if (ok && !lasting) return ewi_refuse(refusal, 503, NULL, "out of memory");
    return ok && ewi_conversation_add_openai(conv, messages, refusal);
}

/* ---- the reply ---- */

static void put_call(ewi_json_out *json, const ewi_call *call, size_t index) {
    ew_str arguments = ewi_buffer_str(&call->arguments);
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_text(json, "id", call->id);
    ewi_json_out_open(json, "function", '{');
    ewi_json_out_count(json, "index", index);
    ewi_json_out_string(json, "name", ewi_buffer_str(&call->name));
    ewi_json_out_raw(json, "arguments", arguments.len ? arguments : EWI_STR("{}"));
    ewi_json_out_close(json);
    ewi_json_out_close(json);
}

/* Those from `first` on that may be run. */
static void put_calls(ewi_json_out *json, const ewi_choice *choice, size_t first) {
    bool any = false;
    for (size_t i = first; i < choice->n_calls; i++) {
        if (choice->calls[i].is_broken) continue;
        if (!any) ewi_json_out_open(json, "tool_calls", '[');
        any = true;
        put_call(json, &choice->calls[i], i);
    }
    if (any) ewi_json_out_close(json);
}

static void put_message(ewi_json_out *json, ew_str content, ew_str thinking, const ewi_choice *choice,
                        size_t first_call) {
    ewi_json_out_open(json, "message", '{');
    ewi_json_out_text(json, "role", "assistant");
    ewi_json_out_string(json, "content", content);
    if (thinking.len) ewi_json_out_string(json, "thinking", thinking);
    put_calls(json, choice, first_call);
    ewi_json_out_close(json);
}

/* Calls are told whole, when they have ended. */
static void tell_part(ewi_choice *choice, const ewi_answer_part *part) {
    const ew_str none = EWI_STR("");
    const bool is_content = part->kind == EWI_PART_CONTENT, is_thought = part->kind == EWI_PART_REASONING;
    const bool is_call = part->kind == EWI_PART_CALL_END && !part->is_broken;
    if (!is_content && !is_thought && !is_call) return;
    ewi_json_out json = {.out = &choice->answer->out};
    ewi_ollama_begin(&json, choice->answer);
    put_message(&json, is_content ? part->text : none, is_thought ? part->text : none, choice,
                is_call ? choice->n_calls - 1 : choice->n_calls);
    ewi_ollama_end_line(&json, choice);
}

static void end_choice(ewi_choice *choice) {
    ewi_json_out json = {.out = &choice->answer->out};
    ewi_ollama_begin(&json, choice->answer);
    put_message(&json, EWI_STR(""), EWI_STR(""), choice, choice->n_calls);
    ewi_ollama_put_logprobs(&json, choice);
    ewi_ollama_end(&json, choice);
    ewi_buffer_add(&choice->answer->out, "\n", 1);
}

static void tell_whole(ewi_answer *answer) {
    ewi_json_out json = {.out = &answer->out};
    ewi_choice *choice = &answer->choices[0];
    ewi_ollama_begin(&json, answer);
    put_message(&json, ewi_buffer_str(&choice->content), ewi_buffer_str(&choice->reasoning), choice, 0);
    ewi_ollama_put_logprobs(&json, choice);
    ewi_ollama_end(&json, choice);
}

static void put_empty(ewi_json_out *json) {
    ewi_json_out_open(json, "message", '{');
    ewi_json_out_text(json, "role", "assistant");
    ewi_json_out_text(json, "content", "");
    ewi_json_out_close(json);
}

/* ---- from the one to the other ---- */

static const ewi_api api = {
    .name = "ollama.chat",
    .stream_type = "application/x-ndjson",
    .refuse = ewi_ollama_refuse,
    .part = tell_part,
    .end_choice = end_choice,
    .broken = ewi_ollama_broken,
    .whole = tell_whole,
};

static bool read_ask(ewi_answer *answer, ewi_refusal *refusal) {
    return ewi_ollama_read(answer, fields, EWI_COUNT(fields), refusal);
}

static const ewi_chat chat = {&api, read_ask, build};

static bool asks(const ewi_answer *answer) {
    const ew_str messages = answer->ask.messages;
    return messages.len && !(messages.data[0] == '[' && ewi_ollama_is_nothing(messages));
}

static bool make_choice(ewi_answer *answer, ewi_refusal *refusal) {
    return ewi_chat_render(answer, &chat, refusal) && ewi_answer_make_choices(answer, 1, refusal);
}

static const ewi_ollama_how how = {&api, read_ask, asks, make_choice, put_empty};

void ewi_ollama_chat(ewi_server *server, ewi_exchange *exchange) {
    ewi_ollama_handle(server, exchange, &how);
}
