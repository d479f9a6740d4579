/* fuzz_replay.c: main() that feeds every file of the folders given (and the files given) to a fuzz target.
 *
 * Each input lives in a heap block of its exact size, so that a sanitizer sees a read one byte past it. The
 * empty input always runs. A folder without files is an error: a fuzzer without seeds tests nothing.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_MAX_BYTES 4096

static void die(const char *path, const char *what) {
    fprintf(stderr, "fuzz_replay: %s: %s\n", path, what);
    exit(2);
}

static void replay_file(const char *path, size_t size) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path, strerror(errno));
    uint8_t *data = malloc(size ? size : 1);
    if (!data) die(path, "too large for memory");
    if (fread(data, 1, size, file) != size) die(path, "shorter than its directory entry says");
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static size_t replay_path(const char *path);

static size_t replay_folder(const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir) die(folder, strerror(errno));
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        char path[PATH_MAX_BYTES];
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path) die(entry->d_name, "path too long");
        count += replay_path(path);
    }
    closedir(dir);
    return count;
}

static size_t replay_path(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) die(path, strerror(errno));
    if (S_ISDIR(info.st_mode)) return replay_folder(path);
    replay_file(path, (size_t)info.st_size);
    return 1;
}

int main(int argc, char **argv) {
    uint8_t *nothing = calloc(1, 1);
    if (!nothing) die("(empty input)", "no memory");
    LLVMFuzzerTestOneInput(nothing, 0);
    free(nothing);
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        size_t found = replay_path(argv[i]);
        if (!found) die(argv[i], "holds no inputs: add at least one seed");
        count += found;
    }
    printf("%zu inputs replayed\n", count);
    return 0;
}
