/* fuzz_gguf.c: any file; after a successful parse every byte that a view promises is read, and every name
 * is found. */
#include "base/error.h"
#include "format/gguf.h"
#include "fuzz.h"

static unsigned sum(const uint8_t *p, size_t n) {
    unsigned total = 0;
    for (size_t i = 0; i < n; i++) total += p[i];
    return total;
}

static unsigned read_kv(const ewi_gguf_kv *kv) {
    unsigned total = sum(kv->value.data, kv->value.len);
    if (kv->item_type == EWI_GGUF_STRING) {
        size_t at = 0;
        for (uint64_t i = 0; i < kv->n; i++) {
            ew_str text = ewi_gguf_next_string(kv, &at);
            total += sum((const uint8_t *)text.data, text.len);
        }
        EW_ASSERT(at == kv->value.len);
        return total;
    }
    for (uint64_t i = 0; i < kv->n; i++) {
        int64_t whole;
        double number;
        total += ewi_gguf_i64(kv, i, &whole);
        total += ewi_gguf_f64(kv, i, &number);
    }
    return total;
}

static unsigned read_all(const ewi_gguf *gguf, ewi_bytes file) {
    unsigned total = 0;
    for (size_t i = 0; i < gguf->n_kv; i++) {
        EW_ASSERT(ewi_gguf_find(gguf, gguf->kv[i].key) == &gguf->kv[i]);
        total += read_kv(&gguf->kv[i]);
    }
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        const ewi_tensor *t = &gguf->tensors[i];
        EW_ASSERT(ewi_gguf_find_tensor(gguf, t->name) == t);
        EW_ASSERT(t->data == file.data + t->offset && ewi_tensor_n_elements(t) > 0);
        total += sum(t->data, (size_t)t->size_bytes);
    }
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ewi_bytes file = {data, size};
    ew_error err = {0};
    ewi_arena arena;
    ewi_gguf gguf;
    ewi_arena_init(&arena, 64u << 20);
    ew_status status = ewi_gguf_parse(file, &arena, &gguf, &err);
    volatile unsigned total = status == EW_OK ? read_all(&gguf, file) : 0;
    (void)total;
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    ewi_arena_deinit(&arena);
    return 0;
}
