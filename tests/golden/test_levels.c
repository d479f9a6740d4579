/* test_levels.c: the same bits at every instruction-set level, thread count, cut into steps, and company.
 *
 * A process chooses its level once, so each run is a child. The first one, scalar, one thread, one row a
 * step, alone, is what test_hf_models.c compares with transformers; here nothing but equality is asked.
 * Without `exact`, below level amx, only the cut into steps may change bits.
 */
#define _GNU_SOURCE

#include "amx_trap.h"
#include "expect.h"
#include "golden.h"
#include "in_child.h"
#include "kernels/kernels.h"
#include "rig.h"

#include <stdlib.h>
#include <sys/mman.h>

#define MAX_LOGITS ((size_t)256 * 128)

typedef struct run {
    const char *file, *level;
    uint32_t n_threads, n_rows;
    bool has_company;
    ew_cache_type cache;
    bool is_fast; /* without `exact` */
    const golden *g;
    float *logits; /* shared with the parent */
    char *level_used;
} run;

/* ---- alone ---- */

static void run_alone(const run *u, const rig *r) {
    float *logits = rig_logits(r, u->g->prompt, u->g->n_prompt);
    memcpy(u->logits, logits, u->g->n_prompt * u->g->n_vocab * sizeof *logits);
    free(logits);
}

/* ---- beside three others ---- */

#define N_OTHERS 3

typedef struct crowd {
    const run *u;
    const rig *r;
    ew_session *others[N_OTHERS];
    ew_row rows[256];
    size_t at[256]; /* of a row: its place in the prompt, or SIZE_MAX for the others */
    size_t n;
} crowd;

static void keep_own(void *user, size_t row, const float *logits) {
    crowd *c = user;
    size_t n_vocab = c->u->g->n_vocab;
    if (c->at[row] == SIZE_MAX) return;
    memcpy(c->u->logits + c->at[row] * n_vocab, logits, n_vocab * sizeof *logits);
}

static void add_row(crowd *c, ew_session *session, uint32_t position, ew_token token, size_t at) {
    if (c->n == c->u->n_rows) return;
    c->at[c->n] = at;
    c->rows[c->n++] = (ew_row){session, position, token, true};
}

/* Other tokens, other lengths: a few rows of each of the others before, between and after the session's
 * own. */
static void add_others(crowd *c, size_t count, uint32_t step) {
    for (size_t k = 0; k < N_OTHERS; k++) {
        uint32_t length = ew_session_length(c->others[k]);
        for (size_t i = 0; i < count && length + i < ew_session_n_ctx(c->others[k]); i++)
            add_row(c, c->others[k], length + (uint32_t)i,
                    (ew_token)((step * 7 + k * 31 + i * 3) % c->u->g->n_vocab), SIZE_MAX);
    }
}

static size_t add_own(crowd *c, size_t done, size_t count) {
    size_t i = 0;
    for (; i < count && done + i < c->u->g->n_prompt && c->n < c->u->n_rows; i++)
        add_row(c, c->r->session, (uint32_t)(done + i), c->u->g->prompt[done + i], done + i);
    return done + i;
}

static void run_in_company(const run *u, const rig *r) {
    ew_error err = {0};
    crowd c = {.u = u, .r = r};
    for (size_t k = 0; k < N_OTHERS; k++) c.others[k] = rig_session(r, NULL);
    size_t done = 0;
    for (uint32_t step = 0; done < u->g->n_prompt; step++) {
        c.n = 0;
        if (step % 2) add_others(&c, 1 + step % 3, step);
        done = add_own(&c, done, 1 + step * 5 % 13);
        if (step % 2 == 0) add_others(&c, 1 + step % 4, step);
        expect_ok(ew_step(r->engine, c.rows, c.n, keep_own, &c, &err), &err);
    }
    for (size_t k = 0; k < N_OTHERS; k++) ew_session_free(c.others[k]);
}

/* False where level amx cannot be had, by emulation either. */
static bool choose(const char *level) {
    ewi_cpu_level cap;
    setenv("EDGEWISE_CPU", level, 1);
    if (strcmp(level, "amx") != 0) return true;
    bool is_known = ewi_cpu_parse(level, &cap, NULL) == EW_OK && strcmp(ewi_cpu_name(cap), level) == 0;
    if (!is_known || (!ewi_cpu_usable(cap) && !amx_trap_install())) return false;
    ewi_kernels_force(cap);
    return true;
}

static void run_child(void *arg) {
    const run *u = arg;
    if (!choose(u->level)) return;
    ew_engine_options o = {
        .n_threads = u->n_threads, .n_rows = u->n_rows, .cache_k = u->cache, .cache_v = u->cache};
    o.exact = !u->is_fast;
    rig r = rig_open(golden_path(u->file), &o);
    strncpy(u->level_used, ew_engine_get_info(r.engine).cpu_level, 15);
    if (u->has_company)
        run_in_company(u, &r);
    else
        run_alone(u, &r);
    rig_close(&r);
}

/* ---- comparisons ---- */

static void *shared(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

static void compare(const run *u, const float *expected) {
    size_t n = u->g->n_prompt * u->g->n_vocab;
    memset(u->logits, 0xff, n * sizeof(float));
    in_child(run_child, (void *)(uintptr_t)u);
    if (memcmp(u->logits, expected, n * sizeof(float)) == 0) return;
    fail_msg("%s at %s (%s), %u threads, %u rows, %s: differs by up to %g", u->file, u->level, u->level_used,
             u->n_threads, u->n_rows, u->has_company ? "in company" : "alone",
             (double)golden_distance(u->logits, expected, n));
}

static void compare_all(const char *name, const char *file, ew_cache_type cache) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    static const uint32_t n_rows[] = {1, 7, 256};
    golden g = golden_load(name);
    float *expected = shared(MAX_LOGITS * sizeof *expected), *logits = shared(MAX_LOGITS * sizeof *logits);
    char *level_used = shared(16);
    assert_true(g.n_prompt * g.n_vocab <= MAX_LOGITS);
    run first = {file, "scalar", 1, 1, false, cache, false, &g, expected, level_used};
    in_child(run_child, &first);
    assert_string_equal(level_used, "scalar");
    for (size_t l = 0; l < 3; l++)
        for (size_t k = 0; k < 3; k++)
            for (unsigned kind = 0; kind < 4; kind++) {
                run u = {file,  levels[l], 1 + kind % 2, n_rows[k], kind >= 2,
                         cache, false,     &g,           logits,    level_used};
                if (u.n_threads == 1 || u.n_rows > 1) compare(&u, expected);
            }
    munmap(expected, MAX_LOGITS * sizeof *expected);
    munmap(logits, MAX_LOGITS * sizeof *logits);
    munmap(level_used, 16);
    golden_free(&g);
}

/* Many rows a step: at every level the same integers. */
static void compare_fast(const char *name, const char *file) {
    static const char *const levels[] = {"avx2", "avx512", "vnni"};
    golden g = golden_load(name);
    float *expected = shared(MAX_LOGITS * sizeof *expected), *logits = shared(MAX_LOGITS * sizeof *logits);
    char *level_used = shared(16);
    run first = {file, "scalar", 1, 64, false, EW_CACHE_F16, true, &g, expected, level_used};
    in_child(run_child, &first);
    run exact = {file, "scalar", 1, 64, false, EW_CACHE_F16, false, &g, logits, level_used};
    in_child(run_child, &exact);
    assert_memory_not_equal(logits, expected, g.n_prompt * g.n_vocab * sizeof *logits);
    for (size_t l = 0; l < 3; l++)
        for (uint32_t n_threads = 1; n_threads <= 2; n_threads++) {
            run u = {file, levels[l], n_threads, 64, false, EW_CACHE_F16, true, &g, logits, level_used};
            compare(&u, expected);
        }
    munmap(expected, MAX_LOGITS * sizeof *expected);
    munmap(logits, MAX_LOGITS * sizeof *logits);
    munmap(level_used, 16);
    golden_free(&g);
}

/* As FAST_BOUND in test_hf_models.c: seen were 0.06 to 0.25. */
#define TILES_BOUND 0.3f

/* Many rows a step on bf16 tiles: near transformers' logits, and the same with any threads and company. */
static void compare_tiles(const char *name, const char *file) {
    golden g = golden_load(name);
    size_t n = g.n_prompt * g.n_vocab;
    float *expected = shared(MAX_LOGITS * sizeof *expected), *logits = shared(MAX_LOGITS * sizeof *logits);
    char *level_used = shared(16);
    run first = {file, "amx", 1, 64, false, EW_CACHE_F32, true, &g, expected, level_used};
    in_child(run_child, &first);
    if (level_used[0]) {
        float distance = golden_distance(expected, g.logits, n);
        print_message("%s on tiles: largest difference %.2e\n", file, (double)distance);
        assert_string_equal(level_used, "amx");
        assert_true(distance <= TILES_BOUND);
        run threads = {file, "amx", 2, 128, false, EW_CACHE_F32, true, &g, logits, level_used};
        compare(&threads, expected);
        run exact = {file, "amx", 2, 64, false, EW_CACHE_F32, false, &g, logits, level_used};
        in_child(run_child, &exact);
        assert_memory_not_equal(logits, expected, n * sizeof *logits);
    } else {
        print_message("SKIPPED: level amx cannot be had, by emulation either\n");
    }
    munmap(expected, MAX_LOGITS * sizeof *expected);
    munmap(logits, MAX_LOGITS * sizeof *logits);
    munmap(level_used, 16);
    golden_free(&g);
}

static void fast_tiles(void **state) {
    (void)state;
    compare_tiles("llama-tied-bf16", "llama-tied-bf16");
    compare_tiles("qwen2-f16", "qwen2-f16.gguf");
    compare_tiles("gemma2", "gemma2.gguf");
    compare_tiles("mistral-window", "mistral-window");
    compare_tiles("bloom", "bloom.gguf");
}

static void fast_halves(void **state) {
    (void)state;
    compare_fast("llama-tied-bf16", "llama-tied-bf16");
    compare_fast("qwen2-f16", "qwen2-f16.gguf");
    compare_fast("gemma2", "gemma2.gguf");
    compare_fast("bloom", "bloom");
}

static void llama_f32(void **state) {
    (void)state;
    compare_all("llama-gqa", "llama-gqa.gguf", EW_CACHE_F32);
}

/* Experts of f32 in one tensor, of bf16 in one each. */
static void experts(void **state) {
    (void)state;
    compare_all("qwen3moe", "qwen3moe.gguf", EW_CACHE_F32);
    compare_all("olmoe", "olmoe", EW_CACHE_F16);
}

static void llama_bf16(void **state) {
    (void)state;
    compare_all("llama-tied-bf16", "llama-tied-bf16", EW_CACHE_F16);
}

static void qwen2_f16(void **state) {
    (void)state;
    compare_all("qwen2-f16", "qwen2-f16.gguf", EW_CACHE_F16);
}

/* Windows with caps, ALiBi, windows over 8-bit states, learned positions with fused matrices, stretched
 * ropes. */
static void other_families(void **state) {
    (void)state;
    compare_all("gemma2", "gemma2.gguf", EW_CACHE_F16);
    compare_all("mpt", "mpt.gguf", EW_CACHE_F32);
    compare_all("mistral-window", "mistral-window", EW_CACHE_Q8);
    compare_all("gpt2", "gpt2", EW_CACHE_F16);
    compare_all("phi3-longrope", "phi3-longrope.gguf", EW_CACHE_Q4R);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(llama_f32),   cmocka_unit_test(llama_bf16), cmocka_unit_test(qwen2_f16),
        cmocka_unit_test(fast_halves), cmocka_unit_test(fast_tiles), cmocka_unit_test(other_families),
        cmocka_unit_test(experts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
