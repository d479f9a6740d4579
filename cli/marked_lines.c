#include "marked_lines.h"

#include <string.h>

#include "json_edit.h"

#define BEGIN "# edgewise launch: begin"
#define END   "# edgewise launch: end"
#define WAS   "# edgewise launch: was: "

ew_str cli_line_at(ew_str text, size_t at, size_t *next) {
    const char *end = at < text.len ? memchr(text.data + at, '\n', text.len - at) : NULL;
    size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
    *next = at + len + (end != NULL);
    return (ew_str){text.data + at, len};
}

static void add(cli_bytes *out, ew_str text) {
    cli_bytes_add(out, text.data, text.len);
}

static void add_text(cli_bytes *out, const char *text) {
    cli_bytes_add(out, text, strlen(text));
}

static void add_line(cli_bytes *out, ew_str indent, ew_str line) {
    add(out, indent);
    add(out, line);
    add_text(out, "\n");
}

void cli_marked_insert(cli_bytes *text, size_t at, ew_str indent, const char *lines) {
    cli_bytes out;
    cli_bytes_init(&out, text->max);
    if (at > 0 && text->data[at - 1] != '\n') add_text(&out, "\n");
    add_line(&out, indent, (ew_str){BEGIN, strlen(BEGIN)});
    ew_str all = {lines, strlen(lines)};
    for (size_t i = 0, next; i < all.len; i = next) add_line(&out, indent, cli_line_at(all, i, &next));
    add_line(&out, indent, (ew_str){END, strlen(END)});
    cli_bytes_splice(text, at, at, cli_bytes_str(&out));
    cli_bytes_deinit(&out);
}

void cli_marked_comment(cli_bytes *text, size_t begin, size_t end) {
    cli_bytes out;
    cli_bytes_init(&out, text->max);
    ew_str whole = cli_bytes_str(text);
    for (size_t at = begin, next; at < end; at = next) {
        cli_line_at(whole, at, &next);
        add_text(&out, WAS);
        add(&out, (ew_str){whole.data + at, next - at});
    }
    cli_bytes_splice(text, begin, end, cli_bytes_str(&out));
    cli_bytes_deinit(&out);
}

static bool is_mark(ew_str line, const char *mark) {
    size_t len = strlen(mark);
    while (line.len && (*line.data == ' ' || *line.data == '\t'))
        line = (ew_str){line.data + 1, line.len - 1};
    return line.len == len && memcmp(line.data, mark, len) == 0;
}

/* A beginning without an end is somebody's own line. */
static bool has_end(ew_str text, size_t at) {
    for (size_t next; at < text.len; at = next)
        if (is_mark(cli_line_at(text, at, &next), END)) return true;
    return false;
}

void cli_marked_remove(cli_bytes *text) {
    ew_str whole = cli_bytes_str(text);
    cli_bytes out;
    bool inside = false;
    cli_bytes_init(&out, text->max);
    for (size_t at = 0, next; at < whole.len; at = next) {
        ew_str line = cli_line_at(whole, at, &next);
        size_t was = strlen(WAS);
        if (!inside && is_mark(line, BEGIN) && has_end(whole, next))
            inside = true;
        else if (inside)
            inside = !is_mark(line, END);
        else if (line.len >= was && memcmp(line.data, WAS, was) == 0)
            add(&out, (ew_str){whole.data + at + was, next - at - was});
        else
            add(&out, (ew_str){whole.data + at, next - at});
    }
    cli_bytes_splice(text, 0, text->len, cli_bytes_str(&out));
    cli_bytes_deinit(&out);
}
