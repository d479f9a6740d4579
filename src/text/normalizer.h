/*
 * normalizer.h: what is done to a text before it is cut into words: a list of steps, each over the whole
 * text.
 *
 * The steps are those of huggingface/tokenizers. Bytes that are not valid UTF-8 pass through, but for
 * EWI_NORM_CLEAN, which drops them as it drops U+FFFD. Time and memory are linear in the text, but that each
 * step multiplies its length by what it writes for a character; EWI_NORM_MAX_GROWTH bounds that.
 *
 *     ewi_normalizer n;
 *     ewi_normalizer_init(&n);
 *     EWI_TRY(ewi_normalize(&n, steps, n_steps, &text, err));      text may then lie in n
 *     ewi_normalizer_deinit(&n);
 */
#ifndef EW_TEXT_NORMALIZER_H
#define EW_TEXT_NORMALIZER_H

#include "base/buffer.h"
#include "base/slice.h"
#include "text/vocab.h"

/* A text of n bytes becomes at most this many times n, and a constant. */
#define EWI_NORM_MAX_GROWTH 64

typedef struct ewi_normalizer {
    ewi_buffer buffers[2];
} ewi_normalizer;

void ewi_normalizer_init(ewi_normalizer *normalizer);
void ewi_normalizer_deinit(ewi_normalizer *normalizer);

/* Points *text to the normalized text, valid until the next call. Errors: EW_NO_MEMORY, also past that
 * bound. */
EWI_NODISCARD ew_status ewi_normalize(ewi_normalizer *normalizer, const ewi_norm_step *steps, size_t n_steps,
                                      ewi_bytes *text, ew_error *err);

#endif
