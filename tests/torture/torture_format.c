/* torture_format.c: while each format is parsed, the Nth allocation fails, for every N: a typed error,
 * nothing leaked, and success once N lies past the last allocation. */
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "format/gguf.h"
#include "format/json.h"
#include "format/safetensors.h"
#include "format/shard_index.h"
#include "format/tiktoken.h"
#include "gguf_build.h"
#include "test.h"

typedef ew_status (*parse_fn)(ewi_bytes file, ewi_arena *arena, ew_error *err);

static ew_status parse_gguf(ewi_bytes file, ewi_arena *arena, ew_error *err) {
    ewi_gguf out;
    return ewi_gguf_parse(file, arena, &out, err);
}

static ew_status parse_safetensors(ewi_bytes file, ewi_arena *arena, ew_error *err) {
    ewi_safetensors out;
    return ewi_safetensors_parse(file, arena, &out, err);
}

static ew_status parse_shard_index(ewi_bytes file, ewi_arena *arena, ew_error *err) {
    ewi_shard_index out;
    return ewi_shard_index_parse(file, arena, &out, err);
}

static ew_status parse_tiktoken(ewi_bytes file, ewi_arena *arena, ew_error *err) {
    ewi_tiktoken out;
    return ewi_tiktoken_parse(file, arena, &out, err);
}

static ew_status parse_json(ewi_bytes file, ewi_arena *arena, ew_error *err) {
    ewi_json json;
    ew_str text;
    ewi_json_init(&json, file, arena);
    ew_status status = ewi_json_read_string(&json, &text, err);
    return status ? status : ewi_json_end(&json, err);
}

/* Parses with the nth allocation failing; true when none was left to fail. */
static bool survives(parse_fn parse, ewi_bytes file, uint64_t nth) {
    ew_error err = {0};
    ewi_arena arena;
    int64_t live = ewi_hostile_live_blocks();
    ewi_arena_init(&arena, 64u << 20);
    ewi_hostile_fail_at(nth);
    ew_status status = parse(file, &arena, &err);
    bool failed = ewi_hostile_count() >= nth;
    ewi_hostile_fail_at(0);
    ewi_arena_deinit(&arena);
    assert_int_equal(ewi_hostile_live_blocks(), live);
    assert_int_equal(status, failed ? EW_NO_MEMORY : EW_OK);
    if (failed) assert_non_null(strstr(err.text, "out of memory for "));
    return !failed;
}

static void torture(parse_fn parse, ewi_bytes file, uint64_t at_least) {
    uint64_t nth = 1;
    while (!survives(parse, file, nth)) nth++;
    assert_in_range(nth, at_least + 1, 1000); /* it did allocate, and it ended */
}

static void gguf(void **state) {
    (void)state;
    gguf_build *b = gguf_build_new();
    for (int i = 0; i < 500; i++) {
        char name[] = "key.000";
        name[4] = (char)('0' + i / 100), name[5] = (char)('0' + i / 10 % 10), name[6] = (char)('0' + i % 10);
        gguf_build_u32(b, name, 1);
        gguf_build_tensor(b, name, EWI_F32, 1, (uint64_t[]){8}, NULL);
    }
    torture(parse_gguf, gguf_build_finish(b), 5);
    gguf_build_free(b);
}

static ewi_bytes text_bytes(const char *text) {
    return (ewi_bytes){(const uint8_t *)text, strlen(text)};
}

static void safetensors(void **state) {
    (void)state;
    static const char header[] =
        "{\"__metadata__\":{\"k\\u0065y\":\"v\\n\"},\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[2],"
        "\"data_offsets\":[0,2]}}..";
    char file[8 + sizeof header] = {(char)(sizeof header - 3)};
    memcpy(file + 8, header, sizeof header - 1);
    torture(parse_safetensors, (ewi_bytes){(const uint8_t *)file, sizeof file - 1}, 3);
}

static void shard_index(void **state) {
    (void)state;
    torture(parse_shard_index,
            text_bytes("{\"weight_map\":{\"\\u0062\":\"x\",\"a\":\"y\\u0061\",\"c\":\"x\"}}"), 3);
}

static void tiktoken(void **state) {
    (void)state;
    torture(parse_tiktoken, text_bytes("Zg== 0\nZm8= 1\nZm9v 2\n"), 2);
}

static void json(void **state) {
    (void)state;
    torture(parse_json, text_bytes("\"a\\u0062\""), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gguf), cmocka_unit_test(safetensors),
                                       cmocka_unit_test(shard_index), cmocka_unit_test(tiktoken),
                                       cmocka_unit_test(json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
