#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"

static void say_escaped(const char *text) {
    char shown[CLI_ESCAPED_MAX];
    for (ew_str rest = {text, strlen(text)}; rest.len;) {
        size_t n = cli_escape_next(&rest, CLI_ESCAPE_LINE, shown);
        fwrite(shown, 1, n, stderr);
    }
}

__attribute__((format(printf, 2, 0))) static void say(const char *verb, const char *fmt, va_list args) {
    char text[2048];
    vsnprintf(text, sizeof text, fmt, args);
    fputs("edgewise", stderr);
    if (verb) fprintf(stderr, " %s", verb);
    fputs(": ", stderr);
    say_escaped(text);
    fputc('\n', stderr);
}

void cli_say(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    say(NULL, fmt, args);
    va_end(args);
}

int cli_exit_code(ew_status status) {
    switch (status) {
    case EW_OK: return CLI_OK;
    case EW_INVALID: return CLI_USAGE;
    case EW_FORMAT:
    case EW_UNSUPPORTED:
    case EW_LIMIT:
    case EW_NO_MEMORY: return CLI_BAD_INPUT;
    case EW_IO:
    case EW_CONTEXT_FULL:
    case EW_CANCELLED:
    case EW_TEMPLATE:
    case EW_BUSY:
    case EW_DEADLINE: break;
    }
    return CLI_FAILED;
}

int cli_fail(const ew_error *err) {
    cli_say("%s", err->text[0] ? err->text : ew_status_text(err->status));
    return cli_exit_code(err->status);
}

int cli_usage(const char *verb, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    say(verb, fmt, args);
    va_end(args);
    fprintf(stderr, "See: edgewise help%s%s\n", verb ? " " : "", verb ? verb : "");
    return CLI_USAGE;
}
