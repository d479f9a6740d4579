/*
 * sampler.c: from logits to a token: biases, penalties, top-k, top-p, min-p, temperature, draw; in this
 * order, as llama.cpp applies them, so that top-p and min-p see probabilities at temperature 1.
 *
 * Candidates are ranked only as far as a cut needs: the k-th best peak of the head says which spans of logits
 * can hold one of the k best.
 *
 * Sources: repetition penalty arXiv 1909.05858 (section 4.1); frequency and presence penalties as the OpenAI
 * API documents them; top-p arXiv 1904.09751; min-p arXiv 2407.01082; generator xoshiro256** and splitmix64
 * (https://prng.di.unimi.it).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/head.h"
#include "kernels/elementary.h"

#define DEFAULT_LAST_N 64u
#define MAX_LAST_N     (1u << 20)

typedef struct candidate {
    float logit;
    ew_token token;
} candidate;

struct ew_sampler {
    ew_sampler_options options;
    size_t n_vocab;
    uint64_t state[4];
    const ewi_kernels *kern;
    candidate *candidates; /* [n_vocab] */
    ew_logit_bias *biases; /* [options.n_biases] */
    float *logits;         /* [n_vocab] after biases and penalties */
    float *peaks;          /* of these, or of logits that came without */
    uint32_t *counts;      /* [n_vocab] occurrences among the recent tokens */
    ew_token *recent;      /* ring of penalty_last_n */
    uint32_t n_recent, next_recent;
};

/* ---- options ---- */

static ew_status check_range(const char *name, double value, double min, double max, ew_error *err) {
    if (value >= min && value <= max) return EW_OK;
    return ewi_fail(err, EW_INVALID, "%s: %g is not in %g..%g", name, value, min, max);
}

static ew_status check_bias(const ew_logit_bias *b, size_t n_vocab, ew_error *err) {
    if (b->token < 0 || (size_t)b->token >= n_vocab)
        return ewi_fail(err, EW_INVALID, "logit bias of token %d: the vocabulary has %zu tokens", b->token,
                        n_vocab);
    if (b->bias >= -100 && b->bias <= 100) return EW_OK;
    return ewi_fail(err, EW_INVALID, "logit bias of token %d: %g is not in -100..100", b->token,
                    (double)b->bias);
}

ew_status ewi_sampler_check(const ew_sampler_options *o, size_t n_vocab, ew_error *err) {
    EWI_TRY(check_range("temperature", (double)o->temperature, 0, 100, err));
    EWI_TRY(check_range("top-p", (double)o->top_p, 0, 1, err));
    EWI_TRY(check_range("min-p", (double)o->min_p, 0, 1, err));
    EWI_TRY(check_range("repeat penalty", (double)o->repeat_penalty, 0, 100, err));
    EWI_TRY(check_range("frequency penalty", (double)o->frequency_penalty, -100, 100, err));
    EWI_TRY(check_range("presence penalty", (double)o->presence_penalty, -100, 100, err));
    EWI_TRY(check_range("penalty window", o->penalty_last_n, 0, MAX_LAST_N, err));
    if (o->n_biases > n_vocab)
        return ewi_fail(err, EW_INVALID, "%zu logit biases for %zu tokens", o->n_biases, n_vocab);
    for (size_t i = 0; i < o->n_biases; i++) EWI_TRY(check_bias(&o->biases[i], n_vocab, err));
    return EW_OK;
}

static uint64_t splitmix64(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static ew_status init_sampler(ew_sampler *s, ew_error *err) {
    uint64_t seed = s->options.seed;
    for (int i = 0; i < 4; i++) s->state[i] = splitmix64(&seed);
    if (!s->options.penalty_last_n) s->options.penalty_last_n = DEFAULT_LAST_N;
    s->biases = ewi_alloc_array(s->options.n_biases + 1, sizeof *s->biases);
    s->candidates = ewi_alloc_array(s->n_vocab, sizeof *s->candidates);
    s->logits = ewi_alloc_array(s->n_vocab, sizeof *s->logits);
    s->peaks = ewi_alloc_array(ewi_n_peaks(s->n_vocab), sizeof *s->peaks);
    s->counts = ewi_zalloc_array(s->n_vocab, sizeof *s->counts);
    s->recent = ewi_alloc_array(s->options.penalty_last_n, sizeof *s->recent);
    bool ok = s->biases && s->candidates && s->logits && s->peaks && s->counts && s->recent;
    if (!ok) return ewi_no_memory(err, "a sampler");
    if (s->options.n_biases) memcpy(s->biases, s->options.biases, s->options.n_biases * sizeof *s->biases);
    return EW_OK;
}

ew_status ew_sampler_new(const ew_sampler_options *options, size_t n_vocab, ew_sampler **out, ew_error *err) {
    EWI_REQUIRE(out && n_vocab > 0, err);
    EWI_REQUIRE(!options || options->struct_size == sizeof *options, err);
    ew_sampler_options o = options ? *options : (ew_sampler_options){0};
    EWI_TRY(ewi_sampler_check(&o, n_vocab, err));
    ew_sampler *sampler = ewi_zalloc(sizeof *sampler);
    if (!sampler) return ewi_no_memory(err, "a sampler");
    sampler->options = o;
    sampler->n_vocab = n_vocab;
    sampler->kern = ewi_kernels_get();
    ew_status status = init_sampler(sampler, err);
    if (status == EW_OK)
        *out = sampler;
    else
        ew_sampler_free(sampler);
    return status;
}

size_t ewi_sampler_n_vocab(const ew_sampler *sampler) {
    return sampler->n_vocab;
}

void ew_sampler_free(ew_sampler *sampler) {
    if (!sampler) return;
    ewi_free(sampler->biases);
    ewi_free(sampler->candidates);
    ewi_free(sampler->logits);
    ewi_free(sampler->peaks);
    ewi_free(sampler->counts);
    ewi_free(sampler->recent);
    ewi_free(sampler);
}

/* ---- biases and penalties ---- */

void ew_sampler_accept(ew_sampler *s, ew_token token) {
    if (token < 0 || (size_t)token >= s->n_vocab) return;
    uint32_t last_n = s->options.penalty_last_n;
    if (s->n_recent == last_n)
        s->counts[s->recent[s->next_recent]]--;
    else
        s->n_recent++;
    s->recent[s->next_recent] = token;
    s->counts[token]++;
    s->next_recent = (s->next_recent + 1) % last_n;
}

static bool has_penalties(const ew_sampler_options *o) {
    return (o->repeat_penalty != 0 && o->repeat_penalty != 1) || o->frequency_penalty != 0 ||
           o->presence_penalty != 0;
}

static float penalized(const ew_sampler_options *o, float logit, uint32_t count) {
    if (o->repeat_penalty != 0) logit = logit > 0 ? logit / o->repeat_penalty : logit * o->repeat_penalty;
    return logit - (float)count * o->frequency_penalty - o->presence_penalty;
}

static void find_peak_of(ew_sampler *s, ew_token token) {
    size_t first = (size_t)token / EWI_PEAK_SPAN * EWI_PEAK_SPAN, rest = s->n_vocab - first;
    ewi_find_peaks(s->kern, s->logits + first, rest < EWI_PEAK_SPAN ? rest : EWI_PEAK_SPAN,
                   &s->peaks[first / EWI_PEAK_SPAN]);
}

static void apply_biases(ew_sampler *s) {
    for (size_t i = 0; i < s->options.n_biases; i++) s->logits[s->biases[i].token] += s->biases[i].bias;
    for (size_t i = 0; i < s->options.n_biases; i++) find_peak_of(s, s->biases[i].token);
}

/* Once for each distinct recent token: the first of its places in the ring does it. */
static void apply_penalties(ew_sampler *s) {
    for (uint32_t i = 0; i < s->n_recent; i++) {
        ew_token token = s->recent[i];
        uint32_t count = s->counts[token];
        if (count & 0x80000000u) continue;
        s->logits[token] = penalized(&s->options, s->logits[token], count);
        s->counts[token] |= 0x80000000u;
    }
    for (uint32_t i = 0; i < s->n_recent; i++) {
        find_peak_of(s, s->recent[i]);
        s->counts[s->recent[i]] &= 0x7fffffffu;
    }
}

static ewi_head adjust(ew_sampler *s, const ewi_head *h) {
    memcpy(s->logits, h->logits, h->n * sizeof *h->logits);
    if (h->peaks != s->peaks) memcpy(s->peaks, h->peaks, ewi_n_peaks(h->n) * sizeof *h->peaks);
    apply_biases(s);
    if (has_penalties(&s->options)) apply_penalties(s);
    return (ewi_head){h->n, s->logits, s->peaks, 1};
}

/* ---- candidates, best first ---- */

/* Equal logits: the lower token first, so that the order is total. */
static bool better(candidate a, candidate b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

static int compare_candidates(const void *pa, const void *pb) {
    candidate a = *(const candidate *)pa, b = *(const candidate *)pb;
    return better(a, b) ? -1 : better(b, a);
}

/* Restores the heap whose worst candidate is on top, after heap[0] changed. */
static void sift_down(candidate *heap, size_t n) {
    for (size_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && better(heap[child], heap[child + 1])) child++;
        if (better(heap[child], heap[i])) return;
        candidate swap = heap[i];
        heap[i] = heap[child];
        heap[child] = swap;
    }
}

/* Keeps the k best of n at the front, unordered: a heap of the best so far, the worst of them on top. */
static void keep_best(candidate *c, size_t n, size_t k) {
    qsort(c, k, sizeof *c, compare_candidates);
    for (size_t i = 0; i < k / 2; i++) {
        candidate swap = c[i];
        c[i] = c[k - 1 - i];
        c[k - 1 - i] = swap;
    }
    for (size_t i = k; i < n; i++) {
        if (!better(c[i], c[0])) continue;
        c[0] = c[i];
        sift_down(c, k);
    }
}

/* No more than k logits are larger, and at least k are as large: the k-th best peak. */
static float floor_of(ew_sampler *s, const ewi_head *h, size_t k) {
    size_t n = ewi_n_peaks(h->n);
    if (k >= n) return -INFINITY;
    for (size_t i = 0; i < n; i++) s->candidates[i] = (candidate){h->peaks[i], (ew_token)i};
    keep_best(s->candidates, n, k);
    return s->candidates[0].logit;
}

/* Logits of at least `least`; what is no number, or -infinity, is no candidate. */
static size_t collect(ew_sampler *s, const ewi_head *h, float least) {
    size_t n = 0;
    for (size_t first = 0; first < h->n; first += EWI_PEAK_SPAN) {
        if (h->peaks[first / EWI_PEAK_SPAN] < least) continue;
        for (size_t i = first; i < ewi_head_span_end(h, first); i++)
            if (h->logits[i] >= least && h->logits[i] > -INFINITY)
                s->candidates[n++] = (candidate){h->logits[i], (ew_token)i};
    }
    return n;
}

/* The k best of those that reach `least`, in order; fewer where there are no more. */
static size_t rank(ew_sampler *s, const ewi_head *h, size_t k, float least) {
    float limit = floor_of(s, h, k);
    size_t n = collect(s, h, limit > least ? limit : least);
    if (k < n) {
        keep_best(s->candidates, n, k);
        n = k;
    }
    qsort(s->candidates, n, sizeof *s->candidates, compare_candidates);
    return n;
}

/* ---- cutting the tail ---- */

/* exp(logit - best), at temperature t: proportional to the probability. */
static double weight(const candidate *c, double t, size_t i) {
    if (c[i].logit == c[0].logit) return 1; /* also where both are infinite and have no difference */
    return ewi_exp(((double)c[i].logit - (double)c[0].logit) / t);
}

static double total_weight(const candidate *c, double t, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += weight(c, t, i);
    return sum;
}

/* The fewest best candidates that hold `enough` of the weight. */
static size_t cut_top_p(const candidate *c, size_t n, double enough) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if ((sum += weight(c, 1, i)) >= enough) return i + 1;
    return n;
}

/* Those with at least p times the best one's probability. */
static size_t cut_min_p(const candidate *c, size_t n, double p) {
    size_t kept = n ? 1 : 0;
    while (kept < n && weight(c, 1, kept) >= p) kept++;
    return kept;
}

static size_t cut(const ew_sampler *s, size_t n, double enough) {
    if (enough > 0) n = cut_top_p(s->candidates, n, enough);
    return s->options.min_p > 0 ? cut_min_p(s->candidates, n, (double)s->options.min_p) : n;
}

static bool has_top_p(const ew_sampler_options *o) {
    return o->top_p > 0 && o->top_p < 1;
}

static size_t cut_top_k(ew_sampler *s, const ewi_head *h) {
    size_t n = rank(s, h, s->options.top_k, -INFINITY);
    double p = has_top_p(&s->options) ? (double)s->options.top_p : 0;
    return cut(s, n, p > 0 ? p * total_weight(s->candidates, 1, n) : 0);
}

/* What min-p surely cuts lies below: a little more than log(p) from the best. */
static float min_p_floor(const ew_sampler_options *o, float best) {
    if (o->min_p == 0 || !isfinite(best)) return -INFINITY;
    return best + (float)ewi_log((double)o->min_p) - 1e-3f * (1 + fabsf(best));
}

/* Without top-k: all are ranked where the few that mostly do are not enough for the cut to lie among them. */
static size_t cut_others(ew_sampler *s, const ewi_head *h, float best, double enough) {
    const size_t ks[] = {enough > 0 ? 128 : h->n, 1024, h->n};
    for (size_t i = 0;; i++) {
        size_t n = rank(s, h, ks[i], min_p_floor(&s->options, best)), kept = cut(s, n, enough);
        if (kept < n || n < ks[i] || ks[i] == h->n) return kept;
    }
}

/* ---- drawing ---- */

static uint64_t rotate_left(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

/* In [0, 1), 53 bits. */
static double draw(uint64_t s[4]) {
    uint64_t result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return (double)(result >> 11) * 0x1p-53;
}

static ew_token pick(ew_sampler *s, size_t n) {
    double t = (double)s->options.temperature, at = draw(s->state) * total_weight(s->candidates, t, n);
    for (size_t i = 0; i < n; i++)
        if ((at -= weight(s->candidates, t, i)) < 0) return s->candidates[i].token;
    return n ? s->candidates[n - 1].token : 0; /* no finite logit at all */
}

/* From the whole vocabulary, in its order: first the span, then the token. */
static ew_token pick_any(ew_sampler *s, const ewi_head *h, float best) {
    float t = s->options.temperature, weights[EWI_PEAK_SPAN], sum;
    double at = draw(s->state) * ewi_head_weight(s->kern, h, best, t);
    size_t token = 0;
    for (size_t first = 0; first < h->n; first += EWI_PEAK_SPAN) {
        sum = ewi_head_weigh_span(s->kern, h, first, best, t, weights);
        if (sum > 0 && at < (double)sum) {
            for (size_t i = first; i < ewi_head_span_end(h, first) && at >= 0; i++) {
                if (weights[i - first] > 0) token = i;
                at -= (double)weights[i - first];
            }
            break;
        }
        at -= (double)sum;
    }
    return (ew_token)token;
}

ew_token ewi_sampler_choose(ew_sampler *s, const ewi_head *head) {
    const ew_sampler_options *o = &s->options;
    if (head->n != s->n_vocab) return ew_sampler_sample(s, head->logits); /* the last peak is not its own */
    ewi_head h = o->n_biases || has_penalties(o) ? adjust(s, head) : *head;
    if (o->temperature == 0) return ewi_head_best(s->kern, &h);
    if (o->top_k) return pick(s, cut_top_k(s, &h));
    float best = h.logits[ewi_head_best(s->kern, &h)];
    if (!has_top_p(o) && o->min_p == 0) return pick_any(s, &h, best);
    return pick(s, cut_others(s, &h, best,
                              has_top_p(o) ? (double)o->top_p * ewi_head_weight(s->kern, &h, best, 1) : 0));
}

ew_token ew_sampler_sample(ew_sampler *s, const float *logits) {
    ewi_find_peaks(s->kern, logits, s->n_vocab, s->peaks);
    return ewi_sampler_choose(s, &(ewi_head){s->n_vocab, logits, s->peaks, 1});
}
