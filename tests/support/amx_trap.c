/* amx_trap.c: see amx_trap.h. Instruction formats: Intel SDM volume 2A, 2.1.3 to 2.3. */
#define _GNU_SOURCE /* REG_RIP */

#include "amx_trap.h"

/* ThreadSanitizer makes a trap of each instruction ten times as dear. */
#if defined(__linux__) && defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "amx_tiles.h"

/* VEX's two bits for a prefix. */
enum { NO_PREFIX, PREFIX_66, PREFIX_F3, PREFIX_F2 };

typedef struct instruction {
    size_t length;
    unsigned opcode, prefix;
    unsigned reg, rm, other; /* ModRM.reg, ModRM.rm of a register form, VEX.vvvv */
    bool is_memory, has_sib;
    uintptr_t base, index; /* base register and displacement; index register times scale */
} instruction;

/* ---- decoding ---- */

/* In the order of their numbers in instructions. */
static uintptr_t register_value(const greg_t *regs, unsigned number) {
    static const int where[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return (uintptr_t)regs[where[number]];
}

static uintptr_t displacement(const uint8_t *at, size_t size) {
    int32_t wide = 0;
    if (size == 4) memcpy(&wide, at, 4);
    return (uintptr_t)(intptr_t)(size == 1 ? (int8_t)at[0] : wide);
}

/* The operand in memory behind ModRM at code[4]; x and b are VEX's fourth bits of index and base. */
static void decode_memory(instruction *in, const uint8_t *code, const greg_t *regs, unsigned x, unsigned b) {
    unsigned mod = code[4] >> 6, rm = code[4] & 7;
    in->is_memory = true;
    in->has_sib = rm == 4;
    if (in->has_sib) {
        unsigned sib = code[in->length++], index = (sib >> 3 & 7) | x << 3;
        if (index != 4) in->index = register_value(regs, index) << (sib >> 6);
        rm = sib & 7;
    }
    bool without_base = mod == 0 && rm == 5;
    size_t size = mod == 1 ? 1 : mod == 2 || without_base ? 4 : 0;
    in->base = displacement(code + in->length, size);
    in->length += size;
    if (!without_base)
        in->base += register_value(regs, rm | b << 3);
    else if (!in->has_sib)
        in->base += (uintptr_t)regs[REG_RIP] + in->length;
}

static const char *decode(instruction *in, const uint8_t *code, const greg_t *regs) {
    *in = (instruction){.length = 5};
    bool is_vex_0f38 = code[0] == 0xc4 && (code[1] & 31) == 2;
    if (!is_vex_0f38 || !strchr("\x49\x4b\x5c\x5e", code[3]) || !code[3]) return "no instruction on tiles";
    if (code[2] & 0x84) return "VEX.W or VEX.L is set";
    in->opcode = code[3];
    in->prefix = code[2] & 3;
    in->other = ~((unsigned)code[2] >> 3) & 15;
    unsigned r = !(code[1] & 0x80), x = !(code[1] & 0x40), b = !(code[1] & 0x20);
    in->reg = (code[4] >> 3 & 7) | r << 3;
    if (code[4] >> 6 == 3)
        in->rm = (code[4] & 7) | b << 3;
    else
        decode_memory(in, code, regs, x, b);
    return NULL;
}

/* ---- execution ---- */

static _Thread_local amx_tiles own_tiles;

/* An address that the program computed. */
static void *pointer(uintptr_t address) {
    return (void *)address; /* NOLINT(performance-no-int-to-ptr) */
}

/* 49: LDTILECFG, STTILECFG, TILERELEASE, TILEZERO. */
static const char *execute_config(const instruction *in, amx_tiles *tiles) {
    if (in->other != 0) return "VEX.vvvv is not 1111";
    if (in->is_memory && in->reg == 0 && in->prefix == NO_PREFIX)
        return amx_tiles_configure(tiles, pointer(in->base + in->index));
    if (in->is_memory && in->reg == 0 && in->prefix == PREFIX_66) {
        amx_tiles_save_config(tiles, pointer(in->base + in->index));
        return NULL;
    }
    if (!in->is_memory && in->rm == 0 && in->prefix == PREFIX_F2) return amx_tiles_zero(tiles, in->reg);
    if (in->is_memory || in->reg != 0 || in->rm != 0 || in->prefix != NO_PREFIX)
        return "opcode 49: no such form";
    amx_tiles_release(tiles);
    return NULL;
}

/* 4B: TILELOADD, TILELOADDT1, TILESTORED. */
static const char *execute_move(const instruction *in, amx_tiles *tiles) {
    if (in->other != 0) return "VEX.vvvv is not 1111";
    if (!in->is_memory || !in->has_sib) return "opcode 4B: the operand has no SIB byte";
    if (in->prefix == PREFIX_F3)
        return amx_tiles_store(tiles, in->reg, pointer(in->base), (ptrdiff_t)in->index);
    if (in->prefix == NO_PREFIX) return "opcode 4B: no such form";
    return amx_tiles_load(tiles, in->reg, pointer(in->base), (ptrdiff_t)in->index);
}

static const char *execute(const instruction *in, amx_tiles *tiles) {
    if (in->opcode == 0x49) return execute_config(in, tiles);
    if (in->opcode == 0x4b) return execute_move(in, tiles);
    if (in->is_memory) return "a product with an operand in memory";
    if (in->opcode == 0x5c)
        return in->prefix == PREFIX_F3 ? amx_tiles_dot_bf16(tiles, in->reg, in->rm, in->other)
                                       : "opcode 5C: no such form";
    bool a_signed = in->prefix == PREFIX_F2 || in->prefix == PREFIX_F3; /* TDPBSSD, TDPBSUD */
    bool b_signed = in->prefix == PREFIX_F2 || in->prefix == PREFIX_66; /* TDPBSSD, TDPBUSD */
    return amx_tiles_dot_bytes(tiles, in->reg, in->rm, a_signed, in->other, b_signed);
}

/* ---- the signal ---- */

static struct sigaction previous;
static atomic_ulong n_emulated;

/* Without stdio, whose buffers a signal may find half written. */
static void say_why(const char *why, const uint8_t *code) {
    char text[160];
    int n = snprintf(text, sizeof text, "amx_trap: %s (%02x %02x %02x %02x %02x)\n", why, code[0], code[1],
                     code[2], code[3], code[4]);
    if (write(STDERR_FILENO, text, (size_t)n) < 0) return;
}

static void on_sigill(int signo, siginfo_t *info, void *context) {
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *code = pointer((uintptr_t)regs[REG_RIP]);
    instruction in;
    (void)signo;
    (void)info;
    const char *why = decode(&in, code, regs);
    if (!why) why = execute(&in, &own_tiles);
    if (!why) {
        regs[REG_RIP] += (greg_t)in.length;
        atomic_fetch_add(&n_emulated, 1);
        return;
    }
    say_why(why, code);
    sigaction(SIGILL, &previous, NULL); /* and the instruction traps again */
}

bool amx_trap_install(void) {
    bool rest_is_there = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16") &&
                         __builtin_cpu_supports("fma");
    struct sigaction action = {.sa_sigaction = on_sigill, .sa_flags = SA_SIGINFO | SA_NODEFER}, before;
    if (!rest_is_there || sigaction(SIGILL, &action, &before) != 0) return false;
    bool was_installed = (before.sa_flags & SA_SIGINFO) && before.sa_sigaction == on_sigill;
    if (!was_installed) previous = before;
    return true;
}

unsigned long amx_trap_count(void) {
    return atomic_load(&n_emulated);
}

#else

bool amx_trap_install(void) {
    return false;
}

unsigned long amx_trap_count(void) {
    return 0;
}

#endif
