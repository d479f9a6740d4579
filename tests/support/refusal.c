/* refusal.c: runs the program on bad input and judges how it ends. */
#define _DEFAULT_SOURCE

#include "refusal.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"
#include "sanitized.h"
#include "scratch.h"
#include "test.h"

#define MAX_SAID       8192
#define MAX_ARGUMENTS  32
#define MAX_EXTRA_KIB  (64u << 10)
#define MAX_CPU_S      (SANITIZED ? 60 : 5) /* of one run; on a busy machine its time says nothing */
#define MAX_PATIENCE_S 120u                 /* until a run that waits for something is ended */

typedef struct ending {
    int code; /* or 128 + the signal */
    uint64_t peak_rss_kib;
    char out[MAX_SAID], err[MAX_SAID];
} ending;

/* ---- running ---- */

static FILE *temporary(const char *text) {
    FILE *file = tmpfile();
    if (!file || fputs(text, file) < 0 || fflush(file) != 0) fail_msg("no temporary file");
    rewind(file);
    return file;
}

static void become_program(const char *const *arguments, const FILE *const *streams) {
    const char *argv[MAX_ARGUMENTS + 2] = {test_program()};
    for (size_t i = 0; i < MAX_ARGUMENTS && arguments[i]; i++) argv[i + 1] = arguments[i];
    for (int i = 0; i < 3; i++) dup2(fileno((FILE *)(uintptr_t)streams[i]), i);
    struct rlimit cpu = {MAX_CPU_S, MAX_CPU_S + 1};
    setrlimit(RLIMIT_CPU, &cpu);
    alarm(MAX_PATIENCE_S);
    execv(argv[0], (char **)(void *)argv);
    _exit(127);
}

static void read_back(FILE *file, char text[MAX_SAID]) {
    rewind(file);
    text[fread(text, 1, MAX_SAID - 1, file)] = '\0';
    fclose(file);
}

static void run_program(const char *input, const char *const *arguments, ending *end) {
    FILE *streams[3] = {temporary(input), temporary(""), temporary("")};
    struct rusage usage = {0};
    int status = 0;
    pid_t pid = fork();
    if (pid < 0) fail_msg("fork: %s", strerror(errno));
    if (pid == 0) become_program(arguments, (const FILE *const *)streams);
    wait4(pid, &status, 0, &usage);
    end->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    end->peak_rss_kib = (uint64_t)usage.ru_maxrss;
    fclose(streams[0]);
    read_back(streams[1], end->out);
    read_back(streams[2], end->err);
}

/* ---- judging ---- */

static const char *spell(const char *const *arguments, char line[1024]) {
    size_t n = 0;
    line[0] = '\0';
    for (size_t i = 0; arguments[i] && n < 1000; i++)
        n += (size_t)snprintf(line + n, 1024 - n, "%s%.200s", i ? " " : "", arguments[i]);
    return line;
}

static void blame(const char *what, const char *const *arguments, const ending *end, const char *how) {
    char line[1024];
    fail_msg("%s (edgewise %s): %s\nexit code %d, peak %llu KiB, stderr:\n%s", what, spell(arguments, line),
             how, end->code, (unsigned long long)end->peak_rss_kib, end->err);
}

/* What no input may bring about: reports of sanitizers, signals, failed assertions, too much of anything. */
static void judge_health(const char *what, const char *const *arguments, uint64_t files_bytes,
                         const ending *end) {
    static const char *const reports[] = {"Sanitizer", "runtime error", "internal error"};
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
        if (strstr(end->err, reports[i])) blame(what, arguments, end, reports[i]);
    if (end->code == 128 + SIGXCPU || end->code == 128 + SIGKILL || end->code == 128 + SIGALRM)
        blame(what, arguments, end, "it took too long");
    if (end->code >= 128) blame(what, arguments, end, "it was ended by a signal");
    if (!SANITIZED && end->peak_rss_kib > files_bytes / 1024 + MAX_EXTRA_KIB)
        blame(what, arguments, end, "it used more than 64 MiB above the size of its files");
}

static size_t occurrences(const char *text, const char *part) {
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) n++;
    return n;
}

static void judge_refusal(const char *what, const char *const *arguments, uint64_t files_bytes, int code,
                          const char *names, const ending *end) {
    judge_health(what, arguments, files_bytes, end);
    if (end->code != code) blame(what, arguments, end, "the exit code is another");
    if (!strstr(end->err, names)) {
        char how[512];
        snprintf(how, sizeof how, "the message does not say \"%.400s\"", names);
        blame(what, arguments, end, how);
    }
    if (end->out[0]) blame(what, arguments, end, "something is on stdout");
    if (strncmp(end->err, "edgewise", 8) != 0) blame(what, arguments, end, "the message has no beginning");
}

/* ---- what tests call ---- */

uint64_t files_size_bytes(const char *path) {
    struct stat st;
    uint64_t size = 0;
    if (stat(path, &st) != 0) fail_msg("%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode)) return (uint64_t)st.st_size;
    DIR *folder = opendir(path);
    if (!folder) fail_msg("%s: %s", path, strerror(errno));
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char inside[1024];
        int n = snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && n > 0 && n < 1024) size += files_size_bytes(inside);
    }
    closedir(folder);
    return size;
}

void expect_refused_file(const char *what, unsigned verbs, const char *path, const char *names) {
    const char *out = scratch_path("never-written.f32");
    const struct {
        unsigned verb;
        const char *arguments[10];
    } runs[] = {
        {BY_INSPECT, {"inspect", path}},
        {BY_TOKENIZE, {"tokenize", "-m", path}},
        {BY_RUN, {"run", path, "-p", "hi", "-n", "1", "-t", "1"}},
        {BY_LOGITS, {"logits", "-m", path, "--tokens", "5", "--out", out, "-t", "1"}},
    };
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        if (!(verbs & runs[i].verb)) continue;
        ending end;
        run_program("hi", runs[i].arguments, &end);
        judge_refusal(what, runs[i].arguments, files_size_bytes(path), 3, names, &end);
        if (occurrences(end.err, path) != 1)
            blame(what, runs[i].arguments, &end, "the message does not name the path once");
        if (access(out, F_OK) == 0) blame(what, runs[i].arguments, &end, "a file is left behind");
    }
}

void expect_refused(const char *what, const char *const *arguments, uint64_t files_bytes, const char *names) {
    ending end;
    run_program("", arguments, &end);
    judge_refusal(what, arguments, files_bytes, 3, names, &end);
}

void expect_usage(const char *what, const char *const *arguments, const char *names) {
    ending end;
    run_program("", arguments, &end);
    judge_refusal(what, arguments, 0, 2, names, &end);
}

void expect_accepted(const char *what, const char *input, const char *const *arguments, uint64_t files_bytes,
                     const char *output) {
    ending end;
    run_program(input, arguments, &end);
    judge_health(what, arguments, files_bytes, &end);
    if (end.code != 0) blame(what, arguments, &end, "the exit code is another");
    if (output && strcmp(end.out, output) != 0) blame(what, arguments, &end, "stdout is another");
}
