/*
 * probe.c: bench-probe, which measures what this machine can do at most: the ceilings that speeds are shares
 * of. Prints one JSON object.
 *
 *     bench-probe [--threads N] [--quick]
 *
 * --quick: only one short spin of one thread, to see whether the machine is busy with other things.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bandwidth.h"
#include "edgewise/edgewise.h"
#include "peak.h"

#define MAX_THREADS 256u

static _Noreturn void usage(const char *problem) {
    fprintf(stderr, "bench-probe: %s\nusage: bench-probe [--threads N] [--quick]\n", problem);
    exit(2);
}

static uint32_t thread_count(const char *text) {
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || end == text || *end || n == 0 || n > MAX_THREADS)
        usage("--threads needs a number from 1 to 256");
    return (uint32_t)n;
}

static void print_peaks(uint32_t n_threads, bool quick) {
    bool first = true;
    printf("  \"peaks\": [");
    for (size_t i = 0; i < n_peaks; i++) {
        if (!ewi_cpu_usable(peaks[i].level)) continue;
        printf("%s\n    {\"level\": \"%s\", \"element\": \"%s\", \"instruction\": \"%s\", \"gop_s\": %.1f}",
               first ? "" : ",", ewi_cpu_name(peaks[i].level), peaks[i].element, peaks[i].instruction,
               peak_measure(i, n_threads));
        first = false;
        if (quick) break;
    }
    printf("\n  ]");
}

/* A buffer that no cache holds. */
static double bandwidth(uint32_t n_threads, uint64_t l3_bytes) {
    uint64_t size_bytes = (uint64_t)600 << 20;
    if (l3_bytes * 4 > size_bytes) size_bytes = l3_bytes * 4;
    return cli_read_bandwidth(n_threads, size_bytes);
}

int main(int argc, char **argv) {
    ew_machine machine = {0};
    if (ew_machine_get(&machine, NULL) != EW_OK) machine = (ew_machine){.n_cores = 1};
    uint32_t n_threads = machine.n_cores;
    bool quick = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            quick = true;
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            n_threads = thread_count(argv[++i]);
        else
            usage("unknown option");
    }
    if (quick) n_threads = 1;
    printf("{\n  \"threads\": %u,\n  \"l3_bytes\": %llu,\n", n_threads, (unsigned long long)machine.l3_bytes);
    if (!quick) printf("  \"read_gb_s\": %.2f,\n", bandwidth(n_threads, machine.l3_bytes));
    print_peaks(n_threads, quick);
    printf("\n}\n");
    return 0;
}
