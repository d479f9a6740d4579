/*
 * vocab_json.c: a tokenizer.json (huggingface/tokenizers) to a vocabulary.
 *
 * The file describes a pipeline of any normalizer, pre-tokenizer, model, post-processor and decoder. Accepted
 * are the pipelines that language models use and that the tokenizer follows to the letter; vocab_pipeline.c
 * knows them.
 */
#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "model/vocab_load.h"
#include "model/vocab_pipeline.h"

#define MAX_HOLES 65536u /* ids below the largest that no token has */

/* The members of the file, as text, and those of its "model". */
typedef struct parts {
    ew_str added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model;
    ew_str vocab, merges, unk_token, type, inner_prefix, word_suffix;
    uint64_t unk_id, max_word_chars;
    bool byte_fallback, ignore_merges, fuse_unk, has_unk_id;
} parts;

typedef struct json_loader {
    ewi_bytes file;
    parts parts;
    ewi_arena *arena;
    ewi_vocab *vocab;
    ew_str *tokens;
    uint8_t *types; /* 0 = no token has this id yet */
    ew_error *err;
} json_loader;

static void open_text(const json_loader *l, ewi_json *json, ew_str text) {
    ewi_json_init_part(json, l->file.data, text, l->arena);
}

/* ---- the outline ---- */

static ew_status occurs_twice(const json_loader *l, const char *key) {
    return ewi_fail(l->err, EW_FORMAT, "tokenizer.json: \"%s\" occurs twice", key);
}

static ew_status read_file(json_loader *l) {
    struct {
        const char *key;
        ew_str *text;
    } known[] = {
        {"added_tokens", &l->parts.added_tokens},
        {"normalizer", &l->parts.normalizer},
        {"pre_tokenizer", &l->parts.pre_tokenizer},
        {"post_processor", &l->parts.post_processor},
        {"decoder", &l->parts.decoder},
        {"model", &l->parts.model},
        /*
         * Said about batches of training data; those who load the file for inference set their own, or none.
         */
        {"version", NULL},
        {"truncation", NULL},
        {"padding", NULL},
    };
    ewi_json json;
    ew_str key;
    ewi_json_init(&json, l->file, l->arena);
    EWI_TRY(ewi_json_enter_object(&json, l->err));
    while (ewi_json_next_key(&json, &key)) {
        size_t i = 0;
        while (i < EWI_COUNT(known) && !ewi_str_is(key, known[i].key)) i++;
        if (i == EWI_COUNT(known))
            return ewi_fail(l->err, EW_UNSUPPORTED, "tokenizer.json: \"%.*s\" is not known here",
                            EWI_STR_ARG(key));
        if (known[i].text && known[i].text->data) return occurs_twice(l, known[i].key);
        EWI_TRY(ewi_json_skip_to(&json, known[i].text, l->err));
    }
    EWI_TRY(ewi_json_end(&json, l->err));
    return l->parts.model.data ? EW_OK : ewi_fail(l->err, EW_FORMAT, "tokenizer.json: \"model\" is missing");
}

/* null, "", false and 0 all say that an option is off. */
static ew_status expect_off(const json_loader *l, ewi_json *json, ew_str key) {
    ew_str text;
    EWI_TRY(ewi_json_skip_to(json, &text, l->err));
    bool off = ewi_str_is(text, "null") || ewi_str_is(text, "\"\"") || ewi_str_is(text, "false") ||
               ewi_str_is(text, "0") || ewi_str_is(text, "0.0");
    if (off) return EW_OK;
    return ewi_fail(l->err, EW_UNSUPPORTED, "tokenizer.json: model: %.*s is %.*s, which is not supported",
                    EWI_STR_ARG(key), EWI_STR_ARG(text));
}

/* Files of old do not name BPE. Which one it is the other stages say. */
static ew_status find_kind(const json_loader *l, ewi_vocab_kind *kind) {
    static const struct {
        const char *type;
        ewi_vocab_kind kind;
    } known[] = {{"BPE", EWI_VOCAB_CHAR_BPE},
                 {"WordPiece", EWI_VOCAB_WORDPIECE},
                 {"Unigram", EWI_VOCAB_UNIGRAM},
                 {"WordLevel", EWI_VOCAB_WORDLEVEL}};
    ew_str type = l->parts.type.data ? l->parts.type : EWI_STR("BPE");
    for (size_t i = 0; i < EWI_COUNT(known); i++) {
        *kind = known[i].kind;
        if (ewi_str_is(type, known[i].type)) return EW_OK;
    }
    return ewi_fail(
        l->err, EW_UNSUPPORTED,
        "tokenizer.json: model type \"%.*s\": only BPE, WordPiece, Unigram and WordLevel are supported",
        EWI_STR_ARG(type));
}

static ew_status read_optional_string(const json_loader *l, ewi_json *json, ew_str *out) {
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, l->err);
    return ewi_json_read_string(json, out, l->err);
}

static ew_status read_once(const json_loader *l, ewi_json *json, const char *key, ew_str *text) {
    return text->data ? occurs_twice(l, key) : ewi_json_skip_to(json, text, l->err);
}

static ew_status read_model_member(json_loader *l, ewi_json *json, ew_str key) {
    parts *p = &l->parts;
    if (ewi_str_is(key, "type")) return ewi_json_read_string(json, &p->type, l->err);
    if (ewi_str_is(key, "vocab")) return read_once(l, json, "vocab", &p->vocab);
    if (ewi_str_is(key, "merges")) return read_once(l, json, "merges", &p->merges);
    if (ewi_str_is(key, "unk_token")) return read_optional_string(l, json, &p->unk_token);
    if (ewi_str_is(key, "byte_fallback")) return ewi_json_read_bool(json, &p->byte_fallback, l->err);
    if (ewi_str_is(key, "ignore_merges")) return ewi_json_read_bool(json, &p->ignore_merges, l->err);
    if (ewi_str_is(key, "continuing_subword_prefix")) return read_optional_string(l, json, &p->inner_prefix);
    if (ewi_str_is(key, "end_of_word_suffix")) return read_optional_string(l, json, &p->word_suffix);
    if (ewi_str_is(key, "fuse_unk")) return ewi_json_read_bool(json, &p->fuse_unk, l->err);
    if (ewi_str_is(key, "max_input_chars_per_word"))
        return ewi_json_read_u64(json, &p->max_word_chars, l->err);
    if (ewi_str_is(key, "unk_id")) {
        p->has_unk_id = ewi_json_peek(json) == EWI_JSON_NUMBER;
        return p->has_unk_id ? ewi_json_read_u64(json, &p->unk_id, l->err) : ewi_json_skip(json, l->err);
    }
    return expect_off(l, json, key);
}

static ew_status read_model(json_loader *l) {
    ewi_json json;
    ew_str key;
    open_text(l, &json, l->parts.model);
    EWI_TRY(ewi_json_enter_object(&json, l->err));
    while (ewi_json_next_key(&json, &key)) EWI_TRY(read_model_member(l, &json, key));
    EWI_TRY(ewi_json_end(&json, l->err));
    EWI_TRY(find_kind(l, &l->vocab->kind));
    bool merges = l->vocab->kind == EWI_VOCAB_CHAR_BPE;
    if (!l->parts.vocab.data || (merges && !l->parts.merges.data))
        return ewi_fail(l->err, EW_FORMAT, "tokenizer.json: model: \"%s\" is missing",
                        l->parts.vocab.data ? "merges" : "vocab");
    if (!l->parts.byte_fallback || !(l->parts.inner_prefix.len || l->parts.word_suffix.len)) return EW_OK;
    return ewi_fail(l->err, EW_UNSUPPORTED,
                    "tokenizer.json: model: byte_fallback with a subword prefix or suffix is not supported");
}

/* ---- tokens ---- */

static ew_status check_count(const json_loader *l, uint64_t max_id, size_t n) {
    if (max_id < n || (max_id - n < MAX_HOLES && max_id < INT32_MAX / 2)) return EW_OK;
    return ewi_fail(l->err, EW_LIMIT, "tokenizer.json: a token has id %llu, but there are only %zu tokens",
                    (unsigned long long)max_id, n);
}

/* Unigram: ids count the pieces. */
static ew_status measure_pieces(const json_loader *l, const ewi_json *json, uint64_t *max_id) {
    size_t n;
    EWI_TRY(ewi_json_count(json, &n, l->err));
    if (n == 0) return ewi_fail(l->err, EW_FORMAT, "tokenizer.json: model: \"vocab\" is empty");
    if (n - 1 > *max_id) *max_id = n - 1;
    return EW_OK;
}

/* The first of two walks: the largest id. */
static ew_status measure_vocab(json_loader *l, uint64_t *max_id) {
    ewi_json json;
    ew_str key;
    uint64_t id;
    open_text(l, &json, l->parts.vocab);
    if (l->vocab->kind == EWI_VOCAB_UNIGRAM) return measure_pieces(l, &json, max_id);
    EWI_TRY(ewi_json_enter_object(&json, l->err));
    while (ewi_json_next_key(&json, &key)) {
        EWI_TRY(ewi_json_read_u64(&json, &id, l->err));
        if (id > *max_id) *max_id = id;
    }
    return ewi_json_end(&json, l->err);
}

typedef struct added_token {
    ew_str content;
    uint64_t id;
    bool special, lstrip, rstrip, single_word, normalized;
} added_token;

static ew_status read_added_token(const json_loader *l, ewi_json *json, added_token *out) {
    ew_str key;
    *out = (added_token){.id = UINT64_MAX};
    EWI_TRY(ewi_json_enter_object(json, l->err));
    while (ewi_json_next_key(json, &key)) {
        ew_status status;
        if (ewi_str_is(key, "id"))
            status = ewi_json_read_u64(json, &out->id, l->err);
        else if (ewi_str_is(key, "content"))
            status = ewi_json_read_string(json, &out->content, l->err);
        else if (ewi_str_is(key, "special"))
            status = ewi_json_read_bool(json, &out->special, l->err);
        else if (ewi_str_is(key, "lstrip"))
            status = ewi_json_read_bool(json, &out->lstrip, l->err);
        else if (ewi_str_is(key, "rstrip"))
            status = ewi_json_read_bool(json, &out->rstrip, l->err);
        else if (ewi_str_is(key, "single_word"))
            status = ewi_json_read_bool(json, &out->single_word, l->err);
        else if (ewi_str_is(key, "normalized"))
            status = ewi_json_read_bool(json, &out->normalized, l->err);
        else
            return ewi_fail(l->err, EW_UNSUPPORTED,
                            "tokenizer.json: added_tokens: \"%.*s\" is not known here", EWI_STR_ARG(key));
        EWI_TRY(status);
    }
    EWI_TRY(ewi_json_check(json, l->err));
    if (out->id == UINT64_MAX || !out->content.data)
        return ewi_fail(l->err, EW_FORMAT, "tokenizer.json: added_tokens: one has no id or no content");
    return EW_OK;
}

static ew_status measure_added(json_loader *l, uint64_t *max_id) {
    ewi_json json;
    added_token token;
    if (!l->parts.added_tokens.data) return EW_OK;
    open_text(l, &json, l->parts.added_tokens);
    EWI_TRY(ewi_json_enter_array(&json, l->err));
    while (ewi_json_next_item(&json)) {
        EWI_TRY(read_added_token(l, &json, &token));
        if (token.id > *max_id) *max_id = token.id;
    }
    return ewi_json_end(&json, l->err);
}

/* How many tokens the file lists: known before any is read. */
static ew_status count_tokens(const json_loader *l, size_t *n) {
    ewi_json json;
    size_t n_added = 0;
    open_text(l, &json, l->parts.vocab);
    EWI_TRY(ewi_json_count(&json, n, l->err));
    if (l->parts.added_tokens.data) {
        open_text(l, &json, l->parts.added_tokens);
        EWI_TRY(ewi_json_count(&json, &n_added, l->err));
    }
    *n += n_added; /* each has bytes in the file */
    if (*n <= EWI_MAX_TOKENS) return EW_OK;
    return ewi_fail(l->err, EW_LIMIT, "tokenizer.json: %zu tokens, at most %u", *n, EWI_MAX_TOKENS);
}

/* What the walk resolves of escapes is let go of again. */
static ew_status measure(json_loader *l, uint64_t *max_id) {
    ewi_arena *arena = l->arena, beside;
    ewi_arena_init(&beside, arena->max_bytes);
    l->arena = &beside;
    ew_status status = measure_vocab(l, max_id);
    if (!status) status = measure_added(l, max_id);
    l->arena = arena;
    ewi_arena_deinit(&beside);
    return status;
}

static bool looks_like_byte(ew_str token) {
    return token.len == 6 && ewi_str_starts(token, "<0x") && token.data[5] == '>';
}

/* Unigram: [["piece", score], ...] */
static ew_status fill_pieces(json_loader *l, ewi_json *json) {
    double *log_probs = ewi_arena_array(l->arena, l->vocab->n_tokens, sizeof *log_probs);
    if (!log_probs) return ewi_no_memory(l->err, "the vocabulary");
    EWI_TRY(ewi_json_enter_array(json, l->err));
    for (size_t id = 0; ewi_json_next_item(json); id++) {
        bool whole = true;
        EWI_TRY(ewi_json_enter_array(json, l->err));
        whole &= ewi_json_next_item(json);
        EWI_TRY(ewi_json_read_string(json, &l->tokens[id], l->err));
        whole &= ewi_json_next_item(json);
        EWI_TRY(ewi_json_read_double(json, &log_probs[id], l->err));
        if (!whole || ewi_json_next_item(json))
            return ewi_fail(l->err, EW_FORMAT, "tokenizer.json: model: piece %zu is not text and a score",
                            id);
        bool byte = l->parts.byte_fallback && looks_like_byte(l->tokens[id]);
        l->types[id] = byte ? EWI_TOKEN_BYTE : EWI_TOKEN_NORMAL;
    }
    l->vocab->log_probs = log_probs;
    return ewi_json_end(json, l->err);
}

static ew_status fill_vocab(json_loader *l) {
    ewi_json json;
    ew_str key;
    uint64_t id;
    open_text(l, &json, l->parts.vocab);
    if (l->vocab->kind == EWI_VOCAB_UNIGRAM) return fill_pieces(l, &json);
    EWI_TRY(ewi_json_enter_object(&json, l->err));
    while (ewi_json_next_key(&json, &key)) {
        EWI_TRY(ewi_json_read_u64(&json, &id, l->err));
        if (id >= l->vocab->n_tokens || l->types[id])
            return ewi_fail(l->err, EW_FORMAT, "tokenizer.json: two tokens have id %llu",
                            (unsigned long long)id);
        l->tokens[id] = key;
        l->types[id] = l->parts.byte_fallback && looks_like_byte(key) ? EWI_TOKEN_BYTE : EWI_TOKEN_NORMAL;
    }
    return ewi_json_end(&json, l->err);
}

static uint8_t added_type(const added_token *token) {
    unsigned type = token->special ? EWI_TOKEN_CONTROL : EWI_TOKEN_USER_DEFINED;
    if (token->lstrip) type |= EWI_TOKEN_LSTRIP;
    if (token->rstrip) type |= EWI_TOKEN_RSTRIP;
    if (token->single_word) type |= EWI_TOKEN_SINGLE_WORD;
    if (token->normalized) type |= EWI_TOKEN_NORMALIZED;
    return (uint8_t)type;
}

static ew_status fill_added(json_loader *l) {
    ewi_json json;
    added_token token;
    if (!l->parts.added_tokens.data) return EW_OK;
    open_text(l, &json, l->parts.added_tokens);
    EWI_TRY(ewi_json_enter_array(&json, l->err));
    while (ewi_json_next_item(&json)) {
        EWI_TRY(read_added_token(l, &json, &token));
        if (token.id >= l->vocab->n_tokens)
            return ewi_fail(l->err, EW_FORMAT, "tokenizer.json: added_tokens changed");
        l->tokens[token.id] = token.content;
        l->types[token.id] = added_type(&token);
    }
    return ewi_json_end(&json, l->err);
}

static ew_status read_tokens(json_loader *l) {
    uint64_t max_id = 0;
    size_t n = 0;
    EWI_TRY(count_tokens(l, &n));
    EWI_TRY(measure(l, &max_id));
    EWI_TRY(check_count(l, max_id, n));
    l->vocab->n_tokens = n ? (size_t)max_id + 1 : 0;
    l->tokens = ewi_arena_array(l->arena, l->vocab->n_tokens, sizeof *l->tokens);
    l->types = ewi_arena_array(l->arena, l->vocab->n_tokens, 1);
    if (!l->tokens || !l->types) return ewi_no_memory(l->err, "the vocabulary");
    EWI_TRY(fill_vocab(l));
    EWI_TRY(fill_added(l));
    for (size_t i = 0; i < l->vocab->n_tokens; i++)
        if (!l->types[i]) l->types[i] = EWI_TOKEN_UNUSED;
    l->vocab->tokens = l->tokens;
    l->vocab->types = l->types;
    return EW_OK;
}

/* ---- merges: "a b", or ["a", "b"] ---- */

static ew_status next_merge(void *state, ew_str *left, ew_str *right, ew_error *err) {
    ewi_json *json = state;
    ew_str line;
    bool more = ewi_json_next_item(json);
    if (more && ewi_json_peek(json) == EWI_JSON_STRING) {
        EWI_TRY(ewi_json_read_string(json, &line, err));
        return ewi_merge_split(line, left, right, err);
    }
    EWI_TRY(ewi_json_enter_array(json, err));
    if (ewi_json_next_item(json)) EWI_TRY(ewi_json_read_string(json, left, err));
    if (ewi_json_next_item(json))
        EWI_TRY(ewi_json_read_string(json, right, err));
    else
        return ewi_fail(err, EW_FORMAT, "tokenizer.json: a merge has fewer than two tokens");
    if (ewi_json_next_item(json))
        return ewi_fail(err, EW_FORMAT, "tokenizer.json: a merge has more than two tokens");
    return ewi_json_check(json, err);
}

static ew_status read_merges(json_loader *l) {
    ewi_json *json = ewi_arena_array(l->arena, 1, sizeof *json);
    size_t n;
    if (!json) return ewi_no_memory(l->err, "the vocabulary");
    open_text(l, json, l->parts.merges);
    EWI_TRY(ewi_json_count(json, &n, l->err));
    EWI_TRY(ewi_json_enter_array(json, l->err));
    if (n == 0)
        return ewi_fail(l->err, EW_UNSUPPORTED,
                        "tokenizer.json: model: a vocabulary without merges is not supported");
    if (n > EWI_MAX_MERGES)
        return ewi_fail(l->err, EW_LIMIT, "tokenizer.json: model: %zu merges, at most %u", n, EWI_MAX_MERGES);
    l->vocab->merges = (ewi_merge_source){.n = n, .state = json, .next = next_merge};
    return EW_OK;
}

/* ---- all of it ---- */

static ew_status read_unknown(json_loader *l) {
    if (l->parts.unk_token.data) l->vocab->unk = ewi_vocab_find_token(l->vocab, l->parts.unk_token);
    if (!l->parts.has_unk_id) return EW_OK;
    if (l->parts.unk_id >= l->vocab->n_tokens)
        return ewi_fail(l->err, EW_FORMAT,
                        "tokenizer.json: model: unk_id is %llu, but there are only %zu tokens",
                        (unsigned long long)l->parts.unk_id, l->vocab->n_tokens);
    l->vocab->unk = (int32_t)l->parts.unk_id;
    return EW_OK;
}

static ew_status read_affixes(json_loader *l) {
    uint64_t max = l->parts.max_word_chars;
    l->vocab->inner_prefix = l->parts.inner_prefix;
    l->vocab->word_suffix = l->parts.word_suffix;
    if (l->vocab->kind != EWI_VOCAB_WORDPIECE) return EW_OK;
    if (max > EWI_MAX_WORD_CHARS)
        return ewi_fail(l->err, EW_LIMIT,
                        "tokenizer.json: model: max_input_chars_per_word is %llu, at most %u are supported",
                        (unsigned long long)max, EWI_MAX_WORD_CHARS);
    l->vocab->max_word_chars = (uint32_t)max;
    if (!l->parts.inner_prefix.data) l->vocab->inner_prefix = EWI_STR("##");
    return EW_OK;
}

static ew_status read_pipeline(json_loader *l) {
    ewi_pipeline_texts texts = {.file = l->file.data,
                                .normalizer = l->parts.normalizer,
                                .pre_tokenizer = l->parts.pre_tokenizer,
                                .post_processor = l->parts.post_processor,
                                .decoder = l->parts.decoder,
                                .byte_fallback = l->parts.byte_fallback};
    return ewi_pipeline_apply(&texts, l->arena, l->vocab, l->err);
}

ew_status ewi_vocab_from_json(ewi_bytes json, ewi_bytes config, ewi_arena *arena, ewi_vocab *out,
                              ew_error *err) {
    ewi_vocab vocab = {.unique = true, .bos = -1, .eos = -1, .unk = -1, .last = -1};
    json_loader l = {.file = json, .arena = arena, .vocab = &vocab, .err = err};
    l.parts.max_word_chars = 100;

    EWI_TRY(read_file(&l));
    EWI_TRY(read_model(&l));
    EWI_TRY(read_tokens(&l));
    if (vocab.kind == EWI_VOCAB_CHAR_BPE) EWI_TRY(read_merges(&l));
    vocab.fuses_unknown = l.parts.fuse_unk;
    vocab.ignore_merges = l.parts.ignore_merges;
    EWI_TRY(read_unknown(&l));
    EWI_TRY(read_affixes(&l));
    EWI_TRY(read_pipeline(&l));
    if (config.len) EWI_TRY(ewi_tokenizer_config_apply(config, arena, &vocab, err));
    EWI_TRY(ewi_vocab_find_eog(&vocab, NULL, 0, arena, err));
    *out = vocab;
    return EW_OK;
}
