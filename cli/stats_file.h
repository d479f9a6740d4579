/*
 * stats_file.h: where a server keeps figures of requests, unless it is told otherwise.
 *
 *     char path[CLI_STATS_PATH];
 *     if (!cli_stats_file(path)) ... there is no home
 */
#ifndef CLI_STATS_FILE_H
#define CLI_STATS_FILE_H

#define CLI_STATS_PATH 4096

/* edgewise/requests.db in $XDG_STATE_HOME or ~/.local/state: returns path, or NULL. */
const char *cli_stats_file(char path[CLI_STATS_PATH]);

#endif
