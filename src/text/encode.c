/* encode.c: text to tokens. */
#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/merger.h"
#include "text/normalizer.h"
#include "text/scanner.h"
#include "text/segmenter.h"
#include "text/splitter.h"
#include "text/template.h"
#include "text/unicode.h"

#define MAX_TEXT_BYTES ((size_t)1 << 31) /* symbols are counted in 32 bits */
#define BLANK          0x2581u           /* SentencePiece's; a text's own is the same to it */

/* One call of ew_tokenizer_encode. */
typedef struct encoder {
    const ew_tokenizer *tokenizer;
    ew_token *out;
    size_t cap, n;
    bool after_unknown; /* neighbouring unknown characters are one unknown token */
    ewi_merger merger;
    ewi_normalizer normalizer;
    ewi_splitter splitter;
    ewi_segmenter segmenter;
    ewi_buffer blanked; /* one stretch of text as SentencePiece sees it, with ' ' for its blank */
    ew_error *err;
} encoder;

static void emit(encoder *e, uint32_t token) {
    if (e->n < e->cap) e->out[e->n] = (ew_token)token;
    e->n++;
    e->after_unknown = false;
}

/* ---- byte-level BPE ---- */

static void emit_symbols(encoder *e) {
    const ewi_symbol *symbols = e->merger.symbols;
    for (uint32_t i = 0; i != EWI_NO_SYMBOL; i = symbols[i].next) emit(e, symbols[i].token);
}

/* The token that spells the whole word, or EWI_NO_TOKEN. */
static uint32_t whole_word(const ew_tokenizer *t, ewi_bytes word) {
    if (word.len > t->pieces.max_len) return EWI_NO_TOKEN;
    uint32_t token = ewi_pieces_find(&t->pieces, word.data, word.len, ewi_piece_hash(word.data, word.len));
    return token != EWI_NO_TOKEN && ewi_token_is_text(t, token) ? token : EWI_NO_TOKEN;
}

static ew_status encode_word(encoder *e, ewi_bytes word) {
    const ew_tokenizer *t = e->tokenizer;
    uint32_t token = t->ignore_merges ? whole_word(t, word) : EWI_NO_TOKEN;
    if (token != EWI_NO_TOKEN) {
        emit(e, token);
        return EW_OK;
    }
    EWI_TRY(ewi_merger_start(&e->merger, word.data, word.len, e->err));
    for (size_t i = 0; i < word.len; i++) {
        token = t->byte_tokens[word.data[i]];
        if (token == EWI_NO_TOKEN)
            return ewi_fail(e->err, EW_UNSUPPORTED,
                            "text: this vocabulary has no token for byte 0x%02X: give valid UTF-8",
                            word.data[i]);
        ewi_merger_add(&e->merger, 1, token);
    }
    ewi_merger_run(&e->merger);
    emit_symbols(e);
    return EW_OK;
}

static ew_status encode_words(encoder *e, ewi_bytes text) {
    ewi_words words;
    ewi_words_init(&words, e->tokenizer->scanner, text);
    for (ewi_bytes word; ewi_words_next(&words, &word);) EWI_TRY(encode_word(e, word));
    return EW_OK;
}

/* ---- SentencePiece ---- */

static bool has_byte_tokens(const ew_tokenizer *t, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (t->byte_tokens[bytes[i]] == EWI_NO_TOKEN) return false;
    return true;
}

static bool emit_bytes(encoder *e, ewi_bytes text) {
    const ew_tokenizer *t = e->tokenizer;
    if (!has_byte_tokens(t, text.data, text.len)) return false;
    for (size_t i = 0; i < text.len; i++) emit(e, t->byte_tokens[text.data[i]]);
    return true;
}

static void emit_unknown(encoder *e, const uint8_t *bytes, size_t n) {
    const ew_tokenizer *t = e->tokenizer;
    if (emit_bytes(e, (ewi_bytes){bytes, n})) return;
    if (!e->after_unknown) {
        emit(e, t->unk);
        e->after_unknown = true;
    }
}

/*
 * Adds one character. With merges, one that is no token takes part as its bytes (as Hugging Face's BPE has
 * it).
 */
static void add_character(encoder *e, const uint8_t *bytes, size_t n) {
    const ew_tokenizer *t = e->tokenizer;
    uint32_t token = whole_word(t, (ewi_bytes){bytes, n});
    if (token != EWI_NO_TOKEN || !t->has_merges || !has_byte_tokens(t, bytes, n)) {
        ewi_merger_add(&e->merger, n, token);
        return;
    }
    for (size_t i = 0; i < n; i++) ewi_merger_add(&e->merger, 1, t->byte_tokens[bytes[i]]);
}

static ew_status encode_pieces(encoder *e, ewi_bytes word) {
    EWI_TRY(ewi_merger_start(&e->merger, word.data, word.len, e->err));
    for (size_t i = 0, n; i < word.len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode(word.data + i, word.len - i, &c);
        add_character(e, word.data + i, n);
    }
    ewi_merger_run(&e->merger);
    const ewi_symbol *symbols = e->merger.symbols;
    for (uint32_t i = 0; i != EWI_NO_SYMBOL; i = symbols[i].next) {
        if (symbols[i].token != EWI_NO_TOKEN)
            emit(e, symbols[i].token);
        else
            emit_unknown(e, word.data + symbols[i].start, symbols[i].len);
    }
    return EW_OK;
}

static bool wants_blank(const ew_tokenizer *t, ewi_bytes text, bool first) {
    bool has_blank = text.data[0] == ' ' || (text.len >= 3 && memcmp(text.data, "\xe2\x96\x81", 3) == 0);
    switch (t->space_prefix) {
    case EWI_PREFIX_EACH: return true;
    case EWI_PREFIX_EACH_UNLESS_BLANK: return !has_blank;
    case EWI_PREFIX_FIRST_UNLESS_BLANK: return first && !has_blank;
    case EWI_PREFIX_NEVER: break;
    }
    return false;
}

/* Writes text to e->blanked with a blank before it where the model wants one, and each U+2581 as ' '. */
static ew_status blank_text(encoder *e, ewi_bytes text, bool first) {
    e->blanked.len = 0;
    if (!ewi_buffer_reserve(&e->blanked, text.len + 1)) return ewi_no_memory(e->err, "a text");
    uint8_t *out = e->blanked.data;
    if (wants_blank(e->tokenizer, text, first)) *out++ = ' ';
    for (size_t i = 0, n; i < text.len; i += n) {
        n = text.data[i] == 0xe2 && text.len - i >= 3 && text.data[i + 1] == 0x96 && text.data[i + 2] == 0x81
                ? 3
                : 1;
        *out++ = n == 3 ? ' ' : text.data[i];
    }
    e->blanked.len = (size_t)(out - e->blanked.data);
    return EW_OK;
}

/*
 * Merging all of a text at once would be as right, but slow. No merge can cross from a byte to a blank when
 * no piece has the two side by side, so each such place ends a word; in most vocabularies those are all
 * places before a run of blanks.
 */
static ew_status encode_blanked(encoder *e) {
    ewi_bytes text = {e->blanked.data, e->blanked.len};
    size_t start = 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] != ' ' || e->tokenizer->joins_blank[text.data[i - 1]]) continue;
        EWI_TRY(encode_pieces(e, (ewi_bytes){text.data + start, i - start}));
        start = i;
    }
    return encode_pieces(e, (ewi_bytes){text.data + start, text.len - start});
}

/* ---- words that are cut in several steps: of any model ---- */

/* What a unigram model does not know can be a piece all the same, where several characters in a row are. */
static void emit_part(encoder *e, ewi_bytes text, uint32_t token) {
    if (token != EWI_NO_TOKEN)
        emit(e, token);
    else if (e->tokenizer->kind == EWI_VOCAB_WORDPIECE)
        emit(e, e->tokenizer->unk);
    else if ((token = whole_word(e->tokenizer, text)) != EWI_NO_TOKEN)
        emit(e, token);
    else if (!emit_bytes(e, text))
        emit(e, e->tokenizer->unk);
}

/* The token of a word's character, with what tokens have before and after it there. */
static uint32_t character_token(const ew_tokenizer *t, ewi_bytes word, size_t at, size_t n) {
    uint8_t text[2 * EWI_MAX_AFFIX_BYTES + 4];
    ew_str prefix = at > 0 ? t->inner_prefix : EWI_STR("");
    ew_str suffix = at + n == word.len ? t->word_suffix : EWI_STR("");
    if (prefix.len) memcpy(text, prefix.data, prefix.len);
    memcpy(text + prefix.len, word.data + at, n);
    if (suffix.len) memcpy(text + prefix.len + n, suffix.data, suffix.len);
    return whole_word(t, (ewi_bytes){text, prefix.len + n + suffix.len});
}

static void emit_characters(encoder *e) {
    const ewi_symbol *symbols = e->merger.symbols;
    bool after_unknown = false;
    for (uint32_t i = 0; i != EWI_NO_SYMBOL; i = symbols[i].next) {
        bool unknown = symbols[i].token == EWI_NO_TOKEN;
        bool same = unknown && after_unknown && e->tokenizer->fuses_unknown;
        if (!same) emit(e, unknown ? e->tokenizer->unk : symbols[i].token);
        after_unknown = unknown;
    }
}

static ew_status encode_characters(encoder *e, ewi_bytes word) {
    const ew_tokenizer *t = e->tokenizer;
    uint32_t token = t->ignore_merges ? whole_word(t, word) : EWI_NO_TOKEN;
    if (token != EWI_NO_TOKEN) {
        emit(e, token);
        return EW_OK;
    }
    EWI_TRY(ewi_merger_start(&e->merger, word.data, word.len, e->err));
    for (size_t i = 0, n; i < word.len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode(word.data + i, word.len - i, &c);
        token = character_token(t, word, i, n);
        bool bytes = token == EWI_NO_TOKEN && has_byte_tokens(t, word.data + i, n);
        for (size_t k = 0; bytes && k < n; k++)
            ewi_merger_add(&e->merger, 1, t->byte_tokens[word.data[i + k]]);
        if (!bytes) ewi_merger_add(&e->merger, n, token);
    }
    ewi_merger_run(&e->merger);
    emit_characters(e);
    return EW_OK;
}

static ew_status encode_segments(encoder *e, ewi_bytes word) {
    EWI_TRY(ewi_segment(&e->segmenter, word, e->err));
    for (size_t k = 0; k < e->segmenter.n; k++) {
        ewi_answer_part part = e->segmenter.parts[k];
        emit_part(e, (ewi_bytes){word.data + part.start, part.len}, part.token);
    }
    return EW_OK;
}

static ew_status encode_split_word(encoder *e, ewi_bytes word) {
    const ew_tokenizer *t = e->tokenizer;
    if (t->kind == EWI_VOCAB_BPE) return encode_word(e, word);
    if (t->kind == EWI_VOCAB_CHAR_BPE) return encode_characters(e, word);
    if (t->kind != EWI_VOCAB_WORDLEVEL) return encode_segments(e, word);
    uint32_t token = whole_word(t, word);
    emit(e, token != EWI_NO_TOKEN ? token : t->unk);
    return EW_OK;
}

static ew_status encode_split(encoder *e, ewi_bytes text, bool first) {
    const ew_tokenizer *t = e->tokenizer;
    EWI_TRY(ewi_split(&e->splitter, t->splits, t->n_splits, text, first, e->err));
    for (size_t i = 0; i < e->splitter.n; i++)
        EWI_TRY(encode_split_word(e, ewi_splitter_word(&e->splitter, i)));
    return EW_OK;
}

/* ---- all ---- */

static ew_status encode_plain(encoder *e, ewi_bytes text, bool first) {
    if (text.len == 0) return EW_OK;
    switch (e->tokenizer->kind) {
    case EWI_VOCAB_BPE: return e->tokenizer->n_splits ? encode_split(e, text, first) : encode_words(e, text);
    case EWI_VOCAB_SPM: break;
    case EWI_VOCAB_WORDPIECE:
    case EWI_VOCAB_UNIGRAM:
    case EWI_VOCAB_CHAR_BPE:
    case EWI_VOCAB_WORDLEVEL: return encode_split(e, text, first);
    }
    EWI_TRY(blank_text(e, text, first));
    return encode_blanked(e);
}

/* Where the white space that ends text[from..end) begins. */
static size_t trim(ewi_bytes text, size_t from, size_t end) {
    while (end > from) {
        size_t start = end - 1;
        while (start > from && end - start < 4 && (text.data[start] & 0xc0) == 0x80) start--;
        uint32_t c;
        bool whole = ewi_utf8_decode(text.data + start, end - start, &c) == end - start;
        if (!whole || !(ewi_unicode_set(c) & EWI_UNICODE_WHITE_SPACE)) break;
        end = start;
    }
    return end;
}

static size_t skip_blanks(ewi_bytes text, size_t at) {
    while (at < text.len) {
        uint32_t c;
        size_t n = ewi_utf8_decode(text.data + at, text.len - at, &c);
        if (!(ewi_unicode_set(c) & EWI_UNICODE_WHITE_SPACE)) break;
        at += n;
    }
    return at;
}

/* Text between special tokens; `first`: nothing was before it. */
static ew_status encode_stretch(encoder *e, ewi_bytes text, bool first) {
    const ew_tokenizer *t = e->tokenizer;
    size_t from = 0;
    EWI_TRY(ewi_normalize(&e->normalizer, t->norms, t->n_norms, &text, e->err));
    for (ewi_special_match match; ewi_specials_find(&t->normalized, text, from, false, &match);
         first = false) {
        size_t end = match.type & EWI_TOKEN_LSTRIP ? trim(text, from, match.start) : match.start;
        EWI_TRY(encode_plain(e, (ewi_bytes){text.data + from, end - from}, first));
        emit(e, match.token);
        from = match.start + match.len;
        if (match.type & EWI_TOKEN_RSTRIP) from = skip_blanks(text, from);
    }
    return from < text.len ? encode_plain(e, (ewi_bytes){text.data + from, text.len - from}, first) : EW_OK;
}

/* The next special token of one sort, once it was looked for. */
typedef struct candidate {
    bool known, found;
    ewi_special_match match;
} candidate;

/* The special tokens of a text, one after the other. */
typedef struct finder {
    const ewi_specials *specials;
    ewi_bytes text;
    const ew_segment *segments;
    size_t n_segments, segment; /* those before `segment` are done with */
    candidate anywhere;         /* user-defined tokens */
    candidate trusted;          /* all tokens that lie inside of one segment that is not input */
} finder;

static finder find_in(const ew_tokenizer *t, ewi_bytes text, const ew_segment *segments, size_t n) {
    finder f = {.specials = &t->specials, .text = text, .segments = segments, .n_segments = n};
    f.anywhere.known = n == 1 && !segments[0].input; /* then the other ones include them */
    return f;
}

/* False: what is known still holds. */
static bool is_stale(const candidate *c, size_t from) {
    return !c->known || (c->found && c->match.start < from);
}

static void find_anywhere(finder *f, size_t from) {
    candidate *c = &f->anywhere;
    if (!is_stale(c, from)) return;
    c->known = true;
    c->found = ewi_specials_find(f->specials, f->text, from, false, &c->match);
}

static void find_trusted(finder *f, size_t from) {
    candidate *c = &f->trusted;
    if (!is_stale(c, from)) return;
    *c = (candidate){.known = true};
    for (; f->segment < f->n_segments; f->segment++) {
        const ew_segment *s = &f->segments[f->segment];
        size_t begin = f->segment ? s[-1].end : 0;
        ewi_bytes part = {f->text.data, s->end};
        if (begin < from) begin = from;
        c->found =
            !s->input && begin < s->end && ewi_specials_find(f->specials, part, begin, true, &c->match);
        if (c->found) return;
    }
}

/* The first one at or after `from`; of two, the longer one. */
static bool find_special(finder *f, size_t from, ewi_special_match *match) {
    const candidate *a = &f->anywhere, *t = &f->trusted;
    find_anywhere(f, from);
    find_trusted(f, from);
    if (!a->found && !t->found) return false;
    bool trusted = t->found && (!a->found || t->match.start < a->match.start ||
                                (t->match.start == a->match.start && t->match.len >= a->match.len));
    *match = trusted ? t->match : a->match;
    return true;
}

static ew_status encode_text(encoder *e, finder *f) {
    ewi_bytes text = f->text;
    size_t from = 0;
    bool first = true;
    for (ewi_special_match match; find_special(f, from, &match); first = false) {
        size_t end = match.type & EWI_TOKEN_LSTRIP ? trim(text, from, match.start) : match.start;
        if (end > from) EWI_TRY(encode_stretch(e, (ewi_bytes){text.data + from, end - from}, first));
        emit(e, match.token);
        from = match.start + match.len;
        if (match.type & EWI_TOKEN_RSTRIP) from = skip_blanks(text, from);
    }
    return from < text.len ? encode_stretch(e, (ewi_bytes){text.data + from, text.len - from}, first) : EW_OK;
}

static ew_status encode_all(const ew_tokenizer *tokenizer, finder *f, unsigned flags, ew_token *out,
                            size_t cap, size_t *n, ew_error *err) {
    *n = 0;
    if (f->text.len >= MAX_TEXT_BYTES)
        return ewi_fail(err, EW_LIMIT, "text: %zu bytes, at most %zu can be encoded at once", f->text.len,
                        MAX_TEXT_BYTES - 1);
    encoder e = {.tokenizer = tokenizer, .out = out, .cap = cap, .err = err};
    ewi_merger_init(&e.merger, tokenizer);
    ewi_normalizer_init(&e.normalizer);
    ewi_splitter_init(&e.splitter);
    ewi_segmenter_init(&e.segmenter, tokenizer);
    ewi_buffer_init(&e.blanked, SIZE_MAX);
    if (flags & EW_ENCODE_BOS && tokenizer->bos >= 0) emit(&e, (uint32_t)tokenizer->bos);
    ew_status status = f->text.len ? encode_text(&e, f) : EW_OK;
    if (flags & EW_ENCODE_EOS && tokenizer->last != EWI_NO_TOKEN) emit(&e, tokenizer->last);
    ewi_normalizer_deinit(&e.normalizer);
    ewi_splitter_deinit(&e.splitter);
    ewi_segmenter_deinit(&e.segmenter);
    ewi_buffer_deinit(&e.blanked);
    ewi_merger_deinit(&e.merger);
    if (!status) *n = e.n;
    return status;
}

ew_status ew_tokenizer_encode(const ew_tokenizer *tokenizer, ew_str text, unsigned flags, ew_token *out,
                              size_t cap, size_t *n, ew_error *err) {
    EWI_REQUIRE(tokenizer && n, err);
    EWI_REQUIRE(text.data || text.len == 0, err);
    EWI_REQUIRE(out || cap == 0, err);
    EWI_REQUIRE((flags & ~(unsigned)(EW_ENCODE_BOS | EW_ENCODE_SPECIAL | EW_ENCODE_EOS)) == 0, err);
    const ew_segment whole = {text.len, !(flags & EW_ENCODE_SPECIAL)};
    finder f = find_in(tokenizer, (ewi_bytes){(const uint8_t *)text.data, text.len}, &whole, 1);
    return encode_all(tokenizer, &f, flags, out, cap, n, err);
}

ew_status ewi_encode_marked(const ew_tokenizer *tokenizer, ew_str text, const ew_segment *segments,
                            size_t n_segments, bool add_bos, ew_token *out, size_t cap, size_t *n,
                            ew_error *err) {
    ewi_bytes bytes = {(const uint8_t *)text.data, text.len};
    finder f = find_in(tokenizer, bytes, segments, n_segments);
    ewi_special_match match;
    bool has_bos = find_special(&f, 0, &match) && match.start == 0 && (ew_token)match.token == tokenizer->bos;
    unsigned flags = add_bos && !has_bos ? EW_ENCODE_BOS : 0;
    return encode_all(tokenizer, &f, flags, out, cap, n, err);
}
