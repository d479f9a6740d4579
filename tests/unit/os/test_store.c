/* test_store.c: a folder of files: what is put is mapped again, those used longest ago go, parts that a dead
 * process left too, and nothing else in the folder is touched. */
#define _XOPEN_SOURCE 700

#include "os/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "scratch.h"

#define PLENTY ((uint64_t)1 << 30)

static void pause_us(unsigned us) {
    nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

static const char *name_of(char digit) {
    static char names[4][EWI_STORE_NAME + 1];
    static size_t next;
    char *name = names[next++ % 4];
    memset(name, digit, EWI_STORE_NAME);
    return name;
}

static const char *in_folder(const char *folder, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return scratch_path(path);
}

static ewi_store *open_store(const char *folder, uint64_t max_bytes) {
    ewi_store *store = NULL;
    ew_error err = {0};
    expect_ok(ewi_store_open(scratch_path(folder), max_bytes, &store, &err), &err);
    return store;
}

static void put(ewi_store *store, char digit, uint32_t rank, size_t size) {
    static uint8_t bytes[100000];
    ew_error err = {0};
    memset(bytes, digit, size);
    const ewi_bytes pieces[] = {{bytes, size / 3}, {bytes, size - size / 3}};
    expect_ok(ewi_store_put(store, name_of(digit), rank, pieces, 2, &err), &err);
}

/* 0: not there. */
static size_t size_of(const ewi_store *store, char digit, uint32_t rank) {
    ewi_map *map;
    if (ewi_store_map(store, name_of(digit), rank, &map, NULL) != EW_OK) return 0;
    const ewi_bytes bytes = ewi_map_bytes(map);
    for (size_t i = 0; i < bytes.len; i++) assert_int_equal(bytes.data[i], digit);
    ewi_map_close(map);
    return bytes.len;
}

static bool is_there(const char *folder, const char *name) {
    struct stat st;
    return lstat(in_folder(folder, name), &st) == 0;
}

static void put_and_mapped_again(void **state) {
    (void)state;
    struct stat st;
    ewi_store *store = open_store("plain", PLENTY);
    put(store, 'a', 0, 50000);
    put(store, 'b', 1, 3);
    put(store, 'b', 1, 3); /* there already */
    assert_int_equal(size_of(store, 'a', 0), 50000);
    assert_int_equal(size_of(store, 'c', 0), 0);
    assert_int_equal(ewi_store_bytes(store), 50003);
    assert_int_equal(stat(in_folder("plain", name_of('a')), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(scratch_path("plain"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    ewi_store *other = open_store("plain", PLENTY);
    assert_int_equal(ewi_store_bytes(other), 50003);
    ewi_store_remove(other, name_of('a'));
    assert_int_equal(size_of(store, 'a', 0), 0);
    assert_int_equal(size_of(other, 'b', 1), 3);
    ewi_store_close(other);
    ewi_store_close(store);
}

/* ---- what goes ---- */

static void used_longest_ago_goes(void **state) {
    (void)state;
    ewi_store *store = open_store("bounded", 100000);
    for (char digit = '0'; digit <= '8'; digit++) {
        put(store, digit, 0, 11000);
        pause_us(10000);
    }
    assert_int_equal(size_of(store, '0', 0), 11000); /* used now */
    pause_us(10000);
    put(store, '9', 0, 11000); /* 110000: of the older ones two make room */
    assert_true(ewi_store_bytes(store) <= 100000);
    assert_int_equal(size_of(store, '1', 0), 0);
    assert_int_equal(size_of(store, '0', 0), 11000);
    assert_int_equal(size_of(store, '4', 0), 11000);
    assert_int_equal(size_of(store, '9', 0), 11000);
    ewi_store_close(store);
    store = open_store("bounded", 30000); /* a smaller one */
    assert_true(ewi_store_bytes(store) <= 30000);
    assert_int_equal(size_of(store, '9', 0), 11000);
    ew_error err = {0};
    const ewi_bytes large = {(const uint8_t *)"x", 30001};
    expect_refused(ewi_store_put(store, name_of('a'), 0, &large, 1, &err), EW_LIMIT, &err, "larger");
    ewi_store_close(store);
}

/* Files of one moment: the higher ranks go first, in whatever order they came. */
static void ranks(void **state) {
    (void)state;
    ewi_store *store = open_store("ranks", 100000);
    for (uint32_t i = 0; i < 8; i++) put(store, (char)('0' + i), i, 11000);
    pause_us(10000);
    for (uint32_t i = 0; i < 8; i++) ewi_store_touch(store, name_of((char)('0' + i)), i * 1000);
    put(store, 'a', 0, 12000);
    put(store, 'b', 0, 12000);
    assert_int_equal(size_of(store, '7', 0), 0);
    assert_int_equal(size_of(store, '6', 0), 0);
    for (uint32_t i = 0; i < 5; i++) assert_int_equal(size_of(store, (char)('0' + i), i), 11000);
    ewi_store_close(store);
}

/* Two stores of one folder, as two processes have them: the bound is that of all. */
static void two_share_a_folder(void **state) {
    (void)state;
    ewi_store *a = open_store("shared", 100000), *b = open_store("shared", 100000);
    for (uint32_t i = 0; i < 16; i++) put(i % 2 ? a : b, "0123456789abcdef"[i], 0, 10000);
    ewi_store_close(a);
    ewi_store_close(b);
    a = open_store("shared", PLENTY);
    assert_true(ewi_store_bytes(a) <= 100000);
    assert_true(ewi_store_bytes(a) >= 80000);
    ewi_store_close(a);
}

/* ---- what others leave ---- */

static void foreign_files_are_left_alone(void **state) {
    (void)state;
    ewi_store_close(open_store("foreign", PLENTY));
    scratch_file("foreign/notes.txt", "mine", 4);
    scratch_file("foreign/0123", "mine", 4);
    assert_int_equal(symlink("notes.txt", in_folder("foreign", name_of('e'))), 0);
    assert_int_equal(mkdir(in_folder("foreign", name_of('d')), 0700), 0);
    ewi_store *store = open_store("foreign", 10);
    assert_int_equal(ewi_store_bytes(store), 0);
    ew_error err = {0};
    ewi_map *map = NULL;
    expect_refused(ewi_store_map(store, name_of('e'), 0, &map, &err), EW_IO, &err, "cannot open");
    expect_refused(ewi_store_map(store, name_of('d'), 0, &map, &err), EW_IO, &err, "directory");
    put(store, '1', 0, 8);
    put(store, '2', 0, 8);
    assert_true(is_there("foreign", "notes.txt"));
    assert_true(is_there("foreign", "0123"));
    assert_true(is_there("foreign", name_of('e')));
    assert_true(is_there("foreign", name_of('d')));
    ewi_store_close(store);
}

/* A part whose writer is alive has a lock. */
static void parts_of_the_dead_go(void **state) {
    (void)state;
    ewi_store_close(open_store("parts", PLENTY));
    scratch_file("parts/.dead.1-0.part", "half", 4);
    const char *alive = scratch_file("parts/.alive.2-0.part", "half", 4);
    int fd = open(alive, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    ewi_store_close(open_store("parts", PLENTY));
    assert_false(is_there("parts", ".dead.1-0.part"));
    assert_true(is_there("parts", ".alive.2-0.part"));
    close(fd);
    ewi_store_close(open_store("parts", PLENTY));
    assert_false(is_there("parts", ".alive.2-0.part"));
}

static void write_for_ever(void) {
    ewi_store *store = NULL;
    if (ewi_store_open(scratch_path("killed"), PLENTY, &store, NULL) != EW_OK) _exit(1);
    static uint8_t bytes[1 << 20];
    for (uint32_t i = 0;; i++) {
        char name[EWI_STORE_NAME + 1];
        snprintf(name, sizeof name, "%064x", i % 64);
        memset(bytes, (int)i % 64, sizeof bytes);
        const ewi_bytes piece = {bytes, sizeof bytes};
        if (ewi_store_put(store, name, 0, &piece, 1, NULL) != EW_OK) _exit(1);
        if (i % 64 == 63)
            for (uint32_t k = 0; k < 64; k++) {
                snprintf(name, sizeof name, "%064x", k);
                ewi_store_remove(store, name);
            }
    }
}

/* Killed at some moment: every file is whole, and no part is left once the folder is opened. */
static void killed_while_writing(void **state) {
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) write_for_ever();
        pause_us(10000 + round * 1700);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        ewi_store *store = open_store("killed", PLENTY);
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < 64; i++) {
            char name[EWI_STORE_NAME + 1];
            ewi_map *map;
            snprintf(name, sizeof name, "%064x", i);
            if (ewi_store_map(store, name, 0, &map, NULL) != EW_OK) continue;
            const ewi_bytes file = ewi_map_bytes(map);
            assert_int_equal(file.len, 1 << 20);
            assert_int_equal(file.data[0], i);
            assert_int_equal(file.data[file.len - 1], i);
            bytes += file.len;
            ewi_map_close(map);
        }
        assert_int_equal(ewi_store_bytes(store), bytes);
        ewi_store_close(store);
    }
}

/* ---- folders that are not taken ---- */

static void refused(const char *folder, const char *culprit) {
    ewi_store *store = NULL;
    ew_error err = {0};
    expect_refused(ewi_store_open(scratch_path(folder), PLENTY, &store, &err), EW_IO, &err, culprit);
    assert_null(store);
}

static void folders_that_are_refused(void **state) {
    (void)state;
    refused("nowhere/at/all", "cannot create");
    scratch_file("a_file", "x", 1);
    refused("a_file", "cannot open");
    assert_int_equal(mkdir(scratch_path("open"), 0700), 0);
    assert_int_equal(chmod(scratch_path("open"), 0750), 0);
    refused("open", "chmod 700");
    assert_int_equal(symlink("open", scratch_path("link")), 0);
    assert_int_equal(chmod(scratch_path("open"), 0700), 0);
    refused("link", "cannot open");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_and_mapped_again),
        cmocka_unit_test(used_longest_ago_goes),
        cmocka_unit_test(ranks),
        cmocka_unit_test(two_share_a_folder),
        cmocka_unit_test(foreign_files_are_left_alone),
        cmocka_unit_test(parts_of_the_dead_go),
        cmocka_unit_test(killed_while_writing),
        cmocka_unit_test(folders_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
