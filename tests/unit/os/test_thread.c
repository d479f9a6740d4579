/* Threads run what they are told, under their name, and leave the program's signals to the program. */
#define _GNU_SOURCE

#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

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
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    seen s;
    run("worker", &s);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    static const int program_s[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE, SIGWINCH};
    static const int faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL};
    for (size_t i = 0; i < EWI_COUNT(program_s); i++) {
        assert_true(sigismember(&s.mask, program_s[i]));
        assert_int_equal(sigismember(&after, program_s[i]), sigismember(&before, program_s[i]));
    }
    for (size_t i = 0; i < EWI_COUNT(faults); i++) assert_false(sigismember(&s.mask, faults[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thread_runs_once_before_join_returns),
        cmocka_unit_test(thread_carries_its_name),
        cmocka_unit_test(signals_stay_with_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
