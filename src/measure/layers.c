#include "measure/layers.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

typedef struct layer {
    ewi_value value, value_base;
    double squares, errors;
} layer;

struct ewi_layers {
    ew_session *session, *base;
    size_t n, width, n_rows;
    layer *layers;     /* [n] */
    float *states;     /* [n, n_rows, width] of the base */
    uint32_t position; /* of the first row that is kept */
};

/* All stages but the head's, with the values that they pass on; false when these are not alike. */
static bool find_values(ewi_layers *l) {
    const ew_engine *e = l->session->engine, *base = l->base->engine;
    for (size_t i = 0; i < l->n; i++) {
        l->layers[i].value = ewi_stage_output(e, (uint32_t)i);
        l->layers[i].value_base = ewi_stage_output(base, (uint32_t)i);
        if (l->layers[i].value == EWI_NO_VALUE || l->layers[i].value_base == EWI_NO_VALUE) return false;
    }
    return true;
}

static bool are_alike(const ew_engine *a, const ew_engine *b) {
    return a != b && a->plan.n_stages == b->plan.n_stages && a->plan.n_stages > 1 &&
           a->model->hparams.d_model == b->model->hparams.d_model;
}

static bool allocate(ewi_layers *l) {
    l->layers = ewi_zalloc_array(l->n, sizeof *l->layers);
    l->states = ewi_alloc_array(l->n * l->n_rows, l->width * sizeof *l->states);
    return l->layers && l->states;
}

ew_status ewi_layers_new(ew_session *session, ew_session *base, size_t n_rows, ewi_layers **out,
                         ew_error *err) {
    *out = NULL;
    if (!are_alike(session->engine, base->engine)) return EW_OK;
    ewi_layers *l = ewi_zalloc(sizeof *l);
    if (!l) return ewi_no_memory(err, "the layers' states");
    *l = (ewi_layers){.session = session, .base = base, .n_rows = n_rows};
    l->n = session->engine->plan.n_stages - 1;
    l->width = session->engine->model->hparams.d_model;
    bool fine = allocate(l);
    if (fine && find_values(l)) {
        *out = l;
        return EW_OK;
    }
    ewi_layers_free(l);
    return fine ? EW_OK : ewi_no_memory(err, "the layers' states");
}

void ewi_layers_free(ewi_layers *l) {
    if (!l) return;
    ewi_layers_watch(l, false, 0);
    ewi_free(l->layers);
    ewi_free(l->states);
    ewi_free(l);
}

static void keep(const ewi_layers *l, size_t stage, size_t row, size_t n_rows) {
    const ew_engine *e = l->base->engine;
    const uint8_t *state = e->values + e->plan.offsets[l->layers[stage].value_base];
    memcpy(l->states + (stage * l->n_rows + row) * l->width, state, n_rows * l->width * sizeof *l->states);
}

static void compare(const ewi_layers *l, size_t stage, size_t row, size_t n_rows) {
    const ew_engine *e = l->session->engine;
    layer *of = &l->layers[stage];
    const float *x = (const float *)(const void *)(e->values + e->plan.offsets[of->value]);
    const float *base = l->states + (stage * l->n_rows + row) * l->width;
    for (size_t i = 0; i < n_rows * l->width; i++) {
        double y = (double)base[i], error = (double)x[i] - y;
        of->squares += y * y;
        of->errors += error * error;
    }
}

static void see(void *user, uint32_t stage, const ew_row *rows, size_t n_rows) {
    const ewi_layers *l = user;
    const size_t row = rows[0].position - l->position;
    if (stage >= l->n) return;
    EW_ASSERT(row + n_rows <= l->n_rows);
    if (rows[0].session == l->base)
        keep(l, stage, row, n_rows);
    else
        compare(l, stage, row, n_rows);
}

void ewi_layers_watch(ewi_layers *l, bool watches, uint32_t position) {
    if (!l) return;
    l->position = position;
    const ewi_watch watch = {.on_stage = watches ? see : NULL, .user = l};
    l->session->engine->watch = l->base->engine->watch = watch;
}

void ewi_layers_get(const ewi_layers *l, double *errors, size_t n) {
    for (size_t i = 0; i < n; i++)
        errors[i] = l && i < l->n ? sqrt(l->layers[i].errors / l->layers[i].squares) : (double)NAN;
}
