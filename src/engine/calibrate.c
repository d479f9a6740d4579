#include "engine/calibrate.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/experts.h"
#include "engine/windows.h"
#include "kernels/half.h"
#include "kernels/rotate.h"

/* Rows of a step where tokens look back only; an encoder's see their whole window. */
#define STEP_ROWS 256u

/* A model on its way over the text. */
typedef struct walk {
    ew_engine *engine;
    ew_session *session;
    float *states; /* [the windows' tokens, d_model] what the next stage reads */
} walk;

struct ewi_calibration {
    const ew_model *model;
    walk original, rounded; /* the latter without an engine: nobody asks for it */
    ewi_calibration_how how;
    ewi_windows windows;
    size_t n_rows;  /* of a step at most */
    ew_row *rows;   /* [n_rows] */
    uint32_t stage; /* that was run last */
    bool is_ahead;  /* the original's states are the next stage's already */
    size_t n_readings;
    ewi_reading *readings; /* [n_nodes] */
};

/* ---- which models ---- */

ew_status ewi_calibration_check(const ew_model *model, ew_error *err) {
    if (!model->tokenizer)
        return ewi_fail(err, EW_UNSUPPORTED, "calibration needs a vocabulary, which the model's files lack");
    if (model->hparams.pooling == EW_POOLING_RANK)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "calibrating a model that ranks is not implemented: it sees pairs of texts");
    return EW_OK;
}

static ew_status check_weights(const ewi_graph *graph, ew_error *err) {
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        const ewi_node *node = &graph->nodes[i];
        if (node->op == EWI_OP_LINEAR && ewi_packed_info_get(node->weight->dtype))
            return ewi_fail(err, EW_UNSUPPORTED,
                            "tensor %.*s: is %s: calibration wants weights that are not quantized yet",
                            EWI_STR_ARG(node->weight->name), ewi_dtype_get(node->weight->dtype)->name);
    }
    return EW_OK;
}

/* ---- opening ---- */

/* Its keys and values are of one stage: memory for them is taken as stages come to write there. */
static ew_status renew_session(const ewi_calibration *c, walk *w, ew_error *err) {
    const ew_session_options how = {.struct_size = sizeof how, .n_ctx = (uint32_t)c->windows.longest};
    ew_session_free(w->session);
    w->session = NULL;
    return ew_session_new(w->engine, &how, &w->session, err);
}

static ew_status begin_walk(const ewi_calibration *c, walk *w, const ew_model *model, ew_error *err) {
    ew_engine_options how = {.struct_size = sizeof how,
                             .n_threads = c->how.n_threads,
                             .n_rows = (uint32_t)c->n_rows,
                             .cache_k = EW_CACHE_F32,
                             .cache_v = EW_CACHE_F32,
                             .exact = true,
                             .embeds = ewi_model_embeds(model)};
    EWI_TRY(ew_engine_new(model, &how, &w->engine, err));
    EWI_TRY(renew_session(c, w, err));
    w->states = ewi_alloc_array(c->windows.starts[c->windows.n], model->hparams.d_model * sizeof *w->states);
    return w->states ? EW_OK : ewi_no_memory(err, "the calibration text's states");
}

static void end_walk(walk *w) {
    ew_session_free(w->session);
    ew_engine_free(w->engine);
    ewi_free(w->states);
}

static ew_status begin_walks(ewi_calibration *c, const ew_model *rounded, ew_error *err) {
    EWI_TRY(begin_walk(c, &c->original, c->model, err));
    EWI_TRY(check_weights(&c->original.engine->graph, err));
    if (rounded) EWI_TRY(begin_walk(c, &c->rounded, rounded, err));
    c->rows = ewi_alloc_array(c->n_rows, sizeof *c->rows);
    c->readings = ewi_alloc_array(c->original.engine->graph.n_nodes, sizeof *c->readings);
    return c->rows && c->readings ? EW_OK : ewi_no_memory(err, "the calibration text's states");
}

static size_t most_rows(const ewi_calibration *c) {
    const size_t longest = c->windows.longest;
    return ewi_model_embeds(c->model) || longest < STEP_ROWS ? longest : STEP_ROWS;
}

ew_status ewi_calibration_open(const ew_model *model, const ew_model *rounded, ew_str text,
                               const ewi_calibration_how *how, ewi_calibration **out, ew_error *err) {
    ewi_calibration *c = ewi_zalloc(sizeof *c);
    if (!c) return ewi_no_memory(err, "calibration");
    c->model = model;
    c->how = *how;
    ew_status status = ewi_windows_cut(model, text, how->n_tokens, how->special, &c->windows, err);
    c->n_rows = most_rows(c);
    if (status == EW_OK) status = begin_walks(c, rounded, err);
    if (status == EW_OK)
        *out = c;
    else
        ewi_calibration_close(c);
    return status;
}

static void forget_readings(ewi_calibration *c) {
    for (size_t i = 0; i < c->n_readings; i++) {
        ewi_hessian_free(c->readings[i].h);
        ewi_free(c->readings[i].most);
    }
    c->n_readings = 0;
}

void ewi_calibration_close(ewi_calibration *c) {
    if (!c) return;
    forget_readings(c);
    end_walk(&c->original);
    end_walk(&c->rounded);
    ewi_windows_deinit(&c->windows);
    ewi_free(c->rows);
    ewi_free(c->readings);
    ewi_free(c);
}

uint32_t ewi_calibration_n_stages(const ewi_calibration *c) {
    return c->original.engine->plan.n_stages;
}

uint64_t ewi_calibration_n_windows(const ewi_calibration *c) {
    return c->windows.n;
}

/* Of the rounded model each stage is run once for all that it quantizes, twice for its experts, and once more
 * before the next. */
uint64_t ewi_calibration_n_runs(const ewi_calibration *c) {
    const uint64_t n_stages = ewi_calibration_n_stages(c);
    uint64_t n = c->how.n_readings * n_stages;
    const ewi_graph *rounded = c->rounded.engine ? &c->rounded.engine->graph : NULL;
    for (uint32_t i = 0; rounded && i < rounded->n_nodes; i++)
        n += rounded->nodes[i].op == EWI_OP_EXPERTS ? 2 : rounded->nodes[i].op == EWI_OP_QUANTIZE;
    return (rounded ? n + n_stages - 1 : n) * c->windows.n;
}

/* ---- one stage ---- */

static ewi_reading *find_reading(const ewi_calibration *c, ewi_value input) {
    for (size_t i = 0; i < c->n_readings; i++)
        if (c->readings[i].input == input) return &c->readings[i];
    return NULL;
}

/* Work of another room, with scratch for each share. */
typedef struct quant_work {
    ewi_quant_work work;
    void *arg;
} quant_work;

static void quant_share(void *arg, const ewi_share *share) {
    const quant_work *q = arg;
    q->work(q->arg, share->index, share->n);
}

static void run_on_pool(void *pool, ewi_quant_work work, void *arg) {
    ewi_pool_run(pool, quant_share, &(quant_work){work, arg});
}

ewi_quant_threads ewi_calibration_threads(const ewi_calibration *c) {
    ewi_pool *pool = c->original.engine->pool;
    return (ewi_quant_threads){run_on_pool, pool, ewi_pool_n_shares(pool)};
}

static size_t n_inputs(const ewi_node *linear) {
    return (size_t)linear->weight->dims[1];
}

static ew_status make_reading(ewi_calibration *c, const ewi_node *node, ew_error *err) {
    const ewi_quant_threads threads = ewi_calibration_threads(c);
    ewi_reading *r = &c->readings[c->n_readings++];
    *r = (ewi_reading){.input = node->inputs[0], .first = node, .k = n_inputs(node)};
    r->most = ewi_zalloc_array(r->k, sizeof *r->most);
    if (!r->most) return ewi_no_memory(err, "a layer's calibration");
    return c->how.needs_hessians ? ewi_hessian_new(r->k, &threads, &r->h, err) : EW_OK;
}

static ew_status make_readings(ewi_calibration *c, ew_error *err) {
    const ew_engine *e = c->original.engine;
    const ewi_stage *stage = &e->plan.stages[c->stage];
    forget_readings(c);
    for (uint32_t i = stage->first; i < stage->end; i++) {
        const ewi_node *node = &e->graph.nodes[i];
        if (node->op == EWI_OP_LINEAR && !find_reading(c, node->inputs[0]))
            EWI_TRY(make_reading(c, node, err));
    }
    return EW_OK;
}

/* As bits, of which those of infinities and NaN are the largest. */
static void find_most(float *most, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = ewi_float_bits(x[i]) & 0x7fffffffu;
        if (bits > ewi_float_bits(most[i])) memcpy(&most[i], &bits, sizeof bits);
    }
}

/* No linear layer of another input is behind it in the stage, and no expert. */
static bool is_last(const ewi_calibration *c, const ew_engine *e, const ewi_node *linear) {
    const ewi_node *end = e->graph.nodes + e->plan.stages[c->stage].end;
    for (const ewi_node *node = linear + 1; node < end; node++)
        if (node->op == EWI_OP_EXPERTS || (node->op == EWI_OP_LINEAR && node->inputs[0] != linear->inputs[0]))
            return false;
    return true;
}

/* Nobody reads what the last stage makes, logits of the whole text. */
static bool has_next(const ewi_calibration *c) {
    return c->stage + 1 < c->original.engine->plan.n_stages;
}

static bool goes_on_past(const ewi_calibration *c, const ewi_node *linear) {
    return has_next(c) || !is_last(c, c->original.engine, linear);
}

static bool take_inputs(void *user, const ewi_node *linear, const void *rows, size_t n_rows) {
    const ewi_calibration *c = user;
    const float *x = rows;
    ewi_reading *r = find_reading(c, linear->inputs[0]);
    if (!r || r->first != linear) return goes_on_past(c, linear);
    for (size_t i = 0; i < n_rows; i++) find_most(r->most, x + i * r->k, r->k);
    if (r->h) ewi_hessian_add(r->h, x, n_rows);
    r->n_rows += n_rows;
    return goes_on_past(c, linear);
}

static ew_status check_most(const float *most, const ewi_node *linear, ew_error *err) {
    for (size_t i = 0; i < n_inputs(linear); i++)
        if (!isfinite(most[i]))
            return ewi_fail(err, EW_FORMAT,
                            "tensor %.*s: on the calibration text its input %zu is an infinity or NaN",
                            EWI_STR_ARG(linear->weight->name), i);
    return EW_OK;
}

static ew_status end_reading(const ewi_reading *r, ew_error *err) {
    EWI_TRY(check_most(r->most, r->first, err));
    if (r->h) ewi_hessian_end(r->h);
    return EW_OK;
}

/* What a stage reads of the one before, or leaves to the next. */
static ew_status find_crossing(const ew_engine *e, uint32_t stage, ewi_value *out, ew_error *err) {
    *out = ewi_stage_output(e, stage);
    if (*out != EWI_NO_VALUE) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED,
                    "%s: calibration of models whose layers pass on more than one hidden state is not "
                    "implemented",
                    e->model->hparams.arch->name);
}

static float *place_of(const ew_engine *e, ewi_value v) {
    return (float *)(void *)(e->values + e->plan.offsets[v]);
}

/* What is seen of a stage's windows, and whether the states after it take the place of those before. */
typedef struct looking {
    ewi_linear_fn on_linear;
    void *user;
    bool goes_on;
} looking;

/* Rows of one window, after those before them. */
typedef struct piece {
    size_t window, at, n;
} piece;

/* The next piece; false after the window's last. Before its first, n is 0. */
static bool next_piece(const ewi_calibration *c, piece *p) {
    const size_t left = ewi_window_length(&c->windows, p->window) - p->at - p->n;
    p->at += p->n;
    p->n = left < c->n_rows ? left : c->n_rows;
    return left > 0;
}

static ew_status run_piece(ewi_calibration *c, const walk *w, piece p, const looking *how, ew_error *err) {
    const size_t first = c->windows.starts[p.window] + p.at;
    const size_t width = c->model->hparams.d_model, n = p.n * width;
    float *states = w->states + first * width;
    ewi_value from = EWI_NO_VALUE, to = EWI_NO_VALUE;
    if (c->stage > 0) EWI_TRY(find_crossing(w->engine, c->stage - 1, &from, err));
    if (has_next(c)) EWI_TRY(find_crossing(w->engine, c->stage, &to, err));
    w->session->length = (uint32_t)p.at; /* of this stage, the pieces before it are there */
    for (size_t i = 0; i < p.n; i++)
        c->rows[i] = (ew_row){w->session, (uint32_t)(p.at + i), c->windows.tokens[first + i], true};
    if (from != EWI_NO_VALUE) memcpy(place_of(w->engine, from), states, n * sizeof *states);
    EWI_TRY(ewi_step_stage(w->engine, c->rows, p.n, c->stage, how->on_linear, how->user, err));
    if (to != EWI_NO_VALUE && how->goes_on) memcpy(states, place_of(w->engine, to), n * sizeof *states);
    return EW_OK;
}

static ew_status run_windows(ewi_calibration *c, const looking *how, ewi_calibration_tell tell, void *user,
                             ew_error *err) {
    for (size_t i = 0; i < c->windows.n; i++) {
        for (piece p = {.window = i}; next_piece(c, &p);) EWI_TRY(run_piece(c, &c->original, p, how, err));
        EWI_TRY(tell(user, err));
    }
    return EW_OK;
}

ew_status ewi_calibration_run(ewi_calibration *c, uint32_t stage, ewi_calibration_tell tell, void *user,
                              ew_error *err) {
    const looking how = {take_inputs, c, c->how.n_readings == 1 && !c->rounded.engine};
    c->stage = stage;
    c->is_ahead = false;
    if (c->how.n_readings == 0) return EW_OK;
    EWI_TRY(make_readings(c, err));
    EWI_TRY(run_windows(c, &how, tell, user, err));
    for (size_t i = 0; i < c->n_readings; i++) EWI_TRY(end_reading(&c->readings[i], err));
    return EW_OK;
}

typedef struct seeing {
    const ewi_calibration *c;
    ewi_calibration_see see;
    void *seer;
} seeing;

static bool show_inputs(void *user, const ewi_node *linear, const void *x, size_t n_rows) {
    const seeing *s = user;
    const ewi_reading *r = find_reading(s->c, linear->inputs[0]);
    if (r && r->first == linear) s->see(s->seer, r, x, n_rows);
    return goes_on_past(s->c, linear);
}

ew_status ewi_calibration_run_again(ewi_calibration *c, ewi_calibration_see see, void *seer,
                                    ewi_calibration_tell tell, void *user, ew_error *err) {
    EW_ASSERT(c->how.n_readings == 2);
    seeing s = {c, see, seer};
    const looking how = {show_inputs, &s, !c->rounded.engine};
    return run_windows(c, &how, tell, user, err);
}

size_t ewi_calibration_readings(const ewi_calibration *c, const ewi_reading **out) {
    *out = c->readings;
    return c->n_readings;
}

const ewi_reading *ewi_calibration_find(const ewi_calibration *c, ew_str name) {
    const ew_engine *e = c->original.engine;
    const ewi_stage *stage = &e->plan.stages[c->stage];
    for (uint32_t i = stage->first; i < stage->end; i++) {
        const ewi_node *node = &e->graph.nodes[i];
        if (node->op == EWI_OP_LINEAR && ewi_str_eq(node->weight->name, name))
            return find_reading(c, node->inputs[0]);
    }
    return NULL;
}

/* ---- the rounded model ---- */

const ewi_stage *ewi_calibration_stage(const ewi_calibration *c) {
    return &c->rounded.engine->plan.stages[c->stage];
}

const ewi_node *ewi_calibration_node(const ewi_calibration *c, ewi_op op, uint32_t i) {
    const ewi_node *nodes = c->rounded.engine->graph.nodes;
    const ewi_stage *stage = ewi_calibration_stage(c);
    for (uint32_t at = stage->first; at < stage->end; at++)
        if (nodes[at].op == op && i-- == 0) return &nodes[at];
    return NULL;
}

/* What one layer's inputs are in both models, of one step. */
typedef struct comparing {
    const ewi_calibration *c;
    const ewi_node *linear; /* of the rounded model */
    const float *scales;    /* NULL: inputs are not divided */
    float *x, *y;           /* [n_rows, k] in the rounded model, and in the original */
    float *most;            /* [k] the largest of y, as it came */
    bool is_last;           /* of a stage: the original goes on to the next */
} comparing;

static bool see_original(void *user, const ewi_node *linear, const void *rows, size_t n_rows) {
    const comparing *a = user;
    const bool rotated = ewi_qrows_for(a->linear->weight->dtype) == EWI_QROWS_WHOLE;
    if (linear->op != EWI_OP_LINEAR || !ewi_str_eq(linear->weight->name, a->linear->weight->name))
        return true;
    const size_t k = n_inputs(linear);
    memcpy(a->y, rows, n_rows * k * sizeof *a->y);
    for (size_t i = 0; i < n_rows; i++) {
        float *y = a->y + i * k;
        find_most(a->most, y, k);
        for (size_t j = 0; j < k && a->scales; j++) y[j] /= a->scales[j];
        if (rotated) ewi_rotate(y, y, k);
    }
    return a->is_last;
}

static bool see_rounded(void *user, const ewi_node *linear, const void *rows, size_t n_rows) {
    const comparing *a = user;
    if (linear != a->linear) return true;
    const size_t k = n_inputs(linear);
    const ewi_qrows_kind kind = ewi_qrows_for(linear->weight->dtype);
    for (size_t i = 0; i < n_rows; i++)
        ewi_qrow_widen(a->x + i * k, (const uint8_t *)rows + i * ewi_qrow_layout(kind, k).bytes, kind, k);
    return false;
}

static ew_status compare_windows(ewi_calibration *c, comparing *a, ewi_hessian *h, ewi_drift *d,
                                 ewi_calibration_tell tell, void *user, ew_error *err) {
    const looking original = {see_original, a, a->is_last}, rounded = {see_rounded, a, false};
    EW_ASSERT(!c->is_ahead);
    for (size_t i = 0; i < c->windows.n; i++) {
        for (piece p = {.window = i}; next_piece(c, &p);) {
            EWI_TRY(run_piece(c, &c->original, p, &original, err));
            EWI_TRY(run_piece(c, &c->rounded, p, &rounded, err));
            ewi_drift_temper(a->x, a->y, p.n, n_inputs(a->linear));
            ewi_hessian_add(h, a->x, p.n);
            ewi_drift_add(d, a->x, a->y, p.n);
        }
        EWI_TRY(tell(user, err));
    }
    c->is_ahead = a->is_last;
    ewi_hessian_end(h);
    return check_most(a->most, a->linear, err);
}

ew_status ewi_calibration_compare(ewi_calibration *c, const ewi_node *linear, const float *scales,
                                  ewi_hessian *h, ewi_drift *d, ewi_calibration_tell tell, void *user,
                                  ew_error *err) {
    const size_t k = n_inputs(linear);
    float *rows = ewi_alloc_array(2 * c->n_rows, k * sizeof *rows);
    comparing a = {.c = c, .linear = linear, .scales = scales, .x = rows, .y = rows + c->n_rows * k};
    a.most = ewi_zalloc_array(k, sizeof *a.most);
    a.is_last = has_next(c) && is_last(c, c->rounded.engine, linear);
    ew_status status = rows && a.most ? compare_windows(c, &a, h, d, tell, user, err)
                                      : ewi_no_memory(err, "a layer's inputs");
    ewi_free(rows);
    ewi_free(a.most);
    return status;
}

/* ---- experts ---- */

/* What the experts' matrices read in one step of both models. */
typedef struct routing {
    const ewi_calibration *c;
    ewi_routed *to;
    bool climbs;   /* to the down matrices, which have inputs of their own for each choice */
    size_t n_each; /* of rows that are read, for one of the step */
    uint32_t *chosen;
    float *y; /* [n_rows, n_each, k], chosen [n_rows, n_used]: the original's */
} routing;

static const ewi_experts_scratch *prepare(const routing *a, const walk *w, const ewi_node *node,
                                          size_t n_rows) {
    const uint32_t index = (uint32_t)(node - w->engine->graph.nodes);
    ewi_experts_prepare(&(ewi_job){w->engine, a->c->rows, node, index, n_rows, 0}, a->climbs);
    return &w->engine->experts;
}

/* By rows, and in a row by choices. */
static void copy_read(const routing *a, const ewi_experts_scratch *m, const float *x, size_t n, float *to) {
    const size_t k = a->to->k;
    if (!a->climbs) memcpy(to, x, n * k * sizeof *to);
    for (size_t i = 0; a->climbs && i < n; i++) memcpy(to + i * k, m->gate + m->slots[i] * k, k * sizeof *to);
}

static bool see_original_experts(void *user, const ewi_node *node, const void *x, size_t n_rows) {
    const routing *a = user;
    if (node->op != EWI_OP_EXPERTS) return true;
    const ewi_experts_scratch *m = prepare(a, &a->c->original, node, n_rows);
    memcpy(a->chosen, m->chosen, n_rows * node->attrs.experts.n_used * sizeof *a->chosen);
    copy_read(a, m, x, n_rows * a->n_each, a->y);
    return a->climbs;
}

/* The choice of the original's that is this one, or n_used. */
static size_t find_choice(const routing *a, size_t row, size_t n_used, uint32_t expert) {
    size_t at = 0;
    while (at < n_used && a->chosen[row * n_used + at] != expert) at++;
    return at;
}

static void match(const routing *a, size_t row, size_t choice, size_t n_used, uint32_t expert) {
    ewi_routed *to = a->to;
    const size_t at = find_choice(a, row, n_used, expert), k = to->k;
    const size_t ours = a->climbs ? row * n_used + choice : row, theirs = a->climbs ? row * n_used + at : row;
    if (at == n_used) return;
    memcpy(to->y + (to->n_rows + ours) * k, a->y + theirs * k, k * sizeof *to->y);
    to->experts[to->n_choices] = expert;
    to->rows[to->n_choices++] = (uint32_t)(to->n_rows + ours);
}

static bool see_rounded_experts(void *user, const ewi_node *node, const void *x, size_t n_rows) {
    const routing *a = user;
    if (node->op != EWI_OP_EXPERTS) return true;
    const size_t n_used = node->attrs.experts.n_used, n = n_rows * a->n_each;
    const ewi_experts_scratch *m = prepare(a, &a->c->rounded, node, n_rows);
    copy_read(a, m, x, n, a->to->x + a->to->n_rows * a->to->k);
    for (size_t i = 0; i < n_rows * n_used; i++) match(a, i / n_used, i % n_used, n_used, m->chosen[i]);
    a->to->n_rows += n;
    return false;
}

static ew_status route_windows(ewi_calibration *c, routing *a, ewi_calibration_tell tell, void *user,
                               ew_error *err) {
    const looking original = {see_original_experts, a, a->climbs}, rounded = {see_rounded_experts, a, false};
    EW_ASSERT(!c->is_ahead && has_next(c));
    for (size_t i = 0; i < c->windows.n; i++) {
        for (piece p = {.window = i}; next_piece(c, &p);) {
            EWI_TRY(run_piece(c, &c->original, p, &original, err));
            EWI_TRY(run_piece(c, &c->rounded, p, &rounded, err));
        }
        EWI_TRY(tell(user, err));
    }
    c->is_ahead = a->climbs;
    return EW_OK;
}

ew_status ewi_calibration_compare_experts(ewi_calibration *c, const ewi_node *node, bool climbs,
                                          ewi_routed *out, ewi_calibration_tell tell, void *user,
                                          ew_error *err) {
    const size_t k = climbs ? node->attrs.experts.d_ffn : node->cols, n_used = node->attrs.experts.n_used;
    const size_t n_each = climbs ? n_used : 1, n = c->windows.starts[c->windows.n];
    EWI_TRY(ewi_routed_init(out, k, n * n_each, n * n_used, err));
    routing a = {.c = c, .to = out, .climbs = climbs, .n_each = n_each};
    a.chosen = ewi_alloc_array(c->n_rows * n_used, sizeof *a.chosen);
    a.y = ewi_alloc_array(c->n_rows * n_each, k * sizeof *a.y);
    ew_status status =
        a.chosen && a.y ? route_windows(c, &a, tell, user, err) : ewi_no_memory(err, "what experts read");
    ewi_free(a.chosen);
    ewi_free(a.y);
    return status;
}

ew_status ewi_calibration_advance(ewi_calibration *c, ewi_calibration_tell tell, void *user, ew_error *err) {
    const looking how = {NULL, NULL, true};
    for (size_t i = 0; i < c->windows.n; i++) {
        for (piece p = {.window = i}; next_piece(c, &p);) {
            if (!c->is_ahead) EWI_TRY(run_piece(c, &c->original, p, &how, err));
            EWI_TRY(run_piece(c, &c->rounded, p, &how, err));
        }
        EWI_TRY(tell(user, err));
    }
    c->is_ahead = true;
    EWI_TRY(renew_session(c, &c->original, err));
    return renew_session(c, &c->rounded, err);
}
