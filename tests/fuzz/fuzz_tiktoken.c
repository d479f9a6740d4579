/* fuzz_tiktoken.c: any file; an accepted vocabulary has no empty token. */
#include "base/error.h"
#include "format/tiktoken.h"
#include "fuzz.h"

/* Reads every byte of every token, so that a sanitizer sees each. */
static unsigned read_tokens(const ewi_tiktoken *vocab) {
    unsigned total = 0;
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        ew_str token = vocab->tokens[i];
        EW_ASSERT(token.len > 0);
        for (size_t j = 0; j < token.len; j++) total += (uint8_t)token.data[j];
    }
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ew_error err = {0};
    ewi_arena arena;
    ewi_tiktoken vocab;
    ewi_arena_init(&arena, 64u << 20);
    ew_status status = ewi_tiktoken_parse((ewi_bytes){data, size}, &arena, &vocab, &err);
    volatile unsigned total = status == EW_OK ? read_tokens(&vocab) : 0;
    (void)total;
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    ewi_arena_deinit(&arena);
    return 0;
}
