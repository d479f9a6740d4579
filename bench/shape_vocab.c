/* shape_vocab.c: tokens, their types and their merges (ggml-org/ggml, docs/gguf.md, "tokenizer"). */
#include "shape_vocab.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define N_BYTES     256u
#define N_SYLLABLES 105u /* 21 consonants by 5 vowels */
#define N_PAIRS     (N_SYLLABLES * N_SYLLABLES)
#define N_TRIPLES   (N_PAIRS * N_SYLLABLES)

/* How GPT-2's byte alphabet spells a blank: the 33rd byte that is not printable is U+0120. */
#define BLANK "\xc4\xa0"

enum { TOKEN_NORMAL = 1, TOKEN_CONTROL = 3, TOKEN_UNUSED = 5 };

/* ---- words ---- */

typedef struct word {
    uint32_t n; /* syllables */
    uint32_t syllables[3];
    bool spaced; /* after a blank */
} word;

/* Single syllables, pairs, then triples; triples in a scattered order, so that neighbours differ. */
static word plain_word(uint32_t n_syllables, uint32_t i) {
    /* 48271 shares no factor with 105^3: every triple comes once. */
    if (n_syllables == 3) i = (uint32_t)((uint64_t)i * 48271u % N_TRIPLES);
    word w = {.n = n_syllables};
    for (uint32_t k = n_syllables; k-- > 0; i /= N_SYLLABLES) w.syllables[k] = i % N_SYLLABLES;
    return w;
}

/* The i-th word: all syllables, the same spaced, all pairs, the same spaced, then triples, each followed by
 * its spaced twin. */
static word word_at(uint32_t i) {
    static const uint32_t counts[] = {N_SYLLABLES, N_PAIRS};
    for (uint32_t n = 1; n <= 2; n++) {
        uint32_t count = counts[n - 1];
        if (i < 2 * count) {
            word w = plain_word(n, i % count);
            w.spaced = i >= count;
            return w;
        }
        i -= 2 * count;
    }
    word w = plain_word(3, i / 2);
    w.spaced = i % 2 == 1;
    return w;
}

static size_t spell_syllable(char *out, uint32_t syllable) {
    out[0] = "bcdfghjklmnpqrstvwxyz"[syllable / 5];
    out[1] = "aeiou"[syllable % 5];
    return 2;
}

/* Syllables first .. last-1, the blank before them when first is 0. */
static size_t spell_part(char *out, const word *w, uint32_t first, uint32_t last) {
    size_t len = 0;
    if (first == 0 && w->spaced) {
        memcpy(out, BLANK, 2);
        len = 2;
    }
    for (uint32_t k = first; k < last; k++) len += spell_syllable(out + len, w->syllables[k]);
    return len;
}

/* ---- tokens ---- */

/* GPT-2 spells the bytes that are no printable Latin-1 characters as U+0100, U+0101, ... in their order. */
static void put_bytes(gguf_header *h) {
    uint32_t next = 0x100;
    for (uint32_t byte = 0; byte < N_BYTES; byte++) {
        bool printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
        uint8_t text[4];
        size_t len = ewi_utf8_encode(printable ? byte : next++, text);
        gguf_header_item(h, (const char *)text, len);
    }
}

static uint32_t n_words(const shape *s) {
    return s->n_vocab - s->n_specials - N_BYTES;
}

static void put_words(gguf_header *h, const shape *s) {
    for (uint32_t i = 0; i < n_words(s); i++) {
        char text[16];
        word w = word_at(i);
        gguf_header_item(h, text, spell_part(text, &w, 0, w.n));
    }
}

/* Special tokens have any name; those by which both programs know where an answer ends have their own. */
static void put_specials(gguf_header *h, const shape *s) {
    for (uint32_t i = 0; i < s->n_specials; i++) {
        char text[48];
        uint32_t id = s->n_vocab - s->n_specials + i;
        if (id == s->eos)
            snprintf(text, sizeof text, "%s", s->bos == s->eos ? "<|endoftext|>" : "<|end_of_text|>");
        else if (id == s->bos)
            snprintf(text, sizeof text, "<|begin_of_text|>");
        else
            snprintf(text, sizeof text, i < s->n_named ? "<|reserved_special_token_%u|>" : "[PAD%u]", i);
        gguf_header_item(h, text, strlen(text));
    }
}

static void put_types(gguf_header *h, const shape *s) {
    uint32_t first_special = s->n_vocab - s->n_specials;
    gguf_header_array(h, "tokenizer.ggml.token_type", GGUF_I32, s->n_vocab);
    for (uint32_t id = 0; id < s->n_vocab; id++) {
        uint32_t type = id < first_special                ? TOKEN_NORMAL
                        : id - first_special < s->n_named ? TOKEN_CONTROL
                                                          : TOKEN_UNUSED;
        gguf_header_number(h, type);
    }
}

/* ---- merges ---- */

/* Where the word can be cut into two earlier tokens: between syllables, and after the blank. */
static uint32_t n_cuts(const word *w) {
    return w->n == 1 ? 1 : w->n - 1 + (w->spaced ? 1 : 0);
}

/* Cut 0 is before the last syllable: it is how the word is first made. The last one follows the blank. */
static void put_merge(gguf_header *h, const word *w, uint32_t cut) {
    char text[24];
    size_t len;
    if (w->n == 1 && !w->spaced) {
        char pair[2];
        spell_syllable(pair, w->syllables[0]);
        len = (size_t)snprintf(text, sizeof text, "%c %c", pair[0], pair[1]);
    } else if (w->n - 1 == cut) {
        word plain = *w;
        plain.spaced = false;
        memcpy(text, BLANK " ", 3);
        len = 3 + spell_part(text + 3, &plain, 0, w->n);
    } else {
        len = spell_part(text, w, 0, w->n - 1 - cut);
        text[len++] = ' ';
        len += spell_part(text + len, w, w->n - 1 - cut, w->n);
    }
    gguf_header_item(h, text, len);
}

/* Each word has one merge; the first words have all, until there are as many as the shape says. */
static void put_merges(gguf_header *h, const shape *s) {
    uint32_t more = s->n_merges - n_words(s);
    gguf_header_array(h, "tokenizer.ggml.merges", GGUF_STRING, s->n_merges);
    for (uint32_t i = 0; i < n_words(s); i++) {
        word w = word_at(i);
        put_merge(h, &w, 0);
        for (uint32_t cut = 1; cut < n_cuts(&w) && more > 0; cut++, more--) put_merge(h, &w, cut);
    }
}

void shape_vocab_write(gguf_header *h, const shape *s) {
    bool is_llama = strcmp(s->arch, "llama") == 0;
    gguf_header_text(h, "tokenizer.ggml.model", "gpt2");
    gguf_header_text(h, "tokenizer.ggml.pre", is_llama ? "llama-bpe" : "qwen2");
    gguf_header_array(h, "tokenizer.ggml.tokens", GGUF_STRING, s->n_vocab);
    put_bytes(h);
    put_words(h, s);
    put_specials(h, s);
    put_types(h, s);
    put_merges(h, s);
    gguf_header_u32(h, "tokenizer.ggml.bos_token_id", s->bos);
    gguf_header_u32(h, "tokenizer.ggml.eos_token_id", s->eos);
    if (!is_llama) gguf_header_bool(h, "tokenizer.ggml.add_bos_token", false);
}
