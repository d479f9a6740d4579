#include "heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *block) {
    if (block) return block;
    fputs("edgewise: out of memory\n", stderr);
    exit(1);
}

void *cli_try_alloc(size_t n, size_t size_bytes) {
    return calloc(n ? n : 1, size_bytes ? size_bytes : 1);
}

void *cli_alloc(size_t n, size_t size_bytes) {
    return checked(cli_try_alloc(n, size_bytes));
}

void cli_free(void *block) {
    free(block);
}

#ifdef M_ARENA_MAX
#define LARGE_BYTES (128 << 10)

void cli_heap_keep_little(void) {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}
#else
void cli_heap_keep_little(void) {}
#endif

void cli_bytes_init(cli_bytes *bytes, size_t max_bytes) {
    *bytes = (cli_bytes){.max = max_bytes < SIZE_MAX / 2 ? max_bytes : SIZE_MAX / 2};
}

void cli_bytes_deinit(cli_bytes *bytes) {
    free(bytes->data);
    *bytes = (cli_bytes){0};
}

bool cli_bytes_reserve(cli_bytes *bytes, size_t extra) {
    if (extra > bytes->max - bytes->len) return false;
    size_t needed = bytes->len + extra;
    if (needed <= bytes->cap) return true;
    size_t cap = bytes->cap < 2048 ? 4096 : bytes->cap * 2; /* cap <= max <= SIZE_MAX / 2 */
    if (cap > bytes->max) cap = bytes->max;
    if (cap < needed) cap = needed;
    bytes->data = checked(realloc(bytes->data, cap));
    bytes->cap = cap;
    return true;
}

bool cli_bytes_add(cli_bytes *bytes, const void *data, size_t len) {
    if (!cli_bytes_reserve(bytes, len)) return false;
    if (len) memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
    return true;
}

ew_str cli_bytes_str(const cli_bytes *bytes) {
    return (ew_str){bytes->data ? bytes->data : "", bytes->len};
}

void cli_tokens_add(cli_tokens *tokens, ew_token id) {
    if (tokens->n == tokens->cap) {
        size_t cap = tokens->cap ? tokens->cap * 2 : 256;
        checked(cap < SIZE_MAX / sizeof *tokens->ids ? tokens : NULL);
        tokens->ids = checked(realloc(tokens->ids, cap * sizeof *tokens->ids));
        tokens->cap = cap;
    }
    tokens->ids[tokens->n++] = id;
}

void cli_tokens_deinit(cli_tokens *tokens) {
    free(tokens->ids);
    *tokens = (cli_tokens){0};
}
