/*
 * jinja_lex.h: a template's text as tokens: text to be printed, and what stands between {{ }} and {% %}.
 *
 * White space goes as the environment of Hugging Face transformers has it: trim_blocks (a newline right after
 * a block is dropped), lstrip_blocks (so are blanks before one that begins a line), one newline at the end of
 * the template is dropped, and the signs - and + in tags. Tokens borrow from the arena.
 *
 *     EWI_TRY(ewi_jinja_lex(source, arena, &tokens, err));
 *     for (const ewi_jtoken *t = tokens.items; t->kind != EWI_JT_END; t++) ...
 */
#ifndef EW_TEXT_JINJA_LEX_H
#define EW_TEXT_JINJA_LEX_H

#include "base/arena.h"
#include "base/slice.h"

typedef enum ewi_jtoken_kind {
    EWI_JT_END,
    EWI_JT_DATA,
    EWI_JT_BEGIN_PRINT, /* {{ */
    EWI_JT_END_PRINT,
    EWI_JT_BEGIN_BLOCK, /* {% */
    EWI_JT_END_BLOCK,
    EWI_JT_NAME,
    EWI_JT_STRING, /* text: without quotes, escapes resolved */
    EWI_JT_INT,
    EWI_JT_FLOAT,
    EWI_JT_SIGN, /* an operator or a bracket, as `text` spells it */
} ewi_jtoken_kind;

typedef struct ewi_jtoken {
    ewi_jtoken_kind kind;
    uint32_t line;
    ew_str text;
} ewi_jtoken;

typedef struct ewi_jtokens {
    ewi_jtoken *items; /* the last is EWI_JT_END */
    size_t n, cap;
} ewi_jtokens;

/* Errors: EW_FORMAT with the line; EW_NO_MEMORY; EW_LIMIT. */
EWI_NODISCARD ew_status ewi_jinja_lex(ew_str source, ewi_arena *arena, ewi_jtokens *out, ew_error *err);

#endif
