/*
 * quantizing_tensor.c: what becomes of a tensor, and its bytes: made, or taken from a run that was
 * interrupted.
 */
#include <inttypes.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/quantizing.h"
#include "kernels/kernels.h"

/* ---- vectors ---- */

static ew_status copy_vector(ewi_quantizing *j, const ewi_tensor *t, ew_error *err) {
    size_t n = (size_t)ewi_tensor_n_elements(t);
    float *y = ewi_alloc_array(n, sizeof *y);
    if (!y) return ewi_no_memory(err, "norms and biases");
    ewi_kernels_get()->widen[t->dtype](y, t->data, n);
    if (j->scales) ewi_channel_scales_apply(j->scales, t, 0, n, y);
    ew_status status = j->gguf ? ewi_gguf_out_vector(j->gguf, t, y, err) : EW_OK;
    if (status == EW_OK) status = ewi_quantizing_put(j, y, n * sizeof *y, err);
    ewi_free(y);
    j->done += t->size_bytes;
    return status == EW_OK ? ewi_quantizing_tell(j, err) : status;
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

bool ewi_quantizing_is_matrix(const ewi_quantizing *j, const ewi_tensor *t) {
    if (stays_f32(t) || is_norm(t)) return false;
    return t->n_dims >= 2 && !(j->is_gguf && ewi_str_is(t->name, "position_embd.weight"));
}

/* GGUF has a type for whole blocks only. */
static ew_status check_blocks(const ewi_quantizing *j, const ewi_tensor *t, ew_error *err) {
    const uint32_t block = ewi_dtype_get(j->dtype)->block_elements;
    const uint64_t k = ewi_quantizing_n_inputs(t);
    if (k % block == 0) return EW_OK;
    const char *what = k % 32 == 0 ? "q8_0, q5_1, q5_0, q4_1 and q4_0 have blocks of 32"
                                   : "f16 has none, or make a package: name a folder with -o";
    return ewi_fail(err, EW_UNSUPPORTED,
                    "tensor %.*s: has %" PRIu64 " inputs, which is no multiple of %u, the block of %s: %s",
                    EWI_STR_ARG(t->name), k, block, j->type, what);
}

static ew_status describe_blocks(const ewi_quantizing *j, const ewi_tensor *t, ewi_tensor *out,
                                 ew_error *err) {
    *out = *t;
    out->packed = false;
    out->dtype = ewi_quantizing_is_matrix(j, t) ? j->dtype : EWI_F32;
    if (ewi_quantizing_is_matrix(j, t)) {
        EWI_TRY(ewi_quantizing_check_matrix(t, out->dtype, err));
        EWI_TRY(check_blocks(j, t, err));
    }
    return ewi_tensor_size(out->dtype, t->n_dims, t->dims, &out->size_bytes, err);
}

/* What the output holds of a tensor; its data is not there yet. */
ew_status ewi_quantizing_describe(const ewi_quantizing *j, const ewi_tensor *t, ewi_tensor *out,
                                  ew_error *err) {
    if (j->is_gguf) return describe_blocks(j, t, out, err);
    if (t->n_dims > 3)
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: quantizing %u dimensions is not implemented",
                        EWI_STR_ARG(t->name), t->n_dims);
    *out = *t;
    if (j->ranges) out->input_scale = ewi_input_ranges_scale(j->ranges, t);
    out->dtype = ewi_quantizing_is_matrix(j, t) ? ewi_quantizing_target_of(j, t)->dtype : EWI_F32;
    out->packed = ewi_packed_info_get(out->dtype);
    if (ewi_quantizing_is_matrix(j, t)) EWI_TRY(ewi_quantizing_check_matrix(t, out->dtype, err));
    if (!out->packed) return ewi_tensor_size(out->dtype, t->n_dims, t->dims, &out->size_bytes, err);
    const ewi_stack stack = ewi_stack_of(t);
    size_t bytes;
    if (!ewi_stack_bytes(&stack, out->dtype, &bytes))
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: its size overflows", EWI_STR_ARG(t->name));
    out->size_bytes = bytes;
    return EW_OK;
}

/* A package's matrices have a row for each type, a GGUF file's, which are all of one, the first. */
static ew_quantize_row *report_row(const ewi_quantizing *j, const ewi_tensor *t, ewi_dtype written) {
    const size_t i =
        ewi_quantizing_is_matrix(j, t) ? ewi_quantizing_target_of(j, t)->row : EW_QUANTIZE_ROWS - 1;
    EW_ASSERT(i < EW_QUANTIZE_ROWS);
    ew_quantize_row *row = &j->report->rows[i];
    row->dtype = ewi_dtype_get(written)->name;
    return row;
}

/* ---- what an earlier run had made ---- */

/* By the rounded model's layers. */
static bool is_read(const ewi_quantizing *j, const ewi_tensor *t) {
    return j->rounded && ewi_quantizing_is_matrix(j, t);
}

static ew_status copy_kept(const ewi_quantizing *j, const ewi_kept_tensor *kept, bool read, uint8_t *piece,
                           ew_error *err) {
    for (uint64_t from = 0; from < kept->size_bytes; from += EWI_QUANTIZING_PIECE_BYTES) {
        const uint64_t rest = kept->size_bytes - from;
        const size_t n = rest < EWI_QUANTIZING_PIECE_BYTES ? (size_t)rest : EWI_QUANTIZING_PIECE_BYTES;
        EWI_TRY(ewi_kept_read(j->kept, kept, from, piece, n, err));
        if (read) ewi_rounded_add(j->rounded, piece, n);
        EWI_TRY(ewi_quantizing_write(j, piece, n, err));
    }
    return EW_OK;
}

static ew_status take_kept(ewi_quantizing *j, const ewi_tensor *t, const ewi_kept_tensor *kept,
                           ew_quantize_row *row, ew_error *err) {
    uint8_t *piece = ewi_alloc(EWI_QUANTIZING_PIECE_BYTES);
    if (!piece) return ewi_no_memory(err, "what was kept of tensors");
    ew_status status = copy_kept(j, kept, is_read(j, t), piece, err);
    ewi_free(piece);
    row->squares = kept->squares;
    row->squared_errors = kept->squared_errors;
    j->report->n_resumed++;
    j->done += t->size_bytes;
    return status == EW_OK ? ewi_quantizing_tell(j, err) : status;
}

/* ---- a tensor, made or taken ---- */

static ew_status make_tensor(ewi_quantizing *j, const ewi_tensor *t, ewi_quantizing_inputs *in,
                             uint64_t size_bytes, ew_quantize_row *row, ew_error *err) {
    const uint64_t index = (uint64_t)(t - j->source->tensors);
    const ewi_kept_tensor *kept = j->kept ? ewi_kept_next(j->kept, index, size_bytes) : NULL;
    if (is_read(j, t)) EWI_TRY(ewi_rounded_begin(j->rounded, t, err));
    if (kept) return take_kept(j, t, kept, row, err);
    if (j->kept) EWI_TRY(ewi_kept_begin(j->kept, index, size_bytes, err));
    if (in && !in->h && !in->routed) EWI_TRY(ewi_quantizing_learn(j, in, err));
    EWI_TRY(ewi_quantizing_is_matrix(j, t) ? ewi_quantizing_matrix(j, t, in, row, err)
                                           : copy_vector(j, t, err));
    return j->kept ? ewi_kept_end(j->kept, row->squares, row->squared_errors, err) : EW_OK;
}

/* in: what a matrix is multiplied with; NULL: it is rounded to nearest. */
static ew_status write_tensor(ewi_quantizing *j, const ewi_tensor *t, ewi_quantizing_inputs *in,
                              ew_error *err) {
    ewi_tensor written;
    EWI_TRY(ewi_quantizing_describe(j, t, &written, err));
    ew_quantize_row *row = report_row(j, t, written.dtype);
    row->n_tensors++;
    row->n_params += ewi_tensor_n_elements(t);
    row->source_bytes += t->size_bytes;
    row->size_bytes += written.size_bytes;
    EWI_TRY(j->gguf ? ewi_gguf_out_tensor(j->gguf, t, &written, err)
                    : ewi_package_tensor(j->package, &written, err));
    return make_tensor(j, t, in, written.size_bytes, row, err);
}

ew_status ewi_quantizing_write_once(ewi_quantizing *j, const ewi_tensor *t, ewi_quantizing_inputs *in,
                                    ew_error *err) {
    bool *is_written = &j->is_written[t - j->source->tensors];
    if (*is_written) return EW_OK;
    EWI_TRY(write_tensor(j, t, in, err));
    *is_written = true;
    return EW_OK;
}
