/*
 * quantizer.c: a model's matrices rounded to a quantized type and written as a package, tensor by tensor in
 * slabs of tiles: what is held at a time does not grow with the model.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/sha256.h"
#include "engine/input_ranges.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "os/pages.h"
#include "package/package_writer.h"
#include "quant/gptq.h"

#define SLAB_BYTES ((size_t)4 << 20) /* of packed tiles, about */
#define HASH_BYTES ((size_t)8 << 20) /* of the source at a time */

static const struct {
    const char *name;
    ewi_dtype dtype;
} types[] = {{"q4s", EWI_Q4S},  {"q8c", EWI_Q8C},    {"q4c", EWI_Q4C},
             {"q8g", EWI_Q8_0}, {"q4g32", EWI_Q4_0}, {"q4g128", EWI_Q4G128}};

typedef struct job {
    const ewi_checkpoint *source;
    const char *type;
    ewi_dtype dtype;
    ewi_pool *pool;
    ewi_package *package;
    ew_progress_fn on_progress;
    void *user;
    uint64_t done, total; /* bytes of tensors; with a calibration each counts once more for it */
    ew_quantize_report *report;
    ewi_calibration *calibration; /* NULL: no text is needed */
    ewi_channel_scales *scales;   /* NULL: channels stay as they are */
    ewi_input_ranges *ranges;     /* NULL: nobody asks for them */
    const char *ranges_name;      /* what they are */
    bool is_gptq;                 /* else weights are rounded to nearest */
    uint64_t n_windows;           /* that were run, of all stages */
    uint64_t calibrated;          /* of total */
    bool *is_written;             /* [source's n_tensors] */
} job;

static ew_status tell(const job *j, ew_error *err) {
    EWI_TRY(ewi_checkpoint_check(j->source, err));
    if (!j->on_progress || j->on_progress(j->user, j->done + j->calibrated, j->total)) return EW_OK;
    return ewi_fail(err, EW_CANCELLED, "cancelled: no package was made");
}

/* ---- matrices ---- */

/* Tiles of one matrix that are rounded together. */
typedef struct slab {
    const ewi_tensor *source;
    const ewi_channel_scales *scales; /* NULL: rows are as in the source */
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
    if (s->scales) ewi_channel_scales_apply(s->scales, s->source, row, n_rows, rows);
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

static ew_status check_faults(const slab *s, const char *type, ew_error *err) {
    for (size_t i = 0; i < s->n_tiles; i++) {
        if (s->faults[i] == EWI_ROUND_FINE) continue;
        const char *why = "holds infinities or NaN: it cannot be quantized";
        if (s->faults[i] == EWI_ROUND_TOO_LARGE) why = "holds weights that are too large for this type";
        size_t row = (s->first + i) * EWI_TILE_OUTPUTS;
        return ewi_fail(err, EW_FORMAT, "tensor %.*s, rows from %zu on: %s (%s)",
                        EWI_STR_ARG(s->source->name), row, why, type);
    }
    return EW_OK;
}

static ew_status write_slab(job *j, const slab *s, ew_quantize_row *row, ew_error *err) {
    EWI_TRY(check_faults(s, j->type, err));
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

static ew_status check_matrix(const ewi_tensor *t, ew_error *err) {
    if (!ewi_kernels_get()->widen[t->dtype])
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: type %s cannot be quantized", EWI_STR_ARG(t->name),
                        ewi_dtype_get(t->dtype)->name);
    if (t->dims[1] > EWI_PACKED_MAX_K)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "tensor %.*s: has %" PRIu64 " inputs, a quantized one at most %u",
                        EWI_STR_ARG(t->name), t->dims[1], EWI_PACKED_MAX_K);
    return EW_OK;
}

static ew_status round_matrix(job *j, const ewi_tensor *t, const ewi_hessian *h, ew_quantize_row *row,
                              ew_error *err) {
    EWI_TRY(check_matrix(t, err));
    const uint32_t n_threads = ewi_pool_n_threads(j->pool);
    slab s = {.source = t,
              .scales = j->scales,
              .dtype = j->dtype,
              .n = (size_t)t->dims[0],
              .k = (size_t)t->dims[1],
              .h = h};
    s.tile_bytes = ewi_packed_tile_bytes(j->dtype, s.k);
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

/* ---- vectors ---- */

static ew_status copy_vector(job *j, const ewi_tensor *t, ew_error *err) {
    size_t n = (size_t)ewi_tensor_n_elements(t);
    float *y = ewi_alloc_array(n, sizeof *y);
    if (!y) return ewi_no_memory(err, "norms and biases");
    ewi_kernels_get()->widen[t->dtype](y, t->data, n);
    if (j->scales) ewi_channel_scales_apply(j->scales, t, 0, n, y);
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

/* What the package holds of a tensor; its data is not there yet. */
static ew_status describe(const job *j, const ewi_tensor *t, ewi_tensor *out, ew_error *err) {
    if (t->n_dims > 2)
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: quantizing %u dimensions is not implemented",
                        EWI_STR_ARG(t->name), t->n_dims);
    *out = *t;
    if (j->ranges) out->input_scale = ewi_input_ranges_scale(j->ranges, t);
    out->packed = t->n_dims == 2 && !stays_f32(t) && !is_norm(t);
    out->dtype = out->packed ? j->dtype : EWI_F32;
    if (!out->packed) return ewi_tensor_size(EWI_F32, t->n_dims, t->dims, &out->size_bytes, err);
    size_t bytes;
    EWI_TRY(check_matrix(t, err));
    if (!ewi_packed_bytes(j->dtype, (size_t)t->dims[0], (size_t)t->dims[1], &bytes))
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: its size overflows", EWI_STR_ARG(t->name));
    out->size_bytes = bytes;
    return EW_OK;
}

static ew_quantize_row *report_row(const job *j, ewi_dtype dtype) {
    ew_quantize_row *row = &j->report->rows[dtype == EWI_F32];
    row->dtype = ewi_dtype_get(dtype)->name;
    return row;
}

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
    return written.packed ? round_matrix(j, t, h, row, err) : copy_vector(j, t, err);
}

/* ---- calibration ---- */

static ew_status tell_of_window(void *user, ew_error *err) {
    job *j = user;
    const uint64_t n_windows = ewi_calibration_n_windows(j->calibration) * (j->ranges ? 2u : 1u),
                   n = ewi_calibration_n_stages(j->calibration) * n_windows;
    j->n_windows++;
    j->calibrated = (uint64_t)((double)(j->total / 2) * ((double)j->n_windows / (double)n));
    return tell(j, err);
}

static ew_status tell_of_scales(void *user, ew_error *err) {
    return tell(user, err);
}

#define DAMPING 0.01 /* as in the paper */

/* The stage's Hessians become those of what the written matrices will read. */
static ew_status factor_hessians(const job *j, ew_error *err) {
    const bool rotated = ewi_packed_info_get(j->dtype)->kind == EWI_PACKED_ROW;
    const ewi_reading *readings;
    size_t n = ewi_calibration_readings(j->calibration, &readings);
    for (size_t i = 0; i < n; i++) {
        const ewi_tensor *t = readings[i].first->weight;
        ewi_hessian_turn(readings[i].h, j->scales ? ewi_channel_scales_columns(j->scales, t) : NULL, rotated);
        EWI_TRY(ewi_hessian_factor(readings[i].h, DAMPING, t->name, err));
        EWI_TRY(tell(j, err));
    }
    return EW_OK;
}

static ew_status calibrate(job *j, uint32_t stage, ew_error *err) {
    EWI_TRY(ewi_calibration_run(j->calibration, stage, tell_of_window, j, err));
    if (j->scales) EWI_TRY(ewi_channel_scales_choose(j->scales, j->calibration, tell_of_scales, j, err));
    if (j->ranges)
        EWI_TRY(ewi_input_ranges_find(j->ranges, j->calibration, j->scales, tell_of_window, j, err));
    return j->is_gptq ? factor_hessians(j, err) : EW_OK;
}

/* The matrices of each stage's linear layers, as the calibration comes to them. */
static ew_status write_calibrated(job *j, ew_error *err) {
    for (uint32_t stage = 0; stage < ewi_calibration_n_stages(j->calibration); stage++) {
        EWI_TRY(calibrate(j, stage, err));
        for (size_t i = 0; i < j->source->n_tensors; i++) {
            const ewi_tensor *t = &j->source->tensors[i];
            const ewi_reading *r = ewi_calibration_find(j->calibration, t->name);
            if (!r || j->is_written[i]) continue;
            EWI_TRY(write_tensor(j, t, j->is_gptq ? r->h : NULL, err));
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
    char text[200], ranges[40] = "";
    const char *scaled = j->scales ? ",\"scaled\":true" : "";
    if (j->ranges) snprintf(ranges, sizeof ranges, ",\"activation_ranges\":\"%s\"", j->ranges_name);
    const char *source = j->source->kind == EWI_CHECKPOINT_GGUF ? "gguf" : "huggingface";
    int n = snprintf(text, sizeof text, "{\"version\":%u,\"type\":\"%s\",\"source\":\"%s\"%s%s}\n",
                     EWI_CONTAINER_VERSION, j->type, source, ranges, scaled);
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

static ew_status find_type(const char *name, job *j, ew_error *err) {
    for (size_t i = 0; i < EWI_COUNT(types); i++) {
        if (strcmp(name, types[i].name) != 0) continue;
        j->type = types[i].name;
        j->dtype = types[i].dtype;
        return EW_OK;
    }
    return ewi_fail(err, EW_INVALID, "type \"%.40s\" is none of q4s, q8c, q4c, q8g, q4g32, q4g128", name);
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

static ew_status check_method(const ew_quantize_options *o, const char *method, bool calibrates,
                              ew_error *err) {
    static const char *const methods[] = {"round", "gptq", "awq"};
    size_t i = 0;
    while (i < EWI_COUNT(methods) && strcmp(method, methods[i]) != 0) i++;
    if (i == EWI_COUNT(methods))
        return ewi_fail(err, EW_INVALID, "method \"%.40s\" is none of round, gptq, awq", method);
    if (!(o->smooth >= 0 && o->smooth <= 1))
        return ewi_fail(err, EW_INVALID, "smooth %g is not between 0 and 1", (double)o->smooth);
    if (o->smooth > 0 && strcmp(method, "awq") == 0)
        return ewi_fail(err, EW_INVALID, "smooth and method \"awq\" both scale channels: choose one");
    if (!calibrates && (o->calibration.len > 0 || o->calibration_tokens))
        return ewi_fail(err, EW_INVALID,
                        "method \"round\" takes a calibration text only with smooth or activation_ranges");
    return EW_OK;
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

static ew_status open_calibration(job *j, const ew_model *model, const ew_quantize_options *o,
                                  ew_error *err) {
    const char *method = o->method ? o->method : "round";
    const bool is_awq = strcmp(method, "awq") == 0, scales = is_awq || o->smooth > 0;
    j->is_gptq = strcmp(method, "gptq") == 0;
    const bool calibrates = j->is_gptq || scales || o->activation_ranges;
    EWI_TRY(check_method(o, method, calibrates, err));
    if (!calibrates) return EW_OK;
    if (o->activation_ranges) EWI_TRY(open_ranges(j, model, o->activation_ranges, err));
    const ewi_calibration_how text = {.n_tokens =
                                          o->calibration_tokens ? o->calibration_tokens : CALIBRATION_TOKENS,
                                      .n_threads = o->n_threads,
                                      .needs_hessians = j->is_gptq || is_awq,
                                      .runs_twice = j->ranges};
    EWI_TRY(ewi_calibration_open(model, o->calibration, &text, &j->calibration, err));
    j->total *= 2;
    const ewi_scaling_how how = {(double)o->smooth, j->dtype};
    return scales ? ewi_channel_scales_new(model, j->pool, &how, &j->scales, err) : EW_OK;
}

static ew_status prepare(job *j, const ew_model *model, const ew_quantize_options *o, ew_error *err) {
    EWI_TRY(check_source(model, err));
    EWI_TRY(find_type(o->type ? o->type : "q4s", j, err));
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
    if (j.scales) {
        j.report->n_sites = ewi_channel_scales_n_sites(j.scales);
        j.report->n_scaled = ewi_channel_scales_n_scaled(j.scales);
    }
    ewi_input_ranges_free(j.ranges);
    ewi_channel_scales_free(j.scales);
    ewi_calibration_close(j.calibration);
    ewi_pool_free(j.pool);
    ewi_free(j.is_written);
    return status;
}
