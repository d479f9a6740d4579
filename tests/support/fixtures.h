/* fixtures.h: where tests find real data.
 *
 * Fixtures lie outside the repository, below the folder that EDGEWISE_FIXTURES names. A test that needs one
 * asks for it by its relative path; without it the test is skipped, loudly, or fails when
 * EDGEWISE_REQUIRE_FIXTURES=1.
 *
 *     const char *path = test_fixture("models/stories260K-f32.gguf");
 *
 * Threads: call from the test's own thread.
 */
#ifndef TESTS_SUPPORT_FIXTURES_H
#define TESTS_SUPPORT_FIXTURES_H

#ifdef __cplusplus
extern "C" {
#endif

/* The absolute path of a fixture (a file or a folder). Does not return when it is missing: the running cmocka
 * test is skipped or failed. The text lives until four more calls. */
const char *test_fixture(const char *relative);

#ifdef __cplusplus
}
#endif

#endif
