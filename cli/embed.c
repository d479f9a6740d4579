/* embed.c: edgewise embed: texts to vectors, or to an order. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "input.h"
#include "json_writer.h"
#include "message.h"
#include "opening.h"
#include "progress.h"
#include "table.h"
#include "verbs.h"

#define MAX_ROWS 4096u

typedef struct embed_values {
    cli_engine_values engine;
    cli_texts prompts;
    cli_choice pooling;
    bool keep_length, truncate, rank, json;
} embed_values;

static const cli_option options[] = {
    {"m", "model", CLI_PATH, offsetof(embed_values, engine.model), "FILE", 0, 0, CLI_MODEL_TEXT},
    {"p", "prompt", CLI_TEXTS, offsetof(embed_values, prompts), "TEXT", 0, 0,
     "a text; may be given again; without it each line of stdin is one"},
    {NULL, "pooling", CLI_CHOICE, offsetof(embed_values, pooling), "model|mean|cls|last", 0, 0,
     "what of a text's hidden states: their mean, the first, the last (default: as the model's files say)"},
    {NULL, "keep-length", CLI_FLAG, offsetof(embed_values, keep_length), NULL, 0, 0,
     "do not divide a vector by its length"},
    {NULL, "truncate", CLI_FLAG, offsetof(embed_values, truncate), NULL, 0, 0,
     "cut texts that are longer than the model takes; otherwise they are refused"},
    {NULL, "rank", CLI_FLAG, offsetof(embed_values, rank), NULL, 0, 0,
     "print how near the other texts are to the first (cosine, or a cross-encoder's score), nearest first, "
     "in place of the vectors"},
    {NULL, "json", CLI_FLAG, offsetof(embed_values, json), NULL, 0, 0, "print one JSON object"},
    CLI_ENGINE_OPTIONS(embed_values),
};

/* ---- texts ---- */

typedef struct text {
    ew_str line;
    cli_tokens tokens;
    float *vector;
    size_t index;
    double nearness; /* to the first: a cosine, or a score */
} text;

typedef struct texts {
    cli_bytes input; /* of stdin */
    text *items;
    size_t n;
} texts;

static void take_prompts(const cli_texts *prompts, texts *out) {
    out->n = prompts->n;
    out->items = cli_alloc(out->n, sizeof *out->items);
    for (size_t i = 0; i < out->n; i++) out->items[i].line = prompts->items[i];
}

static void cut_lines(texts *out) {
    const char *at = out->input.data, *end = at + out->input.len;
    size_t n = 0;
    for (size_t i = 0; i < out->input.len; i++) n += out->input.data[i] == '\n';
    out->items = cli_alloc(n + 1, sizeof *out->items);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        out->items[out->n++].line = (ew_str){at, (size_t)(stop - at)};
        at = stop < end ? stop + 1 : end;
    }
}

static int read_texts(const cli_verb *verb, const embed_values *values, texts *out) {
    int code = CLI_OK;
    if (values->prompts.n) {
        take_prompts(&values->prompts, out);
    } else {
        code = cli_read_stdin(&out->input);
        if (code == CLI_OK) cut_lines(out);
    }
    if (code == CLI_OK && out->n == 0) return cli_usage(verb->name, "no text: standard input is empty");
    return code;
}

/* What marks the end stays the end. */
static void cut_tokens(const cli_opened *opened, cli_tokens *tokens, size_t most) {
    if (ew_tokenizer_adds_eos(opened->tokenizer)) tokens->ids[most - 1] = tokens->ids[tokens->n - 1];
    tokens->n = most;
}

static int encode_text(const embed_values *values, const cli_opened *opened, texts *all, size_t i) {
    text *t = &all->items[i];
    const size_t most = ew_model_get_info(opened->model).n_ctx_train;
    unsigned flags = ew_tokenizer_adds_bos(opened->tokenizer) ? EW_ENCODE_BOS : 0u;
    int code = cli_encode(opened->tokenizer, t->line, flags | EW_ENCODE_EOS, &t->tokens);
    if (code != CLI_OK) return code;
    if (t->tokens.n == 0) {
        cli_say("text %zu is empty", i + 1);
        return CLI_BAD_INPUT;
    }
    if (t->tokens.n <= most) return CLI_OK;
    if (!values->truncate) {
        const bool is_pair = ew_model_get_info(opened->model).pooling == EW_POOLING_RANK;
        cli_say("text %zu has %zu tokens, the model takes %zu%s", i + 1, t->tokens.n, most,
                is_pair ? " of a pair" : ": --truncate cuts it");
        return CLI_BAD_INPUT;
    }
    cut_tokens(opened, &t->tokens, most);
    return CLI_OK;
}

static int encode_texts(const embed_values *values, const cli_opened *opened, texts *all, size_t *longest) {
    int code = CLI_OK;
    *longest = 0;
    for (size_t i = 0; i < all->n && code == CLI_OK; i++) {
        code = encode_text(values, opened, all, i);
        if (all->items[i].tokens.n > *longest) *longest = all->items[i].tokens.n;
    }
    return code;
}

static void texts_deinit(texts *all) {
    for (size_t i = 0; i < all->n; i++) {
        cli_tokens_deinit(&all->items[i].tokens);
        cli_free(all->items[i].vector);
    }
    cli_free(all->items);
    cli_bytes_deinit(&all->input);
}

/* ---- vectors ---- */

static int embed_texts(const embed_values *values, const cli_opened *opened, texts *all) {
    const size_t width = ew_model_get_info(opened->model).d_model;
    const ew_embed_options o = {sizeof o, (ew_pooling)values->pooling.value, values->keep_length};
    cli_progress progress;
    cli_progress_start(&progress, "texts", all->n);
    ew_status status = EW_OK;
    ew_error err = {0};
    for (size_t i = 0; i < all->n && !status; i++) {
        text *t = &all->items[i];
        t->vector = cli_alloc(width, sizeof *t->vector);
        status = ew_embed(opened->session, t->tokens.ids, t->tokens.n, &o, t->vector, &err);
        cli_progress_set(&progress, i + 1);
    }
    cli_progress_end(&progress);
    return status ? cli_fail(&err) : CLI_OK;
}

static void print_vectors(const texts *all, size_t width, cli_out *out) {
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < width; k++)
            cli_out_printf(out, "%.9g%c", (double)all->items[i].vector[k], k + 1 < width ? ' ' : '\n');
}

/* Nine digits, which give the float back. */
static void print_json(const texts *all, const cli_opened *opened, cli_out *out) {
    const size_t width = ew_model_get_info(opened->model).d_model;
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_count(&json, "dimensions", width);
    cli_json_open(&json, "embeddings", '[');
    for (size_t i = 0; i < all->n; i++) {
        cli_json_open(&json, NULL, '{');
        cli_json_count(&json, "tokens", all->items[i].tokens.n);
        cli_json_open(&json, "embedding", '[');
        for (size_t k = 0; k < width; k++) {
            char number[32];
            int n = snprintf(number, sizeof number, "%.9g", (double)all->items[i].vector[k]);
            cli_json_raw(&json, NULL, (ew_str){number, (size_t)n});
        }
        cli_json_close(&json);
        cli_json_close(&json);
    }
    cli_json_close(&json);
    cli_json_close(&json);
    cli_json_end(&json);
}

static double cosine(const float *a, const float *b, size_t n) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa * bb > 0 ? ab / sqrt(aa * bb) : 0;
}

static int nearer(const void *a, const void *b) {
    const text *x = a, *y = b;
    if (x->nearness < y->nearness || x->nearness > y->nearness) return x->nearness < y->nearness ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static void find_cosines(texts *all, size_t width) {
    for (size_t i = 1; i < all->n; i++)
        all->items[i].nearness = cosine(all->items[0].vector, all->items[i].vector, width);
}

static void print_order_table(const texts *all, const char *what, cli_out *out) {
    char columns[32];
    cli_table table;
    snprintf(columns, sizeof columns, ">%s|<text", what);
    cli_table_init(&table, columns);
    for (size_t i = 1; i < all->n; i++) {
        cli_table_cellf(&table, "%.4f", all->items[i].nearness);
        cli_table_cell(&table, all->items[i].line);
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

static void print_order_json(const texts *all, const char *what, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_open(&json, "results", '[');
    for (size_t i = 1; i < all->n; i++) {
        char number[32];
        int n = snprintf(number, sizeof number, "%.9g", all->items[i].nearness);
        cli_json_open(&json, NULL, '{');
        cli_json_count(&json, "index", all->items[i].index - 1);
        cli_json_raw(&json, what, (ew_str){number, (size_t)n});
        cli_json_string(&json, "text", all->items[i].line);
        cli_json_close(&json);
    }
    cli_json_close(&json);
    cli_json_close(&json);
    cli_json_end(&json);
}

static void print_order(const embed_values *values, texts *all, const char *what, cli_out *out) {
    for (size_t i = 0; i < all->n; i++) all->items[i].index = i;
    qsort(all->items + 1, all->n - 1, sizeof *all->items, nearer);
    if (values->json)
        print_order_json(all, what, out);
    else
        print_order_table(all, what, out);
}

/* ---- a cross-encoder ---- */

static int find_scores(const cli_opened *opened, texts *all) {
    cli_progress progress;
    cli_progress_start(&progress, "texts", all->n - 1);
    ew_status status = EW_OK;
    ew_error err = {0};
    for (size_t i = 1; i < all->n && !status; i++) {
        float score = 0;
        status = ew_rank(opened->session, all->items[0].line, all->items[i].line, &score, NULL, &err);
        all->items[i].nearness = (double)score;
        cli_progress_set(&progress, i);
    }
    cli_progress_end(&progress);
    if (status) return cli_fail(&err);
    for (size_t i = 1; i < all->n; i++)
        if (!isfinite(all->items[i].nearness)) {
            cli_say("the score of text %zu is no number", i + 1);
            return CLI_BAD_INPUT;
        }
    return CLI_OK;
}

static int check_ranking(const embed_values *values) {
    const char *wrong = NULL;
    if (!values->rank) wrong = "it makes no vectors: --rank prints the order that it finds";
    if (values->pooling.given) wrong = "--pooling says nothing to it";
    if (values->keep_length) wrong = "--keep-length says nothing to it";
    if (values->truncate) wrong = "--truncate cuts no pairs";
    if (!wrong) return CLI_OK;
    cli_say("the model scores pairs of texts: %s", wrong);
    return CLI_BAD_INPUT;
}

/* ---- the verb ---- */

/* An encoder's step holds a whole text; no context need be longer than the longest. */
static int start(embed_values *values, cli_opened *opened, size_t longest) {
    cli_engine_values *e = &values->engine;
    if (ew_model_get_info(opened->model).is_encoder && !e->rows.given)
        e->rows.value = longest < MAX_ROWS ? (uint32_t)longest : MAX_ROWS;
    if (!e->context.given) e->context.value = (uint32_t)longest;
    e->embeds = true;
    int code = cli_start_engine(e, opened);
    return code == CLI_OK ? cli_open_session(e, opened, &opened->session) : code;
}

/* The marks around two texts are no more than those around each. */
static size_t longest_pair(const cli_opened *opened, const texts *all) {
    const size_t trained = ew_model_get_info(opened->model).n_ctx_train;
    size_t longest = 0;
    for (size_t i = 1; i < all->n; i++)
        if (all->items[i].tokens.n > longest) longest = all->items[i].tokens.n;
    longest += all->items[0].tokens.n;
    return longest < trained ? longest : trained;
}

static int rank_opened(embed_values *values, cli_opened *opened, texts *all, cli_out *out) {
    size_t longest = 0;
    int code = check_ranking(values);
    if (code == CLI_OK) code = encode_texts(values, opened, all, &longest);
    if (code == CLI_OK) code = start(values, opened, longest_pair(opened, all));
    if (code == CLI_OK) code = find_scores(opened, all);
    if (code == CLI_OK) print_order(values, all, "score", out);
    return code;
}

static int run_opened(embed_values *values, cli_opened *opened, texts *all, cli_out *out) {
    const size_t width = ew_model_get_info(opened->model).d_model;
    size_t longest = 0;
    int code = cli_need_tokenizer(opened);
    if (code == CLI_OK && ew_model_get_info(opened->model).pooling == EW_POOLING_RANK)
        return rank_opened(values, opened, all, out);
    if (code == CLI_OK) code = encode_texts(values, opened, all, &longest);
    if (code == CLI_OK) code = start(values, opened, longest);
    if (code == CLI_OK) code = embed_texts(values, opened, all);
    if (code != CLI_OK) return code;
    if (values->rank) {
        find_cosines(all, width);
        print_order(values, all, "cosine", out);
    } else if (values->json) {
        print_json(all, opened, out);
    } else {
        print_vectors(all, width, out);
    }
    return CLI_OK;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    embed_values values = {0};
    texts all = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    if (!values.engine.model) return cli_usage(verb->name, "no model: give its file or folder with -m");
    int code = read_texts(verb, &values, &all);
    cli_opened opened = {0};
    if (code == CLI_OK) code = cli_open_model(verb, &values.engine, &opened);
    if (code == CLI_OK) code = run_opened(&values, &opened, &all, out);
    cli_opened_close(&opened);
    texts_deinit(&all);
    return code;
}

const cli_verb cli_verb_embed = {
    .name = "embed",
    .summary = "turn texts into vectors whose nearness is that of their meanings",
    .synopsis = "-m MODEL [-p TEXT ..] [options]",
    .about =
        "Prints the embedding of each text, one a line, of models that were trained for it (BERT, MiniLM, "
        "BGE,\n"
        "Nomic, ModernBERT, Qwen3-Embedding), pooled as their files say. Prefixes that a model wants "
        "before a\n"
        "text, such as \"query: \", are part of the text. With --rank also cross-encoders (bge-reranker, "
        "ms-marco-\n"
        "MiniLM), which score each text as an answer to the first.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
