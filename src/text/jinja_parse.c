/* jinja_parse.c: statements; expressions are in jinja_parse_expr.c. */
#include "text/jinja_parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

/* ---- shared ---- */

ewi_jnode *ewi_jp_fail(ewi_jparser *p, ew_status status, const char *fmt, ...) {
    char text[400];
    va_list args;
    if (p->status) return NULL;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    p->status = ewi_fail(p->err, status, "chat template: line %u: %s", p->t->line, text);
    return NULL;
}

ewi_jnode *ewi_jp_expected(ewi_jparser *p, const char *what) {
    switch (p->t->kind) {
    case EWI_JT_END: return ewi_jp_fail(p, EW_FORMAT, "expected %s, but the template ends", what);
    case EWI_JT_DATA:
    case EWI_JT_BEGIN_PRINT:
    case EWI_JT_BEGIN_BLOCK:
    case EWI_JT_END_PRINT:
    case EWI_JT_END_BLOCK: return ewi_jp_fail(p, EW_FORMAT, "expected %s, but the tag ends", what);
    case EWI_JT_NAME:
    case EWI_JT_STRING:
    case EWI_JT_INT:
    case EWI_JT_FLOAT:
    case EWI_JT_SIGN: break;
    }
    return ewi_jp_fail(p, EW_FORMAT, "expected %s, not \"%.*s\"", what, EWI_STR_ARG(p->t->text));
}

ewi_jnode *ewi_jp_node(ewi_jparser *p, ewi_jnode_kind kind) {
    ewi_jnode *node = ewi_arena_array(p->arena, 1, sizeof *node);
    if (!node) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory");
    node->kind = kind;
    node->line = p->t->line;
    return node;
}

bool ewi_jp_push(ewi_jparser *p, ewi_jnodes *nodes, ewi_jnode *node) {
    if (!node) return false;
    if (nodes->n == nodes->cap) {
        size_t cap = nodes->cap ? nodes->cap * 2 : 4;
        ewi_jnode **items = ewi_arena_array(p->arena, cap, sizeof *items);
        if (!items) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory") != NULL;
        if (nodes->n) memcpy(items, nodes->items, nodes->n * sizeof *items);
        nodes->items = items;
        nodes->cap = cap;
    }
    nodes->items[nodes->n++] = node;
    return true;
}

uint32_t ewi_jp_name(ewi_jparser *p, ew_str name) {
    for (uint32_t i = 0; i < p->n_names; i++)
        if (ewi_str_eq(p->names[i], name)) return i;
    if (p->n_names == EWI_JINJA_MAX_NAMES) {
        ewi_jp_fail(p, EW_LIMIT, "more than %u names", EWI_JINJA_MAX_NAMES);
        return UINT32_MAX;
    }
    if (p->n_names == p->cap_names) {
        uint32_t cap = p->cap_names ? p->cap_names * 2 : 64;
        ew_str *names = ewi_arena_array(p->arena, cap, sizeof *names);
        if (!names) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory"), UINT32_MAX;
        if (p->n_names) memcpy(names, p->names, p->n_names * sizeof *names);
        p->names = names;
        p->cap_names = cap;
    }
    p->names[p->n_names] = name;
    return p->n_names++;
}

bool ewi_jp_enter(ewi_jparser *p) {
    if (p->depth == EWI_JINJA_MAX_NESTING)
        return ewi_jp_fail(p, EW_LIMIT, "nested deeper than %u", EWI_JINJA_MAX_NESTING) != NULL;
    p->depth++;
    return true;
}

bool ewi_jp_take_sign(ewi_jparser *p, const char *sign) {
    if (!ewi_jp_is_sign(p, sign)) return false;
    p->t++;
    return true;
}

bool ewi_jp_take_name(ewi_jparser *p, const char *name) {
    if (!ewi_jp_is_name(p, name)) return false;
    p->t++;
    return true;
}

bool ewi_jp_expect_sign(ewi_jparser *p, const char *sign) {
    char what[8];
    snprintf(what, sizeof what, "'%s'", sign);
    return ewi_jp_take_sign(p, sign) || ewi_jp_expected(p, what) != NULL;
}

bool ewi_jp_expect_name(ewi_jparser *p, const char *name) {
    return ewi_jp_take_name(p, name) || ewi_jp_expected(p, name) != NULL;
}

static bool expect_end(ewi_jparser *p) {
    if (p->t->kind != EWI_JT_END_BLOCK) return ewi_jp_expected(p, "%}") != NULL;
    p->t++;
    return true;
}

/* ---- blocks ---- */

static ewi_jnode *statement(ewi_jparser *p);

static ewi_jnode *data(ewi_jparser *p) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_DATA);
    ewi_jstring *s = ewi_arena_array(p->arena, 1, sizeof *s);
    if (!node || !s) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory");
    *s = (ewi_jstring){.data = p->t->text.data, .len = p->t->text.len};
    node->value = (ewi_jv){.kind = EWI_J_STRING, .as.string = s};
    p->t++;
    return node;
}

static ewi_jnode *print(ewi_jparser *p) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_PRINT);
    p->t++;
    if (!node || !(node->a = ewi_jp_tuple(p, true))) return NULL;
    if (p->t->kind != EWI_JT_END_PRINT) return ewi_jp_expected(p, "}}");
    p->t++;
    return node;
}

/* Whether the tag {% WORD ... that is next has one of the words, which stand between blanks. */
static bool ends_block(const ewi_jparser *p, const char *words) {
    ew_str word = p->t[1].text;
    if (p->t->kind != EWI_JT_BEGIN_BLOCK || p->t[1].kind != EWI_JT_NAME) return false;
    for (const char *at = words; *at; at += strcspn(at, " "), at += *at == ' ')
        if (strcspn(at, " ") == word.len && memcmp(at, word.data, word.len) == 0) return true;
    return false;
}

/* Statements up to a tag with one of the words; that word is next. No words: up to the end. */
static ewi_jnode *block(ewi_jparser *p, const char *words) {
    ewi_jnodes items = {0};
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_BLOCK);
    if (!node || !ewi_jp_enter(p)) return NULL;
    while (p->t->kind != EWI_JT_END && !ends_block(p, words)) {
        ewi_jnode *item = p->t->kind == EWI_JT_DATA          ? data(p)
                          : p->t->kind == EWI_JT_BEGIN_PRINT ? print(p)
                                                             : statement(p);
        if (!ewi_jp_push(p, &items, item)) return NULL;
    }
    if (p->t->kind == EWI_JT_END && words[0])
        return ewi_jp_fail(p, EW_FORMAT, "the block that begins in line %u has no end: %s", node->line,
                           words);
    if (words[0]) p->t++;
    node->items = items.items;
    node->n_items = items.n;
    p->depth--;
    return node;
}

/* A block whose only end is `word`, with that tag. */
static ewi_jnode *body(ewi_jparser *p, const char *word) {
    ewi_jnode *node = expect_end(p) ? block(p, word) : NULL;
    if (!node) return NULL;
    p->t++;
    return expect_end(p) ? node : NULL;
}

/* ---- targets of assignments ---- */

static ewi_jnode *target(ewi_jparser *p, bool attributes);

static ewi_jnode *single_target(ewi_jparser *p, bool attributes) {
    if (ewi_jp_take_sign(p, "(")) {
        ewi_jnode *node = ewi_jp_enter(p) ? target(p, attributes) : NULL;
        p->depth--;
        return node && ewi_jp_expect_sign(p, ")") ? node : NULL;
    }
    if (p->t->kind != EWI_JT_NAME) return ewi_jp_expected(p, "a name");
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_NAME);
    if (!node || (node->name = ewi_jp_name(p, p->t->text)) == UINT32_MAX) return NULL;
    p->t++;
    if (!attributes || !ewi_jp_take_sign(p, ".")) return node;
    ewi_jnode *attribute = ewi_jp_node(p, EWI_JN_ATTR);
    if (!attribute) return NULL;
    if (p->t->kind != EWI_JT_NAME) return ewi_jp_expected(p, "a name");
    attribute->a = node;
    attribute->text = p->t++->text;
    return attribute;
}

/* name, or several with commas; with `attributes`, also name.name. */
static ewi_jnode *target(ewi_jparser *p, bool attributes) {
    ewi_jnodes items = {0};
    ewi_jnode *first = single_target(p, attributes);
    if (!first || !ewi_jp_is_sign(p, ",")) return first;
    if (!ewi_jp_push(p, &items, first)) return NULL;
    while (ewi_jp_take_sign(p, ",")) {
        bool more = ewi_jp_is_sign(p, "(") || (p->t->kind == EWI_JT_NAME && !ewi_jp_is_name(p, "in"));
        if (more && !ewi_jp_push(p, &items, single_target(p, attributes))) return NULL;
    }
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_TUPLE);
    if (!node) return NULL;
    node->items = items.items;
    node->n_items = items.n;
    return node;
}

/* ---- statements: each begins after its word ---- */

static ewi_jnode *if_statement(ewi_jparser *p) {
    ewi_jnodes items = {0};
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_IF);
    if (!node) return NULL;
    do {
        if (!ewi_jp_push(p, &items, ewi_jp_tuple(p, false)) || !expect_end(p) ||
            !ewi_jp_push(p, &items, block(p, "elif else endif")))
            return NULL;
    } while (ewi_jp_take_name(p, "elif"));
    if (ewi_jp_take_name(p, "else")) {
        if (!expect_end(p) || !(node->c = block(p, "endif"))) return NULL;
    }
    p->t++;
    node->items = items.items;
    node->n_items = items.n;
    return expect_end(p) ? node : NULL;
}

static ewi_jnode *for_statement(ewi_jparser *p) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_FOR);
    if (!node) return NULL;
    node->items = ewi_arena_array(p->arena, 2, sizeof(ewi_jnode *));
    if (!node->items) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory");
    node->n_items = 2;
    if (!(node->a = target(p, false)) || !ewi_jp_expect_name(p, "in") || !(node->b = ewi_jp_tuple(p, false)))
        return NULL;
    if (ewi_jp_take_name(p, "if") && !(node->items[0] = ewi_jp_expression(p, true))) return NULL;
    if (ewi_jp_is_name(p, "recursive"))
        return ewi_jp_fail(p, EW_UNSUPPORTED, "recursive loops are not supported: use a macro");
    p->n_loops++;
    if (!expect_end(p) || !(node->items[1] = block(p, "else endfor"))) return NULL;
    p->n_loops--;
    if (ewi_jp_take_name(p, "else") && (!expect_end(p) || !(node->c = block(p, "endfor")))) return NULL;
    p->t++;
    return expect_end(p) ? node : NULL;
}

/* Filters before a value that is not there yet: what goes into the first is the text of a block. */
static ewi_jnode *block_filter(ewi_jparser *p) {
    ewi_jnode *first = ewi_jp_filter(p, NULL);
    return first ? ewi_jp_filters(p, first) : NULL;
}

static ewi_jnode *set_statement(ewi_jparser *p) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_SET);
    if (!node || !(node->a = target(p, true))) return NULL;
    if (ewi_jp_take_sign(p, "=")) return (node->b = ewi_jp_tuple(p, true)) && expect_end(p) ? node : NULL;
    node->kind = EWI_JN_SET_BLOCK;
    if (ewi_jp_take_sign(p, "|") && !(node->c = block_filter(p))) return NULL;
    return (node->b = body(p, "endset")) ? node : NULL;
}

/* (a, b=1): the parameters of a macro, or of what a call block gives. */
static bool parameters(ewi_jparser *p, ewi_jnode *node) {
    size_t n = 0, cap = 0;
    ewi_jnode_arg *args = NULL;
    p->t++;
    while (!ewi_jp_take_sign(p, ")")) {
        if (n && !ewi_jp_expect_sign(p, ",")) return false;
        if (p->t->kind != EWI_JT_NAME) return ewi_jp_expected(p, "the name of a parameter") != NULL;
        if (n == cap) {
            ewi_jnode_arg *more = ewi_arena_array(p->arena, cap = cap ? cap * 2 : 4, sizeof *more);
            if (!more) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory") != NULL;
            if (n) memcpy(more, args, n * sizeof *args);
            args = more;
        }
        args[n] = (ewi_jnode_arg){.name = p->t->text, .name_id = ewi_jp_name(p, p->t->text)};
        if (args[n].name_id == UINT32_MAX) return false;
        p->t++;
        if (ewi_jp_take_sign(p, "=") && !(args[n].value = ewi_jp_expression(p, true))) return false;
        if (!args[n].value && n && args[n - 1].value)
            return ewi_jp_fail(p, EW_FORMAT, "a parameter without a default follows one with a default") !=
                   NULL;
        n++;
    }
    node->args = args;
    node->n_args = n;
    return true;
}

static ewi_jnode *macro_body(ewi_jparser *p, const char *end) {
    uint32_t n_loops = p->n_loops;
    p->n_loops = 0;
    ewi_jnode *node = body(p, end);
    p->n_loops = n_loops;
    return node;
}

static ewi_jnode *macro_statement(ewi_jparser *p) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_MACRO);
    if (!node) return NULL;
    if (p->t->kind != EWI_JT_NAME) return ewi_jp_expected(p, "the name of the macro");
    node->text = p->t->text;
    if ((node->name = ewi_jp_name(p, node->text)) == UINT32_MAX) return NULL;
    p->t++;
    if (!ewi_jp_is_sign(p, "(")) return ewi_jp_expected(p, "'('");
    bool outer = p->in_macro;
    p->in_macro = true;
    bool ok = parameters(p, node) && (node->a = macro_body(p, "endmacro"));
    p->in_macro = outer;
    return ok ? node : NULL;
}

static ewi_jnode *call_statement(ewi_jparser *p) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_CALL_BLOCK);
    if (!node) return NULL;
    node->text = EWI_STR("caller");
    node->name = EWI_JNAME_CALLER;
    if (ewi_jp_is_sign(p, "(") && !parameters(p, node)) return NULL;
    node->b = ewi_jp_expression(p, true);
    if (!node->b) return NULL;
    if (node->b->kind != EWI_JN_CALL) return ewi_jp_expected(p, "a call");
    return (node->a = macro_body(p, "endcall")) ? node : NULL;
}

static ewi_jnode *filter_statement(ewi_jparser *p) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_FILTER_BLOCK);
    return node && (node->c = block_filter(p)) && (node->a = body(p, "endfilter")) ? node : NULL;
}

static ewi_jnode *with_statement(ewi_jparser *p) {
    ewi_jnodes items = {0};
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_WITH);
    if (!node) return NULL;
    while (p->t->kind != EWI_JT_END_BLOCK) {
        if (items.n && !ewi_jp_expect_sign(p, ",")) return NULL;
        if (!ewi_jp_push(p, &items, single_target(p, false)) || !ewi_jp_expect_sign(p, "=") ||
            !ewi_jp_push(p, &items, ewi_jp_expression(p, true)))
            return NULL;
    }
    node->items = items.items;
    node->n_items = items.n;
    return (node->a = body(p, "endwith")) ? node : NULL;
}

static ewi_jnode *generation_statement(ewi_jparser *p) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_SCOPE);
    return node && (node->a = macro_body(p, "endgeneration")) ? node : NULL;
}

/* {% print a, b %}: one after the other. */
static ewi_jnode *print_statement(ewi_jparser *p) {
    ewi_jnodes items = {0};
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_PRINT), *all = ewi_jp_node(p, EWI_JN_CONCAT);
    if (!node || !all) return NULL;
    while (p->t->kind != EWI_JT_END_BLOCK) {
        if (items.n && !ewi_jp_expect_sign(p, ",")) return NULL;
        if (!ewi_jp_push(p, &items, ewi_jp_expression(p, true))) return NULL;
    }
    all->items = items.items;
    all->n_items = items.n;
    node->a = all;
    return expect_end(p) ? node : NULL;
}

static ewi_jnode *jump(ewi_jparser *p, ewi_jnode_kind kind) {
    ewi_jnode *node = ewi_jp_node(p, kind);
    if (p->n_loops == 0) return ewi_jp_fail(p, EW_FORMAT, "break and continue stand in a loop only");
    return node && expect_end(p) ? node : NULL;
}

static ewi_jnode *break_statement(ewi_jparser *p) {
    return jump(p, EWI_JN_BREAK);
}

static ewi_jnode *continue_statement(ewi_jparser *p) {
    return jump(p, EWI_JN_CONTINUE);
}

static ewi_jnode *unsupported_statement(ewi_jparser *p) {
    p->t--;
    return ewi_jp_fail(p, EW_UNSUPPORTED, "{%% %.*s %%} is not supported: a chat template is one file",
                       EWI_STR_ARG(p->t->text));
}

static ewi_jnode *statement(ewi_jparser *p) {
    static const struct {
        const char *word;
        ewi_jnode *(*parse)(ewi_jparser *p);
    } statements[] = {
        {"if", if_statement},
        {"for", for_statement},
        {"set", set_statement},
        {"macro", macro_statement},
        {"call", call_statement},
        {"filter", filter_statement},
        {"with", with_statement},
        {"generation", generation_statement},
        {"print", print_statement},
        {"break", break_statement},
        {"continue", continue_statement},
        {"include", unsupported_statement},
        {"import", unsupported_statement},
        {"from", unsupported_statement},
        {"extends", unsupported_statement},
        {"block", unsupported_statement},
        {"autoescape", unsupported_statement},
    };
    p->t++;
    for (size_t i = 0; i < EWI_COUNT(statements); i++)
        if (ewi_jp_take_name(p, statements[i].word)) return statements[i].parse(p);
    return ewi_jp_expected(p, "the name of a statement");
}

ew_status ewi_jinja_parse(ew_str source, ewi_arena *arena, ewi_jinja_program *out, ew_error *err) {
    static const char *const known[EWI_JNAME_N] = {"loop", "caller", "varargs", "kwargs"};
    ewi_jtokens tokens;
    EWI_TRY(ewi_jinja_lex(source, arena, &tokens, err));
    ewi_jparser p = {.t = tokens.items, .arena = arena, .err = err};
    for (size_t i = 0; i < EWI_COUNT(known); i++) (void)ewi_jp_name(&p, ewi_str(known[i]));
    ewi_jnode *root = p.status ? NULL : block(&p, "");
    if (!root) return p.status;
    *out = (ewi_jinja_program){.root = root, .names = p.names, .n_names = p.n_names};
    return EW_OK;
}
