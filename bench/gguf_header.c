#include "gguf_header.h"

#include <string.h>

#define MAX_BYTES    ((size_t)256 << 20)
#define COUNTS_AT    8u /* behind magic and version: u64 tensors, u64 entries */
#define COUNTS_BYTES 16u

static void put_u32(gguf_header *h, uint32_t x) {
    uint8_t bytes[4];
    for (uint32_t i = 0; i < 4; i++) bytes[i] = (uint8_t)(x >> (8 * i));
    ewi_buffer_add(&h->bytes, bytes, sizeof bytes);
}

static void put_u64(gguf_header *h, uint64_t x) {
    put_u32(h, (uint32_t)x);
    put_u32(h, (uint32_t)(x >> 32));
}

static void put_zeros(gguf_header *h, uint64_t n) {
    static const uint8_t zeros[GGUF_ALIGN_BYTES];
    ewi_buffer_add(&h->bytes, zeros, (size_t)n);
}

uint64_t gguf_padding(uint64_t size_bytes) {
    return (GGUF_ALIGN_BYTES - size_bytes % GGUF_ALIGN_BYTES) % GGUF_ALIGN_BYTES;
}

void gguf_header_init(gguf_header *h) {
    *h = (gguf_header){0};
    ewi_buffer_init(&h->bytes, MAX_BYTES);
    ewi_buffer_add(&h->bytes, "GGUF", 4);
    put_u32(h, 3);
    put_zeros(h, COUNTS_BYTES);
}

void gguf_header_deinit(gguf_header *h) {
    ewi_buffer_deinit(&h->bytes);
}

void gguf_header_item(gguf_header *h, const char *text, size_t len) {
    put_u64(h, len);
    ewi_buffer_add(&h->bytes, text, len);
}

void gguf_header_number(gguf_header *h, uint32_t value) {
    put_u32(h, value);
}

static void begin_entry(gguf_header *h, const char *key, uint32_t type) {
    gguf_header_item(h, key, strlen(key));
    put_u32(h, type);
    h->n_entries++;
}

void gguf_header_u32(gguf_header *h, const char *key, uint32_t value) {
    begin_entry(h, key, GGUF_U32);
    put_u32(h, value);
}

void gguf_header_f32(gguf_header *h, const char *key, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    begin_entry(h, key, GGUF_F32);
    put_u32(h, bits);
}

void gguf_header_bool(gguf_header *h, const char *key, bool value) {
    begin_entry(h, key, GGUF_BOOL);
    ewi_buffer_add(&h->bytes, &(uint8_t){value}, 1);
}

void gguf_header_text(gguf_header *h, const char *key, const char *value) {
    begin_entry(h, key, GGUF_STRING);
    gguf_header_item(h, value, strlen(value));
}

void gguf_header_array(gguf_header *h, const char *key, uint32_t item_type, uint64_t n) {
    begin_entry(h, key, GGUF_ARRAY);
    put_u32(h, item_type);
    put_u64(h, n);
}

void gguf_header_tensor(gguf_header *h, const char *name, uint32_t type, uint32_t n_dims,
                        const uint64_t *dims, uint64_t size_bytes) {
    gguf_header_item(h, name, strlen(name));
    put_u32(h, n_dims);
    for (uint32_t i = 0; i < n_dims; i++) put_u64(h, dims[i]);
    put_u32(h, type);
    put_u64(h, h->offset);
    h->offset += size_bytes + gguf_padding(size_bytes);
    h->n_tensors++;
}

void gguf_header_finish(gguf_header *h) {
    put_zeros(h, gguf_padding(h->bytes.len));
    if (h->bytes.failed) return;
    for (uint32_t i = 0; i < 8; i++) {
        h->bytes.data[COUNTS_AT + i] = (uint8_t)(h->n_tensors >> (8 * i));
        h->bytes.data[COUNTS_AT + 8 + i] = (uint8_t)(h->n_entries >> (8 * i));
    }
}
