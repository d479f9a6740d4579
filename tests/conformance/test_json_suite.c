/* test_json_suite.c: JSONTestSuite (N. Seriot, "Parsing JSON is a Minefield"): texts named y_ must be
 * accepted, n_ refused; i_ are left open by RFC 8259 and must only be survived. Judged by the reader of whole
 * texts, and by the scan of texts that are still being written, which takes UTF-8 for granted. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "fixtures.h"
#include "format/json.h"
#include "test.h"
#include "text/json_scan.h"

static ewi_bytes read_file(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(size ? size : 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, size, file), size);
    fclose(file);
    return (ewi_bytes){data, size};
}

static ew_status parse(ewi_bytes text, ew_error *err) {
    ewi_arena arena;
    ewi_arena_init(&arena, 1u << 20);
    ewi_json json;
    ewi_json_init(&json, text, &arena);
    ew_status status = ewi_json_skip(&json, err);
    if (status == EW_OK) status = ewi_json_end(&json, err);
    ewi_arena_deinit(&arena);
    return status;
}

/* Returns whether the file was judged rightly. */
static bool check_file(const char *folder, const char *name) {
    ew_error err = {0};
    ewi_bytes text = read_file(folder, name);
    bool accepted = parse(text, &err) == EW_OK, scanned = accepted;
    if (ewi_utf8_valid(text.data, text.len))
        scanned = ewi_json_scan_is_value((ew_str){(const char *)text.data, text.len});
    free((void *)(uintptr_t)text.data);
    bool wanted = name[0] == 'y';
    if (name[0] == 'i' || (accepted == wanted && scanned == wanted)) return true;
    print_error("%s: %s; %s by the scan\n", name, accepted ? "accepted" : err.text,
                scanned ? "accepted" : "refused");
    return false;
}

static void json_test_suite(void **state) {
    (void)state;
    const char *folder = test_fixture("peer-tests/JSONTestSuite/test_parsing");
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t n_files = 0, n_wrong = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!strchr("yni", entry->d_name[0]) || entry->d_name[1] != '_') continue;
        n_files++;
        n_wrong += !check_file(folder, entry->d_name);
    }
    closedir(dir);
    assert_int_equal(n_wrong, 0);
    assert_in_range(n_files, 300, 400); /* the suite has 318 */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(json_test_suite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
