#define _GNU_SOURCE

#include "os/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

#define UNNAMED     "unnamed"
#define MAX_DEPTH   8
#define PATH_BYTES  4096
#define WRITE_BYTES ((size_t)1 << 26) /* a call at most: one write can't take more than 2 GiB */

struct ewi_staging {
    char target[PATH_BYTES], folder[PATH_BYTES], older[PATH_BYTES];
    int folder_fd, file_fd;
    bool replace;
};

static bool call_fails(int code) {
    if (!ewi_hostile_fails()) return false;
    errno = code;
    return true;
}

static ew_status fail_errno(ew_error *err, const char *what, const char *path) {
    return ewi_fail(err, EW_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* ---- removing ---- */

static void remove_inside(int folder, int depth) {
    int fd = dup(folder);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0) close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int inner = -1;
        if (depth < MAX_DEPTH)
            inner = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner >= 0) {
            remove_inside(inner, depth + 1);
            close(inner);
        }
        unlinkat(folder, entry->d_name, inner >= 0 ? AT_REMOVEDIR : 0);
    }
    closedir(dir);
}

static void remove_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    remove_inside(fd, 0);
    close(fd);
    rmdir(path);
}

/* ---- opening ---- */

/* "folder/name" or "folder/name/" -> "folder/.name.PID.kind" */
static bool hidden_name(char *buf, const char *target, const char *kind) {
    size_t end = strlen(target), name;
    while (end > 1 && target[end - 1] == '/') end--;
    for (name = end; name > 0 && target[name - 1] != '/'; name--) continue;
    int n = snprintf(buf, PATH_BYTES, "%.*s.%.*s.%ld.%s", (int)name, target, (int)(end - name), target + name,
                     (long)getpid(), kind);
    return end > name && n > 0 && n < PATH_BYTES;
}

static ew_status name_paths(ewi_staging *s, const char *target, ew_error *err) {
    size_t n = strlen(target);
    while (n > 1 && target[n - 1] == '/') n--;
    if (n < PATH_BYTES / 2) {
        memcpy(s->target, target, n);
        if (hidden_name(s->folder, s->target, "part") && hidden_name(s->older, s->target, "old"))
            return EW_OK;
    }
    return ewi_fail(err, EW_INVALID, "%.200s: not a path that a folder can have", target);
}

static ew_status make_folder(ewi_staging *s, ew_error *err) {
    struct stat st;
    if (!s->replace && lstat(s->target, &st) == 0)
        return ewi_fail(err, EW_IO, "%s: exists already", s->target);
    if (call_fails(ENOSPC) || mkdir(s->folder, 0777) != 0) return fail_errno(err, "create", s->folder);
    s->folder_fd = call_fails(EMFILE) ? -1 : open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->folder_fd >= 0) return EW_OK;
    ew_status status = fail_errno(err, "open", s->folder);
    rmdir(s->folder);
    return status;
}

ew_status ewi_staging_open(const char *target, bool replace, ewi_staging **out, ew_error *err) {
    ewi_staging *s = ewi_zalloc(sizeof *s);
    if (!s) return ewi_no_memory(err, "a folder");
    s->replace = replace;
    s->folder_fd = s->file_fd = -1;
    ew_status status = name_paths(s, target, err);
    if (status == EW_OK) status = make_folder(s, err);
    if (status == EW_OK)
        *out = s;
    else
        ewi_free(s);
    return status;
}

const char *ewi_staging_path(const ewi_staging *s) {
    return s->folder;
}

ew_status ewi_staging_folder(ewi_staging *s, const char *name, ew_error *err) {
    if (!call_fails(ENOSPC) && mkdirat(s->folder_fd, name, 0777) == 0) return EW_OK;
    return fail_errno(err, "create a folder in", s->folder);
}

/* ---- files ---- */

ew_status ewi_staging_create(ewi_staging *s, ew_error *err) {
    EW_ASSERT(s->file_fd < 0);
    if (!call_fails(ENOSPC))
        s->file_fd = openat(s->folder_fd, UNNAMED, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return s->file_fd >= 0 ? EW_OK : fail_errno(err, "create a file in", s->folder);
}

ew_status ewi_staging_write(ewi_staging *s, const void *data, size_t len, ew_error *err) {
    const char *at = data;
    while (len > 0) {
        size_t piece = len < WRITE_BYTES ? len : WRITE_BYTES;
        ssize_t n = call_fails(ENOSPC) ? -1 : write(s->file_fd, at, piece);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(err, "write to", s->folder);
        at += n;
        len -= (size_t)n;
    }
    return EW_OK;
}

ew_status ewi_staging_rewrite(ewi_staging *s, const void *data, size_t len, ew_error *err) {
    if (!call_fails(EIO) && lseek(s->file_fd, 0, SEEK_SET) == 0) return ewi_staging_write(s, data, len, err);
    return fail_errno(err, "write to", s->folder);
}

ew_status ewi_staging_finish(ewi_staging *s, const char *name, ew_error *err) {
    bool fine = !call_fails(EIO) && fsync(s->file_fd) == 0;
    if (close(s->file_fd) != 0) fine = false;
    s->file_fd = -1;
    if (fine && !call_fails(EIO) && renameat(s->folder_fd, UNNAMED, s->folder_fd, name) == 0) return EW_OK;
    return fail_errno(err, "write to", s->folder);
}

/* ---- the end ---- */

static bool sync_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return fine;
}

/* The folder that the target lies in. A file system that can't force a folder to the disk is no failure. */
static void sync_parent(const char *target) {
    char parent[PATH_BYTES];
    size_t end = strlen(target);
    memcpy(parent, target, end + 1);
    while (end > 0 && parent[end - 1] != '/') end--;
    memcpy(parent + end, ".", 2);
    (void)sync_folder(parent);
}

static void release(ewi_staging *s) {
    if (s->file_fd >= 0) close(s->file_fd);
    if (s->folder_fd >= 0) close(s->folder_fd);
    ewi_free(s);
}

ew_status ewi_staging_commit(ewi_staging *s, ew_error *err) {
    struct stat st;
    bool older = s->replace && lstat(s->target, &st) == 0;
    if (call_fails(EIO) || fsync(s->folder_fd) != 0) return fail_errno(err, "write to", s->folder);
    if (older && (call_fails(EIO) || rename(s->target, s->older) != 0))
        return fail_errno(err, "replace", s->target);
    /* A target that appeared meanwhile is left alone, unless it is an empty folder. */
    if (call_fails(EIO) || rename(s->folder, s->target) != 0) {
        ew_status status = fail_errno(err, "create", s->target);
        if (older) (void)!rename(s->older, s->target);
        return status;
    }
    sync_parent(s->target);
    if (older) remove_folder(s->older);
    release(s);
    return EW_OK;
}

/* A target that appeared meanwhile is left alone. File systems without links can only be asked before. */
static int move_file(const ewi_staging *s, const char *name) {
    struct stat st;
    if (s->replace) return renameat(s->folder_fd, name, AT_FDCWD, s->target);
    if (linkat(s->folder_fd, name, AT_FDCWD, s->target, 0) == 0) return 0;
    if (errno == EEXIST || lstat(s->target, &st) == 0) return -1;
    return renameat(s->folder_fd, name, AT_FDCWD, s->target);
}

ew_status ewi_staging_commit_file(ewi_staging *s, const char *name, ew_error *err) {
    if (call_fails(EIO) || move_file(s, name) != 0) return fail_errno(err, "create", s->target);
    sync_parent(s->target);
    ewi_staging_abandon(s);
    return EW_OK;
}

void ewi_staging_abandon(ewi_staging *s) {
    if (!s) return;
    remove_folder(s->folder);
    release(s);
}
