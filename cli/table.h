/*
 * table.h: columns on stdout.
 *
 * Cells are kept until the end, when the widths are known. Cells may come from files: they are escaped.
 * Used by one thread.
 *
 *     cli_table table;
 *     cli_table_init(&table, "<name|>size");         left- and right-aligned columns
 *     cli_table_cell(&table, name);
 *     cli_table_cellf(&table, "%d", 7);
 *     cli_table_print(&table, out);
 *     cli_table_deinit(&table);
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "heap.h"
#include "out.h"

#define CLI_TABLE_COLUMNS 16

typedef struct cli_table {
    cli_bytes text; /* all cells, escaped, each ended by a NUL */
    size_t n_columns, n_cells;
    size_t widths[CLI_TABLE_COLUMNS];
    bool right[CLI_TABLE_COLUMNS];
} cli_table;

/* columns: titles between '|', each after '<' or '>'. */
void cli_table_init(cli_table *table, const char *columns);
void cli_table_deinit(cli_table *table);
void cli_table_cell(cli_table *table, ew_str text);
__attribute__((format(printf, 2, 3))) void cli_table_cellf(cli_table *table, const char *fmt, ...);
void cli_table_print(const cli_table *table, cli_out *out);

#endif
