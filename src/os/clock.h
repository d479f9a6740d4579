/* clock.h: monotonic time for measuring; the time of day for records. */
#ifndef EW_OS_CLOCK_H
#define EW_OS_CLOCK_H

#include <stdint.h>

/* Nanoseconds since an arbitrary moment; never goes back. */
uint64_t ewi_clock_ns(void);
/* Seconds since 1970, UTC; may jump. */
int64_t ewi_clock_unix_s(void);

#endif
