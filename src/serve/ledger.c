#include "serve/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/slice.h"
#include "os/own_file.h"
#include "os/thread.h"
#include "serve/ledger_file.h"

#define MAX_NAME 64u

typedef struct row {
    ew_request_record record; /* its texts point nowhere */
    char api[MAX_NAME], model[MAX_NAME];
} row;

struct ewi_ledger {
    char *path;
    void (*on_trouble)(void *user, const char *text);
    void *user;
    ewi_mutex *lock;             /* of the ring */
    row *ring;                   /* [EWI_LEDGER_RING] */
    uint64_t n_noted, n_written; /* since the beginning; the ring holds what lies between */
    uint64_t n_lost;
    sqlite3 *db; /* NULL: not open, or not now */
    bool is_troubled;
};

ewi_ledger *ewi_ledger_new(const char *path, void (*on_trouble)(void *user, const char *text), void *user) {
    ewi_ledger *l = ewi_zalloc(sizeof *l);
    if (!l) return NULL;
    l->on_trouble = on_trouble;
    l->user = user;
    l->path = ewi_strdup(ewi_str(path));
    l->lock = ewi_mutex_new();
    l->ring = ewi_alloc_array(EWI_LEDGER_RING, sizeof *l->ring);
    if (l->path && l->lock && l->ring) return l;
    ewi_ledger_free(l);
    return NULL;
}

void ewi_ledger_free(ewi_ledger *l) {
    if (!l) return;
    if (l->n_noted != l->n_written) ewi_ledger_write(l);
    sqlite3_close(l->db);
    ewi_free(l->ring);
    ewi_mutex_free(l->lock);
    ewi_free(l->path);
    ewi_free(l);
}

/* ---- the ring ---- */

/* Cut where a character ends. */
static void copy_name(char out[MAX_NAME], ew_str name) {
    size_t len = name.len < MAX_NAME - 1 ? name.len : MAX_NAME - 1;
    while (len < name.len && len && ((uint8_t)name.data[len] & 0xc0) == 0x80) len--;
    if (len) memcpy(out, name.data, len);
    out[len] = '\0';
}

void ewi_ledger_note(ewi_ledger *l, const ew_request_record *record) {
    if (!l) return;
    ewi_mutex_lock(l->lock);
    row *r = &l->ring[l->n_noted++ % EWI_LEDGER_RING];
    r->record = *record;
    copy_name(r->api, record->api);
    copy_name(r->model, record->model);
    if (l->n_noted - l->n_written > EWI_LEDGER_RING) {
        l->n_written++;
        l->n_lost++;
    }
    ewi_mutex_unlock(l->lock);
}

/* The row of that number, while the ring has it. */
static bool copy_row(ewi_ledger *l, uint64_t number, row *out) {
    ewi_mutex_lock(l->lock);
    bool there = number >= l->n_written && number < l->n_noted;
    if (there) *out = l->ring[number % EWI_LEDGER_RING];
    ewi_mutex_unlock(l->lock);
    return there;
}

static void read_range(ewi_ledger *l, uint64_t *first, uint64_t *end) {
    ewi_mutex_lock(l->lock);
    *first = l->n_written;
    *end = l->n_noted;
    ewi_mutex_unlock(l->lock);
}

/* Rows before `end` are in the file. Returns how many never will be. */
static uint64_t take_out(ewi_ledger *l, uint64_t end) {
    ewi_mutex_lock(l->lock);
    if (l->n_written < end) l->n_written = end;
    uint64_t n_lost = l->n_lost;
    l->n_lost = 0;
    ewi_mutex_unlock(l->lock);
    return n_lost;
}

/* ---- the file ---- */

static sqlite3_int64 integer(uint64_t value) {
    return value > INT64_MAX ? INT64_MAX : (sqlite3_int64)value;
}

static bool insert(sqlite3_stmt *statement, const row *r) {
    const ew_request_record *record = &r->record;
    sqlite3_int64 client;
    memcpy(&client, &record->client, sizeof client); /* all 64 bits, whatever the sign */
    const sqlite3_int64 numbers[] = {
        record->code,
        client,
        integer(record->n_prompt),
        integer(record->n_cached),
        integer(record->n_generated),
        integer(record->queue_us),
        integer(record->first_us),
        integer(record->total_us),
    };
    sqlite3_bind_int64(statement, 1, record->time_s);
    sqlite3_bind_text(statement, 2, r->api, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, r->model, -1, SQLITE_STATIC);
    for (int i = 0; i < (int)EWI_COUNT(numbers); i++) sqlite3_bind_int64(statement, 4 + i, numbers[i]);
    return sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK;
}

static bool insert_range(ewi_ledger *l, uint64_t first, uint64_t end) {
    static const char sql[] = "INSERT INTO requests (time_s, api, model, code, client, n_prompt, n_cached, "
                              "n_generated, queue_us, first_us, total_us) "
                              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement;
    row r;
    if (sqlite3_prepare_v2(l->db, sql, sizeof sql, &statement, NULL) != SQLITE_OK) return false;
    bool good = true;
    for (uint64_t i = first; good && i < end; i++)
        if (copy_row(l, i, &r)) good = insert(statement, &r);
    sqlite3_finalize(statement);
    return good;
}

/* ids only go up, so that the oldest rows are those of the lowest ids. */
static bool drop_old(sqlite3 *db) {
    char sql[128];
    snprintf(sql, sizeof sql, "DELETE FROM requests WHERE id <= (SELECT max(id) FROM requests) - %d",
             EWI_LEDGER_ROWS);
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static ew_status write_range(ewi_ledger *l, uint64_t first, uint64_t end, ew_error *err) {
    if (sqlite3_exec(l->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
        insert_range(l, first, end) && drop_old(l->db) &&
        sqlite3_exec(l->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return EW_OK;
    ew_status status = ewi_ledger_file_fail(l->db, l->path, err);
    sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static void say(const ewi_ledger *l, const char *text) {
    if (l->on_trouble) l->on_trouble(l->user, text);
}

/* What SQLite keeps beside the file goes with it: it must not be taken for the next one's. */
static ew_status set_aside(const ewi_ledger *l, ew_error *err) {
    static const char *const companions[] = {"-wal", "-shm"};
    char aside[4096], path[4096];
    ew_error why = *err;
    EWI_TRY(ewi_own_file_set_aside(l->path, ".broken", aside, sizeof aside, err));
    for (size_t i = 0; i < EWI_COUNT(companions); i++) {
        char to[4096];
        snprintf(path, sizeof path, "%s%s", l->path, companions[i]);
        int n = snprintf(to, sizeof to, "%s%s", aside, companions[i]);
        if (n > 0 && (size_t)n < sizeof to) (void)rename(path, to);
    }
    ewi_fail(err, EW_FORMAT, "%s; it is %s now, and a new one is begun", why.text, aside);
    say(l, err->text);
    return EW_OK;
}

static ew_status open_file(ewi_ledger *l, ew_error *err) {
    if (l->db) return EW_OK;
    ew_status status = ewi_ledger_file_open(l->path, &l->db, err);
    if (status != EW_FORMAT) return status;
    EWI_TRY(set_aside(l, err));
    return ewi_ledger_file_open(l->path, &l->db, err);
}

/* What was whole when it was opened is opened, and looked at, again next time. */
static ew_status write_once(ewi_ledger *l, uint64_t first, uint64_t end, ew_error *err) {
    EWI_TRY(open_file(l, err));
    ew_status status = write_range(l, first, end, err);
    if (status == EW_OK || status == EW_BUSY) return status;
    sqlite3_close(l->db);
    l->db = NULL;
    if (status != EW_FORMAT) return status;
    EWI_TRY(set_aside(l, err));
    EWI_TRY(open_file(l, err));
    return write_range(l, first, end, err);
}

static void note_trouble(ewi_ledger *l, const ew_error *err) {
    char text[sizeof err->text + 64];
    if (l->is_troubled) return; /* said already */
    l->is_troubled = true;
    snprintf(text, sizeof text, "%s: figures of requests wait in memory", err->text);
    say(l, text);
}

static void note_recovery(ewi_ledger *l, uint64_t n_lost) {
    char text[128];
    if (!l->is_troubled) return;
    l->is_troubled = false;
    snprintf(text, sizeof text, "figures of requests are kept again; those of %llu are lost",
             (unsigned long long)n_lost);
    say(l, text);
}

void ewi_ledger_write(ewi_ledger *l) {
    uint64_t first, end;
    ew_error err = {0};
    if (!l) return;
    read_range(l, &first, &end);
    if (first == end) return;
    if (write_once(l, first, end, &err) == EW_OK)
        note_recovery(l, take_out(l, end));
    else
        note_trouble(l, &err);
}
