#include "text/normal_form.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/unicode.h"

/* Hangul syllables (Unicode 15, section 3.12): S = SBase + (L * 21 + V) * 28 + T. */
#define S_BASE  0xac00u
#define L_BASE  0x1100u
#define V_BASE  0x1161u
#define T_BASE  0x11a7u
#define L_COUNT 19u
#define V_COUNT 21u
#define T_COUNT 28u
#define S_COUNT (L_COUNT * V_COUNT * T_COUNT)

/*
 * A decomposed character and, until it is composed, its order among its neighbours: class first, then place.
 */
typedef struct mark {
    uint32_t c, ccc;
    size_t place;
} mark;

/* One stretch from a starter to before the next starter, decomposed. */
typedef struct stretch {
    mark *marks;
    size_t n, cap;
    ewi_normal_form form;
} stretch;

static uint32_t combining_class(uint32_t c) {
    return ewi_unicode_in_ranges(ewi_unicode_ccc, ewi_unicode_n_ccc, c);
}

static const ewi_unicode_pair *find_decomposition(uint32_t c) {
    size_t low = 0, high = ewi_unicode_n_decompose;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ewi_unicode_decompose[middle].whole < c)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < ewi_unicode_n_decompose && ewi_unicode_decompose[low].whole == c;
    return found ? &ewi_unicode_decompose[low] : NULL;
}

static const ewi_unicode_expansion *find_expansion(uint32_t c) {
    size_t low = 0, high = ewi_unicode_n_compatible;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ewi_unicode_compatible[middle].whole < c)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < ewi_unicode_n_compatible && ewi_unicode_compatible[low].whole == c;
    return found ? &ewi_unicode_compatible[low] : NULL;
}

/* The character that first and second compose to, or 0. */
static uint32_t compose_pair(uint32_t first, uint32_t second) {
    if (first - L_BASE < L_COUNT && second - V_BASE < V_COUNT)
        return S_BASE + ((first - L_BASE) * V_COUNT + (second - V_BASE)) * T_COUNT;
    if (first - S_BASE < S_COUNT && (first - S_BASE) % T_COUNT == 0 && second - T_BASE - 1 < T_COUNT - 1)
        return first + (second - T_BASE);
    size_t low = 0, high = ewi_unicode_n_compose;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ewi_unicode_pair *pair = &ewi_unicode_compose[middle];
        if (pair->first < first || (pair->first == first && pair->second < second))
            low = middle + 1;
        else
            high = middle;
    }
    const ewi_unicode_pair *pair = &ewi_unicode_compose[low];
    bool found = low < ewi_unicode_n_compose && pair->first == first && pair->second == second;
    return found ? pair->whole : 0;
}

static bool add_mark(stretch *s, uint32_t c) {
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        mark *marks = ewi_realloc_array(s->marks, s->n, cap, sizeof *marks);
        if (!marks) return false;
        s->marks = marks;
        s->cap = cap;
    }
    s->marks[s->n] = (mark){c, combining_class(c), s->n};
    s->n++;
    return true;
}

static bool add_expansion(stretch *s, const ewi_unicode_expansion *expansion) {
    for (uint32_t i = expansion->at; i < expansion[1].at; i++)
        if (!add_mark(s, ewi_unicode_compatible_pool[i])) return false;
    return true;
}

/* Adds the full canonical decomposition of c; the longest in Unicode 15 has four characters. */
static bool decompose(stretch *s, uint32_t c) {
    if (c - S_BASE < S_COUNT) {
        uint32_t index = c - S_BASE, trailing = index % T_COUNT;
        return add_mark(s, L_BASE + index / (V_COUNT * T_COUNT)) &&
               add_mark(s, V_BASE + index / T_COUNT % V_COUNT) &&
               (trailing == 0 || add_mark(s, T_BASE + trailing));
    }
    const ewi_unicode_pair *pair = find_decomposition(c);
    if (!pair) return add_mark(s, c);
    return decompose(s, pair->first) && (pair->second == 0 || add_mark(s, pair->second));
}

static int by_class(const void *a, const void *b) {
    const mark *x = a, *y = b;
    if (x->ccc != y->ccc) return x->ccc < y->ccc ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* Canonical ordering: marks between starters, by their class. */
static void order(stretch *s) {
    for (size_t i = 0, end; i < s->n; i = end + 1) {
        for (end = i; end < s->n && s->marks[end].ccc; end++) continue;
        if (end - i > 1) qsort(s->marks + i, end - i, sizeof *s->marks, by_class);
    }
}

static bool add_character(stretch *s, uint32_t c) {
    const ewi_unicode_expansion *expansion = s->form & EWI_FORM_KD ? find_expansion(c) : NULL;
    return expansion ? add_expansion(s, expansion) : decompose(s, c);
}

/*
 * Canonical composition: each character joins the last starter unless one of its class or higher stands
 * between.
 */
static void compose(stretch *s) {
    size_t kept = 0, starter = SIZE_MAX;
    uint32_t last_ccc = 0;
    for (size_t i = 0; i < s->n; i++) {
        mark m = s->marks[i];
        bool blocked = starter == SIZE_MAX || (kept - 1 > starter && last_ccc >= m.ccc);
        uint32_t whole = blocked ? 0 : compose_pair(s->marks[starter].c, m.c);
        if (whole) {
            s->marks[starter].c = whole;
            continue;
        }
        if (m.ccc == 0) starter = kept;
        last_ccc = m.ccc;
        s->marks[kept++] = m;
    }
    s->n = kept;
}

static void flush(ewi_buffer *out, stretch *s) {
    order(s);
    if (s->form & EWI_FORM_C) compose(s);
    for (size_t i = 0; i < s->n; i++) {
        uint8_t bytes[4];
        ewi_buffer_add(out, bytes, ewi_utf8_encode(s->marks[i].c, bytes));
    }
    s->n = 0;
}

/*
 * True when c begins a new stretch: neither it nor what it decomposes to is a mark or the second of a pair.
 * Not all such characters, but those of most texts, so that stretches stay short.
 */
static bool is_boundary(uint32_t c) {
    return c < 0x300 || (c >= 0x2010 && c <= 0x3098 && combining_class(c) == 0) ||
           (c >= 0x3400 && c <= 0xa4cf);
}

static bool append_all(ewi_buffer *out, ewi_bytes text, stretch *s) {
    for (size_t i = 0, n; i < text.len && !out->failed; i += n) {
        uint32_t c;
        n = ewi_utf8_decode(text.data + i, text.len - i, &c);
        if (c == EWI_UTF8_INVALID || is_boundary(c)) flush(out, s);
        if (c == EWI_UTF8_INVALID)
            ewi_buffer_add(out, text.data + i, n);
        else if (!add_character(s, c))
            return false;
    }
    flush(out, s);
    return !out->failed;
}

bool ewi_normal_form_is_plain(ewi_bytes text, ewi_normal_form form) {
    uint8_t end = form == EWI_FORM_C ? 0xcc : 0x80; /* U+0300 is CC 80 */
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= end) return false;
    return true;
}

ew_status ewi_normal_form_append(ewi_buffer *out, ewi_bytes text, ewi_normal_form form, ew_error *err) {
    stretch s = {.form = form};
    bool done = append_all(out, text, &s);
    ewi_free(s.marks);
    return done ? EW_OK : ewi_no_memory(err, "normalized text");
}
