/*
 * merger.h: byte-pair merging of one word, of any length, in O(n log n).
 *
 * A word starts as symbols (bytes or characters). While two neighbours merge, the pair of the lowest rank
 * does, the leftmost where ranks are equal. Short words look for that pair by a scan, long ones keep a heap.
 * The merger is scratch memory for many words: it grows to the longest. One thread at a time.
 *
 *     ewi_merger merger;
 *     ewi_merger_init(&merger, tokenizer);
 *     EWI_TRY(ewi_merger_start(&merger, word, max_symbols, err));
 *     ewi_merger_add(&merger, len, id);                            once per symbol, in order
 *     ewi_merger_run(&merger);
 *     for (uint32_t i = 0; i != EWI_NO_SYMBOL; i = merger.symbols[i].next) use(merger.symbols[i].token);
 *     ewi_merger_deinit(&merger);
 */
#ifndef EW_TEXT_MERGER_H
#define EW_TEXT_MERGER_H

#include "text/tokenizer.h"

#define EWI_NO_SYMBOL     UINT32_MAX
#define EWI_SHORT_SYMBOLS 48 /* up to here a scan beats a heap; also what lies on the stack */

typedef struct ewi_symbol {
    uint32_t token;        /* EWI_NO_TOKEN: a character that is no token */
    uint32_t start, len;   /* in the word */
    uint32_t prev, next;   /* EWI_NO_SYMBOL at the ends */
    uint32_t rank, joined; /* of the pair with `next` */
    uint64_t hash;
} ewi_symbol;

typedef struct ewi_merger {
    const ew_tokenizer *tokenizer;
    const uint8_t *word;
    ewi_symbol *symbols; /* symbols[0] always begins the word */
    uint64_t *heap; /* rank << 32 | left symbol; entries that no longer hold are skipped when they come up */
    size_t n, cap, n_heap;
    ewi_symbol short_symbols[EWI_SHORT_SYMBOLS];
} ewi_merger;

void ewi_merger_init(ewi_merger *merger, const ew_tokenizer *tokenizer);
void ewi_merger_deinit(ewi_merger *merger);

/* Begins a word; word stays borrowed until the next start. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_merger_start(ewi_merger *merger, const uint8_t *word, size_t max_symbols,
                                         ew_error *err);
void ewi_merger_add(ewi_merger *merger, size_t len, uint32_t token);
void ewi_merger_run(ewi_merger *merger);

#endif
