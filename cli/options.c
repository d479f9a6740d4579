#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "suggest.h"

#define MAX_OPTIONS 64

/* ---- values ---- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Digits only: strtoull alone would take blanks, signs and the empty text. */
static bool parse_digits(const char *text, uint64_t *value) {
    char *end;
    if (!is_digit(text[0])) return false;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    *value = n;
    return *end == '\0' && errno == 0;
}

__attribute__((format(printf, 2, 3))) static bool refuse(char why[CLI_WHY], const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, CLI_WHY, fmt, args);
    va_end(args);
    return false;
}

static bool parse_count(const cli_option *option, const char *text, cli_count *target, char why[CLI_WHY]) {
    uint64_t n, max = option->max > 0 ? (uint64_t)option->max : UINT32_MAX;
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
        return refuse(why, "\"%s\" is not a whole number from %.0f on", text, option->min);
    if (!parse_digits(text, &n) || n < (uint64_t)option->min || n > max)
        return refuse(why, "%s is out of range: %.0f to %" PRIu64, text, option->min, max);
    *target = (cli_count){(uint32_t)n, true};
    return true;
}

/* A decimal number: what strtod takes less blanks, hexadecimals, "inf" and "nan". */
static bool parse_decimal(const char *text, double *value) {
    char *end;
    if (text[0] == '\0' || strspn(text, "0123456789.eE+-") != strlen(text)) return false;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

static bool parse_number(const cli_option *option, const char *text, cli_number *target, char why[CLI_WHY]) {
    double x;
    if (!parse_decimal(text, &x)) return refuse(why, "\"%s\" is not a finite number", text);
    if (x < option->min || x > option->max)
        return refuse(why, "%s is out of range: %g to %g", text, option->min, option->max);
    *target = (cli_number){x, true};
    return true;
}

static bool parse_seed(const char *text, cli_seed *target, char why[CLI_WHY]) {
    uint64_t n;
    if (!parse_digits(text, &n))
        return refuse(why, "\"%s\" is not a whole number from 0 to 18446744073709551615", text);
    *target = (cli_seed){n, true};
    return true;
}

static bool parse_choice(const cli_option *option, const char *text, cli_choice *target, char why[CLI_WHY]) {
    uint32_t index = 0;
    for (const char *word = option->value; word; index++) {
        size_t n = strcspn(word, "|");
        if (strlen(text) == n && memcmp(word, text, n) == 0) {
            *target = (cli_choice){index, true};
            return true;
        }
        word = word[n] ? word + n + 1 : NULL;
    }
    return refuse(why, "\"%s\" is none of these: %s", text, option->value);
}

static bool add_text(const char *text, cli_texts *target, char why[CLI_WHY]) {
    if (text[0] == '\0') return refuse(why, "the text is empty");
    if (target->n == CLI_TEXTS_MAX) return refuse(why, "given more than %d times", CLI_TEXTS_MAX);
    target->items[target->n++] = (ew_str){text, strlen(text)};
    return true;
}

bool cli_parse_value(const cli_option *option, const char *text, void *target, char why[CLI_WHY]) {
    switch (option->kind) {
    case CLI_COUNT: return parse_count(option, text, target, why);
    case CLI_NUMBER: return parse_number(option, text, target, why);
    case CLI_SEED: return parse_seed(text, target, why);
    case CLI_CHOICE: return parse_choice(option, text, target, why);
    case CLI_TEXTS: return add_text(text, target, why);
    case CLI_PATH:
    case CLI_TEXT: *(const char **)target = text; return true;
    case CLI_FLAG: *(bool *)target = true; return true;
    case CLI_HEADING: break;
    }
    return refuse(why, "no option");
}

/* ---- names ---- */

static bool spells(const cli_option *option, ew_str name) {
    bool two = name.len > 2 && name.data[1] == '-';
    if (name.len < 2) return false;
    const char *spelled = two ? option->longer : option->shorter;
    size_t dashes = two ? 2 : 1;
    return spelled && strlen(spelled) == name.len - dashes &&
           memcmp(spelled, name.data + dashes, name.len - dashes) == 0;
}

const cli_option *cli_find_option(const cli_verb *verb, ew_str name) {
    for (size_t i = 0; i < verb->n_options; i++)
        if (verb->options[i].kind != CLI_HEADING && spells(&verb->options[i], name)) return &verb->options[i];
    return NULL;
}

static void complain_unknown(const cli_verb *verb, ew_str name) {
    cli_suggestion best = {.word = name};
    char spelled[64];
    for (size_t i = 0; i < verb->n_options; i++) {
        const cli_option *option = &verb->options[i];
        if (option->kind == CLI_HEADING) continue;
        if (option->longer && snprintf(spelled, sizeof spelled, "--%s", option->longer) > 0)
            cli_suggest(&best, spelled);
        if (option->shorter && snprintf(spelled, sizeof spelled, "-%s", option->shorter) > 0)
            cli_suggest(&best, spelled);
    }
    cli_suggest(&best, "--help");
    int len = name.len < 100 ? (int)name.len : 100;
    if (best.found[0])
        cli_usage(verb->name, "unknown option %.*s: did you mean %s?", len, name.data, best.found);
    else
        cli_usage(verb->name, "unknown option %.*s", len, name.data);
}

/* ---- the command line ---- */

typedef struct parse_state {
    const cli_verb *verb;
    char **args;
    int n_args, next;
    char *values;
    bool seen[MAX_OPTIONS];
} parse_state;

static bool take_operand(parse_state *state, const char *text) {
    const cli_verb *verb = state->verb;
    if (!verb->operand) {
        cli_usage(verb->name, "unexpected argument \"%s\"", text);
        return false;
    }
    const char **operand = (const char **)(void *)(state->values + verb->operand_offset);
    if (*operand) {
        cli_usage(verb->name, "unexpected argument \"%s\" after \"%s\"", text, *operand);
        return false;
    }
    if (!text[0]) {
        cli_usage(verb->name, "%s is an empty text", verb->operand);
        return false;
    }
    *operand = text;
    return true;
}

static bool mark_seen(parse_state *state, const cli_option *option, const char *name) {
    bool *seen = &state->seen[option - state->verb->options];
    if (*seen && option->kind != CLI_TEXTS) {
        cli_usage(state->verb->name, "%s is given twice", name);
        return false;
    }
    *seen = true;
    return true;
}

static bool take_option(parse_state *state, const char *arg) {
    const cli_verb *verb = state->verb;
    const char *inline_value = arg[1] == '-' ? strchr(arg, '=') : NULL;
    ew_str spelled = {arg, inline_value ? (size_t)(inline_value - arg) : strlen(arg)};
    const cli_option *option = cli_find_option(verb, spelled);
    if (!option) {
        complain_unknown(verb, spelled);
        return false;
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)spelled.len, spelled.data);
    if (!mark_seen(state, option, name)) return false;
    const char *text = inline_value ? inline_value + 1 : NULL;
    if (option->kind == CLI_FLAG && text) {
        cli_usage(verb->name, "%s takes no value", name);
        return false;
    }
    if (option->kind != CLI_FLAG && !text) {
        if (state->next == state->n_args) {
            cli_usage(verb->name, "%s needs a value: %s", name, option->value);
            return false;
        }
        text = state->args[state->next++];
    }
    char why[CLI_WHY];
    if (cli_parse_value(option, text, state->values + option->offset, why)) return true;
    cli_usage(verb->name, "%s: %s", name, why);
    return false;
}

bool cli_asks_help(const cli_verb *verb, int argc, char **argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
        const cli_option *option =
            argv[i][0] == '-' ? cli_find_option(verb, (ew_str){argv[i], strlen(argv[i])}) : NULL;
        if (option && option->kind != CLI_FLAG) i++;
    }
    return false;
}

bool cli_parse(const cli_verb *verb, int argc, char **argv, void *values) {
    parse_state state = {.verb = verb, .args = argv, .n_args = argc, .values = values};
    bool options_end = false;
    while (state.next < argc) {
        const char *arg = argv[state.next++];
        if (!options_end && strcmp(arg, "--") == 0)
            options_end = true;
        else if (options_end || arg[0] != '-' || arg[1] == '\0') {
            if (!take_operand(&state, arg)) return false;
        } else if (!take_option(&state, arg))
            return false;
    }
    return true;
}
