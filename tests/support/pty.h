/* pty.h: a program at a terminal, driven by a test.
 *
 * Starts a program on a pseudo-terminal of its own, types for it, and waits for what it shows. Times are
 * limits, not delays: a wait ends when the text is there. Used by one thread.
 *
 *     test_pty pty;
 *     test_pty_start(&pty, (const char *[]){program, "run", model, NULL});
 *     assert_true(test_pty_expect(&pty, ">>> "));
 *     test_pty_type(&pty, "/bye\r");
 *     assert_int_equal(test_pty_end(&pty), 0);
 */
#ifndef TESTS_SUPPORT_PTY_H
#define TESTS_SUPPORT_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TEST_PTY_BYTES 65536

typedef struct test_pty {
    int fd;
    pid_t pid;
    char seen[TEST_PTY_BYTES]; /* everything shown, a string; the oldest goes when it is full */
    size_t n_seen, n_matched;
} test_pty;

void test_pty_start(test_pty *pty, const char *const *argv);
/* Waits until text is shown after what earlier calls matched; false, and what was shown on stderr, when it
 * does not come within 20 seconds or the program ends. */
bool test_pty_expect(test_pty *pty, const char *text);
void test_pty_type(test_pty *pty, const char *keys);
/* Waits for the program's end; its exit code, or 128 + the signal that ended it, or -1 after 20 seconds. */
int test_pty_end(test_pty *pty);

#ifdef __cplusplus
}
#endif

#endif
