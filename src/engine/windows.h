/*
 * windows.h: a calibration text as windows of tokens, each of which a model reads from its first position on.
 *
 * A model that makes logits reads the text from end to end: its windows are as long as each other, and begin
 * with a BOS where the model asks for one; what is left behind the last is not read. A model that makes
 * embeddings reads texts, a line each, which are marked at both ends as ew_embed wants them; a line that is
 * longer than a window is several. Windows hold 512 tokens at most, or what the model was trained on.
 *
 *     EWI_TRY(ewi_windows_cut(model, text, n_tokens, special, &w, err));
 *     const ew_token *tokens = w.tokens + w.starts[i];      starts[i + 1] - starts[i] of them
 *     ewi_windows_deinit(&w);
 */
#ifndef EW_ENGINE_WINDOWS_H
#define EW_ENGINE_WINDOWS_H

#include "model/model.h"

typedef struct ewi_windows {
    size_t longest, n;
    size_t *starts;   /* [n + 1] */
    ew_token *tokens; /* [starts[n]] */
} ewi_windows;

/* Of the text's first n_tokens; special: special tokens that it spells out become tokens. Errors: EW_INVALID
 * when the text is empty, not UTF-8 or shorter than a window; EW_UNSUPPORTED when the model, which has a
 * vocabulary, takes too few tokens. After a failure too the windows are the caller's. */
EWI_NODISCARD ew_status ewi_windows_cut(const ew_model *model, ew_str text, uint32_t n_tokens, bool special,
                                        ewi_windows *out, ew_error *err);
void ewi_windows_deinit(ewi_windows *w);

static inline size_t ewi_window_length(const ewi_windows *w, size_t i) {
    return w->starts[i + 1] - w->starts[i];
}

#endif
