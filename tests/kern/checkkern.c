/* checkkern [--seed N] [--level NAME] [--digest] [--bench [KERNEL]]: compares every kernel at every usable
 * level, or at the one that is named, with the reference, bit for bit. Prints a digest of each level's
 * results: for one seed it is the same on every machine, so with --digest products of matrices and attention
 * are left to it, without their references, which take most of the time. --levels prints the levels' names.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */

#include "checkkern.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "amx_trap.h"
#include "kernels/half.h"
#include "os/clock.h"

/* ---- random numbers: splitmix64 (Steele, Lea, Flood 2014) ---- */

uint64_t ck_random(ck *c) {
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t ck_below(ck *c, size_t n) {
    return (size_t)(ck_random(c) >> 32) % n;
}

static float special(ck *c) {
    static const float values[] = {0.0f,     -0.0f,    INFINITY, -INFINITY, NAN,        FLT_MAX,
                                   -FLT_MAX, FLT_MIN,  -FLT_MIN, 0x1p-149f, -0x1p-149f, 0x1.8p-130f,
                                   65504.0f, 65520.0f, 0x1p-24f, 88.73f};
    return values[ck_below(c, EWI_COUNT(values))];
}

float ck_float(ck *c, ck_kind kind) {
    float x = (float)((int64_t)ck_random(c) >> 40) * 0x1p-23f;
    switch (kind) {
    case CK_WIDE: return ldexpf(x, (int)ck_below(c, 270) - 140);
    case CK_SPECIAL: return ck_below(c, 8) == 0 ? special(c) : x;
    case CK_TIES: return (float)((int)ck_below(c, 3) - 1) * 0.5f;
    case CK_NORMAL:
    case CK_N_KINDS: break;
    }
    return x;
}

ck_kind ck_kind_of(size_t i) {
    static const ck_kind kinds[8] = {CK_NORMAL, CK_WIDE, CK_NORMAL, CK_SPECIAL,
                                     CK_NORMAL, CK_TIES, CK_WIDE,   CK_NORMAL};
    return kinds[i % 8];
}

/* ---- memory ---- */

#define POISON 0xa5

static bool map_slot(ck_slot *slot, size_t page) {
    size_t inner = CK_BYTES + 2 * page;
    unsigned char *base = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + page, inner, PROT_READ | PROT_WRITE) != 0) return false;
    slot->pages = base + page;
    memset(slot->pages, POISON, inner);
    return true;
}

/* Two times of three the block ends where access ends; else it lies up to 15 floats (and with align 1, odd
 * bytes) after the page in front that has no access. */
static void *place(ck *c, ck_slot *slot, size_t size, size_t align) {
    if (size > CK_BYTES) {
        fprintf(stderr, "checkkern: a block of %zu bytes, at most %u\n", size, CK_BYTES);
        exit(2);
    }
    size_t inner = CK_BYTES + 2 * c->page, shift = 4 * ck_below(c, 16) + (align == 1 ? ck_below(c, 4) : 0);
    if (align > 4) shift = shift / align * align, size = (size + align - 1) / align * align;
    slot->size = size;
    slot->at = ck_below(c, 3) ? slot->pages + inner - size : slot->pages + shift;
    return slot->at;
}

void *ck_bytes(ck *c, size_t i, size_t size, size_t align) {
    return place(c, &c->in[i], size, align);
}

float *ck_input(ck *c, size_t i, size_t n, ck_kind kind) {
    float *x = ck_bytes(c, i, n * sizeof *x, 4);
    for (size_t j = 0; j < n; j++) x[j] = ck_float(c, kind);
    return x;
}

void *ck_weights(ck *c, size_t i, size_t n, ewi_dtype dtype, ck_kind kind) {
    size_t bytes = ewi_dtype_get(dtype)->block_bytes;
    unsigned char *w = ck_bytes(c, i, n * bytes, 1);
    for (size_t j = 0; j < n; j++) {
        float x = ck_float(c, kind);
        uint16_t half = dtype == EWI_F16 ? ewi_f32_to_f16(x) : (uint16_t)(ewi_float_bits(x) >> 16);
        memcpy(w + j * bytes, dtype == EWI_F32 ? (void *)&x : (void *)&half, bytes);
    }
    return w;
}

/* Outputs are small beside their slot: poison is only put back, and looked for, this far around them. */
#define AROUND 4096

static unsigned char *around(const ck *c, const ck_slot *slot, size_t *size) {
    unsigned char *end = slot->pages + CK_BYTES + 2 * c->page;
    unsigned char *from = slot->at - slot->pages > AROUND ? slot->at - AROUND : slot->pages;
    unsigned char *to = end - (slot->at + slot->size) > AROUND ? slot->at + slot->size + AROUND : end;
    *size = (size_t)(to - from);
    return from;
}

void *ck_output_bytes(ck *c, size_t i, size_t size) {
    size_t n;
    void *at = place(c, &c->out[i], size, 4);
    unsigned char *from = around(c, &c->out[i], &n);
    memset(from, POISON, n);
    return at;
}

float *ck_output(ck *c, size_t i, size_t n) {
    return ck_output_bytes(c, i, n * sizeof(float));
}

/* ---- results ---- */

void ck_name(ck *c, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->now, sizeof c->now, fmt, args);
    va_end(args);
}

bool ck_same(float a, float b) {
    return ewi_float_bits(a) == ewi_float_bits(b) || (isnan(a) && isnan(b));
}

void ck_result(ck *c, bool ok, const char *why) {
    c->n_passed += ok;
    c->n_failed += !ok;
    if (!ok && c->n_failed <= 20) printf("FAILED %s: %s: %s\n", ewi_cpu_name(c->kern->level), c->now, why);
}

/* FNV-1a (Fowler, Noll, Vo; 64 bits). */
static void digest(ck *c, const void *p, size_t size) {
    for (const unsigned char *byte = p; size > 0; byte++, size--)
        c->digest = (c->digest ^ *byte) * 0x100000001b3u;
}

/* The payload of a NaN is undefined. */
static void digest_floats(ck *c, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = isnan(x[i]) ? 0x7fc00000u : ewi_float_bits(x[i]);
        digest(c, &bits, sizeof bits);
    }
}

static bool clean(const ck *c, const ck_slot *slot) {
    size_t n;
    const unsigned char *from = around(c, slot, &n);
    for (const unsigned char *p = from; p < from + n; p++)
        if ((p < slot->at || p >= slot->at + slot->size) && *p != POISON) return false;
    return true;
}

void ck_compare(ck *c, size_t n) {
    char why[160] = "";
    const float *want = (const void *)c->out[0].at, *got = (const void *)c->out[1].at;
    for (size_t i = 0; i < n && !why[0]; i++)
        if (!ck_same(want[i], got[i]))
            snprintf(why, sizeof why, "element %zu is %a, the reference has %a", i, (double)got[i],
                     (double)want[i]);
    if (!clean(c, &c->out[1])) snprintf(why, sizeof why, "wrote outside its output");
    digest_floats(c, got, n);
    ck_result(c, !why[0], why);
}

void ck_take(ck *c, size_t n) {
    digest_floats(c, (const void *)c->out[1].at, n);
    ck_result(c, clean(c, &c->out[1]), "wrote outside its output");
}

void ck_compare_bytes(ck *c, size_t size) {
    bool same = size == 0 || memcmp(c->out[0].at, c->out[1].at, size) == 0;
    digest(c, c->out[1].at, size);
    ck_result(c, same && clean(c, &c->out[1]), same ? "wrote outside its output" : "bits differ");
}

void ck_compare_number(ck *c, float want, float got) {
    digest_floats(c, &got, 1);
    ck_result(c, ck_same(want, got), "differs");
}

/* ---- program ---- */

static ck checks;

/* Says which case read or wrote where it must not, or used an instruction that is not there. */
static void crashed(int signal_number) {
    const char *before = signal_number == SIGILL ? "\nFAILED: an instruction that this processor refuses: "
                                                 : "\nFAILED: access outside an input or output: ";
    if (write(STDERR_FILENO, before, strlen(before)) < 0 ||
        write(STDERR_FILENO, checks.now, strlen(checks.now)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
        _exit(2);
    _exit(1);
}

static bool prepare(ck *c, uint64_t seed) {
    c->seed = seed;
    c->page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < CK_SLOTS; i++)
        if (!map_slot(&c->in[i], c->page)) return false;
    return map_slot(&c->out[0], c->page) && map_slot(&c->out[1], c->page);
}

static void check_level(ck *c, ewi_cpu_level level) {
    static const struct {
        const char *name;
        void (*run)(ck *c);
    } groups[] = {{"matmul", check_matmul}, {"qmatmul", check_qmatmul},          {"quantize", check_quantize},
                  {"row", check_row},       {"attention", check_attention},      {"convert", check_convert},
                  {"fit", check_fit},       {"attn_bf16", check_attention_bf16}, {"rotate", check_rotate}};
    c->digest = 0xcbf29ce484222325u;
    for (size_t i = 0; i < EWI_COUNT(groups); i++) {
        size_t passed = c->n_passed, failed = c->n_failed;
        c->state = c->seed + i;
        groups[i].run(c);
        printf("%-8s %-10s %zu passed, %zu failed\n", ewi_cpu_name(level), groups[i].name,
               c->n_passed - passed, c->n_failed - failed);
    }
    printf("%-8s digest     %016" PRIx64 "\n", ewi_cpu_name(level), c->digest);
}

/* The level itself, or its machine code with AMX emulated. */
static bool table_at(ck *c, ewi_cpu_level level) {
    ew_error err = {0};
    if (ewi_kernels_at(level, &c->kern_table, &err) == EW_OK) return true;
    if (strcmp(ewi_cpu_name(level), "amx") != 0 || !amx_trap_install()) return false;
    printf("%-8s emulated: %s\n", ewi_cpu_name(level), ewi_cpu_why_not(level));
    c->is_emulated = true;
    ewi_kernels_force(level);
    c->kern_table = *ewi_kernels_get();
    return true;
}

/* A level whose instructions nothing used was not checked. */
static void report_emulation(ck *c) {
    ck_name(c, "instructions on tiles");
    ck_result(c, amx_trap_count() > 0, "not one was emulated");
    printf("amx      %lu instructions emulated\n", amx_trap_count());
}

typedef struct plan {
    uint64_t seed;
    ewi_cpu_level cap;
    const char *level; /* the only one; NULL: all */
    bool bench, digest, list;
    const char *kernel; /* to time; "": all */
} plan;

static bool is_wanted(const plan *p, ewi_cpu_level level) {
    return !p->level || strcmp(p->level, ewi_cpu_name(level)) == 0;
}

static int run_levels(ck *c, const plan *p) {
    ew_error err = {0};
    const ewi_cpu_level cap = p->cap;
    if (ewi_kernels_at(EWI_CPU_SCALAR, &c->ref_table, &err) != EW_OK) return 1;
    c->ref = &c->ref_table;
    c->by_digest = p->digest;
    for (ewi_cpu_level level = EWI_CPU_SCALAR; level < EWI_N_CPU_LEVELS; level++) {
        if (!is_wanted(p, level)) continue;
        if (level > cap) {
            printf("%-8s left out: EDGEWISE_CPU=%s\n", ewi_cpu_name(level), ewi_cpu_name(cap));
        } else if (!table_at(c, level)) {
            printf("%-8s SKIPPED: %s\n", ewi_cpu_name(level), ewi_cpu_why_not(level));
        } else {
            c->kern = &c->kern_table;
            if (!p->bench)
                check_level(c, level);
            else if (bench_level(c->kern, p->kernel) != 0)
                return 1;
        }
    }
    if (c->is_emulated && !p->bench) report_emulation(c);
    if (!p->bench)
        printf("checkkern: %zu passed, %zu failed (--seed %" PRIu64 ")\n", c->n_passed, c->n_failed, c->seed);
    return c->n_failed > 0;
}

static bool parse(int argc, char **argv, plan *p) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            p->seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--level") == 0 && i + 1 < argc) {
            p->level = argv[++i];
        } else if (strcmp(argv[i], "--digest") == 0) {
            p->digest = true;
        } else if (strcmp(argv[i], "--levels") == 0) {
            p->list = true;
        } else if (strcmp(argv[i], "--bench") == 0) {
            p->bench = true;
            if (i + 1 < argc && argv[i + 1][0] != '-') p->kernel = argv[++i];
        } else {
            return false;
        }
    }
    return true;
}

static int list_levels(void) {
    for (ewi_cpu_level level = EWI_CPU_SCALAR; level < EWI_N_CPU_LEVELS; level++)
        printf("%s\n", ewi_cpu_name(level));
    return 0;
}

int main(int argc, char **argv) {
    plan p = {.seed = ewi_clock_ns() % 1000000, .kernel = ""};
    if (!parse(argc, argv, &p)) {
        fprintf(stderr,
                "usage: checkkern [--seed N] [--level NAME] [--digest] [--bench [KERNEL]], or --levels\n");
        return 2;
    }
    if (p.list) return list_levels();
    ew_error err = {0};
    if (ewi_cpu_parse(getenv("EDGEWISE_CPU"), &p.cap, &err) != EW_OK) {
        fprintf(stderr, "checkkern: %s\n", err.text);
        return 2;
    }
    if (!prepare(&checks, p.seed)) {
        fprintf(stderr, "checkkern: no memory\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* a line as soon as its group is done, in a pipe too */
    struct sigaction on_crash = {.sa_handler = crashed};
    sigaction(SIGSEGV, &on_crash, NULL);
    sigaction(SIGBUS, &on_crash, NULL);
    sigaction(SIGILL, &on_crash, NULL);
    return run_levels(&checks, &p);
}
