#include "base/decimal.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

#define MAX_DIGITS \
    800u /* significant digits that are kept; a further non-zero one only says "a little more" */
#define MAX_LIMBS 128u /* of 32 bits: 10^(800 + 330) needs 118 */

/* digits as one integer x 10^exponent */
typedef struct decimal {
    uint8_t digits[MAX_DIGITS + 1]; /* values 0..9; no leading zeros */
    uint32_t n_digits;
    int64_t exponent;
    bool negative;
} decimal;

/* ----------------------------------------------------------------------------------------------- the text */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void add_digit(decimal *d, char c, bool *more) {
    if (d->n_digits == 0 && c == '0') return;
    if (d->n_digits < MAX_DIGITS) {
        d->digits[d->n_digits++] = (uint8_t)(c - '0');
        return;
    }
    if (c != '0') *more = true;
    d->exponent++;
}

/* The exponent's digits; saturates far outside of what a double can hold. */
static int64_t read_exponent(const char *p, const char *end) {
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    int64_t value = 0;
    for (; p < end; p++)
        if (value < INT64_MAX / 100) value = value * 10 + (*p - '0');
    return negative ? -value : value;
}

static void read_decimal(ew_str text, decimal *d) {
    const char *p = text.data, *end = text.data + text.len;
    bool more = false;
    d->n_digits = 0;
    d->exponent = 0;
    d->negative = p < end && *p == '-';
    if (d->negative) p++;
    for (; p < end && is_digit(*p); p++) add_digit(d, *p, &more);
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        for (; p < end && is_digit(*p); p++) add_digit(d, *p, &more);
        d->exponent -= p - fraction;
    }
    if (more) {
        d->digits[d->n_digits++] = 1;
        d->exponent--;
    }
    if (p < end) d->exponent += read_exponent(p + 1, end);
}

/* ------------------------------------------------------------------------------------------- the fast way */

/* The fast way rounds once only where an operation on doubles does. */
EWI_STATIC_ASSERT(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles");

/* Both the digits and the power of ten are exact doubles, so that one rounding is the only one. */
static bool exact_double(const decimal *d, double *out) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (d->n_digits > 15 || d->exponent < -22 || d->exponent > 22) return false;
    uint64_t w = 0;
    for (uint32_t i = 0; i < d->n_digits; i++) w = w * 10 + d->digits[i];
    *out = d->exponent < 0 ? (double)w / powers[-d->exponent] : (double)w * powers[d->exponent];
    return true;
}

/* ------------------------------------------------------------------------------------------- big integers */

typedef struct big {
    uint32_t limbs[MAX_LIMBS]; /* least significant first */
    uint32_t n;                /* limbs in use; the last one is not zero */
} big;

static void big_set(big *b, uint32_t value) {
    b->limbs[0] = value;
    b->n = value != 0;
}

/* b = b * factor + addend */
static void big_mul_add(big *b, uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    for (uint32_t i = 0; i < b->n; i++) {
        carry += (uint64_t)b->limbs[i] * factor;
        b->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry == 0) return;
    EW_ASSERT(b->n < MAX_LIMBS);
    b->limbs[b->n++] = (uint32_t)carry;
}

static void big_mul_pow10(big *b, uint32_t exponent) {
    for (; exponent >= 9; exponent -= 9) big_mul_add(b, 1000000000u, 0);
    for (; exponent > 0; exponent--) big_mul_add(b, 10, 0);
}

static uint32_t big_bits(const big *b) {
    return b->n == 0 ? 0 : b->n * 32 - (uint32_t)__builtin_clz(b->limbs[b->n - 1]);
}

static void big_shift_left(big *b, uint32_t bits) {
    uint32_t whole = bits / 32;
    EW_ASSERT(b->n + whole < MAX_LIMBS);
    memmove(b->limbs + whole, b->limbs, b->n * sizeof b->limbs[0]);
    memset(b->limbs, 0, whole * sizeof b->limbs[0]);
    b->n += whole;
    big_mul_add(b, 1u << (bits % 32), 0);
}

static int big_compare(const big *a, const big *b) {
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    for (uint32_t i = a->n; i-- > 0;)
        if (a->limbs[i] != b->limbs[i]) return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

/* a -= b, a >= b */
static void big_subtract(big *a, const big *b) {
    int64_t borrow = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        borrow += (int64_t)a->limbs[i] - (i < b->n ? (int64_t)b->limbs[i] : 0);
        a->limbs[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    while (a->n > 0 && a->limbs[a->n - 1] == 0) a->n--;
}

/* ------------------------------------------------------------------------------------------ the exact way */

/* Rounds (q + a little when `more`) x 2^exponent, q != 0, to a double: at most 53 bits, none below
 * 2^-1074. */
static double round_to_double(uint64_t q, int32_t exponent, bool more) {
    int32_t bits = 64 - __builtin_clzll(q), lowest = exponent + bits - 53;
    if (lowest < -1074) lowest = -1074;
    int32_t drop = lowest - exponent;
    if (drop > 63) return 0.0; /* q < 2^56: less than half of the smallest double */
    uint64_t kept = q >> drop, rest = q & ((UINT64_C(1) << drop) - 1), half = UINT64_C(1) << (drop - 1);
    if (rest > half || (rest == half && (more || (kept & 1)))) kept++;
    return ldexp((double)kept, lowest);
}

/* numerator / denominator, both not zero and of equally many bits, as q x 2^-55 with 55 or 56 bits, and a
 * remainder */
static double divide(big *numerator, const big *denominator, int32_t exponent) {
    uint64_t q = 0;
    for (int i = 0; i < 56; i++) {
        q <<= 1;
        if (big_compare(numerator, denominator) >= 0) {
            big_subtract(numerator, denominator);
            q |= 1;
        }
        big_mul_add(numerator, 2, 0);
    }
    return round_to_double(q, exponent - 55, numerator->n != 0);
}

static double divided_double(const decimal *d) {
    big numerator, denominator;
    big_set(&numerator, 0);
    for (uint32_t i = 0; i < d->n_digits; i++) {
        if (numerator.n == 0)
            big_set(&numerator, d->digits[i]);
        else
            big_mul_add(&numerator, 10, d->digits[i]);
    }
    big_set(&denominator, 1);
    if (d->exponent < 0)
        big_mul_pow10(&denominator, (uint32_t)-d->exponent);
    else
        big_mul_pow10(&numerator, (uint32_t)d->exponent);
    int32_t exponent = (int32_t)big_bits(&numerator) - (int32_t)big_bits(&denominator);
    if (exponent > 0)
        big_shift_left(&denominator, (uint32_t)exponent);
    else
        big_shift_left(&numerator, (uint32_t)-exponent);
    return divide(&numerator, &denominator, exponent);
}

static double magnitude(const decimal *d) {
    double x;
    if (d->n_digits == 0) return 0.0;
    if (d->exponent + d->n_digits > 310) return HUGE_VAL;
    if (d->exponent + d->n_digits < -330) return 0.0;
    return exact_double(d, &x) ? x : divided_double(d);
}

bool ewi_decimal_to_double(ew_str text, double *out) {
    decimal d;
    read_decimal(text, &d);
    double x = magnitude(&d);
    *out = d.negative ? -x : x;
    return x < HUGE_VAL;
}
