/*
 * expd.h: the constants of the double exponential in sums of softmaxes (docs/numerics.md, "Divergence").
 *
 * x = n ln 2 + r with |r| <= ln2 / 2; e^r is Taylor's polynomial of degree 11, wrong by 2^-46 of itself. n is
 * at least -1022, so that 2^n is a normal number: far below the largest logit it does not count what comes
 * out.
 */
#ifndef EW_KERNELS_EXPD_H
#define EW_KERNELS_EXPD_H

#define EWI_EXPD_LEAST (-1022.0)

/* Adding 1.5 * 2^52 leaves an integer in the low bits of the sum. */
#define EWI_EXPD_ROUND 0x1.8p52

#define EWI_EXPD_LOG2E  0x1.71547652b82fep+0
#define EWI_EXPD_LN2_HI 0x1.62e42fefap-1
#define EWI_EXPD_LN2_LO 0x1.cf79abc9e3b3ap-40

/* The larger of n and EWI_EXPD_LEAST, exact for whole numbers below 2^52. */
#define EWI_EXPD_AT_LEAST(n) \
    (0.5 * (((n)-EWI_EXPD_LEAST) + __builtin_fabs((n)-EWI_EXPD_LEAST)) + EWI_EXPD_LEAST)

#endif
