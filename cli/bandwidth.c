#include "bandwidth.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "heap.h"
#include "progress.h"

#define N_PASSES        5
#define N_STREAMS       4    /* in a thread: one alone does not keep the memory busy */
#define LINE_WORDS      8    /* 64 bytes */
#define AHEAD_BYTES     2048 /* of where a stream is: nearer and farther are slower */
#define SHARE_ALIGNMENT (N_STREAMS * LINE_WORDS)

typedef struct reader {
    pthread_t thread;
    const uint64_t *words;
    size_t n_words;
    uint64_t sum;
} reader;

/* One word of a cache line brings all of it. Behind the buffer's end a prefetch does nothing. */
static inline uint64_t touch_line(const uint64_t *line) {
    __builtin_prefetch((const void *)((uintptr_t)line + AHEAD_BYTES));
    return *line;
}

static void *read_share(void *arg) {
    reader *r = arg;
    size_t stream = r->n_words / N_STREAMS;
    const uint64_t *words = r->words;
    uint64_t sums[N_STREAMS] = {0};
    for (size_t i = 0; i < stream; i += LINE_WORDS)
        for (size_t s = 0; s < N_STREAMS; s++) sums[s] += touch_line(words + s * stream + i);
    for (size_t s = 0; s < N_STREAMS; s++) r->sum += sums[s];
    return NULL;
}

/* Nanoseconds until all shares are read; 0 = a thread could not be started. */
static uint64_t pass_ns(reader *readers, uint32_t n) {
    uint64_t start_ns = cli_now_ns();
    uint32_t n_started = 0;
    while (n_started < n &&
           pthread_create(&readers[n_started].thread, NULL, read_share, &readers[n_started]) == 0)
        n_started++;
    for (uint32_t i = 0; i < n_started; i++) pthread_join(readers[i].thread, NULL);
    return n_started == n ? cli_now_ns() - start_ns : 0;
}

double cli_read_bandwidth(uint32_t n_threads, uint64_t size_bytes) {
    size_t share = (size_t)(size_bytes / n_threads / sizeof(uint64_t)) / SHARE_ALIGNMENT * SHARE_ALIGNMENT;
    size_t total_bytes = share * n_threads * sizeof(uint64_t);
    uint64_t *words = cli_try_alloc(total_bytes, 1);
    if (!words) return 0;
    memset(words, 1, total_bytes); /* pages that were never written are all the same zero page */
    reader *readers = cli_alloc(n_threads, sizeof *readers);
    for (uint32_t i = 0; i < n_threads; i++)
        readers[i] = (reader){.words = words + i * share, .n_words = share};
    double best = 0;
    for (int pass = 0; pass < N_PASSES; pass++) {
        uint64_t took_ns = pass_ns(readers, n_threads);
        double rate = took_ns ? (double)total_bytes / (double)took_ns : 0;
        if (rate > best) best = rate;
    }
    cli_free(readers);
    cli_free(words);
    return best;
}
