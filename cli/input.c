#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

#define CHUNK_BYTES 65536

/* All of an open file. */
static int read_all(int fd, const char *name, cli_bytes *out) {
    for (;;) {
        char chunk[CHUNK_BYTES];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0) return CLI_OK;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            cli_say("cannot read %s: %s", name, strerror(errno));
            return CLI_FAILED;
        }
        if (cli_bytes_add(out, chunk, (size_t)n)) continue;
        cli_say("%s is longer than %zu MiB", name, CLI_INPUT_MAX_BYTES >> 20);
        return CLI_FAILED;
    }
}

int cli_read_stdin(cli_bytes *out) {
    cli_bytes_init(out, CLI_INPUT_MAX_BYTES);
    return read_all(STDIN_FILENO, "standard input", out);
}

int cli_read_file(const char *path, cli_bytes *out) {
    cli_bytes_init(out, CLI_INPUT_MAX_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        cli_say("cannot open \"%s\": %s", path, strerror(errno));
        return CLI_FAILED;
    }
    int code = read_all(fd, path, out);
    close(fd);
    return code;
}

static bool is_between(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ',';
}

/* The number that word spells, or -1. */
static int64_t id_of(ew_str word) {
    int64_t id = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9') return -1;
        id = id * 10 + (word.data[i] - '0');
        if (id > INT32_MAX) return -1;
    }
    return id;
}

int cli_parse_ids(const char *what, ew_str text, size_t n_vocab, cli_tokens *out) {
    for (size_t i = 0; i < text.len;) {
        if (is_between(text.data[i])) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < text.len && !is_between(text.data[i])) i++;
        ew_str word = {text.data + start, i - start};
        int64_t id = id_of(word);
        if (id < 0 || (uint64_t)id >= n_vocab) {
            int shown = word.len < 40 ? (int)word.len : 40;
            cli_say("%s: \"%.*s\" is no token: ids go from 0 to %zu", what, shown, word.data, n_vocab - 1);
            return CLI_USAGE;
        }
        cli_tokens_add(out, (ew_token)id);
    }
    return CLI_OK;
}

int cli_encode(const ew_tokenizer *tokenizer, ew_str text, unsigned flags, cli_tokens *out) {
    ew_error err = {0};
    size_t n = 0;
    *out = (cli_tokens){0};
    out->cap = text.len + 1; /* no token of a text is empty, and a BOS */
    out->ids = cli_alloc(out->cap, sizeof *out->ids);
    ew_status status = ew_tokenizer_encode(tokenizer, text, flags, out->ids, out->cap, &n, &err);
    if (status == EW_OK && n > out->cap) { /* a vocabulary that adds more around a text */
        cli_free(out->ids);
        out->cap = n;
        out->ids = cli_alloc(n, sizeof *out->ids);
        status = ew_tokenizer_encode(tokenizer, text, flags, out->ids, n, &n, &err);
    }
    if (status) return cli_fail(&err);
    out->n = n;
    return CLI_OK;
}
