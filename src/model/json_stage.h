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

/*
 * Appends the line; what = "decoder" names the stage in messages, and json is a part of the text that begins
 * at `whole`. Errors: EW_FORMAT, EW_UNSUPPORTED,
 * EW_NO_MEMORY.
 */
EWI_NODISCARD ew_status ewi_json_stage(const uint8_t *whole, ew_str json, const char *what, ewi_arena *arena,
                                       ewi_buffer *out, ew_error *err);

#endif
