/* torture_quantize.c: the Nth allocation or file call fails while a package or a GGUF file is made, and
 * while a package is opened, for every N: a typed error each time, nothing leaks, and nothing is left behind
 * but what the next run goes on with. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "expect.h"
#include "scratch.h"
#include "tiny_model.h"

#define MAX_CALLS 100000u

/* Entries of the scratch folder. */
static size_t count_entries(void) {
    size_t n = 0;
    DIR *dir = opendir(scratch_path("."));
    assert_non_null(dir);
    while (readdir(dir)) n++;
    closedir(dir);
    return n;
}

static void check_failure(ew_status status, const ew_error *err, uint64_t nth) {
    if (status != EW_NO_MEMORY && status != EW_IO && status != EW_LIMIT)
        fail_msg("failure %llu: \"%s\": %s", (unsigned long long)nth, ew_status_text(status), err->text);
    assert_int_equal(err->status, status);
    assert_true(err->text[0] != '\0');
}

/* How much of a run is there, when another begins. */
typedef struct stopping {
    size_t left; /* calls that go on */
} stopping;

static bool stop_later(void *user, uint64_t done, uint64_t total) {
    (void)done, (void)total;
    stopping *s = user;
    return s->left-- > 0;
}

static void leave_part(const ew_model *model, const ew_quantize_options *how, const char *path) {
    ew_error err = {0};
    ew_quantize_report report;
    stopping s = {9};
    const ew_status status = ew_quantize(model, path, how, stop_later, &s, &report, &err);
    assert_int_equal(status, EW_CANCELLED);
    assert_in_range(report.n_kept, 3, 9);
}

/* What a run that failed has kept is what the next one goes on with, if it is said how much. */
static void go_on(const ew_model *model, const ew_quantize_options *how, const char *path, uint64_t n_kept) {
    ew_error err = {0};
    ew_quantize_report report;
    expect_ok(ew_quantize(model, path, how, NULL, NULL, &report, &err), &err);
    if (n_kept) assert_int_equal(report.n_resumed, n_kept);
}

/* True when the nth call was never reached. */
static bool quantize_with_failure(const ew_model *model, const ew_quantize_options *how, const char *path,
                                  size_t entries, uint64_t nth) {
    ew_error err = {0};
    ew_quantize_report report;
    int64_t blocks = ewi_hostile_live_blocks();
    ewi_hostile_fail_at(nth);
    ew_status status = ew_quantize(model, path, how, NULL, NULL, &report, &err);
    bool reached = ewi_hostile_count() >= nth;
    ewi_hostile_fail_at(0);
    if (status == EW_OK && reached) fail_msg("failure %llu was passed over", (unsigned long long)nth);
    if (status != EW_OK) check_failure(status, &err, nth);
    assert_int_equal(ewi_hostile_live_blocks(), blocks);
    if (count_entries() != entries) go_on(model, how, path, report.n_kept);
    return status == EW_OK;
}

/* Of runs that begin anew, or go on with what is there. */
static void fail_everywhere(const ew_model *model, const ew_quantize_options *how, const char *path,
                            bool goes_on) {
    ew_error err = {0};
    const size_t entries = count_entries();
    uint64_t nth = 1;
    for (bool done = false; !done; nth++) {
        ew_file *file;
        if (goes_on) leave_part(model, how, path);
        done = quantize_with_failure(model, how, path, entries, nth);
        assert_int_equal(count_entries(), entries);
        expect_ok(ew_file_open(path, &file, &err), &err);
        ew_file_close(file);
        if (nth == MAX_CALLS) fail_msg("no end of calls");
    }
    print_message("making, %s %s%s: %llu failures survived\n", how->type, how->method ? how->method : "",
                  goes_on ? ", going on" : "", (unsigned long long)nth - 2);
    assert_true(nth > 20);
}

/* 64 tokens of a text: two windows of a model that was trained on so few. */
static void making(void **state) {
    (void)state;
    static const char letters[] = "thequickbrownfoxjumpsoverthelazydogthequickbrownfoxjumpsoverthelazydog";
    static const char *const methods[] = {"round", "gptq", "awq"};
    static const float smooth[] = {0, 0.5f, 0};
    static const char *const ranges[] = {NULL, "p99.9", "mse"};
    char source[512], target[512];
    ew_model *model;
    ew_error err = {0};
    snprintf(source, sizeof source, "%s", scratch_path("source.gguf"));
    snprintf(target, sizeof target, "%s", scratch_path("package"));
    tiny_model_write(&(tiny_model){.biases = true, .dtype = EWI_F16, .n_ctx = 33, .n_layers = 1}, source);
    expect_ok(ew_model_open(source, &model, &err), &err);
    /* There is one to replace: it must survive each failure. */
    expect_ok(ew_quantize(model, target, NULL, NULL, NULL, NULL, &err), &err);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        ew_quantize_options how = {.struct_size = sizeof how,
                                   .type = "q4s",
                                   .n_threads = 2,
                                   .replace = true,
                                   .method = methods[i],
                                   .calibration = {letters, i > 0 ? sizeof letters - 1 : 0},
                                   .smooth = smooth[i],
                                   .activation_ranges = ranges[i]};
        fail_everywhere(model, &how, target, false);
        if (i == 0) fail_everywhere(model, &how, target, true);
    }
    ew_model_close(model);
}

/* An importance matrix of the tiny model, whose layers have 64 inputs, and 96 before the last. */
static const char *write_imatrix(void) {
    static const char *const names[] = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                        "ffn_gate", "ffn_up", "ffn_down"};
    static const float ones[96] = {1, 2, 3};
    gguf_build *b = gguf_build_new();
    const char *path = scratch_path("imatrix.gguf");
    gguf_build_str(b, "general.type", "imatrix");
    for (unsigned i = 0; i < 2 * EWI_COUNT(names); i++) {
        char name[64];
        const char *noun = names[i / 2];
        const uint64_t n = strcmp(noun, "ffn_down") == 0 ? 96 : 64;
        snprintf(name, sizeof name, "blk.%u.%s.weight.in_sum2", i % 2, noun);
        gguf_build_tensor(b, name, EWI_F32, 2, (uint64_t[]){1, n}, ones);
        snprintf(name, sizeof name, "blk.%u.%s.weight.counts", i % 2, noun);
        gguf_build_tensor(b, name, EWI_F32, 2, (uint64_t[]){1, 1}, ones);
    }
    gguf_build_write(b, path);
    gguf_build_free(b);
    return path;
}

static void making_gguf(void **state) {
    (void)state;
    char source[512], target[512], imatrix[512];
    ew_model *model;
    ew_error err = {0};
    snprintf(imatrix, sizeof imatrix, "%s", write_imatrix());
    snprintf(source, sizeof source, "%s", scratch_path("source.gguf"));
    snprintf(target, sizeof target, "%s", scratch_path("made.gguf"));
    const ew_quantize_options how = {
        .struct_size = sizeof how, .type = "q8_0", .n_threads = 2, .replace = true, .imatrix = imatrix};
    tiny_model_write(&(tiny_model){.biases = true, .dtype = EWI_F16}, source);
    expect_ok(ew_model_open(source, &model, &err), &err);
    expect_ok(ew_quantize(model, target, &how, NULL, NULL, NULL, &err), &err);
    fail_everywhere(model, &how, target, false);
    ew_model_close(model);
}

static void opening(void **state) {
    (void)state;
    for (uint64_t nth = 1; nth < MAX_CALLS; nth++) {
        ew_model *model = NULL;
        ew_error err = {0};
        int64_t blocks = ewi_hostile_live_blocks();
        ewi_hostile_fail_at(nth);
        ew_status status = ew_model_open(scratch_path("package"), &model, &err);
        bool reached = ewi_hostile_count() >= nth;
        ewi_hostile_fail_at(0);
        if (status != EW_OK) check_failure(status, &err, nth);
        if (status == EW_OK && reached) fail_msg("failure %llu was passed over", (unsigned long long)nth);
        ew_model_close(model);
        assert_int_equal(ewi_hostile_live_blocks(), blocks);
        if (status == EW_OK) {
            print_message("opening: %llu failures survived\n", (unsigned long long)nth - 1);
            return;
        }
    }
    fail_msg("no end of calls");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(making), cmocka_unit_test(making_gguf),
                                       cmocka_unit_test(opening)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
