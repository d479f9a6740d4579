/* program.h: the program that was built with a test, run to its end.
 *
 *     test_run run;
 *     test_program_run(&run, "text on stdin", (const char *[]){"tokenize", "-m", model, NULL});
 *     assert_int_equal(run.code, 0);
 *     assert_string_equal(run.out, "1 2\n");
 *     test_run_free(&run);
 */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The path of build/.../edgewise; the running test fails when it is not there. */
const char *test_program(void);

typedef struct test_run {
    int code;  /* exit code, or 128 + the signal */
    char *out; /* what it wrote to stdout, ended by a NUL that is not counted */
    size_t n_out;
} test_run;

/* arguments: after the program's name, up to NULL. stderr is the test's own. */
void test_program_run(test_run *run, const char *input, const char *const *arguments);
void test_run_free(test_run *run);

#ifdef __cplusplus
}
#endif

#endif
