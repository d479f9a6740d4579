#include "text/merger.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"

void ewi_merger_init(ewi_merger *merger, const ew_tokenizer *tokenizer) {
    merger->tokenizer = tokenizer;
    merger->symbols = merger->short_symbols;
    merger->heap = NULL;
    merger->cap = EWI_SHORT_SYMBOLS;
}

static void free_long(ewi_merger *merger) {
    if (merger->symbols != merger->short_symbols) ewi_free(merger->symbols);
    ewi_free(merger->heap);
    merger->symbols = merger->short_symbols;
    merger->heap = NULL;
    merger->cap = EWI_SHORT_SYMBOLS;
}

void ewi_merger_deinit(ewi_merger *merger) {
    free_long(merger);
}

/*
 * The heap begins with at most n - 1 pairs; each merge takes one out and puts at most two in: 2n are enough.
 */
static ew_status grow(ewi_merger *merger, size_t max_symbols, ew_error *err) {
    size_t cap = max_symbols < 2 * merger->cap ? 2 * merger->cap : max_symbols, heap_cap;
    free_long(merger);
    if (!ewi_mul_size(cap, 2, &heap_cap)) return ewi_no_memory(err, "a long word");
    ewi_symbol *symbols = ewi_alloc_array(cap, sizeof *symbols);
    uint64_t *heap = ewi_alloc_array(heap_cap, sizeof *heap);
    if (!symbols || !heap) {
        ewi_free(symbols);
        ewi_free(heap);
        return ewi_no_memory(err, "a long word");
    }
    merger->symbols = symbols;
    merger->heap = heap;
    merger->cap = cap;
    return EW_OK;
}

ew_status ewi_merger_start(ewi_merger *merger, const uint8_t *word, size_t max_symbols, ew_error *err) {
    merger->word = word;
    merger->n = 0;
    return max_symbols <= merger->cap ? EW_OK : grow(merger, max_symbols, err);
}

void ewi_merger_add(ewi_merger *merger, size_t len, uint32_t token) {
    uint32_t i = (uint32_t)merger->n++, start = 0;
    ewi_symbol *symbol = &merger->symbols[i];
    if (i > 0) {
        symbol[-1].next = i;
        start = symbol[-1].start + symbol[-1].len;
    }
    *symbol = (ewi_symbol){.token = token, .start = start, .len = (uint32_t)len};
    symbol->prev = i - 1; /* of the first: EWI_NO_SYMBOL */
    symbol->next = EWI_NO_SYMBOL;
    symbol->hash =
        len == 1 ? ewi_piece_hash_byte(merger->word[start]) : ewi_piece_hash(merger->word + start, len);
}

/* Without merges, a pair merges when its bytes are a token, and ranks by that token's score or id. */
static void rank_by_text(const ewi_merger *merger, ewi_symbol *left, const ewi_symbol *right) {
    const ew_tokenizer *t = merger->tokenizer;
    size_t len = (size_t)left->len + right->len;
    left->rank = EWI_NO_RANK;
    if (len > t->pieces.max_len) return;
    uint64_t hash = ewi_piece_hash_join(&t->pieces, left->hash, right->hash, right->len);
    uint32_t joined = ewi_pieces_find(&t->pieces, merger->word + left->start, len, hash);
    if (joined == EWI_NO_TOKEN || !ewi_token_is_text(t, joined)) return;
    left->joined = joined;
    left->rank = t->score_keys ? t->score_keys[joined] : joined;
}

/* Finds the rank of the pair that begins with `left`. */
static void rank_pair(const ewi_merger *merger, ewi_symbol *left) {
    const ewi_symbol *right = &merger->symbols[left->next];
    const ew_tokenizer *t = merger->tokenizer;
    if (left->next == EWI_NO_SYMBOL) {
        left->rank = EWI_NO_RANK;
    } else if (!t->has_merges) {
        rank_by_text(merger, left, right);
    } else {
        left->rank = ewi_pairs_rank(&t->pairs, left->token, right->token);
        if (left->rank != EWI_NO_RANK) left->joined = t->pairs.joined[left->rank];
    }
}

/* Joins `left` with its right neighbour, which then is out of the list and has no rank. */
static void join(const ewi_merger *merger, ewi_symbol *left) {
    ewi_symbol *right = &merger->symbols[left->next];
    if (!merger->tokenizer->has_merges)
        left->hash = ewi_piece_hash_join(&merger->tokenizer->pieces, left->hash, right->hash, right->len);
    left->token = left->joined;
    left->len += right->len;
    left->next = right->next;
    if (right->next != EWI_NO_SYMBOL) merger->symbols[right->next].prev = right->prev;
    right->rank = EWI_NO_RANK;
    rank_pair(merger, left);
    if (left->prev != EWI_NO_SYMBOL) rank_pair(merger, &merger->symbols[left->prev]);
}

static void run_short(const ewi_merger *merger) {
    for (;;) {
        ewi_symbol *best = &merger->symbols[0];
        for (uint32_t i = best->next; i != EWI_NO_SYMBOL; i = merger->symbols[i].next)
            if (merger->symbols[i].rank < best->rank) best = &merger->symbols[i];
        if (best->rank == EWI_NO_RANK) return;
        join(merger, best);
    }
}

/* ---- a binary heap, the least entry first ---- */

static void sift_down(uint64_t *heap, size_t n, size_t i) {
    uint64_t entry = heap[i];
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && heap[child + 1] < heap[child]) child++;
        if (entry <= heap[child]) break;
        heap[i] = heap[child];
    }
    heap[i] = entry;
}

static void push(ewi_merger *merger, uint32_t i) {
    if (i == EWI_NO_SYMBOL || merger->symbols[i].rank == EWI_NO_RANK) return;
    uint64_t entry = ((uint64_t)merger->symbols[i].rank << 32) | i;
    size_t at = merger->n_heap++;
    for (; at > 0 && entry < merger->heap[(at - 1) / 2]; at = (at - 1) / 2)
        merger->heap[at] = merger->heap[(at - 1) / 2];
    merger->heap[at] = entry;
}

static uint64_t pop(ewi_merger *merger) {
    uint64_t least = merger->heap[0];
    merger->heap[0] = merger->heap[--merger->n_heap];
    sift_down(merger->heap, merger->n_heap, 0);
    return least;
}

static void build_heap(ewi_merger *merger) {
    merger->n_heap = 0;
    for (uint32_t i = 0; i < merger->n; i++)
        if (merger->symbols[i].rank != EWI_NO_RANK)
            merger->heap[merger->n_heap++] = ((uint64_t)merger->symbols[i].rank << 32) | i;
    for (size_t i = merger->n_heap / 2; i-- > 0;) sift_down(merger->heap, merger->n_heap, i);
}

static void run_long(ewi_merger *merger) {
    build_heap(merger);
    while (merger->n_heap) {
        uint64_t entry = pop(merger);
        uint32_t i = (uint32_t)entry;
        if (merger->symbols[i].rank != entry >> 32) continue;
        join(merger, &merger->symbols[i]);
        push(merger, i);
        push(merger, merger->symbols[i].prev);
    }
}

void ewi_merger_run(ewi_merger *merger) {
    for (uint32_t i = 0; i < merger->n; i++) rank_pair(merger, &merger->symbols[i]);
    if (merger->n <= EWI_SHORT_SYMBOLS)
        run_short(merger);
    else
        run_long(merger);
}
