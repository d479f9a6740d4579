/*
 * staging.h: a folder, or one file, that appears whole or not at all.
 *
 * Its files are written to a hidden folder beside the target, each forced to the disk, and that folder is
 * renamed at the end. Giving up removes it; only a process that is killed leaves it behind. One file is
 * written at a time. Used by one thread.
 *
 *     ewi_staging *staging;
 *     EWI_TRY(ewi_staging_open("out", false, &staging, err));
 *     status = ewi_staging_folder(staging, "blobs", err);
 *     status = ewi_staging_create(staging, err);
 *     status = ewi_staging_write(staging, data, len, err);
 *     status = ewi_staging_finish(staging, "blobs/name", err);
 *     status = ewi_staging_commit(staging, err);          after a failure: ewi_staging_abandon(staging)
 */
#ifndef EW_OS_STAGING_H
#define EW_OS_STAGING_H

#include "base/compiler.h"
#include "base/slice.h"

typedef struct ewi_staging ewi_staging;

/* Errors: EW_IO; also when the target exists, unless `replace`. */
EWI_NODISCARD ew_status ewi_staging_open(const char *target, bool replace, ewi_staging **out, ew_error *err);
/* Where its files are meanwhile. */
const char *ewi_staging_path(const ewi_staging *staging);
EWI_NODISCARD ew_status ewi_staging_folder(ewi_staging *staging, const char *name, ew_error *err);
/* Begins a file that has no name yet. */
EWI_NODISCARD ew_status ewi_staging_create(ewi_staging *staging, ew_error *err);
EWI_NODISCARD ew_status ewi_staging_write(ewi_staging *staging, const void *data, size_t len, ew_error *err);
/* Over what the file's beginning holds. Nothing may be written after it. */
EWI_NODISCARD ew_status ewi_staging_rewrite(ewi_staging *staging, const void *data, size_t len,
                                            ew_error *err);
/* Ends the file and gives it its name. */
EWI_NODISCARD ew_status ewi_staging_finish(ewi_staging *staging, const char *name, ew_error *err);
/* Puts the folder in its place; what was there before is removed. Frees when it succeeds. */
EWI_NODISCARD ew_status ewi_staging_commit(ewi_staging *staging, ew_error *err);
/* Puts the file `name` in its place instead of the folder, which goes; what was there before is replaced.
 * Frees when it succeeds. */
EWI_NODISCARD ew_status ewi_staging_commit_file(ewi_staging *staging, const char *name, ew_error *err);
/* Removes all and frees. NULL is allowed. */
void ewi_staging_abandon(ewi_staging *staging);

#endif
