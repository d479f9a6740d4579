/*
 * prefix_disk.h: whole blocks of state in a folder, a file each (format/prefix_file.h), for later processes
 * and those beside this one.
 *
 * A thread writes what is handed to it; at most 128 blocks wait, and what finds no room is not written. When
 * the disk takes no more, nothing is tried for a minute. A file is believed when its head, tokens and
 * checksum are right, and removed when not. One thread uses it, but for the figures, which any thread may ask
 * for.
 *
 *     EWI_TRY(ewi_prefix_disk_open(folder, max_bytes, block_bytes, &disk, err));
 *     ewi_block *block = ewi_prefix_disk_read(disk, &place);                   NULL: not there, or not right
 *     bool is_taken = ewi_prefix_disk_write(disk, &place, block);
 *     ewi_prefix_disk_close(disk);                                             when all is written
 */
#ifndef EW_ENGINE_PREFIX_DISK_H
#define EW_ENGINE_PREFIX_DISK_H

#include "engine/state.h"

typedef struct ewi_prefix_disk ewi_prefix_disk;

/* Which block: digests and tokens as its file has them; rank: how many are before it. */
typedef struct ewi_prefix_place {
    const uint8_t *digest, *parent; /* [32] */
    const ew_token *tokens;         /* [64] */
    uint32_t rank;
} ewi_prefix_place;

typedef struct ewi_prefix_disk_stats {
    uint64_t bytes, n_written, n_unwritten, n_bad_files;
} ewi_prefix_disk_stats;

EWI_NODISCARD ew_status ewi_prefix_disk_open(const char *folder, uint64_t max_bytes, size_t block_bytes,
                                             ewi_prefix_disk **out, ew_error *err);
/* NULL is allowed. */
void ewi_prefix_disk_close(ewi_prefix_disk *disk);

/* Mapped; the caller's reference. */
EWI_NODISCARD ewi_block *ewi_prefix_disk_read(ewi_prefix_disk *disk, const ewi_prefix_place *place);
/* Takes a reference. False: there is no room now. */
bool ewi_prefix_disk_write(ewi_prefix_disk *disk, const ewi_prefix_place *place, ewi_block *block);
/* The file, when there is one, is used now. */
void ewi_prefix_disk_touch(ewi_prefix_disk *disk, const uint8_t *digest, uint32_t rank);

ewi_prefix_disk_stats ewi_prefix_disk_get_stats(const ewi_prefix_disk *disk);

#endif
