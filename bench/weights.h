/*
 * weights.h: random weights in GGUF's element types, in place of trained ones where only speed is measured.
 *
 * Values are near-normal or uniform with mean 0 and the standard deviation asked for, in blocks that a
 * quantizer could have written: finite scales of the usual size, every bit of the codes in use. The same
 * seed gives the same bytes on every machine. One stream belongs to one thread.
 *
 *     weight_stream s = weight_stream_of(seed, "blk.0.attn_q.weight");
 *     weight_fill(&s, WEIGHT_Q4_0, 0.02f, out, n_blocks);
 */
#ifndef BENCH_WEIGHTS_H
#define BENCH_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

/* In GGUF's numbers (ggml-org/ggml, docs/gguf.md). */
typedef enum weight_type {
    WEIGHT_F32 = 0,
    WEIGHT_F16 = 1,
    WEIGHT_Q4_0 = 2,
    WEIGHT_Q5_0 = 6,
    WEIGHT_Q8_0 = 8,
    WEIGHT_Q4_K = 12,
    WEIGHT_Q6_K = 14,
    WEIGHT_BF16 = 30,
} weight_type;

/* Elements and bytes of one block. */
size_t weight_block_elements(weight_type type);
size_t weight_block_bytes(weight_type type);

typedef struct weight_stream {
    uint64_t state;
} weight_stream;

weight_stream weight_stream_of(uint64_t seed, const char *tensor);
/* Writes the stream's next n_blocks blocks of mean 0. */
void weight_fill(weight_stream *s, weight_type type, float deviation, uint8_t *out, size_t n_blocks);
/* The next n values around `middle`, f32: norms and biases. */
void weight_fill_around(weight_stream *s, float middle, float deviation, uint8_t *out, size_t n);

#endif
