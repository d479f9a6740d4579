#include "out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

void cli_out_init(cli_out *out) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    *out = (cli_out){.file = stdout, .name = "standard output", .terminal = isatty(STDOUT_FILENO) == 1};
    out->colour = out->terminal && !(no_color && no_color[0]) && !(term && strcmp(term, "dumb") == 0);
}

cli_out cli_out_to(FILE *file, const char *path) {
    return (cli_out){.file = file, .name = path};
}

static void note_failure(cli_out *out) {
    if (out->failed) return;
    out->failed = true;
    if (errno != EPIPE) cli_say("cannot write to %s: %s", out->name, strerror(errno));
}

void cli_out_write(cli_out *out, ew_str text) {
    if (out->failed || text.len == 0) return;
    if (fwrite(text.data, 1, text.len, out->file) != text.len) note_failure(out);
}

void cli_out_printf(cli_out *out, const char *fmt, ...) {
    if (out->failed) return;
    va_list args;
    va_start(args, fmt);
    if (vfprintf(out->file, fmt, args) < 0) note_failure(out);
    va_end(args);
}

void cli_out_foreign(cli_out *out, ew_str text, cli_escape_mode mode) {
    if (!out->terminal && mode == CLI_ESCAPE_TEXT) {
        cli_out_write(out, text);
        return;
    }
    char shown[CLI_ESCAPED_MAX];
    while (text.len) {
        size_t n = cli_escape_next(&text, mode, shown);
        cli_out_write(out, (ew_str){shown, n});
    }
}

void cli_out_flush(cli_out *out) {
    if (!out->failed && fflush(out->file) != 0) note_failure(out);
}

int cli_out_end(cli_out *out, int code) {
    cli_out_flush(out);
    return out->failed && code == CLI_OK ? CLI_FAILED : code;
}

void cli_out_styled(cli_out *out, cli_style style, const char *text) {
    static const char *const start[] = {
        [CLI_PLAIN] = "", [CLI_BOLD] = "\x1b[1m", [CLI_GOOD] = "\x1b[32m", [CLI_BAD] = "\x1b[31m"};
    bool coloured = out->colour && style != CLI_PLAIN;
    cli_out_printf(out, "%s%s%s", coloured ? start[style] : "", text, coloured ? "\x1b[0m" : "");
}

const char *cli_size_text(uint64_t size_bytes, char buf[CLI_SIZE_TEXT]) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (size_bytes < 1024) {
        snprintf(buf, CLI_SIZE_TEXT, "%" PRIu64 " B", size_bytes);
        return buf;
    }
    double value = (double)size_bytes / 1024;
    size_t unit = 0;
    for (; value >= 1023.95 && unit + 1 < sizeof units / sizeof *units; unit++) value /= 1024;
    snprintf(buf, CLI_SIZE_TEXT, "%.1f %s", value, units[unit]);
    return buf;
}

const char *cli_count_text(uint64_t n, char buf[CLI_SIZE_TEXT]) {
    static const char units[] = "KMBTQ";
    if (n < 1000) {
        snprintf(buf, CLI_SIZE_TEXT, "%" PRIu64, n);
        return buf;
    }
    double value = (double)n / 1000;
    size_t unit = 0;
    for (; value >= 999.95 && unit + 2 < sizeof units; unit++) value /= 1000;
    snprintf(buf, CLI_SIZE_TEXT, "%.2f %c", value, units[unit]);
    return buf;
}

bool cli_out_sink(void *out, ew_str text) {
    cli_out *o = out;
    cli_out_foreign(o, text, CLI_ESCAPE_TEXT);
    return !o->failed;
}
