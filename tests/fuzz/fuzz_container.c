/* fuzz_container.c: any bytes as each of a package's files; the first byte says which. Tensors that are
 * accepted lie in the weights, aligned, and apart. */
#include "base/error.h"
#include "format/container.h"
#include "fuzz.h"
#include "tensor/packed.h"

/* The weights that a table is read with; their bytes do not matter. */
static const uint8_t weights[8192];

static void check_hex(const ewi_blob *blob) {
    for (size_t i = 0; i < 64; i++)
        EW_ASSERT((blob->hex[i] >= '0' && blob->hex[i] <= '9') ||
                  (blob->hex[i] >= 'a' && blob->hex[i] <= 'f'));
    EW_ASSERT(blob->hex[64] == '\0');
}

static void check_tensors(const ewi_container *c) {
    for (size_t i = 0; i < c->n_tensors; i++) {
        const ewi_tensor *t = &c->tensors[i];
        EW_ASSERT(t->offset % 64 == 0 && t->size_bytes > 0 && t->data == weights + t->offset);
        EW_ASSERT(t->offset < sizeof weights && t->size_bytes <= sizeof weights - t->offset);
        size_t packed = 0;
        const ewi_stack stack = ewi_stack_of(t);
        if (t->packed) EW_ASSERT(ewi_stack_bytes(&stack, t->dtype, &packed));
        EW_ASSERT(!t->packed || packed == t->size_bytes);
        EW_ASSERT(ewi_container_find(c, t->name) == t);
    }
}

static ew_status read_part(unsigned which, ewi_bytes bytes, ewi_arena *arena, ew_error *err) {
    ewi_container container = {0};
    ewi_blob manifest = {0};
    ew_status status;
    if (which == 0) return ewi_container_read_layout(bytes, arena, err);
    if (which == 1) {
        status = ewi_container_read_index(bytes, arena, &manifest, err);
        if (status == EW_OK) check_hex(&manifest);
        return status;
    }
    if (which == 2) {
        status = ewi_container_read_manifest(bytes, arena, &container, err);
        for (size_t i = 0; status == EW_OK && i < EWI_N_BLOBS; i++)
            if (container.blobs[i].present) check_hex(&container.blobs[i]);
        return status;
    }
    if (which == 3) return ewi_container_read_config(bytes, arena, &container, err);
    status = ewi_container_read_tensors(bytes, (ewi_bytes){weights, sizeof weights}, arena, &container, err);
    if (status == EW_OK) check_tensors(&container);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ewi_arena arena;
    ew_error err;
    if (size == 0) return 0;
    ewi_arena_init(&arena, (size_t)16 << 20);
    ew_status status = read_part(data[0] % 5u, (ewi_bytes){data + 1, size - 1}, &arena, &err);
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    ewi_arena_deinit(&arena);
    return 0;
}
