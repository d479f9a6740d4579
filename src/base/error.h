/*
 * error.h: how functions fail.
 *
 * Three classes. An operating error (a bad file, no memory) is an ew_status with a text. Misuse of the public
 * API aborts in debug builds and is EW_INVALID in release builds. A broken invariant of our own is EW_ASSERT.
 *
 *     ew_status load(const char *path, ew_error *err) {
 *         ...
 *         if (n > max) return ewi_fail(err, EW_FORMAT, "%s: %zu tensors, at most %zu", path, n, max);
 *         EWI_TRY(next(path, err));
 *         return EW_OK;
 *     }
 */
#ifndef EW_BASE_ERROR_H
#define EW_BASE_ERROR_H

#include "base/compiler.h"
#include "edgewise/edgewise.h"

/* Fills err (which may be NULL) and returns status. The text says what, where, and what to do. */
EWI_COLD EWI_PRINTF(3, 4) ew_status ewi_fail(ew_error *err, ew_status status, const char *fmt, ...);

/* Puts "where: " before the text that err already holds and returns status. */
EWI_COLD EWI_PRINTF(3, 4) ew_status ewi_fail_at(ew_error *err, ew_status status, const char *fmt, ...);

/* Returns the first failure of `call` to the caller. */
#define EWI_TRY(call)                               \
    do {                                            \
        ew_status try_status = (call);              \
        if (try_status != EW_OK) return try_status; \
    } while (0)

EWI_COLD EWI_NORETURN void ewi_assert_failed(const char *expr, const char *file, int line);

#define EW_ASSERT(expr) (EWI_LIKELY(expr) ? (void)0 : ewi_assert_failed(#expr, __FILE__, __LINE__))

/* The caller of the public API kept its promise `expr`; otherwise a debug build stops here and a release
 * build returns. */
#ifdef EW_DEBUG
#define EWI_REQUIRE(expr, err) EW_ASSERT(expr)
#else
#define EWI_REQUIRE(expr, err)                                                                             \
    do {                                                                                                   \
        if (!(expr)) return ewi_fail((err), EW_INVALID, "%s: the caller must ensure %s", __func__, #expr); \
    } while (0)
#endif

#endif
