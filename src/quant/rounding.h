/*
 * rounding.h: one row of weights on its way into a packed tile: its grid and its codes. For round.c, which
 * takes the nearest codes, weighed.c, which takes them with other scales, and gptq.c, which makes up for what
 * the earlier ones of the row got wrong.
 *
 * Rows of whole-row types are rotated first. All memory is the caller's.
 *
 *     fault = ewi_rounding_take(&r, row);                  r.x
 *     scale = ewi_rounding_row_scale(&r);                  and r.chosen
 *     ewi_rounding_put_row_scale(&r, scale);  ... codes ...  ewi_rounding_add_row(&r, at, n, scale);
 */
#ifndef EW_QUANT_ROUNDING_H
#define EW_QUANT_ROUNDING_H

#include "kernels/kernels.h"
#include "quant/round.h"

typedef struct ewi_rounding {
    const ewi_kernels *kern;
    ewi_dtype dtype;
    const ewi_packed_info *info;
    float least, most; /* codes, less the zero */
    uint8_t *head;
    size_t output, k, padded, n_chunks;
    float *x, *u;      /* [padded]: the weights (rotated), and divided for the search */
    float *importance; /* [padded], of the inputs (rotated); NULL: all the same */
    uint8_t *codes;    /* [padded] */
    float *scales;     /* [n_chunks], Q4S */
    uint8_t *chosen;   /* [n_chunks], Q4S: sub-scales */
    ewi_round_sums *sums;
} ewi_rounding;

/* Of a type, without memory but for the head. */
ewi_rounding ewi_rounding_of(ewi_dtype dtype, uint8_t *head, size_t k);

/* Inputs of a row in x, u and codes. */
size_t ewi_rounding_padded(size_t k);

/* The row, rotated for whole-row types, into x. */
EWI_NODISCARD ewi_round_fault ewi_rounding_take(const ewi_rounding *r, const float *row);

/* x, at least -8 or -128, rounded to nearest, ties to even. */
static inline float ewi_round_even(float x) {
    return (x + 0x1.8p23f) - 0x1.8p23f;
}

static inline float ewi_round_clamp(float x, float least, float most) {
    x = x > least ? x : least;
    return x < most ? x : most;
}

/* The scale of a group of x that begins at `at`, put into the head; an infinity where it is too large. */
float ewi_rounding_group_scale(const ewi_rounding *r, size_t at);
void ewi_rounding_put_group_scale(const ewi_rounding *r, size_t at, float scale);

/* The scale of the whole row; Q4S: with the sub-scales in chosen. */
float ewi_rounding_row_scale(const ewi_rounding *r);
void ewi_rounding_put_row_scale(const ewi_rounding *r, float scale);
/* Q4S: the sub-scale 1 .. 15 that suits the chunk of x that begins at `at` best, and into the head. */
void ewi_rounding_choose_subscale(const ewi_rounding *r, size_t at, float scale);
void ewi_rounding_put_subscale(const ewi_rounding *r, size_t chunk);

/* Codes of x at .. at + n, to nearest, with their final scale. */
void ewi_rounding_put_codes(const ewi_rounding *r, size_t at, size_t n, float scale);

/* Adds squares of the weights at .. at + n, and of their errors, as they are when rotated back. */
void ewi_rounding_add_sums(const ewi_rounding *r, size_t at, size_t n, float scale);

#endif
