#define _XOPEN_SOURCE 700 /* realpath */

#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heap.h"
#include "message.h"

/* The temporary file's path, for the signal handler: written while no handler is set. */
static const char *volatile unfinished;

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

static void remove_and_end(int signal_number) {
    if (unfinished) unlink(unfinished);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void watch(const char *temporary) {
    unfinished = temporary;
    for (size_t i = 0; i < sizeof ending_signals / sizeof *ending_signals; i++) {
        struct sigaction before;
        /* A signal that the starter chose to ignore (nohup) stays ignored. */
        if (sigaction(ending_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN) continue;
        signal(ending_signals[i], temporary ? remove_and_end : SIG_DFL);
    }
}

static void complain(cli_replace *replace, const char *what) {
    if (!replace->failed) cli_say("cannot %s \"%s\": %s", what, replace->target, strerror(errno));
    replace->failed = true;
}

/* The file that path leads to when it is a link: that one is to be replaced, not the link. */
static char *resolve(const char *path) {
    char *real = realpath(path, NULL);
    const char *target = real ? real : path;
    size_t size = strlen(target) + 1;
    char *copy = cli_alloc(size, 1);
    memcpy(copy, target, size);
    free(real);
    return copy;
}

/* "folder/name" -> "folder/.name.PID.part" */
static char *temporary_name(const char *target) {
    const char *slash = strrchr(target, '/');
    int folder = slash ? (int)(slash - target) + 1 : 0;
    size_t size = strlen(target) + 32;
    char *name = cli_alloc(size, 1);
    snprintf(name, size, "%.*s.%s.%ld.part", folder, target, target + folder, (long)getpid());
    return name;
}

static FILE *create(cli_replace *replace) {
    struct stat status;
    if (stat(replace->target, &status) == 0 && !S_ISREG(status.st_mode)) return fopen(replace->target, "wb");
    replace->temporary = temporary_name(replace->target);
    int fd = open(replace->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        cli_free(replace->temporary);
        replace->temporary = NULL;
        return NULL;
    }
    watch(replace->temporary);
    return fdopen(fd, "wb");
}

int cli_replace_open(cli_replace *replace, const char *path) {
    *replace = (cli_replace){.target = resolve(path)};
    replace->file = create(replace);
    if (replace->file) return CLI_OK;
    complain(replace, "create");
    cli_replace_abandon(replace);
    return CLI_FAILED;
}

bool cli_replace_write(cli_replace *replace, const void *data, size_t len) {
    if (!replace->failed && fwrite(data, 1, len, replace->file) != len) complain(replace, "write");
    return !replace->failed;
}

int cli_replace_commit(cli_replace *replace) {
    FILE *file = replace->file;
    replace->file = NULL;
    if (fclose(file) != 0) complain(replace, "write");
    if (!replace->failed && replace->temporary) {
        if (rename(replace->temporary, replace->target) != 0) {
            complain(replace, "replace");
        } else {
            watch(NULL);
            cli_free(replace->temporary);
            replace->temporary = NULL;
        }
    }
    int code = replace->failed ? CLI_FAILED : CLI_OK;
    cli_replace_abandon(replace);
    return code;
}

void cli_replace_abandon(cli_replace *replace) {
    if (replace->file) fclose(replace->file);
    if (replace->temporary) {
        unlink(replace->temporary);
        watch(NULL);
    }
    cli_free(replace->temporary);
    cli_free(replace->target);
    *replace = (cli_replace){0};
}
