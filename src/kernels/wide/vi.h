/*
 * vi.h: VI_N outputs of a tile as vectors of int32, of f32 and of four codes each, for whichever instruction
 * set the including file is compiled for.
 *
 * The quantized bodies are written once, over these. Each ISA header gives:
 *   vi, vf, vb             VI_N int32, VI_N floats, 4 VI_N bytes
 *   VI_ROWS, VI_COLS       the register block of many rows; VI_FEW_COLS(rows) vectors of outputs for few
 *   VI_AHEAD               bytes ahead that small codes are asked for in memory; 0: never
 *   vi_dot(acc, c, x)      acc + sum of c[4 l + b] * x[b] in lane l; codes c below 128, x in -127..127
 *   vi_dot16(acc, w, x)    acc + w[2 l] x[0] + w[2 l + 1] x[1] in lane l, all i16
 *   VI_HALF_ROWS           rows of the register block of vi_dot16, by VI_COLS
 *   vi_dot8                the same for codes of 8 bits; they count as c - (128 - VI_DOT8_ZERO), exactly
 *   vi_dot_pair(acc, m, p) acc + m * (p[0] + p[1]) of two i16; m is byte i with byte VI_PAIR(i) 16 bits above
 *   vi_pick(a, index)      bytes index[0..15] of each 16 bytes, 0 for an index of 128
 *   vb_left, _right        shifts of 16-bit lanes: bits that cross bytes are masked away after
 *   vb_mul(a, b)           low 8 bits of the products; b below 128
 *   vb_look_up(table, a)   table[a] of 16 bytes for each byte a below 16
 *   vb_repeat              each lane, 0..255, in its four bytes
 * The low 32 bits of an int32 sum are what counts: intermediate sums may wrap.
 */
#ifndef EW_KERNELS_WIDE_VI_H
#define EW_KERNELS_WIDE_VI_H

#if defined(__AVX512VNNI__)
#include "kernels/x86/vi_vnni.h"
#elif defined(__AVX2__)
#include "kernels/x86/vi_avx2.h"
#elif defined(__aarch64__)
#include "kernels/arm/vi_neon.h"
#endif

#ifdef VI_N

#define VI_FENCE __asm__ volatile("" ::: "memory")

#if defined(__clang__)
#define VI_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VI_UNROLL _Pragma("GCC unroll 32")
#endif

#endif
#endif
