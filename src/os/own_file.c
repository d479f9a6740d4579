#include "os/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

#define MAX_ASIDE 1000

static ew_status fail_errno(ew_error *err, const char *what, const char *path) {
    return ewi_fail(err, EW_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* All folders above the file. */
static ew_status make_folders(const char *path, ew_error *err) {
    char folder[PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof folder) return ewi_fail(err, EW_IO, "%s: the path is too long", path);
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/') continue;
        memcpy(folder, path, i);
        folder[i] = '\0';
        if (mkdir(folder, 0700) == 0 || errno == EEXIST) continue;
        /* One that may not be made may be there all the same. */
        struct stat st;
        int why = errno;
        if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode)) continue;
        errno = why;
        return fail_errno(err, "create", folder);
    }
    return EW_OK;
}

ew_status ewi_own_file_make(const char *path, ew_error *err) {
    EWI_TRY(make_folders(path, err));
    int fd = ewi_hostile_fails() ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0) return fail_errno(err, "open", path);
    struct stat st;
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    close(fd);
    return regular ? EW_OK : ewi_fail(err, EW_IO, "%s: not a regular file", path);
}

ew_status ewi_own_file_set_aside(const char *path, const char *suffix, char *aside, size_t cap,
                                 ew_error *err) {
    for (int i = 1; i <= MAX_ASIDE; i++) {
        int n = snprintf(aside, cap, "%s%s-%d", path, suffix, i);
        if (n < 0 || (size_t)n >= cap) return ewi_fail(err, EW_IO, "%s: the path is too long", path);
        if (access(aside, F_OK) == 0) continue;
        return rename(path, aside) == 0 ? EW_OK : fail_errno(err, "rename", path);
    }
    return ewi_fail(err, EW_IO, "%s: %d files were set aside already: remove some", path, MAX_ASIDE);
}
