/* fuzz_safetensors.c: any file as safetensors, and as the index of shards; what is accepted is read to the
 * last byte. */
#include "base/error.h"
#include "format/safetensors.h"
#include "format/shard_index.h"
#include "fuzz.h"

static unsigned sum(const uint8_t *p, size_t n) {
    unsigned total = 0;
    for (size_t i = 0; i < n; i++) total += p[i];
    return total;
}

static unsigned read_tensors(const ewi_safetensors *st, ewi_bytes file) {
    unsigned total = 0;
    uint64_t covered = 0;
    for (size_t i = 0; i < st->n_tensors; i++) {
        const ewi_tensor *t = &st->tensors[i];
        EW_ASSERT(ewi_safetensors_find(st, t->name) == t);
        EW_ASSERT(t->data == file.data + t->offset);
        total += sum(t->data, (size_t)t->size_bytes);
        covered += t->size_bytes;
    }
    EW_ASSERT(covered + 8 + ewi_load_u64(file.data) == file.len);
    return total;
}

static void check_files(const ewi_shard_index *index) {
    for (size_t i = 0; i < index->n_files; i++) {
        EW_ASSERT(index->files[i].len > 0);
        for (size_t j = 0; j < index->files[i].len; j++) EW_ASSERT(index->files[i].data[j] != '/');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ewi_bytes file = {data, size};
    ew_error err = {0};
    ewi_arena arena;
    ewi_safetensors st;
    ewi_shard_index index;
    ewi_arena_init(&arena, 64u << 20);
    ew_status status = ewi_safetensors_parse(file, &arena, &st, &err);
    volatile unsigned total = status == EW_OK ? read_tensors(&st, file) : 0;
    (void)total;
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    if (ewi_shard_index_parse(file, &arena, &index, &err) == EW_OK) check_files(&index);
    ewi_arena_deinit(&arena);
    return 0;
}
