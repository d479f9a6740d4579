/*
 * The corners of Jinja: white space, literals, operators, methods, filters, tests, statements. The expected
 * texts are jinja2's, in the environment of Hugging Face transformers (data/jinja_vectors.json, made by
 * make_jinja_vectors.py). Where jinja2 raises, so does a template here, and names a line.
 */
#include <stdlib.h>
#include <string.h>

#include "edgewise/edgewise.h"
#include "format/json.h"
#include "test.h"
#include "text_file.h"

typedef struct entry {
    ew_str tmpl, text;
    bool raises;
} entry;

static ew_status read_entry(ewi_json *json, entry *out) {
    ew_str key;
    ew_status status = ewi_json_enter_object(json, NULL);
    while (!status && ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "template")) status = ewi_json_read_string(json, &out->tmpl, NULL);
        if (ewi_str_is(key, "text")) status = ewi_json_read_string(json, &out->text, NULL);
        if (ewi_str_is(key, "raises")) status = ewi_json_read_bool(json, &out->raises, NULL);
    }
    return status ? status : ewi_json_check(json, NULL);
}

/* Returns whether all is as expected; says what is not. */
static bool check_entry(const entry *e, ew_str variables) {
    ew_template *tmpl;
    ew_rendering *rendering = NULL;
    ew_error err = {0};
    ew_str text = {0};
    ew_status status = ew_template_from_text(e->tmpl, &tmpl, &err);
    if (!status) {
        status = ew_template_render(tmpl, variables, NULL, &rendering, &err);
        ew_template_close(tmpl);
    }
    if (!status) text = ew_rendering_text(rendering);
    bool same =
        e->raises ? status && strstr(err.text, "chat template: line ") : !status && ewi_str_eq(text, e->text);
    if (!same)
        print_error("%.*s\n  expected  %s%.*s\n  got       %s%.*s\n", EWI_STR_ARG(e->tmpl),
                    e->raises ? "an error" : "", EWI_STR_ARG(e->text), status ? err.text : "",
                    EWI_STR_ARG(text));
    ew_rendering_free(rendering);
    return same;
}

static void does_as_jinja2(void **state) {
    (void)state;
    ewi_arena arena;
    ewi_json json;
    size_t size, n = 0, n_same = 0;
    ew_str key, variables = {0};
    char *file = text_file_read(text_file_data("conformance/data/jinja_vectors.json"), &size);
    ewi_arena_init(&arena, 4u << 20);
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)file, size}, &arena);
    assert_int_equal(ewi_json_enter_object(&json, NULL), EW_OK);
    assert_true(ewi_json_next_key(&json, &key) && ewi_str_is(key, "variables"));
    assert_int_equal(ewi_json_skip_to(&json, &variables, NULL), EW_OK);
    assert_true(ewi_json_next_key(&json, &key) && ewi_str_is(key, "entries"));
    assert_int_equal(ewi_json_enter_array(&json, NULL), EW_OK);
    for (; ewi_json_next_item(&json); n++) {
        entry e = {0};
        assert_int_equal(read_entry(&json, &e), EW_OK);
        n_same += check_entry(&e, variables);
    }
    assert_true(n > 150);
    assert_int_equal(n_same, n);
    ewi_arena_deinit(&arena);
    free(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_as_jinja2)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
