/*
 * jinja_parse.h: what the two halves of the parser share: statements (jinja_parse.c) and expressions
 * (jinja_parse_expr.c).
 *
 * Every function returns NULL, or false, when it failed; parser.status and the error say how.
 */
#ifndef EW_TEXT_JINJA_PARSE_H
#define EW_TEXT_JINJA_PARSE_H

#include "text/jinja_lex.h"
#include "text/jinja_node.h"

#define EWI_JINJA_MAX_NESTING 200u
#define EWI_JINJA_MAX_NAMES   4096u

typedef struct ewi_jnodes {
    ewi_jnode **items;
    size_t n, cap;
} ewi_jnodes;

typedef struct ewi_jparser {
    const ewi_jtoken *t; /* the next token */
    ewi_arena *arena;
    uint32_t depth;
    uint32_t n_loops;
    bool in_macro;
    ew_str *names;
    uint32_t n_names, cap_names;
    ew_status status;
    ew_error *err;
} ewi_jparser;

/* Each returns NULL. */
EWI_COLD EWI_PRINTF(3, 4) ewi_jnode *ewi_jp_fail(ewi_jparser *p, ew_status status, const char *fmt, ...);
/* "expected WHAT, not ..." */
EWI_COLD ewi_jnode *ewi_jp_expected(ewi_jparser *p, const char *what);
ewi_jnode *ewi_jp_node(ewi_jparser *p, ewi_jnode_kind kind);
bool ewi_jp_push(ewi_jparser *p, ewi_jnodes *nodes, ewi_jnode *node);
/* An index into the names, or UINT32_MAX. */
uint32_t ewi_jp_name(ewi_jparser *p, ew_str name);
bool ewi_jp_enter(ewi_jparser *p);

static inline bool ewi_jp_is_sign(const ewi_jparser *p, const char *sign) {
    return p->t->kind == EWI_JT_SIGN && ewi_str_is(p->t->text, sign);
}
static inline bool ewi_jp_is_name(const ewi_jparser *p, const char *name) {
    return p->t->kind == EWI_JT_NAME && ewi_str_is(p->t->text, name);
}
bool ewi_jp_take_sign(ewi_jparser *p, const char *sign);
bool ewi_jp_take_name(ewi_jparser *p, const char *name);
bool ewi_jp_expect_sign(ewi_jparser *p, const char *sign);
bool ewi_jp_expect_name(ewi_jparser *p, const char *name);

/* An expression; without `conditional`, an `if` after it belongs to something else. */
ewi_jnode *ewi_jp_expression(ewi_jparser *p, bool conditional);
/* One expression, or several with commas: a tuple. */
ewi_jnode *ewi_jp_tuple(ewi_jparser *p, bool conditional);
/* name(args), after | or the word `filter`; a is what goes in. */
ewi_jnode *ewi_jp_filter(ewi_jparser *p, const ewi_jnode *a);
/* | name(args) | name(args) ... */
ewi_jnode *ewi_jp_filters(ewi_jparser *p, ewi_jnode *a);

#endif
