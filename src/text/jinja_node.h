/*
 * jinja_node.h: a parsed template: a tree of statements and expressions.
 *
 * Lies in the arena it was parsed into, is immutable and may be shared by threads.
 *
 *     EWI_TRY(ewi_jinja_parse(source, &arena, &program, err));
 *     EWI_TRY(ewi_template_render(&program, ...));
 */
#ifndef EW_TEXT_JINJA_NODE_H
#define EW_TEXT_JINJA_NODE_H

#include "text/jinja_value.h"

typedef enum ewi_jnode_kind {
    /* expressions */
    EWI_JN_CONST,   /* value */
    EWI_JN_NAME,    /* name */
    EWI_JN_LIST,    /* items */
    EWI_JN_TUPLE,   /* items; also the target of an assignment */
    EWI_JN_DICT,    /* items: key, value, key, value ... */
    EWI_JN_NOT,     /* a */
    EWI_JN_NEG,     /* a */
    EWI_JN_POS,     /* a */
    EWI_JN_AND,     /* items */
    EWI_JN_OR,      /* items */
    EWI_JN_FOLD,    /* items[0] ops[1] items[1] ops[2] ...: arithmetic from left to right */
    EWI_JN_CONCAT,  /* items */
    EWI_JN_COMPARE, /* items[0] ops[1] items[1] ...: all must hold */
    EWI_JN_COND,    /* a if b else c; c may be NULL */
    EWI_JN_ATTR,    /* a.text */
    EWI_JN_ITEM,    /* a[b] */
    EWI_JN_SLICE,   /* a[items[0] : items[1] : items[2]], each may be NULL */
    EWI_JN_CALL,    /* a(args) */
    EWI_JN_FILTER,  /* a | builtin(args); text is its name; a is NULL in a filter block */
    EWI_JN_TEST,    /* a is builtin(args); flag: is not */
    /* statements */
    EWI_JN_DATA,         /* value: text to print */
    EWI_JN_PRINT,        /* a */
    EWI_JN_BLOCK,        /* items: statements */
    EWI_JN_IF,           /* items: condition, block, condition, block ...; c: else, or NULL */
    EWI_JN_FOR,          /* for a in b if items[0]: items[1]; c: else */
    EWI_JN_SET,          /* a = b */
    EWI_JN_SET_BLOCK,    /* a = b, a block, through the filter c */
    EWI_JN_MACRO,        /* name, args, a: block */
    EWI_JN_CALL_BLOCK,   /* b: the call; a: block, which is its caller(), with args */
    EWI_JN_FILTER_BLOCK, /* a: block, c: filter */
    EWI_JN_WITH,         /* items: target, value, target, value ...; a: block */
    EWI_JN_SCOPE,        /* a: block with variables of its own */
    EWI_JN_BREAK,
    EWI_JN_CONTINUE,
} ewi_jnode_kind;

typedef struct ewi_jnode ewi_jnode;

/* An argument of a call, or a parameter of a macro with its default. */
typedef struct ewi_jnode_arg {
    ew_str name; /* len 0: by position */
    uint32_t name_id;
    const ewi_jnode *value; /* a parameter without a default: NULL */
} ewi_jnode_arg;

struct ewi_jnode {
    ewi_jnode_kind kind;
    uint32_t line;
    uint32_t name; /* index into the program's names */
    bool flag;
    ew_str text;
    const ewi_jnode *a, *b, *c;
    ewi_jnode **items;
    const char *ops; /* '<' '>' 'l' (<=) 'g' (>=) '=' '!' 'i' (in) 'n' (not in); as in ewi_jinja_arithmetic */
    size_t n_items;
    ewi_jv value;
    const ewi_jbuiltin *builtin; /* NULL: there is none of this name */
    ewi_jnode_arg *args;
    size_t n_args;
};

typedef struct ewi_jinja_program {
    const ewi_jnode *root;
    const ew_str *names;
    uint32_t n_names;
} ewi_jinja_program;

/* The names that the interpreter looks for itself come first. */
enum { EWI_JNAME_LOOP, EWI_JNAME_CALLER, EWI_JNAME_VARARGS, EWI_JNAME_KWARGS, EWI_JNAME_N };

/*
 * Errors: EW_FORMAT with the line; EW_UNSUPPORTED names what of Jinja is missing here; EW_LIMIT;
 * EW_NO_MEMORY.
 */
EWI_NODISCARD ew_status ewi_jinja_parse(ew_str source, ewi_arena *arena, ewi_jinja_program *out,
                                        ew_error *err);

#endif
