/* golden.h: reads tests/golden/data: tiny models and what an independent implementation computes with them.
 *
 *     golden g = golden_load("llama-gqa");
 *     rig r = rig_open(golden_path("llama-gqa.gguf"), NULL);
 *     ... g.logits: [g.n_prompt, g.n_vocab] ...
 *     golden_free(&g);
 *
 * Threads: one at a time.
 */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include <stddef.h>
#include <stdio.h>

#include "edgewise/edgewise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Greedy ids after the whole prompt, and after its first GOLDEN_SHORT tokens. */
#define GOLDEN_SHORT  40
#define GOLDEN_GREEDY 64

typedef struct golden {
    size_t n_prompt, n_vocab;
    ew_token prompt[256];
    ew_token after_prompt[GOLDEN_GREEDY], after_short[GOLDEN_GREEDY];
    float *logits; /* [n_prompt, n_vocab] */
} golden;

/* The path of a file or folder of tests/golden/data. The text lives until the next call. */
const char *golden_path(const char *name);

/* NAME.ending. Fails the running cmocka test when it is absent, as all below do. */
FILE *golden_open(const char *name, const char *ending);
/* The numbers of the next line; returns how many. */
size_t golden_read_ids(FILE *file, ew_token *ids, size_t max);

/* Fails the running cmocka test when a file is absent or not as expected. */
golden golden_load(const char *name);
void golden_free(golden *g);

/* The largest absolute difference of n numbers; infinite when any is NaN. */
float golden_distance(const float *a, const float *b, size_t n);
double golden_cosine(const float *a, const float *b, size_t n);

#ifdef __cplusplus
}
#endif

#endif
