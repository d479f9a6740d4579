/*
 * The chat templates of the fixtures: which families of tool calls and reasoning they have
 * (data/tool_templates.txt: file, family, reasoning, how many calls it writes down in one turn, of what
 * values), and whether what a template makes of an assistant's calls is parsed back to the same names and
 * arguments. A template is the model's own definition of its notation; its rendering is compared with what
 * transformers makes of it (conformance.chat_templates).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "fixtures.h"
#include "format/json.h"
#include "test.h"
#include "text/answer_parser.h"
#include "text_file.h"

#define FOLDER  "chat-templates/llama.cpp-models/"
#define N_FILES 68

typedef struct row {
    char file[128], family[32], reasoning[32];
    int n_calls;
    char values[32]; /* "flat": the template writes objects as Python does, so that there must be none */
} row;

static bool is_flat(const row *r) {
    return strcmp(r->values, "flat") == 0;
}

/* ---- the conversation ---- */

#define FLAT   "{\"city\": \"Z\xc3\xbcrich \\\"x\\\" \\\\ 7\\n<b>\", \"days\": 3, \"exact\": true"
#define NESTED FLAT ", \"place\": {\"lat\": 1.5, \"tags\": [\"a\", \"b c\"]}"

static const char tools_json[] =
    "[{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"description\": \"w\", "
    "\"parameters\": "
    "{\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\", \"description\": \"c\"}, "
    "\"days\": "
    "{\"type\": \"integer\", \"description\": \"n\"}, \"exact\": {\"type\": \"boolean\", \"description\": "
    "\"e\"}, "
    "\"place\": {\"type\": \"object\", \"description\": \"p\"}}, \"required\": [\"city\"]}}}]";

static const char calls_format[] = "{\"id\": \"abcdefgh%d\", \"type\": \"function\", \"function\": "
                                   "{\"name\": \"get_weather\", \"arguments\": %s}}";

/* How templates want their input differs: arguments as an object or as a string that holds it. */
static ew_str conversation(ewi_buffer *out, int n_calls, bool is_flat, bool in_string) {
    const char *text = is_flat ? FLAT "}" : NESTED "}";
    ewi_buffer arguments;
    ewi_buffer_init(&arguments, 4096);
    if (in_string)
        ewi_buffer_json_string(&arguments, ewi_str(text));
    else
        ewi_buffer_printf(&arguments, "%s", text);
    ewi_buffer_add(&arguments, "", 1);
    out->len = 0;
    ewi_buffer_printf(out, "{\"tools\": %s, \"add_generation_prompt\": %s, \"messages\": [", tools_json,
                      n_calls ? "false" : "true");
    ewi_buffer_printf(out, "{\"role\": \"user\", \"content\": \"How?\"}");
    if (n_calls) ewi_buffer_printf(out, ", {\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [");
    for (int i = 0; i < n_calls; i++) {
        ewi_buffer_printf(out, i ? ", " : "");
        ewi_buffer_printf(out, calls_format, i, (const char *)arguments.data);
    }
    ewi_buffer_printf(out, n_calls ? "]}]}" : "]}");
    ewi_buffer_deinit(&arguments);
    assert_false(out->failed);
    return ewi_buffer_str(out);
}

static ew_rendering *render(const ew_template *tmpl, int n_calls, bool is_flat, bool in_string,
                            ew_error *err) {
    const ew_template_options how = {
        .struct_size = sizeof how, .bos = "<s>", .eos = "</s>", .date = "2026-11-21"};
    ew_rendering *rendering = NULL;
    ewi_buffer json;
    ewi_buffer_init(&json, 1 << 16);
    ew_str text = conversation(&json, n_calls, is_flat, in_string);
    ew_status status = ew_template_render(tmpl, text, &how, &rendering, err);
    ewi_buffer_deinit(&json);
    return status ? NULL : rendering;
}

/* ---- the calls ---- */

typedef struct calls {
    ewi_buffer arguments;
    int n, n_members; /* n_members: that each must have */
} calls;

static void check_place(ewi_json *json) {
    ew_str key, tag;
    double lat = 0;
    int n = 0, n_tags = 0;
    assert_int_equal(ewi_json_enter_object(json, NULL), EW_OK);
    for (; ewi_json_next_key(json, &key); n++) {
        if (ewi_str_is(key, "lat")) {
            assert_int_equal(ewi_json_read_double(json, &lat, NULL), EW_OK);
            continue;
        }
        assert_true(ewi_str_is(key, "tags"));
        assert_int_equal(ewi_json_enter_array(json, NULL), EW_OK);
        for (; ewi_json_next_item(json); n_tags++) {
            assert_int_equal(ewi_json_read_string(json, &tag, NULL), EW_OK);
            assert_true(ewi_str_is(tag, n_tags ? "b c" : "a"));
        }
    }
    assert_true(lat == 1.5 && n == 2 && n_tags == 2);
}

static void check_member(ewi_json *json, ew_str key) {
    if (ewi_str_is(key, "city")) {
        ew_str city;
        assert_int_equal(ewi_json_read_string(json, &city, NULL), EW_OK);
        assert_true(ewi_str_is(city, "Z\xc3\xbcrich \"x\" \\ 7\n<b>"));
    } else if (ewi_str_is(key, "days")) {
        uint64_t days;
        assert_int_equal(ewi_json_read_u64(json, &days, NULL), EW_OK);
        assert_int_equal(days, 3);
    } else if (ewi_str_is(key, "exact")) {
        bool exact;
        assert_int_equal(ewi_json_read_bool(json, &exact, NULL), EW_OK);
        assert_true(exact);
    } else {
        assert_true(ewi_str_is(key, "place"));
        check_place(json);
    }
}

static void check_arguments(const calls *seen) {
    ewi_arena arena;
    ewi_json json;
    ew_str key;
    int n = 0;
    ewi_arena_init(&arena, 1 << 16);
    ewi_json_init(&json, (ewi_bytes){seen->arguments.data, seen->arguments.len}, &arena);
    assert_int_equal(ewi_json_enter_object(&json, NULL), EW_OK);
    for (; ewi_json_next_key(&json, &key); n++) check_member(&json, key);
    assert_int_equal(ewi_json_end(&json, NULL), EW_OK);
    assert_int_equal(n, seen->n_members);
    ewi_arena_deinit(&arena);
}

static void on_part(void *user, const ewi_answer_part *part) {
    calls *seen = user;
    if (part->kind == EWI_PART_CALL_BEGIN) assert_true(ewi_str_is(part->text, "get_weather"));
    if (part->kind == EWI_PART_CALL_BEGIN) seen->arguments.len = 0;
    if (part->kind == EWI_PART_CALL_ARGUMENTS)
        ewi_buffer_add(&seen->arguments, part->text.data, part->text.len);
    if (part->kind != EWI_PART_CALL_END) return;
    assert_false(part->is_broken);
    check_arguments(seen);
    seen->n++;
}

/* Returns how many calls there were. */
static int parse(const row *r, ewi_tool_format format, ewi_answer_options options, ew_str turn) {
    static const ew_str strings[] = {{"city", 4}};
    static const ewi_tool tool = {{"get_weather", 11}, strings, 1};
    ewi_answer_parser *parser = malloc(sizeof *parser);
    assert_non_null(parser);
    calls seen = {.n_members = is_flat(r) ? 3 : 4};
    ewi_buffer_init(&seen.arguments, 4096);
    options.tools = &tool;
    options.n_tools = 1;
    ewi_answer_parser_init(parser, format, &options, on_part, &seen);
    assert_int_equal(ewi_answer_parser_push(parser, turn, NULL), EW_OK);
    assert_int_equal(ewi_answer_parser_end(parser, NULL), EW_OK);
    ewi_answer_parser_deinit(parser);
    ewi_buffer_deinit(&seen.arguments);
    free(parser);
    return seen.n;
}

/* ---- templates ---- */

/* The next word of a line, and what comes after it. */
static const char *take_word(const char *line, char *out, size_t cap) {
    size_t n = strcspn(line, " \n");
    assert_true(n > 0 && n < cap);
    memcpy(out, line, n);
    out[n] = '\0';
    return line + n + (line[n] == ' ');
}

static row read_row(const char *line) {
    row r;
    char n_calls[8];
    line = take_word(line, r.file, sizeof r.file);
    line = take_word(line, r.family, sizeof r.family);
    line = take_word(line, r.reasoning, sizeof r.reasoning);
    line = take_word(line, n_calls, sizeof n_calls);
    take_word(line, r.values, sizeof r.values);
    r.n_calls = n_calls[0] - '0';
    return r;
}

static ewi_reasoning_format reasoning_named(const char *name) {
    static const char *const names[] = {"none", "think", "granite", "mistral", "command", "seed", "gemma"};
    int i = 0;
    while (strcmp(names[i], name) != 0) i++;
    return (ewi_reasoning_format)i;
}

/* Where the model's turn begins: behind the prompt, or behind what prompt and conversation have in common. */
static size_t turn_of(ew_str prompt, ew_str whole) {
    size_t n = 0;
    while (n < prompt.len && n < whole.len && prompt.data[n] == whole.data[n]) n++;
    while (n < prompt.len && n && !strchr(">\n", whole.data[n - 1])) n--;
    return n;
}

static void check_calls(const row *r, const ew_template *tmpl, ewi_tool_format format, int n_calls) {
    ew_error err = {0};
    ew_rendering *prompt = render(tmpl, 0, false, false, &err), *whole = NULL;
    for (int in_string = 0; in_string < 2 && !whole; in_string++)
        whole = render(tmpl, n_calls, is_flat(r), in_string, &err);
    if (!prompt || !whole) fail_msg("%s: %s", r->file, err.text);
    ew_str text = ew_rendering_text(whole);
    size_t at = turn_of(ew_rendering_text(prompt), text);
    ewi_answer_options options = {.reasoning = reasoning_named(r->reasoning)};
    options.begins_in_reasoning = ewi_reasoning_is_open(options.reasoning, (ew_str){text.data, at});
    int n = parse(r, format, options, (ew_str){text.data + at, text.len - at});
    if (n != n_calls) fail_msg("%s: %d calls of %d in: %s", r->file, n, n_calls, text.data + at);
    ew_rendering_free(prompt);
    ew_rendering_free(whole);
}

static void check_row(const row *r) {
    char path[256];
    size_t size;
    ew_template *tmpl;
    ew_error err = {0};
    snprintf(path, sizeof path, FOLDER "%s", r->file);
    char *source = text_file_read(test_fixture(path), &size);
    ewi_tool_format format = ewi_tool_format_of_template((ew_str){source, size});
    ewi_reasoning_format reasoning = ewi_reasoning_format_of_template((ew_str){source, size});
    free(source);
    if (strcmp(ewi_tool_format_name(format), r->family) != 0 || reasoning != reasoning_named(r->reasoning))
        fail_msg("%s: %s, %d", r->file, ewi_tool_format_name(format), (int)reasoning);
    if (!r->n_calls) return;
    if (ew_template_open(test_fixture(path), &tmpl, &err)) fail_msg("%s", err.text);
    for (int n = 1; n <= r->n_calls; n++) check_calls(r, tmpl, format, n);
    ew_template_close(tmpl);
}

static void calls_come_back_from_templates(void **state) {
    (void)state;
    size_t size, n = 0;
    (void)test_fixture(FOLDER);
    char *file = text_file_read(text_file_data("conformance/data/tool_templates.txt"), &size);
    for (const char *line = file; *line; line += strcspn(line, "\n") + 1, n++) {
        row r = read_row(line);
        check_row(&r);
    }
    assert_int_equal(n, N_FILES);
    free(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(calls_come_back_from_templates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
