/* The page's files as the build embedded them, whether npm was there or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "crypto/sha256.h"
#include "serve/page.h"

static void test_root(void **state) {
    (void)state;
    const ewi_page_file *file = ewi_page_find(EWI_STR("/"));
    assert_non_null(file);
    assert_string_equal(file->path, "/");
    assert_string_equal(file->type, "text/html; charset=utf-8");
    assert_memory_equal(file->data, "<!doctype html>", 15);
}

static void test_unknown(void **state) {
    (void)state;
    const char *const unknown[] = {
        "",
        "page/main.js",
        "/page",
        "/page/",
        "//",
        "/index.html",
        "/../",
        "/page/main.j",
        "/page/main.js/",
        "/package.json",
        "/PAGE/main.js",
        "/page/../page/main.js",
    };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_null(ewi_page_find(ewi_str(unknown[i])));
    assert_null(ewi_page_find((ew_str){"/\0page", 6}));
}

/* Each is found, is not empty, and its tag is the digest of its bytes. */
static void test_all(void **state) {
    (void)state;
    for (size_t i = 0; i < ewi_page_n_files; i++) {
        const ewi_page_file *file = &ewi_page_files[i];
        char hex[EWI_SHA256_HEX], etag[EWI_SHA256_HEX + 2];
        assert_ptr_equal(ewi_page_find(ewi_str(file->path)), file);
        assert_true(file->size > 0);
        assert_int_equal(ewi_sha256_hex((ewi_bytes){file->data, file->size}, hex, NULL), EW_OK);
        (void)snprintf(etag, sizeof etag, "\"%s\"", hex);
        assert_string_equal(file->etag, etag);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
