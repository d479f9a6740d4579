/*
 * tool_format.h: how models write tool calls and reasoning down, and which way a chat template asks for.
 *
 * docs/tool-calls.md has the table: families, marks, templates. A model with another format has none here:
 * its answers are content.
 */
#ifndef EW_TEXT_TOOL_FORMAT_H
#define EW_TEXT_TOOL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "edgewise/edgewise.h"

#define EWI_TOOL_FORMAT_MAP(_)          \
    _(NONE, "none")                     \
    _(HERMES, "hermes")                 \
    _(QWEN_CODER, "qwen-coder")         \
    _(LLAMA, "llama")                   \
    _(MISTRAL, "mistral")               \
    _(PHI, "phi")                       \
    _(GRANITE, "granite")               \
    _(GEMMA, "gemma")                   \
    _(FUNCTION_GEMMA, "function-gemma") \
    _(COMMAND, "command")               \
    _(NEMOTRON, "nemotron")             \
    _(TOOL_CALLS, "tool-calls")         \
    _(POCKET, "pocket")

typedef enum ewi_tool_format {
#define EWI_ENUM(id, name) EWI_TOOLS_##id,
    EWI_TOOL_FORMAT_MAP(EWI_ENUM)
#undef EWI_ENUM
} ewi_tool_format;

typedef enum ewi_reasoning_format {
    EWI_REASONING_NONE,
    EWI_REASONING_THINK,   /* <think>..</think> */
    EWI_REASONING_GRANITE, /* the same, and perhaps the answer in <response>..</response> */
    EWI_REASONING_MISTRAL, /* [THINK]..[/THINK] */
    EWI_REASONING_COMMAND, /* <|START_THINKING|>..<|END_THINKING|> */
    EWI_REASONING_SEED,    /* <seed:think>..</seed:think> */
    EWI_REASONING_GEMMA,   /* <|channel>thought..<channel|> */
} ewi_reasoning_format;

/* What a model's calls and its reasoning look like, by the source of its chat template. */
ewi_tool_format ewi_tool_format_of_template(ew_str source);
ewi_reasoning_format ewi_reasoning_format_of_template(ew_str source);
const char *ewi_tool_format_name(ewi_tool_format format);

/* There are marks, which are control tokens in some vocabularies of the family: an answer's text must have
 * those spelled out. */
bool ewi_tool_format_needs_special(ewi_tool_format format);
bool ewi_reasoning_format_needs_special(ewi_reasoning_format format);

/* Does a rendered prompt end where reasoning has begun, so that the answer goes on with it? */
bool ewi_reasoning_is_open(ewi_reasoning_format format, ew_str prompt);

/* ---- for the parser ---- */

typedef enum ewi_call_body {
    EWI_BODY_OBJECTS, /* {"name":..,"arguments":..}, one or more, or a list of them */
    EWI_BODY_NAMED,   /* a name, then its arguments; or what OBJECTS has */
    EWI_BODY_TAGS,    /* <function=name><parameter=key>value</parameter></function> */
    EWI_BODY_GEMMA,   /* call:name{key:value} */
} ewi_call_body;

/* What opens and closes calls; close may be NULL. */
typedef struct ewi_call_mark {
    const char *open, *close;
    ewi_call_body body;
} ewi_call_mark;

#define EWI_MAX_CALL_MARKS 3

typedef struct ewi_call_syntax {
    ewi_call_mark marks[EWI_MAX_CALL_MARKS]; /* those with `open` */
    bool is_bare;                            /* an answer may begin with a call, without a mark */
    char name_end;       /* NAMED: ends the name, if something stands between it and the arguments */
    const char *quote;   /* GEMMA: around strings */
    const char *no_call; /* the name that means that there is none */
} ewi_call_syntax;

/* NULL: none. */
const ewi_call_syntax *ewi_call_syntax_of(ewi_tool_format format);

typedef struct ewi_reasoning_syntax {
    const char *open, *close;
    const char *wrappers[2]; /* marks around the content, which are left out */
} ewi_reasoning_syntax;

const ewi_reasoning_syntax *ewi_reasoning_syntax_of(ewi_reasoning_format format);

#endif
