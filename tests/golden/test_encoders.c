/* test_encoders.c: embeddings of tiny models against those of sentence-transformers
 * (tests/golden/make_encoders.py).
 *
 * CTest runs this program once for each instruction-set level. With --table it prints the rows of
 * docs/models.md instead (tools/models-doc).
 *
 * BOUND. Both sides compute in float32 with sums in different orders: cosines differ from 1 by less than
 * 1e-10, what a vector of 32 floats resolves. A token that is not seen, a window that is off by one, a wrong
 * pooling or a token type left out moves them by 1e-4 and more.
 */
#include "expect.h"
#include "golden.h"
#include "rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOUND      1e-9
#define MAX_TEXTS  16
#define MAX_TOKENS 1024

static const ew_engine_options f32_cache = {.n_threads = 1,
                                            .n_rows = MAX_TOKENS,
                                            .cache_k = EW_CACHE_F32,
                                            .cache_v = EW_CACHE_F32,
                                            .exact = true,
                                            .embeds = true};

typedef struct form {
    const char *name; /* of the golden files, and the folder */
    bool has_gguf;
} form;

static form forms[] = {
    {"minilm", true}, {"bge", true},        {"xlm-roberta", false},
    {"nomic", true},  {"modernbert", true}, {"qwen3-embedding", true},
};
#define N_FORMS (sizeof forms / sizeof forms[0])

typedef struct text {
    char line[2048];
    ew_token ids[MAX_TOKENS];
    size_t n;
} text;

typedef struct sheet {
    size_t n, width;
    text texts[MAX_TEXTS];
    float *embeddings; /* [n, width] */
} sheet;

static sheet *load(const char *name, size_t width) {
    sheet *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->width = width;
    FILE *lines = golden_open("encoders", "texts.txt"), *ids = golden_open(name, "ids.txt");
    while (s->n < MAX_TEXTS && fgets(s->texts[s->n].line, sizeof s->texts[s->n].line, lines)) {
        text *t = &s->texts[s->n++];
        t->line[strcspn(t->line, "\n")] = 0;
        t->n = golden_read_ids(ids, t->ids, MAX_TOKENS);
    }
    fclose(lines);
    fclose(ids);
    FILE *file = golden_open(name, "embeddings.f32");
    s->embeddings = calloc(s->n * width, sizeof *s->embeddings);
    assert_non_null(s->embeddings);
    assert_int_equal(fread(s->embeddings, sizeof *s->embeddings, s->n * width, file), s->n * width);
    fclose(file);
    return s;
}

static void unload(sheet *s) {
    free(s->embeddings);
    free(s);
}

/* The least cosine of a text's embedding to the golden one. */
static double least_cosine(const char *name, const char *file, const ew_engine_options *options) {
    rig r = rig_open(golden_path(file), options);
    size_t width = ew_model_get_info(r.model).d_model;
    sheet *s = load(name, width);
    float *out = calloc(width, sizeof *out);
    double least = 2;
    for (size_t i = 0; i < s->n; i++) {
        ew_error err = {0};
        expect_ok(ew_embed(r.session, s->texts[i].ids, s->texts[i].n, NULL, out, &err), &err);
        least = fmin(least, golden_cosine(out, s->embeddings + i * width, width));
    }
    free(out);
    unload(s);
    rig_close(&r);
    return least;
}

static const char *gguf_of(const form *f) {
    static char file[64];
    snprintf(file, sizeof file, "%s.gguf", f->name);
    return file;
}

/* Encoders without a head ignore `embeds`. */
static void embeddings(void **state) {
    const form *f = *state;
    double folder = least_cosine(f->name, f->name, &f32_cache);
    double gguf = f->has_gguf ? least_cosine(f->name, gguf_of(f), &f32_cache) : 1;
    print_message("%s: 1 - cosine is at most %.1e, from GGUF %.1e\n", f->name, 1 - folder, 1 - gguf);
    assert_true(folder >= 1 - BOUND);
    assert_true(gguf >= 1 - BOUND);
}

/* As an application has it: two threads, a half-precision state, fast kernels. */
static void fast_embeddings(void **state) {
    const form *f = *state;
    double folder =
        least_cosine(f->name, f->name, &(ew_engine_options){.n_threads = 2, .n_rows = 512, .embeds = true});
    print_message("%s, not exact: 1 - cosine is at most %.1e\n", f->name, 1 - folder);
    assert_true(folder >= 0.99999);
}

static void token_ids(void **state) {
    const form *f = *state;
    rig r = rig_open(golden_path(f->name), &f32_cache);
    sheet *s = load(f->name, ew_model_get_info(r.model).d_model);
    for (size_t i = 0; i < s->n; i++) {
        ew_error err = {0};
        ew_token ids[MAX_TOKENS];
        size_t n;
        ew_str line = {s->texts[i].line, strlen(s->texts[i].line)};
        expect_ok(ew_tokenizer_encode(ew_model_tokenizer(r.model), line, EW_ENCODE_BOS | EW_ENCODE_EOS, ids,
                                      MAX_TOKENS, &n, &err),
                  &err);
        assert_int_equal(n, s->texts[i].n);
        assert_memory_equal(ids, s->texts[i].ids, n * sizeof *ids);
    }
    unload(s);
    rig_close(&r);
}

static int print_table(void) {
    static const char *const poolings[] = {"", "mean", "cls", "last"};
    for (size_t i = 0; i < N_FORMS; i++) {
        rig r = rig_open(golden_path(forms[i].name), &f32_cache);
        ew_model_info info = ew_model_get_info(r.model);
        rig_close(&r);
        printf("| %s | %s | %s | %.0e |", info.arch, forms[i].name, poolings[info.pooling],
               fmax(1 - least_cosine(forms[i].name, forms[i].name, &f32_cache), 1e-15));
        if (forms[i].has_gguf)
            printf(" %.0e |\n", fmax(1 - least_cosine(forms[i].name, gguf_of(&forms[i]), &f32_cache), 1e-15));
        else
            printf(" - |\n");
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--table") == 0) return print_table();
    struct CMUnitTest tests[3 * N_FORMS];
    size_t n = 0;
    for (size_t i = 0; i < N_FORMS; i++) {
        tests[n++] = (struct CMUnitTest)cmocka_unit_test_prestate(token_ids, &forms[i]);
        tests[n++] = (struct CMUnitTest)cmocka_unit_test_prestate(embeddings, &forms[i]);
        tests[n++] = (struct CMUnitTest)cmocka_unit_test_prestate(fast_embeddings, &forms[i]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
