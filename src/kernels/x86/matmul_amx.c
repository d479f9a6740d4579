/*
 * matmul_amx.c: y = x W^T + bias for many rows and 16-bit weights, on bf16 tiles (docs/numerics.md, "Tiles").
 *
 * It is y^T = W x^T that the tiles make: weights lie in memory as the left factor wants them, rows of 32
 * inputs, and only inputs (once for all outputs) and sums (once for all inputs) are turned.
 *
 *     inputs   become bf16 once, as tiles, pairs of inputs of 16 rows
 *     groups   of 256 outputs; for a group, chunks of 512 inputs; in a chunk, panels of 32 outputs
 *     panel    32 outputs x 512 inputs as tiles, 32 KiB, which the first-level cache holds. bf16 is copied
 *              too: where rows lie 4 KiB apart, all 32 lines of a step fall into one set of that cache
 *     block    32 rows, so 2 x 2 tiles: four loads for four products. Its part of a chunk, 32 KiB, comes from
 *              the second-level cache, which holds the chunk's inputs and the group's sums, 256 KiB each
 *
 * By the tables: a product takes 16 cycles, so a panel with 256 rows 8192, in which one core can get about as
 * much as the next 32 KiB of weights from memory; each step asks for a share of them. Copying the panel is
 * 512 loads and stores; from f16, 2 x 512 conversions and 512 roundings more, for all rows together.
 */
#include "kernels/ladder.h"
#include "kernels/wide/v16.h"
#include "kernels/x86/tiles_x86.h"

#define STEP         32u /* inputs of a tile */
#define OUTPUTS      (2 * TILE)
#define BLOCK        (2 * TILE)
#define CHUNK        EWI_TILES_CHUNK
#define CHUNK_STEPS  (CHUNK / STEP)
#define CHUNK_BYTES  ((size_t)CHUNK_STEPS * TILE_BYTES) /* of 16 rows or outputs */
#define BLOCK_FLOATS ((size_t)BLOCK * OUTPUTS)

/* Reads 32 weights as bf16, or the first n < 32 and zeros. */
typedef __m512i (*load_weights_fn)(const uint8_t *w, size_t n);

typedef struct tile_work {
    const ewi_matmul *a;
    size_t n_blocks; /* of rows */
    uint8_t *inputs; /* [chunks][n_blocks][2][CHUNK_STEPS] tiles of 16 pairs x 16 rows */
    uint8_t *panel;  /* [2][CHUNK_STEPS] tiles of 16 outputs x 32 inputs */
    float *sums;     /* [panels of a group][n_blocks][2][2] tiles of 16 outputs x 16 rows */
} tile_work;

/* ---- inputs ---- */

/* Columns 4 q .. 4 q + 3 of 16 x 16 dwords, as rows. */
EWI_INLINE void turn_4(__m512i *out, const void *from, size_t q) {
    const __m128i *p = (const __m128i *)from + q;
    __m512i v[4], low[2], high[2];
    V16_UNROLL for (size_t r = 0; r < 4; r++) {
        v[r] = _mm512_castsi128_si512(_mm_load_si128(p + 4 * r));
        v[r] = _mm512_inserti32x4(v[r], _mm_load_si128(p + 4 * (r + 4)), 1);
        v[r] = _mm512_inserti32x4(v[r], _mm_load_si128(p + 4 * (r + 8)), 2);
        v[r] = _mm512_inserti32x4(v[r], _mm_load_si128(p + 4 * (r + 12)), 3);
    }
    V16_UNROLL for (size_t i = 0; i < 2; i++) {
        low[i] = _mm512_unpacklo_epi32(v[2 * i], v[2 * i + 1]);
        high[i] = _mm512_unpackhi_epi32(v[2 * i], v[2 * i + 1]);
    }
    out[0] = _mm512_unpacklo_epi64(low[0], low[1]);
    out[1] = _mm512_unpackhi_epi64(low[0], low[1]);
    out[2] = _mm512_unpacklo_epi64(high[0], high[1]);
    out[3] = _mm512_unpackhi_epi64(high[0], high[1]);
}

/* Elements i .. i + 15 of n, zeros beyond. */
EWI_INLINE v16 get_padded(const float *p, size_t i, size_t n) {
    return i < n ? get(p + i, rest(n, i)) : v16_zero();
}

static void fill_input_tile(uint8_t *tile, const ewi_matmul *a, size_t row, size_t k) {
    _Alignas(64) __m512i rows[TILE];
    for (size_t r = 0; r < TILE; r++) {
        const float *x = a->x + (row + r) * a->x_stride;
        rows[r] = row + r < a->m ? bf16_pair(get_padded(x, k, a->k), get_padded(x, k + 16, a->k))
                                 : _mm512_setzero_si512();
    }
    for (size_t q = 0; q < 4; q++) {
        __m512i pairs[4];
        turn_4(pairs, rows, q);
        for (size_t i = 0; i < 4; i++) _mm512_store_si512(tile + 64 * (4 * q + i), pairs[i]);
    }
}

static void fill_inputs(const tile_work *t) {
    uint8_t *to = t->inputs;
    for (size_t chunk = 0; chunk < t->a->k; chunk += CHUNK)
        for (size_t row = 0; row < BLOCK * t->n_blocks; row += TILE, to += CHUNK_BYTES)
            for (size_t s = 0; s < CHUNK_STEPS && chunk + s * STEP < t->a->k; s++)
                fill_input_tile(to + s * TILE_BYTES, t->a, row, chunk + s * STEP);
}

/* ---- weights ---- */

EWI_INLINE __m512i load_f16(const uint8_t *w, size_t n) {
    if (n >= 32) return bf16_pair(v16_load_f16(w), v16_load_f16(w + 32));
    return bf16_pair(v16_load_f16_n(w, rest(n, 0)), n > 16 ? v16_load_f16_n(w + 32, n - 16) : v16_zero());
}

EWI_INLINE __m512i load_bf16(const uint8_t *w, size_t n) {
    return n >= 32 ? _mm512_loadu_si512(w) : _mm512_maskz_loadu_epi16((1u << n) - 1, w);
}

/* Inputs chunk .. chunk + n - 1 of outputs j .. j + 31; outputs that do not exist are zeros. */
EWI_INLINE void fill_panel(const tile_work *t, size_t j, size_t chunk, size_t n, load_weights_fn load) {
    const ewi_matmul *a = t->a;
    for (size_t r = 0; r < OUTPUTS; r++) {
        const uint8_t *w = (const uint8_t *)a->w + (j + r) * a->w_stride_bytes + 2 * chunk;
        uint8_t *to = t->panel + r / TILE * CHUNK_BYTES + 64 * (r % TILE);
        size_t i = 0, there = j + r < a->n ? n : 0;
        for (; i + STEP <= there; i += STEP, to += TILE_BYTES) _mm512_store_si512(to, load(w + 2 * i, STEP));
        for (; i < n; i += STEP, to += TILE_BYTES)
            _mm512_store_si512(to, i < there ? load(w + 2 * i, there - i) : _mm512_setzero_si512());
    }
}

/* ---- products ---- */

/* Weights to come: a panel's rows. Each step of each block asks for its share of lines. */
typedef struct weights_ahead {
    const uint8_t *w;
    size_t stride, n_rows;
} weights_ahead;

EWI_INLINE void ask_for(const weights_ahead *ahead, size_t row0, size_t row1, size_t s) {
    for (size_t r = row0; r < row1 && r < ahead->n_rows; r++)
        _mm_prefetch((const char *)ahead->w + r * ahead->stride + 64 * s, _MM_HINT_T1);
}

/* Adds n_steps of the panel times block b to its sums, or begins them. */
static void multiply(const tile_work *t, const uint8_t *inputs, float *sums, size_t n_steps, bool begins,
                     const weights_ahead *ahead, size_t b) {
    const size_t row0 = OUTPUTS * b / t->n_blocks, row1 = OUTPUTS * (b + 1) / t->n_blocks;
    if (begins) {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    } else {
        _tile_loadd(0, sums, 64);
        _tile_loadd(1, sums + TILE_AREA, 64);
        _tile_loadd(2, sums + 2 * TILE_AREA, 64);
        _tile_loadd(3, sums + 3 * TILE_AREA, 64);
    }
    for (size_t s = 0; s < n_steps; s++) {
        const uint8_t *w = t->panel + s * TILE_BYTES, *x = inputs + s * TILE_BYTES;
        _tile_loadd(4, w, 64);
        _tile_loadd(6, x, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, x + CHUNK_BYTES, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, w + CHUNK_BYTES, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        ask_for(ahead, row0, row1, s);
    }
    _tile_stored(0, sums, 64);
    _tile_stored(1, sums + TILE_AREA, 64);
    _tile_stored(2, sums + 2 * TILE_AREA, 64);
    _tile_stored(3, sums + 3 * TILE_AREA, 64);
}

/* Sums of 16 outputs from j on and 16 rows from i on, turned, into y. */
static void store_tile(const ewi_matmul *a, const float *sums, size_t i, size_t j) {
    if (j >= a->n) return;
    const size_t n = rest(a->n, j);
    const v16 bias = a->bias ? get(a->bias + j, n) : v16_zero();
    for (size_t q = 0; q < 4; q++) {
        __m512i rows[4];
        turn_4(rows, sums, q);
        for (size_t r = 0; r < 4 && i + 4 * q + r < a->m; r++) {
            v16 y = _mm512_castsi512_ps(rows[r]);
            put(a->y + (i + 4 * q + r) * a->y_stride + j, a->bias ? v16_add(y, bias) : y, n);
        }
    }
}

static void store_block(const ewi_matmul *a, const float *sums, size_t i, size_t j) {
    for (size_t c = 0; c < 2; c++)
        for (size_t h = 0; h < 2; h++)
            store_tile(a, sums + (2 * c + h) * TILE_AREA, i + TILE * h, j + TILE * c);
}

/* ---- the matrix ---- */

/* What follows panel j of a chunk: the group's next panel, or its first one of the next chunk. */
static weights_ahead next_panel(const ewi_matmul *a, size_t j0, size_t j, size_t chunk) {
    const size_t j1 = a->n - j0 < EWI_TILES_GROUP ? a->n : j0 + EWI_TILES_GROUP;
    size_t next = j + OUTPUTS;
    if (next >= j1) {
        chunk = chunk + CHUNK < a->k ? chunk + CHUNK : 0;
        next = chunk ? j0 : j1;
    }
    if (next >= a->n) return (weights_ahead){0};
    const uint8_t *w = (const uint8_t *)a->w + next * a->w_stride_bytes + 2 * chunk;
    return (weights_ahead){w, a->w_stride_bytes, a->n - next < OUTPUTS ? a->n - next : OUTPUTS};
}

EWI_INLINE void multiply_panel(const tile_work *t, size_t j0, size_t j, size_t chunk) {
    const ewi_matmul *a = t->a;
    const size_t n = a->k - chunk < CHUNK ? a->k - chunk : CHUNK;
    const weights_ahead ahead = next_panel(a, j0, j, chunk);
    const uint8_t *inputs = t->inputs + chunk / CHUNK * t->n_blocks * 2 * CHUNK_BYTES;
    float *sums = t->sums + (j - j0) / OUTPUTS * t->n_blocks * BLOCK_FLOATS;
    TILES_FENCE;
    for (size_t b = 0; b < t->n_blocks; b++, inputs += 2 * CHUNK_BYTES, sums += BLOCK_FLOATS) {
        multiply(t, inputs, sums, (n + STEP - 1) / STEP, chunk == 0, &ahead, b);
        TILES_FENCE;
        if (chunk + n == a->k) store_block(a, sums, BLOCK * b, j);
    }
}

/* At most EWI_TILES_ROWS rows. */
EWI_INLINE void matmul_block(const ewi_matmul *a, load_weights_fn load) {
    tile_work t = {.a = a, .n_blocks = (a->m + BLOCK - 1) / BLOCK, .panel = a->scratch};
    t.sums = (float *)(void *)(t.panel + 2 * CHUNK_BYTES);
    t.inputs = (uint8_t *)(t.sums + EWI_TILES_GROUP / OUTPUTS * t.n_blocks * BLOCK_FLOATS);
    fill_inputs(&t);
    for (size_t j0 = 0; j0 < a->n; j0 += EWI_TILES_GROUP)
        for (size_t chunk = 0; chunk < a->k; chunk += CHUNK)
            for (size_t j = j0; j < a->n && j < j0 + EWI_TILES_GROUP; j += OUTPUTS) {
                fill_panel(&t, j, chunk, a->k - chunk < CHUNK ? a->k - chunk : CHUNK, load);
                multiply_panel(&t, j0, j, chunk);
            }
}

EWI_INLINE void matmul(const ewi_matmul *a, load_weights_fn load) {
    tiles_configure(64);
    for (size_t i = 0; i < a->m; i += EWI_TILES_ROWS) {
        ewi_matmul part = *a;
        part.m = a->m - i < EWI_TILES_ROWS ? a->m - i : EWI_TILES_ROWS;
        part.x += i * a->x_stride;
        part.y += i * a->y_stride;
        matmul_block(&part, load);
    }
    _tile_release();
}

static void matmul_f16(const ewi_matmul *a) {
    matmul(a, load_f16);
}
static void matmul_bf16(const ewi_matmul *a) {
    matmul(a, load_bf16);
}

void ewi_matmul_amx(ewi_kernels *table) {
    table->matmul_bf16[EWI_F16] = matmul_f16;
    table->matmul_bf16[EWI_BF16] = matmul_bf16;
    table->has_tiles = true;
}
