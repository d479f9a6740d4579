/* text_file.h: whole files for tests, and the lists of numbers that expected tokens are written as.
 *
 *     size_t size;
 *     char *text = text_file_read(path, &size);          fails the running test when it cannot
 *     size_t n = text_file_ids("1 -7 20\n", ids, cap);    reads to the end of the line
 *     free(text);
 *
 * Threads: any.
 */
#ifndef TESTS_SUPPORT_TEXT_FILE_H
#define TESTS_SUPPORT_TEXT_FILE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A heap copy with a NUL after it, to be freed with free. */
char *text_file_read(const char *path, size_t *size);

/*
 * Decimal numbers up to the end of the line, whatever stands between them; at most cap are written. Returns
 * how many.
 */
size_t text_file_ids(const char *line, int32_t *ids, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
