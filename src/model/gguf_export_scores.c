/*
 * gguf_export_scores.c: the scores of a SentencePiece vocabulary, from the merges that a tokenizer.json has
 * in their place.
 *
 * SentencePiece joins the two neighbours whose joined piece has the greatest score; a tokenizer.json lists
 * all pairs that join, the pairs of each piece together, the piece of the greatest score first. So a piece's
 * score is its place in that list. That is true only where the list is made like this: each piece's pairs
 * follow each other, and no two pieces make a third that the list leaves out. Llama's own file has the pairs
 * of runs of blanks mixed; they join the same in both orders. Pieces with plain blanks never meet a text.
 */
#include "base/error.h"
#include "base/mem.h"
#include "model/gguf_export_parts.h"

#define MAX_PIECE_BYTES 256u

typedef struct merge_list {
    const ewi_vocab *vocab;
    uint32_t *order;   /* tokens by spelling */
    uint32_t *n_pairs; /* [n_tokens] of the list, that make this piece */
    float *scores;     /* [n_tokens] */
    ewi_arena *arena;
    ew_error *err;
} merge_list;

#define NONE UINT32_MAX

static int compare(ew_str a, const uint8_t *text, size_t len) {
    const size_t n = a.len < len ? a.len : len;
    const int order = n ? memcmp(a.data, text, n) : 0;
    return order ? order : (a.len > len) - (a.len < len);
}

static bool has_plain_blank(ew_str text) {
    return text.len && memchr(text.data, ' ', text.len);
}

/* Nothing but SentencePiece's blanks. */
static bool is_blanks(ew_str text) {
    static const char blank[] = "\xe2\x96\x81";
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != blank[i % 3]) return false;
    return text.len % 3 == 0;
}

static bool is_joinable(const ewi_vocab *v, uint32_t token) {
    const unsigned type = v->types[token] & EWI_TOKEN_TYPE_MASK;
    return (type == EWI_TOKEN_NORMAL || type == EWI_TOKEN_USER_DEFINED) && !has_plain_blank(v->tokens[token]);
}

/* The first of that spelling. */
static uint32_t find(const merge_list *l, const uint8_t *text, size_t len) {
    size_t low = 0, high = l->vocab->n_tokens;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(l->vocab->tokens[l->order[middle]], text, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == l->vocab->n_tokens || compare(l->vocab->tokens[l->order[low]], text, len) != 0) return NONE;
    return l->order[low];
}

static ew_status unlike(const merge_list *l, uint32_t token, const char *what) {
    return ewi_fail(l->err, EW_UNSUPPORTED,
                    "tokenizer.json: merges into \"%.*s\" %s: GGUF has scores instead, which cannot say that",
                    EWI_STR_ARG(l->vocab->tokens[token]), what);
}

/* The token that the next merge makes, or NONE. */
static ew_status next_joined(const merge_list *l, uint32_t *joined) {
    ew_str left, right;
    uint8_t text[2 * MAX_PIECE_BYTES];
    EWI_TRY(l->vocab->merges.next(l->vocab->merges.state, &left, &right, l->err));
    *joined = NONE;
    if (has_plain_blank(left) || has_plain_blank(right)) return EW_OK;
    if (left.len > MAX_PIECE_BYTES || right.len > MAX_PIECE_BYTES)
        return ewi_fail(l->err, EW_LIMIT, "tokenizer.json: a merge of more than %u bytes", MAX_PIECE_BYTES);
    if (left.len) memcpy(text, left.data, left.len);
    if (right.len) memcpy(text + left.len, right.data, right.len);
    *joined = find(l, text, left.len + right.len);
    if (*joined != NONE) return EW_OK;
    return ewi_fail(l->err, EW_FORMAT, "tokenizer.json: a merge makes \"%.*s\", which is no token",
                    (int)(left.len + right.len), (const char *)text);
}

static ew_status rank_pieces(merge_list *l) {
    uint32_t before = NONE, n_pieces = 0;
    for (size_t i = 0; i < l->vocab->merges.n; i++) {
        uint32_t joined;
        EWI_TRY(next_joined(l, &joined));
        if (joined == NONE) continue;
        if (joined != before && l->n_pairs[joined] && !is_blanks(l->vocab->tokens[joined]))
            return unlike(l, joined, "are apart in the list");
        if (l->n_pairs[joined] == 0) l->scores[joined] = -(float)n_pieces++;
        l->n_pairs[joined]++;
        before = joined;
    }
    return EW_OK;
}

/* How many pairs of tokens make this one. */
static uint32_t count_pairs(const merge_list *l, uint32_t token) {
    const ew_str text = l->vocab->tokens[token];
    const uint8_t *bytes = (const uint8_t *)text.data;
    uint32_t n = 0;
    for (size_t at = 1; at < text.len; at++) {
        const uint32_t left = find(l, bytes, at), right = find(l, bytes + at, text.len - at);
        n += left != NONE && right != NONE && is_joinable(l->vocab, left) && is_joinable(l->vocab, right);
    }
    return n;
}

static ew_status check_complete(const merge_list *l) {
    for (uint32_t i = 0; i < l->vocab->n_tokens; i++) {
        if (!is_joinable(l->vocab, i)) continue;
        if (l->vocab->tokens[i].len > MAX_PIECE_BYTES)
            return ewi_fail(l->err, EW_LIMIT, "tokenizer.json: token %u has more than %u bytes", i,
                            MAX_PIECE_BYTES);
        if (count_pairs(l, i) != l->n_pairs[i]) return unlike(l, i, "are not all in the list");
    }
    return EW_OK;
}

ew_status ewi_gguf_export_scores(const ewi_vocab *vocab, ewi_arena *arena, const float **scores,
                                 ew_error *err) {
    merge_list l = {.vocab = vocab, .arena = arena, .err = err};
    *scores = vocab->scores;
    if (vocab->merges.n == 0) return EW_OK;
    EWI_TRY(ewi_name_order(arena, vocab->tokens, vocab->n_tokens, sizeof *vocab->tokens, &l.order, err));
    l.n_pairs = ewi_arena_array(arena, vocab->n_tokens, sizeof *l.n_pairs);
    l.scores = ewi_arena_array(arena, vocab->n_tokens, sizeof *l.scores);
    if (!l.n_pairs || !l.scores) return ewi_no_memory(err, "the vocabulary");
    EWI_TRY(rank_pieces(&l));
    EWI_TRY(check_complete(&l));
    *scores = l.scores;
    return EW_OK;
}
