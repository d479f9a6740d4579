/* golden.c: files that tests/golden/make_models.py made. */
#include "golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 4096

const char *golden_path(const char *name) {
    static char path[PATH_MAX_BYTES];
    int length = snprintf(path, sizeof path, "%s/golden/data/%s", TEST_SOURCES, name);
    if (length < 0 || (size_t)length >= sizeof path) fail_msg("%s: path too long", name);
    return path;
}

FILE *golden_open(const char *name, const char *ending) {
    char file_name[256];
    snprintf(file_name, sizeof file_name, "%s.%s", name, ending);
    FILE *file = fopen(golden_path(file_name), "rb");
    if (!file) fail_msg("cannot open %s", golden_path(file_name));
    return file;
}

size_t golden_read_ids(FILE *file, ew_token *ids, size_t max) {
    static char line[8192];
    if (!fgets(line, sizeof line, file)) fail_msg("a line of ids is missing");
    size_t n = 0;
    for (char *at = line, *end;; at = end) {
        long id = strtol(at, &end, 10);
        if (end == at) return n;
        if (n == max) fail_msg("more than %zu ids in a line", max);
        ids[n++] = (ew_token)id;
    }
}

static void read_logits(const char *name, golden *g) {
    FILE *file = golden_open(name, "logits.f32");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    g->n_vocab = (size_t)size / sizeof(float) / g->n_prompt;
    size_t n = g->n_prompt * g->n_vocab;
    g->logits = malloc(n * sizeof *g->logits + 1);
    assert_non_null(g->logits);
    if (n == 0 || n * sizeof(float) != (size_t)size || fread(g->logits, sizeof(float), n, file) != n)
        fail_msg("%s.logits.f32: not a row of logits for each of %zu ids", name, g->n_prompt);
    fclose(file);
}

golden golden_load(const char *name) {
    golden g = {0};
    FILE *file = golden_open(name, "ids.txt");
    g.n_prompt = golden_read_ids(file, g.prompt, sizeof g.prompt / sizeof g.prompt[0]);
    assert_true(g.n_prompt >= GOLDEN_SHORT);
    assert_int_equal(golden_read_ids(file, g.after_prompt, GOLDEN_GREEDY), GOLDEN_GREEDY);
    assert_int_equal(golden_read_ids(file, g.after_short, GOLDEN_GREEDY), GOLDEN_GREEDY);
    fclose(file);
    read_logits(name, &g);
    return g;
}

void golden_free(golden *g) {
    free(g->logits);
    *g = (golden){0};
}

float golden_distance(const float *a, const float *b, size_t n) {
    float most = 0;
    for (size_t i = 0; i < n; i++) {
        float distance = fabsf(a[i] - b[i]);
        if (!(distance <= most)) most = isnan(distance) ? INFINITY : distance;
    }
    return most;
}

double golden_cosine(const float *a, const float *b, size_t n) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}
