#include "engine/windows.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/tokenizer.h"

#define MOST_TOKENS 512u

/* A text on its way into windows. */
typedef struct cutter {
    const ew_tokenizer *tokenizer;
    bool by_lines;          /* each is a text, whose end is marked too */
    unsigned flags;         /* of encoding a text */
    size_t n_first, n_last; /* tokens that mark a window's ends */
    ew_token last;
    size_t fresh;          /* tokens of a window that are the text's */
    size_t n_left, n_done; /* of the text's */
    ew_token *encoded;     /* [n_encoded] room for any of the texts */
    size_t n_encoded;
    ewi_windows *to;
} cutter;

static ew_status check_text(ew_str text, ew_error *err) {
    if (text.len == 0) return ewi_fail(err, EW_INVALID, "the calibration text is empty");
    const uint8_t *bytes = (const uint8_t *)text.data;
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t character;
        n = ewi_utf8_decode(bytes + i, text.len - i, &character);
        if (character == EWI_UTF8_INVALID)
            return ewi_fail(err, EW_INVALID, "the calibration text is not UTF-8: byte %zu", i);
    }
    return EW_OK;
}

/* ---- one text ---- */

static void add_window(cutter *c, const ew_token *text, size_t n) {
    ewi_windows *w = c->to;
    ew_token *at = w->tokens + w->starts[w->n];
    if (c->n_first) *at++ = ew_tokenizer_bos(c->tokenizer);
    memcpy(at, text, n * sizeof *at);
    at += n;
    if (c->n_last) *at++ = c->last;
    w->starts[++w->n] = (size_t)(at - w->tokens);
}

static void cut(cutter *c, const ew_token *text, size_t n) {
    c->n_left -= n;
    c->n_done += n;
    for (size_t at = 0; at < n; at += c->fresh) {
        size_t length = n - at < c->fresh ? n - at : c->fresh;
        if (c->by_lines || length == c->fresh) add_window(c, text + at, length);
    }
}

static ew_status take_text(cutter *c, ew_str text, ew_error *err) {
    size_t n = 0;
    EWI_TRY(ew_tokenizer_encode(c->tokenizer, text, c->flags, c->encoded, c->n_encoded, &n, err));
    if (n > c->n_encoded) n = c->n_encoded;
    cut(c, c->encoded, n < c->n_left ? n : c->n_left);
    return EW_OK;
}

static ew_status take_lines(cutter *c, ew_str text, ew_error *err) {
    for (size_t at = 0, len; at < text.len && c->n_left > 0; at += len + 1) {
        const char *line = text.data + at, *end = memchr(line, '\n', text.len - at);
        len = end ? (size_t)(end - line) : text.len - at;
        EWI_TRY(take_text(c, (ew_str){line, len}, err));
    }
    return EW_OK;
}

/* ---- all ---- */

static ew_status measure(cutter *c, size_t n_ctx, ew_error *err) {
    const size_t n_marks = c->n_first + c->n_last;
    c->to->longest = n_ctx < MOST_TOKENS ? n_ctx : MOST_TOKENS;
    if (c->to->longest <= n_marks)
        return ewi_fail(err, EW_UNSUPPORTED, "the model takes %zu tokens: too few for calibration", n_ctx);
    c->fresh = c->to->longest - n_marks;
    return EW_OK;
}

/* No token of a text is empty, nor is a window. */
static ew_status make_room(cutter *c, size_t len, ew_error *err) {
    c->n_encoded = len + 1;
    if (c->n_left > c->n_encoded) c->n_left = c->n_encoded;
    const size_t n = c->n_left;
    c->encoded = ewi_alloc_array(c->n_encoded, sizeof *c->encoded);
    c->to->starts = ewi_alloc_array(n + 1, sizeof *c->to->starts);
    c->to->tokens = ewi_alloc_array(n, 3 * sizeof *c->to->tokens);
    if (!c->encoded || !c->to->starts || !c->to->tokens) return ewi_no_memory(err, "the calibration text");
    c->to->starts[0] = 0;
    return EW_OK;
}

static ew_status take_all(cutter *c, ew_str text, ew_error *err) {
    EWI_TRY(make_room(c, text.len, err));
    EWI_TRY(c->by_lines ? take_lines(c, text, err) : take_text(c, text, err));
    if (c->n_done >= c->fresh) return EW_OK;
    return ewi_fail(err, EW_INVALID, "the calibration text has %zu tokens: at least %zu are needed",
                    c->n_done, c->fresh);
}

ew_status ewi_windows_cut(const ew_model *model, ew_str text, uint32_t n_tokens, bool special,
                          ewi_windows *out, ew_error *err) {
    const bool by_lines = ewi_model_embeds(model);
    *out = (ewi_windows){0};
    EWI_TRY(check_text(text, err));
    cutter c = {.tokenizer = model->tokenizer,
                .by_lines = by_lines,
                .flags = special ? EW_ENCODE_SPECIAL : 0u,
                .n_first = ew_tokenizer_adds_bos(model->tokenizer),
                .n_last = by_lines && ew_tokenizer_adds_eos(model->tokenizer),
                .last = (ew_token)model->tokenizer->last,
                .n_left = n_tokens,
                .to = out};
    EWI_TRY(measure(&c, model->hparams.n_ctx_train, err));
    ew_status status = take_all(&c, text, err);
    ewi_free(c.encoded);
    return status;
}

void ewi_windows_deinit(ewi_windows *w) {
    ewi_free(w->starts);
    ewi_free(w->tokens);
}
