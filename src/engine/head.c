#include "engine/head.h"

#include <math.h>

void ewi_logits_alone(void *reader, size_t row, const ewi_head *head) {
    const ewi_logits_reader *r = reader;
    if (r->on_logits) r->on_logits(r->user, row, head->logits);
}

size_t ewi_n_peaks(size_t n) {
    return (n + EWI_PEAK_SPAN - 1) / EWI_PEAK_SPAN;
}

void ewi_find_peaks(const ewi_kernels *kern, const float *logits, size_t n, float *peaks) {
    for (size_t i = 0; i < n; i += EWI_PEAK_SPAN)
        peaks[i / EWI_PEAK_SPAN] = kern->max(logits + i, n - i < EWI_PEAK_SPAN ? n - i : EWI_PEAK_SPAN);
}

ew_token ewi_head_best(const ewi_kernels *kern, const ewi_head *h) {
    size_t first = kern->argmax(h->peaks, ewi_n_peaks(h->n)) * EWI_PEAK_SPAN, rest = h->n - first;
    return (ew_token)(first + kern->argmax(h->logits + first, rest < EWI_PEAK_SPAN ? rest : EWI_PEAK_SPAN));
}

size_t ewi_head_span_end(const ewi_head *h, size_t first) {
    return h->n - first < EWI_PEAK_SPAN ? h->n : first + EWI_PEAK_SPAN;
}

/* ---- the best few ---- */

/* Puts a token where it belongs among the n best so far, of at most `max`. */
static size_t insert(const float *logits, ew_token token, ew_token *best, size_t n, size_t max) {
    size_t at = n;
    while (at > 0 && logits[token] > logits[best[at - 1]]) at--;
    if (at == max) return n;
    if (n < max) n++;
    for (size_t i = n - 1; i > at; i--) best[i] = best[i - 1];
    best[at] = token;
    return n;
}

size_t ewi_head_top(const ewi_head *h, size_t max, ew_token *out) {
    size_t n = 0;
    for (size_t first = 0; max > 0 && first < h->n; first += EWI_PEAK_SPAN) {
        if (n == max && h->peaks[first / EWI_PEAK_SPAN] <= h->logits[out[n - 1]]) continue;
        for (size_t i = first; i < ewi_head_span_end(h, first); i++)
            if (h->logits[i] > -INFINITY) n = insert(h->logits, (ew_token)i, out, n, max);
    }
    return n;
}

/* ---- weights ---- */

float ewi_head_weigh_span(const ewi_kernels *kern, const ewi_head *h, size_t first, float best, float t,
                          float weights[EWI_PEAK_SPAN]) {
    size_t n = ewi_head_span_end(h, first) - first;
    for (size_t i = 0; i < n; i++) {
        float x = h->logits[first + i];
        weights[i] = x == best ? 0 : x > -INFINITY ? (x - best) / t : -INFINITY; /* NaN: none */
    }
    kern->exp(weights, weights, 0, n);
    return kern->sum(weights, n);
}

double ewi_head_weight(const ewi_kernels *kern, const ewi_head *h, float best, float t) {
    float weights[EWI_PEAK_SPAN];
    double sum = 0;
    for (size_t first = 0; first < h->n; first += EWI_PEAK_SPAN)
        sum += (double)ewi_head_weigh_span(kern, h, first, best, t, weights);
    return sum;
}
