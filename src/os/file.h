/*
 * file.h: whole files as read-only mappings, and what a path is.
 *
 * A mapping is shared, read-only, page-aligned and registered with the guard (see edgewise.h: truncated
 * files). Thread-safe.
 *
 *     ewi_map *map;
 *     EWI_TRY(ewi_map_open(path, &map, err));
 *     parse(ewi_map_bytes(map));
 *     ...
 *     EWI_TRY(ewi_map_check(map, err));      before trusting what was computed from the bytes
 *     ewi_map_close(map);
 */
#ifndef EW_OS_FILE_H
#define EW_OS_FILE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/slice.h"

typedef struct ewi_map ewi_map;

/* Errors: EW_IO (absent, not a regular file, unreadable), EW_LIMIT (too many mappings), EW_NO_MEMORY. An
 * empty file maps as zero bytes. */
EWI_NODISCARD ew_status ewi_map_open(const char *path, ewi_map **out, ew_error *err);
/* The same of a file in an open folder, but for links, which are refused. It leaves an eighth of all mappings
 * to the other: EW_LIMIT. */
EWI_NODISCARD ew_status ewi_map_open_at(int folder_fd, const char *name, ewi_map **out, ew_error *err);
void ewi_map_close(ewi_map *map);
ewi_bytes ewi_map_bytes(const ewi_map *map);
/* EW_IO when pages of the file were lost since it was mapped (only seen while the guard is installed). */
EWI_NODISCARD ew_status ewi_map_check(const ewi_map *map, ew_error *err);

/* Which file it was and as of when, as its system says: numbers without meaning, equal while neither
 * changes. */
typedef struct ewi_map_stamp {
    uint64_t file, size_bytes;
    int64_t changed_s, changed_ns;
} ewi_map_stamp;
ewi_map_stamp ewi_map_get_stamp(const ewi_map *map);

bool ewi_is_directory(const char *path);
bool ewi_is_file(const char *path);
/* dir/name in buf; an empty dir is the current one. False when it does not fit, or name holds a NUL. */
EWI_NODISCARD bool ewi_path_join(char *buf, size_t cap, const char *dir, ew_str name);

#endif
