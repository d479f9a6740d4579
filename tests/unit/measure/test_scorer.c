/* test_scorer.c: scores of answers, against sacrebleu, rouge-score and SQuAD's evaluation
 * (make_score_vectors.py). */
#include "base/compiler.h"
#include "expect.h"
#include "score_vectors.h"

#include <math.h>
#include <stdlib.h>

#define BOUND 1e-9

static size_t right_of(const score_vector *v, ew_str right[4]) {
    size_t n = 0;
    for (; n < 4 && v->right[n]; n++) right[n] = (ew_str){v->right[n], strlen(v->right[n])};
    return n;
}

static void add(ew_scorer *scorer, const score_vector *v) {
    ew_error err = {0};
    ew_str right[4];
    size_t n = right_of(v, right);
    expect_ok(ew_scorer_add(scorer, (ew_str){v->answer, strlen(v->answer)}, right, n, &err), &err);
}

static ew_scorer *new_scorer(void) {
    ew_scorer *scorer;
    ew_error err = {0};
    expect_ok(ew_scorer_new(&scorer, &err), &err);
    return scorer;
}

static void near(size_t i, const char *what, double got, double wanted) {
    if (!(fabs(got - wanted) <= BOUND))
        fail_msg("pair %zu, \"%.60s\": %s is %.17g, not %.17g", i, score_vectors[i].answer, what, got,
                 wanted);
}

static void each_alone(void **state) {
    (void)state;
    assert_int_equal(EWI_COUNT(score_vectors), 200);
    for (size_t i = 0; i < EWI_COUNT(score_vectors); i++) {
        const score_vector *v = &score_vectors[i];
        ew_scorer *scorer = new_scorer();
        add(scorer, v);
        ew_scores s = ew_scorer_get(scorer);
        near(i, "exact", s.exact, v->exact);
        near(i, "f1", s.f1, v->f1);
        near(i, "bleu", s.bleu, v->bleu);
        near(i, "rouge1", s.rouge1, v->rouge1);
        near(i, "rouge2", s.rouge2, v->rouge2);
        near(i, "rougel", s.rougel, v->rougel);
        ew_scorer_free(scorer);
    }
}

static void all_together(void **state) {
    (void)state;
    ew_scorer *scorer = new_scorer();
    double f1 = 0, rougel = 0;
    for (size_t i = 0; i < 200; i++) {
        add(scorer, &score_vectors[i]);
        f1 += score_vectors[i].f1;
        rougel += score_vectors[i].rougel;
        if ((i + 1) % 50 != 0) continue;
        ew_scores s = ew_scorer_get(scorer);
        assert_int_equal(s.n, i + 1);
        near(i, "bleu of all", s.bleu, score_vectors_bleu[i / 50]);
        near(i, "f1 of all", s.f1, f1 / (double)(i + 1));
        near(i, "rougel of all", s.rougel, rougel / (double)(i + 1));
    }
    ew_scorer_free(scorer);
}

static void refuses(void **state) {
    (void)state;
    enum { TOO_LONG = 65537 };
    ew_scorer *scorer = new_scorer();
    ew_error err = {0};
    char *text = malloc(TOO_LONG);
    assert_non_null(text);
    memset(text, 'x', TOO_LONG);
    ew_str fine = {"x", 1}, many[65], right = {text, TOO_LONG};
    for (size_t i = 0; i < 65; i++) many[i] = fine;
    expect_refused(ew_scorer_add(scorer, right, &fine, 1, &err), EW_LIMIT, &err, "65537 bytes");
    expect_refused(ew_scorer_add(scorer, fine, &right, 1, &err), EW_LIMIT, &err, "65537 bytes");
    expect_refused(ew_scorer_add(scorer, fine, many, 65, &err), EW_LIMIT, &err, "65 right answers");
    assert_int_equal(ew_scorer_get(scorer).n, 0);
    assert_true(isnan(ew_scorer_get(scorer).f1) && isnan(ew_scorer_get(scorer).bleu));
    free(text);
    ew_scorer_free(scorer);
}

/* The most work that a pair can be; any bytes are a text. */
static void long_and_broken(void **state) {
    (void)state;
    enum { LONGEST = 65536 };
    ew_scorer *scorer = new_scorer();
    ew_error err = {0};
    char *text = malloc(LONGEST);
    assert_non_null(text);
    for (size_t i = 0; i < LONGEST; i++) text[i] = i % 2 ? ' ' : (char)('a' + i / 2 % 26);
    ew_str whole = {text, LONGEST};
    expect_ok(ew_scorer_add(scorer, whole, &whole, 1, &err), &err);
    assert_true(ew_scorer_get(scorer).rougel == 1 && fabs(ew_scorer_get(scorer).bleu - 100) < BOUND);
    memset(text, 0xff, LONGEST);
    expect_ok(ew_scorer_add(scorer, whole, &whole, 1, &err), &err);
    assert_true(ew_scorer_get(scorer).exact == 1);
    free(text);
    ew_scorer_free(scorer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_alone),
        cmocka_unit_test(all_together),
        cmocka_unit_test(refuses),
        cmocka_unit_test(long_and_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
