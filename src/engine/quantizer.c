/*
 * quantizer.c: a model's matrices rounded, each to its type, and written as a package or a GGUF file, tensor
 * by tensor: from the options to the whole.
 */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/quantizing.h"
#include "quant/weighed.h"

/* A package's have a row of the report each. */
static const ewi_quantizing_target targets[] = {
    {"q4s", EWI_Q4S, false, 0},  {"q8c", EWI_Q8C, false, 1},    {"q4c", EWI_Q4C, false, 2},
    {"q8g", EWI_Q8_0, false, 3}, {"q4g32", EWI_Q4_0, false, 4}, {"q4g128", EWI_Q4G128, false, 5},
    {"f16", EWI_F16, false, 6},  {"q8_0", EWI_Q8_0, true, 0},   {"q4_0", EWI_Q4_0, true, 0},
    {"q4_1", EWI_Q4_1, true, 0}, {"q5_0", EWI_Q5_0, true, 0},   {"q5_1", EWI_Q5_1, true, 0},
    {"q4_k", EWI_Q4_K, true, 0}, {"q5_k", EWI_Q5_K, true, 0},   {"q6_k", EWI_Q6_K, true, 0},
    {"f16", EWI_F16, true, 0},   {"f32", EWI_F32, true, 0}};
#define PACKAGE_TYPES "q4s, q8c, q4c, q8g, q4g32, q4g128, f16"
#define GGUF_TYPES    "q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q5_k, q6_k, f16, f32"

/* ---- the whole ---- */

/* What no stage reads is rounded to nearest, or copied. */
static ew_status write_tensors(ewi_quantizing *j, ew_error *err) {
    if (j->calibration) EWI_TRY(ewi_quantizing_run_stages(j, err));
    for (size_t i = 0; i < j->source->n_tensors; i++)
        EWI_TRY(ewi_quantizing_write_once(j, &j->source->tensors[i], NULL, err));
    return EW_OK;
}

static void add_calibration(ewi_sha256 *hash, const ew_quantize_options *o) {
    ewi_sha256_add(hash, o->method, strlen(o->method) + 1);
    ewi_sha256_add(hash, &o->calibration_tokens, sizeof o->calibration_tokens);
    ewi_sha256_add(hash, &o->calibration_special, sizeof o->calibration_special);
    ewi_sha256_add(hash, o->calibration.data, o->calibration.len);
}

/* Of all that decides the tensors' bytes. Names and metadata are written anew each time; where they leave the
 * tensors no other place in the file, they may differ. */
static ew_status find_key(const ewi_quantizing *j, const ew_quantize_options *o, char key[EWI_KEPT_KEY_BYTES],
                          ew_error *err) {
    uint8_t digest[EWI_SHA256_BYTES];
    ewi_sha256 *hash;
    EWI_TRY(ewi_sha256_new(&hash, err));
    ewi_sha256_add(hash, ew_version(), strlen(ew_version()) + 1);
    ewi_kept_add_source(hash, j->source);
    for (size_t i = 0; i < j->source->n_tensors; i++) {
        const uint8_t which = (uint8_t)j->targets[i]->dtype;
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
static bool can_go_on(const ewi_quantizing *j) {
    return !j->calibration || (j->rounded && !j->scales && !j->ranges);
}

static ew_status open_kept(ewi_quantizing *j, ewi_staging *staging, ew_error *err) {
    if (!can_go_on(j)) return EW_OK;
    j->report->forgot = ewi_staging_forgot(staging);
    return ewi_kept_open(staging, ewi_quantizing_tell_user, j, &j->kept, err);
}

/* What would fail again is not worth keeping. What was not looked at yet stays as it was found. */
static void end_kept(ewi_quantizing *j, ewi_staging *staging, ew_status status) {
    const bool may_pass = status == EW_CANCELLED || status == EW_IO || status == EW_NO_MEMORY;
    if (may_pass && ewi_staging_keep(staging) && j->kept) j->report->n_kept = ewi_kept_n(j->kept);
}

static ew_status write_package(ewi_quantizing *j, ew_error *err) {
    const ewi_package_out_config config = {j->type, j->ranges_name, j->scales != NULL};
    EWI_TRY(ewi_quantizing_tell(j, err));
    EWI_TRY(open_kept(j, ewi_package_staging(j->package), err));
    EWI_TRY(ewi_package_out_begin(j->package, j->source, &config, err));
    EWI_TRY(write_tensors(j, err));
    return ewi_package_out_end(j->package, j->source, j->type, ewi_quantizing_tell_user, j, err);
}

/* All tensors are looked at before any is rounded. */
static ew_status write_gguf(ewi_quantizing *j, ew_error *err) {
    ewi_tensor unused;
    for (size_t i = 0; i < j->source->n_tensors; i++)
        EWI_TRY(ewi_quantizing_describe(j, &j->source->tensors[i], &unused, err));
    EWI_TRY(ewi_quantizing_tell(j, err));
    EWI_TRY(open_kept(j, ewi_gguf_out_staging(j->gguf), err));
    const ewi_imatrix *imatrix = j->importance ? ewi_importance_imatrix(j->importance) : NULL;
    EWI_TRY(ewi_gguf_out_begin(j->gguf, imatrix, err));
    EWI_TRY(write_tensors(j, err));
    return ewi_gguf_out_close(j->gguf, err);
}

static ew_status write_file(ewi_quantizing *j, const ew_model *model, const char *path, const char *key,
                            bool replace, ew_error *err) {
    EWI_TRY(ewi_gguf_out_open(path, key, replace, model, j->dtype, &j->gguf, err));
    ew_status status = write_gguf(j, err);
    if (status == EW_OK) return EW_OK;
    end_kept(j, ewi_gguf_out_staging(j->gguf), status);
    ewi_gguf_out_abandon(j->gguf);
    return status;
}

static ew_status write_folder(ewi_quantizing *j, const char *path, const char *key, bool replace,
                              ew_error *err) {
    EWI_TRY(ewi_package_open(path, key, replace, &j->package, err));
    ew_status status = write_package(j, err);
    if (status == EW_OK) return EW_OK;
    end_kept(j, ewi_package_staging(j->package), status);
    ewi_package_abandon(j->package);
    return status;
}

static ew_status write_to(ewi_quantizing *j, const ew_model *model, const char *path,
                          const ew_quantize_options *o, ew_error *err) {
    char key[EWI_KEPT_KEY_BYTES];
    const char *kept = can_go_on(j) ? key : NULL;
    if (kept) EWI_TRY(find_key(j, o, key, err));
    return j->is_gguf ? write_file(j, model, path, kept, o->replace, err)
                      : write_folder(j, path, kept, o->replace, err);
}

static const ewi_quantizing_target *look_up(const char *name, bool is_gguf) {
    for (size_t i = 0; i < EWI_COUNT(targets); i++)
        if (targets[i].is_gguf == is_gguf && strcmp(name, targets[i].name) == 0) return &targets[i];
    return NULL;
}

/* NULL when there is none, which is EW_INVALID. */
static const ewi_quantizing_target *find_target(const char *name, const char *path, ew_error *err) {
    const bool is_file = ewi_str_ends(ewi_str(path), ".gguf");
    const ewi_quantizing_target *to = look_up(name, is_file);
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

static ew_status choose_target(ewi_quantizing *j, const ew_tensor_type *one, const char *path,
                               ew_error *err) {
    for (size_t i = 0; i < j->source->n_tensors; i++) {
        if (!ewi_str_eq(j->source->tensors[i].name, one->tensor)) continue;
        if (!ewi_quantizing_is_matrix(j, &j->source->tensors[i]))
            return ewi_fail(err, EW_INVALID, "tensor %.*s: stays F32", EWI_STR_ARG(one->tensor));
        j->targets[i] = find_target(one->type, path, err);
        return j->targets[i] ? EW_OK : EW_INVALID;
    }
    return ewi_fail(err, EW_INVALID, "tensor %.*s: the model has none of this name",
                    EWI_STR_ARG(one->tensor));
}

static ew_status choose_targets(ewi_quantizing *j, const char *path, const ew_quantize_options *o,
                                ew_error *err) {
    const ewi_quantizing_target *first = find_target(o->type ? o->type : "q4s", path, err);
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
static bool weighs(const ewi_quantizing *j, const ew_quantize_options *o) {
    bool found = false;
    for (size_t i = 0; i < j->source->n_tensors && !found; i++)
        found =
            ewi_quantizing_is_matrix(j, &j->source->tensors[i]) && ewi_weighed_offers(j->targets[i]->dtype);
    return found && !j->is_gguf && o->calibration.len > 0 && !(o->smooth > 0);
}

static ew_status check_unread(const ew_quantize_options *o, ew_error *err) {
    if (!o->calibration.len && !o->calibration_tokens && !o->calibration_special) return EW_OK;
    return ewi_fail(err, EW_INVALID,
                    "method \"round\" takes a calibration text for a package's types with scales of groups, "
                    "or with smooth or activation_ranges");
}

static ew_status open_ranges(ewi_quantizing *j, const ew_model *model, const char *name, ew_error *err) {
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
static ew_status check_quantizes(const ewi_quantizing *j, const char *what, ew_error *err) {
    for (size_t i = 0; i < j->source->n_tensors; i++) {
        const ewi_dtype dtype = j->targets[i]->dtype;
        if (ewi_quantizing_is_matrix(j, &j->source->tensors[i]) && dtype != EWI_F16 && dtype != EWI_F32)
            return EW_OK;
    }
    return ewi_fail(
        err, EW_INVALID,
        "%s is for quantized types, not for %s: weights are rounded to nearest, whatever the inputs", what,
        j->type);
}

static ew_status open_rounded(ewi_quantizing *j, const ew_model *model, ew_error *err) {
    ewi_tensor *written = ewi_alloc_array(j->source->n_tensors + 1, sizeof *written);
    if (!written) return ewi_no_memory(err, "a package");
    ew_status status = EW_OK;
    for (size_t i = 0; i < j->source->n_tensors && status == EW_OK; i++)
        status = ewi_quantizing_describe(j, &j->source->tensors[i], &written[i], err);
    if (status == EW_OK) status = ewi_rounded_new(model, written, &j->rounded, err);
    ewi_free(written);
    return status;
}

static ew_status open_calibration(ewi_quantizing *j, const ew_model *model, const ew_quantize_options *o,
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

static ew_status prepare(ewi_quantizing *j, const ew_model *model, const char *path,
                         const ew_quantize_options *o, ew_error *err) {
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
    ewi_quantizing j = {
        .source = &model->checkpoint, .on_progress = on_progress, .user = user, .report = report};
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
