#define _GNU_SOURCE

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "os/guard.h"

struct ewi_map {
    void *base; /* NULL for an empty file */
    size_t len;
    ewi_guard_slot *slot;
    char *path;
    ewi_map_stamp stamp;
};

static ew_status fail_errno(ew_error *err, const char *what, const char *path) {
    return ewi_fail(err, EW_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* For the torture tests: whether this call must fail, and with errno as the system would set it. */
static bool call_fails(int code) {
    if (!ewi_hostile_fails()) return false;
    errno = code;
    return true;
}

/* Where a file is, and how it is to be opened. */
typedef struct place {
    int folder_fd;
    const char *path; /* in that folder */
    int flags;
} place;

/* Without O_NONBLOCK a named pipe that nobody writes to would block here for ever. */
static int open_file(const place *at) {
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | at->flags;
    return call_fails(EIO) ? -1 : openat(at->folder_fd, at->path, flags);
}

static ew_status look_at(ewi_map *map, int fd, ew_error *err) {
    const char *path = map->path;
    struct stat st;
    if (call_fails(EIO) || fstat(fd, &st) != 0) return fail_errno(err, "stat", path);
    if (S_ISDIR(st.st_mode)) return ewi_fail(err, EW_IO, "%s: is a directory, not a file", path);
    if (!S_ISREG(st.st_mode)) return ewi_fail(err, EW_IO, "%s: not a regular file, cannot be mapped", path);
    map->stamp = (ewi_map_stamp){(uint64_t)st.st_ino, (uint64_t)st.st_size, (int64_t)st.st_mtim.tv_sec,
                                 (int64_t)st.st_mtim.tv_nsec};
    if (!ewi_size_from_u64((uint64_t)st.st_size, &map->len))
        return ewi_fail(err, EW_LIMIT, "%s: %lld bytes do not fit in the address space", path,
                        (long long)st.st_size);
    return EW_OK;
}

static ew_status map_pages(ewi_map *map, int fd, ew_error *err) {
    if (map->len == 0) return EW_OK;
    void *base = call_fails(ENOMEM) ? MAP_FAILED : mmap(NULL, map->len, PROT_READ, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) return fail_errno(err, "map", map->path);
    map->base = base;
    map->slot = ewi_guard_add(base, map->len);
    if (!map->slot)
        return ewi_fail(err, EW_LIMIT, "%s: more than %d files are mapped", map->path, EWI_GUARD_SLOTS);
    return EW_OK;
}

static ew_status open_map(const place *at, ewi_map **out, ew_error *err) {
    ewi_map *map = ewi_zalloc(sizeof *map);
    if (!map) return ewi_no_memory(err, "a file mapping");
    ew_status status = EW_NO_MEMORY;
    int fd = -1;
    map->path = ewi_strdup(ewi_str(at->path));
    if (!map->path) {
        ewi_no_memory(err, "a path");
        goto done;
    }
    fd = open_file(at);
    if (fd < 0) {
        status = fail_errno(err, "open", at->path);
        goto done;
    }
    status = look_at(map, fd, err);
    if (status == EW_OK) status = map_pages(map, fd, err);
done:
    if (fd >= 0) close(fd);
    if (status == EW_OK)
        *out = map;
    else
        ewi_map_close(map);
    return status;
}

ew_status ewi_map_open(const char *path, ewi_map **out, ew_error *err) {
    return open_map(&(place){.folder_fd = AT_FDCWD, .path = path}, out, err);
}

ew_status ewi_map_open_at(int folder_fd, const char *name, ewi_map **out, ew_error *err) {
    if (ewi_guard_is_crowded())
        return ewi_fail(err, EW_LIMIT, "%s: too many files are mapped for another that is only of use", name);
    return open_map(&(place){folder_fd, name, O_NOFOLLOW}, out, err);
}

void ewi_map_close(ewi_map *map) {
    if (!map) return;
    ewi_guard_remove(map->slot);
    if (map->base) munmap(map->base, map->len);
    ewi_free(map->path);
    ewi_free(map);
}

ewi_bytes ewi_map_bytes(const ewi_map *map) {
    return (ewi_bytes){map->base, map->len};
}

ewi_map_stamp ewi_map_get_stamp(const ewi_map *map) {
    return map->stamp;
}

ew_status ewi_map_check(const ewi_map *map, ew_error *err) {
    if (!ewi_guard_lost(map->slot)) return EW_OK;
    return ewi_fail(err, EW_IO,
                    "%s: the file was truncated or became unreadable while it was in use; open it again",
                    map->path);
}

static bool has_mode(const char *path, mode_t kind) {
    struct stat st;
    return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

bool ewi_is_directory(const char *path) {
    return has_mode(path, S_IFDIR);
}

bool ewi_is_file(const char *path) {
    return has_mode(path, S_IFREG);
}

bool ewi_path_join(char *buf, size_t cap, const char *dir, ew_str name) {
    size_t n = strlen(dir), slash = n > 0 && dir[n - 1] != '/', need;
    if (name.len && memchr(name.data, '\0', name.len)) return false;
    if (!ewi_add_size(n + slash + 1, name.len, &need) || need > cap) return false;
    memcpy(buf, dir, n);
    if (slash) buf[n] = '/';
    if (name.len) memcpy(buf + n + slash, name.data, name.len);
    buf[need - 1] = '\0';
    return true;
}
