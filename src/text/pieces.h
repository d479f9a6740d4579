/*
 * pieces.h: the bytes that every token stands for, and the way back from bytes to a token.
 *
 * A piece is a token as text: GPT-2's alphabet turned back to bytes, U+2581 to a blank, <0x41> to its byte.
 * Owns its tables; immutable after init, shared by any threads.
 *
 * The hash of a piece is a polynomial in its bytes, so that the hash of two pieces side by side follows from
 * theirs: looking a pair up costs no second pass over its bytes (Karp and Rabin 1987).
 *
 *     EWI_TRY(ewi_pieces_init(&pieces, &vocab, err));
 *     uint32_t id = ewi_pieces_find(&pieces, text, len, ewi_piece_hash(text, len));
 *     ewi_pieces_deinit(&pieces);
 */
#ifndef EW_TEXT_PIECES_H
#define EW_TEXT_PIECES_H

#include "base/slice.h"
#include "text/vocab.h"

#define EWI_NO_TOKEN UINT32_MAX

typedef struct ewi_piece_slot {
    uint32_t token; /* EWI_NO_TOKEN: empty */
    uint32_t tag;   /* more bits of the hash */
} ewi_piece_slot;

/* Fields are private to pieces.c but for n. */
typedef struct ewi_pieces {
    size_t n;
    uint8_t *bytes;
    uint32_t *starts; /* [n + 1] into bytes */
    ewi_piece_slot *slots;
    size_t mask; /* number of slots - 1 */
    size_t max_len;
    uint64_t powers[256]; /* of the polynomial's base */
} ewi_pieces;

/*
 * Errors: EW_FORMAT names the token whose spelling is wrong; EW_LIMIT; EW_NO_MEMORY. On failure nothing is
 * kept.
 */
EWI_NODISCARD ew_status ewi_pieces_init(ewi_pieces *pieces, const ewi_vocab *vocab, ew_error *err);
void ewi_pieces_deinit(ewi_pieces *pieces);

static inline ewi_bytes ewi_piece_bytes(const ewi_pieces *pieces, uint32_t token) {
    uint32_t start = pieces->starts[token];
    return (ewi_bytes){pieces->bytes + start, pieces->starts[token + 1] - start};
}

#define EWI_PIECE_HASH_BASE 0x9e3779b97f4a7c15u

static inline uint64_t ewi_piece_hash_byte(uint8_t byte) {
    return byte + 1u;
}

uint64_t ewi_piece_hash(const uint8_t *text, size_t len);
/* The hash of a text of hash `left` followed by one of hash `right` and length right_len. */
uint64_t ewi_piece_hash_long(const ewi_pieces *pieces, uint64_t left, uint64_t right, size_t right_len);
static inline uint64_t ewi_piece_hash_join(const ewi_pieces *pieces, uint64_t left, uint64_t right,
                                           size_t right_len) {
    if (right_len >= 256) return ewi_piece_hash_long(pieces, left, right, right_len);
    return left * pieces->powers[right_len] + right;
}

/*
 * The token that spells these bytes, or EWI_NO_TOKEN. Where several do: a normal one before a user-defined
 * one before any other, then the lowest. Byte tokens are never found.
 */
uint32_t ewi_pieces_find(const ewi_pieces *pieces, const uint8_t *text, size_t len, uint64_t hash);

/* The byte that a character of GPT-2's alphabet stands for, or 256; and the character of a byte. */
unsigned ewi_alphabet_byte(uint32_t c);
uint32_t ewi_alphabet_character(uint8_t byte);

/*
 * Turns a token's spelling into its bytes at out, which has room for spelling.len. Returns false, with the
 * spelling as it is, when a normal BPE token holds a character outside GPT-2's alphabet.
 */
bool ewi_piece_decode(ewi_vocab_kind kind, bool raw_bytes, ew_str spelling, uint8_t *out, size_t *len);

#endif
