/* fuzz_prefix_file.c: any file, as it is and with its head's checksum made right; what an accepted one says
 * makes a head that says the same. */
#include "base/error.h"
#include "base/mem.h"
#include "format/prefix_file.h"
#include "fuzz.h"

static void check(ewi_bytes bytes) {
    ew_error err = {0};
    ewi_prefix_file file, again;
    ew_status status = ewi_prefix_file_read(bytes, &file, &err);
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    if (status != EW_OK) return;
    EW_ASSERT(file.payload.data + file.payload.len == bytes.data + bytes.len);
    uint8_t *copy = ewi_alloc(bytes.len);
    EW_ASSERT(copy);
    memcpy(copy, bytes.data, bytes.len);
    ewi_prefix_file_write_head(&file, copy);
    EW_ASSERT(ewi_prefix_file_read((ewi_bytes){copy, bytes.len}, &again, NULL) == EW_OK);
    EW_ASSERT(memcmp(again.tokens, file.tokens, sizeof file.tokens) == 0 && again.checksum == file.checksum);
    EW_ASSERT(memcmp(again.digest, file.digest, sizeof file.digest) == 0);
    EW_ASSERT(memcmp(again.parent, file.parent, sizeof file.parent) == 0);
    ewi_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check((ewi_bytes){data, size});
    if (size < EWI_PREFIX_HEAD_BYTES) return 0;
    uint8_t *copy = ewi_alloc(size);
    EW_ASSERT(copy);
    memcpy(copy, data, size);
    const size_t at = EWI_PREFIX_HEAD_BYTES - 8;
    const uint64_t sum = ewi_prefix_checksum((ewi_bytes){copy, at});
    for (size_t i = 0; i < 8; i++) copy[at + i] = (uint8_t)(sum >> (8 * i));
    check((ewi_bytes){copy, size});
    ewi_free(copy);
    return 0;
}
