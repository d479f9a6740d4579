/* test_gguf_writer.c: the same bytes as gguf_build.c, which was written apart from the writer; and what is
 * replaced. */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "format/gguf_writer.h"
#include "gguf_build.h"
#include "os/file.h"
#include "scratch.h"

static const float numbers[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const uint8_t halves[2 * 6] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static const ewi_tensor tensors[] = {
    {.name = {"b.weight", 8}, .dtype = EWI_F16, .n_dims = 2, .dims = {3, 2}, .size_bytes = 12},
    {.name = {"a", 1}, .dtype = EWI_F32, .n_dims = 1, .dims = {12}, .size_bytes = 48},
    {.name = {"c", 1}, .dtype = EWI_F32, .n_dims = 3, .dims = {2, 3, 4}, .size_bytes = 96},
};
static const void *const data[] = {halves, numbers, numbers};

static void put_metadata(ewi_gguf_writer *w) {
    ewi_gguf_writer_string(w, EWI_STR("general.architecture"), EWI_STR("llama"));
    ewi_gguf_writer_u32(w, EWI_STR("llama.block_count"), 7);
    ewi_gguf_writer_f32(w, EWI_STR("llama.eps"), 0.25f);
    ewi_gguf_writer_bool(w, EWI_STR("tokenizer.ggml.add_bos_token"), true);
    ewi_gguf_writer_array(w, EWI_STR("tokenizer.ggml.tokens"), EWI_GGUF_STRING, 2);
    ewi_gguf_writer_string(w, (ew_str){0}, EWI_STR("one"));
    ewi_gguf_writer_string(w, (ew_str){0}, EWI_STR(""));
    ewi_gguf_writer_array(w, EWI_STR("numbers"), EWI_GGUF_F32, 2);
    ewi_gguf_writer_f32(w, (ew_str){0}, 1.5f);
    ewi_gguf_writer_f32(w, (ew_str){0}, -2.0f);
}

static gguf_build *expected(void) {
    gguf_build *b = gguf_build_new();
    const ew_str tokens[] = {EWI_STR("one"), EWI_STR("")};
    const float items[] = {1.5f, -2.0f};
    gguf_build_str(b, "general.architecture", "llama");
    gguf_build_u32(b, "llama.block_count", 7);
    gguf_build_f32(b, "llama.eps", 0.25f);
    gguf_build_bool(b, "tokenizer.ggml.add_bos_token", true);
    gguf_build_strings(b, "tokenizer.ggml.tokens", tokens, 2);
    gguf_build_array(b, "numbers", EWI_GGUF_F32, items, 2, 4);
    for (size_t i = 0; i < 3; i++) {
        char name[16] = {0};
        memcpy(name, tensors[i].name.data, tensors[i].name.len);
        gguf_build_tensor(b, name, tensors[i].dtype, tensors[i].n_dims, tensors[i].dims, data[i]);
    }
    return b;
}

/* Begun in one order, written in another: data in two pieces. */
static ew_status write_all(const char *path, bool replace, ew_error *err) {
    static const ewi_tensor begun[] = {{.name = {"a", 1}, .n_dims = 1, .dims = {12}},
                                       {.name = {"b.weight", 8}, .n_dims = 2, .dims = {3, 2}},
                                       {.name = {"c", 1}, .n_dims = 3, .dims = {2, 3, 4}}};
    ewi_gguf_writer *w;
    ew_status status = ewi_gguf_writer_open(path, NULL, replace, &w, err);
    if (status != EW_OK) return status;
    put_metadata(w);
    expect_ok(ewi_gguf_writer_begin(w, begun, 3, err), err);
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *bytes = data[i];
        const size_t n = (size_t)tensors[i].size_bytes;
        expect_ok(ewi_gguf_writer_tensor(w, &tensors[i], err), err);
        expect_ok(ewi_gguf_writer_data(w, bytes, 4, err), err);
        expect_ok(ewi_gguf_writer_data(w, bytes + 4, n - 4, err), err);
    }
    return ewi_gguf_writer_close(w, err);
}

static void the_bytes(void **state) {
    (void)state;
    ew_error err = {0};
    ewi_map *map;
    const char *path = scratch_path("written.gguf");
    expect_ok(write_all(path, false, &err), &err);
    gguf_build *b = expected();
    ewi_bytes want = gguf_build_finish(b);
    expect_ok(ewi_map_open(path, &map, &err), &err);
    ewi_bytes got = ewi_map_bytes(map);
    assert_true(got.len >= want.len && got.len - want.len < 32); /* the last tensor is padded */
    assert_memory_equal(got.data, want.data, want.len);
    ewi_map_close(map);
    gguf_build_free(b);
}

static void a_copy(void **state) {
    (void)state;
    ew_error err = {0};
    ewi_arena arena;
    ewi_gguf gguf;
    ewi_gguf_writer *w;
    ewi_map *map;
    gguf_build *b = expected();
    ewi_arena_init(&arena, 1u << 20);
    ewi_bytes from = gguf_build_finish(b);
    expect_ok(ewi_gguf_parse(from, &arena, &gguf, &err), &err);
    const char *path = scratch_path("copied.gguf");
    expect_ok(ewi_gguf_writer_open(path, NULL, false, &w, &err), &err);
    for (size_t i = 0; i < gguf.n_kv; i++) ewi_gguf_writer_copy(w, &gguf.kv[i]);
    expect_ok(ewi_gguf_writer_begin(w, NULL, 0, &err), &err);
    expect_ok(ewi_gguf_writer_close(w, &err), &err);
    expect_ok(ewi_map_open(path, &map, &err), &err);
    const ewi_bytes last = gguf.kv[gguf.n_kv - 1].value;
    const size_t end = (size_t)(last.data - from.data) + last.len;
    assert_memory_equal(ewi_map_bytes(map).data + 16, from.data + 16, end - 16);
    ewi_map_close(map);
    ewi_arena_deinit(&arena);
    gguf_build_free(b);
}

static void what_is_replaced(void **state) {
    (void)state;
    ew_error err = {0};
    const char *path = scratch_path("there.gguf"), *other = scratch_file("other.gguf", "mine", 4);
    expect_ok(write_all(path, false, &err), &err);
    expect_refused(write_all(path, false, &err), EW_IO, &err, "exists already");
    expect_ok(write_all(path, true, &err), &err);
    expect_refused(write_all(other, true, &err), EW_INVALID, &err, "is no GGUF file");
    expect_refused(write_all(scratch_path("no/such/file.gguf"), false, &err), EW_IO, &err, "cannot create");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_bytes), cmocka_unit_test(a_copy),
                                       cmocka_unit_test(what_is_replaced)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
