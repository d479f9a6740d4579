/* process.h: what this process takes of the machine. */
#ifndef EW_OS_PROCESS_H
#define EW_OS_PROCESS_H

#include <stdint.h>

/* Memory that is resident now, mapped files included; 0: unknown. */
uint64_t ewi_process_resident_bytes(void);

#endif
