/* growth.h: whether memory grows with requests: a slope, how sure it is, and a picture of it.
 *
 * Samples are put into 20 parts, each of which has one median, and the slope is the median of those between
 * any two parts (Theil 1950); the interval has the slopes whose ranks Kendall's statistic does not reject at
 * 95 % (Sen 1968). Single steps, which allocators make, and outliers move neither.
 */
#ifndef TESTS_SOAK_GROWTH_H
#define TESTS_SOAK_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#define GROWTH_PARTS 20

typedef struct growth_sample {
    double seconds, requests, mb;
} growth_sample;

/* MB of 100,000 requests. */
typedef struct growth {
    bool is_known; /* false: fewer samples than parts */
    double slope, low, high;
} growth;

growth growth_of(const growth_sample *samples, size_t n);
/* An SVG; the first n_warm samples are the warm-up. False: it could not be written. */
bool growth_plot(const char *path, const growth_sample *samples, size_t n, size_t n_warm, const growth *g);

#endif
