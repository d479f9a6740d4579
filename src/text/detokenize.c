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

static void take_bytes(writer *w, ew_detokenizer *state, ewi_bytes text) {
    for (size_t i = 0; i < text.len; i++) take_byte(w, state, text.data[i]);
}

/* SPM and BPE: the blank that encoding put before a text goes. */
static void take_plain(writer *w, const ew_tokenizer *t, ew_detokenizer *state, ewi_bytes text) {
    bool blank = !state->started && t->kind == EWI_VOCAB_SPM && t->space_prefix != EWI_PREFIX_NEVER;
    size_t skip = blank && text.len && text.data[0] == ' ';
    take_bytes(w, state, (ewi_bytes){text.data + skip, text.len - skip});
}

static bool begins_with(ewi_bytes text, ew_str prefix) {
    return text.len >= prefix.len && (prefix.len == 0 || memcmp(text.data, prefix.data, prefix.len) == 0);
}

/* No blank goes before these (transformers' clean_up_tokenization). */
static bool is_close_mark(ewi_bytes text) {
    static const char *const marks[] = {".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"};
    for (size_t i = 0; i < EWI_COUNT(marks); i++)
        if (begins_with(text, ewi_str(marks[i]))) return true;
    return false;
}

static void take_wordpiece(writer *w, const ew_tokenizer *t, ew_detokenizer *state, bool control,
                           ewi_bytes text) {
    bool begins_word = control || !begins_with(text, t->decode_mark);
    size_t skip = 0;
    if (t->word_prefix.len) {
        begins_word = control || begins_with(text, t->word_prefix);
        skip = begins_word && !control ? t->word_prefix.len : 0;
    } else if (!begins_word && state->started) {
        skip = t->decode_mark.len;
    }
    ewi_bytes rest = {text.data + skip, text.len - skip};
    if (state->started && begins_word && !(t->cleans_up && is_close_mark(rest))) take_byte(w, state, ' ');
    take_bytes(w, state, rest);
}

static void take_metaspace(writer *w, const ew_tokenizer *t, ew_detokenizer *state, ewi_bytes text) {
    const ew_str blank = EWI_STR("\xe2\x96\x81");
    bool drop = !state->started && t->space_prefix != EWI_PREFIX_NEVER;
    for (size_t i = 0; i < text.len; drop &= t->decoder == EWI_DECODE_METASPACE) {
        if (!begins_with((ewi_bytes){text.data + i, text.len - i}, blank)) {
            take_byte(w, state, text.data[i++]);
        } else {
            if (!drop) take_byte(w, state, ' ');
            i += blank.len;
        }
    }
}

static bool ends_with(ewi_bytes text, ew_str suffix) {
    return text.len >= suffix.len &&
           begins_with((ewi_bytes){text.data + text.len - suffix.len, suffix.len}, suffix);
}

/* The blank that ends a word waits for the next token. */
static void take_suffixed(writer *w, const ew_tokenizer *t, ew_detokenizer *state, ewi_bytes text) {
    if (state->started && ends_with(ewi_token_bytes(t, state->last), t->decode_mark))
        take_byte(w, state, ' ');
    size_t mark = ends_with(text, t->decode_mark) ? t->decode_mark.len : 0;
    take_bytes(w, state, (ewi_bytes){text.data, text.len - mark});
}

static void take_ctc(writer *w, const ew_tokenizer *t, ew_detokenizer *state, ew_token token,
                     ewi_bytes text) {
    if (state->started && state->last == token) return;
    for (size_t i = 0; i < text.len;) {
        ewi_bytes rest = {text.data + i, text.len - i};
        if (t->decode_mark.len && begins_with(rest, t->decode_mark)) {
            i += t->decode_mark.len;
        } else if (t->decode_blank.len && begins_with(rest, t->decode_blank)) {
            take_byte(w, state, ' ');
            i += t->decode_blank.len;
        } else {
            take_byte(w, state, text.data[i++]);
        }
    }
}

/* A token with a character outside of the alphabet is spelled as it is. */
static void take_alphabet(writer *w, ew_detokenizer *state, ewi_bytes text) {
    bool inside = true;
    uint32_t c;
    for (size_t i = 0; i < text.len; inside &= ewi_alphabet_byte(c) < 256)
        i += ewi_utf8_decode(text.data + i, text.len - i, &c);
    for (size_t i = 0, n; i < text.len; i += n) {
        n = ewi_utf8_decode(text.data + i, text.len - i, &c);
        if (inside)
            take_byte(w, state, (uint8_t)ewi_alphabet_byte(c));
        else
            take_bytes(w, state, (ewi_bytes){text.data + i, n});
    }
}

/* Control tokens are spelled as they are. */
static void take_token(writer *w, const ew_tokenizer *t, ew_detokenizer *state, ew_token token) {
    ewi_bytes text = ewi_token_bytes(t, token);
    bool control = t->flags[token] & EW_TOKEN_CONTROL;
    switch (t->decoder) {
    case EWI_DECODE_WORDPIECE: take_wordpiece(w, t, state, control, text); return;
    case EWI_DECODE_SUFFIX: take_suffixed(w, t, state, text); return;
    case EWI_DECODE_CTC: take_ctc(w, t, state, token, text); return;
    case EWI_DECODE_JOIN:
        if (state->started) take_byte(w, state, ' ');
        take_bytes(w, state, text);
        return;
    case EWI_DECODE_PLAIN:
    case EWI_DECODE_METASPACE:
    case EWI_DECODE_BLANKS:
    case EWI_DECODE_ALPHABET: break;
    }
    if (control)
        take_bytes(w, state, text);
    else if (t->decoder == EWI_DECODE_PLAIN)
        take_plain(w, t, state, text);
    else if (t->decoder == EWI_DECODE_ALPHABET)
        take_alphabet(w, state, text);
    else
        take_metaspace(w, t, state, text);
}

ew_status ew_detokenize(const ew_tokenizer *tokenizer, ew_detokenizer *state, ew_token token, bool special,
                        char *buf, size_t cap, size_t *len, ew_error *err) {
    EWI_REQUIRE(tokenizer && state && len && state->n_pending < 4, err);
    EWI_REQUIRE(buf || cap == 0, err);
    EWI_REQUIRE(state->last >= 0 && (size_t)state->last < tokenizer->n_tokens, err);
    *len = 0;
    if (token < 0 || (size_t)token >= tokenizer->n_tokens)
        return ewi_fail(err, EW_INVALID, "token %d: the vocabulary has %zu tokens", (int)token,
                        tokenizer->n_tokens);
    bool shown = special || !(tokenizer->flags[token] & EW_TOKEN_CONTROL);
    ew_detokenizer next = *state;
    writer w = {buf, cap, 0};
    if (shown) take_token(&w, tokenizer, &next, token);
    if (shown && ewi_token_bytes(tokenizer, token).len > 0) {
        next.started = true;
        next.last = token;
    }
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
