/* anthropic.c: POST /v1/messages, /v1/messages/count_tokens (https://docs.anthropic.com/en/api/messages). */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "format/json.h"
#include "format/json_out.h"
#include "serve/anthropic.h"
#include "serve/api.h"
#include "serve/api_chat.h"

/* ---- the request ---- */

static const ewi_field fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(ewi_ask, model)},
    {.name = "messages", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, messages)},
    {.name = "system", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, system)},
    {"max_tokens", EWI_FIELD_COUNT, offsetof(ewi_ask, n_predict), 1, 1 << 24, NULL, 0},
    {.name = "stream", .kind = EWI_FIELD_BOOL, .offset = offsetof(ewi_ask, stream)},
    {.name = "stop_sequences", .kind = EWI_FIELD_TEXTS, .offset = offsetof(ewi_ask, stops)},
    {"temperature", EWI_FIELD_NUMBER, offsetof(ewi_ask, temperature), 0, 1, NULL, 0},
    {"top_p", EWI_FIELD_NUMBER, offsetof(ewi_ask, top_p), 0, 1, NULL, 0},
    {"top_k", EWI_FIELD_COUNT, offsetof(ewi_ask, top_k), 0, 1 << 30, NULL, 0},
    {.name = "tools", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, tools)},
    {.name = "tool_choice", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, tool_choice)},
    {.name = "truncate", .kind = EWI_FIELD_BOOL, .offset = offsetof(ewi_ask, truncate)},
    {.name = "metadata", .kind = EWI_FIELD_IGNORED},
    {.name = "service_tier", .kind = EWI_FIELD_IGNORED},
    {.name = "thinking", .kind = EWI_FIELD_IGNORED},
    {.name = "container", .kind = EWI_FIELD_IGNORED},
    {.name = "context_management", .kind = EWI_FIELD_IGNORED},
    {.name = "output_config", .kind = EWI_FIELD_IGNORED},
};

static ewi_json reader_of(ew_str text, ewi_arena *arena) {
    ewi_json json;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, arena);
    return json;
}

/* The members of an object that a table of names asks for, as JSON text; others are passed over. */
typedef struct member {
    const char *name;
    ew_str *json;
} member;

static bool read_members(ewi_json *json, const member *members, size_t n) {
    ew_str key, value;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_enter_object(json, NULL)) return false;
    while (ewi_json_next_key(json, &key)) {
        if (ewi_json_skip_to(json, &value, NULL)) return false;
        for (size_t i = 0; i < n; i++)
            if (ewi_str_is(key, members[i].name)) *members[i].json = value;
    }
    return ewi_json_check(json, NULL) == EW_OK;
}

static bool is_string(ew_str json) {
    return json.len && json.data[0] == '"';
}

static bool read_string(ew_str text, ewi_arena *arena, ew_str *out) {
    ewi_json json = reader_of(text, arena);
    return text.len && ewi_json_peek(&json) == EWI_JSON_STRING &&
           ewi_json_read_string(&json, out, NULL) == EW_OK;
}

/* ---- tools, in OpenAI's form ---- */

static bool put_tool(ewi_json *json, ewi_buffer *out) {
    ew_str name = {0}, description = {0}, schema = {0}, type = {0};
    const member members[] = {
        {"name", &name}, {"description", &description}, {"input_schema", &schema}, {"type", &type}};
    if (!read_members(json, members, EWI_COUNT(members)) || !name.len) return false;
    if (type.len && !ewi_str_is(type, "\"custom\"") && !ewi_str_is(type, "null")) return false;
    ewi_json_out tool = {.out = out};
    ewi_json_out_open(&tool, NULL, '{');
    ewi_json_out_text(&tool, "type", "function");
    ewi_json_out_open(&tool, "function", '{');
    ewi_json_out_raw(&tool, "name", name);
    if (description.len) ewi_json_out_raw(&tool, "description", description);
    ewi_json_out_raw(&tool, "parameters",
                     schema.len ? schema : EWI_STR("{\"type\":\"object\",\"properties\":{}}"));
    ewi_json_out_close_all(&tool);
    return true;
}

static bool convert_tools(ewi_answer *answer, ewi_buffer *out, ewi_refusal *refusal) {
    ewi_json json = reader_of(answer->ask.tools, &answer->arena);
    size_t n = 0;
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return ewi_refuse(refusal, 400, "tools", "tools: an array is expected");
    ewi_buffer_add(out, "[", 1);
    while (ewi_json_next_item(&json)) {
        if (n++) ewi_buffer_add(out, ",", 1);
        if (!put_tool(&json, out))
            return ewi_refuse(
                refusal, 400, "tools",
                "tools[%zu]: {\"name\": .., \"input_schema\": ..} is expected; tools of the server's "
                "own are not supported",
                n - 1);
    }
    ewi_buffer_add(out, "]", 1);
    char *text = out->failed ? NULL : ewi_arena_strdup(&answer->arena, ewi_buffer_str(out));
    if (!text) return ewi_refuse(refusal, 503, NULL, "out of memory");
    answer->ask.tools = (ew_str){text, out->len};
    return true;
}

/* {"type": "auto" | "none" | "any" | "tool"} */
static bool convert_choice(ewi_answer *answer, ewi_refusal *refusal) {
    ew_str type = {0};
    const member members[] = {{"type", &type}};
    if (!answer->ask.tool_choice.len) return true;
    ewi_json json = reader_of(answer->ask.tool_choice, &answer->arena);
    if (!read_members(&json, members, 1) || !is_string(type))
        return ewi_refuse(refusal, 400, "tool_choice", "tool_choice: {\"type\": ..} is expected");
    answer->ask.tool_choice = type;
    return true;
}

static bool read_ask(ewi_answer *answer, ewi_refusal *refusal) {
    ewi_ask *ask = &answer->ask;
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, EWI_COUNT(fields), ask, &room, refusal))
        return false;
    if (!convert_choice(answer, refusal)) return false;
    if (!ask->tools.len) return true;
    ewi_buffer out;
    ewi_buffer_init(&out, 16u << 20);
    bool ok = convert_tools(answer, &out, refusal);
    ewi_buffer_deinit(&out);
    return ok;
}

static bool read_ask_with_limit(ewi_answer *answer, ewi_refusal *refusal) {
    if (!read_ask(answer, refusal)) return false;
    return answer->ask.n_predict != EWI_UNSAID ||
           ewi_refuse(refusal, 400, "max_tokens", "max_tokens: it is missing");
}

/* ---- messages ---- */

typedef struct content_block {
    ew_str type, text, id, name, input, tool_use_id, content, thinking; /* JSON */
} content_block;

static bool read_block(ewi_json *json, content_block *b) {
    const member members[] = {{"type", &b->type},       {"text", &b->text},
                              {"id", &b->id},           {"name", &b->name},
                              {"input", &b->input},     {"tool_use_id", &b->tool_use_id},
                              {"content", &b->content}, {"thinking", &b->thinking}};
    return read_members(json, members, EWI_COUNT(members)) && b->type.len;
}

static bool is_type(const content_block *b, const char *type) {
    return b->type.len == strlen(type) + 2 && memcmp(b->type.data + 1, type, strlen(type)) == 0;
}

static bool refuse_at(size_t index, const char *what, ew_str type, ewi_refusal *refusal) {
    char param[64];
    snprintf(param, sizeof param, "messages[%zu].content", index);
    return ewi_refuse(refusal, 400, param, "%s: %s%.*s", param, what, EWI_STR_ARG(type));
}

/* A string, or blocks of which only text is taken, into `out`. */
static bool join_text(ew_str content, ewi_arena *arena, ewi_buffer *out) {
    ew_str text;
    if (content.len == 0 || ewi_str_is(content, "null")) return true;
    if (read_string(content, arena, &text)) return ewi_buffer_add(out, text.data, text.len);
    ewi_json json = reader_of(content, arena);
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL)) return false;
    while (ewi_json_next_item(&json)) {
        content_block b = {0};
        if (!read_block(&json, &b) || !is_type(&b, "text") || !read_string(b.text, arena, &text))
            return false;
        ewi_buffer_add(out, text.data, text.len);
    }
    return !out->failed;
}

/* What a message of blocks holds, gathered before it is written. */
typedef struct gathered {
    ewi_buffer text, thinking, calls;
    size_t n_calls;
} gathered;

static void gathered_init(gathered *g) {
    ewi_buffer_init(&g->text, 64u << 20);
    ewi_buffer_init(&g->thinking, 64u << 20);
    ewi_buffer_init(&g->calls, 64u << 20);
    g->n_calls = 0;
}

static void gathered_deinit(gathered *g) {
    ewi_buffer_deinit(&g->text);
    ewi_buffer_deinit(&g->thinking);
    ewi_buffer_deinit(&g->calls);
}

static bool add_string(ew_str json, ewi_arena *arena, ewi_buffer *out) {
    ew_str text;
    return read_string(json, arena, &text) && ewi_buffer_add(out, text.data, text.len);
}

static bool add_call(const content_block *b, gathered *g) {
    if (!is_string(b->name) || !is_string(b->id) || (b->input.len && b->input.data[0] != '{')) return false;
    ewi_json_out call = {.out = &g->calls};
    ewi_buffer_add(&g->calls, g->n_calls++ ? "," : "[", 1);
    ewi_json_out_open(&call, NULL, '{');
    ewi_json_out_raw(&call, "id", b->id);
    ewi_json_out_text(&call, "type", "function");
    ewi_json_out_open(&call, "function", '{');
    ewi_json_out_raw(&call, "name", b->name);
    ewi_json_out_raw(&call, "arguments", b->input.len ? b->input : EWI_STR("{}"));
    ewi_json_out_close_all(&call);
    return true;
}

/* The result of a call is a message of its own, before the rest of the user's. */
static bool add_result(ewi_conversation *conv, const content_block *b, ewi_refusal *refusal, bool *ok) {
    ewi_buffer text;
    ewi_buffer_init(&text, 64u << 20);
    *ok = is_string(b->tool_use_id) && join_text(b->content, conv->arena, &text);
    bool begun = *ok && ewi_conversation_begin(conv, EWI_STR("tool"), refusal);
    if (begun) {
        ewi_conversation_text(conv, "content", ewi_buffer_str(&text));
        ewi_conversation_json(conv, "tool_call_id", b->tool_use_id);
        ewi_conversation_end(conv);
    }
    ewi_buffer_deinit(&text);
    return begun || !*ok;
}

static bool take_block(ewi_conversation *conv, const content_block *b, gathered *g, size_t index,
                       ewi_refusal *refusal) {
    bool ok = true;
    if (is_type(b, "text"))
        ok = add_string(b->text, conv->arena, &g->text);
    else if (is_type(b, "thinking"))
        ok = add_string(b->thinking, conv->arena, &g->thinking);
    else if (is_type(b, "tool_use"))
        ok = add_call(b, g);
    else if (is_type(b, "tool_result")) {
        if (!add_result(conv, b, refusal, &ok)) return false;
    } else if (!is_type(b, "redacted_thinking"))
        return refuse_at(index, "no blocks of type ", b->type, refusal);
    return ok || refuse_at(index, "a member is missing or no string in a block of type ", b->type, refusal);
}

static bool take_blocks(ewi_conversation *conv, ew_str content, gathered *g, size_t index,
                        ewi_refusal *refusal) {
    ewi_json json = reader_of(content, conv->arena);
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return refuse_at(index, "a string or an array of blocks is expected", EWI_STR(""), refusal);
    while (ewi_json_next_item(&json)) {
        content_block b = {0};
        if (!read_block(&json, &b))
            return refuse_at(index, "objects with a type are expected", EWI_STR(""), refusal);
        if (!take_block(conv, &b, g, index, refusal)) return false;
    }
    return true;
}

static bool write_message(ewi_conversation *conv, ew_str role, gathered *g, bool has_results,
                          ewi_refusal *refusal) {
    if (has_results && g->text.len == 0) return true; /* results alone have been written */
    if (!ewi_conversation_begin(conv, role, refusal)) return false;
    ewi_conversation_text(conv, "content", ewi_buffer_str(&g->text));
    if (g->thinking.len) ewi_conversation_text(conv, "reasoning_content", ewi_buffer_str(&g->thinking));
    if (g->n_calls) {
        ewi_buffer_add(&g->calls, "]", 1);
        ewi_conversation_json(conv, "tool_calls", ewi_buffer_str(&g->calls));
    }
    ewi_conversation_end(conv);
    return true;
}

static bool add_message(ewi_conversation *conv, ewi_json *json, size_t index, ewi_refusal *refusal) {
    ew_str role_json = {0}, content = {0}, role = {0}, text;
    const member members[] = {{"role", &role_json}, {"content", &content}};
    if (!read_members(json, members, EWI_COUNT(members)) || !read_string(role_json, conv->arena, &role) ||
        (!ewi_str_is(role, "user") && !ewi_str_is(role, "assistant") && !ewi_str_is(role, "system")))
        return ewi_refuse(refusal, 400, "messages",
                          "messages[%zu].role: \"user\" or \"assistant\" is expected", index);
    gathered g;
    gathered_init(&g);
    const size_t before = conv->n;
    bool ok = read_string(content, conv->arena, &text) ? ewi_buffer_add(&g.text, text.data, text.len)
                                                       : take_blocks(conv, content, &g, index, refusal);
    if (ok) ok = write_message(conv, role, &g, conv->n > before, refusal);
    gathered_deinit(&g);
    return ok;
}

static bool add_system(ewi_conversation *conv, ew_str system, ewi_refusal *refusal) {
    if (system.len == 0) return true;
    ewi_buffer text;
    ewi_buffer_init(&text, 64u << 20);
    bool ok = join_text(system, conv->arena, &text);
    if (!ok) ewi_refuse(refusal, 400, "system", "system: a string or an array of text blocks is expected");
    if (ok && text.len && (ok = ewi_conversation_begin(conv, EWI_STR("system"), refusal))) {
        ewi_conversation_text(conv, "content", ewi_buffer_str(&text));
        ewi_conversation_end(conv);
    }
    ewi_buffer_deinit(&text);
    return ok;
}

static bool build(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal) {
    ewi_json json = reader_of(answer->ask.messages, conv->arena);
    if (!answer->ask.messages.len) return ewi_refuse(refusal, 400, "messages", "messages: they are missing");
    if (!add_system(conv, answer->ask.system, refusal)) return false;
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return ewi_refuse(refusal, 400, "messages", "messages: an array is expected");
    const size_t before = conv->n;
    for (size_t i = 0; ewi_json_next_item(&json); i++)
        if (!add_message(conv, &json, i, refusal)) return false;
    if (conv->n == before) return ewi_refuse(refusal, 400, "messages", "messages: there are none");
    return !conv->text.failed || ewi_refuse(refusal, 503, NULL, "out of memory");
}

/* ---- the reply ---- */

void ewi_anthropic_refuse(const ewi_refusal *refusal, ewi_buffer *out) {
    ewi_json_out json = {.out = out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "type", "error");
    ewi_json_out_open(&json, "error", '{');
    ewi_json_out_text(&json, "type", ewi_refusal_type(refusal->http));
    ewi_json_out_text(&json, "message", refusal->text);
    ewi_json_out_close_all(&json);
}

static const char *stop_reason(const ewi_choice *choice) {
    switch (ewi_choice_why(choice)) {
    case EWI_WHY_LENGTH: return "max_tokens";
    case EWI_WHY_STOP_TEXT: return "stop_sequence";
    case EWI_WHY_CALLS: return "tool_use";
    case EWI_WHY_END: break;
    }
    return "end_turn";
}

static void put_stop(ewi_json_out *json, const ewi_choice *choice) {
    const ewi_texts *stops = &choice->answer->ask.stops;
    ewi_json_out_text(json, "stop_reason", stop_reason(choice));
    if (ewi_choice_why(choice) == EWI_WHY_STOP_TEXT)
        ewi_json_out_string(json, "stop_sequence", stops->items[choice->outcome.generation.stop]);
    else
        ewi_json_out_null(json, "stop_sequence");
}

/* Tokens of the prompt that were read from the cache count apart. */
static void put_usage(ewi_json_out *json, uint64_t n_prompt, uint64_t n_cached, uint64_t n_generated) {
    ewi_json_out_open(json, "usage", '{');
    ewi_json_out_count(json, "input_tokens", n_prompt - n_cached);
    ewi_json_out_count(json, "cache_creation_input_tokens", 0);
    ewi_json_out_count(json, "cache_read_input_tokens", n_cached);
    ewi_json_out_count(json, "output_tokens", n_generated);
    ewi_json_out_close(json);
}

static void begin_message(ewi_json_out *json, const char *key, const ewi_answer *answer) {
    char id[64];
    snprintf(id, sizeof id, "msg_%s", answer->id);
    ewi_json_out_open(json, key, '{');
    ewi_json_out_text(json, "id", id);
    ewi_json_out_text(json, "type", "message");
    ewi_json_out_text(json, "role", "assistant");
    ewi_json_out_text(json, "model", answer->host->name);
}

static void put_tool_use(ewi_json_out *json, const char *key, const ewi_call *call, ew_str input) {
    char id[40];
    snprintf(id, sizeof id, "toolu_%s", call->id + strlen("call_"));
    ewi_json_out_open(json, key, '{');
    ewi_json_out_text(json, "type", "tool_use");
    ewi_json_out_text(json, "id", id);
    ewi_json_out_string(json, "name", ewi_buffer_str(&call->name));
    ewi_json_out_raw(json, "input", input);
    ewi_json_out_close(json);
}

static void put_text_block(ewi_json_out *json, const char *key, const char *type, ew_str text) {
    ewi_json_out_open(json, key, '{');
    ewi_json_out_text(json, "type", type);
    ewi_json_out_string(json, type, text);
    if (strcmp(type, "thinking") == 0) ewi_json_out_text(json, "signature", "");
    ewi_json_out_close(json);
}

/* ---- whole ---- */

static void put_block(ewi_json_out *json, const ewi_choice *choice, const ewi_section *section) {
    const ewi_call *call = &choice->calls[section->begin];
    if (section->kind == EWI_PART_REASONING)
        put_text_block(json, NULL, "thinking", ewi_choice_text(choice, section));
    else if (section->kind == EWI_PART_CONTENT)
        put_text_block(json, NULL, "text", ewi_choice_text(choice, section));
    else if (!call->is_broken)
        put_tool_use(json, NULL, call, ewi_buffer_str(&call->arguments));
}

static void tell_whole(ewi_answer *answer) {
    const ewi_choice *choice = &answer->choices[0];
    ewi_usage usage = ewi_answer_usage(answer);
    ewi_json_out json = {.out = &answer->out};
    begin_message(&json, NULL, answer);
    ewi_json_out_open(&json, "content", '[');
    for (size_t i = 0; i < choice->n_sections; i++) put_block(&json, choice, &choice->sections[i]);
    ewi_json_out_close(&json);
    put_stop(&json, choice);
    put_usage(&json, usage.n_prompt, usage.n_cached, usage.n_generated);
    ewi_json_out_close_all(&json);
}

/* ---- streamed: blocks that begin, grow and stop ---- */

static ewi_json_out begin_event(ewi_answer *answer, const char *type) {
    ewi_json_out json = {.out = &answer->out};
    ewi_buffer_printf(&answer->out, "event: %s\ndata: ", type);
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "type", type);
    return json;
}

static void end_event(ewi_json_out *json) {
    ewi_json_out_close_all(json);
    ewi_buffer_add(json->out, "\n\n", 2);
}

static void open_stream(ewi_answer *answer) {
    ewi_json_out json = begin_event(answer, "message_start");
    begin_message(&json, "message", answer);
    ewi_json_out_open(&json, "content", '[');
    ewi_json_out_close(&json);
    ewi_json_out_null(&json, "stop_reason");
    ewi_json_out_null(&json, "stop_sequence");
    put_usage(&json, answer->choices[0].n_prompt, 0, 0);
    end_event(&json);
}

static void stop_block(ewi_choice *choice) {
    if (!choice->is_section_open) return;
    ewi_json_out json = begin_event(choice->answer, "content_block_stop");
    ewi_json_out_count(&json, "index", choice->n_told - 1);
    end_event(&json);
    choice->is_section_open = false;
}

static void begin_block(ewi_choice *choice) {
    const ewi_section *section = &choice->sections[choice->n_told];
    ewi_json_out json = begin_event(choice->answer, "content_block_start");
    ewi_json_out_count(&json, "index", choice->n_told++);
    if (section->kind == EWI_PART_CALL_BEGIN)
        put_tool_use(&json, "content_block", &choice->calls[section->begin], EWI_STR("{}"));
    else
        put_text_block(&json, "content_block", section->kind == EWI_PART_REASONING ? "thinking" : "text",
                       EWI_STR(""));
    end_event(&json);
    choice->is_section_open = true;
}

static void tell_delta(ewi_choice *choice, const char *type, const char *key, ew_str text) {
    ewi_json_out json = begin_event(choice->answer, "content_block_delta");
    ewi_json_out_count(&json, "index", choice->n_told - 1);
    ewi_json_out_open(&json, "delta", '{');
    ewi_json_out_text(&json, "type", type);
    ewi_json_out_string(&json, key, text);
    end_event(&json);
}

static void tell_part(ewi_choice *choice, const ewi_answer_part *part) {
    if (choice->n_told < choice->n_sections) {
        stop_block(choice);
        begin_block(choice);
    }
    if (part->kind == EWI_PART_CONTENT) tell_delta(choice, "text_delta", "text", part->text);
    if (part->kind == EWI_PART_REASONING) tell_delta(choice, "thinking_delta", "thinking", part->text);
    if (part->kind == EWI_PART_CALL_ARGUMENTS)
        tell_delta(choice, "input_json_delta", "partial_json", part->text);
    if (part->kind == EWI_PART_CALL_END) stop_block(choice);
}

static void end_choice(ewi_choice *choice) {
    stop_block(choice);
}

static void close_stream(ewi_answer *answer) {
    ewi_usage usage = ewi_answer_usage(answer);
    ewi_json_out json = begin_event(answer, "message_delta");
    ewi_json_out_open(&json, "delta", '{');
    put_stop(&json, &answer->choices[0]);
    ewi_json_out_close(&json);
    put_usage(&json, usage.n_prompt, usage.n_cached, usage.n_generated);
    end_event(&json);
    json = begin_event(answer, "message_stop");
    end_event(&json);
}

static void tell_broken(ewi_answer *answer, const ewi_refusal *refusal) {
    ewi_buffer_printf(&answer->out, "event: error\ndata: ");
    ewi_anthropic_refuse(refusal, &answer->out);
    ewi_buffer_add(&answer->out, "\n\n", 2);
}

static const ewi_api api = {
    .name = "anthropic.messages",
    .stream_type = "text/event-stream",
    .refuse = ewi_anthropic_refuse,
    .open = open_stream,
    .part = tell_part,
    .end_choice = end_choice,
    .close = close_stream,
    .broken = tell_broken,
    .whole = tell_whole,
};

void ewi_anthropic_messages(ewi_server *server, ewi_exchange *exchange) {
    ewi_chat_handle(server, exchange, &(ewi_chat){&api, read_ask_with_limit, build});
}

/* ---- counting ---- */

static const ewi_api count_api = {.name = "anthropic.count_tokens", .refuse = ewi_anthropic_refuse};

void ewi_anthropic_count_tokens(ewi_server *server, ewi_exchange *exchange) {
    ewi_refusal refusal = {0};
    ewi_answer *answer = ewi_answer_new(server, exchange, &count_api, &refusal);
    if (!answer) {
        ewi_api_refuse(exchange, &refusal);
        return;
    }
    if (!ewi_chat_prepare(answer, &(ewi_chat){&count_api, read_ask, build}, &refusal)) {
        ewi_answer_refuse(answer, &refusal);
        return;
    }
    ewi_buffer_printf(&answer->out, "{\"input_tokens\":%zu}", answer->n_prompt);
    ewi_answer_reply(answer);
}
