/*
 * quantizer.c: a model's matrices rounded, each to its type, and written as a package, tensor by tensor in
 * slabs of tiles: what is held at a time does not grow with the model.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/sha256.h"
#include "engine/calibrate.h"
#include "engine/pool.h"
#include "kernels/half.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "os/pages.h"
#include "package/package_writer.h"
#include "quant/gptq.h"

#define SLAB_BYTES ((size_t)4 << 20) /* of packed tiles, about */
#define HASH_BYTES ((size_t)8 << 20) /* of the source at a time */

/* What a matrix may become. */
typedef struct target {
    const char *name;
    ewi_dtype dtype;
} target;

static const target targets[] = {{"q4s", EWI_Q4S},  {"q8c", EWI_Q8C},    {"q4c", EWI_Q4C},
                                 {"q8g", EWI_Q8_0}, {"q4g32", EWI_Q4_0}, {"q4g128", EWI_Q4G128},
                                 {"f16", EWI_F16}};

typedef struct job {
    const ewi_checkpoint *source;
    const target **targets; /* [source's n_tensors] of those that are matrices */
    const char *type;       /* of all of them, or "mixed" */
    ewi_pool *pool;
    ewi_package *package;
    ew_progress_fn on_progress;
    void *user;
    uint64_t done, total; /* bytes of tensors */
    ew_quantize_report *report;
    ewi_calibration *calibration; /* NULL: weights are rounded to nearest */
    bool *is_written;             /* [source's n_tensors] */
} job;

static const target *target_of(const job *j, const ewi_tensor *t) {
    return j->targets[t - j->source->tensors];
}

static ew_status tell(const job *j, ew_error *err) {
    EWI_TRY(ewi_checkpoint_check(j->source, err));
    if (!j->on_progress || j->on_progress(j->user, j->done, j->total)) return EW_OK;
    return ewi_fail(err, EW_CANCELLED, "cancelled: no package was made");
}

/* ---- matrices ---- */

/* Tiles of one matrix that are rounded together. */
typedef struct slab {
    const ewi_tensor *source;
    ewi_dtype dtype;
    size_t n, k, tile_bytes, first, n_tiles;
    uint8_t *tiles, *scratch; /* scratch: a thread's part after another's */
    size_t scratch_bytes;
    const ewi_hessian *h;    /* of what the matrix is multiplied with; NULL: round to nearest */
    ewi_round_sums *sums;    /* [n_tiles] */
    ewi_round_fault *faults; /* [n_tiles] */
} slab;

static size_t row_bytes(const slab *s) {
    return (size_t)(s->source->size_bytes / s->n);
}

static void round_tile(const slab *s, size_t i, uint8_t *scratch) {
    size_t row = (s->first + i) * EWI_TILE_OUTPUTS, n_rows = s->n - row;
    if (n_rows > EWI_TILE_OUTPUTS) n_rows = EWI_TILE_OUTPUTS;
    float *rows = (float *)(void *)scratch;
    const uint8_t *from = s->source->data + row * row_bytes(s);
    ewi_kernels_get()->widen[s->source->dtype](rows, from, n_rows * s->k);
    uint8_t *tile = s->tiles + i * s->tile_bytes;
    float *rest = rows + EWI_TILE_OUTPUTS * s->k;
    s->faults[i] = s->h ? ewi_gptq_tile(s->dtype, tile, rows, n_rows, s->h, rest, &s->sums[i])
                        : ewi_round_tile(s->dtype, tile, rows, n_rows, s->k, rest, &s->sums[i]);
}

static void round_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const slab *s = arg;
    for (size_t i = thread; i < s->n_tiles; i += n_threads)
        round_tile(s, i, s->scratch + thread * s->scratch_bytes);
}

static ew_status check_faults(const slab *s, const target *to, ew_error *err) {
    for (size_t i = 0; i < s->n_tiles; i++) {
        if (s->faults[i] == EWI_ROUND_FINE) continue;
        const char *why = "holds infinities or NaN: it cannot be quantized";
        if (s->faults[i] == EWI_ROUND_TOO_LARGE) why = "holds weights that are too large for this type";
        size_t row = (s->first + i) * EWI_TILE_OUTPUTS;
        return ewi_fail(err, EW_FORMAT, "tensor %.*s, rows from %zu on: %s (%s)",
                        EWI_STR_ARG(s->source->name), row, why, to->name);
    }
    return EW_OK;
}

static ew_status write_slab(job *j, const slab *s, ew_quantize_row *row, ew_error *err) {
    EWI_TRY(check_faults(s, target_of(j, s->source), err));
    EWI_TRY(ewi_package_data(j->package, s->tiles, s->n_tiles * s->tile_bytes, err));
    for (size_t i = 0; i < s->n_tiles; i++) {
        row->squares += s->sums[i].weights;
        row->squared_errors += s->sums[i].errors;
    }
    size_t first = s->first * EWI_TILE_OUTPUTS, end = (s->first + s->n_tiles) * EWI_TILE_OUTPUTS;
    size_t bytes = ((end < s->n ? end : s->n) - first) * row_bytes(s);
    ewi_pages_drop(s->source->data + first * row_bytes(s), bytes);
    j->done += bytes;
    return tell(j, err);
}

static ew_status run_slabs(job *j, slab *s, size_t at_once, ew_quantize_row *row, ew_error *err) {
    size_t n_tiles = (s->n + EWI_TILE_OUTPUTS - 1) / EWI_TILE_OUTPUTS;
    for (s->first = 0; s->first < n_tiles; s->first += at_once) {
        s->n_tiles = n_tiles - s->first < at_once ? n_tiles - s->first : at_once;
        ewi_pool_run(j->pool, round_share, s);
        EWI_TRY(write_slab(j, s, row, err));
    }
    return EW_OK;
}

static ew_status check_matrix(const ewi_tensor *t, bool packed, ew_error *err) {
    if (!ewi_kernels_get()->widen[t->dtype])
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: type %s cannot be quantized", EWI_STR_ARG(t->name),
                        ewi_dtype_get(t->dtype)->name);
    if (packed && t->dims[1] > EWI_PACKED_MAX_K)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "tensor %.*s: has %" PRIu64 " inputs, a quantized one at most %u",
                        EWI_STR_ARG(t->name), t->dims[1], EWI_PACKED_MAX_K);
    return EW_OK;
}

static ew_status round_matrix(job *j, const ewi_tensor *t, const ewi_hessian *h, ew_quantize_row *row,
                              ew_error *err) {
    const uint32_t n_threads = ewi_pool_n_threads(j->pool);
    slab s = {.source = t, .n = (size_t)t->dims[0], .k = (size_t)t->dims[1], .h = h};
    s.dtype = target_of(j, t)->dtype;
    s.tile_bytes = ewi_packed_tile_bytes(s.dtype, s.k);
    size_t at_once = SLAB_BYTES / s.tile_bytes / n_threads * n_threads;
    if (at_once == 0) at_once = n_threads;
    size_t rows_bytes = EWI_TILE_OUTPUTS * s.k * sizeof(float);
    size_t rest_bytes = h ? ewi_gptq_scratch_bytes(s.k) : ewi_round_scratch_bytes(s.k);
    if (!ewi_align_size(rows_bytes + rest_bytes, 64, &s.scratch_bytes)) return ewi_no_memory(err, "rows");
    s.tiles = ewi_alloc_array(at_once, s.tile_bytes);
    s.scratch = ewi_alloc_array(n_threads, s.scratch_bytes);
    s.sums = ewi_alloc_array(at_once, sizeof *s.sums);
    s.faults = ewi_alloc_array(at_once, sizeof *s.faults);
    bool fine = s.tiles && s.scratch && s.sums && s.faults;
    ew_status status = fine ? run_slabs(j, &s, at_once, row, err) : ewi_no_memory(err, "tiles of weights");
    ewi_free(s.tiles);
    ewi_free(s.scratch);
    ewi_free(s.sums);
    ewi_free(s.faults);
    return status;
}

/* ---- 16 bits ---- */

/* False: one was no number, or too large. */
static bool narrow(uint16_t *y, const float *x, size_t n, ew_quantize_row *row) {
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        y[i] = ewi_f32_to_f16(x[i]);
        double kept = (double)ewi_f16_to_f32(y[i]), error = (double)x[i] - kept;
        fits = fits && isfinite(kept);
        row->squares += (double)x[i] * (double)x[i];
        row->squared_errors += error * error;
    }
    return fits;
}

static ew_status narrow_rows(job *j, const ewi_tensor *t, float *x, ew_quantize_row *row, ew_error *err) {
    const size_t n = (size_t)t->dims[0], k = (size_t)t->dims[1], bytes = (size_t)(t->size_bytes / n);
    uint16_t *y = (uint16_t *)(void *)(x + k);
    for (size_t i = 0; i < n; i++) {
        ewi_kernels_get()->widen[t->dtype](x, t->data + i * bytes, k);
        if (!narrow(y, x, k, row))
            return ewi_fail(err, EW_FORMAT, "tensor %.*s, row %zu: holds weights that are no f16",
                            EWI_STR_ARG(t->name), i);
        EWI_TRY(ewi_package_data(j->package, y, k * sizeof *y, err));
        j->done += bytes;
    }
    return tell(j, err);
}

static ew_status narrow_matrix(job *j, const ewi_tensor *t, ew_quantize_row *row, ew_error *err) {
    float *x = ewi_alloc_array((size_t)t->dims[1], sizeof *x + sizeof(uint16_t));
    if (!x) return ewi_no_memory(err, "rows");
    ew_status status = narrow_rows(j, t, x, row, err);
    ewi_free(x);
    return status;
}

/* ---- vectors ---- */

static ew_status copy_vector(job *j, const ewi_tensor *t, ew_error *err) {
    size_t n = (size_t)ewi_tensor_n_elements(t);
    float *y = ewi_alloc_array(n, sizeof *y);
    if (!y) return ewi_no_memory(err, "norms and biases");
    ewi_kernels_get()->widen[t->dtype](y, t->data, n);
    ew_status status = ewi_package_data(j->package, y, n * sizeof *y, err);
    ewi_free(y);
    j->done += t->size_bytes;
    return status == EW_OK ? tell(j, err) : status;
}

/* ---- tensors ---- */

/* Routers are small, and their errors choose other experts; of an encoder's other embeddings only some rows
 * are read. */
static bool stays_f32(const ewi_tensor *t) {
    static const char *const endings[] = {".mlp.gate.weight", ".ffn_gate_inp.weight", "token_types.weight",
                                          ".token_type_embeddings.weight", ".position_embeddings.weight"};
    for (size_t i = 0; i < EWI_COUNT(endings); i++)
        if (ewi_str_ends(t->name, endings[i])) return true;
    return false;
}

/* The weights of all heads' norms may be one tensor. */
static bool is_norm(const ewi_tensor *t) {
    return ewi_str_ends(t->name, "_norm.weight");
}

static bool is_matrix(const ewi_tensor *t) {
    return t->n_dims == 2 && !stays_f32(t) && !is_norm(t);
}

/* What the package holds of a tensor; its data is not there yet. */
static ew_status describe(const job *j, const ewi_tensor *t, ewi_tensor *out, ew_error *err) {
    if (t->n_dims > 2)
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: quantizing %u dimensions is not implemented",
                        EWI_STR_ARG(t->name), t->n_dims);
    *out = *t;
    out->dtype = is_matrix(t) ? target_of(j, t)->dtype : EWI_F32;
    out->packed = ewi_packed_info_get(out->dtype);
    if (is_matrix(t)) EWI_TRY(check_matrix(t, out->packed, err));
    if (!out->packed) return ewi_tensor_size(out->dtype, t->n_dims, t->dims, &out->size_bytes, err);
    size_t bytes;
    if (!ewi_packed_bytes(out->dtype, (size_t)t->dims[0], (size_t)t->dims[1], &bytes))
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: its size overflows", EWI_STR_ARG(t->name));
    out->size_bytes = bytes;
    return EW_OK;
}

/* Of vectors the last one. */
static ew_quantize_row *report_row(const job *j, ewi_dtype dtype) {
    size_t i = 0;
    while (i < EWI_COUNT(targets) && targets[i].dtype != dtype) i++;
    ew_quantize_row *row = &j->report->rows[i];
    row->dtype = ewi_dtype_get(dtype)->name;
    return row;
}
_Static_assert(EWI_COUNT(targets) < EW_QUANTIZE_ROWS, "a row for each type");

/* h: of what a matrix is multiplied with; NULL: it is rounded to nearest. */
static ew_status write_tensor(job *j, const ewi_tensor *t, const ewi_hessian *h, ew_error *err) {
    ewi_tensor written;
    EWI_TRY(describe(j, t, &written, err));
    ew_quantize_row *row = report_row(j, written.dtype);
    row->n_tensors++;
    row->n_params += ewi_tensor_n_elements(t);
    row->source_bytes += t->size_bytes;
    row->size_bytes += written.size_bytes;
    EWI_TRY(ewi_package_tensor(j->package, &written, err));
    if (written.packed) return round_matrix(j, t, h, row, err);
    return written.dtype == EWI_F16 ? narrow_matrix(j, t, row, err) : copy_vector(j, t, err);
}

static bool is_rotated(const target *to) {
    const ewi_packed_info *info = ewi_packed_info_get(to->dtype);
    return info && info->kind == EWI_PACKED_ROW;
}

static ew_status tell_of_window(void *user, ew_error *err) {
    return tell(user, err);
}

/* The matrices of each stage's linear layers, as the calibration comes to them. */
static ew_status write_calibrated(job *j, ew_error *err) {
    for (uint32_t stage = 0; stage < ewi_calibration_n_stages(j->calibration); stage++) {
        EWI_TRY(ewi_calibration_run(j->calibration, stage, tell_of_window, j, err));
        for (size_t i = 0; i < j->source->n_tensors; i++) {
            const ewi_tensor *t = &j->source->tensors[i];
            if (j->is_written[i] || !is_matrix(t)) continue;
            const ewi_hessian *h = ewi_calibration_find(j->calibration, t->name, is_rotated(j->targets[i]));
            if (!h) continue;
            EWI_TRY(write_tensor(j, t, h, err));
            j->is_written[i] = true;
        }
    }
    return EW_OK;
}

static ew_status write_tensors(job *j, ew_error *err) {
    if (j->calibration) EWI_TRY(write_calibrated(j, err));
    for (size_t i = 0; i < j->source->n_tensors; i++)
        if (!j->is_written[i]) EWI_TRY(write_tensor(j, &j->source->tensors[i], NULL, err));
    return EW_OK;
}

/* ---- the source's own metadata ---- */

/* The GGUF file up to the end of its metadata, with 0 for the number of tensors. */
static ew_status add_gguf(const job *j, ew_error *err) {
    const ewi_gguf *gguf = &j->source->gguf;
    ewi_bytes file = ewi_map_bytes(j->source->maps[0]);
    size_t len = 24;
    if (gguf->n_kv > 0) {
        const ewi_bytes last = gguf->kv[gguf->n_kv - 1].value;
        len = (size_t)(last.data - file.data) + last.len;
    }
    uint8_t *header = ewi_alloc(len);
    if (!header) return ewi_no_memory(err, "the metadata");
    memcpy(header, file.data, len);
    memset(header + 8, 0, 8);
    ew_status status = ewi_package_add(j->package, EWI_BLOB_GGUF_METADATA, (ewi_bytes){header, len}, err);
    ewi_free(header);
    return status;
}

static ew_status add_file(const job *j, ewi_blob_role role, const char *name, ew_error *err) {
    char path[4096];
    ewi_map *map;
    if (!ewi_path_join(path, sizeof path, j->source->folder, ewi_str(name)) || !ewi_is_file(path))
        return EW_OK;
    EWI_TRY(ewi_map_open(path, &map, err));
    ew_status status = ewi_package_add(j->package, role, ewi_map_bytes(map), err);
    if (status == EW_OK) status = ewi_map_check(map, err);
    ewi_map_close(map);
    return status;
}

static ew_status add_source(const job *j, ew_error *err) {
    if (j->source->kind == EWI_CHECKPOINT_GGUF) return add_gguf(j, err);
    EWI_TRY(ewi_package_add(j->package, EWI_BLOB_HF_CONFIG, j->source->config, err));
    EWI_TRY(add_file(j, EWI_BLOB_HF_TOKENIZER, "tokenizer.json", err));
    EWI_TRY(add_file(j, EWI_BLOB_HF_TOKENIZER_CONFIG, "tokenizer_config.json", err));
    EWI_TRY(add_file(j, EWI_BLOB_HF_CHAT_TEMPLATE, "chat_template.jinja", err));
    EWI_TRY(add_file(j, EWI_BLOB_HF_GENERATION_CONFIG, "generation_config.json", err));
    return add_file(j, EWI_BLOB_HF_POOLING, "1_Pooling/config.json", err);
}

static ew_status add_config(const job *j, ew_error *err) {
    char text[200];
    const char *source = j->source->kind == EWI_CHECKPOINT_GGUF ? "gguf" : "huggingface";
    int n = snprintf(text, sizeof text, "{\"version\":%u,\"type\":\"%s\",\"source\":\"%s\"}\n",
                     EWI_CONTAINER_VERSION, j->type, source);
    return ewi_package_add(j->package, EWI_BLOB_CONFIG, (ewi_bytes){(const uint8_t *)text, (size_t)n}, err);
}

/* Of all files that were mapped, one after the other: of a GGUF file what sha256sum says. */
static ew_status hash_maps(const job *j, ewi_sha256 *hash, ew_error *err) {
    for (size_t i = 0; i < j->source->n_maps; i++) {
        ewi_bytes bytes = ewi_map_bytes(j->source->maps[i]);
        for (size_t at = 0; at < bytes.len; at += HASH_BYTES) {
            size_t n = bytes.len - at < HASH_BYTES ? bytes.len - at : HASH_BYTES;
            ewi_sha256_add(hash, bytes.data + at, n);
            ewi_pages_drop(bytes.data + at, n);
            EWI_TRY(tell(j, err));
        }
    }
    return EW_OK;
}

static ew_status hash_source(const job *j, char text[80], ew_error *err) {
    uint8_t digest[EWI_SHA256_BYTES];
    char hex[EWI_SHA256_HEX];
    ewi_sha256 *hash;
    EWI_TRY(ewi_sha256_new(&hash, err));
    ew_status status = hash_maps(j, hash, err);
    if (status != EW_OK) {
        ewi_sha256_free(hash);
        return status;
    }
    EWI_TRY(ewi_sha256_end(hash, digest, err));
    ewi_hex(digest, sizeof digest, hex);
    snprintf(text, 80, "sha256:%s", hex);
    return EW_OK;
}

/* ---- the whole ---- */

static ew_status write_package(job *j, ew_error *err) {
    char source[80];
    EWI_TRY(tell(j, err));
    EWI_TRY(add_config(j, err));
    EWI_TRY(add_source(j, err));
    EWI_TRY(write_tensors(j, err));
    EWI_TRY(hash_source(j, source, err));
    return ewi_package_close(j->package, &(ewi_package_notes){j->type, source}, err);
}

/* NULL when there is none, which is EW_INVALID. */
static const target *find_target(const char *name, ew_error *err) {
    for (size_t i = 0; i < EWI_COUNT(targets); i++)
        if (strcmp(name, targets[i].name) == 0) return &targets[i];
    ewi_fail(err, EW_INVALID, "type \"%.40s\" is none of q4s, q8c, q4c, q8g, q4g32, q4g128, f16", name);
    return NULL;
}

static ew_status choose_target(job *j, const ew_tensor_type *one, ew_error *err) {
    for (size_t i = 0; i < j->source->n_tensors; i++) {
        if (!ewi_str_eq(j->source->tensors[i].name, one->tensor)) continue;
        if (!is_matrix(&j->source->tensors[i]))
            return ewi_fail(err, EW_INVALID, "tensor %.*s: stays F32", EWI_STR_ARG(one->tensor));
        j->targets[i] = find_target(one->type, err);
        return j->targets[i] ? EW_OK : EW_INVALID;
    }
    return ewi_fail(err, EW_INVALID, "tensor %.*s: the model has none of this name",
                    EWI_STR_ARG(one->tensor));
}

static ew_status choose_targets(job *j, const ew_quantize_options *o, ew_error *err) {
    const target *first = find_target(o->type ? o->type : "q4s", err);
    if (!first) return EW_INVALID;
    j->type = first->name;
    j->targets = ewi_alloc_array(j->source->n_tensors + 1, sizeof *j->targets);
    if (!j->targets) return ewi_no_memory(err, "a package");
    for (size_t i = 0; i < j->source->n_tensors; i++) j->targets[i] = first;
    for (size_t i = 0; i < o->n_types; i++) {
        EWI_TRY(choose_target(j, &o->types[i], err));
        if (strcmp(o->types[i].type, first->name) != 0) j->type = "mixed";
    }
    return EW_OK;
}

static ew_status check_source(const ew_model *model, ew_error *err) {
    const ewi_checkpoint *c = &model->checkpoint;
    if (c->is_container)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "the model is a package of quantized weights: quantize what it was made from");
    if (c->kind == EWI_CHECKPOINT_SAFETENSORS && model->hparams.arch->hf_is_turned)
        return ewi_fail(
            err, EW_UNSUPPORTED,
            "this folder's matrices are transposed, as a package's are not: quantize its GGUF file");
    return EW_OK;
}

#define CALIBRATION_TOKENS 16384u

static ew_status open_calibration(job *j, const ew_model *model, const ew_quantize_options *o,
                                  ew_error *err) {
    const char *method = o->method ? o->method : "round";
    if (strcmp(method, "round") == 0) {
        if (o->calibration.len == 0 && !o->calibration_tokens && !o->calibration_special) return EW_OK;
        return ewi_fail(err, EW_INVALID, "method \"round\" takes no calibration text");
    }
    if (strcmp(method, "gptq") != 0)
        return ewi_fail(err, EW_INVALID, "method \"%.40s\" is none of round, gptq", method);
    ewi_calibration_options how = {.text = o->calibration,
                                   .n_tokens =
                                       o->calibration_tokens ? o->calibration_tokens : CALIBRATION_TOKENS,
                                   .special = o->calibration_special,
                                   .n_threads = o->n_threads};
    for (size_t i = 0; i < j->source->n_tensors; i++) {
        bool packed = ewi_packed_info_get(j->targets[i]->dtype), rotated = is_rotated(j->targets[i]);
        how.plain |= packed && !rotated;
        how.rotated |= rotated;
    }
    return ewi_calibration_open(model, &how, &j->calibration, err);
}

static ew_status prepare(job *j, const ew_model *model, const ew_quantize_options *o, ew_error *err) {
    EWI_TRY(check_source(model, err));
    EWI_TRY(choose_targets(j, o, err));
    for (size_t i = 0; i < j->source->n_tensors; i++) j->total += j->source->tensors[i].size_bytes;
    j->is_written = ewi_alloc_array(j->source->n_tensors + 1, sizeof *j->is_written);
    if (!j->is_written) return ewi_no_memory(err, "a package");
    memset(j->is_written, 0, j->source->n_tensors * sizeof *j->is_written);
    EWI_TRY(ewi_pool_new(o->n_threads, &j->pool, err));
    EWI_TRY(open_calibration(j, model, o, err));
    return EW_OK;
}

ew_status ew_quantize(const ew_model *model, const char *path, const ew_quantize_options *options,
                      ew_progress_fn on_progress, void *user, ew_quantize_report *report, ew_error *err) {
    EWI_REQUIRE(model && path && (!options || options->struct_size == sizeof *options), err);
    const ew_quantize_options o = options ? *options : (ew_quantize_options){0};
    ew_quantize_report unread;
    job j = {.source = &model->checkpoint, .on_progress = on_progress, .user = user, .report = report};
    if (!report) j.report = &unread;
    *j.report = (ew_quantize_report){0};
    ew_status status = prepare(&j, model, &o, err);
    if (status == EW_OK) status = ewi_package_open(path, o.replace, &j.package, err);
    if (status == EW_OK) {
        status = write_package(&j, err);
        if (status != EW_OK) ewi_package_abandon(j.package);
    }
    ewi_calibration_close(j.calibration);
    ewi_pool_free(j.pool);
    ewi_free(j.is_written);
    ewi_free(j.targets);
    return status;
}
