/* jinja_expr.c: what expressions give. */
#include "base/error.h"
#include "text/jinja_eval.h"

/* ---- variables ---- */

ewi_jframe *ewi_jframe_new(ewi_jeval *e, ewi_jframe *parent) {
    ewi_jframe *frame = ewi_jinja_alloc(e->run, 1, sizeof *frame);
    if (frame) frame->parent = parent;
    return frame;
}

bool ewi_jframe_set(ewi_jeval *e, ewi_jframe *frame, uint32_t name, ewi_jv value) {
    uint32_t i = 0;
    while (i < frame->n && frame->vars[i].name != name) i++;
    if (i == frame->cap) {
        uint32_t cap = frame->cap ? frame->cap * 2 : 4;
        ewi_jvar *vars = ewi_jinja_alloc(e->run, cap, sizeof *vars);
        if (!vars) return false;
        if (frame->n) memcpy(vars, frame->vars, frame->n * sizeof *vars);
        frame->vars = vars;
        frame->cap = cap;
    }
    if (i == frame->n) frame->n++;
    frame->vars[i] = (ewi_jvar){name, value};
    return true;
}

static bool look_up(ewi_jeval *e, const ewi_jframe *frame, uint32_t name, ewi_jv *out) {
    for (; frame; frame = frame->parent) {
        for (uint32_t i = 0; i < frame->n; i++) {
            if (frame->vars[i].name != name) continue;
            *out = frame->vars[i].value;
            return true;
        }
        if (!ewi_jinja_spend(e->run, frame->n / 16)) return false;
    }
    *out = ewi_jv_undefined(&e->program->names[name]);
    return true;
}

/* ---- literals ---- */

static bool eval_list(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jkind kind = node->kind == EWI_JN_TUPLE ? EWI_J_TUPLE : EWI_J_LIST;
    if (!ewi_jlist_new(e->run, kind, node->n_items, out)) return false;
    for (size_t i = 0; i < node->n_items; i++) {
        ewi_jv item;
        if (!ewi_jeval_expr(e, node->items[i], frame, &item) || !ewi_jlist_add(e->run, out->as.list, item))
            return false;
    }
    return true;
}

static bool eval_dict(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    if (!ewi_jdict_new(e->run, EWI_J_DICT, out)) return false;
    for (size_t i = 0; i < node->n_items; i += 2) {
        ewi_jv key, value;
        if (!ewi_jeval_expr(e, node->items[i], frame, &key) ||
            !ewi_jeval_expr(e, node->items[i + 1], frame, &value) ||
            !ewi_jdict_set(e->run, out->as.dict, &key, value))
            return false;
    }
    return true;
}

/* ---- operators ---- */

static bool eval_sign(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jv zero = ewi_jv_int(0), value;
    if (!ewi_jeval_expr(e, node->a, frame, &value)) return false;
    if (value.kind == EWI_J_FLOAT) {
        *out = ewi_jv_float(node->kind == EWI_JN_NEG ? -value.as.real : value.as.real);
        return true;
    }
    return node->kind == EWI_JN_NEG ? ewi_jinja_arithmetic(e->run, '-', &zero, &value, out)
                                    : ewi_jinja_arithmetic(e->run, '-', &value, &zero, out);
}

static bool eval_not(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    if (!ewi_jeval_expr(e, node->a, frame, out)) return false;
    *out = ewi_jv_bool(!ewi_jv_truth(out));
    return true;
}

static bool eval_and_or(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    bool stops_at = node->kind == EWI_JN_OR;
    for (size_t i = 0; i < node->n_items; i++) {
        if (!ewi_jeval_expr(e, node->items[i], frame, out)) return false;
        if (ewi_jv_truth(out) == stops_at) break;
    }
    return true;
}

static bool eval_fold(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    if (!ewi_jeval_expr(e, node->items[0], frame, out)) return false;
    for (size_t i = 1; i < node->n_items; i++) {
        ewi_jv left = *out, right;
        if (!ewi_jeval_expr(e, node->items[i], frame, &right)) return false;
        bool ok = node->ops[i] == '+' ? ewi_jinja_add(e->run, &left, &right, out)
                                      : ewi_jinja_arithmetic(e->run, node->ops[i], &left, &right, out);
        if (!ok) return false;
    }
    return true;
}

static bool eval_concat(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jbuilder b;
    ewi_jb_init(&b, e->run);
    for (size_t i = 0; i < node->n_items; i++) {
        ewi_jv item;
        if (!ewi_jeval_expr(e, node->items[i], frame, &item) || !ewi_jb_add_value(&b, &item)) return false;
    }
    return ewi_jb_end(&b, out);
}

static bool compare(ewi_jinja *run, char op, const ewi_jv *a, const ewi_jv *b, bool *out) {
    int order;
    bool negated = op == '!' || op == 'n';
    if (op == '=' || op == '!' || op == 'i' || op == 'n') {
        bool ok = op == '=' || op == '!' ? ewi_jv_equal(run, a, b, out) : ewi_jinja_contains(run, b, a, out);
        *out = *out != negated;
        return ok;
    }
    if (!ewi_jv_compare(run, a, b, &order)) return false;
    *out = op == '<' ? order < 0 : op == '>' ? order > 0 : op == 'l' ? order <= 0 : order >= 0;
    return true;
}

static bool eval_compare(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jv left, right;
    bool holds = true;
    if (!ewi_jeval_expr(e, node->items[0], frame, &left)) return false;
    for (size_t i = 1; i < node->n_items && holds; i++) {
        holds = false;
        if (!ewi_jeval_expr(e, node->items[i], frame, &right) ||
            !compare(e->run, node->ops[i], &left, &right, &holds))
            return false;
        left = right;
    }
    *out = ewi_jv_bool(holds);
    return true;
}

static bool eval_cond(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jv condition;
    if (!ewi_jeval_expr(e, node->b, frame, &condition)) return false;
    if (ewi_jv_truth(&condition)) return ewi_jeval_expr(e, node->a, frame, out);
    *out = ewi_jv_undefined(NULL);
    return !node->c || ewi_jeval_expr(e, node->c, frame, out);
}

/* ---- parts of values ---- */

static bool eval_attribute(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jv value;
    return ewi_jeval_expr(e, node->a, frame, &value) && ewi_jinja_getattr(e->run, &value, &node->text, out);
}

static bool eval_item(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jv value, key;
    return ewi_jeval_expr(e, node->a, frame, &value) && ewi_jeval_expr(e, node->b, frame, &key) &&
           ewi_jinja_getitem(e->run, &value, &key, out);
}

static bool eval_slice(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jv value, bounds[3];
    if (!ewi_jeval_expr(e, node->a, frame, &value)) return false;
    for (size_t i = 0; i < 3; i++) {
        bounds[i] = ewi_jv_none();
        if (node->items[i] && !ewi_jeval_expr(e, node->items[i], frame, &bounds[i])) return false;
    }
    return ewi_jinja_slice(e->run, &value, bounds, out);
}

/* ---- calls ---- */

static bool eval_args(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jcall *call) {
    call->n_args = node->n_args;
    if (node->n_args == 0) return true;
    ewi_jarg *args = ewi_jinja_alloc(e->run, node->n_args, sizeof *args);
    if (!args) return false;
    call->args = args;
    for (size_t i = 0; i < node->n_args; i++) {
        args[i].name = node->args[i].name;
        call->n_positional += args[i].name.len == 0;
        if (!ewi_jeval_expr(e, node->args[i].value, frame, &args[i].value)) return false;
    }
    return true;
}

static const ewi_jarg *find_arg(const ewi_jcall *call, ew_str name) {
    for (size_t i = call->n_positional; i < call->n_args; i++)
        if (ewi_str_eq(call->args[i].name, name)) return &call->args[i];
    return NULL;
}

/* A parameter's value: by position, by name, its default, or undefined. */
static bool bind_parameter(ewi_jeval *e, const ewi_jmacro *macro, size_t i, const ewi_jcall *call,
                           ewi_jframe *frame) {
    const ewi_jnode_arg *param = &macro->node->args[i];
    const ewi_jarg *named = find_arg(call, param->name);
    ewi_jv value = ewi_jv_undefined(&param->name);
    if (i < call->n_positional) {
        if (named) return ewi_jinja_raise(e->run, "\"%.*s\" is given twice", EWI_STR_ARG(param->name));
        value = call->args[i].value;
    } else if (named) {
        value = named->value;
    } else if (param->value && !ewi_jeval_expr(e, param->value, frame, &value)) {
        return false;
    }
    return ewi_jframe_set(e, frame, param->name_id, value);
}

static bool check_args(ewi_jeval *e, const ewi_jmacro *macro, const ewi_jcall *call) {
    ew_str name = macro->node->text;
    if (call->n_positional > macro->node->n_args)
        return ewi_jinja_raise(e->run, "%.*s() takes %zu arguments at most", EWI_STR_ARG(name),
                               macro->node->n_args);
    for (size_t i = call->n_positional; i < call->n_args; i++) {
        size_t k = 0;
        while (k < macro->node->n_args && !ewi_str_eq(macro->node->args[k].name, call->args[i].name)) k++;
        if (k == macro->node->n_args)
            return ewi_jinja_raise(e->run, "%.*s() has no argument \"%.*s\"", EWI_STR_ARG(name),
                                   EWI_STR_ARG(call->args[i].name));
    }
    return true;
}

static bool call_macro(ewi_jeval *e, const ewi_jmacro *macro, const ewi_jcall *call, const ewi_jv *caller,
                       ewi_jv *out) {
    ewi_jframe *frame = ewi_jframe_new(e, macro->frame);
    if (!frame || !check_args(e, macro, call)) return false;
    for (size_t i = 0; i < macro->node->n_args; i++)
        if (!bind_parameter(e, macro, i, call, frame)) return false;
    if (caller && !ewi_jframe_set(e, frame, EWI_JNAME_CALLER, *caller)) return false;
    return ewi_jeval_body(e, macro->node->a, frame, out);
}

bool ewi_jeval_call(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, const ewi_jv *caller,
                    ewi_jv *out) {
    ewi_jv callee;
    ewi_jcall call = {0};
    if (!ewi_jeval_expr(e, node->a, frame, &callee) || !eval_args(e, node, frame, &call)) return false;
    e->run->line = node->line;
    if (callee.kind == EWI_J_MACRO) return call_macro(e, callee.as.macro, &call, caller, out);
    if (callee.kind == EWI_J_FUNCTION) return ewi_jbuiltin_call(e->run, callee.as.function, &call, out);
    if (callee.kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(e->run, &callee);
    if (callee.kind != EWI_J_METHOD)
        return ewi_jinja_raise(e->run, "a %s cannot be called", ewi_jv_type_name(&callee));
    call.in = callee.as.bound->receiver;
    return ewi_jbuiltin_call(e->run, callee.as.bound->method, &call, out);
}

/* What goes into a filter: the text of a block, what another filter made of it, or any value. */
static bool filter_input(ewi_jeval *e, const ewi_jnode *a, ewi_jframe *frame, const ewi_jv *text,
                         ewi_jv *out) {
    if (!a) return *out = *text, true;
    if (!text || a->kind != EWI_JN_FILTER) return ewi_jeval_expr(e, a, frame, out);
    if (!ewi_jinja_enter(e->run)) return false;
    bool ok = ewi_jeval_filter(e, a, frame, text, out);
    ewi_jinja_leave(e->run);
    return ok;
}

bool ewi_jeval_filter(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, const ewi_jv *text,
                      ewi_jv *out) {
    ewi_jcall call = {0};
    if (!filter_input(e, node->a, frame, text, &call.in) || !eval_args(e, node, frame, &call)) return false;
    e->run->line = node->line;
    if (!node->builtin)
        return ewi_jinja_fail(e->run, EW_UNSUPPORTED, "there is no filter \"%.*s\" here",
                              EWI_STR_ARG(node->text));
    return ewi_jbuiltin_call(e->run, node->builtin, &call, out);
}

static bool eval_test(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    ewi_jcall call = {0};
    if (!ewi_jeval_expr(e, node->a, frame, &call.in) || !eval_args(e, node, frame, &call)) return false;
    e->run->line = node->line;
    if (!node->builtin)
        return ewi_jinja_fail(e->run, EW_UNSUPPORTED, "there is no test \"%.*s\" here",
                              EWI_STR_ARG(node->text));
    if (!ewi_jbuiltin_call(e->run, node->builtin, &call, out)) return false;
    *out = ewi_jv_bool(ewi_jv_truth(out) != node->flag);
    return true;
}

static bool eval_filter(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    return ewi_jeval_filter(e, node, frame, NULL, out);
}

static bool eval_call(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    return ewi_jeval_call(e, node, frame, NULL, out);
}

/* ---- all ---- */

bool ewi_jeval_expr(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) {
    static bool (*const evals[])(ewi_jeval * e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out) = {
        [EWI_JN_LIST] = eval_list,      [EWI_JN_TUPLE] = eval_list,      [EWI_JN_DICT] = eval_dict,
        [EWI_JN_NOT] = eval_not,        [EWI_JN_NEG] = eval_sign,        [EWI_JN_POS] = eval_sign,
        [EWI_JN_AND] = eval_and_or,     [EWI_JN_OR] = eval_and_or,       [EWI_JN_FOLD] = eval_fold,
        [EWI_JN_CONCAT] = eval_concat,  [EWI_JN_COMPARE] = eval_compare, [EWI_JN_COND] = eval_cond,
        [EWI_JN_ATTR] = eval_attribute, [EWI_JN_ITEM] = eval_item,       [EWI_JN_SLICE] = eval_slice,
        [EWI_JN_CALL] = eval_call,      [EWI_JN_FILTER] = eval_filter,   [EWI_JN_TEST] = eval_test,
    };
    if (node->kind == EWI_JN_CONST) {
        *out = node->value;
        return true;
    }
    if (node->kind == EWI_JN_NAME) return look_up(e, frame, node->name, out);
    EW_ASSERT(node->kind < EWI_COUNT(evals) && evals[node->kind]);
    e->run->line = node->line;
    if (!ewi_jinja_spend(e->run, 1) || !ewi_jinja_enter(e->run)) return false;
    bool ok = evals[node->kind](e, node, frame, out);
    ewi_jinja_leave(e->run);
    return ok;
}
