#include "json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void put(cli_json *json, const char *text) {
    cli_out_write(json->out, (ew_str){text, strlen(text)});
}

/* What cli_escape_next shows as \xNN or \uNNNN, in JSON's own spelling. */
static void put_escaped(cli_json *json, const char *shown, const char *from) {
    unsigned byte = (unsigned char)from[0];
    if (shown[1] == 'u')
        put(json, shown);
    else if (byte >= 0x80)
        put(json, "\xef\xbf\xbd");
    else
        cli_out_printf(json->out, "\\u%04x", byte);
}

static void put_string(cli_json *json, ew_str text) {
    put(json, "\"");
    while (text.len) {
        const char *from = text.data;
        char shown[CLI_ESCAPED_MAX + 1];
        size_t n = cli_escape_next(&text, CLI_ESCAPE_LINE, shown);
        shown[n] = '\0';
        if (*from == '"' || *from == '\\')
            cli_out_printf(json->out, "\\%c", *from);
        else if (*from == '\n')
            put(json, "\\n");
        else if (*from == '\t')
            put(json, "\\t");
        else if (shown[0] == '\\')
            put_escaped(json, shown, from);
        else
            put(json, shown);
    }
    put(json, "\"");
}

static void begin(cli_json *json, const char *key) {
    if (json->filled[json->depth]) put(json, ",");
    json->filled[json->depth] = true;
    if (!key) return;
    put_string(json, (ew_str){key, strlen(key)});
    put(json, ":");
}

void cli_json_open(cli_json *json, const char *key, char bracket) {
    begin(json, key);
    put(json, bracket == '{' ? "{" : "[");
    json->closing[json->depth++] = bracket == '{' ? '}' : ']';
    json->filled[json->depth] = false;
}

void cli_json_close(cli_json *json) {
    cli_out_printf(json->out, "%c", json->closing[--json->depth]);
}

void cli_json_end(cli_json *json) {
    put(json, "\n");
}

void cli_json_string(cli_json *json, const char *key, ew_str value) {
    begin(json, key);
    put_string(json, value);
}

void cli_json_text(cli_json *json, const char *key, const char *value) {
    cli_json_string(json, key, (ew_str){value, strlen(value)});
}

void cli_json_count(cli_json *json, const char *key, uint64_t value) {
    begin(json, key);
    cli_out_printf(json->out, "%" PRIu64, value);
}

static void put_number(cli_json *json, const char *key, double value, int digits) {
    begin(json, key);
    if (isfinite(value))
        cli_out_printf(json->out, "%.*g", digits, value);
    else
        put(json, "null");
}

void cli_json_number(cli_json *json, const char *key, double value) {
    put_number(json, key, value, 6);
}

void cli_json_precise(cli_json *json, const char *key, double value) {
    put_number(json, key, value, 12);
}

void cli_json_bool(cli_json *json, const char *key, bool value) {
    begin(json, key);
    put(json, value ? "true" : "false");
}

void cli_json_null(cli_json *json, const char *key) {
    begin(json, key);
    put(json, "null");
}

void cli_json_raw(cli_json *json, const char *key, ew_str value) {
    begin(json, key);
    cli_out_write(json->out, value);
}
