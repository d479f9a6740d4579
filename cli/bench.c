/*
 * bench.c: edgewise bench: how fast a model runs here.
 *
 * Each repetition opens the model anew. Prefill and decode are timed apart, after a first prompt that brings
 * the weights from their file, and each begins with --depth positions in the session; what fills them is not
 * timed. Decoding is greedy, one token of each sequence
 * a step.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bandwidth.h"
#include "heap.h"
#include "json_writer.h"
#include "message.h"
#include "opening.h"
#include "progress.h"
#include "table.h"
#include "verbs.h"

#define MAX_BATCH       256
#define MAX_REPETITIONS 1000
#define MAX_POSITIONS   (1 << 24)

typedef struct bench_values {
    cli_engine_values engine;
    cli_count n_prompt, n_gen, depth, batch, repetitions;
    bool profile, json;
} bench_values;

static const cli_option options[] = {
    CLI_MODEL_OPTION(bench_values),
    {NULL, "prompt-tokens", CLI_COUNT, offsetof(bench_values, n_prompt), "N", 1, MAX_POSITIONS,
     "length of the prompt (default 512)"},
    {NULL, "gen-tokens", CLI_COUNT, offsetof(bench_values, n_gen), "N", 1, MAX_POSITIONS,
     "tokens to generate in each sequence (default 128)"},
    {NULL, "depth", CLI_COUNT, offsetof(bench_values, depth), "N", 0, MAX_POSITIONS,
     "positions that the session holds before prefill and before decode (default 0)"},
    {NULL, "batch", CLI_COUNT, offsetof(bench_values, batch), "N", 1, MAX_BATCH,
     "sequences that decode together (default 1)"},
    {"r", "repetitions", CLI_COUNT, offsetof(bench_values, repetitions), "N", 1, MAX_REPETITIONS,
     "how often everything is measured (default 5)"},
    CLI_ENGINE_OPTIONS(bench_values),
    {NULL, "profile", CLI_FLAG, offsetof(bench_values, profile), NULL, 0, 0,
     "show where the time of the last repetition went"},
    {NULL, "json", CLI_FLAG, offsetof(bench_values, json), NULL, 0, 0, "print one JSON object"},
};

/* ---- what is measured ---- */

typedef enum quantity {
    PREFILL_TOK_S,
    DECODE_TOK_S,
    LOAD_MS,
    TTFT_MS,
    PEAK_RSS_BYTES,
    READ_GB_S,
    BANDWIDTH_SHARE,
    N_QUANTITIES
} quantity;

static const struct {
    const char *key, *meaning;
} quantities[N_QUANTITIES] = {
    [PREFILL_TOK_S] = {"prefill_tok_s", "prompt tokens a second, after a first prompt"},
    [DECODE_TOK_S] = {"decode_tok_s", "new tokens a second, all sequences together"},
    [LOAD_MS] = {"load_ms", "from the path to a session"},
    [TTFT_MS] = {"ttft_ms", "from the first prompt to its first token"},
    [PEAK_RSS_BYTES] = {"peak_rss_bytes", "most memory that the process had"},
    [READ_GB_S] = {"read_gb_s", "sequential memory reads of as many threads"},
    [BANDWIDTH_SHARE] = {"decode_bandwidth_share", "weights read for decoding, as a share of that"},
};

/* One value per repetition. */
typedef struct series {
    double *values; /* [n_quantities][repetitions] */
    size_t n;
} series;

#define MAX_PROFILE 33 /* what an engine has, and the rest */

/* Shares of the wall time; they sum to 1. */
typedef struct profile {
    size_t n;
    struct {
        char name[72];
        double share;
        uint64_t n_runs;
    } rows[MAX_PROFILE];
} profile;

typedef struct bench {
    const cli_verb *verb;
    bench_values *values;
    series all;
    size_t repetition;
    uint64_t bytes_per_step; /* weights that a decoding step reads */
    ew_engine_info engine;
    profile profiles[2]; /* of prefill and of decode */
    bool is_headless;    /* nothing to decode */
} bench;

static void record(bench *b, quantity q, double value) {
    b->all.values[(size_t)q * b->all.n + b->repetition] = value;
}

static double recorded(const bench *b, quantity q, size_t repetition) {
    return b->all.values[(size_t)q * b->all.n + repetition];
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct spread {
    double median, min, max;
} spread;

static spread spread_of(const bench *b, quantity q) {
    size_t n = b->all.n;
    double *sorted = b->all.values + (size_t)q * n;
    qsort(sorted, n, sizeof *sorted, ascending);
    double median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    return (spread){median, sorted[0], sorted[n - 1]};
}

/* ---- one repetition ---- */

typedef struct sequences {
    ew_session *sessions[MAX_BATCH];
    ew_token next[MAX_BATCH];
    size_t n;
    ew_sampler *sampler;
} sequences;

/* A fixed stream of ordinary token ids: Knuth's MMIX generator. */
static ew_token any_token(uint64_t *state, uint32_t n_vocab) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (ew_token)((*state >> 33) % n_vocab);
}

static void choose_first(void *user, size_t row, const float *logits) {
    (void)row;
    sequences *s = user;
    s->next[0] = ew_sampler_sample(s->sampler, logits);
}

static void choose_each(void *user, size_t row, const float *logits) {
    sequences *s = user;
    s->next[row] = ew_sampler_sample(s->sampler, logits);
}

/* Runs n tokens of one session in steps of the engine's rows; the last one's logits choose next[0] when
 * `choose`. */
static int feed(const cli_opened *opened, ew_session *session, size_t n, bool choose, sequences *s) {
    uint32_t n_rows = ew_engine_get_info(opened->engine).n_rows,
             n_vocab = ew_model_get_info(opened->model).n_vocab;
    ew_row *rows = cli_alloc(n_rows, sizeof *rows);
    ew_error err = {0};
    uint64_t state = n;
    ew_status status = EW_OK;
    for (size_t done = 0; done < n && !status;) {
        size_t chunk = n - done < n_rows ? n - done : n_rows;
        uint32_t position = ew_session_length(session);
        for (size_t i = 0; i < chunk; i++)
            rows[i] = (ew_row){session, position + (uint32_t)i, any_token(&state, n_vocab),
                               choose && done + i + 1 == n};
        status = ew_step(opened->engine, rows, chunk, choose_first, s, &err);
        done += chunk;
    }
    cli_free(rows);
    return status ? cli_fail(&err) : CLI_OK;
}

/* ---- where the time went ---- */

static void profile_start(const bench *b, const cli_opened *opened) {
    if (b->values->profile) ew_engine_profile_reset(opened->engine);
}

/* The engine's kinds of work, and what is left of the wall time: choosing tokens, setting steps up. */
static void profile_end(const bench *b, const cli_opened *opened, profile *p, uint64_t wall_ns) {
    ew_profile_entry entries[MAX_PROFILE];
    if (!b->values->profile) return;
    uint64_t sum_ns = 0;
    p->n = ew_engine_profile(opened->engine, entries, MAX_PROFILE);
    for (size_t i = 0; i < p->n; i++) {
        snprintf(p->rows[i].name, sizeof p->rows[i].name, "%s", entries[i].name);
        p->rows[i].share = (double)entries[i].ns / (double)wall_ns;
        p->rows[i].n_runs = entries[i].n_runs;
        sum_ns += entries[i].ns;
    }
    snprintf(p->rows[p->n].name, sizeof p->rows[p->n].name, "all else");
    p->rows[p->n].n_runs = 0;
    p->rows[p->n++].share = (double)(wall_ns - sum_ns) / (double)wall_ns;
}

/* Runs the prompt; the session is as before. */
static int time_prompt(bench *b, const cli_opened *opened, sequences *s, uint64_t *took_ns) {
    uint64_t start_ns = cli_now_ns();
    int code = feed(opened, s->sessions[0], b->values->n_prompt.value, !b->is_headless, s);
    *took_ns = cli_now_ns() - start_ns;
    ew_session_truncate(s->sessions[0], b->values->depth.value);
    return code;
}

/* The first prompt also brings the weights from their file: it is what a user waits for, and the second one
 * is what the kernels do. */
static int measure_prefill(bench *b, const cli_opened *opened, sequences *s) {
    uint64_t first_ns, took_ns;
    int code = time_prompt(b, opened, s, &first_ns);
    if (code != CLI_OK) return code;
    profile_start(b, opened);
    code = time_prompt(b, opened, s, &took_ns);
    profile_end(b, opened, &b->profiles[0], took_ns);
    record(b, TTFT_MS, (double)first_ns / 1e6);
    record(b, PREFILL_TOK_S, b->values->n_prompt.value / ((double)took_ns / 1e9));
    return code;
}

static int measure_decode(bench *b, const cli_opened *opened, sequences *s) {
    ew_row rows[MAX_BATCH];
    ew_error err = {0};
    for (size_t k = 0; k < s->n; k++) s->next[k] = s->next[0];
    profile_start(b, opened);
    uint64_t start_ns = cli_now_ns();
    for (uint32_t i = 0; i < b->values->n_gen.value; i++) {
        for (size_t k = 0; k < s->n; k++)
            rows[k] = (ew_row){s->sessions[k], b->values->depth.value + i, s->next[k], true};
        if (ew_step(opened->engine, rows, s->n, choose_each, s, &err)) return cli_fail(&err);
    }
    uint64_t took_ns = cli_now_ns() - start_ns;
    profile_end(b, opened, &b->profiles[1], took_ns);
    double took_s = (double)took_ns / 1e9, steps_s = b->values->n_gen.value / took_s;
    record(b, DECODE_TOK_S, steps_s * (double)s->n);
    record(b, BANDWIDTH_SHARE,
           steps_s * (double)b->bytes_per_step / 1e9); /* to be divided when read_gb_s is known */
    return CLI_OK;
}

static void record_peak_rss(bench *b) {
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    record(b, PEAK_RSS_BYTES, (double)usage.ru_maxrss * 1024); /* Linux counts KiB */
}

/* The sessions after the first, and what stands before the measured positions. */
static int fill(bench *b, cli_opened *opened, sequences *s) {
    int code = CLI_OK;
    s->n = b->values->batch.value;
    s->sessions[0] = opened->session;
    for (size_t k = 1; k < s->n && code == CLI_OK; k++)
        code = cli_open_session(&b->values->engine, opened, &s->sessions[k]);
    for (size_t k = 0; k < s->n && code == CLI_OK; k++)
        code = feed(opened, s->sessions[k], b->values->depth.value, false, s);
    return code;
}

static int measure(bench *b, cli_opened *opened) {
    sequences s = {0};
    ew_error err = {0};
    int code = ew_sampler_new(NULL, ew_model_get_info(opened->model).n_vocab, &s.sampler, &err)
                   ? cli_fail(&err)
                   : CLI_OK;
    b->engine = ew_engine_get_info(opened->engine);
    if (code == CLI_OK && b->engine.n_rows < b->values->batch.value)
        code = cli_usage("bench", "--batch %u needs steps of as many rows: -b", b->values->batch.value);
    if (code == CLI_OK) code = fill(b, opened, &s);
    if (code == CLI_OK) code = measure_prefill(b, opened, &s);
    if (code == CLI_OK && !b->is_headless) code = measure_decode(b, opened, &s);
    for (size_t k = 1; k < s.n; k++) ew_session_free(s.sessions[k]);
    ew_sampler_free(s.sampler);
    record_peak_rss(b);
    return code;
}

/* An encoder takes the prompt in one step, and nothing comes after it. */
static int open(bench *b, cli_opened *opened) {
    cli_engine_values *e = &b->values->engine;
    int code = cli_open_model(b->verb, e, opened);
    if (code != CLI_OK) return code;
    ew_model_info info = ew_model_get_info(opened->model);
    b->is_headless = info.is_headless;
    if (info.is_encoder && (b->values->depth.value || b->values->batch.value > 1))
        return cli_usage("bench", "--depth and --batch are not for encoders");
    if (info.is_encoder && !e->rows.given) e->rows.value = b->values->n_prompt.value;
    code = cli_start_engine(e, opened);
    return code == CLI_OK ? cli_open_session(e, opened, &opened->session) : code;
}

static int repeat(bench *b) {
    cli_opened opened = {0};
    uint64_t start_ns = cli_now_ns();
    int code = open(b, &opened);
    record(b, LOAD_MS, (double)(cli_now_ns() - start_ns) / 1e6);
    if (code == CLI_OK) code = measure(b, &opened);
    cli_opened_close(&opened);
    return code;
}

/* ---- bytes and bandwidth ---- */

static bool is_one_of(ew_str name, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strlen(names[i]) == name.len && memcmp(names[i], name.data, name.len) == 0) return true;
    return false;
}

/* All weights, less the embedding table when the output has a matrix of its own: then a token reads one row
 * of it. */
static int count_step_bytes(bench *b) {
    static const char *const embeddings[] = {"token_embd.weight", "model.embed_tokens.weight"};
    static const char *const heads[] = {"output.weight", "lm_head.weight"};
    int code = CLI_OK;
    const char *path = cli_model_path(b->verb, &b->values->engine, &code);
    if (!path) return code;
    ew_file *file;
    ew_error err = {0};
    if (ew_file_open(path, &file, &err)) return cli_fail(&err);
    uint64_t total = 0, embedding = 0;
    bool own_head = false;
    for (size_t i = 0; i < ew_file_n_tensors(file); i++) {
        ew_tensor_info tensor = ew_file_tensor(file, i);
        total += tensor.size_bytes;
        if (is_one_of(tensor.name, embeddings, 2)) embedding = tensor.size_bytes;
        own_head = own_head || is_one_of(tensor.name, heads, 2);
    }
    ew_file_close(file);
    b->bytes_per_step = own_head ? total - embedding : total;
    return CLI_OK;
}

static void measure_bandwidth(bench *b) {
    ew_machine machine = {0};
    uint64_t l3_bytes = ew_machine_get(&machine, NULL) == EW_OK ? machine.l3_bytes : 0;
    uint64_t size_bytes = l3_bytes * 4 > (uint64_t)512 << 20 ? l3_bytes * 4 : (uint64_t)512 << 20;
    if (machine.memory_available_bytes && size_bytes > machine.memory_available_bytes / 2) size_bytes = 0;
    double rate = size_bytes ? cli_read_bandwidth(b->engine.n_threads, size_bytes) : 0;
    for (b->repetition = 0; b->repetition < b->all.n; b->repetition++) {
        record(b, READ_GB_S, rate);
        record(b, BANDWIDTH_SHARE, rate > 0 ? recorded(b, BANDWIDTH_SHARE, b->repetition) / rate : 0);
    }
}

/* ---- results ---- */

/* Zero stands for what could not be measured. */
static bool is_measured(spread s) {
    return s.max > 0;
}

static void json_quantity(cli_json *json, const char *key, spread s) {
    const char *const suffixes[] = {"", "_min", "_max"};
    const double values[] = {s.median, s.min, s.max};
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", key, suffixes[i]);
        if (!is_measured(s))
            cli_json_null(json, name);
        else if (strcmp(key, "peak_rss_bytes") == 0)
            cli_json_count(json, name, (uint64_t)values[i]);
        else
            cli_json_number(json, name, values[i]);
    }
}

static const char *const profile_names[2] = {"prefill", "decode"};

static void json_profiles(const bench *b, cli_json *json) {
    for (size_t k = 0; k < 2; k++) {
        char name[32];
        snprintf(name, sizeof name, "%s_profile", profile_names[k]);
        cli_json_open(json, name, '{');
        for (size_t i = 0; i < b->profiles[k].n; i++)
            cli_json_number(json, b->profiles[k].rows[i].name, b->profiles[k].rows[i].share);
        cli_json_close(json);
    }
}

static void print_json(const bench *b, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    for (quantity q = 0; q < N_QUANTITIES; q++) json_quantity(&json, quantities[q].key, spread_of(b, q));
    cli_json_text(&json, "cpu_level", b->engine.cpu_level);
    cli_json_count(&json, "threads", b->engine.n_threads);
    cli_json_count(&json, "prompt_tokens", b->values->n_prompt.value);
    cli_json_count(&json, "gen_tokens", b->values->n_gen.value);
    cli_json_count(&json, "depth", b->values->depth.value);
    cli_json_count(&json, "batch", b->values->batch.value);
    cli_json_count(&json, "repetitions", b->all.n);
    cli_json_count(&json, "step_weight_bytes", b->bytes_per_step);
    if (b->values->profile) json_profiles(b, &json);
    cli_json_close(&json);
    cli_json_end(&json);
}

static void cell_number(cli_table *table, quantity q, double value) {
    char size[CLI_SIZE_TEXT];
    if (q == PEAK_RSS_BYTES)
        cli_table_cellf(table, "%s", cli_size_text((uint64_t)value, size));
    else
        cli_table_cellf(table, q == BANDWIDTH_SHARE ? "%.3f" : value < 100 ? "%.2f" : "%.0f", value);
}

static void print_text(const bench *b, cli_out *out) {
    cli_table table;
    cli_out_printf(out, "cpu %s, %u threads; prompt %u, new %u, depth %u, batch %u; %zu repetitions\n\n",
                   b->engine.cpu_level, b->engine.n_threads, b->values->n_prompt.value,
                   b->values->n_gen.value, b->values->depth.value, b->values->batch.value, b->all.n);
    cli_table_init(&table, "<what|>median|>least|>most|<meaning");
    for (quantity q = 0; q < N_QUANTITIES; q++) {
        spread s = spread_of(b, q);
        const double values[] = {s.median, s.min, s.max};
        cli_table_cellf(&table, "%s", quantities[q].key);
        for (size_t i = 0; i < 3; i++) {
            if (is_measured(s))
                cell_number(&table, q, values[i]);
            else
                cli_table_cellf(&table, "not measured");
        }
        cli_table_cellf(&table, "%s", quantities[q].meaning);
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

static void print_profile(const profile *p, const char *name, cli_out *out) {
    cli_table table;
    cli_out_printf(out, "\n");
    cli_table_init(&table, "<where the time went|>share|>runs");
    for (size_t i = 0; i < p->n; i++) {
        cli_table_cellf(&table, "%s: %s", name, p->rows[i].name);
        cli_table_cellf(&table, "%.1f %%", 100 * p->rows[i].share);
        cli_table_cellf(&table, "%llu", (unsigned long long)p->rows[i].n_runs);
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

/* ---- the verb ---- */

/* Without -c the context is as long as the measurement needs. */
static int size_context(bench_values *values) {
    uint32_t longer =
        values->n_prompt.value > values->n_gen.value ? values->n_prompt.value : values->n_gen.value;
    uint32_t needed = values->depth.value + longer;
    if (!values->engine.context.given) values->engine.context.value = needed;
    if (values->engine.context.value >= needed) return CLI_OK;
    return cli_usage("bench", "-c %u is less than the %u positions that --depth and the tokens need",
                     values->engine.context.value, needed);
}

static int run_all(bench *b) {
    cli_progress progress;
    int code = count_step_bytes(b);
    cli_progress_start(&progress, "repetitions", b->all.n);
    for (b->repetition = 0; b->repetition < b->all.n && code == CLI_OK; b->repetition++) {
        code = repeat(b);
        cli_progress_set(&progress, b->repetition + 1);
    }
    cli_progress_end(&progress);
    if (code == CLI_OK) measure_bandwidth(b); /* last: its buffer would count as the engine's memory */
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    bench_values values = {.n_prompt = {.value = 512},
                           .n_gen = {.value = 128},
                           .batch = {.value = 1},
                           .repetitions = {.value = 5}};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    int code = size_context(&values);
    if (code != CLI_OK) return code;
    bench b = {.verb = verb, .values = &values, .all = {.n = values.repetitions.value}};
    b.all.values = cli_alloc(N_QUANTITIES * b.all.n, sizeof *b.all.values);
    code = run_all(&b);
    if (code == CLI_OK) {
        if (values.json)
            print_json(&b, out);
        else
            print_text(&b, out);
        for (size_t k = 0; k < 2 && values.profile && !values.json; k++)
            print_profile(&b.profiles[k], profile_names[k], out);
    }
    cli_free(b.all.values);
    return code;
}

const cli_verb cli_verb_bench = {
    .name = "bench",
    .summary = "measure how fast a model runs here",
    .synopsis = "-m MODEL [--prompt-tokens N] [--gen-tokens N] [options]",
    .about =
        "Opens the model and times prefill and decode apart, several times over. Shows medians with the "
        "least and\n"
        "the most. What cannot be measured is shown as \"not measured\" (null in JSON), never estimated.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
