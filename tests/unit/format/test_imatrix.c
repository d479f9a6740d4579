/* test_imatrix.c: importance matrices in both of llama.cpp's forms, built by hand from the layout that
 * tools/imatrix/imatrix.cpp writes; and lying ones. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expect.h"
#include "format/gguf.h"
#include "format/imatrix.h"
#include "gguf_build.h"

static ewi_arena arena;

static int setup(void **state) {
    (void)state;
    ewi_arena_init(&arena, 1u << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ewi_arena_deinit(&arena);
    return 0;
}

/* ---- the older form ---- */

typedef struct bytes {
    uint8_t data[512];
    size_t len;
} bytes;

static void put(bytes *b, const void *data, size_t len) {
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static void put_i32(bytes *b, int32_t x) {
    put(b, &x, sizeof x);
}

static void put_entry(bytes *b, const char *name, int32_t n_calls, const float *sums, int32_t n) {
    put_i32(b, (int32_t)strlen(name));
    put(b, name, strlen(name));
    put_i32(b, n_calls);
    put_i32(b, n);
    put(b, sums, (size_t)n * sizeof *sums);
}

static const float sums[] = {4, 0, 2, 8};

static bytes old_form(void) {
    bytes b = {.len = 0};
    put_i32(&b, 2);
    put_entry(&b, "blk.0.ffn_up.weight", 2, sums, 4);
    put_entry(&b, "blk.0.attn_q.weight", 0, sums, 2);
    put_i32(&b, 17);
    put_i32(&b, 8);
    put(&b, "text.txt", 8);
    return b;
}

/* From a block of its exact size, so that a sanitizer sees a read past it. */
static ew_status parse(const void *data, size_t len, ewi_imatrix *out, ew_error *err) {
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len) memcpy(copy, data, len);
    ew_status status = ewi_imatrix_parse((ewi_bytes){copy, len}, &arena, out, err);
    if (status == EW_OK && out->n_entries) assert_true(out->entries[0].name.len > 0);
    free(copy);
    return status;
}

static void check_means(const ewi_imatrix_entry *e, const float *want, size_t n) {
    assert_non_null(e);
    assert_int_equal(e->n, n);
    for (size_t i = 0; i < n; i++) assert_true(e->means[i] == want[i]);
}

static void test_old(void **state) {
    (void)state;
    ew_error err = {0};
    ewi_imatrix m;
    bytes b = old_form();
    expect_ok(ewi_imatrix_parse((ewi_bytes){b.data, b.len}, &arena, &m, &err), &err);
    assert_int_equal(m.n_entries, 2);
    check_means(ewi_imatrix_find(&m, EWI_STR("blk.0.ffn_up.weight")), (float[]){2, 0, 1, 4}, 4);
    check_means(ewi_imatrix_find(&m, EWI_STR("blk.0.attn_q.weight")), (float[]){4, 0}, 2);
    assert_null(ewi_imatrix_find(&m, EWI_STR("blk.1.attn_q.weight")));
    assert_int_equal(m.n_chunks, 17);
    assert_true(ewi_str_is(m.dataset, "text.txt"));
    /* Without its notes, as the oldest files are. */
    expect_ok(ewi_imatrix_parse((ewi_bytes){b.data, b.len - 16}, &arena, &m, &err), &err);
    assert_int_equal(m.n_chunks, 0);
}

static void test_cut(void **state) {
    (void)state;
    bytes b = old_form();
    for (size_t len = 0; len < b.len; len++) {
        ew_error err = {0};
        ewi_imatrix m;
        const bool is_whole = len == b.len - 16 || len == b.len - 12;
        ew_status status = parse(b.data, len, &m, &err);
        if ((status == EW_OK) != is_whole) fail_msg("%zu bytes of %zu: %s", len, b.len, err.text);
    }
}

static void refused(const bytes *b, const char *culprit) {
    ew_error err = {0};
    ewi_imatrix m;
    expect_refused(parse(b->data, b->len, &m, &err), EW_FORMAT, &err, culprit);
}

static void test_lies(void **state) {
    (void)state;
    bytes b = old_form();
    put(&b, "!", 1);
    refused(&b, "after its end");
    b = old_form();
    memcpy(b.data + 4, "\xff\xff\xff\xff", 4);
    refused(&b, "the length of a name at offset 4 is negative");
    b = old_form();
    memcpy(b.data + 4 + 4 + 19 + 4, "\xff\xff\xff\x7f", 4);
    refused(&b, "sums at offset");
    b = (bytes){.len = 0};
    put_i32(&b, 1 << 20);
    refused(&b, "none of llama.cpp's files");
    b = (bytes){.len = 0};
    put_i32(&b, 2);
    put_entry(&b, "same", 1, sums, 4);
    put_entry(&b, "same", 1, sums, 4);
    refused(&b, "same");
    const float odd[][1] = {{-1.0f}, {(float)(1e300 * 1e300)}, {-(float)(1e300 * 1e300 * 0)}};
    for (size_t i = 0; i < 3; i++) {
        b = (bytes){.len = 0};
        put_i32(&b, 1);
        put_entry(&b, "blk.0.ffn_up.weight", 1, odd[i], 1);
        refused(&b, "blk.0.ffn_up.weight: sum 0 is no number");
    }
}

/* ---- GGUF ---- */

static gguf_build *new_form(const float *counts) {
    gguf_build *b = gguf_build_new();
    const ew_str datasets[] = {EWI_STR("a.txt"), EWI_STR("b.txt")};
    gguf_build_str(b, "general.type", "imatrix");
    gguf_build_strings(b, "imatrix.datasets", datasets, 2);
    gguf_build_u32(b, "imatrix.chunk_count", 9);
    gguf_build_u32(b, "imatrix.chunk_size", 512);
    gguf_build_tensor(b, "blk.0.ffn_up_exps.weight.in_sum2", EWI_F32, 2, (uint64_t[]){2, 2}, sums);
    gguf_build_tensor(b, "blk.0.ffn_up_exps.weight.counts", EWI_F32, 2, (uint64_t[]){2, 1}, counts);
    return b;
}

static ew_status parse_new(gguf_build *b, ewi_imatrix *m, ew_error *err) {
    ew_status status = ewi_imatrix_parse(gguf_build_finish(b), &arena, m, err);
    return status;
}

static void test_gguf(void **state) {
    (void)state;
    ew_error err = {0};
    ewi_imatrix m;
    gguf_build *b = new_form((float[]){4, 0});
    expect_ok(parse_new(b, &m, &err), &err);
    /* Of the second expert nothing is known. */
    check_means(ewi_imatrix_find(&m, EWI_STR("blk.0.ffn_up_exps.weight")), (float[]){1, 0, 1, 1}, 4);
    assert_int_equal(m.n_chunks, 9);
    assert_true(ewi_str_is(m.dataset, "a.txt"));
    gguf_build_tensor(b, "more", EWI_F32, 1, (uint64_t[]){1}, sums);
    expect_refused(parse_new(b, &m, &err), EW_FORMAT, &err, "1 tensors NAME.in_sum2 among 3");
    gguf_build_tensor(b, "other.in_sum2", EWI_F32, 1, (uint64_t[]){1}, sums);
    expect_refused(parse_new(b, &m, &err), EW_FORMAT, &err, "other.counts: is missing");
    gguf_build_free(b);
    b = new_form((float[]){-1, 1});
    expect_refused(parse_new(b, &m, &err), EW_FORMAT, &err, "a count is no number");
    gguf_build_free(b);
    b = gguf_build_new();
    gguf_build_str(b, "general.architecture", "llama");
    expect_refused(parse_new(b, &m, &err), EW_FORMAT, &err, "general.type is not \"imatrix\"");
    gguf_build_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_old, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gguf, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
