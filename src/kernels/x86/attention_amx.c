/*
 * attention_amx.c: attention of many rows on bf16 tiles.
 *
 * Keys and values of a block become tiles once and serve all rows, which pass over them 16 at a time. While
 * vectors soften the scores of 16 rows, the tiles make those of the next 16.
 */
#include "kernels/half.h"
#include "kernels/ladder.h"
#include "kernels/q4r.h"
#include "kernels/wide/softmax_wide.h"
#include "kernels/x86/tiles_x86.h"

#define STEP      32u /* elements of a tile's row */
#define KEY_TILES (EWI_ATTENTION_KEYS / TILE)
#define KEY_STEPS (EWI_ATTENTION_KEYS / STEP)

/* ---- a block of keys and values, as tiles ---- */

typedef struct block {
    const ewi_attention *a;
    size_t first_key, n_keys; /* that any row sees */
    size_t d_steps, d_tiles;  /* of a head: steps of 32 elements, tiles of 16 */
    uint8_t *keys;            /* [d_steps][4] tiles: pairs of elements, 16 keys */
    uint8_t *values;          /* [d_tiles][2] tiles: pairs of keys, 16 elements */
    uint8_t *q;               /* [d_steps] tiles: 16 rows, 32 elements */
    float *acc;               /* [d_tiles] tiles: 16 rows, 16 elements */
} block;

static size_t least_key(const ewi_attention_row *rows, size_t n_rows) {
    size_t least = EWI_ATTENTION_KEYS;
    for (size_t r = 0; r < n_rows; r++)
        if (rows[r].n_keys > 0 && rows[r].first_key < least) least = rows[r].first_key;
    return least;
}

static size_t most_keys(const ewi_attention_row *rows, size_t n_rows) {
    size_t most = 0;
    for (size_t r = 0; r < n_rows; r++) most = rows[r].n_keys > most ? rows[r].n_keys : most;
    return most;
}

static block make_block(const ewi_attention *a) {
    uint8_t *at = (uint8_t *)a->scratch;
    block b = {.a = a, .n_keys = most_keys(a->rows, a->n_rows)};
    b.first_key = least_key(a->rows, a->n_rows);
    b.d_steps = (a->head_dim + STEP - 1) / STEP;
    b.d_tiles = (a->head_dim + TILE - 1) / TILE;
    b.keys = at + (64 - (uintptr_t)at % 64) % 64;
    b.values = b.keys + b.d_steps * KEY_TILES * TILE_BYTES;
    b.q = b.values + b.d_tiles * KEY_STEPS * TILE_BYTES;
    b.acc = (float *)(void *)(b.q + b.d_steps * TILE_BYTES);
    return b;
}

/* A tile's row of 16 pairs (low, high). */
EWI_INLINE void store_pairs(uint8_t *to, v16 low, v16 high) {
    const __m512i index = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23,
                                           7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    _mm512_store_si512(to, _mm512_permutexvar_epi16(index, bf16_pair(low, high)));
}

/* Element i of keys j .. j + 15. */
EWI_INLINE v16 key_codes(const ewi_attention *a, size_t i, size_t j) {
    const uint8_t *four = (const uint8_t *)a->k + (i / 4 * EWI_ATTENTION_KEYS + j) * 4;
    __m512i codes = _mm512_xor_si512(_mm512_loadu_si512(four), _mm512_set1_epi8(-128));
    __m512i one = _mm512_srai_epi32(_mm512_sllv_epi32(codes, _mm512_set1_epi32(24 - 8 * (int)(i % 4))), 24);
    return v16_mul(_mm512_cvtepi32_ps(one), v16_load((const float *)a->k_scales + j));
}

EWI_INLINE v16 key_half_codes(const ewi_attention *a, size_t i, size_t j) {
    const uint8_t *four = (const uint8_t *)a->k + (i / 8 * EWI_ATTENTION_KEYS + j) * 4;
    __m512i codes = _mm512_xor_si512(_mm512_loadu_si512(four), _mm512_set1_epi8((char)0x88));
    const int left = (i % 8 < 4 ? 28 : 24) - 8 * (int)(i % 4);
    __m512i one = _mm512_srai_epi32(_mm512_sllv_epi32(codes, _mm512_set1_epi32(left)), 28);
    return v16_mul(_mm512_cvtepi32_ps(one), v16_load_bf16((const uint16_t *)a->k_scales + j));
}

EWI_INLINE v16 load_key(const ewi_attention *a, ewi_dtype type, size_t i, size_t j) {
    const char *k = a->k;
    if (i >= a->head_dim) return v16_zero();
    if (type == EWI_I8) return key_codes(a, i, j);
    if (type == EWI_Q4R) return key_half_codes(a, i, j);
    if (type == EWI_F16) return v16_load_f16(k + 2 * (i * EWI_ATTENTION_KEYS + j));
    return v16_load(k + 4 * (i * EWI_ATTENTION_KEYS + j));
}

EWI_INLINE void fill_keys_of(const block *b, ewi_dtype type) {
    for (size_t i = 0; i < b->d_steps * STEP; i += 2)
        for (size_t j = 0; j < b->n_keys; j += TILE) {
            uint8_t *tile = b->keys + (i / STEP * KEY_TILES + j / TILE) * TILE_BYTES;
            store_pairs(tile + i % STEP / 2 * 64, load_key(b->a, type, i, j), load_key(b->a, type, i + 1, j));
        }
}

static void fill_keys(const block *b) {
    switch ((int)b->a->k_type) {
    case EWI_I8: fill_keys_of(b, EWI_I8); break;
    case EWI_Q4R: fill_keys_of(b, EWI_Q4R); break;
    case EWI_F16: fill_keys_of(b, EWI_F16); break;
    default: fill_keys_of(b, EWI_F32); break;
    }
}

EWI_INLINE v16 value_half_codes(const ewi_attention *a, size_t j, size_t i) {
    const uint8_t *value = (const uint8_t *)a->v + j * ewi_q4r_value_bytes(a->head_dim);
    const float scale = ewi_bf16_to_f32(((const uint16_t *)a->v_scales)[j]);
    return v16_mul(v16_load_i4(value + i / 2), v16_set1(scale));
}

/* Elements i .. i + 15 of value j; zeros beyond the head's, and where no row sees the value. */
EWI_INLINE v16 load_value(const block *b, ewi_dtype type, size_t j, size_t i) {
    const ewi_attention *a = b->a;
    const size_t at = j * a->head_dim + i, n = rest(a->head_dim, i);
    if (j < b->first_key || j >= b->n_keys) return v16_zero();
    if (type == EWI_F32) return v16_load_n((const float *)a->v + at, n);
    if (type == EWI_F16) return v16_load_f16_n((const char *)a->v + 2 * at, n);
    if (type == EWI_Q4R) return value_half_codes(a, j, i);
    __m128i codes = _mm_maskz_loadu_epi8(v16_first(n), (const int8_t *)a->v + at);
    const float scale = ((const float *)a->v_scales)[j];
    return v16_mul(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes)), v16_set1(scale));
}

EWI_INLINE void fill_values_of(const block *b, ewi_dtype type) {
    for (size_t i = 0; i < b->d_tiles; i++)
        for (size_t j = 0; j < EWI_ATTENTION_KEYS; j += 2) {
            uint8_t *tile = b->values + (i * KEY_STEPS + j / STEP) * TILE_BYTES;
            store_pairs(tile + j % STEP / 2 * 64, load_value(b, type, j, TILE * i),
                        load_value(b, type, j + 1, TILE * i));
        }
}

static void fill_values(const block *b) {
    switch ((int)b->a->v_type) {
    case EWI_I8: fill_values_of(b, EWI_I8); break;
    case EWI_Q4R: fill_values_of(b, EWI_Q4R); break;
    case EWI_F16: fill_values_of(b, EWI_F16); break;
    default: fill_values_of(b, EWI_F32); break;
    }
}

/* ---- 16 rows ---- */

typedef struct rows16 {
    ewi_attention_row *rows;
    size_t n;
    _Alignas(64) attention_keys scores[TILE];
} rows16;

/* Rows beyond the last are zeros. */
static void fill_queries(const block *b, const rows16 *t) {
    const size_t dim = b->a->head_dim;
    for (size_t i = 0; i < b->d_steps * STEP; i += STEP)
        for (size_t r = 0; r < TILE; r++) {
            v16 x[2] = {v16_zero(), v16_zero()};
            for (size_t h = 0; h < 2 && r < t->n && i + TILE * h < dim; h++)
                x[h] = v16_load_n(t->rows[r].q + i + TILE * h, rest(dim, i + TILE * h));
            _mm512_store_si512(b->q + i / STEP * TILE_BYTES + 64 * r, bf16_pair(x[0], x[1]));
        }
}

/* sums += rows' factor * one tile of the block. */
#define TAKE(sums, tile)            \
    do {                            \
        _tile_loadd(6, tile, 64);   \
        _tile_dpbf16ps(sums, 4, 6); \
    } while (0)

/* Keys that no row sees cost what others do: they are few, at the diagonal. */
static void score_tiles(const block *b, rows16 *t) {
    fill_queries(b, t);
    TILES_FENCE;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t s = 0; s < b->d_steps; s++) {
        const uint8_t *keys = b->keys + s * KEY_TILES * TILE_BYTES;
        _tile_loadd(4, b->q + s * TILE_BYTES, 64);
        TAKE(0, keys);
        TAKE(1, keys + TILE_BYTES);
        TAKE(2, keys + 2 * TILE_BYTES);
        TAKE(3, keys + 3 * TILE_BYTES);
    }
    _tile_stored(0, t->scores[0], sizeof(attention_keys));
    _tile_stored(1, t->scores[0] + TILE, sizeof(attention_keys));
    _tile_stored(2, t->scores[0] + 2 * TILE, sizeof(attention_keys));
    _tile_stored(3, t->scores[0] + 3 * TILE, sizeof(attention_keys));
    TILES_FENCE;
}

/* Probabilities of 64 keys, bf16. */
typedef uint16_t probabilities[EWI_ATTENTION_KEYS];

/* exp(score - max) as bf16, and the sum of what they became. */
EWI_INLINE float exp_row(const ewi_attention_row *row, const float *s, uint16_t *p) {
    v16 lanes = v16_zero();
    for (size_t j = 0; j < EWI_ATTENTION_KEYS; j += TILE) {
        __m256i rounded = _mm256_setzero_si256();
        if (j < row->n_keys) {
            v16 e = v16_exp(v16_sub(v16_load(s + j), v16_set1(row->max)));
            rounded = (__m256i)_mm512_cvtneps_pbh(e);
            lanes = v16_add(lanes, v16_from_bf16(rounded));
        }
        _mm256_store_si256((__m256i *)(void *)(p + j), rounded);
    }
    return v16_sum(lanes);
}

static void soften_tiles(const block *b, rows16 *t, probabilities *p, float *shrink) {
    for (size_t r = 0; r < t->n; r++) {
        ewi_attention_row *row = &t->rows[r];
        if (row->n_keys == 0) continue;
        float top = scale_scores(b->a, row, t->scores[r]);
        shrink[r] = row->max - top;
        row->max = top;
    }
    v16_store(shrink, v16_exp(v16_load(shrink)));
    for (size_t r = 0; r < t->n; r++) {
        ewi_attention_row *row = &t->rows[r];
        if (row->n_keys > 0) row->sum = fmaf(row->sum, shrink[r], exp_row(row, t->scores[r], p[r]));
    }
}

/* acc * shrink of all rows, as tiles; zeros where there is no row. */
static void load_acc(const block *b, const rows16 *t, const float *shrink) {
    const size_t dim = b->a->head_dim;
    for (size_t r = 0; r < TILE; r++)
        for (size_t i = 0; i < b->d_tiles; i++) {
            v16 old = r < t->n ? v16_load_n(t->rows[r].acc + TILE * i, rest(dim, TILE * i)) : v16_zero();
            v16_store(b->acc + (i * TILE + r) * TILE, v16_mul(old, v16_set1(shrink[r])));
        }
}

/* Rows that see none of the keys keep what they have. */
static void store_acc(const block *b, const rows16 *t) {
    const size_t dim = b->a->head_dim;
    for (size_t r = 0; r < t->n; r++)
        for (size_t i = 0; i < b->d_tiles && t->rows[r].n_keys > 0; i++) {
            v16 new = v16_add(v16_load(b->acc + (i * TILE + r) * TILE), v16_zero());
            v16_store_n(t->rows[r].acc + TILE * i, new, rest(dim, TILE * i));
        }
}

/* One tile of acc; tile numbers are parts of the instructions. */
#define MIX(sums, i)                                                  \
    do {                                                              \
        _tile_loadd(sums, b->acc + (i)*TILE * TILE, 64);              \
        for (size_t s = 0; s < KEY_STEPS; s++) {                      \
            _tile_loadd(4, p[0] + s * STEP, sizeof(probabilities));   \
            TAKE(sums, b->values + ((i)*KEY_STEPS + s) * TILE_BYTES); \
        }                                                             \
        _tile_stored(sums, b->acc + (i)*TILE * TILE, 64);             \
    } while (0)

static void mix_tiles(const block *b, rows16 *t, probabilities *p, const float *shrink) {
    load_acc(b, t, shrink);
    TILES_FENCE;
    for (size_t i = 0; i < b->d_tiles; i += 2) {
        MIX(0, i);
        if (i + 1 < b->d_tiles) MIX(1, i + 1);
    }
    TILES_FENCE;
    store_acc(b, t);
}

static void finish_rows(const block *b, rows16 *t) {
    _Alignas(64) probabilities p[TILE] = {{0}};
    float shrink[TILE] = {0};
    soften_tiles(b, t, p, shrink);
    mix_tiles(b, t, p, shrink);
}

/* ---- the block ---- */

static void attention_bf16(const ewi_attention *a) {
    const block b = make_block(a);
    rows16 t[2];
    size_t n = 0;
    if (b.n_keys == 0) return;
    fill_keys(&b);
    fill_values(&b);
    tiles_configure(64);
    for (size_t first = 0; first < a->n_rows; first += TILE) {
        rows16 *now = &t[n % 2];
        now->rows = a->rows + first;
        now->n = rest(a->n_rows, first);
        if (most_keys(now->rows, now->n) == 0) continue;
        score_tiles(&b, now);
        if (n > 0) finish_rows(&b, &t[(n - 1) % 2]);
        n++;
    }
    finish_rows(&b, &t[(n - 1) % 2]);
    _tile_release();
}

void ewi_attention_amx(ewi_kernels *table) {
    table->attention_bf16 = attention_bf16;
}
