/*
 * suggest.h: "did you mean": the nearest of some words to a mistyped one.
 *
 *     cli_suggestion best = {.word = typed};
 *     for (...) cli_suggest(&best, candidate);
 *     if (best.found[0]) ...
 */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include "edgewise/edgewise.h"

typedef struct cli_suggestion {
    ew_str word;
    size_t distance;
    char found[64]; /* "" = nothing is near enough */
} cli_suggestion;

/* Keeps candidate when it is nearer than what was found so far, and near enough to be what was meant. */
void cli_suggest(cli_suggestion *best, const char *candidate);

#endif
