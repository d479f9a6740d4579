/*
 * clients.h: programs that can be told to use a server, where their settings lie, and what must stand there.
 *
 *     const cli_client *client = cli_find_client("codex");
 *     cli_edit edit = cli_client_set(client, &how, &text, false, why);
 *     cli_client_unset(client, &text, backup);
 */
#ifndef CLI_CLIENTS_H
#define CLI_CLIENTS_H

#include "json_edit.h"

/* Texts that stand in any of the files as they are, between quotes. */
typedef struct cli_endpoint {
    const char *url, *model, *key; /* url: without /v1 and without '/' at its end */
} cli_endpoint;

typedef struct cli_client {
    const char *name;
    const char *what;
    const char *folder_variable; /* of the environment; may be NULL, or not set */
    const char *folder;          /* else: in the home; NULL: it has no file, what to set is printed */
    const char *file;
    int form; /* private */
} cli_client;

extern const cli_client cli_clients[];
extern const size_t cli_n_clients;
/* NULL when there is none of that name. */
const cli_client *cli_find_client(const char *name);

#define CLI_CLIENT_WHY 256
/* An empty text is a file that is not there. With force other settings make way: of TOML and YAML they become
 * comments. `why` says what is in the way. */
cli_edit cli_client_set(const cli_client *client, const cli_endpoint *to, cli_bytes *text, bool force,
                        char why[CLI_CLIENT_WHY]);
/* The other way round; `backup` is the file as it was. */
cli_edit cli_client_unset(const cli_client *client, const cli_endpoint *to, cli_bytes *text, ew_str backup);
/* Of a client without a file: lines to be run. */
void cli_client_print(const cli_client *client, const cli_endpoint *to, cli_bytes *out);

#endif
