#include "format/prefix_file.h"

#include <inttypes.h>

#include "base/error.h"

#define MAGIC   "EWPREFIX"
#define VERSION 1u

/* Where the head has what. */
enum {
    AT_VERSION = 8,
    AT_N_TOKENS = 12,
    AT_PAYLOAD_BYTES = 16,
    AT_CHECKSUM = 24,
    AT_DIGEST = 32,
    AT_PARENT = 64,
    AT_TOKENS = 96,
    AT_HEAD_CHECKSUM = 4088,
};

/* ---- the checksum ---- */

__extension__ typedef unsigned __int128 product;

/* The first 256 bits of pi's fraction: numbers that hide nothing. */
static const uint64_t keys[4] = {0x243f6a8885a308d3u, 0x13198a2e03707344u, 0xa4093822299f31d0u,
                                 0x082efa98ec4e6c89u};

EWI_INLINE uint64_t fold(uint64_t a, uint64_t b) {
    const product p = (product)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

EWI_INLINE uint64_t word_at(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

EWI_INLINE void take_64(uint64_t h[4], const uint8_t *p) {
    for (size_t i = 0; i < 4; i++)
        h[i] += fold(word_at(p + 16 * i) ^ keys[i], word_at(p + 16 * i + 8) ^ h[i]);
}

uint64_t ewi_prefix_checksum(ewi_bytes bytes) {
    uint64_t h[4] = {keys[1], keys[2], keys[3], keys[0]};
    const size_t whole = bytes.len / 64 * 64;
    uint8_t rest[64] = {0};
    for (size_t at = 0; at < whole; at += 64) take_64(h, bytes.data + at);
    if (bytes.len > whole) memcpy(rest, bytes.data + whole, bytes.len - whole);
    take_64(h, rest);
    return fold(h[0] ^ bytes.len, h[1] ^ keys[0]) + fold(h[2] ^ keys[1], h[3] ^ keys[2]);
}

/* ---- the head ---- */

static void store(uint8_t *to, uint64_t value, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++) to[i] = (uint8_t)(value >> (8 * i));
}

void ewi_prefix_file_write_head(const ewi_prefix_file *file, uint8_t head[EWI_PREFIX_HEAD_BYTES]) {
    memset(head, 0, EWI_PREFIX_HEAD_BYTES);
    memcpy(head, MAGIC, sizeof MAGIC - 1);
    store(head + AT_VERSION, VERSION, 4);
    store(head + AT_N_TOKENS, EWI_PREFIX_TOKENS, 4);
    store(head + AT_PAYLOAD_BYTES, file->payload.len, 8);
    store(head + AT_CHECKSUM, file->checksum, 8);
    memcpy(head + AT_DIGEST, file->digest, sizeof file->digest);
    memcpy(head + AT_PARENT, file->parent, sizeof file->parent);
    for (size_t i = 0; i < EWI_PREFIX_TOKENS; i++)
        store(head + AT_TOKENS + 4 * i, (uint32_t)file->tokens[i], 4);
    store(head + AT_HEAD_CHECKSUM, ewi_prefix_checksum((ewi_bytes){head, AT_HEAD_CHECKSUM}), 8);
}

static ew_status check_head(ewi_bytes bytes, ew_error *err) {
    const uint8_t *head = bytes.data;
    if (bytes.len < EWI_PREFIX_HEAD_BYTES || memcmp(head, MAGIC, sizeof MAGIC - 1) != 0)
        return ewi_fail(err, EW_FORMAT, "not a file of a prefix cache");
    if (ewi_load_u64(head + AT_HEAD_CHECKSUM) != ewi_prefix_checksum((ewi_bytes){head, AT_HEAD_CHECKSUM}))
        return ewi_fail(err, EW_FORMAT, "a prefix cache's file: its head is damaged");
    const uint32_t version = ewi_load_u32(head + AT_VERSION), n_tokens = ewi_load_u32(head + AT_N_TOKENS);
    if (version != VERSION || n_tokens != EWI_PREFIX_TOKENS)
        return ewi_fail(err, EW_FORMAT, "a prefix cache's file: version %u, %u tokens", version, n_tokens);
    const uint64_t payload_bytes = ewi_load_u64(head + AT_PAYLOAD_BYTES);
    if (payload_bytes != bytes.len - EWI_PREFIX_HEAD_BYTES)
        return ewi_fail(err, EW_FORMAT, "a prefix cache's file: %zu bytes, not %" PRIu64 " after its head",
                        bytes.len - EWI_PREFIX_HEAD_BYTES, payload_bytes);
    return EW_OK;
}

ew_status ewi_prefix_file_read(ewi_bytes bytes, ewi_prefix_file *out, ew_error *err) {
    EWI_TRY(check_head(bytes, err));
    const uint8_t *head = bytes.data;
    memcpy(out->digest, head + AT_DIGEST, sizeof out->digest);
    memcpy(out->parent, head + AT_PARENT, sizeof out->parent);
    for (size_t i = 0; i < EWI_PREFIX_TOKENS; i++)
        out->tokens[i] = (ew_token)ewi_load_u32(head + AT_TOKENS + 4 * i);
    out->payload = (ewi_bytes){head + EWI_PREFIX_HEAD_BYTES, bytes.len - EWI_PREFIX_HEAD_BYTES};
    out->checksum = ewi_load_u64(head + AT_CHECKSUM);
    return EW_OK;
}
