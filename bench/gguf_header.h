/*
 * gguf_header.h: the part of a GGUF v3 file before its tensors (ggml-org/ggml, docs/gguf.md).
 *
 * Entries, then tensors, in the order of the calls. A call that finds no memory leaves `bytes.failed` set:
 * check once at the end. One header belongs to one thread.
 *
 *     gguf_header h;
 *     gguf_header_init(&h);
 *     gguf_header_text(&h, "general.architecture", "llama");
 *     gguf_header_tensor(&h, "output_norm.weight", 0, 1, (uint64_t[]){64}, 256);
 *     gguf_header_finish(&h);      h.bytes is the file up to the first tensor
 *     gguf_header_deinit(&h);
 */
#ifndef BENCH_GGUF_HEADER_H
#define BENCH_GGUF_HEADER_H

#include "base/buffer.h"

#define GGUF_ALIGN_BYTES 32u /* the default: general.alignment is left out */

/* Of entries and array items, in the specification's numbers. */
enum { GGUF_U32 = 4, GGUF_I32 = 5, GGUF_F32 = 6, GGUF_BOOL = 7, GGUF_STRING = 8, GGUF_ARRAY = 9 };

typedef struct gguf_header {
    ewi_buffer bytes;
    uint64_t n_entries, n_tensors;
    uint64_t offset; /* of the next tensor, from the first */
} gguf_header;

void gguf_header_init(gguf_header *h);
void gguf_header_deinit(gguf_header *h);

void gguf_header_u32(gguf_header *h, const char *key, uint32_t value);
void gguf_header_f32(gguf_header *h, const char *key, float value);
void gguf_header_bool(gguf_header *h, const char *key, bool value);
void gguf_header_text(gguf_header *h, const char *key, const char *value);
/* Begins an array; n calls of gguf_header_item (strings) or gguf_header_number (32-bit types) follow. */
void gguf_header_array(gguf_header *h, const char *key, uint32_t item_type, uint64_t n);
void gguf_header_item(gguf_header *h, const char *text, size_t len);
void gguf_header_number(gguf_header *h, uint32_t value);

/* dims: innermost first. The data follows that of the tensor before, aligned. */
void gguf_header_tensor(gguf_header *h, const char *name, uint32_t type, uint32_t n_dims,
                        const uint64_t *dims, uint64_t size_bytes);
/* Fills in the counts and pads up to the first tensor. */
void gguf_header_finish(gguf_header *h);

/* Bytes between a tensor of this size and the next. */
uint64_t gguf_padding(uint64_t size_bytes);

#endif
