/*
 * own_file.h: a file that the program keeps for its user over its runs: nobody else reads it.
 *
 *     EWI_TRY(ewi_own_file_make("/home/ada/.local/state/edgewise/requests.db", err));
 *     EWI_TRY(ewi_own_file_set_aside(path, ".broken", aside, sizeof aside, err));
 */
#ifndef EW_OS_OWN_FILE_H
#define EW_OS_OWN_FILE_H

#include <stddef.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

/* Makes it, empty, and the folders above it, for this user alone, where there is none. Errors: EW_IO, also
 * when something that is no regular file lies there. */
EWI_NODISCARD ew_status ewi_own_file_make(const char *path, ew_error *err);
/* Renames it to path, suffix, and the first number that is free; that name is in `aside`. Errors: EW_IO. */
EWI_NODISCARD ew_status ewi_own_file_set_aside(const char *path, const char *suffix, char *aside, size_t cap,
                                               ew_error *err);

#endif
