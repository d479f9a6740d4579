#include "text/encode_pair.h"

#include "base/error.h"

typedef struct writer {
    ew_token *out;
    size_t cap, n;
} writer;

static void put(writer *w, int32_t token) {
    if (token < 0) return;
    if (w->n < w->cap) w->out[w->n] = token;
    w->n++;
}

ew_status ewi_encode_pair(const ew_tokenizer *tokenizer, const ew_token *query, size_t n_query,
                          ew_str document, ew_token *out, size_t cap, ewi_encoded_pair *result,
                          ew_error *err) {
    const ewi_pair_rule *rule = &tokenizer->pair;
    writer w = {out, cap, 0};
    size_t n;
    if (!rule->is_known)
        return ewi_fail(err, EW_UNSUPPORTED, "the vocabulary does not say how two texts are seen together");
    put(&w, rule->first);
    for (size_t i = 0; i < n_query; i++) put(&w, query[i]);
    for (uint32_t i = 0; i < rule->n_between; i++) put(&w, rule->between[i]);
    const size_t second = w.n, at = second < cap ? second : cap;
    EWI_TRY(ew_tokenizer_encode(tokenizer, document, 0, cap ? out + at : NULL, cap - at, &n, err));
    w.n += n;
    put(&w, rule->last);
    *result = (ewi_encoded_pair){w.n, rule->has_types ? second : w.n};
    return EW_OK;
}
