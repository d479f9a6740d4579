/*
 * staging.h: a folder, or one file, that appears whole or not at all.
 *
 * Its files are written to a hidden folder beside the target, each forced to the disk, and that folder is
 * renamed at the end. Giving up removes it; only a process that is killed leaves it behind. One file is
 * written at a time. Used by one thread.
 *
 * What takes long can be gone on with later: opened with a key, one of the files, the kept one, is found
 * again by who opens the same target with the same key, and so are the notes, some bytes that say how far it
 * had come. What was kept with other keys is removed. Nothing says that such bytes are whole: after a loss of
 * power they may be anything.
 *
 *     ewi_staging *staging;
 *     EWI_TRY(ewi_staging_open("out", NULL, false, &staging, err));
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

/* key: hexadecimal digits, of all that decides what is made; NULL: nothing is kept. Errors: EW_IO; also when
 * the target exists, unless `replace`, and when another process makes the same. */
EWI_NODISCARD ew_status ewi_staging_open(const char *target, const char *key, bool replace, ewi_staging **out,
                                         ew_error *err);
/* Where its files are meanwhile. */
const char *ewi_staging_path(const ewi_staging *staging);
EWI_NODISCARD ew_status ewi_staging_folder(ewi_staging *staging, const char *name, ew_error *err);
/* Begins a file that has no name yet. */
EWI_NODISCARD ew_status ewi_staging_create(ewi_staging *staging, ew_error *err);
EWI_NODISCARD ew_status ewi_staging_write(ewi_staging *staging, const void *data, size_t len, ew_error *err);
/* How many bytes the file has so far. */
uint64_t ewi_staging_at(const ewi_staging *staging);
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
/* ---- what is kept ---- */

typedef enum ewi_kept_part { EWI_KEPT_FILE, EWI_KEPT_NOTES, EWI_N_KEPT_PARTS } ewi_kept_part;

/* Whether anything that was kept with another key was removed. */
bool ewi_staging_forgot(const ewi_staging *staging);
/* With a key: how much there is of it, its bytes, and what is not gone on with taken away. */
EWI_NODISCARD ew_status ewi_staging_kept_bytes(const ewi_staging *staging, ewi_kept_part part, uint64_t *out,
                                               ew_error *err);
EWI_NODISCARD ew_status ewi_staging_read_kept(const ewi_staging *staging, ewi_kept_part part, uint64_t at,
                                              void *data, size_t len, ew_error *err);
EWI_NODISCARD ew_status ewi_staging_cut_kept(ewi_staging *staging, ewi_kept_part part, uint64_t size,
                                             ew_error *err);
/* Begins the kept file, which holds what it held until that is written over: it may become longer, not
 * shorter. Without a key it is a file like others. */
EWI_NODISCARD ew_status ewi_staging_create_kept(ewi_staging *staging, ew_error *err);
/* Adds to the notes. */
EWI_NODISCARD ew_status ewi_staging_note(ewi_staging *staging, const void *data, size_t len, ew_error *err);
/* Abandoning will leave the kept file and the notes. False when there are no notes, or the file was finished:
 * it goes. */
bool ewi_staging_keep(ewi_staging *staging);

/* Removes all, unless it is to be kept, and frees. NULL is allowed. */
void ewi_staging_abandon(ewi_staging *staging);

#endif
