#define _GNU_SOURCE

#include "os/topology.h"

#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

static uint64_t cache_bytes(hwloc_topology_t handle, hwloc_obj_type_t type) {
    hwloc_obj_t cache = hwloc_get_obj_by_type(handle, type, 0);
    return cache ? cache->attr->cache.size : 0;
}

/* The cores of the most performant kind; all cores where hwloc knows of one kind only. */
static hwloc_bitmap_t performance_set(hwloc_topology_t handle) {
    hwloc_bitmap_t set = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(handle));
    int n_kinds = hwloc_cpukinds_get_nr(handle, 0);
    if (!set || n_kinds < 2) return set;
    hwloc_bitmap_t best = hwloc_bitmap_alloc();
    if (best && hwloc_cpukinds_get_info(handle, (unsigned)n_kinds - 1, best, NULL, NULL, NULL, 0) == 0)
        hwloc_bitmap_and(set, set, best);
    hwloc_bitmap_free(best);
    return set;
}

static uint32_t count_cores(hwloc_topology_t handle, hwloc_const_bitmap_t set) {
    int n = hwloc_get_nbobjs_inside_cpuset_by_type(handle, set, HWLOC_OBJ_CORE);
    if (n <= 0) n = hwloc_get_nbobjs_inside_cpuset_by_type(handle, set, HWLOC_OBJ_PU);
    return n > 0 ? (uint32_t)n : 1;
}

/* Not hwloc's sum over NUMA nodes: a virtual machine whose memory grew does not update the nodes. */
static uint64_t memory_bytes(void) {
    long n_pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return n_pages > 0 && page_bytes > 0 ? (uint64_t)n_pages * (uint64_t)page_bytes : 0;
}

static void name_cpu(ewi_topology *topology, hwloc_topology_t handle) {
    hwloc_obj_t package = hwloc_get_obj_by_type(handle, HWLOC_OBJ_PACKAGE, 0);
    const char *name = package ? hwloc_obj_get_info_by_name(package, "CPUModel") : NULL;
    if (name) snprintf(topology->cpu_name, sizeof topology->cpu_name, "%s", name);
}

/* Without /sys (some containers) hwloc's reader of it would complain on stderr: cpuid answers instead. */
static void choose_sources(hwloc_topology_t handle) {
    if (access("/sys/devices/system/cpu/cpu0/topology", F_OK) != 0)
        hwloc_topology_set_components(handle, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "linux");
}

ew_status ewi_topology_load(ewi_topology *out, ew_error *err) {
    hwloc_topology_t handle;
    *out = (ewi_topology){0};
    if (ewi_hostile_fails() || hwloc_topology_init(&handle) != 0)
        return ewi_fail(err, EW_NO_MEMORY, "out of memory for the machine's topology");
    /* Binding (taskset) counts like permission (cgroups): what we may not run on is not there. */
    unsigned long flags = HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING;
    hwloc_topology_set_flags(handle, flags);
    hwloc_topology_set_io_types_filter(handle, HWLOC_TYPE_FILTER_KEEP_NONE);
    choose_sources(handle);
    if (ewi_hostile_fails() || hwloc_topology_load(handle) != 0) {
        hwloc_topology_destroy(handle);
        return ewi_fail(err, EW_IO, "cannot read the machine's topology (/sys/devices/system/cpu)");
    }
    hwloc_bitmap_t fast = performance_set(handle);
    hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_cpuset(handle);
    int n_threads = hwloc_get_nbobjs_inside_cpuset_by_type(handle, allowed, HWLOC_OBJ_PU);
    out->handle = handle;
    out->n_cores = count_cores(handle, allowed);
    out->n_threads = n_threads > 0 ? (uint32_t)n_threads : out->n_cores;
    out->n_performance_cores = fast ? count_cores(handle, fast) : out->n_cores;
    hwloc_bitmap_free(fast);
    out->l1d_bytes = cache_bytes(handle, HWLOC_OBJ_L1CACHE);
    out->l2_bytes = cache_bytes(handle, HWLOC_OBJ_L2CACHE);
    out->l3_bytes = cache_bytes(handle, HWLOC_OBJ_L3CACHE);
    out->memory_bytes = memory_bytes();
    name_cpu(out, handle);
    return EW_OK;
}

void ewi_topology_unload(ewi_topology *topology) {
    if (topology->handle) hwloc_topology_destroy(topology->handle);
    topology->handle = NULL;
}

bool ewi_topology_bind(const ewi_topology *topology, uint32_t index) {
    hwloc_topology_t handle = topology->handle;
    hwloc_bitmap_t set = performance_set(handle);
    if (!set) return false;
    if (index % topology->n_cores >= topology->n_performance_cores)
        hwloc_bitmap_andnot(set, hwloc_topology_get_allowed_cpuset(handle), set);
    bool done = hwloc_set_cpubind(handle, set, HWLOC_CPUBIND_THREAD) == 0;
    hwloc_bitmap_free(set);
    return done;
}

uint64_t ewi_memory_available_bytes(void) {
    static const char key[] = "MemAvailable:";
    FILE *file = fopen("/proc/meminfo", "re");
    if (!file) return 0;
    char line[128];
    uint64_t kib = 0;
    while (kib == 0 && fgets(line, sizeof line, file))
        if (strncmp(line, key, sizeof key - 1) == 0) kib = strtoull(line + sizeof key - 1, NULL, 10);
    fclose(file);
    return kib * 1024;
}
