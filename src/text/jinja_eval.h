/*
 * jinja_eval.h: what the two halves of the evaluator share: expressions (jinja_expr.c) and statements
 * (jinja_eval.c).
 *
 * Variables live in frames; a block that has variables of its own begins a frame, and looks up what it lacks
 * in the one around it. Functions return false when the run failed.
 */
#ifndef EW_TEXT_JINJA_EVAL_H
#define EW_TEXT_JINJA_EVAL_H

#include "text/jinja_node.h"

typedef struct ewi_jvar {
    uint32_t name;
    ewi_jv value;
} ewi_jvar;

typedef struct ewi_jframe {
    struct ewi_jframe *parent;
    ewi_jvar *vars;
    uint32_t n, cap;
} ewi_jframe;

typedef struct ewi_jeval {
    ewi_jinja *run;
    const ewi_jinja_program *program;
} ewi_jeval;

struct ewi_jmacro {
    const ewi_jnode *node; /* its args and its block */
    ewi_jframe *frame;     /* where it was defined */
};

/* NULL: no memory. */
ewi_jframe *ewi_jframe_new(ewi_jeval *e, ewi_jframe *parent);
bool ewi_jframe_set(ewi_jeval *e, ewi_jframe *frame, uint32_t name, ewi_jv value);

bool ewi_jeval_expr(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, ewi_jv *out);
/* node is a call; `caller` (may be NULL) is what {% call %} hands to the macro. */
bool ewi_jeval_call(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, const ewi_jv *caller,
                    ewi_jv *out);
/* A chain of filters; `text` is what goes into the one that has no operand. */
bool ewi_jeval_filter(ewi_jeval *e, const ewi_jnode *node, ewi_jframe *frame, const ewi_jv *text,
                      ewi_jv *out);
/* Runs a macro's block in a frame that holds its arguments. */
bool ewi_jeval_body(ewi_jeval *e, const ewi_jnode *block, ewi_jframe *frame, ewi_jv *out);

#endif
