#include "engine/channel_scales.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "graph/fold.h"
#include "kernels/kernels.h"
#include "quant/scaling.h"

/* AWQ tries its candidates on so many tiles of a matrix, from all over it. */
#define TRIED_TILES  16u
#define SCALES_BYTES ((size_t)1 << 32) /* of all scales: far more than models have */

/* What becomes of one tensor of the files. */
typedef struct tensor_scales {
    const float *columns; /* they are multiplied by; NULL: nothing is */
    float *rows;          /* they are divided by; NULL: nothing is */
    float plus;           /* the weight of a norm that is 1 more than the file says */
    float *importance;    /* of the columns, when they are rounded; NULL: all are the same */
} tensor_scales;

struct ewi_channel_scales {
    const ew_model *model;
    ewi_pool *pool;
    ewi_scaling_how how;
    ewi_graph graph; /* as built */
    ewi_arena arena;
    tensor_scales *tensors; /* [the checkpoint's n_tensors] */
    uint32_t n_sites, n_scaled;
};

ew_status ewi_channel_scales_new(const ew_model *model, ewi_pool *pool, const ewi_scaling_how *how,
                                 ewi_channel_scales **out, ew_error *err) {
    ewi_channel_scales *s = ewi_zalloc(sizeof *s);
    if (!s) return ewi_no_memory(err, "scales of channels");
    *s = (ewi_channel_scales){.model = model, .pool = pool, .how = *how};
    const ewi_model_output output = ewi_model_output_of(model, ewi_model_embeds(model));
    ewi_graph_init(&s->graph);
    ewi_arena_init(&s->arena, SCALES_BYTES);
    s->tensors = ewi_arena_array(&s->arena, model->checkpoint.n_tensors + 1, sizeof *s->tensors);
    ew_status status = s->tensors ? ewi_model_build(model, output, &s->graph, err)
                                  : ewi_no_memory(err, "scales of channels");
    if (status == EW_OK)
        *out = s;
    else
        ewi_channel_scales_free(s);
    return status;
}

void ewi_channel_scales_free(ewi_channel_scales *s) {
    if (!s) return;
    ewi_graph_deinit(&s->graph);
    ewi_arena_deinit(&s->arena);
    ewi_free(s);
}

uint32_t ewi_channel_scales_n_sites(const ewi_channel_scales *s) {
    return s->n_sites;
}

uint32_t ewi_channel_scales_n_scaled(const ewi_channel_scales *s) {
    return s->n_scaled;
}

/* ---- tensors ---- */

/* Vectors of the graph are copies: names tell whose. */
static tensor_scales *entry_of(const ewi_channel_scales *s, const ewi_tensor *t) {
    const ewi_tensor *source = ewi_checkpoint_find(&s->model->checkpoint, t->name);
    EW_ASSERT(source);
    return &s->tensors[source - s->model->checkpoint.tensors];
}

const float *ewi_channel_scales_columns(const ewi_channel_scales *s, const ewi_tensor *t) {
    return entry_of(s, t)->columns;
}

const float *ewi_channel_scales_rows(const ewi_channel_scales *s, const ewi_tensor *t) {
    return entry_of(s, t)->rows;
}

const float *ewi_channel_scales_importance(const ewi_channel_scales *s, const ewi_tensor *t) {
    return entry_of(s, t)->importance;
}

void ewi_channel_scales_apply(const ewi_channel_scales *s, const ewi_tensor *t, size_t first_row,
                              size_t n_rows, float *rows) {
    const tensor_scales *e = entry_of(s, t);
    const size_t k = t->n_dims == 2 ? (size_t)t->dims[1] : 1;
    for (size_t i = 0; i < n_rows; i++, rows += k) {
        for (size_t j = 0; j < k && e->columns; j++) rows[j] *= e->columns[j];
        for (size_t j = 0; j < k && e->rows; j++)
            rows[j] = (rows[j] + e->plus) / e->rows[first_row + i] - e->plus;
    }
}

/* The entry's rows, all 1 at first. */
static float *rows_of(ewi_channel_scales *s, const ewi_tensor *t, size_t n) {
    tensor_scales *e = entry_of(s, t);
    if (e->rows) return e->rows;
    e->rows = ewi_arena_array(&s->arena, n, sizeof *e->rows);
    for (size_t i = 0; i < n && e->rows; i++) e->rows[i] = 1.0f;
    return e->rows;
}

static bool divide_rows(ewi_channel_scales *s, const ewi_fold *fold, const ewi_tensor *t, size_t k,
                        const float *scales) {
    float *rows = t ? rows_of(s, t, (size_t)t->dims[0]) : NULL;
    for (size_t i = 0; rows && i < k; i++) rows[ewi_fold_row(fold, (uint32_t)i)] = scales[i];
    return rows || !t;
}

/* ---- one site ---- */

/* An input of linear layers that is to be divided. */
typedef struct site {
    ewi_channel_scales *s;
    const ewi_reading *reading;
    ewi_fold fold;
    size_t k;
    float *inputs;        /* [k] mean squares, or largest magnitudes */
    float *weights;       /* [n_threads, k] largest magnitudes */
    float *scales, *best; /* [k] */
} site;

static bool is_reader(const site *at, const ewi_node *node) {
    return node->op == EWI_OP_LINEAR && node->inputs[0] == at->fold.input;
}

static ew_status commit(const site *at, ew_error *err) {
    const ewi_hparams *h = &at->s->model->hparams;
    const ewi_node *maker = at->fold.maker;
    float *columns = ewi_arena_array(&at->s->arena, at->k, sizeof *columns);
    if (!columns || !divide_rows(at->s, &at->fold, maker->weight, at->k, at->best) ||
        !divide_rows(at->s, &at->fold, maker->bias, at->k, at->best))
        return ewi_no_memory(err, "scales of channels");
    memcpy(columns, at->best, at->k * sizeof *columns);
    for (uint32_t i = 0; i < at->s->graph.n_nodes; i++)
        if (is_reader(at, &at->s->graph.nodes[i]))
            entry_of(at->s, at->s->graph.nodes[i].weight)->columns = columns;
    if (maker->op != EWI_OP_LINEAR && h->naming == EWI_NAMES_HF && h->arch->hf_norm_plus_one)
        entry_of(at->s, maker->weight)->plus = 1.0f;
    at->s->n_scaled++;
    return EW_OK;
}

/* Channels that must be divided by the same count as one: by the mean, or by the largest of them. */
static void share(const ewi_fold *fold, float *x, size_t k, bool by_mean) {
    const size_t dim = fold->head_dim, n = fold->n_sharing;
    for (size_t at = 0; at < k; at += dim * n)
        for (size_t d = at; d < at + dim; d++) {
            float sum = 0.0f, most = 0.0f;
            for (size_t i = d; i < d + dim * n; i += dim) {
                sum += x[i];
                most = x[i] > most ? x[i] : most;
            }
            for (size_t i = d; i < d + dim * n; i += dim) x[i] = by_mean ? sum / (float)n : most;
        }
}

/* ---- tiles of all readers ---- */

typedef struct tile {
    const ewi_tensor *t;
    size_t row, n_rows;
    double share; /* of the matrix's tiles, it stands for so many */
} tile;

/* At most so many of each matrix; writes them to out, unless that is NULL, and returns their number. */
static size_t list_tiles(const site *at, size_t most, tile *out) {
    size_t n = 0;
    for (uint32_t i = 0; i < at->s->graph.n_nodes; i++) {
        if (!is_reader(at, &at->s->graph.nodes[i])) continue;
        const ewi_tensor *t = at->s->graph.nodes[i].weight;
        const size_t n_rows = (size_t)t->dims[0], n_all = (n_rows + EWI_TILE_OUTPUTS - 1) / EWI_TILE_OUTPUTS;
        const size_t n_tried = n_all < most ? n_all : most;
        for (size_t j = 0; j < n_tried; j++, n++) {
            size_t row = j * n_all / n_tried * EWI_TILE_OUTPUTS, left = n_rows - row;
            if (out)
                out[n] = (tile){t, row, left < EWI_TILE_OUTPUTS ? left : EWI_TILE_OUTPUTS,
                                (double)n_all / (double)n_tried};
        }
    }
    return n;
}

static void widen(const tile *at, float *rows) {
    const size_t row_bytes = (size_t)(at->t->size_bytes / at->t->dims[0]);
    ewi_kernels_get()->widen[at->t->dtype](rows, at->t->data + at->row * row_bytes,
                                           at->n_rows * (size_t)at->t->dims[1]);
}

typedef struct tiles {
    const site *at;
    size_t n;
    tile *tiles;      /* [n] */
    double *errors;   /* [n] */
    uint8_t *scratch; /* a thread's part after another's: 16 rows, then scaling.h's */
    size_t scratch_bytes;
} tiles;

static void tiles_deinit(const tiles *t) {
    ewi_free(t->tiles);
    ewi_free(t->errors);
    ewi_free(t->scratch);
}

static ew_status tiles_init(tiles *t, const site *at, size_t most, ew_error *err) {
    size_t rows = EWI_TILE_OUTPUTS * at->k * sizeof(float),
           rest = ewi_scaled_error_scratch_bytes(at->s->how.dtype, at->k);
    *t = (tiles){.at = at, .n = list_tiles(at, most, NULL)};
    t->tiles = ewi_alloc_array(t->n, sizeof *t->tiles);
    t->errors = ewi_alloc_array(t->n, sizeof *t->errors);
    if (ewi_align_size(rows + rest, 64, &t->scratch_bytes))
        t->scratch = ewi_alloc_array(ewi_pool_n_threads(at->s->pool), t->scratch_bytes);
    if (t->tiles && t->errors && t->scratch) {
        list_tiles(at, most, t->tiles);
        return EW_OK;
    }
    tiles_deinit(t);
    return ewi_no_memory(err, "tiles of weights");
}

/* ---- AWQ ---- */

static void try_share(void *arg, const ewi_share *s) {
    const tiles *t = arg;
    const site *at = t->at;
    float *rows = (float *)(void *)(t->scratch + s->thread * t->scratch_bytes);
    for (size_t i = s->index; i < t->n; i += s->n) {
        widen(&t->tiles[i], rows);
        t->errors[i] = ewi_scaled_error(at->s->how.dtype, rows, t->tiles[i].n_rows, at->k, at->scales,
                                        ewi_hessian_sums(at->reading->h), rows + EWI_TILE_OUTPUTS * at->k);
    }
}

static double error_of(const tiles *t) {
    double sum = 0.0;
    for (size_t i = 0; i < t->n; i++) sum += t->tiles[i].share * t->errors[i];
    return sum;
}

/* Tries all steps; *step is that of the least error, whose scales are the best. */
static ew_status search(const tiles *t, unsigned *step, ewi_calibration_tell tell, void *user,
                        ew_error *err) {
    const site *at = t->at;
    double least = (double)INFINITY;
    *step = 0;
    for (unsigned i = 0; i < EWI_AWQ_STEPS; i++) {
        ewi_awq_scales(at->inputs, at->k, ewi_awq_alpha(i), at->scales);
        ewi_pool_run(at->s->pool, try_share, (void *)(uintptr_t)t);
        EWI_TRY(tell(user, err));
        double error = error_of(t);
        if (!(error < least)) continue;
        least = error;
        *step = i;
        memcpy(at->best, at->scales, at->k * sizeof *at->best);
    }
    return EW_OK;
}

static ew_status choose_awq(const site *at, ewi_calibration_tell tell, void *user, ew_error *err) {
    const float *sums = ewi_hessian_sums(at->reading->h);
    unsigned step = 0;
    tiles t;
    for (size_t i = 0; i < at->k; i++) at->inputs[i] = sums[i * at->k + i] / (float)at->reading->n_rows;
    share(&at->fold, at->inputs, at->k, true);
    EWI_TRY(tiles_init(&t, at, TRIED_TILES, err));
    ew_status status = search(&t, &step, tell, user, err);
    tiles_deinit(&t);
    return status == EW_OK && step > 0 ? commit(at, err) : status;
}

/* ---- SmoothQuant ---- */

static void most_share(void *arg, const ewi_share *s) {
    const tiles *t = arg;
    const size_t k = t->at->k;
    float *rows = (float *)(void *)(t->scratch + s->thread * t->scratch_bytes);
    float *most = t->at->weights + s->thread * k;
    for (size_t i = s->index; i < t->n; i += s->n) {
        widen(&t->tiles[i], rows);
        for (size_t j = 0; j < t->tiles[i].n_rows * k; j++) {
            float magnitude = fabsf(rows[j]);
            if (magnitude > most[j % k]) most[j % k] = magnitude;
        }
    }
}

static void find_weights(const tiles *t) {
    const size_t k = t->at->k, n_threads = ewi_pool_n_threads(t->at->s->pool);
    float *most = t->at->weights;
    memset(most, 0, n_threads * k * sizeof *most);
    ewi_pool_run(t->at->s->pool, most_share, (void *)(uintptr_t)t);
    for (size_t i = k; i < n_threads * k; i++)
        if (most[i] > most[i % k]) most[i % k] = most[i];
}

static ew_status choose_smooth(const site *at, ew_error *err) {
    tiles t;
    EWI_TRY(tiles_init(&t, at, SIZE_MAX, err));
    find_weights(&t);
    tiles_deinit(&t);
    memcpy(at->inputs, at->reading->most, at->k * sizeof *at->inputs);
    share(&at->fold, at->inputs, at->k, false);
    share(&at->fold, at->weights, at->k, false);
    ewi_smooth_scales(at->inputs, at->weights, at->k, at->s->how.smooth, at->best);
    return commit(at, err);
}

/* ---- a stage ---- */

static ew_status choose(const site *at, ewi_calibration_tell tell, void *user, ew_error *err) {
    EWI_TRY(tell(user, err));
    return at->s->how.smooth > 0 ? choose_smooth(at, err) : choose_awq(at, tell, user, err);
}

static ew_status choose_for(site *at, ewi_calibration_tell tell, void *user, ew_error *err) {
    const size_t n_threads = ewi_pool_n_threads(at->s->pool);
    float *memory = ewi_alloc_array(at->k, (3 + n_threads) * sizeof *memory);
    if (!memory) return ewi_no_memory(err, "scales of channels");
    at->inputs = memory;
    at->scales = memory + at->k;
    at->best = memory + 2 * at->k;
    at->weights = memory + 3 * at->k;
    ew_status status = choose(at, tell, user, err);
    ewi_free(memory);
    return status;
}

/* Readers are rounded by what they read, whether it was scaled or not. */
static ew_status weigh(ewi_channel_scales *s, const ewi_reading *r, ewi_value input, ew_error *err) {
    const float *columns = ewi_channel_scales_columns(s, r->first->weight);
    float *importance = ewi_arena_array(&s->arena, r->k, sizeof *importance);
    if (!importance) return ewi_no_memory(err, "the importance of channels");
    ewi_awq_importance(ewi_hessian_sums(r->h), r->k, columns, importance);
    for (uint32_t i = 0; i < s->graph.n_nodes; i++) {
        const ewi_node *node = &s->graph.nodes[i];
        if (node->op == EWI_OP_LINEAR && node->inputs[0] == input)
            entry_of(s, node->weight)->importance = importance;
    }
    return EW_OK;
}

/* What reads this weight's input; passes give those that look at the same rows values of their own. */
static ewi_value input_of(const ewi_channel_scales *s, const ewi_tensor *weight) {
    uint32_t i = 0;
    while (s->graph.nodes[i].op != EWI_OP_LINEAR || s->graph.nodes[i].weight != weight) i++;
    return s->graph.nodes[i].inputs[0];
}

ew_status ewi_channel_scales_choose(ewi_channel_scales *s, const ewi_calibration *c,
                                    ewi_calibration_tell tell, void *user, ew_error *err) {
    const ewi_reading *readings;
    const size_t n = ewi_calibration_readings(c, &readings);
    ewi_value before = EWI_NO_VALUE;
    for (size_t i = 0; i < n; i++) {
        site at = {.s = s, .reading = &readings[i], .k = readings[i].k};
        ewi_value input = input_of(s, at.reading->first->weight);
        if (input == before) continue;
        before = input;
        s->n_sites++;
        /* Wider matrices are refused when they are written. */
        if (at.k <= EWI_PACKED_MAX_K && ewi_fold_find(&s->graph, input, &at.fold))
            EWI_TRY(choose_for(&at, tell, user, err));
        if (s->how.smooth == 0) EWI_TRY(weigh(s, at.reading, input, err));
    }
    return EW_OK;
}
