/*
 * head.h: logits of one row as the head hands them on, with the largest of each 64.
 *
 * The threads that compute logits find these peaks while the logits are in their caches. With them the best
 * few of a large vocabulary are found without reading it again: only spans whose peak is among the best hold
 * any of them. The logits of a few rows exist at once, one after the other: a reader may look at those that
 * come next with the first of them.
 */
#ifndef EW_ENGINE_HEAD_H
#define EW_ENGINE_HEAD_H

#include "kernels/kernels.h"

/* Logits that share a peak; the columns that a thread computes begin at multiples of it. */
#define EWI_PEAK_SPAN 64u

typedef struct ewi_head {
    size_t n;            /* logits */
    const float *logits; /* [n] */
    const float *peaks;  /* [ewi_n_peaks(n)] -INFINITY where all are that, or no number */
    size_t n_rows;       /* this one and those that lie after it, which are handed on next */
} ewi_head;

/* Valid during the call; called in the order of rows. */
typedef void (*ewi_head_fn)(void *user, size_t row, const ewi_head *head);

/* Hands the logits alone to a reader; an ewi_head_fn, of which the reader is `user`. */
typedef struct ewi_logits_reader {
    ew_logits_fn on_logits; /* may be NULL */
    void *user;
} ewi_logits_reader;
void ewi_logits_alone(void *reader, size_t row, const ewi_head *head);

size_t ewi_n_peaks(size_t n);
void ewi_find_peaks(const ewi_kernels *kern, const float *logits, size_t n, float *peaks);
/* The lowest token of the largest logit. */
ew_token ewi_head_best(const ewi_kernels *kern, const ewi_head *head);
/* The n best tokens, best first, equal logits in the order of tokens; what is -INFINITY or no number is not
 * among them. Returns how many there are. */
size_t ewi_head_top(const ewi_head *head, size_t n, ew_token *out);

/* Where the span that begins at `first` ends. */
size_t ewi_head_span_end(const ewi_head *head, size_t first);
/* exp((logit - best) / t) of that span, in f32, and their sum; 0 where a logit is no number. */
float ewi_head_weigh_span(const ewi_kernels *kern, const ewi_head *head, size_t first, float best, float t,
                          float weights[EWI_PEAK_SPAN]);
/* The sum over all of them. */
double ewi_head_weight(const ewi_kernels *kern, const ewi_head *head, float best, float t);

size_t ewi_sampler_n_vocab(const ew_sampler *sampler);
/* What ew_sampler_new would say of the options, but for the memory. */
EWI_NODISCARD ew_status ewi_sampler_check(const ew_sampler_options *options, size_t n_vocab, ew_error *err);
/* ew_sampler_sample; head->n is at least the sampler's n_vocab. */
ew_token ewi_sampler_choose(ew_sampler *sampler, const ewi_head *head);

#endif
