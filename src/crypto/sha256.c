#include "crypto/sha256.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/mem.h"

struct ewi_sha256 {
    EVP_MD_CTX *context;
    bool failed;
};

ew_status ewi_sha256_new(ewi_sha256 **out, ew_error *err) {
    ewi_sha256 *hash = ewi_zalloc(sizeof *hash);
    if (!hash) return ewi_no_memory(err, "a hash");
    hash->context = ewi_hostile_fails() ? NULL : EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        ewi_sha256_free(hash);
        return ewi_no_memory(err, "a hash");
    }
    *out = hash;
    return EW_OK;
}

void ewi_sha256_add(ewi_sha256 *hash, const void *data, size_t len) {
    if (len && EVP_DigestUpdate(hash->context, data, len) != 1) hash->failed = true;
}

ew_status ewi_sha256_end(ewi_sha256 *hash, uint8_t digest[EWI_SHA256_BYTES], ew_error *err) {
    bool failed = hash->failed || EVP_DigestFinal_ex(hash->context, digest, NULL) != 1;
    ewi_sha256_free(hash);
    return failed ? ewi_fail(err, EW_UNSUPPORTED, "libcrypto offers no SHA-256 here") : EW_OK;
}

void ewi_sha256_free(ewi_sha256 *hash) {
    if (!hash) return;
    EVP_MD_CTX_free(hash->context);
    ewi_free(hash);
}

void ewi_hex(const uint8_t *bytes, size_t n, char *hex) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *hex++ = digits[bytes[i] >> 4];
        *hex++ = digits[bytes[i] & 15];
    }
    *hex = '\0';
}

ew_status ewi_sha256_hex(ewi_bytes bytes, char hex[EWI_SHA256_HEX], ew_error *err) {
    uint8_t digest[EWI_SHA256_BYTES];
    ewi_sha256 *hash;
    EWI_TRY(ewi_sha256_new(&hash, err));
    ewi_sha256_add(hash, bytes.data, bytes.len);
    EWI_TRY(ewi_sha256_end(hash, digest, err));
    ewi_hex(digest, sizeof digest, hex);
    return EW_OK;
}
