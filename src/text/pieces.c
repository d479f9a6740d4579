#include "text/pieces.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"

#define LOWER_ONE_EIGHTH_BLOCK 0x2581u /* how SentencePiece writes a blank */
#define MAX_PROBES             1024u   /* many more than chance needs: only a crafted file gets there */

/* ---- spellings ---- */

/*
 * GPT-2's alphabet (openai/gpt-2, encoder.py): printable Latin-1 bytes are themselves, the other 68 follow
 * from U+0100 on.
 */
static bool is_itself(uint32_t c) {
    return (c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xac) || (c >= 0xae && c <= 0xff);
}

unsigned ewi_alphabet_byte(uint32_t c) {
    if (c < 0x100) return is_itself(c) ? c : 256;
    if (c < 0x121) return c - 0x100;        /* 00..20 */
    if (c < 0x143) return c - 0x121 + 0x7f; /* 7f..a0 */
    return c == 0x143 ? 0xad : 256;
}

uint32_t ewi_alphabet_character(uint8_t byte) {
    if (is_itself(byte)) return byte;
    if (byte <= 0x20) return 0x100u + byte;
    return byte == 0xad ? 0x143 : 0x121u + byte - 0x7f;
}

static bool decode_alphabet(ew_str spelling, uint8_t *out, size_t *len) {
    const uint8_t *text = (const uint8_t *)spelling.data;
    *len = 0;
    for (size_t i = 0; i < spelling.len;) {
        uint32_t c;
        i += ewi_utf8_decode(text + i, spelling.len - i, &c);
        unsigned byte = ewi_alphabet_byte(c);
        if (byte > 0xff) return false;
        out[(*len)++] = (uint8_t)byte;
    }
    return true;
}

static void decode_blanks(ew_str spelling, uint8_t *out, size_t *len) {
    const uint8_t *text = (const uint8_t *)spelling.data;
    *len = 0;
    for (size_t i = 0, n; i < spelling.len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode(text + i, spelling.len - i, &c);
        if (c == LOWER_ONE_EIGHTH_BLOCK)
            out[(*len)++] = ' ';
        else
            for (size_t k = 0; k < n; k++) out[(*len)++] = text[i + k];
    }
}

static void copy_spelling(ew_str spelling, uint8_t *out, size_t *len) {
    if (spelling.len) memcpy(out, spelling.data, spelling.len);
    *len = spelling.len;
}

bool ewi_piece_decode(ewi_vocab_kind kind, bool raw_bytes, ew_str spelling, uint8_t *out, size_t *len) {
    if (kind == EWI_VOCAB_SPM) {
        decode_blanks(spelling, out, len);
    } else if (raw_bytes || kind != EWI_VOCAB_BPE) {
        copy_spelling(spelling, out, len);
    } else if (!decode_alphabet(spelling, out, len)) {
        copy_spelling(spelling, out, len);
        return false;
    }
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* <0x41> */
static bool decode_byte(ew_str spelling, uint8_t *out) {
    if (spelling.len != 6 || !ewi_str_starts(spelling, "<0x") || spelling.data[5] != '>') return false;
    int high = hex_digit(spelling.data[3]), low = hex_digit(spelling.data[4]);
    if (high < 0 || low < 0) return false;
    *out = (uint8_t)(high * 16 + low);
    return true;
}

/* Writes the bytes that token i stands for. */
static ew_status decode_token(const ewi_vocab *vocab, size_t i, uint8_t *out, size_t *len, ew_error *err) {
    ew_str spelling = vocab->tokens[i];
    unsigned type = vocab->types[i] & EWI_TOKEN_TYPE_MASK;
    bool blanked = type == EWI_TOKEN_USER_DEFINED && vocab->kind == EWI_VOCAB_SPM;
    if (type == EWI_TOKEN_NORMAL || type == EWI_TOKEN_UNUSED || blanked) {
        ewi_piece_decode(vocab->kind, vocab->raw_bytes, spelling, out, len);
    } else if (type == EWI_TOKEN_BYTE) {
        if (!decode_byte(spelling, out))
            return ewi_fail(err, EW_FORMAT,
                            "vocabulary: byte token %zu is spelled \"%.*s\", not <0x00> to <0xFF>", i,
                            EWI_STR_ARG(spelling));
        *len = 1;
    } else {
        copy_spelling(spelling, out, len);
    }
    return EW_OK;
}

/* ---- the table ---- */

uint64_t ewi_piece_hash(const uint8_t *text, size_t len) {
    uint64_t hash = 0;
    for (size_t i = 0; i < len; i++) hash = hash * EWI_PIECE_HASH_BASE + ewi_piece_hash_byte(text[i]);
    return hash;
}

uint64_t ewi_piece_hash_long(const ewi_pieces *pieces, uint64_t left, uint64_t right, size_t right_len) {
    uint64_t power = pieces->powers[right_len & 255];
    uint64_t square = pieces->powers[255] * EWI_PIECE_HASH_BASE; /* base^256 */
    for (size_t n = right_len >> 8; n; n >>= 1, square *= square)
        if (n & 1) power *= square;
    return left * power + right;
}

/* Spreads the polynomial over all bits: its low bits depend on the low bits of the text alone. */
static inline uint64_t mix(uint64_t hash) {
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ (hash >> 32);
}

static bool spells(const ewi_pieces *pieces, uint32_t token, const uint8_t *text, size_t len) {
    ewi_bytes piece = ewi_piece_bytes(pieces, token);
    return piece.len == len && memcmp(piece.data, text, len) == 0;
}

/* The slot of these bytes, or the empty one where they would go. */
static inline ewi_piece_slot *find_slot(const ewi_pieces *pieces, const uint8_t *text, size_t len,
                                        uint64_t hash) {
    uint64_t mixed = mix(hash);
    uint32_t tag = (uint32_t)(mixed >> 32);
    for (size_t i = (size_t)mixed & pieces->mask;; i = (i + 1) & pieces->mask) {
        ewi_piece_slot *slot = &pieces->slots[i];
        if (slot->token == EWI_NO_TOKEN) return slot;
        if (slot->tag == tag && spells(pieces, slot->token, text, len)) return slot;
    }
}

uint32_t ewi_pieces_find(const ewi_pieces *pieces, const uint8_t *text, size_t len, uint64_t hash) {
    if (len > pieces->max_len) return EWI_NO_TOKEN;
    return find_slot(pieces, text, len, hash)->token;
}

static ew_status check_alike(const ewi_vocab *vocab, uint32_t first, uint32_t token, ew_error *err) {
    ew_str spelling = vocab->tokens[token];
    if (!vocab->unique || !ewi_str_eq(spelling, vocab->tokens[first])) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "vocabulary: token \"%.*s\" has two ids: %u and %u",
                    EWI_STR_ARG(spelling), (unsigned)first, (unsigned)token);
}

static ew_status add_token(ewi_pieces *pieces, const ewi_vocab *vocab, uint32_t token, bool ordinary,
                           ew_error *err) {
    ewi_bytes piece = ewi_piece_bytes(pieces, token);
    if (piece.len == 0) return EW_OK;
    uint64_t hash = ewi_piece_hash(piece.data, piece.len);
    ewi_piece_slot *slot = find_slot(pieces, piece.data, piece.len, hash);
    if (slot->token != EWI_NO_TOKEN) return ordinary ? check_alike(vocab, slot->token, token, err) : EW_OK;
    *slot = (ewi_piece_slot){token, (uint32_t)(mix(hash) >> 32)};
    if (piece.len > pieces->max_len) pieces->max_len = piece.len;
    if ((((size_t)(slot - pieces->slots) - (size_t)mix(hash)) & pieces->mask) < MAX_PROBES) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "vocabulary: token %u is one of many that are crafted to collide",
                    (unsigned)token);
}

/* Which tokens go first where several are spelled alike. 3: none; one with a plain blank matches nothing. */
static unsigned precedence(const ewi_vocab *vocab, size_t i) {
    ew_str spelling = vocab->tokens[i];
    if (vocab->kind == EWI_VOCAB_SPM && spelling.len && memchr(spelling.data, ' ', spelling.len)) return 3;
    switch (vocab->types[i] & EWI_TOKEN_TYPE_MASK) {
    case EWI_TOKEN_NORMAL:
    case EWI_TOKEN_UNUSED: return 0;
    case EWI_TOKEN_USER_DEFINED: return 1;
    case EWI_TOKEN_BYTE: return 3;
    default: return 2;
    }
}

static ew_status fill_bytes(ewi_pieces *pieces, const ewi_vocab *vocab, ew_error *err) {
    uint32_t at = 0;
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        size_t len = 0;
        EWI_TRY(decode_token(vocab, i, pieces->bytes + at, &len, err));
        pieces->starts[i] = at;
        at += (uint32_t)len;
    }
    pieces->starts[vocab->n_tokens] = at;
    return EW_OK;
}

static ew_status fill_slots(ewi_pieces *pieces, const ewi_vocab *vocab, ew_error *err) {
    for (size_t i = 0; i <= pieces->mask; i++) pieces->slots[i] = (ewi_piece_slot){EWI_NO_TOKEN, 0};
    for (unsigned turn = 0; turn < 3; turn++)
        for (size_t i = 0; i < vocab->n_tokens; i++)
            if (precedence(vocab, i) == turn) EWI_TRY(add_token(pieces, vocab, (uint32_t)i, turn == 0, err));
    return EW_OK;
}

static ew_status count_bytes(const ewi_vocab *vocab, size_t *total, ew_error *err) {
    *total = 0;
    for (size_t i = 0; i < vocab->n_tokens; i++)
        if (!ewi_add_size(*total, vocab->tokens[i].len, total) || *total >= UINT32_MAX)
            return ewi_fail(err, EW_LIMIT, "vocabulary: the spellings of its tokens have more than 4 GiB");
    return EW_OK;
}

/* vocab->n_tokens is below 2^31. */
static ew_status allocate(ewi_pieces *pieces, const ewi_vocab *vocab, ew_error *err) {
    size_t total, n_slots = 16;
    EWI_TRY(count_bytes(vocab, &total, err));
    while (n_slots < vocab->n_tokens + vocab->n_tokens / 2) n_slots *= 2;
    *pieces = (ewi_pieces){.n = vocab->n_tokens, .mask = n_slots - 1};
    pieces->bytes = ewi_alloc(total);
    pieces->starts = ewi_alloc_array(vocab->n_tokens + 1, sizeof *pieces->starts);
    pieces->slots = ewi_alloc_array(n_slots, sizeof *pieces->slots);
    if (!pieces->bytes || !pieces->starts || !pieces->slots) return ewi_no_memory(err, "the vocabulary");
    pieces->powers[0] = 1;
    for (size_t i = 1; i < 256; i++) pieces->powers[i] = pieces->powers[i - 1] * EWI_PIECE_HASH_BASE;
    return EW_OK;
}

ew_status ewi_pieces_init(ewi_pieces *pieces, const ewi_vocab *vocab, ew_error *err) {
    *pieces = (ewi_pieces){0};
    ew_status status = allocate(pieces, vocab, err);
    if (!status) status = fill_bytes(pieces, vocab, err);
    if (!status) status = fill_slots(pieces, vocab, err);
    if (status) ewi_pieces_deinit(pieces);
    return status;
}

void ewi_pieces_deinit(ewi_pieces *pieces) {
    ewi_free(pieces->bytes);
    ewi_free(pieces->starts);
    ewi_free(pieces->slots);
    *pieces = (ewi_pieces){0};
}
