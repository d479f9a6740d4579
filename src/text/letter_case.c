#include "text/letter_case.h"

#include "text/unicode.h"

static const uint32_t *special_form(uint32_t c, ewi_case_form form) {
    for (size_t i = 0; i < ewi_unicode_n_special_cases; i++) {
        const ewi_unicode_special_case *s = &ewi_unicode_special_cases[i];
        if (s->from == c) return form == EWI_UPPER ? s->upper : form == EWI_LOWER ? s->lower : s->title;
    }
    return NULL;
}

static uint32_t simple_form(uint32_t c, ewi_case_form form) {
    size_t low = 0, high = ewi_unicode_n_cases;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ewi_unicode_case *entry = &ewi_unicode_cases[middle];
        if (entry->from == c) {
            int32_t far = form == EWI_UPPER ? entry->upper : form == EWI_LOWER ? entry->lower : entry->title;
            return (uint32_t)((int32_t)c + far);
        }
        if (entry->from < c)
            low = middle + 1;
        else
            high = middle;
    }
    return c;
}

size_t ewi_letter_case(uint32_t c, ewi_case_form form, uint32_t out[3]) {
    const uint32_t *special = c < 0x80 ? NULL : special_form(c, form);
    size_t n = 1;
    if (!special) return out[0] = simple_form(c, form), n;
    for (size_t i = 0; i < 3; i++) out[i] = special[i];
    while (n < 3 && out[n]) n++;
    return n;
}
