/*
 * amx_tiles.h: what the AMX instructions do to eight tiles, in plain C.
 *
 * The operations of the Intel SDM (volume 2A and 2B: LDTILECFG, STTILECFG, TILELOADD, TILESTORED, TILEZERO,
 * TDPBSSD and its kin, TDPBF16PS), for palette 1. Each returns NULL, or what a processor would fault on.
 * Caller-owned, one thread.
 *
 *     amx_tiles tiles = {0};
 *     const char *why = amx_tiles_configure(&tiles, config);
 */
#ifndef TESTS_SUPPORT_AMX_TILES_H
#define TESTS_SUPPORT_AMX_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AMX_TILES     8
#define AMX_ROWS      16
#define AMX_ROW_BYTES 64

typedef struct amx_tile {
    uint16_t row_bytes;
    uint8_t n_rows; /* 0: the tile may not be used */
    uint8_t row[AMX_ROWS][AMX_ROW_BYTES];
} amx_tile;

typedef struct amx_tiles {
    bool is_configured;
    amx_tile tile[AMX_TILES];
} amx_tiles;

/* config: 64 bytes, Intel SDM, "Memory Area Layout" of LDTILECFG; palette 0 releases. A start row other than
 * 0, which only an interrupted load leaves behind, is refused. */
const char *amx_tiles_configure(amx_tiles *tiles, const void *config);
void amx_tiles_save_config(const amx_tiles *tiles, void *config);
void amx_tiles_release(amx_tiles *tiles);

const char *amx_tiles_zero(amx_tiles *tiles, unsigned to);
const char *amx_tiles_load(amx_tiles *tiles, unsigned to, const void *from, ptrdiff_t stride_bytes);
const char *amx_tiles_store(const amx_tiles *tiles, unsigned from, void *to, ptrdiff_t stride_bytes);

/* to[m][n] += sum over k of a[m][k] b[k][n], where b holds four k together for each n; modulo 2^32. */
const char *amx_tiles_dot_bytes(amx_tiles *tiles, unsigned to, unsigned a, bool a_signed, unsigned b,
                                bool b_signed);
/* The same for pairs of bf16: even and odd products in two chains of fused multiply-adds from zero, which
 * are added up and to the tile; to nearest even, subnormals are zero in and out, whatever MXCSR says. */
const char *amx_tiles_dot_bf16(amx_tiles *tiles, unsigned to, unsigned a, unsigned b);

#ifdef __cplusplus
}
#endif

#endif
