/* vocab_gguf.c: tokenizer.ggml.* metadata (ggml-org/ggml, docs/gguf.md) to a vocabulary. */
#include "base/error.h"
#include "base/mem.h"
#include "model/vocab_load.h"
#include "text/charsmap.h"

/* Files that leave these out mean them (SentencePiece's own defaults). */
enum { SPM_UNK = 0, SPM_BOS = 1, SPM_EOS = 2 };
enum { BERT_UNK = 100, BERT_CLS = 101, BERT_SEP = 102, BERT_MAX_WORD_CHARS = 100 };
enum { T5_EOS = 1, T5_UNK = 2 };

/* What tokenizer.ggml.pre may say; names that share a line's pattern are other models' names for it. */
static const struct pattern {
    const char *name;
    ewi_scanner scanner;
    bool ignore_merges; /* words that are tokens are taken whole */
    bool add_bos;
} patterns[] = {
    {"default", EWI_SCAN_GGUF_DEFAULT, false, false},
    {"gpt-2", EWI_SCAN_GPT2, false, false},
    {"phi-2", EWI_SCAN_GPT2, false, false},
    {"mpt", EWI_SCAN_GPT2, false, false},
    {"olmo", EWI_SCAN_GPT2, false, false},
    {"jais", EWI_SCAN_GPT2, false, false},
    {"trillion", EWI_SCAN_GPT2, false, false},
    {"granite-docling", EWI_SCAN_GPT2, false, false},
    {"exaone4", EWI_SCAN_GPT2, false, false},
    {"gigachat", EWI_SCAN_GPT2, false, false},
    {"mellum", EWI_SCAN_GPT2, false, false},
    {"llama3", EWI_SCAN_LLAMA3, true, true},
    {"llama-v3", EWI_SCAN_LLAMA3, true, true},
    {"llama-bpe", EWI_SCAN_LLAMA3, true, true},
    {"falcon3", EWI_SCAN_LLAMA3, true, true},
    {"falcon-h1", EWI_SCAN_LLAMA3, true, true},
    {"pixtral", EWI_SCAN_LLAMA3, true, true},
    {"midm-2.0", EWI_SCAN_LLAMA3, true, true},
    {"lfm2", EWI_SCAN_LLAMA3, true, true},
    {"jina-v5-nano", EWI_SCAN_LLAMA3, true, true},
    {"dbrx", EWI_SCAN_LLAMA3, false, false},
    {"smaug-bpe", EWI_SCAN_LLAMA3, false, false},
    {"glm4", EWI_SCAN_LLAMA3, false, false},
    {"chatglm-bpe", EWI_SCAN_LLAMA3, false, false},
    {"qwen2", EWI_SCAN_QWEN2, false, false},
    {"deepseek-r1-qwen", EWI_SCAN_QWEN2, false, false},
    {"f2llmv2", EWI_SCAN_QWEN2, false, false},
    {"stablelm2", EWI_SCAN_QWEN2, false, false},
    {"megrez", EWI_SCAN_QWEN2, false, false},
    {"hunyuan", EWI_SCAN_QWEN2, false, false},
    {"grok-2", EWI_SCAN_QWEN2, false, false},
    {"solar-open", EWI_SCAN_QWEN2, false, false},
    {"kormo", EWI_SCAN_QWEN2, false, false},
    {"gpt-4o", EWI_SCAN_O200K, false, false},
    {"llama4", EWI_SCAN_O200K, false, false},
    {"kanana2", EWI_SCAN_O200K, false, false},
    {"talkie", EWI_SCAN_O200K, false, false},
    {"granite-embed-multi-97m", EWI_SCAN_O200K, true, false},
    {"starcoder", EWI_SCAN_STARCODER, false, false},
    {"refact", EWI_SCAN_STARCODER, false, false},
    {"command-r", EWI_SCAN_STARCODER, false, false},
    {"smollm", EWI_SCAN_STARCODER, false, false},
    {"codeshell", EWI_SCAN_STARCODER, false, false},
    {"exaone", EWI_SCAN_STARCODER, false, false},
    {"minerva-7b", EWI_SCAN_STARCODER, false, false},
    {"mellum2", EWI_SCAN_STARCODER, false, false},
    {"falcon", EWI_SCAN_FALCON, false, false},
    {"deepseek-coder", EWI_SCAN_DEEPSEEK_CODER, false, false},
    {"jina-es", EWI_SCAN_GPT2, false, false},
    {"jina-de", EWI_SCAN_GPT2, false, false},
    {"jina-v1-en", EWI_SCAN_GPT2, false, false},
    {"jina-v2-es", EWI_SCAN_GPT2, false, false},
    {"jina-v2-de", EWI_SCAN_GPT2, false, false},
    {"jina-v2-code", EWI_SCAN_GPT2, false, false},
    {"roberta-bpe", EWI_SCAN_GPT2, false, false},
    {"a.x-4.0", EWI_SCAN_GPT2, false, false},
    {"modern-bert", EWI_SCAN_GPT2, false, false},
    {"tekken", EWI_SCAN_TEKKEN, true, true},
    {"qwen35", EWI_SCAN_QWEN35, false, false},
    {"bailingmoe", EWI_SCAN_QWEN2, false, false},
    {"bailingmoe2", EWI_SCAN_QWEN2, false, false},
    {"llada-moe", EWI_SCAN_QWEN2, false, false},
    {"seed-coder", EWI_SCAN_SEED_CODER, false, false},
    {"minimax-m2", EWI_SCAN_O200K, false, false},
    {"deepseek-v3", EWI_SCAN_DEEPSEEK_V3, false, false},
    {"hunyuan-dense", EWI_SCAN_DEEPSEEK_V3, false, false},
    {"joyai-llm", EWI_SCAN_DEEPSEEK_V3, false, false},
    {"bloom", EWI_SCAN_BLOOM, false, false},
    {"poro-chat", EWI_SCAN_BLOOM, false, false},
    {"gpt3-finnish", EWI_SCAN_BLOOM, false, false},
    {"viking", EWI_SCAN_VIKING, false, false},
    {"deepseek-llm", EWI_SCAN_DEEPSEEK_LLM, false, false},
    {"minicpm5", EWI_SCAN_MINICPM5, true, false},
    {"youtu", EWI_SCAN_YOUTU, true, false},
    {"jais-2", EWI_SCAN_JAIS2, false, false},
    {"exaone-moe", EWI_SCAN_EXAONE_MOE, false, false},
    {"chameleon", EWI_SCAN_CHAMELEON, false, true},
    {"tiny_aya", EWI_SCAN_TINY_AYA, false, false},
    {"cohere2moe", EWI_SCAN_TINY_AYA, false, false},
    {"superbpe", EWI_SCAN_SUPERBPE, false, false},
    {"kimi-k2", EWI_SCAN_KIMI_K2, false, false},
    {"afmoe", EWI_SCAN_AFMOE, false, false},
    {"laguna", EWI_SCAN_LAGUNA, false, false},
};

const char *ewi_gguf_pattern_name(ewi_scanner scanner, bool ignore_merges) {
    for (size_t i = 0; i < EWI_COUNT(patterns); i++)
        if (patterns[i].scanner == scanner && patterns[i].ignore_merges == ignore_merges)
            return patterns[i].name;
    return NULL;
}

/* ---- typed reads ---- */

static ew_status wrong_type(const char *key, const ewi_gguf_kv *kv, const char *wanted, ew_error *err) {
    return ewi_fail(err, EW_FORMAT, "gguf: %s is of type %s, not %s", key, ewi_gguf_type_name(kv->type),
                    wanted);
}

static ew_status read_string(const ewi_gguf *gguf, const char *key, ew_str *out, ew_error *err) {
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, ewi_str(key));
    if (!kv) return EW_OK;
    if (kv->type != EWI_GGUF_STRING) return wrong_type(key, kv, "string", err);
    *out = ewi_gguf_string(kv);
    return EW_OK;
}

static ew_status read_bool(const ewi_gguf *gguf, const char *key, bool *out, ew_error *err) {
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, ewi_str(key));
    int64_t value;
    if (!kv) return EW_OK;
    if (kv->type != EWI_GGUF_BOOL || !ewi_gguf_i64(kv, 0, &value)) return wrong_type(key, kv, "bool", err);
    *out = value != 0;
    return EW_OK;
}

/* Leaves *out alone when the key is absent. */
static ew_status read_token(const ewi_gguf *gguf, const char *key, size_t n_tokens, int32_t *out,
                            ew_error *err) {
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, ewi_str(key));
    int64_t value;
    if (!kv) return EW_OK;
    if (kv->type == EWI_GGUF_ARRAY || !ewi_gguf_i64(kv, 0, &value))
        return wrong_type(key, kv, "an integer", err);
    if (value < 0 || (uint64_t)value >= n_tokens)
        return ewi_fail(err, EW_FORMAT, "gguf: %s is %lld, but there are only %zu tokens", key,
                        (long long)value, n_tokens);
    *out = (int32_t)value;
    return EW_OK;
}

/* An array, of n items unless n is 0. *out is NULL when the key is absent. */
static ew_status find_array(const ewi_gguf *gguf, const char *key, uint64_t n, const ewi_gguf_kv **out,
                            ew_error *err) {
    *out = ewi_gguf_find(gguf, ewi_str(key));
    if (!*out) return EW_OK;
    if ((*out)->type != EWI_GGUF_ARRAY) return wrong_type(key, *out, "an array", err);
    if (n && (*out)->n != n)
        return ewi_fail(err, EW_FORMAT, "gguf: %s has %llu items for %llu tokens", key,
                        (unsigned long long)(*out)->n, (unsigned long long)n);
    return EW_OK;
}

static ew_status find_strings(const ewi_gguf *gguf, const char *key, const ewi_gguf_kv **out, ew_error *err) {
    EWI_TRY(find_array(gguf, key, 0, out, err));
    if (!*out) return ewi_fail(err, EW_FORMAT, "gguf: %s is missing", key);
    if ((*out)->item_type == EWI_GGUF_STRING) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "gguf: %s is an array of %s, not of string", key,
                    ewi_gguf_type_name((*out)->item_type));
}

/* ---- tokens ---- */

static ew_status read_tokens(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    const ewi_gguf_kv *kv;
    EWI_TRY(find_strings(gguf, "tokenizer.ggml.tokens", &kv, err));
    if (kv->n == 0) return ewi_fail(err, EW_FORMAT, "gguf: tokenizer.ggml.tokens has 0 tokens");
    if (kv->n > EWI_MAX_TOKENS)
        return ewi_fail(err, EW_LIMIT, "gguf: tokenizer.ggml.tokens has %llu tokens, at most %u",
                        (unsigned long long)kv->n, EWI_MAX_TOKENS);
    vocab->n_tokens = (size_t)kv->n;
    ew_str *tokens = ewi_arena_array(arena, vocab->n_tokens, sizeof *tokens);
    if (!tokens) return ewi_no_memory(err, "the vocabulary");
    size_t at = 0;
    for (size_t i = 0; i < vocab->n_tokens; i++) tokens[i] = ewi_gguf_next_string(kv, &at);
    vocab->tokens = tokens;
    return EW_OK;
}

/* Old files have no types: then a spelling like a byte's means one (SPM). */
static uint8_t guess_type(const ewi_vocab *vocab, size_t i) {
    ew_str token = vocab->tokens[i];
    bool byte = token.len == 6 && ewi_str_starts(token, "<0x") && token.data[5] == '>';
    return byte && vocab->kind == EWI_VOCAB_SPM ? EWI_TOKEN_BYTE : EWI_TOKEN_NORMAL;
}

static ew_status read_types(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    const char *key = "tokenizer.ggml.token_type";
    const ewi_gguf_kv *kv;
    EWI_TRY(find_array(gguf, key, vocab->n_tokens, &kv, err));
    uint8_t *types = ewi_arena_array(arena, vocab->n_tokens, 1);
    if (!types) return ewi_no_memory(err, "the vocabulary");
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        int64_t type = 0;
        if (!kv) {
            types[i] = guess_type(vocab, i);
        } else if (!ewi_gguf_i64(kv, i, &type)) {
            return ewi_fail(err, EW_FORMAT, "gguf: %s is an array of %s, not of integers", key,
                            ewi_gguf_type_name(kv->item_type));
        } else if (type < 0 || type > EWI_TOKEN_BYTE) {
            return ewi_fail(err, EW_FORMAT, "gguf: %s: token %zu has type %lld, known are 0 to 6", key, i,
                            (long long)type);
        } else {
            types[i] = type == 0 ? EWI_TOKEN_UNUSED : (uint8_t)type; /* 0 = undefined */
        }
    }
    vocab->types = types;
    return EW_OK;
}

static ew_status read_scores(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    const char *key = "tokenizer.ggml.scores";
    const ewi_gguf_kv *kv;
    EWI_TRY(find_array(gguf, key, vocab->n_tokens, &kv, err));
    if (!kv) return ewi_fail(err, EW_FORMAT, "gguf: %s is missing", key);
    float *scores = ewi_arena_array(arena, vocab->n_tokens, sizeof *scores);
    if (!scores) return ewi_no_memory(err, "the vocabulary");
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        double score;
        if (!ewi_gguf_f64(kv, i, &score))
            return ewi_fail(err, EW_FORMAT, "gguf: %s is an array of %s, not of numbers", key,
                            ewi_gguf_type_name(kv->item_type));
        scores[i] = (float)score;
    }
    vocab->scores = scores;
    return EW_OK;
}

typedef struct merge_walk {
    const ewi_gguf_kv *kv;
    size_t at;
} merge_walk;

static ew_status next_merge(void *state, ew_str *left, ew_str *right, ew_error *err) {
    merge_walk *walk = state;
    return ewi_merge_split(ewi_gguf_next_string(walk->kv, &walk->at), left, right, err);
}

static ew_status read_merges(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    const ewi_gguf_kv *kv;
    EWI_TRY(find_strings(gguf, "tokenizer.ggml.merges", &kv, err));
    merge_walk *walk = ewi_arena_array(arena, 1, sizeof *walk);
    if (!walk) return ewi_no_memory(err, "the vocabulary");
    walk->kv = kv;
    vocab->merges = (ewi_merge_source){.n = (size_t)kv->n, .state = walk, .next = next_merge};
    return EW_OK;
}

/* ---- the rest ---- */

static ew_status read_pattern(const ewi_gguf *gguf, ewi_vocab *vocab, ew_error *err) {
    ew_str name = EWI_STR("default");
    EWI_TRY(read_string(gguf, "tokenizer.ggml.pre", &name, err));
    for (size_t i = 0; i < EWI_COUNT(patterns); i++) {
        if (!ewi_str_is(name, patterns[i].name)) continue;
        vocab->scanner = patterns[i].scanner;
        vocab->ignore_merges = patterns[i].ignore_merges;
        vocab->add_bos = patterns[i].add_bos;
        return EW_OK;
    }
    return ewi_fail(err, EW_UNSUPPORTED,
                    "gguf: tokenizer.ggml.pre \"%.*s\" is a pattern that is not known here",
                    EWI_STR_ARG(name));
}

static ew_status read_special_ids(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    size_t n = vocab->n_tokens;
    int32_t more[2] = {-1, -1};
    EWI_TRY(read_token(gguf, "tokenizer.ggml.bos_token_id", n, &vocab->bos, err));
    EWI_TRY(read_token(gguf, "tokenizer.ggml.eos_token_id", n, &vocab->eos, err));
    EWI_TRY(read_token(gguf, "tokenizer.ggml.unknown_token_id", n, &vocab->unk, err));
    EWI_TRY(read_token(gguf, "tokenizer.ggml.eot_token_id", n, &more[0], err));
    EWI_TRY(read_token(gguf, "tokenizer.ggml.eom_token_id", n, &more[1], err));
    return ewi_vocab_find_eog(vocab, more, EWI_COUNT(more), arena, err);
}

static bool name_has(ew_str name, const char *wanted) {
    size_t n = strlen(wanted);
    for (size_t i = 0; i + n <= name.len; i++) {
        size_t k = 0;
        while (k < n && (name.data[i + k] | 0x20) == wanted[k]) k++;
        if (k == n) return true;
    }
    return false;
}

/*
 * GGUF has no place for "swallows the white space after it", which Phi-3's special tokens do but for three.
 * Files of that model are known by name, as llama.cpp knows them.
 */
static ew_status apply_phi3(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    ew_str name = {0};
    EWI_TRY(read_string(gguf, "general.name", &name, err));
    if (!name_has(name, "phi-3") && !name_has(name, "phi3")) return EW_OK;
    uint8_t *types = ewi_arena_array(arena, vocab->n_tokens, 1);
    if (!types) return ewi_no_memory(err, "the vocabulary");
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        ew_str token = vocab->tokens[i];
        bool plain =
            ewi_str_is(token, "<unk>") || ewi_str_is(token, "<s>") || ewi_str_is(token, "<|endoftext|>");
        bool special = vocab->types[i] == EWI_TOKEN_CONTROL || ewi_str_is(token, "</s>");
        types[i] = (uint8_t)(vocab->types[i] | (special && !plain ? EWI_TOKEN_RSTRIP : 0));
    }
    vocab->types = types;
    return EW_OK;
}

static ew_status read_spm(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    bool prefix = true;
    vocab->add_bos = true;
    if (vocab->n_tokens > SPM_EOS) {
        vocab->unk = SPM_UNK;
        vocab->bos = SPM_BOS;
        vocab->eos = SPM_EOS;
    }
    EWI_TRY(read_scores(gguf, arena, vocab, err));
    EWI_TRY(read_bool(gguf, "tokenizer.ggml.add_space_prefix", &prefix, err));
    vocab->space_prefix = prefix ? EWI_PREFIX_EACH : EWI_PREFIX_NEVER;
    return apply_phi3(gguf, arena, vocab, err);
}

static ew_status read_bpe(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    EWI_TRY(read_merges(gguf, arena, vocab, err));
    return read_pattern(gguf, vocab, err);
}

/* ---- BERT ---- */

static const ewi_norm_step bert_norms[] = {
    {.kind = EWI_NORM_CLEAN},     {.kind = EWI_NORM_CHINESE},
    {.kind = EWI_NORM_NFD},       {.kind = EWI_NORM_STRIP_NONSPACING},
    {.kind = EWI_NORM_LOWERCASE},
};

static const ewi_split_step bert_splits[] = {
    {.kind = EWI_SPLIT_SPACE, .behavior = EWI_SPLIT_REMOVED},
    {.kind = EWI_SPLIT_PUNCTUATION, .behavior = EWI_SPLIT_ISOLATED},
};

/* What follows a text: the separator, unless the file says that none does. */
static ew_status read_last(const ewi_gguf *gguf, bool wanted, const char *id_key, ewi_vocab *vocab,
                           ew_error *err) {
    int32_t last = vocab->eos;
    EWI_TRY(read_token(gguf, id_key, vocab->n_tokens, &last, err));
    EWI_TRY(read_bool(gguf, "tokenizer.ggml.add_eos_token", &wanted, err));
    if (wanted) vocab->last = last;
    return EW_OK;
}

/* As BERT and XLM-RoBERTa have it, whose converter may say that a separator follows the end of the first. */
static ew_status read_pair(const ewi_gguf *gguf, ewi_vocab *vocab, ew_error *err) {
    const bool is_bert = vocab->kind == EWI_VOCAB_WORDPIECE;
    int32_t separator = vocab->last;
    bool has_separator = true;
    EWI_TRY(read_token(gguf, "tokenizer.ggml.seperator_token_id", vocab->n_tokens, &separator, err));
    EWI_TRY(read_bool(gguf, "tokenizer.ggml.add_sep_token", &has_separator, err));
    vocab->pair = (ewi_pair_rule){.is_known = vocab->add_bos && vocab->last >= 0,
                                  .has_types = is_bert,
                                  .first = vocab->bos,
                                  .between = {vocab->last, separator},
                                  .n_between = is_bert || !has_separator ? 1 : 2,
                                  .last = vocab->last};
    return EW_OK;
}

/* Old files have no types: then the ids say which tokens are special. */
static ew_status mark_bert_specials(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    if (ewi_gguf_find(gguf, EWI_STR("tokenizer.ggml.token_type"))) return EW_OK;
    int32_t ids[] = {vocab->unk, vocab->bos, vocab->eos, -1, -1};
    uint8_t *types = ewi_arena_array(arena, vocab->n_tokens, 1);
    if (!types) return ewi_no_memory(err, "the vocabulary");
    EWI_TRY(read_token(gguf, "tokenizer.ggml.padding_token_id", vocab->n_tokens, &ids[3], err));
    EWI_TRY(read_token(gguf, "tokenizer.ggml.mask_token_id", vocab->n_tokens, &ids[4], err));
    memcpy(types, vocab->types, vocab->n_tokens);
    for (size_t i = 0; i < EWI_COUNT(ids); i++)
        if (ids[i] >= 0) types[ids[i]] = EWI_TOKEN_CONTROL;
    vocab->types = types;
    return EW_OK;
}

/* GGUF marks tokens that begin a word, not those that go on with one. */
static ew_status read_bert(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    vocab->norms = bert_norms;
    vocab->n_norms = EWI_COUNT(bert_norms);
    vocab->splits = bert_splits;
    vocab->n_splits = EWI_COUNT(bert_splits);
    vocab->word_prefix = EWI_STR("\xe2\x96\x81");
    vocab->max_word_chars = BERT_MAX_WORD_CHARS;
    vocab->decoder = EWI_DECODE_WORDPIECE;
    vocab->cleans_up = vocab->add_bos = true;
    if (vocab->n_tokens > BERT_SEP) {
        vocab->unk = BERT_UNK;
        vocab->bos = BERT_CLS;
        vocab->eos = BERT_SEP;
    }
    EWI_TRY(read_token(gguf, "tokenizer.ggml.cls_token_id", vocab->n_tokens, &vocab->bos, err));
    EWI_TRY(read_token(gguf, "tokenizer.ggml.seperator_token_id", vocab->n_tokens, &vocab->eos, err));
    return mark_bert_specials(gguf, arena, vocab, err);
}

/* ---- T5 ---- */

/* Blanks at the ends go and runs of them are one where the file says so; then each becomes U+2581. */
static ew_status read_t5_norms(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    const ewi_gguf_kv *kv;
    bool squeeze = false;
    ewi_norm_step *norms = ewi_arena_array(arena, 3, sizeof *norms);
    if (!norms) return ewi_no_memory(err, "the vocabulary");
    vocab->norms = norms;
    EWI_TRY(find_array(gguf, "tokenizer.ggml.precompiled_charsmap", 0, &kv, err));
    if (kv) {
        if (kv->item_type != EWI_GGUF_U8 && kv->item_type != EWI_GGUF_I8)
            return ewi_fail(err, EW_FORMAT,
                            "gguf: tokenizer.ggml.precompiled_charsmap is not an array of bytes");
        norms[vocab->n_norms].kind = EWI_NORM_CHARSMAP_LONGEST;
        EWI_TRY(ewi_charsmap_open(kv->value, &norms[vocab->n_norms++].map, err));
    }
    EWI_TRY(read_bool(gguf, "tokenizer.ggml.remove_extra_whitespaces", &squeeze, err));
    if (!squeeze) return EW_OK;
    norms[vocab->n_norms++].kind = EWI_NORM_STRIP;
    norms[vocab->n_norms++] = (ewi_norm_step){.kind = EWI_NORM_REPLACE_RUNS, .to = EWI_STR(" ")};
    return EW_OK;
}

static ew_status read_log_probs(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    EWI_TRY(read_scores(gguf, arena, vocab, err));
    double *log_probs = ewi_arena_array(arena, vocab->n_tokens, sizeof *log_probs);
    if (!log_probs) return ewi_no_memory(err, "the vocabulary");
    for (size_t i = 0; i < vocab->n_tokens; i++)
        log_probs[i] = vocab->types[i] == EWI_TOKEN_USER_DEFINED ? 0 : (double)vocab->scores[i];
    vocab->log_probs = log_probs;
    return EW_OK;
}

static ew_status read_t5(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    bool prefix = true;
    ewi_split_step *blanks = ewi_arena_array(arena, 1, sizeof *blanks);
    if (!blanks) return ewi_no_memory(err, "the vocabulary");
    EWI_TRY(read_log_probs(gguf, arena, vocab, err));
    EWI_TRY(read_t5_norms(gguf, arena, vocab, err));
    EWI_TRY(read_bool(gguf, "tokenizer.ggml.add_space_prefix", &prefix, err));
    vocab->space_prefix = prefix ? EWI_PREFIX_EACH : EWI_PREFIX_NEVER;
    *blanks = (ewi_split_step){.kind = EWI_SPLIT_BLANKS, .prefix = vocab->space_prefix};
    vocab->splits = blanks;
    vocab->n_splits = 1;
    vocab->decoder = EWI_DECODE_METASPACE;
    if (vocab->n_tokens > T5_UNK) {
        vocab->unk = T5_UNK;
        vocab->eos = T5_EOS;
    }
    return EW_OK;
}

static ew_status read_kind(const ewi_gguf *gguf, ewi_vocab *vocab, ew_error *err) {
    ew_str model = {0};
    EWI_TRY(read_string(gguf, "tokenizer.ggml.model", &model, err));
    if (!model.data)
        return ewi_fail(err, EW_FORMAT,
                        "gguf: tokenizer.ggml.model is missing: the file holds no vocabulary");
    static const char *const names[] = {[EWI_VOCAB_SPM] = "llama",
                                        [EWI_VOCAB_BPE] = "gpt2",
                                        [EWI_VOCAB_WORDPIECE] = "bert",
                                        [EWI_VOCAB_UNIGRAM] = "t5"};
    for (size_t i = 0; i < EWI_COUNT(names); i++) {
        if (!ewi_str_is(model, names[i])) continue;
        vocab->kind = (ewi_vocab_kind)i;
        return EW_OK;
    }
    return ewi_fail(err, EW_UNSUPPORTED,
                    "gguf: tokenizer.ggml.model \"%.*s\": only llama, gpt2, bert and t5 are supported",
                    EWI_STR_ARG(model));
}

static ew_status read_model(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    switch (vocab->kind) {
    case EWI_VOCAB_SPM: return read_spm(gguf, arena, vocab, err);
    case EWI_VOCAB_BPE: return read_bpe(gguf, arena, vocab, err);
    case EWI_VOCAB_WORDPIECE: return read_bert(gguf, arena, vocab, err);
    case EWI_VOCAB_UNIGRAM: return read_t5(gguf, arena, vocab, err);
    case EWI_VOCAB_CHAR_BPE:
    case EWI_VOCAB_WORDLEVEL: break;
    }
    return ewi_fail(err, EW_UNSUPPORTED, "gguf: a vocabulary of this kind"); /* no name stands for one */
}

bool ewi_gguf_has_vocab(const ewi_gguf *gguf) {
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, EWI_STR("tokenizer.ggml.model"));
    if (!kv) return false;
    ew_str model = kv->type == EWI_GGUF_STRING ? ewi_gguf_string(kv) : (ew_str){0};
    return !ewi_str_is(model, "no_vocab") && !ewi_str_is(model, "none");
}

ew_status ewi_vocab_from_gguf(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *out, ew_error *err) {
    ewi_vocab vocab = {.bos = -1, .eos = -1, .unk = -1, .last = -1};
    EWI_TRY(read_kind(gguf, &vocab, err));
    EWI_TRY(read_tokens(gguf, arena, &vocab, err));
    EWI_TRY(read_types(gguf, arena, &vocab, err));
    EWI_TRY(read_model(gguf, arena, &vocab, err));
    EWI_TRY(read_bool(gguf, "tokenizer.ggml.add_bos_token", &vocab.add_bos, err));
    EWI_TRY(read_special_ids(gguf, arena, &vocab, err));
    bool wants_last = vocab.kind == EWI_VOCAB_WORDPIECE || vocab.kind == EWI_VOCAB_UNIGRAM;
    const char *last = vocab.kind == EWI_VOCAB_WORDPIECE ? "tokenizer.ggml.seperator_token_id"
                                                         : "tokenizer.ggml.eos_token_id";
    EWI_TRY(read_last(gguf, wants_last, last, &vocab, err));
    if (wants_last) EWI_TRY(read_pair(gguf, &vocab, err));
    *out = vocab;
    return EW_OK;
}
