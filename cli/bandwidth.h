/*
 * bandwidth.h: how fast this machine reads memory: what decoding is measured against.
 *
 *     double rate_gb_s = cli_read_bandwidth(2, 3 * l3_bytes);
 */
#ifndef CLI_BANDWIDTH_H
#define CLI_BANDWIDTH_H

#include <stddef.h>
#include <stdint.h>

/* The best of several passes of n_threads threads, each reading four streams of its share of a buffer of
 * size_bytes, in 10^9 bytes a second; 0 = not measured (no memory, or no threads). */
double cli_read_bandwidth(uint32_t n_threads, uint64_t size_bytes);

#endif
