/* Levels, EDGEWISE_CPU, and the chosen table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

static void test_words(void **state) {
    (void)state;
    static const struct {
        const char *word;
        ewi_cpu_level cap;
    } cases[] = {{"scalar", EWI_CPU_SCALAR}, {"avx2", EWI_CPU_AVX2},  {"avx512", EWI_CPU_AVX512},
                 {"vnni", EWI_CPU_AVX512},   {"amx", EWI_CPU_AVX512}, {"neon", EWI_CPU_SCALAR},
                 {"", EWI_CPU_AVX512},       {NULL, EWI_CPU_AVX512}};
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        ewi_cpu_level cap = EWI_N_CPU_LEVELS;
        assert_int_equal(ewi_cpu_parse(cases[i].word, &cap, NULL), EW_OK);
        assert_int_equal(cap, cases[i].cap);
    }
}

static void test_unknown_words(void **state) {
    (void)state;
    static const char *const words[] = {"AVX2", "avx", "avx5122", " avx2", "best", "avx2,avx512"};
    for (size_t i = 0; i < EWI_COUNT(words); i++) {
        ew_error err = {0};
        ewi_cpu_level cap = EWI_CPU_AVX2;
        assert_int_equal(ewi_cpu_parse(words[i], &cap, &err), EW_INVALID);
        assert_non_null(strstr(err.text, words[i]));
        assert_non_null(strstr(err.text, "avx512, vnni, amx or neon"));
    }
}

/* Whether the kernel's list of flags has a word. */
static bool kernel_says(const char *flag) {
    char line[8192], word[32];
    bool found = false;
    snprintf(word, sizeof word, " %s ", flag);
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file) skip();
    while (!found && fgets(line, sizeof line, file)) {
        if (strncmp(line, "flags", 5) != 0) continue;
        line[strcspn(line, "\n")] = ' ';
        found = strstr(line, word) != NULL;
    }
    fclose(file);
    return found;
}

/* Linux lists a flag when the processor has it and the system saves its registers. */
static void test_levels_are_the_kernels(void **state) {
    (void)state;
    bool avx2 = kernel_says("avx2") && kernel_says("fma") && kernel_says("f16c") && kernel_says("bmi2");
    bool avx512 = avx2 && kernel_says("avx512f") && kernel_says("avx512bw") && kernel_says("avx512dq") &&
                  kernel_says("avx512vl") && kernel_says("avx512cd");
    assert_true(ewi_cpu_usable(EWI_CPU_SCALAR));
    assert_int_equal(ewi_cpu_usable(EWI_CPU_AVX2), avx2);
    assert_int_equal(ewi_cpu_usable(EWI_CPU_AVX512), avx512);
    assert_int_equal(ewi_cpu_best(EWI_CPU_AVX512), avx512 ? EWI_CPU_AVX512
                                                   : avx2 ? EWI_CPU_AVX2
                                                          : EWI_CPU_SCALAR);
    assert_int_equal(ewi_cpu_best(EWI_CPU_SCALAR), EWI_CPU_SCALAR);
}

static void test_list(void **state) {
    (void)state;
    ew_cpu_level levels[EWI_N_CPU_LEVELS];
    assert_int_equal(ewi_cpu_list(levels), EWI_N_CPU_LEVELS);
    assert_string_equal(levels[0].name, "scalar");
    assert_string_equal(levels[2].name, "avx512");
    for (size_t i = 0; i < EWI_N_CPU_LEVELS; i++)
        assert_int_equal(levels[i].usable, levels[i].why[0] == '\0');
}

static void test_init(void **state) {
    (void)state;
    ew_error err = {0};
    assert_int_equal(setenv("EDGEWISE_CPU", "pentium", 1), 0);
    assert_int_equal(ewi_kernels_init(&err), EW_INVALID);
    assert_non_null(strstr(err.text, "EDGEWISE_CPU=pentium"));
    assert_int_equal(setenv("EDGEWISE_CPU", "scalar", 1), 0);
    assert_int_equal(ewi_kernels_init(&err), EW_OK);
    assert_int_equal(ewi_kernels_get()->level, EWI_CPU_SCALAR);
    assert_non_null(ewi_kernels_get()->matmul[EWI_F32]);
    assert_null(ewi_kernels_get()->matmul[EWI_I32]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_unknown_words),
                                       cmocka_unit_test(test_levels_are_the_kernels),
                                       cmocka_unit_test(test_list), cmocka_unit_test(test_init)};
    return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
