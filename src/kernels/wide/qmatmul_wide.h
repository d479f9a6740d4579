/*
 * qmatmul_wide.h: quantized matmul over vectors of outputs: y = x W^T + bias, x quantized rows, W packed.
 *
 * Few rows: codes are unpacked in registers as they come from memory, and each is used for all rows. Many
 * rows: the codes of a few tiles are unpacked once into a panel of bytes that stays in the caches while all
 * rows pass over it. Both run the same block of rows x vectors, all accumulators in registers.
 */
#ifndef EW_KERNELS_WIDE_QMATMUL_WIDE_H
#define EW_KERNELS_WIDE_QMATMUL_WIDE_H

#include "kernels/wide/qformat_wide.h"

#ifdef VI_N

#define VI_MAX_COLS 4
/* Vectors that a tile is cut into. */
#define VI_PER_TILE (16 / VI_N)

/* The codes of a format as bytes in a panel; a sub-scale is multiplied in there. */
EWI_INLINE q_format panel_format(q_format f) {
    f.chunk_bytes = PANEL_CHUNK;
    f.get = get8;
    if (f.has_subscale) f.dot = vi_dot8, f.zero = VI_DOT8_ZERO;
    f.has_subscale = false;
    return f;
}

/* ---- one block: R rows x C vectors of outputs ---- */

/* Asks for the line that vector j of chunk i begins, VI_AHEAD bytes ahead. Codes of 8 bits come in time by
 * themselves. */
EWI_INLINE void fetch_ahead(const q_column *w, size_t cols, size_t i, size_t j, q_format f) {
    const size_t each = f.chunk_bytes / 8, line = (j * each + 63) / 64 * 64;
    if (!VI_AHEAD || f.chunk_bytes == PANEL_CHUNK || line >= (j + 1) * each) return;
    VI_UNROLL for (size_t c = 0; c < cols; c += cols < VI_PER_TILE ? cols : VI_PER_TILE)
        vb_prefetch(w[c].codes + i * f.chunk_bytes + line + VI_AHEAD);
}

EWI_INLINE void ask_ahead(q_ahead *ahead) {
    for (size_t i = 0; ahead && i < ahead->n_lines && ahead->at < ahead->end; i++, ahead->at += 64)
        vb_prefetch(ahead->at);
}

/* acc += codes times inputs, vector j of chunk i. */
EWI_INLINE void dot_vector(vi *acc, size_t rows, size_t cols, const q_rows *x, const q_column *w, size_t i,
                           size_t j, q_format f) {
    vb codes[VI_MAX_COLS];
    VI_UNROLL for (size_t c = 0; c < cols; c++) codes[c] = f.get(w[c].codes + i * f.chunk_bytes, j);
    VI_UNROLL for (size_t r = 0; r < rows; r++) VI_UNROLL for (size_t c = 0; c < cols; c++)
        acc[r * cols + c] = f.dot(acc[r * cols + c], codes[c], x->q[r] + 32 * i + 4 * j);
}

#ifdef VI_RUNS
/* The same for a run of vectors whose codes are so small that their products fit 16 bits together. */
EWI_INLINE void dot_run(vi *acc, size_t cols, const q_rows *x, const q_column *w, size_t i, size_t j0,
                        size_t j1, q_format f) {
    vi pairs[VI_MAX_COLS];
    VI_UNROLL for (size_t c = 0; c < cols; c++) pairs[c] = vi_set1(0);
    VI_UNROLL for (size_t j = j0; j < j1; j++) {
        fetch_ahead(w, cols, i, j, f);
        VI_UNROLL for (size_t c = 0; c < cols; c++) pairs[c] =
            vi_run(pairs[c], f.get(w[c].codes + i * f.chunk_bytes, j), x->q[0] + 32 * i + 4 * j);
        VI_FENCE;
    }
    VI_UNROLL for (size_t c = 0; c < cols; c++) acc[c] = vi_end_run(acc[c], pairs[c]);
}
#endif

/* Vectors j0 .. j1 of chunk i. */
EWI_INLINE void dot_vectors(vi *acc, size_t rows, size_t cols, const q_rows *x, const q_column *w, size_t i,
                            size_t j0, size_t j1, q_format f) {
#ifdef VI_RUNS
    if (rows == 1 && f.dot != vi_dot8) { /* more rows have no registers to spare */
        const size_t run = f.get == get4 ? 8 : f.get == get5 ? 4 : 2;
        VI_UNROLL for (size_t j = j0; j < j1; j += run)
            dot_run(acc, cols, x, w, i, j, j + run < j1 ? j + run : j1, f);
        return;
    }
#endif
    VI_UNROLL for (size_t j = j0; j < j1; j++) {
        fetch_ahead(w, cols, i, j, f);
        dot_vector(acc, rows, cols, x, w, i, j, f);
        VI_FENCE; /* loads that move up cost registers, and accumulators would leave theirs */
    }
}

/* All accumulators of a row start at minus the zero point times the sum of its inputs. */
EWI_INLINE void start_chunks(vi *acc, size_t rows, size_t cols, const q_rows *x, size_t i0, size_t i1,
                             q_format f) {
    VI_UNROLL for (size_t r = 0; r < rows; r++) {
        vi start = vi_set1(0);
        for (size_t i = i0; f.zero && i < i1; i++)
            start = i == i0 ? sums_of(x, r, i, -f.zero, -f.zero)
                            : vi_add(start, sums_of(x, r, i, -f.zero, -f.zero));
        VI_UNROLL for (size_t c = 0; c < cols; c++) acc[r * cols + c] = start;
    }
}

EWI_INLINE void clear(vi *acc, size_t n) {
    VI_UNROLL for (size_t a = 0; a < n; a++) acc[a] = vi_set1(0);
}

/* total += scale * acc, where scale belongs to a column. */
EWI_INLINE void add_scaled(vi *total, const vi *acc, size_t rows, size_t cols, const vi *scale) {
    VI_UNROLL for (size_t r = 0; r < rows; r++) VI_UNROLL for (size_t c = 0; c < cols; c++)
        total[r * cols + c] = vi_add(total[r * cols + c], vi_mul(acc[r * cols + c], scale[c]));
}

/* One integer sum over all inputs. */
EWI_INLINE void sum_row(vi *total, size_t rows, size_t cols, const q_rows *x, const q_column *w,
                        size_t n_chunks, q_format f) {
    VI_UNROLL for (size_t r = 0; r < rows; r++) {
        int32_t sum;
        memcpy(&sum, x->q[r] + x->scales + 4, sizeof sum);
        VI_UNROLL for (size_t c = 0; c < cols; c++) total[r * cols + c] = vi_set1(-f.zero * sum);
    }
    for (size_t i = 0; i < n_chunks; i++) {
        ask_ahead(x->ahead);
        dot_vectors(total, rows, cols, x, w, i, 0, 8, f);
    }
}

/* The same with a sub-scale per chunk. */
EWI_INLINE void sum_subscaled(vi *total, size_t rows, size_t cols, const q_rows *x, const q_column *w,
                              size_t n_chunks, q_format f) {
    clear(total, rows * cols);
    for (size_t i = 0; i < n_chunks; i++) {
        vi acc[VI_FEW_ROWS * VI_MAX_COLS], s[VI_MAX_COLS];
        start_chunks(acc, rows, cols, x, i, i + 1, f);
        ask_ahead(x->ahead);
        dot_vectors(acc, rows, cols, x, w, i, 0, 8, f);
        VI_UNROLL for (size_t c = 0; c < cols; c++) s[c] = subscale(&w[c], i);
        add_scaled(total, acc, rows, cols, s);
    }
}

EWI_INLINE void block_row(vf *y, size_t rows, size_t cols, const q_rows *x, const q_column *w, q_format f) {
    vi total[VI_FEW_ROWS * VI_MAX_COLS];
    const size_t n_chunks = (x->k + 63) / 64 * 2;
    if (f.has_subscale)
        sum_subscaled(total, rows, cols, x, w, n_chunks, f);
    else
        sum_row(total, rows, cols, x, w, n_chunks, f);
    VI_UNROLL for (size_t r = 0; r < rows; r++) VI_UNROLL for (size_t c = 0; c < cols; c++) {
        vf scaled = vf_mul(vf_from(total[r * cols + c]), vf_set1(scale_of(x, r, 0)));
        y[r * cols + c] = vf_mul(scaled, vf_load(w[c].head + 4 * w[c].at));
    }
}

/* ---- an f16 scale per group ---- */

/* t += scale * integer sum (+ minimum * sum of inputs) of group g, which is chunks i0 .. i1. */
EWI_INLINE void add_group(vf *t, size_t rows, size_t cols, const q_rows *x, const q_column *w, size_t g,
                          size_t i0, size_t i1, q_format f) {
    vi acc[VI_FEW_ROWS * VI_MAX_COLS];
    start_chunks(acc, rows, cols, x, i0, i1, f);
    for (size_t i = i0; i < i1; i++) {
        ask_ahead(x->ahead);
        dot_vectors(acc, rows, cols, x, w, i, 0, 8, f);
    }
    VI_UNROLL for (size_t c = 0; c < cols; c++) {
        const uint8_t *scales = w[c].head + g * (f.has_min ? 64 : 32) + 2 * w[c].at;
        vf d = vf_load_f16(scales);
        VI_UNROLL for (size_t r = 0; r < rows; r++) t[r * cols + c] =
            vf_fma(vf_from(acc[r * cols + c]), d, t[r * cols + c]);
        if (!f.has_min) continue;
        vf m = vf_load_f16(scales + 32);
        VI_UNROLL for (size_t r = 0; r < rows; r++) t[r * cols + c] =
            vf_fma(vf_from(sums_of(x, r, i0, 1, 1)), m, t[r * cols + c]);
    }
}

/* y += scale of the inputs * t; the inputs' block b is done. */
EWI_INLINE void end_block(vf *y, vf *t, size_t rows, size_t cols, const q_rows *x, size_t b) {
    VI_UNROLL for (size_t r = 0; r < rows; r++) {
        vf scale = vf_set1(scale_of(x, r, b));
        VI_UNROLL for (size_t c = 0; c < cols; c++) y[r * cols + c] =
            vf_fma(t[r * cols + c], scale, y[r * cols + c]);
    }
}

EWI_INLINE void block_group(vf *y, size_t rows, size_t cols, const q_rows *x, const q_column *w, q_format f) {
    const size_t n_chunks = (x->k + 31) / 32;
    for (size_t first = 0; first < n_chunks; first += 8) {
        size_t end = n_chunks - first < 8 ? n_chunks : first + 8;
        vf t[VI_FEW_ROWS * VI_MAX_COLS];
        VI_UNROLL for (size_t a = 0; a < rows * cols; a++) t[a] = vf_set1(0);
        for (size_t i = first; i < end; i += f.group)
            add_group(t, rows, cols, x, w, i / f.group, i, end - i < f.group ? end : i + f.group, f);
        end_block(y, t, rows, cols, x, first / 8);
    }
}

/* ---- super-blocks: integer sub-scales ---- */

/* Chunk g: what its codes and its minima add to the sums of a super-block. */
EWI_INLINE void add_k_chunk(vi *total, vi *minima, size_t rows, size_t cols, const q_rows *x,
                            const q_column *w, size_t g, const vi *s, const vi *m, q_format f) {
    vi acc[VI_FEW_ROWS * VI_MAX_COLS];
    clear(acc, rows * cols);
    ask_ahead(x->ahead);
    dot_vectors(acc, rows, cols, x, w, g, 0, 8, f);
    add_scaled(total, acc, rows, cols, s);
    VI_UNROLL for (size_t r = 0; r < rows; r++) {
        const int8_t *sums = x->q[r] + x->sums + 4 * g;
        VI_UNROLL for (size_t c = 0; c < cols; c++) minima[r * cols + c] =
            vi_dot_pair(minima[r * cols + c], m[c], sums);
    }
}

/* Four chunks of super-block b. */
EWI_INLINE void add_k_half(vi *total, vi *minima, size_t rows, size_t cols, const q_rows *x,
                           const q_column *w, size_t b, size_t half, q_format f) {
    vb s4[VI_MAX_COLS], m4[VI_MAX_COLS];
    VI_UNROLL for (size_t c = 0; c < cols; c++) {
        const uint8_t *words = w[c].head + 256 * b + 64 + 4 * w[c].at;
        s4[c] = k_scales(words, 0, half);
        m4[c] = k_scales(words, 1, half);
    }
    for (size_t i = 0; i < 4; i++) {
        vi s[VI_MAX_COLS], m[VI_MAX_COLS];
        VI_UNROLL for (size_t c = 0; c < cols; c++) {
            s[c] = byte_of(s4[c], i);
            m[c] = byte_pair(m4[c], i);
        }
        add_k_chunk(total, minima, rows, cols, x, w, 8 * b + 4 * half + i, s, m, f);
    }
}

/* Q4_K, Q5_K: t = d * (sum of s * codes * inputs) - dmin * (sum of m * inputs) over super-block b. */
EWI_INLINE void super_min(vf *t, size_t rows, size_t cols, const q_rows *x, const q_column *w, size_t b,
                          q_format f) {
    vi total[VI_FEW_ROWS * VI_MAX_COLS], minima[VI_FEW_ROWS * VI_MAX_COLS];
    clear(total, rows * cols);
    clear(minima, rows * cols);
    for (size_t half = 0; half < 2; half++) add_k_half(total, minima, rows, cols, x, w, b, half, f);
    VI_UNROLL for (size_t c = 0; c < cols; c++) {
        vf d = vf_load_f16(w[c].head + 256 * b + 2 * w[c].at);
        vf dmin = vf_load_f16(w[c].head + 256 * b + 32 + 2 * w[c].at);
        VI_UNROLL for (size_t r = 0; r < rows; r++) t[r * cols + c] =
            vf_fms(vf_from(total[r * cols + c]), d, vf_mul(vf_from(minima[r * cols + c]), dmin));
    }
}

/* Q6_K: t = d * (sum of s * (codes - 32) * inputs), a sub-scale per 16 inputs. */
EWI_INLINE void super_plain(vf *t, size_t rows, size_t cols, const q_rows *x, const q_column *w, size_t b,
                            q_format f) {
    vi total[VI_FEW_ROWS * VI_MAX_COLS];
    clear(total, rows * cols);
    for (size_t i = 8 * b; i < 8 * b + 8; i++) {
        ask_ahead(x->ahead);
        VI_UNROLL for (size_t half = 0; half < 2; half++) {
            vi acc[VI_FEW_ROWS * VI_MAX_COLS], s[VI_MAX_COLS];
            VI_UNROLL for (size_t r = 0; r < rows; r++) {
                vi start = sums_of(x, r, i, half ? 0 : -f.zero, half ? -f.zero : 0);
                VI_UNROLL for (size_t c = 0; c < cols; c++) acc[r * cols + c] = start;
            }
            dot_vectors(acc, rows, cols, x, w, i, 4 * half, 4 * half + 4, f);
            VI_UNROLL for (size_t c = 0; c < cols; c++) s[c] =
                vi_load_i8(w[c].head + 288 * b + 32 + 16 * (2 * (i - 8 * b) + half) + w[c].at);
            add_scaled(total, acc, rows, cols, s);
        }
    }
    VI_UNROLL for (size_t c = 0; c < cols; c++) {
        vf d = vf_load_f16(w[c].head + 288 * b + 2 * w[c].at);
        VI_UNROLL for (size_t r = 0; r < rows; r++) t[r * cols + c] = vf_mul(vf_from(total[r * cols + c]), d);
    }
}

EWI_INLINE void block_super(vf *y, size_t rows, size_t cols, const q_rows *x, const q_column *w, q_format f) {
    const size_t n_blocks = (x->k + 255) / 256;
    for (size_t b = 0; b < n_blocks; b++) {
        vf t[VI_FEW_ROWS * VI_MAX_COLS];
        if (f.has_min)
            super_min(t, rows, cols, x, w, b, f);
        else
            super_plain(t, rows, cols, x, w, b, f);
        end_block(y, t, rows, cols, x, b);
    }
}

/* y[r][c] = dot of row r and the outputs of vector c. */
EWI_INLINE void block(vf *y, size_t rows, size_t cols, const q_rows *x, const q_column *w, q_format f) {
    VI_UNROLL for (size_t a = 0; a < rows * cols; a++) y[a] = vf_set1(0);
    if (f.kind == EWI_PACKED_ROW)
        block_row(y, rows, cols, x, w, f);
    else if (f.kind == EWI_PACKED_GROUP)
        block_group(y, rows, cols, x, w, f);
    else
        block_super(y, rows, cols, x, w, f);
}

/* ---- the matrix ---- */

/* The rows of a block, from row i on; the last is repeated where there are fewer. */
EWI_INLINE q_rows rows_from(const ewi_qmatmul *a, ewi_qrow layout, size_t i, size_t rows, q_ahead *ahead) {
    q_rows x = {.scales = layout.scales, .sums = layout.sums, .k = a->k, .ahead = ahead};
    VI_UNROLL for (size_t r = 0; r < rows; r++) {
        size_t row = i + r < a->m ? i + r : a->m - 1;
        x.q[r] = (const int8_t *)(const void *)(a->x + row * a->x_stride_bytes);
    }
    return x;
}

/* Vector c begins at output j[c]. */
EWI_INLINE void store_block(const ewi_qmatmul *a, const vf *y, size_t rows, size_t cols, size_t i,
                            const size_t *j) {
    VI_UNROLL for (size_t r = 0; r < rows; r++) VI_UNROLL for (size_t c = 0; c < cols; c++) {
        if (i + r < a->m && j[c] < a->n) store_vector(a, y[r * cols + c], i + r, j[c]);
    }
}

/* The vector of outputs from output j on, as it is stored; beyond the last, some other, which is not stored
 * again. */
EWI_INLINE q_column stored_column(const ewi_qmatmul *a, size_t j, size_t tile_bytes, size_t head_bytes) {
    if (j >= a->n) j = 0;
    const uint8_t *tile = a->w + j / 16 * tile_bytes;
    const size_t at = j % 16;
    return (q_column){tile, tile + head_bytes + 4 * at, at};
}

/* All rows, `rows` at a time, by the vectors at outputs j[c]. */
EWI_INLINE void few_rows(const ewi_qmatmul *a, ewi_qrow layout, size_t rows, size_t cols, const size_t *j,
                         q_format f) {
    const size_t tile_bytes = ewi_packed_tile_bytes(f.dtype, a->k),
                 head = ewi_packed_head_bytes(f.dtype, a->k);
    q_column w[VI_MAX_COLS];
    vf y[VI_FEW_ROWS * VI_MAX_COLS];
    VI_UNROLL for (size_t c = 0; c < cols; c++) w[c] = stored_column(a, j[c], tile_bytes, head);
    for (size_t i = 0; i < a->m; i += rows) {
        const q_rows x = rows_from(a, layout, i, rows, NULL);
        block(y, rows, cols, &x, w, f);
        store_block(a, y, rows, cols, i, j);
    }
}

/*
 * A block takes whole tiles where it can, so that a line of memory is used at once, and its tiles lie a part
 * of the matrix apart: each is one long stream from block to block, and memory serves several streams faster.
 */
EWI_INLINE void matmul_few(const ewi_qmatmul *a, size_t rows, q_format f) {
    const size_t cols = VI_FEW_COLS(rows), in_tile = cols < VI_PER_TILE ? cols : VI_PER_TILE;
    const size_t streams = cols / in_tile, n_tiles = (a->n + 15) / 16,
                 step = (n_tiles + streams - 1) / streams;
    const ewi_qrow layout = ewi_qrow_layout(ewi_qrows_for(f.dtype), a->k);
    for (size_t tile = 0; tile < step; tile++)
        for (size_t at = 0; at < VI_PER_TILE; at += in_tile) {
            size_t j[VI_MAX_COLS];
            VI_UNROLL for (size_t c = 0; c < cols; c++) j[c] =
                16 * (tile + c / in_tile * step) + VI_N * (at + c % in_tile);
            few_rows(a, layout, rows, cols, j, f);
        }
}

/* Codes of one tile as bytes, 8 vectors of 64 bytes a chunk. */
EWI_INLINE void fill_panel(uint8_t *panel, const uint8_t *tile, size_t head_bytes, size_t n_chunks,
                           q_format f) {
    for (size_t i = 0; i < n_chunks; i++)
        for (size_t at = 0; at < 16; at += VI_N) {
            const uint8_t *codes = tile + head_bytes + i * f.chunk_bytes + 4 * at;
            q_column w = {tile, codes, at};
            vb s = f.has_subscale ? vb_repeat(subscale(&w, i)) : vb_set1(0);
            vb zero = vb_sub(vb_set1(128), vb_and(vb_left(s, 3), 0xf8));
            VI_UNROLL for (size_t j = 0; j < 8; j++) {
                vb code = f.get(codes, j);
                if (f.has_subscale) code = vb_add(vb_mul(code, s), zero);
                vb_store(panel + i * PANEL_CHUNK + 64 * j + 4 * at, code);
            }
        }
}

/* Codes of the VI_COLS vectors after those from output j on, which are asked for while all rows pass over
 * these. */
EWI_INLINE q_ahead codes_after(const ewi_qmatmul *a, size_t j, size_t rows, size_t tile_bytes,
                               size_t n_chunks) {
    const size_t at = (j + VI_COLS * VI_N) / 16, n_tiles = (a->n + 15) / 16,
                 step = (VI_COLS * VI_N + 15) / 16;
    const size_t end = at + step < n_tiles ? at + step : n_tiles, n_passes = (a->m + rows - 1) / rows;
    if (at >= end) return (q_ahead){0};
    const size_t n_lines = (end - at) * tile_bytes / 64 / (n_passes * n_chunks) + 1;
    return (q_ahead){a->w + at * tile_bytes, a->w + end * tile_bytes, n_lines};
}

/* VI_COLS vectors from output j0 on, `rows` rows at a time. Codes that are not bytes yet become so once, in a
 * panel. */
EWI_INLINE void matmul_columns(const ewi_qmatmul *a, size_t j0, size_t rows, ewi_qrow layout, q_format f) {
    const size_t tile_bytes = ewi_packed_tile_bytes(f.dtype, a->k),
                 head = ewi_packed_head_bytes(f.dtype, a->k);
    const size_t n_chunks = ewi_packed_inputs(f.dtype, a->k) / 32, panel_bytes = n_chunks * PANEL_CHUNK;
    size_t j[VI_COLS];
    q_column w[VI_COLS];
    VI_UNROLL for (size_t c = 0; c < VI_COLS; c++) {
        j[c] = j0 + c * VI_N;
        const size_t column = j[c] < a->n ? j[c] : j0, at = column % 16, tile = column / 16;
        w[c] = stored_column(a, column, tile_bytes, head);
        if (f.chunk_bytes == PANEL_CHUNK) continue;
        uint8_t *panel = a->scratch, *mine = panel + (tile - j0 / 16) * panel_bytes;
        if (at == 0 && (c == 0 || column > j0)) fill_panel(mine, w[c].head, head, n_chunks, f);
        w[c].codes = mine + 4 * at;
    }
    q_ahead ahead = codes_after(a, j0, rows, tile_bytes, n_chunks);
    for (size_t i = 0; i < a->m; i += rows) {
        vf y[VI_FEW_ROWS * VI_COLS];
        const q_rows x = rows_from(a, layout, i, rows, &ahead);
        block(y, rows, VI_COLS, &x, w, panel_format(f));
        store_block(a, y, rows, VI_COLS, i, j);
    }
}

EWI_INLINE void matmul_many(const ewi_qmatmul *a, size_t rows, q_format f) {
    for (size_t j = 0; j < a->n; j += VI_COLS * VI_N)
        matmul_columns(a, j, rows, ewi_qrow_layout(ewi_qrows_for(f.dtype), a->k), f);
}

/* m rows as whole blocks. */
EWI_INLINE size_t filled(size_t m, size_t rows) {
    return (m + rows - 1) / rows * rows;
}

/* Blocks of the size that leaves the fewest places empty; where registers are few there is one size. Only
 * whole rows' sums leave registers for the largest. */
EWI_INLINE void matmul_blocks(const ewi_qmatmul *a, q_format f) {
    const size_t most = filled(a->m, VI_ROWS), less = filled(a->m, VI_ROWS - 1),
                 wide = filled(a->m, VI_FEW_ROWS);
    if (VI_ROWS == 6 && f.kind == EWI_PACKED_ROW && wide <= less && wide <= most)
        matmul_many(a, VI_FEW_ROWS, f);
    else if (VI_ROWS == 6 && less < most)
        matmul_many(a, VI_ROWS - 1, f);
    else
        matmul_many(a, VI_ROWS, f);
}

EWI_INLINE void qmatmul(const ewi_qmatmul *a, q_format f) {
    if (a->m == 1)
        matmul_few(a, 1, f);
    else if (a->m <= 4)
        matmul_few(a, 4, f);
    else if (a->m <= VI_FEW_ROWS)
        matmul_few(a, VI_FEW_ROWS, f);
    else
        matmul_blocks(a, f);
}

#define Q_MATMUL(type, name, kind, chunk, zero, group, min, subscale, get, dot)          \
    static void qmatmul_##name(const ewi_qmatmul *a) {                                   \
        qmatmul(a, (q_format){type, kind, chunk, zero, group, min, subscale, get, dot}); \
    }
Q_FORMAT_MAP(Q_MATMUL)
#undef Q_MATMUL

EWI_INLINE void fill_qmatmul(ewi_kernels *table) {
#define Q_ENTRY(type, name, ...) table->qmatmul[type] = qmatmul_##name;
    Q_FORMAT_MAP(Q_ENTRY)
#undef Q_ENTRY
}

#endif
#endif
