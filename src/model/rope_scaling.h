/*
 * rope_scaling.h: how models stretch their ropes over longer contexts: per pair of elements, what its angle
 * is divided by.
 *
 * The kinds and their names are those of Hugging Face transformers (modeling_rope_utils.py): linear (Chen et
 * al. 2023, arXiv 2306.15595), llama3, yarn (Peng et al. 2023, arXiv 2309.00071), longrope (Ding et al.
 * 2024, arXiv 2402.13753: factors are given), dynamic (the base grows with the context). What longrope and
 * dynamic do depends on the session's context, not on how long its text is: what a session holds never turns
 * into something else while it grows. A session within the original context is plain, or has the short
 * factors; one whose context is just its text's length computes what transformers computes of that text at
 * once. Pure functions, any thread.
 *
 *     ewi_rope_rule rule = {.kind = EWI_ROPE_LINEAR, .factor = 4};
 *     ewi_rope_divisors(&rule, base, n_dims, divisors);
 */
#ifndef EW_MODEL_ROPE_SCALING_H
#define EW_MODEL_ROPE_SCALING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

typedef enum ewi_rope_kind {
    EWI_ROPE_PLAIN,
    EWI_ROPE_LINEAR,
    EWI_ROPE_LLAMA3,
    EWI_ROPE_YARN,
    EWI_ROPE_LONGROPE,
    EWI_ROPE_DYNAMIC,
    EWI_N_ROPE_KINDS
} ewi_rope_kind;

/* What metadata says; 0 where it says nothing. */
typedef struct ewi_rope_rule {
    ewi_rope_kind kind;
    double factor;
    double low_freq_factor, high_freq_factor; /* llama3 */
    double beta_fast, beta_slow;              /* yarn */
    double mscale, mscale_all_dim;            /* yarn */
    bool has_whole_ramp;                      /* yarn: its ends are not rounded to whole pairs */
    double attention_factor;                  /* of cosines and sines */
    uint32_t n_ctx_original;
    const double *short_factors, *long_factors; /* longrope: [n_factors] */
    uint32_t n_factors;
} ewi_rope_rule;

/* EWI_N_ROPE_KINDS when there is none of that name. */
ewi_rope_kind ewi_rope_kind_from(ew_str name);

/* [n_dims / 2] what the angle of each pair is divided by. Not for longrope, whose factors they are,
 * nor for dynamic, whose sessions have their own (engine/ropes.h). */
void ewi_rope_divisors(const ewi_rope_rule *rule, double base, uint32_t n_dims, double *divisors);
/* What cosines and sines are multiplied by; n_ctx_train: the stretched context. */
double ewi_rope_magnitude(const ewi_rope_rule *rule, uint32_t n_ctx_train);

#endif
