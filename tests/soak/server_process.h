/* server_process.h: `edgewise serve` as a process, watched from outside.
 *
 *     server_process server;
 *     if (!server_start(&server, argv)) ...           argv: the program and its arguments, NULL at the end
 *     server_figures now = server_look(&server);
 *     int code = server_stop(&server);                0: it ended as told
 */
#ifndef TESTS_SOAK_SERVER_PROCESS_H
#define TESTS_SOAK_SERVER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct server_process {
    pid_t pid;
    uint16_t port;
} server_process;

typedef struct server_figures {
    uint64_t resident_bytes;
    uint32_t n_files, n_threads;
} server_figures;

/* Waits for the address that the program prints. */
bool server_start(server_process *server, const char *const *argv);
bool server_lives(const server_process *server);
server_figures server_look(const server_process *server);
/* Its exit code, or 128 + the signal that ended it. */
int server_stop(server_process *server);

#endif
