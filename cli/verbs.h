/*
 * verbs.h: every verb of the program, in the order of the help.
 *
 *     const cli_verb *verb = cli_find_verb("run");
 *     return verb->run(verb, argc - 2, argv + 2, &out);
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "options.h"

extern const cli_verb cli_verb_run, cli_verb_serve, cli_verb_launch, cli_verb_stats, cli_verb_inspect,
    cli_verb_tokenize, cli_verb_template, cli_verb_logits, cli_verb_embed, cli_verb_quantize, cli_verb_eval,
    cli_verb_validate, cli_verb_bench, cli_verb_devices, cli_verb_help, cli_verb_completion;

extern const cli_verb *const cli_verbs[];
extern const size_t cli_n_verbs;

/* NULL when there is none of that name. */
const cli_verb *cli_find_verb(const char *name);
/* Says that there is none, and which one may have been meant; returns CLI_USAGE. */
int cli_unknown_verb(const char *name);

/* What `edgewise --help` and `edgewise help VERB` print. */
void cli_print_help(cli_out *out);
void cli_print_verb_help(cli_out *out, const cli_verb *verb);

#endif
