/*
 * answer_body.h: what the files of the answer parser (answer_*.c) share.
 *
 * Each notation has a file, which reads the inside of calls byte by byte and says MORE, DONE (with the call's
 * last byte) or BAD (it is no call, or goes no further; the byte is not taken).
 */
#ifndef EW_TEXT_ANSWER_BODY_H
#define EW_TEXT_ANSWER_BODY_H

#include "text/answer_parser.h"

/* ---- answer_call.c: one call, in whatever notation ---- */

/* Shows text of a kind, later together with what follows. */
void ewi_answer_put(ewi_answer_parser *p, ewi_answer_part_kind kind, uint8_t c);
void ewi_answer_flush(ewi_answer_parser *p);

void ewi_answer_new_call(ewi_answer_parser *p);
/* One more byte of the name; false when it is too long. */
bool ewi_answer_name_byte(ewi_answer_parser *p, uint8_t c);
/* The name is whole: is there such a tool? */
bool ewi_answer_find_tool(ewi_answer_parser *p);
/* The call is one, and all that was held back of it is known: CALL_BEGIN. */
void ewi_answer_begin_call(ewi_answer_parser *p);
void ewi_answer_end_call(ewi_answer_parser *p, bool is_broken);

/* Keeps a byte of arguments that cannot be shown yet; false when there are too many. */
bool ewi_answer_hold_early(ewi_answer_parser *p, uint8_t c);
/* The next byte of the arguments' JSON text. */
EWI_NODISCARD ewi_json_verdict ewi_answer_argument(ewi_answer_parser *p, uint8_t c);
/* Text of it, of which nothing closes the arguments. */
EWI_NODISCARD ewi_json_verdict ewi_answer_argument_text(ewi_answer_parser *p, const char *text);
/* A byte of what is a string there. */
EWI_NODISCARD ewi_json_verdict ewi_answer_argument_char(ewi_answer_parser *p, uint8_t c);

/* ---- marks: p->mark holds what could become one ---- */

#define EWI_MATCH_MAYBE (-1)
#define EWI_MATCH_NONE  (-2)

/* Which of the texts p->mark is; NULL stands for none. */
int ewi_answer_match(const ewi_answer_parser *p, const char *const *texts, int n);
/* Takes the first byte from p->mark. */
uint8_t ewi_answer_shift(ewi_answer_parser *p);

/* ---- the notations ---- */

void ewi_answer_new_object(ewi_answer_parser *p);
EWI_NODISCARD ewi_json_verdict ewi_answer_object_byte(ewi_answer_parser *p, uint8_t c);

void ewi_answer_new_tags(ewi_answer_parser *p);
EWI_NODISCARD ewi_json_verdict ewi_answer_tags_byte(ewi_answer_parser *p, uint8_t c);

void ewi_answer_new_gemma(ewi_answer_parser *p);
EWI_NODISCARD ewi_json_verdict ewi_answer_gemma_byte(ewi_answer_parser *p, uint8_t c);

void ewi_answer_new_named(ewi_answer_parser *p);
EWI_NODISCARD ewi_json_verdict ewi_answer_named_byte(ewi_answer_parser *p, uint8_t c);

#endif
