#define _GNU_SOURCE

#include "os/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

#define UNNAMED     "unnamed"
#define KEPT        "kept"
#define NOTES       "notes"
#define MAX_DEPTH   8
#define PATH_BYTES  4096
#define WRITE_BYTES ((size_t)1 << 26) /* a call at most: one write can't take more than 2 GiB */

struct ewi_staging {
    char target[PATH_BYTES], folder[PATH_BYTES], older[PATH_BYTES];
    int folder_fd, file_fd;
    const char *file; /* its name until it is finished */
    uint64_t at;      /* in it */
    int kept_fd[EWI_N_KEPT_PARTS];
    bool replace, keeps, found, stays, forgot;
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

/* keeps: but for what a later run may go on with. */
static void remove_inside(int folder, int depth, bool keeps) {
    int fd = dup(folder);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0) close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (keeps && (strcmp(entry->d_name, KEPT) == 0 || strcmp(entry->d_name, NOTES) == 0)) continue;
        int inner = -1;
        if (depth < MAX_DEPTH)
            inner = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner >= 0) {
            remove_inside(inner, depth + 1, false);
            close(inner);
        }
        unlinkat(folder, entry->d_name, inner >= 0 ? AT_REMOVEDIR : 0);
    }
    closedir(dir);
}

static void remove_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    remove_inside(fd, 0, false);
    close(fd);
    rmdir(path);
}

/* ---- opening ---- */

/* "folder/name" or "folder/name/" -> "folder/.name.WHICH.kind" */
static bool hidden_name(char *buf, const char *target, const char *which, const char *kind) {
    size_t end = strlen(target), name;
    while (end > 1 && target[end - 1] == '/') end--;
    for (name = end; name > 0 && target[name - 1] != '/'; name--) continue;
    int n = snprintf(buf, PATH_BYTES, "%.*s.%.*s.%s.%s", (int)name, target, (int)(end - name), target + name,
                     which, kind);
    return end > name && n > 0 && n < PATH_BYTES;
}

static ew_status name_paths(ewi_staging *s, const char *target, const char *key, ew_error *err) {
    char pid[24];
    size_t n = strlen(target);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    while (n > 1 && target[n - 1] == '/') n--;
    if (n < PATH_BYTES / 2) {
        memcpy(s->target, target, n);
        if (hidden_name(s->folder, s->target, key ? key : pid, "part") &&
            hidden_name(s->older, s->target, pid, "old"))
            return EW_OK;
    }
    return ewi_fail(err, EW_INVALID, "%.200s: not a path that a folder can have", target);
}

/* Nobody else may go on with it meanwhile, and what was locked may be in its place already. A file system
 * that can't lock is no failure. */
static ew_status lock_folder(const ewi_staging *s, ew_error *err) {
    struct stat named, opened;
    const bool is_free = flock(s->folder_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    if (is_free && lstat(s->folder, &named) == 0 && fstat(s->folder_fd, &opened) == 0 &&
        named.st_dev == opened.st_dev && named.st_ino == opened.st_ino)
        return EW_OK;
    return ewi_fail(err, EW_IO, "%s: another process is making it", s->target);
}

static ew_status make_folder(ewi_staging *s, ew_error *err) {
    struct stat st;
    if (!s->replace && lstat(s->target, &st) == 0)
        return ewi_fail(err, EW_IO, "%s: exists already", s->target);
    if (call_fails(ENOSPC) || mkdir(s->folder, 0777) != 0) {
        s->found = s->keeps && errno == EEXIST;
        if (!s->found) return fail_errno(err, "create", s->folder);
    }
    s->folder_fd = call_fails(EMFILE) ? -1 : open(s->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->folder_fd >= 0) return EW_OK;
    ew_status status = fail_errno(err, "open", s->folder);
    if (!s->found) rmdir(s->folder);
    return status;
}

/* Whether it is ".name.KEY.part": the name without its key, and as many characters in its place. */
static bool is_of_other_key(const char *name, const char *own, size_t key_len) {
    const size_t n = strlen(own), head = n - key_len - strlen(".part");
    return strlen(name) == n && memcmp(name, own, head) == 0 && strcmp(name + n - 5, ".part") == 0 &&
           strspn(name + head, "0123456789abcdef") == key_len && strcmp(name, own) != 0;
}

/* True when it is there and nobody is at work in it. */
static bool remove_unlocked(int parent, const char *name) {
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool goes = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (goes) remove_inside(fd, 0, false);
    if (fd >= 0) close(fd);
    return goes && unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

/* What was kept of the same target and can't be gone on with. */
static void forget_others(ewi_staging *s, size_t key_len) {
    char parent[PATH_BYTES];
    const char *slash = strrchr(s->folder, '/'), *own = slash ? slash + 1 : s->folder;
    snprintf(parent, sizeof parent, "%.*s", (int)(own - s->folder), s->folder);
    DIR *dir = opendir(slash ? parent : ".");
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (is_of_other_key(entry->d_name, own, key_len) && remove_unlocked(dirfd(dir), entry->d_name))
            s->forgot = true;
    closedir(dir);
}

static ew_status open_kept(ewi_staging *s, ew_error *err) {
    static const struct {
        const char *name;
        int flags;
    } parts[] = {[EWI_KEPT_FILE] = {KEPT, 0}, [EWI_KEPT_NOTES] = {NOTES, O_APPEND}};
    const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    remove_inside(s->folder_fd, 0, true);
    for (size_t i = 0; i < EWI_N_KEPT_PARTS; i++) {
        if (!call_fails(ENOSPC))
            s->kept_fd[i] = openat(s->folder_fd, parts[i].name, flags | parts[i].flags, 0666);
        if (s->kept_fd[i] < 0) return fail_errno(err, "create a file in", s->folder);
    }
    return EW_OK;
}

static ew_status open_parts(ewi_staging *s, const char *target, const char *key, ew_error *err) {
    EWI_TRY(name_paths(s, target, key, err));
    EWI_TRY(make_folder(s, err));
    if (!key) return EW_OK;
    EWI_TRY(lock_folder(s, err));
    forget_others(s, strlen(key));
    ew_status status = open_kept(s, err);
    if (status != EW_OK && !s->found) remove_folder(s->folder);
    return status;
}

static void release(ewi_staging *s) {
    if (s->file_fd >= 0) close(s->file_fd);
    for (size_t i = 0; i < EWI_N_KEPT_PARTS; i++)
        if (s->kept_fd[i] >= 0) close(s->kept_fd[i]);
    if (s->folder_fd >= 0) close(s->folder_fd);
    ewi_free(s);
}

ew_status ewi_staging_open(const char *target, const char *key, bool replace, ewi_staging **out,
                           ew_error *err) {
    ewi_staging *s = ewi_zalloc(sizeof *s);
    if (!s) return ewi_no_memory(err, "a folder");
    s->replace = replace;
    s->folder_fd = s->file_fd = s->kept_fd[0] = s->kept_fd[1] = -1;
    s->keeps = key != NULL;
    ew_status status = open_parts(s, target, key, err);
    if (status == EW_OK)
        *out = s;
    else
        release(s);
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
    s->file = UNNAMED;
    s->at = 0;
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
        s->at += (uint64_t)n;
    }
    return EW_OK;
}

uint64_t ewi_staging_at(const ewi_staging *s) {
    return s->at;
}

ew_status ewi_staging_rewrite(ewi_staging *s, const void *data, size_t len, ew_error *err) {
    if (!call_fails(EIO) && lseek(s->file_fd, 0, SEEK_SET) == 0) return ewi_staging_write(s, data, len, err);
    return fail_errno(err, "write to", s->folder);
}

ew_status ewi_staging_finish(ewi_staging *s, const char *name, ew_error *err) {
    bool fine = !call_fails(EIO) && fsync(s->file_fd) == 0;
    if (close(s->file_fd) != 0) fine = false;
    s->file_fd = -1;
    if (fine && !call_fails(EIO) && renameat(s->folder_fd, s->file, s->folder_fd, name) == 0) return EW_OK;
    return fail_errno(err, "write to", s->folder);
}

/* ---- what is kept ---- */

bool ewi_staging_forgot(const ewi_staging *s) {
    return s->forgot;
}

ew_status ewi_staging_create_kept(ewi_staging *s, ew_error *err) {
    EW_ASSERT(s->file_fd < 0);
    if (!s->keeps) return ewi_staging_create(s, err);
    s->file = KEPT;
    s->at = 0;
    if (!call_fails(EMFILE)) s->file_fd = fcntl(s->kept_fd[EWI_KEPT_FILE], F_DUPFD_CLOEXEC, 0);
    return s->file_fd >= 0 ? EW_OK : fail_errno(err, "open a file in", s->folder);
}

ew_status ewi_staging_kept_bytes(const ewi_staging *s, ewi_kept_part part, uint64_t *out, ew_error *err) {
    struct stat st;
    if (call_fails(EIO) || fstat(s->kept_fd[part], &st) != 0) return fail_errno(err, "stat", s->folder);
    if (!S_ISREG(st.st_mode)) return ewi_fail(err, EW_IO, "%s: holds what is no regular file", s->folder);
    *out = (uint64_t)st.st_size;
    return EW_OK;
}

ew_status ewi_staging_read_kept(const ewi_staging *s, ewi_kept_part part, uint64_t at, void *data, size_t len,
                                ew_error *err) {
    for (char *to = data; len > 0;) {
        ssize_t n = call_fails(EIO) ? -1 : pread(s->kept_fd[part], to, len, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(err, "read from", s->folder);
        if (n == 0) return ewi_fail(err, EW_IO, "%s: a file in it ends early", s->folder);
        to += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return EW_OK;
}

ew_status ewi_staging_cut_kept(ewi_staging *s, ewi_kept_part part, uint64_t size, ew_error *err) {
    if (!call_fails(EIO) && ftruncate(s->kept_fd[part], (off_t)size) == 0) return EW_OK;
    return fail_errno(err, "write to", s->folder);
}

/* The whole of it or, when the system takes less, not at all. */
ew_status ewi_staging_note(ewi_staging *s, const void *data, size_t len, ew_error *err) {
    if (!call_fails(ENOSPC) && write(s->kept_fd[EWI_KEPT_NOTES], data, len) == (ssize_t)len) return EW_OK;
    return fail_errno(err, "write to", s->folder);
}

bool ewi_staging_keep(ewi_staging *s) {
    struct stat st;
    s->stays = s->keeps && faccessat(s->folder_fd, KEPT, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
               fstat(s->kept_fd[EWI_KEPT_NOTES], &st) == 0 && st.st_size > 0;
    return s->stays;
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

ew_status ewi_staging_commit(ewi_staging *s, ew_error *err) {
    struct stat st;
    bool older = s->replace && lstat(s->target, &st) == 0;
    if (s->keeps) unlinkat(s->folder_fd, NOTES, 0);
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
    if (!s->stays) remove_folder(s->folder);
    release(s);
}
