#include "engine/head.h"

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
