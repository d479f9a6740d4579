/* test.h: cmocka with what its header takes for granted, in the order that it needs.
 *
 *     #include "test.h"
 *     static void sums(void **state) { (void)state; assert_int_equal(1 + 1, 2); }
 *     int main(void) {
 *         const struct CMUnitTest tests[] = {cmocka_unit_test(sums)};
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
