/* program.c: the program that was built with a test, run to its end. */
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define PATH_BYTES 4096
#define MAX_ARGS   32

/* ../edgewise, seen from the folder of the test's own program. */
const char *test_program(void) {
    static char path[PATH_BYTES];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 16);
    if (n <= 0) fail_msg("/proc/self/exe: %s", strerror(errno));
    path[n] = '\0';
    for (int up = 0; up < 2; up++) *strrchr(path, '/') = '\0';
    memcpy(path + strlen(path), "/edgewise", 10);
    if (access(path, X_OK) != 0) fail_msg("%s is not built", path);
    return path;
}

static FILE *input_file(const char *input) {
    FILE *file = tmpfile();
    if (!file || fputs(input, file) < 0 || fflush(file) != 0) fail_msg("no temporary file");
    rewind(file);
    return file;
}

static void become_program(const char *const *arguments, int input, int output) {
    const char *argv[MAX_ARGS + 2] = {test_program()};
    for (size_t i = 0; i < MAX_ARGS && arguments[i]; i++) argv[i + 1] = arguments[i];
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    execv(argv[0], (char **)(void *)argv);
    _exit(127);
}

void test_program_run(test_run *run, const char *input, const char *const *arguments) {
    FILE *in = input_file(input), *out = input_file("");
    pid_t pid = fork();
    if (pid < 0) fail_msg("fork: %s", strerror(errno));
    if (pid == 0) become_program(arguments, fileno(in), fileno(out));
    int status = 0;
    waitpid(pid, &status, 0);
    run->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    fseek(out, 0, SEEK_END);
    run->n_out = (size_t)ftell(out);
    rewind(out);
    run->out = test_malloc(run->n_out + 1);
    run->out[fread(run->out, 1, run->n_out, out)] = '\0';
    fclose(in);
    fclose(out);
}

void test_run_free(test_run *run) {
    test_free(run->out);
}
