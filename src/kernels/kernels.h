/*
 * kernels.h: the arithmetic, one table of functions. docs/numerics.md defines every result to the last bit;
 * all levels give the same bits, except that a NaN's payload is only defined for conversions.
 *
 * Kernels are pure functions over the caller's memory: no state, no allocation, any thread. Float pointers
 * are aligned to 4 bytes; weights, keys and values (const void *) to nothing. No byte outside the stated
 * shapes is read or written. Outputs may be exactly an input where "in place" is said; otherwise they don't
 * overlap.
 *
 *     EWI_TRY(ewi_kernels_init(err));                       reads EDGEWISE_CPU
 *     const ewi_kernels *kern = ewi_kernels_get();
 *     if (!kern->matmul[dtype]) return ewi_fail(err, EW_UNSUPPORTED, ...);
 *     kern->matmul[dtype](&(ewi_matmul){.m = 1, .n = n, .k = k, .x = x, .w = w, ...});
 */
#ifndef EW_KERNELS_KERNELS_H
#define EW_KERNELS_KERNELS_H

#include "kernels/act.h"
#include "kernels/cpu.h"
#include "kernels/qrows.h"
#include "kernels/rotate.h"
#include "tensor/dtype.h"

/* y = x W^T + bias: y[i][j] = dot(x[i], w[j]) + bias[j]. An element's bits depend on its row of x and of w
 * alone. */
typedef struct ewi_matmul {
    size_t m, n, k;
    const float *x;            /* [m, k] */
    const void *w;             /* [n, k] of the weight type */
    const float *bias;         /* [n], or NULL: nothing is added */
    float *y;                  /* [m, n] */
    size_t x_stride, y_stride; /* elements from row to row */
    size_t w_stride_bytes;
    uint8_t *scratch; /* matmul_fast, _bf16: EWI_MATMUL_SCRATCH(m, k) bytes of one thread, aligned to 64 */
} ewi_matmul;

/* Codes of 256 inputs of all rows with their scales, and of 32 outputs, as they come and turned. */
#define EWI_HALVES_SCRATCH(m) (((m) * (512 + 4) + 64 + 32 * 512 + 8 * 512 + 32 * 4 + 63) / 64 * 64)

/* On tiles: rows at a time, inputs and outputs that stay in a cache. All inputs of the rows as bf16, sums,
 * weights of 32 outputs. */
#define EWI_TILES_ROWS        256u
#define EWI_TILES_CHUNK       512u
#define EWI_TILES_GROUP       256u
#define EWI_TILES_UP(n, unit) (((n) + (unit)-1) / (unit) * (unit))
#define EWI_TILES_SCRATCH(m, k)                                                               \
    (EWI_TILES_UP((m) < EWI_TILES_ROWS ? (m) : EWI_TILES_ROWS, 32) *                          \
         (2 * EWI_TILES_UP((size_t)(k), EWI_TILES_CHUNK) + sizeof(float) * EWI_TILES_GROUP) + \
     64 * EWI_TILES_CHUNK)

#define EWI_MATMUL_SCRATCH(m, k) \
    (EWI_HALVES_SCRATCH(m) > EWI_TILES_SCRATCH(m, k) ? EWI_HALVES_SCRATCH(m) : EWI_TILES_SCRATCH(m, k))

/*
 * y = x W^T + bias with quantized rows and packed weights (tensor/packed.h): the first of n outputs begins a
 * tile. Rows are of the kind that the type wants, ewi_qrows_for. scratch: EWI_QMATMUL_SCRATCH(k) bytes of one
 * thread, aligned to 64.
 */
typedef struct ewi_qmatmul {
    size_t m, n, k;
    const uint8_t *x;
    size_t x_stride_bytes;
    const uint8_t *w;
    const float *bias; /* [n], or NULL */
    float *y;          /* [m, n] */
    size_t y_stride;   /* elements */
    uint8_t *scratch;
} ewi_qmatmul;

#define EWI_QMATMUL_SCRATCH(k) (((k) + 63) / 64 * 64 * 64)

/* How well codes q fit weights u: the best scale for them is uq / qq, and the squared error is then less by
 * uq^2 / qq than the sum of u^2. */
typedef struct ewi_fit {
    float uq, qq; /* sums of u q and of q q */
} ewi_fit;

/* n logits of one or two models with the largest of each; base may be NULL. */
typedef struct ewi_divergence_rows {
    size_t n;
    const float *base, *model;
    float max_base, max_model;
} ewi_divergence_rows;

/* Of exp(base - max_base), exp(model - max_model), and of the former times the difference of the two; with
 * base NULL the second alone, and zeros. */
typedef struct ewi_divergence_sums {
    double base, model, weighted;
} ewi_divergence_sums;

/* Keys in a block of attention; blocks start at multiples of it. Spans of blocks likewise. */
#define EWI_ATTENTION_KEYS 64
#define EWI_ATTENTION_SPAN 512

/* Floats of working memory for a block of heads of n elements. */
#define EWI_ATTENTION_SCRATCH(n) (EWI_ATTENTION_KEYS * (2 * (size_t)(n) + 32))

/* One query head at one position. Before the first block of a span: max = -INFINITY, sum = 0, acc all
 * zero. Of this block it sees the keys first_key .. n_keys - 1. */
typedef struct ewi_attention_row {
    const float *q; /* [head_dim] */
    /* With I8 keys q as quantize[EWI_QROWS_256] writes it, with Q4R keys as EWI_QROWS_WHOLE; q is not looked
     * at then. */
    const uint8_t *qrow;
    float *acc; /* [head_dim]: sum over keys of exp(score - max) * value */
    float max, sum;
    size_t first_key; /* below n_keys, where that is not 0 */
    size_t n_keys;    /* 0 leaves the row as it is */
    float slope;      /* score j gains slope * (distance + j) (ALiBi, arXiv 2108.12409); 0: nothing */
    float distance;   /* a whole number: position of the block's first key minus the row's */
} ewi_attention_row;

/*
 * A block of keys and values and all rows that look at it: the query heads of a group, of one or many
 * positions. There is room for 64 keys and values always; those that no row sees may be anything.
 * I8 keys are [head_dim / 4, rounded up][64][4] bytes of code + 128, values are [64, head_dim] codes; both
 * have a scale each. head_dim is at most EWI_QROWS_BLOCK then. Q4R keys and values are rotated and lie as
 * kernels/q4r.h has them; with such values acc is rotated too.
 */
typedef struct ewi_attention {
    ewi_attention_row *rows;
    size_t n_rows;
    size_t head_dim;
    ewi_dtype k_type, v_type;        /* F32, F16, I8 or Q4R */
    const void *k;                   /* [head_dim, 64] */
    const void *v;                   /* [64, head_dim] */
    const void *k_scales, *v_scales; /* [64]: f32 with I8, bf16 with Q4R */
    float scale;                     /* score = scale * q k */
    float cap;                       /* then cap * tanh(score / cap); 0: no cap */
    float *scratch;                  /* [EWI_ATTENTION_SCRATCH(head_dim)] */
} ewi_attention;

/*
 * Rotates n_heads heads of one position in place, head h at x + h * stride: pair p by the angle whose cosine
 * and sine are cos[p] and sin[p], 0 <= p < n_pairs. Elements from 2 * n_pairs on stay as they are.
 */
typedef void (*ewi_rope_fn)(float *x, size_t n_heads, size_t stride, const float *cos, const float *sin,
                            size_t n_pairs);

typedef struct ewi_kernels {
    ewi_cpu_level level;

    /* By weight type: F32, F16, BF16; NULL where there is none. */
    void (*matmul[EWI_N_DTYPES])(const ewi_matmul *args);
    /* The same within a bound, in 16-bit integers: faster for many rows. F16, BF16; k > 0. */
    void (*matmul_fast[EWI_N_DTYPES])(const ewi_matmul *args);
    /* The same within a larger bound, from factors rounded to bf16: faster still where has_tiles. */
    void (*matmul_bf16[EWI_N_DTYPES])(const ewi_matmul *args);
    bool has_tiles; /* a matrix unit multiplies bf16 */
    /* By packed type; NULL where there is none. */
    void (*qmatmul[EWI_N_DTYPES])(const ewi_qmatmul *args);
    /* Writes one row of k inputs; see kernels/qrows.h. */
    void (*quantize[EWI_N_QROWS])(uint8_t *row, const float *x, size_t k);
    /* Turns a row of k: kernels/rotate.h; in place allowed. */
    void (*rotate[EWI_N_ROTATIONS])(float *y, const float *x, size_t k);
    /* Lets each row take in a block of its span. */
    void (*attention)(const ewi_attention *args);
    /* The same within a bound, from factors rounded to bf16: faster for many rows where has_tiles. Looks at
     * q whatever the keys are, never at qrow: with Q4R keys it is rotated. */
    void (*attention_bf16)(const ewi_attention *args);
    /* Takes what a row has of the next span into what it has of those before. */
    void (*attention_merge)(ewi_attention_row *row, const ewi_attention_row *span, size_t head_dim);
    /* out[i] = acc[i] / sum; in place allowed. */
    void (*attention_finish)(float *out, const float *acc, float sum, size_t n);

    /* y[i] = (x[i] / sqrt(mean(x^2) + eps)) * w[i]; in place allowed. n > 0. */
    void (*rms_norm)(float *y, const float *x, const float *w, size_t n, float eps);
    /* y[i] = (d[i] / sqrt(mean(d^2) + eps)) * w[i] + b[i], d = x - mean(x); b may be NULL: none. In
     * place allowed. n > 0. */
    void (*layer_norm)(float *y, const float *x, const float *w, const float *b, size_t n, float eps);
    ewi_rope_fn rope_adjacent; /* pairs (2p, 2p + 1): what GGUF calls NORM */
    ewi_rope_fn rope_halves;   /* pairs (p, p + n_pairs): what GGUF calls NEOX */
    /* y[i] = act(x[i]) * up[i]; up may be NULL: nothing is multiplied. In place allowed. */
    void (*act[EWI_N_ACTS])(float *y, const float *x, const float *up, size_t n);
    /* y[i] = a[i] + b[i]; in place allowed. */
    void (*add)(float *y, const float *a, const float *b, size_t n);
    /* y[i] = x[i] * factor; in place allowed. */
    void (*scale)(float *y, const float *x, float factor, size_t n);
    /* y[i] = cap * tanh(x[i] / cap); in place allowed. */
    void (*cap)(float *y, const float *x, float cap, size_t n);

    /* y[i] = exp(x[i] - shift); in place allowed. */
    void (*exp)(float *y, const float *x, float shift, size_t n);
    /* In canonical order. */
    float (*sum)(const float *x, size_t n);
    /* The largest; NaN never wins; -INFINITY when there is none. */
    float (*max)(const float *x, size_t n);
    /* The lowest index of the largest; NaN never wins; 0 when there is none. */
    size_t (*argmax)(const float *x, size_t n);

    void (*divergence)(ewi_divergence_sums *out, const ewi_divergence_rows *rows);

    /* fits[f] for codes q = u * inverses[f], at least `least`, at most `most`, rounded; n is a multiple of
     * 16. */
    void (*fit_codes)(ewi_fit *fits, const float *u, size_t n, const float *inverses, size_t n_inverses,
                      float least, float most);

    /* By source type: F32 (a copy), F16, BF16, exact; n whole blocks of Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL,
     * Q4_K, Q5_K, Q6_K, of which a minimum rounds once. */
    void (*widen[EWI_N_DTYPES])(float *y, const void *x, size_t n);
    /* By destination type: F32 (a copy), F16: y[i] = x[i], to nearest, ties to even. */
    void (*narrow[EWI_N_DTYPES])(void *y, const float *x, size_t n);
} ewi_kernels;

/* Chooses the level: the best that the machine has, capped by EDGEWISE_CPU. The first choice stays. Errors:
 * EW_INVALID for an unknown word there. */
EWI_NODISCARD ew_status ewi_kernels_init(ew_error *err);

/* The chosen table; without ewi_kernels_init, or after it failed, the best that the machine has. */
const ewi_kernels *ewi_kernels_get(void);

/* Fills *out with the kernels of one level, for tests. Errors: EW_UNSUPPORTED with the reason when it cannot
 * run here. */
EWI_NODISCARD ew_status ewi_kernels_at(ewi_cpu_level level, ewi_kernels *out, ew_error *err);

/* Makes a level's table the chosen one, whatever the machine says: for tests that emulate what it lacks.
 * Before anything else chooses. */
void ewi_kernels_force(ewi_cpu_level level);

#endif
