/* compiler.h: every compiler extension that the code uses, under one name each. */
#ifndef EW_BASE_COMPILER_H
#define EW_BASE_COMPILER_H

#define EWI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define EWI_NODISCARD         __attribute__((warn_unused_result))
#define EWI_NORETURN          __attribute__((noreturn))
#define EWI_COLD              __attribute__((cold))
#define EWI_INLINE            static inline __attribute__((always_inline))
#define EWI_ALIGNED(n)        __attribute__((aligned(n)))
#define EWI_LIKELY(x)         __builtin_expect(!!(x), 1)
#define EWI_UNLIKELY(x)       __builtin_expect(!!(x), 0)
#define EWI_COUNT(array)      (sizeof(array) / sizeof((array)[0]))

#if defined(__cplusplus)
#define EWI_STATIC_ASSERT static_assert
#else
#define EWI_STATIC_ASSERT _Static_assert
#endif

#endif
