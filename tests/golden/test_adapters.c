/* test_adapters.c: LoRA adapters against Hugging Face PEFT (tests/golden/make_adapters.py), both forms, and
 * that a session's adapters are its own.
 *
 * The bound is that of test_hf_models.c: float32 sums in another order. The adapters move the logits by up to
 * 5.9 (make_adapters.py prints it).
 */
#include "expect.h"
#include "golden.h"
#include "rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOUND 1e-4f

typedef struct form {
    const char *model, *attention, *all;
} form;

static form forms[] = {
    {"llama-gqa", "llama-gqa.lora-attention", "llama-gqa.lora-all"},
    {"llama-gqa.gguf", "llama-gqa.lora-attention.gguf", "llama-gqa.lora-all.gguf"},
};

/* A model with both adapters, an engine that knows them, a session. */
typedef struct adapted {
    rig r;
    ew_adapter *attention, *all;
    golden with, without;
} adapted;

static ew_adapter *open_adapter(const ew_model *model, const char *name) {
    ew_adapter *adapter = NULL;
    ew_error err = {0};
    expect_ok(ew_adapter_open(model, golden_path(name), &adapter, &err), &err);
    return adapter;
}

static adapted adapted_open(const form *f, uint32_t n_threads, uint32_t n_rows) {
    adapted a = {.with = golden_load("llama-gqa.lora"), .without = golden_load("llama-gqa")};
    ew_error err = {0};
    expect_ok(ew_model_open(golden_path(f->model), &a.r.model, &err), &err);
    a.attention = open_adapter(a.r.model, f->attention);
    a.all = open_adapter(a.r.model, f->all);
    ew_engine_options options = {
        .struct_size = sizeof options,
        .n_threads = n_threads,
        .n_rows = n_rows,
        .cache_k = EW_CACHE_F32,
        .cache_v = EW_CACHE_F32,
        .exact = true,
        .adapters = (const ew_adapter *const[]){a.attention, a.all},
        .n_adapters = 2,
    };
    expect_ok(ew_engine_new(a.r.model, &options, &a.r.engine, &err), &err);
    expect_ok(ew_session_new(a.r.engine, NULL, &a.r.session, &err), &err);
    a.r.n_vocab = a.with.n_vocab;
    return a;
}

static void adapted_close(adapted *a) {
    ew_session_free(a->r.session);
    ew_engine_free(a->r.engine);
    ew_adapter_close(a->attention);
    ew_adapter_close(a->all);
    ew_model_close(a->r.model);
    golden_free(&a->with);
    golden_free(&a->without);
}

static void use_both(const adapted *a, ew_session *session) {
    ew_error err = {0};
    ew_adapter_use uses[] = {{a->attention, 1}, {a->all, 0.5f}};
    expect_ok(ew_session_set_adapters(session, uses, 2, &err), &err);
}

static void use_none(ew_session *session) {
    ew_error err = {0};
    expect_ok(ew_session_set_adapters(session, NULL, 0, &err), &err);
}

static void same_as_peft(void **state) {
    adapted a = adapted_open(*state, 1, 0);
    size_t n = a.with.n_prompt * a.with.n_vocab;
    use_both(&a, a.r.session);
    float *logits = rig_logits(&a.r, a.with.prompt, a.with.n_prompt);
    float distance = golden_distance(logits, a.with.logits, n);
    print_message("largest difference %.2e\n", (double)distance);
    assert_true(distance <= BOUND);
    free(logits);
    ew_token ids[GOLDEN_GREEDY];
    ew_session_truncate(a.r.session, 0);
    rig_greedy(&a.r, a.r.session, a.with.prompt, a.with.n_prompt, ids, GOLDEN_GREEDY);
    assert_memory_equal(ids, a.with.after_prompt, sizeof ids);
    ew_session_truncate(a.r.session, 0);
    use_none(a.r.session);
    logits = rig_logits(&a.r, a.with.prompt, a.with.n_prompt);
    assert_true(golden_distance(logits, a.without.logits, n) <= BOUND);
    free(logits);
    adapted_close(&a);
}

/* Rows of two sessions in turn. */
typedef struct sink {
    const ew_row *rows;
    ew_session *session;
    float *logits;
    size_t n_vocab;
} sink;

static void keep(void *user, size_t row, const float *logits) {
    const sink *s = user;
    if (s->rows[row].session == s->session)
        memcpy(s->logits + s->rows[row].position * s->n_vocab, logits, s->n_vocab * sizeof *logits);
}

static float *mixed_logits(const adapted *a, ew_session *wanted, ew_session *other) {
    const golden *g = &a->with;
    float *out = calloc(g->n_prompt * g->n_vocab, sizeof *out);
    ew_error err = {0};
    for (uint32_t at = 0; at < g->n_prompt; at += 7) {
        ew_row rows[14];
        size_t n = 0;
        for (uint32_t i = at; i < at + 7 && i < g->n_prompt; i++) {
            rows[n++] = (ew_row){wanted, i, g->prompt[i], true};
            rows[n++] = (ew_row){other, i, g->prompt[i], i % 2 == 0};
        }
        sink s = {rows, wanted, out, g->n_vocab};
        expect_ok(ew_step(a->r.engine, rows, n, keep, &s, &err), &err);
    }
    return out;
}

/* To the bit what it is alone: with any threads, any steps, beside a session without adapters. */
static void session_has_its_own(void **state) {
    adapted one = adapted_open(*state, 1, 0), two = adapted_open(*state, 2, 64);
    const golden *g = &one.with;
    size_t bytes = g->n_prompt * g->n_vocab * sizeof(float);
    ew_session *plain = rig_session(&two.r, NULL);
    use_both(&one, one.r.session);
    float *alone = rig_logits(&one.r, g->prompt, g->n_prompt);
    use_both(&two, two.r.session);
    float *beside = mixed_logits(&two, two.r.session, plain);
    assert_memory_equal(alone, beside, bytes);
    free(alone);
    free(beside);
    ew_session_truncate(one.r.session, 0);
    use_none(one.r.session);
    alone = rig_logits(&one.r, g->prompt, g->n_prompt);
    ew_session_truncate(two.r.session, 0);
    ew_session_truncate(plain, 0);
    beside = mixed_logits(&two, plain, two.r.session);
    assert_memory_equal(alone, beside, bytes);
    free(alone);
    free(beside);
    ew_session_free(plain);
    adapted_close(&one);
    adapted_close(&two);
}

static void refused_uses(void **state) {
    adapted a = adapted_open(*state, 1, 0);
    ew_error err = {0};
    ew_adapter *other = open_adapter(a.r.model, ((const form *)*state)->all);
    ew_adapter_use unknown = {other, 1}, twice[] = {{a.all, 1}, {a.all, 1}}, infinite = {a.all, INFINITY};
    expect_refused(ew_session_set_adapters(a.r.session, &unknown, 1, &err), EW_INVALID, &err,
                   "not made with it");
    expect_refused(ew_session_set_adapters(a.r.session, twice, 2, &err), EW_INVALID, &err, "comes twice");
    expect_refused(ew_session_set_adapters(a.r.session, &infinite, 1, &err), EW_INVALID, &err, "not finite");
    ew_adapter_close(other);
    rig r = rig_open(golden_path("qwen2-f16"), NULL);
    ew_engine *engine = NULL;
    ew_engine_options options = {sizeof options, .adapters = (const ew_adapter *const[]){a.all},
                                 .n_adapters = 1};
    expect_refused(ew_engine_new(r.model, &options, &engine, &err), EW_INVALID, &err, "another model");
    options.n_adapters = 65;
    expect_refused(ew_engine_new(a.r.model, &options, &engine, &err), EW_INVALID, &err, "65 adapters");
    rig_close(&r);
    adapted_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(same_as_peft, &forms[0]),
        cmocka_unit_test_prestate(same_as_peft, &forms[1]),
        cmocka_unit_test_prestate(session_has_its_own, &forms[0]),
        cmocka_unit_test_prestate(session_has_its_own, &forms[1]),
        cmocka_unit_test_prestate(refused_uses, &forms[0]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
