/* A model whose first layers are the base's is measured from the first other one on: the same bits as when
 * all of it runs, whatever its matrices are. */
#include <stdio.h>

#include "expect.h"
#include "measure/evaluation.h"
#include "model/model.h"
#include "scratch.h"
#include "tiny_model.h"

#define N_CTX    33u
#define N_LAYERS 3u

static ew_model *base, *rounded;

static int open_models(void **state) {
    (void)state;
    char source[1024], package[1024];
    ew_error err = {0};
    snprintf(source, sizeof source, "%s", scratch_path("source.gguf"));
    snprintf(package, sizeof package, "%s", scratch_path("package"));
    tiny_model_write(&(tiny_model){.seed = 7, .n_ctx = 64, .n_layers = N_LAYERS, .biases = true}, source);
    expect_ok(ew_model_open(source, &base, &err), &err);
    expect_ok(ew_quantize(base, package, NULL, NULL, NULL, NULL, &err), &err);
    expect_ok(ew_model_open(package, &rounded, &err), &err);
    return 0;
}

static int close_models(void **state) {
    ew_model_close(rounded);
    ew_model_close(base);
    return scratch_remove(state);
}

static ew_session *session_of(const ew_model *model, uint32_t n_rows, ew_engine **engine) {
    ew_error err = {0};
    ew_session *session;
    const ew_engine_options how = {.struct_size = sizeof how,
                                   .n_threads = 2,
                                   .n_rows = n_rows,
                                   .cache_k = EW_CACHE_F32,
                                   .cache_v = EW_CACHE_F32,
                                   .exact = true};
    const ew_session_options options = {.struct_size = sizeof options, .n_ctx = N_CTX};
    expect_ok(ew_engine_new(model, &how, engine, &err), &err);
    expect_ok(ew_session_new(*engine, &options, &session, &err), &err);
    return session;
}

static const char text[] = "the quick brown fox jumps over the lazy dog, and over the quick brown fox, and "
                           "again over the dog that is lazy and the fox that is brown";

/* Windows that overlap but for a token, or of which the second half is scored; in one step or many. */
static void measure(const ew_model *model, uint32_t n_rows, uint32_t stride, ew_session *of,
                    ewi_base_rows *kept, ew_evaluation *found) {
    ew_error err = {0};
    ew_engine *engine;
    ew_session *session = session_of(model, n_rows, &engine);
    const ew_evaluate_options how = {.struct_size = sizeof how, .stride = stride};
    const ew_str words = {text, sizeof text - 1};
    memset(found, 0, sizeof *found);
    expect_ok(ewi_evaluate(session, of, words, &how, kept, NULL, NULL, found, &err), &err);
    ew_session_free(session);
    ew_engine_free(engine);
}

/* The base but for one matrix. */
static ew_model with_matrix(const ewi_tensor *(*tensors)[EWI_N_PART_KINDS], size_t slot) {
    const size_t n = (size_t)N_LAYERS * EWI_N_ROLES;
    memcpy(tensors, base->tensors, n * sizeof *tensors);
    tensors[slot][EWI_WEIGHT] = rounded->tensors[slot][EWI_WEIGHT];
    ew_model model = *base;
    model.tensors = tensors;
    return model;
}

static void expect_same_bits(uint32_t n_rows, uint32_t stride) {
    static const ewi_tensor *tensors[N_LAYERS * EWI_N_ROLES][EWI_N_PART_KINDS];
    ewi_base_rows kept = {0};
    ew_engine *engine;
    ew_session *of = session_of(base, n_rows, &engine);
    size_t n_measured = 0;
    for (size_t slot = 0; slot < N_LAYERS * EWI_N_ROLES; slot++) {
        const ewi_tensor *t = rounded->tensors[slot][EWI_WEIGHT];
        ew_evaluation whole, part;
        if (!t || !t->packed) continue;
        const ew_model model = with_matrix(tensors, slot);
        measure(&model, n_rows, stride, of, NULL, &whole);
        measure(&model, n_rows, stride, of, &kept, &part);
        assert_true(whole.kld.mean > 0);
        assert_memory_equal(&whole, &part, sizeof whole);
        n_measured++;
    }
    assert_int_equal(n_measured, 7 * N_LAYERS + 2);
    assert_non_null(kept.states);
    ewi_base_rows_deinit(&kept);
    ew_session_free(of);
    ew_engine_free(engine);
}

static void in_one_step(void **state) {
    (void)state;
    expect_same_bits(N_CTX, N_CTX - 1);
}

static void in_many_steps(void **state) {
    (void)state;
    expect_same_bits(5, N_CTX - 1);
}

static void of_half_a_window(void **state) {
    (void)state;
    expect_same_bits(N_CTX, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_one_step), cmocka_unit_test(in_many_steps),
                                       cmocka_unit_test(of_half_a_window)};
    return cmocka_run_group_tests(tests, open_models, close_models);
}
