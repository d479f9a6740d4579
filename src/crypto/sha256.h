/*
 * sha256.h: SHA-256 (FIPS 180-4) of bytes that come in pieces, by libcrypto.
 *
 * A hash belongs to one thread at a time.
 *
 *     ewi_sha256 *hash;
 *     EWI_TRY(ewi_sha256_new(&hash, err));
 *     ewi_sha256_add(hash, data, len);
 *     status = ewi_sha256_end(hash, digest, err);      frees the hash
 */
#ifndef EW_CRYPTO_SHA256_H
#define EW_CRYPTO_SHA256_H

#include "base/compiler.h"
#include "base/slice.h"

#define EWI_SHA256_BYTES 32
/* 64 digits and a NUL. */
#define EWI_SHA256_HEX 65

typedef struct ewi_sha256 ewi_sha256;

EWI_NODISCARD ew_status ewi_sha256_new(ewi_sha256 **out, ew_error *err);
/* A failure shows at the end. */
void ewi_sha256_add(ewi_sha256 *hash, const void *data, size_t len);
/* Frees the hash also when it fails. */
EWI_NODISCARD ew_status ewi_sha256_end(ewi_sha256 *hash, uint8_t digest[EWI_SHA256_BYTES], ew_error *err);
/* Gives the hash up. NULL is allowed. */
void ewi_sha256_free(ewi_sha256 *hash);

/* Of bytes that are all there, as lowercase hexadecimal digits. */
EWI_NODISCARD ew_status ewi_sha256_hex(ewi_bytes bytes, char hex[EWI_SHA256_HEX], ew_error *err);
void ewi_hex(const uint8_t *bytes, size_t n, char *hex);

#endif
