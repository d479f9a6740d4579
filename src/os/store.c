#define _GNU_SOURCE

#include "os/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"

#define PART ".part" /* ".NAME.PID-NUMBER.part" */
/* Others write too: the folder is looked through after this part of what it may hold, and when it is full. */
#define LOOKS_PER_FILL 64u
/* What goes makes room for more than one file. */
#define ROOM_PER_FILL 32u
#define MAX_FILES     ((size_t)1 << 24)

struct ewi_store {
    int folder_fd;
    char *folder;
    uint64_t max_bytes;
    uint64_t bytes;   /* any thread reads it */
    uint64_t written; /* since the folder was looked through */
    uint32_t n_parts;
};

static bool call_fails(int code) {
    if (!ewi_hostile_fails()) return false;
    errno = code;
    return true;
}

static ew_status fail_errno(ew_error *err, const char *what, const char *path) {
    return ewi_fail(err, EW_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* ---- opening ---- */

static ew_status check_folder(const ewi_store *s, ew_error *err) {
    struct stat st;
    if (call_fails(EIO) || fstat(s->folder_fd, &st) != 0) return fail_errno(err, "stat", s->folder);
    if (st.st_uid != geteuid()) return ewi_fail(err, EW_IO, "%s: is another user's", s->folder);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return ewi_fail(err, EW_IO, "%s: is open to others; chmod 700 closes it", s->folder);
    return EW_OK;
}

static ew_status open_folder(ewi_store *s, ew_error *err) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if (call_fails(ENOSPC) || (mkdir(s->folder, 0700) != 0 && errno != EEXIST))
        return fail_errno(err, "create", s->folder);
    s->folder_fd = call_fails(EMFILE) ? -1 : open(s->folder, flags);
    return s->folder_fd >= 0 ? check_folder(s, err) : fail_errno(err, "open", s->folder);
}

static void look_through(ewi_store *s);

ew_status ewi_store_open(const char *folder, uint64_t max_bytes, ewi_store **out, ew_error *err) {
    ewi_store *s = ewi_zalloc(sizeof *s);
    if (!s) return ewi_no_memory(err, "a folder of files");
    s->folder_fd = -1;
    s->max_bytes = max_bytes;
    s->folder = ewi_strdup(ewi_str(folder));
    ew_status status = s->folder ? open_folder(s, err) : ewi_no_memory(err, "a folder of files");
    if (status != EW_OK) {
        ewi_store_close(s);
        return status;
    }
    look_through(s);
    *out = s;
    return EW_OK;
}

void ewi_store_close(ewi_store *s) {
    if (!s) return;
    if (s->folder_fd >= 0) close(s->folder_fd);
    ewi_free(s->folder);
    ewi_free(s);
}

/* ---- what is there ---- */

typedef struct entry {
    char name[EWI_STORE_NAME + 1];
    int64_t s, ns;
    uint64_t size_bytes;
} entry;

static bool is_name(const char *name) {
    return strlen(name) == EWI_STORE_NAME && strspn(name, "0123456789abcdef") == EWI_STORE_NAME;
}

static bool is_part(const char *name) {
    return name[0] == '.' && ewi_str_ends(ewi_str(name), PART);
}

static void remove_dead_part(const ewi_store *s, const char *name) {
    int fd = openat(s->folder_fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) unlinkat(s->folder_fd, name, 0);
    close(fd);
}

/* An own description: its place in the folder is nobody else's. */
static DIR *list(const ewi_store *s) {
    int fd = call_fails(EMFILE) ? -1 : openat(s->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir && fd >= 0) close(fd);
    return dir;
}

/* The next file; parts that nobody writes any more go. */
static bool next_file(const ewi_store *s, DIR *dir, entry *out) {
    struct stat st;
    for (struct dirent *at; (at = readdir(dir));) {
        if (is_part(at->d_name)) remove_dead_part(s, at->d_name);
        if (!is_name(at->d_name)) continue;
        if (fstatat(s->folder_fd, at->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        *out = (entry){.s = (int64_t)st.st_mtim.tv_sec,
                       .ns = (int64_t)st.st_mtim.tv_nsec,
                       .size_bytes = (uint64_t)st.st_size};
        memcpy(out->name, at->d_name, sizeof out->name);
        return true;
    }
    return false;
}

static void set_bytes(ewi_store *s, uint64_t bytes) {
    __atomic_store_n(&s->bytes, bytes, __ATOMIC_RELAXED);
}

uint64_t ewi_store_bytes(const ewi_store *s) {
    return __atomic_load_n(&s->bytes, __ATOMIC_RELAXED);
}

/* ---- what goes ---- */

static int by_use(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->s != y->s) return x->s < y->s ? -1 : 1;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static void remove_oldest(ewi_store *s, entry *files, size_t n) {
    const uint64_t most = s->max_bytes - s->max_bytes / ROOM_PER_FILL;
    uint64_t bytes = ewi_store_bytes(s);
    qsort(files, n, sizeof *files, by_use);
    for (size_t i = 0; i < n && bytes > most; i++) {
        if (call_fails(EIO) || unlinkat(s->folder_fd, files[i].name, 0) != 0) continue;
        bytes -= files[i].size_bytes < bytes ? files[i].size_bytes : bytes;
    }
    set_bytes(s, bytes);
}

static size_t list_files(const ewi_store *s, entry *files, size_t max) {
    size_t n = 0;
    DIR *dir = list(s);
    while (dir && n < max && next_file(s, dir, &files[n])) n++;
    if (dir) closedir(dir);
    return n;
}

/* Without memory to sort them nothing goes this time. */
static void make_room(ewi_store *s, size_t n) {
    entry *files = ewi_alloc_array(n, sizeof *files);
    if (files) remove_oldest(s, files, list_files(s, files, n));
    ewi_free(files);
}

static void look_through(ewi_store *s) {
    uint64_t bytes = 0;
    size_t n = 0;
    entry file;
    DIR *dir = list(s);
    if (!dir) return;
    for (; n < MAX_FILES && next_file(s, dir, &file); n++) bytes += file.size_bytes;
    closedir(dir);
    set_bytes(s, bytes);
    s->written = 0;
    if (bytes > s->max_bytes) make_room(s, n);
}

/* ---- files ---- */

/* Some microseconds of difference keep files of one moment in order. */
static struct timespec time_of(uint32_t rank) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - rank;
    return (struct timespec){.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
}

static bool set_used(const ewi_store *s, const char *name, uint32_t rank) {
    const struct timespec used = time_of(rank), times[2] = {used, used};
    return !call_fails(EIO) && utimensat(s->folder_fd, name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

void ewi_store_touch(const ewi_store *s, const char *name, uint32_t rank) {
    (void)set_used(s, name, rank);
}

ew_status ewi_store_map(const ewi_store *s, const char *name, uint32_t rank, ewi_map **out, ew_error *err) {
    EWI_TRY(ewi_map_open_at(s->folder_fd, name, out, err));
    ewi_store_touch(s, name, rank);
    return EW_OK;
}

void ewi_store_remove(const ewi_store *s, const char *name) {
    unlinkat(s->folder_fd, name, 0);
}

static bool write_piece(int fd, ewi_bytes piece) {
    while (piece.len > 0) {
        ssize_t n = call_fails(ENOSPC) ? -1 : write(fd, piece.data, piece.len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        piece.data += n;
        piece.len -= (size_t)n;
    }
    return true;
}

/* A lock that another one has means that this file was taken for a dead process's: it is removed now. */
static bool write_part(const ewi_store *s, const char *part, const ewi_bytes *pieces, size_t n) {
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = call_fails(ENOSPC) ? -1 : openat(s->folder_fd, part, flags, 0600);
    if (fd < 0) return false;
    bool fine = flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    for (size_t i = 0; fine && i < n; i++) fine = write_piece(fd, pieces[i]);
    const int code = errno;
    if (close(fd) == 0) errno = code;
    return fine;
}

static ew_status write_file(ewi_store *s, const char *name, uint32_t rank, const ewi_bytes *pieces, size_t n,
                            ew_error *err) {
    char part[EWI_STORE_NAME + 64];
    snprintf(part, sizeof part, ".%s.%ld-%u" PART, name, (long)getpid(), s->n_parts++);
    bool fine = write_part(s, part, pieces, n) && set_used(s, part, rank) && !call_fails(EIO) &&
                renameat(s->folder_fd, part, s->folder_fd, name) == 0;
    if (fine) return EW_OK;
    ew_status status = fail_errno(err, "write to", s->folder);
    unlinkat(s->folder_fd, part, 0);
    return status;
}

/* By its size: what else may be wrong with it shows when it is read. */
static bool is_there(const ewi_store *s, const char *name, uint64_t size) {
    struct stat st;
    return fstatat(s->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == size;
}

ew_status ewi_store_put(ewi_store *s, const char *name, uint32_t rank, const ewi_bytes *pieces, size_t n,
                        ew_error *err) {
    EW_ASSERT(is_name(name));
    uint64_t size = 0;
    for (size_t i = 0; i < n; i++) size += pieces[i].len;
    if (size > s->max_bytes)
        return ewi_fail(err, EW_LIMIT, "%s: a file would be larger than all of it may be", s->folder);
    if (is_there(s, name, size) && set_used(s, name, rank)) return EW_OK;
    EWI_TRY(write_file(s, name, rank, pieces, n, err));
    set_bytes(s, ewi_store_bytes(s) + size);
    s->written += size;
    if (ewi_store_bytes(s) > s->max_bytes || s->written > s->max_bytes / LOOKS_PER_FILL) look_through(s);
    return EW_OK;
}
