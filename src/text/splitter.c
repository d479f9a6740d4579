#include "text/splitter.h"

#include "base/error.h"
#include "base/mem.h"
#include "text/pieces.h"
#include "text/scanner.h"
#include "text/unicode.h"

#define META     "\xe2\x96\x81" /* U+2581, which stands for a blank */
#define META_LEN 3

void ewi_splitter_init(ewi_splitter *splitter) {
    *splitter = (ewi_splitter){0};
    ewi_buffer_init(&splitter->texts[0], SIZE_MAX);
    ewi_buffer_init(&splitter->texts[1], SIZE_MAX);
}

void ewi_splitter_deinit(ewi_splitter *splitter) {
    ewi_buffer_deinit(&splitter->texts[0]);
    ewi_buffer_deinit(&splitter->texts[1]);
    ewi_free(splitter->spans);
    ewi_free(splitter->next);
}

static void push(ewi_splitter *s, size_t start, size_t end) {
    if (s->n_next == s->cap_next) {
        size_t cap = s->cap_next ? 2 * s->cap_next : 64;
        ewi_span *next = ewi_realloc_array(s->next, s->n_next, cap, sizeof *next);
        if (!next) {
            s->failed = true;
            return;
        }
        s->next = next;
        s->cap_next = cap;
    }
    s->next[s->n_next++] = (ewi_span){start, end - start};
}

/* What the step made becomes what the next one cuts. */
static void swap(ewi_splitter *s) {
    ewi_span *spans = s->spans;
    size_t cap = s->cap;
    s->spans = s->next;
    s->n = s->n_next;
    s->cap = s->cap_next;
    s->next = spans;
    s->cap_next = cap;
    s->n_next = 0;
}

/* ---- parts: matches, and what lies between them ---- */

static bool is_ascii_punctuation(uint32_t c) {
    return (c >= 0x21 && c <= 0x2f) || (c >= 0x3a && c <= 0x40) || (c >= 0x5b && c <= 0x60) ||
           (c >= 0x7b && c <= 0x7e);
}

static bool matches(ewi_split_kind kind, uint32_t c) {
    uint32_t set = ewi_unicode_set(c);
    if (kind == EWI_SPLIT_PUNCTUATION) return is_ascii_punctuation(c) || set & EWI_UNICODE_P;
    return set & (kind == EWI_SPLIT_DIGITS ? EWI_UNICODE_N : EWI_UNICODE_WHITE_SPACE);
}

/* The end of the part at `at`: one character that matches, or all up to the next one. */
static size_t character_part(ewi_split_kind kind, ewi_bytes text, size_t at, bool *match) {
    uint32_t c;
    size_t end = at + ewi_utf8_decode(text.data + at, text.len - at, &c);
    *match = matches(kind, c);
    for (size_t n; !*match && end < text.len; end += n) {
        n = ewi_utf8_decode(text.data + end, text.len - end, &c);
        if (matches(kind, c)) break;
    }
    return end;
}

static unsigned word_class(uint32_t c) {
    if (ewi_unicode_is_word(c)) return 1;
    return ewi_unicode_set(c) & EWI_UNICODE_WHITE_SPACE ? 0 : 2;
}

/* \w+|[^\w\s]+|\s+ , of which the last is the match that goes. */
static size_t word_part(ewi_bytes text, size_t at, bool *match) {
    uint32_t c;
    size_t end = at + ewi_utf8_decode(text.data + at, text.len - at, &c);
    unsigned class = word_class(c);
    for (size_t n; end < text.len; end += n) {
        n = ewi_utf8_decode(text.data + end, text.len - end, &c);
        if (word_class(c) != class) break;
    }
    *match = class == 0;
    return end;
}

static bool begins(ewi_bytes text, size_t at, ew_str with) {
    return text.len - at >= with.len && memcmp(text.data + at, with.data, with.len) == 0;
}

static size_t text_part(ew_str wanted, ewi_bytes text, size_t at, bool *match) {
    *match = begins(text, at, wanted);
    if (*match) return at + wanted.len;
    while (at < text.len && !begins(text, at, wanted)) at++;
    return at;
}

static size_t next_part(const ewi_split_step *step, ewi_bytes text, size_t at, bool *match) {
    if (step->kind == EWI_SPLIT_WORDS) return word_part(text, at, match);
    if (step->kind == EWI_SPLIT_TEXT) return text_part(step->text, text, at, match);
    if (step->kind == EWI_SPLIT_METASPACE) return text_part(EWI_STR(META), text, at, match);
    return character_part(step->kind, text, at, match);
}

/* Whether a part goes on with the word of the part before it. */
static bool joins(ewi_split_behavior behavior, bool match, bool after_match) {
    switch (behavior) {
    case EWI_SPLIT_CONTIGUOUS: return match && after_match;
    case EWI_SPLIT_MERGED_WITH_PREVIOUS: return match && !after_match;
    case EWI_SPLIT_MERGED_WITH_NEXT: return !match && after_match;
    case EWI_SPLIT_REMOVED:
    case EWI_SPLIT_ISOLATED: break;
    }
    return false;
}

static void cut(ewi_splitter *s, const ewi_split_step *step, ewi_span span) {
    ewi_bytes text = {s->text.data + span.start, span.len};
    bool match, after_match = false;
    for (size_t at = 0, end; at < text.len && !s->failed; at = end, after_match = match) {
        end = next_part(step, text, at, &match);
        if (match && step->behavior == EWI_SPLIT_REMOVED) continue;
        if (at > 0 && joins(step->behavior, match, after_match))
            s->next[s->n_next - 1].len += end - at;
        else
            push(s, span.start + at, span.start + end);
    }
}

static void scan(ewi_splitter *s, ewi_scanner scanner, ewi_span span) {
    ewi_words words;
    size_t at = span.start;
    ewi_words_init(&words, scanner, (ewi_bytes){s->text.data + span.start, span.len});
    for (ewi_bytes word; !s->failed && ewi_words_next(&words, &word); at += word.len)
        push(s, at, at + word.len);
}

/* SentencePiece's scripts: the Japanese ones are one; a blank, 0, and who has none go with what is before. */
static uint32_t script_of(uint32_t c) {
    if (c == 0x30fc) return EWI_SCRIPT_HAN;
    if (c == ' ') return 0;
    uint32_t script = ewi_unicode_script(c);
    return script == EWI_SCRIPT_HIRAGANA || script == EWI_SCRIPT_KATAKANA ? EWI_SCRIPT_HAN : script;
}

/* What is before the first character with a script goes, as huggingface/tokenizers has it. */
static void cut_scripts(ewi_splitter *s, ewi_span span) {
    ewi_bytes text = {s->text.data + span.start, span.len};
    uint32_t last = 0, c;
    size_t begin = 0;
    for (size_t i = 0, n; i < text.len; i += n) {
        n = ewi_utf8_decode(text.data + i, text.len - i, &c);
        uint32_t script = script_of(c);
        if (script == 0) continue;
        if (last && script != last) push(s, span.start + begin, span.start + i);
        if (script != last) begin = i;
        last = script;
    }
    if (last) push(s, span.start + begin, span.start + span.len);
}

static void cut_length(ewi_splitter *s, uint32_t length, ewi_span span) {
    size_t end = span.start + span.len, begin = span.start, at = begin;
    for (uint32_t n = 0, c; at < end;) {
        at += ewi_utf8_decode(s->text.data + at, end - at, &c);
        if (++n % length && at < end) continue;
        push(s, begin, at);
        begin = at;
    }
}

/* ---- steps that rewrite ---- */

static bool wants_blank(const ewi_split_step *step, ewi_bytes text, bool first) {
    bool has_blank = text.data[0] == ' ' || begins(text, 0, EWI_STR(META));
    switch (step->prefix) {
    case EWI_PREFIX_EACH: return true;
    case EWI_PREFIX_EACH_UNLESS_BLANK: return !has_blank;
    case EWI_PREFIX_FIRST_UNLESS_BLANK: return first && !has_blank;
    case EWI_PREFIX_NEVER: break;
    }
    return false;
}

/* Rewrites all words, with U+2581 for blanks, but for EWI_SPLIT_LEAD. */
static void write_blanks(ewi_splitter *s, const ewi_split_step *step) {
    ewi_buffer *out = &s->texts[s->text.data == s->texts[0].data];
    bool lead = step->kind == EWI_SPLIT_LEAD;
    out->len = 0;
    for (size_t i = 0; i < s->n; i++) {
        ewi_bytes word = ewi_splitter_word(s, i);
        bool first = s->first && s->spans[i].start == 0;
        size_t start = out->len;
        if (lead ? word.data[0] != ' ' : wants_blank(step, word, first))
            ewi_buffer_add(out, lead ? " " : META, lead ? 1 : META_LEN);
        for (size_t k = 0; k < word.len; k++) {
            bool blank = word.data[k] == ' ' && !lead;
            ewi_buffer_add(out, blank ? (const uint8_t *)META : word.data + k, blank ? META_LEN : 1);
        }
        s->spans[i] = (ewi_span){start, out->len - start};
    }
    s->failed |= out->failed;
    s->text = (ewi_bytes){out->data, out->len};
}

static void write_alphabet(ewi_splitter *s) {
    ewi_buffer *out = &s->texts[s->text.data == s->texts[0].data];
    out->len = 0;
    for (size_t i = 0; i < s->n; i++) {
        ewi_bytes word = ewi_splitter_word(s, i);
        size_t start = out->len;
        for (size_t k = 0; k < word.len; k++) {
            uint8_t bytes[4];
            ewi_buffer_add(out, bytes, ewi_utf8_encode(ewi_alphabet_character(word.data[k]), bytes));
        }
        s->spans[i] = (ewi_span){start, out->len - start};
    }
    s->failed |= out->failed;
    s->text = (ewi_bytes){out->data, out->len};
}

static void cut_any(ewi_splitter *s, const ewi_split_step *step, ewi_span span) {
    if (step->kind == EWI_SPLIT_SCANNER)
        scan(s, step->scanner, span);
    else if (step->kind == EWI_SPLIT_SCRIPTS)
        cut_scripts(s, span);
    else if (step->kind == EWI_SPLIT_LENGTH)
        cut_length(s, step->length, span);
    else
        cut(s, step, span);
}

static void run_step(ewi_splitter *s, const ewi_split_step *step) {
    bool cuts = step->kind != EWI_SPLIT_BLANKS && step->kind != EWI_SPLIT_LEAD;
    if (step->kind == EWI_SPLIT_ALPHABET) {
        write_alphabet(s);
        return;
    }
    if (step->kind == EWI_SPLIT_METASPACE || !cuts) write_blanks(s, step);
    if (!cuts) return;
    for (size_t i = 0; i < s->n && !s->failed; i++) cut_any(s, step, s->spans[i]);
    swap(s);
}

ew_status ewi_split(ewi_splitter *splitter, const ewi_split_step *steps, size_t n_steps, ewi_bytes text,
                    bool first, ew_error *err) {
    splitter->text = text;
    splitter->first = first;
    splitter->n_next = 0;
    if (text.len) push(splitter, 0, text.len);
    swap(splitter);
    for (size_t i = 0; i < n_steps && !splitter->failed; i++) run_step(splitter, &steps[i]);
    return splitter->failed ? ewi_no_memory(err, "the words of a text") : EW_OK;
}
