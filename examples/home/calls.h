/*
 * calls.h: which texts are tool calls, and which are the beginning of some.
 *
 * An answer is one call, a list of two calls or more, or {"tool":"none"}; a call is
 * {"tool":NAME,"args":{..}}. It is canonical JSON: no blanks outside strings, arguments in the order of the
 * tools, each at most once, the required ones present. Open words (a label, an item) are words of the
 * request, in a row and in lower case.
 *
 *     ew_str request = {"wake me in 90 seconds", 21};
 *     calls_check(text, request)
 *         {"tool":"timer_set","args":{"seconds":9      CALLS_FITS
 *         {"tool":"timer_set","args":{"seconds":90}}   CALLS_COMPLETE
 *         {"tool":"timer_set","args":{"seconds":09     CALLS_CANNOT
 *
 * What fits can be completed, if the request is text: whoever adds only bytes that fit does not get stuck.
 */
#ifndef EXAMPLES_HOME_CALLS_H
#define EXAMPLES_HOME_CALLS_H

#include <edgewise/edgewise.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The schema sets no such limits, an answer to one spoken sentence has them. */
#define CALLS_MAX             8  /* in a list */
#define CALLS_MAX_ITEMS       10 /* in a list of open words */
#define CALLS_MAX_WORDS_BYTES 80 /* of open words, as they are spelled in JSON */

/* In this order: an alternative that gets further is worth more. */
typedef enum calls_fit {
    CALLS_CANNOT = 0,   /* no answer begins like this */
    CALLS_FITS = 1,     /* a beginning */
    CALLS_COMPLETE = 2, /* an answer; nothing may follow */
} calls_fit;

/* Without a request (its data is NULL) open words may be any. */
calls_fit calls_check(ew_str text, ew_str request);

/* ---- the table of the tools (tools.h) ---- */

typedef enum tool_value {
    TOOL_CHOICE,     /* one of `choices` */
    TOOL_INTEGER,    /* without leading zeros */
    TOOL_NUMBER,     /* the same, and perhaps one decimal, which is not 0 */
    TOOL_TIME,       /* "HH:MM", 24 hours */
    TOOL_WORDS,      /* open words: a string with single blanks inside, no control characters */
    TOOL_WORDS_LIST, /* one such string or more */
} tool_value;

typedef struct tool_arg {
    const char *name;
    tool_value value;
    bool required;
    int64_t min_tenths, max_tenths;
    const char *const *choices; /* as JSON, NULL after the last */
} tool_arg;

typedef struct tool {
    const char *name;
    const tool_arg *args;
    size_t n_args;
} tool;

#endif
