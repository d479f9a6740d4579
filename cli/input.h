/*
 * input.h: what comes in through stdin or a file, and lists of token ids.
 *
 *     cli_bytes text;
 *     int code = cli_read_stdin(&text);       also to be freed when it failed
 *     cli_bytes_deinit(&text);
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "heap.h"

/* Far more than any context holds; a text beyond it is refused, never cut. */
#define CLI_INPUT_MAX_BYTES ((size_t)256 << 20)

/* Reads stdin to its end. Says what failed; returns the exit code. */
int cli_read_stdin(cli_bytes *out);
/* The same for a file. */
int cli_read_file(const char *path, cli_bytes *out);

/* Reads ids between blanks, newlines or commas, each 0 <= id < n_vocab. Says which one is wrong; returns
 * the exit code. */
int cli_parse_ids(const char *what, ew_str text, size_t n_vocab, cli_tokens *out);

/* The tokens of text, by the flags of ew_tokenizer_encode. Says what failed; returns the exit code. */
int cli_encode(const ew_tokenizer *tokenizer, ew_str text, unsigned flags, cli_tokens *out);

#endif
