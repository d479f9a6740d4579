/* test_quantized.c: models of quantized weights: the same bits at every instruction-set level, thread count
 * and cut into steps; and close to the same weights as f32.
 *
 * A process chooses its level once, so each run is a child. Level amx is emulated where it is not there.
 */
#define _GNU_SOURCE

#include "amx_trap.h"
#include "expect.h"
#include "golden.h"
#include "in_child.h"
#include "kernels/kernels.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { N_TOKENS = 40, N_VOCAB = 320 };

typedef struct run {
    const char *path;
    ewi_cpu_level level;
    uint32_t n_threads, n_rows;
    bool exact;
    float *logits; /* shared with the parent: [N_TOKENS, N_VOCAB] */
    bool *is_done;
} run;

typedef struct model_kind {
    const char *arch;
    uint32_t n_experts, n_used;
    ewi_dtype dtype;
    bool mixed;
} model_kind;

static const char *write_model(const char *name, model_kind kind, bool dequantized) {
    gguf_build *b = tiny_model_build(&(tiny_model){.arch = kind.arch,
                                                   .n_experts = kind.n_experts,
                                                   .n_used = kind.n_used,
                                                   .n_heads = 4,
                                                   .head_dim = 64,
                                                   .d_model = 256,
                                                   .d_ffn = 512,
                                                   .dtype = kind.dtype,
                                                   .mixed = kind.mixed,
                                                   .dequantized = dequantized,
                                                   .seed = 7});
    const char *path = scratch_path(name);
    gguf_build_write(b, path);
    gguf_build_free(b);
    return path;
}

/* False where the level cannot be had, by emulation either. */
static bool choose(ewi_cpu_level level) {
    bool is_amx = strcmp(ewi_cpu_name(level), "amx") == 0;
    if (!ewi_cpu_usable(level) && !(is_amx && amx_trap_install())) return false;
    ewi_kernels_force(level);
    return true;
}

static void run_child(void *arg) {
    const run *u = arg;
    ew_token ids[N_TOKENS];
    for (size_t i = 0; i < N_TOKENS; i++) ids[i] = (ew_token)((i * 37 + 5) % N_VOCAB);
    if (!choose(u->level)) return;
    ew_engine_options o = {.n_threads = u->n_threads, .n_rows = u->n_rows, .exact = u->exact};
    rig r = rig_open(u->path, &o);
    float *logits = rig_logits(&r, ids, N_TOKENS);
    memcpy(u->logits, logits, N_TOKENS * N_VOCAB * sizeof *logits);
    *u->is_done = true;
    free(logits);
    rig_close(&r);
}

static float *shared_logits(void) {
    size_t size = N_TOKENS * N_VOCAB * sizeof(float) + sizeof(bool);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

/* Fills u.logits, shared_logits; false when the level is not to be had. */
static bool run_as(run u) {
    u.is_done = (bool *)(u.logits + N_TOKENS * N_VOCAB);
    *u.is_done = false;
    in_child(run_child, &u);
    return *u.is_done;
}

static bool run_one(const char *path, ewi_cpu_level level, uint32_t n_threads, uint32_t n_rows,
                    float *logits) {
    return run_as((run){path, level, n_threads, n_rows, true, logits, NULL});
}

static void release(float *logits) {
    munmap(logits, N_TOKENS * N_VOCAB * sizeof(float) + sizeof(bool));
}

static void same_at_all_levels(model_kind kind) {
    static const uint32_t cuts[][2] = {{1, 1}, {2, 7}, {2, 64}, {1, 3}}; /* threads, rows */
    const char *path = write_model("quantized.gguf", kind, false);
    float *want = shared_logits(), *got = shared_logits();
    assert_true(run_one(path, EWI_CPU_SCALAR, 1, 1, want));
    assert_true(isfinite(want[0]) && want[0] != want[1]);
    for (ewi_cpu_level level = EWI_CPU_SCALAR; level < EWI_N_CPU_LEVELS; level++)
        for (size_t i = 0; i < EWI_COUNT(cuts); i++) {
            if (!run_one(path, level, cuts[i][0], cuts[i][1], got)) {
                if (i == 0) print_message("SKIPPED: %s: %s\n", ewi_cpu_name(level), ewi_cpu_why_not(level));
                continue;
            }
            if (memcmp(want, got, N_TOKENS * N_VOCAB * sizeof *got) != 0)
                fail_msg("%s at %s, %u threads, %u rows: differs by up to %g",
                         ewi_dtype_get(kind.dtype)->name, ewi_cpu_name(level), cuts[i][0], cuts[i][1],
                         (double)golden_distance(want, got, N_TOKENS * N_VOCAB));
        }
    release(want);
    release(got);
}

static void test_levels(void **state) {
    (void)state;
    static const ewi_dtype types[] = {EWI_Q8_0, EWI_Q4_0, EWI_Q4_1, EWI_Q5_0,  EWI_Q5_1,
                                      EWI_Q4_K, EWI_Q5_K, EWI_Q6_K, EWI_IQ4_NL};
    for (size_t i = 0; i < EWI_COUNT(types); i++) same_at_all_levels((model_kind){.dtype = types[i]});
}

/* A tile belongs to one expert, whatever the cut. */
static void test_experts(void **state) {
    (void)state;
    same_at_all_levels((model_kind){"qwen3moe", 5, 2, EWI_Q4_K, true});
    same_at_all_levels((model_kind){"qwen3moe", 6, 3, EWI_Q5_0, false});
}

static double relative_error(const float *got, const float *want) {
    double error = 0, square = 0;
    for (size_t i = 0; i < N_TOKENS * N_VOCAB; i++) {
        error += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        square += (double)want[i] * (double)want[i];
    }
    return sqrt(error / square);
}

/* Inputs of 8 bits: each layer adds about a hundredth. */
static void close_to_f32(model_kind kind) {
    const char *path = write_model("quantized.gguf", kind, false);
    float *got = shared_logits(), *want = shared_logits();
    assert_true(run_one(path, EWI_CPU_SCALAR, 1, 64, got));
    assert_true(run_one(write_model("same.gguf", kind, true), EWI_CPU_SCALAR, 1, 64, want));
    double error = relative_error(got, want);
    print_message("%s: relative error %.4f\n", ewi_dtype_get(kind.dtype)->name, error);
    assert_true(error > 0 && error < 0.05);
    release(got);
    release(want);
}

static void test_values(void **state) {
    (void)state;
    close_to_f32((model_kind){.dtype = EWI_Q8_0});
    close_to_f32((model_kind){.dtype = EWI_Q4_0});
    close_to_f32(
        (model_kind){"qwen3moe", 3, 3, EWI_Q8_0, false}); /* all are chosen: no error chooses others */
}

/* Without `exact`, tiles attend for 16 rows and more, and threads do not show. Inputs of 8 bits that are
 * rounded otherwise make most of the difference. */
static void test_tiles(void **state) {
    (void)state;
    const char *path = write_model("quantized.gguf", (model_kind){.dtype = EWI_Q8_0}, false);
    ewi_cpu_level amx = EWI_CPU_SCALAR;
    while (amx + 1 < EWI_N_CPU_LEVELS && strcmp(ewi_cpu_name(amx), "amx") != 0) amx++;
    float *want = shared_logits(), *fast = shared_logits(), *got = shared_logits();
    assert_true(run_one(path, EWI_CPU_SCALAR, 1, 64, want));
    if (strcmp(ewi_cpu_name(amx), "amx") != 0 || !run_as((run){path, amx, 1, 64, false, fast, NULL})) {
        print_message("SKIPPED: level amx cannot be had, by emulation either\n");
    } else {
        double error = relative_error(fast, want);
        print_message("attention on tiles: relative error %.4f\n", error);
        assert_true(error > 0 && error < 0.05);
        assert_true(run_as((run){path, amx, 2, 64, false, got, NULL}));
        assert_memory_equal(fast, got, N_TOKENS * N_VOCAB * sizeof *got);
        assert_true(run_as((run){path, amx, 2, 15, false, got, NULL}));
        assert_memory_equal(want, got, N_TOKENS * N_VOCAB * sizeof *got);
    }
    release(want);
    release(fast);
    release(got);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels), cmocka_unit_test(test_experts),
                                       cmocka_unit_test(test_values), cmocka_unit_test(test_tiles)};
    return cmocka_run_group_tests_name("quantized", tests, NULL, scratch_remove);
}
