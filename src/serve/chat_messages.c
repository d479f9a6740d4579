#include "serve/chat_messages.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"

#define MAX_TEXT  ((size_t)64 << 20)
#define MAX_TOOLS 256u

bool ewi_conversation_init(ewi_conversation *conv, ewi_arena *arena, ewi_refusal *refusal) {
    *conv = (ewi_conversation){.arena = arena};
    ewi_buffer_init(&conv->text, MAX_TEXT);
    conv->messages = ewi_arena_array(arena, EWI_MAX_MESSAGES, sizeof *conv->messages);
    return conv->messages || ewi_refuse(refusal, 503, NULL, "out of memory");
}

void ewi_conversation_deinit(ewi_conversation *conv) {
    ewi_buffer_deinit(&conv->text);
}

/* ---- one message ---- */

static void put(ewi_conversation *conv, const char *text) {
    ewi_buffer_add(&conv->text, text, strlen(text));
}

static ew_str known_role(ew_str role) {
    return ewi_str_is(role, "developer") ? EWI_STR("system") : role;
}

bool ewi_conversation_begin(ewi_conversation *conv, ew_str role, ewi_refusal *refusal) {
    if (conv->n == EWI_MAX_MESSAGES)
        return ewi_refuse(refusal, 400, "messages", "messages: more than %u", EWI_MAX_MESSAGES);
    role = known_role(role);
    conv->messages[conv->n] = (ewi_message){.begin = conv->text.len, .is_system = ewi_str_is(role, "system")};
    put(conv, "{\"role\":");
    ewi_buffer_json_string(&conv->text, role);
    return true;
}

void ewi_conversation_end(ewi_conversation *conv) {
    put(conv, "}");
    conv->messages[conv->n++].end = conv->text.len;
}

void ewi_conversation_text(ewi_conversation *conv, const char *name, ew_str text) {
    ewi_buffer_printf(&conv->text, ",\"%s\":", name);
    ewi_buffer_json_string(&conv->text, text);
}

void ewi_conversation_json(ewi_conversation *conv, const char *name, ew_str json) {
    ewi_buffer_printf(&conv->text, ",\"%s\":", name);
    ewi_buffer_add(&conv->text, json.data, json.len);
}

/* ---- OpenAI's messages ---- */

/* The members of a message, as texts of JSON. */
typedef struct raw_message {
    ew_str role, content, tool_calls, tool_call_id, name, reasoning;
} raw_message;

static bool refuse_message(size_t index, const char *member, const char *what, ewi_refusal *refusal) {
    char param[64];
    snprintf(param, sizeof param, "messages[%zu]%s%s", index, *member ? "." : "", member);
    return ewi_refuse(refusal, 400, param, "%s: %s", param, what);
}

static ewi_json reader_of(ew_str text, ewi_arena *arena) {
    ewi_json json;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, arena);
    return json;
}

static bool is_null(ew_str json) {
    return json.len == 0 || ewi_str_is(json, "null");
}

static bool is_text(ew_str json) {
    return json.len && json.data[0] == '"';
}

static bool read_string(ew_str text, ewi_arena *arena, ew_str *out) {
    ewi_json json = reader_of(text, arena);
    return ewi_json_peek(&json) == EWI_JSON_STRING && ewi_json_read_string(&json, out, NULL) == EW_OK;
}

static ew_str *member_of(raw_message *m, ew_str key) {
    if (ewi_str_is(key, "role")) return &m->role;
    if (ewi_str_is(key, "content")) return &m->content;
    if (ewi_str_is(key, "tool_calls")) return &m->tool_calls;
    if (ewi_str_is(key, "tool_call_id")) return &m->tool_call_id;
    if (ewi_str_is(key, "name")) return &m->name;
    if (ewi_str_is(key, "reasoning_content")) return &m->reasoning;
    return NULL;
}

/* What clients send back of an answer although it says nothing to a model. */
static bool is_idle(ew_str key) {
    static const char *const names[] = {"refusal",     "audio",  "function_call",
                                        "annotations", "parsed", "images"};
    for (size_t i = 0; i < EWI_COUNT(names); i++)
        if (ewi_str_is(key, names[i])) return true;
    return false;
}

static bool read_raw(ewi_json *json, size_t index, raw_message *out, ewi_refusal *refusal) {
    ew_str key, value;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_enter_object(json, NULL))
        return refuse_message(index, "", "an object is expected", refusal);
    while (ewi_json_next_key(json, &key)) {
        ew_str *member = member_of(out, key);
        if (ewi_json_skip_to(json, &value, NULL))
            return refuse_message(index, "", "no memory for it", refusal);
        if (member)
            *member = value;
        else if (!is_idle(key) || !is_null(value)) {
            char name[40];
            snprintf(name, sizeof name, "%.*s", key.len < 32 ? (int)key.len : 32, key.data);
            return refuse_message(index, name, "no such member here", refusal);
        }
    }
    return true;
}

/* ---- content in parts ---- */

typedef struct content_part {
    ew_str type, text, refusal;
} content_part;

static bool read_part(ewi_json *json, content_part *out) {
    ew_str key;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_enter_object(json, NULL)) return false;
    while (ewi_json_next_key(json, &key)) {
        ew_str *member = ewi_str_is(key, "type")      ? &out->type
                         : ewi_str_is(key, "text")    ? &out->text
                         : ewi_str_is(key, "refusal") ? &out->refusal
                                                      : NULL;
        ewi_json_kind kind = ewi_json_peek(json);
        if (member && kind != EWI_JSON_STRING && kind != EWI_JSON_NULL) return false;
        bool is_string = member && kind == EWI_JSON_STRING;
        if (is_string ? ewi_json_read_string(json, member, NULL) : ewi_json_skip(json, NULL)) return false;
    }
    return true;
}

static bool is_text_part(const content_part *part) {
    return ewi_str_is(part->type, "text") || ewi_str_is(part->type, "input_text") ||
           ewi_str_is(part->type, "output_text") || ewi_str_is(part->type, "refusal");
}

/* All texts, one after the other. */
static bool join_parts(const ewi_conversation *conv, ew_str content, size_t index, ewi_buffer *out,
                       ewi_refusal *refusal) {
    ewi_json json = reader_of(content, conv->arena);
    if (ewi_json_enter_array(&json, NULL)) return false;
    while (ewi_json_next_item(&json)) {
        content_part part = {0};
        if (!read_part(&json, &part))
            return refuse_message(index, "content", "objects with a type and strings are expected", refusal);
        if (!is_text_part(&part)) {
            char what[96];
            snprintf(what, sizeof what, "parts of type \"%.*s\" are not supported, only text is",
                     part.type.len < 32 ? (int)part.type.len : 32, part.type.data ? part.type.data : "");
            return refuse_message(index, "content", what, refusal);
        }
        ewi_buffer_add(out, part.text.data, part.text.len);
        ewi_buffer_add(out, part.refusal.data, part.refusal.len);
    }
    return !out->failed || refuse_message(index, "content", "no memory for it", refusal);
}

static bool add_content(ewi_conversation *conv, const raw_message *m, size_t index, ewi_refusal *refusal) {
    ewi_json json = reader_of(m->content, conv->arena);
    ewi_json_kind kind = is_null(m->content) ? EWI_JSON_NULL : ewi_json_peek(&json);
    if (kind == EWI_JSON_STRING) {
        ewi_conversation_json(conv, "content", m->content);
        return true;
    }
    if (kind == EWI_JSON_NULL) {
        if (is_null(m->tool_calls)) return refuse_message(index, "content", "it is missing", refusal);
        ewi_conversation_json(conv, "content", EWI_STR("\"\""));
        return true;
    }
    if (kind != EWI_JSON_ARRAY)
        return refuse_message(index, "content", "a string or an array of parts is expected", refusal);
    ewi_buffer joined;
    ewi_buffer_init(&joined, MAX_TEXT);
    bool ok = join_parts(conv, m->content, index, &joined, refusal);
    if (ok) ewi_conversation_text(conv, "content", ewi_buffer_str(&joined));
    ewi_buffer_deinit(&joined);
    return ok;
}

/* ---- calls of tools ---- */

typedef struct raw_call {
    ew_str id, type, name, arguments; /* JSON */
} raw_call;

static bool read_function(ewi_json *json, raw_call *out) {
    ew_str key, value;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_enter_object(json, NULL)) return false;
    while (ewi_json_next_key(json, &key)) {
        if (ewi_json_skip_to(json, &value, NULL)) return false;
        if (ewi_str_is(key, "name")) out->name = value;
        if (ewi_str_is(key, "arguments")) out->arguments = value;
    }
    return true;
}

static bool read_call(ewi_json *json, raw_call *out) {
    ew_str key, value;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_enter_object(json, NULL)) return false;
    while (ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "function")) {
            if (!read_function(json, out)) return false;
        } else if (ewi_json_skip_to(json, &value, NULL))
            return false;
        else if (ewi_str_is(key, "id"))
            out->id = value;
        else if (ewi_str_is(key, "type"))
            out->type = value;
    }
    bool has_arguments = is_text(out->arguments) || (out->arguments.len && out->arguments.data[0] == '{');
    return is_text(out->name) && (is_null(out->id) || is_text(out->id)) &&
           (is_null(out->arguments) || has_arguments) &&
           (is_null(out->type) || ewi_str_is(out->type, "\"function\""));
}

/* Templates write arguments down with `tojson`, so that text that is an object becomes one. */
static ew_str arguments_of(const raw_call *call, ewi_arena *arena) {
    ew_str text;
    if (is_null(call->arguments)) return EWI_STR("{}");
    if (!read_string(call->arguments, arena, &text)) return call->arguments;
    ewi_json json = reader_of(text, arena);
    bool is_object = ewi_json_peek(&json) == EWI_JSON_OBJECT && ewi_json_skip(&json, NULL) == EW_OK &&
                     ewi_json_end(&json, NULL) == EW_OK;
    return is_object ? text : call->arguments;
}

static void put_call(ewi_conversation *conv, const raw_call *call) {
    ew_str arguments = arguments_of(call, conv->arena);
    put(conv, "{");
    if (call->id.len) ewi_buffer_printf(&conv->text, "\"id\":%.*s,", (int)call->id.len, call->id.data);
    put(conv, "\"type\":\"function\",\"function\":{\"name\":");
    ewi_buffer_add(&conv->text, call->name.data, call->name.len);
    put(conv, ",\"arguments\":");
    ewi_buffer_add(&conv->text, arguments.data, arguments.len);
    put(conv, "}}");
}

static bool add_calls(ewi_conversation *conv, const raw_message *m, size_t index, ewi_refusal *refusal) {
    size_t n = 0;
    if (is_null(m->tool_calls)) return true;
    ewi_json json = reader_of(m->tool_calls, conv->arena);
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return refuse_message(index, "tool_calls", "an array is expected", refusal);
    put(conv, ",\"tool_calls\":[");
    while (ewi_json_next_item(&json)) {
        raw_call call = {0};
        if (!read_call(&json, &call))
            return refuse_message(index, "tool_calls",
                                  "{\"function\": {\"name\": .., \"arguments\": ..}} is expected", refusal);
        if (n++) put(conv, ",");
        put_call(conv, &call);
    }
    put(conv, "]");
    return true;
}

/* A member that may be absent. */
static bool add_text(ewi_conversation *conv, const char *name, ew_str json, size_t index,
                     ewi_refusal *refusal) {
    if (is_null(json)) return true;
    if (!is_text(json)) return refuse_message(index, name, "a string is expected", refusal);
    ewi_conversation_json(conv, name, json);
    return true;
}

static bool add_message(ewi_conversation *conv, const raw_message *m, size_t index, ewi_refusal *refusal) {
    ew_str role = {0};
    if (!read_string(m->role, conv->arena, &role) || role.len == 0)
        return refuse_message(index, "role", "a string is expected", refusal);
    if (!ewi_conversation_begin(conv, role, refusal)) return false;
    if (!add_content(conv, m, index, refusal) || !add_calls(conv, m, index, refusal)) return false;
    if (!add_text(conv, "tool_call_id", m->tool_call_id, index, refusal) ||
        !add_text(conv, "name", m->name, index, refusal) ||
        !add_text(conv, "reasoning_content", m->reasoning, index, refusal))
        return false;
    ewi_conversation_end(conv);
    return true;
}

bool ewi_conversation_add_openai(ewi_conversation *conv, ew_str messages, ewi_refusal *refusal) {
    ewi_json json = reader_of(messages, conv->arena);
    if (messages.len == 0) return ewi_refuse(refusal, 400, "messages", "messages: they are missing");
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return ewi_refuse(refusal, 400, "messages", "messages: an array is expected");
    for (size_t i = 0; ewi_json_next_item(&json); i++) {
        raw_message m = {0};
        if (!read_raw(&json, i, &m, refusal) || !add_message(conv, &m, i, refusal)) return false;
    }
    if (conv->n == 0) return ewi_refuse(refusal, 400, "messages", "messages: there are none");
    return !conv->text.failed || ewi_refuse(refusal, 503, NULL, "out of memory");
}

/* ---- tools ---- */

/* A JSON object's member of that name, as text; empty: there is none, or it is no object. */
static ew_str member(ew_str object, const char *name, ewi_arena *arena) {
    ew_str key, value, found = {0};
    ewi_json json = reader_of(object, arena);
    if (ewi_json_peek(&json) != EWI_JSON_OBJECT || ewi_json_enter_object(&json, NULL)) return found;
    while (ewi_json_next_key(&json, &key)) {
        if (ewi_json_skip_to(&json, &value, NULL)) return found;
        if (ewi_str_is(key, name)) found = value;
    }
    return found;
}

/* Parameters that are strings by their schema. */
static bool read_strings(ew_str function, ewi_arena *arena, ewi_tool *out) {
    size_t n = 0;
    ew_str key, value, properties = member(member(function, "parameters", arena), "properties", arena);
    ewi_json json = reader_of(properties, arena);
    if (ewi_json_peek(&json) != EWI_JSON_OBJECT || ewi_json_count(&json, &n, NULL)) return true;
    ew_str *strings = ewi_arena_array(arena, n + 1, sizeof *strings);
    if (!strings || ewi_json_enter_object(&json, NULL)) return false;
    while (ewi_json_next_key(&json, &key)) {
        if (ewi_json_skip_to(&json, &value, NULL)) return false;
        if (ewi_str_is(member(value, "type", arena), "\"string\"")) strings[out->n_strings++] = key;
    }
    out->strings = strings;
    return true;
}

static bool read_tool(ewi_json *json, ewi_arena *arena, ewi_tool *out) {
    ew_str text;
    if (ewi_json_peek(json) != EWI_JSON_OBJECT || ewi_json_skip_to(json, &text, NULL)) return false;
    ew_str function = member(text, "function", arena);
    return ewi_str_is(member(text, "type", arena), "\"function\"") &&
           read_string(member(function, "name", arena), arena, &out->name) && out->name.len > 0 &&
           read_strings(function, arena, out);
}

static bool read_tools(ewi_conversation *conv, ew_str tools, ewi_refusal *refusal) {
    ewi_json json = reader_of(tools, conv->arena);
    conv->offered = ewi_arena_array(conv->arena, MAX_TOOLS, sizeof *conv->offered);
    if (!conv->offered) return ewi_refuse(refusal, 503, "tools", "tools: no memory for them");
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL))
        return ewi_refuse(refusal, 400, "tools", "tools: an array is expected");
    while (ewi_json_next_item(&json)) {
        size_t n = conv->n_offered;
        if (n == MAX_TOOLS) return ewi_refuse(refusal, 400, "tools", "tools: more than %u", MAX_TOOLS);
        if (!read_tool(&json, conv->arena, &conv->offered[n]))
            return ewi_refuse(
                refusal, 400, "tools",
                "tools[%zu]: {\"type\": \"function\", \"function\": {\"name\": ..}} is expected", n);
        conv->n_offered++;
    }
    return true;
}

bool ewi_conversation_set_tools(ewi_conversation *conv, ew_str tools, ew_str choice, ewi_refusal *refusal) {
    bool none = ewi_str_is(choice, "\"none\"");
    if (!none && !is_null(choice) && !ewi_str_is(choice, "\"auto\""))
        return ewi_refuse(refusal, 400, "tool_choice",
                          "tool_choice: \"auto\" or \"none\"; a model cannot be held to a call yet");
    if (is_null(tools)) return true;
    if (!read_tools(conv, tools, refusal)) return false;
    if (none) conv->n_offered = 0;
    if (conv->n_offered) conv->tools = tools;
    return true;
}

bool ewi_conversation_set_options(ewi_conversation *conv, ew_str options, ewi_refusal *refusal) {
    static const char *const own[] = {"messages", "tools", "add_generation_prompt"};
    ew_str key;
    if (is_null(options)) return true;
    ewi_json json = reader_of(options, conv->arena);
    if (ewi_json_peek(&json) != EWI_JSON_OBJECT || ewi_json_enter_object(&json, NULL))
        return ewi_refuse(refusal, 400, "chat_template_kwargs",
                          "chat_template_kwargs: an object is expected");
    while (ewi_json_next_key(&json, &key)) {
        for (size_t i = 0; i < EWI_COUNT(own); i++)
            if (ewi_str_is(key, own[i]))
                return ewi_refuse(refusal, 400, "chat_template_kwargs", "chat_template_kwargs: not \"%s\"",
                                  own[i]);
        if (ewi_json_skip(&json, NULL)) return ewi_refuse(refusal, 503, NULL, "out of memory");
    }
    conv->options = options;
    return true;
}

/* ---- rendering ---- */

/* The members of an object, without its braces. */
static ew_str inside(ew_str object) {
    while (object.len && *object.data != '{') object.data++, object.len--;
    while (object.len && object.data[object.len - 1] != '}') object.len--;
    if (object.len < 2) return (ew_str){"", 0};
    ew_str members = {object.data + 1, object.len - 2};
    while (members.len && strchr(" \t\r\n", *members.data)) members.data++, members.len--;
    return members;
}

static void write_variables(const ewi_conversation *conv, size_t n_dropped, ewi_buffer *out) {
    size_t left = n_dropped, n = 0;
    ew_str options = inside(conv->options);
    ewi_buffer_printf(out, "{");
    if (options.len) ewi_buffer_printf(out, "%.*s,", (int)options.len, options.data);
    ewi_buffer_printf(out, "\"add_generation_prompt\":%s,\"messages\":[", conv->goes_on ? "false" : "true");
    for (size_t i = 0; i < conv->n; i++) {
        const ewi_message *m = &conv->messages[i];
        if (left && !m->is_system) {
            left--;
            continue;
        }
        if (n++) ewi_buffer_add(out, ",", 1);
        ewi_buffer_add(out, conv->text.data + m->begin, m->end - m->begin);
    }
    ewi_buffer_add(out, "]", 1);
    if (conv->tools.len) ewi_buffer_printf(out, ",\"tools\":%.*s", (int)conv->tools.len, conv->tools.data);
    ewi_buffer_add(out, "}", 1);
}

static bool write_without(const ewi_conversation *conv, const ewi_host *host, size_t n_dropped,
                          ew_rendering **out, ewi_refusal *refusal) {
    ew_error err = {0};
    ewi_buffer json;
    if (!host->tmpl)
        return ewi_refuse(refusal, 400, "messages",
                          "the model \"%s\" has no chat template%s%s: use /v1/completions", host->name,
                          host->no_template.text[0] ? ": " : "", host->no_template.text);
    ewi_buffer_init(&json, 2 * MAX_TEXT);
    write_variables(conv, n_dropped, &json);
    ew_status status = json.failed ? ewi_no_memory(&err, "a conversation")
                                   : ew_template_render(host->tmpl, ewi_buffer_str(&json), NULL, out, &err);
    ewi_buffer_deinit(&json);
    return status == EW_OK || ewi_refuse_error(refusal, "messages", &err);
}

bool ewi_conversation_write(const ewi_conversation *conv, const ewi_host *host, ew_rendering **out,
                            ewi_refusal *refusal) {
    return write_without(conv, host, 0, out, refusal);
}

static ew_status encode(const ew_rendering *rendering, const ewi_host *host, ewi_rendered *out,
                        ew_error *err) {
    size_t cap = ew_rendering_text(rendering).len + 8; /* a token is a byte at least, mostly */
    for (;;) {
        out->tokens = ewi_alloc_array(cap, sizeof *out->tokens);
        if (!out->tokens) return ewi_no_memory(err, "a prompt");
        ew_status status = ew_rendering_encode(rendering, host->tokenizer, out->tokens, cap, &out->n, err);
        if (status == EW_OK && out->n <= cap) return EW_OK;
        ewi_free(out->tokens);
        out->tokens = NULL;
        if (status != EW_OK) return status;
        cap = out->n;
    }
}

static bool render_without(const ewi_conversation *conv, const ewi_host *host, size_t n_dropped,
                           ewi_rendered *out, ewi_refusal *refusal) {
    ew_rendering *rendering;
    ew_error err = {0};
    *out = (ewi_rendered){.n_dropped = (uint32_t)n_dropped};
    if (!write_without(conv, host, n_dropped, &rendering, refusal)) return false;
    out->in_reasoning = ewi_reasoning_is_open(host->reasoning, ew_rendering_text(rendering));
    ew_status status = encode(rendering, host, out, &err);
    ew_rendering_free(rendering);
    return status == EW_OK || ewi_refuse_error(refusal, "messages", &err);
}

static size_t count_droppable(const ewi_conversation *conv) {
    size_t n = 0;
    for (size_t i = 0; i < conv->n; i++) n += !conv->messages[i].is_system;
    return n ? n - 1 : 0; /* never the last one */
}

/* The fewest that make it fit, or all that may be left out. */
bool ewi_conversation_render(const ewi_conversation *conv, const ewi_host *host, size_t limit,
                             ewi_rendered *out, ewi_refusal *refusal) {
    size_t too_few = 0, enough = limit ? count_droppable(conv) : 0;
    if (!render_without(conv, host, 0, out, refusal)) return false;
    if (out->n <= limit || enough == 0) return true;
    while (enough - too_few > 1) {
        size_t n = too_few + (enough - too_few) / 2;
        ewi_free(out->tokens);
        if (!render_without(conv, host, n, out, refusal)) return false;
        if (out->n <= limit)
            enough = n;
        else
            too_few = n;
    }
    ewi_free(out->tokens);
    return render_without(conv, host, enough, out, refusal);
}
