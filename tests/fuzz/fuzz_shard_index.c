/* fuzz_shard_index.c: any text as model.safetensors.index.json: no name of a file that is accepted leaves
 * the folder. */
#include <string.h>

#include "base/error.h"
#include "format/shard_index.h"
#include "fuzz.h"

static void check_file(ew_str name) {
    EW_ASSERT(name.len > 0 && name.data[0] != '.');
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        EW_ASSERT(c >= ' ' && c != '/' && c != '\\' && c != ':');
    }
}

static bool is_listed(const ewi_shard_index *index, ew_str file) {
    for (size_t i = 0; i < index->n_files; i++)
        if (ewi_str_eq(index->files[i], file)) return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ewi_arena arena;
    ewi_shard_index index;
    ew_error err;
    ewi_arena_init(&arena, (size_t)16 << 20);
    ew_status status = ewi_shard_index_parse((ewi_bytes){data, size}, &arena, &index, &err);
    if (status != EW_OK) {
        EW_ASSERT(err.status == status && err.text[0]);
    } else {
        EW_ASSERT(index.n_entries > 0 && index.n_files > 0 && index.n_files <= index.n_entries);
        for (size_t i = 0; i < index.n_files; i++) check_file(index.files[i]);
        for (size_t i = 0; i < index.n_entries && i < 64; i++)
            EW_ASSERT(is_listed(&index, index.entries[i].file));
    }
    ewi_arena_deinit(&arena);
    return 0;
}
