#include "format/tiktoken.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/name.h"

/* -------------------------------------------------------------------------------------------------- lines */

typedef struct lines {
    const uint8_t *at, *end;
    size_t number; /* of the line that was read last, from 1 */
} lines;

/* The next line that is not blank, without its end. */
static bool next_line(lines *l, ew_str *out) {
    while (l->at < l->end) {
        const uint8_t *begin = l->at, *newline = memchr(begin, '\n', (size_t)(l->end - begin));
        const uint8_t *end = newline ? newline : l->end;
        l->at = newline ? newline + 1 : l->end;
        l->number++;
        if (end > begin && end[-1] == '\r') end--;
        *out = (ew_str){(const char *)begin, (size_t)(end - begin)};
        if (out->len) return true;
    }
    return false;
}

static size_t count_lines(ewi_bytes file) {
    lines l = {file.data, file.data + file.len, 0};
    ew_str line;
    size_t n = 0;
    while (next_line(&l, &line)) n++;
    return n;
}

/* A decimal number of at most 7 digits. */
static bool read_rank(ew_str text, size_t *out) {
    size_t value = 0;
    if (text.len == 0 || text.len > 7) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        value = value * 10 + (size_t)(text.data[i] - '0');
    }
    *out = value;
    return true;
}

/* Splits "base64 rank"; a line without a blank has an empty rank. */
static void split(ew_str line, ew_str *base64, ew_str *rank) {
    const char *blank = memchr(line.data, ' ', line.len);
    size_t n = blank ? (size_t)(blank - line.data) : line.len;
    *base64 = (ew_str){line.data, n};
    *rank = blank ? (ew_str){blank + 1, line.len - n - 1} : (ew_str){line.data + n, 0};
}

/* --------------------------------------------------------------------------------------------------- file */

/* Reads one line into tokens[n]; its bytes go to *bytes, which moves on. */
static ew_status read_token(ew_str line, ew_str *tokens, size_t n, uint8_t **bytes, ew_error *err) {
    ew_str base64, rank_text;
    size_t rank;
    split(line, &base64, &rank_text);
    if (!read_rank(rank_text, &rank))
        return ewi_fail(err, EW_FORMAT, "expected a token in base64, one blank and its rank");
    size_t len = ewi_base64_decode(base64, *bytes);
    if (len == 0) return ewi_fail(err, EW_FORMAT, "the token is not base64, or empty");
    if (rank >= n)
        return ewi_fail(err, EW_FORMAT,
                        "rank %zu, but the ranks of %zu tokens must be 0 to %zu without a gap", rank, n,
                        n - 1);
    if (tokens[rank].data) return ewi_fail(err, EW_FORMAT, "rank %zu occurs twice", rank);
    tokens[rank] = (ew_str){(const char *)*bytes, len};
    *bytes += len;
    return EW_OK;
}

/* Fills tokens[0..n): n lines whose ranks are below n and differ leave no gap. */
static ew_status read_tokens(ewi_bytes file, ew_str *tokens, size_t n, uint8_t *bytes, ew_error *err) {
    lines l = {file.data, file.data + file.len, 0};
    ew_str line;
    while (next_line(&l, &line)) {
        ew_status status = read_token(line, tokens, n, &bytes, err);
        if (status) return ewi_fail_at(err, status, "line %zu", l.number);
    }
    return EW_OK;
}

/* The number of the line that gives this rank. */
static size_t find_line(ewi_bytes file, size_t wanted) {
    lines l = {file.data, file.data + file.len, 0};
    ew_str line, base64, rank_text;
    size_t rank;
    while (next_line(&l, &line)) {
        split(line, &base64, &rank_text);
        if (read_rank(rank_text, &rank) && rank == wanted) break;
    }
    return l.number;
}

static ew_status check_unique(ewi_bytes file, const ew_str *tokens, size_t n, ewi_arena *arena,
                              ew_error *err) {
    uint32_t *order;
    EWI_TRY(ewi_name_order(arena, tokens, n, sizeof *tokens, &order, err));
    for (size_t i = 1; i < n; i++)
        if (ewi_str_eq(tokens[order[i]], tokens[order[i - 1]]))
            return ewi_fail(err, EW_FORMAT, "lines %zu and %zu give the same token two ranks",
                            find_line(file, order[i - 1]), find_line(file, order[i]));
    return EW_OK;
}

static ew_status parse(ewi_bytes file, ewi_arena *arena, ewi_tiktoken *out, ew_error *err) {
    size_t n = file.len ? count_lines(file) : 0;
    if (n == 0) return ewi_fail(err, EW_FORMAT, "the file has no tokens");
    if (n > EWI_TIKTOKEN_MAX_TOKENS)
        return ewi_fail(err, EW_LIMIT, "%zu tokens, at most %u", n, EWI_TIKTOKEN_MAX_TOKENS);
    ew_str *tokens = ewi_arena_array(arena, n, sizeof *tokens);
    uint8_t *bytes = ewi_arena_alloc(arena, file.len / 4 * 3);
    if (!tokens || !bytes) return ewi_no_memory(err, "the vocabulary");
    EWI_TRY(read_tokens(file, tokens, n, bytes, err));
    EWI_TRY(check_unique(file, tokens, n, arena, err));
    *out = (ewi_tiktoken){n, tokens};
    return EW_OK;
}

ew_status ewi_tiktoken_parse(ewi_bytes file, ewi_arena *arena, ewi_tiktoken *out, ew_error *err) {
    ew_status status = parse(file, arena, out, err);
    return status ? ewi_fail_at(err, status, "tiktoken") : EW_OK;
}
