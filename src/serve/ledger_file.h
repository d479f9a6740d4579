/*
 * ledger_file.h: the SQLite file of a ledger: one table, in WAL mode; several programs may write and read it.
 *
 *     EWI_TRY(ewi_ledger_file_open(path, &db, err));            makes it where there is none
 *     if (sqlite3_step(statement) != SQLITE_DONE) return ewi_ledger_file_fail(db, path, err);
 *     sqlite3_close(db);
 */
#ifndef EW_SERVE_LEDGER_FILE_H
#define EW_SERVE_LEDGER_FILE_H

#include <sqlite3.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

/* Errors: EW_FORMAT: what lies there is no ledger, or a broken one; EW_IO; EW_BUSY: others hold it. */
EWI_NODISCARD ew_status ewi_ledger_file_open(const char *path, sqlite3 **out, ew_error *err);
/* For reading alone: it must be there. */
EWI_NODISCARD ew_status ewi_ledger_file_view(const char *path, sqlite3 **out, ew_error *err);
/* The status of the last call on db, with its text. */
EWI_COLD ew_status ewi_ledger_file_fail(sqlite3 *db, const char *path, ew_error *err);

#endif
