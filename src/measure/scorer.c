/*
 * scorer.c: answers compared with right ones: equality, F1, BLEU (Papineni et al. 2002) and ROUGE (Lin 2004)
 * as the packages that published figures come from compute them.
 */
#include <math.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernels/elementary.h"
#include "measure/ngrams.h"
#include "measure/scored_text.h"

#define MAX_ARENA_BYTES ((size_t)1 << 30)

struct ew_scorer {
    uint64_t n;
    double exact, f1, rouge1, rouge2, rougel; /* sums over answers */
    /* Of all answers, for BLEU: n-grams that are right and all of them, by order; words, and those of the
     * right answers of the nearest length. */
    uint64_t right[EWI_MAX_NGRAM], all[EWI_MAX_NGRAM], n_words, n_right_words;
};

/* ---- of one answer and one right answer ---- */

static double f_measure(size_t shared, size_t n_answer, size_t n_right) {
    if (shared == 0) return 0;
    double precision = (double)shared / (double)n_answer, recall = (double)shared / (double)n_right;
    return 2 * precision * recall / (precision + recall);
}

/* The words of answer and right answer as numbers. */
typedef struct two_texts {
    ewi_words words[2];
    uint32_t *numbers[2];
} two_texts;

typedef ewi_words (*words_fn)(ew_str text, ewi_arena *arena);

static bool number_two(ew_str answer, ew_str right, words_fn words_of, ewi_arena *arena, two_texts *out) {
    out->words[0] = words_of(answer, arena);
    out->words[1] = words_of(right, arena);
    return out->words[0].items && out->words[1].items && ewi_words_number(out->words, 2, out->numbers, arena);
}

/* False: no memory. */
static bool ngram_f(const two_texts *t, size_t order, ewi_arena *arena, double *f) {
    ewi_ngrams grams[2];
    for (size_t k = 0; k < 2; k++) grams[k] = ewi_ngrams_make(t->numbers[k], t->words[k].n, order, arena);
    if (!grams[0].items || !grams[1].items) return false;
    *f = f_measure(ewi_ngrams_shared(&grams[0], &grams[1], 1), grams[0].n, grams[1].n);
    return true;
}

static bool are_equal(const two_texts *t) {
    size_t n = t->words[0].n;
    return n == t->words[1].n && (n == 0 || memcmp(t->numbers[0], t->numbers[1], n * sizeof(uint32_t)) == 0);
}

static bool add_squad(ew_str answer, ew_str right, ewi_arena *arena, ew_scores *s) {
    two_texts t;
    if (!number_two(answer, right, ewi_words_squad, arena, &t) || !ngram_f(&t, 1, arena, &s->f1))
        return false;
    s->exact = are_equal(&t);
    if (t.words[0].n == 0 && t.words[1].n == 0) s->f1 = 1; /* rightly nothing */
    return true;
}

static bool add_rouge(ew_str answer, ew_str right, ewi_arena *arena, ew_scores *s) {
    two_texts t;
    if (!number_two(answer, right, ewi_words_rouge, arena, &t)) return false;
    size_t n = t.words[0].n, n_right = t.words[1].n;
    uint32_t *row = ewi_arena_array(arena, n_right + 1, sizeof *row);
    if (!row || !ngram_f(&t, 1, arena, &s->rouge1) || !ngram_f(&t, 2, arena, &s->rouge2)) return false;
    s->rougel = f_measure(ewi_longest_shared(t.numbers[0], n, t.numbers[1], n_right, row), n, n_right);
    return true;
}

static void keep_best(ew_scores *best, const ew_scores *s) {
    best->exact = fmax(best->exact, s->exact);
    best->f1 = fmax(best->f1, s->f1);
    best->rouge1 = fmax(best->rouge1, s->rouge1);
    best->rouge2 = fmax(best->rouge2, s->rouge2);
    best->rougel = fmax(best->rougel, s->rougel);
}

static bool add_best(ew_scorer *scorer, ew_str answer, const ew_str *right, size_t n) {
    ew_scores best = {0};
    bool fits = true;
    for (size_t k = 0; k < n && fits; k++) {
        ew_scores s = {0};
        ewi_arena arena;
        ewi_arena_init(&arena, MAX_ARENA_BYTES);
        fits = add_squad(answer, right[k], &arena, &s) && add_rouge(answer, right[k], &arena, &s);
        keep_best(&best, &s);
        ewi_arena_deinit(&arena);
    }
    if (!fits) return false;
    scorer->exact += best.exact;
    scorer->f1 += best.f1;
    scorer->rouge1 += best.rouge1;
    scorer->rouge2 += best.rouge2;
    scorer->rougel += best.rougel;
    return true;
}

/* ---- BLEU ---- */

/* Words of the right answer whose length is nearest, of two as near the shorter. */
static size_t nearest_length(size_t n, const ewi_words *right, size_t n_right) {
    size_t nearest = right[0].n, least = SIZE_MAX;
    for (size_t k = 0; k < n_right; k++) {
        size_t distance = right[k].n > n ? right[k].n - n : n - right[k].n;
        if (distance < least || (distance == least && right[k].n < nearest)) nearest = right[k].n;
        if (distance < least) least = distance;
    }
    return nearest;
}

/* What an answer adds. */
typedef struct bleu_counts {
    uint64_t right[EWI_MAX_NGRAM], all[EWI_MAX_NGRAM];
} bleu_counts;

/* words[0] is the answer; n right ones follow. */
static bool count_ngrams(const ewi_words *words, size_t n, ewi_arena *arena, bleu_counts *counts) {
    uint32_t *numbers[EWI_MAX_RIGHT_ANSWERS + 1];
    ewi_ngrams grams[EWI_MAX_RIGHT_ANSWERS + 1];
    if (!ewi_words_number(words, n + 1, numbers, arena)) return false;
    for (size_t order = 1; order <= EWI_MAX_NGRAM; order++) {
        for (size_t k = 0; k <= n; k++) {
            grams[k] = ewi_ngrams_make(numbers[k], words[k].n, order, arena);
            if (!grams[k].items) return false;
        }
        counts->all[order - 1] = grams[0].n;
        counts->right[order - 1] = ewi_ngrams_shared(&grams[0], grams + 1, n);
    }
    return true;
}

static bool count_bleu(ew_scorer *scorer, ew_str answer, const ew_str *right, size_t n, ewi_arena *arena) {
    ewi_words words[EWI_MAX_RIGHT_ANSWERS + 1];
    bleu_counts counts;
    for (size_t k = 0; k <= n; k++) {
        words[k] = ewi_words_13a(k ? right[k - 1] : answer, arena);
        if (!words[k].items) return false;
    }
    if (!count_ngrams(words, n, arena, &counts)) return false;
    for (size_t i = 0; i < EWI_MAX_NGRAM; i++) {
        scorer->right[i] += counts.right[i];
        scorer->all[i] += counts.all[i];
    }
    scorer->n_words += words[0].n;
    scorer->n_right_words += nearest_length(words[0].n, words + 1, n);
    return true;
}

static bool add_bleu(ew_scorer *scorer, ew_str answer, const ew_str *right, size_t n) {
    ewi_arena arena;
    ewi_arena_init(&arena, MAX_ARENA_BYTES);
    bool fits = count_bleu(scorer, answer, right, n, &arena);
    ewi_arena_deinit(&arena);
    return fits;
}

/*
 * The geometric mean of the precisions, times a penalty for brevity. An order without a right n-gram counts
 * as 1/2, 1/4, ... of one; where answers are too short for an order, or no word is right, it is 0.
 */
static double bleu(const ew_scorer *s) {
    double logs = 0, share = 1;
    if (s->right[0] == 0) return 0; /* then no longer n-gram is right either */
    for (size_t i = 0; i < EWI_MAX_NGRAM; i++) {
        if (s->all[i] == 0) return 0;
        if (s->right[i] == 0) share /= 2;
        double right = s->right[i] ? (double)s->right[i] : share;
        logs += ewi_log(100 * right / (double)s->all[i]);
    }
    double missing = (double)s->n_right_words / (double)s->n_words - 1;
    return ewi_exp(logs / EWI_MAX_NGRAM - (missing > 0 ? missing : 0));
}

/* ---- the scorer ---- */

ew_status ew_scorer_new(ew_scorer **out, ew_error *err) {
    EWI_REQUIRE(out, err);
    *out = ewi_zalloc(sizeof **out);
    return *out ? EW_OK : ewi_no_memory(err, "a scorer");
}

void ew_scorer_free(ew_scorer *scorer) {
    ewi_free(scorer);
}

static ew_status check(ew_str answer, const ew_str *right, size_t n, ew_error *err) {
    if (n > EWI_MAX_RIGHT_ANSWERS)
        return ewi_fail(err, EW_LIMIT, "%zu right answers, at most %u", n, EWI_MAX_RIGHT_ANSWERS);
    for (size_t k = 0; k <= n; k++) {
        size_t len = k < n ? right[k].len : answer.len;
        if (len > EWI_MAX_ANSWER_BYTES)
            return ewi_fail(err, EW_LIMIT, "an answer of %zu bytes, at most %u can be scored", len,
                            EWI_MAX_ANSWER_BYTES);
    }
    return EW_OK;
}

ew_status ew_scorer_add(ew_scorer *scorer, ew_str answer, const ew_str *right, size_t n, ew_error *err) {
    EWI_REQUIRE(scorer && (answer.data || answer.len == 0) && right && n > 0, err);
    EWI_TRY(check(answer, right, n, err));
    ew_scorer sum = *scorer; /* all or nothing */
    if (!add_best(&sum, answer, right, n) || !add_bleu(&sum, answer, right, n))
        return ewi_no_memory(err, "scoring an answer");
    *scorer = sum;
    scorer->n++;
    return EW_OK;
}

ew_scores ew_scorer_get(const ew_scorer *s) {
    double n = s->n ? (double)s->n : (double)NAN;
    return (ew_scores){.n = s->n,
                       .exact = s->exact / n,
                       .f1 = s->f1 / n,
                       .bleu = s->n ? bleu(s) : (double)NAN,
                       .rouge1 = s->rouge1 / n,
                       .rouge2 = s->rouge2 / n,
                       .rougel = s->rougel / n};
}
