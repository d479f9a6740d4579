/* Models are opened when they are asked for, and closed when nobody does or another one needs the room. */
#include "test.h"

#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "os/clock.h"
#include "scratch.h"
#include "serve/models.h"
#include "tiny_model.h"

typedef struct served {
    char paths[3][256];
    ew_served_model models[3];
    ew_server_options options;
    ewi_models *all;
} served;

static void keep_line(void *user, ew_str line) {
    char *log = user;
    strncat(log, line.data, line.len < 400 ? line.len : 400);
}

/* Models "a", "b" and "c", of the same size. */
static void begin(served *s, uint64_t memory_bytes, uint32_t keep_alive_s) {
    static const char *const names[] = {"a", "b", "c"};
    ew_error err = {0};
    *s = (served){0};
    for (size_t i = 0; i < 3; i++) {
        char file[] = {names[i][0], '.', 'g', 'g', 'u', 'f', '\0'};
        strncpy(s->paths[i], scratch_path(file), sizeof s->paths[i] - 1);
        tiny_model_write(&(tiny_model){.seed = i}, s->paths[i]);
        s->models[i] = (ew_served_model){.path = s->paths[i]};
    }
    s->options = (ew_server_options){
        .struct_size = sizeof s->options,
        .models = s->models,
        .n_models = 3,
        .engine = {.n_threads = 1},
        .memory_bytes = memory_bytes,
        .keep_alive_s = keep_alive_s,
        .cache_memory_bytes = 1 << 20,
    };
    expect_ok(ewi_models_new(&s->options, &s->all, &err), &err);
}

static void end(served *s) {
    ewi_models_free(s->all);
}

static ewi_host *hold(served *s, const char *name) {
    ewi_refusal refusal;
    ewi_host *host = ewi_models_hold(s->all, (ew_str){name, strlen(name)}, &refusal);
    assert_non_null(host);
    return host;
}

static void use(served *s, const char *name) {
    ewi_models_release(s->all, hold(s, name));
}

static void assert_open(served *s, const char *names) {
    char open[4] = {0};
    for (size_t i = 0; i < ewi_models_count(s->all); i++) {
        ewi_model_entry entry = ewi_models_get(s->all, i);
        if (entry.is_open) strncat(open, entry.name, 1);
    }
    assert_string_equal(open, names);
}

static void models_go_by_names(void **state) {
    (void)state;
    served s;
    ewi_refusal refusal;
    begin(&s, 0, 0);
    assert_open(&s, "");
    ewi_host *first = hold(&s, ""), *a = hold(&s, "a"), *b = hold(&s, "b");
    assert_ptr_equal(first, a);
    assert_ptr_not_equal(a, b);
    assert_open(&s, "ab");
    ewi_models_release(s.all, a);
    ewi_models_release(s.all, b);
    ewi_models_release(s.all, first);
    static const char *const strangers[] = {"A", "../a", "a.gguf", "/etc/passwd"};
    for (size_t i = 0; i < 4; i++) {
        assert_null(ewi_models_hold(s.all, (ew_str){strangers[i], strlen(strangers[i])}, &refusal));
        assert_int_equal(refusal.http, 404);
    }
    assert_null(ewi_models_hold(s.all, (ew_str){s.paths[0], strlen(s.paths[0])}, &refusal));
    end(&s);
}

static void two_of_one_name_are_refused(void **state) {
    (void)state;
    served s;
    ewi_models *all;
    ew_error err = {0};
    begin(&s, 0, 0);
    s.models[2].name = "a";
    expect_refused(ewi_models_new(&s.options, &all, &err), EW_INVALID, &err, "\"a\"");
    end(&s);
}

/* Room for the weights of two: the one that was asked for longest ago goes, but none that is held. */
static void others_make_room(void **state) {
    (void)state;
    served s;
    begin(&s, 0, 0);
    ewi_host *host = hold(&s, "a");
    uint64_t weights = ew_model_get_info(host->model).weight_bytes;
    ewi_models_release(s.all, host);
    end(&s);
    begin(&s, 2 * weights + weights / 2, 0);
    use(&s, "a");
    use(&s, "b");
    use(&s, "a");
    use(&s, "c");
    assert_open(&s, "ac");
    ewi_host *a = hold(&s, "a"), *c = hold(&s, "c");
    use(&s, "b");
    assert_open(&s, "abc");
    ewi_models_release(s.all, a);
    ewi_models_release(s.all, c);
    end(&s);
}

static void who_is_not_asked_is_closed(void **state) {
    (void)state;
    served s;
    begin(&s, 0, 1000);
    use(&s, "a");
    ewi_host *b = hold(&s, "b");
    ewi_models_set_keep_alive(s.all, b, 0);
    ewi_models_sweep(s.all);
    assert_open(&s, "ab"); /* b is held */
    assert_int_equal(ewi_models_get(s.all, 1).idle_ends_ns, 0);
    ewi_models_release(s.all, b);
    ewi_models_sweep(s.all);
    assert_open(&s, "a");
    uint64_t ends = ewi_models_get(s.all, 0).idle_ends_ns, now = ewi_clock_ns();
    assert_true(ends > now + 990ull * 1000000000 && ends <= now + 1000ull * 1000000000);
    end(&s);
}

static void where_models_lie_is_for_the_log(void **state) {
    (void)state;
    served s;
    ewi_refusal refusal;
    char log[1024] = {0};
    begin(&s, 0, 0);
    s.options.on_log = keep_line;
    s.options.user = log;
    unlink(s.paths[1]);
    assert_null(ewi_models_hold(s.all, (ew_str){"b", 1}, &refusal));
    assert_int_equal(refusal.http, 503);
    assert_null(strstr(refusal.text, ".gguf"));
    assert_non_null(strstr(log, "b.gguf"));
    use(&s, "a"); /* the others are as they were */
    end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_go_by_names),
        cmocka_unit_test(two_of_one_name_are_refused),
        cmocka_unit_test(others_make_room),
        cmocka_unit_test(who_is_not_asked_is_closed),
        cmocka_unit_test(where_models_lie_is_for_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
