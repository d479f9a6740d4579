#include "measure/words.h"

#include <stdint.h>

#include "base/checked.h"
#include "base/utf8.h"
#include "text/jinja_value.h"
#include "text/letter_case.h"
#include "text/unicode.h"

/* Text as it is written into the arena, with room for what it becomes at most. */
typedef struct writer {
    char *data; /* NULL: no memory */
    size_t len;
} writer;

static writer writer_of(ewi_arena *arena, size_t n, size_t factor) {
    size_t cap;
    if (!ewi_mul_size(n + 2, factor, &cap)) return (writer){0};
    return (writer){ewi_arena_alloc(arena, cap), 0};
}

static void put(writer *w, char c) {
    w->data[w->len++] = c;
}

static void put_all(writer *w, const char *data, size_t n) {
    memcpy(w->data + w->len, data, n);
    w->len += n;
}

static ew_str written(const writer *w) {
    return (ew_str){w->data, w->len};
}

static size_t decode(ew_str text, size_t at, uint32_t *c) {
    return ewi_utf8_decode((const uint8_t *)text.data + at, text.len - at, c);
}

/* As Python's str.split. */
static ewi_words split(ew_str text, ewi_arena *arena) {
    ewi_words words = {ewi_arena_array(arena, text.len / 2 + 1, sizeof *words.items), 0};
    size_t begin = 0;
    if (!words.items) return words;
    for (size_t i = 0, n; i <= text.len; i += n) {
        uint32_t c = ' ';
        n = i < text.len ? decode(text, i, &c) : 1;
        if (!ewi_jinja_is_space(c)) continue;
        if (i > begin) words.items[words.n++] = (ew_str){text.data + begin, i - begin};
        begin = i + n;
    }
    return words;
}

/* Bytes that are no character stay as they are. */
static ew_str lower(ew_str text, ewi_arena *arena) {
    writer w = writer_of(arena, text.len, 2); /* U+0130, of two bytes, becomes three; none grows more */
    for (size_t i = 0, n; w.data && i < text.len; i += n) {
        uint32_t c, out[3];
        n = decode(text, i, &c);
        if (c == EWI_UTF8_INVALID) {
            put(&w, text.data[i]);
            continue;
        }
        for (size_t k = 0, m = ewi_letter_case(c, EWI_LOWER, out); k < m; k++)
            w.len += ewi_utf8_encode(out[k], (uint8_t *)w.data + w.len);
    }
    return written(&w);
}

/* ---- SQuAD ---- */

static bool is_punctuation(char c) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

static ew_str without_punctuation(ew_str text, ewi_arena *arena) {
    writer w = writer_of(arena, text.len, 1);
    for (size_t i = 0; w.data && i < text.len; i++)
        if (!is_punctuation(text.data[i])) put(&w, text.data[i]);
    return written(&w);
}

/* \w of Python's expressions. */
static bool is_word(uint32_t c) {
    return (ewi_unicode_set(c) & (EWI_UNICODE_L | EWI_UNICODE_N)) != 0;
}

static bool is_article(ew_str word) {
    return ewi_str_is(word, "a") || ewi_str_is(word, "an") || ewi_str_is(word, "the");
}

/* A blank in the place of each. */
static ew_str without_articles(ew_str text, ewi_arena *arena) {
    writer w = writer_of(arena, text.len, 1);
    size_t begin = 0; /* of a run of letters and digits */
    for (size_t i = 0, n; w.data && i <= text.len; i += n) {
        uint32_t c = ' ';
        n = i < text.len ? decode(text, i, &c) : 1;
        if (is_word(c)) continue;
        ew_str run = {text.data + begin, i - begin};
        if (is_article(run))
            put(&w, ' ');
        else
            put_all(&w, run.data, run.len);
        if (i < text.len) put_all(&w, text.data + i, n);
        begin = i + n;
    }
    return written(&w);
}

ewi_words ewi_words_squad(ew_str text, ewi_arena *arena) {
    text = lower(text, arena);
    if (text.data) text = without_punctuation(text, arena);
    if (text.data) text = without_articles(text, arena);
    return text.data ? split(text, arena) : (ewi_words){0};
}

/* ---- 13a ---- */

/* Not longer than `what`. */
static ew_str replace(ew_str text, const char *what, const char *with, ewi_arena *arena) {
    size_t n = strlen(what), from = 0, at;
    if (!text.data || (at = ewi_str_find(text, 0, ewi_str(what))) == SIZE_MAX) return text;
    writer w = writer_of(arena, text.len, 1);
    for (; w.data && at != SIZE_MAX; at = ewi_str_find(text, from, ewi_str(what))) {
        put_all(&w, text.data + from, at - from);
        put_all(&w, with, strlen(with));
        from = at + n;
    }
    if (w.data) put_all(&w, text.data + from, text.len - from);
    return written(&w);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_stop(char c) {
    return c == '.' || c == ',';
}

/* Marks but for . , - ' which follow; also the blank. */
static bool is_mark(char c) {
    return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

static ew_str set_marks_apart(ew_str text, ewi_arena *arena) {
    writer w = writer_of(arena, text.len, 3);
    for (size_t i = 0; w.data && i < text.len; i++) {
        bool mark = is_mark(text.data[i]);
        if (mark) put(&w, ' ');
        put(&w, text.data[i]);
        if (mark) put(&w, ' ');
    }
    return written(&w);
}

/* Where a blank belongs of two bytes that are a pair. */
typedef enum place { BEFORE = 1, BETWEEN = 2, AFTER = 4 } place;

static bool other_then_stop(char a, char b) {
    return !is_digit(a) && is_stop(b);
}

static bool stop_then_other(char a, char b) {
    return is_stop(a) && !is_digit(b);
}

static bool digit_then_dash(char a, char b) {
    return is_digit(a) && b == '-';
}

/* As a regular expression replaces: from the left, no byte twice. */
static ew_str set_pairs_apart(ew_str text, bool (*is_pair)(char a, char b), unsigned places,
                              ewi_arena *arena) {
    writer w = writer_of(arena, text.len, 3);
    for (size_t i = 0; text.data && w.data && i < text.len; i++) {
        bool pair = i + 1 < text.len && is_pair(text.data[i], text.data[i + 1]);
        if (pair && (places & BEFORE)) put(&w, ' ');
        put(&w, text.data[i]);
        if (!pair) continue;
        if (places & BETWEEN) put(&w, ' ');
        put(&w, text.data[++i]);
        if (places & AFTER) put(&w, ' ');
    }
    return text.data ? written(&w) : text;
}

static ew_str between_blanks(ew_str text, ewi_arena *arena) {
    writer w = writer_of(arena, text.len, 1);
    if (!text.data || !w.data) return (ew_str){0};
    put(&w, ' ');
    put_all(&w, text.data, text.len);
    put(&w, ' ');
    return written(&w);
}

ewi_words ewi_words_13a(ew_str text, ewi_arena *arena) {
    static const char *const replaced[][2] = {{"<skipped>", ""}, {"-\n", ""},    {"\n", " "},
                                              {"&quot;", "\""},  {"&amp;", "&"}, {"&lt;", "<"},
                                              {"&gt;", ">"}};
    text.len = ewi_str_trim_space(text);
    if (!text.data) text = EWI_STR("");
    for (size_t i = 0; i < EWI_COUNT(replaced); i++)
        text = replace(text, replaced[i][0], replaced[i][1], arena);
    text = between_blanks(text, arena);
    if (text.data) text = set_marks_apart(text, arena);
    text = set_pairs_apart(text, other_then_stop, BETWEEN | AFTER, arena);
    text = set_pairs_apart(text, stop_then_other, BEFORE | BETWEEN, arena);
    text = set_pairs_apart(text, digit_then_dash, BETWEEN | AFTER, arena);
    return text.data ? split(text, arena) : (ewi_words){0};
}

/* ---- ROUGE ---- */

static bool is_letter_or_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

ewi_words ewi_words_rouge(ew_str text, ewi_arena *arena) {
    text = lower(text, arena);
    ewi_words words = {0};
    if (text.data) words.items = ewi_arena_array(arena, text.len / 2 + 1, sizeof *words.items);
    for (size_t i = 0, begin = 0; words.items && i <= text.len; i++) {
        if (i < text.len && is_letter_or_digit(text.data[i])) continue;
        if (i > begin) words.items[words.n++] = (ew_str){text.data + begin, i - begin};
        begin = i + 1;
    }
    return words;
}
