/* vocab_tiktoken.c: .tiktoken files, with what they leave out (tiktoken_ext/openai_public.py of
 * openai/tiktoken). */
#include "base/error.h"
#include "base/mem.h"
#include "format/tiktoken.h"
#include "model/vocab_load.h"

#define MAX_SPECIALS 5

/* An encoding: its file has ranks 0..n_ranks-1; special tokens follow, with holes. */
static const struct encoding {
    size_t n_ranks, n_tokens;
    ewi_scanner scanner;
    int32_t end_of_text;
    struct {
        const char *text;
        size_t id;
    } specials[MAX_SPECIALS];
} encodings[] = {
    {/* cl100k_base */
     .n_ranks = 100256,
     .n_tokens = 100277,
     .scanner = EWI_SCAN_CL100K,
     .end_of_text = 100257,
     .specials = {{"<|endoftext|>", 100257},
                  {"<|fim_prefix|>", 100258},
                  {"<|fim_middle|>", 100259},
                  {"<|fim_suffix|>", 100260},
                  {"<|endofprompt|>", 100276}}},
    {/* o200k_base */
     .n_ranks = 199998,
     .n_tokens = 200019,
     .scanner = EWI_SCAN_O200K,
     .end_of_text = 199999,
     .specials = {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}}},
};

static const struct encoding *find_encoding(size_t n_ranks) {
    for (size_t i = 0; i < EWI_COUNT(encodings); i++)
        if (encodings[i].n_ranks == n_ranks) return &encodings[i];
    return NULL;
}

static ew_status fill_tokens(const ewi_tiktoken *file, const struct encoding *encoding, ewi_arena *arena,
                             ewi_vocab *out, ew_error *err) {
    ew_str *tokens = ewi_arena_array(arena, encoding->n_tokens, sizeof *tokens);
    uint8_t *types = ewi_arena_array(arena, encoding->n_tokens, 1);
    if (!tokens || !types) return ewi_no_memory(err, "the vocabulary");
    memset(types, EWI_TOKEN_UNUSED, encoding->n_tokens);
    memset(types, EWI_TOKEN_NORMAL, file->n_tokens);
    memcpy(tokens, file->tokens, file->n_tokens * sizeof *tokens);
    for (size_t i = 0; i < MAX_SPECIALS && encoding->specials[i].text; i++) {
        tokens[encoding->specials[i].id] = ewi_str(encoding->specials[i].text);
        types[encoding->specials[i].id] = EWI_TOKEN_CONTROL;
    }
    out->tokens = tokens;
    out->types = types;
    out->n_tokens = encoding->n_tokens;
    return EW_OK;
}

ew_status ewi_vocab_from_tiktoken(ewi_bytes file, ewi_arena *arena, ewi_vocab *out, ew_error *err) {
    ewi_tiktoken parsed;
    EWI_TRY(ewi_tiktoken_parse(file, arena, &parsed, err));
    const struct encoding *encoding = find_encoding(parsed.n_tokens);
    if (!encoding)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "tiktoken: %zu ranks are neither those of cl100k_base nor of o200k_base",
                        parsed.n_tokens);
    ewi_vocab vocab = {
        .kind = EWI_VOCAB_BPE, .scanner = encoding->scanner, .raw_bytes = true, .ignore_merges = true};
    vocab.bos = vocab.unk = vocab.last = -1;
    vocab.eos = encoding->end_of_text;
    EWI_TRY(fill_tokens(&parsed, encoding, arena, &vocab, err));
    *out = vocab;
    return EW_OK;
}
