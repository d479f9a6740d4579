#include "model/packing.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "kernels/pack.h"
#include "os/pages.h"
#include "os/thread.h"

/* Source bytes that a thread packs before it drops their pages. */
#define SLAB_BYTES ((size_t)1 << 20)

/* What one call of ewi_packing_add made. */
typedef struct block {
    struct block *next;
    uint8_t *pages;
    size_t n_bytes;
} block;

struct ewi_packing {
    ewi_mutex *mutex;
    const ewi_tensor *tensors;
    size_t n_tensors;
    const uint8_t **packed; /* [n_tensors]; NULL: not packed */
    block *blocks;
};

ew_status ewi_packing_new(const ewi_tensor *tensors, size_t n_tensors, ewi_packing **out, ew_error *err) {
    ewi_packing *p = ewi_zalloc(sizeof *p);
    if (!p) return ewi_no_memory(err, "a model");
    p->mutex = ewi_mutex_new();
    p->packed = ewi_zalloc_array(n_tensors ? n_tensors : 1, sizeof *p->packed);
    p->tensors = tensors;
    p->n_tensors = n_tensors;
    if (!p->mutex || !p->packed) {
        ewi_packing_free(p);
        return ewi_no_memory(err, "a model");
    }
    *out = p;
    return EW_OK;
}

void ewi_packing_free(ewi_packing *p) {
    if (!p) return;
    for (block *b = p->blocks, *next; b; b = next) {
        next = b->next;
        ewi_pages_free(b->pages, b->n_bytes);
        ewi_free(b);
    }
    ewi_mutex_free(p->mutex);
    ewi_free(p->packed);
    ewi_free(p);
}

const uint8_t *ewi_packing_find(const ewi_packing *p, const ewi_tensor *weight) {
    return weight->packed ? weight->data : p->packed[weight - p->tensors];
}

/* ---- the work ---- */

typedef struct matrix {
    const ewi_tensor *tensor;
    uint8_t *to;
} matrix;

typedef struct job {
    const matrix *matrices;
    size_t n;
} job;

static void pack_tiles(const matrix *m, size_t first, size_t end) {
    const ewi_tensor *t = m->tensor;
    const ewi_stack s = ewi_stack_of(t);
    const size_t row_bytes = (size_t)(t->size_bytes / s.n_matrices / s.n);
    const size_t tile_bytes = ewi_packed_tile_bytes(t->dtype, s.k);
    for (size_t i = first; i < end; i++) {
        size_t row = ewi_stack_row(&s, i), rows = ewi_stack_row(&s, i + 1) - row;
        ewi_pack_tile(t->dtype, m->to + i * tile_bytes, t->data + row * row_bytes, row_bytes, rows, s.k);
    }
    const uint8_t *from = t->data + ewi_stack_row(&s, first) * row_bytes;
    ewi_pages_drop(from, (size_t)(t->data + ewi_stack_row(&s, end) * row_bytes - from));
}

/* Slabs of all matrices in turn go to threads in turn. */
static void pack_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    size_t turn = 0;
    for (size_t i = 0; i < j->n; i++) {
        const ewi_tensor *t = j->matrices[i].tensor;
        const ewi_stack s = ewi_stack_of(t);
        size_t n_tiles = s.n_matrices * s.n_tiles;
        size_t step = SLAB_BYTES / ((size_t)t->size_bytes / n_tiles + 1) + 1;
        for (size_t tile = 0; tile < n_tiles; tile += step)
            if (turn++ % n_threads == thread)
                pack_tiles(&j->matrices[i], tile, n_tiles - tile < step ? n_tiles : tile + step);
    }
}

/* ---- which matrices ---- */

static bool is_listed(const matrix *list, size_t n, const ewi_tensor *tensor) {
    for (size_t i = 0; i < n; i++)
        if (list[i].tensor == tensor) return true;
    return false;
}

/* Fills list with what is to be packed and where it goes, as offsets from NULL; the bytes of all. */
static ew_status list_matrices(const ewi_packing *p, const ewi_tensor *const *weights, size_t n, matrix *list,
                               size_t *n_list, size_t *offsets, size_t *n_bytes, ew_error *err) {
    *n_list = *n_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const ewi_tensor *t = weights[i];
        const ewi_stack s = ewi_stack_of(t);
        size_t bytes;
        if (ewi_packing_find(p, t) || is_listed(list, *n_list, t)) continue;
        offsets[*n_list] = *n_bytes;
        if (!ewi_stack_bytes(&s, t->dtype, &bytes) || !ewi_add_size(*n_bytes, bytes, n_bytes))
            return ewi_fail(err, EW_LIMIT, "the packed weights do not fit in memory");
        list[(*n_list)++] = (matrix){.tensor = t};
    }
    return EW_OK;
}

static ew_status new_block(ewi_packing *p, size_t n_bytes, block **out, ew_error *err) {
    block *b = ewi_zalloc(sizeof *b);
    uint8_t *pages = ewi_pages_new(n_bytes);
    if (!b || !pages) {
        ewi_free(b);
        ewi_pages_free(pages, n_bytes);
        return ewi_fail(err, EW_NO_MEMORY, "out of memory for %zu MiB of packed weights", n_bytes >> 20);
    }
    *b = (block){p->blocks, pages, n_bytes};
    *out = p->blocks = b;
    return EW_OK;
}

static ew_status pack_listed(ewi_packing *p, matrix *list, size_t n, const size_t *offsets, size_t n_bytes,
                             ewi_packing_run run, void *runner, ew_error *err) {
    block *b = NULL;
    EWI_TRY(new_block(p, n_bytes, &b, err));
    for (size_t i = 0; i < n; i++) list[i].to = b->pages + offsets[i];
    run(runner, pack_share, &(job){list, n});
    for (size_t i = 0; i < n; i++) p->packed[list[i].tensor - p->tensors] = list[i].to;
    return EW_OK;
}

ew_status ewi_packing_add(ewi_packing *p, const ewi_tensor *const *weights, size_t n, ewi_packing_run run,
                          void *runner, ew_error *err) {
    matrix *list = ewi_zalloc_array(n ? n : 1, sizeof *list);
    size_t *offsets = ewi_zalloc_array(n ? n : 1, sizeof *offsets), n_list, n_bytes;
    ew_status status = list && offsets ? EW_OK : ewi_no_memory(err, "a list of weights");
    ewi_mutex_lock(p->mutex);
    if (status == EW_OK) status = list_matrices(p, weights, n, list, &n_list, offsets, &n_bytes, err);
    if (status == EW_OK && n_list > 0)
        status = pack_listed(p, list, n_list, offsets, n_bytes, run, runner, err);
    ewi_mutex_unlock(p->mutex);
    ewi_free(list);
    ewi_free(offsets);
    return status;
}
