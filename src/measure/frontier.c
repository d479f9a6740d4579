#include "measure/frontier.h"

#include "base/error.h"
#include "base/mem.h"

#define MAX_STEPS 65536u

struct ewi_frontier {
    size_t n_parts, n_kinds, last;
    uint64_t unit, least_bytes;
    size_t *lengths;  /* [n_parts, n_kinds] units above the part's smallest kind */
    uint8_t *choices; /* [n_parts, last + 1] the best kind of a part when the parts up to it take so many */
};

typedef struct range {
    uint64_t least, most;
} range;

static range range_of(const ewi_kind *kinds, size_t n_kinds) {
    range r = {kinds[0].bytes, kinds[0].bytes};
    for (size_t k = 1; k < n_kinds; k++) {
        if (kinds[k].bytes < r.least) r.least = kinds[k].bytes;
        if (kinds[k].bytes > r.most) r.most = kinds[k].bytes;
    }
    return r;
}

static bool count_lengths(ewi_frontier *f, const ewi_kind *kinds) {
    uint64_t most = 0;
    for (size_t i = 0; i < f->n_parts; i++) {
        range r = range_of(kinds + i * f->n_kinds, f->n_kinds);
        f->least_bytes += r.least;
        most += r.most;
    }
    f->unit = (most - f->least_bytes) / MAX_STEPS + 1;
    f->lengths = ewi_alloc_array(f->n_parts, f->n_kinds * sizeof *f->lengths);
    for (size_t i = 0; f->lengths && i < f->n_parts; i++) {
        range r = range_of(kinds + i * f->n_kinds, f->n_kinds);
        for (size_t k = 0; k < f->n_kinds; k++)
            f->lengths[i * f->n_kinds + k] =
                (size_t)((kinds[i * f->n_kinds + k].bytes - r.least + f->unit - 1) / f->unit);
        f->last += (size_t)((r.most - r.least + f->unit - 1) / f->unit);
    }
    return f->lengths;
}

/* costs[s]: the least of the parts before this one within s units; becomes that with it. From the last on,
 * as each looks only at those before it. */
static void add_part(ewi_frontier *f, const ewi_kind *kinds, size_t part, double *costs) {
    const size_t *lengths = f->lengths + part * f->n_kinds;
    uint8_t *choices = f->choices + part * (f->last + 1);
    for (size_t s = f->last + 1; s-- > 0;) {
        double least = 0;
        bool found = false;
        for (size_t k = 0; k < f->n_kinds; k++) {
            if (lengths[k] > s) continue;
            double cost = costs[s - lengths[k]] + kinds[k].cost;
            if (found && !(cost < least)) continue;
            found = true;
            least = cost;
            choices[s] = (uint8_t)k;
        }
        costs[s] = least;
    }
}

static ew_status solve(ewi_frontier *f, const ewi_kind *kinds, ew_error *err) {
    if (!count_lengths(f, kinds)) return ewi_no_memory(err, "a choice of types");
    f->choices = ewi_alloc_array(f->n_parts, f->last + 1);
    double *costs = ewi_zalloc_array(f->last + 1, sizeof *costs);
    for (size_t i = 0; f->choices && costs && i < f->n_parts; i++)
        add_part(f, kinds + i * f->n_kinds, i, costs);
    bool fine = f->choices && costs;
    ewi_free(costs);
    return fine ? EW_OK : ewi_no_memory(err, "a choice of types");
}

ew_status ewi_frontier_new(const ewi_kind *kinds, size_t n_parts, size_t n_kinds, ewi_frontier **out,
                           ew_error *err) {
    EW_ASSERT(n_parts > 0 && n_kinds > 0 && n_kinds <= EWI_MAX_KINDS);
    ewi_frontier *f = ewi_zalloc(sizeof *f);
    if (!f) return ewi_no_memory(err, "a choice of types");
    f->n_parts = n_parts;
    f->n_kinds = n_kinds;
    ew_status status = solve(f, kinds, err);
    if (status == EW_OK)
        *out = f;
    else
        ewi_frontier_free(f);
    return status;
}

void ewi_frontier_free(ewi_frontier *f) {
    if (!f) return;
    ewi_free(f->lengths);
    ewi_free(f->choices);
    ewi_free(f);
}

uint64_t ewi_frontier_least_bytes(const ewi_frontier *f) {
    return f->least_bytes;
}

size_t ewi_frontier_last(const ewi_frontier *f) {
    return f->last;
}

size_t ewi_frontier_within(const ewi_frontier *f, uint64_t bytes) {
    EW_ASSERT(bytes >= f->least_bytes);
    uint64_t step = (bytes - f->least_bytes) / f->unit;
    return step < f->last ? (size_t)step : f->last;
}

void ewi_frontier_get(const ewi_frontier *f, size_t step, uint8_t *choice) {
    for (size_t i = f->n_parts; i-- > 0;) {
        choice[i] = f->choices[i * (f->last + 1) + step];
        step -= f->lengths[i * f->n_kinds + choice[i]];
    }
}
