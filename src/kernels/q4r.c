#include "kernels/q4r.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "kernels/half.h"
#include "kernels/qrows.h"

/* |x| < 2^22: adding this rounds to nearest, ties to even. */
#define ROUND 0x1.8p23f

/* The element of the largest magnitude; of x and -x, both of it, -|x|. */
static float farthest(const float *x, size_t n) {
    float least = x[0], most = x[0];
    for (size_t i = 1; i < n; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    return most > -least ? most : least;
}

static bool all_finite(const float *x, size_t n) {
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = ewi_float_bits(x[i]) & 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    return most < 0x7f800000u;
}

static void put_codes(int8_t *codes, const float *x, size_t n, float inverse) {
    for (size_t i = 0; i < n; i++) {
        float code = x[i] * inverse + ROUND - ROUND;
        codes[i] = (int8_t)(code > 7 ? 7 : code);
    }
}

void ewi_q4r_round(ewi_q4r *to, const float *x, size_t n) {
    EW_ASSERT(n > 0 && n <= EWI_Q4R_MOST);
    memset(to->codes, 0, (n + 15) / 16 * 16);
    to->scale = 0x7fc0;
    if (!all_finite(x, n)) return;
    float far = farthest(x, n);
    to->scale = 0;
    if (fabsf(far) < EWI_QROWS_TINY) return;
    to->scale = ewi_f32_to_bf16(far * -0.125f);
    put_codes(to->codes, x, n, 1.0f / ewi_bf16_to_f32(to->scale));
}

void ewi_q4r_put_key(uint8_t *keys, size_t j, const ewi_q4r *head, size_t n) {
    for (size_t i = 0; i < n; i += 8) {
        uint32_t low, high;
        memcpy(&low, head->codes + i, sizeof low);
        memcpy(&high, head->codes + i + 4, sizeof high);
        low = (low ^ 0x08080808u) & 0x0f0f0f0fu; /* code + 8 */
        high = (high ^ 0x08080808u) & 0x0f0f0f0fu;
        low |= high << 4;
        memcpy(keys + (i / 8 * 64 + j) * 4, &low, sizeof low);
    }
}

void ewi_q4r_put_value(uint8_t *value, const ewi_q4r *head, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        uint32_t fours[2] = {0, 0};
        for (size_t h = 0; h < 16; h++) fours[h % 2] |= (uint32_t)(head->codes[i + h] & 15) << h / 2 * 4;
        memcpy(value + i / 2, fours, sizeof fours);
    }
}
