/*
 * q4r.h: a head's keys or values in 4 bits: rotated, then codes -8..7 with one scale. docs/numerics.md,
 * "Attention", defines them.
 *
 * 64 keys are [n / 8, rounded up][64][4] bytes: byte b of a four holds elements 8 i + b, in its low half, and
 * 8 i + 4 + b, as code + 8. A value is [n / 16, rounded up][8] bytes: half-byte h of a four, counted from the
 * lowest, is element 16 i + 2 h of the first four and 16 i + 2 h + 1 of the second, as code modulo 16. What
 * is beyond the head's n elements is the code 0. Pure functions; the caller owns the memory.
 *
 *     ewi_q4r head;
 *     kern->rotate[EWI_ROTATE_WEIGHTS](x, x, n);
 *     ewi_q4r_round(&head, x, n);
 *     ewi_q4r_put_key(keys, j, &head, n);
 *     ewi_q4r_put_value(values + j * ewi_q4r_value_bytes(n), &head, n);
 */
#ifndef EW_KERNELS_Q4R_H
#define EW_KERNELS_Q4R_H

#include <stddef.h>
#include <stdint.h>

/* Elements of a head, at most. */
#define EWI_Q4R_MOST 256u

typedef struct ewi_q4r {
    int8_t codes[EWI_Q4R_MOST];
    uint16_t scale; /* bf16 */
} ewi_q4r;

/* Rounds n rotated elements; the codes after them, up to a multiple of 16, are zeros. */
void ewi_q4r_round(ewi_q4r *to, const float *x, size_t n);
void ewi_q4r_put_key(uint8_t *keys, size_t j, const ewi_q4r *head, size_t n);
void ewi_q4r_put_value(uint8_t *value, const ewi_q4r *head, size_t n);

/* Of 64 keys, and of one value. */
static inline size_t ewi_q4r_keys_bytes(size_t n) {
    return (n + 7) / 8 * 64 * 4;
}
static inline size_t ewi_q4r_value_bytes(size_t n) {
    return (n + 15) / 16 * 8;
}

/* Element i of key j. */
static inline int ewi_q4r_key(const uint8_t *keys, size_t j, size_t i) {
    return (keys[(i / 8 * 64 + j) * 4 + i % 4] >> (i % 8 < 4 ? 0 : 4) & 15) - 8;
}
/* Element i of a value. */
static inline int ewi_q4r_value(const uint8_t *value, size_t i) {
    int code = value[i / 16 * 8 + i % 2 * 4 + i % 16 / 4] >> (i % 4 < 2 ? 0 : 4) & 15;
    return code < 8 ? code : code - 16;
}

#endif
