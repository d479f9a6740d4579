#include "table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX_WIDTH 80

void cli_table_init(cli_table *table, const char *columns) {
    *table = (cli_table){0};
    cli_bytes_init(&table->text, SIZE_MAX);
    for (const char *at = columns; *at;) {
        size_t n = strcspn(at, "|");
        table->right[table->n_columns++] = at[0] == '>';
        at += n + (at[n] == '|');
    }
    for (const char *at = columns; *at;) {
        size_t n = strcspn(at, "|");
        cli_table_cell(table, (ew_str){at + 1, n - 1});
        at += n + (at[n] == '|');
    }
}

void cli_table_deinit(cli_table *table) {
    cli_bytes_deinit(&table->text);
}

void cli_table_cell(cli_table *table, ew_str text) {
    size_t start = table->text.len, column = table->n_cells++ % table->n_columns;
    char shown[CLI_ESCAPED_MAX];
    while (text.len) {
        size_t n = cli_escape_next(&text, CLI_ESCAPE_LINE, shown);
        cli_bytes_add(&table->text, shown, n);
    }
    size_t columns = cli_text_columns((ew_str){table->text.data + start, table->text.len - start});
    /* One long cell sticks out; it must not make every other one as wide. */
    if (columns > table->widths[column] && columns <= MAX_WIDTH) table->widths[column] = columns;
    cli_bytes_add(&table->text, "", 1);
}

void cli_table_cellf(cli_table *table, const char *fmt, ...) {
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli_table_cell(table, (ew_str){text, strlen(text)});
}

static void print_cell(const cli_table *table, cli_out *out, size_t cell, const char *text) {
    size_t column = cell % table->n_columns, columns = cli_text_columns((ew_str){text, strlen(text)});
    int pad = columns < table->widths[column] ? (int)(table->widths[column] - columns) : 0;
    bool last = column + 1 == table->n_columns;
    cli_style style = cell < table->n_columns ? CLI_BOLD : CLI_PLAIN;
    if (table->right[column]) cli_out_printf(out, "%*s", pad, "");
    cli_out_styled(out, style, text);
    if (last)
        cli_out_printf(out, "\n");
    else
        cli_out_printf(out, "%*s", (table->right[column] ? 0 : pad) + 2, "");
}

void cli_table_print(const cli_table *table, cli_out *out) {
    const char *text = table->text.data;
    for (size_t cell = 0; cell < table->n_cells; cell++) {
        print_cell(table, out, cell, text);
        text += strlen(text) + 1;
    }
}
