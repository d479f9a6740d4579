/* test_evaluation.c: ew_evaluate against numpy, from logits that Hugging Face transformers and PEFT computed
 * (tests/golden/make_models.py, make_adapters.py): llama-gqa is the base, with both adapters it is the model.
 *
 * The 140 tokens of the golden prompt come from a text of as many letters, by a vocabulary that is made up
 * (lettered.h). The bound is what logits within 1e-4 allow.
 */
#include "expect.h"
#include "golden.h"
#include "lettered.h"
#include "rig.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_PROMPT 140
#define BOUND    2e-4

/* Two sessions of one engine. */
typedef struct pair {
    ew_model *model;
    ew_adapter *adapters[2];
    ew_engine *engine;
    ew_session *session, *base;
    char text[2 * N_PROMPT + 1];
} pair;

static ew_session *new_session(const pair *p, uint32_t n_ctx) {
    ew_session *session;
    ew_error err = {0};
    ew_session_options options = {.struct_size = sizeof options, .n_ctx = n_ctx};
    expect_ok(ew_session_new(p->engine, &options, &session, &err), &err);
    return session;
}

static pair pair_open(uint32_t n_threads, uint32_t n_rows) {
    pair p = {0};
    ew_error err = {0};
    hf_folder folder = lettered_folder("llama-gqa");
    expect_ok(ew_model_open(folder.path, &p.model, &err), &err);
    expect_ok(ew_adapter_open(p.model, golden_path("llama-gqa.lora-attention"), &p.adapters[0], &err), &err);
    expect_ok(ew_adapter_open(p.model, golden_path("llama-gqa.lora-all"), &p.adapters[1], &err), &err);
    ew_engine_options options = {.struct_size = sizeof options,
                                 .n_threads = n_threads,
                                 .n_rows = n_rows,
                                 .cache_k = EW_CACHE_F32,
                                 .cache_v = EW_CACHE_F32,
                                 .exact = true,
                                 .adapters = (const ew_adapter *const *)p.adapters,
                                 .n_adapters = 2};
    expect_ok(ew_engine_new(p.model, &options, &p.engine, &err), &err);
    p.session = new_session(&p, N_PROMPT);
    p.base = new_session(&p, N_PROMPT);
    ew_adapter_use uses[] = {{p.adapters[0], 1}, {p.adapters[1], 0.5f}};
    expect_ok(ew_session_set_adapters(p.session, uses, 2, &err), &err);
    golden g = golden_load("llama-gqa");
    assert_int_equal(g.n_prompt, N_PROMPT);
    for (size_t i = 0; i < N_PROMPT; i++) lettered_spell((size_t)g.prompt[i], p.text + LETTERED_BYTES * i);
    golden_free(&g);
    return p;
}

static void pair_close(pair *p) {
    ew_session_free(p->session);
    ew_session_free(p->base);
    ew_engine_free(p->engine);
    for (size_t i = 0; i < 2; i++) ew_adapter_close(p->adapters[i]);
    ew_model_close(p->model);
}

static ew_evaluation evaluate(const pair *p, ew_session *base, uint32_t stride) {
    ew_evaluation e;
    ew_error err = {0};
    ew_evaluate_options how = {.struct_size = sizeof how, .stride = stride};
    ew_str text = {p->text, strlen(p->text)};
    expect_ok(ew_evaluate(p->session, base, text, &how, NULL, NULL, &e, &err), &err);
    return e;
}

static void near(const char *what, double got, double wanted) {
    if (!(fabs(got - wanted) <= BOUND * fmax(1, fabs(wanted))))
        fail_msg("%s: %.9g, not %.9g", what, got, wanted);
}

static void near_estimate(const char *what, ew_estimate got, double mean, double se) {
    near(what, got.mean, mean);
    near(what, got.se, se);
}

/* The second half of one window: tokens 71 to 139. */
static void as_numpy(void **state) {
    (void)state;
    pair p = pair_open(2, 32);
    ew_evaluation e = evaluate(&p, p.base, 0);
    assert_true(e.n_tokens == 140 && e.n_windows == 1 && e.n_scored == 69 && e.n_unused == 0);
    near_estimate("ppl", e.ppl, 247.314701, 47.686796);
    near_estimate("base", e.ppl_base, 265.456557, 53.695920);
    near_estimate("ratio", e.ppl_ratio, 0.931658, 0.206436);
    near_estimate("kld", e.kld, 1.196451, 0.089132);
    near("least", e.kld_quantiles[0], 0.235380);
    near("median", e.kld_quantiles[500], 1.095811);
    near("90 %", e.kld_quantiles[900], 2.429822);
    near("99 %", e.kld_quantiles[990], 3.032131);
    near("99.9 %", e.kld_quantiles[999], 3.093808);
    near("max", e.kld_quantiles[1000], 3.100661);
    near_estimate("top", e.top1, 0.231884, 0.051179);
    near_estimate("dp", e.dp, -0.001841, 0.003077);
    near_estimate("rms", e.dp_rms, 0.025444, 0.003987);
    pair_close(&p);
}

/* The last 50 tokens; alone, with other threads and steps, to the last bit the same. */
static void with_stride(void **state) {
    (void)state;
    pair p = pair_open(2, 64), q = pair_open(1, 7);
    ew_evaluation e = evaluate(&p, p.base, 50), f = evaluate(&q, q.base, 50);
    assert_int_equal(e.n_scored, 50);
    near_estimate("ppl", e.ppl, 259.751854, 59.823014);
    near_estimate("kld", e.kld, 1.220318, 0.104845);
    near("median", e.kld_quantiles[500], 1.120972);
    near_estimate("top", e.top1, 0.26, 0.062662);
    near_estimate("dp", e.dp, -0.002514, 0.003712);
    assert_memory_equal(e.kld_quantiles, f.kld_quantiles, sizeof e.kld_quantiles);
    assert_true(e.kld.mean == f.kld.mean && e.ppl.mean == f.ppl.mean && e.dp.mean == f.dp.mean);
    assert_true(evaluate(&p, NULL, 50).ppl.mean == e.ppl.mean);
    pair_close(&p);
    pair_close(&q);
}

/* Windows of 60 tokens, one every 25: 4, which end before the last 5 tokens. */
static void windows(void **state) {
    (void)state;
    pair p = pair_open(1, 16);
    ew_session_free(p.session);
    p.session = new_session(&p, 60);
    ew_evaluation e = evaluate(&p, NULL, 25), f = evaluate(&p, NULL, 0);
    assert_true(e.n_windows == 4 && e.n_scored == 100 && e.n_unused == 5 && e.n_ctx == 60 &&
                e.n_stride == 25);
    assert_true(f.n_windows == 2 && f.n_scored == 2 * 29 && f.n_unused == 20 && f.n_stride == 60);
    assert_true(isnan(e.kld.mean) && isfinite(e.ppl.se));
    assert_int_equal(ew_session_length(p.session), 0);
    pair_close(&p);
}

static void itself(void **state) {
    (void)state;
    pair p = pair_open(2, 0);
    ew_error err = {0};
    expect_ok(ew_session_set_adapters(p.session, NULL, 0, &err), &err);
    ew_evaluation e = evaluate(&p, p.base, 0);
    assert_true(e.kld_quantiles[1000] == 0 && e.kld.mean == 0 && e.kld.se == 0);
    assert_true(e.top1.mean == 1 && e.dp_rms.mean == 0 && e.ppl_ratio.mean == 1);
    pair_close(&p);
}

/* ---- refusals ---- */

static bool stop_at_once(void *user, uint64_t done, uint64_t total) {
    *(uint64_t *)user = total;
    return done == 0;
}

static void refuse(const pair *p, ew_session *base, const char *text, uint32_t stride, ew_status wanted,
                   const char *culprit) {
    ew_evaluation e;
    ew_error err = {0};
    ew_evaluate_options how = {.struct_size = sizeof how, .stride = stride};
    expect_refused(ew_evaluate(p->session, base, (ew_str){text, strlen(text)}, &how, NULL, NULL, &e, &err),
                   wanted, &err, culprit);
}

static void refusals(void **state) {
    (void)state;
    pair p = pair_open(1, 16);
    ew_session *shorter = new_session(&p, 100);
    refuse(&p, p.base, "", 0, EW_FORMAT, "empty");
    refuse(&p, p.base, "\xff", 0, EW_FORMAT, "not UTF-8");
    refuse(&p, p.base, p.text + 2, 0, EW_FORMAT, "139 tokens, less than a window of 140");
    refuse(&p, p.base, p.text, 140, EW_INVALID, "stride of 140");
    refuse(&p, shorter, p.text, 0, EW_INVALID, "140 and 100");
    ew_evaluation e;
    ew_error err = {0};
    uint64_t total = 0;
    expect_refused(
        ew_evaluate(p.session, p.base, (ew_str){p.text, 2 * N_PROMPT}, NULL, stop_at_once, &total, &e, &err),
        EW_CANCELLED, &err, "cancelled after 0");
    assert_int_equal(total, 2 * 139);
    ew_session_free(shorter);
    ew_session_free(p.session);
    p.session = new_session(&p, 2);
    refuse(&p, NULL, p.text, 0, EW_INVALID, "3 at least");
    pair_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_numpy), cmocka_unit_test(with_stride), cmocka_unit_test(windows),
        cmocka_unit_test(itself),   cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
