/*
 * complete.c: continues a text, shows it as it comes, and says how long that took.
 *
 *     complete MODEL TEXT [TOKENS]
 *
 * The answer goes to stdout, timings and errors to stderr. Exit code: 0 done, 1 failed, 2 usage.
 */
#include <edgewise/edgewise.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that is open; NULL until it is. */
typedef struct completion {
    ew_model *model;
    ew_engine *engine;
    ew_session *session;
    ew_token *prompt; /* [n_prompt] */
    size_t n_prompt;
} completion;

/* Called for each token. Stops the answer when nobody reads it any more. */
static bool show(void *user, ew_token token, ew_str text) {
    (void)user;
    (void)token;
    return fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
}

static ew_status open_model(completion *c, const char *path, ew_error *err) {
    ew_status status = ew_model_open(path, &c->model, err);
    if (status == EW_OK) status = ew_engine_new(c->model, NULL, &c->engine, err);
    if (status == EW_OK) status = ew_session_new(c->engine, NULL, &c->session, err);
    return status;
}

static ew_status fail(ew_error *err, ew_status status, const char *text) {
    err->status = status;
    snprintf(err->text, sizeof err->text, "%s", text);
    return status;
}

/* The first call counts the tokens, the second one writes them. */
static ew_status read_prompt(completion *c, const char *text, ew_error *err) {
    const ew_tokenizer *tokenizer = ew_model_tokenizer(c->model);
    if (!tokenizer) return fail(err, EW_UNSUPPORTED, "the model has no vocabulary: it cannot read text");
    ew_str whole = {text, strlen(text)};
    unsigned flags = ew_tokenizer_adds_bos(tokenizer) ? EW_ENCODE_BOS : 0;
    ew_status status = ew_tokenizer_encode(tokenizer, whole, flags, NULL, 0, &c->n_prompt, err);
    if (status != EW_OK) return status;
    if (c->n_prompt == 0) return fail(err, EW_INVALID, "the text is empty: give the model a beginning");
    c->prompt = (ew_token *)calloc(c->n_prompt, sizeof *c->prompt);
    if (!c->prompt) return fail(err, EW_NO_MEMORY, "out of memory for the prompt");
    return ew_tokenizer_encode(tokenizer, whole, flags, c->prompt, c->n_prompt, &c->n_prompt, err);
}

static void print_rate(const char *what, uint32_t n_tokens, uint64_t time_ns) {
    double seconds = (double)(time_ns ? time_ns : 1) / 1e9;
    fprintf(stderr, "%s %u tokens in %.3f s, %.1f tokens/s\n", what, n_tokens, seconds, n_tokens / seconds);
}

static ew_status complete(completion *c, uint32_t n_predict, ew_error *err) {
    ew_generate_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.n_predict = n_predict;
    ew_generation result;
    ew_status status = ew_generate(c->session, c->prompt, c->n_prompt, &options, show, NULL, &result, err);
    putchar('\n');
    if (status != EW_OK) return status;
    if (fflush(stdout) != 0 || ferror(stdout)) return fail(err, EW_IO, "the answer cannot be written");
    print_rate("prompt:", result.n_prompt, result.prompt_ns);
    print_rate("answer:", result.n_generated, result.generate_ns);
    return EW_OK;
}

static void close_all(completion *c) {
    free(c->prompt);
    ew_session_free(c->session);
    ew_engine_free(c->engine);
    ew_model_close(c->model);
}

int main(int argc, char **argv) {
    char *end = NULL;
    long n_predict = argc == 4 ? strtol(argv[3], &end, 10) : 100;
    if (argc < 3 || argc > 4 || (end && *end) || n_predict < 1 || n_predict > 1000000) {
        fprintf(stderr, "usage: complete MODEL TEXT [TOKENS]\n");
        return 2;
    }
    completion c = {NULL, NULL, NULL, NULL, 0};
    ew_error err;
    ew_status status = ew_guard_install(&err); /* a model file may be truncated while we use it */
    if (status == EW_OK) status = open_model(&c, argv[1], &err);
    if (status == EW_OK) status = read_prompt(&c, argv[2], &err);
    if (status == EW_OK) status = complete(&c, (uint32_t)n_predict, &err);
    close_all(&c);
    if (status != EW_OK) fprintf(stderr, "complete: %s\n", err.text);
    return status == EW_OK ? 0 : 1;
}
