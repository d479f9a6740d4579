/* What the machine has, compared with what the system's own interfaces say. */
#define _GNU_SOURCE

#include "test.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/topology.h"

static int n_allowed_cpus(void) {
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    return CPU_COUNT(&set);
}

static void load(ewi_topology *topology) {
    ew_error err = {0};
    if (ewi_topology_load(topology, &err) != EW_OK) fail_msg("%s", err.text);
}

static void threads_are_those_of_the_affinity_mask(void **state) {
    (void)state;
    ewi_topology topology;
    load(&topology);
    assert_int_equal(topology.n_threads, n_allowed_cpus());
    assert_in_range(topology.n_cores, 1, topology.n_threads);
    assert_in_range(topology.n_performance_cores, 1, topology.n_cores);
    ewi_topology_unload(&topology);
}

/* sysinfo(2). Memory of a virtual machine may change at any time: no exact comparison. */
static void memory_is_what_the_kernel_says(void **state) {
    (void)state;
    struct sysinfo info;
    assert_int_equal(sysinfo(&info), 0);
    uint64_t total = (uint64_t)info.totalram * info.mem_unit;
    ewi_topology topology;
    load(&topology);
    assert_in_range(topology.memory_bytes, total / 10 * 9, total / 10 * 11);
    ewi_topology_unload(&topology);
    assert_in_range(ewi_memory_available_bytes(), 1 << 20, total);
}

static void caches_grow_outwards(void **state) {
    (void)state;
    ewi_topology topology;
    load(&topology);
    if (topology.l1d_bytes) assert_in_range(topology.l1d_bytes, 4 << 10, 4 << 20);
    if (topology.l1d_bytes && topology.l2_bytes) assert_true(topology.l2_bytes >= topology.l1d_bytes);
    if (topology.l2_bytes && topology.l3_bytes) assert_true(topology.l3_bytes >= topology.l2_bytes / 4);
    assert_true(memchr(topology.cpu_name, '\0', sizeof topology.cpu_name) != NULL);
    ewi_topology_unload(&topology);
}

static int run_child(int (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) _exit(body());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static size_t first_cpu(void) {
    cpu_set_t set;
    size_t cpu = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &set)) cpu++;
    return cpu;
}

/* Exit code 0 when one thread on one core is all that we see. */
static int see_one_cpu(void) {
    ewi_topology topology;
    if (ewi_topology_load(&topology, NULL) != EW_OK) return 3;
    bool one = topology.n_threads == 1 && topology.n_cores == 1 && topology.n_performance_cores == 1;
    ewi_topology_unload(&topology);
    return one ? 0 : 1;
}

/* As under `taskset -c N`, which binds before it runs the program. */
static int run_on_one_cpu(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first_cpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) return 2;
    execl("/proc/self/exe", "test_topology", "see_one_cpu", (char *)NULL);
    return 4;
}

static void binding_limits_what_may_be_used(void **state) {
    (void)state;
    assert_int_equal(run_child(run_on_one_cpu), 0);
}

/* Exit code 0 when the first threads share the fast cores, the next ones the slow, and the one after is as
 * the first. */
static int bind_each(void) {
    ewi_topology topology;
    if (ewi_topology_load(&topology, NULL) != EW_OK) return 2;
    cpu_set_t fast, now, both;
    for (uint32_t i = 0; i <= topology.n_cores; i++) {
        bool is_fast = i < topology.n_performance_cores || i == topology.n_cores;
        if (!ewi_topology_bind(&topology, i)) return 3;
        if (sched_getaffinity(0, sizeof now, &now) != 0) return 4;
        if (i == 0) fast = now;
        CPU_AND(&both, &fast, &now);
        if (is_fast ? !CPU_EQUAL(&fast, &now) : CPU_COUNT(&both) != 0) return 5;
    }
    bool all_fast = topology.n_performance_cores == topology.n_cores;
    return !all_fast || (uint32_t)CPU_COUNT(&fast) == topology.n_threads ? 0 : 6;
}

static void threads_share_the_cores_of_their_kind(void **state) {
    (void)state;
    assert_int_equal(run_child(bind_each), 0);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "see_one_cpu") == 0) return see_one_cpu();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_are_those_of_the_affinity_mask),
        cmocka_unit_test(memory_is_what_the_kernel_says),
        cmocka_unit_test(caches_grow_outwards),
        cmocka_unit_test(binding_limits_what_may_be_used),
        cmocka_unit_test(threads_share_the_cores_of_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
