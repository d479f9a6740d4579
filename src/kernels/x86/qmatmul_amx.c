/*
 * qmatmul_amx.c: quantized matmul of many rows on AMX tiles; fewer rows go to VNNI.
 *
 * The codes of 32 outputs become signed bytes in a panel, 64 inputs by 16 outputs a tile as they lie packed.
 * Then rows pass over it, 16 to a tile. What differs is how often the integers leave the tiles:
 *     ROW     once, after all inputs, 2 x 2 tiles at a time
 *     GROUP   after each group: sixteen float accumulators in registers take it, one group behind the tiles
 *     SUPER   after 256 inputs: code times sub-scale is split into 128 high + low, two bytes in two panels
 */
#include "kernels/ladder.h"
#include "kernels/wide/qformat_wide.h"
#include "kernels/x86/tiles_x86.h"

#define OUTPUTS  32u
#define MIN_ROWS 17u
#define L2_BYTES ((size_t)1 << 20) /* of inputs that stay while panels change */

/* ---- panels ---- */

/* Vector j of chunk i of a tile, as signed bytes. */
EWI_INLINE vb signed_codes(const uint8_t *codes, size_t i, size_t j, q_format f) {
    return vb_sub(f.get(codes + i * f.chunk_bytes, j), vb_set1((uint8_t)f.zero));
}

/* Codes of a tile, times the sub-scale where there is one; zeros up to whole steps of 64 inputs. */
EWI_INLINE void fill_signed(uint8_t *panel, const uint8_t *tile, size_t head, size_t n_chunks, q_format f) {
    for (size_t i = 0; i < n_chunks; i++) {
        const q_column w = {tile, tile + head, 0};
        vb s = f.has_subscale ? vb_repeat(subscale(&w, i)) : vb_set1(0), zero = vb_left(s, 3);
        VI_UNROLL for (size_t j = 0; j < 8; j++) {
            vb codes = f.has_subscale ? vb_sub(vb_mul(f.get(w.codes + i * f.chunk_bytes, j), s), zero)
                                      : signed_codes(w.codes, i, j, f);
            vb_store(panel + i * PANEL_CHUNK + 64 * j, codes);
        }
    }
    if (n_chunks % 2) memset(panel + n_chunks * PANEL_CHUNK, 0, PANEL_CHUNK);
}

/* Sub-scales of inputs 16 h .. 16 h + 15 of super-block b, each in both halves of its lane. */
EWI_INLINE vi super_scales(const uint8_t *head, size_t b, size_t h, bool has_min) {
    if (has_min) return byte_pair(k_scales(head + 256 * b + 64, 0, h / 8), h / 2 % 4);
    vi s = vi_load_i8(head + 288 * b + 32 + 16 * h);
    return _mm512_or_si512(_mm512_slli_epi32(s, 16), _mm512_and_si512(s, _mm512_set1_epi32(0xffff)));
}

/* The low bytes of 16-bit lanes of two vectors of products, put together again. */
EWI_INLINE vb merge_bytes(__m512i even, __m512i odd) {
    return _mm512_or_si512(_mm512_and_si512(even, _mm512_set1_epi16(0xff)), _mm512_slli_epi16(odd, 8));
}

EWI_INLINE void split_products(uint8_t *low, uint8_t *high, vb codes, vi s) {
    const __m512i seven = _mm512_set1_epi16(127);
    __m512i even = _mm512_mullo_epi16(_mm512_srai_epi16(_mm512_slli_epi16(codes, 8), 8), s);
    __m512i odd = _mm512_mullo_epi16(_mm512_srai_epi16(codes, 8), s);
    vb_store(low, merge_bytes(_mm512_and_si512(even, seven), _mm512_and_si512(odd, seven)));
    vb_store(high, merge_bytes(_mm512_srai_epi16(even, 7), _mm512_srai_epi16(odd, 7)));
}

EWI_INLINE void fill_super(uint8_t *low, uint8_t *high, const uint8_t *tile, size_t head, size_t n_chunks,
                           q_format f) {
    for (size_t i = 0; i < n_chunks; i++) VI_UNROLL for (size_t j = 0; j < 8; j++) {
            vi s = super_scales(tile, i / 8, i % 8 * 2 + j / 4, f.has_min);
            size_t at = i * PANEL_CHUNK + 64 * j;
            split_products(low + at, high + at, signed_codes(tile + head, i, j, f), s);
        }
}

/* ---- rows ---- */

/* 16 rows of inputs from row i on; the last 16 where there are fewer: some are then computed twice. */
typedef struct row_tile {
    const uint8_t *x;
    size_t first;
} row_tile;

static row_tile row_tile_at(const ewi_qmatmul *a, size_t i) {
    size_t first = i + TILE <= a->m ? i : a->m - TILE;
    return (row_tile){a->x + first * a->x_stride_bytes, first};
}

EWI_INLINE float row_float(const row_tile *rows, const ewi_qmatmul *a, size_t r, size_t offset) {
    float value;
    memcpy(&value, rows->x + r * a->x_stride_bytes + offset, sizeof value);
    return value;
}

EWI_INLINE const int8_t *row_sums(const row_tile *rows, const ewi_qmatmul *a, size_t r, size_t offset) {
    return (const int8_t *)rows->x + r * a->x_stride_bytes + offset;
}

/* What a kernel of one 32-output panel reads. */
typedef struct panel {
    const uint8_t *tile[2];  /* as stored, for the heads */
    const uint8_t *codes[2]; /* signed bytes; of SUPER the low parts */
    const uint8_t *high[2];
    size_t j; /* first output */
} panel;

/* ---- ROW ---- */

static void store_rows(const ewi_qmatmul *a, const panel *p, size_t c, const row_tile *rows,
                       const int32_t *sums, size_t scales) {
    const size_t j = p->j + TILE * c;
    vf d = vf_load(p->tile[c]);
    for (size_t r = 0; j < a->n && r < TILE; r++) {
        vf y = vf_mul(vf_from(_mm512_load_si512(sums + 16 * r)), vf_set1(row_float(rows, a, r, scales)));
        store_vector(a, vf_mul(y, d), rows->first + r, j);
    }
}

static void rows_whole(const ewi_qmatmul *a, const panel *p, size_t i, ewi_qrow layout, q_format f) {
    const row_tile top = row_tile_at(a, i), low = row_tile_at(a, i + TILE);
    _Alignas(64) int32_t sums[4][TILE_AREA];
    (void)f;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t k = 0; k < layout.scales; k += 64) {
        _tile_loadd(4, top.x + k, a->x_stride_bytes);
        _tile_loadd(6, p->codes[0] + 16 * k, 64);
        _tile_loadd(7, p->codes[1] + 16 * k, 64);
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(1, 4, 7);
        _tile_loadd(5, low.x + k, a->x_stride_bytes);
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
    }
    _tile_stored(0, sums[0], 64);
    _tile_stored(1, sums[1], 64);
    _tile_stored(2, sums[2], 64);
    _tile_stored(3, sums[3], 64);
    for (size_t c = 0; c < 2; c++) {
        store_rows(a, p, c, &top, sums[c], layout.scales);
        store_rows(a, p, c, &low, sums[2 + c], layout.scales);
    }
}

/* ---- GROUP ---- */

/* The integer sums of one group of 16 rows x 16 outputs; tile numbers are parts of the instructions. */
#define SUM_GROUP(tile, in, w, sums, rows, codes, from, steps, width) \
    do {                                                              \
        _tile_zero(tile);                                             \
        for (size_t step = 0; step < (steps); step++) {               \
            size_t k = (from) + step * (width);                       \
            _tile_loadd(in, (rows)->x + k, a->x_stride_bytes);        \
            _tile_loadd(w, (codes) + 16 * k, 64);                     \
            _tile_dpbssd(tile, in, w);                                \
        }                                                             \
        _tile_stored(tile, sums, 64);                                 \
    } while (0)

/* t += scale * sum (+ minimum * sum of inputs) of group g. */
EWI_INLINE void take_group(vf *t, const int32_t *sums, const ewi_qmatmul *a, const row_tile *rows,
                           const uint8_t *head, size_t g, ewi_qrow layout, q_format f) {
    const uint8_t *scales = head + g * (f.has_min ? 64 : 32);
    vf d = vf_load_f16(scales);
    VI_UNROLL for (size_t r = 0; r < TILE; r++) t[r] =
        vf_fma(vf_from(_mm512_load_si512(sums + 16 * r)), d, t[r]);
    if (!f.has_min) return;
    vf m = vf_load_f16(scales + 32);
    VI_UNROLL for (size_t r = 0; r < TILE; r++) t[r] =
        vf_fma(vf_from(vi_pair(row_sums(rows, a, r, layout.sums) + 4 * g, 1, 1)), m, t[r]);
}

/* y += scale of the inputs * t. */
EWI_INLINE void take_block(float *y, const vf *t, const ewi_qmatmul *a, const row_tile *rows, size_t b,
                           ewi_qrow layout) {
    VI_UNROLL for (size_t r = 0; r < TILE; r++) {
        vf scale = vf_set1(row_float(rows, a, r, layout.scales + 4 * b));
        vf_store(y + 16 * r, vf_fma(t[r], scale, vf_load(y + 16 * r)));
    }
}

/* Groups go to tiles 0 and 1 in turn; the floats of one are taken while the next is summed. */
EWI_INLINE void groups_of_block(vf *t, const ewi_qmatmul *a, const row_tile *rows, const uint8_t *head,
                                const uint8_t *codes, size_t g0, size_t g1, ewi_qrow layout, q_format f) {
    const size_t width = f.group == 1 ? 32 : 64, inputs = 32 * f.group, end = layout.scales;
#define STEPS(g) (((g)*inputs + inputs < end ? inputs : end - (g)*inputs) / width)
    _Alignas(64) int32_t sums[2][TILE_AREA];
    SUM_GROUP(0, 4, 6, sums[0], rows, codes, g0 * inputs, STEPS(g0), width);
    for (size_t g = g0; g < g1; g += 2) {
        if (g + 1 < g1) SUM_GROUP(1, 5, 7, sums[1], rows, codes, (g + 1) * inputs, STEPS(g + 1), width);
        take_group(t, sums[0], a, rows, head, g, layout, f);
        if (g + 1 == g1) break;
        if (g + 2 < g1) SUM_GROUP(0, 4, 6, sums[0], rows, codes, (g + 2) * inputs, STEPS(g + 2), width);
        take_group(t, sums[1], a, rows, head, g + 1, layout, f);
    }
#undef STEPS
}

EWI_INLINE void store_tile(const ewi_qmatmul *a, const float *y, const row_tile *rows, size_t j) {
    for (size_t r = 0; j < a->n && r < TILE; r++) store_vector(a, vf_load(y + 16 * r), rows->first + r, j);
}

EWI_INLINE void rows_group(const ewi_qmatmul *a, const panel *p, size_t i, ewi_qrow layout, q_format f) {
    const size_t n_groups = (a->k + 32 * f.group - 1) / (32 * f.group), per_block = 8 / f.group;
    for (size_t half = 0; half < 2; half++) {
        const row_tile rows = row_tile_at(a, i + TILE * half);
        for (size_t c = 0; c < 2; c++) {
            _Alignas(64) float y[TILE_AREA] = {0};
            for (size_t g = 0; g < n_groups; g += per_block) {
                size_t end = n_groups - g < per_block ? n_groups : g + per_block;
                vf t[TILE];
                VI_UNROLL for (size_t r = 0; r < TILE; r++) t[r] = vf_set1(0);
                groups_of_block(t, a, &rows, p->tile[c], p->codes[c], g, end, layout, f);
                take_block(y, t, a, &rows, g / per_block, layout);
            }
            store_tile(a, y, &rows, p->j + TILE * c);
        }
    }
}

/* ---- SUPER ---- */

/* Sum of m * sum of inputs, by chunk, of super-block b. */
EWI_INLINE vi sum_minima(const vi *m, const int8_t *sums) {
    vi total = vi_set1(0);
    VI_UNROLL for (size_t g = 0; g < 8; g++) total = vi_dot_pair(total, m[g], sums + 4 * g);
    return total;
}

EWI_INLINE void take_super(vf *t, const int32_t *low, const int32_t *high, const ewi_qmatmul *a,
                           const row_tile *rows, const uint8_t *head, size_t b, ewi_qrow layout, q_format f) {
    const uint8_t *block = head + b * (f.has_min ? 256 : 288);
    vf d = vf_load_f16(block);
    vi m[8];
    if (f.has_min)
        VI_UNROLL for (size_t g = 0; g < 8; g++) m[g] = byte_pair(k_scales(block + 64, 1, g / 4), g % 4);
    for (size_t r = 0; r < TILE; r++) {
        vi sum =
            vi_add(_mm512_slli_epi32(_mm512_load_si512(high + 16 * r), 7), _mm512_load_si512(low + 16 * r));
        if (f.has_min) {
            vi minima = sum_minima(m, row_sums(rows, a, r, layout.sums) + 32 * b);
            t[r] = vf_fms(vf_from(sum), d, vf_mul(vf_from(minima), vf_load_f16(block + 32)));
        } else {
            t[r] = vf_mul(vf_from(sum), d);
        }
    }
}

EWI_INLINE void rows_super(const ewi_qmatmul *a, const panel *p, size_t i, ewi_qrow layout, q_format f) {
    const row_tile rows[2] = {row_tile_at(a, i), row_tile_at(a, i + TILE)};
    for (size_t c = 0; c < 2; c++) {
        _Alignas(64) float y[2][TILE_AREA] = {{0}};
        for (size_t b = 0; b < a->k / 256; b++) {
            _Alignas(64) int32_t sums[4][TILE_AREA];
            vf t[TILE];
            _tile_zero(0);
            _tile_zero(1);
            _tile_zero(2);
            _tile_zero(3);
            for (size_t k = 256 * b; k < 256 * b + 256; k += 64) {
                _tile_loadd(4, rows[0].x + k, a->x_stride_bytes);
                _tile_loadd(6, p->codes[c] + 16 * k, 64);
                _tile_loadd(7, p->high[c] + 16 * k, 64);
                _tile_dpbssd(0, 4, 6);
                _tile_dpbssd(1, 4, 7);
                _tile_loadd(5, rows[1].x + k, a->x_stride_bytes);
                _tile_dpbssd(2, 5, 6);
                _tile_dpbssd(3, 5, 7);
            }
            _tile_stored(0, sums[0], 64);
            _tile_stored(1, sums[1], 64);
            _tile_stored(2, sums[2], 64);
            _tile_stored(3, sums[3], 64);
            VI_UNROLL for (size_t half = 0; half < 2; half++) {
                take_super(t, sums[2 * half], sums[2 * half + 1], a, &rows[half], p->tile[c], b, layout, f);
                take_block(y[half], t, a, &rows[half], b, layout);
            }
        }
        for (size_t half = 0; half < 2; half++) store_tile(a, y[half], &rows[half], p->j + TILE * c);
    }
}

/* ---- the matrix ---- */

/* The panel of outputs j .. j + 31; its second tile repeats the first where there is none. */
EWI_INLINE panel make_panel(const ewi_qmatmul *a, size_t j, q_format f) {
    const size_t tile_bytes = ewi_packed_tile_bytes(f.dtype, a->k),
                 head = ewi_packed_head_bytes(f.dtype, a->k);
    const size_t n_chunks = ewi_packed_inputs(f.dtype, a->k) / 32,
                 size = (n_chunks + 1) / 2 * 2 * PANEL_CHUNK;
    panel p = {.j = j};
    for (size_t c = 0; c < 2; c++) {
        uint8_t *low = a->scratch + c * size, *high = a->scratch + (2 + c) * size;
        p.tile[c] = a->w + (j + TILE * c < a->n ? j / TILE + c : j / TILE) * tile_bytes;
        p.codes[c] = low;
        p.high[c] = high;
        if (f.kind == EWI_PACKED_SUPER)
            fill_super(low, high, p.tile[c], head, n_chunks, f);
        else
            fill_signed(low, p.tile[c], head, n_chunks, f);
    }
    TILES_FENCE;
    return p;
}

EWI_INLINE void matmul_rows(const ewi_qmatmul *a, q_format f) {
    const ewi_qrow layout = ewi_qrow_layout(ewi_qrows_for(f.dtype), a->k);
    for (size_t j = 0; j < a->n; j += OUTPUTS) {
        const panel p = make_panel(a, j, f);
        for (size_t i = 0; i < a->m; i += 2 * TILE) {
            if (f.kind == EWI_PACKED_ROW)
                rows_whole(a, &p, i, layout, f);
            else if (f.kind == EWI_PACKED_GROUP)
                rows_group(a, &p, i, layout, f);
            else
                rows_super(a, &p, i, layout, f);
        }
    }
}

/* Rows in blocks that stay in the second-level cache. */
EWI_INLINE void qmatmul(const ewi_qmatmul *a, q_format f) {
    if (a->m < MIN_ROWS) {
        ewi_qmatmul_vnni(f.dtype, a);
        return;
    }
    size_t n_blocks = a->m * a->x_stride_bytes / L2_BYTES + 1, step = a->m / n_blocks / 32 * 32;
    if (step < 2 * OUTPUTS) step = 2 * OUTPUTS;
    tiles_configure(f.kind == EWI_PACKED_GROUP && f.group == 1 ? 32 : 64);
    for (size_t i = 0; i < a->m;) {
        size_t rows = a->m - i < step + MIN_ROWS ? a->m - i : step;
        ewi_qmatmul part = *a;
        part.m = rows;
        part.x += i * a->x_stride_bytes;
        part.y += i * a->y_stride;
        matmul_rows(&part, f);
        i += rows;
    }
    _tile_release();
}

#define Q_MATMUL(type, name, kind, chunk, zero, group, min, subscale, get, dot)          \
    static void qmatmul_##name(const ewi_qmatmul *a) {                                   \
        qmatmul(a, (q_format){type, kind, chunk, zero, group, min, subscale, get, dot}); \
    }
Q_FORMAT_MAP(Q_MATMUL)
#undef Q_MATMUL

void ewi_kernels_amx(ewi_kernels *table) {
#define Q_ENTRY(type, name, ...) table->qmatmul[type] = qmatmul_##name;
    Q_FORMAT_MAP(Q_ENTRY)
#undef Q_ENTRY
}
