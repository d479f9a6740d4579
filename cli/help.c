/* help.c: the help texts, printed from the tables that parse the arguments. */
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "verbs.h"

#define TEXT_COLUMN 28
#define WIDTH       100

void cli_print_help(cli_out *out) {
    cli_out_printf(out, "edgewise: small language models on the machine in front of you\n\n");
    cli_out_styled(out, CLI_BOLD, "Usage");
    cli_out_printf(out, ": edgewise COMMAND [ARGUMENTS]\n\n");
    cli_out_styled(out, CLI_BOLD, "Commands");
    cli_out_printf(out, ":\n");
    for (size_t i = 0; i < cli_n_verbs; i++)
        if (!cli_verbs[i]->hidden)
            cli_out_printf(out, "  %-10s %s\n", cli_verbs[i]->name, cli_verbs[i]->summary);
    cli_out_printf(
        out, "\n`edgewise help COMMAND` explains one. `edgewise --version` says which version this is.\n"
             "\nTry: edgewise run MODEL.gguf -p \"Once upon a time\"\n");
}

/* "  -n, --new-tokens N"; a long option without a short one stands under the other long ones. */
static void print_spelling(cli_out *out, const cli_option *option) {
    char text[80];
    const char *dash = option->longer ? "--" : "", *longer = option->longer ? option->longer : "";
    const char *value = option->kind == CLI_FLAG ? NULL : option->value;
    if (option->shorter)
        snprintf(text, sizeof text, "  -%s%s%s%s%s%s", option->shorter, option->longer ? ", " : "", dash,
                 longer, value ? " " : "", value ? value : "");
    else
        snprintf(text, sizeof text, "      --%s%s%s", longer, value ? " " : "", value ? value : "");
    if (strlen(text) < TEXT_COLUMN)
        cli_out_printf(out, "%-*s", TEXT_COLUMN, text);
    else
        cli_out_printf(out, "%s\n%*s", text, TEXT_COLUMN, "");
}

/* Words of text in lines of WIDTH, indented from the second line on. */
static void print_wrapped(cli_out *out, const char *text, size_t indent) {
    size_t column = indent;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (column > indent && column + 1 + n > WIDTH) {
            cli_out_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            cli_out_printf(out, " ");
            column++;
        }
        cli_out_printf(out, "%.*s", (int)n, text);
        column += n;
        text += n;
        text += strspn(text, " ");
    }
    cli_out_printf(out, "\n");
}

static void print_option(cli_out *out, const cli_option *option) {
    if (option->kind == CLI_HEADING) {
        cli_out_printf(out, "\n");
        cli_out_styled(out, CLI_BOLD, option->help);
        cli_out_printf(out, ":\n");
        return;
    }
    print_spelling(out, option);
    print_wrapped(out, option->help, TEXT_COLUMN);
}

void cli_print_verb_help(cli_out *out, const cli_verb *verb) {
    cli_out_styled(out, CLI_BOLD, "Usage");
    cli_out_printf(out, ": edgewise %s%s%s\n\n%s\n", verb->name, verb->synopsis[0] ? " " : "", verb->synopsis,
                   verb->about);
    if (verb->n_options && verb->options[0].kind != CLI_HEADING) {
        cli_out_printf(out, "\n");
        cli_out_styled(out, CLI_BOLD, "Options");
        cli_out_printf(out, ":\n");
    }
    for (size_t i = 0; i < verb->n_options; i++) print_option(out, &verb->options[i]);
    cli_out_printf(out, "\nMore: man edgewise-%s\n", verb->name);
}

/* ---- edgewise help [COMMAND] ---- */

typedef struct help_values {
    const char *verb;
} help_values;

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    help_values values = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    if (!values.verb) {
        cli_print_help(out);
        return CLI_OK;
    }
    const cli_verb *about = cli_find_verb(values.verb);
    if (!about) return cli_unknown_verb(values.verb);
    cli_print_verb_help(out, about);
    return CLI_OK;
}

const cli_verb cli_verb_help = {
    .name = "help",
    .summary = "explain a command",
    .synopsis = "[COMMAND]",
    .about = "Lists the commands, or explains one.",
    .operand = "COMMAND",
    .operand_offset = offsetof(help_values, verb),
    .run = run,
};
