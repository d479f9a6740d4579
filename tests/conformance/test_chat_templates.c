/*
 * The chat templates of the fixtures, each with six conversations, byte for byte against what Hugging Face
 * transformers makes of them with jinja2 (data/template_vectors.txt, made by make_template_vectors.py): the
 * length and the SHA-256 of the text, or that it raises. And none of them takes long.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/sha256.h"
#include "edgewise/edgewise.h"
#include "fixtures.h"
#include "format/json.h"
#include "sanitized.h"
#include "test.h"
#include "text_file.h"

#if SANITIZED
#define MAX_SECONDS 0.05
#else
#define MAX_SECONDS 0.001
#endif
#define N_TRIES 30

#define FOLDER "chat-templates/llama.cpp-models/"

typedef struct vector {
    char file[128], conversation[64], expected[64], digest[EWI_SHA256_HEX];
} vector;

static char *conversations; /* a JSON object */
static ewi_arena arena;

static int setup(void **state) {
    (void)state;
    size_t size;
    ewi_arena_init(&arena, 1u << 20);
    conversations = text_file_read(text_file_data("conformance/data/conversations.json"), &size);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ewi_arena_deinit(&arena);
    free(conversations);
    return 0;
}

/* The next word of a line, and what comes after it. */
static const char *take_word(const char *line, char *out, size_t cap) {
    size_t n = strcspn(line, " \n");
    assert_true(n < cap);
    memcpy(out, line, n);
    out[n] = '\0';
    return line + n + (line[n] == ' ');
}

static vector read_vector(const char *line) {
    vector v;
    line = take_word(line, v.file, sizeof v.file);
    line = take_word(line, v.conversation, sizeof v.conversation);
    line = take_word(line, v.expected, sizeof v.expected);
    take_word(line, v.digest, sizeof v.digest);
    return v;
}

static ew_str find_conversation(const char *name) {
    ewi_json json;
    ew_str key, text = {0};
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)conversations, strlen(conversations)}, &arena);
    assert_int_equal(ewi_json_enter_object(&json, NULL), EW_OK);
    while (ewi_json_next_key(&json, &key)) {
        assert_int_equal(ewi_json_skip_to(&json, &text, NULL), EW_OK);
        if (ewi_str_is(key, name)) return text;
    }
    fail_msg("there is no conversation %s", name);
    return text;
}

static const ew_template_options how = {
    .struct_size = sizeof how, .bos = "<s>", .eos = "</s>", .date = "2026-11-21"};

static void check_text(const vector *v, const ew_rendering *rendering) {
    ew_str text = ew_rendering_text(rendering);
    char hex[EWI_SHA256_HEX];
    ewi_bytes bytes = {(const uint8_t *)text.data, text.len};
    assert_int_equal(ewi_sha256_hex(bytes, hex, NULL), EW_OK);
    if (text.len != strtoul(v->expected, NULL, 10) || strcmp(hex, v->digest) != 0)
        fail_msg("%s, %s: another text, of %zu bytes instead of %s; make_template_vectors.py --diff shows it",
                 v->file, v->conversation, text.len, v->expected);
}

/* The segments cover the text, and neighbours differ. */
static void check_segments(const ew_rendering *rendering) {
    size_t n, end = 0;
    const ew_segment *segments = ew_rendering_segments(rendering, &n);
    for (size_t i = 0; i < n; i++) {
        assert_true(segments[i].end > end);
        assert_true(i == 0 || segments[i].input != segments[i - 1].input);
        end = segments[i].end;
    }
    assert_int_equal(end, ew_rendering_text(rendering).len);
}

static ew_status open_template(const char *file, ew_template **out, ew_error *err) {
    char path[256];
    snprintf(path, sizeof path, FOLDER "%s", file);
    return ew_template_open(test_fixture(path), out, err);
}

static void check_vector(const vector *v) {
    ew_template *tmpl;
    ew_rendering *rendering = NULL;
    ew_error err = {0};
    ew_status status = open_template(v->file, &tmpl, &err);
    if (!status) {
        status = ew_template_render(tmpl, find_conversation(v->conversation), &how, &rendering, &err);
        ew_template_close(tmpl);
    }
    bool raises = strcmp(v->expected, "raises") == 0, error = strcmp(v->expected, "error") == 0;
    if (raises && (status != EW_TEMPLATE || !strstr(err.text, "line ")))
        fail_msg("%s, %s: must raise: %s", v->file, v->conversation, err.text);
    if (!raises && !error && status) fail_msg("%s, %s: %s", v->file, v->conversation, err.text);
    if (!raises && !error) check_text(v, rendering);
    if (rendering) check_segments(rendering);
    ew_rendering_free(rendering);
}

static void renders_as_transformers_does(void **state) {
    (void)state;
    size_t size, n = 0;
    (void)test_fixture(FOLDER);
    char *file = text_file_read(text_file_data("conformance/data/template_vectors.txt"), &size);
    for (const char *line = file; *line; line += strcspn(line, "\n") + 1, n++) {
        vector v = read_vector(line);
        check_vector(&v);
    }
    assert_int_equal(n, 68 * 6);
    free(file);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The best of some tries: what else the machine does is not the template's fault. */
static void check_time(const char *file, const char *name) {
    ew_template *tmpl;
    ew_rendering *rendering;
    ew_error err = {0};
    ew_str conversation = find_conversation(name);
    double best = 1;
    if (open_template(file, &tmpl, &err)) fail_msg("%s", err.text);
    for (int i = 0; i < N_TRIES && best > MAX_SECONDS; i++) {
        double start = seconds();
        ew_status status = ew_template_render(tmpl, conversation, &how, &rendering, &err);
        double took = seconds() - start;
        if (took < best) best = took;
        if (status) fail_msg("%s: %s", file, err.text);
        ew_rendering_free(rendering);
    }
    ew_template_close(tmpl);
    if (best > MAX_SECONDS) fail_msg("%s, %s: %.2f ms", file, name, best * 1e3);
}

static void renders_within_a_millisecond(void **state) {
    (void)state;
    size_t size;
    (void)test_fixture(FOLDER);
    char *file = text_file_read(text_file_data("conformance/data/template_vectors.txt"), &size);
    for (const char *line = file; *line; line += strcspn(line, "\n") + 1) {
        vector v = read_vector(line);
        bool renders = v.expected[0] >= '0' && v.expected[0] <= '9';
        if (renders) check_time(v.file, v.conversation);
    }
    free(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_as_transformers_does),
        cmocka_unit_test(renders_within_a_millisecond),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
