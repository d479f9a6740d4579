/*
 * act.h: the activations of feed-forward layers, and the constants that all levels share.
 *
 * GELU: x times the normal distribution function, whose tail is exp(-x^2 / 2) times a polynomial in
 * 1 / (1 + r |x|) (Abramowitz and Stegun 1964, 7.1.26, with erf's argument x / sqrt 2): off by 8e-8 of |x|.
 * GELU_TANH: its approximation with tanh (arXiv 1606.08415), as x times a logistic function.
 */
#ifndef EW_KERNELS_ACT_H
#define EW_KERNELS_ACT_H

/* X(name, text) */
#define EWI_ACT_MAP(X) \
    X(SILU, "silu")    \
    X(GELU, "gelu")    \
    X(GELU_TANH, "gelu_tanh")

typedef enum ewi_act {
#define EWI_ACT_ENUM(name, text) EWI_ACT_##name,
    EWI_ACT_MAP(EWI_ACT_ENUM)
#undef EWI_ACT_ENUM
        EWI_N_ACTS
} ewi_act;

/* r and half of the polynomial's coefficients. */
#define EWI_GELU_R  0.23164189f
#define EWI_GELU_P0 0.127414796f
#define EWI_GELU_P1 (-0.142248368f)
#define EWI_GELU_P2 0.7107068705f
#define EWI_GELU_P3 (-0.7265760135f)
#define EWI_GELU_P4 0.5307027145f

/* 2 sqrt(2 / pi), and that times 0.044715. */
#define EWI_GELU_TANH_1 1.5957691216f
#define EWI_GELU_TANH_3 0.0713548163f

#endif
