/* in_child.c: fork, run, and hand on how it went. */
#include "in_child.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A failed assertion jumps to the runner of cmocka's tests, of which the child has a copy: it runs one
 * test of its own. */
typedef struct work {
    void (*run)(void *arg);
    void *arg;
} work;

static void run_work(void **state) {
    const work *w = *state;
    w->run(w->arg);
}

/* What the child writes is shown only when it fails: the runner has words of its own for every success. */
static _Noreturn void child_main(work *w, FILE *words) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(run_work, w)};
    dup2(fileno(words), STDOUT_FILENO);
    dup2(fileno(words), STDERR_FILENO);
    int failed = cmocka_run_group_tests_name("child", tests, NULL, NULL);
    fflush(NULL);
    _exit(failed ? 1 : 0);
}

static void show(FILE *words) {
    char line[1024];
    rewind(words);
    while (fgets(line, sizeof line, words)) print_error("%s", line);
}

void in_child(void (*run)(void *arg), void *arg) {
    work w = {run, arg};
    FILE *words = tmpfile();
    if (!words) fail_msg("cannot make a temporary file");
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) fail_msg("cannot fork");
    if (child == 0) child_main(&w, words);
    int how;
    if (waitpid(child, &how, 0) != child) fail_msg("the child is lost");
    if (how != 0) show(words);
    fclose(words);
    if (WIFSIGNALED(how))
        fail_msg("the child died by signal %d: %s", WTERMSIG(how), strsignal(WTERMSIG(how)));
    if (how != 0) fail_msg("the child failed");
}
