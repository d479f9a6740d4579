/* SHA-256 against the examples of FIPS 180-4 that NIST publishes (csrc.nist.gov, "SHA256.pdf"), and the
 * empty message as CAVP's SHA256ShortMsg.rsp has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/sha256.h"

static void check(const char *text, const char *want) {
    char hex[EWI_SHA256_HEX];
    assert_int_equal(ewi_sha256_hex((ewi_bytes){(const uint8_t *)text, strlen(text)}, hex, NULL), EW_OK);
    assert_string_equal(hex, want);
}

static void test_examples(void **state) {
    (void)state;
    check("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* A million letters a, in pieces of all sizes. */
static void test_pieces(void **state) {
    (void)state;
    char letters[997], hex[EWI_SHA256_HEX];
    uint8_t digest[EWI_SHA256_BYTES];
    ewi_sha256 *hash;
    memset(letters, 'a', sizeof letters);
    assert_int_equal(ewi_sha256_new(&hash, NULL), EW_OK);
    size_t left = 1000000;
    for (size_t n = 0; left; n = n % sizeof letters + 1) {
        size_t piece = n < left ? n : left;
        ewi_sha256_add(hash, letters, piece);
        left -= piece;
    }
    assert_int_equal(ewi_sha256_end(hash, digest, NULL), EW_OK);
    ewi_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples), cmocka_unit_test(test_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
