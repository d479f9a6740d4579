/* asks.h: what is asked of the server, in the words of each API, and what of an answer must be the same.
 *
 * Kinds that share a subject ask the same thing of the same model, so that their answers to one prompt are
 * equal: whole or streamed, by whichever API, with the prefix cache or without. What differs between two
 * answers (ids, times, counts of the cache) is left out.
 */
#ifndef TESTS_SOAK_ASKS_H
#define TESTS_SOAK_ASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASK_PROMPTS     48u /* known ones: 0 to 47; greater numbers are prompts of their own */
#define ASK_BODY_BYTES  32768u
#define ASK_OTHER_MODEL "stories"

typedef enum ask_subject {
    SUBJECT_CHAT,
    SUBJECT_TEXT,
    SUBJECT_LONG,
    SUBJECT_TOKENS,
    SUBJECT_VECTOR,
    SUBJECT_OTHER_VECTOR,
    SUBJECT_BAD_JSON,
    SUBJECT_NO_MODEL,
    SUBJECT_NO_FIELD,
    SUBJECT_TOO_LONG,
    N_SUBJECTS
} ask_subject;

typedef enum ask_manner {
    MANNER_PLAIN,
    MANNER_SLOWLY, /* the answer is read slowly */
    MANNER_LEAVE,  /* the client leaves when the answer begins */
    MANNER_VANISH  /* it leaves as soon as it has asked */
} ask_manner;

typedef struct ask_kind {
    const char *name, *path;
    ask_subject subject;
    ask_manner manner;
    unsigned weight; /* so often of all */
    int status;
    const char *before, *after; /* the body around the prompt */
    const char *key;            /* of the texts that make up the answer; NULL: all of the body */
    const char *end;            /* an answer that was not cut has it */
} ask_kind;

extern const ask_kind ask_kinds[];
extern const size_t ask_n_kinds;

/* Whether answers are other ones for other prompts. */
bool ask_has_prompt(const ask_kind *kind);
void ask_write_body(const ask_kind *kind, uint64_t prompt, char body[ASK_BODY_BYTES]);
/* Of an answer's body, on the heap; NULL: it was cut. */
char *ask_read_answer(const ask_kind *kind, const char *body);

#endif
