/*
 * main.c: the program's door: which verb, and in what state the process is when it starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "suggest.h"
#include "verbs.h"

const cli_verb *const cli_verbs[] = {
    &cli_verb_run,
#ifndef EW_NO_NET
    &cli_verb_serve,   &cli_verb_stats,
#endif
    &cli_verb_launch,  &cli_verb_inspect,  &cli_verb_tokenize,  &cli_verb_template, &cli_verb_logits,
    &cli_verb_embed,   &cli_verb_quantize, &cli_verb_eval,      &cli_verb_validate, &cli_verb_bench,
    &cli_verb_devices, &cli_verb_help,     &cli_verb_completion};
const size_t cli_n_verbs = sizeof cli_verbs / sizeof *cli_verbs;

const cli_verb *cli_find_verb(const char *name) {
    for (size_t i = 0; i < cli_n_verbs; i++)
        if (strcmp(cli_verbs[i]->name, name) == 0) return cli_verbs[i];
    return NULL;
}

int cli_unknown_verb(const char *name) {
    cli_suggestion best = {.word = {name, strlen(name)}};
    for (size_t i = 0; i < cli_n_verbs; i++) cli_suggest(&best, cli_verbs[i]->name);
    cli_suggest(&best, "--help");
    cli_suggest(&best, "--version");
    const char *what = name[0] == '-' ? "option" : "command";
    if (best.found[0]) return cli_usage(NULL, "unknown %s %s: did you mean %s?", what, name, best.found);
    return cli_usage(NULL, "unknown %s %s", what, name);
}

/*
 * A process can be started with its standard streams closed; the first file that it opens would then take
 * their numbers, and be read as input or overwritten by results. Each closed one becomes a stream that
 * fails in the way a closed one should.
 */
static void hold_standard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        int held = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        (void)held; /* the lowest free number: fd */
    }
}

static int run_verb(int argc, char **argv, cli_out *out) {
    const cli_verb *verb = cli_find_verb(argv[1]);
    if (!verb) return cli_unknown_verb(argv[1]);
    if (!cli_asks_help(verb, argc - 2, argv + 2)) return verb->run(verb, argc - 2, argv + 2, out);
    cli_print_verb_help(out, verb);
    return CLI_OK;
}

static int start(int argc, char **argv, cli_out *out) {
    if (argc < 2) return cli_usage(NULL, "no command");
    if (strcmp(argv[1], "--version") == 0) {
        if (argc > 2) return cli_usage(NULL, "unexpected argument \"%s\"", argv[2]);
        cli_out_printf(out, "edgewise %s\n", ew_version());
        return CLI_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_print_help(out);
        return CLI_OK;
    }
    return run_verb(argc, argv, out);
}

int main(int argc, char **argv) {
    hold_standard_streams();
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is seen as EPIPE by the writer */
    signal(SIGXFSZ, SIG_IGN); /* and a file that may not grow as EFBIG */
    setlocale(LC_CTYPE, "");  /* for line editing; numbers stay in the C locale */
    cli_out out;
    cli_out_init(&out);
    ew_error err = {0};
    if (ew_guard_install(&err)) return cli_fail(&err);
    return cli_out_end(&out, start(argc, argv, &out));
}
