/* jinja_string.c: strings whose bytes know where they came from. */
#include "base/checked.h"
#include "base/error.h"
#include "text/jinja_value.h"
#include "text/unicode.h"

bool ewi_jv_text(ewi_jinja *run, ew_str text, bool input, ewi_jv *out) {
    ewi_jstring *s = ewi_jinja_alloc(run, 1, sizeof *s);
    if (!s) return false;
    *s = (ewi_jstring){.data = text.data, .len = text.len, .input = input};
    *out = (ewi_jv){.kind = EWI_J_STRING, .as.string = s};
    return true;
}

/* ---- marks ---- */

/* The first mark that covers byte `at`. */
static size_t find_mark(const ewi_jstring *s, size_t at) {
    size_t low = 0, high = s->n_marks;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->marks[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The marks of bytes [from, to), counted from `from`. */
static bool cut_marks(ewi_jinja *run, const ewi_jstring *s, size_t from, size_t to, ewi_jstring *out) {
    size_t first = find_mark(s, from), last = find_mark(s, to - 1);
    if (first == last) {
        out->input = s->marks[first].input;
        return true;
    }
    ew_segment *marks = ewi_jinja_alloc(run, last - first + 1, sizeof *marks);
    if (!marks) return false;
    for (size_t i = first; i <= last; i++)
        marks[i - first] = (ew_segment){(i < last ? s->marks[i].end : to) - from, s->marks[i].input};
    out->marks = marks;
    out->n_marks = last - first + 1;
    return true;
}

bool ewi_jstring_part(ewi_jinja *run, const ewi_jstring *s, size_t from, size_t to, ewi_jv *out) {
    ewi_jstring *part = ewi_jinja_alloc(run, 1, sizeof *part);
    if (!part) return false;
    *part = (ewi_jstring){.data = s->data + from, .len = to - from, .input = s->input, .safe = s->safe};
    if (s->marks && from < to && !cut_marks(run, s, from, to, part)) return false;
    *out = (ewi_jv){.kind = EWI_J_STRING, .as.string = part};
    return true;
}

/* ---- characters ---- */

static bool is_continuation(char byte) {
    return ((uint8_t)byte & 0xc0) == 0x80;
}

size_t ewi_jstring_length(const ewi_jstring *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->len; i++) n += !is_continuation(s->data[i]);
    return n;
}

size_t ewi_jstring_offset(const ewi_jstring *s, size_t index) {
    size_t at = 0;
    for (; index && at < s->len; index--) do
            at++;
        while (at < s->len && is_continuation(s->data[at]));
    return at;
}

bool ewi_jinja_is_space(uint32_t c) {
    return (c >= 0x1c && c <= 0x1f) || (ewi_unicode_set(c) & EWI_UNICODE_WHITE_SPACE);
}

size_t ewi_str_skip_space(ew_str text) {
    size_t at = 0;
    while (at < text.len) {
        uint32_t c;
        size_t n = ewi_utf8_decode((const uint8_t *)text.data + at, text.len - at, &c);
        if (!ewi_jinja_is_space(c)) break;
        at += n;
    }
    return at;
}

size_t ewi_str_trim_space(ew_str text) {
    size_t end = text.len;
    while (end > 0) {
        size_t begin = end - 1;
        while (begin > 0 && is_continuation(text.data[begin])) begin--;
        uint32_t c;
        ewi_utf8_decode((const uint8_t *)text.data + begin, end - begin, &c);
        if (!ewi_jinja_is_space(c)) break;
        end = begin;
    }
    return end;
}

size_t ewi_str_find(ew_str text, size_t from, ew_str needle) {
    if (needle.len == 0) return from <= text.len ? from : SIZE_MAX;
    while (from < text.len && text.len - from >= needle.len) {
        const char *at = memchr(text.data + from, needle.data[0], text.len - from - needle.len + 1);
        if (!at) break;
        if (memcmp(at, needle.data, needle.len) == 0) return (size_t)(at - text.data);
        from = (size_t)(at - text.data) + 1;
    }
    return SIZE_MAX;
}

/* ---- building ---- */

void ewi_jb_init(ewi_jbuilder *b, ewi_jinja *run) {
    *b = (ewi_jbuilder){.run = run, .max = SIZE_MAX};
}

static bool reserve(ewi_jbuilder *b, size_t extra) {
    size_t need;
    if (!ewi_add_size(b->len, extra, &need) || need > b->max)
        return ewi_jinja_fail(b->run, EW_LIMIT, "it writes more than %zu MiB", b->max >> 20);
    if (need <= b->cap) return true;
    size_t cap = b->cap > SIZE_MAX / 2 ? need : b->cap * 2;
    if (cap < need) cap = need;
    if (cap < 64) cap = 64;
    char *data = ewi_arena_alloc(&b->run->arena, cap);
    if (!data) data = ewi_jinja_alloc(b->run, cap, 1); /* fails again, and says so */
    if (!data) return false;
    if (b->len) memcpy(data, b->data, b->len);
    b->data = data;
    b->cap = cap;
    return true;
}

static bool mark(ewi_jbuilder *b, size_t end, bool input) {
    if (b->n_marks && b->marks[b->n_marks - 1].input == input) {
        b->marks[b->n_marks - 1].end = end;
        return true;
    }
    if (b->n_marks == b->cap_marks) {
        size_t cap = b->cap_marks ? b->cap_marks * 2 : 4;
        ew_segment *marks = ewi_jinja_alloc(b->run, cap, sizeof *marks);
        if (!marks) return false;
        if (b->n_marks) memcpy(marks, b->marks, b->n_marks * sizeof *marks);
        b->marks = marks;
        b->cap_marks = cap;
    }
    b->marks[b->n_marks++] = (ew_segment){end, input};
    return true;
}

bool ewi_jb_add(ewi_jbuilder *b, ew_str text, bool input) {
    if (text.len == 0) return true;
    if (!ewi_jinja_spend_bytes(b->run, text.len) || !reserve(b, text.len)) return false;
    memcpy(b->data + b->len, text.data, text.len);
    b->len += text.len;
    return mark(b, b->len, input);
}

bool ewi_jb_add_part(ewi_jbuilder *b, const ewi_jstring *s, size_t from, size_t to) {
    if (!s->marks) return ewi_jb_add(b, (ew_str){s->data + from, to - from}, s->input);
    for (size_t i = find_mark(s, from); from < to; i++) {
        size_t end = s->marks[i].end < to ? s->marks[i].end : to;
        if (!ewi_jb_add(b, (ew_str){s->data + from, end - from}, s->marks[i].input)) return false;
        from = end;
    }
    return true;
}

bool ewi_jb_add_string(ewi_jbuilder *b, const ewi_jstring *s) {
    return ewi_jb_add_part(b, s, 0, s->len);
}

bool ewi_jb_add_escaped(ewi_jbuilder *b, const ewi_jstring *s) {
    static const struct {
        char c;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"}, {'\'', "&#39;"}};
    size_t from = 0;
    for (size_t i = 0; i < s->len; i++) {
        for (size_t k = 0; k < EWI_COUNT(entities); k++) {
            if (s->data[i] != entities[k].c) continue;
            if (!ewi_jb_add_part(b, s, from, i) ||
                !ewi_jb_add(b, ewi_str(entities[k].entity), ewi_jstring_any_input(s)))
                return false;
            from = i + 1;
        }
    }
    return ewi_jb_add_part(b, s, from, s->len);
}

bool ewi_jb_end(ewi_jbuilder *b, ewi_jv *out) {
    ewi_jstring *s = ewi_jinja_alloc(b->run, 1, sizeof *s);
    if (!s) return false;
    *s = (ewi_jstring){.data = b->data ? b->data : "", .len = b->len, .safe = b->safe};
    if (b->n_marks == 1) s->input = b->marks[0].input;
    if (b->n_marks > 1) {
        s->marks = b->marks;
        s->n_marks = b->n_marks;
    }
    *out = (ewi_jv){.kind = EWI_J_STRING, .as.string = s};
    return true;
}
