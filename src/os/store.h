/*
 * store.h: a folder of files that may be lost at any time: each is there whole or not at all, and what was
 * used longest ago goes when there are too many bytes. Several processes may share a folder.
 *
 * A file's name is 64 hexadecimal digits; others in the folder are left alone, and no link is followed. A
 * file is written under another name, locked, and then renamed: what a process that died left is told by its
 * missing lock, and removed. Nothing is forced to the disk: after a loss of power a file may hold anything,
 * so whoever reads one compares it with a checksum. When a file was used is its time of change; of files that
 * are used together, those of a lower rank stay longer.
 *
 * One thread at a time puts; any thread may do all else.
 *
 *     EWI_TRY(ewi_store_open(folder, max_bytes, &store, err));
 *     EWI_TRY(ewi_store_put(store, name, rank, pieces, n_pieces, err));
 *     EWI_TRY(ewi_store_map(store, name, rank, &map, err));
 *     ewi_store_close(store);
 */
#ifndef EW_OS_STORE_H
#define EW_OS_STORE_H

#include "os/file.h"

#define EWI_STORE_NAME 64u /* digits */

typedef struct ewi_store ewi_store;

/* Makes the folder, for this user alone, when there is none. Errors: EW_IO, also when it is another user's or
 * open to others. */
EWI_NODISCARD ew_status ewi_store_open(const char *folder, uint64_t max_bytes, ewi_store **out,
                                       ew_error *err);
/* NULL is allowed. */
void ewi_store_close(ewi_store *store);

/* A file as the pieces one after the other. It may make older ones go. One of that size that is
 * there already is only used. Errors: EW_IO, EW_LIMIT when it alone is too large. */
EWI_NODISCARD ew_status ewi_store_put(ewi_store *store, const char *name, uint32_t rank,
                                      const ewi_bytes *pieces, size_t n_pieces, ew_error *err);
/* Errors: those of ewi_map_open_at. */
EWI_NODISCARD ew_status ewi_store_map(const ewi_store *store, const char *name, uint32_t rank, ewi_map **out,
                                      ew_error *err);
/* It is used, when it is there. */
void ewi_store_touch(const ewi_store *store, const char *name, uint32_t rank);
void ewi_store_remove(const ewi_store *store, const char *name);
/* Of all files, as far as this process has seen. */
uint64_t ewi_store_bytes(const ewi_store *store);

#endif
