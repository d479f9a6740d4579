#include "engine/attend.h"

#include <string.h>

size_t ewi_attend_tiles(ew_engine *e, const ew_row *rows, size_t n_rows) {
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        ewi_tile *last = n ? &e->tiles[n - 1] : NULL;
        if (last && last->n < EWI_TILE_ROWS && rows[last->first].session == rows[i].session)
            last->n++;
        else
            e->tiles[n++] = (ewi_tile){(uint32_t)i, 1};
    }
    return n;
}

/* ---- store ---- */

void ewi_attend_store(const ewi_attend *a, size_t i) {
    const ew_engine *e = a->e;
    const ew_row *row = &a->rows[i];
    size_t dim = a->attrs->head_dim, cols = (size_t)a->attrs->n_kv_heads * dim;
    size_t k_bytes = e->shape.k_head_bytes / EWI_BLOCK_POSITIONS,
           v_bytes = e->shape.v_head_bytes / EWI_BLOCK_POSITIONS;
    uint32_t block = row->position / EWI_BLOCK_POSITIONS, at = row->position % EWI_BLOCK_POSITIONS;
    for (uint32_t h = 0; h < a->attrs->n_kv_heads; h++) {
        uint8_t *k = ewi_state_keys(&row->session->state, a->attrs->layer, h, block);
        uint8_t *v = ewi_state_values(&row->session->state, a->attrs->layer, h, block);
        e->kern->narrow[e->shape.k](k + at * k_bytes, a->k + i * cols + h * dim, dim);
        e->kern->narrow[e->shape.v](v + at * v_bytes, a->v + i * cols + h * dim, dim);
    }
}

void ewi_attend_store_rows(void *arg, uint32_t thread, uint32_t n_threads) {
    const ewi_attend *a = arg;
    size_t begin, end;
    ewi_split(a->n_rows, 1, thread, n_threads, &begin, &end);
    for (size_t i = begin; i < end; i++) ewi_attend_store(a, i);
}

/* ---- look ---- */

/* Query heads of one group in one tile: rows x heads, all of them share the keys and values of kv head h. */
static size_t gather_queries(const ewi_attend *a, const ewi_tile *tile, uint32_t h,
                             ewi_attention_scratch *scratch) {
    size_t group = a->attrs->n_heads / a->attrs->n_kv_heads, dim = a->attrs->head_dim, n = 0;
    for (uint32_t r = 0; r < tile->n; r++)
        for (size_t g = 0; g < group; g++, n++) {
            const float *q = a->q + ((tile->first + r) * (size_t)a->attrs->n_heads + h * group + g) * dim;
            scratch->rows[n] =
                (ewi_attention_row){.q = q, .acc = scratch->acc + n * dim, .max = -__builtin_inff()};
        }
    memset(scratch->acc, 0, n * dim * sizeof *scratch->acc);
    return n;
}

static void see_keys(ewi_attention_row *rows, size_t n_rows, size_t group, uint32_t first_position,
                     uint32_t block) {
    for (size_t i = 0; i < n_rows; i++) {
        size_t length = first_position + i / group + 1, before = (size_t)block * EWI_BLOCK_POSITIONS;
        size_t n = length > before ? length - before : 0;
        rows[i].n_keys = n < EWI_BLOCK_POSITIONS ? n : EWI_BLOCK_POSITIONS;
    }
}

static void look_tile(const ewi_attend *a, const ewi_tile *tile, uint32_t h, ewi_attention_scratch *scratch) {
    const ew_engine *e = a->e;
    const ew_row *first = &a->rows[tile->first];
    const ewi_state *state = &first->session->state;
    size_t n = gather_queries(a, tile, h, scratch), dim = a->attrs->head_dim;
    size_t n_heads = a->attrs->n_heads, group = n_heads / a->attrs->n_kv_heads;
    uint32_t last_block = (first->position + tile->n - 1) / EWI_BLOCK_POSITIONS;
    for (uint32_t block = 0; block <= last_block; block++) {
        see_keys(scratch->rows, n, group, first->position, block);
        const void *k = ewi_state_keys(state, a->attrs->layer, h, block),
                   *v = ewi_state_values(state, a->attrs->layer, h, block);
        e->kern->attention[e->shape.k](&(ewi_attention){scratch->rows, n, dim, k, v, a->attrs->scale});
    }
    for (size_t i = 0; i < n; i++) {
        float *out = a->out + ((tile->first + i / group) * n_heads + h * group + i % group) * dim;
        e->kern->attention_finish(out, scratch->rows[i].acc, scratch->rows[i].sum, dim);
    }
}

void ewi_attend_look(void *arg, uint32_t thread, uint32_t n_threads) {
    const ewi_attend *a = arg;
    size_t n_heads = a->attrs->n_kv_heads, n_items = a->n_tiles * n_heads;
    for (size_t i = thread; i < n_items; i += n_threads)
        look_tile(a, &a->e->tiles[i / n_heads], (uint32_t)(i % n_heads), &a->e->scratch[thread]);
}
