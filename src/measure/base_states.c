#include "measure/base_states.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"

#define MAX_BYTES ((size_t)1 << 30)

struct ewi_base_states {
    const ew_engine *base;
    size_t n, n_rows, width; /* n: stages but the last */
    size_t row;              /* of position 0 of what runs now */
    float *states;           /* [n, n_rows, width] */
};

static float *place(const ew_engine *e, uint32_t stage) {
    return (float *)(void *)(e->values + e->plan.offsets[ewi_stage_output(e, stage)]);
}

/* ---- making ---- */

static bool can_keep(const ew_engine *e, size_t n, size_t n_rows, size_t *n_floats) {
    const size_t width = e->model->hparams.d_model;
    for (uint32_t i = 0; i < n; i++)
        if (ewi_stage_output(e, i) == EWI_NO_VALUE) return false;
    return n > 0 && ewi_mul_size(n, n_rows, n_floats) && ewi_mul_size(*n_floats, width, n_floats) &&
           *n_floats <= MAX_BYTES / sizeof(float);
}

ew_status ewi_base_states_new(const ew_session *base, size_t n_rows, ewi_base_states **out, ew_error *err) {
    const ew_engine *e = base->engine;
    const size_t n = e->plan.n_stages - 1;
    size_t n_floats;
    *out = NULL;
    if (!can_keep(e, n, n_rows, &n_floats)) return EW_OK;
    ewi_base_states *s = ewi_zalloc(sizeof *s);
    if (!s) return ewi_no_memory(err, "the base's states");
    *s = (ewi_base_states){.base = e, .n = n, .n_rows = n_rows, .width = e->model->hparams.d_model};
    s->states = ewi_alloc_array(n_floats, sizeof *s->states);
    if (s->states) {
        *out = s;
        return EW_OK;
    }
    ewi_free(s);
    return ewi_no_memory(err, "the base's states");
}

void ewi_base_states_free(ewi_base_states *s) {
    if (!s) return;
    ewi_free(s->states);
    ewi_free(s);
}

/* ---- the base ---- */

static float *states_of(const ewi_base_states *s, uint32_t stage, const ew_row *rows, size_t n_rows) {
    const size_t row = s->row + rows[0].position;
    EW_ASSERT(stage < s->n && row + n_rows <= s->n_rows);
    return s->states + (stage * s->n_rows + row) * s->width;
}

static void keep(void *user, uint32_t stage, const ew_row *rows, size_t n_rows) {
    const ewi_base_states *s = user;
    if (stage == s->n) return;
    memcpy(states_of(s, stage, rows, n_rows), place(s->base, stage), n_rows * s->width * sizeof *s->states);
}

void ewi_base_states_keep(ewi_base_states *s, ew_session *base, size_t row) {
    s->row = row;
    base->engine->watch = (ewi_watch){.on_stage = keep, .user = s};
}

/* ---- the model ---- */

static bool reads_the_same(const ewi_stage *a, const ewi_stage *b) {
    return a->first == b->first && a->end == b->end && a->n_weights == b->n_weights &&
           (a->n_weights == 0 || memcmp(a->weights, b->weights, a->n_weights * sizeof *a->weights) == 0);
}

/* How many stages it begins with that are the base's. */
static uint32_t n_shared(const ewi_base_states *s, const ew_engine *e) {
    uint32_t i = 0;
    while (i < s->n && i < e->plan.n_stages - 1 &&
           reads_the_same(&s->base->plan.stages[i], &e->plan.stages[i]))
        i++;
    return i;
}

static void fill(void *user, uint32_t stage, const ew_row *rows, size_t n_rows) {
    const ewi_base_states *s = user;
    const ew_engine *e = rows[0].session->engine;
    memcpy(place(e, stage - 1), states_of(s, stage - 1, rows, n_rows), n_rows * s->width * sizeof *s->states);
}

void ewi_base_states_begin(ewi_base_states *s, ew_session *session, size_t row) {
    const uint32_t stage = n_shared(s, session->engine);
    if (stage == 0) return;
    s->row = row;
    session->engine->watch = (ewi_watch){.on_start = fill, .start = stage, .user = s};
}

void ewi_base_states_end(ew_session *session) {
    session->engine->watch = (ewi_watch){0};
}
