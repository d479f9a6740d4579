/*
 * prefix_file.h: one block of a prefix cache as a file: which 64 tokens it holds, after what, and its bytes.
 *
 * A page of head and then the payload. All numbers are little-endian:
 *
 *     0     "EWPREFIX"
 *     8     u32 version, 1
 *     12    u32 tokens, 64
 *     16    u64 bytes of the payload
 *     24    u64 checksum of the payload
 *     32    32 bytes: its digest, SHA-256 of the parent's and of the tokens as i32
 *     64    32 bytes: the parent's digest: of the block before it or, of the first, of all else that decides
 *           its bits (engine/prefix_key.h)
 *     96    [64] i32 tokens
 *     352   zeros
 *     4088  u64 checksum of these 4088 bytes
 *     4096  the payload
 *
 * The checksum is no secret's: it tells that a file is not what its writer wrote, not who wrote it. Four
 * lanes take 16 bytes each in turn, words a and b: h = fold((a ^ K) * (b ^ h)) + h, where the product has 128
 * bits and fold is the exclusive or of its halves. The last 64 bytes are filled up with zeros.
 *
 *     ewi_prefix_file_write_head(&file, checksum, head);
 *     EWI_TRY(ewi_prefix_file_read(bytes, &file, err));         but for the payload's checksum
 *     if (ewi_prefix_checksum(file.payload) != file.checksum) ...
 */
#ifndef EW_FORMAT_PREFIX_FILE_H
#define EW_FORMAT_PREFIX_FILE_H

#include "base/compiler.h"
#include "base/slice.h"

#define EWI_PREFIX_HEAD_BYTES   4096u
#define EWI_PREFIX_TOKENS       64u
#define EWI_PREFIX_DIGEST_BYTES 32u

typedef struct ewi_prefix_file {
    uint8_t digest[EWI_PREFIX_DIGEST_BYTES], parent[EWI_PREFIX_DIGEST_BYTES];
    ew_token tokens[EWI_PREFIX_TOKENS];
    ewi_bytes payload;
    uint64_t checksum; /* of the payload */
} ewi_prefix_file;

uint64_t ewi_prefix_checksum(ewi_bytes bytes);
void ewi_prefix_file_write_head(const ewi_prefix_file *file, uint8_t head[EWI_PREFIX_HEAD_BYTES]);
/* The payload is borrowed. Errors: EW_FORMAT. */
EWI_NODISCARD ew_status ewi_prefix_file_read(ewi_bytes bytes, ewi_prefix_file *out, ew_error *err);

#endif
