/* test_stories.c: a trained model, stories260K, against karpathy/llama2.c's run.c: greedy ids of four
 * stories and the logits of 96 positions of each. The files are fixtures (golden/stories260K.N.txt,
 * .logits.f32).
 *
 * BOUND 1e-4: logits reach 20; both sides are float32 with sums in different orders, as in
 * test_hf_models.c.
 */
#include "expect.h"
#include "fixtures.h"
#include "golden.h"
#include "rig.h"
#include "text_file.h"

#include <stdio.h>
#include <stdlib.h>

#define BOUND       1e-4f
#define N_POSITIONS 96
#define N_STORIES   4

static const ew_engine_options f32_cache = {
    .n_threads = 1, .cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32, .exact = true};
static const char model_file[] = "models/stories260K-f32.gguf";

typedef struct story {
    ew_token prompt[32], ids[128]; /* ids follow the BOS and begin with the rest of the prompt */
    size_t n_prompt, n_ids;
    char text[2048];
} story;

/* "prompt ids: 1 403 ..", "ids: 403 ..", then after "text:" the whole story. */
static story load_story(int number) {
    story s = {0};
    char name[64];
    size_t size;
    snprintf(name, sizeof name, "golden/stories260K.%d.txt", number);
    char *file = text_file_read(test_fixture(name), &size);
    const char *prompt = strstr(file, "prompt ids:"), *ids = strstr(file, "\nids:"),
               *text = strstr(file, "text:\n");
    if (!prompt || !ids || !text) fail_msg("%s: not as expected", name);
    s.n_prompt = text_file_ids(prompt, s.prompt, 32);
    s.n_ids = text_file_ids(ids + 1, s.ids, 128);
    snprintf(s.text, sizeof s.text, "%s", text + strlen("text:\n"));
    free(file);
    return s;
}

/* The token of each position: BOS and the first 95 ids. */
static void positions_of(const story *s, ew_token out[N_POSITIONS]) {
    assert_true(s->n_ids >= N_POSITIONS - 1);
    out[0] = 1;
    memcpy(out + 1, s->ids, (N_POSITIONS - 1) * sizeof *out);
}

static float *load_logits(int number, size_t n_vocab) {
    char name[64];
    size_t size;
    snprintf(name, sizeof name, "golden/stories260K.%d.logits.f32", number);
    float *logits = (float *)(void *)text_file_read(test_fixture(name), &size);
    assert_int_equal(size, N_POSITIONS * n_vocab * sizeof *logits);
    return logits;
}

static void logits_of_96_positions(void **state) {
    (void)state;
    rig r = rig_open(test_fixture(model_file), &f32_cache);
    for (int i = 0; i < N_STORIES; i++) {
        story s = load_story(i);
        ew_token tokens[N_POSITIONS];
        positions_of(&s, tokens);
        float *expected = load_logits(i, r.n_vocab);
        ew_session_truncate(r.session, 0);
        float *logits = rig_logits(&r, tokens, N_POSITIONS);
        float distance = golden_distance(logits, expected, N_POSITIONS * r.n_vocab);
        print_message("story %d: largest difference %.2e\n", i, (double)distance);
        assert_true(distance <= BOUND);
        free(logits);
        free(expected);
    }
    rig_close(&r);
}

static void greedy_ids(void **state) {
    (void)state;
    rig r = rig_open(test_fixture(model_file), &f32_cache);
    for (int i = 0; i < N_STORIES; i++) {
        story s = load_story(i);
        ew_token ids[128];
        size_t n_given = s.n_prompt - 1, n = s.n_ids - n_given;
        ew_session_truncate(r.session, 0);
        rig_greedy(&r, r.session, s.prompt, s.n_prompt, ids, (uint32_t)n);
        assert_memory_equal(ids, s.ids + n_given, n * sizeof *ids);
    }
    rig_close(&r);
}

/* ---- text in, text out ---- */

typedef struct page {
    char text[4096];
    size_t len;
} page;

static bool read_on(void *user, ew_token token, ew_str text) {
    page *p = user;
    (void)token;
    assert_true(text.len < sizeof p->text - p->len);
    if (text.len) memcpy(p->text + p->len, text.data, text.len);
    p->len += text.len;
    return true;
}

/* The prompt's own text, its tokens, and the answer's text are those of run.c. */
static void text_of_a_story(void **state) {
    (void)state;
    ew_error err = {0};
    rig r = rig_open(test_fixture(model_file), &f32_cache);
    static const char opening[] = "Once upon a time";
    story s = load_story(0);
    ew_token prompt[32];
    size_t n;
    expect_ok(ew_tokenizer_encode(ew_model_tokenizer(r.model), (ew_str){opening, strlen(opening)},
                                  EW_ENCODE_BOS, prompt, 32, &n, &err),
              &err);
    assert_int_equal(n, s.n_prompt);
    assert_memory_equal(prompt, s.prompt, n * sizeof *prompt);
    page p = {.len = strlen(opening)};
    memcpy(p.text, opening, p.len);
    ew_generate_options o = {.struct_size = sizeof o, .n_predict = (uint32_t)(s.n_ids - (n - 1))};
    expect_ok(ew_generate(r.session, prompt, n, &o, read_on, &p, NULL, &err), &err);
    /* run.c's text goes on after its list of ids. */
    assert_true(p.len > 200 && p.len < strlen(s.text));
    assert_memory_equal(p.text, s.text, p.len);
    rig_close(&r);
}

/* ---- sessions side by side ---- */

typedef struct table {
    ew_session *sessions[N_STORIES];
    story stories[N_STORIES];
    ew_token next[N_STORIES];
    size_t session_of_row[64];
    size_t n_vocab;
} table;

static void choose(void *user, size_t row, const float *logits) {
    table *t = user;
    size_t best = 0;
    for (size_t i = 1; i < t->n_vocab; i++)
        if (logits[i] > logits[best]) best = i;
    t->next[t->session_of_row[row]] = (ew_token)best;
}

/* All prompts in one step, then one token of each a step. */
static void four_stories_in_one_step(void **state) {
    (void)state;
    ew_error err = {0};
    ew_engine_options options = f32_cache;
    options.n_threads = 2;
    rig r = rig_open(test_fixture(model_file), &options);
    table t = {.n_vocab = r.n_vocab};
    ew_row rows[64];
    size_t n = 0;
    for (size_t i = 0; i < N_STORIES; i++) {
        t.stories[i] = load_story((int)i);
        t.sessions[i] = rig_session(&r, NULL);
        for (size_t k = 0; k < t.stories[i].n_prompt; k++) {
            bool last = k + 1 == t.stories[i].n_prompt;
            t.session_of_row[n] = i;
            rows[n++] = (ew_row){t.sessions[i], (uint32_t)k, t.stories[i].prompt[k], last};
        }
    }
    for (size_t done = 0; done < 60; done++) {
        expect_ok(ew_step(r.engine, rows, n, choose, &t, &err), &err);
        for (n = 0; n < N_STORIES; n++) {
            const story *s = &t.stories[n];
            assert_int_equal(t.next[n], s->ids[s->n_prompt - 1 + done]);
            rows[n] = (ew_row){t.sessions[n], ew_session_length(t.sessions[n]), t.next[n], true};
            t.session_of_row[n] = n;
        }
    }
    for (size_t i = 0; i < N_STORIES; i++) ew_session_free(t.sessions[i]);
    rig_close(&r);
}

/* ---- the default cache ---- */

/* Keys and values rounded to f16 move logits by about 1e-2 of 20 (2^-11 of each key and value); the story
 * stays the same. */
static void f16_cache(void **state) {
    (void)state;
    rig r = rig_open(test_fixture(model_file), &(ew_engine_options){.exact = true});
    for (int i = 0; i < N_STORIES; i++) {
        story s = load_story(i);
        ew_token tokens[N_POSITIONS], ids[128];
        positions_of(&s, tokens);
        float *expected = load_logits(i, r.n_vocab);
        ew_session_truncate(r.session, 0);
        float *logits = rig_logits(&r, tokens, N_POSITIONS);
        float distance = golden_distance(logits, expected, N_POSITIONS * r.n_vocab);
        print_message("story %d, f16 cache: largest difference %.2e\n", i, (double)distance);
        assert_true(distance <= 0.05f);
        assert_true(distance > BOUND); /* it is another cache */
        size_t n_given = s.n_prompt - 1, n = s.n_ids - n_given;
        ew_session_truncate(r.session, 0);
        rig_greedy(&r, r.session, s.prompt, s.n_prompt, ids, (uint32_t)n);
        assert_memory_equal(ids, s.ids + n_given, n * sizeof *ids);
        free(logits);
        free(expected);
    }
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_of_96_positions),
        cmocka_unit_test(greedy_ids),
        cmocka_unit_test(text_of_a_story),
        cmocka_unit_test(four_stories_in_one_step),
        cmocka_unit_test(f16_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
