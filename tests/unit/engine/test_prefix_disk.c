/* test_prefix_disk.c: what one engine kept on disk another one goes on with, to the last bit; whatever was
 * done to the files, they are used only where they are what was written, and no request fails for them. */
#define _XOPEN_SOURCE 700

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/prefix_cache.h"
#include "expect.h"
#include "golden.h"
#include "in_child.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#define N_TOKENS 210u /* three whole blocks and some */
#define N_WHOLE  192u
#define PLENTY   ((uint64_t)1 << 30)
#define HEAD     4096

static void fill_tokens(ew_token *tokens, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) tokens[i] = (ew_token)((i * 37 + i / 7 * 11 + seed * 13) % 64);
}

static const char *model_path(void) {
    static char path[512];
    if (path[0]) return path;
    snprintf(path, sizeof path, "%s", scratch_path("disk.gguf"));
    tiny_model_write(&(tiny_model){.no_vocabulary = true, .n_vocab = 64, .n_ctx = 512}, path);
    return path;
}

static rig tiny_rig(ew_cache_type type) {
    return rig_open(model_path(),
                    &(ew_engine_options){.n_threads = 1, .exact = true, .cache_k = type, .cache_v = type});
}

static ewi_prefix_cache *open_cache(const rig *r, const char *folder, uint64_t disk_bytes) {
    ewi_prefix_cache *cache = NULL;
    ew_error err = {0};
    const ewi_prefix_cache_options o = {PLENTY, scratch_path(folder), disk_bytes};
    expect_ok(ewi_prefix_cache_new(r->engine, &o, &cache, &err), &err);
    return cache;
}

static ewi_prefix_cache_stats keep(const rig *r, ewi_prefix_cache *cache, const ew_token *tokens, size_t n) {
    ew_session *session = rig_session(r, NULL);
    free(rig_session_logits(r, session, tokens, n));
    ewi_prefix_cache_keep(cache, session);
    ew_session_free(session);
    return ewi_prefix_cache_get_stats(cache);
}

static void keep_in(const rig *r, const char *folder, const ew_token *tokens, size_t n) {
    ewi_prefix_cache *cache = open_cache(r, folder, PLENTY);
    keep(r, cache, tokens, n);
    ewi_prefix_cache_free(cache);
}

/* Computes n tokens after what the cache knows of them, and compares. */
static uint32_t known(const rig *r, ewi_prefix_cache *cache, const ew_token *tokens, size_t n) {
    ew_session *fresh = rig_session(r, NULL), *session = rig_session(r, NULL);
    float *expected = rig_session_logits(r, fresh, tokens, n);
    const uint32_t n_known = ewi_prefix_cache_take(cache, session, tokens, n);
    assert_true(n_known < n);
    float *logits = rig_session_logits(r, session, tokens + n_known, n - n_known);
    assert_memory_equal(logits, expected + n_known * r->n_vocab, (n - n_known) * r->n_vocab * sizeof *logits);
    free(expected);
    free(logits);
    ew_session_free(fresh);
    ew_session_free(session);
    return n_known;
}

static uint32_t known_in(const rig *r, const char *folder, const ew_token *tokens, size_t n,
                         ewi_prefix_cache_stats *stats) {
    ewi_prefix_cache *cache = open_cache(r, folder, PLENTY);
    const uint32_t n_known = known(r, cache, tokens, n);
    if (stats) *stats = ewi_prefix_cache_get_stats(cache);
    ewi_prefix_cache_free(cache);
    return n_known;
}

/* The paths of a folder's files; in no order. */
static size_t list(const char *folder, char paths[][1024], size_t max) {
    size_t n = 0;
    DIR *dir = opendir(scratch_path(folder));
    assert_non_null(dir);
    for (struct dirent *at; (at = readdir(dir));) {
        if (at->d_name[0] == '.') continue;
        assert_true(n < max);
        snprintf(paths[n++], 1024, "%s/%s", scratch_path(folder), at->d_name);
    }
    closedir(dir);
    return n;
}

static size_t count(const char *folder) {
    static char paths[256][1024];
    return list(folder, paths, 256);
}

/* ---- what comes back ---- */

static void after_a_restart(void **state) {
    (void)state;
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 1);
    for (int type = EW_CACHE_F16; type <= EW_CACHE_Q4R; type++) {
        rig r = tiny_rig((ew_cache_type)type);
        keep_in(&r, "restart", tokens, N_TOKENS);
        rig_close(&r);
        r = tiny_rig((ew_cache_type)type);
        ewi_prefix_cache_stats stats;
        assert_int_equal(known_in(&r, "restart", tokens, N_TOKENS, &stats), N_WHOLE);
        assert_int_equal(stats.disk_positions, N_WHOLE);
        assert_int_equal(stats.memory_positions, 0);
        assert_int_equal(stats.n_bad_files, 0);
        assert_int_equal(known_in(&r, "restart", tokens, N_WHOLE, NULL), N_WHOLE - 1); /* one is left */
        assert_int_equal(known_in(&r, "restart", tokens, 65, NULL), 64);
        assert_int_equal(known_in(&r, "restart", tokens, 63, NULL), 0);
        tokens[64]++;
        assert_int_equal(known_in(&r, "restart", tokens, N_TOKENS, NULL), 64);
        tokens[64]--;
        rig_close(&r);
        assert_int_equal(count("restart"), 3 * (size_t)(type + 1));
    }
}

static void every_kind_of_model(void **state) {
    (void)state;
    static const char *const names[] = {"mistral-window", "gemma3", "phi3-longrope", "bloom", "qwen3moe"};
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 2);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rig r = rig_open(golden_path(names[i]), &(ew_engine_options){.n_threads = 2, .exact = true});
        const uint32_t n = ew_session_n_ctx(r.session) < N_TOKENS ? ew_session_n_ctx(r.session) : N_TOKENS;
        keep_in(&r, "models", tokens, n);
        assert_int_equal(known_in(&r, "models", tokens, n, NULL), (n - 1) / 64 * 64 + (n % 64 ? 0 : 63));
        rig_close(&r);
    }
}

/* Memory gives up what the disk then has. */
static void memory_and_disk_together(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_F16);
    ewi_prefix_cache *cache = NULL;
    const uint64_t block_bytes = ew_engine_get_info(r.engine).state_bytes_per_block;
    const ewi_prefix_cache_options o = {2 * block_bytes, scratch_path("both"), PLENTY};
    assert_int_equal(ewi_prefix_cache_new(r.engine, &o, &cache, NULL), EW_OK);
    ew_token a[N_TOKENS], b[N_TOKENS];
    fill_tokens(a, N_TOKENS, 3);
    fill_tokens(b, N_TOKENS, 4);
    keep(&r, cache, a, N_TOKENS);
    keep(&r, cache, b, N_TOKENS);
    for (int pass = 0; pass < 3; pass++) {
        while (ewi_prefix_cache_get_stats(cache).n_written < 6) sched_yield();
        assert_int_equal(known(&r, cache, a, N_TOKENS), N_WHOLE);
        assert_int_equal(known(&r, cache, b, N_TOKENS), N_WHOLE);
    }
    const ewi_prefix_cache_stats stats = ewi_prefix_cache_get_stats(cache);
    assert_int_equal(stats.memory_positions + stats.disk_positions, 6 * N_WHOLE);
    assert_true(stats.disk_positions >= 3 * N_WHOLE);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

/* ---- what is not used ---- */

static void of_another_model_or_state(void **state) {
    (void)state;
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 1);
    rig r = tiny_rig(EW_CACHE_F16);
    keep_in(&r, "others", tokens, N_TOKENS);
    rig_close(&r);
    r = tiny_rig(EW_CACHE_F32);
    assert_int_equal(known_in(&r, "others", tokens, N_TOKENS, NULL), 0);
    rig_close(&r);
    const char *path = scratch_path("other.gguf");
    tiny_model_write(&(tiny_model){.no_vocabulary = true, .n_vocab = 64, .n_ctx = 512, .seed = 9}, path);
    r = rig_open(path, &(ew_engine_options){.n_threads = 1, .exact = true});
    ewi_prefix_cache_stats stats;
    assert_int_equal(known_in(&r, "others", tokens, N_TOKENS, &stats), 0);
    assert_int_equal(stats.n_bad_files, 0); /* nobody looked for them */
    rig_close(&r);
    r = tiny_rig(EW_CACHE_F16);
    assert_int_equal(known_in(&r, "others", tokens, N_TOKENS, NULL), N_WHOLE);
    rig_close(&r);
}

static void of_other_adapters(void **state) {
    (void)state;
    static const char *const names[] = {"llama-gqa.lora-all", "llama-gqa.lora-attention"};
    ew_token tokens[100];
    fill_tokens(tokens, 100, 6);
    for (int i = 0; i < 4; i++) {
        rig r = {0};
        ew_error err = {0};
        ew_adapter *adapter = NULL;
        expect_ok(ew_model_open(golden_path("llama-gqa"), &r.model, &err), &err);
        expect_ok(ew_adapter_open(r.model, golden_path(names[i % 2]), &adapter, &err), &err);
        const ew_adapter *const adapters[] = {adapter};
        const ew_engine_options o = {
            .struct_size = sizeof o, .n_threads = 1, .exact = true, .adapters = adapters, .n_adapters = 1};
        expect_ok(ew_engine_new(r.model, &o, &r.engine, &err), &err);
        r.n_vocab = ew_model_get_info(r.model).n_vocab;
        ewi_prefix_cache *cache = open_cache(&r, "adapters", PLENTY);
        for (int k = 0; k < 3; k++) {
            const ew_adapter_use use = {adapter, k == 2 ? 0.5f : 1};
            ew_session *session = rig_session(&r, NULL);
            expect_ok(ew_session_set_adapters(session, &use, k > 0, &err), &err);
            /* Without an adapter it is known from the first engine on, with one from the same one's. */
            assert_int_equal(ewi_prefix_cache_take(cache, session, tokens, 100), i > (k ? 1 : 0) ? 64 : 0);
            const uint32_t n = ew_session_length(session);
            free(rig_session_logits(&r, session, tokens + n, 100 - n));
            ewi_prefix_cache_keep(cache, session);
            ew_session_free(session);
        }
        ewi_prefix_cache_free(cache);
        rig_close(&r);
        ew_adapter_close(adapter);
    }
}

/* ---- damage ---- */

typedef struct file {
    char path[1024];
    uint8_t *bytes;
    size_t len;
} file;

static file read_one(const char *path) {
    file f = {0};
    snprintf(f.path, sizeof f.path, "%s", path);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    fseek(in, 0, SEEK_END);
    f.len = (size_t)ftell(in);
    rewind(in);
    f.bytes = malloc(f.len);
    assert_non_null(f.bytes);
    assert_int_equal(fread(f.bytes, 1, f.len, in), f.len);
    fclose(in);
    return f;
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t len) {
    unlink(path);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    fclose(out);
}

/* Only asks: nothing is evaluated. */
static uint32_t asked(const rig *r, const char *folder, const ew_token *tokens, size_t n, uint64_t n_bad) {
    ewi_prefix_cache *cache = open_cache(r, folder, PLENTY);
    ew_session *session = rig_session(r, NULL);
    const uint32_t n_known = ewi_prefix_cache_take(cache, session, tokens, n);
    assert_int_equal(ewi_prefix_cache_get_stats(cache).n_bad_files, n_bad);
    ew_session_free(session);
    ewi_prefix_cache_free(cache);
    return n_known;
}

static void damaged_files(void **state) {
    (void)state;
    ew_token tokens[N_TOKENS];
    static char paths[4][1024];
    fill_tokens(tokens, N_TOKENS, 1);
    rig r = tiny_rig(EW_CACHE_F16);
    keep_in(&r, "damaged", tokens, 64);
    assert_int_equal(list("damaged", paths, 4), 1);
    file f = read_one(paths[0]);
    for (size_t i = 0; i < f.len; i += i < HEAD ? 7 : 997) {
        f.bytes[i] ^= 4;
        write_bytes(f.path, f.bytes, f.len);
        assert_int_equal(asked(&r, "damaged", tokens, N_TOKENS, 1), 0);
        assert_int_equal(count("damaged"), 0); /* it went */
        f.bytes[i] ^= 4;
    }
    for (size_t len = 0; len < f.len; len += len < HEAD ? 301 : 1999) {
        write_bytes(f.path, f.bytes, len);
        assert_int_equal(asked(&r, "damaged", tokens, N_TOKENS, 1), 0);
        assert_int_equal(count("damaged"), 0);
    }
    write_bytes(f.path, f.bytes, f.len);
    assert_int_equal(known_in(&r, "damaged", tokens, N_TOKENS, NULL), 64);
    free(f.bytes);
    rig_close(&r);
}

/* Right in themselves, but called like others. */
static void exchanged_files(void **state) {
    (void)state;
    ew_token tokens[N_TOKENS];
    static char paths[4][1024];
    fill_tokens(tokens, N_TOKENS, 1);
    rig r = tiny_rig(EW_CACHE_F16);
    keep_in(&r, "exchanged", tokens, N_TOKENS);
    assert_int_equal(list("exchanged", paths, 4), 3);
    const char *aside = scratch_path("aside");
    assert_int_equal(rename(paths[0], aside), 0);
    assert_int_equal(rename(paths[1], paths[0]), 0);
    assert_int_equal(rename(paths[2], paths[1]), 0);
    assert_int_equal(rename(aside, paths[2]), 0);
    ewi_prefix_cache_stats stats;
    assert_int_equal(known_in(&r, "exchanged", tokens, N_TOKENS, &stats), 0);
    assert_int_equal(stats.n_bad_files, 1);
    keep_in(&r, "exchanged", tokens, N_TOKENS); /* the first comes again, the others are taken for right */
    assert_int_equal(known_in(&r, "exchanged", tokens, N_TOKENS, &stats), 64);
    assert_int_equal(stats.n_bad_files, 1);
    rig_close(&r);
}

/* Truncated while a session uses it: its step fails, and the next request computes all again. */
static void truncated_in_use(void **state) {
    (void)state;
    ew_token tokens[N_TOKENS];
    static char paths[4][1024];
    ew_error err = {0};
    fill_tokens(tokens, N_TOKENS, 1);
    expect_ok(ew_guard_install(&err), &err);
    rig r = tiny_rig(EW_CACHE_F16);
    for (uint32_t n = 64; n <= 100; n += 36) { /* behind the block, and in it: then it is copied first */
        keep_in(&r, "truncated", tokens, 128);
        assert_int_equal(list("truncated", paths, 4), 2);
        ewi_prefix_cache *cache = open_cache(&r, "truncated", PLENTY);
        ew_session *session = rig_session(&r, NULL);
        assert_int_equal(ewi_prefix_cache_take(cache, session, tokens, 129), 128);
        for (size_t i = 0; i < 2; i++) assert_int_equal(truncate(paths[i], 0), 0);
        ew_session_truncate(session, n);
        expect_refused(ew_eval(session, tokens + n, 1, NULL, NULL, &err), EW_IO, &err, "truncated");
        assert_int_equal(ewi_state_check(&session->state, NULL), EW_IO);
        ewi_prefix_cache_keep(cache, session); /* nothing of it is */
        assert_int_equal(known(&r, cache, tokens, N_TOKENS), 0);
        ew_session_free(session);
        ewi_prefix_cache_free(cache);
    }
    rig_close(&r);
}

/* ---- ends ---- */

static void killed_while_writing(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_F32);
    ew_token tokens[N_TOKENS];
    for (unsigned round = 0; round < 10; round++) {
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            ewi_prefix_cache *cache = open_cache(&r, "killed", PLENTY);
            for (uint32_t seed = 0;; seed++) {
                fill_tokens(tokens, N_TOKENS, seed % 5);
                tokens[0] = (ew_token)(round * 6 + seed / 5 % 6);
                keep(&r, cache, tokens, N_TOKENS);
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000000 + (long)round * 3000000}, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        ewi_prefix_cache *cache = open_cache(&r, "killed", PLENTY);
        for (uint32_t seed = 0; seed < 5; seed++) {
            fill_tokens(tokens, N_TOKENS, seed);
            tokens[0] = (ew_token)(round * 6);
            (void)known(&r, cache, tokens, N_TOKENS);
        }
        assert_int_equal(ewi_prefix_cache_get_stats(cache).n_bad_files, 0);
        ewi_prefix_cache_free(cache);
    }
    rig_close(&r);
}

/* No file may be longer than a page: like a disk without room. */
static void serve_from_a_full_disk(void *arg) {
    (void)arg;
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 1);
    rig r = tiny_rig(EW_CACHE_F16);
    ewi_prefix_cache *cache = open_cache(&r, "full", PLENTY);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){5000, 5000}), 0);
    keep(&r, cache, tokens, N_TOKENS);
    assert_int_equal(known(&r, cache, tokens, N_TOKENS), N_TOKENS - 1);
    while (ewi_prefix_cache_get_stats(cache).n_unwritten < 3) sched_yield();
    assert_int_equal(ewi_prefix_cache_get_stats(cache).n_written, 0);
    assert_int_equal(ewi_prefix_cache_get_stats(cache).disk_bytes, 0);
    ewi_prefix_cache_free(cache);
    assert_int_equal(count("full"), 0);
    rig_close(&r);
}

static void a_full_disk(void **state) {
    (void)state;
    model_path();
    in_child(serve_from_a_full_disk, NULL);
}

static void no_more_than_it_may(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_F16);
    const uint64_t file_bytes = HEAD + ew_engine_get_info(r.engine).state_bytes_per_block;
    ewi_prefix_cache *cache = open_cache(&r, "bounded", 10 * file_bytes);
    ew_token tokens[N_TOKENS];
    for (uint32_t i = 0; i < 12; i++) {
        fill_tokens(tokens, N_TOKENS, i % 5);
        tokens[0] = (ew_token)i;
        keep(&r, cache, tokens, N_TOKENS);
    }
    ewi_prefix_cache_free(cache);
    assert_in_range(count("bounded"), 8, 10);
    /* The beginnings of what was kept last are there: ends go first. */
    assert_int_equal(known_in(&r, "bounded", tokens, N_TOKENS, NULL), N_WHOLE);
    rig_close(&r);
}

static void a_folder_that_is_refused(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_F16);
    ewi_prefix_cache *cache = NULL;
    ew_error err = {0};
    const ewi_prefix_cache_options o = {PLENTY, model_path(), PLENTY};
    expect_refused(ewi_prefix_cache_new(r.engine, &o, &cache, &err), EW_IO, &err, "disk.gguf: cannot");
    assert_null(cache);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_restart),          cmocka_unit_test(every_kind_of_model),
        cmocka_unit_test(memory_and_disk_together), cmocka_unit_test(of_another_model_or_state),
        cmocka_unit_test(of_other_adapters),        cmocka_unit_test(damaged_files),
        cmocka_unit_test(exchanged_files),          cmocka_unit_test(truncated_in_use),
        cmocka_unit_test(killed_while_writing),     cmocka_unit_test(a_full_disk),
        cmocka_unit_test(no_more_than_it_may),      cmocka_unit_test(a_folder_that_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
