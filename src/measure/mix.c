/*
 * mix.c: a type for each matrix, chosen by what it costs: how far the whole model moves from the original
 * when that matrix alone has that type.
 *
 * One package is made for each type, in a hidden folder beside the result. A model that is the original but
 * for some matrices, which are those of packages, is then the original's tables with other pointers: it is
 * run over the held part of the text beside the original, once for each matrix and type. Small changes of a
 * divergence add up, so that a knapsack finds the choice (frontier.h); what counts in the end is the
 * divergence that is measured of the choice itself.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "measure/evaluation.h"
#include "measure/frontier.h"
#include "os/file.h"
#include "os/staging.h"

#define WINDOW             512u
#define CALIBRATION_TOKENS 16384u
#define HELD               4u  /* one part in so many of the text is held back for measuring */
#define MEASURED           8u  /* and one token in so many of those for calibration is as much as is run */
#define RUNS_TO_CHOOSE     20u /* about, of choices as a whole */
#define PATH_BYTES         4096

/* Of four and of eight bits those that are no worse than another as large (docs/quantization.md). */
static const struct {
    const char *name;
    bool is_weighed; /* rounding reads the text */
} types[] = {{"q4c", false}, {"q4s", true}, {"q4g32", true}, {"q8c", false}, {"f16", false}};
#define N_TYPES EWI_COUNT(types)
_Static_assert(N_TYPES <= EWI_MAX_KINDS, "kinds of a part");
#define KEEP N_TYPES /* in place of a type: as it is in the original */

typedef struct mixer {
    const ew_model *model;
    const char *path;
    const ew_quantize_options *how;
    ew_str seen, held; /* parts of the text */
    ewi_staging *folder;
    ew_model *parts[N_TYPES]; /* packages of one type each */
    ew_engine *engine;        /* the original's */
    ewi_base_rows base_rows;
    ew_session *base;
    ew_model patched;                               /* the original but for some matrices */
    const ewi_tensor *(*tensors)[EWI_N_PART_KINDS]; /* patched's: [n_slots] */
    size_t n_slots, n_units;
    size_t *units;       /* [n_slots] places of matrices in tensors */
    ewi_kind *kinds;     /* [n_units, N_TYPES] */
    uint64_t rest_bytes; /* of all other tensors */
    ewi_frontier *frontier;
    uint8_t *choice;      /* [n_units] */
    ew_evaluation *found; /* of the choice that was measured last */
    ew_progress_fn on_progress;
    void *user;
    uint64_t step, n_steps;
} mixer;

/* ---- progress ---- */

#define STEP_PARTS 1000u

static bool tell(void *user, uint64_t done, uint64_t total) {
    const mixer *m = user;
    uint64_t part = total ? (uint64_t)((double)done / (double)total * STEP_PARTS) : 0;
    uint64_t at = m->step * STEP_PARTS + part, end = m->n_steps * STEP_PARTS;
    return !m->on_progress || m->on_progress(m->user, at < end ? at : end, end);
}

static size_t count_matrices(const ew_model *model) {
    size_t n = 0;
    for (size_t i = 0; i < model->checkpoint.n_tensors; i++) n += model->checkpoint.tensors[i].n_dims == 2;
    return n;
}

/* ---- what can be mixed ---- */

static ew_status check_model(const ew_model *model, ew_error *err) {
    const ewi_hparams *h = &model->hparams;
    const char *what = NULL;
    if (h->is_headless || h->arch->is_encoder) what = "models that make embeddings";
    if (h->n_experts) what = "models with experts";
    if (!what) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "%s: mixing types in %s is not implemented", h->arch->name, what);
}

static ew_status check_options(const mixer *m, const ew_mix_options *o, ew_error *err) {
    if (m->how->type || m->how->n_types)
        return ewi_fail(err, EW_INVALID, "types are given: they are what a mix chooses");
    if (ewi_str_ends(ewi_str(m->path), ".gguf"))
        return ewi_fail(err, EW_INVALID, "a mix of types is a package's: %.200s would be a GGUF file",
                        m->path);
    if (m->how->smooth != 0 || (m->how->method && strcmp(m->how->method, "awq") == 0))
        return ewi_fail(err, EW_INVALID,
                        "method \"awq\" and smooth scale channels for one type: they do not go with a mix");
    if (m->how->imatrix)
        return ewi_fail(err, EW_INVALID, "an imatrix does not go with a mix, which has a calibration text");
    if ((o->max_bytes == 0) == (o->max_kld == 0) || !isfinite(o->max_kld) || o->max_kld < 0)
        return ewi_fail(err, EW_INVALID, "a mix has one limit: of bytes or of the divergence, above 0");
    if (!m->how->replace && (ewi_is_directory(m->path) || ewi_is_file(m->path)))
        return ewi_fail(err, EW_IO, "%s: exists already", m->path);
    return EW_OK;
}

/* ---- the text ---- */

/* Back to where a line begins, or at least a character. */
static void hold_back(mixer *m, ew_str text) {
    size_t at = text.len - text.len / HELD, line = at;
    while (line > at / 2 && text.data[line - 1] != '\n') line--;
    if (line > at / 2) at = line;
    while (at > 0 && at < text.len && ((uint8_t)text.data[at] & 0xc0) == 0x80) at--;
    m->seen = (ew_str){text.data, at};
    m->held = (ew_str){text.data + at, text.len - at};
}

/* ---- one package for each type ---- */

static bool rounds(const char *method) {
    return !method || strcmp(method, "round") == 0;
}

/* Nobody needs the ranges of inputs but of the result. is_weighed: one of the types, by rounding. */
static ew_quantize_options options_of(const mixer *m, const char *method, const char *activation_ranges,
                                      bool is_weighed) {
    ew_quantize_options how = *m->how;
    how.calibration = m->seen;
    how.method = method;
    how.activation_ranges = activation_ranges;
    if (is_weighed || activation_ranges || !rounds(method)) return how;
    how.calibration = (ew_str){NULL, 0};
    how.calibration_tokens = 0;
    how.calibration_special = false;
    return how;
}

/* By rounding: GPTQ makes up for matrices before one that are original when its price is measured. Its prices
 * are those of rounding that knows nothing of the text. */
static ew_status make_part(mixer *m, size_t type, ew_error *err) {
    char path[PATH_BYTES];
    ew_quantize_options how = options_of(m, NULL, NULL, types[type].is_weighed && rounds(m->how->method));
    how.type = types[type].name;
    if (!ewi_path_join(path, sizeof path, ewi_staging_path(m->folder), ewi_str(how.type)))
        return ewi_fail(err, EW_INVALID, "%.200s: the path is too long", m->path);
    EWI_TRY(ew_quantize(m->model, path, &how, tell, m, NULL, err));
    EWI_TRY(ew_model_open(path, &m->parts[type], err));
    m->step++;
    return EW_OK;
}

static ew_status make_parts(mixer *m, ew_error *err) {
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s.types", m->path);
    if (n < 0 || n >= PATH_BYTES) return ewi_fail(err, EW_INVALID, "%.200s: the path is too long", m->path);
    EWI_TRY(ewi_staging_open(path, NULL, true, &m->folder, err));
    for (size_t t = 0; t < N_TYPES; t++) EWI_TRY(make_part(m, t, err));
    return EW_OK;
}

/* ---- the original, with other matrices ---- */

static const ewi_tensor *tensor_of(const mixer *m, size_t unit, size_t type) {
    const ew_model *from = type == KEEP ? m->model : m->parts[type];
    return from->tensors[m->units[unit]][EWI_WEIGHT];
}

static ew_status list_units(mixer *m, ew_error *err) {
    m->n_slots = (size_t)m->model->hparams.n_layers * EWI_N_ROLES;
    m->units = ewi_alloc_array(m->n_slots, sizeof *m->units);
    m->tensors = ewi_alloc_array(m->n_slots, sizeof *m->tensors);
    m->choice = ewi_alloc_array(m->n_slots, sizeof *m->choice);
    m->kinds = ewi_alloc_array(m->n_slots, N_TYPES * sizeof *m->kinds);
    m->found = ewi_alloc(sizeof *m->found);
    if (!m->units || !m->tensors || !m->choice || !m->kinds || !m->found)
        return ewi_no_memory(err, "a mix of types");
    m->rest_bytes = ew_model_get_info(m->parts[0]).weight_bytes;
    for (size_t i = 0; i < m->n_slots; i++) {
        const ewi_tensor *t = m->parts[0]->tensors[i][EWI_WEIGHT];
        if (!t || !t->packed) continue;
        m->units[m->n_units++] = i;
        m->rest_bytes -= t->size_bytes;
    }
    memcpy(m->tensors, m->model->tensors, m->n_slots * sizeof *m->tensors);
    m->patched = *m->model;
    m->patched.tensors = m->tensors;
    return m->n_units ? EW_OK : ewi_fail(err, EW_UNSUPPORTED, "the model has no matrices that are rounded");
}

static ew_status open_session(const mixer *m, const ew_model *model, ew_engine **engine, ew_session **out,
                              ew_error *err) {
    uint32_t n_ctx = m->model->hparams.n_ctx_train < WINDOW ? m->model->hparams.n_ctx_train : WINDOW;
    ew_engine_options how = {.struct_size = sizeof how,
                             .n_threads = m->how->n_threads,
                             .n_rows = n_ctx,
                             .cache_k = EW_CACHE_F32,
                             .cache_v = EW_CACHE_F32,
                             .exact = true};
    ew_session_options session = {.struct_size = sizeof session, .n_ctx = n_ctx};
    EWI_TRY(ew_engine_new(model, &how, engine, err));
    return ew_session_new(*engine, &session, out, err);
}

/* ---- measuring ---- */

/* Every token of a window but its first counts. */
static ew_status evaluate(mixer *m, ew_session *session, ew_error *err) {
    uint32_t n_ctx = m->base->n_ctx, n = m->how->calibration_tokens;
    n = (n ? n : CALIBRATION_TOKENS) / MEASURED;
    const ew_evaluate_options how = {.struct_size = sizeof how,
                                     .stride = n_ctx - 1,
                                     .n_tokens = n > n_ctx ? n : n_ctx,
                                     .special = m->how->calibration_special};
    ew_status status = ewi_evaluate(session, m->base, m->held, &how, &m->base_rows, tell, m, m->found, err);
    if (status != EW_FORMAT) return status;
    return ewi_fail_at(err, status, "the last quarter of the calibration text, which is held back");
}

/* What a model is from the original, into m->found. */
static ew_status measure(mixer *m, const ew_model *model, ew_error *err) {
    ew_engine *engine = NULL;
    ew_session *session = NULL;
    ew_status status = open_session(m, model, &engine, &session, err);
    if (status == EW_OK) status = evaluate(m, session, err);
    ew_session_free(session);
    ew_engine_free(engine);
    m->step++;
    return status;
}

static ew_status measure_kind(mixer *m, size_t unit, size_t type, ew_error *err) {
    const ewi_tensor **place = &m->tensors[m->units[unit]][EWI_WEIGHT];
    *place = tensor_of(m, unit, type);
    EWI_TRY(measure(m, &m->patched, err));
    EWI_TRY(ewi_checkpoint_check(&m->parts[type]->checkpoint, err));
    *place = tensor_of(m, unit, KEEP);
    m->kinds[unit * N_TYPES + type] = (ewi_kind){tensor_of(m, unit, type)->size_bytes, m->found->kld.mean};
    return EW_OK;
}

static ew_status measure_kinds(mixer *m, ew_error *err) {
    for (size_t i = 0; i < m->n_units; i++)
        for (size_t t = 0; t < N_TYPES; t++) EWI_TRY(measure_kind(m, i, t, err));
    return ewi_frontier_new(m->kinds, m->n_units, N_TYPES, &m->frontier, err);
}

/* ---- choosing ---- */

/* A package of the choice. Where nothing is quantized, GPTQ has nothing to choose. */
static ew_status write_choice(mixer *m, const char *path, const char *ranges, ew_quantize_report *report,
                              ew_error *err) {
    const char *method = NULL;
    bool is_weighed = false;
    ew_tensor_type *list = ewi_alloc_array(m->n_units, sizeof *list);
    if (!list) return ewi_no_memory(err, "a mix of types");
    for (size_t i = 0; i < m->n_units; i++) {
        list[i] = (ew_tensor_type){tensor_of(m, i, KEEP)->name, types[m->choice[i]].name};
        if (m->parts[m->choice[i]]->tensors[m->units[i]][EWI_WEIGHT]->packed) method = m->how->method;
        is_weighed |= types[m->choice[i]].is_weighed;
    }
    ew_quantize_options how = options_of(m, method, ranges, is_weighed);
    how.replace |= path != m->path; /* the choice before */
    how.type = list[0].type;
    how.types = list;
    how.n_types = m->n_units;
    ew_status status = ew_quantize(m->model, path, &how, tell, m, report, err);
    ewi_free(list);
    m->step++;
    return status;
}

/* The choice of a step: no sum of prices, but what its package is. */
static ew_status measure_step(mixer *m, size_t step, ew_error *err) {
    char path[PATH_BYTES];
    ew_model *model;
    ewi_frontier_get(m->frontier, step, m->choice);
    if (!ewi_path_join(path, sizeof path, ewi_staging_path(m->folder), ewi_str("choice")))
        return ewi_fail(err, EW_INVALID, "%.200s: the path is too long", m->path);
    EWI_TRY(write_choice(m, path, NULL, NULL, err));
    EWI_TRY(ew_model_open(path, &model, err));
    ew_status status = measure(m, model, err);
    ew_model_close(model);
    return status;
}

static ew_status choose_within_bytes(mixer *m, uint64_t max_bytes, ew_error *err) {
    uint64_t least = m->rest_bytes + ewi_frontier_least_bytes(m->frontier);
    if (max_bytes < least)
        return ewi_fail(err, EW_LIMIT, "%llu bytes: the smallest types take %llu",
                        (unsigned long long)max_bytes, (unsigned long long)least);
    return measure_step(m, ewi_frontier_within(m->frontier, max_bytes - m->rest_bytes), err);
}

/* The first step whose measured divergence is small enough, by bisection. */
static ew_status choose_within_kld(mixer *m, double max_kld, ew_error *err) {
    size_t fails = 0, passes = ewi_frontier_last(m->frontier);
    EWI_TRY(measure_step(m, passes, err));
    if (!(m->found->kld.mean <= max_kld))
        return ewi_fail(err, EW_LIMIT, "a mean divergence of %g cannot be had: the best mix has %.3g",
                        max_kld, m->found->kld.mean);
    EWI_TRY(measure_step(m, fails, err));
    if (m->found->kld.mean <= max_kld) return EW_OK;
    while (passes - fails > 1) {
        size_t middle = fails + (passes - fails) / 2;
        EWI_TRY(measure_step(m, middle, err));
        *(m->found->kld.mean <= max_kld ? &passes : &fails) = middle;
    }
    return measure_step(m, passes, err);
}

static uint64_t size_of_choice(const mixer *m) {
    uint64_t n = m->rest_bytes;
    for (size_t i = 0; i < m->n_units; i++) n += m->kinds[i * N_TYPES + m->choice[i]].bytes;
    return n;
}

/* ---- the whole ---- */

static ew_status mix(mixer *m, const ew_mix_options *o, ew_quantize_report *report, ew_mix *out,
                     ew_error *err) {
    EWI_TRY(check_model(m->model, err));
    EWI_TRY(check_options(m, o, err));
    hold_back(m, m->how->calibration);
    m->n_steps = N_TYPES * (1 + count_matrices(m->model)) + RUNS_TO_CHOOSE;
    EWI_TRY(make_parts(m, err));
    EWI_TRY(list_units(m, err));
    EWI_TRY(open_session(m, m->model, &m->engine, &m->base, err));
    EWI_TRY(measure_kinds(m, err));
    EWI_TRY(o->max_bytes ? choose_within_bytes(m, o->max_bytes, err) : choose_within_kld(m, o->max_kld, err));
    *out = (ew_mix){.size_bytes = size_of_choice(m), .kld = m->found->kld, .n_scored = m->found->n_scored};
    return write_choice(m, m->path, m->how->activation_ranges, report, err);
}

static void release(mixer *m) {
    ewi_base_rows_deinit(&m->base_rows);
    ew_session_free(m->base);
    ew_engine_free(m->engine);
    for (size_t t = 0; t < N_TYPES; t++) ew_model_close(m->parts[t]);
    ewi_staging_abandon(m->folder);
    ewi_frontier_free(m->frontier);
    ewi_free(m->units);
    ewi_free(m->tensors);
    ewi_free(m->choice);
    ewi_free(m->kinds);
    ewi_free(m->found);
}

ew_status ew_quantize_mixed(const ew_model *model, const char *path, const ew_quantize_options *options,
                            const ew_mix_options *limits, ew_progress_fn on_progress, void *user,
                            ew_quantize_report *report, ew_mix *out, ew_error *err) {
    EWI_REQUIRE(model && path && options && options->struct_size == sizeof *options, err);
    EWI_REQUIRE(limits && limits->struct_size == sizeof *limits, err);
    ew_mix unread;
    mixer m = {.model = model, .path = path, .how = options, .on_progress = on_progress, .user = user};
    ew_status status = mix(&m, limits, report, out ? out : &unread, err);
    if (status == EW_CANCELLED) ewi_fail(err, EW_CANCELLED, "cancelled: no package was made");
    release(&m);
    return status;
}
