/* The trap against machine code that the assembler made: every instruction, every kind of operand. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "amx_trap.h"
#include "base/compiler.h"
#include "os/thread.h"

#if defined(__x86_64__) && defined(__linux__)

/* All eight tiles have 16 rows of 64 bytes. */
static const uint8_t large[64] = {1,         [16] = 64, [18] = 64, [20] = 64, [22] = 64, [24] = 64,
                                  [26] = 64, [28] = 64, [30] = 64, [48] = 16, 16,        16,
                                  16,        16,        16,        16,        16};

#define ASM(...) __asm__ volatile(__VA_ARGS__)

typedef struct bytes1024 {
    uint8_t at[16][64];
} bytes1024;

static bytes1024 counted(unsigned first) {
    bytes1024 tile;
    for (unsigned i = 0; i < 1024; i++) tile.at[i / 64][i % 64] = (uint8_t)(first + i * 7 + i / 64);
    return tile;
}

/* What the emulation is asked for without an instruction: sums of products by the definition. */
static bytes1024 products(const bytes1024 *a, bool a_signed, const bytes1024 *b, bool b_signed) {
    bytes1024 c;
    for (size_t m = 0; m < 16; m++)
        for (size_t n = 0; n < 16; n++) {
            int32_t sum = 0;
            for (size_t k = 0; k < 64; k++) {
                int x = a->at[m][k], y = b->at[k / 4][4 * n + k % 4];
                if (a_signed && x > 127) x -= 256;
                if (b_signed && y > 127) y -= 256;
                sum += x * y;
            }
            memcpy(c.at[m] + 4 * n, &sum, sizeof sum);
        }
    return c;
}

static void test_products(void **state) {
    (void)state;
    assert_true(amx_trap_install());
    bytes1024 a = counted(3), b = counted(200), ss, su, us, uu, want;
    unsigned long before = amx_trap_count();
    ASM("ldtilecfg %0" : : "m"(large));
    ASM("tileloadd (%0,%1,1), %%tmm6" : : "r"(&a), "r"(64l) : "memory");
    ASM("tileloadd (%0,%1,1), %%tmm7" : : "r"(&b), "r"(64l) : "memory");
    ASM("tilezero %tmm0; tilezero %tmm1; tilezero %tmm2; tilezero %tmm3");
    ASM("tdpbssd %tmm7, %tmm6, %tmm0; tdpbsud %tmm7, %tmm6, %tmm1");
    ASM("tdpbusd %tmm7, %tmm6, %tmm2; tdpbuud %tmm7, %tmm6, %tmm3");
    ASM("tilestored %%tmm0, (%0,%1,1)" : : "r"(&ss), "r"(64l) : "memory");
    ASM("tilestored %%tmm1, (%0,%1,1)" : : "r"(&su), "r"(64l) : "memory");
    ASM("tilestored %%tmm2, (%0,%1,1)" : : "r"(&us), "r"(64l) : "memory");
    ASM("tilestored %%tmm3, (%0,%1,1)" : : "r"(&uu), "r"(64l) : "memory");
    ASM("tilerelease");
    want = products(&a, true, &b, true);
    assert_memory_equal(&ss, &want, sizeof want);
    want = products(&a, true, &b, false);
    assert_memory_equal(&su, &want, sizeof want);
    want = products(&a, false, &b, true);
    assert_memory_equal(&us, &want, sizeof want);
    want = products(&a, false, &b, false);
    assert_memory_equal(&uu, &want, sizeof want);
    assert_int_equal(amx_trap_count() - before, 16);
}

/* a [16, 32] of bf16 ones times b [32, 16] of twos and threes: 16 * 2 + 16 * 3 each. */
static void test_bf16(void **state) {
    (void)state;
    assert_true(amx_trap_install());
    uint16_t a[16][32], b[16][32];
    float c[16][16];
    for (size_t i = 0; i < 512; i++) {
        a[i / 32][i % 32] = 0x3f80;
        b[i / 32][i % 32] = i % 2 ? 0x4040 : 0x4000;
    }
    ASM("ldtilecfg %0" : : "m"(large));
    ASM("tilezero %tmm5");
    ASM("tileloaddt1 (%0,%1,1), %%tmm3" : : "r"(a), "r"(64l) : "memory");
    ASM("tileloaddt1 (%0,%1,1), %%tmm4" : : "r"(b), "r"(64l) : "memory");
    ASM("tdpbf16ps %tmm4, %tmm3, %tmm5");
    ASM("tilestored %%tmm5, (%0,%1,1)" : : "r"(c), "r"(64l) : "memory");
    ASM("tilerelease");
    for (size_t i = 0; i < 256; i++) assert_true(c[i / 16][i % 16] == 80.0f);
}

/* Each way to name an address, with low and high registers: all load the same tile. */
static void test_addresses(void **state) {
    (void)state;
    assert_true(amx_trap_install());
    bytes1024 in = counted(90), out;
    uintptr_t at = (uintptr_t)&in;
#define LOADS(text, base, base_value, index, index_value)                       \
    do {                                                                        \
        memset(&out, 0, sizeof out);                                            \
        { /* no call may come between these registers and their use */          \
            register uintptr_t b_ __asm__(base) = (base_value);                 \
            register long i_ __asm__(index) = (index_value);                    \
            ASM("tileloadd " text ", %%tmm2" : : "r"(b_), "r"(i_) : "memory");  \
        }                                                                       \
        ASM("tilestored %%tmm2, (%0,%1,1)" : : "r"(&out), "r"(64l) : "memory"); \
        if (memcmp(&in, &out, sizeof in) != 0) fail_msg("tileloadd " text);     \
    } while (0)
    ASM("ldtilecfg %0" : : "m"(large));
    LOADS("(%%rax,%%rcx,1)", "rax", at, "rcx", 64l);
    LOADS("(%%rdi,%%rsi,2)", "rdi", at, "rsi", 32l);
    LOADS("(%%r8,%%r9,4)", "r8", at, "r9", 16l);
    LOADS("(%%r13,%%r12,8)", "r13", at, "r12", 8l);
    LOADS("(%%r12,%%rdx,8)", "r12", at, "rdx", 8l);
    LOADS("-128(%%rbx,%%r15,8)", "rbx", at + 128, "r15", 8l);
    LOADS("127(%%r14,%%r10,1)", "r14", at - 127, "r10", 64l);
    LOADS("0x12345(%%r11,%%rdx,2)", "r11", at - 0x12345, "rdx", 32l);
    LOADS("-0x12345(%%rdx,%%rdi,1)", "rdx", at + 0x12345, "rdi", 64l);
#undef LOADS
    ASM("tilerelease");
}

/* Addresses without index, base, or either; relative to the instruction; and through the stack. */
static void test_config_addresses(void **state) {
    (void)state;
    assert_true(amx_trap_install());
    static uint8_t fixed[64];
    uint8_t back[64];
    uintptr_t at = (uintptr_t)back;
    for (int kind = 0; kind < 5; kind++) {
        memset(fixed, 0xee, sizeof fixed);
        memset(back, 0xee, sizeof back);
        ASM("ldtilecfg %0" : : "m"(large));
        switch (kind) {
        case 0: ASM("sttilecfg %0" : "=m"(fixed)); break; /* rip, or absolute */
        case 1: ASM("sttilecfg (%0)" : : "r"(at) : "memory"); break;
        case 2: ASM("sttilecfg 64(%0)" : : "r"(at - 64) : "memory"); break;
        case 3: ASM("sttilecfg -8(,%0,4)" : : "r"((uintptr_t)fixed / 4 + 2) : "memory"); break;
        default: ASM("sttilecfg %0" : "=m"(back));
        }
        assert_memory_equal(kind == 0 || kind == 3 ? fixed : back, large, 64);
        ASM("tilerelease");
    }
}

/* A row of 3 bytes and a stride of zero, which is what an address without index means. */
static void test_no_index(void **state) {
    (void)state;
    assert_true(amx_trap_install());
    const uint8_t config[64] = {1, [16] = 3, [48] = 2};
    const char from[] = "abcdef";
    char to[] = "......";
    ASM("ldtilecfg %0" : : "m"(config));
    ASM("tileloadd (%0), %%tmm0" : : "r"(from) : "memory");
    ASM("tilestored %%tmm0, (%0,%1,1)" : : "r"(to), "r"(3l) : "memory");
    ASM("tilerelease");
    assert_string_equal(to, "abcabc");
}

/* ---- tiles belong to a thread ---- */

static void use_tiles(void *arg) {
    const bytes1024 in = counted(*(unsigned *)arg);
    bytes1024 out;
    ASM("ldtilecfg %0" : : "m"(large));
    ASM("tileloadd (%0,%1,1), %%tmm0" : : "r"(&in), "r"(64l) : "memory");
    for (int i = 0; i < 200; i++) ASM("tilestored %%tmm0, (%0,%1,1)" : : "r"(&out), "r"(64l) : "memory");
    *(unsigned *)arg = memcmp(&in, &out, sizeof in) == 0;
    ASM("tilerelease");
}

static void test_threads(void **state) {
    (void)state;
    assert_true(amx_trap_install());
    ewi_thread *thread;
    unsigned other = 17, own = 55;
    ew_error err = {0};
    assert_int_equal(ewi_thread_start(use_tiles, &other, "tiles", &thread, &err), EW_OK);
    use_tiles(&own);
    ewi_thread_join(thread);
    assert_true(own == 1 && other == 1);
}

/* ---- what a processor refuses ends the process ---- */

static void unconfigured(void) {
    ASM("tilezero %tmm0");
}
static void same_tile_twice(void) {
    ASM("ldtilecfg %0" : : "m"(large));
    ASM(".byte 0xc4, 0xe2, 0x73, 0x5e, 0xc1"); /* tdpbssd %tmm1, %tmm1, %tmm0 */
}
static void vvvv_in_use(void) {
    ASM("ldtilecfg %0" : : "m"(large));
    ASM(".byte 0xc4, 0xe2, 0x73, 0x49, 0xc0"); /* tilezero with VEX.vvvv = 1 */
}
static void tile_nine(void) {
    ASM("ldtilecfg %0" : : "m"(large));
    ASM(".byte 0xc4, 0x62, 0x7b, 0x49, 0xc8"); /* tilezero with VEX.R: tmm9 */
}
static void vex_w(void) {
    ASM("ldtilecfg %0" : : "m"(large));
    ASM(".byte 0xc4, 0xe2, 0xfb, 0x49, 0xc0");
}
static void something_else(void) {
    ASM("ud2");
}

static void test_refusals(void **state) {
    (void)state;
    static void (*const runs[])(void) = {unconfigured, same_tile_twice, vvvv_in_use,
                                         tile_nine,    vex_w,           something_else};
    for (size_t i = 0; i < EWI_COUNT(runs); i++) {
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            signal(SIGILL, SIG_DFL); /* cmocka's is not for children */
            if (!amx_trap_install() || !freopen("/dev/null", "w", stderr)) _exit(2);
            runs[i]();
            _exit(0);
        }
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        if (!WIFSIGNALED(how) || WTERMSIG(how) != SIGILL) fail_msg("refusal %zu: status %x", i, how);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),  cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_config_addresses),
        cmocka_unit_test(test_no_index),  cmocka_unit_test(test_threads),
        cmocka_unit_test(test_refusals),
    };
    if (!amx_trap_install()) {
        printf("SKIPPED: amx_trap: the processor has no AVX-512 VNNI and BF16\n");
        return 0;
    }
    return cmocka_run_group_tests_name("amx_trap", tests, NULL, NULL);
}

#else

int main(void) {
    printf("SKIPPED: amx_trap: not Linux on x86-64\n");
    return 0;
}

#endif
