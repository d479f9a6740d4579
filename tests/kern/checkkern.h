/*
 * checkkern.h: what the kernel checks share: memory with a guard page and poison, random numbers with a seed,
 * comparison by bits.
 *
 * A check draws inputs, runs the reference and the kernel under test on outputs placed in poisoned memory,
 * and compares the bits. Single thread.
 *
 *     float *x = ck_input(c, 0, n, CK_NORMAL);    ends where no access is allowed, or lies at a random offset
 *     float *want = ck_output(c, 0, n), *got = ck_output(c, 1, n);
 *     ck_name(c, "add n=%zu", n);
 *     c->ref->add(want, x, x, n); c->kern->add(got, x, x, n);
 *     ck_compare(c, n);
 */
#ifndef TESTS_KERN_CHECKKERN_H
#define TESTS_KERN_CHECKKERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "kernels/kernels.h"

/* Most bytes of one input or output of a check. */
#define CK_BYTES (4u << 20)
#define CK_SLOTS 6

typedef struct ck_slot {
    unsigned char *pages; /* CK_BYTES + 2 pages, then a page without access; one such page in front */
    unsigned char *at;
    size_t size;
} ck_slot;

typedef struct ck {
    ewi_kernels ref_table, kern_table;
    const ewi_kernels *ref, *kern;
    uint64_t seed, state;
    size_t page;
    ck_slot in[CK_SLOTS], out[2]; /* out[0]: the reference's */
    size_t n_passed, n_failed;
    bool is_emulated; /* a level that the machine lacks */
    bool by_digest;   /* the long references do not run: the digest is compared with another level's */
    uint64_t digest;  /* of the results of one level */
    char now[160];    /* the case that runs, for a crash */
} ck;

typedef enum ck_kind {
    CK_NORMAL,  /* -1..1 */
    CK_WIDE,    /* any finite exponent, subnormals too */
    CK_SPECIAL, /* NORMAL with zeros, subnormals, infinities, NaN and the largest numbers among them */
    CK_TIES,    /* few distinct values */
    CK_N_KINDS
} ck_kind;

uint64_t ck_random(ck *c);
/* 0..n-1 */
size_t ck_below(ck *c, size_t n);
float ck_float(ck *c, ck_kind kind);
/* A kind for case number i: mostly NORMAL. */
ck_kind ck_kind_of(size_t i);

/* size bytes of input slot i; at any byte when align is 1. */
void *ck_bytes(ck *c, size_t i, size_t size, size_t align);
/* n floats of one kind in input slot i. */
float *ck_input(ck *c, size_t i, size_t n, ck_kind kind);
/* n elements of a weight type in input slot i; odd addresses happen. */
void *ck_weights(ck *c, size_t i, size_t n, ewi_dtype dtype, ck_kind kind);

/* size bytes, poisoned like everything around them. */
void *ck_output_bytes(ck *c, size_t i, size_t size);
float *ck_output(ck *c, size_t i, size_t n);

/* Names the case that comes, before it runs. */
EWI_PRINTF(2, 3) void ck_name(ck *c, const char *fmt, ...);
/* Compares n floats of both outputs by bits (any NaN equals any NaN), and that nothing around them was
 * written. */
void ck_compare(ck *c, size_t n);
/* The same of a result without a reference, which the digest has. */
void ck_take(ck *c, size_t n);
/* As ck_compare for bytes, exactly. */
void ck_compare_bytes(ck *c, size_t size);
/* As ck_compare for one number. */
void ck_compare_number(ck *c, float want, float got);
/* Counts a case; prints it when it failed. */
void ck_result(ck *c, bool ok, const char *why);
bool ck_same(float a, float b);

void check_matmul(ck *c);
void check_qmatmul(ck *c);
void check_quantize(ck *c);
void check_rotate(ck *c);
void check_row(ck *c);
void check_attention(ck *c);
void check_attention_bf16(ck *c);
void check_convert(ck *c);
void check_fit(ck *c);

/* Prints time, bandwidth and arithmetic rate of each kernel at one level. */
int bench_level(const ewi_kernels *kern, const char *only);

#endif
