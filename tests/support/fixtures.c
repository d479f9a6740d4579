/* fixtures.c: paths of real data, or a loud skip. */
#include "fixtures.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_BYTES 4096
#define RING           4

static void give_up(const char *relative, const char *why) {
    const char *required = getenv("EDGEWISE_REQUIRE_FIXTURES");
    if (required && strcmp(required, "1") == 0)
        fail_msg("%s: %s (EDGEWISE_REQUIRE_FIXTURES=1)", relative, why);
    fprintf(stderr, "SKIPPED: %s: needs EDGEWISE_FIXTURES: %s\n", relative, why);
    skip();
}

const char *test_fixture(const char *relative) {
    static char ring[RING][PATH_MAX_BYTES];
    static size_t next;
    char *path = ring[next++ % RING];
    const char *root = getenv("EDGEWISE_FIXTURES");
    if (!root || !root[0]) {
        give_up(relative, "the variable is not set");
        return NULL;
    }
    int length = snprintf(path, PATH_MAX_BYTES, "%s/%s", root, relative);
    if (length < 0 || length >= PATH_MAX_BYTES) {
        give_up(relative, "path too long");
    } else if (access(path, R_OK) != 0) {
        give_up(relative, "no such file there");
    }
    return path;
}
