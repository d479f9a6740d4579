/* test_calibrated.c: stories260K quantized with a text of its own stories: how far its answers are from the
 * original's on other stories, by the mean divergence that ew_evaluate measures (compared with numpy by
 * check_eval.py and test_evaluation.c).
 *
 * A few channels with large inputs are what AWQ and SmoothQuant are for (arXiv 2306.00978, section 3.1;
 * 2211.10438, section 3): a model is made to have such channels by powers of two, which change no bit of what
 * it computes in f32. Both must bring it back to where the model without them is; and AWQ must not harm that
 * one, which has few channels that matter more than others.
 */
#include "expect.h"
#include "fixtures.h"
#include "rig.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

static const char model_file[] = "models/stories260K-f32.gguf";

typedef struct text {
    char data[1 << 16];
    size_t len;
} text;

static text calibration, others;

/* ---- stories ---- */

static bool append(void *user, ew_token token, ew_str piece) {
    (void)token;
    text *t = user;
    assert_true(piece.len < sizeof t->data - t->len);
    memcpy(t->data + t->len, piece.data, piece.len);
    t->len += piece.len;
    return true;
}

static void tell_story(const rig *r, const char *begin, uint64_t seed, text *out) {
    ew_token prompt[64];
    size_t n;
    ew_error err = {0};
    ew_sampler *sampler;
    ew_sampler_options how = {.struct_size = sizeof how, .temperature = 1, .seed = seed};
    expect_ok(ew_tokenizer_encode(ew_model_tokenizer(r->model), (ew_str){begin, strlen(begin)}, EW_ENCODE_BOS,
                                  prompt, 64, &n, &err),
              &err);
    expect_ok(ew_sampler_new(&how, r->n_vocab, &sampler, &err), &err);
    ew_generate_options options = {.struct_size = sizeof options, .n_predict = 300, .sampler = sampler};
    ew_session_truncate(r->session, 0);
    append(out, 0, (ew_str){begin, strlen(begin)});
    expect_ok(ew_generate(r->session, prompt, n, &options, append, out, NULL, &err), &err);
    append(out, 0, (ew_str){"\n", 1});
    ew_sampler_free(sampler);
}

static void make_texts(void) {
    rig r = rig_open(test_fixture(model_file), NULL);
    for (uint64_t seed = 1; seed <= 24; seed++) tell_story(&r, "Once upon a time", seed, &calibration);
    for (uint64_t seed = 101; seed <= 108; seed++) tell_story(&r, "One day", seed, &others);
    rig_close(&r);
}

/* ---- what a package loses ---- */

static ew_quantize_report last_report;

static void quantize(const ew_model *model, const char *path, ew_quantize_options how) {
    ew_error err = {0};
    bool calibrates = how.smooth > 0 || how.activation_ranges || strcmp(how.method, "round") != 0;
    how.struct_size = sizeof how;
    how.replace = true;
    how.calibration = (ew_str){calibration.data, calibrates ? calibration.len : 0};
    expect_ok(ew_quantize(model, path, &how, NULL, NULL, &last_report, &err), &err);
}

static double measure(const char *base, const ew_quantize_options *how, bool is_static) {
    const char *path = scratch_path("package");
    ew_error err = {0};
    ew_evaluation e;
    rig original = rig_open(base, NULL);
    quantize(original.model, path, *how);
    rig r = rig_open(path, &(ew_engine_options){.static_activations = is_static});
    ew_str story = {others.data, others.len};
    expect_ok(ew_evaluate(r.session, original.session, story, NULL, NULL, NULL, &e, &err), &err);
    print_message("%-6s %-5s smooth %.1f %-6s: mean KLD %.5f +- %.5f, %u of %u inputs scaled\n", how->type,
                  how->method, (double)how->smooth, is_static ? how->activation_ranges : "", e.kld.mean,
                  e.kld.se, last_report.n_scaled, last_report.n_sites);
    rig_close(&r);
    rig_close(&original);
    return e.kld.mean;
}

static double divergence(const char *base, const char *type, const char *method, float smooth) {
    return measure(base, &(ew_quantize_options){.type = type, .method = method, .smooth = smooth}, false);
}

/* ---- channels with large inputs ---- */

#define LARGE 64.0f

/* Multiplies column `column` of a matrix, or that element of a vector, in the bytes of a file. */
static void multiply(const ewi_checkpoint *c, uint8_t *bytes, const char *name, size_t column, float by) {
    const ewi_tensor *t = ewi_checkpoint_find(c, (ew_str){name, strlen(name)});
    assert_non_null(t);
    assert_int_equal(t->dtype, EWI_F32);
    const size_t n = (size_t)ewi_tensor_n_elements(t), k = t->n_dims == 2 ? (size_t)t->dims[1] : n;
    for (size_t i = column; i < n; i += k) {
        uint8_t *at = bytes + t->offset + i * sizeof(float);
        float x;
        memcpy(&x, at, sizeof x);
        x *= by;
        memcpy(at, &x, sizeof x);
    }
}

static void enlarge(const ewi_checkpoint *c, uint8_t *bytes, unsigned layer, const char *norm,
                    const char *const *readers, size_t column) {
    char name[64];
    snprintf(name, sizeof name, "blk.%u.%s.weight", layer, norm);
    multiply(c, bytes, name, column, LARGE);
    for (; *readers; readers++) {
        snprintf(name, sizeof name, "blk.%u.%s.weight", layer, *readers);
        multiply(c, bytes, name, column, 1 / LARGE);
    }
}

/* The same model with three channels of large inputs to all q, k, v, gate and up. */
static const char *make_large(void) {
    static const char *const qkv[] = {"attn_q", "attn_k", "attn_v", NULL}, *const gate_up[] = {
                                                                               "ffn_gate", "ffn_up", NULL};
    static const size_t columns[] = {5, 23, 60};
    rig r = rig_open(test_fixture(model_file), NULL);
    ewi_bytes file = ewi_map_bytes(r.model->checkpoint.maps[0]);
    uint8_t *bytes = malloc(file.len);
    assert_non_null(bytes);
    memcpy(bytes, file.data, file.len);
    for (unsigned layer = 0; layer < r.model->hparams.n_layers; layer++)
        for (size_t i = 0; i < 3; i++) {
            enlarge(&r.model->checkpoint, bytes, layer, "attn_norm", qkv, columns[i]);
            enlarge(&r.model->checkpoint, bytes, layer, "ffn_norm", gate_up, columns[i]);
        }
    const char *path = scratch_file("large.gguf", bytes, file.len);
    free(bytes);
    rig_close(&r);
    return path;
}

static void expect_same_logits(const char *a, const char *b) {
    static const ew_token ids[] = {1, 403, 407, 261, 378, 432, 383, 286};
    rig r = rig_open(a, NULL), s = rig_open(b, NULL);
    float *x = rig_logits(&r, ids, 8), *y = rig_logits(&s, ids, 8);
    for (size_t i = 0; i < 8 * r.n_vocab; i++) assert_true(x[i] - y[i] < 1e-3f && y[i] - x[i] < 1e-3f);
    free(x);
    free(y);
    rig_close(&r);
    rig_close(&s);
}

/* The texts and the large model's path, made by the first test that asks: a group's set-up cannot skip. */
static const char *prepare(void) {
    static char large[512];
    if (large[0]) return large;
    make_texts();
    snprintf(large, sizeof large, "%s", make_large());
    expect_same_logits(large, test_fixture(model_file));
    return large;
}

static void smoothing_undoes_large_inputs(void **state) {
    (void)state;
    static const char *const types[] = {"q8c", "q4c"};
    const char *base = test_fixture(model_file), *large = prepare();
    for (size_t i = 0; i < 2; i++) {
        double before = divergence(base, types[i], "round", 0),
               rough = divergence(large, types[i], "round", 0);
        assert_true(rough > 5 * before);
        assert_true(divergence(large, types[i], "round", 0.5f) < 1.2 * before);
        assert_true(last_report.n_scaled == 5 * 4 && last_report.n_sites == 5 * 4 + 1);
        double gptq = divergence(large, types[i], "gptq", 0);
        assert_true(divergence(large, types[i], "gptq", 0.5f) < 0.5 * gptq);
    }
}

static void awq_undoes_large_inputs(void **state) {
    (void)state;
    static const char *const types[] = {"q4c", "q4s", "q4g32", "q4g128"};
    static const double at_most[] = {1.05, 1.05, 1.05, 0.83}; /* 0.86 if all errors counted the same */
    const char *base = test_fixture(model_file), *large = prepare();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        double before = divergence(base, types[i], "round", 0),
               rough = divergence(large, types[i], "round", 0);
        assert_true(divergence(base, types[i], "awq", 0) < at_most[i] * before);
        assert_true(rough > 2 * before);
        assert_true(divergence(large, types[i], "awq", 0) < 1.2 * before);
        assert_int_equal(last_report.n_sites, 5 * 4 + 1);
    }
}

/* ---- inputs of 8 bits by scales known beforehand ---- */

static double static_divergence(const char *base, const char *ranges, float smooth) {
    return measure(base,
                   &(ew_quantize_options){
                       .type = "q8c", .method = "round", .smooth = smooth, .activation_ranges = ranges},
                   true);
}

/* One scale for all rows and channels costs more than one for each row, less so with better ranges; where a
 * few channels are large it leaves little of the others, unless they were smoothed. */
static void static_activations_cost(void **state) {
    (void)state;
    const char *base = test_fixture(model_file), *large = prepare();
    double without = divergence(base, "q8c", "round", 0), all = static_divergence(base, "minmax", 0);
    assert_true(all > 2 * without && all < 0.3);
    assert_true(static_divergence(base, "p99.99", 0) < all);
    assert_true(static_divergence(base, "mse", 0) < 1.1 * all);
    assert_true(static_divergence(base, "p99.9", 0) > without);
    double rough = static_divergence(large, "minmax", 0);
    assert_true(static_divergence(large, "minmax", 0.5f) < 0.3 * rough);
}

static bool is_named(const ew_tensor_info *t, const char *name) {
    return t->name.len == strlen(name) && memcmp(t->name.data, name, t->name.len) == 0;
}

/* Layers that read the same say the same; the embedding is not multiplied with anything. */
static void packages_say_the_scales(void **state) {
    (void)state;
    (void)prepare();
    rig r = rig_open(test_fixture(model_file), NULL);
    ew_file *file;
    ew_error err = {0};
    quantize(r.model, scratch_path("package"),
             (ew_quantize_options){.type = "q8c", .method = "round", .activation_ranges = "p99.99"});
    expect_ok(ew_file_open(scratch_path("package"), &file, &err), &err);
    assert_string_equal(ew_file_format(file), "package, q8c, ranges p99.99, from GGUF");
    float scale_of_q = 0;
    for (size_t i = 0; i < ew_file_n_tensors(file); i++) {
        const ew_tensor_info t = ew_file_tensor(file, i);
        bool is_read = t.n_dims == 2 && !is_named(&t, "token_embd.weight");
        assert_true(is_read == (t.input_scale > 0));
        if (is_named(&t, "blk.3.attn_q.weight")) scale_of_q = t.input_scale;
    }
    for (size_t i = 0; i < ew_file_n_tensors(file); i++) {
        const ew_tensor_info t = ew_file_tensor(file, i);
        if (is_named(&t, "blk.3.attn_k.weight") || is_named(&t, "blk.3.attn_v.weight"))
            assert_true(t.input_scale == scale_of_q);
    }
    ew_file_close(file);
    rig_close(&r);
}

/* ---- what layers read ---- */

#define WINDOW   512
#define MAX_SEEN 64

typedef struct seen {
    size_t n;
    const ewi_tensor *weights[MAX_SEEN];
    float most[MAX_SEEN];
} seen;

static bool look(void *user, const ewi_node *linear, const void *rows, size_t n_rows) {
    seen *s = user;
    const float *x = rows;
    assert_true(s->n < MAX_SEEN);
    s->weights[s->n] = linear->weight;
    for (size_t i = 0; i < n_rows * (size_t)linear->weight->dims[1]; i++)
        s->most[s->n] = fmaxf(s->most[s->n], fabsf(x[i]));
    s->n++;
    return true;
}

/* All layers' inputs of one window, in one step that goes through all stages. */
static void run_window(const rig *r, seen *s) {
    ew_row rows[WINDOW];
    size_t n;
    ew_error err = {0};
    ew_token *tokens = malloc((calibration.len + 1) * sizeof *tokens);
    assert_non_null(tokens);
    expect_ok(ew_tokenizer_encode(ew_model_tokenizer(r->model), (ew_str){calibration.data, calibration.len},
                                  EW_ENCODE_BOS, tokens, calibration.len + 1, &n, &err),
              &err);
    assert_true(n >= WINDOW);
    for (uint32_t i = 0; i < WINDOW; i++) rows[i] = (ew_row){r->session, i, tokens[i], true};
    for (uint32_t i = 0; i < r->engine->plan.n_stages; i++)
        expect_ok(ewi_step_stage(r->engine, rows, WINDOW, i, look, s, &err), &err);
    free(tokens);
}

/* Found layer by layer over all windows, scales are those of the inputs that a step of the model has. */
static void scales_are_those_of_a_step(void **state) {
    (void)state;
    (void)prepare();
    seen s = {0};
    ew_file *file;
    ew_error err = {0};
    rig r = rig_open(test_fixture(model_file),
                     &(ew_engine_options){
                         .n_rows = WINDOW, .cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32, .exact = true});
    run_window(&r, &s);
    assert_int_equal(s.n, 5 * 7 + 1);
    quantize(r.model, scratch_path("package"),
             (ew_quantize_options){.type = "q8c",
                                   .method = "gptq",
                                   .activation_ranges = "minmax",
                                   .calibration_tokens = WINDOW - 1});
    expect_ok(ew_file_open(scratch_path("package"), &file, &err), &err);
    for (size_t i = 0; i < ew_file_n_tensors(file); i++) {
        const ew_tensor_info t = ew_file_tensor(file, i);
        for (size_t k = 0; k < s.n; k++)
            if (ewi_str_eq(t.name, s.weights[k]->name))
                assert_true(fabsf(t.input_scale * 127 - s.most[k]) <= 1e-5f * s.most[k]);
    }
    ew_file_close(file);
    rig_close(&r);
}

/* Without them nothing can be measured. */
static void models_without_ranges_are_refused(void **state) {
    (void)state;
    (void)prepare();
    rig r = rig_open(test_fixture(model_file), NULL);
    ew_engine *engine;
    ew_error err = {0};
    ew_engine_options how = {.struct_size = sizeof how, .static_activations = true};
    expect_refused(ew_engine_new(r.model, &how, &engine, &err), EW_UNSUPPORTED, &err,
                   "no ranges of activations");
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awq_undoes_large_inputs),    cmocka_unit_test(smoothing_undoes_large_inputs),
        cmocka_unit_test(static_activations_cost),    cmocka_unit_test(packages_say_the_scales),
        cmocka_unit_test(scales_are_those_of_a_step), cmocka_unit_test(models_without_ranges_are_refused)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
