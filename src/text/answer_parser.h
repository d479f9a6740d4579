/*
 * answer_parser.h: turns a model's answer, as it streams, into content, reasoning and tool calls.
 *
 * How calls are written depends on the model's family (tool_format.h, docs/tool-calls.md). Text that may
 * become a mark is held back until that is certain; all other text, and the arguments of calls, come out as
 * they come in. However the text is cut into pieces, the parts are the same, but for where neighbours of one
 * kind are cut. Blanks beside a mark are left out.
 *
 * - Arguments are one JSON object, in all as the model wrote it: only raw control characters in strings are
 *   escaped, arguments that are a string holding JSON are unwrapped, and other notations are rewritten.
 * - What is no call after all (JSON that is broken, a name that is not in `tools`, more than
 *   EWI_ANSWER_MAX_HELD bytes before a call's name) is content, with its mark. When a call has begun and then
 *   breaks or is not finished, it ends `is_broken`, and what follows is content: a caller must not run it.
 * - pocket's {"tool":"none"} is no part at all.
 *
 * Text is valid UTF-8, as detokenizers make it. Memory is bounded, time linear. Owned by the caller;
 * not thread-safe.
 *
 *     ewi_answer_parser parser;
 *     ewi_answer_parser_init(&parser, format, &options, on_part, user);
 *     for each piece of text: EWI_TRY(ewi_answer_parser_push(&parser, text, err));
 *     EWI_TRY(ewi_answer_parser_end(&parser, err));
 *     ewi_answer_parser_deinit(&parser);
 */
#ifndef EW_TEXT_ANSWER_PARSER_H
#define EW_TEXT_ANSWER_PARSER_H

#include "base/buffer.h"
#include "base/compiler.h"
#include "text/json_scan.h"
#include "text/tool_format.h"

#define EWI_ANSWER_MAX_HELD  ((size_t)64 << 10)
#define EWI_ANSWER_MAX_MARK  32
#define EWI_ANSWER_MAX_NAME  256
#define EWI_ANSWER_MAX_BLANK 256 /* held back; a longer run is shown */

typedef enum ewi_answer_part_kind {
    EWI_PART_CONTENT,
    EWI_PART_REASONING,
    EWI_PART_CALL_BEGIN,     /* text: the name */
    EWI_PART_CALL_ARGUMENTS, /* a piece of JSON text */
    EWI_PART_CALL_END,
} ewi_answer_part_kind;

typedef struct ewi_answer_part {
    ewi_answer_part_kind kind;
    ew_str text;    /* valid until on_part returns */
    uint32_t call;  /* of CALL_ parts: 0 is the answer's first */
    bool is_broken; /* of CALL_END */
} ewi_answer_part;

/* A tool that the request offers. `strings` are parameters that are strings by its schema: a format that does
 * not write types down (qwen-coder) needs them to tell "7" from 7. */
typedef struct ewi_tool {
    ew_str name;
    const ew_str *strings;
    size_t n_strings;
} ewi_tool;

typedef struct ewi_answer_options {
    ewi_reasoning_format reasoning;
    bool begins_in_reasoning; /* ewi_reasoning_is_open() of the prompt */
    const ewi_tool *tools;    /* [n_tools], borrowed; NULL: every name is a tool's */
    size_t n_tools;
} ewi_answer_options;

typedef void (*ewi_on_part)(void *user, const ewi_answer_part *part);

/* Fields are private to answer_*.c. */
typedef struct ewi_answer_parser {
    const ewi_call_syntax *syntax;         /* NULL: no calls */
    const ewi_reasoning_syntax *reasoning; /* NULL: none */
    ewi_answer_options options;
    ewi_on_part on_part;
    void *user;

    /* What goes out next: one kind's text. */
    ewi_answer_part_kind out_kind;
    size_t n_out;
    uint8_t out[1024];

    /* Text between calls. */
    uint8_t place;
    bool in_reasoning, may_reason;
    bool has_content; /* something other than blanks was shown */
    bool after_mark;  /* blanks that come now are beside a mark */
    size_t n_blanks, n_mark;
    uint8_t blanks[EWI_ANSWER_MAX_BLANK], mark[EWI_ANSWER_MAX_MARK];

    /* What may turn out to be content: since the mark, or since the last call. */
    ewi_buffer raw;
    const ewi_call_mark *opened; /* NULL: a bare call */
    bool in_list;
    size_t n_close;

    /* A call. */
    uint32_t call;
    bool has_begun, has_arguments;
    size_t n_name;
    char name[EWI_ANSWER_MAX_NAME];
    const ewi_tool *tool;
    ewi_json_scan arguments;
    ewi_buffer early; /* arguments before the name; a value before its type is known */

    /* The object around it. */
    ewi_json_scan object;
    uint8_t role;
    bool in_arguments;
    size_t n_key;
    char key[EWI_ANSWER_MAX_NAME];
    ewi_json_unescape unescape;

    /* Notations that are no JSON. */
    uint8_t step;
    bool is_string;
} ewi_answer_parser;

void ewi_answer_parser_init(ewi_answer_parser *parser, ewi_tool_format format,
                            const ewi_answer_options *options, ewi_on_part on_part, void *user);
void ewi_answer_parser_deinit(ewi_answer_parser *parser);
/* Errors: EW_NO_MEMORY, for good. */
EWI_NODISCARD ew_status ewi_answer_parser_push(ewi_answer_parser *parser, ew_str text, ew_error *err);
/* The answer has ended: what was held back comes out. */
EWI_NODISCARD ew_status ewi_answer_parser_end(ewi_answer_parser *parser, ew_error *err);

#endif
