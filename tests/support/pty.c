/* pty.c: a program at a terminal, driven by a test. */
#define _XOPEN_SOURCE 700
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 20000

static void fail_start(const char *what) {
    fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
    abort();
}

/* In the child: the terminal becomes the controlling one because it is the first that a new session opens. */
static void become_program(const char *terminal, const char *const *argv) {
    setsid();
    int fd = open(terminal, O_RDWR);
    if (fd < 0) _exit(126);
    for (int to = 0; to < 3; to++) dup2(fd, to);
    if (fd > 2) close(fd);
    char **arguments = (char **)(void *)(size_t)argv; /* execv's type lacks a const that it keeps */
    execv(argv[0], arguments);
    _exit(127);
}

void test_pty_start(test_pty *pty, const char *const *argv) {
    memset(pty, 0, sizeof *pty);
    pty->fd = posix_openpt(O_RDWR | O_NOCTTY);
    if (pty->fd < 0 || grantpt(pty->fd) != 0 || unlockpt(pty->fd) != 0) fail_start("no pseudo-terminal");
    const char *terminal = ptsname(pty->fd);
    pty->pid = fork();
    if (pty->pid < 0) fail_start("fork");
    if (pty->pid == 0) become_program(terminal, argv);
}

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes what the program showed; false at its end, or when nothing comes before the deadline. */
static bool take_more(test_pty *pty, long deadline_ms) {
    struct pollfd poller = {.fd = pty->fd, .events = POLLIN};
    long left_ms = deadline_ms - now_ms();
    if (left_ms <= 0 || poll(&poller, 1, (int)left_ms) <= 0) return false;
    if (pty->n_seen > TEST_PTY_BYTES / 2) {
        size_t drop = pty->n_seen / 2;
        memmove(pty->seen, pty->seen + drop, pty->n_seen - drop);
        pty->n_seen -= drop;
        pty->n_matched = pty->n_matched > drop ? pty->n_matched - drop : 0;
    }
    ssize_t n = read(pty->fd, pty->seen + pty->n_seen, TEST_PTY_BYTES - 1 - pty->n_seen);
    if (n <= 0) return false;
    pty->n_seen += (size_t)n;
    pty->seen[pty->n_seen] = '\0';
    return true;
}

bool test_pty_expect(test_pty *pty, const char *text) {
    long deadline_ms = now_ms() + LIMIT_MS;
    for (;;) {
        const char *found = strstr(pty->seen + pty->n_matched, text);
        if (found) {
            pty->n_matched = (size_t)(found - pty->seen) + strlen(text);
            return true;
        }
        if (take_more(pty, deadline_ms)) continue;
        fprintf(stderr, "pty: \"%s\" did not come after what is marked here by |:\n%.*s|%s\n", text,
                (int)pty->n_matched, pty->seen, pty->seen + pty->n_matched);
        return false;
    }
}

void test_pty_type(test_pty *pty, const char *keys) {
    for (size_t n = strlen(keys); n > 0;) {
        ssize_t written = write(pty->fd, keys, n);
        if (written <= 0) fail_start("write");
        keys += written;
        n -= (size_t)written;
    }
}

int test_pty_end(test_pty *pty) {
    long deadline_ms = now_ms() + LIMIT_MS;
    int status = 0, code = -1;
    while (take_more(pty, deadline_ms)) {
    }
    if (now_ms() >= deadline_ms) {
        kill(pty->pid, SIGKILL);
        waitpid(pty->pid, &status, 0);
    } else if (waitpid(pty->pid, &status, 0) == pty->pid) {
        code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    close(pty->fd);
    return code;
}
