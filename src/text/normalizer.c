#include "text/normalizer.h"

#include "base/error.h"
#include "base/mem.h"
#include "text/charsmap.h"
#include "text/letter_case.h"
#include "text/normal_form.h"
#include "text/pieces.h"
#include "text/unicode.h"

#define MARKS    EWI_UNICODE_M
#define NONSPACE EWI_CATEGORY(EWI_MN)
#define HIDDEN   (EWI_CATEGORY(EWI_CC) | EWI_CATEGORY(EWI_CF) | EWI_CATEGORY(EWI_CO))
#define SPACE    EWI_UNICODE_WHITE_SPACE

void ewi_normalizer_init(ewi_normalizer *normalizer) {
    ewi_buffer_init(&normalizer->buffers[0], SIZE_MAX);
    ewi_buffer_init(&normalizer->buffers[1], SIZE_MAX);
}

void ewi_normalizer_deinit(ewi_normalizer *normalizer) {
    ewi_buffer_deinit(&normalizer->buffers[0]);
    ewi_buffer_deinit(&normalizer->buffers[1]);
}

static void add_character(ewi_buffer *out, uint32_t c) {
    uint8_t bytes[4];
    ewi_buffer_add(out, bytes, ewi_utf8_encode(c, bytes));
}

/* ---- steps that look at one character ---- */

static void add_lower(ewi_buffer *out, uint32_t c) {
    uint32_t lower[3];
    size_t n = ewi_letter_case(c, EWI_LOWER, lower);
    for (size_t i = 0; i < n; i++) add_character(out, lower[i]);
}

/* BERT's clean_text: what cannot be seen goes, white space of any kind becomes a blank. */
static void add_clean(ewi_buffer *out, uint32_t c) {
    uint32_t set = ewi_unicode_set(c);
    if (c == '\t' || c == '\n' || c == '\r' || (set & SPACE && !(set & HIDDEN)))
        add_character(out, ' ');
    else if (c != 0xfffd && !(set & HIDDEN))
        add_character(out, c);
}

/* The blocks that BERT calls Chinese characters (google-research/bert, tokenization.py). */
static bool is_chinese(uint32_t c) {
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df) ||
           (c >= 0x2a700 && c <= 0x2b73f) || (c >= 0x2b740 && c <= 0x2b81f) ||
           (c >= 0x2b920 && c <= 0x2ceaf) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

static void add_apart(ewi_buffer *out, uint32_t c) {
    if (is_chinese(c)) ewi_buffer_add(out, " ", 1);
    add_character(out, c);
    if (is_chinese(c)) ewi_buffer_add(out, " ", 1);
}

/* SentencePiece's nmt rules: control characters go, some others become blanks. */
static void add_nmt(ewi_buffer *out, uint32_t c) {
    bool drop =
        (c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f || c == 0x9f;
    bool blank = c == 9 || c == 0xa || c == 0xc || c == 0xd || c == 0x1680 || (c >= 0x200b && c <= 0x200f) ||
                 c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xfeff || c == 0xfffd;
    if (!drop) add_character(out, blank ? ' ' : c);
}

static void add_unless_mark(ewi_buffer *out, uint32_t c) {
    if (!(ewi_unicode_set(c) & MARKS)) add_character(out, c);
}

static void add_unless_nonspacing(ewi_buffer *out, uint32_t c) {
    if (!(ewi_unicode_set(c) & NONSPACE)) add_character(out, c);
}

typedef void (*character_fn)(ewi_buffer *out, uint32_t c);

static const character_fn character_steps[] = {
    [EWI_NORM_LOWERCASE] = add_lower,
    [EWI_NORM_STRIP_MARKS] = add_unless_mark,
    [EWI_NORM_STRIP_NONSPACING] = add_unless_nonspacing,
    [EWI_NORM_CLEAN] = add_clean,
    [EWI_NORM_CHINESE] = add_apart,
    [EWI_NORM_NMT] = add_nmt,
};

static void each_character(ewi_buffer *out, ewi_norm_kind kind, ewi_bytes text) {
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode(text.data + i, text.len - i, &c);
        if (c != EWI_UTF8_INVALID)
            character_steps[kind](out, c);
        else if (kind != EWI_NORM_CLEAN)
            ewi_buffer_add(out, text.data + i, n);
    }
}

/* ---- steps that look at more ---- */

static size_t skip_space(ewi_bytes text) {
    size_t at = 0;
    for (size_t n; at < text.len; at += n) {
        uint32_t c;
        n = ewi_utf8_decode(text.data + at, text.len - at, &c);
        if (!(ewi_unicode_set(c) & SPACE)) break;
    }
    return at;
}

/* Where the white space that ends the text begins. */
static size_t trim_space(ewi_bytes text) {
    size_t end = 0;
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode(text.data + i, text.len - i, &c);
        if (!(ewi_unicode_set(c) & SPACE)) end = i + n;
    }
    return end;
}

static void strip(ewi_buffer *out, bool left, bool right, ewi_bytes text) {
    size_t begin = left ? skip_space(text) : 0;
    ewi_bytes rest = {text.data + begin, text.len - begin};
    ewi_buffer_add(out, rest.data, right ? trim_space(rest) : rest.len);
}

static void replace(ewi_buffer *out, ew_str from, ew_str to, ewi_bytes text) {
    size_t begin = 0;
    for (size_t i = 0; i + from.len <= text.len;) {
        if (memcmp(text.data + i, from.data, from.len) != 0) {
            i++;
            continue;
        }
        ewi_buffer_add(out, text.data + begin, i - begin);
        ewi_buffer_add(out, to.data, to.len);
        begin = i += from.len;
    }
    ewi_buffer_add(out, text.data + begin, text.len - begin);
}

/* Each run of two blanks and more. */
static void replace_runs(ewi_buffer *out, ew_str to, ewi_bytes text) {
    for (size_t i = 0, end; i < text.len; i = end) {
        for (end = i; end < text.len && text.data[end] == ' '; end++) continue;
        if (end - i >= 2) {
            ewi_buffer_add(out, to.data, to.len);
        } else {
            if (end == i) end++;
            ewi_buffer_add(out, text.data + i, end - i);
        }
    }
}

/* ---- all steps ---- */

static void apply_strip(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out) {
    strip(out, step->kind != EWI_NORM_STRIP_RIGHT, step->kind != EWI_NORM_STRIP_LEFT, text);
}

static void apply_replace(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out) {
    replace(out, step->from, step->to, text);
}

static void apply_replace_runs(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out) {
    replace_runs(out, step->to, text);
}

static void apply_prepend(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out) {
    if (text.len) ewi_buffer_add(out, step->to.data, step->to.len);
    ewi_buffer_add(out, text.data, text.len);
}

static void apply_alphabet(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out) {
    (void)step;
    for (size_t i = 0; i < text.len; i++) add_character(out, ewi_alphabet_character(text.data[i]));
}

static void apply_charsmap(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out) {
    ewi_charsmap_append(&step->map, step->kind == EWI_NORM_CHARSMAP, text, out);
}

static void apply_character(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out) {
    each_character(out, step->kind, text);
}

typedef void (*step_fn)(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out);

/* All but the normal forms. */
static const step_fn steps_by_kind[] = {
    [EWI_NORM_STRIP_LEFT] = apply_strip,
    [EWI_NORM_STRIP_RIGHT] = apply_strip,
    [EWI_NORM_STRIP] = apply_strip,
    [EWI_NORM_REPLACE] = apply_replace,
    [EWI_NORM_REPLACE_RUNS] = apply_replace_runs,
    [EWI_NORM_PREPEND] = apply_prepend,
    [EWI_NORM_ALPHABET] = apply_alphabet,
    [EWI_NORM_CHARSMAP] = apply_charsmap,
    [EWI_NORM_CHARSMAP_LONGEST] = apply_charsmap,
    [EWI_NORM_LOWERCASE] = apply_character,
    [EWI_NORM_STRIP_MARKS] = apply_character,
    [EWI_NORM_STRIP_NONSPACING] = apply_character,
    [EWI_NORM_CLEAN] = apply_character,
    [EWI_NORM_CHINESE] = apply_character,
    [EWI_NORM_NMT] = apply_character,
};

static const ewi_normal_form forms[] = {
    [EWI_NORM_NFD] = EWI_FORM_D,
    [EWI_NORM_NFC] = EWI_FORM_C,
    [EWI_NORM_NFKD] = EWI_FORM_KD,
    [EWI_NORM_NFKC] = EWI_FORM_KC,
};

static ew_status apply(const ewi_norm_step *step, ewi_bytes text, ewi_buffer *out, ew_error *err) {
    if (step->kind < EWI_COUNT(forms)) return ewi_normal_form_append(out, text, forms[step->kind], err);
    steps_by_kind[step->kind](step, text, out);
    return EW_OK;
}

/* Most texts are in most forms already. */
static bool is_plain(const ewi_norm_step *step, ewi_bytes text) {
    return step->kind < EWI_COUNT(forms) && ewi_normal_form_is_plain(text, forms[step->kind]);
}

ew_status ewi_normalize(ewi_normalizer *normalizer, const ewi_norm_step *steps, size_t n_steps,
                        ewi_bytes *text, ew_error *err) {
    size_t max = text->len > (SIZE_MAX >> 8) ? SIZE_MAX : text->len * EWI_NORM_MAX_GROWTH + 4096;
    for (size_t i = 0, turn = 0; i < n_steps; i++) {
        if (is_plain(&steps[i], *text)) continue;
        ewi_buffer *out = &normalizer->buffers[turn];
        out->len = 0;
        out->max = max;
        if (!ewi_buffer_reserve(out, text->len + 1)) return ewi_no_memory(err, "normalized text");
        EWI_TRY(apply(&steps[i], *text, out, err));
        if (out->failed) return ewi_no_memory(err, "normalized text");
        *text = (ewi_bytes){out->data, out->len};
        turn = !turn;
    }
    return EW_OK;
}
