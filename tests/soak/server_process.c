/* server_process.c: `edgewise serve` as a process, watched from outside. */
#include "server_process.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void become_program(const char *const *argv, int output) {
    dup2(output, STDOUT_FILENO);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* it does not outlive the soak */
    execv(argv[0], (char **)(uintptr_t)argv);
    perror(argv[0]);
    _exit(127);
}

/* "http://127.0.0.1:PORT", its first line. */
static uint16_t read_port(int from) {
    char line[256];
    FILE *file = fdopen(from, "r");
    if (!file) return 0;
    const char *colon = fgets(line, sizeof line, file) ? strrchr(line, ':') : NULL;
    fclose(file);
    return colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
}

bool server_start(server_process *server, const char *const *argv) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    server->pid = fork();
    if (server->pid < 0) return false;
    if (server->pid == 0) {
        close(ends[0]);
        become_program(argv, ends[1]);
    }
    close(ends[1]);
    server->port = read_port(ends[0]);
    return server->port != 0;
}

bool server_lives(const server_process *server) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)server->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

static uint32_t count_entries(const server_process *server, const char *folder) {
    char path[64];
    uint32_t n = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)server->pid, folder);
    DIR *entries = opendir(path);
    if (!entries) return 0;
    for (const struct dirent *e; (e = readdir(entries));) n += e->d_name[0] != '.';
    closedir(entries);
    return n;
}

static uint64_t resident_bytes(const server_process *server) {
    char path[64], line[256], *second;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)server->pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    second = fgets(line, sizeof line, file) ? strchr(line, ' ') : NULL;
    fclose(file);
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

server_figures server_look(const server_process *server) {
    return (server_figures){
        .resident_bytes = resident_bytes(server),
        .n_files = count_entries(server, "fd"),
        .n_threads = count_entries(server, "task"),
    };
}

int server_stop(server_process *server) {
    int status = 0;
    if (server_lives(server)) kill(server->pid, SIGTERM);
    waitpid(server->pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
