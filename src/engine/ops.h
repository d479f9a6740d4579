/*
 * ops.h: what each op does to a part of its value: some rows and some columns of them.
 *
 * A job is one node of a running step; its parts may be done by any threads in any order.
 *
 *     ewi_op_run(&job, &(ewi_part){.row0 = 0, .row1 = n, .col0 = 0, .col1 = cols, .thread = thread});
 */
#ifndef EW_ENGINE_OPS_H
#define EW_ENGINE_OPS_H

#include "engine/attend.h"

/* One node's work on the rows of a step. */
typedef struct ewi_job {
    const ew_engine *e;
    const ew_row *rows; /* [of the step] */
    const ewi_node *node;
    uint32_t index;
    size_t n_rows;    /* of this node's value that are computed now */
    size_t first_row; /* of its input that they begin at (the head is computed in pieces) */
} ewi_job;

typedef struct ewi_part {
    size_t row0, row1;
    size_t col0, col1; /* of the node's value; a store: of its keys */
    uint32_t thread;   /* whose scratch may be used */
} ewi_part;

/* Not for attention and experts, which need other parts. */
void ewi_op_run(const ewi_job *job, const ewi_part *part);

/* Row 0 of input i, of the rows that are computed now; row 0 of the value. */
void *ewi_op_input(const ewi_job *job, uint32_t i);
float *ewi_op_output(const ewi_job *job);

/* Multiplications, roughly. */
size_t ewi_op_cost(const ewi_job *job);

/* Does work of that cost on all threads; alone where that is done sooner than the others are awake. */
void ewi_op_share(const ew_engine *e, size_t cost, ewi_work_fn work, void *arg);

#endif
