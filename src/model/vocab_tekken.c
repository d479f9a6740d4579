/*
 * vocab_tekken.c: tekken.json (mistralai/mistral-common, tokens/tokenizers/tekken.py): a byte-level
 * vocabulary as ranks and base64, with special tokens before it.
 */
#include <stdio.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "model/vocab_load.h"
#include "model/vocab_steps.h"

/* What files without a list of special tokens mean; those after are <SPECIAL_20> and so on. */
static const char *const old_specials[] = {
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
};

enum { UNK = 0, BOS = 1, EOS = 2 };

typedef struct tekken {
    ewi_bytes file;
    ewi_arena *arena;
    ew_str config, vocab, specials, pattern;
    uint64_t n_tokens, n_specials;
    ew_str *tokens;
    uint8_t *types; /* 0 = no token has this id yet */
    ew_error *err;
} tekken;

static ew_status read_outline(tekken *t) {
    ewi_json json;
    ew_str key;
    ewi_json_init(&json, t->file, t->arena);
    EWI_TRY(ewi_json_enter_object(&json, t->err));
    while (ewi_json_next_key(&json, &key)) {
        ew_str *part = ewi_str_is(key, "config")           ? &t->config
                       : ewi_str_is(key, "vocab")          ? &t->vocab
                       : ewi_str_is(key, "special_tokens") ? &t->specials
                                                           : NULL;
        EWI_TRY(ewi_json_skip_to(&json, part, t->err));
    }
    EWI_TRY(ewi_json_end(&json, t->err));
    if (t->config.data && t->vocab.data) return EW_OK;
    return ewi_fail(t->err, EW_FORMAT, "tekken.json: \"%s\" is missing", t->config.data ? "vocab" : "config");
}

static ew_status read_config(tekken *t) {
    ewi_json json;
    ew_str key;
    ewi_json_init_part(&json, t->file.data, t->config, t->arena);
    EWI_TRY(ewi_json_enter_object(&json, t->err));
    while (ewi_json_next_key(&json, &key)) {
        if (ewi_str_is(key, "pattern"))
            EWI_TRY(ewi_json_read_string(&json, &t->pattern, t->err));
        else if (ewi_str_is(key, "default_vocab_size"))
            EWI_TRY(ewi_json_read_u64(&json, &t->n_tokens, t->err));
        else if (ewi_str_is(key, "default_num_special_tokens"))
            EWI_TRY(ewi_json_read_u64(&json, &t->n_specials, t->err));
        else
            EWI_TRY(ewi_json_skip(&json, t->err));
    }
    EWI_TRY(ewi_json_end(&json, t->err));
    if (t->n_tokens > EWI_MAX_TOKENS)
        return ewi_fail(t->err, EW_LIMIT, "tekken.json: default_vocab_size is %llu, at most %u are supported",
                        (unsigned long long)t->n_tokens, EWI_MAX_TOKENS);
    if (t->n_specials > EOS && t->n_specials < t->n_tokens) return EW_OK;
    return ewi_fail(t->err, EW_FORMAT, "tekken.json: default_num_special_tokens is %llu of %llu tokens",
                    (unsigned long long)t->n_specials, (unsigned long long)t->n_tokens);
}

/* An item of "vocab" or "special_tokens". */
typedef struct entry {
    uint64_t rank;
    ew_str base64, text;
} entry;

static ew_status read_entry(const tekken *t, ewi_json *json, entry *out) {
    ew_str key;
    *out = (entry){.rank = UINT64_MAX};
    EWI_TRY(ewi_json_enter_object(json, t->err));
    while (ewi_json_next_key(json, &key)) {
        bool null = ewi_json_peek(json) == EWI_JSON_NULL;
        if (ewi_str_is(key, "rank"))
            EWI_TRY(ewi_json_read_u64(json, &out->rank, t->err));
        else if (ewi_str_is(key, "token_bytes") && !null)
            EWI_TRY(ewi_json_read_string(json, &out->base64, t->err));
        else if (ewi_str_is(key, "token_str") && !null)
            EWI_TRY(ewi_json_read_string(json, &out->text, t->err));
        else
            EWI_TRY(ewi_json_skip(json, t->err));
    }
    return ewi_json_check(json, t->err);
}

static ew_status set_token(tekken *t, uint64_t id, ew_str token, uint8_t type) {
    if (t->types[id])
        return ewi_fail(t->err, EW_FORMAT, "tekken.json: two tokens have id %llu", (unsigned long long)id);
    t->tokens[id] = token;
    t->types[id] = type;
    return EW_OK;
}

/* Ranks past what the vocabulary holds are left out, as the model was trained without them. */
static ew_status read_vocab(tekken *t) {
    ewi_json json;
    uint8_t *bytes = ewi_arena_alloc(t->arena, t->vocab.len);
    if (!bytes) return ewi_no_memory(t->err, "the vocabulary");
    ewi_json_init_part(&json, t->file.data, t->vocab, t->arena);
    EWI_TRY(ewi_json_enter_array(&json, t->err));
    for (entry item; ewi_json_next_item(&json);) {
        EWI_TRY(read_entry(t, &json, &item));
        if (item.rank != UINT64_MAX && item.rank >= t->n_tokens - t->n_specials) continue;
        size_t len = ewi_base64_decode(item.base64, bytes);
        if (item.rank == UINT64_MAX || len == 0)
            return ewi_fail(t->err, EW_FORMAT,
                            "tekken.json: vocab: a token has no rank, or bytes that are no base64");
        EWI_TRY(set_token(t, item.rank + t->n_specials, (ew_str){(char *)bytes, len}, EWI_TOKEN_NORMAL));
        bytes += len;
    }
    EWI_TRY(ewi_json_end(&json, t->err));
    for (uint64_t i = t->n_specials; i < t->n_tokens; i++)
        if (!t->types[i])
            return ewi_fail(t->err, EW_FORMAT, "tekken.json: vocab: no token has rank %llu",
                            (unsigned long long)(i - t->n_specials));
    return EW_OK;
}

static ew_status read_specials(tekken *t) {
    ewi_json json;
    if (t->specials.len == 0 || ewi_str_is(t->specials, "null")) {
        for (size_t i = 0; i < EWI_COUNT(old_specials) && i < t->n_specials; i++)
            EWI_TRY(set_token(t, i, ewi_str(old_specials[i]), EWI_TOKEN_CONTROL));
        return EW_OK;
    }
    ewi_json_init_part(&json, t->file.data, t->specials, t->arena);
    EWI_TRY(ewi_json_enter_array(&json, t->err));
    for (entry item; ewi_json_next_item(&json);) {
        EWI_TRY(read_entry(t, &json, &item));
        if (item.rank >= t->n_specials || !item.text.len)
            return ewi_fail(t->err, EW_FORMAT,
                            "tekken.json: special_tokens: one has no text, or a rank past %llu",
                            (unsigned long long)t->n_specials - 1);
        EWI_TRY(set_token(t, item.rank, item.text, EWI_TOKEN_CONTROL));
    }
    return ewi_json_end(&json, t->err);
}

/* <SPECIAL_20> */
static ew_status fill_specials(tekken *t) {
    for (uint64_t i = 0; i < t->n_specials; i++) {
        if (t->types[i]) continue;
        char name[32];
        int len = snprintf(name, sizeof name, "<SPECIAL_%llu>", (unsigned long long)i);
        char *copy = ewi_arena_strdup(t->arena, (ew_str){name, (size_t)len});
        if (!copy) return ewi_no_memory(t->err, "the vocabulary");
        EWI_TRY(set_token(t, i, (ew_str){copy, (size_t)len}, EWI_TOKEN_CONTROL));
    }
    return EW_OK;
}

static ew_status read_tokens(tekken *t) {
    t->tokens = ewi_arena_array(t->arena, (size_t)t->n_tokens, sizeof *t->tokens);
    t->types = ewi_arena_array(t->arena, (size_t)t->n_tokens, 1);
    if (!t->tokens || !t->types) return ewi_no_memory(t->err, "the vocabulary");
    EWI_TRY(read_vocab(t));
    EWI_TRY(read_specials(t));
    return fill_specials(t);
}

ew_status ewi_vocab_from_tekken(ewi_bytes file, ewi_arena *arena, ewi_vocab *out, ew_error *err) {
    tekken t = {.file = file, .arena = arena, .err = err};
    ewi_vocab vocab = {.kind = EWI_VOCAB_BPE, .raw_bytes = true, .ignore_merges = true, .add_bos = true};
    EWI_TRY(read_outline(&t));
    EWI_TRY(read_config(&t));
    if (!ewi_scanner_of_regex(t.pattern, &vocab.scanner))
        return ewi_fail(err, EW_UNSUPPORTED, "tekken.json: config: pattern \"%.*s\" is not known here",
                        EWI_STR_ARG(t.pattern));
    EWI_TRY(read_tokens(&t));
    vocab.n_tokens = (size_t)t.n_tokens;
    vocab.tokens = t.tokens;
    vocab.types = t.types;
    vocab.unk = UNK;
    vocab.bos = BOS;
    vocab.eos = EOS;
    vocab.last = -1;
    *out = vocab;
    return EW_OK;
}
