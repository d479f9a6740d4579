/* jinja_eval.c: what statements do, and a rendering as a whole. */
#include "text/jinja_eval.h"

#include "base/error.h"
#include "text/template.h"

/* How a statement ended. */
typedef enum flow { FLOW_FAILED, FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE } flow;

static flow run_block(ewi_jeval *e, const ewi_jnode *block, ewi_jframe *frame, ewi_jbuilder *out);

static flow flow_of(bool ok) {
    return ok ? FLOW_NEXT : FLOW_FAILED;
}

/* A block whose text is a value. */
static flow capture(ewi_jeval *e, const ewi_jnode *block, ewi_jframe *parent, ewi_jv *text) {
    ewi_jbuilder b;
    ewi_jframe *frame = ewi_jframe_new(e, parent);
    if (!frame) return FLOW_FAILED;
    ewi_jb_init(&b, e->run);
    flow how = run_block(e, block, frame, &b);
    return how == FLOW_NEXT ? flow_of(ewi_jb_end(&b, text)) : how;
}

bool ewi_jeval_body(ewi_jeval *e, const ewi_jnode *block, ewi_jframe *frame, ewi_jv *out) {
    ewi_jbuilder b;
    ewi_jb_init(&b, e->run);
    return run_block(e, block, frame, &b) == FLOW_NEXT && ewi_jb_end(&b, out);
}

/* ---- assignments ---- */

static bool assign_attribute(ewi_jeval *e, const ewi_jnode *target, ewi_jframe *frame, ewi_jv value) {
    ewi_jv space, key;
    if (!ewi_jeval_expr(e, target->a, frame, &space)) return false;
    if (space.kind != EWI_J_NAMESPACE)
        return ewi_jinja_raise(e->run, "only a namespace's attributes can be set, not those of a %s",
                               ewi_jv_type_name(&space));
    ewi_jv *old = ewi_jdict_find(e->run, space.as.dict, target->text);
    if (old) {
        *old = value;
        return true;
    }
    return ewi_jv_text(e->run, target->text, false, &key) &&
           ewi_jdict_set(e->run, space.as.dict, &key, value);
}

static bool assign(ewi_jeval *e, const ewi_jnode *target, ewi_jframe *frame, ewi_jv value) {
    ewi_jv *items;
    size_t n;
    if (target->kind == EWI_JN_NAME) return ewi_jframe_set(e, frame, target->name, value);
    if (target->kind == EWI_JN_ATTR) return assign_attribute(e, target, frame, value);
    if (!ewi_jv_iterate(e->run, &value, &items, &n)) return false;
    if (n != target->n_items)
        return ewi_jinja_raise(e->run, "%zu names stand for %zu values", target->n_items, n);
    for (size_t i = 0; i < n; i++)
        if (!assign(e, target->items[i], frame, items[i])) return false;
    return true;
}

static flow run_set(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    (void)out;
    ewi_jv value;
    return flow_of(ewi_jeval_expr(e, node->b, frame, &value) && assign(e, node->a, frame, value));
}

static flow run_set_block(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    (void)out;
    ewi_jv text, value;
    flow how = capture(e, node->b, frame, &text);
    if (how != FLOW_NEXT) return how;
    value = text;
    if (node->c && !ewi_jeval_filter(e, node->c, frame, &text, &value)) return FLOW_FAILED;
    return flow_of(assign(e, node->a, frame, value));
}

static flow run_with(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *parent, ewi_jbuilder *out) {
    ewi_jframe *frame = ewi_jframe_new(e, parent);
    if (!frame) return FLOW_FAILED;
    for (size_t i = 0; i < node->n_items; i += 2) {
        ewi_jv value;
        if (!ewi_jeval_expr(e, node->items[i + 1], parent, &value) ||
            !assign(e, node->items[i], frame, value))
            return FLOW_FAILED;
    }
    return run_block(e, node->a, frame, out);
}

/* ---- macros and filters ---- */

static bool new_macro(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jmacro *macro = ewi_jinja_alloc(e->run, 1, sizeof *macro);
    if (!macro) return false;
    *macro = (ewi_jmacro){node, frame};
    *out = (ewi_jv){.kind = EWI_J_MACRO, .as.macro = macro};
    return true;
}

static flow run_macro(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    (void)out;
    ewi_jv macro;
    return flow_of(new_macro(e, node, frame, &macro) && ewi_jframe_set(e, frame, node->name, macro));
}

static flow run_call(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    ewi_jv caller, value;
    return flow_of(new_macro(e, node, frame, &caller) && ewi_jeval_call(e, node->b, frame, &caller, &value) &&
                   ewi_jb_add_value(out, &value));
}

static flow run_filter(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    ewi_jv text, value;
    flow how = capture(e, node->a, frame, &text);
    if (how != FLOW_NEXT) return how;
    return flow_of(ewi_jeval_filter(e, node->c, frame, &text, &value) && ewi_jb_add_value(out, &value));
}

/* ---- if and for ---- */

static flow run_if(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    for (size_t i = 0; i < node->n_items; i += 2) {
        ewi_jv condition;
        if (!ewi_jeval_expr(e, node->items[i], frame, &condition)) return FLOW_FAILED;
        if (ewi_jv_truth(&condition)) return run_block(e, node->items[i + 1], frame, out);
    }
    return node->c ? run_block(e, node->c, frame, out) : FLOW_NEXT;
}

/* The items for which `if` holds. */
static bool filter_items(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *parent, ewi_jloop *loop) {
    ewi_jv kept;
    if (!ewi_jlist_new(e->run, EWI_J_LIST, 0, &kept)) return false;
    for (size_t i = 0; i < loop->n; i++) {
        ewi_jv condition;
        ewi_jframe *frame = ewi_jframe_new(e, parent);
        if (!frame || !assign(e, node->a, frame, loop->items[i]) ||
            !ewi_jeval_expr(e, node->items[0], frame, &condition))
            return false;
        if (ewi_jv_truth(&condition) && !ewi_jlist_add(e->run, kept.as.list, loop->items[i])) return false;
    }
    loop->items = kept.as.list->items;
    loop->n = kept.as.list->n;
    return true;
}

static flow run_iteration(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *parent, ewi_jloop *loop,
                          ewi_jbuilder *out) {
    ewi_jv v = {.kind = EWI_J_LOOP, .as.loop = loop};
    ewi_jframe *frame = ewi_jframe_new(e, parent);
    if (!frame || !ewi_jinja_spend(e->run, 1) || !ewi_jframe_set(e, frame, EWI_JNAME_LOOP, v) ||
        !assign(e, node->a, frame, loop->items[loop->index]))
        return FLOW_FAILED;
    return run_block(e, node->items[1], frame, out);
}

static flow run_for(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    ewi_jv over;
    ewi_jloop *loop = ewi_jinja_alloc(e->run, 1, sizeof *loop);
    if (!loop || !ewi_jeval_expr(e, node->b, frame, &over) ||
        !ewi_jv_iterate(e->run, &over, &loop->items, &loop->n) ||
        (node->items[0] && !filter_items(e, node, frame, loop)))
        return FLOW_FAILED;
    if (loop->n == 0) {
        ewi_jframe *inner = node->c ? ewi_jframe_new(e, frame) : NULL;
        return !node->c ? FLOW_NEXT : inner ? run_block(e, node->c, inner, out) : FLOW_FAILED;
    }
    for (; loop->index < loop->n; loop->index++) {
        flow how = run_iteration(e, node, frame, loop, out);
        if (how == FLOW_FAILED) return FLOW_FAILED;
        if (how == FLOW_BREAK) break;
    }
    return FLOW_NEXT;
}

/* ---- all ---- */

static flow run_print(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    ewi_jv value;
    return flow_of(ewi_jeval_expr(e, node->a, frame, &value) && ewi_jb_add_value(out, &value));
}

static flow run_scope(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *parent, ewi_jbuilder *out) {
    ewi_jframe *frame = ewi_jframe_new(e, parent);
    return frame ? run_block(e, node->a, frame, out) : FLOW_FAILED;
}

static flow run_data(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    (void)e;
    (void)frame;
    return flow_of(ewi_jb_add_string(out, node->value.as.string));
}

static flow run_break(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    (void)e;
    (void)node;
    (void)frame;
    (void)out;
    return FLOW_BREAK;
}

static flow run_continue(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    (void)e;
    (void)node;
    (void)frame;
    (void)out;
    return FLOW_CONTINUE;
}

static flow run_statement(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jbuilder *out) {
    static flow (*const runs[])(ewi_jeval * e, const ewi_jnode *node, ewi_jframe *frame,
                                ewi_jbuilder *out) = {
        [EWI_JN_DATA] = run_data,
        [EWI_JN_PRINT] = run_print,
        [EWI_JN_BLOCK] = run_block,
        [EWI_JN_IF] = run_if,
        [EWI_JN_FOR] = run_for,
        [EWI_JN_SET] = run_set,
        [EWI_JN_SET_BLOCK] = run_set_block,
        [EWI_JN_MACRO] = run_macro,
        [EWI_JN_CALL_BLOCK] = run_call,
        [EWI_JN_FILTER_BLOCK] = run_filter,
        [EWI_JN_WITH] = run_with,
        [EWI_JN_SCOPE] = run_scope,
        [EWI_JN_BREAK] = run_break,
        [EWI_JN_CONTINUE] = run_continue,
    };
    EW_ASSERT(node->kind < EWI_COUNT(runs) && runs[node->kind]);
    e->run->line = node->line;
    return runs[node->kind](e, node, frame, out);
}

static flow run_block(ewi_jeval *e, const ewi_jnode *block, ewi_jframe *frame, ewi_jbuilder *out) {
    flow how = FLOW_NEXT;
    if (!ewi_jinja_enter(e->run)) return FLOW_FAILED;
    for (size_t i = 0; i < block->n_items && how == FLOW_NEXT; i++) {
        if (!ewi_jinja_spend(e->run, 1)) return FLOW_FAILED;
        how = run_statement(e, block->items[i], frame, out);
    }
    ewi_jinja_leave(e->run);
    return how;
}

/* ---- a rendering ---- */

void ewi_jinja_init(ewi_jinja *run) {
    *run = (ewi_jinja){.steps_left = EWI_JINJA_MAX_STEPS};
    ewi_arena_init(&run->arena, EWI_JINJA_MAX_MEMORY);
}

void ewi_jinja_deinit(ewi_jinja *run) {
    ewi_arena_deinit(&run->arena);
}

ew_status ewi_jinja_error(const ewi_jinja *run, ew_error *err) {
    if (!run->line) return ewi_fail(err, run->status, "chat template: %s", run->problem);
    return ewi_fail(err, run->status, "chat template: line %u: %s", run->line, run->problem);
}

static uint32_t find_name(const ewi_jinja_program *program, ew_str name) {
    uint32_t i = 0;
    while (i < program->n_names && !ewi_str_eq(program->names[i], name)) i++;
    return i;
}

/* The functions that every template has, and the variables, which may replace them. */
static bool fill_globals(ewi_jeval *e, const ewi_jdict *variables, ewi_jframe *frame) {
    for (const ewi_jbuiltin *f = ewi_jinja_functions; f->name; f++) {
        uint32_t name = find_name(e->program, ewi_str(f->name));
        ewi_jv v = {.kind = EWI_J_FUNCTION, .as.function = f};
        if (name < e->program->n_names && !ewi_jframe_set(e, frame, name, v)) return false;
    }
    for (uint32_t i = 0; i < e->program->n_names; i++) {
        const ewi_jv *v = ewi_jdict_find(e->run, variables, e->program->names[i]);
        if (v && !ewi_jframe_set(e, frame, i, *v)) return false;
    }
    return true;
}

static bool render(ewi_jeval *e, const ewi_jdict *variables, ewi_jv *out) {
    ewi_jbuilder b;
    ewi_jb_init(&b, e->run);
    b.max = EWI_JINJA_MAX_OUTPUT;
    ewi_jframe *globals = ewi_jframe_new(e, NULL), *frame = globals ? ewi_jframe_new(e, globals) : NULL;
    return frame && fill_globals(e, variables, globals) &&
           run_block(e, e->program->root, frame, &b) == FLOW_NEXT && ewi_jb_end(&b, out);
}

ew_status ewi_template_render(const ewi_jinja_program *program, ewi_jinja *run, const ewi_jdict *variables,
                              const ewi_jstring **out, ew_error *err) {
    ewi_jeval e = {.run = run, .program = program};
    ewi_jv text;
    if (!render(&e, variables, &text)) return ewi_jinja_error(run, err);
    *out = text.as.string;
    return EW_OK;
}
