/* test_gguf.c: GGUF files, true ones read back and lying ones refused. Expected layout: docs/gguf.md of
 * ggml-org/ggml. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "format/gguf.h"
#include "gguf_build.h"
#include "os/file.h"
#include "test.h"

static ewi_arena arena;
static gguf_build *b;

static int setup(void **state) {
    (void)state;
    ewi_arena_init(&arena, 64u << 20);
    b = gguf_build_new();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    gguf_build_free(b);
    ewi_arena_deinit(&arena);
    return 0;
}

/* Parses a copy in a heap block of its exact size, so that a sanitizer sees a read past it. */
static ew_status parse_exact(ewi_bytes file, ew_error *err) {
    ewi_gguf gguf;
    uint8_t *copy = malloc(file.len ? file.len : 1);
    assert_non_null(copy);
    if (file.len) memcpy(copy, file.data, file.len);
    ew_status status = ewi_gguf_parse((ewi_bytes){copy, file.len}, &arena, &gguf, err);
    free(copy);
    return status;
}

static void check_bytes(ewi_bytes file, ew_status status, const char *part) {
    ew_error err = {0};
    ew_status got = parse_exact(file, &err);
    if (got != status) fail_msg("status %d, expected %d: %s", got, status, err.text);
    if (!strstr(err.text, part)) fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

/* What was built is refused with this status and a message that holds `part`. */
static void check_refused(ew_status status, const char *part) {
    check_bytes(gguf_build_finish(b), status, part);
}

static void check_accepted(void) {
    ew_error err = {0};
    if (parse_exact(gguf_build_finish(b), &err)) fail_msg("%s", err.text);
}

static ewi_gguf parse_built(void) {
    ewi_gguf gguf = {0};
    ew_error err = {0};
    if (ewi_gguf_parse(gguf_build_finish(b), &arena, &gguf, &err)) fail_msg("%s", err.text);
    return gguf;
}

static const uint64_t dims_4x8[] = {4, 8};

/* ---- true files ---- */

static void reads_metadata_of_every_type(void **state) {
    (void)state;
    gguf_build_u8(b, "u8", 200);
    gguf_build_raw(b, EWI_STR("i8"), 1, "\x80", 1);
    gguf_build_raw(b, EWI_STR("u16"), 2, "\xff\xff", 2);
    gguf_build_raw(b, EWI_STR("i16"), 3, "\xfe\xff", 2);
    gguf_build_u32(b, "u32", UINT32_MAX);
    gguf_build_i32(b, "i32", INT32_MIN);
    gguf_build_f32(b, "f32", 0.5f);
    gguf_build_bool(b, "bool", true);
    gguf_build_str(b, "string", "text");
    gguf_build_u64(b, "u64", UINT64_MAX);
    gguf_build_i64(b, "i64", INT64_MIN);
    gguf_build_f64(b, "f64", -1e300);
    ewi_gguf gguf = parse_built();
    static const struct {
        const char *key, *type;
        int64_t value;
    } whole[] = {{"u8", "u8", 200},   {"i8", "i8", -128},         {"u16", "u16", 65535},
                 {"i16", "i16", -2},  {"u32", "u32", UINT32_MAX}, {"i32", "i32", INT32_MIN},
                 {"bool", "bool", 1}, {"i64", "i64", INT64_MIN}};
    for (size_t i = 0; i < EWI_COUNT(whole); i++) {
        const ewi_gguf_kv *kv = ewi_gguf_find(&gguf, ewi_str(whole[i].key));
        int64_t value = 0;
        assert_non_null(kv);
        assert_string_equal(ewi_gguf_type_name(kv->type), whole[i].type);
        assert_true(ewi_gguf_i64(kv, 0, &value));
        assert_true(value == whole[i].value);
    }
    double x = 0;
    int64_t n = 0;
    assert_true(ewi_gguf_f64(ewi_gguf_find(&gguf, EWI_STR("f32")), 0, &x) && x == 0.5);
    assert_true(ewi_gguf_f64(ewi_gguf_find(&gguf, EWI_STR("f64")), 0, &x) && x == -1e300);
    assert_true(ewi_gguf_f64(ewi_gguf_find(&gguf, EWI_STR("u64")), 0, &x) && x == 18446744073709551616.0);
    assert_false(ewi_gguf_i64(ewi_gguf_find(&gguf, EWI_STR("u64")), 0, &n));
    assert_false(ewi_gguf_i64(ewi_gguf_find(&gguf, EWI_STR("f32")), 0, &n));
    assert_false(ewi_gguf_i64(ewi_gguf_find(&gguf, EWI_STR("string")), 0, &n));
    assert_false(ewi_gguf_f64(ewi_gguf_find(&gguf, EWI_STR("bool")), 0, &x));
    assert_true(ewi_str_is(ewi_gguf_string(ewi_gguf_find(&gguf, EWI_STR("string"))), "text"));
    assert_null(ewi_gguf_find(&gguf, EWI_STR("u")));
    assert_null(ewi_gguf_find(&gguf, EWI_STR("")));
    assert_int_equal(gguf.n_kv, 12);
}

static void reads_arrays(void **state) {
    (void)state;
    const ew_str tokens[] = {EWI_STR("a"), EWI_STR(""), EWI_STR("nul \0 inside")};
    static const uint8_t numbers[] = {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
    gguf_build_strings(b, "tokens", tokens, 3);
    gguf_build_array(b, "numbers", EWI_GGUF_I32, numbers, 2, 4);
    gguf_build_strings(b, "none", NULL, 0);
    ewi_gguf gguf = parse_built();
    const ewi_gguf_kv *kv = ewi_gguf_find(&gguf, EWI_STR("tokens"));
    assert_int_equal(kv->type, EWI_GGUF_ARRAY);
    assert_int_equal(kv->item_type, EWI_GGUF_STRING);
    assert_int_equal(kv->n, 3);
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) assert_true(ewi_str_eq(ewi_gguf_next_string(kv, &at), tokens[i]));
    int64_t value = 0;
    kv = ewi_gguf_find(&gguf, EWI_STR("numbers"));
    assert_true(ewi_gguf_i64(kv, 1, &value));
    assert_int_equal(value, -1);
    assert_int_equal(ewi_gguf_find(&gguf, EWI_STR("none"))->n, 0);
}

static void reads_tensors_outermost_first(void **state) {
    (void)state;
    float data[32];
    for (int i = 0; i < 32; i++) data[i] = (float)i;
    gguf_build_tensor(b, "weight", EWI_F32, 2, dims_4x8, data);
    gguf_build_tensor(b, "quantized", EWI_Q4_K, 2, (uint64_t[]){3, 512}, NULL);
    gguf_build_tensor(b, "scalar", EWI_F16, 0, NULL, NULL);
    ewi_gguf gguf = parse_built();
    const ewi_tensor *t = ewi_gguf_find_tensor(&gguf, EWI_STR("weight"));
    assert_int_equal(t->n_dims, 2);
    assert_int_equal(t->dims[0], 4);
    assert_int_equal(t->dims[1], 8);
    assert_int_equal(t->size_bytes, 128);
    assert_int_equal(t->offset, gguf.data_offset);
    assert_int_equal(gguf.data_offset % 32, 0);
    assert_memory_equal(t->data, data, sizeof data);
    t = ewi_gguf_find_tensor(&gguf, EWI_STR("quantized"));
    assert_int_equal(t->dtype, EWI_Q4_K);
    assert_int_equal(t->size_bytes, 3 * 2 * 144);
    assert_int_equal(ewi_gguf_find_tensor(&gguf, EWI_STR("scalar"))->size_bytes, 2);
    assert_null(ewi_gguf_find_tensor(&gguf, EWI_STR("weigh")));
}

static void follows_the_alignment(void **state) {
    (void)state;
    gguf_build_alignment(b, 4096);
    gguf_build_tensor(b, "a", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_tensor(b, "b", EWI_F32, 2, dims_4x8, NULL);
    ewi_gguf gguf = parse_built();
    assert_int_equal(gguf.alignment, 4096);
    assert_int_equal(gguf.data_offset, 4096);
    assert_int_equal(gguf.tensors[1].offset, 8192);
}

static void accepts_what_the_format_allows(void **state) {
    (void)state;
    check_accepted(); /* nothing at all */
    gguf_build_version(b, 2);
    gguf_build_tensor(b, "first", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_tensor(b, "second", EWI_F32, 2, dims_4x8, NULL);
    check_accepted();
    gguf_build_lie_offset(b, 0, 128); /* in another order than the table's */
    gguf_build_lie_offset(b, 1, 0);
    check_accepted();
    gguf_build_tensor(b, "third", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_lie_offset(b, 2, 256);
    gguf_build_tensor(b, "fourth", EWI_I8, 1, (uint64_t[]){1024}, NULL);
    gguf_build_lie_dims(b, 3, 1, (uint64_t[]){1}); /* more bytes behind the last */
    check_accepted();
}

/* ---- header ---- */

static void refuses_other_files(void **state) {
    (void)state;
    check_bytes((ewi_bytes){NULL, 0}, EW_FORMAT, "the header at offset 0: 4 bytes, but the file ends at 0");
    check_bytes((ewi_bytes){(const uint8_t *)"GGU", 3}, EW_FORMAT, "the file ends at 3");
    check_bytes((ewi_bytes){(const uint8_t *)"GGML....", 8}, EW_FORMAT, "does not begin with \"GGUF\"");
    gguf_build_version(b, 1);
    check_refused(EW_UNSUPPORTED, "gguf: version 1");
    gguf_build_version(b, 0x03000000);
    check_refused(EW_UNSUPPORTED, "big-endian");
    gguf_build_version(b, 0);
    check_refused(EW_UNSUPPORTED, "version 0");
    gguf_build_version(b, 4);
    check_refused(EW_UNSUPPORTED, "version 4: versions 2 and 3 can be read");
}

/* A count is held against the bytes that are left before memory is asked for. */
static void refuses_counts_that_cannot_fit(void **state) {
    (void)state;
    gguf_build_u8(b, "k", 1);
    static const uint64_t counts[] = {2, 1u << 20, UINT32_MAX, UINT64_MAX / 48 + 2, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < EWI_COUNT(counts); i++) {
        gguf_build_lie_n_kv(b, counts[i]);
        check_refused(EW_FORMAT, "metadata entries cannot fit in the 14 bytes after offset 24");
    }
    gguf_build_lie_n_kv(b, 1);
    for (size_t i = 0; i < EWI_COUNT(counts); i++) {
        gguf_build_lie_n_tensors(b, counts[i]);
        check_refused(EW_FORMAT, "tensors cannot fit in the 0 bytes after offset 38");
    }
    assert_in_range(arena.used_bytes, 0, 4096);
}

static void limits_the_tables(void **state) {
    (void)state;
    static uint8_t filler[(EWI_GGUF_MAX_TENSORS + 1) * 25];
    gguf_build_array(b, "k", EWI_GGUF_U8, filler, sizeof filler, 1);
    gguf_build_lie_n_kv(b, EWI_GGUF_MAX_KV + 1);
    check_refused(EW_LIMIT, "65537 metadata entries, at most 65536");
    assert_int_equal(arena.used_bytes, 0);
}

static void refuses_every_cut(void **state) {
    (void)state;
    const ew_str tokens[] = {EWI_STR("x"), EWI_STR("yz")};
    gguf_build_str(b, "general.architecture", "llama");
    gguf_build_strings(b, "tokens", tokens, 2);
    gguf_build_tensor(b, "t", EWI_I8, 1, (uint64_t[]){32}, NULL);
    ewi_bytes whole = gguf_build_finish(b);
    for (size_t n = 0; n < whole.len; n++) check_bytes((ewi_bytes){whole.data, n}, EW_FORMAT, "gguf: ");
    check_accepted();
}

/* ---- keys and values ---- */

static void refuses_bad_keys(void **state) {
    (void)state;
    const ew_str bad[] = {EWI_STR(""), EWI_STR("nul\0"), EWI_STR("line\n"), EWI_STR("\xff\xfe")};
    for (size_t i = 0; i < EWI_COUNT(bad); i++) {
        gguf_build *mine = gguf_build_new();
        gguf_build_u8(mine, "good", 1);
        gguf_build_raw(mine, bad[i], EWI_GGUF_U32, "....", 4);
        check_bytes(gguf_build_finish(mine), EW_FORMAT, "metadata entry 1 of 2: key at offset 41 is not");
        gguf_build_free(mine);
    }
}

static void refuses_long_keys(void **state) {
    (void)state;
    static char key[65536];
    memset(key, 'k', sizeof key);
    gguf_build_raw(b, (ew_str){key, 65535}, EWI_GGUF_U8, "\1", 1);
    check_accepted();
    gguf_build_raw(b, (ew_str){key, 65536}, EWI_GGUF_U8, "\1", 1);
    check_refused(EW_FORMAT, "is not 1 to 65535 bytes of printable UTF-8");
}

static void refuses_duplicate_keys(void **state) {
    (void)state;
    gguf_build_u8(b, "general.a", 1);
    gguf_build_u8(b, "general.b", 1);
    gguf_build_str(b, "general.a", "again");
    check_refused(EW_FORMAT, "gguf: key general.a occurs twice: entries 0 and 2");
}

static void refuses_lying_strings(void **state) {
    (void)state;
    static const char *const lengths[] = {"\x01\0\0\0\0\0\0\0", "\xff\xff\xff\x7f\0\0\0\0",
                                          "\xff\xff\xff\xff\xff\xff\xff\xff",
                                          "\xf8\xff\xff\xff\xff\xff\xff\xff"};
    for (size_t i = 0; i < EWI_COUNT(lengths); i++) {
        gguf_build *mine = gguf_build_new();
        gguf_build_raw(mine, EWI_STR("liar"), EWI_GGUF_STRING, lengths[i], 8);
        check_bytes(gguf_build_finish(mine), EW_FORMAT, "key liar: string 0 at offset 40");
        gguf_build_free(mine);
    }
    gguf_build_raw(b, EWI_STR("short"), EWI_GGUF_STRING, "\1\0\0\0", 4);
    check_refused(EW_FORMAT, "key short: 1 items of type string at offset 41");
}

static void refuses_lying_arrays(void **state) {
    (void)state;
    static const struct {
        const char *bytes; /* type of the items, their number */
        const char *says;
    } lies[] = {
        {"\4\0\0\0\2\0\0\0\0\0\0\0", "2 items of type u32"},
        {"\4\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615 items of type u32"},
        {"\xc\0\0\0\1\0\0\0\0\0\0\x20", "2305843009213693953 items of type f64"}, /* x 8 wraps to 8 */
        {"\x8\0\0\0\1\0\0\0\0\0\0\x20", "items of type string"},
        {"\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f", "items of type u8"},
    };
    for (size_t i = 0; i < EWI_COUNT(lies); i++) {
        gguf_build *mine = gguf_build_new();
        gguf_build_raw(mine, EWI_STR("liar"), EWI_GGUF_ARRAY, lies[i].bytes, 12);
        check_bytes(gguf_build_finish(mine), EW_FORMAT, lies[i].says);
        check_bytes(gguf_build_finish(mine), EW_FORMAT, "key liar: ");
        gguf_build_free(mine);
    }
}

/* The items' bytes, multiplied without care, wrap to just what is left. */
static void refuses_arrays_whose_size_wraps(void **state) {
    (void)state;
    gguf_build_raw(b, EWI_STR("liar"), EWI_GGUF_ARRAY, "\xc\0\0\0\1\0\0\0\0\0\0\x20........", 20);
    check_refused(EW_FORMAT, "key liar: 2305843009213693953 items of type f64");
    gguf_build *strings = gguf_build_new();
    gguf_build_raw(strings, EWI_STR("liar"), EWI_GGUF_ARRAY, "\x8\0\0\0\1\0\0\0\0\0\0\x20\0\0\0\0\0\0\0\0",
                   20);
    check_bytes(gguf_build_finish(strings), EW_FORMAT, "key liar: 2305843009213693953 items of type string");
    gguf_build_free(strings);
}

static void refuses_a_string_that_leaves_its_array(void **state) {
    (void)state;
    const ew_str tokens[] = {EWI_STR("x"), EWI_STR("y")};
    gguf_build_strings(b, "tokens", tokens, 2);
    ewi_bytes file = gguf_build_finish(b);
    uint8_t copy[128];
    memcpy(copy, file.data, file.len);
    copy[file.len - 9] = 2; /* the length of "y" */
    check_bytes((ewi_bytes){copy, file.len}, EW_FORMAT, "key tokens: string 1 at offset 63: 2 bytes");
}

static void refuses_unknown_and_nested_types(void **state) {
    (void)state;
    static const uint32_t unknown[] = {13, 255, UINT32_MAX};
    for (size_t i = 0; i < EWI_COUNT(unknown); i++) {
        gguf_build *mine = gguf_build_new();
        gguf_build_raw(mine, EWI_STR("odd"), unknown[i], "........", 8);
        check_bytes(gguf_build_finish(mine), EW_FORMAT, "key odd: the type at offset 35 is");
        gguf_build_free(mine);
    }
    gguf_build_array(b, "odd", 13, NULL, 0, 1);
    check_refused(EW_FORMAT, "key odd: the type of the items at offset 39 is 13");
    gguf_build *nested = gguf_build_new();
    gguf_build_array(nested, "nest", EWI_GGUF_ARRAY, "\4\0\0\0\0\0\0\0\0\0\0\0", 1, 12);
    check_bytes(gguf_build_finish(nested), EW_UNSUPPORTED, "key nest: an array of arrays");
    gguf_build_free(nested);
}

static void refuses_bools_that_are_neither(void **state) {
    (void)state;
    gguf_build_raw(b, EWI_STR("flag"), EWI_GGUF_BOOL, "\2", 1);
    check_refused(EW_FORMAT, "key flag: bool 0 is 2");
    gguf_build *list = gguf_build_new();
    gguf_build_array(list, "flags", EWI_GGUF_BOOL, "\1\0\xff", 3, 1);
    check_bytes(gguf_build_finish(list), EW_FORMAT, "key flags: bool 2 is 255");
    gguf_build_free(list);
}

static void refuses_bad_alignments(void **state) {
    (void)state;
    static const uint32_t bad[] = {0, 1, 4, 24, 33, 1u << 21, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < EWI_COUNT(bad); i++) {
        gguf_build *mine = gguf_build_new();
        gguf_build_u32(mine, "general.alignment", bad[i]);
        check_bytes(gguf_build_finish(mine), EW_FORMAT, "key general.alignment is ");
        gguf_build_free(mine);
    }
    gguf_build_str(b, "general.alignment", "32");
    check_refused(EW_FORMAT, "key general.alignment is of type string, it must be u32");
}

/* ---- tensors ---- */

static void check_dims_refused(uint32_t n_dims, const uint64_t *dims, const char *part) {
    gguf_build *mine = gguf_build_new();
    gguf_build_tensor(mine, "blk.0.w", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_lie_dims(mine, 0, n_dims, dims);
    check_bytes(gguf_build_finish(mine), EW_FORMAT, part);
    check_bytes(gguf_build_finish(mine), EW_FORMAT, "tensor blk.0.w: ");
    gguf_build_free(mine);
}

static void refuses_bad_shapes(void **state) {
    (void)state;
    check_dims_refused(2, (uint64_t[]){8, 0}, "dimension 0 is 0");
    check_dims_refused(2, (uint64_t[]){8, UINT64_MAX}, "dimension 0 is -1");
    check_dims_refused(2, (uint64_t[]){UINT64_C(1) << 63, 1}, "dimension 1 is -9223372036854775808");
    check_dims_refused(2, (uint64_t[]){UINT64_C(1) << 32, UINT64_C(1) << 32},
                       "the number of elements overflows");
    check_dims_refused(4, (uint64_t[]){UINT64_C(1) << 31, UINT64_C(1) << 31, 4, 1},
                       "overflows");                                              /* 2^64 = 0 */
    check_dims_refused(1, (uint64_t[]){UINT64_C(1) << 62}, "the size overflows"); /* x 4 bytes = 2^64 */
    check_dims_refused(5, NULL, "5 dimensions");
    check_dims_refused(64, NULL, "64 dimensions");
}

static void refuses_a_huge_number_of_dims(void **state) {
    (void)state;
    gguf_build_tensor(b, "t", EWI_F32, 2, dims_4x8, NULL);
    ewi_bytes file = gguf_build_finish(b);
    uint8_t copy[512];
    memcpy(copy, file.data, file.len);
    memset(copy + 24 + 8 + 1, 0xff, 4);
    check_bytes((ewi_bytes){copy, file.len}, EW_FORMAT, "tensor t: 4294967295 dimensions at offset 33");
}

static void refuses_rows_of_broken_blocks(void **state) {
    (void)state;
    gguf_build_tensor(b, "q", EWI_Q4_0, 2, (uint64_t[]){2, 64}, NULL);
    gguf_build_lie_dims(b, 0, 2, (uint64_t[]){48, 2}); /* 96 elements are whole blocks, the rows are not */
    check_refused(EW_FORMAT, "tensor q: rows of 48 elements are not a whole number of Q4_0 blocks of 32");
}

static void refuses_unknown_and_removed_types(void **state) {
    (void)state;
    static const struct {
        uint32_t id;
        const char *says;
    } types[] = {{4, "is Q4_2, which GGUF has removed"},
                 {5, "is Q4_3, which GGUF has removed"},
                 {31, "is Q4_0_4_4, which GGUF has removed"},
                 {33, "is Q4_0_8_8, which GGUF has removed"},
                 {36, "is IQ4_NL_4_4, which GGUF has removed"},
                 {38, "is IQ4_NL_8_8, which GGUF has removed"},
                 {43, "type 43 at offset 53 is unknown"},
                 {UINT32_MAX, "type 4294967295 at offset 53 is unknown"}};
    gguf_build_tensor(b, "t", EWI_F32, 2, dims_4x8, NULL);
    for (size_t i = 0; i < EWI_COUNT(types); i++) {
        gguf_build_lie_type(b, 0, types[i].id);
        check_refused(EW_UNSUPPORTED, types[i].says);
        check_refused(EW_UNSUPPORTED, "tensor t: ");
    }
}

static void refuses_offsets_outside(void **state) {
    (void)state;
    gguf_build_tensor(b, "t", EWI_F32, 2, dims_4x8, NULL);
    static const uint64_t outside[] = {32, 4096, UINT64_C(1) << 40, UINT64_MAX - 31, UINT64_MAX - 95};
    for (size_t i = 0; i < EWI_COUNT(outside); i++) {
        gguf_build_lie_offset(b, 0, outside[i]);
        check_refused(EW_FORMAT, "tensor t: 128 bytes at offset ");
        check_refused(EW_FORMAT, "past the end of the file");
    }
    gguf_build_lie_offset(b, 0, 16);
    check_refused(EW_FORMAT, "tensor t: offset 16 is not a multiple of the alignment 32");
}

static void refuses_tensors_larger_than_the_file(void **state) {
    (void)state;
    gguf_build_tensor(b, "t", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_lie_dims(b, 0, 2, (uint64_t[]){8, UINT64_C(1) << 40});
    check_refused(EW_FORMAT, "tensor t: 35184372088832 bytes at offset 0 of the data");
}

static void refuses_overlaps(void **state) {
    (void)state;
    gguf_build_tensor(b, "first", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_tensor(b, "second", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_lie_offset(b, 1, 96);
    check_refused(EW_FORMAT, "tensor second at offset ");
    check_refused(EW_FORMAT, " overlaps tensor first");
    gguf_build_lie_offset(b, 1, 0);
    check_refused(EW_FORMAT, " overlaps tensor first");
}

static void refuses_holes(void **state) {
    (void)state;
    gguf_build_tensor(b, "first", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_tensor(b, "second", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_lie_dims(b, 0, 2, (uint64_t[]){3, 8});
    check_refused(EW_FORMAT, "tensor second at offset ");
    check_refused(EW_FORMAT, ": 32 bytes before it belong to no tensor");
    gguf_build_lie_dims(b, 0, 1, (uint64_t[]){31});
    check_accepted(); /* 4 bytes to the next multiple of 32 */
}

static void refuses_bad_tensor_names(void **state) {
    (void)state;
    gguf_build_tensor(b, "one", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_tensor(b, "two", EWI_F32, 2, dims_4x8, NULL);
    gguf_build_lie_name(b, 1, EWI_STR("one"));
    check_refused(EW_FORMAT, "gguf: tensor one occurs twice: entries 0 and 1");
    gguf_build_lie_name(b, 1, EWI_STR("tw\0"));
    check_refused(EW_FORMAT, "tensor 1 of 2: name at offset ");
    gguf_build_lie_name(b, 1, EWI_STR(""));
    check_refused(EW_FORMAT, "tensor 1 of 2: name at offset ");
}

/* ---- real files ---- */

static void reads_a_trained_model(void **state) {
    (void)state;
    ewi_map *map;
    ew_error err = {0};
    ewi_gguf gguf;
    assert_int_equal(ewi_map_open(test_fixture("models/stories260K-f32.gguf"), &map, &err), EW_OK);
    if (ewi_gguf_parse(ewi_map_bytes(map), &arena, &gguf, &err)) fail_msg("%s", err.text);
    /* karpathy's stories260K: dim 64, hidden 172, 5 layers, 8 heads, 4 KV heads, vocabulary 512 */
    const ewi_tensor *ffn = ewi_gguf_find_tensor(&gguf, EWI_STR("blk.4.ffn_gate.weight"));
    const ewi_tensor *k = ewi_gguf_find_tensor(&gguf, EWI_STR("blk.0.attn_k.weight"));
    assert_non_null(ffn);
    assert_int_equal(ffn->dims[0], 172);
    assert_int_equal(ffn->dims[1], 64);
    assert_non_null(k);
    assert_int_equal(k->dims[0], 32);
    assert_int_equal(k->dims[1], 64);
    assert_null(ewi_gguf_find_tensor(&gguf, EWI_STR("blk.5.attn_k.weight")));
    assert_int_equal(ewi_gguf_find(&gguf, EWI_STR("tokenizer.ggml.tokens"))->n, 512);
    ewi_map_close(map);
}

static void reads_vocabularies(void **state) {
    (void)state;
    static const struct {
        const char *path;
        uint64_t n_tokens; /* of the models' own configurations */
    } vocabularies[] = {{"tokenizers/ggml-vocab/ggml-vocab-llama-spm.gguf", 32000},
                        {"tokenizers/ggml-vocab/ggml-vocab-gpt-2.gguf", 50257},
                        {"tokenizers/ggml-vocab/ggml-vocab-falcon.gguf", 65024}};
    for (size_t i = 0; i < EWI_COUNT(vocabularies); i++) {
        ewi_map *map;
        ew_error err = {0};
        ewi_gguf gguf;
        assert_int_equal(ewi_map_open(test_fixture(vocabularies[i].path), &map, &err), EW_OK);
        if (ewi_gguf_parse(ewi_map_bytes(map), &arena, &gguf, &err)) fail_msg("%s", err.text);
        assert_int_equal(ewi_gguf_find(&gguf, EWI_STR("tokenizer.ggml.tokens"))->n, vocabularies[i].n_tokens);
        ewi_map_close(map);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_metadata_of_every_type),
        TEST(reads_arrays),
        TEST(reads_tensors_outermost_first),
        TEST(follows_the_alignment),
        TEST(accepts_what_the_format_allows),
        TEST(refuses_other_files),
        TEST(refuses_counts_that_cannot_fit),
        TEST(limits_the_tables),
        TEST(refuses_every_cut),
        TEST(refuses_bad_keys),
        TEST(refuses_long_keys),
        TEST(refuses_duplicate_keys),
        TEST(refuses_lying_strings),
        TEST(refuses_lying_arrays),
        TEST(refuses_arrays_whose_size_wraps),
        TEST(refuses_a_string_that_leaves_its_array),
        TEST(refuses_unknown_and_nested_types),
        TEST(refuses_bools_that_are_neither),
        TEST(refuses_bad_alignments),
        TEST(refuses_bad_shapes),
        TEST(refuses_a_huge_number_of_dims),
        TEST(refuses_rows_of_broken_blocks),
        TEST(refuses_unknown_and_removed_types),
        TEST(refuses_offsets_outside),
        TEST(refuses_tensors_larger_than_the_file),
        TEST(refuses_overlaps),
        TEST(refuses_holes),
        TEST(refuses_bad_tensor_names),
        TEST(reads_a_trained_model),
        TEST(reads_vocabularies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
