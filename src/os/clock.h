/* clock.h: monotonic time for measuring. */
#ifndef EW_OS_CLOCK_H
#define EW_OS_CLOCK_H

#include <stdint.h>

/* Nanoseconds since an arbitrary moment; never goes back. */
uint64_t ewi_clock_ns(void);

#endif
