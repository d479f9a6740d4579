/* ledger_read.c: what a ledger holds, read for whoever asks; servers go on writing meanwhile. */
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "serve/ledger.h"
#include "serve/ledger_file.h"

static ew_str text_of(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? (ew_str){text, (size_t)sqlite3_column_bytes(row, column)} : EWI_STR("");
}

/* A file may hold anything: what cannot be is nothing. */
static uint64_t count_of(sqlite3_stmt *row, int column) {
    sqlite3_int64 value = sqlite3_column_int64(row, column);
    return value < 0 ? 0 : (uint64_t)value;
}

static ew_request_record record_of(sqlite3_stmt *row) {
    sqlite3_int64 client = sqlite3_column_int64(row, 4);
    ew_request_record record = {
        .time_s = sqlite3_column_int64(row, 0),
        .api = text_of(row, 1),
        .model = text_of(row, 2),
        .code = (int32_t)sqlite3_column_int(row, 3),
        .n_prompt = count_of(row, 5),
        .n_cached = count_of(row, 6),
        .n_generated = count_of(row, 7),
        .queue_us = count_of(row, 8),
        .first_us = count_of(row, 9),
        .total_us = count_of(row, 10),
    };
    memcpy(&record.client, &client, sizeof record.client);
    return record;
}

static ew_status read_rows(sqlite3 *db, const char *path, int64_t since_s, ew_request_fn on_record,
                           void *user, ew_error *err) {
    static const char sql[] = "SELECT time_s, api, model, code, client, n_prompt, n_cached, n_generated, "
                              "queue_us, first_us, total_us FROM requests WHERE time_s >= ? ORDER BY id";
    sqlite3_stmt *row;
    int code;
    if (sqlite3_prepare_v2(db, sql, sizeof sql, &row, NULL) != SQLITE_OK)
        return ewi_ledger_file_fail(db, path, err);
    sqlite3_bind_int64(row, 1, since_s);
    bool more = true;
    while (more && (code = sqlite3_step(row)) == SQLITE_ROW) {
        ew_request_record record = record_of(row);
        more = on_record(user, &record);
    }
    ew_status status = !more                 ? ewi_fail(err, EW_CANCELLED, "%s: the caller stopped", path)
                       : code == SQLITE_DONE ? EW_OK
                                             : ewi_ledger_file_fail(db, path, err);
    sqlite3_finalize(row);
    return status;
}

ew_status ew_stats_read(const char *path, int64_t since_s, ew_request_fn on_record, void *user,
                        ew_error *err) {
    EWI_REQUIRE(path && on_record, err);
    sqlite3 *db;
    EWI_TRY(ewi_ledger_file_view(path, &db, err));
    ew_status status = read_rows(db, path, since_s, on_record, user, err);
    sqlite3_close(db);
    return status;
}
