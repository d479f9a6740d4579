/*
 * json_stage.h: one stage of a tokenizer.json (normalizer, pre_tokenizer, decoder, post_processor) as one
 * line of text.
 *
 * The same meaning has many spellings in JSON: members in any order, defaults written out or left out,
 * sequences in sequences. The line has one: steps joined by " + ", each its type and then, in a fixed order,
 * what is not the default. So a loader knows a stage by comparing text. A member that is not known is
 * EW_UNSUPPORTED. null gives "". Any thread.
 *
 *     {"type":"Split","invert":false,"pattern":{"Regex":"\\d"},"behavior":"Isolated"}
 *     gives  Split,Regex=\d,behavior=Isolated
 */
#ifndef EW_MODEL_JSON_STAGE_H
#define EW_MODEL_JSON_STAGE_H

#include "base/arena.h"
#include "base/buffer.h"

/* Every member that a step can have. */
typedef enum ewi_stage_member {
    EWI_STAGE_TYPE,
    EWI_STAGE_REGEX,
    EWI_STAGE_STRING,
    EWI_STAGE_CONTENT,
    EWI_STAGE_PREPEND,
    EWI_STAGE_REPLACEMENT,
    EWI_STAGE_BEHAVIOR,
    EWI_STAGE_PREPEND_SCHEME,
    EWI_STAGE_INVERT,
    EWI_STAGE_SPLIT,
    EWI_STAGE_ADD_PREFIX_SPACE,
    EWI_STAGE_USE_REGEX,
    EWI_STAGE_INDIVIDUAL_DIGITS,
    EWI_STAGE_START,
    EWI_STAGE_STOP,
    EWI_STAGE_CLEAN_TEXT,
    EWI_STAGE_HANDLE_CHINESE_CHARS,
    EWI_STAGE_STRIP_ACCENTS,
    EWI_STAGE_LOWERCASE,
    EWI_STAGE_STRIP_LEFT,
    EWI_STAGE_STRIP_RIGHT,
    EWI_STAGE_DELIMITER,
    EWI_STAGE_PREFIX,
    EWI_STAGE_SUFFIX,
    EWI_STAGE_PAD_TOKEN,
    EWI_STAGE_WORD_DELIMITER_TOKEN,
    EWI_STAGE_CLEANUP,
    EWI_STAGE_LENGTH,
    EWI_STAGE_CHARSMAP,
    EWI_STAGE_TRIM_OFFSETS,
    EWI_STAGE_STR_REP,
    EWI_STAGE_PATTERN,
    EWI_STAGE_STEPS,
    EWI_N_STAGE_MEMBERS
} ewi_stage_member;

/* Takes one step: its members as text, {NULL, 0} where the file has none or null. */
typedef ew_status (*ewi_stage_fn)(void *user, const ew_str values[EWI_N_STAGE_MEMBERS], ew_error *err);

/*
 * Appends the line; what = "decoder" names the stage in messages, and json is a part of the text that begins
 * at `whole`. Errors: EW_FORMAT, EW_UNSUPPORTED,
 * EW_NO_MEMORY.
 */
EWI_NODISCARD ew_status ewi_json_stage(const uint8_t *whole, ew_str json, const char *what, ewi_arena *arena,
                                       ewi_buffer *out, ew_error *err);

/* Calls fn for each step, in order. Errors also: whatever fn returns. */
EWI_NODISCARD ew_status ewi_json_stage_walk(const uint8_t *whole, ew_str json, const char *what,
                                            ewi_arena *arena, ewi_stage_fn fn, void *user, ew_error *err);

#endif
