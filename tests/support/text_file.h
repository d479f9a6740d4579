/* text_file.h: whole files for tests, and the notations of the vectors in tests/conformance/data.
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

/* Pairs of hexadecimal digits up to what is none; at most cap bytes are written. Returns how many. */
size_t text_file_hex(const char *line, uint8_t *out, size_t cap);

/* The path of a file that is committed with the tests: text_file_data("conformance/data/x.txt"). Lives
 * until the next call. */
const char *text_file_data(const char *relative);

#ifdef __cplusplus
}
#endif

#endif
