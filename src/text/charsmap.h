/*
 * charsmap.h: SentencePiece's precompiled_charsmap: which short texts are replaced by which.
 *
 * The bytes are: the size of a double array (u32), the array (Darts-clone's units), then the replacements,
 * each ended by NUL. They are hostile: ewi_charsmap_open checks every value that matching can reach, and
 * matching stays inside of the array. Borrows the bytes; any thread.
 *
 *     ewi_charsmap map;
 *     EWI_TRY(ewi_charsmap_open(bytes, &map, err));
 *     ewi_charsmap_append(&map, false, text, &out);
 */
#ifndef EW_TEXT_CHARSMAP_H
#define EW_TEXT_CHARSMAP_H

#include "base/buffer.h"
#include "text/vocab.h"

/* Errors: EW_FORMAT says what is broken. Empty bytes are a map of nothing. */
EWI_NODISCARD ew_status ewi_charsmap_open(ewi_bytes bytes, ewi_charsmap *out, ew_error *err);

/*
 * Appends the text with its replacements: where several match, the longest one (SentencePiece), or, with
 * `graphemes`, what huggingface/tokenizers does: the shortest match in each grapheme cluster of less than 6
 * bytes, else in each character, stands for all of it.
 */
void ewi_charsmap_append(const ewi_charsmap *map, bool graphemes, ewi_bytes text, ewi_buffer *out);

#endif
