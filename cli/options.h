/*
 * options.h: command lines, from one table per verb.
 *
 * A verb states its options in a table; the same table parses (-x VALUE, --name VALUE, --name=VALUE),
 * prints the help and makes the shell completions. Everything strict: an unknown, repeated or malformed
 * option is a usage error that names it. Values are written into the verb's own struct at the offsets of
 * the table; text values point into argv. Stateless.
 *
 *     typedef struct echo_values { cli_count times; const char *text; } echo_values;
 *     static const cli_option options[] = {
 *         {"n", "times", CLI_COUNT, offsetof(echo_values, times), "N", 1, 9, "how often (default 1)"},
 *     };
 *     echo_values values = {.times = {.value = 1}};
 *     if (!cli_parse(&cli_verb_echo, argc, argv, &values)) return CLI_USAGE;
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgewise/edgewise.h"
#include "out.h"

typedef struct cli_count {
    uint32_t value;
    bool given;
} cli_count;

typedef struct cli_number {
    double value;
    bool given;
} cli_number;

typedef struct cli_seed {
    uint64_t value;
    bool given;
} cli_seed;

/* The index of the word among the option's choices. */
typedef struct cli_choice {
    uint32_t value;
    bool given;
} cli_choice;

#define CLI_TEXTS_MAX 16
typedef struct cli_texts {
    ew_str items[CLI_TEXTS_MAX];
    size_t n;
} cli_texts;

typedef enum cli_kind {
    CLI_HEADING, /* no option: a line of the help */
    CLI_FLAG,    /* bool */
    CLI_TEXT,    /* const char *; NULL = not given */
    CLI_PATH,    /* the same, and shells complete files */
    CLI_TEXTS,   /* cli_texts: may be given again */
    CLI_COUNT,   /* cli_count, min..max */
    CLI_NUMBER,  /* cli_number, min..max, finite */
    CLI_SEED,    /* cli_seed */
    CLI_CHOICE,  /* cli_choice, one of the words of `value`, which stand between '|' */
} cli_kind;

typedef struct cli_option {
    const char *shorter; /* "n" or "ctk": after one dash; NULL = none */
    const char *longer;  /* after two; NULL = none */
    cli_kind kind;
    size_t offset;
    const char *value; /* what the help calls the value */
    double min, max;   /* max = 0: as large as the type holds */
    const char *help;
} cli_option;

typedef struct cli_verb {
    const char *name;
    const char *summary;   /* a few words, for the list of verbs */
    const char *synopsis;  /* after "edgewise NAME " */
    const char *about;     /* paragraphs of the help */
    const char *operand;   /* "FILE"; NULL = the verb takes none */
    size_t operand_offset; /* a const char *; NULL = not given */
    const cli_option *options;
    size_t n_options;
    /* argv[0] is the first argument after the verb. Returns the exit code. */
    int (*run)(const struct cli_verb *verb, int argc, char **argv, cli_out *out);
    bool hidden; /* from the list of verbs */
} cli_verb;

/* Whether --help or -h stands where an option stands (and not as an option's value). */
bool cli_asks_help(const cli_verb *verb, int argc, char **argv);

/* Says what is wrong and returns false when the arguments do not fit the table. */
bool cli_parse(const cli_verb *verb, int argc, char **argv, void *values);

#define CLI_WHY 200
/* Reads text as the option's value into target (cli_count, ...); false with the reason in why. */
bool cli_parse_value(const cli_option *option, const char *text, void *target, char why[CLI_WHY]);

/* The option that is spelled `name`, dashes included; or NULL. */
const cli_option *cli_find_option(const cli_verb *verb, ew_str name);

#endif
