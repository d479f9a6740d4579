/* fuzz.h: the one function that a fuzz target defines.
 *
 * tests/fuzz/fuzz_<name>.c includes this, parses `data` and returns 0. In fuzz builds libFuzzer calls it; in
 * all others fuzz_replay.c calls it with every file of tests/fuzz/corpus/<name>/.
 */
#ifndef TESTS_SUPPORT_FUZZ_H
#define TESTS_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
