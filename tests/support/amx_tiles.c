/* amx_tiles.c: see amx_tiles.h. */
#include "amx_tiles.h"

#include <string.h>

/* ---- configuration: byte 0 the palette, 1 the start row, words from 16 row bytes, from 48 rows ---- */

#define AT_ROW_BYTES 16
#define AT_ROWS      48

static bool all_zero(const uint8_t *bytes, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (bytes[i] != 0) return false;
    return true;
}

static const char *check_config(const uint8_t *config) {
    if (config[0] > 1) return "LDTILECFG: an unknown palette";
    if (config[0] == 0) return NULL;
    if (config[1] != 0) return "LDTILECFG: a start row";
    if (!all_zero(config, 2, 16) || !all_zero(config, 32, 48) || !all_zero(config, 56, 64))
        return "LDTILECFG: a reserved byte is not zero";
    for (size_t t = 0; t < AMX_TILES; t++) {
        unsigned row_bytes = config[AT_ROW_BYTES + 2 * t] + 256u * config[AT_ROW_BYTES + 2 * t + 1];
        unsigned n_rows = config[AT_ROWS + t];
        if (row_bytes > AMX_ROW_BYTES || n_rows > AMX_ROWS)
            return "LDTILECFG: a tile larger than 16 rows of 64";
        if ((row_bytes == 0) != (n_rows == 0))
            return "LDTILECFG: rows without columns, or columns without rows";
    }
    return NULL;
}

const char *amx_tiles_configure(amx_tiles *tiles, const void *config) {
    uint8_t bytes[64];
    memcpy(bytes, config, sizeof bytes);
    const char *why = check_config(bytes);
    if (why) return why;
    amx_tiles_release(tiles);
    tiles->is_configured = bytes[0] == 1;
    for (size_t t = 0; tiles->is_configured && t < AMX_TILES; t++) {
        tiles->tile[t].row_bytes = bytes[AT_ROW_BYTES + 2 * t];
        tiles->tile[t].n_rows = bytes[AT_ROWS + t];
    }
    return NULL;
}

void amx_tiles_save_config(const amx_tiles *tiles, void *config) {
    uint8_t bytes[64] = {tiles->is_configured};
    for (size_t t = 0; t < AMX_TILES; t++) {
        bytes[AT_ROW_BYTES + 2 * t] = (uint8_t)tiles->tile[t].row_bytes;
        bytes[AT_ROWS + t] = tiles->tile[t].n_rows;
    }
    memcpy(config, bytes, sizeof bytes);
}

void amx_tiles_release(amx_tiles *tiles) {
    memset(tiles, 0, sizeof *tiles);
}

/* ---- memory ---- */

static const char *check_tile(const amx_tiles *tiles, unsigned i) {
    if (!tiles->is_configured) return "tiles are not configured";
    if (i >= AMX_TILES) return "there are eight tiles";
    return tiles->tile[i].n_rows > 0 ? NULL : "a tile that the configuration leaves out";
}

const char *amx_tiles_zero(amx_tiles *tiles, unsigned to) {
    const char *why = check_tile(tiles, to);
    if (!why) memset(tiles->tile[to].row, 0, sizeof tiles->tile[to].row);
    return why;
}

const char *amx_tiles_load(amx_tiles *tiles, unsigned to, const void *from, ptrdiff_t stride_bytes) {
    const char *why = amx_tiles_zero(tiles, to);
    if (why) return why;
    amx_tile *tile = &tiles->tile[to];
    for (ptrdiff_t r = 0; r < tile->n_rows; r++)
        memcpy(tile->row[r], (const char *)from + r * stride_bytes, tile->row_bytes);
    return NULL;
}

const char *amx_tiles_store(const amx_tiles *tiles, unsigned from, void *to, ptrdiff_t stride_bytes) {
    const char *why = check_tile(tiles, from);
    if (why) return why;
    const amx_tile *tile = &tiles->tile[from];
    for (ptrdiff_t r = 0; r < tile->n_rows; r++)
        memcpy((char *)to + r * stride_bytes, tile->row[r], tile->row_bytes);
    return NULL;
}

/* ---- products ---- */

static const char *check_product(const amx_tiles *tiles, unsigned to, unsigned a, unsigned b) {
    const char *why = check_tile(tiles, to);
    if (!why) why = check_tile(tiles, a);
    if (!why) why = check_tile(tiles, b);
    if (why) return why;
    const amx_tile *c = &tiles->tile[to], *x = &tiles->tile[a], *y = &tiles->tile[b];
    if (to == a || to == b || a == b) return "a product of tiles that are not three different ones";
    if (c->row_bytes % 4 || x->row_bytes % 4 || y->row_bytes % 4)
        return "a product of rows with an odd dword";
    if (c->n_rows != x->n_rows) return "a product: other rows than its first factor";
    if (c->row_bytes != y->row_bytes) return "a product: other columns than its second factor";
    if (x->row_bytes / 4 != y->n_rows) return "a product: columns and rows of the factors do not fit";
    return NULL;
}

/* Beyond its configured rows and columns a tile holds zeros from its configuration on. */
static void put_row(amx_tile *tile, size_t row, const void *bytes) {
    memcpy(tile->row[row], bytes, tile->row_bytes);
}

static uint32_t widen(uint8_t byte, bool is_signed) {
    return is_signed ? (uint32_t)(int8_t)byte : byte;
}

const char *amx_tiles_dot_bytes(amx_tiles *tiles, unsigned to, unsigned a, bool a_signed, unsigned b,
                                bool b_signed) {
    const char *why = check_product(tiles, to, a, b);
    if (why) return why;
    amx_tile *c = &tiles->tile[to];
    const amx_tile *x = &tiles->tile[a], *y = &tiles->tile[b];
    for (size_t m = 0; m < c->n_rows; m++) {
        uint32_t sums[AMX_ROW_BYTES / 4];
        memcpy(sums, c->row[m], sizeof sums);
        for (size_t k = 0; k < y->n_rows; k++)
            for (size_t i = 0; i < 4; i++) {
                uint32_t factor = widen(x->row[m][4 * k + i], a_signed);
                for (size_t n = 0; n < AMX_ROW_BYTES / 4; n++)
                    sums[n] += factor * widen(y->row[k][4 * n + i], b_signed);
            }
        put_row(c, m, sums);
    }
    return NULL;
}

#if defined(__x86_64__)

/* To nearest even, all exceptions masked, subnormal results and operands are zero (SDM volume 1, 10.2.3). */
#define MXCSR_FLUSH 0x9fc0u

/* The instructions by name, so that no compiler moves them out of where MXCSR_FLUSH rules. */
static uint32_t read_mxcsr(void) {
    uint32_t mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    return mxcsr;
}
static void write_mxcsr(uint32_t mxcsr) {
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}
static float fma_flushed(float a, float b, float c) {
    __asm__ volatile("vfmadd231ss %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
    return c;
}
static float add_flushed(float a, float b) {
    __asm__ volatile("addss %1, %0" : "+x"(a) : "x"(b));
    return a;
}

static float bf16(const uint8_t *bytes) {
    uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 24;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void dot_row_bf16(float *sums, const uint8_t *x, const amx_tile *y) {
    float chain[2][AMX_ROW_BYTES / 4] = {{0}};
    for (size_t k = 0; k < y->n_rows; k++)
        for (size_t i = 0; i < 2; i++) {
            float factor = bf16(x + 4 * k + 2 * i);
            for (size_t n = 0; n < y->row_bytes / 4u; n++)
                chain[i][n] = fma_flushed(factor, bf16(y->row[k] + 4 * n + 2 * i), chain[i][n]);
        }
    for (size_t n = 0; n < y->row_bytes / 4u; n++)
        sums[n] = add_flushed(sums[n], add_flushed(chain[0][n], chain[1][n]));
}

const char *amx_tiles_dot_bf16(amx_tiles *tiles, unsigned to, unsigned a, unsigned b) {
    const char *why = check_product(tiles, to, a, b);
    if (why) return why;
    amx_tile *c = &tiles->tile[to];
    uint32_t mxcsr = read_mxcsr();
    write_mxcsr(MXCSR_FLUSH);
    for (size_t m = 0; m < c->n_rows; m++) {
        float sums[AMX_ROW_BYTES / 4];
        memcpy(sums, c->row[m], sizeof sums);
        dot_row_bf16(sums, tiles->tile[a].row[m], &tiles->tile[b]);
        put_row(c, m, sums);
    }
    write_mxcsr(mxcsr);
    return NULL;
}

#else

const char *amx_tiles_dot_bf16(amx_tiles *tiles, unsigned to, unsigned a, unsigned b) {
    const char *why = check_product(tiles, to, a, b);
    return why ? why : "TDPBF16PS: only emulated on x86-64";
}

#endif
