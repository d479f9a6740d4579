/* The clock that timings come from: it never goes back and runs at the pace of the system's own. */
#include "test.h"

#include <time.h>

#include "os/clock.h"

static void never_goes_back(void **state) {
    (void)state;
    uint64_t last = ewi_clock_ns();
    for (size_t i = 0; i < 100000; i++) {
        uint64_t now = ewi_clock_ns();
        assert_true(now >= last);
        last = now;
    }
}

/* A sleep of 20 ms lasts at least 20 ms (POSIX, nanosleep); how much more depends on the machine's load. */
static void counts_nanoseconds(void **state) {
    (void)state;
    const struct timespec wait = {.tv_nsec = 20000000};
    uint64_t begin = ewi_clock_ns();
    nanosleep(&wait, NULL);
    uint64_t passed = ewi_clock_ns() - begin;
    assert_true(passed >= 20000000);
    assert_true(passed < 20000000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_goes_back),
        cmocka_unit_test(counts_nanoseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
