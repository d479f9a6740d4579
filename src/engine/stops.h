/*
 * stops.h: finds stop strings in text that comes in pieces, and holds back what could become one.
 *
 *     ewi_stops stops;
 *     EWI_TRY(ewi_stops_init(&stops, texts, n, err));
 *     bool found = ewi_stops_push(&stops, piece, &certain);     certain: may be shown now, until the next
 *     ...
 *     ew_str rest = ewi_stops_rest(&stops);                     at the end, when none was found
 *     ewi_stops_deinit(&stops);
 */
#ifndef EW_ENGINE_STOPS_H
#define EW_ENGINE_STOPS_H

#include "base/buffer.h"
#include "base/slice.h"

#define EWI_MAX_STOPS      64u
#define EWI_MAX_STOP_BYTES 4096u

typedef struct ewi_stops {
    const ew_str *texts; /* borrowed */
    size_t n;
    ewi_buffer held;
    size_t shown; /* bytes at the front of held that were given out already */
    size_t found; /* which text was, once one was */
} ewi_stops;

/* Errors: EW_INVALID for an empty or too long text, or too many. */
EWI_NODISCARD ew_status ewi_stops_check(const ew_str *texts, size_t n, ew_error *err);
/* Errors: those of the check. */
EWI_NODISCARD ew_status ewi_stops_init(ewi_stops *stops, const ew_str *texts, size_t n, ew_error *err);
void ewi_stops_deinit(ewi_stops *stops);
/* Returns true when a stop string is complete; *certain then ends before it. Out of memory shows in
 * stops->held.failed. */
EWI_NODISCARD bool ewi_stops_push(ewi_stops *stops, ew_str piece, ew_str *certain);
/* What is held back. */
ew_str ewi_stops_rest(const ewi_stops *stops);

#endif
