/* fuzz_imatrix.c: any file; of an accepted one every mean is a number from 0 on and every name is found. */
#include "base/error.h"
#include "format/imatrix.h"
#include "fuzz.h"

static void check_entry(const ewi_imatrix *m, const ewi_imatrix_entry *e) {
    EW_ASSERT(e->n > 0 && ewi_imatrix_find(m, e->name) == e);
    for (size_t i = 0; i < e->n; i++) EW_ASSERT(e->means[i] >= 0.0f && e->means[i] <= 3.4e38f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ew_error err = {0};
    ewi_arena arena;
    ewi_imatrix m;
    ewi_arena_init(&arena, 64u << 20);
    ew_status status = ewi_imatrix_parse((ewi_bytes){data, size}, &arena, &m, &err);
    for (size_t i = 0; status == EW_OK && i < m.n_entries; i++) check_entry(&m, &m.entries[i]);
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    ewi_arena_deinit(&arena);
    return 0;
}
