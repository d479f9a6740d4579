/* Libraries are found by name when asked for, and what is not there is said so. */
#include "test.h"

#include <string.h>

#include "os/library.h"

static void finds_functions_of_a_library(void **state) {
    (void)state;
    ewi_library *library;
    double (*cosine)(double);
    assert_int_equal(ewi_library_open("libm.so.6", &library, NULL), EW_OK);
    assert_true(ewi_library_find(library, "cos", &cosine));
    assert_true(cosine(0.0) == 1.0);
    assert_false(ewi_library_find(library, "no_such_function", &cosine));
    ewi_library_close(library);
    ewi_library_close(NULL);
}

static void names_the_library_that_is_missing(void **state) {
    (void)state;
    ewi_library *library = NULL;
    ew_error err = {0};
    assert_int_equal(ewi_library_open("libno_such_thing.so.7", &library, &err), EW_UNSUPPORTED);
    assert_non_null(strstr(err.text, "libno_such_thing.so.7"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_functions_of_a_library),
        cmocka_unit_test(names_the_library_that_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
