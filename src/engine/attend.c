/*
 * attend.c: attention of a step's rows.
 *
 * Rows of one session and the query heads of one group form a tile that passes over the keys and values of
 * one kv head together. Many tiles are shared among threads as they are; few tiles of few rows (decode) are
 * cut along the keys too, into the spans that docs/numerics.md merges: so neither cut shows in the bits.
 */
#include "engine/attend.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "kernels/elementary.h"
#include "kernels/q4r.h"
#include "kernels/qrows.h"

/* Queries (rows times heads of a group) that make a tile: their scores and sums stay in the second-level
 * cache. */
#define TILE_QUERIES 96u
/* Rows of a session in one step whose spans threads can share, and below which tiles are not cut. */
#define SHARED_ROWS 8u
/* Items for each thread that balance well enough. */
#define ITEMS_PER_THREAD 4u

/* ---- memory ---- */

static uint32_t group_of(const ew_engine *e) {
    return e->model->hparams.n_heads / e->model->hparams.n_kv_heads;
}

static uint32_t most_tile_rows(const ew_engine *e) {
    uint32_t n = TILE_QUERIES / group_of(e);
    return n == 0 ? 1 : n < e->plan.n_rows ? n : e->plan.n_rows;
}

/* As codes, or as rotated floats where tiles multiply those. */
static size_t qrow_bytes(const ew_engine *e) {
    size_t dim = e->model->hparams.head_dim, codes = ewi_qrow_layout(EWI_QROWS_WHOLE, dim).bytes;
    if (e->shape.k == EWI_I8) return ewi_qrow_layout(EWI_QROWS_256, dim).bytes;
    if (e->shape.k != EWI_Q4R) return 0;
    size_t floats = (dim * sizeof(float) + 63) / 64 * 64;
    return codes > floats ? codes : floats;
}

uint64_t ewi_attend_bytes(const ew_engine *e) {
    uint64_t dim = e->model->hparams.head_dim, queries = (uint64_t)most_tile_rows(e) * group_of(e);
    uint64_t thread_bytes = 2 * queries * (sizeof(ewi_attention_row) + dim * sizeof(float)) +
                            queries * qrow_bytes(e) + EWI_ATTENTION_SCRATCH(dim) * sizeof(float);
    return ewi_pool_n_threads(e->pool) * thread_bytes;
}

static bool init_scratch(ew_engine *e, ewi_attention_scratch *s) {
    size_t dim = e->model->hparams.head_dim, n = (size_t)e->tile_rows * group_of(e);
    s->block = ewi_arena_array(&e->tables, EWI_ATTENTION_SCRATCH(dim), sizeof *s->block);
    s->qrows = ewi_arena_array(&e->tables, n, qrow_bytes(e));
    for (int i = 0; i < 2; i++) {
        s->rows[i] = ewi_arena_array(&e->tables, n, sizeof *s->rows[i]);
        s->acc[i] = ewi_arena_array(&e->tables, n * dim, sizeof *s->acc[i]);
        if (!s->rows[i] || !s->acc[i]) return false;
    }
    return s->block && s->qrows;
}

bool ewi_attend_init(ew_engine *e) {
    uint32_t n_threads = ewi_pool_n_threads(e->pool);
    e->tile_rows = most_tile_rows(e);
    e->tiles = ewi_arena_array(&e->tables, e->plan.n_rows, sizeof *e->tiles);
    e->parts_left = ewi_arena_array(&e->tables, n_threads * ITEMS_PER_THREAD, sizeof *e->parts_left);
    e->scratch = ewi_arena_array(&e->tables, n_threads, sizeof *e->scratch);
    bool ok = e->tiles && e->parts_left && e->scratch;
    for (uint32_t t = 0; ok && t < n_threads; t++) ok = init_scratch(e, &e->scratch[t]);
    return ok;
}

/* What a query has of a span: max, sum, and from the 16th float on acc. */
static size_t part_floats(size_t head_dim) {
    return 16 + (head_dim + 15) / 16 * 16;
}

bool ewi_attend_open(ew_session *s) {
    const ewi_hparams *h = &s->engine->model->hparams;
    size_t n_spans = s->n_ctx / EWI_ATTENTION_SPAN + 1, n;
    if (n_spans == 1 || ewi_pool_n_threads(s->engine->pool) == 1) return true;
    bool fits =
        ewi_mul_size(n_spans * SHARED_ROWS, h->n_heads, &n) && ewi_mul_size(n, part_floats(h->head_dim), &n);
    s->parts = fits ? ewi_alloc_array(n, sizeof *s->parts) : NULL;
    return s->parts != NULL;
}

static float *part_of(const ewi_attend *a, const ew_row *row, size_t head, size_t span) {
    size_t at = span * SHARED_ROWS + row->position % SHARED_ROWS;
    return row->session->parts + (at * a->attrs->n_heads + head) * part_floats(a->attrs->head_dim);
}

/* ---- tiles ---- */

/* Smaller tiles where there would be too few for all threads. */
static uint32_t tile_rows_for(const ew_engine *e, size_t n_rows) {
    size_t items = (size_t)ewi_pool_n_threads(e->pool) * ITEMS_PER_THREAD;
    size_t n = n_rows * e->model->hparams.n_kv_heads / items;
    if (n < SHARED_ROWS) n = SHARED_ROWS;
    return n < e->tile_rows ? (uint32_t)n : e->tile_rows;
}

static size_t list_tiles(ew_engine *e, const ew_row *rows, size_t n_rows) {
    size_t n = 0;
    uint32_t most = tile_rows_for(e, n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        ewi_tile *last = n ? &e->tiles[n - 1] : NULL;
        if (last && last->n < most && rows[last->first].session == rows[i].session)
            last->n++;
        else
            e->tiles[n++] = (ewi_tile){(uint32_t)i, 1, 1};
    }
    return n;
}

static bool want_parts(const ew_engine *e, const ew_row *rows, size_t n_rows, size_t n_items) {
    uint32_t n_threads = ewi_pool_n_threads(e->pool);
    if (n_threads == 1 || n_items >= (size_t)n_threads * ITEMS_PER_THREAD) return false;
    for (size_t i = 0; i < n_rows; i++)
        if (rows[i].session->n_pending > SHARED_ROWS) return false;
    return true;
}

size_t ewi_attend_tiles(ew_engine *e, const ew_row *rows, size_t n_rows) {
    size_t n_tiles = list_tiles(e, rows, n_rows), n_heads = e->model->hparams.n_kv_heads;
    if (!want_parts(e, rows, n_rows, n_tiles * n_heads)) return n_tiles;
    for (size_t t = 0; t < n_tiles; t++) {
        ewi_tile *tile = &e->tiles[t];
        tile->n_parts = (rows[tile->first].position + tile->n - 1) / EWI_ATTENTION_SPAN + 1;
        for (size_t h = 0; h < n_heads; h++) e->parts_left[t * n_heads + h] = tile->n_parts;
    }
    return n_tiles;
}

/* ---- store ---- */

/* Where one head's key and value of a position go. */
typedef struct place {
    const ew_engine *e;
    const ewi_state *state;
    uint32_t layer, head, block, at;
} place;

/* A row of I8 codes and the scale that belongs to them. */
typedef struct codes {
    EWI_ALIGNED(64) uint8_t row[EWI_QROWS_BLOCK + 64]; /* zeros after the codes, up to a multiple of 64 */
    float scale;
} codes;

static void make_codes(const ew_engine *e, codes *out, const float *x, size_t head_dim) {
    const ewi_qrow layout = ewi_qrow_layout(EWI_QROWS_256, head_dim);
    EW_ASSERT(layout.bytes <= sizeof out->row);
    e->kern->quantize[EWI_QROWS_256](out->row, x, head_dim);
    memcpy(&out->scale, out->row + layout.scales, sizeof out->scale);
}

/* Column `at` of [head_dim / 4][64][4]. */
static void store_key_codes(const place *p, const float *x, size_t head_dim) {
    uint8_t *to = ewi_state_keys(p->state, p->layer, p->head, p->block);
    float *scales = ewi_state_key_scales(p->state, p->layer, p->head, p->block);
    codes c;
    make_codes(p->e, &c, x, head_dim);
    scales[p->at] = c.scale;
    for (size_t i = 0; i < head_dim; i += 4) {
        uint32_t four;
        memcpy(&four, c.row + i, 4);
        four ^= 0x80808080u; /* code + 128 */
        memcpy(to + (i * EWI_BLOCK_POSITIONS + p->at * 4), &four, 4);
    }
}

static void make_half_codes(const ew_engine *e, ewi_q4r *out, const float *x, size_t head_dim) {
    float turned[EWI_Q4R_MOST];
    e->kern->rotate[EWI_ROTATE_WEIGHTS](turned, x, head_dim);
    ewi_q4r_round(out, turned, head_dim);
}

static void store_key_half_codes(const place *p, const float *x, size_t head_dim) {
    uint16_t *scales = ewi_state_key_scales(p->state, p->layer, p->head, p->block);
    ewi_q4r head;
    make_half_codes(p->e, &head, x, head_dim);
    ewi_q4r_put_key(ewi_state_keys(p->state, p->layer, p->head, p->block), p->at, &head, head_dim);
    scales[p->at] = head.scale;
}

/* Column `at` of [head_dim][64], a piece at a time. */
static void store_key_numbers(const place *p, const float *x, size_t head_dim) {
    uint8_t piece[64 * sizeof(float)];
    ewi_dtype type = p->state->shape->k;
    size_t bytes = ewi_dtype_get(type)->block_bytes;
    uint8_t *keys = ewi_state_keys(p->state, p->layer, p->head, p->block);
    for (size_t first = 0; first < head_dim; first += 64) {
        size_t n = head_dim - first < 64 ? head_dim - first : 64;
        uint8_t *to = keys + (first * EWI_BLOCK_POSITIONS + p->at) * bytes;
        p->e->kern->narrow[type](piece, x + first, n);
        for (size_t i = 0; i < n; i++, to += EWI_BLOCK_POSITIONS * bytes)
            if (bytes == 2)
                memcpy(to, piece + 2 * i, 2);
            else
                memcpy(to, piece + 4 * i, 4);
    }
}

static void store_key(const place *p, const float *x, size_t head_dim) {
    switch ((int)p->state->shape->k) {
    case EWI_I8: store_key_codes(p, x, head_dim); break;
    case EWI_Q4R: store_key_half_codes(p, x, head_dim); break;
    default: store_key_numbers(p, x, head_dim); break;
    }
}

static void store_value_codes(const place *p, const float *x, size_t head_dim) {
    uint8_t *values = ewi_state_values(p->state, p->layer, p->head, p->block);
    float *scales = ewi_state_value_scales(p->state, p->layer, p->head, p->block);
    codes c;
    make_codes(p->e, &c, x, head_dim);
    memcpy(values + p->at * head_dim, c.row, head_dim);
    scales[p->at] = c.scale;
}

static void store_value_half_codes(const place *p, const float *x, size_t head_dim) {
    uint8_t *values = ewi_state_values(p->state, p->layer, p->head, p->block);
    uint16_t *scales = ewi_state_value_scales(p->state, p->layer, p->head, p->block);
    ewi_q4r head;
    make_half_codes(p->e, &head, x, head_dim);
    ewi_q4r_put_value(values + p->at * ewi_q4r_value_bytes(head_dim), &head, head_dim);
    scales[p->at] = head.scale;
}

static void store_value_numbers(const place *p, const float *x, size_t head_dim) {
    ewi_dtype type = p->state->shape->v;
    uint8_t *values = ewi_state_values(p->state, p->layer, p->head, p->block);
    p->e->kern->narrow[type](values + p->at * head_dim * ewi_dtype_get(type)->block_bytes, x, head_dim);
}

static void store_value(const place *p, const float *x, size_t head_dim) {
    switch ((int)p->state->shape->v) {
    case EWI_I8: store_value_codes(p, x, head_dim); break;
    case EWI_Q4R: store_value_half_codes(p, x, head_dim); break;
    default: store_value_numbers(p, x, head_dim); break;
    }
}

void ewi_attend_store(const ewi_attend *a, size_t i, uint32_t first_head, uint32_t end_head) {
    const ew_row *row = &a->rows[i];
    size_t dim = a->attrs->head_dim, cols = a->attrs->n_kv_heads * dim;
    place p = {.e = a->e, .state = &row->session->state, .layer = a->attrs->layer};
    p.block = row->position / EWI_BLOCK_POSITIONS;
    p.at = row->position % EWI_BLOCK_POSITIONS;
    for (p.head = first_head; p.head < end_head; p.head++) {
        const float *k = a->k + i * cols + p.head * dim, *v = a->v + i * cols + p.head * dim;
        store_key(&p, k, dim);
        store_value(&p, v, dim);
    }
}

/* ---- look ---- */

/* A tile and the kv head that it looks at: query i is head h * group + i % group of the tile's row
 * i / group. */
typedef struct item {
    const ewi_attend *a;
    const ewi_tile *tile;
    uint32_t h, group, position; /* of the tile's first row */
    size_t n;
    ewi_attention_scratch *scratch;
} item;

static const ew_row *row_of(const item *it, size_t i) {
    return &it->a->rows[it->tile->first + i / it->group];
}

static size_t head_of(const item *it, size_t i) {
    return it->h * it->group + i % it->group;
}

/* The first position that query i sees. */
static size_t first_seen(const item *it, size_t i) {
    size_t length = it->position + i / it->group + 1, window = it->a->attrs->window;
    return window && length > window ? length - window : 0;
}

/* The position after the last one that it sees. */
static size_t end_seen(const item *it, size_t i) {
    size_t position = it->position + i / it->group, window = it->a->attrs->window;
    if (!it->a->attrs->is_two_sided) return position + 1;
    const ew_session *s = row_of(it, i)->session;
    size_t length = (size_t)s->length + s->n_pending;
    return window && position + window < length ? position + window : length;
}

/* The first of the spans that query i sees any key of. */
static size_t first_span(const item *it, size_t i) {
    return first_seen(it, i) / EWI_ATTENTION_SPAN;
}

static bool sees_span(const item *it, size_t i, size_t span) {
    return end_seen(it, i) > span * EWI_ATTENTION_SPAN && span >= first_span(it, i);
}

/* The last position that any of its queries sees. */
static size_t last_seen(const item *it) {
    return end_seen(it, it->n - 1) - 1;
}

/* Element 0 of query i in a value [n_rows, n_heads * head_dim]. */
static size_t offset_of(const item *it, size_t i) {
    const ewi_attention_attrs *attrs = it->a->attrs;
    return ((it->tile->first + i / it->group) * (size_t)attrs->n_heads + head_of(it, i)) * attrs->head_dim;
}

/* The session's rows decide, not the tile's, whose number depends on the threads. */
static bool is_fast(const item *it) {
    const ew_engine *e = it->a->e;
    return !e->exact && e->kern->has_tiles && row_of(it, 0)->session->n_pending >= EWI_FAST_ROWS;
}

/* Queries as keys of codes meet them. */
static void turn_queries(const item *it) {
    const ew_engine *e = it->a->e;
    const ewi_dtype type = e->shape.k;
    const size_t dim = it->a->attrs->head_dim;
    const ewi_qrows_kind kind = type == EWI_Q4R ? EWI_QROWS_WHOLE : EWI_QROWS_256;
    for (size_t i = 0; i < it->n && (type == EWI_I8 || type == EWI_Q4R); i++) {
        const float *q = it->a->q + offset_of(it, i);
        uint8_t *to = it->scratch->qrows + i * qrow_bytes(e);
        if (!is_fast(it))
            e->kern->quantize[kind](to, q, dim);
        else if (type == EWI_Q4R)
            e->kern->rotate[EWI_ROTATE_INPUTS]((float *)(void *)to, q, dim);
    }
}

static size_t place_in_block(size_t position, size_t block) {
    size_t before = block * EWI_BLOCK_POSITIONS, at = position > before ? position - before : 0;
    return at < EWI_BLOCK_POSITIONS ? at : EWI_BLOCK_POSITIONS;
}

static void see_keys(const item *it, ewi_attention_row *rows, size_t block) {
    for (size_t i = 0; i < it->n; i++) {
        size_t position = it->position + i / it->group;
        rows[i].first_key = place_in_block(first_seen(it, i), block);
        rows[i].n_keys = place_in_block(end_seen(it, i), block);
        if (rows[i].first_key >= rows[i].n_keys) rows[i].first_key = rows[i].n_keys = 0;
        rows[i].distance = (float)((double)block * EWI_BLOCK_POSITIONS - (double)position);
    }
}

/* Slopes of ALiBi (arXiv 2108.12409): powers of 2^(-most / n) for the first n heads, n a power of two, and
 * the odd powers of its root for the rest. */
static float slope_of(const ewi_attention_attrs *attrs, size_t head) {
    size_t n = 1;
    if (attrs->alibi_max == 0) return 0;
    while (2 * n <= attrs->n_heads) n *= 2;
    double power = head < n ? (double)(head + 1) : (double)(head - n) + 0.5;
    double slope = ewi_pow(2.0, -(double)attrs->alibi_max * power / (double)n);
    return (float)(slope * (double)attrs->alibi_scale);
}

/* Fills rows, whose acc are set, with what they have of one span. */
static void look_at_span(const item *it, ewi_attention_row *rows, size_t span) {
    const ewi_attend *a = it->a;
    const ew_engine *e = a->e;
    const ewi_state *state = &a->rows[it->tile->first].session->state;
    void (*const attention)(const ewi_attention *) =
        is_fast(it) ? e->kern->attention_bf16 : e->kern->attention;
    const uint32_t per_span = EWI_ATTENTION_SPAN / EWI_BLOCK_POSITIONS;
    uint32_t last = (uint32_t)(last_seen(it) / EWI_BLOCK_POSITIONS), first = (uint32_t)span * per_span;
    uint32_t end = first + per_span, seen = (uint32_t)(first_seen(it, 0) / EWI_BLOCK_POSITIONS);
    for (size_t i = 0; i < it->n; i++) {
        rows[i] = (ewi_attention_row){.q = a->q + offset_of(it, i), .acc = rows[i].acc, .max = -INFINITY};
        rows[i].qrow = it->scratch->qrows + i * qrow_bytes(e);
        if (is_fast(it) && e->shape.k == EWI_Q4R) rows[i].q = (const float *)(const void *)rows[i].qrow;
        rows[i].slope = slope_of(a->attrs, head_of(it, i));
        memset(rows[i].acc, 0, a->attrs->head_dim * sizeof *rows[i].acc);
    }
    for (uint32_t block = first > seen ? first : seen; block <= last && block < end; block++) {
        see_keys(it, rows, block);
        attention(&(ewi_attention){
            .rows = rows,
            .n_rows = it->n,
            .head_dim = a->attrs->head_dim,
            .k_type = e->shape.k,
            .v_type = e->shape.v,
            .k = ewi_state_keys(state, a->attrs->layer, it->h, block),
            .v = ewi_state_values(state, a->attrs->layer, it->h, block),
            .k_scales = ewi_state_key_scales(state, a->attrs->layer, it->h, block),
            .v_scales = ewi_state_value_scales(state, a->attrs->layer, it->h, block),
            .scale = a->attrs->scale,
            .cap = a->attrs->cap,
            .scratch = it->scratch->block,
        });
    }
}

static void finish(const item *it, const ewi_attention_row *row, size_t i) {
    const ew_engine *e = it->a->e;
    const size_t dim = it->a->attrs->head_dim;
    float *out = it->a->out + offset_of(it, i);
    e->kern->attention_finish(out, row->acc, row->sum, dim);
    if (e->shape.v == EWI_Q4R) e->kern->rotate[EWI_ROTATE_BACK](out, out, dim);
}

/* What query i has of its first span is its own; that of the others is merged into it. */
static void take_span(const item *it, size_t i, size_t span, ewi_attention_row *row,
                      ewi_attention_row *next) {
    const ewi_attention_row before = *row;
    if (!sees_span(it, i, span)) return;
    if (span > first_span(it, i)) {
        it->a->e->kern->attention_merge(row, next, it->a->attrs->head_dim);
        return;
    }
    *row = *next;
    *next = before;
}

/* One thread takes all spans. */
static void look_alone(const item *it) {
    ewi_attention_row *const *rows = it->scratch->rows;
    size_t dim = it->a->attrs->head_dim, last = last_seen(it);
    for (int j = 0; j < 2; j++)
        for (size_t i = 0; i < it->n; i++) rows[j][i].acc = it->scratch->acc[j] + i * dim;
    size_t first = first_span(it, 0);
    look_at_span(it, rows[0], first);
    for (size_t span = first + 1; span <= last / EWI_ATTENTION_SPAN; span++) {
        look_at_span(it, rows[1], span);
        for (size_t i = 0; i < it->n; i++) take_span(it, i, span, &rows[0][i], &rows[1][i]);
    }
    for (size_t i = 0; i < it->n; i++) finish(it, &rows[0][i], i);
}

static ewi_attention_row load_part(const item *it, size_t i, size_t span) {
    float *part = part_of(it->a, row_of(it, i), head_of(it, i), span);
    return (ewi_attention_row){.max = part[0], .sum = part[1], .acc = part + 16};
}

static void merge_parts(const item *it) {
    for (size_t i = 0; i < it->n; i++) {
        size_t first = first_span(it, i);
        ewi_attention_row row = load_part(it, i, first);
        for (size_t span = first + 1; span < it->tile->n_parts && sees_span(it, i, span); span++) {
            ewi_attention_row next = load_part(it, i, span);
            it->a->e->kern->attention_merge(&row, &next, it->a->attrs->head_dim);
        }
        finish(it, &row, i);
    }
}

/* One span; the thread that does an item's last one puts all together. */
static void look_at_part(const item *it, size_t span, uint32_t *parts_left) {
    ewi_attention_row *rows = it->scratch->rows[0];
    for (size_t i = 0; i < it->n; i++) rows[i].acc = load_part(it, i, span).acc;
    look_at_span(it, rows, span);
    for (size_t i = 0; i < it->n; i++) {
        float *part = rows[i].acc - 16;
        part[0] = rows[i].max;
        part[1] = rows[i].sum;
    }
    if (__atomic_sub_fetch(parts_left, 1, __ATOMIC_ACQ_REL) > 0) return;
    merge_parts(it);
    __atomic_store_n(parts_left, it->tile->n_parts, __ATOMIC_RELAXED); /* for the next layer */
}

static void look(const ewi_attend *a, size_t t, uint32_t h, size_t part, ewi_attention_scratch *scratch) {
    const ewi_tile *tile = &a->e->tiles[t];
    uint32_t group = a->attrs->n_heads / a->attrs->n_kv_heads;
    item it = {a, tile, h, group, a->rows[tile->first].position, (size_t)tile->n * group, scratch};
    turn_queries(&it);
    if (tile->n_parts == 1)
        look_alone(&it);
    else
        look_at_part(&it, part, &a->e->parts_left[t * a->attrs->n_kv_heads + h]);
}

void ewi_attend_look(void *arg, const ewi_share *share) {
    const ewi_attend *a = arg;
    size_t number = 0;
    for (size_t t = 0; t < a->n_tiles; t++)
        for (uint32_t h = 0; h < a->attrs->n_kv_heads; h++)
            for (size_t part = 0; part < a->e->tiles[t].n_parts; part++, number++)
                if (number % share->n == share->index) look(a, t, h, part, &a->e->scratch[share->thread]);
}
