/*
 * test_pocket.c: `edgewise run` without a model: it answers at once and in little memory, and opens
 * the chat. The median of five runs counts, with the file in the page cache. The right answer is that of
 * models/pocket/tools.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"
#include "pty.h"
#include "sanitized.h"
#include "test.h"

#define RUNS       5
#define ANSWER_MAX 256

#define MAX_FIRST_BYTE_MS (SANITIZED ? 10000.0 : 100.0)
#define MAX_RSS_KB        (SANITIZED ? 1L << 30 : 40000L)

typedef struct answer {
    char text[ANSWER_MAX];
    double first_byte_ms;
} answer;

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void become_program(const char *prompt, int output) {
    const char *program = test_program();
    dup2(output, STDOUT_FILENO);
    execl(program, program, "run", "-p", prompt, (char *)NULL);
    _exit(127);
}

static void read_answer(answer *a, int fd, double began) {
    size_t n = 0;
    ssize_t got;
    while (n < ANSWER_MAX - 1 && (got = read(fd, a->text + n, ANSWER_MAX - 1 - n)) > 0) {
        if (n == 0) a->first_byte_ms = now_ms() - began;
        n += (size_t)got;
    }
    a->text[n] = '\0';
}

static void ask(answer *a, const char *prompt) {
    int ends[2], status = 0;
    if (pipe(ends) != 0) fail_msg("pipe: %s", strerror(errno));
    double began = now_ms();
    pid_t pid = fork();
    if (pid < 0) fail_msg("fork: %s", strerror(errno));
    if (pid == 0) become_program(prompt, ends[1]);
    close(ends[1]);
    read_answer(a, ends[0], began);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Of all children so far, this process before exec among them. */
static long peak_rss_kb(void) {
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
    return usage.ru_maxrss;
}

static int by_time(const void *a, const void *b) {
    double x = ((const answer *)a)->first_byte_ms, y = ((const answer *)b)->first_byte_ms;
    return (x > y) - (x < y);
}

static void answers_at_once(void **state) {
    (void)state;
    answer answers[RUNS + 1];
    ask(&answers[RUNS], "turn on the kitchen lights"); /* brings the files into the page cache */
    for (int i = 0; i < RUNS; i++) ask(&answers[i], "turn on the kitchen lights");
    qsort(answers, RUNS, sizeof *answers, by_time);
    const answer *median = &answers[RUNS / 2];
    print_message("first byte after %.1f ms (%.1f to %.1f), peak memory %ld KB\n", median->first_byte_ms,
                  answers[0].first_byte_ms, answers[RUNS - 1].first_byte_ms, peak_rss_kb());
    assert_string_equal(median->text,
                        "{\"tool\":\"light_set\",\"args\":{\"room\":\"kitchen\",\"state\":\"on\"}}\n");
    assert_true(median->first_byte_ms < MAX_FIRST_BYTE_MS);
    assert_true(peak_rss_kb() < MAX_RSS_KB);
}

static void opens_the_chat(void **state) {
    (void)state;
    static test_pty pty;
    test_pty_start(&pty, (const char *[]){test_program(), "run", NULL});
    assert_true(test_pty_expect(&pty, "pocket"));
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, "please lock the back door\r");
    assert_true(
        test_pty_expect(&pty, "{\"tool\":\"lock_set\",\"args\":{\"door\":\"back\",\"state\":\"locked\"}}"));
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, "thanks, that was quick\r");
    assert_true(test_pty_expect(&pty, "{\"tool\":\"none\"}"));
    test_pty_type(&pty, "/bye\r");
    assert_int_equal(test_pty_end(&pty), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_at_once),
        cmocka_unit_test(opens_the_chat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
