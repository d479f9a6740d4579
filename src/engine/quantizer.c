/*
 * quantizer.c: a model's matrices rounded, each to its type, and written as a package or a GGUF file, tensor
 * by tensor in slabs of 16 rows (a package's tiles): what is held at a time does not grow with the model.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "engine/gguf_out.h"
#include "engine/importance.h"
#include "engine/input_ranges.h"
#include "engine/kept.h"
#include "engine/package_out.h"
#include "engine/rounded.h"
#include "kernels/kernels.h"
#include "kernels/rotate.h"
#include "model/model.h"
#include "quant/blocks.h"
#include "quant/gptq.h"
#include "quant/weighed.h"

#define SLAB_BYTES ((size_t)4 << 20) /* of what is written, about */

/* What a matrix may become, in a package or in a GGUF file. */
typedef struct target {
    const char *name;
    ewi_dtype dtype;
    bool is_gguf;
} target;

/* A package's come first: they are the report's rows. */
static const target targets[] = {
    {"q4s", EWI_Q4S, false},  {"q8c", EWI_Q8C, false},    {"q4c", EWI_Q4C, false},
    {"q8g", EWI_Q8_0, false}, {"q4g32", EWI_Q4_0, false}, {"q4g128", EWI_Q4G128, false},
    {"f16", EWI_F16, false},  {"q8_0", EWI_Q8_0, true},   {"q4_0", EWI_Q4_0, true},
    {"q4_1", EWI_Q4_1, true}, {"q5_0", EWI_Q5_0, true},   {"q5_1", EWI_Q5_1, true},
    {"q4_k", EWI_Q4_K, true}, {"q5_k", EWI_Q5_K, true},   {"q6_k", EWI_Q6_K, true},
    {"f16", EWI_F16, true},   {"f32", EWI_F32, true}};
#define PACKAGE_TYPES "q4s, q8c, q4c, q8g, q4g32, q4g128, f16"
#define GGUF_TYPES    "q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q5_k, q6_k, f16, f32"

typedef struct job {
    const ewi_checkpoint *source;
    const char *type;       /* of all matrices, or "mixed" */
    ewi_dtype dtype;        /* of those that are not named */
    const target **targets; /* [source's n_tensors] of those that are matrices */
    bool is_gguf;
    ewi_pool *pool;
    ewi_package *package; /* one of the two: what is written */
    ewi_gguf_out *gguf;
    ew_progress_fn on_progress;
    void *user;
    uint64_t done, total; /* bytes of tensors; with a calibration each counts once more for it */
    ew_quantize_report *report;
    ewi_calibration *calibration; /* NULL: no text is needed */
    ewi_channel_scales *scales;   /* NULL: channels stay as they are */
    ewi_input_ranges *ranges;     /* NULL: nobody asks for them */
    const char *ranges_name;      /* what they are */
    ewi_importance *importance;   /* NULL: all inputs count the same */
    ewi_rounded *rounded;         /* NULL: not by GPTQ */
    bool weighs;                  /* rounds by what the calibration's inputs are */
    uint64_t n_windows;           /* that were run, of all stages */
    uint64_t calibrated;          /* of total */
    bool *is_written;             /* [source's n_tensors] */
    ewi_kept *kept;               /* NULL: a run that is interrupted leaves nothing */
} job;

static const target *target_of(const job *j, const ewi_tensor *t) {
    return j->targets[t - j->source->tensors];
}

static ew_status tell(const job *j, ew_error *err) {
    EWI_TRY(ewi_checkpoint_check(j->source, err));
    if (!j->on_progress || j->on_progress(j->user, j->done + j->calibrated, j->total)) return EW_OK;
    return ewi_fail(err, EW_CANCELLED, "cancelled: no model was made");
}

/* ---- matrices ---- */

/* What matrices are multiplied with, for GPTQ: learned for the first of them that has to be made. */
typedef struct inputs {
    const ewi_node *linear; /* of the rounded model, that reads them first */
    ewi_hessian *h;
    ewi_drift *drift;
    const ewi_routed *routed; /* those of all experts, whose matrices learn one by one; NULL: of a layer */
    uint32_t expert;          /* whose the first of them is */
} inputs;

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
    const inputs *in;        /* NULL: round to nearest */
    float *moments;          /* of the inputs, which weigh errors; NULL: nothing does */
    ewi_round_sums *sums;    /* [n_tiles] */
    ewi_round_fault *faults; /* [n_tiles] */
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

static void round_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const slab *s = arg;
    for (size_t i = thread; i < s->n_tiles; i += n_threads)
        round_tile(s, i, s->scratch + thread * s->scratch_bytes);
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

static ew_status write_data(const job *j, const void *data, size_t len, ew_error *err) {
    return j->gguf ? ewi_gguf_out_data(j->gguf, data, len, err)
                   : ewi_package_data(j->package, data, len, err);
}

static ew_status put_data(const job *j, const void *data, size_t len, ew_error *err) {
    EWI_TRY(write_data(j, data, len, err));
    if (j->kept) ewi_kept_add(j->kept, data, len);
    return EW_OK;
}

static ew_status write_slab(job *j, const slab *s, ew_quantize_row *row, ew_error *err) {
    const size_t first = first_row(s, 0), end = first_row(s, s->n_tiles);
    const size_t in_tiles = s->n_tiles * s->tile_bytes,
                 in_rows = (end - first) * (s->tile_bytes / EWI_TILE_OUTPUTS);
    EWI_TRY(check_faults(s, target_of(j, s->source)->name, err));
    const size_t len = s->is_blocks ? in_rows : in_tiles;
    if (j->rounded) ewi_rounded_add(j->rounded, s->tiles, len);
    EWI_TRY(put_data(j, s->tiles, len, err));
    for (size_t i = 0; i < s->n_tiles; i++) {
        row->squares += s->sums[i].weights;
        row->squared_errors += s->sums[i].errors;
    }
    size_t bytes = (end - first) * row_bytes(s);
    ewi_checkpoint_drop(j->source, s->source->data + first * row_bytes(s), bytes);
    j->done += bytes;
    return tell(j, err);
}

static ew_status run_slabs(job *j, slab *s, size_t end, size_t at_once, ew_quantize_row *row, ew_error *err) {
    for (; s->first < end; s->first += s->n_tiles) {
        s->n_tiles = end - s->first < at_once ? end - s->first : at_once;
        ewi_pool_run(j->pool, round_share, s);
        EWI_TRY(write_slab(j, s, row, err));
    }
    return EW_OK;
}

static uint64_t n_inputs(const ewi_tensor *t) {
    return t->dims[t->n_dims - 1];
}

#define DAMPING 0.01 /* as in the paper */

/* Leaves out what too few rows have reached: they say less of its inputs than that all are alike. */
static ew_status learn_routed(job *j, const slab *s, uint32_t expert, const ewi_routed *routed, inputs *out,
                              ew_error *err) {
    const ewi_quant_threads threads = ewi_calibration_threads(j->calibration);
    if (ewi_routed_count(routed, expert) < routed->k / 4) {
        j->report->n_unreached++;
        return EW_OK;
    }
    EWI_TRY(ewi_hessian_new(routed->k, &threads, &out->h, err));
    EWI_TRY(ewi_drift_new(routed->k, 0, &threads, &out->drift, err));
    EWI_TRY(ewi_routed_learn(routed, expert, ewi_qrows_for(s->dtype), out->h, out->drift, err));
    return ewi_hessian_factor(out->h, DAMPING, ewi_gptq_sorts(s->dtype), s->source->name, err);
}

static ew_status run_expert(job *j, slab *s, uint32_t i, const inputs *in, size_t at_once,
                            ew_quantize_row *row, ew_error *err) {
    inputs own = {0};
    ew_status status = learn_routed(j, s, in->expert + i, in->routed, &own, err);
    s->in = own.h ? &own : NULL;
    if (status == EW_OK) status = run_slabs(j, s, (i + 1) * s->stack.n_tiles, at_once, row, err);
    ewi_hessian_free(own.h);
    ewi_drift_free(own.drift);
    return status;
}

static ew_status run_all(job *j, slab *s, const inputs *in, size_t at_once, ew_quantize_row *row,
                         ew_error *err) {
    s->in = in;
    if (!in || !in->routed) return run_slabs(j, s, s->stack.n_matrices * s->stack.n_tiles, at_once, row, err);
    for (uint32_t i = 0; i < s->stack.n_matrices; i++) EWI_TRY(run_expert(j, s, i, in, at_once, row, err));
    return EW_OK;
}

/* Tiles and blocks hold so many inputs; plain numbers any. */
static ew_status check_matrix(const ewi_tensor *t, ewi_dtype dtype, ew_error *err) {
    if (!ewi_kernels_get()->widen[t->dtype])
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: type %s cannot be quantized", EWI_STR_ARG(t->name),
                        ewi_dtype_get(t->dtype)->name);
    if (dtype != EWI_F16 && dtype != EWI_F32 && n_inputs(t) > EWI_PACKED_MAX_K)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "tensor %.*s: has %" PRIu64 " inputs, a quantized one at most %u",
                        EWI_STR_ARG(t->name), n_inputs(t), EWI_PACKED_MAX_K);
    return EW_OK;
}

/* Rows as in a file follow each other, whichever matrix they are of. */
static ewi_stack rows_of(const ewi_tensor *t) {
    ewi_tensor all = {.n_dims = 2, .dims = {ewi_tensor_n_elements(t) / n_inputs(t), n_inputs(t)}};
    return ewi_stack_of(&all);
}

/* What weighs the matrix's errors; NULL: nothing. */
static const ewi_reading *weight_of(const job *j, const slab *s) {
    if (!j->weighs || !ewi_weighed_offers(s->dtype)) return NULL;
    return ewi_calibration_find(j->calibration, s->source->name);
}

static size_t rest_bytes(const slab *s, const ewi_reading *weight, const inputs *in) {
    if (s->is_blocks) return 0;
    if (weight) return ewi_weighed_scratch_bytes(s->stack.k);
    const size_t by_rounding = ewi_round_scratch_bytes(s->stack.k);
    const size_t by_gptq = in ? ewi_gptq_scratch_bytes(s->stack.k) : 0;
    return by_gptq > by_rounding ? by_gptq : by_rounding;
}

static ew_status round_matrix(job *j, const ewi_tensor *t, const inputs *in, ew_quantize_row *row,
                              ew_error *err) {
    const uint32_t n_threads = ewi_pool_n_threads(j->pool);
    slab s = {.source = t, .gguf = j->gguf};
    s.dtype = target_of(j, t)->dtype;
    s.is_blocks = j->gguf || s.dtype == EWI_F16;
    s.stack = s.is_blocks ? rows_of(t) : ewi_stack_of(t);
    const size_t k = s.stack.k;
    s.importance = j->importance;
    s.scales = j->scales;
    s.tile_bytes =
        s.is_blocks ? EWI_TILE_OUTPUTS * ewi_blocks_bytes(s.dtype, k) : ewi_packed_tile_bytes(s.dtype, k);
    size_t at_once = SLAB_BYTES / s.tile_bytes / n_threads * n_threads;
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

/* ---- vectors ---- */

static ew_status copy_vector(job *j, const ewi_tensor *t, ew_error *err) {
    size_t n = (size_t)ewi_tensor_n_elements(t);
    float *y = ewi_alloc_array(n, sizeof *y);
    if (!y) return ewi_no_memory(err, "norms and biases");
    ewi_kernels_get()->widen[t->dtype](y, t->data, n);
    if (j->scales) ewi_channel_scales_apply(j->scales, t, 0, n, y);
    ew_status status = j->gguf ? ewi_gguf_out_vector(j->gguf, t, y, err) : EW_OK;
    if (status == EW_OK) status = put_data(j, y, n * sizeof *y, err);
    ewi_free(y);
    j->done += t->size_bytes;
    return status == EW_OK ? tell(j, err) : status;
}

/* ---- tensors ---- */

/* Routers are small, and their errors choose other experts; of an encoder's other embeddings only some rows
 * are read; one row makes a score. */
static bool stays_f32(const ewi_tensor *t) {
    static const char *const endings[] = {".mlp.gate.weight",
                                          ".ffn_gate_inp.weight",
                                          "token_types.weight",
                                          ".token_type_embeddings.weight",
                                          ".position_embeddings.weight",
                                          "cls.output.weight",
                                          "classifier.weight",
                                          "classifier.out_proj.weight"};
    for (size_t i = 0; i < EWI_COUNT(endings); i++)
        if (ewi_str_ends(t->name, endings[i])) return true;
    return false;
}

/* The weights of all heads' norms may be one tensor. */
static bool is_norm(const ewi_tensor *t) {
    return ewi_str_ends(t->name, "_norm.weight");
}

static bool is_matrix(const job *j, const ewi_tensor *t) {
    if (stays_f32(t) || is_norm(t)) return false;
    return t->n_dims >= 2 && !(j->is_gguf && ewi_str_is(t->name, "position_embd.weight"));
}

/* GGUF has a type for whole blocks only. */
static ew_status check_blocks(const job *j, const ewi_tensor *t, ew_error *err) {
    const uint32_t block = ewi_dtype_get(j->dtype)->block_elements;
    const uint64_t k = n_inputs(t);
    if (k % block == 0) return EW_OK;
    const char *what = k % 32 == 0 ? "q8_0, q5_1, q5_0, q4_1 and q4_0 have blocks of 32"
                                   : "f16 has none, or make a package: name a folder with -o";
    return ewi_fail(err, EW_UNSUPPORTED,
                    "tensor %.*s: has %" PRIu64 " inputs, which is no multiple of %u, the block of %s: %s",
                    EWI_STR_ARG(t->name), k, block, j->type, what);
}

static ew_status describe_blocks(const job *j, const ewi_tensor *t, ewi_tensor *out, ew_error *err) {
    *out = *t;
    out->packed = false;
    out->dtype = is_matrix(j, t) ? j->dtype : EWI_F32;
    if (is_matrix(j, t)) {
        EWI_TRY(check_matrix(t, out->dtype, err));
        EWI_TRY(check_blocks(j, t, err));
    }
    return ewi_tensor_size(out->dtype, t->n_dims, t->dims, &out->size_bytes, err);
}

/* What the output holds of a tensor; its data is not there yet. */
static ew_status describe(const job *j, const ewi_tensor *t, ewi_tensor *out, ew_error *err) {
    if (j->is_gguf) return describe_blocks(j, t, out, err);
    if (t->n_dims > 3)
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: quantizing %u dimensions is not implemented",
                        EWI_STR_ARG(t->name), t->n_dims);
    *out = *t;
    if (j->ranges) out->input_scale = ewi_input_ranges_scale(j->ranges, t);
    out->dtype = is_matrix(j, t) ? target_of(j, t)->dtype : EWI_F32;
    out->packed = ewi_packed_info_get(out->dtype);
    if (is_matrix(j, t)) EWI_TRY(check_matrix(t, out->dtype, err));
    if (!out->packed) return ewi_tensor_size(out->dtype, t->n_dims, t->dims, &out->size_bytes, err);
    const ewi_stack stack = ewi_stack_of(t);
    size_t bytes;
    if (!ewi_stack_bytes(&stack, out->dtype, &bytes))
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: its size overflows", EWI_STR_ARG(t->name));
    out->size_bytes = bytes;
    return EW_OK;
}

/* A package's matrices have a row for each type, a GGUF file's, which are all of one, the first. */
static ew_quantize_row *report_row(const job *j, const ewi_tensor *t, ewi_dtype written) {
    size_t i = is_matrix(j, t) ? 0 : EW_QUANTIZE_ROWS - 1;
    if (is_matrix(j, t) && !j->is_gguf) i = (size_t)(target_of(j, t) - targets);
    EW_ASSERT(i < EW_QUANTIZE_ROWS);
    ew_quantize_row *row = &j->report->rows[i];
    row->dtype = ewi_dtype_get(written)->name;
    return row;
}

/* ---- what an earlier run had made ---- */

/* By the rounded model's layers. */
static bool is_read(const job *j, const ewi_tensor *t) {
    return j->rounded && is_matrix(j, t);
}

static ew_status copy_kept(const job *j, const ewi_kept_tensor *kept, bool read, uint8_t *piece,
                           ew_error *err) {
    for (uint64_t from = 0; from < kept->size_bytes; from += SLAB_BYTES) {
        const uint64_t rest = kept->size_bytes - from;
        const size_t n = rest < SLAB_BYTES ? (size_t)rest : SLAB_BYTES;
        EWI_TRY(ewi_kept_read(j->kept, kept, from, piece, n, err));
        if (read) ewi_rounded_add(j->rounded, piece, n);
        EWI_TRY(write_data(j, piece, n, err));
    }
    return EW_OK;
}

static ew_status take_kept(job *j, const ewi_tensor *t, const ewi_kept_tensor *kept, ew_quantize_row *row,
                           ew_error *err) {
    uint8_t *piece = ewi_alloc(SLAB_BYTES);
    if (!piece) return ewi_no_memory(err, "what was kept of tensors");
    ew_status status = copy_kept(j, kept, is_read(j, t), piece, err);
    ewi_free(piece);
    row->squares = kept->squares;
    row->squared_errors = kept->squared_errors;
    j->report->n_resumed++;
    j->done += t->size_bytes;
    return status == EW_OK ? tell(j, err) : status;
}

/* ---- a tensor, made or taken ---- */

static ew_status learn_inputs(job *j, inputs *in, ew_error *err);

static ew_status make_tensor(job *j, const ewi_tensor *t, inputs *in, uint64_t size_bytes,
                             ew_quantize_row *row, ew_error *err) {
    const uint64_t index = (uint64_t)(t - j->source->tensors);
    const ewi_kept_tensor *kept = j->kept ? ewi_kept_next(j->kept, index, size_bytes) : NULL;
    if (is_read(j, t)) EWI_TRY(ewi_rounded_begin(j->rounded, t, err));
    if (kept) return take_kept(j, t, kept, row, err);
    if (j->kept) EWI_TRY(ewi_kept_begin(j->kept, index, size_bytes, err));
    if (in && !in->h && !in->routed) EWI_TRY(learn_inputs(j, in, err));
    EWI_TRY(is_matrix(j, t) ? round_matrix(j, t, in, row, err) : copy_vector(j, t, err));
    return j->kept ? ewi_kept_end(j->kept, row->squares, row->squared_errors, err) : EW_OK;
}

/* in: what a matrix is multiplied with; NULL: it is rounded to nearest. */
static ew_status write_tensor(job *j, const ewi_tensor *t, inputs *in, ew_error *err) {
    ewi_tensor written;
    EWI_TRY(describe(j, t, &written, err));
    ew_quantize_row *row = report_row(j, t, written.dtype);
    row->n_tensors++;
    row->n_params += ewi_tensor_n_elements(t);
    row->source_bytes += t->size_bytes;
    row->size_bytes += written.size_bytes;
    EWI_TRY(j->gguf ? ewi_gguf_out_tensor(j->gguf, t, &written, err)
                    : ewi_package_tensor(j->package, &written, err));
    return make_tensor(j, t, in, written.size_bytes, row, err);
}

/* ---- calibration ---- */

static ew_status tell_of_window(void *user, ew_error *err) {
    job *j = user;
    const uint64_t n = ewi_calibration_n_runs(j->calibration);
    j->n_windows++;
    j->calibrated = (uint64_t)((double)(j->total / 2) * ((double)j->n_windows / (double)n));
    return tell(j, err);
}

static ew_status tell_user(void *user, ew_error *err) {
    return tell(user, err);
}

static ew_status calibrate(job *j, uint32_t stage, ew_error *err) {
    EWI_TRY(ewi_calibration_run(j->calibration, stage, tell_of_window, j, err));
    if (j->scales) EWI_TRY(ewi_channel_scales_choose(j->scales, j->calibration, tell_user, j, err));
    if (j->ranges)
        EWI_TRY(ewi_input_ranges_find(j->ranges, j->calibration, j->scales, tell_of_window, j, err));
    return EW_OK;
}

static ew_status write_once(job *j, const ewi_tensor *t, inputs *in, ew_error *err) {
    bool *is_written = &j->is_written[t - j->source->tensors];
    if (*is_written) return EW_OK;
    EWI_TRY(write_tensor(j, t, in, err));
    *is_written = true;
    return EW_OK;
}

/* The matrices of each stage's linear layers, as the calibration comes to them. */
static ew_status write_calibrated(job *j, ew_error *err) {
    for (uint32_t stage = 0; stage < ewi_calibration_n_stages(j->calibration); stage++) {
        EWI_TRY(calibrate(j, stage, err));
        for (size_t i = 0; i < j->source->n_tensors; i++) {
            const ewi_tensor *t = &j->source->tensors[i];
            const ewi_reading *r = ewi_calibration_find(j->calibration, t->name);
            if (r) EWI_TRY(write_once(j, t, NULL, err));
        }
    }
    return EW_OK;
}

/* ---- by GPTQ ---- */

static const ewi_node *linear_at(const job *j, uint32_t i) {
    return ewi_calibration_node(j->calibration, EWI_OP_LINEAR, i);
}

static const ewi_tensor *source_of(const job *j, const ewi_node *node) {
    return ewi_checkpoint_find(j->source, node->weight->name);
}

static ew_status write_readers(job *j, const ewi_node *first, inputs *in, ew_error *err) {
    const ewi_node *node;
    for (uint32_t i = 0; (node = linear_at(j, i)); i++)
        if (node->inputs[0] == first->inputs[0]) EWI_TRY(write_once(j, source_of(j, node), in, err));
    return EW_OK;
}

static bool all_sort(const job *j, const ewi_node *first) {
    const ewi_node *node;
    for (uint32_t i = 0; (node = linear_at(j, i)); i++)
        if (node->inputs[0] == first->inputs[0] && !ewi_gptq_sorts(node->weight->dtype)) return false;
    return true;
}

/* Of the matrix that reads what this layer does; 0 where there are several. */
static size_t rows_of_only(const job *j, const ewi_node *first) {
    const ewi_node *node;
    size_t n = 0;
    for (uint32_t i = 0; (node = linear_at(j, i)); i++) n += node->inputs[0] == first->inputs[0];
    return n == 1 ? (size_t)first->weight->dims[0] : 0;
}

/* As they are when GPTQ takes them: scaled, and rotated for whole-row types. */
static void widen_weights(const job *j, const ewi_tensor *t, float *rows) {
    const size_t n = (size_t)t->dims[0], k = (size_t)t->dims[1];
    ewi_kernels_get()->widen[t->dtype](rows, t->data, n * k);
    if (j->scales) ewi_channel_scales_apply(j->scales, t, 0, n, rows);
    if (ewi_packed_info_get(target_of(j, t)->dtype)->kind == EWI_PACKED_ROW)
        for (size_t i = 0; i < n; i++) ewi_rotate_weights(rows + i * k, rows + i * k, k);
}

static ew_status learn_inputs(job *j, inputs *in, ew_error *err) {
    const ewi_tensor *t = source_of(j, in->linear);
    const ewi_quant_threads threads = ewi_calibration_threads(j->calibration);
    const float *scales = j->scales ? ewi_channel_scales_columns(j->scales, t) : NULL;
    EWI_TRY(ewi_hessian_new(n_inputs(t), &threads, &in->h, err));
    EWI_TRY(ewi_drift_new(n_inputs(t), rows_of_only(j, in->linear), &threads, &in->drift, err));
    if (ewi_drift_weights(in->drift)) widen_weights(j, t, ewi_drift_weights(in->drift));
    EWI_TRY(ewi_calibration_compare(j->calibration, in->linear, scales, in->h, in->drift, tell_of_window, j,
                                    err));
    EWI_TRY(ewi_hessian_factor(in->h, DAMPING, all_sort(j, in->linear), t->name, err));
    return tell(j, err);
}

/* All layers of the stage that read what this one does. */
static ew_status round_readers(job *j, const ewi_node *linear, ew_error *err) {
    inputs in = {.linear = linear};
    if (!ewi_packed_info_get(linear->weight->dtype)) return write_readers(j, linear, NULL, err);
    ew_status status = write_readers(j, linear, &in, err);
    if (!in.h) j->n_windows += ewi_calibration_n_windows(j->calibration);
    ewi_hessian_free(in.h);
    ewi_drift_free(in.drift);
    return status;
}

static ew_status write_experts(job *j, const ewi_expert_matrices *m, const ewi_routed *routed,
                               ew_error *err) {
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        inputs in = {.routed = routed, .expert = i};
        const bool is_packed = ewi_packed_info_get(m->tensors[i]->dtype);
        EWI_TRY(
            write_once(j, ewi_checkpoint_find(j->source, m->tensors[i]->name), is_packed ? &in : NULL, err));
    }
    return EW_OK;
}

/* Those that read what the layer does, or (climbs) what these make. */
static ew_status round_half(job *j, const ewi_node *node, bool climbs, ew_error *err) {
    const ewi_expert_matrices *parts = node->attrs.experts.parts;
    ewi_routed routed = {0};
    ew_status status =
        ewi_calibration_compare_experts(j->calibration, node, climbs, &routed, tell_of_window, j, err);
    for (unsigned part = 0; part < EWI_N_EXPERT_PARTS && status == EW_OK; part++)
        if ((part == EWI_EXPERTS_DOWN) == climbs) status = write_experts(j, &parts[part], &routed, err);
    ewi_routed_deinit(&routed);
    return status;
}

static ew_status round_experts(job *j, ew_error *err) {
    const ewi_node *node;
    for (uint32_t i = 0; (node = ewi_calibration_node(j->calibration, EWI_OP_EXPERTS, i)); i++) {
        EWI_TRY(round_half(j, node, false, err));
        EWI_TRY(round_half(j, node, true, err));
    }
    return EW_OK;
}

/* Tables that rows are looked up in; the original's own stays (engine/rounded.h). */
static ew_status round_tables(job *j, ewi_op op, ew_error *err) {
    const ewi_node *node;
    for (uint32_t i = 0; (node = ewi_calibration_node(j->calibration, op, i)); i++)
        if (node->weight != source_of(j, node)) EWI_TRY(write_once(j, source_of(j, node), NULL, err));
    return EW_OK;
}

static ew_status round_stage(job *j, ew_error *err) {
    const ewi_stage *stage = ewi_calibration_stage(j->calibration);
    const ewi_node *node;
    if (j->scales) EWI_TRY(ewi_rounded_scale(j->rounded, j->scales, stage->weights, stage->n_weights, err));
    EWI_TRY(round_tables(j, EWI_OP_EMBED, err));
    EWI_TRY(round_tables(j, EWI_OP_POSITIONS, err));
    for (uint32_t i = 0; (node = linear_at(j, i)); i++)
        if (!j->is_written[source_of(j, node) - j->source->tensors]) EWI_TRY(round_readers(j, node, err));
    return round_experts(j, err);
}

/* The stage's weights are not read again. */
static void drop_stage(const job *j) {
    const ewi_stage *stage = ewi_calibration_stage(j->calibration);
    for (uint32_t i = 0; i < stage->n_weights; i++) {
        const ewi_tensor *t = ewi_checkpoint_find(j->source, stage->weights[i]->name);
        ewi_checkpoint_drop(j->source, t->data, (size_t)t->size_bytes);
    }
}

/* Stage by stage: what is read in one is made by those before, rounded. */
static ew_status write_by_gptq(job *j, ew_error *err) {
    const uint32_t n = ewi_calibration_n_stages(j->calibration);
    for (uint32_t stage = 0; stage < n; stage++) {
        EWI_TRY(calibrate(j, stage, err));
        EWI_TRY(round_stage(j, err));
        if (stage + 1 < n) EWI_TRY(ewi_calibration_advance(j->calibration, tell_of_window, j, err));
        ewi_rounded_let_go(j->rounded);
        drop_stage(j);
    }
    return EW_OK;
}

/* ---- all ---- */

static ew_status write_tensors(job *j, ew_error *err) {
    if (j->calibration) EWI_TRY(j->rounded ? write_by_gptq(j, err) : write_calibrated(j, err));
    for (size_t i = 0; i < j->source->n_tensors; i++)
        if (!j->is_written[i]) EWI_TRY(write_tensor(j, &j->source->tensors[i], NULL, err));
    return EW_OK;
}

/* ---- the whole ---- */

static void add_calibration(ewi_sha256 *hash, const ew_quantize_options *o) {
    ewi_sha256_add(hash, o->method, strlen(o->method) + 1);
    ewi_sha256_add(hash, &o->calibration_tokens, sizeof o->calibration_tokens);
    ewi_sha256_add(hash, &o->calibration_special, sizeof o->calibration_special);
    ewi_sha256_add(hash, o->calibration.data, o->calibration.len);
}

/* Of all that decides the tensors' bytes. Names and metadata are written anew each time; where they leave the
 * tensors no other place in the file, they may differ. */
static ew_status find_key(const job *j, const ew_quantize_options *o, char key[EWI_KEPT_KEY_BYTES],
                          ew_error *err) {
    uint8_t digest[EWI_SHA256_BYTES];
    ewi_sha256 *hash;
    EWI_TRY(ewi_sha256_new(&hash, err));
    ewi_sha256_add(hash, ew_version(), strlen(ew_version()) + 1);
    ewi_kept_add_source(hash, j->source);
    for (size_t i = 0; i < j->source->n_tensors; i++) {
        const uint8_t which = (uint8_t)(j->targets[i] - targets);
        ewi_sha256_add(hash, &which, 1);
    }
    const ewi_bytes imatrix = j->importance ? ewi_importance_file(j->importance) : (ewi_bytes){NULL, 0};
    if (imatrix.len) ewi_sha256_add(hash, imatrix.data, imatrix.len);
    if (j->calibration) add_calibration(hash, o);
    EWI_TRY(ewi_sha256_end(hash, digest, err));
    ewi_hex(digest, (EWI_KEPT_KEY_BYTES - 1) / 2, key);
    return EW_OK;
}

/* Of GPTQ alone: both models are run again over what is there, without learning from it. Scales of channels
 * and ranges would have to be found again. */
static bool can_go_on(const job *j) {
    return !j->calibration || (j->rounded && !j->scales && !j->ranges);
}

static ew_status open_kept(job *j, ewi_staging *staging, ew_error *err) {
    if (!can_go_on(j)) return EW_OK;
    j->report->forgot = ewi_staging_forgot(staging);
    return ewi_kept_open(staging, tell_user, j, &j->kept, err);
}

/* What would fail again is not worth keeping. What was not looked at yet stays as it was found. */
static void end_kept(job *j, ewi_staging *staging, ew_status status) {
    const bool may_pass = status == EW_CANCELLED || status == EW_IO || status == EW_NO_MEMORY;
    if (may_pass && ewi_staging_keep(staging) && j->kept) j->report->n_kept = ewi_kept_n(j->kept);
}

static ew_status write_package(job *j, ew_error *err) {
    const ewi_package_out_config config = {j->type, j->ranges_name, j->scales != NULL};
    EWI_TRY(tell(j, err));
    EWI_TRY(open_kept(j, ewi_package_staging(j->package), err));
    EWI_TRY(ewi_package_out_begin(j->package, j->source, &config, err));
    EWI_TRY(write_tensors(j, err));
    return ewi_package_out_end(j->package, j->source, j->type, tell_user, j, err);
}

/* All tensors are looked at before any is rounded. */
static ew_status write_gguf(job *j, ew_error *err) {
    ewi_tensor unused;
    for (size_t i = 0; i < j->source->n_tensors; i++)
        EWI_TRY(describe(j, &j->source->tensors[i], &unused, err));
    EWI_TRY(tell(j, err));
    EWI_TRY(open_kept(j, ewi_gguf_out_staging(j->gguf), err));
    const ewi_imatrix *imatrix = j->importance ? ewi_importance_imatrix(j->importance) : NULL;
    EWI_TRY(ewi_gguf_out_begin(j->gguf, imatrix, err));
    EWI_TRY(write_tensors(j, err));
    return ewi_gguf_out_close(j->gguf, err);
}

static ew_status write_file(job *j, const ew_model *model, const char *path, const char *key, bool replace,
                            ew_error *err) {
    EWI_TRY(ewi_gguf_out_open(path, key, replace, model, j->dtype, &j->gguf, err));
    ew_status status = write_gguf(j, err);
    if (status == EW_OK) return EW_OK;
    end_kept(j, ewi_gguf_out_staging(j->gguf), status);
    ewi_gguf_out_abandon(j->gguf);
    return status;
}

static ew_status write_folder(job *j, const char *path, const char *key, bool replace, ew_error *err) {
    EWI_TRY(ewi_package_open(path, key, replace, &j->package, err));
    ew_status status = write_package(j, err);
    if (status == EW_OK) return EW_OK;
    end_kept(j, ewi_package_staging(j->package), status);
    ewi_package_abandon(j->package);
    return status;
}

static ew_status write_to(job *j, const ew_model *model, const char *path, const ew_quantize_options *o,
                          ew_error *err) {
    char key[EWI_KEPT_KEY_BYTES];
    const char *kept = can_go_on(j) ? key : NULL;
    if (kept) EWI_TRY(find_key(j, o, key, err));
    return j->is_gguf ? write_file(j, model, path, kept, o->replace, err)
                      : write_folder(j, path, kept, o->replace, err);
}

static const target *look_up(const char *name, bool is_gguf) {
    for (size_t i = 0; i < EWI_COUNT(targets); i++)
        if (targets[i].is_gguf == is_gguf && strcmp(name, targets[i].name) == 0) return &targets[i];
    return NULL;
}

/* NULL when there is none, which is EW_INVALID. */
static const target *find_target(const char *name, const char *path, ew_error *err) {
    const bool is_file = ewi_str_ends(ewi_str(path), ".gguf");
    const target *to = look_up(name, is_file);
    if (to) return to;
    if (!look_up(name, !is_file))
        ewi_fail(err, EW_INVALID, "type \"%.40s\" is none of %s", name, is_file ? GGUF_TYPES : PACKAGE_TYPES);
    else if (is_file)
        ewi_fail(err, EW_INVALID,
                 "type %s is a package's, and %.200s would be a GGUF file: its types are " GGUF_TYPES, name,
                 path);
    else
        ewi_fail(err, EW_INVALID,
                 "type %s is GGUF's: name a file that ends in .gguf (a package takes " PACKAGE_TYPES ")",
                 name);
    return NULL;
}

static ew_status choose_target(job *j, const ew_tensor_type *one, const char *path, ew_error *err) {
    for (size_t i = 0; i < j->source->n_tensors; i++) {
        if (!ewi_str_eq(j->source->tensors[i].name, one->tensor)) continue;
        if (!is_matrix(j, &j->source->tensors[i]))
            return ewi_fail(err, EW_INVALID, "tensor %.*s: stays F32", EWI_STR_ARG(one->tensor));
        j->targets[i] = find_target(one->type, path, err);
        return j->targets[i] ? EW_OK : EW_INVALID;
    }
    return ewi_fail(err, EW_INVALID, "tensor %.*s: the model has none of this name",
                    EWI_STR_ARG(one->tensor));
}

static ew_status choose_targets(job *j, const char *path, const ew_quantize_options *o, ew_error *err) {
    const target *first = find_target(o->type ? o->type : "q4s", path, err);
    if (!first) return EW_INVALID;
    j->type = first->name;
    j->dtype = first->dtype;
    j->is_gguf = first->is_gguf;
    if (j->is_gguf && o->n_types)
        return ewi_fail(err, EW_INVALID,
                        "a type for each matrix is for packages: %.200s would be a GGUF file", path);
    j->targets = ewi_alloc_array(j->source->n_tensors + 1, sizeof *j->targets);
    if (!j->targets) return ewi_no_memory(err, "a package");
    for (size_t i = 0; i < j->source->n_tensors; i++) j->targets[i] = first;
    for (size_t i = 0; i < o->n_types; i++) {
        EWI_TRY(choose_target(j, &o->types[i], path, err));
        if (strcmp(o->types[i].type, first->name) != 0) j->type = "mixed";
    }
    return EW_OK;
}

static ew_status check_source(const ew_model *model, ew_error *err) {
    if (model->checkpoint.is_container)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "the model is a package of quantized weights: quantize what it was made from");
    return EW_OK;
}

#define CALIBRATION_TOKENS 16384u

static ew_status check_method(const ew_quantize_options *o, const char *method, ew_error *err) {
    static const char *const methods[] = {"round", "gptq", "awq"};
    size_t i = 0;
    while (i < EWI_COUNT(methods) && strcmp(method, methods[i]) != 0) i++;
    if (i == EWI_COUNT(methods))
        return ewi_fail(err, EW_INVALID, "method \"%.40s\" is none of round, gptq, awq", method);
    if (!(o->smooth >= 0 && o->smooth <= 1))
        return ewi_fail(err, EW_INVALID, "smooth %g is not between 0 and 1", (double)o->smooth);
    if (o->smooth > 0 && strcmp(method, "awq") == 0)
        return ewi_fail(err, EW_INVALID, "smooth and method \"awq\" both scale channels: choose one");
    return EW_OK;
}

/* A text weighs the errors of types with groups, unless channels are scaled by it. */
static bool weighs(const job *j, const ew_quantize_options *o) {
    bool found = false;
    for (size_t i = 0; i < j->source->n_tensors && !found; i++)
        found = is_matrix(j, &j->source->tensors[i]) && ewi_weighed_offers(j->targets[i]->dtype);
    return found && !j->is_gguf && o->calibration.len > 0 && !(o->smooth > 0);
}

static ew_status check_unread(const ew_quantize_options *o, ew_error *err) {
    if (!o->calibration.len && !o->calibration_tokens && !o->calibration_special) return EW_OK;
    return ewi_fail(err, EW_INVALID,
                    "method \"round\" takes a calibration text for a package's types with scales of groups, "
                    "or with smooth or activation_ranges");
}

static ew_status open_ranges(job *j, const ew_model *model, const char *name, ew_error *err) {
    static const char *const names[] = {
#define RANGE_NAME(kind, text) text,
        EWI_RANGE_MAP(RANGE_NAME)
#undef RANGE_NAME
    };
    for (size_t i = 0; i < EWI_COUNT(names); i++) {
        if (strcmp(name, names[i]) != 0) continue;
        j->ranges_name = names[i];
        return ewi_input_ranges_new(model, (ewi_range_kind)i, &j->ranges, err);
    }
    return ewi_fail(err, EW_INVALID, "activation_ranges \"%.40s\" are none of minmax, p99.9, p99.99, mse",
                    name);
}

/* Channels are scaled for one type; awq tries what it rounds to. */
static ew_status check_scaled(const ew_quantize_options *o, bool is_awq, ew_error *err) {
    const char *what = is_awq ? "method \"awq\"" : "smooth";
    if (o->n_types)
        return ewi_fail(err, EW_INVALID, "%s scales channels for one type: it takes none for each matrix",
                        what);
    return EW_OK;
}

/* What chooses among codes has nothing to choose where all weights stay numbers of 16 or 32 bits. */
static ew_status check_quantizes(const job *j, const char *what, ew_error *err) {
    for (size_t i = 0; i < j->source->n_tensors; i++) {
        const ewi_dtype dtype = j->targets[i]->dtype;
        if (is_matrix(j, &j->source->tensors[i]) && dtype != EWI_F16 && dtype != EWI_F32) return EW_OK;
    }
    return ewi_fail(
        err, EW_INVALID,
        "%s is for quantized types, not for %s: weights are rounded to nearest, whatever the inputs", what,
        j->type);
}

static ew_status open_rounded(job *j, const ew_model *model, ew_error *err) {
    ewi_tensor *written = ewi_alloc_array(j->source->n_tensors + 1, sizeof *written);
    if (!written) return ewi_no_memory(err, "a package");
    ew_status status = EW_OK;
    for (size_t i = 0; i < j->source->n_tensors && status == EW_OK; i++)
        status = describe(j, &j->source->tensors[i], &written[i], err);
    if (status == EW_OK) status = ewi_rounded_new(model, written, &j->rounded, err);
    ewi_free(written);
    return status;
}

static ew_status open_calibration(job *j, const ew_model *model, const ew_quantize_options *o,
                                  ew_error *err) {
    const char *method = o->method ? o->method : "round";
    const bool is_awq = strcmp(method, "awq") == 0, scales = is_awq || o->smooth > 0;
    const bool is_gptq = strcmp(method, "gptq") == 0;
    EWI_TRY(check_method(o, method, err));
    j->weighs = !is_gptq && !is_awq && weighs(j, o);
    if (o->imatrix) EWI_TRY(check_quantizes(j, "an imatrix", err));
    if (is_gptq) EWI_TRY(check_quantizes(j, "method \"gptq\"", err));
    if (is_awq) EWI_TRY(check_quantizes(j, "method \"awq\"", err));
    if (!is_gptq && !scales && !j->weighs && !o->activation_ranges) return check_unread(o, err);
    if (o->imatrix)
        return ewi_fail(err, EW_INVALID,
                        "an imatrix is for rounding without a calibration text, which says the same");
    if (j->is_gguf)
        return ewi_fail(err, EW_INVALID, "calibration is for packages, not for GGUF's type %s", j->type);
    if (scales) EWI_TRY(check_scaled(o, is_awq, err));
    if (o->activation_ranges) EWI_TRY(open_ranges(j, model, o->activation_ranges, err));
    EWI_TRY(ewi_calibration_check(model, err));
    if (is_gptq) EWI_TRY(open_rounded(j, model, err));
    const ewi_calibration_how text = {.n_tokens =
                                          o->calibration_tokens ? o->calibration_tokens : CALIBRATION_TOKENS,
                                      .n_threads = o->n_threads,
                                      .special = o->calibration_special,
                                      .n_readings = j->ranges ? 2 : scales || j->weighs,
                                      .needs_hessians = is_awq || j->weighs};
    EWI_TRY(ewi_calibration_open(model, j->rounded ? ewi_rounded_model(j->rounded) : NULL, o->calibration,
                                 &text, &j->calibration, err));
    j->total *= 2;
    const ewi_scaling_how how = {(double)o->smooth, j->dtype};
    return scales ? ewi_channel_scales_new(model, j->pool, &how, &j->scales, err) : EW_OK;
}

static ew_status prepare(job *j, const ew_model *model, const char *path, const ew_quantize_options *o,
                         ew_error *err) {
    EWI_TRY(check_source(model, err));
    EWI_TRY(choose_targets(j, path, o, err));
    for (size_t i = 0; i < j->source->n_tensors; i++) j->total += j->source->tensors[i].size_bytes;
    j->is_written = ewi_alloc_array(j->source->n_tensors + 1, sizeof *j->is_written);
    if (!j->is_written) return ewi_no_memory(err, "a package");
    memset(j->is_written, 0, j->source->n_tensors * sizeof *j->is_written);
    EWI_TRY(ewi_pool_new(o->n_threads, &j->pool, err));
    EWI_TRY(open_calibration(j, model, o, err));
    return o->imatrix ? ewi_importance_open(o->imatrix, model, &j->importance, err) : EW_OK;
}

ew_status ew_quantize(const ew_model *model, const char *path, const ew_quantize_options *options,
                      ew_progress_fn on_progress, void *user, ew_quantize_report *report, ew_error *err) {
    EWI_REQUIRE(model && path && (!options || options->struct_size == sizeof *options), err);
    const ew_quantize_options o = options ? *options : (ew_quantize_options){0};
    ew_quantize_report unread;
    job j = {.source = &model->checkpoint, .on_progress = on_progress, .user = user, .report = report};
    if (!report) j.report = &unread;
    *j.report = (ew_quantize_report){0};
    ew_status status = prepare(&j, model, path, &o, err);
    if (status == EW_OK) status = write_to(&j, model, path, &o, err);
    if (j.scales) {
        j.report->n_sites = ewi_channel_scales_n_sites(j.scales);
        j.report->n_scaled = ewi_channel_scales_n_scaled(j.scales);
    }
    ewi_kept_close(j.kept);
    ewi_input_ranges_free(j.ranges);
    ewi_channel_scales_free(j.scales);
    ewi_calibration_close(j.calibration);
    ewi_rounded_free(j.rounded);
    ewi_importance_close(j.importance);
    ewi_pool_free(j.pool);
    ewi_free(j.is_written);
    ewi_free(j.targets);
    return status;
}
