#include "text/segmenter.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"

#define UNKNOWN_PENALTY 10.0 /* SentencePiece: an unknown character is that much worse than the worst piece */

void ewi_segmenter_init(ewi_segmenter *segmenter, const ew_tokenizer *tokenizer) {
    *segmenter = (ewi_segmenter){.tokenizer = tokenizer};
}

void ewi_segmenter_deinit(ewi_segmenter *segmenter) {
    ewi_free(segmenter->parts);
    ewi_free(segmenter->nodes);
}

static bool reserve(ewi_segmenter *s, size_t len) {
    if (len < s->cap) return true;
    size_t cap = len < 32 ? 64 : 2 * len;
    ewi_free(s->parts);
    ewi_free(s->nodes);
    s->parts = ewi_alloc_array(cap, sizeof *s->parts);
    s->nodes = ewi_alloc_array(cap, sizeof *s->nodes);
    s->cap = s->parts && s->nodes ? cap : 0;
    return s->cap;
}

static void add_part(ewi_segmenter *s, uint32_t token, size_t start, size_t len) {
    s->parts[s->n++] = (ewi_answer_part){token, (uint32_t)start, (uint32_t)len};
}

/* ---- WordPiece ---- */

static size_t count_characters(ewi_bytes word) {
    size_t count = 0;
    for (size_t i = 0; i < word.len; count++) {
        uint32_t c;
        i += ewi_utf8_decode(word.data + i, word.len - i, &c);
    }
    return count;
}

/* The longest piece at `at`; its length is 0 when there is none. */
static uint32_t longest(const ew_tokenizer *t, ewi_bytes word, size_t at, size_t *len) {
    uint32_t node = at > 0, found = EWI_NO_TOKEN;
    *len = 0;
    for (size_t i = at; i < word.len; i++) {
        node = ewi_trie_step(&t->trie, node, word.data[i]);
        if (node == EWI_NO_NODE) break;
        if (t->trie.tokens[node] == EWI_NO_TOKEN) continue;
        found = t->trie.tokens[node];
        *len = i + 1 - at;
    }
    return found;
}

static void segment_wordpiece(ewi_segmenter *s, ewi_bytes word) {
    bool known = count_characters(word) <= s->tokenizer->max_word_chars;
    for (size_t at = 0, len; known && at < word.len; at += len) {
        uint32_t token = longest(s->tokenizer, word, at, &len);
        known = token != EWI_NO_TOKEN;
        if (known) add_part(s, token, at, len);
    }
    if (known) return;
    s->n = 0;
    add_part(s, EWI_NO_TOKEN, 0, word.len);
}

/* ---- unigram ---- */

static void offer(ewi_segmenter *s, size_t start, size_t end, uint32_t token, double score) {
    ewi_lattice_node *node = &s->nodes[end];
    double total = s->nodes[start].score + score;
    if (node->start == EWI_NO_NODE || total > node->score)
        *node = (ewi_lattice_node){total, token, (uint32_t)start};
}

/* All pieces that begin at `at`, which is reached, and an unknown character where no piece is just that. */
static void offer_all(ewi_segmenter *s, ewi_bytes word, size_t at, size_t char_len) {
    const ew_tokenizer *t = s->tokenizer;
    bool single = false;
    uint32_t node = 0;
    for (size_t i = at; i < word.len; i++) {
        node = ewi_trie_step(&t->trie, node, word.data[i]);
        if (node == EWI_NO_NODE) break;
        uint32_t token = t->trie.tokens[node];
        if (token == EWI_NO_TOKEN) continue;
        offer(s, at, i + 1, token, t->log_probs[token]);
        single |= i + 1 - at == char_len;
    }
    if (!single) offer(s, at, at + char_len, EWI_NO_TOKEN, t->min_log_prob - UNKNOWN_PENALTY);
}

/* Walks back from the end; unknown characters side by side are one part. */
static void collect(ewi_segmenter *s, size_t len) {
    for (size_t end = len; end > 0; end = s->nodes[end].start) {
        ewi_lattice_node node = s->nodes[end];
        ewi_answer_part *last = s->n ? &s->parts[s->n - 1] : NULL;
        if (node.token == EWI_NO_TOKEN && last && last->token == EWI_NO_TOKEN) {
            last->len += last->start - node.start;
            last->start = node.start;
        } else {
            add_part(s, node.token, node.start, end - node.start);
        }
    }
    for (size_t i = 0; i < s->n / 2; i++) {
        ewi_answer_part part = s->parts[i];
        s->parts[i] = s->parts[s->n - 1 - i];
        s->parts[s->n - 1 - i] = part;
    }
}

static void segment_unigram(ewi_segmenter *s, ewi_bytes word) {
    for (size_t i = 0; i <= word.len; i++) s->nodes[i].start = EWI_NO_NODE;
    s->nodes[0] = (ewi_lattice_node){0};
    for (size_t at = 0, n; at < word.len; at += n) {
        uint32_t c;
        n = ewi_utf8_decode(word.data + at, word.len - at, &c);
        offer_all(s, word, at, n);
    }
    collect(s, word.len);
}

ew_status ewi_segment(ewi_segmenter *segmenter, ewi_bytes word, ew_error *err) {
    segmenter->n = 0;
    if (!reserve(segmenter, word.len)) return ewi_no_memory(err, "a long word");
    if (segmenter->tokenizer->kind == EWI_VOCAB_WORDPIECE)
        segment_wordpiece(segmenter, word);
    else
        segment_unigram(segmenter, word);
    return EW_OK;
}
