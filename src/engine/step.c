/*
 * step.c: one step: rows of any sessions through the plan, stage by stage, fused nodes on all threads.
 *
 * Work is cut between threads by rows, by output columns or by heads, never inside one number's sum: so the
 * cut cannot be seen in the bits.
 */
#include <inttypes.h>

#include "base/error.h"
#include "engine/experts.h"
#include "engine/ops.h"
#include "engine/ropes.h"
#include "os/clock.h"

#define PIECE_BYTES ((size_t)512 << 10) /* of logits, that stay in the second-level cache */

typedef struct step {
    ew_engine *e;
    const ew_row *rows;
    size_t n_rows, n_wanted, n_tiles;
    ewi_head_fn on_head;
    ewi_linear_fn on_linear; /* NULL: nobody looks at inputs */
    void *user;
} step;

/* ---- fused steps ---- */

/* Nodes that threads go through together, as the fuse pass put them. */
typedef struct fused {
    const step *s;
    uint32_t first, end;
    size_t first_row; /* of the head's pieces */
    size_t n_rows;
    size_t unit;    /* columns are cut at multiples of it */
    uint32_t every; /* so many shares are one: each computes all of an adapter's narrow side */
} fused;

static ewi_job job_of(const fused *f, uint32_t i) {
    return (ewi_job){f->s->e, f->s->rows, &f->s->e->graph.nodes[i], i, f->n_rows, f->first_row};
}

/* Four tiles of a packed matrix, and whole heads. */
static size_t unit_of(const ewi_node *node, size_t unit) {
    size_t head = 1, all = unit;
    if (node->op == EWI_OP_ROPE) head = node->attrs.rope.head_dim;
    if (node->op == EWI_OP_STORE) head = node->attrs.attention.head_dim;
    if (node->op == EWI_OP_RMS_NORM || node->op == EWI_OP_LAYER_NORM)
        head = node->cols / node->attrs.norm.n_groups;
    while (all % head != 0) all += unit;
    return all;
}

static void find_peaks(const ewi_job *j, const ewi_part *p) {
    size_t cols = j->node->cols, n_peaks = ewi_n_peaks(cols);
    for (size_t i = p->row0; i < p->row1; i++)
        ewi_find_peaks(j->e->kern, ewi_op_output(j) + i * cols + p->col0, p->col1 - p->col0,
                       j->e->peaks + i * n_peaks + p->col0 / EWI_PEAK_SPAN);
}

/* Logits, and the largest of each 64 while they are in this thread's caches. */
static void run_output(const ewi_job *j, const ewi_part *p) {
    const size_t fit = (PIECE_BYTES / sizeof(float) / (p->row1 - p->row0 + 1) / 64 + 1) * 64;
    const size_t width = j->node->op == EWI_OP_LINEAR ? fit : j->node->cols;
    ewi_part piece = *p;
    for (; piece.col0 < p->col1; piece.col0 = piece.col1) {
        piece.col1 = p->col1 - piece.col0 < width ? p->col1 : piece.col0 + width;
        ewi_op_run(j, &piece);
        find_peaks(j, &piece);
    }
}

static void run_part(void *arg, const ewi_share *share) {
    const fused *f = arg;
    const uint32_t every = share->n > 1 ? f->every : 1;
    const ewi_share whole = {share->index / every, share->n / every, share->thread};
    if (share->index % every != 0) return;
    for (uint32_t i = f->first; i < f->end; i++) {
        const ewi_job j = job_of(f, i);
        ewi_part p = {.row1 = j.n_rows, .col1 = j.node->cols, .thread = share->thread};
        if (f->s->e->graph.nodes[f->first].step_kind == EWI_STEP_COLUMNS)
            ewi_split(j.node->cols, f->unit, &whole, &p.col0, &p.col1);
        else
            ewi_split(j.n_rows, 1, &whole, &p.row0, &p.row1);
        if (i == f->s->e->graph.output)
            run_output(&j, &p);
        else
            ewi_op_run(&j, &p);
    }
}

static void run_fused(fused *f) {
    size_t cost = 0;
    f->unit = 64;
    f->every = 1;
    for (uint32_t i = f->first; i < f->end; i++) {
        const ewi_job j = job_of(f, i);
        cost += ewi_op_cost(&j);
        f->unit = unit_of(j.node, f->unit);
        if (j.node->op == EWI_OP_ADAPT) f->every = EWI_SHARES_OF_THREAD;
    }
    ewi_op_share(f->s->e, cost, run_part, f);
}

static void run_attention(const fused *f) {
    const ewi_job j = job_of(f, f->first);
    ewi_attend a = {
        .e = j.e,
        .attrs = &j.node->attrs.attention,
        .rows = j.rows,
        .n_rows = j.n_rows,
        .n_tiles = f->s->n_tiles,
        .q = ewi_op_input(&j, 0),
        .out = ewi_op_output(&j),
    };
    ewi_op_share(f->s->e, ewi_op_cost(&j), ewi_attend_look, &a);
}

static void run_nodes(const step *s, uint32_t first, uint32_t end, size_t n_rows, size_t first_row) {
    fused f = {.s = s, .first = first, .end = end, .n_rows = n_rows, .first_row = first_row};
    if (n_rows == 0) return;
    uint64_t start_ns = ewi_clock_ns();
    const ewi_job j = job_of(&f, first);
    if (j.node->op == EWI_OP_ATTENTION)
        run_attention(&f);
    else if (j.node->op == EWI_OP_EXPERTS)
        ewi_experts_run(&j);
    else
        run_fused(&f);
    ewi_profile_add(&s->e->profile, first, ewi_clock_ns() - start_ns);
}

/* ---- stages ---- */

/* Whether what was read all the while, weights and what sessions remember, lies in files that are still
 * there. */
static ew_status check_files(const step *s, ew_error *err) {
    EWI_TRY(ewi_weights_ready(s->e->model, NULL, 0, err));
    for (size_t i = 0; i < s->n_rows; i++)
        if (i == 0 || s->rows[i].session != s->rows[i - 1].session)
            EWI_TRY(ewi_state_check(&s->rows[i].session->state, err));
    return EW_OK;
}

/* The last node: logits, a few rows at a time, each handed on as soon as what it was made of is known to have
 * been good. */
static ew_status run_head(const step *s, uint32_t index, ew_error *err) {
    const ew_engine *e = s->e;
    const ewi_node *node = &e->graph.nodes[index];
    EW_ASSERT(node->op != EWI_OP_SELECT); /* the narrow pass took selections up: rows here are wanted ones */
    const float *logits = (const float *)(const void *)(e->values + e->plan.offsets[index]);
    const size_t cols = node->cols, n_peaks = ewi_n_peaks(cols);
    for (size_t first = 0; first < s->n_wanted; first += e->plan.head_rows) {
        size_t n = s->n_wanted - first < e->plan.head_rows ? s->n_wanted - first : e->plan.head_rows;
        run_nodes(s, index, index + 1, n, first);
        EWI_TRY(check_files(s, err));
        for (size_t i = 0; i < n; i++)
            if (s->on_head)
                s->on_head(s->user, e->wanted[first + i],
                           &(ewi_head){cols, logits + i * cols, e->peaks + i * n_peaks, n - i});
    }
    return EW_OK;
}

/* Inputs of a fused step's linear layers are whole before it begins; false: it must not. */
static bool show_inputs(const step *s, uint32_t first, uint32_t end, size_t n_rows) {
    const fused f = {.s = s, .n_rows = n_rows};
    for (uint32_t i = first; i < end; i++) {
        const ewi_job j = job_of(&f, i);
        const bool is_shown = j.node->op == EWI_OP_LINEAR || j.node->op == EWI_OP_EXPERTS;
        if (is_shown && !s->on_linear(s->user, j.node, ewi_op_input(&j, 0), n_rows)) return false;
    }
    return true;
}

static ew_status run_stage(const step *s, const ewi_stage *stage, ew_error *err) {
    const ew_engine *e = s->e;
    EWI_TRY(ewi_weights_ready(e->model, stage->weights, stage->n_weights, err));
    for (uint32_t i = stage->first, end; i < stage->end; i = end) {
        end = ewi_graph_step_end(&e->graph, i) + 1;
        size_t n_rows = e->graph.nodes[i].rows == EWI_DIM_L ? s->n_wanted : s->n_rows;
        if (s->on_linear && !show_inputs(s, i, end, n_rows)) return EW_OK;
        if (i != e->graph.output)
            run_nodes(s, i, end, n_rows, 0);
        else if (!s->on_linear)
            EWI_TRY(run_head(s, i, err));
    }
    return EW_OK;
}

/* ---- before and after ---- */

static ew_status check_row(const ew_engine *e, const ew_row *row, size_t i, ew_error *err) {
    ew_session *session = row->session;
    EWI_REQUIRE(session && session->engine == e, err);
    uint32_t expected = session->length + session->n_pending;
    if (row->token < 0 || (uint32_t)row->token >= e->model->n_vocab)
        return ewi_fail(err, EW_INVALID, "row %zu: token %" PRId32 " is not in the vocabulary of %u", i,
                        row->token, e->model->n_vocab);
    if (row->position != expected)
        return ewi_fail(err, EW_INVALID, "row %zu: position %u, but its session goes on at %u", i,
                        row->position, expected);
    if (e->model->hparams.arch->is_encoder && session->length > 0)
        return ewi_fail(err, EW_INVALID, "row %zu: an encoder takes all rows of a session in one step", i);
    if (expected >= session->n_ctx)
        return ewi_fail(err, EW_CONTEXT_FULL, "row %zu: the context of %u positions is full", i,
                        session->n_ctx);
    session->n_pending++;
    return EW_OK;
}

static ew_status check_rows(const ew_engine *e, const ew_row *rows, size_t n_rows, ew_error *err) {
    for (size_t i = 0; i < n_rows; i++)
        if (rows[i].session) rows[i].session->n_pending = 0;
    for (size_t i = 0; i < n_rows; i++) EWI_TRY(check_row(e, &rows[i], i, err));
    for (size_t i = 0; i < n_rows; i++) {
        ew_session *session = rows[i].session;
        const uint32_t end = session->length + session->n_pending;
        EWI_TRY(ewi_state_reserve(&session->state, session->length, end, err));
    }
    return EW_OK;
}

static void list_wanted(step *s) {
    for (size_t i = 0; i < s->n_rows; i++)
        if (s->rows[i].wants_logits) s->e->wanted[s->n_wanted++] = (uint32_t)i;
}

static void commit_rows(const step *s) {
    for (size_t i = 0; i < s->n_rows; i++) {
        ew_session *session = s->rows[i].session;
        session->tokens[s->rows[i].position] = s->rows[i].token;
        session->length = s->rows[i].position + 1;
    }
}

static ew_status begin(step *s, ew_error *err) {
    EWI_TRY(check_rows(s->e, s->rows, s->n_rows, err));
    list_wanted(s);
    s->n_tiles = ewi_attend_tiles(s->e, s->rows, s->n_rows);
    ewi_ropes_fill(s->e, s->rows, s->n_rows);
    return EW_OK;
}

ew_status ewi_step(ew_engine *engine, const ew_row *rows, size_t n_rows, ewi_head_fn on_head, void *user,
                   ew_error *err) {
    EWI_REQUIRE(engine && (rows || n_rows == 0), err);
    if (n_rows > engine->plan.n_rows)
        return ewi_fail(err, EW_INVALID, "%zu rows in a step of at most %u", n_rows, engine->plan.n_rows);
    if (n_rows == 0) return EW_OK;
    step s = {.e = engine, .rows = rows, .n_rows = n_rows, .on_head = on_head, .user = user};
    const ewi_watch *watch = &engine->watch;
    EWI_TRY(begin(&s, err));
    if (watch->start > 0) watch->on_start(watch->user, watch->start, rows, n_rows);
    for (uint32_t i = watch->start; i < engine->plan.n_stages; i++) {
        EWI_TRY(run_stage(&s, &engine->plan.stages[i], err));
        if (watch->on_stage) watch->on_stage(watch->user, i, rows, n_rows);
    }
    EWI_TRY(check_files(&s, err));
    commit_rows(&s);
    return EW_OK;
}

ew_status ewi_step_stage(ew_engine *engine, const ew_row *rows, size_t n_rows, uint32_t stage,
                         ewi_linear_fn on_linear, void *user, ew_error *err) {
    EW_ASSERT(n_rows <= engine->plan.n_rows && stage < engine->plan.n_stages);
    step s = {.e = engine, .rows = rows, .n_rows = n_rows, .on_linear = on_linear, .user = user};
    EWI_TRY(begin(&s, err));
    EWI_TRY(run_stage(&s, &engine->plan.stages[stage], err));
    return check_files(&s, err);
}

ew_status ew_step(ew_engine *engine, const ew_row *rows, size_t n_rows, ew_logits_fn on_logits, void *user,
                  ew_error *err) {
    ewi_logits_reader reader = {on_logits, user};
    return ewi_step(engine, rows, n_rows, ewi_logits_alone, &reader, err);
}
