/* scratch.h: a folder of its own for a test program's files.
 *
 *     const char *path = scratch_file("short.gguf", bytes, len);
 *     int main(void) { ... return cmocka_run_group_tests(tests, NULL, scratch_remove); }
 *
 * A failure of the system fails the running cmocka test. Threads: call from the test's own thread.
 */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The path of `name` in the folder, whether there is such a file or not. Lives until eight more calls. */
const char *scratch_path(const char *name);
/* Writes a file there and returns its path, as above. */
const char *scratch_file(const char *name, const void *data, size_t len);
/* A cmocka group teardown: removes the folder with all that it holds. */
int scratch_remove(void **state);

#ifdef __cplusplus
}
#endif

#endif
