/* test_scheduled.c: greedy ids that Hugging Face transformers, PEFT and llama2.c gave (make_models.py,
 * make_adapters.py, fixtures), from requests that run together with others; and of pocket's package what
 * ew_generate gives alone.
 */
#include "ask.h"
#include "expect.h"
#include "fixtures.h"
#include "golden.h"
#include "text_file.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {
    "llama-gqa", "llama-tied-bf16", "llama-yarn", "qwen2-f16", "qwen3",         "olmo2",
    "smollm3",   "granite",         "phi2",       "stablelm",  "phi3-longrope", "gptneox",
    "gemma",     "gemma2",          "gemma3",     "gpt2",      "mpt",           "bloom",
    "falcon",    "olmoe",           "qwen3moe",   "command-r", "starcoder2",
};

static rig open_rig(const char *path, uint32_t n_threads) {
    return rig_open(
        path, &(ew_engine_options){
                  .n_threads = n_threads, .cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32, .exact = true});
}

static ewi_scheduler *new_scheduler(const rig *r) {
    ewi_scheduler *s = NULL;
    ew_error err = {0};
    expect_ok(ewi_scheduler_new(r->engine, NULL, &s, &err), &err);
    return s;
}

static ask greedy(const ew_token *prompt, size_t n_prompt) {
    return (ask){
        .request = {.prompt = prompt, .n_prompt = n_prompt, .n_predict = GOLDEN_GREEDY, .ignore_end = true}};
}

/* Others that nobody looks at: parts of the prompt, drawn at random. */
static void submit_others(ewi_scheduler *s, ask *others, size_t n, const ew_token *prompt, size_t n_prompt) {
    for (size_t i = 0; i < n; i++) {
        others[i] = greedy(prompt + i, n_prompt / (i + 1) > i ? n_prompt / (i + 1) - i : 1);
        others[i].request.sampling = (ew_sampler_options){.temperature = 1, .seed = i};
        others[i].request.client = i;
        ask_submit(s, &others[i]);
    }
}

static void expect_ids(ask *a, const ew_token *expected, size_t n, const char *name) {
    ask_wait(a);
    if (a->outcome.status != EW_OK || a->n != n || memcmp(a->ids, expected, n * sizeof *expected) != 0)
        fail_msg("%s: other ids than alone, %u of %zu; %s", name, a->n, n, a->why);
}

/* The long prompt and the short one, each before and behind others. */
static void check_model(const char *name, uint32_t n_threads) {
    enum { N_OTHERS = 6 };
    static ask asks[4], others[2 * N_OTHERS];
    char file[64];
    snprintf(file, sizeof file, "%s.gguf", name);
    rig r = open_rig(golden_path(file), n_threads);
    golden g = golden_load(name);
    ewi_scheduler *s = new_scheduler(&r);
    for (size_t i = 0; i < 4; i++) {
        asks[i] = greedy(g.prompt, i % 2 ? GOLDEN_SHORT : g.n_prompt);
        ask_submit(s, &asks[i]);
        if (i % 2) submit_others(s, others + i / 2 * N_OTHERS, N_OTHERS, g.prompt, g.n_prompt);
    }
    for (size_t i = 0; i < 4; i++)
        expect_ids(&asks[i], i % 2 ? g.after_short : g.after_prompt, GOLDEN_GREEDY, name);
    for (size_t i = 0; i < 2 * N_OTHERS; i++) ask_wait(&others[i]);
    ewi_scheduler_free(s);
    golden_free(&g);
    rig_close(&r);
}

static void ids_of_transformers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) check_model(names[i], 1 + i % 2);
}

/* ---- adapters ---- */

static ew_adapter *open_adapter(const ew_model *model, const char *name) {
    ew_adapter *adapter = NULL;
    ew_error err = {0};
    expect_ok(ew_adapter_open(model, golden_path(name), &adapter, &err), &err);
    return adapter;
}

/* With both, with none, and so on in turn, in the same steps. */
static void ids_of_peft(void **state) {
    (void)state;
    enum { N = 6 };
    static ask asks[N];
    rig r = {0};
    ew_error err = {0};
    golden with = golden_load("llama-gqa.lora"), without = golden_load("llama-gqa");
    expect_ok(ew_model_open(golden_path("llama-gqa.gguf"), &r.model, &err), &err);
    ew_adapter *adapters[] = {open_adapter(r.model, "llama-gqa.lora-attention.gguf"),
                              open_adapter(r.model, "llama-gqa.lora-all.gguf")};
    const ew_engine_options options = {
        .struct_size = sizeof options,
        .n_threads = 1,
        .cache_k = EW_CACHE_F32,
        .cache_v = EW_CACHE_F32,
        .exact = true,
        .adapters = (const ew_adapter *const[]){adapters[0], adapters[1]},
        .n_adapters = 2,
    };
    expect_ok(ew_engine_new(r.model, &options, &r.engine, &err), &err);
    const ew_adapter_use uses[] = {{adapters[0], 1}, {adapters[1], 0.5f}};
    ewi_scheduler *s = new_scheduler(&r);
    for (size_t i = 0; i < N; i++) {
        const golden *g = i % 2 ? &without : &with;
        asks[i] = greedy(g->prompt, g->n_prompt);
        asks[i].request.uses = uses;
        asks[i].request.n_uses = i % 2 ? 0 : 2;
        ask_submit(s, &asks[i]);
    }
    for (size_t i = 0; i < N; i++)
        expect_ids(&asks[i], i % 2 ? without.after_prompt : with.after_prompt, GOLDEN_GREEDY, "llama-gqa");
    ewi_scheduler_free(s);
    ew_engine_free(r.engine);
    for (size_t i = 0; i < 2; i++) ew_adapter_close(adapters[i]);
    ew_model_close(r.model);
    golden_free(&with);
    golden_free(&without);
}

/* ---- trained models ---- */

typedef struct story {
    ew_token prompt[32], ids[128]; /* ids begin with the rest of the prompt */
    size_t n_prompt, n_ids;
} story;

static story load_story(int number) {
    story s = {0};
    char name[64];
    size_t size;
    snprintf(name, sizeof name, "golden/stories260K.%d.txt", number);
    char *file = text_file_read(test_fixture(name), &size);
    const char *prompt = strstr(file, "prompt ids:"), *ids = strstr(file, "\nids:");
    if (!prompt || !ids) fail_msg("%s: not as expected", name);
    s.n_prompt = text_file_ids(prompt, s.prompt, 32);
    s.n_ids = text_file_ids(ids + 1, s.ids, 128);
    free(file);
    return s;
}

/* Four stories of llama2.c's, each four times: sixteen at once. */
static void stories(void **state) {
    (void)state;
    enum { N = 16 };
    static ask asks[N];
    story all[4];
    for (int i = 0; i < 4; i++) all[i] = load_story(i);
    for (uint32_t n_threads = 1; n_threads <= 2; n_threads++) {
        rig r = open_rig(test_fixture("models/stories260K-f32.gguf"), n_threads);
        ewi_scheduler *s = new_scheduler(&r);
        for (size_t i = 0; i < N; i++) {
            const story *t = &all[i % 4];
            asks[i] = greedy(t->prompt, t->n_prompt);
            asks[i].request.n_predict = (uint32_t)(t->n_ids + 1 - t->n_prompt);
            ask_submit(s, &asks[i]);
        }
        for (size_t i = 0; i < N; i++) {
            const story *t = &all[i % 4];
            expect_ids(&asks[i], t->ids + t->n_prompt - 1, t->n_ids + 1 - t->n_prompt, "stories260K");
        }
        ewi_scheduler_free(s);
        rig_close(&r);
    }
}

/* Requests as pocket's users write them; its answers end by themselves. */
static void pocket(void **state) {
    (void)state;
    static const char *const texts[] = {
        "turn on the kitchen light",
        "set the heating in the bath to 22 degrees",
        "play some jazz",
        "how are you",
        "wake me at 7",
        "close all blinds",
    };
    enum { N = 18, N_TEXTS = 6 };
    static ask asks[N], alone[N];
    static ew_token tokens[N_TEXTS][64];
    size_t n_tokens[N_TEXTS];
    rig r = rig_open(golden_path("../../../models/pocket/package"), &(ew_engine_options){.n_threads = 1});
    ew_error err = {0};
    for (size_t i = 0; i < N_TEXTS; i++)
        expect_ok(ew_tokenizer_encode(ew_model_tokenizer(r.model), (ew_str){texts[i], strlen(texts[i])},
                                      EW_ENCODE_BOS, tokens[i], 64, &n_tokens[i], &err),
                  &err);
    for (size_t i = 0; i < N; i++) {
        ewi_request q = {.prompt = tokens[i % N_TEXTS], .n_prompt = n_tokens[i % N_TEXTS], .n_predict = 60};
        if (i >= N_TEXTS) q.sampling = (ew_sampler_options){.temperature = 1, .seed = i};
        alone[i] = ask_alone(&r, &q);
        asks[i] = (ask){.request = q};
    }
    ewi_scheduler *s = new_scheduler(&r);
    for (size_t i = 0; i < N; i++) ask_submit(s, &asks[i]);
    for (size_t i = 0; i < N; i++) {
        ask_wait(&asks[i]);
        ask_compare(&asks[i], &alone[i]);
    }
    ewi_scheduler_free(s);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_transformers),
        cmocka_unit_test(ids_of_peft),
        cmocka_unit_test(stories),
        cmocka_unit_test(pocket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
