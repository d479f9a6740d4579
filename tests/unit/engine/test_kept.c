/* What is interrupted goes on where it was: cancelled at every step, killed, its files cut and damaged
 * anywhere, a run that asks for the same makes the bytes that one run makes, and takes what was whole. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/slice.h"
#include "expect.h"
#include "model/model.h"
#include "sanitized.h"
#include "scratch.h"
#include "text_file.h"
#include "tiny_model.h"

static ew_model *source;

static int open_source(void **state) {
    (void)state;
    const char *path = scratch_path("source.gguf");
    tiny_model_write(&(tiny_model){.seed = 5, .n_ctx = 64, .biases = true}, path);
    return ew_model_open(path, &source, NULL) != EW_OK;
}

static int close_source(void **state) {
    ew_model_close(source);
    return scratch_remove(state);
}

static ew_quantize_options options(const char *type) {
    return (ew_quantize_options){
        .struct_size = sizeof(ew_quantize_options), .type = type, .n_threads = 2, .replace = true};
}

static const struct {
    const char *type, *method, *whole, *part;
    size_t step; /* of the calls that it is ended at */
} makes[] = {{"q4s", NULL, "whole", "part", 1 + 2 * SANITIZED},
             {"q8_0", NULL, "whole.gguf", "part.gguf", 1 + 2 * SANITIZED},
             {"q4s", "gptq", "whole", "part", 11 + 12 * SANITIZED}};

enum { N_DAMAGED = SANITIZED ? 20 : 60 };

static ew_quantize_options options_of(size_t i) {
    static const char text[] =
        "Once upon a time there was a calibration text that was long enough for two windows "
        "of a tiny model, so that its layers had something to read before they were rounded "
        "one after the other, each behind those that came before it.";
    ew_quantize_options how = options(makes[i].type);
    how.method = makes[i].method;
    if (how.method) how.calibration = (ew_str){text, sizeof text - 1};
    return how;
}

/* ---- what is there ---- */

static size_t count_entries(const char *path, const char *part) {
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) n += strstr(entry->d_name, part) != NULL;
    closedir(dir);
    return n;
}

/* Of the hidden folder of what is being made: "kept" or "notes". */
static const char *hidden(const char *name) {
    static char path[2048];
    DIR *dir = opendir(scratch_path("."));
    assert_non_null(dir);
    path[0] = '\0';
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, ".part"))
            snprintf(path, sizeof path, "%s/%s", scratch_path(entry->d_name), name);
    closedir(dir);
    if (!path[0]) fail_msg("nothing is kept");
    return path;
}

static void expect_same_file(const char *a, const char *b) {
    size_t n_a, n_b;
    char *x = text_file_read(a, &n_a), *y = text_file_read(b, &n_b);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(x, y, n_a);
    free(x);
    free(y);
}

/* A package's index names, by digests, all that it holds. */
static void expect_same_package(const char *a, const char *b) {
    char index[2][1024], blobs[2][1024];
    ewi_checkpoint c;
    ew_error err = {0};
    const char *const paths[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        snprintf(index[i], sizeof index[i], "%s/index.json", paths[i]);
        snprintf(blobs[i], sizeof blobs[i], "%s/blobs/sha256", paths[i]);
    }
    expect_same_file(index[0], index[1]);
    assert_int_equal(count_entries(blobs[0], ""), count_entries(blobs[1], ""));
    assert_int_equal(count_entries(a, ""), count_entries(b, ""));
    expect_ok(ewi_checkpoint_open(b, &c, &err), &err);
    expect_ok(ewi_checkpoint_verify(&c, &err), &err);
    ewi_checkpoint_close(&c);
}

static void expect_same(const char *type, const char *a, const char *b) {
    if (strcmp(type, "q8_0") == 0)
        expect_same_file(a, b);
    else
        expect_same_package(a, b);
    assert_int_equal(count_entries(scratch_path("."), ".part"), 0);
}

static void expect_same_rows(const ew_quantize_report *a, const ew_quantize_report *b) {
    assert_memory_equal(a->rows, b->rows, sizeof a->rows);
}

/* ---- how it ends early ---- */

typedef struct stopping {
    size_t left; /* calls that go on */
    bool kills;
} stopping;

static bool stop_later(void *user, uint64_t done, uint64_t total) {
    (void)done, (void)total;
    stopping *s = user;
    if (s->left-- > 0) return true;
    if (s->kills) raise(SIGKILL);
    return false;
}

static size_t count_calls(const char *path, const ew_quantize_options *how, ew_quantize_report *report) {
    ew_error err = {0};
    stopping all = {SIZE_MAX, false};
    expect_ok(ew_quantize(source, path, how, stop_later, &all, report, &err), &err);
    return SIZE_MAX - all.left;
}

/* Returns how many tensors are kept. */
static uint64_t cancel_at(const char *path, const ew_quantize_options *how, size_t call) {
    ew_error err = {0};
    ew_quantize_report report;
    stopping s = {call, false};
    expect_refused(ew_quantize(source, path, how, stop_later, &s, &report, &err), EW_CANCELLED, &err,
                   "cancelled");
    assert_int_equal(count_entries(scratch_path("."), ".part"), report.n_kept > 0);
    return report.n_kept;
}

static void kill_at(const char *path, const ew_quantize_options *how, size_t call) {
    int status;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        stopping s = {call, true};
        (void)ew_quantize(source, path, how, stop_later, &s, NULL, NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- tests ---- */

/* Goes on with what is there: at least so many tensors of it. Returns how many. */
static uint64_t go_on(size_t i, const char *part, const char *whole, const ew_quantize_report *wanted) {
    ew_error err = {0};
    ew_quantize_report report;
    const ew_quantize_options how = options_of(i);
    expect_ok(ew_quantize(source, part, &how, NULL, NULL, &report, &err), &err);
    expect_same(makes[i].type, whole, part);
    expect_same_rows(&report, wanted);
    assert_false(report.forgot);
    return report.n_resumed;
}

/* Two names, and a whole one at the first. Returns the calls that it took. */
static size_t make_whole(size_t i, char whole[1024], char part[1024], ew_quantize_report *report) {
    const ew_quantize_options how = options_of(i);
    snprintf(whole, 1024, "%s", scratch_path(makes[i].whole));
    snprintf(part, 1024, "%s", scratch_path(makes[i].part));
    return count_calls(whole, &how, report);
}

static void cancelled_anywhere(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(makes); i++) {
        char whole[1024], part[1024];
        ew_quantize_report wanted;
        const ew_quantize_options how = options_of(i);
        const size_t n_calls = make_whole(i, whole, part, &wanted);
        uint64_t before = 0;
        assert_true(n_calls > source->checkpoint.n_tensors);
        for (size_t call = 0; call < n_calls; call += makes[i].step) {
            const uint64_t n = cancel_at(part, &how, call);
            assert_in_range(n, before, before + makes[i].step);
            assert_int_equal(go_on(i, part, whole, &wanted), n);
            before = n;
        }
        assert_in_range(before, source->checkpoint.n_tensors - makes[i].step, source->checkpoint.n_tensors);
    }
}

/* Each run one tensor more, of which the last one makes but the rest. */
static void cancelled_again_and_again(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char whole[1024], part[1024];
        ew_quantize_report wanted;
        const ew_quantize_options how = options_of(i);
        make_whole(i, whole, part, &wanted);
        uint64_t n = cancel_at(part, &how, 3), more;
        for (; n < 12; n = more) {
            more = cancel_at(part, &how, 2 * (size_t)n + 3);
            assert_true(more > n);
        }
        assert_int_equal(go_on(i, part, whole, &wanted), n);
    }
}

static void killed_anywhere(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(makes); i++) {
        char whole[1024], part[1024];
        ew_quantize_report wanted;
        const ew_quantize_options how = options_of(i);
        const size_t n_calls = make_whole(i, whole, part, &wanted);
        for (size_t call = 0; call < n_calls; call += 3 * makes[i].step) {
            kill_at(part, &how, call);
            const uint64_t n = go_on(i, part, whole, &wanted);
            if (call > 4) assert_true(n > 0);
        }
    }
}

/* What a loss of power may leave: files that end anywhere, and bytes that are others. */
static void damaged_anywhere(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(makes); i++) {
        char whole[1024], part[1024];
        ew_quantize_report wanted;
        const ew_quantize_options how = options_of(i);
        const size_t n_calls = make_whole(i, whole, part, &wanted);
        for (size_t at = 0; at < N_DAMAGED; at++) {
            const char *const name = at % 3 ? "kept" : "notes";
            struct stat st;
            uint64_t n = cancel_at(part, &how, n_calls - 3);
            assert_int_equal(stat(hidden(name), &st), 0);
            const off_t place = st.st_size * (off_t)at / N_DAMAGED;
            if (at % 2) {
                assert_int_equal(truncate(hidden(name), place), 0);
            } else {
                FILE *file = fopen(hidden(name), "r+b");
                assert_non_null(file);
                fseek(file, place, SEEK_SET);
                const int was = fgetc(file);
                fseek(file, place, SEEK_SET);
                fputc(was ^ 0x40, file);
                fclose(file);
            }
            assert_in_range(go_on(i, part, whole, &wanted), 0, n);
        }
    }
}

static void asked_for_otherwise(void **state) {
    (void)state;
    char part[1024];
    ew_error err = {0};
    ew_quantize_report report;
    const ew_quantize_options first = options("q4s"), other = options("q8c");
    snprintf(part, sizeof part, "%s", scratch_path("part"));
    assert_true(cancel_at(part, &first, 20) > 0);
    expect_ok(ew_quantize(source, part, &other, NULL, NULL, &report, &err), &err);
    assert_true(report.forgot);
    assert_int_equal(report.n_resumed, 0);
    assert_int_equal(count_entries(scratch_path("."), ".part"), 0);
}

/* The same file with another time of change is another. */
static void of_another_source(void **state) {
    (void)state;
    char part[1024], path[1024];
    ew_error err = {0};
    ew_model *model;
    ew_quantize_report report;
    const ew_quantize_options how = options("q4s");
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000000000}};
    snprintf(part, sizeof part, "%s", scratch_path("part"));
    snprintf(path, sizeof path, "%s", scratch_path("source.gguf"));
    assert_true(cancel_at(part, &how, 20) > 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    expect_ok(ew_model_open(path, &model, &err), &err);
    expect_ok(ew_quantize(model, part, &how, NULL, NULL, &report, &err), &err);
    assert_true(report.forgot);
    assert_int_equal(report.n_resumed, 0);
    ew_model_close(model);
}

typedef struct twin {
    const char *path;
    size_t calls;
} twin;

static bool make_the_same(void *user, uint64_t done, uint64_t total) {
    (void)done, (void)total;
    twin *t = user;
    ew_error err = {0};
    const ew_quantize_options how = options("q4s");
    if (t->calls++ == 5)
        expect_refused(ew_quantize(source, t->path, &how, NULL, NULL, NULL, &err), EW_IO, &err,
                       "another process is making it");
    return true;
}

static void made_twice_at_once(void **state) {
    (void)state;
    ew_error err = {0};
    char part[1024];
    snprintf(part, sizeof part, "%s", scratch_path("part"));
    twin t = {part, 0};
    const ew_quantize_options how = options("q4s");
    expect_ok(ew_quantize(source, part, &how, make_the_same, &t, NULL, &err), &err);
    assert_true(t.calls > 5);
}

/* Another text is another run; what finds scales of channels is not kept. */
static void calibrated_otherwise(void **state) {
    (void)state;
    char part[1024];
    ew_error err = {0};
    ew_quantize_report report;
    const size_t gptq = EWI_COUNT(makes) - 1;
    ew_quantize_options how = options_of(gptq);
    snprintf(part, sizeof part, "%s", scratch_path("part"));
    const size_t n_calls = count_calls(part, &how, NULL);
    assert_true(cancel_at(part, &how, n_calls - 3) > 0);
    how.calibration.len--;
    expect_ok(ew_quantize(source, part, &how, NULL, NULL, &report, &err), &err);
    assert_true(report.forgot);
    assert_int_equal(report.n_resumed, 0);
    how.method = "awq";
    assert_int_equal(cancel_at(part, &how, count_calls(part, &how, NULL) - 3), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cancelled_anywhere),  cmocka_unit_test(cancelled_again_and_again),
        cmocka_unit_test(killed_anywhere),     cmocka_unit_test(damaged_anywhere),
        cmocka_unit_test(asked_for_otherwise), cmocka_unit_test(of_another_source),
        cmocka_unit_test(made_twice_at_once),  cmocka_unit_test(calibrated_otherwise)};
    return cmocka_run_group_tests(tests, open_source, close_source);
}
