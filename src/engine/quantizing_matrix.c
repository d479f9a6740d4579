/*
 * quantizing_matrix.c: a matrix rounded and written, in slabs of tiles: what is held at a time does not grow
 * with it.
 */
#include <inttypes.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "engine/quantizing.h"
#include "kernels/kernels.h"
#include "quant/blocks.h"
#include "quant/gptq.h"
#include "quant/weighed.h"

/* Tiles of one matrix that are rounded together: of a package, or 16 rows of GGUF's blocks or of f16. */
typedef struct slab {
    const ewi_tensor *source;
    const ewi_gguf_out *gguf;         /* NULL: for a package */
    const ewi_channel_scales *scales; /* NULL: rows are as in the source */
    ewi_dtype dtype;
    bool is_blocks;  /* rows as in a file, not in tiles */
    ewi_stack stack; /* of rows as in a file, one matrix */
    size_t tile_bytes, first, n_tiles;
    uint8_t *tiles, *scratch; /* scratch: a thread's part after another's */
    size_t scratch_bytes;
    const ewi_importance *importance;
    const ewi_quantizing_inputs *in; /* NULL: round to nearest */
    float *moments;                  /* of the inputs, which weigh errors; NULL: nothing does */
    ewi_round_sums *sums;            /* [n_tiles] */
    ewi_round_fault *faults;         /* [n_tiles] */
} slab;

static size_t row_bytes(const slab *s) {
    return (size_t)(s->source->size_bytes / s->stack.n_matrices / s->stack.n);
}

/* The first row of a tile, which is counted from the slab's first. */
static size_t first_row(const slab *s, size_t tile) {
    return ewi_stack_row(&s->stack, s->first + tile);
}

/* The rows from `row` on, as blocks. */
static void round_blocks(const slab *s, size_t i, size_t row, size_t n_rows, float *x) {
    uint8_t *to = s->tiles + i * s->tile_bytes;
    s->sums[i] = (ewi_round_sums){0};
    s->faults[i] = EWI_ROUND_FINE;
    for (size_t at = row; at < row + n_rows && !s->faults[i]; at++) {
        const size_t from = s->gguf ? ewi_gguf_out_row(s->gguf, s->source, at) : at;
        ewi_kernels_get()->widen[s->source->dtype](x, s->source->data + from * row_bytes(s), s->stack.k);
        if (s->scales) ewi_channel_scales_apply(s->scales, s->source, at, 1, x);
        const float *importance = ewi_importance_of(s->importance, s->source, from);
        s->faults[i] = ewi_blocks_row(s->dtype, to, x, s->stack.k, importance, &s->sums[i]);
        to += s->tile_bytes / EWI_TILE_OUTPUTS;
    }
}

static void round_tile(const slab *s, size_t i, uint8_t *scratch) {
    const size_t row = first_row(s, i), n_rows = first_row(s, i + 1) - row, k = s->stack.k;
    float *rows = (float *)(void *)scratch;
    if (s->is_blocks) {
        round_blocks(s, i, row, n_rows, rows);
        return;
    }
    const uint8_t *from = s->source->data + row * row_bytes(s);
    ewi_kernels_get()->widen[s->source->dtype](rows, from, n_rows * k);
    if (s->scales) ewi_channel_scales_apply(s->scales, s->source, row, n_rows, rows);
    uint8_t *tile = s->tiles + i * s->tile_bytes;
    float *rest = rows + EWI_TILE_OUTPUTS * k;
    if (s->moments) {
        s->faults[i] = ewi_weighed_tile(s->dtype, tile, rows, n_rows, k, s->moments, rest, &s->sums[i]);
        return;
    }
    const float *importance = s->scales ? ewi_channel_scales_importance(s->scales, s->source)
                                        : ewi_importance_of(s->importance, s->source, row);
    s->faults[i] =
        s->in ? ewi_gptq_tile(s->dtype, tile, rows, row, n_rows, s->in->h, s->in->drift, rest, &s->sums[i])
              : ewi_round_tile(s->dtype, tile, rows, n_rows, k, importance, rest, &s->sums[i]);
}

static void round_share(void *arg, const ewi_share *share) {
    const slab *s = arg;
    for (size_t i = share->index; i < s->n_tiles; i += share->n)
        round_tile(s, i, s->scratch + share->thread * s->scratch_bytes);
}

static ew_status check_faults(const slab *s, const char *type, ew_error *err) {
    for (size_t i = 0; i < s->n_tiles; i++) {
        if (s->faults[i] == EWI_ROUND_FINE) continue;
        const char *why = "holds infinities or NaN: it cannot be quantized";
        if (s->faults[i] == EWI_ROUND_TOO_LARGE) why = "holds weights that are too large for this type";
        return ewi_fail(err, EW_FORMAT, "tensor %.*s, rows from %zu on: %s (%s)",
                        EWI_STR_ARG(s->source->name), first_row(s, i), why, type);
    }
    return EW_OK;
}

ew_status ewi_quantizing_write(const ewi_quantizing *j, const void *data, size_t len, ew_error *err) {
    return j->gguf ? ewi_gguf_out_data(j->gguf, data, len, err)
                   : ewi_package_data(j->package, data, len, err);
}

ew_status ewi_quantizing_put(const ewi_quantizing *j, const void *data, size_t len, ew_error *err) {
    EWI_TRY(ewi_quantizing_write(j, data, len, err));
    if (j->kept) ewi_kept_add(j->kept, data, len);
    return EW_OK;
}

static ew_status write_slab(ewi_quantizing *j, const slab *s, ew_quantize_row *row, ew_error *err) {
    const size_t first = first_row(s, 0), end = first_row(s, s->n_tiles);
    const size_t in_tiles = s->n_tiles * s->tile_bytes,
                 in_rows = (end - first) * (s->tile_bytes / EWI_TILE_OUTPUTS);
    EWI_TRY(check_faults(s, ewi_quantizing_target_of(j, s->source)->name, err));
    const size_t len = s->is_blocks ? in_rows : in_tiles;
    if (j->rounded) ewi_rounded_add(j->rounded, s->tiles, len);
    EWI_TRY(ewi_quantizing_put(j, s->tiles, len, err));
    for (size_t i = 0; i < s->n_tiles; i++) {
        row->squares += s->sums[i].weights;
        row->squared_errors += s->sums[i].errors;
    }
    size_t bytes = (end - first) * row_bytes(s);
    ewi_checkpoint_drop(j->source, s->source->data + first * row_bytes(s), bytes);
    j->done += bytes;
    return ewi_quantizing_tell(j, err);
}

static ew_status run_slabs(ewi_quantizing *j, slab *s, size_t end, size_t at_once, ew_quantize_row *row,
                           ew_error *err) {
    for (; s->first < end; s->first += s->n_tiles) {
        s->n_tiles = end - s->first < at_once ? end - s->first : at_once;
        ewi_pool_run(j->pool, round_share, s);
        EWI_TRY(write_slab(j, s, row, err));
    }
    return EW_OK;
}

static ew_status run_expert(ewi_quantizing *j, slab *s, uint32_t i, const ewi_quantizing_inputs *in,
                            size_t at_once, ew_quantize_row *row, ew_error *err) {
    ewi_quantizing_inputs own = {0};
    ew_status status = ewi_quantizing_learn_routed(j, s->source, in->expert + i, in->routed, &own, err);
    s->in = own.h ? &own : NULL;
    if (status == EW_OK) status = run_slabs(j, s, (i + 1) * s->stack.n_tiles, at_once, row, err);
    ewi_hessian_free(own.h);
    ewi_drift_free(own.drift);
    return status;
}

static ew_status run_all(ewi_quantizing *j, slab *s, const ewi_quantizing_inputs *in, size_t at_once,
                         ew_quantize_row *row, ew_error *err) {
    s->in = in;
    if (!in || !in->routed) return run_slabs(j, s, s->stack.n_matrices * s->stack.n_tiles, at_once, row, err);
    for (uint32_t i = 0; i < s->stack.n_matrices; i++) EWI_TRY(run_expert(j, s, i, in, at_once, row, err));
    return EW_OK;
}

/* Tiles and blocks hold so many inputs; plain numbers any. */
ew_status ewi_quantizing_check_matrix(const ewi_tensor *t, ewi_dtype dtype, ew_error *err) {
    if (!ewi_kernels_get()->widen[t->dtype])
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: type %s cannot be quantized", EWI_STR_ARG(t->name),
                        ewi_dtype_get(t->dtype)->name);
    if (dtype != EWI_F16 && dtype != EWI_F32 && ewi_quantizing_n_inputs(t) > EWI_PACKED_MAX_K)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "tensor %.*s: has %" PRIu64 " inputs, a quantized one at most %u",
                        EWI_STR_ARG(t->name), ewi_quantizing_n_inputs(t), EWI_PACKED_MAX_K);
    return EW_OK;
}

/* Rows as in a file follow each other, whichever matrix they are of. */
static ewi_stack rows_of(const ewi_tensor *t) {
    ewi_tensor all = {
        .n_dims = 2,
        .dims = {ewi_tensor_n_elements(t) / ewi_quantizing_n_inputs(t), ewi_quantizing_n_inputs(t)}};
    return ewi_stack_of(&all);
}

/* What weighs the matrix's errors; NULL: nothing. */
static const ewi_reading *weight_of(const ewi_quantizing *j, const slab *s) {
    if (!j->weighs || !ewi_weighed_offers(s->dtype)) return NULL;
    return ewi_calibration_find(j->calibration, s->source->name);
}

static size_t rest_bytes(const slab *s, const ewi_reading *weight, const ewi_quantizing_inputs *in) {
    if (s->is_blocks) return 0;
    if (weight) return ewi_weighed_scratch_bytes(s->stack.k);
    const size_t by_rounding = ewi_round_scratch_bytes(s->stack.k);
    const size_t by_gptq = in ? ewi_gptq_scratch_bytes(s->stack.k) : 0;
    return by_gptq > by_rounding ? by_gptq : by_rounding;
}

ew_status ewi_quantizing_matrix(ewi_quantizing *j, const ewi_tensor *t, const ewi_quantizing_inputs *in,
                                ew_quantize_row *row, ew_error *err) {
    const uint32_t n_threads = ewi_pool_n_threads(j->pool);
    slab s = {.source = t, .gguf = j->gguf};
    s.dtype = ewi_quantizing_target_of(j, t)->dtype;
    s.is_blocks = j->gguf || s.dtype == EWI_F16;
    s.stack = s.is_blocks ? rows_of(t) : ewi_stack_of(t);
    const size_t k = s.stack.k;
    s.importance = j->importance;
    s.scales = j->scales;
    s.tile_bytes =
        s.is_blocks ? EWI_TILE_OUTPUTS * ewi_blocks_bytes(s.dtype, k) : ewi_packed_tile_bytes(s.dtype, k);
    size_t at_once = EWI_QUANTIZING_PIECE_BYTES / s.tile_bytes / n_threads * n_threads;
    if (at_once == 0) at_once = n_threads;
    size_t rows_bytes = EWI_TILE_OUTPUTS * k * sizeof(float);
    const ewi_reading *weight = weight_of(j, &s);
    if (!ewi_align_size(rows_bytes + rest_bytes(&s, weight, in), 64, &s.scratch_bytes))
        return ewi_no_memory(err, "rows");
    s.moments = weight ? ewi_alloc_array(k, k * sizeof *s.moments) : NULL;
    s.tiles = ewi_alloc_array(at_once, s.tile_bytes);
    s.scratch = ewi_alloc_array(n_threads, s.scratch_bytes);
    s.sums = ewi_alloc_array(at_once, sizeof *s.sums);
    s.faults = ewi_alloc_array(at_once, sizeof *s.faults);
    bool fine = s.tiles && s.scratch && s.sums && s.faults && (s.moments || !weight);
    if (fine && weight) ewi_moments_for(s.dtype, ewi_hessian_sums(weight->h), k, s.moments);
    ew_status status = fine ? run_all(j, &s, in, at_once, row, err) : ewi_no_memory(err, "tiles of weights");
    ewi_free(s.moments);
    ewi_free(s.tiles);
    ewi_free(s.scratch);
    ewi_free(s.sums);
    ewi_free(s.faults);
    return status;
}
