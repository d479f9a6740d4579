/* machine.c: what this machine has, for people and for choosing. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "kernels/kernels.h"
#include "os/topology.h"

ew_status ew_machine_get(ew_machine *out, ew_error *err) {
    EWI_REQUIRE(out, err);
    ewi_topology topology;
    EWI_TRY(ewi_kernels_init(err));
    EWI_TRY(ewi_topology_load(&topology, err));
    *out = (ew_machine){
        .n_cores = topology.n_cores,
        .n_threads = topology.n_threads,
        .n_performance_cores = topology.n_performance_cores,
        .l1d_bytes = topology.l1d_bytes,
        .l2_bytes = topology.l2_bytes,
        .l3_bytes = topology.l3_bytes,
        .memory_bytes = topology.memory_bytes,
        .memory_available_bytes = ewi_memory_available_bytes(),
        .level_used = ewi_cpu_name(ewi_kernels_get()->level),
    };
    memcpy(out->cpu_name, topology.cpu_name, sizeof out->cpu_name);
    out->n_levels = ewi_cpu_list(out->levels);
    ewi_topology_unload(&topology);
    return EW_OK;
}
