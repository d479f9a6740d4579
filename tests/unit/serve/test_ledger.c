/* Figures of requests outlive the server, whatever happens to it and to the disk. What is in a file is asked
 * of SQLite itself. */
#define _GNU_SOURCE

#include "test.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/slice.h"
#include "in_child.h"
#include "scratch.h"
#include "serve/ledger.h"

typedef struct trouble {
    int n;
    char last[2048];
} trouble;

static void on_trouble(void *user, const char *text) {
    trouble *t = user;
    t->n++;
    snprintf(t->last, sizeof t->last, "%s", text);
}

static ew_request_record record_of(uint64_t i) {
    return (ew_request_record){
        .time_s = (int64_t)(1700000000 + i),
        .api = EWI_STR("openai.chat"),
        .model = EWI_STR("pocket"),
        .code = 200,
        .client = UINT64_MAX - i,
        .n_prompt = i,
        .n_cached = i / 2,
        .n_generated = 7,
        .queue_us = 11,
        .first_us = 13 + i,
        .total_us = 17 + i,
    };
}

static void note(ewi_ledger *ledger, uint64_t first, uint64_t n) {
    for (uint64_t i = first; i < first + n; i++) {
        ew_request_record record = record_of(i);
        ewi_ledger_note(ledger, &record);
    }
}

static ewi_ledger *open_ledger(const char *path, trouble *t) {
    *t = (trouble){0};
    ewi_ledger *ledger = ewi_ledger_new(path, on_trouble, t);
    assert_non_null(ledger);
    return ledger;
}

/* One number that SQL gives; -1 when SQLite does not take it for a database. */
static int64_t ask(const char *path, const char *sql) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    int64_t value = -1;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
        if (sqlite3_step(statement) == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    return value;
}

static void run(const char *path, const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* ---- rows ---- */

typedef struct seen {
    uint64_t n, stop_at;
} seen;

static bool same_as_noted(void *user, const ew_request_record *got) {
    seen *s = user;
    ew_request_record wanted = record_of(s->n++);
    assert_true(ewi_str_eq(got->api, wanted.api));
    assert_true(ewi_str_eq(got->model, wanted.model));
    assert_int_equal(got->time_s, wanted.time_s);
    assert_int_equal(got->code, wanted.code);
    assert_int_equal(got->client, wanted.client);
    assert_int_equal(got->n_prompt, wanted.n_prompt);
    assert_int_equal(got->n_cached, wanted.n_cached);
    assert_int_equal(got->n_generated, wanted.n_generated);
    assert_int_equal(got->queue_us, wanted.queue_us);
    assert_int_equal(got->first_us, wanted.first_us);
    assert_int_equal(got->total_us, wanted.total_us);
    return s->n != s->stop_at;
}

static void rows_survive(void **state) {
    (void)state;
    const char *path = scratch_path("state/edgewise/rows.db");
    trouble t;
    struct stat st;
    ewi_ledger *ledger = open_ledger(path, &t);
    note(ledger, 0, 3);
    ewi_ledger_write(ledger);
    assert_int_equal(ask(path, "SELECT count(*) FROM requests"), 3);
    note(ledger, 3, 2);
    ewi_ledger_free(ledger);
    seen s = {0};
    assert_int_equal(ew_stats_read(path, INT64_MIN, same_as_noted, &s, NULL), EW_OK);
    assert_int_equal(s.n, 5);
    s = (seen){.n = 4};
    assert_int_equal(ew_stats_read(path, 1700000004, same_as_noted, &s, NULL), EW_OK);
    assert_int_equal(s.n, 5);
    s = (seen){.stop_at = 2};
    assert_int_equal(ew_stats_read(path, 0, same_as_noted, &s, NULL), EW_CANCELLED);
    assert_int_equal(t.n, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void two_servers_share_a_file(void **state) {
    (void)state;
    const char *path = scratch_path("shared.db");
    trouble t, u;
    ewi_ledger *a = open_ledger(path, &t), *b = open_ledger(path, &u);
    for (uint64_t i = 0; i < 20; i++) {
        note(a, i, 1);
        note(b, i, 2);
        ewi_ledger_write(a);
        ewi_ledger_write(b);
    }
    ewi_ledger_free(a);
    ewi_ledger_free(b);
    assert_int_equal(t.n + u.n, 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM requests"), 60);
}

/* ---- bounds ---- */

static void the_ring_keeps_the_newest(void **state) {
    (void)state;
    const char *path = scratch_path("ring.db");
    trouble t;
    ewi_ledger *ledger = open_ledger(path, &t);
    note(ledger, 0, EWI_LEDGER_RING + 10);
    ewi_ledger_free(ledger);
    assert_int_equal(ask(path, "SELECT count(*) FROM requests"), EWI_LEDGER_RING);
    assert_int_equal(ask(path, "SELECT min(n_prompt) FROM requests"), 10);
}

static void the_file_keeps_the_newest(void **state) {
    (void)state;
    const char *path = scratch_path("bound.db");
    trouble t;
    ewi_ledger *ledger = open_ledger(path, &t);
    note(ledger, 0, 10);
    ewi_ledger_write(ledger);
    run(path, "INSERT INTO requests (id) VALUES (1000004)");
    note(ledger, 10, 1); /* becomes 1000005 */
    ewi_ledger_free(ledger);
    assert_int_equal(ask(path, "SELECT min(id) FROM requests"), 6);
    assert_int_equal(ask(path, "SELECT count(*) FROM requests"), 7);
}

static void long_names_are_cut_at_a_character(void **state) {
    (void)state;
    const char *path = scratch_path("names.db");
    char name[64];
    trouble t;
    memset(name, 'x', 62);
    memcpy(name + 62, "\xc3\xa9", 2); /* byte 63 would be half of it */
    ewi_ledger *ledger = open_ledger(path, &t);
    ew_request_record record = {.model = {name, sizeof name}};
    ewi_ledger_note(ledger, &record);
    ewi_ledger_free(ledger);
    assert_int_equal(ask(path, "SELECT length(CAST(model AS BLOB)) FROM requests"), 62);
}

/* ---- misfortune ---- */

static void a_killed_server_leaves_whole_transactions(void **state) {
    (void)state;
    const char *path = scratch_path("killed.db");
    /* Rows that the child knows to be in the file, and rows that it has noted at all. */
    volatile int64_t *n = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal((void *)(uintptr_t)n, MAP_FAILED);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ewi_ledger *ledger = ewi_ledger_new(path, NULL, NULL);
        if (!ledger) _exit(1);
        for (uint64_t i = 0;; i += 5) {
            note(ledger, i, 5);
            n[1] += 5;
            ewi_ledger_write(ledger);
            n[0] += 5;
        }
    }
    for (int i = 0; i < 5000 && n[0] < 200; i++) usleep(1000);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(n[0] >= 200);
    int64_t rows = ask(path, "SELECT count(*) FROM requests");
    assert_in_range(rows, n[0], n[1]);
    assert_int_equal(rows % 5, 0);
    assert_int_equal(ask(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    trouble t;
    ewi_ledger *ledger = open_ledger(path, &t);
    note(ledger, 0, 1);
    ewi_ledger_free(ledger);
    assert_int_equal(t.n, 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM requests"), rows + 1);
    munmap((void *)(uintptr_t)n, 4096);
}

static void expect_set_aside(const char *path, const char *aside) {
    trouble t;
    seen s = {0};
    assert_int_equal(ew_stats_read(path, 0, same_as_noted, &s, NULL), EW_FORMAT);
    ewi_ledger *ledger = open_ledger(path, &t);
    note(ledger, 0, 1);
    ewi_ledger_free(ledger);
    assert_int_equal(t.n, 1);
    assert_non_null(strstr(t.last, aside));
    assert_int_equal(access(aside, R_OK), 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM requests"), 1);
}

static void what_is_no_ledger_is_set_aside(void **state) {
    (void)state;
    static const char text[] = "Dear diary, today I wrote more than the sixteen bytes of a magic number.";
    const char *path = scratch_file("diary.db", text, sizeof text);
    expect_set_aside(path, scratch_path("diary.db.broken-1"));
    FILE *file = fopen(scratch_path("diary.db.broken-1"), "rb");
    char got[sizeof text] = "";
    assert_non_null(file);
    assert_int_equal(fread(got, 1, sizeof got, file), sizeof got);
    fclose(file);
    assert_string_equal(got, text);

    path = scratch_path("cookies.db");
    run(path, "CREATE TABLE cookies (name); INSERT INTO cookies VALUES ('crumb')");
    expect_set_aside(path, scratch_path("cookies.db.broken-1"));
    assert_int_equal(ask(scratch_path("cookies.db.broken-1"), "SELECT count(*) FROM cookies"), 1);

    /* A trigger of a stranger beside our table. */
    path = scratch_path("trigger.db");
    trouble t;
    ewi_ledger *ledger = open_ledger(path, &t);
    note(ledger, 0, 1);
    ewi_ledger_free(ledger);
    run(path, "CREATE TRIGGER t AFTER INSERT ON requests BEGIN DELETE FROM requests; END");
    expect_set_aside(path, scratch_path("trigger.db.broken-1"));
}

static void a_file_that_breaks_meanwhile_is_set_aside(void **state) {
    (void)state;
    const char *path = scratch_path("breaks.db");
    trouble t;
    ewi_ledger *ledger = open_ledger(path, &t);
    note(ledger, 0, 1);
    ewi_ledger_free(ledger);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 4096, SEEK_SET), 0);
    for (int i = 0; i < 4096; i++) fputc(0xa5, file);
    fclose(file);
    ledger = open_ledger(path, &t);
    note(ledger, 1, 2);
    ewi_ledger_free(ledger);
    assert_int_equal(t.n, 1);
    assert_int_equal(ask(path, "SELECT count(*) FROM requests"), 2);
}

static void what_is_no_file_is_left_alone(void **state) {
    (void)state;
    trouble t;
    ewi_ledger *ledger = open_ledger("/dev/null", &t);
    note(ledger, 0, 1);
    ewi_ledger_free(ledger);
    assert_int_equal(t.n, 1);
    assert_non_null(strstr(t.last, "not a regular file"));
    assert_int_equal(access("/dev/null.broken-1", F_OK), -1);
}

static void fill_the_disk(void *arg) {
    const char *path = arg;
    trouble t;
    struct rlimit limit = {65536, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    ewi_ledger *ledger = open_ledger(path, &t);
    note(ledger, 0, 1);
    ewi_ledger_write(ledger);
    assert_int_equal(t.n, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    note(ledger, 1, 3000);
    for (int i = 0; i < 3; i++) ewi_ledger_write(ledger);
    assert_int_equal(t.n, 1); /* said once */
    limit.rlim_cur = RLIM_INFINITY;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ewi_ledger_write(ledger);
    assert_int_equal(t.n, 2);
    assert_non_null(strstr(t.last, "kept again; those of 0 are lost"));
    ewi_ledger_free(ledger);
}

static void a_full_disk_is_waited_for(void **state) {
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_path("full.db"));
    in_child(fill_the_disk, path);
    assert_int_equal(ask(path, "SELECT count(*) FROM requests"), 3001);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_survive),
        cmocka_unit_test(two_servers_share_a_file),
        cmocka_unit_test(the_ring_keeps_the_newest),
        cmocka_unit_test(the_file_keeps_the_newest),
        cmocka_unit_test(long_names_are_cut_at_a_character),
        cmocka_unit_test(a_killed_server_leaves_whole_transactions),
        cmocka_unit_test(what_is_no_ledger_is_set_aside),
        cmocka_unit_test(a_file_that_breaks_meanwhile_is_set_aside),
        cmocka_unit_test(what_is_no_file_is_left_alone),
        cmocka_unit_test(a_full_disk_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
