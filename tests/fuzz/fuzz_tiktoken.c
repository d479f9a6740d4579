/* fuzz_tiktoken.c: any file; an accepted vocabulary has no empty token. */
#include "base/error.h"
#include "format/tiktoken.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ew_error err = {0};
    ewi_arena arena;
    ewi_tiktoken vocab;
    ewi_arena_init(&arena, 64u << 20);
    ew_status status = ewi_tiktoken_parse((ewi_bytes){data, size}, &arena, &vocab, &err);
    if (status == EW_OK) {
        volatile unsigned total = 0;
        for (size_t i = 0; i < vocab.n_tokens; i++) {
            EW_ASSERT(vocab.tokens[i].len > 0);
            for (size_t j = 0; j < vocab.tokens[i].len; j++) total += (uint8_t)vocab.tokens[i].data[j];
        }
    }
    ewi_arena_deinit(&arena);
    return 0;
}
