/* jinja_parse_expr.c: expressions, by recursive descent: one function a level of precedence. */
#include "base/decimal.h"
#include "base/error.h"
#include "text/jinja_parse.h"

/* What may follow an expression list ends it: a tuple may end in a comma. */
static bool ends_tuple(const ewi_jparser *p) {
    return p->t->kind == EWI_JT_END_BLOCK || p->t->kind == EWI_JT_END_PRINT || ewi_jp_is_sign(p, ")") ||
           ewi_jp_is_sign(p, "]") || ewi_jp_is_name(p, "recursive");
}

/* ---- literals and brackets ---- */

static ewi_jnode *constant(ewi_jparser *p, ewi_jv value) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_CONST);
    if (node) node->value = value;
    return node;
}

static ewi_jnode *string_constant(ewi_jparser *p, ew_str text) {
    ewi_jstring *s = ewi_arena_array(p->arena, 1, sizeof *s);
    if (!s) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory");
    *s = (ewi_jstring){.data = text.data, .len = text.len};
    return constant(p, (ewi_jv){.kind = EWI_J_STRING, .as.string = s});
}

/* Neighbouring texts are one. */
static ewi_jnode *strings(ewi_jparser *p) {
    size_t len = 0;
    const ewi_jtoken *first = p->t;
    for (; p->t->kind == EWI_JT_STRING; p->t++) len += p->t->text.len;
    if (p->t == first + 1) return string_constant(p, first->text);
    char *text = ewi_arena_alloc(p->arena, len);
    if (!text) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory");
    char *at = text;
    for (const ewi_jtoken *t = first; t < p->t; t++) {
        if (t->text.len) memcpy(at, t->text.data, t->text.len);
        at += t->text.len;
    }
    return string_constant(p, (ew_str){text, len});
}

static uint64_t digit_of(char c) {
    if (c >= '0' && c <= '9') return (uint64_t)(c - '0');
    return (uint64_t)((c | 0x20) - 'a') < 26 ? (uint64_t)((c | 0x20) - 'a') + 10 : UINT64_MAX;
}

static ewi_jnode *whole_number(ewi_jparser *p) {
    ew_str text = p->t->text;
    uint64_t base = 10, value = 0;
    size_t i = 0;
    if (text.len > 2 && text.data[0] == '0' && digit_of(text.data[1]) > 9) {
        char letter = (char)(text.data[1] | 0x20);
        base = letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
        i = 2;
    }
    for (; i < text.len; i++) {
        uint64_t digit = digit_of(text.data[i]);
        if (digit >= base) return ewi_jp_fail(p, EW_FORMAT, "\"%.*s\" is no number", EWI_STR_ARG(text));
        if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value) ||
            value > INT64_MAX)
            return ewi_jp_fail(p, EW_UNSUPPORTED, "%.*s: numbers have 63 bits here", EWI_STR_ARG(text));
    }
    p->t++;
    return constant(p, ewi_jv_int((int64_t)value));
}

static ewi_jnode *real_number(ewi_jparser *p) {
    double value;
    (void)!ewi_decimal_to_double(p->t->text, &value); /* too large: infinite, as in Python */
    p->t++;
    return constant(p, ewi_jv_float(value));
}

/* Items up to the bracket `close`, which is passed. */
static bool items_until(ewi_jparser *p, const char *close, ewi_jnodes *items) {
    while (!ewi_jp_take_sign(p, close)) {
        if (items->n && !ewi_jp_expect_sign(p, ",")) return false;
        if (ewi_jp_take_sign(p, close)) return true;
        if (!ewi_jp_push(p, items, ewi_jp_expression(p, true))) return false;
    }
    return true;
}

static ewi_jnode *with_items(ewi_jparser *p, ewi_jnode_kind kind, const ewi_jnodes *items) {
    ewi_jnode *node = ewi_jp_node(p, kind);
    if (!node) return NULL;
    node->items = items->items;
    node->n_items = items->n;
    return node;
}

static ewi_jnode *list(ewi_jparser *p) {
    ewi_jnodes items = {0};
    p->t++;
    return items_until(p, "]", &items) ? with_items(p, EWI_JN_LIST, &items) : NULL;
}

static ewi_jnode *dict(ewi_jparser *p) {
    ewi_jnodes items = {0};
    p->t++;
    while (!ewi_jp_take_sign(p, "}")) {
        if (items.n && !ewi_jp_expect_sign(p, ",")) return NULL;
        if (ewi_jp_take_sign(p, "}")) break;
        if (!ewi_jp_push(p, &items, ewi_jp_expression(p, true)) || !ewi_jp_expect_sign(p, ":") ||
            !ewi_jp_push(p, &items, ewi_jp_expression(p, true)))
            return NULL;
    }
    return with_items(p, EWI_JN_DICT, &items);
}

ewi_jnode *ewi_jp_tuple(ewi_jparser *p, bool conditional) {
    ewi_jnodes items = {0};
    while (!ends_tuple(p)) {
        if (items.n && !ewi_jp_take_sign(p, ",")) break;
        if (ends_tuple(p)) break;
        ewi_jnode *item = ewi_jp_expression(p, conditional);
        if (!ewi_jp_push(p, &items, item)) return NULL;
        if (items.n == 1 && !ewi_jp_is_sign(p, ",")) return item;
    }
    if (items.n == 0) return ewi_jp_expected(p, "an expression");
    return with_items(p, EWI_JN_TUPLE, &items);
}

static ewi_jnode *parenthesized(ewi_jparser *p) {
    p->t++;
    ewi_jnodes none = {0};
    if (ewi_jp_take_sign(p, ")")) return with_items(p, EWI_JN_TUPLE, &none);
    ewi_jnode *node = ewi_jp_tuple(p, true);
    return node && ewi_jp_expect_sign(p, ")") ? node : NULL;
}

static ewi_jnode *name_or_word(ewi_jparser *p) {
    ew_str name = p->t->text;
    bool is_true = ewi_str_is(name, "true") || ewi_str_is(name, "True");
    ewi_jnode *node;
    if (is_true || ewi_str_is(name, "false") || ewi_str_is(name, "False"))
        node = constant(p, ewi_jv_bool(is_true));
    else if (ewi_str_is(name, "none") || ewi_str_is(name, "None"))
        node = constant(p, ewi_jv_none());
    else if ((node = ewi_jp_node(p, EWI_JN_NAME)) && (node->name = ewi_jp_name(p, name)) == UINT32_MAX)
        return NULL;
    bool spread =
        node && node->kind == EWI_JN_NAME && node->name >= EWI_JNAME_VARARGS && node->name < EWI_JNAME_N;
    if (spread && p->in_macro)
        return ewi_jp_fail(p, EW_UNSUPPORTED, "varargs and kwargs of macros are not supported");
    p->t++;
    return node;
}

static ewi_jnode *primary(ewi_jparser *p) {
    switch (p->t->kind) {
    case EWI_JT_NAME: return name_or_word(p);
    case EWI_JT_STRING: return strings(p);
    case EWI_JT_INT: return whole_number(p);
    case EWI_JT_FLOAT: return real_number(p);
    case EWI_JT_SIGN:
        if (ewi_jp_is_sign(p, "(")) return parenthesized(p);
        if (ewi_jp_is_sign(p, "[")) return list(p);
        if (ewi_jp_is_sign(p, "{")) return dict(p);
        break;
    case EWI_JT_END:
    case EWI_JT_DATA:
    case EWI_JT_BEGIN_PRINT:
    case EWI_JT_END_PRINT:
    case EWI_JT_BEGIN_BLOCK:
    case EWI_JT_END_BLOCK: break;
    }
    return ewi_jp_expected(p, "an expression");
}

/* ---- what comes after a value: .name [key] (args) |filter is test ---- */

static bool add_arg(ewi_jparser *p, ewi_jnode *node, size_t *cap, ewi_jnode_arg arg) {
    if (node->n_args == *cap) {
        *cap = *cap ? *cap * 2 : 4;
        ewi_jnode_arg *args = ewi_arena_array(p->arena, *cap, sizeof *args);
        if (!args) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory") != NULL;
        if (node->n_args) memcpy(args, node->args, node->n_args * sizeof *args);
        node->args = args;
    }
    node->args[node->n_args++] = arg;
    return true;
}

static bool argument(ewi_jparser *p, ewi_jnode *node, size_t *cap) {
    ewi_jnode_arg arg = {0};
    if (ewi_jp_is_sign(p, "*") || ewi_jp_is_sign(p, "**"))
        return ewi_jp_fail(p, EW_UNSUPPORTED, "* and ** before an argument are not supported") != NULL;
    bool named = p->t->kind == EWI_JT_NAME && p->t[1].kind == EWI_JT_SIGN && ewi_str_is(p->t[1].text, "=");
    if (named) {
        arg.name = p->t->text;
        p->t += 2;
    } else if (node->n_args && node->args[node->n_args - 1].name.len) {
        return ewi_jp_expected(p, "an argument with a name") != NULL;
    }
    arg.value = ewi_jp_expression(p, true);
    return arg.value && add_arg(p, node, cap, arg);
}

/* (args), the bracket being next. */
static bool arguments(ewi_jparser *p, ewi_jnode *node) {
    size_t cap = 0;
    p->t++;
    while (!ewi_jp_take_sign(p, ")")) {
        if (node->n_args && !ewi_jp_expect_sign(p, ",")) return false;
        if (ewi_jp_take_sign(p, ")")) break;
        if (!argument(p, node, &cap)) return false;
    }
    return true;
}

static ewi_jnode *call(ewi_jparser *p, const ewi_jnode *a) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_CALL);
    if (!node) return NULL;
    node->a = a;
    return arguments(p, node) ? node : NULL;
}

static ewi_jnode *attribute(ewi_jparser *p, const ewi_jnode *a) {
    p->t++;
    ewi_jnode *node = ewi_jp_node(p, p->t->kind == EWI_JT_INT ? EWI_JN_ITEM : EWI_JN_ATTR);
    if (!node) return NULL;
    node->a = a;
    if (p->t->kind == EWI_JT_INT) return (node->b = whole_number(p)) ? node : NULL;
    if (p->t->kind != EWI_JT_NAME) return ewi_jp_expected(p, "a name");
    node->text = p->t++->text;
    return node;
}

static ewi_jnode *slice(ewi_jparser *p, const ewi_jnode *a, ewi_jnode *begin) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_SLICE);
    if (!node) return NULL;
    node->items = ewi_arena_array(p->arena, 3, sizeof(ewi_jnode *));
    if (!node->items) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory");
    node->a = a;
    node->items[0] = begin;
    node->n_items = 3;
    for (size_t i = 1; i < 3 && ewi_jp_take_sign(p, ":"); i++) {
        if (ewi_jp_is_sign(p, ":") || ewi_jp_is_sign(p, "]")) continue;
        if (!(node->items[i] = ewi_jp_expression(p, true))) return NULL;
    }
    return ewi_jp_expect_sign(p, "]") ? node : NULL;
}

static ewi_jnode *subscript(ewi_jparser *p, const ewi_jnode *a) {
    p->t++;
    if (ewi_jp_is_sign(p, ":")) return slice(p, a, NULL);
    ewi_jnode *key = ewi_jp_tuple(p, true);
    if (!key) return NULL;
    if (ewi_jp_is_sign(p, ":")) return slice(p, a, key);
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_ITEM);
    if (!node || !ewi_jp_expect_sign(p, "]")) return NULL;
    node->a = a;
    node->b = key;
    return node;
}

static ewi_jnode *postfix(ewi_jparser *p, ewi_jnode *node) {
    while (node) {
        if (ewi_jp_is_sign(p, "."))
            node = attribute(p, node);
        else if (ewi_jp_is_sign(p, "["))
            node = subscript(p, node);
        else if (ewi_jp_is_sign(p, "("))
            node = call(p, node);
        else
            break;
    }
    return node;
}

ewi_jnode *ewi_jp_filter(ewi_jparser *p, const ewi_jnode *a) {
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_FILTER);
    if (!node) return NULL;
    if (p->t->kind != EWI_JT_NAME) return ewi_jp_expected(p, "the name of a filter");
    node->a = a;
    node->text = p->t->text;
    node->builtin = ewi_jbuiltin_find(ewi_jinja_filters, node->text);
    p->t++;
    return !ewi_jp_is_sign(p, "(") || arguments(p, node) ? node : NULL;
}

ewi_jnode *ewi_jp_filters(ewi_jparser *p, ewi_jnode *a) {
    while (ewi_jp_take_sign(p, "|"))
        if (!(a = ewi_jp_filter(p, a))) return NULL;
    return a;
}

/* Whether an argument without brackets follows the name of a test. */
static bool begins_test_argument(const ewi_jparser *p) {
    ewi_jtoken_kind k = p->t->kind;
    if (k == EWI_JT_NAME)
        return !ewi_jp_is_name(p, "else") && !ewi_jp_is_name(p, "or") && !ewi_jp_is_name(p, "and");
    return k == EWI_JT_STRING || k == EWI_JT_INT || k == EWI_JT_FLOAT || ewi_jp_is_sign(p, "[") ||
           ewi_jp_is_sign(p, "{");
}

static bool bare_argument(ewi_jparser *p, ewi_jnode *node) {
    size_t cap = 0;
    if (ewi_jp_is_name(p, "is"))
        return ewi_jp_fail(p, EW_FORMAT, "tests cannot follow each other: use and") != NULL;
    ewi_jnode_arg arg = {.value = postfix(p, primary(p))};
    return arg.value && add_arg(p, node, &cap, arg);
}

static ewi_jnode *test(ewi_jparser *p, const ewi_jnode *a) {
    p->t++;
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_TEST);
    if (!node) return NULL;
    node->a = a;
    node->flag = ewi_jp_take_name(p, "not");
    if (p->t->kind != EWI_JT_NAME) return ewi_jp_expected(p, "the name of a test");
    node->text = p->t->text;
    node->builtin = ewi_jbuiltin_find(ewi_jinja_tests, node->text);
    p->t++;
    if (ewi_jp_is_sign(p, "(")) {
        if (!arguments(p, node)) return NULL;
    } else if (begins_test_argument(p) && !bare_argument(p, node)) {
        return NULL;
    }
    return node;
}

static ewi_jnode *filters_and_tests(ewi_jparser *p, ewi_jnode *node) {
    while (node) {
        if (ewi_jp_take_sign(p, "|"))
            node = ewi_jp_filter(p, node);
        else if (ewi_jp_is_name(p, "is"))
            node = test(p, node);
        else if (ewi_jp_is_sign(p, "("))
            node = call(p, node);
        else
            break;
    }
    return node;
}

/* ---- operators, the tightest first ---- */

static ewi_jnode *unary(ewi_jparser *p, bool with_filter) {
    bool minus = ewi_jp_is_sign(p, "-");
    ewi_jnode *node;
    if (!ewi_jp_enter(p)) return NULL;
    if (minus || ewi_jp_is_sign(p, "+")) {
        ewi_jnode *sign = ewi_jp_node(p, minus ? EWI_JN_NEG : EWI_JN_POS);
        p->t++;
        node = sign && (sign->a = unary(p, false)) ? sign : NULL;
    } else {
        node = primary(p);
    }
    node = postfix(p, node);
    if (with_filter) node = filters_and_tests(p, node);
    p->depth--;
    return node;
}

/* The operator of `signs` that is next, passed; 0: none is. The letters are those of ewi_jinja_arithmetic. */
static char take_operator(ewi_jparser *p, const char *const *signs, const char *letters) {
    for (size_t i = 0; letters[i]; i++)
        if (ewi_jp_take_sign(p, signs[i])) return letters[i];
    return '\0';
}

/* Operands that operators of one precedence stand between, as one node: a long sum is not a deep one. */
typedef struct chain {
    ewi_jnodes items;
    char *ops;
    size_t cap;
} chain;

static bool chain_add(ewi_jparser *p, chain *c, char op, ewi_jnode *operand) {
    if (c->items.n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 4;
        char *ops = ewi_arena_array(p->arena, cap, 1);
        if (!ops) return ewi_jp_fail(p, EW_NO_MEMORY, "out of memory") != NULL;
        if (c->cap) memcpy(ops, c->ops, c->cap);
        c->ops = ops;
        c->cap = cap;
    }
    c->ops[c->items.n] = op;
    return ewi_jp_push(p, &c->items, operand);
}

static ewi_jnode *chain_node(ewi_jparser *p, ewi_jnode_kind kind, const chain *c) {
    if (c->items.n == 1) return c->items.items[0];
    ewi_jnode *node = with_items(p, kind, &c->items);
    if (!node) return NULL;
    node->ops = c->ops;
    node->line = c->items.items[0]->line;
    return node;
}

static ewi_jnode *power(ewi_jparser *p) {
    chain c = {0};
    char op = '=';
    do
        if (!chain_add(p, &c, op, unary(p, true))) return NULL;
    while (ewi_jp_take_sign(p, "**") && (op = 'p'));
    return chain_node(p, EWI_JN_FOLD, &c);
}

static ewi_jnode *product(ewi_jparser *p) {
    static const char *const signs[] = {"*", "//", "/", "%"};
    chain c = {0};
    char op = '=';
    do
        if (!chain_add(p, &c, op, power(p))) return NULL;
    while ((op = take_operator(p, signs, "*f/%")));
    return chain_node(p, EWI_JN_FOLD, &c);
}

static ewi_jnode *concatenation(ewi_jparser *p) {
    chain c = {0};
    do
        if (!chain_add(p, &c, '~', product(p))) return NULL;
    while (ewi_jp_take_sign(p, "~"));
    return chain_node(p, EWI_JN_CONCAT, &c);
}

static ewi_jnode *sum(ewi_jparser *p) {
    static const char *const signs[] = {"+", "-"};
    chain c = {0};
    char op = '=';
    do
        if (!chain_add(p, &c, op, concatenation(p))) return NULL;
    while ((op = take_operator(p, signs, "+-")));
    return chain_node(p, EWI_JN_FOLD, &c);
}

static char take_comparison(ewi_jparser *p) {
    static const char *const signs[] = {"==", "!=", "<=", ">=", "<", ">"};
    char op = take_operator(p, signs, "=!lg<>");
    if (op) return op;
    if (ewi_jp_take_name(p, "in")) return 'i';
    if (!ewi_jp_is_name(p, "not") || p->t[1].kind != EWI_JT_NAME || !ewi_str_is(p->t[1].text, "in"))
        return '\0';
    p->t += 2;
    return 'n';
}

static ewi_jnode *comparison(ewi_jparser *p) {
    chain c = {0};
    char op = '=';
    do
        if (!chain_add(p, &c, op, sum(p))) return NULL;
    while ((op = take_comparison(p)));
    return chain_node(p, EWI_JN_COMPARE, &c);
}

static ewi_jnode *negation(ewi_jparser *p) {
    if (!ewi_jp_is_name(p, "not")) return comparison(p);
    ewi_jnode *node = ewi_jp_node(p, EWI_JN_NOT);
    p->t++;
    if (!node || !ewi_jp_enter(p)) return NULL;
    node->a = negation(p);
    p->depth--;
    return node->a ? node : NULL;
}

static ewi_jnode *conjunction(ewi_jparser *p) {
    chain c = {0};
    do
        if (!chain_add(p, &c, '&', negation(p))) return NULL;
    while (ewi_jp_take_name(p, "and"));
    return chain_node(p, EWI_JN_AND, &c);
}

static ewi_jnode *disjunction(ewi_jparser *p) {
    chain c = {0};
    do
        if (!chain_add(p, &c, '|', conjunction(p))) return NULL;
    while (ewi_jp_take_name(p, "or"));
    return chain_node(p, EWI_JN_OR, &c);
}

/* a if b else c if d else e */
ewi_jnode *ewi_jp_expression(ewi_jparser *p, bool conditional) {
    if (!ewi_jp_enter(p)) return NULL;
    ewi_jnode *node = disjunction(p);
    while (node && conditional && ewi_jp_take_name(p, "if")) {
        ewi_jnode *cond = ewi_jp_node(p, EWI_JN_COND);
        if (!cond) return NULL;
        cond->a = node;
        if (!(cond->b = disjunction(p))) return NULL;
        if (ewi_jp_take_name(p, "else") && !(cond->c = ewi_jp_expression(p, true))) return NULL;
        node = cond;
    }
    p->depth--;
    return node;
}
