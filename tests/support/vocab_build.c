/* vocab_build.c: small vocabularies for tests. */
#include "vocab_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define MAX_TOKENS 4096
#define MAX_MERGES 4096

struct vocab_build {
    ewi_vocab vocab;
    ew_str tokens[MAX_TOKENS];
    uint8_t types[MAX_TOKENS];
    float scores[MAX_TOKENS];
    ew_str lefts[MAX_MERGES], rights[MAX_MERGES];
    size_t n_tokens, n_merges, next_merge;
};

static ew_str copy(const char *text) {
    size_t len = strlen(text);
    char *data = malloc(len + 1);
    assert_non_null(data);
    memcpy(data, text, len + 1);
    return (ew_str){data, len};
}

static ew_status next_merge(void *state, ew_str *left, ew_str *right, ew_error *err) {
    vocab_build *b = state;
    (void)err;
    assert_true(b->next_merge < b->n_merges);
    *left = b->lefts[b->next_merge];
    *right = b->rights[b->next_merge++];
    return EW_OK;
}

vocab_build *vocab_build_empty(ewi_vocab_kind kind) {
    vocab_build *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->vocab.kind = kind;
    b->vocab.bos = b->vocab.eos = b->vocab.unk = b->vocab.last = -1;
    return b;
}

/* OpenAI's rule (gpt-2, encoder.py, bytes_to_unicode): bytes that print are themselves, the others 256,
 * 257, ... in order. */
static void spell_byte(unsigned byte, char out[3]) {
    unsigned c = byte, n_others = 0;
    for (unsigned b = 0; b <= byte; b++) {
        bool prints = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
        if (b == byte) c = prints ? byte : 256 + n_others;
        n_others += !prints;
    }
    int n = 0;
    if (c >= 0x80) out[n++] = (char)(0xc0 | (c >> 6));
    out[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
    out[n] = '\0';
}

vocab_build *vocab_build_bpe(void) {
    vocab_build *b = vocab_build_empty(EWI_VOCAB_BPE);
    for (unsigned byte = 0; byte < 256; byte++) {
        char spelling[3];
        spell_byte(byte, spelling);
        vocab_build_token(b, spelling, EWI_TOKEN_NORMAL, 0);
    }
    return b;
}

vocab_build *vocab_build_spm(void) {
    vocab_build *b = vocab_build_empty(EWI_VOCAB_SPM);
    b->vocab.unk = vocab_build_token(b, "<unk>", EWI_TOKEN_UNKNOWN, 0);
    b->vocab.bos = vocab_build_token(b, "<s>", EWI_TOKEN_CONTROL, 0);
    b->vocab.eos = vocab_build_token(b, "</s>", EWI_TOKEN_CONTROL, 0);
    b->vocab.space_prefix = EWI_PREFIX_EACH;
    for (unsigned byte = 0; byte < 256; byte++) {
        char spelling[8];
        snprintf(spelling, sizeof spelling, "<0x%02X>", byte);
        vocab_build_token(b, spelling, EWI_TOKEN_BYTE, 0);
    }
    return b;
}

void vocab_build_free(vocab_build *b) {
    if (!b) return;
    for (size_t i = 0; i < b->n_tokens; i++) free((void *)(uintptr_t)b->tokens[i].data);
    for (size_t i = 0; i < b->n_merges; i++) {
        free((void *)(uintptr_t)b->lefts[i].data);
        free((void *)(uintptr_t)b->rights[i].data);
    }
    free(b);
}

ew_token vocab_build_token(vocab_build *b, const char *spelling, uint8_t type, float score) {
    assert_true(b->n_tokens < MAX_TOKENS);
    b->tokens[b->n_tokens] = copy(spelling);
    b->types[b->n_tokens] = type;
    b->scores[b->n_tokens] = score;
    return (ew_token)b->n_tokens++;
}

void vocab_build_bare_merge(vocab_build *b, const char *left, const char *right) {
    assert_true(b->n_merges < MAX_MERGES);
    b->lefts[b->n_merges] = copy(left);
    b->rights[b->n_merges++] = copy(right);
}

void vocab_build_merge(vocab_build *b, const char *left, const char *right) {
    char joined[8192];
    assert_true(snprintf(joined, sizeof joined, "%s%s", left, right) < (int)sizeof joined);
    bool known = false;
    for (size_t i = 0; i < b->n_tokens; i++) known |= ewi_str_is(b->tokens[i], joined);
    if (!known) vocab_build_token(b, joined, EWI_TOKEN_NORMAL, 0);
    vocab_build_bare_merge(b, left, right);
}

ewi_vocab *vocab_build_vocab(vocab_build *b) {
    b->vocab.tokens = b->tokens;
    b->vocab.types = b->types;
    b->vocab.scores = b->scores;
    b->vocab.n_tokens = b->n_tokens;
    b->vocab.merges = (ewi_merge_source){.n = b->n_merges, .state = b, .next = next_merge};
    b->next_merge = 0;
    return &b->vocab;
}

ew_status vocab_build_try(vocab_build *b, ew_error *err) {
    ew_tokenizer *tokenizer;
    ew_status status = ewi_tokenizer_new(vocab_build_vocab(b), &tokenizer, err);
    ew_tokenizer_close(tokenizer);
    return status;
}

ew_tokenizer *vocab_build_open(vocab_build *b) {
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    if (ewi_tokenizer_new(vocab_build_vocab(b), &tokenizer, &err)) fail_msg("%s", err.text);
    return tokenizer;
}

const char *vocab_build_encode(const ew_tokenizer *tokenizer, ew_str text, unsigned flags) {
    static char line[256];
    ew_token ids[64];
    ew_error err = {0};
    size_t n, len = 0;
    line[0] = '\0';
    if (ew_tokenizer_encode(tokenizer, text, flags, ids, 64, &n, &err)) fail_msg("%s", err.text);
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++) {
        int wrote = snprintf(line + len, sizeof line - len, i ? " %d" : "%d", (int)ids[i]);
        assert_true(wrote > 0 && (size_t)wrote < sizeof line - len);
        len += (size_t)wrote;
    }
    return line;
}
