/* jinja_format.c: Python's two ways to put values into a text: "{}".format(x) and "%s" % x. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "text/jinja_text.h"

#define MAX_WIDTH 1000

/* How one value is to look. */
typedef struct form {
    char fill, align;         /* '<' '>' '^'; 0: as the type has it */
    char sign;                /* '+' or ' '; 0: only minus */
    int64_t width, precision; /* precision -1: none */
    char type;                /* 's' 'r' 'd' 'f' 'x'; 0: by the value */
} form;

static bool unsupported(ewi_jinja *run) {
    return ewi_jinja_fail(run, EW_UNSUPPORTED, "this way to format a value is not supported");
}

/* ---- one value ---- */

static bool number_text(ewi_jbuilder *b, const ewi_jv *v, const form *f, char text[400]) {
    int64_t whole = 0;
    double real = 0;
    char sign[2] = {0};
    bool negative;
    if (f->type == 'f') {
        if (!ewi_jv_to_double(v, &real)) return ewi_jinja_raise(b->run, "format: this is no number");
        if (real - real != 0 || f->precision > 50) return unsupported(b->run);
        negative = real < 0;
    } else {
        bool fits = v->kind == EWI_J_FLOAT && v->as.real > -0x1p63 && v->as.real < 0x1p63;
        if (fits && f->type == 'd')
            whole = (int64_t)v->as.real;
        else if (!ewi_jv_to_int(v, &whole))
            return ewi_jinja_raise(b->run, "format: this is no whole number");
        negative = whole < 0;
    }
    sign[0] = negative ? '-' : f->sign;
    uint64_t size = negative ? 0 - (uint64_t)whole : (uint64_t)whole;
    if (f->type == 'f')
        snprintf(text, 400, "%s%.*f", sign, f->precision < 0 ? 6 : (int)f->precision,
                 negative ? -real : real);
    else if (f->type == 'x')
        snprintf(text, 400, "%s%" PRIx64, sign, size);
    else
        snprintf(text, 400, "%s%" PRIu64, sign, size);
    return true;
}

static bool fill_up(ewi_jbuilder *b, const form *f, int64_t n) {
    for (; n > 0; n--)
        if (!ewi_jb_add(b, (ew_str){&f->fill, 1}, false)) return false;
    return true;
}

static bool add_padded(ewi_jbuilder *b, const ewi_jstring *s, const form *f, char align) {
    int64_t missing = f->width - (int64_t)ewi_jstring_length(s);
    if (missing < 0) missing = 0;
    int64_t left = align == '>' ? missing : align == '^' ? missing / 2 : 0;
    /* Zeros go between the sign and the digits. */
    size_t sign = f->fill == '0' && align == '>' && s->len && (s->data[0] == '-' || s->data[0] == '+');
    return ewi_jb_add_part(b, s, 0, sign) && fill_up(b, f, left) && ewi_jb_add_part(b, s, sign, s->len) &&
           fill_up(b, f, missing - left);
}

static bool add_formatted(ewi_jbuilder *b, const ewi_jv *v, const form *f) {
    char digits[400];
    ewi_jv text;
    bool number = f->type == 'd' || f->type == 'f' || f->type == 'x';
    if (number) {
        if (!number_text(b, v, f, digits)) return false;
        const ewi_jstring s = {.data = digits, .len = strlen(digits)};
        return add_padded(b, &s, f, f->align ? f->align : '>');
    }
    ewi_jbuilder part;
    ewi_jb_init(&part, b->run);
    bool ok = f->type == 'r' ? ewi_jb_add_repr(&part, v) : ewi_jb_add_value(&part, v);
    if (!ok || !ewi_jb_end(&part, &text)) return false;
    if (f->precision >= 0 && f->precision < (int64_t)ewi_jstring_length(text.as.string) &&
        !ewi_jstring_part(b->run, text.as.string, 0, ewi_jstring_offset(text.as.string, (size_t)f->precision),
                          &text))
        return false;
    double real;
    char align = !f->type && ewi_jv_to_double(v, &real) ? '>' : '<';
    return add_padded(b, text.as.string, f, f->align ? f->align : align);
}

/* Digits at *at, or -1. */
static int64_t read_count(const ewi_jstring *s, size_t *at) {
    int64_t n = -1;
    for (; *at < s->len && s->data[*at] >= '0' && s->data[*at] <= '9' && n <= MAX_WIDTH; ++*at)
        n = (n < 0 ? 0 : n * 10) + (s->data[*at] - '0');
    return n;
}

/* ---- "%s" % x ---- */

/* The conversion after the '%' at *at, which is passed. */
static bool read_percent(ewi_jinja *run, const ewi_jstring *s, size_t *at, form *f) {
    *f = (form){.fill = ' ', .align = '>', .precision = -1};
    for (++*at; *at < s->len && strchr("-+ 0#", s->data[*at]) && s->data[*at]; ++*at) {
        char flag = s->data[*at];
        if (flag == '-') f->align = '<';
        if (flag == '0') f->fill = '0';
        if (flag == '+' || flag == ' ') f->sign = flag;
        if (flag == '#') return unsupported(run);
    }
    if (f->align == '<') f->fill = ' ';
    f->width = read_count(s, at);
    if (*at < s->len && s->data[*at] == '.') {
        ++*at;
        f->precision = read_count(s, at);
        if (f->precision < 0) f->precision = 0;
    }
    f->type = *at < s->len ? s->data[(*at)++] : '\0';
    if (f->type == 'i' || f->type == 'u') f->type = 'd';
    bool known = f->type && strchr("srdfx%", f->type) && f->width <= MAX_WIDTH && f->precision <= MAX_WIDTH;
    if (f->type == 'd' && f->precision >= 0) known = false;
    return known || unsupported(run);
}

bool ewi_jinja_percent(ewi_jinja *run, const ewi_jstring *format, const ewi_jv *values, size_t n,
                       ewi_jv *out) {
    ewi_jbuilder b;
    size_t used = 0;
    ewi_jb_init(&b, run);
    for (size_t i = 0; i < format->len;) {
        form f;
        size_t plain = i;
        while (i < format->len && format->data[i] != '%') i++;
        if (!ewi_jb_add_part(&b, format, plain, i)) return false;
        if (i == format->len) break;
        if (!read_percent(run, format, &i, &f)) return false;
        if (f.type == '%') {
            if (!ewi_jb_add(&b, EWI_STR("%"), false)) return false;
            continue;
        }
        if (used == n) return ewi_jinja_raise(run, "%%: more places than values");
        if (!add_formatted(&b, &values[used++], &f)) return false;
    }
    bool mapping = n == 1 && values[0].kind == EWI_J_DICT; /* may be left over, in Python */
    if (used < n && !mapping) return ewi_jinja_raise(run, "%%: more values than places");
    return ewi_jb_end(&b, out);
}

/* ---- "{}".format(x) ---- */

/* The value that a field names: "" the next one, digits by position, else by name. */
static bool field_value(ewi_jinja *run, const ewi_jcall *call, ew_str name, size_t *next, ewi_jv *out) {
    int64_t index = -1;
    if (name.len == 0)
        index = (int64_t)(*next)++;
    else if (name.data[0] >= '0' && name.data[0] <= '9' && !ewi_jinja_read_int(name, 10, &index))
        return unsupported(run);
    if (index >= 0) {
        if ((uint64_t)index >= call->n_positional)
            return ewi_jinja_raise(run, "format: more places than values");
        *out = call->args[index].value;
        return true;
    }
    for (size_t i = call->n_positional; i < call->n_args; i++) {
        if (!ewi_str_eq(call->args[i].name, name)) continue;
        *out = call->args[i].value;
        return true;
    }
    if (memchr(name.data, '.', name.len) || memchr(name.data, '[', name.len)) return unsupported(run);
    return ewi_jinja_raise(run, "format: nothing is called \"%.*s\"", EWI_STR_ARG(name));
}

static bool is_align(char c) {
    return c == '<' || c == '>' || c == '^';
}

/* What stands after the colon. */
static bool read_form(ewi_jinja *run, const ewi_jstring *s, form *f) {
    size_t at = 0;
    if (s->len > 1 && is_align(s->data[1]) && (uint8_t)s->data[0] < 0x80) {
        f->fill = s->data[0];
        f->align = s->data[1];
        at = 2;
    } else if (s->len && is_align(s->data[0])) {
        f->align = s->data[0];
        at = 1;
    }
    if (at < s->len && (s->data[at] == '+' || s->data[at] == '-' || s->data[at] == ' '))
        f->sign = s->data[at++] == '-' ? '\0' : s->data[at - 1];
    if (at < s->len && s->data[at] == '0' && !f->align) {
        f->fill = '0';
        f->align = '>';
    }
    f->width = read_count(s, &at);
    if (at < s->len && s->data[at] == '.') {
        at++;
        if ((f->precision = read_count(s, &at)) < 0) return unsupported(run);
    }
    if (at < s->len) f->type = s->data[at++];
    bool known = !f->type || strchr("sdfx", f->type);
    if (!known || at < s->len || f->width > MAX_WIDTH || f->precision > MAX_WIDTH) return unsupported(run);
    return true;
}

/* {name!r:form}, without the braces. */
static bool add_field(ewi_jbuilder *b, const ewi_jcall *call, ew_str field, size_t *next) {
    form f = {.fill = ' ', .precision = -1};
    ewi_jv value;
    const char *colon = memchr(field.data, ':', field.len);
    ew_str name = {field.data, colon ? (size_t)(colon - field.data) : field.len};
    const ewi_jstring spec = {.data = field.data + name.len + (colon != NULL),
                              .len = field.len - name.len - (colon != NULL)};
    if (!read_form(b->run, &spec, &f)) return false;
    if (name.len > 1 && name.data[name.len - 2] == '!') {
        if (f.type && f.type != 's') return unsupported(b->run);
        f.type = name.data[name.len - 1];
        if (f.type != 'r' && f.type != 's') return unsupported(b->run);
        name.len -= 2;
    }
    if (!field_value(b->run, call, name, next, &value)) return false;
    bool plain = f.width < 0 && f.precision < 0 && !f.sign;
    if (!f.type && value.kind == EWI_J_INT) f.type = 'd';
    if (!plain && !f.type && value.kind != EWI_J_STRING) return unsupported(b->run);
    return add_formatted(b, &value, &f);
}

bool ewi_jinja_format(ewi_jinja *run, const ewi_jstring *format, ewi_jcall *call, ewi_jv *out) {
    ewi_jbuilder b;
    size_t next = 0, i = 0;
    ewi_jb_init(&b, run);
    b.safe = format->safe;
    while (i < format->len) {
        size_t plain = i;
        while (i < format->len && format->data[i] != '{' && format->data[i] != '}') i++;
        if (!ewi_jb_add_part(&b, format, plain, i)) return false;
        if (i == format->len) break;
        char c = format->data[i];
        if (i + 1 < format->len && format->data[i + 1] == c) { /* {{ and }} stand for themselves */
            if (!ewi_jb_add_part(&b, format, i, i + 1)) return false;
            i += 2;
            continue;
        }
        const char *close = memchr(format->data + i, '}', format->len - i);
        if (c == '}' || !close) return ewi_jinja_raise(run, "format: a brace stands alone");
        ew_str field = {format->data + i + 1, (size_t)(close - format->data) - i - 1};
        if (memchr(field.data, '{', field.len)) return unsupported(run);
        if (!add_field(&b, call, field, &next)) return false;
        i += field.len + 2;
    }
    return ewi_jb_end(&b, out);
}
