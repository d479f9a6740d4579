/*
 * peak.c: loops in assembly, so that neither the compiler nor its flags have a say in what is measured.
 *
 * Accumulators are registers 0 to 11, operands 12 to 15: these exist at every level of x86-64, and twelve
 * chains cover a latency of 5 cycles at two instructions a cycle.
 */
#include "peak.h"

#include <pthread.h>

#include "base/compiler.h"
#include "os/clock.h"

#define N_PASSES    6
#define MAX_THREADS 256

#define TIMES_12(LINE) \
    LINE("0")          \
    LINE("1")          \
    LINE("2") LINE("3") LINE("4") LINE("5") LINE("6") LINE("7") LINE("8") LINE("9") LINE("10") LINE("11")

#if defined(__x86_64__)

#define CLOBBERED                                                                                            \
    "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/* 1.0 as f32; as int8 small numbers of both kinds. */
static const uint32_t one = 0x3f800000u;

#define SPIN(name, load, lines)                                                                   \
    static void name(uint64_t rounds) {                                                           \
        __asm__ volatile(                                                                         \
            load TIMES_12(lines##_ZERO) "1:\n\t" TIMES_12(lines) "dec %0\n\tjnz 1b\n\tvzeroupper" \
            : "+r"(rounds)                                                                        \
            : "m"(one)                                                                            \
            : CLOBBERED);                                                                         \
    }

#define LOAD_YMM    "vbroadcastss %1, %%ymm12\n\tvbroadcastss %1, %%ymm13\n\tvbroadcastss %1, %%ymm14\n\t"
#define LOAD_ZMM    "vbroadcastss %1, %%zmm12\n\tvbroadcastss %1, %%zmm13\n\tvbroadcastss %1, %%zmm14\n\t"
#define YMM_ZERO(r) "vpxor %%ymm" r ", %%ymm" r ", %%ymm" r "\n\t"
#define ZMM_ZERO(r) "vpxord %%zmm" r ", %%zmm" r ", %%zmm" r "\n\t"
#define FMA_YMM(r)  "vfmadd231ps %%ymm12, %%ymm13, %%ymm" r "\n\t"
#define FMA_ZMM(r)  "vfmadd231ps %%zmm12, %%zmm13, %%zmm" r "\n\t"
#define VNNI_ZMM(r) "vpdpbusd %%zmm12, %%zmm13, %%zmm" r "\n\t"
/* Without VNNI: bytes to pairs, pairs to four, added. */
#define BYTES_YMM(r)                                                                 \
    "vpmaddubsw %%ymm12, %%ymm13, %%ymm15\n\tvpmaddwd %%ymm15, %%ymm14, %%ymm15\n\t" \
    "vpaddd %%ymm15, %%ymm" r ", %%ymm" r "\n\t"
#define BYTES_ZMM(r)                                                                 \
    "vpmaddubsw %%zmm12, %%zmm13, %%zmm15\n\tvpmaddwd %%zmm15, %%zmm14, %%zmm15\n\t" \
    "vpaddd %%zmm15, %%zmm" r ", %%zmm" r "\n\t"
#define FMA_YMM_ZERO   YMM_ZERO
#define BYTES_YMM_ZERO YMM_ZERO
#define FMA_ZMM_ZERO   ZMM_ZERO
#define BYTES_ZMM_ZERO ZMM_ZERO
#define VNNI_ZMM_ZERO  ZMM_ZERO

SPIN(spin_fma_avx2, LOAD_YMM, FMA_YMM)
SPIN(spin_bytes_avx2, LOAD_YMM, BYTES_YMM)
SPIN(spin_fma_avx512, LOAD_ZMM, FMA_ZMM)
SPIN(spin_bytes_avx512, LOAD_ZMM, BYTES_ZMM)
SPIN(spin_vnni, LOAD_ZMM, VNNI_ZMM)

/* Intel's manual, volume 1, chapter 18: palette 1; 16 rows of 64 bytes in each of eight tiles. All 64 bytes
 * are an operand: a compiler that is told less leaves the stores out. */
typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t n_rows[16];
} tile_config;

/* A block of 2 x 2 tiles, as a kernel has it. Loading the configuration zeroes the tiles. */
#define SPIN_TILES(name, instruction)                                                                        \
    static void name(uint64_t rounds) {                                                                      \
        tile_config config = {.palette = 1};                                                                 \
        for (size_t i = 0; i < 8; i++) config.row_bytes[i] = 64, config.n_rows[i] = 16;                      \
        __asm__ volatile("ldtilecfg %1\n\t"                                                                  \
                         "1:\n\t" instruction " %%tmm6, %%tmm4, %%tmm0\n\t" instruction                      \
                         " %%tmm7, %%tmm4, %%tmm1\n\t" instruction " %%tmm6, %%tmm5, %%tmm2\n\t" instruction \
                         " %%tmm7, %%tmm5, %%tmm3\n\t"                                                       \
                         "dec %0\n\tjnz 1b\n\ttilerelease"                                                   \
                         : "+r"(rounds)                                                                      \
                         : "m"(config)                                                                       \
                         : "cc", "memory");                                                                  \
    }

SPIN_TILES(spin_tiles_int8, "tdpbssd")
SPIN_TILES(spin_tiles_bf16, "tdpbf16ps")

const peak peaks[] = {
    {EWI_CPU_AVX2, "f32", "vfmadd231ps ymm", spin_fma_avx2, 12 * 8 * 2},
    {EWI_CPU_AVX2, "int8", "vpmaddubsw ymm", spin_bytes_avx2, 12 * 32 * 2},
    {EWI_CPU_AVX512, "f32", "vfmadd231ps zmm", spin_fma_avx512, 12 * 16 * 2},
    {EWI_CPU_AVX512, "int8", "vpmaddubsw zmm", spin_bytes_avx512, 12 * 64 * 2},
    {EWI_CPU_VNNI, "int8", "vpdpbusd zmm", spin_vnni, 12 * 64 * 2},
    {EWI_CPU_AMX, "int8", "tdpbssd", spin_tiles_int8, 4 * 16 * 16 * 64 * 2},
    {EWI_CPU_AMX, "bf16", "tdpbf16ps", spin_tiles_bf16, 4 * 16 * 16 * 32 * 2},
};
const size_t n_peaks = EWI_COUNT(peaks);

#elif defined(__aarch64__)

#define CLOBBERED "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13"

#define SPIN(name, lines)                                                                             \
    static void name(uint64_t rounds) {                                                               \
        __asm__ volatile("movi v12.16b, #1\n\tmovi v13.16b, #3\n\t" TIMES_12(ZERO) "1:\n\t" TIMES_12( \
                             lines) "subs %0, %0, #1\n\tb.ne 1b"                                      \
                         : "+r"(rounds)                                                               \
                         :                                                                            \
                         : CLOBBERED);                                                                \
    }

#define ZERO(r)  "movi v" r ".16b, #0\n\t"
#define FMA(r)   "fmla v" r ".4s, v12.4s, v13.4s\n\t"
/* sdot and smmla vR.4s, v12.16b, v13.16b, encoded: assemblers differ in how an extension is asked for. */
#define SDOT(r)  ".inst 0x4e8d9580 + " r "\n\t"
#define SMMLA(r) ".inst 0x4e8da580 + " r "\n\t"

SPIN(spin_fma, FMA)
SPIN(spin_sdot, SDOT)
SPIN(spin_smmla, SMMLA)

const peak peaks[] = {
    {EWI_CPU_NEON, "f32", "fmla", spin_fma, 12 * 4 * 2},
    {EWI_CPU_DOTPROD, "int8", "sdot", spin_sdot, 12 * 16 * 2},
    {EWI_CPU_I8MM, "int8", "smmla", spin_smmla, 12 * 32 * 2},
};
const size_t n_peaks = EWI_COUNT(peaks);

#else

const peak peaks[] = {{EWI_CPU_SCALAR, "", "", NULL, 0}};
const size_t n_peaks = 0;

#endif

typedef struct spinner {
    pthread_t thread;
    const peak *peak;
    uint64_t rounds;
} spinner;

static void *spin(void *arg) {
    spinner *s = arg;
    s->peak->spin(s->rounds);
    return NULL;
}

/* Nanoseconds until every thread has done its rounds; 0 = a thread could not be started. */
static uint64_t pass_ns(spinner *spinners, uint32_t n) {
    uint64_t start_ns = ewi_clock_ns();
    uint32_t n_started = 0;
    while (n_started < n &&
           pthread_create(&spinners[n_started].thread, NULL, spin, &spinners[n_started]) == 0)
        n_started++;
    for (uint32_t i = 0; i < n_started; i++) pthread_join(spinners[i].thread, NULL);
    return n_started == n ? ewi_clock_ns() - start_ns : 0;
}

/* The first pass only finds how many rounds take about 20 ms. */
double peak_measure(size_t i, uint32_t n_threads) {
    static const uint64_t first_rounds = 100000, wanted_ns = 20000000;
    spinner spinners[MAX_THREADS];
    if (n_threads > MAX_THREADS) n_threads = MAX_THREADS;
    uint64_t rounds = first_rounds;
    double best = 0;
    for (int pass = 0; pass < N_PASSES; pass++) {
        for (uint32_t t = 0; t < n_threads; t++) spinners[t] = (spinner){.peak = &peaks[i], .rounds = rounds};
        uint64_t took_ns = pass_ns(spinners, n_threads);
        if (took_ns == 0) return 0;
        double rate = peaks[i].ops_per_round * (double)rounds * n_threads / (double)took_ns;
        if (rate > best) best = rate;
        if (pass == 0) rounds = first_rounds * (1 + wanted_ns / took_ns);
    }
    return best;
}
