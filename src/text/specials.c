#include "text/specials.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "text/normalizer.h"
#include "text/unicode.h"

static bool is_user_defined(uint8_t type) {
    return (type & EWI_TOKEN_TYPE_MASK) == EWI_TOKEN_USER_DEFINED;
}

static bool is_special(uint8_t type) {
    unsigned kind = type & EWI_TOKEN_TYPE_MASK;
    return kind == EWI_TOKEN_CONTROL || kind == EWI_TOKEN_UNKNOWN || kind == EWI_TOKEN_USER_DEFINED;
}

/* By text, then by token: of those that are spelled alike the lowest comes first. */
static int compare(const void *a, const void *b) {
    const ewi_special *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
    if (order) return order;
    if (x->len != y->len) return x->len < y->len ? -1 : 1;
    return x->token < y->token ? -1 : 1;
}

static bool in_normalized(const ewi_vocab *vocab, size_t i) {
    return vocab->n_norms && is_user_defined(vocab->types[i]) && vocab->types[i] & EWI_TOKEN_NORMALIZED;
}

static ew_status add(ewi_specials *specials, const ewi_vocab *vocab, size_t i, ewi_bytes text,
                     ew_error *err) {
    if (text.len == 0) return EW_OK;
    if (text.len > EWI_SPECIAL_MAX_LEN)
        return ewi_fail(err, EW_LIMIT,
                        "vocabulary: special token %zu has %zu bytes, at most %d are supported", i, text.len,
                        EWI_SPECIAL_MAX_LEN);
    specials->items[specials->n++] =
        (ewi_special){text.data, (uint32_t)text.len, (uint32_t)i, vocab->types[i]};
    return EW_OK;
}

static ew_status collect(ewi_specials *specials, const ewi_vocab *vocab, ew_error *err) {
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        ewi_bytes text = {(const uint8_t *)vocab->tokens[i].data, vocab->tokens[i].len};
        if (is_special(vocab->types[i]) && !in_normalized(vocab, i))
            EWI_TRY(add(specials, vocab, i, text, err));
    }
    return EW_OK;
}

/* The spellings are normalized into specials->owned, EWI_SPECIAL_MAX_LEN bytes for each. */
static ew_status collect_normalized(ewi_specials *specials, ewi_normalizer *normalizer,
                                    const ewi_vocab *vocab, ew_error *err) {
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        ewi_bytes text = {(const uint8_t *)vocab->tokens[i].data, vocab->tokens[i].len};
        if (!in_normalized(vocab, i)) continue;
        EWI_TRY(ewi_normalize(normalizer, vocab->norms, vocab->n_norms, &text, err));
        uint8_t *copy = specials->owned + specials->n * EWI_SPECIAL_MAX_LEN;
        size_t n_before = specials->n;
        EWI_TRY(add(specials, vocab, i, text, err));
        if (specials->n == n_before) continue;
        memcpy(copy, text.data, text.len);
        specials->items[n_before].text = copy;
    }
    return EW_OK;
}

static ew_status collect_any(ewi_specials *specials, const ewi_vocab *vocab, bool normalized, ew_error *err) {
    if (!normalized) return collect(specials, vocab, err);
    ewi_normalizer normalizer;
    ewi_normalizer_init(&normalizer);
    ew_status status = collect_normalized(specials, &normalizer, vocab, err);
    ewi_normalizer_deinit(&normalizer);
    return status;
}

static void drop_duplicates(ewi_specials *specials) {
    size_t kept = 0;
    for (size_t i = 0; i < specials->n; i++) {
        const ewi_special *item = &specials->items[i], *last = &specials->items[kept ? kept - 1 : 0];
        bool same = kept && item->len == last->len && memcmp(item->text, last->text, item->len) == 0;
        if (!same) specials->items[kept++] = *item;
    }
    specials->n = kept;
}

static void index_first_bytes(ewi_specials *specials) {
    for (size_t i = 0, b = 0; b <= 256; b++) {
        while (i < specials->n && specials->items[i].text[0] < b) i++;
        specials->first[b] = (uint32_t)i;
    }
    for (size_t i = 0; i < specials->n; i++)
        if (is_user_defined(specials->items[i].type)) specials->any_user[specials->items[i].text[0]] = true;
}

static ew_status fill(ewi_specials *specials, const ewi_vocab *vocab, bool normalized, ew_error *err) {
    size_t n = 0, n_owned;
    for (size_t i = 0; i < vocab->n_tokens; i++)
        n += is_special(vocab->types[i]) && in_normalized(vocab, i) == normalized;
    if (n > EWI_MAX_SPECIALS)
        return ewi_fail(err, EW_LIMIT, "vocabulary: %zu special tokens, at most %u", n, EWI_MAX_SPECIALS);
    n_owned = normalized ? n * EWI_SPECIAL_MAX_LEN : 0;
    specials->items = ewi_alloc_array(n, sizeof *specials->items);
    specials->owned = ewi_alloc(n_owned);
    if (!specials->items || !specials->owned) return ewi_no_memory(err, "the special tokens");
    return collect_any(specials, vocab, normalized, err);
}

ew_status ewi_specials_init(ewi_specials *specials, const ewi_vocab *vocab, bool normalized, ew_error *err) {
    *specials = (ewi_specials){0};
    ew_status status = fill(specials, vocab, normalized, err);
    if (status) {
        ewi_specials_deinit(specials);
        return status;
    }
    if (specials->n) qsort(specials->items, specials->n, sizeof *specials->items, compare);
    drop_duplicates(specials);
    index_first_bytes(specials);
    return EW_OK;
}

void ewi_specials_deinit(ewi_specials *specials) {
    ewi_free(specials->items);
    ewi_free(specials->owned);
    *specials = (ewi_specials){0};
}

/*
 * The first of items[low..high), which agree in `depth` bytes and are longer, whose next byte is not below
 * `byte`.
 */
static size_t lower_bound(const ewi_special *items, size_t low, size_t high, size_t depth, unsigned byte) {
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].text[depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest item that `text` (not empty) begins with, or NULL. */
static const ewi_special *longest(const ewi_specials *specials, ewi_bytes text, bool control) {
    const ewi_special *items = specials->items, *best = NULL;
    size_t low = specials->first[text.data[0]], high = specials->first[text.data[0] + 1u];
    for (size_t depth = 1; low < high; depth++) {
        if (items[low].len == depth) {
            if (control || is_user_defined(items[low].type)) best = &items[low];
            low++;
        }
        if (depth == text.len) break;
        low = lower_bound(items, low, high, depth, text.data[depth]);
        high = lower_bound(items, low, high, depth, text.data[depth] + 1u);
    }
    return best;
}

/* Neither the character before text[start..end) nor the one after it belongs to a word. */
static bool stands_alone(ewi_bytes text, size_t start, size_t end) {
    size_t before = start;
    uint32_t c;
    while (before > 0 && start - before < 4 && (before == start || (text.data[before] & 0xc0) == 0x80))
        before--;
    if (before < start) {
        size_t n = ewi_utf8_decode(text.data + before, start - before, &c);
        if (before + n == start && ewi_unicode_is_word(c)) return false;
    }
    if (end == text.len) return true;
    ewi_utf8_decode(text.data + end, text.len - end, &c);
    return !ewi_unicode_is_word(c);
}

bool ewi_specials_find(const ewi_specials *specials, ewi_bytes text, size_t from, bool control,
                       ewi_special_match *match) {
    if (specials->n == 0) return false;
    for (size_t i = from; i < text.len; i++) {
        uint8_t b = text.data[i];
        if (control ? specials->first[b] == specials->first[b + 1u] : !specials->any_user[b]) continue;
        const ewi_special *best = longest(specials, (ewi_bytes){text.data + i, text.len - i}, control);
        if (!best || (best->type & EWI_TOKEN_SINGLE_WORD && !stands_alone(text, i, i + best->len))) continue;
        *match = (ewi_special_match){i, best->len, best->token, best->type};
        return true;
    }
    return false;
}
