#include "serve/ledger_file.h"

#include <string.h>

#include "base/error.h"
#include "os/own_file.h"

#define BUSY_MS 1000

/* SQLite keeps this text, by which the file is known again. Times are in seconds since 1970 and in
 * microseconds; the client is a number that stands for a key or an address. */
#define TABLE                                                                                 \
    "CREATE TABLE requests (id INTEGER PRIMARY KEY, time_s INTEGER, api TEXT, model TEXT, "   \
    "code INTEGER, client INTEGER, n_prompt INTEGER, n_cached INTEGER, n_generated INTEGER, " \
    "queue_us INTEGER, first_us INTEGER, total_us INTEGER)"

static ew_status status_of(int code) {
    switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return EW_FORMAT;
    case SQLITE_NOMEM: return EW_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return EW_BUSY;
    default: return EW_IO;
    }
}

ew_status ewi_ledger_file_fail(sqlite3 *db, const char *path, ew_error *err) {
    return ewi_fail(err, status_of(sqlite3_extended_errcode(db)), "%s: %s", path, sqlite3_errmsg(db));
}

static ew_status run(sqlite3 *db, const char *path, const char *sql, ew_error *err) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? EW_OK : ewi_ledger_file_fail(db, path, err);
}

/* The schema is our table and nothing else: no view, trigger or expression of a stranger is ever run. */
static ew_status look(sqlite3 *db, const char *path, int *n_entries, bool *ours, ew_error *err) {
    sqlite3_stmt *entries;
    if (sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema LIMIT 2", -1, &entries, NULL) != SQLITE_OK)
        return ewi_ledger_file_fail(db, path, err);
    int code;
    *n_entries = 0;
    *ours = false;
    while ((code = sqlite3_step(entries)) == SQLITE_ROW) {
        const char *sql = (const char *)sqlite3_column_text(entries, 0);
        *ours = ++*n_entries == 1 && sql && strcmp(sql, TABLE) == 0;
    }
    sqlite3_finalize(entries);
    return code == SQLITE_DONE ? EW_OK : ewi_ledger_file_fail(db, path, err);
}

static ew_status check(sqlite3 *db, const char *path, ew_error *err) {
    int n_entries;
    bool ours;
    EWI_TRY(look(db, path, &n_entries, &ours, err));
    return ours ? EW_OK : ewi_fail(err, EW_FORMAT, "%s: not a file of request figures", path);
}

/* An empty file becomes a ledger; of programs that try at once, one does it. */
static ew_status fill(sqlite3 *db, const char *path, ew_error *err) {
    int n_entries;
    bool ours;
    EWI_TRY(look(db, path, &n_entries, &ours, err));
    if (n_entries) return EW_OK;
    EWI_TRY(run(db, path, "PRAGMA journal_mode = WAL", err));
    EWI_TRY(run(db, path, "BEGIN IMMEDIATE", err));
    ew_status status = look(db, path, &n_entries, &ours, err);
    if (status == EW_OK && n_entries == 0) status = run(db, path, TABLE, err);
    if (status == EW_OK) status = run(db, path, "COMMIT", err);
    if (status != EW_OK) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static ew_status connect(const char *path, int flags, sqlite3 **out, ew_error *err) {
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_FULLMUTEX, NULL);
    if (code != SQLITE_OK) {
        ewi_fail(err, status_of(code), "%s: %s", path, sqlite3_errstr(code));
        sqlite3_close(db);
        return status_of(code);
    }
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    *out = db;
    return EW_OK;
}

static ew_status prepare(sqlite3 *db, const char *path, ew_error *err) {
    EWI_TRY(fill(db, path, err));
    EWI_TRY(check(db, path, err));
    /* A loss of power may take the last seconds, but not break the file. */
    return run(db, path, "PRAGMA synchronous = NORMAL", err);
}

ew_status ewi_ledger_file_open(const char *path, sqlite3 **out, ew_error *err) {
    sqlite3 *db;
    EWI_TRY(ewi_own_file_make(path, err));
    EWI_TRY(connect(path, SQLITE_OPEN_READWRITE, &db, err));
    ew_status status = prepare(db, path, err);
    if (status == EW_OK)
        *out = db;
    else
        sqlite3_close(db);
    return status;
}

ew_status ewi_ledger_file_view(const char *path, sqlite3 **out, ew_error *err) {
    sqlite3 *db;
    EWI_TRY(connect(path, SQLITE_OPEN_READONLY, &db, err));
    ew_status status = check(db, path, err);
    if (status == EW_OK)
        *out = db;
    else
        sqlite3_close(db);
    return status;
}
