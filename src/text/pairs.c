#include "text/pairs.h"

#include "base/buffer.h"
#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"

#define MAX_SIDE_SIZE ((size_t)64 << 20)
#define MAX_PROBES    1024u /* many more than chance needs: only a crafted file gets there */

/* What one merge is resolved with: both sides decoded, one after the other. */
typedef struct resolver {
    const ewi_pieces *pieces;
    const ewi_vocab *vocab;
    ewi_buffer text;
} resolver;

/* Appends the bytes of one side. */
static ew_status add_side(resolver *r, ew_str side, ew_error *err) {
    if (!ewi_buffer_reserve(&r->text, side.len)) return ewi_no_memory(err, "a merge");
    size_t len;
    ewi_piece_decode(r->vocab->kind, r->vocab->raw_bytes, side, r->text.data + r->text.len, &len);
    r->text.len += len;
    return EW_OK;
}

static ew_status find(const resolver *r, size_t rank, size_t start, size_t end, uint32_t *token,
                      ew_error *err) {
    const uint8_t *text = r->text.data + start;
    *token = start == end ? EWI_NO_TOKEN
                          : ewi_pieces_find(r->pieces, text, end - start, ewi_piece_hash(text, end - start));
    if (*token != EWI_NO_TOKEN) return EW_OK;
    ew_str shown = {(const char *)text, end - start};
    return ewi_fail(err, EW_FORMAT, "vocabulary: merge %zu needs \"%.*s\", which is not a token", rank,
                    EWI_STR_ARG(shown));
}

static bool merges_into_text(const ewi_vocab *vocab, uint32_t token) {
    unsigned type = vocab->types[token] & EWI_TOKEN_TYPE_MASK;
    return type == EWI_TOKEN_NORMAL || type == EWI_TOKEN_UNUSED || type == EWI_TOKEN_USER_DEFINED;
}

static bool insert(ewi_pairs *pairs, ewi_pair_slot pair) {
    size_t i = ewi_pair_hash(pair.left, pair.right);
    for (size_t probes = 0; probes < MAX_PROBES; probes++, i++) {
        ewi_pair_slot *slot = &pairs->slots[i & pairs->mask];
        if (slot->rank == EWI_NO_RANK) *slot = pair;
        if (slot->left == pair.left && slot->right == pair.right) return true;
    }
    return false;
}

/* SentencePiece's text has no plain blanks, so what holds one never merges. */
static bool has_blank(ew_str side) {
    return side.len && memchr(side.data, ' ', side.len);
}

/* Where the right side follows the left one, it has no prefix. */
static ew_status drop_prefix(resolver *r, size_t rank, size_t at, ew_error *err) {
    ew_str prefix = r->vocab->inner_prefix;
    size_t rest = r->text.len - at;
    if (prefix.len == 0) return EW_OK;
    if (rest < prefix.len || memcmp(r->text.data + at, prefix.data, prefix.len) != 0)
        return ewi_fail(err, EW_FORMAT, "vocabulary: merge %zu: its right side does not begin with \"%.*s\"",
                        rank, EWI_STR_ARG(prefix));
    memmove(r->text.data + at, r->text.data + at + prefix.len, rest - prefix.len);
    r->text.len -= prefix.len;
    return EW_OK;
}

static ew_status add_merge(ewi_pairs *pairs, resolver *r, size_t rank, ew_error *err) {
    ew_str left, right;
    EWI_TRY(r->vocab->merges.next(r->vocab->merges.state, &left, &right, err));
    ewi_pair_slot pair = {.rank = (uint32_t)rank};
    uint32_t joined;
    pairs->joined[rank] = 0;
    if (r->vocab->kind == EWI_VOCAB_SPM && (has_blank(left) || has_blank(right))) return EW_OK;
    r->text.len = 0;
    EWI_TRY(add_side(r, left, err));
    size_t middle = r->text.len;
    EWI_TRY(add_side(r, right, err));
    EWI_TRY(find(r, rank, 0, middle, &pair.left, err));
    EWI_TRY(find(r, rank, middle, r->text.len, &pair.right, err));
    if (r->vocab->kind == EWI_VOCAB_CHAR_BPE) EWI_TRY(drop_prefix(r, rank, middle, err));
    EWI_TRY(find(r, rank, 0, r->text.len, &joined, err));
    pairs->joined[rank] = joined;
    bool usable = merges_into_text(r->vocab, pair.left) && merges_into_text(r->vocab, pair.right) &&
                  merges_into_text(r->vocab, joined);
    if (!usable || insert(pairs, pair)) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "vocabulary: merge %zu is one of many that are crafted to collide", rank);
}

static ew_status allocate(ewi_pairs *pairs, size_t n, ew_error *err) {
    size_t n_slots = 16;
    while (n_slots < n + n / 2) n_slots *= 2;
    pairs->mask = n_slots - 1;
    pairs->slots = ewi_alloc_array(n_slots, sizeof *pairs->slots);
    pairs->joined = ewi_alloc_array(n, sizeof *pairs->joined);
    if (!pairs->slots || !pairs->joined) return ewi_no_memory(err, "the merges of the vocabulary");
    for (size_t i = 0; i < n_slots; i++) pairs->slots[i].rank = EWI_NO_RANK;
    return EW_OK;
}

ew_status ewi_pairs_init(ewi_pairs *pairs, const ewi_pieces *pieces, const ewi_vocab *vocab, ew_error *err) {
    *pairs = (ewi_pairs){0};
    resolver r = {.pieces = pieces, .vocab = vocab};
    ewi_buffer_init(&r.text, MAX_SIDE_SIZE);
    ew_status status = allocate(pairs, vocab->merges.n, err);
    for (size_t rank = 0; !status && rank < vocab->merges.n; rank++) status = add_merge(pairs, &r, rank, err);
    ewi_buffer_deinit(&r.text);
    if (status) ewi_pairs_deinit(pairs);
    return status;
}

void ewi_pairs_deinit(ewi_pairs *pairs) {
    ewi_free(pairs->slots);
    ewi_free(pairs->joined);
    *pairs = (ewi_pairs){0};
}
