/* refusal.h: how the program must end when it is given something bad: with the right exit code, one message
 * that names the culprit, nothing on stdout, soon, and in little memory.
 *
 *     expect_refused_file("a tensor past the end of the file", BY_INSPECT | BY_RUN, path, "blk.1.ffn_up");
 *     expect_usage("a temperature of NaN", (const char *[]){"run", path, "--temp", "nan", NULL}, "--temp");
 *
 * Each fails the running cmocka test and shows what the program said. The whole process may use 64 MiB more
 * than its input files have; that is not checked under sanitizers, whose shadow memory counts as well.
 *
 * Threads: call from the test's own thread.
 */
#ifndef TESTS_SUPPORT_REFUSAL_H
#define TESTS_SUPPORT_REFUSAL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The verbs that a bad file is given to. */
enum {
    BY_INSPECT = 1,
    BY_TOKENIZE = 2,
    BY_RUN = 4,
    BY_LOGITS = 8,
    BY_MODEL = BY_RUN | BY_LOGITS,                /* all that run a model */
    BY_WEIGHTS = BY_INSPECT | BY_RUN | BY_LOGITS, /* all that read the structure of its files */
    BY_ALL = BY_WEIGHTS | BY_TOKENIZE,
};

/* Exit code 3, from each of the verbs; path is a file or a folder; `names` is part of the message. */
void expect_refused_file(const char *what, unsigned verbs, const char *path, const char *names);

/* Exit code 3, from one command line; files_bytes: how much of files it reads. */
void expect_refused(const char *what, const char *const *arguments, uint64_t files_bytes, const char *names);

/* Exit code 2. */
void expect_usage(const char *what, const char *const *arguments, const char *names);

/* Exit code 0 within the same time and memory, and with this on stdout unless it is NULL. */
void expect_accepted(const char *what, const char *input, const char *const *arguments, uint64_t files_bytes,
                     const char *output);

/* Of a file, or of all files in a folder. */
uint64_t files_size_bytes(const char *path);

#ifdef __cplusplus
}
#endif

#endif
