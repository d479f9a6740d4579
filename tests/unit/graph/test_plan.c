/* test_plan.c: no value is overwritten before its last reader has read it; the arena is as small as it
 * should be; stages cover the graph. The checker compares every pair of values, and knows nothing of how
 * the planner places them.
 */
#include "graph/plan.h"

#include <stdlib.h>

#include "base/slice.h"
#include "expect.h"
#include "graph/passes.h"
#include "toy_graph.h"

static uint32_t last_use(const ewi_graph *g, uint32_t value) {
    uint32_t last = value;
    for (uint32_t i = value + 1; i < g->n_nodes; i++)
        for (uint32_t k = 0; k < g->nodes[i].n_inputs; k++)
            if (g->nodes[i].inputs[k] == value) last = i;
    return last;
}

/* Bytes that the engine writes there: all rows of the step, or as many rows of logits as exist at once. */
static size_t bytes_of(const ewi_plan *plan, uint32_t i) {
    const ewi_node *node = &plan->graph->nodes[i];
    return (i == plan->graph->output ? plan->head_rows : plan->n_rows) * (size_t)node->cols * sizeof(float);
}

/* Element i of the result needs element i of the input only: such an op may write where it reads. A rope
 * works pair by pair. */
static bool may_write_over(const ewi_graph *g, uint32_t writer, uint32_t input) {
    ewi_op op = g->nodes[writer].op;
    bool reads = false;
    for (uint32_t k = 0; k < g->nodes[writer].n_inputs; k++) reads |= g->nodes[writer].inputs[k] == input;
    return reads && (op == EWI_OP_ADD || op == EWI_OP_ACT || op == EWI_OP_ROPE);
}

/* Threads go through a fused step without waiting for each other: what one node of it reads may still be read
 * when another thread is at the step's end. */
static void check_steps(const ewi_plan *plan) {
    const ewi_graph *g = plan->graph;
    for (uint32_t i = 0; i < g->n_nodes; i++) {
        uint32_t last = last_use(g, i);
        if (bytes_of(plan, i) == 0 || last == i || plan->offsets[i] == SIZE_MAX) continue;
        for (uint32_t k = last + 1; k <= ewi_graph_step_end(g, last); k++) {
            if (plan->offsets[k] == SIZE_MAX) continue;
            size_t begin = plan->offsets[i], other = plan->offsets[k];
            bool apart = begin + bytes_of(plan, i) <= other || other + bytes_of(plan, k) <= begin;
            /* where node `last` wrote over i already, i is gone anyway */
            if (!apart && plan->offsets[last] != begin)
                fail_msg("%%%u is overwritten by %%%u in its step", i, k);
        }
    }
}

static void check_no_overlap(const ewi_plan *plan) {
    const ewi_graph *g = plan->graph;
    for (uint32_t i = 0; i < g->n_nodes; i++) {
        if (g->nodes[i].type != EWI_VALUE_F32) continue;
        size_t begin = plan->offsets[i], end = begin + bytes_of(plan, i);
        assert_int_equal(begin % 64, 0);
        assert_true(end <= plan->arena_bytes);
        for (uint32_t k = i + 1; k <= last_use(g, i); k++) {
            if (g->nodes[k].type != EWI_VALUE_F32) continue;
            size_t other = plan->offsets[k], other_end = other + bytes_of(plan, k);
            if (end <= other || other_end <= begin) continue;
            if (k == last_use(g, i) && other == begin && may_write_over(g, k, i)) continue;
            fail_msg("%%%u (%zu..%zu, used until %%%u) is overwritten by %%%u (%zu..%zu)", i, begin, end,
                     last_use(g, i), k, other, other_end);
        }
    }
}

static void check_stages(const ewi_plan *plan, uint32_t n_stages) {
    const ewi_graph *g = plan->graph;
    uint32_t next = 0;
    assert_int_equal(plan->n_stages, n_stages);
    for (uint32_t s = 0; s < plan->n_stages; s++) {
        const ewi_stage *stage = &plan->stages[s];
        uint32_t n_weights = 0;
        assert_int_equal(stage->first, next);
        for (next = stage->first; next < stage->end; next++) {
            assert_int_equal(g->nodes[next].stage, s);
            const ewi_tensor *needed[] = {g->nodes[next].weight, g->nodes[next].bias};
            for (size_t w = 0; w < 2; w++) {
                bool listed = needed[w] == NULL;
                n_weights += needed[w] != NULL;
                for (uint32_t i = 0; i < stage->n_weights; i++) listed |= stage->weights[i] == needed[w];
                assert_true(listed);
            }
        }
        assert_int_equal(stage->n_weights, n_weights);
    }
    assert_int_equal(next, g->n_nodes);
}

typedef struct planned {
    toy_graph toy;
    ewi_arena arena;
    ewi_plan plan;
} planned;

static void make(planned *p, const toy_sizes *sizes, uint32_t n_rows, uint32_t head_rows, bool with_passes) {
    ew_error err = {0};
    toy_graph_init(&p->toy, sizes);
    ewi_arena_init(&p->arena, (size_t)64 << 20);
    if (with_passes)
        expect_ok(ewi_passes_run(&p->toy.graph, ewi_passes_default, ewi_n_passes_default, NULL, &err), &err);
    expect_ok(ewi_plan_make(&p->toy.graph, n_rows, head_rows, &p->arena, &p->plan, &err), &err);
}

static void unmake(planned *p) {
    ewi_arena_deinit(&p->arena);
    toy_graph_deinit(&p->toy);
}

static void values_do_not_meet(void **state) {
    (void)state;
    static planned p;
    static const toy_sizes shapes[] = {
        {1, 4, 2, 4, 12, 20, 30},
        {3, 4, 4, 8, 16, 100, 7},
        {5, 6, 1, 2, 40, 8, 300},
        {2, 1, 1, 64, 8, 8, 8},
    };
    static const uint32_t rows[] = {1, 3, 16, 17, 256};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
            for (int with_passes = 0; with_passes < 2; with_passes++) {
                make(&p, &shapes[s], rows[r], 16, with_passes);
                check_no_overlap(&p.plan);
                check_steps(&p.plan);
                check_stages(&p.plan, shapes[s].n_layers + 2);
                assert_int_equal(p.plan.n_rows, rows[r]);
                assert_int_equal(p.plan.head_rows, rows[r] < 16 ? rows[r] : 16);
                unmake(&p);
            }
}

/* The same arena serves every layer. */
static void arena_does_not_grow_with_layers(void **state) {
    (void)state;
    static planned p;
    toy_sizes sizes = {2, 4, 2, 4, 12, 20, 30};
    make(&p, &sizes, 64, 16, true);
    size_t two = p.plan.arena_bytes;
    unmake(&p);
    sizes.n_layers = 30;
    make(&p, &sizes, 64, 16, true);
    assert_int_equal(p.plan.arena_bytes, two);
    unmake(&p);
}

/* No plan can do with less than what lives at once: all values from their making to their last use. */
static size_t least_arena(const ewi_plan *plan) {
    const ewi_graph *g = plan->graph;
    size_t most = 0;
    for (uint32_t now = 0; now < g->n_nodes; now++) {
        size_t sum = 0;
        for (uint32_t i = 0; i <= now; i++) {
            bool dies_here = i < now && last_use(g, i) == now && may_write_over(g, now, i);
            if (g->nodes[i].type == EWI_VALUE_F32 && last_use(g, i) >= now && !dies_here)
                sum += bytes_of(plan, i);
        }
        if (sum > most) most = sum;
    }
    return most;
}

static void arena_is_near_the_least(void **state) {
    (void)state;
    static planned p;
    static const toy_sizes shapes[] = {
        {4, 4, 2, 4, 16, 32, 16},
        {4, 32, 8, 8, 256, 896, 8}, /* an 8B model's proportions */
        {4, 14, 2, 4, 56, 304, 8},  /* a 0.5B model's */
    };
    for (size_t i = 0; i < 3; i++) {
        make(&p, &shapes[i], 64, 16, true);
        size_t least = least_arena(&p.plan);
        assert_true(p.plan.arena_bytes >= least);
        assert_true(p.plan.arena_bytes <= least + least / 4);
        unmake(&p);
    }
}

/* 4096 rows of 100,000 logits would be 1.6 GB; 16 rows are 6.4 MB. */
static void logits_are_capped(void **state) {
    (void)state;
    static planned p;
    const toy_sizes sizes = {1, 4, 2, 4, 16, 32, 100000};
    make(&p, &sizes, 4096, 16, true);
    assert_true(p.plan.arena_bytes < 16u * 100000 * 4 + 4096u * 4 * (16 + 32 + 32 + 16 + 64));
    check_no_overlap(&p.plan);
    unmake(&p);
}

static void sizes_that_overflow(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_arena arena;
    ewi_plan plan;
    ew_error err = {0};
    toy_graph_init(&toy, &(toy_sizes){1, 4, 2, 4, 12, 20, 30});
    ewi_arena_init(&arena, 1u << 20);
    for (uint32_t i = 0; i < toy.graph.n_nodes; i++) toy.graph.nodes[i].cols = UINT32_MAX;
    expect_refused(ewi_plan_make(&toy.graph, UINT32_MAX, UINT32_MAX, &arena, &plan, &err), EW_LIMIT, &err,
                   "do not fit");
    ewi_arena_deinit(&arena);
    ewi_arena_init(&arena, 64);
    expect_refused(ewi_plan_make(&toy.graph, 16, 16, &arena, &plan, &err), EW_NO_MEMORY, &err, "plan");
    ewi_arena_deinit(&arena);
    toy_graph_deinit(&toy);
}

static void plan_as_text(void **state) {
    (void)state;
    static planned p;
    ewi_buffer text;
    make(&p, &(toy_sizes){1, 4, 2, 4, 12, 20, 30}, 64, 16, true);
    ewi_buffer_init(&text, 1u << 20);
    ewi_plan_print(&p.plan, &text);
    assert_true(ewi_buffer_add(&text, "", 1));
    const char *written = (const char *)text.data;
    assert_non_null(strstr(written, "# plan: 64 rows a step, 16 rows of logits at a time, arena of "));
    assert_non_null(strstr(written, "stage 0: 1 weights\n    %1 at 0\n"));
    assert_non_null(strstr(written, "stage 1: 10 weights\n"));
    assert_non_null(strstr(written, "stage 2: 2 weights\n"));
    ewi_buffer_deinit(&text);
    unmake(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_do_not_meet),      cmocka_unit_test(arena_does_not_grow_with_layers),
        cmocka_unit_test(arena_is_near_the_least), cmocka_unit_test(logits_are_capped),
        cmocka_unit_test(sizes_that_overflow),     cmocka_unit_test(plan_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
