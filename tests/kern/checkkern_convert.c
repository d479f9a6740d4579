#include <string.h>

#include "checkkern.h"
#include "kernels/half.h"

static void widen(ck *c, ewi_dtype dtype, const void *x, size_t n) {
    float *want = ck_output(c, 0, n), *got = ck_output(c, 1, n);
    c->ref->widen[dtype](want, x, n);
    c->kern->widen[dtype](got, x, n);
    ck_compare_bytes(c, n * sizeof *got);
}

static void narrow(ck *c, ewi_dtype dtype, const float *x, size_t n) {
    size_t size = n * ewi_dtype_get(dtype)->block_bytes;
    void *want = ck_output_bytes(c, 0, size), *got = ck_output_bytes(c, 1, size);
    c->ref->narrow[dtype](want, x, n);
    c->kern->narrow[dtype](got, x, n);
    ck_compare_bytes(c, size);
}

/* All 65,536 halves. */
static void all_halves(ck *c, ewi_dtype dtype) {
    enum { N = 65536 };
    unsigned char *x = ck_bytes(c, 0, 2 * N, 1);
    for (unsigned i = 0; i < N; i++) {
        uint16_t h = (uint16_t)i;
        memcpy(x + 2 * i, &h, sizeof h);
    }
    ck_name(c, "widen %s, all values", ewi_dtype_get(dtype)->name);
    widen(c, dtype, x, N);
}

/* Each half, the middle between it and the next, and the floats beside these: where rounding decides. */
static void narrow_edges(ck *c) {
    enum { N = 0x7c00 * 6 };
    float *x = ck_bytes(c, 0, N * sizeof *x, 4);
    for (uint32_t h = 0; h < 0x7c00; h++) {
        uint32_t a = ewi_float_bits(ewi_f16_to_f32((uint16_t)h)),
                 b = ewi_float_bits(ewi_f16_to_f32((uint16_t)(h + 1)));
        uint32_t middle = h == 0x7bff ? 0x477ff000u : a + (b - a) / 2, sign = h % 2 ? 0x80000000u : 0;
        if (h == 0) middle = ewi_float_bits(0x1p-25f);
        const uint32_t bits[6] = {a, a + 1, middle - 1, middle, middle + 1, b - 1};
        for (int i = 0; i < 6; i++) x[h * 6 + (uint32_t)i] = ewi_bits_float(bits[i] | sign);
    }
    ck_name(c, "narrow F16, around every rounding edge");
    narrow(c, EWI_F16, x, N);
}

static void narrow_random_bits(ck *c) {
    enum { N = 1 << 18 };
    float *x = ck_bytes(c, 0, N * sizeof *x, 4);
    for (int i = 0; i < N; i++) x[i] = ewi_bits_float((uint32_t)ck_random(c));
    ck_name(c, "narrow F16, random bits");
    narrow(c, EWI_F16, x, N);
}

void check_convert(ck *c) {
    static const ewi_dtype types[] = {EWI_F32, EWI_F16, EWI_BF16};
    for (size_t n = 0; n <= 300; n++)
        for (size_t t = 0; t < EWI_COUNT(types); t++) {
            const char *name = ewi_dtype_get(types[t])->name;
            const void *x = ck_weights(c, 0, n, types[t], CK_SPECIAL);
            ck_name(c, "widen %s n=%zu", name, n);
            widen(c, types[t], x, n);
            if (types[t] == EWI_BF16) continue;
            ck_name(c, "narrow %s n=%zu", name, n);
            narrow(c, types[t], ck_input(c, 1, n, ck_kind_of(n)), n);
        }
    all_halves(c, EWI_F16);
    all_halves(c, EWI_BF16);
    narrow_edges(c);
    narrow_random_bits(c);
}
