/*
 * tiles_x86.h: what kernels on AMX tiles share: the configuration, and bf16 made from floats.
 *
 * A thread configures its tiles, uses them, and gives them back; while it holds them the system saves 8 KiB
 * more at each switch.
 *
 *     tiles_configure(64);
 *     TILES_FENCE;                             vectors wrote what tiles load
 *     _tile_loadd(4, p, 64); ...
 *     _tile_release();
 */
#ifndef EW_KERNELS_X86_TILES_X86_H
#define EW_KERNELS_X86_TILES_X86_H
#ifdef __AVX512BF16__

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define TILE       16u           /* rows */
#define TILE_AREA  (TILE * TILE) /* int32 or floats */
#define TILE_BYTES 1024u

/* Tile loads and stores do not tell the compiler what they read and write. */
#define TILES_FENCE __asm__ volatile("" ::: "memory")

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t n_rows[16];
} tile_config;

/*
 * Tiles 0-3 are sums; 4 and 5 hold 16 rows of `bytes` bytes, 32 or 64; 6 and 7 what those are multiplied
 * with, four bytes of each of 16 columns in a row. The whole configuration is an operand: it must be in
 * memory.
 */
EWI_INLINE void tiles_configure(size_t bytes) {
    tile_config config = {.palette = 1};
    for (size_t t = 0; t < 8; t++) {
        config.row_bytes[t] = (uint16_t)(t == 4 || t == 5 ? bytes : 64);
        config.n_rows[t] = (uint8_t)(t >= 6 ? bytes / 4 : TILE);
    }
    __asm__ volatile("ldtilecfg %0" : : "m"(config));
}

/* 32 floats as bf16: to nearest, ties to even; subnormals are zeros. */
EWI_INLINE __m512i bf16_pair(__m512 low, __m512 high) {
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

#endif
#endif
