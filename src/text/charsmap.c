#include "text/charsmap.h"

#include "base/error.h"
#include "text/unicode.h"

#define MAX_MATCH_BYTES    256 /* keys have less than 20 */
#define MAX_CLUSTER_BYTES  6
#define CLUSTER_ALONE      1 /* the kinds of ewi_unicode_graphemes */
#define CLUSTER_JOINS      2
#define CLUSTER_TAKES_NEXT 3
#define VALUE_BIT          0x80000000u

/* ---- units: bits 0-7 and 31 the label, 8 "a value follows", 9 and 10-30 the offset ---- */

static size_t n_units(const ewi_charsmap *map) {
    return map->units.len / 4;
}

static uint32_t unit_at(const ewi_charsmap *map, size_t i) {
    return ewi_load_u32(map->units.data + 4 * i);
}

static size_t offset_of(uint32_t unit) {
    return (size_t)(unit >> 10) << (unit & 0x200 ? 8 : 0);
}

static bool has_value(uint32_t unit) {
    return unit & 0x100;
}

ew_status ewi_charsmap_open(ewi_bytes bytes, ewi_charsmap *out, ew_error *err) {
    *out = (ewi_charsmap){0};
    if (bytes.len == 0) return EW_OK;
    if (bytes.len < 8) return ewi_fail(err, EW_FORMAT, "precompiled_charsmap: it has %zu bytes", bytes.len);
    size_t size = ewi_load_u32(bytes.data);
    if (size == 0 || size % 4 || size > bytes.len - 4)
        return ewi_fail(err, EW_FORMAT, "precompiled_charsmap: a double array of %zu bytes in %zu", size,
                        bytes.len);
    out->units = (ewi_bytes){bytes.data + 4, size};
    out->texts = (ewi_bytes){bytes.data + 4 + size, bytes.len - 4 - size};
    if (out->texts.len == 0 || out->texts.data[out->texts.len - 1] != 0)
        return ewi_fail(err, EW_FORMAT, "precompiled_charsmap: its last text does not end");
    for (size_t i = 0; i < n_units(out); i++) {
        uint32_t unit = unit_at(out, i);
        if (unit & VALUE_BIT || !has_value(unit)) continue;
        size_t at = i ^ offset_of(unit);
        if (at >= n_units(out) || (unit_at(out, at) & ~VALUE_BIT) >= out->texts.len)
            return ewi_fail(err, EW_FORMAT, "precompiled_charsmap: unit %zu leads out of it", i);
    }
    return EW_OK;
}

/* ---- matching ---- */

/* The text that replaces the beginning of `text`, and how much of it; NULL: nothing does. */
static const uint8_t *match(const ewi_charsmap *map, ewi_bytes text, bool shortest, size_t *len) {
    const uint8_t *found = NULL;
    size_t n = n_units(map), at = n ? offset_of(unit_at(map, 0)) : 0;
    for (size_t i = 0; i < text.len && i < MAX_MATCH_BYTES && text.data[i]; i++) {
        size_t here = at ^ text.data[i];
        if (here >= n) break;
        uint32_t unit = unit_at(map, here);
        if ((unit & (VALUE_BIT | 0xff)) != text.data[i]) break;
        at = here ^ offset_of(unit);
        if (!has_value(unit)) continue;
        found = map->texts.data + (unit_at(map, at) & ~VALUE_BIT);
        *len = i + 1;
        if (shortest) break;
    }
    return found;
}

static void add_text(ewi_buffer *out, const uint8_t *text) {
    ewi_buffer_add(out, text, strlen((const char *)text));
}

static uint32_t cluster_kind(uint32_t c) {
    if (c >= 0x20 && c < 0x7f) return 0;
    return ewi_unicode_in_ranges(ewi_unicode_graphemes, ewi_unicode_n_graphemes, c);
}

/*
 * The length of the grapheme cluster at the beginning. Clusters that are always MAX_CLUSTER_BYTES long or
 * longer (Hangul, flags, emoji with joiners) may come out as their parts, to the same effect.
 */
static size_t cluster_len(ewi_bytes text) {
    uint32_t c;
    size_t at = ewi_utf8_decode(text.data, text.len, &c);
    if (c == '\r' && text.len > 1 && text.data[1] == '\n') return 2;
    uint32_t kind = cluster_kind(c);
    while (at < text.len && kind != CLUSTER_ALONE) {
        size_t n = ewi_utf8_decode(text.data + at, text.len - at, &c);
        uint32_t next = cluster_kind(c);
        if (next != CLUSTER_JOINS && (kind != CLUSTER_TAKES_NEXT || next == CLUSTER_ALONE)) break;
        kind = next;
        at += n;
    }
    return at;
}

/* Appends what becomes of a whole character or cluster. */
static bool add_match(const ewi_charsmap *map, ewi_bytes part, ewi_buffer *out) {
    size_t len;
    const uint8_t *text = match(map, part, true, &len);
    if (text) add_text(out, text);
    return text;
}

static size_t append_cluster(const ewi_charsmap *map, ewi_bytes text, ewi_buffer *out) {
    size_t len = cluster_len(text);
    if (len < MAX_CLUSTER_BYTES && add_match(map, (ewi_bytes){text.data, len}, out)) return len;
    for (size_t i = 0, n; i < len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode(text.data + i, len - i, &c);
        if (!add_match(map, (ewi_bytes){text.data + i, n}, out)) ewi_buffer_add(out, text.data + i, n);
    }
    return len;
}

static size_t append_longest(const ewi_charsmap *map, ewi_bytes text, ewi_buffer *out) {
    uint32_t c;
    size_t len;
    const uint8_t *found = match(map, text, false, &len);
    if (found) {
        add_text(out, found);
        return len;
    }
    len = ewi_utf8_decode(text.data, text.len, &c);
    ewi_buffer_add(out, text.data, len);
    return len;
}

void ewi_charsmap_append(const ewi_charsmap *map, bool graphemes, ewi_bytes text, ewi_buffer *out) {
    for (size_t i = 0; i < text.len && !out->failed;) {
        ewi_bytes rest = {text.data + i, text.len - i};
        i += graphemes ? append_cluster(map, rest, out) : append_longest(map, rest, out);
    }
}
