/* scratch.c: a folder that is made when first needed. */
#define _XOPEN_SOURCE 700

#include "scratch.h"
#include "test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_BYTES 1024
#define RING           8

static char folder[PATH_MAX_BYTES / 2];

static void make_folder(void) {
    const char *parent = getenv("TMPDIR");
    int n = snprintf(folder, sizeof folder, "%s/edgewise-test.XXXXXX", parent && *parent ? parent : "/tmp");
    if (n < 0 || (size_t)n >= sizeof folder || !mkdtemp(folder)) {
        folder[0] = '\0';
        fail_msg("cannot make a folder for scratch files");
    }
}

const char *scratch_path(const char *name) {
    static char ring[RING][PATH_MAX_BYTES];
    static size_t next;
    if (!folder[0]) make_folder();
    char *path = ring[next++ % RING];
    int n = snprintf(path, PATH_MAX_BYTES, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_MAX_BYTES) fail_msg("%s: name too long for a scratch file", name);
    return path;
}

const char *scratch_file(const char *name, const void *data, size_t len) {
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    if (!file) fail_msg("%s: cannot be written", path);
    size_t written = len ? fwrite(data, 1, len, file) : 0;
    if (fclose(file) != 0 || written != len) fail_msg("%s: cannot be written", path);
    return path;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place) {
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

int scratch_remove(void **state) {
    (void)state;
    if (!folder[0]) return 0;
    int code = nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
    return code;
}
