/*
 * completion.c: scripts that complete the program's command line in bash, zsh and fish, made from the
 * verbs' tables.
 *
 * share/completions/ holds what this prints; a test compares them.
 */
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "verbs.h"

static bool takes_value(const cli_option *option) {
    return option->kind != CLI_FLAG;
}

static bool takes_file(const cli_verb *verb) {
    return verb->operand && (strcmp(verb->operand, "FILE") == 0 || strcmp(verb->operand, "MODEL") == 0);
}

/* Text inside single quotes, for a shell that doubles or escapes them; `also` are characters to put a
 * backslash before. */
static void print_quoted(cli_out *out, const char *text, const char *also) {
    for (; *text; text++) {
        if (*text == '\'')
            cli_out_printf(out, "'\\''");
        else
            cli_out_printf(out, "%s%c", strchr(also, *text) ? "\\" : "", *text);
    }
}

static void print_words(cli_out *out, const char *choices) {
    for (; *choices; choices++) cli_out_printf(out, "%c", *choices == '|' ? ' ' : *choices);
}

/* ---- bash ---- */

static void bash_spellings(cli_out *out, const cli_option *option, const char *between) {
    if (option->shorter) cli_out_printf(out, "-%s", option->shorter);
    if (option->shorter && option->longer) cli_out_printf(out, "%s", between);
    if (option->longer) cli_out_printf(out, "--%s", option->longer);
}

static void bash_values(cli_out *out, const cli_verb *verb) {
    for (size_t i = 0; i < verb->n_options; i++) {
        const cli_option *option = &verb->options[i];
        if (option->kind == CLI_HEADING || !takes_value(option)) continue;
        cli_out_printf(out, "        %s:", verb->name);
        if (option->shorter) cli_out_printf(out, "-%s", option->shorter);
        if (option->shorter && option->longer) cli_out_printf(out, " | %s:", verb->name);
        if (option->longer) cli_out_printf(out, "--%s", option->longer);
        cli_out_printf(out, ") ");
        if (option->kind == CLI_PATH)
            cli_out_printf(out, "_edgewise_files ;;\n");
        else if (option->kind == CLI_CHOICE) {
            cli_out_printf(out, "_edgewise_words \"");
            print_words(out, option->value);
            cli_out_printf(out, "\" ;;\n");
        } else
            cli_out_printf(out, "COMPREPLY=() ;;\n");
    }
}

static void bash_words(cli_out *out, const cli_verb *verb) {
    cli_out_printf(out, "        %s) words='", verb->name);
    for (size_t i = 0; i < verb->n_options; i++) {
        if (verb->options[i].kind == CLI_HEADING) continue;
        bash_spellings(out, &verb->options[i], " ");
        cli_out_printf(out, " ");
    }
    cli_out_printf(out, "--help' ;;\n");
}

static void print_verb_names(cli_out *out) {
    for (size_t i = 0; i < cli_n_verbs; i++)
        if (!cli_verbs[i]->hidden) cli_out_printf(out, "%s%s", i ? " " : "", cli_verbs[i]->name);
}

static void print_bash(cli_out *out) {
    cli_out_printf(out, "# bash completion for edgewise; made by: edgewise completion bash\n\n"
                        "_edgewise_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\"); }\n"
                        "_edgewise_files() { mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); }\n\n"
                        "_edgewise() {\n"
                        "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
                        "    local verb=${COMP_WORDS[1]} words=''\n"
                        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                        "        _edgewise_words '");
    print_verb_names(out);
    cli_out_printf(out, " --help --version'\n"
                        "        return\n"
                        "    fi\n"
                        "    case $verb:$previous in\n"
                        "        help:*) _edgewise_words '");
    print_verb_names(out);
    cli_out_printf(out, "'; return ;;\n");
    for (size_t i = 0; i < cli_n_verbs; i++) bash_values(out, cli_verbs[i]);
    cli_out_printf(out, "        *) false ;;\n"
                        "    esac && return\n"
                        "    case $verb in\n");
    for (size_t i = 0; i < cli_n_verbs; i++)
        if (!cli_verbs[i]->hidden) bash_words(out, cli_verbs[i]);
    cli_out_printf(out, "    esac\n"
                        "    case $current in\n"
                        "        -*) _edgewise_words \"$words\" ;;\n"
                        "        *) _edgewise_files ;;\n"
                        "    esac\n"
                        "}\n"
                        "complete -o filenames -F _edgewise edgewise\n");
}

/* ---- zsh ---- */

static void zsh_spelling(cli_out *out, const cli_option *option, const char *name, const char *dashes) {
    cli_out_printf(out, "            '%s", option->kind == CLI_TEXTS ? "*" : "");
    cli_out_printf(out, "%s%s%s[", dashes, name, takes_value(option) && dashes[1] ? "=" : "");
    print_quoted(out, option->help, "[]:");
    cli_out_printf(out, "]");
    if (option->kind == CLI_PATH)
        cli_out_printf(out, ":file:_files");
    else if (option->kind == CLI_CHOICE) {
        cli_out_printf(out, ":value:(");
        print_words(out, option->value);
        cli_out_printf(out, ")");
    } else if (takes_value(option))
        cli_out_printf(out, ":%s: ", option->value);
    cli_out_printf(out, "' \\\n");
}

static void zsh_verb(cli_out *out, const cli_verb *verb) {
    cli_out_printf(out, "        %s)\n            _arguments \\\n", verb->name);
    for (size_t i = 0; i < verb->n_options; i++) {
        const cli_option *option = &verb->options[i];
        if (option->kind == CLI_HEADING) continue;
        if (option->shorter) zsh_spelling(out, option, option->shorter, "-");
        if (option->longer) zsh_spelling(out, option, option->longer, "--");
    }
    if (takes_file(verb)) cli_out_printf(out, "            '1:file:_files' \\\n");
    if (verb == &cli_verb_help) cli_out_printf(out, "            '1:command:($commands)' \\\n");
    cli_out_printf(out, "            '--help[explain the command]' ;;\n");
}

static void print_zsh(cli_out *out) {
    cli_out_printf(out, "#compdef edgewise\n"
                        "# zsh completion for edgewise; made by: edgewise completion zsh\n\n"
                        "_edgewise() {\n"
                        "    local commands='");
    print_verb_names(out);
    cli_out_printf(out, "'\n"
                        "    if (( CURRENT == 2 )); then\n"
                        "        compadd ${=commands} --help --version\n"
                        "        return\n"
                        "    fi\n"
                        "    local verb=$words[2]\n"
                        "    shift words\n"
                        "    (( CURRENT-- ))\n"
                        "    case $verb in\n");
    for (size_t i = 0; i < cli_n_verbs; i++)
        if (!cli_verbs[i]->hidden) zsh_verb(out, cli_verbs[i]);
    cli_out_printf(out, "    esac\n"
                        "}\n"
                        "_edgewise \"$@\"\n");
}

/* ---- fish ---- */

static void fish_option(cli_out *out, const cli_verb *verb, const cli_option *option) {
    cli_out_printf(out, "complete -c edgewise -n '__fish_seen_subcommand_from %s'", verb->name);
    if (option->shorter) cli_out_printf(out, " -%s %s", option->shorter[1] ? "o" : "s", option->shorter);
    if (option->longer) cli_out_printf(out, " -l %s", option->longer);
    if (option->kind == CLI_PATH)
        cli_out_printf(out, " -rF");
    else if (option->kind == CLI_CHOICE) {
        cli_out_printf(out, " -xa '");
        print_words(out, option->value);
        cli_out_printf(out, "'");
    } else if (takes_value(option))
        cli_out_printf(out, " -x");
    cli_out_printf(out, " -d '");
    for (const char *p = option->help; *p; p++) cli_out_printf(out, "%s%c", *p == '\'' ? "\\" : "", *p);
    cli_out_printf(out, "'\n");
}

static void print_fish(cli_out *out) {
    cli_out_printf(
        out, "# fish completion for edgewise; made by: edgewise completion fish\n\n"
             "complete -c edgewise -n __fish_use_subcommand -l help -d 'list the commands'\n"
             "complete -c edgewise -n __fish_use_subcommand -l version -d 'say which version this is'\n");
    for (size_t i = 0; i < cli_n_verbs; i++) {
        const cli_verb *verb = cli_verbs[i];
        if (verb->hidden) continue;
        cli_out_printf(out, "complete -c edgewise -f -n __fish_use_subcommand -a %s -d '%s'\n", verb->name,
                       verb->summary);
        for (size_t k = 0; k < verb->n_options; k++)
            if (verb->options[k].kind != CLI_HEADING) fish_option(out, verb, &verb->options[k]);
    }
    cli_out_printf(out, "complete -c edgewise -f -n '__fish_seen_subcommand_from help' -a '");
    print_verb_names(out);
    cli_out_printf(out, "'\n");
}

/* ---- edgewise completion SHELL ---- */

typedef struct completion_values {
    const char *shell;
} completion_values;

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    completion_values values = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    const char *shell = values.shell ? values.shell : "";
    if (strcmp(shell, "bash") == 0)
        print_bash(out);
    else if (strcmp(shell, "zsh") == 0)
        print_zsh(out);
    else if (strcmp(shell, "fish") == 0)
        print_fish(out);
    else
        return cli_usage(verb->name, "name a shell: bash, zsh or fish");
    return CLI_OK;
}

const cli_verb cli_verb_completion = {
    .name = "completion",
    .summary = "print a completion script",
    .synopsis = "bash|zsh|fish",
    .about = "Prints a script that completes the program's command line in that shell.",
    .operand = "SHELL",
    .operand_offset = offsetof(completion_values, shell),
    .run = run,
    .hidden = true,
};
