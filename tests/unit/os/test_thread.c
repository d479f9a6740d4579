/* Threads run what they are told, under their name, and leave the program's signals to the program. */
#define _GNU_SOURCE

#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os/thread.h"

typedef struct seen {
    int runs;
    char name[16];
    sigset_t mask;
} seen;

static void look_around(void *arg) {
    seen *s = arg;
    s->runs++;
    pthread_getname_np(pthread_self(), s->name, sizeof s->name);
    pthread_sigmask(SIG_BLOCK, NULL, &s->mask);
}

static void run(const char *name, seen *s) {
    ewi_thread *thread;
    *s = (seen){0};
    assert_int_equal(ewi_thread_start(look_around, s, name, &thread, NULL), EW_OK);
    ewi_thread_join(thread);
}

static void thread_runs_once_before_join_returns(void **state) {
    (void)state;
    seen s;
    run("worker", &s);
    assert_int_equal(s.runs, 1);
    ewi_thread_join(NULL);
}

/* Linux keeps 15 bytes (pthread_setname_np(3)) and refuses longer names. */
static void thread_carries_its_name(void **state) {
    (void)state;
    seen s;
    run("edgewise-worker", &s);
    assert_string_equal(s.name, "edgewise-worker");
    run("edgewise-worker-number-12", &s);
    assert_string_equal(s.name, "edgewise-worker");
}

/* Ctrl-C must interrupt the program's own thread, a fault must reach the guard on any thread. */
static void signals_stay_with_the_program(void **state) {
    (void)state;
    sigset_t none, after;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    seen s;
    run("worker", &s);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    static const int program_s[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE, SIGWINCH};
    static const int faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL};
    for (size_t i = 0; i < EWI_COUNT(program_s); i++) {
        assert_true(sigismember(&s.mask, program_s[i]));
        assert_false(sigismember(&after, program_s[i]));
    }
    for (size_t i = 0; i < EWI_COUNT(faults); i++) assert_false(sigismember(&s.mask, faults[i]));
}

/* ---- signals ---- */

typedef struct relay {
    ewi_signal *ping, *pong;
    uint32_t n_rounds;
    uint32_t baton; /* plain: the signals alone order its writes */
} relay;

static void answer(void *arg) {
    relay *r = arg;
    for (uint32_t i = 0; i < r->n_rounds; i++) {
        ewi_signal_wait(r->ping, i);
        r->baton = r->baton * 3 + 1;
        ewi_signal_raise(r->pong);
    }
}

/* No wake-up is lost and no write is missed: a lost one hangs, a missed one changes the baton. */
static void relay_loses_nothing(void **state) {
    (void)state;
    relay r = {.ping = ewi_signal_new(), .pong = ewi_signal_new(), .n_rounds = 20000};
    assert_non_null(r.ping);
    assert_non_null(r.pong);
    ewi_thread *thread;
    assert_int_equal(ewi_thread_start(answer, &r, "relay", &thread, NULL), EW_OK);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < r.n_rounds; i++) {
        expected = (expected + 5) * 3 + 1;
        r.baton += 5;
        ewi_signal_raise(r.ping);
        if (i % 2) /* as a spinning thread does */
            while (ewi_signal_value(r.pong) == i) ewi_cpu_relax();
        else
            ewi_signal_wait(r.pong, i);
        if (r.baton != expected) fail_msg("round %u: a write was missed", i);
    }
    ewi_thread_join(thread);
    assert_int_equal(ewi_signal_value(r.ping), r.n_rounds);
    ewi_signal_free(r.ping);
    ewi_signal_free(r.pong);
    ewi_signal_free(NULL);
}

typedef struct sleeper {
    ewi_signal *bed, *awake;
} sleeper;

static void sleep_until_raised(void *arg) {
    sleeper *s = arg;
    ewi_signal_wait(s->bed, 0);
    ewi_signal_raise(s->awake);
}

static void raise_wakes_every_sleeper(void **state) {
    (void)state;
    enum { N = 8 };
    sleeper s = {ewi_signal_new(), ewi_signal_new()};
    assert_non_null(s.bed);
    assert_non_null(s.awake);
    ewi_thread *threads[N];
    for (size_t i = 0; i < N; i++)
        assert_int_equal(ewi_thread_start(sleep_until_raised, &s, "sleeper", &threads[i], NULL), EW_OK);
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL); /* so that most of them sleep by then */
    assert_int_equal(ewi_signal_value(s.awake), 0);
    alarm(60);
    ewi_signal_raise(s.bed);
    for (size_t i = 0; i < N; i++) ewi_thread_join(threads[i]);
    alarm(0);
    assert_int_equal(ewi_signal_value(s.awake), N);
    ewi_signal_wait(s.bed, 0); /* long past: must not sleep */
    ewi_signal_free(s.bed);
    ewi_signal_free(s.awake);
}

/* ---- flags ---- */

static void flag_is_taken_once(void **state) {
    (void)state;
    ewi_flag flag = {0};
    assert_false(ewi_flag_take(&flag));
    ewi_flag_raise(&flag);
    ewi_flag_raise(&flag);
    assert_true(ewi_flag_take(&flag));
    assert_false(ewi_flag_take(&flag));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thread_runs_once_before_join_returns),
        cmocka_unit_test(thread_carries_its_name),
        cmocka_unit_test(signals_stay_with_the_program),
        cmocka_unit_test(relay_loses_nothing),
        cmocka_unit_test(raise_wakes_every_sleeper),
        cmocka_unit_test(flag_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
