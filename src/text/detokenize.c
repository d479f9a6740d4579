/* detokenize.c: tokens to text, as they come. */
#include "base/error.h"
#include "base/utf8.h"
#include "text/tokenizer.h"

/* Text that is being written: at most cap bytes reach buf, len counts all. */
typedef struct writer {
    char *buf;
    size_t cap, len;
} writer;

static void write_bytes(writer *w, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++, w->len++)
        if (w->len < w->cap) w->buf[w->len] = (char)bytes[i];
}

static void write_replacement(writer *w) {
    write_bytes(w, (const uint8_t *)"\xef\xbf\xbd", 3);
}

/*
 * Takes one more byte. Each longest run of bytes that begins a character but can't end it becomes one U+FFFD
 * (Unicode 15, section 3.9, "substitution of maximal subparts").
 */
static void take_byte(writer *w, ew_detokenizer *state, uint8_t byte) {
    state->pending[state->n_pending++] = byte;
    uint32_t c;
    if (ewi_utf8_decode(state->pending, state->n_pending, &c) == state->n_pending && c != EWI_UTF8_INVALID) {
        write_bytes(w, state->pending, state->n_pending);
        state->n_pending = 0;
    } else if (!ewi_utf8_is_prefix(state->pending, state->n_pending)) {
        bool alone = state->n_pending == 1;
        write_replacement(w);
        state->n_pending = 0;
        if (!alone) take_byte(w, state, byte);
    }
}

/* The token's text; the blank that encoding put before a text goes. */
static ewi_bytes text_of(const ew_tokenizer *tokenizer, const ew_detokenizer *state, ew_token token,
                         bool special) {
    ewi_bytes text = ewi_token_bytes(tokenizer, token);
    if (tokenizer->flags[token] & EW_TOKEN_CONTROL) return special ? text : (ewi_bytes){0};
    bool blank =
        !state->started && tokenizer->kind == EWI_VOCAB_SPM && tokenizer->space_prefix != EWI_PREFIX_NEVER;
    if (blank && text.len && text.data[0] == ' ') return (ewi_bytes){text.data + 1, text.len - 1};
    return text;
}

ew_status ew_detokenize(const ew_tokenizer *tokenizer, ew_detokenizer *state, ew_token token, bool special,
                        char *buf, size_t cap, size_t *len, ew_error *err) {
    EWI_REQUIRE(tokenizer && state && len && state->n_pending < 4, err);
    EWI_REQUIRE(buf || cap == 0, err);
    *len = 0;
    if (token < 0 || (size_t)token >= tokenizer->n_tokens)
        return ewi_fail(err, EW_INVALID, "token %d: the vocabulary has %zu tokens", (int)token,
                        tokenizer->n_tokens);
    ewi_bytes text = text_of(tokenizer, state, token, special);
    ew_detokenizer next = *state;
    writer w = {buf, cap, 0};
    for (size_t i = 0; i < text.len; i++) take_byte(&w, &next, text.data[i]);
    next.started |= ewi_token_bytes(tokenizer, token).len > 0 &&
                    (special || !(tokenizer->flags[token] & EW_TOKEN_CONTROL));
    *len = w.len;
    if (w.len <= cap) *state = next;
    return EW_OK;
}

size_t ew_detokenize_end(ew_detokenizer *state, char buf[4]) {
    writer w = {buf, 4, 0};
    if (state->n_pending) write_replacement(&w);
    *state = (ew_detokenizer){0};
    return w.len;
}
