/* test_rankers.c: scores of tiny cross-encoders against those of transformers' ...ForSequenceClassification
 * (tests/golden/make_encoders.py).
 *
 * CTest runs this program once for each instruction-set level.
 *
 * BOUND. Both sides compute in float32 with sums in different orders: scores, of size 1, differ by less than
 * 1e-5. Scores of pairs differ among themselves by 0.2 and more; token types left out, or a head without its
 * tanh, move them by 1e-2 and more.
 */
#include "expect.h"
#include "golden.h"
#include "rig.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/ranking.h"

#define BOUND    1e-5
#define N_TEXTS  5 /* of the encoders' */
#define N_PAIRS  (N_TEXTS * (N_TEXTS + 1))
#define MAX_LINE 2048

static const ew_engine_options exact = {
    .n_threads = 1, .cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32, .exact = true};

static const char *const rankers[] = {"bert-rank", "xlm-roberta-rank", "modernbert-rank"};
#define N_RANKERS (sizeof rankers / sizeof rankers[0])

/* Each text as a query, and each, and an empty one, as a document. */
typedef struct sheet {
    char lines[N_TEXTS + 1][MAX_LINE];
    float scores[N_PAIRS];
    ew_token counts[N_PAIRS];
} sheet;

static void load(const char *name, sheet *s) {
    memset(s, 0, sizeof *s);
    FILE *lines = golden_open("encoders", "texts.txt"), *counts = golden_open(name, "counts.txt");
    for (size_t i = 0; i < N_TEXTS; i++) {
        assert_non_null(fgets(s->lines[i], MAX_LINE, lines));
        s->lines[i][strcspn(s->lines[i], "\n")] = 0;
    }
    for (size_t i = 0; i < N_PAIRS; i++) assert_int_equal(golden_read_ids(counts, &s->counts[i], 1), 1);
    fclose(lines);
    fclose(counts);
    FILE *file = golden_open(name, "scores.f32");
    assert_int_equal(fread(s->scores, sizeof *s->scores, N_PAIRS, file), N_PAIRS);
    fclose(file);
}

static ew_str line_of(const sheet *s, size_t i) {
    return (ew_str){s->lines[i], strlen(s->lines[i])};
}

/* The largest difference of a pair's score from the golden one. */
static double distance(const rig *r, const sheet *s) {
    double most = 0;
    for (size_t i = 0; i < N_PAIRS; i++) {
        ew_error err = {0};
        float score = NAN;
        size_t n = 0;
        expect_ok(ew_rank(r->session, line_of(s, i / (N_TEXTS + 1)), line_of(s, i % (N_TEXTS + 1)), &score,
                          &n, &err),
                  &err);
        assert_int_equal(n, s->counts[i]);
        assert_true(isfinite(score));
        most = fmax(most, fabs((double)(score - s->scores[i])));
    }
    return most;
}

static double distance_of(const char *name, const char *path, const ew_engine_options *options) {
    sheet s;
    rig r = rig_open(path, options);
    load(name, &s);
    assert_int_equal(ew_model_get_info(r.model).pooling, EW_POOLING_RANK);
    assert_true(ew_model_get_info(r.model).is_headless);
    double d = distance(&r, &s);
    rig_close(&r);
    return d;
}

static void scores(void **state) {
    const char *name = *state;
    double d = distance_of(name, golden_path(name), &exact);
    print_message("%s: scores differ by at most %.1e\n", name, d);
    assert_true(d <= BOUND);
}

/* As an application has it: two threads, a half-precision state. */
static void fast_scores(void **state) {
    const char *name = *state;
    double d = distance_of(name, golden_path(name), &(ew_engine_options){.n_threads = 2});
    print_message("%s, not exact: scores differ by at most %.1e\n", name, d);
    assert_true(d <= 5e-3);
}

/* The converter's file, without a vocabulary: tokens are the folder's. */
static void scores_of_gguf(void **state) {
    (void)state;
    sheet s;
    load("xlm-roberta-rank", &s);
    rig folder = rig_open(golden_path("xlm-roberta-rank"), &exact);
    rig gguf = rig_open(golden_path("xlm-roberta-rank.gguf"), &exact);
    double most = 0;
    for (size_t i = 0; i < N_PAIRS; i++) {
        ew_error err = {0};
        ew_token query[512], tokens[512];
        ewi_encoded_pair pair;
        size_t n;
        float score;
        const ew_tokenizer *tokenizer = ew_model_tokenizer(folder.model);
        expect_ok(ew_tokenizer_encode(tokenizer, line_of(&s, i / (N_TEXTS + 1)), 0, query, 512, &n, &err),
                  &err);
        expect_ok(
            ewi_encode_pair(tokenizer, query, n, line_of(&s, i % (N_TEXTS + 1)), tokens, 512, &pair, &err),
            &err);
        expect_ok(ewi_rank_pair(gguf.session, tokens, pair, &score, &err), &err);
        most = fmax(most, fabs((double)(score - s.scores[i])));
    }
    print_message("xlm-roberta-rank.gguf: scores differ by at most %.1e\n", most);
    assert_true(most <= BOUND);
    rig_close(&gguf);
    rig_close(&folder);
}

/* A package keeps the head: its one row as it is. */
static void scores_of_packages(void **state) {
    const char *name = *state;
    static const struct {
        const char *type;
        double bound;
    } types[] = {{"f16", 1e-2}, {"q8c", 0.5}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        ew_error err = {0};
        ew_model *model;
        const char *path = scratch_path("package");
        expect_ok(ew_model_open(golden_path(name), &model, &err), &err);
        const ew_quantize_options o = {.struct_size = sizeof o, .type = types[i].type, .replace = true};
        expect_ok(ew_quantize(model, path, &o, NULL, NULL, NULL, &err), &err);
        ew_model_close(model);
        double d = distance_of(name, path, &exact);
        print_message("%s, %s: scores differ by at most %.1e\n", name, types[i].type, d);
        assert_true(d <= types[i].bound);
    }
}

/* ---- what is refused ---- */

static void what_ranks_does_not_embed(void **state) {
    (void)state;
    ew_error err = {0};
    float out[32], score;
    const ew_token tokens[] = {2, 5, 3};
    const ew_str text = {"a", 1};
    rig r = rig_open(golden_path("bert-rank"), NULL);
    expect_refused(ew_embed(r.session, tokens, 3, NULL, out, &err), EW_UNSUPPORTED, &err, "scores pairs");
    rig_close(&r);
    r = rig_open(golden_path("minilm"), NULL);
    expect_refused(ew_rank(r.session, text, text, &score, NULL, &err), EW_UNSUPPORTED, &err,
                   "no head that ranks");
    rig_close(&r);
}

static void pairs_that_are_too_long(void **state) {
    (void)state;
    ew_error err = {0};
    float score;
    sheet s;
    load("bert-rank", &s);
    rig r = rig_open(golden_path("bert-rank"), &(ew_engine_options){.n_rows = 16});
    ew_session *session = rig_session(&r, &(ew_session_options){.n_ctx = 20});
    expect_refused(ew_rank(session, line_of(&s, 1), line_of(&s, 1), &score, NULL, &err), EW_CONTEXT_FULL,
                   &err, "a pair of 31 tokens");
    expect_refused(ew_rank(session, line_of(&s, 0), line_of(&s, 1), &score, NULL, &err), EW_LIMIT, &err,
                   "a pair of 18 tokens");
    expect_ok(ew_rank(session, line_of(&s, 0), line_of(&s, 0), &score, NULL, &err), &err);
    assert_true(fabs((double)(score - s.scores[0])) < 5e-3);
    ew_session_free(session);
    rig_close(&r);
}

static void calibration_is_refused(void **state) {
    (void)state;
    ew_error err = {0};
    ew_model *model;
    expect_ok(ew_model_open(golden_path("bert-rank"), &model, &err), &err);
    const ew_quantize_options o = {
        .struct_size = sizeof o, .type = "q8c", .method = "gptq", .calibration = {"a\nb\n", 4}};
    expect_refused(ew_quantize(model, scratch_path("package"), &o, NULL, NULL, NULL, &err), EW_UNSUPPORTED,
                   &err, "ranks");
    ew_model_close(model);
}

int main(void) {
    struct CMUnitTest tests[3 * N_RANKERS + 4];
    size_t n = 0;
    for (size_t i = 0; i < N_RANKERS; i++) {
        tests[n++] = (struct CMUnitTest)cmocka_unit_test_prestate(scores, (void *)(uintptr_t)rankers[i]);
        tests[n++] = (struct CMUnitTest)cmocka_unit_test_prestate(fast_scores, (void *)(uintptr_t)rankers[i]);
        tests[n++] =
            (struct CMUnitTest)cmocka_unit_test_prestate(scores_of_packages, (void *)(uintptr_t)rankers[i]);
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(scores_of_gguf);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(what_ranks_does_not_embed);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(pairs_that_are_too_long);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(calibration_is_refused);
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
