/*
 * heap.h: the program's memory: blocks that are never NULL, and bytes that grow.
 *
 * The program has nothing better to do without memory than to say so and stop with code 1, so callers do
 * not check. The caller owns what it gets. Not for use in a signal handler.
 *
 *     cli_bytes text;
 *     cli_bytes_init(&text, 1u << 20);
 *     if (!cli_bytes_add(&text, "x", 1)) ... larger than the megabyte it was born with
 *     cli_bytes_deinit(&text);
 */
#ifndef CLI_HEAP_H
#define CLI_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "edgewise/edgewise.h"

/* n * size_bytes zero bytes; n = 0 gives a block that may be freed. */
void *cli_alloc(size_t n, size_t size_bytes);
/* The same for what the program can do without: NULL when there is no memory. */
void *cli_try_alloc(size_t n, size_t size_bytes);
/* NULL is allowed. */
void cli_free(void *block);

/* For a program that runs for days: one heap for all threads, and what is large goes back to the system at
 * once. glibc's own way keeps about as much free memory in the heaps of the threads as is in use. */
void cli_heap_keep_little(void);

typedef struct cli_bytes {
    char *data;
    size_t len, cap, max;
} cli_bytes;

void cli_bytes_init(cli_bytes *bytes, size_t max_bytes);
void cli_bytes_deinit(cli_bytes *bytes);
/* Room for `extra` more bytes; false when that is past the maximum. */
bool cli_bytes_reserve(cli_bytes *bytes, size_t extra);
bool cli_bytes_add(cli_bytes *bytes, const void *data, size_t len);
ew_str cli_bytes_str(const cli_bytes *bytes);

/* The ids that a tokenizer or a list gave. */
typedef struct cli_tokens {
    ew_token *ids;
    size_t n, cap;
} cli_tokens;

void cli_tokens_add(cli_tokens *tokens, ew_token id);
void cli_tokens_deinit(cli_tokens *tokens);

#endif
