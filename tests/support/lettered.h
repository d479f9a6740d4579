/* lettered.h: a golden folder (golden.h) with a vocabulary, made up, whose token i is the letter U+0100 + i:
 * for what goes by a text.
 *
 *     hf_folder f = lettered_folder("llama-gqa");
 *     lettered_spell(17, text + LETTERED_BYTES * i);
 *
 * Threads: call from the test's own thread.
 */
#ifndef TESTS_SUPPORT_LETTERED_H
#define TESTS_SUPPORT_LETTERED_H

#include "hf_folder.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LETTERED_TOKENS 80 /* as golden models have */
#define LETTERED_BYTES  2  /* of a letter */

hf_folder lettered_folder(const char *model);
/* With a zero behind it. */
void lettered_spell(size_t token, char out[LETTERED_BYTES + 1]);
/* n random letters, with a zero behind them. */
void lettered_text(char *out, size_t n, uint64_t seed);

#ifdef __cplusplus
}
#endif

#endif
