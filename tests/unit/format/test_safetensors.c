/* test_safetensors.c: safetensors files, true ones read and lying ones refused. Rules: the "Format"
 * section of the README of huggingface/safetensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "format/safetensors.h"
#include "os/file.h"
#include "test.h"

static ewi_arena arena;

static int setup(void **state) {
    (void)state;
    ewi_arena_init(&arena, 64u << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ewi_arena_deinit(&arena);
    return 0;
}

/* A file of this header and so many bytes of data (0, 1, 2, ...), in a block of its exact size. */
static ewi_bytes make(const char *header, size_t n_data) {
    size_t n = strlen(header);
    uint8_t *file = malloc(8 + n + n_data);
    assert_non_null(file);
    for (size_t i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)n >> (8 * i));
    memcpy(file + 8, header, n);
    for (size_t i = 0; i < n_data; i++) file[8 + n + i] = (uint8_t)i;
    return (ewi_bytes){file, 8 + n + n_data};
}

static void release(ewi_bytes file) {
    free((void *)(uintptr_t)file.data);
}

static void check_refused(const char *header, size_t n_data, ew_status status, const char *part) {
    ewi_safetensors st;
    ew_error err = {0};
    ewi_bytes file = make(header, n_data);
    ew_status got = ewi_safetensors_parse(file, &arena, &st, &err);
    release(file);
    if (got != status) fail_msg("%s: status %d, expected %d: %s", header, got, status, err.text);
    if (!strstr(err.text, part)) fail_msg("%s: \"%s\" does not say \"%s\"", header, err.text, part);
    assert_int_equal(strncmp(err.text, "safetensors: ", 13), 0);
}

static void check_accepted(const char *header, size_t n_data, size_t n_tensors) {
    ewi_safetensors st;
    ew_error err = {0};
    ewi_bytes file = make(header, n_data);
    if (ewi_safetensors_parse(file, &arena, &st, &err)) fail_msg("%s: %s", header, err.text);
    assert_int_equal(st.n_tensors, n_tensors);
    release(file);
}

#define T(name, dtype, shape, begin, end) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

/* ---- true files ---- */

static void reads_tensors_and_metadata(void **state) {
    (void)state;
    ewi_safetensors st;
    ew_error err = {0};
    const char *header = "{\"__metadata__\":{\"format\":\"pt\",\"a\":\"\\u00e9\"}," T(
        "w", "BF16", "[2,3]", 4, 16) "," T("b\\u0069as", "F32", "[]", 0, 4) "}   ";
    ewi_bytes file = make(header, 16);
    if (ewi_safetensors_parse(file, &arena, &st, &err)) fail_msg("%s", err.text);
    assert_int_equal(st.n_tensors, 2);
    assert_int_equal(st.n_meta, 2);
    assert_true(ewi_str_is(st.meta[0].key, "format"));
    assert_true(ewi_str_is(st.meta[1].value, "\xc3\xa9"));
    const ewi_tensor *w = ewi_safetensors_find(&st, EWI_STR("w"));
    assert_non_null(w);
    assert_int_equal(w->dtype, EWI_BF16);
    assert_int_equal(w->n_dims, 2);
    assert_int_equal(w->dims[0], 2);
    assert_int_equal(w->dims[1], 3);
    assert_int_equal(w->size_bytes, 12);
    assert_int_equal(w->offset, 8 + strlen(header) + 4);
    assert_int_equal(w->data[0], 4);
    assert_int_equal(ewi_safetensors_find(&st, EWI_STR("bias"))->size_bytes, 4);
    assert_null(ewi_safetensors_find(&st, EWI_STR("v")));
    release(file);
}

static void accepts_what_the_format_allows(void **state) {
    (void)state;
    check_accepted("{}", 0, 0);
    check_accepted("{\"__metadata__\":{}}", 0, 0);
    check_accepted("{\"__metadata__\":null," T("a", "U8", "[1]", 0, 1) "}", 1, 1);
    check_accepted("{" T("empty", "F32", "[0,7]", 0, 0) "," T("a", "U8", "[2]", 0, 2) "," T("end", "I8",
                                                                                            "[0]", 2, 2) "}",
                   2, 3);
    check_accepted("{" T("a", "F8_E4M3FNUZ", "[3]", 0, 3) "," T("b", "F4", "[2,2]", 3,
                                                                5) "," T("c", "F6_E3M2", "[4]", 5, 8) "}",
                   8, 3);
    check_accepted("{" T("a", "U8", "[1,1,1,1,1,1,1,1]", 0, 1) "}", 1, 1);
}

/* ---- the header ---- */

static void refuses_bad_headers(void **state) {
    (void)state;
    ewi_safetensors st;
    ew_error err = {0};
    static const uint8_t huge[9] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, '{'};
    assert_int_equal(ewi_safetensors_parse((ewi_bytes){huge, 9}, &arena, &st, &err), EW_FORMAT);
    assert_non_null(strstr(err.text, "a header of 18446744073709551615 bytes in a file of 9"));
    assert_int_equal(ewi_safetensors_parse((ewi_bytes){huge, 7}, &arena, &st, &err), EW_FORMAT);
    assert_int_equal(ewi_safetensors_parse((ewi_bytes){NULL, 0}, &arena, &st, &err), EW_FORMAT);
    assert_non_null(strstr(err.text, "0 bytes are no safetensors file"));
    check_refused("", 4, EW_FORMAT, "does not begin with '{'");
    check_refused(" {}", 0, EW_FORMAT, "does not begin with '{'");
    check_refused("[]", 0, EW_FORMAT, "does not begin with '{'");
    check_refused("{\"a\":", 0, EW_FORMAT, "json: line 1, column 6");
    check_refused("{}x", 0, EW_FORMAT, "something follows the value");
}

static void refuses_a_header_past_the_limit(void **state) {
    (void)state;
    size_t n = EWI_SAFETENSORS_MAX_HEADER + 1;
    uint8_t *file = calloc(1, 8 + n);
    ew_error err = {0};
    ewi_safetensors st;
    assert_non_null(file);
    for (size_t i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)n >> (8 * i));
    assert_int_equal(ewi_safetensors_parse((ewi_bytes){file, 8 + n}, &arena, &st, &err), EW_LIMIT);
    assert_non_null(strstr(err.text, "a header of 100000001 bytes, at most 100000000"));
    free(file);
}

static void limits_the_number_of_tensors(void **state) {
    (void)state;
    size_t n = EWI_SAFETENSORS_MAX_TENSORS + 1;
    char *header = malloc(7 * n + 3), *p = header;
    assert_non_null(header);
    *p++ = '{';
    for (size_t i = 0; i < n; i++, p += 5) memcpy(p, "\"\":1,", 5);
    memcpy(p - 1, "}", 2);
    check_refused(header, 0, EW_LIMIT, "262145 tensors, at most 262144");
    assert_int_equal(arena.used_bytes, 0);
    free(header);
}

static void refuses_bad_metadata(void **state) {
    (void)state;
    check_refused("{\"__metadata__\":[]}", 0, EW_FORMAT, "__metadata__: json: line 1, column 17");
    check_refused("{\"__metadata__\":{\"a\":1}}", 0, EW_FORMAT,
                  "__metadata__: json: line 1, column 22 (offset 21): expected a string");
    check_refused("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, EW_FORMAT,
                  "__metadata__: key a occurs twice");
    check_refused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, EW_FORMAT, "__metadata__: occurs twice");
    check_refused("{\"__metadata__\":{\"\\n\":\"\"}}", 0, EW_FORMAT, "__metadata__: key 0 is not printable");
}

/* ---- tensors ---- */

static void refuses_bad_entries(void **state) {
    (void)state;
    check_refused("{\"w\":7}", 0, EW_FORMAT,
                  "tensor w: json: line 1, column 6 (offset 5): expected an object");
    check_refused("{\"w\":{}}", 0, EW_FORMAT, "tensor w: member dtype is missing");
    check_refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}", 0, EW_FORMAT,
                  "tensor w: member data_offsets is missing");
    check_refused("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F16\"}}", 0, EW_FORMAT,
                  "tensor w: member dtype occurs twice");
    check_refused("{\"w\":{\"scale\":1}}", 0, EW_UNSUPPORTED, "tensor w: unknown member scale");
    check_refused("{" T("w", "F33", "[1]", 0, 4) "}", 4, EW_UNSUPPORTED,
                  "tensor w: element type F33 is unknown");
    check_refused("{" T("w", "f32", "[1]", 0, 4) "}", 4, EW_UNSUPPORTED,
                  "tensor w: element type f32 is unknown");
    check_refused("{" T("w", "F32", "[-1]", 0, 4) "}", 4, EW_FORMAT, "expected a whole number from 0");
    check_refused("{" T("w", "F32", "[1.0]", 0, 4) "}", 4, EW_FORMAT, "expected a whole number from 0");
    check_refused("{" T("w", "F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", 4, EW_LIMIT,
                  "tensor w: more than 8 dimensions");
    check_refused("{" T("", "F32", "[1]", 0, 4) "}", 4, EW_FORMAT,
                  "tensor 0: the name is not 1 to 65535 bytes");
    check_refused("{" T("a\\u0000", "F32", "[1]", 0, 4) "}", 4, EW_FORMAT, "tensor 0: the name is not");
    check_refused("{" T("w", "F32", "[1]", 0, 4) "," T("w", "F32", "[1]", 4, 8) "}", 8, EW_FORMAT,
                  "tensor w occurs twice: entries 0 and 1");
    /* the same name, spelled otherwise */
    check_refused("{" T("w", "F32", "[1]", 0, 4) "," T("\\u0077", "F32", "[1]", 4, 8) "}", 8, EW_FORMAT,
                  "tensor w occurs twice");
}

static void refuses_bad_offsets(void **state) {
    (void)state;
    check_refused("{" T("w", "F32", "[2]", 0, 8) "}", 4, EW_FORMAT,
                  "tensor w: data_offsets [0, 8], but the data has 4 bytes");
    check_refused("{" T("w", "F32", "[1]", 8, 4) "}", 8, EW_FORMAT, "tensor w: data_offsets [8, 4]");
    check_refused("{" T("w", "F32", "[1]", 18446744073709551612, 0) "}", 4, EW_FORMAT,
                  "tensor w: data_offsets [18446744073709551612, 0]");
    check_refused("{" T("w", "F32", "[2]", 0, 4) "}", 4, EW_FORMAT,
                  "tensor w: data_offsets [0, 4] hold 4 bytes, but type and shape need 8");
    check_refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, EW_FORMAT,
                  "tensor w: data_offsets must be two numbers");
    check_refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4, EW_FORMAT,
                  "tensor w: data_offsets must be two numbers");
}

static void refuses_products_that_wrap(void **state) {
    (void)state;
    check_refused("{" T("w", "U8", "[4294967296,4294967296]", 0, 0) "}", 0, EW_FORMAT,
                  "tensor w: dimension 1 is 4294967296: the number of elements overflows");
    check_refused("{" T("w", "F32", "[4611686018427387904]", 0, 0) "}", 0, EW_FORMAT,
                  "tensor w: 4611686018427387904 elements of F32: the size overflows");
    check_refused("{" T("w", "U8", "[18446744073709551615]", 0, 0) "}", 0, EW_FORMAT, "overflows");
    check_refused("{" T("w", "U8", "[18446744073709551616]", 0, 0) "}", 0, EW_FORMAT,
                  "expected a whole number");
}

static void refuses_holes_and_overlaps(void **state) {
    (void)state;
    check_refused("{" T("a", "U8", "[4]", 0, 4) "," T("b", "U8", "[4]", 5, 9) "}", 9, EW_FORMAT,
                  "tensor b at offset ");
    check_refused("{" T("a", "U8", "[4]", 0, 4) "," T("b", "U8", "[4]", 5, 9) "}", 9, EW_FORMAT,
                  "leaves a hole");
    check_refused("{" T("a", "U8", "[4]", 1, 5) "}", 5, EW_FORMAT, "leaves a hole");
    check_refused("{" T("a", "U8", "[4]", 0, 4) "," T("b", "U8", "[4]", 3, 7) "}", 7, EW_FORMAT, "overlaps");
    check_refused("{" T("a", "U8", "[4]", 0, 4) "," T("b", "U8", "[4]", 0, 4) "}", 4, EW_FORMAT, "overlaps");
    check_refused("{" T("a", "U8", "[4]", 0, 4) "," T("z", "U8", "[0]", 2, 2) "}", 4, EW_FORMAT, "overlaps");
    check_refused("{" T("a", "U8", "[4]", 0, 4) "}", 6, EW_FORMAT, "the last 2 bytes belong to no tensor");
    check_refused("{}", 1, EW_FORMAT, "the last 1 bytes belong to no tensor");
}

static void refuses_every_cut(void **state) {
    (void)state;
    ewi_bytes whole = make("{\"__metadata__\":{\"k\":\"v\"}," T("a", "F16", "[2]", 0, 4) "}", 4);
    for (size_t n = 0; n < whole.len; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        ewi_safetensors st;
        assert_non_null(cut);
        memcpy(cut, whole.data, n);
        assert_int_equal(ewi_safetensors_parse((ewi_bytes){cut, n}, &arena, &st, NULL), EW_FORMAT);
        free(cut);
    }
    release(whole);
}

/* ---- real files ---- */

static void reads_real_files(void **state) {
    (void)state;
    static const char *const paths[] = {"models/minicpm3_test_model.safetensors",
                                        "models/lora/discollama_adapters.safetensors"};
    for (size_t i = 0; i < 2; i++) {
        ewi_map *map;
        ewi_safetensors st;
        ew_error err = {0};
        assert_int_equal(ewi_map_open(test_fixture(paths[i]), &map, &err), EW_OK);
        if (ewi_safetensors_parse(ewi_map_bytes(map), &arena, &st, &err))
            fail_msg("%s: %s", paths[i], err.text);
        assert_true(st.n_tensors > 0);
        if (i == 1) { /* shape [4096, 8] of F32 at [294912, 425984] of the data, as its header's text says */
            const ewi_tensor *t =
                ewi_safetensors_find(&st, EWI_STR("model.layers.30.self_attn.q_proj.lora_a"));
            assert_non_null(t);
            assert_int_equal(t->dims[0], 4096);
            assert_int_equal(t->size_bytes, 425984 - 294912);
        }
        ewi_map_close(map);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_tensors_and_metadata),
        TEST(accepts_what_the_format_allows),
        TEST(refuses_bad_headers),
        TEST(refuses_a_header_past_the_limit),
        TEST(limits_the_number_of_tensors),
        TEST(refuses_bad_metadata),
        TEST(refuses_bad_entries),
        TEST(refuses_bad_offsets),
        TEST(refuses_products_that_wrap),
        TEST(refuses_holes_and_overlaps),
        TEST(refuses_every_cut),
        TEST(reads_real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
