#include "engine/stops.h"

#include "base/error.h"

#define MAX_HELD_BYTES ((size_t)1 << 20)

ew_status ewi_stops_check(const ew_str *texts, size_t n, ew_error *err) {
    if (n > EWI_MAX_STOPS) return ewi_fail(err, EW_INVALID, "%zu stop strings, at most %u", n, EWI_MAX_STOPS);
    for (size_t i = 0; i < n; i++)
        if (texts[i].len == 0 || texts[i].len > EWI_MAX_STOP_BYTES)
            return ewi_fail(err, EW_INVALID, "stop string %zu has %zu bytes, must have 1 to %u", i,
                            texts[i].len, EWI_MAX_STOP_BYTES);
    return EW_OK;
}

ew_status ewi_stops_init(ewi_stops *stops, const ew_str *texts, size_t n, ew_error *err) {
    EWI_TRY(ewi_stops_check(texts, n, err));
    *stops = (ewi_stops){.texts = texts, .n = n};
    ewi_buffer_init(&stops->held, MAX_HELD_BYTES);
    return EW_OK;
}

void ewi_stops_deinit(ewi_stops *stops) {
    ewi_buffer_deinit(&stops->held);
}

static bool matches(const ewi_stops *stops, size_t at, ew_str text, size_t len) {
    return len == 0 || memcmp(stops->held.data + at, text.data, len) == 0;
}

/* The first place from `shown` on where a whole stop string begins; else the first where one may begin. */
static bool find(ewi_stops *stops, size_t *at) {
    size_t len = stops->held.len, maybe = len;
    for (size_t i = stops->shown; i < len; i++)
        for (size_t k = 0; k < stops->n; k++) {
            ew_str text = stops->texts[k];
            if (len - i >= text.len && matches(stops, i, text, text.len)) {
                *at = i;
                stops->found = k;
                return true;
            }
            if (len - i < text.len && maybe == len && matches(stops, i, text, len - i)) maybe = i;
        }
    *at = maybe;
    return false;
}

bool ewi_stops_push(ewi_stops *stops, ew_str piece, ew_str *certain) {
    size_t keep = stops->held.len - stops->shown;
    if (keep && stops->shown) memmove(stops->held.data, stops->held.data + stops->shown, keep);
    stops->held.len = keep;
    stops->shown = 0;
    ewi_buffer_add(&stops->held, piece.data, piece.len);
    size_t at;
    bool found = find(stops, &at);
    *certain = (ew_str){(const char *)stops->held.data, at};
    stops->shown = at;
    return found;
}

ew_str ewi_stops_rest(const ewi_stops *stops) {
    if (!stops->held.data) return EWI_STR("");
    return (ew_str){(const char *)stops->held.data + stops->shown, stops->held.len - stops->shown};
}
