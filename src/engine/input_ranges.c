#include "engine/input_ranges.h"

#include "base/error.h"
#include "base/mem.h"

struct ewi_input_ranges {
    const ew_model *model;
    ewi_range_kind kind;
    float *scales; /* [the checkpoint's n_tensors] */
};

ew_status ewi_input_ranges_new(const ew_model *model, ewi_range_kind kind, ewi_input_ranges **out,
                               ew_error *err) {
    ewi_input_ranges *r = ewi_zalloc(sizeof *r);
    if (!r) return ewi_no_memory(err, "ranges of inputs");
    *r = (ewi_input_ranges){.model = model, .kind = kind};
    r->scales = ewi_zalloc_array(model->checkpoint.n_tensors + 1, sizeof *r->scales);
    if (!r->scales) {
        ewi_input_ranges_free(r);
        return ewi_no_memory(err, "ranges of inputs");
    }
    *out = r;
    return EW_OK;
}

void ewi_input_ranges_free(ewi_input_ranges *r) {
    if (!r) return;
    ewi_free(r->scales);
    ewi_free(r);
}

float ewi_input_ranges_scale(const ewi_input_ranges *r, const ewi_tensor *t) {
    return r->scales[t - r->model->checkpoint.tensors];
}

/* ---- one stage ---- */

typedef struct finding {
    const ewi_channel_scales *scales;
    const ewi_reading *readings;
    size_t n;
    ewi_range **ranges; /* [n] */
} finding;

static void see(void *user, const ewi_reading *reading, const float *rows, size_t n_rows) {
    const finding *f = user;
    const ewi_tensor *t = reading->first->weight;
    const float *scales = f->scales ? ewi_channel_scales_columns(f->scales, t) : NULL;
    ewi_range_add(f->ranges[reading - f->readings], rows, n_rows, reading->k, scales);
}

static ew_status fill(const finding *f, ewi_calibration *c, ewi_calibration_tell tell, void *user,
                      ew_error *err) {
    for (size_t i = 0; i < f->n; i++) {
        f->ranges[i] = ewi_range_new();
        if (!f->ranges[i]) return ewi_no_memory(err, "ranges of inputs");
    }
    return ewi_calibration_run_again(c, see, (void *)(uintptr_t)f, tell, user, err);
}

/* Layers that read the same have the same scale. */
static void keep(ewi_input_ranges *r, const finding *f, const ewi_calibration *c) {
    const ewi_checkpoint *from = &r->model->checkpoint;
    for (size_t i = 0; i < from->n_tensors; i++) {
        const ewi_reading *reading = ewi_calibration_find(c, from->tensors[i].name);
        if (reading) r->scales[i] = ewi_range_scale(f->ranges[reading - f->readings], r->kind);
    }
}

ew_status ewi_input_ranges_find(ewi_input_ranges *r, ewi_calibration *c, const ewi_channel_scales *scales,
                                ewi_calibration_tell tell, void *user, ew_error *err) {
    finding f = {.scales = scales};
    f.n = ewi_calibration_readings(c, &f.readings);
    f.ranges = ewi_zalloc_array(f.n + 1, sizeof *f.ranges);
    if (!f.ranges) return ewi_no_memory(err, "ranges of inputs");
    ew_status status = fill(&f, c, tell, user, err);
    if (status == EW_OK) keep(r, &f, c);
    for (size_t i = 0; i < f.n; i++) ewi_range_free(f.ranges[i]);
    ewi_free(f.ranges);
    return status;
}
