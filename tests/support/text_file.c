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
