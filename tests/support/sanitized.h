/* sanitized.h: whether a sanitizer that costs time and memory is built in: SANITIZED is 1 or 0. UNWATCHED is
 * for a test's own arithmetic, of one thread, which ThreadSanitizer need not watch. */
#ifndef TESTS_SUPPORT_SANITIZED_H
#define TESTS_SUPPORT_SANITIZED_H

#define SANITIZED 0
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#undef SANITIZED
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef SANITIZED
#define SANITIZED 1
#endif
#endif

#define UNWATCHED __attribute__((no_sanitize_thread))

#endif
