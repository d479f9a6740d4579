/* Types of single matrices: each is as it is in a package where all matrices have that type, f16 is what the
 * processor makes of floats, and what is refused. */
#include "expect.h"
#include "sanitized.h"
#include "scratch.h"
#include "tiny_model.h"

#include <math.h>

#include "base/slice.h"
#include "model/model.h"

static ew_model *source;
static ew_str text;

static int open_source(void **state) {
    (void)state;
    static char words[SANITIZED ? 2048 : 8192];
    for (size_t i = 0; i < sizeof words; i++) words[i] = (char)('a' + i * i % 23);
    text = (ew_str){words, sizeof words};
    const char *path = scratch_path("source.gguf");
    tiny_model_write(&(tiny_model){.seed = 3, .n_ctx = 64}, path);
    return ew_model_open(path, &source, NULL) != EW_OK;
}

static int close_source(void **state) {
    ew_model_close(source);
    return scratch_remove(state);
}

static const ew_tensor_type mix[] = {
    {{"blk.0.attn_q.weight", 19}, "q8c"}, {{"blk.0.attn_k.weight", 19}, "q8g"},
    {{"blk.0.attn_v.weight", 19}, "f16"}, {{"blk.1.ffn_down.weight", 21}, "q4s"},
    {{"token_embd.weight", 17}, "f16"},
};
enum { N_MIX = sizeof mix / sizeof *mix };

static ew_quantize_options options(const char *type, const char *method) {
    const bool calibrates = strcmp(method, "gptq") == 0;
    return (ew_quantize_options){.struct_size = sizeof(ew_quantize_options),
                                 .type = type,
                                 .n_threads = 2,
                                 .replace = true,
                                 .method = method,
                                 .calibration = calibrates ? text : (ew_str){0}};
}

static ew_model *quantized(const char *name, const ew_quantize_options *how, ew_quantize_report *report) {
    ew_error err = {0};
    ew_model *model;
    const char *path = scratch_path(name);
    expect_ok(ew_quantize(source, path, how, NULL, NULL, report, &err), &err);
    expect_ok(ew_model_open(path, &model, &err), &err);
    return model;
}

static const ewi_tensor *find(const ew_model *model, ew_str name) {
    for (size_t i = 0; i < model->checkpoint.n_tensors; i++)
        if (ewi_str_eq(model->checkpoint.tensors[i].name, name)) return &model->checkpoint.tensors[i];
    fail_msg("no tensor %.*s", EWI_STR_ARG(name));
    return NULL;
}

static void expect_same(const ew_model *a, const ew_model *b, ew_str name, bool bytes) {
    const ewi_tensor *x = find(a, name), *y = find(b, name);
    assert_int_equal(x->dtype, y->dtype);
    assert_int_equal(x->packed, y->packed);
    assert_int_equal(x->size_bytes, y->size_bytes);
    if (bytes) assert_memory_equal(x->data, y->data, x->size_bytes);
}

/* The bytes are those of a package of one type; by GPTQ they depend on the layers before. */
static void expect_parts(const char *method) {
    ew_quantize_options how = options("q4g32", method);
    ew_quantize_report report;
    how.types = mix;
    how.n_types = N_MIX;
    ew_model *mixed = quantized("mixed", &how, &report);
    uint64_t n = 0;
    for (size_t i = 0; i < EW_QUANTIZE_ROWS; i++) n += report.rows[i].dtype ? report.rows[i].n_tensors : 0;
    assert_int_equal(n, source->checkpoint.n_tensors);
    for (size_t i = 0; i <= N_MIX; i++) {
        const char *type = i < N_MIX ? mix[i].type : "q4g32";
        const ew_quantize_options alone = options(type, strcmp(type, "f16") == 0 ? "round" : method);
        ew_model *other = quantized("alone", &alone, NULL);
        const ew_str name = i < N_MIX ? mix[i].tensor : (ew_str){"blk.1.attn_q.weight", 19};
        expect_same(mixed, other, name, strcmp(method, "round") == 0);
        ew_model_close(other);
    }
    ew_model_close(mixed);
}

static void parts_of_rounding(void **state) {
    (void)state;
    expect_parts("round");
}

static void parts_of_gptq(void **state) {
    (void)state;
    expect_parts("gptq");
}

/* As IEEE 754 defines binary16. */
static double half_value(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits >> 15 ? -value : value;
}

/* Of a normal number, 11 bits. */
static double nearest_half(double x) {
    int exponent;
    double fraction = frexp(x, &exponent);
    if (exponent < -13) return ldexp(rint(ldexp(x, 24)), -24);
    return ldexp(rint(ldexp(fraction, 11)), exponent - 11);
}

static void halves(void **state) {
    (void)state;
    const ew_quantize_options how = options("f16", "round");
    ew_model *model = quantized("halves", &how, NULL);
    const ew_str name = {"blk.0.ffn_up.weight", 19};
    const ewi_tensor *from = find(source, name), *to = find(model, name);
    const float *x = (const float *)(const void *)from->data;
    const uint16_t *y = (const uint16_t *)(const void *)to->data;
    assert_int_equal(to->dtype, EWI_F16);
    assert_int_equal(to->size_bytes, from->size_bytes / 2);
    for (size_t i = 0; i < from->size_bytes / sizeof *x; i++) {
        if (half_value(y[i]) != nearest_half((double)x[i])) fail_msg("weight %zu: %a", i, (double)x[i]);
    }
    ew_model_close(model);
}

static void refusals(void **state) {
    (void)state;
    static const struct {
        ew_tensor_type one;
        const char *culprit;
    } cases[] = {{{{"blk.9.attn_q.weight", 19}, "q8c"}, "blk.9.attn_q.weight: the model has none"},
                 {{{"blk.0.attn_norm.weight", 22}, "q8c"}, "blk.0.attn_norm.weight: stays F32"},
                 {{{"blk.0.attn_q.weight", 19}, "q3"}, "\"q3\" is none of"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ew_error err = {0};
        ew_quantize_options how = options("q4c", "round");
        how.types = &cases[i].one;
        how.n_types = 1;
        expect_refused(ew_quantize(source, scratch_path("none"), &how, NULL, NULL, NULL, &err), EW_INVALID,
                       &err, cases[i].culprit);
    }
}

/* What has one type for all matrices. */
static void types_of_all(void **state) {
    (void)state;
    static const struct {
        const char *type, *method, *path, *culprit;
        float smooth;
    } cases[] = {{"q4c", "awq", "none", "\"awq\" scales channels for one type", 0},
                 {"q4c", "gptq", "none", "smooth scales channels for one type", 0.5f},
                 {"q8_0", "round", "none.gguf", "a type for each matrix is for packages", 0},
                 {"q8_0", "round", "none", "type q8_0 is GGUF's", 0},
                 {"q8c", "round", "none.gguf", "type q8c is a package's", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ew_error err = {0};
        ew_quantize_options how = options(cases[i].type, cases[i].method);
        if (strcmp(cases[i].method, "round") != 0) how.calibration = text;
        how.smooth = cases[i].smooth;
        how.types = mix;
        how.n_types = N_MIX;
        expect_refused(ew_quantize(source, scratch_path(cases[i].path), &how, NULL, NULL, NULL, &err),
                       EW_INVALID, &err, cases[i].culprit);
    }
    ew_error err = {0};
    ew_quantize_options how = options("f16", "awq");
    how.calibration = text;
    expect_refused(ew_quantize(source, scratch_path("none"), &how, NULL, NULL, NULL, &err), EW_INVALID, &err,
                   "\"awq\" is for quantized types, not for f16");
}

/* The same of a mix. */
static void mix_of_all(void **state) {
    (void)state;
    const ew_mix_options limits = {.struct_size = sizeof limits, .max_kld = 1};
    static const struct {
        const char *method, *path, *imatrix, *culprit;
        float smooth;
    } cases[] = {{"awq", "none", NULL, "do not go with a mix", 0},
                 {"round", "none", NULL, "do not go with a mix", 0.5f},
                 {"round", "none", "x.dat", "an imatrix does not go with a mix", 0},
                 {"round", "none.gguf", NULL, "would be a GGUF file", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ew_error err = {0};
        ew_quantize_options how = options(NULL, cases[i].method);
        how.calibration = text;
        how.smooth = cases[i].smooth;
        how.imatrix = cases[i].imatrix;
        expect_refused(ew_quantize_mixed(source, scratch_path(cases[i].path), &how, &limits, NULL, NULL, NULL,
                                         NULL, &err),
                       EW_INVALID, &err, cases[i].culprit);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_rounding), cmocka_unit_test(parts_of_gptq), cmocka_unit_test(halves),
        cmocka_unit_test(refusals),          cmocka_unit_test(types_of_all),  cmocka_unit_test(mix_of_all),
    };
    return cmocka_run_group_tests(tests, open_source, close_source);
}
