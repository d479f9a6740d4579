/* Normalization Form C against Unicode's own test file (data/nfc_vectors.txt, from
 * NormalizationTest-15.0.0.txt). */
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "text/normal_form.h"
#include "text_file.h"

#define MAX_TEXT 256

static void check_pair(ewi_bytes source, ewi_bytes nfc) {
    ewi_buffer out;
    ew_error err = {0};
    ewi_buffer_init(&out, 4096);
    assert_int_equal(ewi_normal_form_append(&out, source, EWI_FORM_C, &err), EW_OK);
    assert_int_equal(out.len, nfc.len);
    assert_memory_equal(out.data, nfc.data, nfc.len);
    if (ewi_normal_form_is_plain(source, EWI_FORM_C)) assert_memory_equal(source.data, nfc.data, nfc.len);
    ewi_buffer_deinit(&out);
}

static void form_c_is_unicodes(void **state) {
    (void)state;
    uint8_t source[MAX_TEXT], nfc[MAX_TEXT];
    size_t size, n = 0;
    char *file = text_file_read(text_file_data("conformance/data/nfc_vectors.txt"), &size);
    for (const char *line = file; *line; line += strcspn(line, "\n") + 1) {
        if (*line == '#') continue;
        size_t n_source = text_file_hex(line, source, MAX_TEXT);
        size_t n_nfc = text_file_hex(line + 2 * n_source + 1, nfc, MAX_TEXT);
        assert_true(n_source > 0 && n_source <= MAX_TEXT && n_nfc > 0 && n_nfc <= MAX_TEXT);
        check_pair((ewi_bytes){source, n_source}, (ewi_bytes){nfc, n_nfc});
        n++;
    }
    assert_true(n > 1000);
    free(file);
}

/* What a test file of valid text cannot say: other bytes stay, and part what is around them. */
static void invalid_bytes_pass_through(void **state) {
    (void)state;
    check_pair((ewi_bytes){(const uint8_t *)"e\xff\xcc\x81", 4},
               (ewi_bytes){(const uint8_t *)"e\xff\xcc\x81", 4});
    check_pair((ewi_bytes){(const uint8_t *)"\xcc", 1}, (ewi_bytes){(const uint8_t *)"\xcc", 1});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_c_is_unicodes),
        cmocka_unit_test(invalid_bytes_pass_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
