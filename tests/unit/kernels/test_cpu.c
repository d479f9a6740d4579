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
#if defined(__x86_64__)
    enum { AVX2 = EWI_CPU_AVX2, AVX512 = EWI_CPU_AVX512, VNNI = EWI_CPU_VNNI, AMX = EWI_CPU_AMX };
    enum { NEON, DOTPROD = NEON, I8MM = NEON, BEST = AMX };
#elif defined(__aarch64__)
    enum { AVX2, AVX512 = AVX2, VNNI = AVX2, AMX = AVX2 };
    enum { NEON = EWI_CPU_NEON, DOTPROD = EWI_CPU_DOTPROD, I8MM = EWI_CPU_I8MM, BEST = I8MM };
#else
    enum {
        AVX2,
        AVX512 = AVX2,
        VNNI = AVX2,
        AMX = AVX2,
        NEON = AVX2,
        DOTPROD = AVX2,
        I8MM = AVX2,
        BEST = AVX2
    };
#endif
    static const struct {
        const char *word;
        unsigned cap;
    } cases[] = {{"scalar", EWI_CPU_SCALAR},
                 {"avx2", AVX2},
                 {"avx512", AVX512},
                 {"vnni", VNNI},
                 {"amx", AMX},
                 {"neon", NEON},
                 {"dotprod", DOTPROD},
                 {"i8mm", I8MM},
                 {"", BEST},
                 {NULL, BEST}};
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        ewi_cpu_level cap = EWI_N_CPU_LEVELS;
        assert_int_equal(ewi_cpu_parse(cases[i].word, &cap, NULL), EW_OK);
        assert_int_equal(cap, cases[i].cap);
    }
}

static void test_unknown_words(void **state) {
    (void)state;
    static const char *const words[] = {"AVX2", "avx", "avx5122", " avx2", "best", "avx2,avx512", "asimd"};
    for (size_t i = 0; i < EWI_COUNT(words); i++) {
        ew_error err = {0};
        ewi_cpu_level cap = EWI_CPU_SCALAR;
        assert_int_equal(ewi_cpu_parse(words[i], &cap, &err), EW_INVALID);
        assert_non_null(strstr(err.text, words[i]));
        assert_non_null(strstr(err.text, "avx512, vnni or amx, on Arm scalar, neon, dotprod or i8mm"));
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
        if (strncmp(line, "flags", 5) != 0 && strncmp(line, "Features", 8) != 0) continue;
        line[strcspn(line, "\n")] = ' ';
        found = strstr(line, word) != NULL;
    }
    fclose(file);
    return found;
}

/* Linux lists a flag when the processor has it and the system saves its registers. */
static bool kernel_says_all(const char *const *flags) {
    bool all = true;
    for (; *flags; flags++) all = kernel_says(*flags) && all;
    return all;
}

static void test_levels_are_the_kernels(void **state) {
    (void)state;
    static const char *const flags[EWI_N_CPU_LEVELS][7] = {
#if defined(__x86_64__)
        [EWI_CPU_AVX2] = {"avx2", "fma", "f16c", "bmi2"},
        [EWI_CPU_AVX512] = {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"},
        [EWI_CPU_VNNI] = {"avx512_vnni"},
        [EWI_CPU_AMX] = {"amx_tile", "amx_int8", "amx_bf16", "avx512_bf16"},
#elif defined(__aarch64__)
        [EWI_CPU_NEON] = {"fp", "asimd"},
        [EWI_CPU_DOTPROD] = {"asimddp"},
        [EWI_CPU_I8MM] = {"i8mm"},
#endif
    };
    ewi_cpu_level best = EWI_CPU_SCALAR;
    bool has = true;
    for (ewi_cpu_level level = EWI_CPU_SCALAR; level < EWI_N_CPU_LEVELS; level++) {
        has = has && kernel_says_all(flags[level]);
        assert_int_equal(ewi_cpu_usable(level), has);
        if (has) best = level;
        assert_int_equal(ewi_cpu_best(level), best);
    }
}

static void test_list(void **state) {
    (void)state;
    ew_cpu_level levels[EWI_N_CPU_LEVELS];
    assert_int_equal(ewi_cpu_list(levels), EWI_N_CPU_LEVELS);
    assert_string_equal(levels[0].name, "scalar");
#if defined(__x86_64__)
    assert_string_equal(levels[2].name, "avx512");
    assert_string_equal(levels[4].name, "amx");
#elif defined(__aarch64__)
    assert_string_equal(levels[3].name, "i8mm");
#endif
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
