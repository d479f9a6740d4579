/* fuzz_json.c: any text, walked in every way that the reader offers: what a whole skip accepts, a walk by
 * values must accept too, and the other way round except for numbers that no double holds. */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/json.h"
#include "fuzz.h"

static ew_status walk(ewi_json *json);

static ew_status walk_array(ewi_json *json) {
    size_t n_said = 0, n = 0;
    EWI_TRY(ewi_json_count(json, &n_said, NULL));
    EWI_TRY(ewi_json_enter_array(json, NULL));
    for (; ewi_json_next_item(json); n++) EWI_TRY(walk(json));
    EWI_TRY(ewi_json_check(json, NULL));
    EW_ASSERT(n == n_said);
    return EW_OK;
}

static ew_status walk_object(ewi_json *json) {
    ew_str key;
    EWI_TRY(ewi_json_enter_object(json, NULL));
    while (ewi_json_next_key(json, &key)) {
        EW_ASSERT(ewi_utf8_valid((const uint8_t *)key.data, key.len));
        EWI_TRY(walk(json));
    }
    return ewi_json_check(json, NULL);
}

static ew_status walk(ewi_json *json) {
    bool flag;
    double number;
    ew_str text = {0};
    switch (ewi_json_peek(json)) {
    case EWI_JSON_BOOL: return ewi_json_read_bool(json, &flag, NULL);
    case EWI_JSON_NUMBER: return ewi_json_read_double(json, &number, NULL);
    case EWI_JSON_STRING:
        EWI_TRY(ewi_json_read_string(json, &text, NULL));
        EW_ASSERT(ewi_utf8_valid((const uint8_t *)text.data, text.len));
        return EW_OK;
    case EWI_JSON_ARRAY: return walk_array(json);
    case EWI_JSON_OBJECT: return walk_object(json);
    case EWI_JSON_NULL:
    case EWI_JSON_ERROR: break;
    }
    return ewi_json_skip(json, NULL);
}

/* Whether the walk agrees with the skip. */
static bool agree(ewi_json *walked, ew_status skip_status) {
    ew_error err = {0};
    ew_status walk_status = walk(walked);
    if (walk_status == EW_OK) return ewi_json_end(walked, NULL) == skip_status;
    if (skip_status != EW_OK || walk_status == EW_NO_MEMORY) return true;
    return ewi_json_check(walked, &err) == EW_FORMAT && strstr(err.text, "too large for a double");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ew_error err = {0};
    ewi_arena arena;
    ewi_json json;
    ewi_arena_init(&arena, 64u << 20);
    ewi_json_init(&json, (ewi_bytes){data, size}, &arena);
    ew_status status = ewi_json_skip(&json, &err);
    if (status == EW_OK) status = ewi_json_end(&json, &err);
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    ewi_json_init(&json, (ewi_bytes){data, size}, &arena);
    /* counting before each walk makes it quadratic in the depth */
    if (size < 65536) EW_ASSERT(agree(&json, status));
    ewi_arena_deinit(&arena);
    return 0;
}
