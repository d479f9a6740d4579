#include "text/tokenizer.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"

/* ---- checks of what a file says ---- */

static ew_status check_id(const char *what, int32_t id, size_t n_tokens, ew_error *err) {
    if (id >= -1 && (id < 0 || (size_t)id < n_tokens)) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "vocabulary: the %s token is %d, but there are only %zu tokens", what,
                    (int)id, n_tokens);
}

static ew_status check_ids(const ewi_vocab *vocab, ew_error *err) {
    EWI_TRY(check_id("beginning-of-sequence", vocab->bos, vocab->n_tokens, err));
    EWI_TRY(check_id("end-of-sequence", vocab->eos, vocab->n_tokens, err));
    EWI_TRY(check_id("unknown", vocab->unk, vocab->n_tokens, err));
    EWI_TRY(check_id("last", vocab->last, vocab->n_tokens, err));
    for (size_t i = 0; i < vocab->n_eog; i++)
        EWI_TRY(check_id("end-of-generation", vocab->eog[i], vocab->n_tokens, err));
    return EW_OK;
}

static ew_status check_types(const ewi_vocab *vocab, ew_error *err) {
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        unsigned type = vocab->types[i] & EWI_TOKEN_TYPE_MASK;
        if (type < EWI_TOKEN_NORMAL || type > EWI_TOKEN_BYTE)
            return ewi_fail(err, EW_FORMAT, "vocabulary: token %zu has type %u, known are 1 to 6", i, type);
    }
    return EW_OK;
}

static ew_status check_vocab(const ewi_vocab *vocab, ew_error *err) {
    if (vocab->n_tokens == 0) return ewi_fail(err, EW_FORMAT, "vocabulary: it has no tokens");
    if (vocab->n_tokens > EWI_MAX_TOKENS)
        return ewi_fail(err, EW_LIMIT, "vocabulary: %zu tokens, at most %u", vocab->n_tokens, EWI_MAX_TOKENS);
    if (vocab->merges.n > EWI_MAX_MERGES)
        return ewi_fail(err, EW_LIMIT, "vocabulary: %zu merges, at most %u", vocab->merges.n, EWI_MAX_MERGES);
    if (vocab->kind == EWI_VOCAB_WORDPIECE && vocab->max_word_chars > EWI_MAX_WORD_CHARS)
        return ewi_fail(err, EW_LIMIT, "vocabulary: words of %u characters, at most %u are supported",
                        (unsigned)vocab->max_word_chars, EWI_MAX_WORD_CHARS);
    if (vocab->kind == EWI_VOCAB_CHAR_BPE &&
        (vocab->inner_prefix.len > EWI_MAX_AFFIX_BYTES || vocab->word_suffix.len > EWI_MAX_AFFIX_BYTES))
        return ewi_fail(err, EW_LIMIT, "vocabulary: a prefix or suffix of more than %u bytes",
                        EWI_MAX_AFFIX_BYTES);
    EWI_TRY(check_ids(vocab, err));
    if (vocab->kind == EWI_VOCAB_WORDPIECE && vocab->unk < 0)
        return ewi_fail(err, EW_FORMAT, "vocabulary: WordPiece needs an unknown token");
    return check_types(vocab, err);
}

/* ---- tables ---- */

static uint8_t public_flags(unsigned type) {
    switch (type) {
    case EWI_TOKEN_UNKNOWN:
    case EWI_TOKEN_CONTROL: return EW_TOKEN_CONTROL;
    case EWI_TOKEN_UNUSED: return EW_TOKEN_UNUSED;
    case EWI_TOKEN_BYTE: return EW_TOKEN_BYTE;
    default: return 0;
    }
}

static ew_status init_types(ew_tokenizer *t, const ewi_vocab *vocab, ew_error *err) {
    t->types = ewi_alloc(vocab->n_tokens);
    t->flags = ewi_alloc(vocab->n_tokens);
    if (!t->types || !t->flags) return ewi_no_memory(err, "the types of tokens");
    memcpy(t->types, vocab->types, vocab->n_tokens);
    for (size_t i = 0; i < vocab->n_tokens; i++)
        t->flags[i] = public_flags(vocab->types[i] & EWI_TOKEN_TYPE_MASK);
    if (vocab->eos >= 0) t->flags[vocab->eos] |= EW_TOKEN_EOG;
    for (size_t i = 0; i < vocab->n_eog; i++)
        if (vocab->eog[i] >= 0) t->flags[vocab->eog[i]] |= EW_TOKEN_EOG;
    return EW_OK;
}

/*
 * Orders floats as unsigned numbers, the greatest first: IEEE 754 patterns ascend once negative ones are
 * inverted.
 */
static uint32_t score_key(float score) {
    uint32_t bits;
    float positive_zero = score + 0.0f; /* -0 and 0 are the same score */
    memcpy(&bits, &positive_zero, sizeof bits);
    return bits & 0x80000000u ? bits : ~(bits | 0x80000000u);
}

static ew_status init_scores(ew_tokenizer *t, const ewi_vocab *vocab, ew_error *err) {
    t->score_keys = ewi_alloc_array(vocab->n_tokens, sizeof *t->score_keys);
    if (!t->score_keys) return ewi_no_memory(err, "the scores of tokens");
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        if (vocab->scores[i] != vocab->scores[i])
            return ewi_fail(err, EW_FORMAT, "vocabulary: the score of token %zu is not a number", i);
        t->score_keys[i] = score_key(vocab->scores[i]);
    }
    return EW_OK;
}

static ew_status init_log_probs(ew_tokenizer *t, const ewi_vocab *vocab, ew_error *err) {
    t->log_probs = vocab->log_probs;
    t->min_log_prob = vocab->log_probs[0];
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        double p = vocab->log_probs[i];
        if (!(p > -1e30 && p < 1e30))
            return ewi_fail(err, EW_FORMAT, "vocabulary: the score of token %zu is no log probability", i);
        if (p < t->min_log_prob) t->min_log_prob = p;
    }
    return EW_OK;
}

static bool skip_prefix(ewi_bytes *piece, ew_str prefix) {
    if (piece->len < prefix.len || (prefix.len && memcmp(piece->data, prefix.data, prefix.len) != 0))
        return false;
    *piece = (ewi_bytes){piece->data + prefix.len, piece->len - prefix.len};
    return true;
}

/* Where a word begins: tokens with the prefix that says so. Inside: those with the other one, or neither. */
static ew_status add_to_trie(ew_tokenizer *t, uint32_t token, ew_error *err) {
    ewi_bytes piece = ewi_piece_bytes(&t->pieces, token), inner = piece;
    if (piece.len > EWI_MAX_PIECE_BYTES)
        return ewi_fail(err, EW_LIMIT, "vocabulary: token %u has %zu bytes, at most %u are supported",
                        (unsigned)token, piece.len, EWI_MAX_PIECE_BYTES);
    bool begins_word = skip_prefix(&piece, t->word_prefix);
    if (begins_word) EWI_TRY(ewi_trie_add(&t->trie, 0, piece, token, err));
    if (t->kind == EWI_VOCAB_UNIGRAM || (begins_word && t->word_prefix.len)) return EW_OK;
    return skip_prefix(&inner, t->inner_prefix) ? ewi_trie_add(&t->trie, 1, inner, token, err) : EW_OK;
}

static ew_status init_trie(ew_tokenizer *t, ew_error *err) {
    size_t total = t->pieces.starts[t->n_tokens];
    EWI_TRY(ewi_trie_init(&t->trie, t->kind == EWI_VOCAB_WORDPIECE ? 2 * total : total, err));
    for (size_t i = 0; i < t->n_tokens; i++)
        if (ewi_token_is_text(t, (uint32_t)i)) EWI_TRY(add_to_trie(t, (uint32_t)i, err));
    return EW_OK;
}

static void init_byte_tokens(ew_tokenizer *t) {
    for (unsigned b = 0; b < 256; b++) {
        uint8_t byte = (uint8_t)b;
        uint32_t found = EWI_NO_TOKEN;
        if (t->kind == EWI_VOCAB_BPE) found = ewi_pieces_find(&t->pieces, &byte, 1, ewi_piece_hash(&byte, 1));
        t->byte_tokens[b] = found != EWI_NO_TOKEN && ewi_token_is_text(t, found) ? found : EWI_NO_TOKEN;
    }
    for (size_t i = 0; i < t->n_tokens; i++) {
        if ((t->types[i] & EWI_TOKEN_TYPE_MASK) != EWI_TOKEN_BYTE) continue;
        uint32_t *token = &t->byte_tokens[ewi_piece_bytes(&t->pieces, (uint32_t)i).data[0]];
        if (*token == EWI_NO_TOKEN) *token = (uint32_t)i;
    }
}

static void init_joins_blank(ew_tokenizer *t) {
    for (size_t i = 0; i < t->n_tokens; i++) {
        if (!ewi_token_is_text(t, (uint32_t)i)) continue;
        ewi_bytes piece = ewi_piece_bytes(&t->pieces, (uint32_t)i);
        for (size_t k = 1; k < piece.len; k++)
            if (piece.data[k] == ' ') t->joins_blank[piece.data[k - 1]] = true;
    }
}

/*
 * Characters without a token become bytes, so SentencePiece vocabularies need all 256, or an unknown token.
 */
static ew_status check_byte_tokens(const ew_tokenizer *t, ew_error *err) {
    if (t->kind == EWI_VOCAB_BPE || t->unk != EWI_NO_TOKEN) return EW_OK;
    for (unsigned b = 0; b < 256; b++)
        if (t->byte_tokens[b] == EWI_NO_TOKEN)
            return ewi_fail(err, EW_FORMAT,
                            "vocabulary: it has neither byte token <0x%02X> nor an unknown token", b);
    return EW_OK;
}

static ew_status init_tables(ew_tokenizer *t, const ewi_vocab *vocab, ew_error *err) {
    EWI_TRY(init_types(t, vocab, err));
    EWI_TRY(ewi_pieces_init(&t->pieces, vocab, err));
    EWI_TRY(ewi_specials_init(&t->specials, vocab, false, err));
    if (vocab->n_norms) EWI_TRY(ewi_specials_init(&t->normalized, vocab, true, err));
    if (t->kind == EWI_VOCAB_UNIGRAM) EWI_TRY(init_log_probs(t, vocab, err));
    if (t->kind == EWI_VOCAB_UNIGRAM || t->kind == EWI_VOCAB_WORDPIECE) EWI_TRY(init_trie(t, err));
    if (t->has_merges)
        EWI_TRY(ewi_pairs_init(&t->pairs, &t->pieces, vocab, err));
    else if (t->kind == EWI_VOCAB_SPM)
        EWI_TRY(init_scores(t, vocab, err));
    init_byte_tokens(t);
    if (t->kind == EWI_VOCAB_SPM) init_joins_blank(t);
    return check_byte_tokens(t, err);
}

/* ---- life ---- */

ew_status ewi_tokenizer_new(const ewi_vocab *vocab, ew_tokenizer **out, ew_error *err) {
    *out = NULL;
    EWI_TRY(check_vocab(vocab, err));
    ew_tokenizer *t = ewi_zalloc(sizeof *t);
    if (!t) return ewi_no_memory(err, "a tokenizer");
    t->kind = vocab->kind;
    t->scanner = vocab->scanner;
    t->has_merges = vocab->merges.n > 0;
    t->ignore_merges = vocab->ignore_merges;
    t->norms = vocab->norms;
    t->n_norms = vocab->n_norms;
    t->splits = vocab->splits;
    t->n_splits = vocab->n_splits;
    t->word_prefix = vocab->word_prefix;
    t->inner_prefix = vocab->inner_prefix;
    t->word_suffix = vocab->word_suffix;
    t->fuses_unknown = vocab->fuses_unknown;
    t->decode_mark = vocab->decode_mark;
    t->decode_blank = vocab->decode_blank;
    t->max_word_chars = vocab->max_word_chars;
    t->decoder = vocab->decoder;
    t->cleans_up = vocab->cleans_up;
    t->space_prefix = vocab->space_prefix;
    t->n_tokens = vocab->n_tokens;
    t->bos = vocab->bos;
    t->eos = vocab->eos;
    t->unk = vocab->unk < 0 ? EWI_NO_TOKEN : (uint32_t)vocab->unk;
    t->last = vocab->last < 0 ? EWI_NO_TOKEN : (uint32_t)vocab->last;
    t->pair = vocab->pair;
    t->add_bos = vocab->add_bos && vocab->bos >= 0;
    t->spellings = vocab->tokens;
    ew_status status = init_tables(t, vocab, err);
    if (status)
        ew_tokenizer_close(t);
    else
        *out = t;
    return status;
}

void ewi_tokenizer_own(ew_tokenizer *tokenizer, void (*release)(void *owned), void *owned) {
    tokenizer->release = release;
    tokenizer->owned = owned;
}

void ew_tokenizer_close(ew_tokenizer *tokenizer) {
    if (!tokenizer) return;
    ewi_pieces_deinit(&tokenizer->pieces);
    ewi_pairs_deinit(&tokenizer->pairs);
    ewi_specials_deinit(&tokenizer->specials);
    ewi_specials_deinit(&tokenizer->normalized);
    ewi_trie_deinit(&tokenizer->trie);
    ewi_free(tokenizer->types);
    ewi_free(tokenizer->flags);
    ewi_free(tokenizer->score_keys);
    if (tokenizer->release) tokenizer->release(tokenizer->owned);
    ewi_free(tokenizer);
}

/* ---- what it says ---- */

size_t ew_tokenizer_n_vocab(const ew_tokenizer *tokenizer) {
    return tokenizer->n_tokens;
}

ew_token ew_tokenizer_bos(const ew_tokenizer *tokenizer) {
    return tokenizer->bos;
}

ew_token ew_tokenizer_eos(const ew_tokenizer *tokenizer) {
    return tokenizer->eos;
}

bool ew_tokenizer_adds_bos(const ew_tokenizer *tokenizer) {
    return tokenizer->add_bos;
}

bool ew_tokenizer_adds_eos(const ew_tokenizer *tokenizer) {
    return tokenizer->last != EWI_NO_TOKEN;
}

unsigned ew_token_flags(const ew_tokenizer *tokenizer, ew_token token) {
    bool inside = token >= 0 && (size_t)token < tokenizer->n_tokens;
    return inside ? tokenizer->flags[token] : 0;
}

ew_str ew_token_spelling(const ew_tokenizer *tokenizer, ew_token token) {
    bool inside = token >= 0 && (size_t)token < tokenizer->n_tokens;
    return inside ? tokenizer->spellings[token] : (ew_str){"", 0};
}
