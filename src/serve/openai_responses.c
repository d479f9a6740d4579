/*
 * openai_responses.c: POST /v1/responses (https://platform.openai.com/docs/api-reference/responses).
 *
 * Nothing is stored: what refers to earlier responses or conversations is refused.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "format/json.h"
#include "serve/api.h"
#include "serve/api_chat.h"
#include "serve/openai.h"

/* ---- the request ---- */

typedef struct responses_ask {
    ewi_ask ask; /* first: the table's offsets are its */
    ew_str truncation;
    bool background;
} responses_ask;

static const ewi_field text_fields[] = {
    {.name = "format", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, response_format)},
    {.name = "verbosity", .kind = EWI_FIELD_IGNORED},
};

static const ewi_field stream_fields[] = {
    {.name = "include_obfuscation", .kind = EWI_FIELD_IGNORED},
};

static const ewi_field fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(ewi_ask, model)},
    {.name = "input", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, messages)},
    {.name = "instructions", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, system)},
    {"max_output_tokens", EWI_FIELD_COUNT, offsetof(ewi_ask, n_predict), 1, 1 << 24, NULL, 0},
    {.name = "stream", .kind = EWI_FIELD_BOOL, .offset = offsetof(ewi_ask, stream)},
    {.name = "stream_options",
     .kind = EWI_FIELD_OBJECT,
     .members = stream_fields,
     .n_members = EWI_COUNT(stream_fields)},
    {"temperature", EWI_FIELD_NUMBER, offsetof(ewi_ask, temperature), 0, 2, NULL, 0},
    {"top_p", EWI_FIELD_NUMBER, offsetof(ewi_ask, top_p), 0, 1, NULL, 0},
    {.name = "tools", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, tools)},
    {.name = "tool_choice", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ask, tool_choice)},
    {.name = "text", .kind = EWI_FIELD_OBJECT, .members = text_fields, .n_members = EWI_COUNT(text_fields)},
    {.name = "truncation", .kind = EWI_FIELD_TEXT, .offset = offsetof(responses_ask, truncation)},
    {.name = "background", .kind = EWI_FIELD_BOOL, .offset = offsetof(responses_ask, background)},
    {.name = "store", .kind = EWI_FIELD_IGNORED},
    {.name = "reasoning", .kind = EWI_FIELD_IGNORED},
    {.name = "include", .kind = EWI_FIELD_IGNORED},
    {.name = "parallel_tool_calls", .kind = EWI_FIELD_IGNORED},
    {.name = "max_tool_calls", .kind = EWI_FIELD_IGNORED},
    {.name = "metadata", .kind = EWI_FIELD_IGNORED},
    {.name = "user", .kind = EWI_FIELD_IGNORED},
    {.name = "safety_identifier", .kind = EWI_FIELD_IGNORED},
    {.name = "prompt_cache_key", .kind = EWI_FIELD_IGNORED},
    {.name = "prompt_cache_retention", .kind = EWI_FIELD_IGNORED},
    {.name = "service_tier", .kind = EWI_FIELD_IGNORED},
};

static ewi_json reader_of(ew_str text, ewi_arena *arena) {
    ewi_json json;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, arena);
    return json;
}

/* An item of the input, or a tool: the members that any of them has, as JSON. */
typedef struct item {
    ew_str type, role, content, call_id, name, arguments, output, description, parameters;
} item;

static ew_str *member_of(item *i, ew_str key) {
    const struct {
        const char *name;
        ew_str *value;
    } members[] = {{"type", &i->type},
                   {"role", &i->role},
                   {"content", &i->content},
                   {"call_id", &i->call_id},
                   {"name", &i->name},
                   {"arguments", &i->arguments},
                   {"output", &i->output},
                   {"description", &i->description},
                   {"parameters", &i->parameters}};
    for (size_t k = 0; k < EWI_COUNT(members); k++)
        if (ewi_str_is(key, members[k].name)) return members[k].value;
    return NULL;
}

static bool read_item(ewi_json *json, item *out) {
    ew_str key, value;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_enter_object(json, NULL)) return false;
    while (ewi_json_next_key(json, &key)) {
        ew_str *member = member_of(out, key);
        if (ewi_json_skip_to(json, &value, NULL)) return false;
        if (member) *member = value;
    }
    return ewi_json_check(json, NULL) == EW_OK;
}

static bool is_string(ew_str json) {
    return json.len && json.data[0] == '"';
}

static bool is_type(const item *i, const char *type) {
    size_t n = strlen(type);
    return i->type.len == n + 2 && memcmp(i->type.data + 1, type, n) == 0;
}

/* ---- tools: flat here, nested in chats ---- */

static bool put_tool(ewi_json *json, ewi_buffer *out) {
    item tool = {0};
    if (!read_item(json, &tool) || !is_type(&tool, "function") || !tool.name.len) return false;
    ewi_json_out to = {.out = out};
    ewi_json_out_open(&to, NULL, '{');
    ewi_json_out_text(&to, "type", "function");
    ewi_json_out_open(&to, "function", '{');
    ewi_json_out_raw(&to, "name", tool.name);
    if (tool.description.len) ewi_json_out_raw(&to, "description", tool.description);
    if (tool.parameters.len) ewi_json_out_raw(&to, "parameters", tool.parameters);
    ewi_json_out_close_all(&to);
    return true;
}

static bool put_tools(ewi_answer *answer, ewi_buffer *out, ewi_refusal *refusal) {
    ewi_json json = reader_of(answer->ask.tools, &answer->arena);
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return ewi_refuse(refusal, 400, "tools", "tools: an array is expected");
    ewi_buffer_add(out, "[", 1);
    for (size_t n = 0; ewi_json_next_item(&json); n++) {
        if (n) ewi_buffer_add(out, ",", 1);
        if (!put_tool(&json, out))
            return ewi_refuse(refusal, 400, "tools",
                              "tools[%zu]: only {\"type\": \"function\", \"name\": ..} is supported", n);
    }
    ewi_buffer_add(out, "]", 1);
    char *text = out->failed ? NULL : ewi_arena_strdup(&answer->arena, ewi_buffer_str(out));
    if (!text) return ewi_refuse(refusal, 503, NULL, "out of memory");
    answer->ask.tools = (ew_str){text, out->len};
    return true;
}

static bool convert_tools(ewi_answer *answer, ewi_refusal *refusal) {
    ewi_buffer out;
    if (!answer->ask.tools.len) return true;
    ewi_buffer_init(&out, 16u << 20);
    bool ok = put_tools(answer, &out, refusal);
    ewi_buffer_deinit(&out);
    return ok;
}

static bool check_ask(const responses_ask *ask, ewi_refusal *refusal) {
    if (ask->background) return ewi_refuse(refusal, 400, "background", "background: nothing is stored here");
    if (!ask->truncation.len || ewi_str_is(ask->truncation, "auto") ||
        ewi_str_is(ask->truncation, "disabled"))
        return true;
    return ewi_refuse(refusal, 400, "truncation", "truncation: \"auto\" or \"disabled\" is expected");
}

static bool read_ask(ewi_answer *answer, ewi_refusal *refusal) {
    responses_ask ask = {.ask = answer->ask};
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, EWI_COUNT(fields), &ask, &room,
                         refusal) ||
        !check_ask(&ask, refusal))
        return false;
    answer->ask = ask.ask;
    answer->ask.tools_as_sent = ask.ask.tools;
    answer->ask.truncate = ewi_str_is(ask.truncation, "auto");
    return ewi_openai_check_format(answer->ask.response_format, &answer->arena, refusal) &&
           convert_tools(answer, refusal);
}

/* ---- the input, as messages of a chat ---- */

static bool add_call(const item *i, bool *in_calls, ewi_buffer *out) {
    if (!is_string(i->name) || !is_string(i->call_id)) return false;
    if (!*in_calls) ewi_buffer_printf(out, "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[");
    if (*in_calls) ewi_buffer_add(out, ",", 1);
    *in_calls = true;
    ewi_json_out json = {.out = out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_raw(&json, "id", i->call_id);
    ewi_json_out_text(&json, "type", "function");
    ewi_json_out_open(&json, "function", '{');
    ewi_json_out_raw(&json, "name", i->name);
    ewi_json_out_raw(&json, "arguments", i->arguments.len ? i->arguments : EWI_STR("\"{}\""));
    ewi_json_out_close_all(&json);
    return true;
}

static void end_calls(bool *in_calls, ewi_buffer *out) {
    if (*in_calls) ewi_buffer_printf(out, "]}");
    *in_calls = false;
}

static bool add_output(const item *i, ewi_buffer *out) {
    if (!is_string(i->call_id) || !i->output.len) return false;
    ewi_json_out json = {.out = out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "role", "tool");
    ewi_json_out_raw(&json, "tool_call_id", i->call_id);
    ewi_json_out_raw(&json, "content", i->output);
    ewi_json_out_close_all(&json);
    return true;
}

static bool add_plain(const item *i, ewi_buffer *out) {
    if (!i->role.len || !i->content.len) return false;
    ewi_json_out json = {.out = out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_raw(&json, "role", i->role);
    ewi_json_out_raw(&json, "content", i->content);
    ewi_json_out_close_all(&json);
    return true;
}

static bool add_item(const item *i, size_t index, bool *in_calls, ewi_buffer *out, ewi_refusal *refusal) {
    bool ok = true, is_call = is_type(i, "function_call");
    if (is_type(i, "reasoning")) return true; /* models are not shown their old thoughts */
    if (!is_call) end_calls(in_calls, out);
    if (out->len > 1 && !*in_calls) ewi_buffer_add(out, ",", 1);
    if (is_call)
        ok = add_call(i, in_calls, out);
    else if (is_type(i, "function_call_output"))
        ok = add_output(i, out);
    else if (!i->type.len || is_type(i, "message"))
        ok = add_plain(i, out);
    else
        return ewi_refuse(refusal, 400, "input", "input[%zu]: no items of type %.*s", index,
                          EWI_STR_ARG(i->type));
    return ok || ewi_refuse(refusal, 400, "input", "input[%zu]: a member is missing, or no string", index);
}

static bool write_items(ewi_answer *answer, ewi_buffer *out, ewi_refusal *refusal) {
    bool in_calls = false;
    ewi_json json = reader_of(answer->ask.messages, &answer->arena);
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return ewi_refuse(refusal, 400, "input", "input: a string or an array is expected");
    ewi_buffer_add(out, "[", 1);
    for (size_t n = 0; ewi_json_next_item(&json); n++) {
        item i = {0};
        if (!read_item(&json, &i))
            return ewi_refuse(refusal, 400, "input", "input[%zu]: an object is expected", n);
        if (!add_item(&i, n, &in_calls, out, refusal)) return false;
    }
    end_calls(&in_calls, out);
    ewi_buffer_add(out, "]", 1);
    return !out->failed || ewi_refuse(refusal, 503, NULL, "out of memory");
}

static bool add_input(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal) {
    ewi_json json = reader_of(answer->ask.messages, &answer->arena);
    ew_str text;
    if (!answer->ask.messages.len) return ewi_refuse(refusal, 400, "input", "input: it is missing");
    if (ewi_json_peek(&json) == EWI_JSON_STRING) {
        if (ewi_json_read_string(&json, &text, NULL) ||
            !ewi_conversation_begin(conv, EWI_STR("user"), refusal))
            return false;
        ewi_conversation_text(conv, "content", text);
        ewi_conversation_end(conv);
        return true;
    }
    ewi_buffer messages;
    ewi_buffer_init(&messages, 64u << 20);
    bool ok = write_items(answer, &messages, refusal) &&
              ewi_conversation_add_openai(conv, ewi_buffer_str(&messages), refusal);
    ewi_buffer_deinit(&messages);
    return ok;
}

static bool add_instructions(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal) {
    ewi_json json = reader_of(answer->ask.system, &answer->arena);
    ew_str text;
    if (!answer->ask.system.len) return true;
    if (ewi_json_peek(&json) != EWI_JSON_STRING || ewi_json_read_string(&json, &text, NULL))
        return ewi_refuse(refusal, 400, "instructions", "instructions: a string is expected");
    if (!ewi_conversation_begin(conv, EWI_STR("system"), refusal)) return false;
    ewi_conversation_text(conv, "content", text);
    ewi_conversation_end(conv);
    return true;
}

static bool build(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal) {
    return add_instructions(answer, conv, refusal) && add_input(answer, conv, refusal);
}

/* ---- the reply: items ---- */

/* Names of items follow from the response's. */
static void put_item_id(ewi_json_out *json, const char *key, const char *prefix, const ewi_choice *choice,
                        size_t index) {
    char id[80];
    snprintf(id, sizeof id, "%s_%s%zu", prefix, choice->answer->id, index);
    ewi_json_out_text(json, key, id);
}

static const char *prefix_of(const ewi_section *section) {
    if (section->kind == EWI_PART_REASONING) return "rs";
    return section->kind == EWI_PART_CONTENT ? "msg" : "fc";
}

static void put_text_part(ewi_json_out *json, const char *key, const ewi_section *section, ew_str text) {
    ewi_json_out_open(json, key, '{');
    if (section->kind == EWI_PART_REASONING) {
        ewi_json_out_text(json, "type", "reasoning_text");
    } else {
        ewi_json_out_text(json, "type", "output_text");
        ewi_json_out_open(json, "annotations", '[');
        ewi_json_out_close(json);
        ewi_json_out_open(json, "logprobs", '[');
        ewi_json_out_close(json);
    }
    ewi_json_out_string(json, "text", text);
    ewi_json_out_close(json);
}

static void put_content(ewi_json_out *json, const ewi_choice *choice, const ewi_section *section, bool done) {
    ewi_json_out_open(json, "content", '[');
    if (done) put_text_part(json, NULL, section, ewi_choice_text(choice, section));
    ewi_json_out_close(json);
}

/* done: with all that it became. */
static void put_item(ewi_json_out *json, const char *key, const ewi_choice *choice, size_t index, bool done) {
    const ewi_section *section = &choice->sections[index];
    const ewi_call *call = &choice->calls[section->begin];
    ewi_json_out_open(json, key, '{');
    put_item_id(json, "id", prefix_of(section), choice, index);
    ewi_json_out_text(json, "status", done ? "completed" : "in_progress");
    if (section->kind == EWI_PART_REASONING) {
        ewi_json_out_text(json, "type", "reasoning");
        ewi_json_out_open(json, "summary", '[');
        ewi_json_out_close(json);
        put_content(json, choice, section, done);
    } else if (section->kind == EWI_PART_CONTENT) {
        ewi_json_out_text(json, "type", "message");
        ewi_json_out_text(json, "role", "assistant");
        put_content(json, choice, section, done);
    } else {
        ewi_json_out_text(json, "type", "function_call");
        ewi_json_out_text(json, "call_id", call->id);
        ewi_json_out_string(json, "name", ewi_buffer_str(&call->name));
        ewi_json_out_string(json, "arguments", done ? ewi_buffer_str(&call->arguments) : EWI_STR(""));
    }
    ewi_json_out_close(json);
}

/* ---- the reply: the response ---- */

static void put_or_null(ewi_json_out *json, const char *key, ew_str raw) {
    if (raw.len)
        ewi_json_out_raw(json, key, raw);
    else
        ewi_json_out_null(json, key);
}

static void put_settings(ewi_json_out *json, const ewi_answer *answer) {
    const ewi_ask *ask = &answer->ask;
    put_or_null(json, "instructions", ask->system);
    if (ask->n_predict == EWI_UNSAID)
        ewi_json_out_null(json, "max_output_tokens");
    else
        ewi_json_out_integer(json, "max_output_tokens", ask->n_predict);
    ewi_json_out_text(json, "model", answer->host->name);
    ewi_json_out_bool(json, "parallel_tool_calls", true);
    ewi_json_out_null(json, "previous_response_id");
    ewi_json_out_bool(json, "store", false);
    ewi_json_out_double(json, "temperature", ask->temperature);
    ewi_json_out_double(json, "top_p", ask->top_p);
    ewi_json_out_raw(json, "text", EWI_STR("{\"format\":{\"type\":\"text\"}}"));
    ewi_json_out_raw(json, "tool_choice", ask->tool_choice.len ? ask->tool_choice : EWI_STR("\"auto\""));
    ewi_json_out_raw(json, "tools", ask->tools_as_sent.len ? ask->tools_as_sent : EWI_STR("[]"));
    ewi_json_out_text(json, "truncation", ask->truncate ? "auto" : "disabled");
    ewi_json_out_raw(json, "metadata", EWI_STR("{}"));
}

static void put_usage(ewi_json_out *json, const ewi_answer *answer) {
    ewi_usage usage = ewi_answer_usage(answer);
    ewi_json_out_open(json, "usage", '{');
    ewi_json_out_count(json, "input_tokens", usage.n_prompt);
    ewi_json_out_open(json, "input_tokens_details", '{');
    ewi_json_out_count(json, "cached_tokens", usage.n_cached);
    ewi_json_out_close(json);
    ewi_json_out_count(json, "output_tokens", usage.n_generated);
    ewi_json_out_open(json, "output_tokens_details", '{');
    ewi_json_out_count(json, "reasoning_tokens", 0);
    ewi_json_out_close(json);
    ewi_json_out_count(json, "total_tokens", usage.n_prompt + usage.n_generated);
    ewi_json_out_close(json);
}

static bool is_incomplete(const ewi_answer *answer) {
    return ewi_choice_why(&answer->choices[0]) == EWI_WHY_LENGTH;
}

static void put_output(ewi_json_out *json, const ewi_choice *choice) {
    ewi_json_out_open(json, "output", '[');
    for (size_t i = 0; i < choice->n_sections; i++) {
        const ewi_section *section = &choice->sections[i];
        if (section->kind != EWI_PART_CALL_BEGIN || !choice->calls[section->begin].is_broken)
            put_item(json, NULL, choice, i, true);
    }
    ewi_json_out_close(json);
}

/* status: "in_progress", "completed", "incomplete" or "failed". */
static void put_response(ewi_json_out *json, const char *key, const ewi_answer *answer, const char *status,
                         const ewi_refusal *refusal) {
    bool begun = strcmp(status, "in_progress") == 0;
    char id[64];
    snprintf(id, sizeof id, "resp_%s", answer->id);
    ewi_json_out_open(json, key, '{');
    ewi_json_out_text(json, "id", id);
    ewi_json_out_text(json, "object", "response");
    ewi_json_out_integer(json, "created_at", answer->created_s);
    ewi_json_out_text(json, "status", status);
    if (refusal) {
        ewi_json_out_open(json, "error", '{');
        ewi_json_out_text(json, "code", refusal->code ? refusal->code : "server_error");
        ewi_json_out_text(json, "message", refusal->text);
        ewi_json_out_close(json);
    } else
        ewi_json_out_null(json, "error");
    put_or_null(json, "incomplete_details",
                strcmp(status, "incomplete") == 0 ? EWI_STR("{\"reason\":\"max_output_tokens\"}")
                                                  : EWI_STR(""));
    put_settings(json, answer);
    if (begun) {
        ewi_json_out_raw(json, "output", EWI_STR("[]"));
        ewi_json_out_null(json, "usage");
    } else {
        put_output(json, &answer->choices[0]);
        put_usage(json, answer);
    }
    ewi_json_out_close(json);
}

static const char *status_of(const ewi_answer *answer) {
    return is_incomplete(answer) ? "incomplete" : "completed";
}

static void tell_whole(ewi_answer *answer) {
    ewi_json_out json = {.out = &answer->out};
    put_response(&json, NULL, answer, status_of(answer), NULL);
}

/* ---- streamed ---- */

static ewi_json_out begin_event(ewi_answer *answer, const char *type) {
    ewi_json_out json = {.out = &answer->out};
    ewi_buffer_printf(&answer->out, "event: %s\ndata: ", type);
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "type", type);
    ewi_json_out_count(&json, "sequence_number", answer->n_events++);
    return json;
}

static void end_event(ewi_json_out *json) {
    ewi_json_out_close_all(json);
    ewi_buffer_add(json->out, "\n\n", 2);
}

static void tell_response(ewi_answer *answer, const char *type, const char *status,
                          const ewi_refusal *refusal) {
    ewi_json_out json = begin_event(answer, type);
    put_response(&json, "response", answer, status, refusal);
    end_event(&json);
}

static void open_stream(ewi_answer *answer) {
    tell_response(answer, "response.created", "in_progress", NULL);
    tell_response(answer, "response.in_progress", "in_progress", NULL);
}

/* An event about the item at index. */
static ewi_json_out begin_item_event(const ewi_choice *choice, const char *type, size_t index) {
    ewi_json_out json = begin_event(choice->answer, type);
    put_item_id(&json, "item_id", prefix_of(&choice->sections[index]), choice, index);
    ewi_json_out_count(&json, "output_index", index);
    if (choice->sections[index].kind != EWI_PART_CALL_BEGIN) ewi_json_out_count(&json, "content_index", 0);
    return json;
}

static void tell_item(const ewi_choice *choice, const char *type, size_t index, bool done) {
    ewi_json_out json = begin_event(choice->answer, type);
    ewi_json_out_count(&json, "output_index", index);
    put_item(&json, "item", choice, index, done);
    end_event(&json);
}

static void tell_content_part(const ewi_choice *choice, const char *type, size_t index, ew_str text) {
    ewi_json_out json = begin_item_event(choice, type, index);
    put_text_part(&json, "part", &choice->sections[index], text);
    end_event(&json);
}

static void tell_text(const ewi_choice *choice, const char *type, size_t index, const char *key,
                      ew_str text) {
    ewi_json_out json = begin_item_event(choice, type, index);
    ewi_json_out_string(&json, key, text);
    if (choice->sections[index].kind == EWI_PART_CONTENT) ewi_json_out_raw(&json, "logprobs", EWI_STR("[]"));
    end_event(&json);
}

static void stop_item(ewi_choice *choice) {
    if (!choice->is_section_open) return;
    const size_t index = choice->n_told - 1;
    const ewi_section *section = &choice->sections[index];
    choice->is_section_open = false;
    if (section->kind == EWI_PART_CALL_BEGIN) {
        tell_text(choice, "response.function_call_arguments.done", index, "arguments",
                  ewi_buffer_str(&choice->calls[section->begin].arguments));
    } else {
        bool is_content = section->kind == EWI_PART_CONTENT;
        ew_str text = ewi_choice_text(choice, section);
        tell_text(choice, is_content ? "response.output_text.done" : "response.reasoning_text.done", index,
                  "text", text);
        tell_content_part(choice, "response.content_part.done", index, text);
    }
    tell_item(choice, "response.output_item.done", index, true);
}

static void begin_item(ewi_choice *choice) {
    const size_t index = choice->n_told++;
    tell_item(choice, "response.output_item.added", index, false);
    if (choice->sections[index].kind != EWI_PART_CALL_BEGIN)
        tell_content_part(choice, "response.content_part.added", index, EWI_STR(""));
    choice->is_section_open = true;
}

static void tell_part(ewi_choice *choice, const ewi_answer_part *part) {
    if (choice->n_told < choice->n_sections) {
        stop_item(choice);
        begin_item(choice);
    }
    const size_t index = choice->n_told - 1;
    if (part->kind == EWI_PART_CONTENT)
        tell_text(choice, "response.output_text.delta", index, "delta", part->text);
    if (part->kind == EWI_PART_REASONING)
        tell_text(choice, "response.reasoning_text.delta", index, "delta", part->text);
    if (part->kind == EWI_PART_CALL_ARGUMENTS)
        tell_text(choice, "response.function_call_arguments.delta", index, "delta", part->text);
    if (part->kind == EWI_PART_CALL_END) stop_item(choice);
}

static void close_stream(ewi_answer *answer) {
    bool incomplete = is_incomplete(answer);
    tell_response(answer, incomplete ? "response.incomplete" : "response.completed", status_of(answer), NULL);
}

static void tell_broken(ewi_answer *answer, const ewi_refusal *refusal) {
    tell_response(answer, "response.failed", "failed", refusal);
}

static const ewi_api api = {
    .name = "openai.responses",
    .stream_type = "text/event-stream",
    .refuse = ewi_openai_refuse,
    .open = open_stream,
    .part = tell_part,
    .end_choice = stop_item,
    .close = close_stream,
    .broken = tell_broken,
    .whole = tell_whole,
};

void ewi_openai_responses(ewi_server *server, ewi_exchange *exchange) {
    ewi_chat_handle(server, exchange, &(ewi_chat){&api, read_ask, build});
}
