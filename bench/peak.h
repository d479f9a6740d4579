/*
 * peak.h: the most arithmetic that this processor does in a second, one figure for each instruction that a
 * kernel's inner loop can be made of.
 *
 * A loop of nothing but that instruction, on registers, with enough independent accumulators to hide its
 * latency. A multiplication and an addition are two operations. Measuring takes a tenth of a second.
 *
 *     for (size_t i = 0; i < n_peaks; i++)
 *         if (ewi_cpu_usable(peaks[i].level))
 *             printf("%s %s %g\n", ewi_cpu_name(peaks[i].level), peaks[i].element, peak_measure(i, 2));
 */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/cpu.h"

typedef struct peak {
    ewi_cpu_level level; /* that has the instruction */
    const char *element; /* "f32", "int8", "bf16": what is multiplied */
    const char *instruction;
    void (*spin)(uint64_t rounds);
    double ops_per_round;
} peak;

extern const peak peaks[];
extern const size_t n_peaks;

/* The best of several passes of n_threads threads, in 10^9 operations a second; 0 = no threads. */
double peak_measure(size_t i, uint32_t n_threads);

#endif
