#include "default_model.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The program's folder, without links; "" when it is unknown. */
static void program_folder(char folder[PATH_MAX]) {
    ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    folder[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash) *slash = '\0';
}

const char *cli_default_model(void) {
    static const char *const below[] = {"share/edgewise/pocket", "../share/edgewise/pocket"};
    static char path[PATH_MAX + 32];
    char folder[PATH_MAX];
    program_folder(folder);
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, below[i]);
        if (folder[0] && access(path, R_OK) == 0) return path;
    }
    return NULL;
}
