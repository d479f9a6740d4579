/* Mappings show a file's bytes, refuse what is no file, and say which path failed and why. */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "os/guard.h"
#include "scratch.h"

static void assert_refused(const char *path, ew_status status, const char *reason) {
    ew_error err = {0};
    ewi_map *map = NULL;
    assert_int_equal(ewi_map_open(path, &map, &err), status);
    assert_null(map);
    assert_int_equal(err.status, status);
    assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
    if (!strstr(err.text, reason)) fail_msg("\"%s\" does not say \"%s\"", err.text, reason);
}

static void mapping_shows_the_bytes(void **state) {
    (void)state;
    static uint8_t content[10000];
    for (size_t i = 0; i < sizeof content; i++) content[i] = (uint8_t)(i * 31 >> 3);
    const char *path = scratch_file("content", content, sizeof content);
    ewi_map *map;
    assert_int_equal(ewi_map_open(path, &map, NULL), EW_OK);
    assert_int_equal(ewi_map_bytes(map).len, sizeof content);
    assert_memory_equal(ewi_map_bytes(map).data, content, sizeof content);
    assert_int_equal(ewi_map_check(map, NULL), EW_OK);
    ewi_map_close(map);
}

static void mapping_outlives_its_name(void **state) {
    (void)state;
    const char *path = scratch_file("gone", "still here", 10);
    ewi_map *map;
    assert_int_equal(ewi_map_open(path, &map, NULL), EW_OK);
    assert_int_equal(unlink(path), 0);
    assert_memory_equal(ewi_map_bytes(map).data, "still here", 10);
    ewi_map_close(map);
}

static void empty_file_has_no_bytes(void **state) {
    (void)state;
    ewi_map *map;
    assert_int_equal(ewi_map_open(scratch_file("empty", NULL, 0), &map, NULL), EW_OK);
    assert_int_equal(ewi_map_bytes(map).len, 0);
    assert_int_equal(ewi_map_check(map, NULL), EW_OK);
    ewi_map_close(map);
}

static void close_takes_null(void **state) {
    (void)state;
    ewi_map_close(NULL);
}

static void absent_file_is_named(void **state) {
    (void)state;
    assert_refused(scratch_path("absent"), EW_IO, "No such file");
}

static void folder_is_no_file(void **state) {
    (void)state;
    assert_refused(scratch_path("."), EW_IO, "directory");
}

/* A pipe without a writer must be refused at once, not waited for. */
static void pipe_is_refused_without_waiting(void **state) {
    (void)state;
    const char *path = scratch_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(20);
    assert_refused(path, EW_IO, "not a regular file");
    alarm(0);
}

static void device_is_refused(void **state) {
    (void)state;
    assert_refused("/dev/null", EW_IO, "not a regular file");
}

static void mappings_are_bounded_and_come_back(void **state) {
    (void)state;
    static ewi_map *maps[EWI_GUARD_SLOTS];
    const char *path = scratch_file("many", "x", 1);
    for (size_t i = 0; i < EWI_GUARD_SLOTS; i++) assert_int_equal(ewi_map_open(path, &maps[i], NULL), EW_OK);
    assert_refused(path, EW_LIMIT, "8192 files are mapped");
    ewi_map *map = NULL;
    assert_int_equal(ewi_map_open_at(AT_FDCWD, path, &map, NULL), EW_LIMIT);
    for (size_t i = EWI_GUARD_SLOTS / 8 * 7; i < EWI_GUARD_SLOTS; i++) ewi_map_close(maps[i]);
    assert_int_equal(ewi_map_open_at(AT_FDCWD, path, &map, NULL), EW_OK); /* the last one that it may have */
    assert_int_equal(ewi_map_open_at(AT_FDCWD, path, &maps[0], NULL), EW_LIMIT);
    ewi_map_close(map);
    for (size_t i = EWI_GUARD_SLOTS / 8 * 7; i < EWI_GUARD_SLOTS; i++)
        assert_int_equal(ewi_map_open(path, &maps[i], NULL), EW_OK);
    ewi_map_close(maps[500]);
    assert_int_equal(ewi_map_open(path, &maps[500], NULL), EW_OK);
    for (size_t i = 0; i < EWI_GUARD_SLOTS; i++) ewi_map_close(maps[i]);
}

static void kinds_of_paths(void **state) {
    (void)state;
    const char *file = scratch_file("kind", "x", 1);
    assert_true(ewi_is_file(file));
    assert_false(ewi_is_directory(file));
    assert_true(ewi_is_directory(scratch_path("")));
    assert_false(ewi_is_file(scratch_path("")));
    assert_false(ewi_is_file(scratch_path("nothing")));
    assert_false(ewi_is_directory(scratch_path("nothing")));
    assert_false(ewi_is_file("/dev/null"));
}

static void joined_paths(void **state) {
    (void)state;
    static const struct {
        const char *dir, *name, *joined;
    } rows[] = {
        {"models", "a.gguf", "models/a.gguf"},
        {"models/", "a.gguf", "models/a.gguf"},
        {"/", "a", "/a"},
        {"", "a.gguf", "a.gguf"},
        {"models", "", "models/"},
    };
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        char path[64];
        assert_true(ewi_path_join(path, sizeof path, rows[i].dir, ewi_str(rows[i].name)));
        assert_string_equal(path, rows[i].joined);
    }
}

static void joined_path_fits_or_fails(void **state) {
    (void)state;
    char path[9] = "before!!";
    assert_true(ewi_path_join(path, 8, "abc", EWI_STR("xyz")));
    assert_string_equal(path, "abc/xyz");
    assert_int_equal(path[8], '\0');
    assert_false(ewi_path_join(path, 8, "abc", EWI_STR("wxyz")));
    assert_false(ewi_path_join(path, 8, "abc", (ew_str){"x", SIZE_MAX}));
    assert_false(ewi_path_join(path, 0, "", EWI_STR("")));
}

/* The system would open another file than the one that was checked. */
static void name_with_nul_is_no_path(void **state) {
    (void)state;
    char path[64];
    assert_false(ewi_path_join(path, sizeof path, "models", EWI_STR("a.gguf\0.txt")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapping_shows_the_bytes),
        cmocka_unit_test(mapping_outlives_its_name),
        cmocka_unit_test(empty_file_has_no_bytes),
        cmocka_unit_test(close_takes_null),
        cmocka_unit_test(absent_file_is_named),
        cmocka_unit_test(folder_is_no_file),
        cmocka_unit_test(pipe_is_refused_without_waiting),
        cmocka_unit_test(device_is_refused),
        cmocka_unit_test(mappings_are_bounded_and_come_back),
        cmocka_unit_test(kinds_of_paths),
        cmocka_unit_test(joined_paths),
        cmocka_unit_test(joined_path_fits_or_fails),
        cmocka_unit_test(name_with_nul_is_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
