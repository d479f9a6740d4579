/*
 * json_writer.h: JSON on stdout, one line, always valid: commas, quotes and UTF-8 are the writer's business.
 *
 * Key functions write `"key":` first; inside an array the key is NULL. Used by one thread.
 *
 *     cli_json json = {.out = out};
 *     cli_json_open(&json, NULL, '{');
 *     cli_json_count(&json, "layers", 5);
 *     cli_json_close(&json);
 *     cli_json_end(&json);
 */
#ifndef CLI_JSON_WRITER_H
#define CLI_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"

#define CLI_JSON_DEPTH 8

typedef struct cli_json {
    cli_out *out;
    unsigned depth;
    char closing[CLI_JSON_DEPTH];
    bool filled[CLI_JSON_DEPTH + 1]; /* something stands before the next item of this level */
} cli_json;

/* bracket: '{' or '['. */
void cli_json_open(cli_json *json, const char *key, char bracket);
void cli_json_close(cli_json *json);
/* Ends the line. */
void cli_json_end(cli_json *json);

/* Bytes that are not UTF-8 become U+FFFD. */
void cli_json_string(cli_json *json, const char *key, ew_str value);
void cli_json_text(cli_json *json, const char *key, const char *value);
void cli_json_count(cli_json *json, const char *key, uint64_t value);
/* Six significant digits, twelve; null when the value is not finite. */
void cli_json_number(cli_json *json, const char *key, double value);
void cli_json_precise(cli_json *json, const char *key, double value);
void cli_json_bool(cli_json *json, const char *key, bool value);
void cli_json_null(cli_json *json, const char *key);
/* value is JSON text already. */
void cli_json_raw(cli_json *json, const char *key, ew_str value);

#endif
