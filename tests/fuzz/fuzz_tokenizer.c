/*
 * fuzz_tokenizer.c: a small vocabulary, as GGUF, as tokenizer.json or in a notation of this file, then a
 * text.
 *
 * Input: "KIND\n", the vocabulary (or a charsmap), a byte 0xFF 0x00, the text. Whatever opens must encode
 * the text, and the tokens must give its bytes back where nothing is normalized or cut away: exactly for
 * byte-level vocabularies, but for blanks for SentencePiece's.
 */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "format/gguf.h"
#include "fuzz.h"
#include "model/vocab_load.h"
#include "model/vocab_pipeline.h"
#include "text/charsmap.h"
#include "text/encode_pair.h"
#include "text/tokenizer.h"

#define MAX_IDS 65536

/*
 * Lines of the notation: "b", "s", "w" (WordPiece) or "u" (unigram) first, then per line a token's type ("0"
 * to "9") and its spelling, or "+left right".
 */
typedef struct notation {
    ew_str merges[256];
    size_t n_merges, next;
    ew_str tokens[1024];
    uint8_t types[1024];
    float scores[1024];
    double log_probs[1024];
    ewi_norm_step norms[3];
    ewi_split_step splits[3];
} notation;

static ew_status next_merge(void *state, ew_str *left, ew_str *right, ew_error *err) {
    notation *n = state;
    return ewi_merge_split(n->merges[n->next++], left, right, err);
}

static ew_str next_line(ewi_bytes *rest) {
    const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->data) : rest->len;
    ew_str line = {(const char *)rest->data, len};
    size_t taken = len + (end != NULL);
    *rest = (ewi_bytes){rest->data + taken, rest->len - taken};
    return line;
}

/* Bytes 5 to 10 of the first line choose steps. */
static void read_steps(notation *n, ew_str head, ewi_vocab *out) {
    for (size_t i = 5; i < head.len && i < 8; i++) {
        ewi_norm_step *step = &n->norms[out->n_norms++];
        *step = (ewi_norm_step){
            (ewi_norm_kind)((uint8_t)head.data[i] % (EWI_NORM_NMT + 1)), {"a", 1}, {"bb", 2}, {{0}, {0}}};
    }
    for (size_t i = 8; i < head.len && i < 11; i++) {
        uint8_t choice = (uint8_t)head.data[i];
        n->splits[out->n_splits++] =
            (ewi_split_step){.kind = (ewi_split_kind)(choice % (EWI_SPLIT_ALPHABET + 1)),
                             .behavior = (ewi_split_behavior)(choice / 9 % 5),
                             .text = {"b", 1},
                             .prefix = (ewi_space_prefix)(choice & 3),
                             .scanner = (ewi_scanner)(choice % EWI_N_SCANNERS),
                             .length = choice % 5u + 1};
    }
    out->norms = n->norms;
    out->splits = n->splits;
    out->log_probs = n->log_probs;
    out->max_word_chars = 20;
    out->inner_prefix = out->decode_mark = EWI_STR("##");
    out->word_suffix = EWI_STR("</w>");
    out->decode_blank = EWI_STR("|");
    if (out->kind != EWI_VOCAB_SPM && out->kind != EWI_VOCAB_BPE)
        out->decoder = (ewi_decoder)(head.len % (EWI_DECODE_ALPHABET + 1));
    out->cleans_up = true;
}

static void read_notation(ewi_bytes bytes, ewi_arena *arena, ewi_vocab *out, bool all_bytes) {
    notation *n = ewi_arena_array(arena, 1, sizeof *n);
    EW_ASSERT(n);
    *out = (ewi_vocab){.tokens = n->tokens,
                       .types = n->types,
                       .scores = n->scores,
                       .bos = -1,
                       .eos = -1,
                       .unk = -1,
                       .last = -1};
    ew_str head = next_line(&bytes);
    char kind = head.len ? head.data[0] : 'b';
    out->kind = kind == 's'   ? EWI_VOCAB_SPM
                : kind == 'w' ? EWI_VOCAB_WORDPIECE
                : kind == 'u' ? EWI_VOCAB_UNIGRAM
                : kind == 'c' ? EWI_VOCAB_CHAR_BPE
                : kind == 'l' ? EWI_VOCAB_WORDLEVEL
                              : EWI_VOCAB_BPE;
    out->raw_bytes = all_bytes;
    out->scanner = head.len > 1 ? (ewi_scanner)((uint8_t)head.data[1] % EWI_N_SCANNERS) : EWI_SCAN_GPT2;
    out->space_prefix = head.len > 2 ? (ewi_space_prefix)(head.data[2] & 3) : EWI_PREFIX_NEVER;
    out->ignore_merges = head.len > 3 && head.data[3] & 1;
    out->unk = head.len > 4 ? (int8_t)head.data[4] : -1;
    static const char byte_text[256] = {
#define B4(x)  (char)(x), (char)((x) + 1), (char)((x) + 2), (char)((x) + 3)
#define B16(x) B4(x), B4((x) + 4), B4((x) + 8), B4((x) + 12)
#define B64(x) B16(x), B16((x) + 16), B16((x) + 32), B16((x) + 48)
        B64(0), B64(64), B64(128), B64(192)};
    for (size_t i = 0; all_bytes && i < 256; i++, out->n_tokens++) {
        n->tokens[i] = (ew_str){&byte_text[i], 1};
        n->types[i] = EWI_TOKEN_NORMAL;
    }
    while (bytes.len) {
        ew_str line = next_line(&bytes);
        if (line.len == 0) continue;
        ew_str rest = {line.data + 1, line.len - 1};
        if (line.data[0] == '+' && n->n_merges < EWI_COUNT(n->merges)) {
            n->merges[n->n_merges++] = rest;
        } else if (out->n_tokens < EWI_COUNT(n->tokens)) {
            n->tokens[out->n_tokens] = rest;
            n->types[out->n_tokens] = (uint8_t)(line.data[0] - '0');
            n->log_probs[out->n_tokens] = -(double)line.data[0];
            n->scores[out->n_tokens++] = (float)rest.len;
        }
    }
    read_steps(n, head, out);
    out->merges = (ewi_merge_source){.n = n->n_merges, .state = n, .next = next_merge};
}

static ew_status read_vocab(ew_str kind, ewi_bytes bytes, ewi_arena *arena, ewi_vocab *out, ew_error *err) {
    ewi_gguf gguf;
    if (ewi_str_is(kind, "json")) return ewi_vocab_from_json(bytes, (ewi_bytes){0}, arena, out, err);
    if (ewi_str_is(kind, "config")) {
        static const ew_str token = {"a", 1};
        static const uint8_t type = EWI_TOKEN_NORMAL;
        *out = (ewi_vocab){.kind = EWI_VOCAB_BPE, .n_tokens = 1, .tokens = &token, .types = &type};
        out->bos = out->eos = out->unk = out->last = -1;
        return ewi_tokenizer_config_apply(bytes, arena, out, err);
    }
    if (ewi_str_is(kind, "tekken")) return ewi_vocab_from_tekken(bytes, arena, out, err);
    if (ewi_str_is(kind, "gguf")) {
        EWI_TRY(ewi_gguf_parse(bytes, arena, &gguf, err));
        return ewi_vocab_from_gguf(&gguf, arena, out, err);
    }
    read_notation(bytes, arena, out, ewi_str_is(kind, "raw"));
    return EW_OK;
}

/* Without blanks and U+2581, which SentencePiece does not tell apart and adds. */
static size_t squeeze(uint8_t *text, size_t len) {
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ' ') continue;
        if (len - i >= 3 && memcmp(text + i, "\xe2\x96\x81", 3) == 0) {
            i += 2;
            continue;
        }
        text[n++] = text[i];
    }
    return n;
}

/* The bytes of all tokens, or false when one is none of the text's: an unknown or control token, or white
 * space swallowed. */
static bool join(const ew_tokenizer *t, const ew_token *ids, size_t n, ewi_buffer *out) {
    for (size_t i = 0; i < n; i++) {
        EW_ASSERT(ids[i] >= 0 && (size_t)ids[i] < t->n_tokens);
        if (t->types[ids[i]] > EWI_TOKEN_BYTE || (uint32_t)ids[i] == t->unk) return false;
        ewi_bytes bytes = ewi_token_bytes(t, ids[i]);
        ewi_buffer_add(out, bytes.data, bytes.len);
    }
    return !out->failed;
}

static void check_round_trip(const ew_tokenizer *t, ewi_bytes text, const ew_token *ids, size_t n) {
    ewi_buffer joined, original;
    ewi_buffer_init(&joined, 1u << 26);
    ewi_buffer_init(&original, 1u << 26);
    ewi_buffer_add(&original, text.data, text.len);
    if (join(t, ids, n, &joined)) {
        if (t->kind == EWI_VOCAB_SPM) {
            joined.len = squeeze(joined.data, joined.len);
            original.len = squeeze(original.data, original.len);
        }
        EW_ASSERT(joined.len == original.len);
        EW_ASSERT(joined.len == 0 || memcmp(joined.data, original.data, joined.len) == 0);
    }
    ewi_buffer_deinit(&joined);
    ewi_buffer_deinit(&original);
}

static void check_text(const ew_tokenizer *t, const ew_token *ids, size_t n) {
    ew_detokenizer state = {0};
    for (size_t i = 0; i < n; i++) {
        char buf[64];
        size_t len;
        EW_ASSERT(ew_detokenize(t, &state, ids[i], i & 1, buf, sizeof buf, &len, NULL) == EW_OK);
        EW_ASSERT(len > sizeof buf || ewi_utf8_valid((const uint8_t *)buf, len));
    }
    char end[4];
    EW_ASSERT(ew_detokenize_end(&state, end) <= 3);
}

static void use(const ew_tokenizer *t, ewi_bytes text, unsigned flags) {
    static ew_token ids[MAX_IDS];
    ew_error err = {0};
    size_t n, again;
    ew_str str = {(const char *)text.data, text.len};
    ew_status status = ew_tokenizer_encode(t, str, flags, ids, MAX_IDS, &n, &err);
    EW_ASSERT(status == EW_OK || (status == EW_UNSUPPORTED && err.text[0]));
    if (status || n > MAX_IDS) return;
    EW_ASSERT(ew_tokenizer_encode(t, str, flags, NULL, 0, &again, &err) == EW_OK && again == n);
    bool keeps_all = (t->kind == EWI_VOCAB_SPM || t->kind == EWI_VOCAB_BPE) && !t->n_norms && !t->n_splits;
    if (keeps_all && !(flags & EW_ENCODE_BOS)) check_round_trip(t, text, ids, n);
    check_text(t, ids, n);
}

/* The text as a document for its own beginning. */
static void use_pair(const ew_tokenizer *t, ewi_bytes text) {
    static ew_token query[64], ids[MAX_IDS];
    ew_error err = {0};
    size_t n;
    ew_str str = {(const char *)text.data, text.len};
    ewi_encoded_pair pair, again;
    if (ew_tokenizer_encode(t, str, 0, query, EWI_COUNT(query), &n, &err)) return;
    if (n > EWI_COUNT(query)) n = EWI_COUNT(query);
    ew_status status = ewi_encode_pair(t, query, n, str, ids, MAX_IDS, &pair, &err);
    EW_ASSERT(status == (t->pair.is_known ? EW_OK : EW_UNSUPPORTED));
    if (status) return;
    EW_ASSERT(pair.second <= pair.n && pair.n >= n);
    for (size_t i = 0; i < pair.n && i < MAX_IDS; i++) EW_ASSERT((size_t)ids[i] < t->n_tokens);
    EW_ASSERT(ewi_encode_pair(t, query, n, str, NULL, 0, &again, &err) == EW_OK);
    EW_ASSERT(again.n == pair.n && again.second == pair.second);
}

/* A charsmap, over the text. */
static void use_charsmap(ewi_bytes bytes, ewi_bytes text) {
    ewi_charsmap map;
    ewi_buffer out;
    ew_error err = {0};
    ew_status status = ewi_charsmap_open(bytes, &map, &err);
    EW_ASSERT(status == EW_OK || (status == EW_FORMAT && err.text[0]));
    if (status) return;
    ewi_buffer_init(&out, 1u << 20);
    ewi_charsmap_append(&map, true, text, &out);
    ewi_charsmap_append(&map, false, text, &out);
    ewi_buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ewi_bytes rest = {data, size};
    ew_str kind = next_line(&rest);
    size_t split = rest.len;
    for (size_t i = 0; i + 1 < rest.len && split == rest.len; i++)
        if (rest.data[i] == 0xff && rest.data[i + 1] == 0) split = i;
    ewi_bytes text = split < rest.len ? (ewi_bytes){rest.data + split + 2, rest.len - split - 2} : rest;
    ewi_arena arena;
    ewi_vocab vocab;
    ew_tokenizer *tokenizer = NULL;
    ew_error err = {0};
    if (ewi_str_is(kind, "charsmap")) {
        use_charsmap((ewi_bytes){rest.data, split}, text);
        return 0;
    }
    ewi_arena_init(&arena, 64u << 20);
    ew_status status = read_vocab(kind, (ewi_bytes){rest.data, split}, &arena, &vocab, &err);
    if (!status) status = ewi_tokenizer_new(&vocab, &tokenizer, &err);
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    if (!status) {
        use(tokenizer, text, 0);
        use(tokenizer, text, EW_ENCODE_SPECIAL | EW_ENCODE_BOS);
        use(tokenizer, text, EW_ENCODE_SPECIAL | EW_ENCODE_EOS);
        use_pair(tokenizer, text);
    }
    ew_tokenizer_close(tokenizer);
    ewi_arena_deinit(&arena);
    return 0;
}
