#include "big_vocab.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "gguf_build.h"
#include "test.h"

#define LETTERS   26u
#define MAX_BYTES 12 /* of a token's or a merge's spelling */

typedef struct strings {
    ew_str *items;
    char (*bytes)[MAX_BYTES];
    size_t n;
} strings;

static strings new_strings(size_t cap) {
    strings s = {calloc(cap, sizeof *s.items), calloc(cap, sizeof *s.bytes), 0};
    assert_true(s.items && s.bytes);
    return s;
}

static void free_strings(strings *s) {
    free(s->items);
    free(s->bytes);
}

static void add(strings *s, const char *text, size_t len) {
    memcpy(s->bytes[s->n], text, len);
    s->items[s->n] = (ew_str){s->bytes[s->n], len};
    s->n++;
}

/* GPT-2 spells the bytes that are no printable Latin-1 characters as U+0100, U+0101, ... in their order. */
static void add_bytes(strings *tokens) {
    uint32_t next = 0x100;
    for (uint32_t byte = 0; byte < 256; byte++) {
        bool printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
        uint8_t text[4];
        size_t len = ewi_utf8_encode(printable ? byte : next++, text);
        add(tokens, (const char *)text, len);
    }
}

/* The strings of `len` letters, until there are n tokens. */
static void add_words(strings *tokens, size_t len, size_t n) {
    uint32_t count = 1;
    for (size_t i = 0; i < len; i++) count *= LETTERS;
    for (uint32_t word = 0; word < count && tokens->n < n; word++) {
        char text[4];
        uint32_t rest = word;
        for (size_t i = len; i-- > 0; rest /= LETTERS) text[i] = (char)('a' + rest % LETTERS);
        add(tokens, text, len);
    }
}

/* One cut of each word per round: "a bcd", then "ab cd", then "abc d". */
static void add_cuts(strings *merges, const strings *tokens, size_t cut, size_t n) {
    for (size_t i = 256; i < tokens->n && merges->n < n; i++) {
        ew_str word = tokens->items[i];
        if (word.len <= cut) continue;
        char text[MAX_BYTES];
        memcpy(text, word.data, cut);
        text[cut] = ' ';
        memcpy(text + cut + 1, word.data + cut, word.len - cut);
        add(merges, text, word.len + 1);
    }
}

void big_vocab_write(const char *path, uint32_t n_tokens, uint32_t n_merges) {
    strings tokens = new_strings(n_tokens), merges = new_strings(n_merges);
    add_bytes(&tokens);
    for (size_t len = 2; len <= 4; len++) add_words(&tokens, len, n_tokens);
    assert_int_equal(tokens.n, n_tokens);
    for (size_t cut = 1; cut <= 3; cut++) add_cuts(&merges, &tokens, cut, n_merges);
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "general.architecture", "llama");
    gguf_build_str(b, "tokenizer.ggml.model", "gpt2");
    gguf_build_str(b, "tokenizer.ggml.pre", "llama-bpe");
    gguf_build_strings(b, "tokenizer.ggml.tokens", tokens.items, tokens.n);
    gguf_build_strings(b, "tokenizer.ggml.merges", merges.items, merges.n);
    gguf_build_write(b, path);
    gguf_build_free(b);
    free_strings(&tokens);
    free_strings(&merges);
}
