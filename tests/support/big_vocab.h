/* big_vocab.h: a byte-level BPE vocabulary as large as those of today's models, in a GGUF file.
 *
 * Tokens are the 256 bytes and then all strings of two, three and four letters in order, as many as asked
 * for. Merges are the cuts of each token into two others, the tokens' own order first. There are no weights.
 *
 *     big_vocab_write(path, 128256, 280000);      as many as Llama 3 has
 */
#ifndef TESTS_SUPPORT_BIG_VOCAB_H
#define TESTS_SUPPORT_BIG_VOCAB_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* n_tokens at most 475510; fewer merges are written when the tokens have no more cuts. */
void big_vocab_write(const char *path, uint32_t n_tokens, uint32_t n_merges);

#ifdef __cplusplus
}
#endif

#endif
