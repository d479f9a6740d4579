/* jinja_case.c: text in upper, lower and title case. */
#include "text/jinja_text.h"
#include "text/unicode.h"

static bool is_cased(uint32_t c) {
    return ewi_unicode_set(c) & (EWI_CATEGORY(EWI_LU) | EWI_CATEGORY(EWI_LL) | EWI_CATEGORY(EWI_LT));
}

/* Characters of one mark, gathered to be added at once. */
static bool add_converted(ewi_jbuilder *b, ew_str text, bool input, ewi_case_form form, bool *in_word) {
    uint8_t out[256];
    size_t n_out = 0;
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t c, forms[3];
        n = ewi_utf8_decode((const uint8_t *)text.data + i, text.len - i, &c);
        ewi_case_form how = form != EWI_TITLE ? form : *in_word ? EWI_LOWER : EWI_TITLE;
        size_t n_forms = ewi_letter_case(c, how, forms);
        *in_word = is_cased(c);
        for (size_t k = 0; k < n_forms; k++) n_out += ewi_utf8_encode(forms[k], out + n_out);
        if (n_out < sizeof out - 12 && i + n < text.len) continue;
        if (!ewi_jb_add(b, (ew_str){(const char *)out, n_out}, input)) return false;
        n_out = 0;
    }
    return true;
}

bool ewi_jb_add_case(ewi_jbuilder *b, const ewi_jstring *s, size_t from, size_t to, ewi_case_form form) {
    bool in_word = false;
    if (!ewi_jinja_spend(b->run, (to - from) / 2)) return false;
    if (!s->marks) return add_converted(b, (ew_str){s->data + from, to - from}, s->input, form, &in_word);
    for (size_t i = 0; i < s->n_marks && from < to; i++) {
        size_t end = s->marks[i].end < to ? s->marks[i].end : to;
        if (end <= from) continue;
        if (!add_converted(b, (ew_str){s->data + from, end - from}, s->marks[i].input, form, &in_word))
            return false;
        from = end;
    }
    return true;
}

bool ewi_jinja_case(ewi_jinja *run, const ewi_jstring *s, ewi_case_form form, ewi_jv *out) {
    ewi_jbuilder b;
    ewi_jb_init(&b, run);
    b.safe = s->safe;
    return ewi_jb_add_case(&b, s, 0, s->len, form) && ewi_jb_end(&b, out);
}

bool ewi_jinja_is_case(const ewi_jstring *s, ewi_case_form form) {
    bool found = false;
    const uint32_t wanted = form == EWI_UPPER ? EWI_CATEGORY(EWI_LU) : EWI_CATEGORY(EWI_LL);
    for (size_t i = 0, n; i < s->len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode((const uint8_t *)s->data + i, s->len - i, &c);
        if (is_cased(c) && !(ewi_unicode_set(c) & wanted)) return false;
        found = found || is_cased(c);
    }
    return found;
}

bool ewi_jinja_capitalize(ewi_jinja *run, const ewi_jstring *s, ewi_jv *out) {
    ewi_jbuilder b;
    size_t first = ewi_jstring_offset(s, 1);
    ewi_jb_init(&b, run);
    b.safe = s->safe;
    return ewi_jb_add_case(&b, s, 0, first, EWI_TITLE) && ewi_jb_add_case(&b, s, first, s->len, EWI_LOWER) &&
           ewi_jb_end(&b, out);
}
