#include "json_edit.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

/* ---- reading: RFC 8259, without a tree ---- */

typedef struct scan {
    const char *text;
    size_t at, len;
    unsigned depth;
    bool bad;
} scan;

static int next(const scan *s) {
    return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

static void skip_blanks(scan *s) {
    while (next(s) == ' ' || next(s) == '\t' || next(s) == '\n' || next(s) == '\r') s->at++;
}

static bool take(scan *s, char c) {
    if (next(s) != c) return false;
    s->at++;
    return true;
}

static void skip_escape(scan *s) {
    int c = next(s);
    s->at++;
    if (c == 'u')
        for (int i = 0; i < 4; i++, s->at++)
            s->bad |= next(s) <= 0 || !strchr("0123456789abcdefABCDEF", next(s));
    else
        s->bad |= c <= 0 || !strchr("\"\\/bfnrt", c);
}

static void skip_string(scan *s) {
    s->bad |= !take(s, '"');
    while (!s->bad && !take(s, '"')) {
        s->bad |= next(s) < 0x20; /* also at the end of the text */
        if (take(s, '\\'))
            skip_escape(s);
        else
            s->at++;
    }
}

static void skip_digits(scan *s) {
    s->bad |= next(s) < '0' || next(s) > '9';
    while (next(s) >= '0' && next(s) <= '9') s->at++;
}

static void skip_number(scan *s) {
    take(s, '-');
    if (!take(s, '0')) skip_digits(s);
    if (take(s, '.')) skip_digits(s);
    if (!take(s, 'e') && !take(s, 'E')) return;
    if (!take(s, '+')) take(s, '-');
    skip_digits(s);
}

static bool take_word(scan *s, const char *word) {
    size_t len = strlen(word);
    if (s->len - s->at < len || memcmp(s->text + s->at, word, len) != 0) return false;
    s->at += len;
    return true;
}

static void skip_value(scan *s);

static void skip_members(scan *s, bool is_object) {
    char closing = is_object ? '}' : ']';
    s->at++;
    s->bad |= ++s->depth > MAX_DEPTH;
    skip_blanks(s);
    bool more = !take(s, closing);
    while (more && !s->bad) {
        skip_blanks(s);
        if (is_object) {
            skip_string(s);
            skip_blanks(s);
            s->bad |= !take(s, ':');
        }
        skip_value(s);
        skip_blanks(s);
        more = take(s, ',');
        s->bad |= !more && !take(s, closing);
    }
    s->depth--;
}

static void skip_value(scan *s) {
    if (s->bad) return;
    skip_blanks(s);
    int c = next(s);
    if (c == '{' || c == '[')
        skip_members(s, c == '{');
    else if (c == '"')
        skip_string(s);
    else if (c == '-' || (c >= '0' && c <= '9'))
        skip_number(s);
    else
        s->bad |= !take_word(s, "true") && !take_word(s, "false") && !take_word(s, "null");
}

static bool is_json_object(ew_str text) {
    scan s = {.text = text.data, .len = text.len};
    skip_blanks(&s);
    bool object = next(&s) == '{';
    skip_value(&s);
    skip_blanks(&s);
    return object && !s.bad && s.at == s.len;
}

/* ---- finding ---- */

typedef struct range {
    size_t begin, end;
} range;

/* An object, and its member of the name that was looked for. */
typedef struct place {
    range object; /* from '{' to behind '}' */
    size_t n;     /* members */
    range last;   /* the last one, from its name's quote to behind its value */
    bool found;
    range member, value; /* the one */
    size_t before;       /* where the member before it ends; '{' when there is none */
    size_t after;        /* where the next one begins; 0: there is none */
} place;

/* The character at `at` of a string that is JSON, as far as it is ASCII; else 0. */
static char character_at(const char *text, size_t at, size_t *next) {
    char code[5] = "";
    *next = at + 1;
    if (text[at] != '\\') return text[at];
    *next = at + 2;
    if (text[at + 1] != 'u') return text[at + 1] == '/' ? '/' : '\0';
    *next = at + 6;
    memcpy(code, text + at + 2, 4);
    unsigned long value = strtoul(code, NULL, 16);
    return value < 0x80 ? (char)value : '\0';
}

static bool is_name(const scan *s, range name, const char *wanted) {
    size_t at = name.begin + 1;
    for (; *wanted && at < name.end - 1; wanted++)
        if (character_at(s->text, at, &at) != *wanted) return false;
    return !*wanted && at == name.end - 1;
}

static void note_member(scan *s, place *p, range name, size_t value, const char *wanted) {
    size_t before = p->n ? p->last.end : p->object.begin + 1;
    if (p->found && p->after == 0) p->after = name.begin;
    p->last = (range){name.begin, s->at};
    p->n++;
    if (s->bad || !is_name(s, name, wanted)) return;
    s->bad |= p->found; /* twice */
    p->found = true;
    p->member = p->last;
    p->value = (range){value, s->at};
    p->before = before;
}

/* In a text that is known to be JSON, with an object at `at`. False: malformed all the same. */
static bool look(ew_str text, size_t at, const char *wanted, place *p) {
    scan s = {.text = text.data, .at = at, .len = text.len};
    *p = (place){.object = {at, 0}};
    s.at++;
    skip_blanks(&s);
    bool more = !take(&s, '}');
    while (more && !s.bad) {
        skip_blanks(&s);
        range name = {s.at, 0};
        skip_string(&s);
        name.end = s.at;
        skip_blanks(&s);
        take(&s, ':');
        skip_blanks(&s);
        size_t value = s.at;
        skip_value(&s);
        note_member(&s, p, name, value, wanted);
        skip_blanks(&s);
        more = take(&s, ',');
        if (!more) take(&s, '}');
    }
    p->object.end = s.at;
    return !s.bad;
}

/* Goes down the path as far as there are objects; *depth: how many of its members were found. */
static cli_edit find(ew_str text, const char *const *path, size_t n, place *p, size_t *depth) {
    if (!is_json_object(text)) return CLI_EDIT_MALFORMED;
    size_t at = 0; /* of the brace; the text has no other end than its length */
    while (text.data[at] != '{') at++;
    for (*depth = 0;; at = p->value.begin) {
        if (!look(text, at, path[*depth], p)) return CLI_EDIT_MALFORMED;
        if (!p->found || ++*depth == n) return CLI_EDIT_DONE;
        if (text.data[p->value.begin] != '{') return CLI_EDIT_CONFLICT;
    }
}

/* ---- writing ---- */

void cli_bytes_splice(cli_bytes *bytes, size_t begin, size_t end, ew_str with) {
    cli_bytes out;
    cli_bytes_init(&out, bytes->max);
    cli_bytes_add(&out, bytes->data, begin);
    cli_bytes_add(&out, with.data, with.len);
    cli_bytes_add(&out, bytes->data + end, bytes->len - end);
    cli_bytes_add(&out, "", 1); /* an end that does not count */
    out.len--;
    cli_bytes_deinit(bytes);
    *bytes = out;
}

static void add(cli_bytes *out, const char *text) {
    cli_bytes_add(out, text, strlen(text));
}

static void add_blanks(cli_bytes *out, ew_str indent, size_t levels) {
    add(out, "\n");
    cli_bytes_add(out, indent.data, indent.len);
    for (size_t i = 0; i < levels; i++) add(out, "  ");
}

/* The blanks that the line of `at` begins with. */
static ew_str indent_of(ew_str text, size_t at) {
    while (at > 0 && text.data[at - 1] != '\n') at--;
    size_t n = 0;
    while (at + n < text.len && (text.data[at + n] == ' ' || text.data[at + n] == '\t')) n++;
    return (ew_str){text.data + at, n};
}

/* "a": {"b": value}, each level on lines of its own, or all on one. */
static void add_member(cli_bytes *out, const char *const *path, size_t n, const char *value, ew_str indent,
                       bool lines) {
    for (size_t i = 0; i < n; i++) {
        if (i && lines) add_blanks(out, indent, i);
        add(out, "\"");
        add(out, path[i]);
        add(out, "\": ");
        add(out, i + 1 < n ? "{" : value);
    }
    for (size_t i = n - 1; i > 0; i--) {
        if (lines) add_blanks(out, indent, i - 1);
        add(out, "}");
    }
}

static void insert(cli_bytes *text, const place *p, const char *const *path, size_t n, const char *value) {
    ew_str whole = cli_bytes_str(text);
    cli_bytes member;
    cli_bytes_init(&member, text->max);
    if (p->n == 0) {
        ew_str indent = indent_of(whole, p->object.begin);
        cli_bytes deeper;
        cli_bytes_init(&deeper, text->max);
        cli_bytes_add(&deeper, indent.data, indent.len);
        add(&deeper, "  ");
        add_blanks(&member, cli_bytes_str(&deeper), 0);
        add_member(&member, path, n, value, cli_bytes_str(&deeper), true);
        add_blanks(&member, indent, 0);
        cli_bytes_deinit(&deeper);
        cli_bytes_splice(text, p->object.begin + 1, p->object.end - 1, cli_bytes_str(&member));
    } else {
        ew_str indent = indent_of(whole, p->last.begin);
        /* The last member begins its line: so will this one. */
        bool lines = indent.data + indent.len == whole.data + p->last.begin;
        add(&member, lines ? "," : ", ");
        if (lines) add_blanks(&member, indent, 0);
        add_member(&member, path, n, value, indent, lines);
        cli_bytes_splice(text, p->last.end, p->last.end, cli_bytes_str(&member));
    }
    cli_bytes_deinit(&member);
}

cli_edit cli_json_set(cli_bytes *text, const char *const *path, size_t n, const char *value, bool replace) {
    place p;
    size_t depth, len = strlen(value);
    cli_edit edit = find(cli_bytes_str(text), path, n, &p, &depth);
    if (edit != CLI_EDIT_DONE) return edit;
    if (depth < n) {
        insert(text, &p, path + depth, n - depth, value);
        return CLI_EDIT_DONE;
    }
    bool same = p.value.end - p.value.begin == len && memcmp(text->data + p.value.begin, value, len) == 0;
    if (!same && !replace) return CLI_EDIT_CONFLICT;
    if (!same) cli_bytes_splice(text, p.value.begin, p.value.end, (ew_str){value, len});
    return CLI_EDIT_DONE;
}

cli_edit cli_json_remove(cli_bytes *text, const char *const *path, size_t n) {
    place p;
    size_t depth;
    cli_edit edit = find(cli_bytes_str(text), path, n, &p, &depth);
    if (edit == CLI_EDIT_MALFORMED) return edit;
    if (edit != CLI_EDIT_DONE || depth < n) return CLI_EDIT_DONE;
    if (p.n == 1)
        cli_bytes_splice(text, p.object.begin + 1, p.object.end - 1, (ew_str){"", 0});
    else if (p.after)
        cli_bytes_splice(text, p.member.begin, p.after, (ew_str){"", 0});
    else
        cli_bytes_splice(text, p.before, p.member.end, (ew_str){"", 0});
    return CLI_EDIT_DONE;
}

ew_str cli_json_get(ew_str text, const char *const *path, size_t n) {
    place p;
    size_t depth;
    if (find(text, path, n, &p, &depth) != CLI_EDIT_DONE || depth < n) return (ew_str){"", 0};
    return (ew_str){text.data + p.value.begin, p.value.end - p.value.begin};
}
