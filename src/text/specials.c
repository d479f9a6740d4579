#include "text/specials.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"

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

static ew_status collect(ewi_specials *specials, const ewi_vocab *vocab, ew_error *err) {
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        ewi_bytes text = {(const uint8_t *)vocab->tokens[i].data, vocab->tokens[i].len};
        if (!is_special(vocab->types[i]) || text.len == 0) continue;
        if (text.len > EWI_SPECIAL_MAX_LEN)
            return ewi_fail(err, EW_LIMIT,
                            "vocabulary: special token %zu has %zu bytes, at most %d are supported", i,
                            text.len, EWI_SPECIAL_MAX_LEN);
        specials->items[specials->n++] =
            (ewi_special){text.data, (uint32_t)text.len, (uint32_t)i, vocab->types[i]};
    }
    return EW_OK;
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

ew_status ewi_specials_init(ewi_specials *specials, const ewi_vocab *vocab, ew_error *err) {
    *specials = (ewi_specials){0};
    size_t n = 0;
    for (size_t i = 0; i < vocab->n_tokens; i++) n += is_special(vocab->types[i]);
    if (n > EWI_MAX_SPECIALS)
        return ewi_fail(err, EW_LIMIT, "vocabulary: %zu special tokens, at most %u", n, EWI_MAX_SPECIALS);
    specials->items = ewi_alloc_array(n, sizeof *specials->items);
    if (!specials->items) return ewi_no_memory(err, "the special tokens");
    ew_status status = collect(specials, vocab, err);
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

bool ewi_specials_find(const ewi_specials *specials, ewi_bytes text, size_t from, bool control,
                       ewi_special_match *match) {
    if (specials->n == 0) return false;
    for (size_t i = from; i < text.len; i++) {
        uint8_t b = text.data[i];
        if (control ? specials->first[b] == specials->first[b + 1u] : !specials->any_user[b]) continue;
        const ewi_special *best = longest(specials, (ewi_bytes){text.data + i, text.len - i}, control);
        if (!best) continue;
        *match = (ewi_special_match){i, best->len, best->token, best->type};
        return true;
    }
    return false;
}
