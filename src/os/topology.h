/*
 * topology.h: this machine's processors, caches and memory, and binding threads to cores (through hwloc).
 *
 * Loading reads /sys and takes some milliseconds: only who starts threads or shows the machine does so.
 *
 *     ewi_topology topology;
 *     EWI_TRY(ewi_topology_load(&topology, err));
 *     ewi_topology_bind(&topology, i);          thread i of a pool, called by itself
 *     ewi_topology_unload(&topology);
 */
#ifndef EW_OS_TOPOLOGY_H
#define EW_OS_TOPOLOGY_H

#include <stdbool.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_topology {
    void *handle;                           /* private */
    uint32_t n_cores, n_threads;            /* that this process may use */
    uint32_t n_performance_cores;           /* cores of the fastest kind, at least 1 */
    uint64_t l1d_bytes, l2_bytes, l3_bytes; /* one instance; 0 = unknown */
    uint64_t memory_bytes;                  /* 0 = unknown */
    char cpu_name[64];                      /* "" = unknown */
} ewi_topology;

EWI_NODISCARD ew_status ewi_topology_load(ewi_topology *out, ew_error *err);
void ewi_topology_unload(ewi_topology *topology);
/*
 * Keeps the calling thread on cores of one kind: as many threads as there are performance cores on those,
 * the next ones on the others, and so on. Which core is the system's choice: one that we chose may be the one
 * on which the pool's caller runs, who is not bound. Best effort: false when the system refuses.
 */
bool ewi_topology_bind(const ewi_topology *topology, uint32_t index);

/* Memory that can be had now without swapping; 0 = unknown. */
uint64_t ewi_memory_available_bytes(void);

#endif
