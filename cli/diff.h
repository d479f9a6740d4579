/*
 * diff.h: how two texts differ, line by line, in the unified form.
 *
 *     cli_diff(out, "settings.json", before, after);          nothing when they are the same
 */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "out.h"

void cli_diff(cli_out *out, const char *name, ew_str before, ew_str after);

#endif
