/*
 * expd.h: the constants of the double exponential in sums of softmaxes (docs/numerics.md, "Divergence").
 *
 * x = n ln 2 + r with |r| <= ln2 / 2; e^r is Taylor's polynomial of degree 11, wrong by 2^-46 of itself. n is
 * at least -1022, so that 2^n is a normal number: far below the largest logit it does not count what comes
 * out.
 */
#ifndef EW_KERNELS_EXPD_H
#define EW_KERNELS_EXPD_H

/* Adding 1.5 * 2^52 leaves an integer in the low bits of the sum: n, at least -1022. */
#define EWI_EXPD_ROUND 0x1.8p52
#define EWI_EXPD_LEAST (EWI_EXPD_ROUND - 1022)

#define EWI_EXPD_LOG2E 0x1.71547652b82fep+0
#define EWI_EXPD_LN2   0x1.62e42fefa39efp-1

static const double ewi_expd_taylor[12] = {
    1,         1,          1.0 / 2,     1.0 / 6,      1.0 / 24,      1.0 / 120,
    1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800};

#endif
