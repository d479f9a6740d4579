#include "diff.h"

#include <string.h>

#include "heap.h"

#define CONTEXT 3u
/* Longer texts, beside what both begin and end with, are shown as all removed and all added. */
#define MAX_CELLS ((size_t)4 << 20)

typedef struct lines {
    ew_str *items;
    size_t n;
} lines;

/* One line of the difference. */
typedef struct step {
    char sign; /* ' ', '-' or '+' */
    ew_str line;
} step;

typedef struct steps {
    step *items;
    size_t n;
} steps;

static lines split(ew_str text) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += text.data[i] == '\n' || i + 1 == text.len;
    lines out = {.items = cli_alloc(n, sizeof(ew_str))};
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
        out.items[out.n++] = (ew_str){text.data + at, len};
        at += len + 1;
    }
    return out;
}

static bool same(ew_str a, ew_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void push(steps *s, char sign, ew_str line) {
    s->items[s->n++] = (step){sign, line};
}

/* The longest common subsequence: cell [i, j] is its length in what follows line i of a and line j of b. */
static void compare_middle(steps *s, lines a, lines b) {
    size_t width = b.n + 1;
    bool fits = a.n < MAX_CELLS / width;
    uint32_t *length = cli_alloc(fits ? (a.n + 1) * width : 1, sizeof *length);
    for (size_t i = a.n; fits && i-- > 0;)
        for (size_t j = b.n; j-- > 0;) {
            uint32_t down = length[(i + 1) * width + j], right = length[i * width + j + 1];
            length[i * width + j] = same(a.items[i], b.items[j]) ? length[(i + 1) * width + j + 1] + 1
                                    : down > right               ? down
                                                                 : right;
        }
    size_t i = 0, j = 0;
    while (i < a.n || j < b.n) {
        if (fits && i < a.n && j < b.n && same(a.items[i], b.items[j])) {
            push(s, ' ', a.items[i++]);
            j++;
        } else if (i < a.n &&
                   (!fits || j == b.n || length[(i + 1) * width + j] >= length[i * width + j + 1])) {
            push(s, '-', a.items[i++]);
        } else {
            push(s, '+', b.items[j++]);
        }
    }
    cli_free(length);
}

static steps compare(lines a, lines b) {
    steps s = {.items = cli_alloc(a.n + b.n, sizeof(step))};
    size_t head = 0, tail = 0;
    while (head < a.n && head < b.n && same(a.items[head], b.items[head])) push(&s, ' ', a.items[head++]);
    while (tail < a.n - head && tail < b.n - head && same(a.items[a.n - 1 - tail], b.items[b.n - 1 - tail]))
        tail++;
    compare_middle(&s, (lines){a.items + head, a.n - head - tail},
                   (lines){b.items + head, b.n - head - tail});
    for (size_t i = a.n - tail; i < a.n; i++) push(&s, ' ', a.items[i]);
    return s;
}

/* Whether a change is at most CONTEXT lines away. */
static bool is_near(const steps *s, size_t at) {
    size_t begin = at > CONTEXT ? at - CONTEXT : 0, end = at + CONTEXT + 1 < s->n ? at + CONTEXT + 1 : s->n;
    for (size_t i = begin; i < end; i++)
        if (s->items[i].sign != ' ') return true;
    return false;
}

static void print_head(cli_out *out, const steps *s, size_t at, size_t line_a, size_t line_b) {
    size_t n_a = 0, n_b = 0;
    for (size_t i = at; i < s->n && is_near(s, i); i++) {
        n_a += s->items[i].sign != '+';
        n_b += s->items[i].sign != '-';
    }
    cli_out_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", line_a - (n_a == 0), n_a, line_b - (n_b == 0), n_b);
}

static void print_steps(cli_out *out, const steps *s) {
    size_t line_a = 1, line_b = 1;
    bool shown = false;
    for (size_t i = 0; i < s->n; i++) {
        bool near = is_near(s, i);
        if (near && !shown) print_head(out, s, i, line_a, line_b);
        shown = near;
        if (near) {
            char sign[2] = {s->items[i].sign, '\0'};
            cli_out_styled(out, *sign == '+' ? CLI_GOOD : *sign == '-' ? CLI_BAD : CLI_PLAIN, sign);
            cli_out_foreign(out, s->items[i].line, CLI_ESCAPE_TEXT);
            cli_out_printf(out, "\n");
        }
        line_a += s->items[i].sign != '+';
        line_b += s->items[i].sign != '-';
    }
}

void cli_diff(cli_out *out, const char *name, ew_str before, ew_str after) {
    if (same(before, after)) return;
    lines a = split(before), b = split(after);
    steps s = compare(a, b);
    cli_out_printf(out, "--- %s\n+++ %s\n", name, name);
    print_steps(out, &s);
    cli_free(s.items);
    cli_free(a.items);
    cli_free(b.items);
}
