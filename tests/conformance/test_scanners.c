/*
 * Every scanner cuts texts where the regular expressions do that it stands for (data/scanner_vectors.txt,
 * made by make_scanner_vectors.py with Python's `regex` module).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "text/scanner.h"
#include "text_file.h"

#define MAX_TEXT  4096
#define MAX_WORDS 4096

static const struct {
    const char *name;
    ewi_scanner scanner;
} scanners[] = {
    {"gpt2 ", EWI_SCAN_GPT2},
    {"llama3 ", EWI_SCAN_LLAMA3},
    {"qwen2 ", EWI_SCAN_QWEN2},
    {"cl100k ", EWI_SCAN_CL100K},
    {"o200k ", EWI_SCAN_O200K},
    {"starcoder ", EWI_SCAN_STARCODER},
    {"falcon ", EWI_SCAN_FALCON},
    {"deepseek-coder ", EWI_SCAN_DEEPSEEK_CODER},
    {"deepseek-v3 ", EWI_SCAN_DEEPSEEK_V3},
    {"tekken ", EWI_SCAN_TEKKEN},
    {"qwen35 ", EWI_SCAN_QWEN35},
    {"seed-coder ", EWI_SCAN_SEED_CODER},
    {"bloom ", EWI_SCAN_BLOOM},
    {"viking ", EWI_SCAN_VIKING},
    {"deepseek-llm ", EWI_SCAN_DEEPSEEK_LLM},
    {"minicpm5 ", EWI_SCAN_MINICPM5},
    {"youtu ", EWI_SCAN_YOUTU},
    {"jais2 ", EWI_SCAN_JAIS2},
    {"exaone-moe ", EWI_SCAN_EXAONE_MOE},
    {"chameleon ", EWI_SCAN_CHAMELEON},
    {"tiny-aya ", EWI_SCAN_TINY_AYA},
    {"superbpe ", EWI_SCAN_SUPERBPE},
    {"kimi-k2 ", EWI_SCAN_KIMI_K2},
    {"afmoe ", EWI_SCAN_AFMOE},
    {"laguna ", EWI_SCAN_LAGUNA},
    {"gguf-default ", EWI_SCAN_GGUF_DEFAULT},
};

static void check_words(const char *name, ewi_scanner scanner, ewi_bytes text, const char *ends) {
    int32_t want[MAX_WORDS];
    size_t n_want = text_file_ids(ends, want, MAX_WORDS), n = 0;
    ewi_words words;
    ewi_words_init(&words, scanner, text);
    for (ewi_bytes word; ewi_words_next(&words, &word); n++) {
        size_t end = (size_t)(word.data - text.data) + word.len;
        if (n >= n_want || end != (size_t)want[n])
            fail_msg("%s: \"%.*s\": word %zu is \"%.*s\"", name, (int)text.len, (const char *)text.data, n,
                     (int)word.len, (const char *)word.data);
    }
    assert_int_equal(n, n_want);
}

/* Returns the number of cases that the line was: 0 or 1. */
static size_t check_line(const char *line, ewi_bytes text) {
    for (size_t i = 0; i < EWI_COUNT(scanners); i++) {
        size_t length = strlen(scanners[i].name);
        if (strncmp(line, scanners[i].name, length) != 0) continue;
        check_words(scanners[i].name, scanners[i].scanner, text, line + length);
        return 1;
    }
    return 0;
}

static void words_are_those_of_the_expressions(void **state) {
    (void)state;
    uint8_t text[MAX_TEXT];
    size_t size, len = 0, n = 0, n_texts = 0;
    char *file = text_file_read(text_file_data("conformance/data/scanner_vectors.txt"), &size);
    for (const char *line = file; *line; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, "text ", 5) == 0) {
            len = text_file_hex(line + 5, text, MAX_TEXT);
            assert_true(len <= MAX_TEXT);
            n_texts++;
        } else if (len > 0) {
            n += check_line(line, (ewi_bytes){text, len});
        }
    }
    assert_true(n_texts > 100);
    assert_int_equal(n, (n_texts - 1) * EWI_COUNT(scanners)); /* the first text is empty */
    free(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_are_those_of_the_expressions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
