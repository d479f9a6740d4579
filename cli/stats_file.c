#include "stats_file.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

const char *cli_stats_file(char path[CLI_STATS_PATH]) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (state && *state == '/')
        n = snprintf(path, CLI_STATS_PATH, "%s/edgewise/requests.db", state);
    else if (home && *home == '/')
        n = snprintf(path, CLI_STATS_PATH, "%s/.local/state/edgewise/requests.db", home);
    return n > 0 && n < CLI_STATS_PATH ? path : NULL;
}
