/* text_file.c: whole files for tests, and lists of numbers. */
#include "text_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

char *text_file_read(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s: cannot be opened", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long end = ftell(file);
    assert_true(end >= 0);
    rewind(file);
    *size = (size_t)end;
    char *text = malloc(*size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, *size, file), *size);
    text[*size] = '\0';
    fclose(file);
    return text;
}

size_t text_file_ids(const char *line, int32_t *ids, size_t cap) {
    size_t n = 0;
    while (*line && *line != '\n') {
        char *end;
        long id = strtol(line, &end, 10);
        if (end == line) {
            line++;
            continue;
        }
        if (n < cap) ids[n] = (int32_t)id;
        n++;
        line = end;
    }
    return n;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t text_file_hex(const char *line, uint8_t *out, size_t cap) {
    size_t n = 0;
    for (; hex_value(line[0]) >= 0 && hex_value(line[1]) >= 0; line += 2, n++)
        if (n < cap) out[n] = (uint8_t)(hex_value(line[0]) * 16 + hex_value(line[1]));
    return n;
}

const char *text_file_data(const char *relative) {
    static char path[4096];
    assert_true(snprintf(path, sizeof path, "%s/%s", TEST_SOURCES, relative) < (int)sizeof path);
    return path;
}
