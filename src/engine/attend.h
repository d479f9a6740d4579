/*
 * attend.h: attention in a step: rows put their keys and values into the state, then look at what they see.
 *
 * The caller owns the job; it borrows the step's rows and values. ewi_attend_look must not begin before all
 * rows of the step are stored; it is work for a pool: any number of threads, the same bits.
 *
 *     size_t n_tiles = ewi_attend_tiles(e, rows, n_rows);                once a step
 *     ewi_attend a = {.e = e, .attrs = &node->attrs.attention, .rows = rows, .n_rows = n_rows, ...};
 *     for (size_t i = 0; i < n_rows; i++) ewi_attend_store(&a, i, 0, n_kv_heads);     on any thread
 *     ewi_pool_run(e->pool, ewi_attend_look, &a);
 */
#ifndef EW_ENGINE_ATTEND_H
#define EW_ENGINE_ATTEND_H

#include "engine/engine.h"

/* One attention node of a step. */
typedef struct ewi_attend {
    const ew_engine *e;
    const ewi_attention_attrs *attrs;
    const ew_row *rows; /* [n_rows] */
    size_t n_rows, n_tiles;
    const float *q;     /* [n_rows, n_heads * head_dim] */
    const float *k, *v; /* [n_rows, n_kv_heads * head_dim] */
    float *out;         /* [n_rows, n_heads * head_dim] */
} ewi_attend;

/* What ewi_attend_init will allocate. */
uint64_t ewi_attend_bytes(const ew_engine *e);
/* Makes the engine's tables for its model's heads, threads and rows a step. False: no memory. */
EWI_NODISCARD bool ewi_attend_init(ew_engine *e);
/* Makes what a session of n_ctx needs beside its state. False: no memory. */
EWI_NODISCARD bool ewi_attend_open(ew_session *session);

/* Cuts the rows of a step, whose sessions know how many are theirs (n_pending), into e->tiles; the number of
 * them. */
size_t ewi_attend_tiles(ew_engine *e, const ew_row *rows, size_t n_rows);

/* Puts the keys and values of row i, kv heads first_head .. end_head - 1, into its session's state. */
void ewi_attend_store(const ewi_attend *a, size_t i, uint32_t first_head, uint32_t end_head);
/* ewi_work_fn over an ewi_attend: fills a part of `out`. */
void ewi_attend_look(void *arg, const ewi_share *share);

#endif
