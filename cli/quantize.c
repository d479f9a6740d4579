/* quantize.c: edgewise quantize: a model's weights in fewer bits, as a package. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "json_writer.h"
#include "message.h"
#include "opening.h"
#include "progress.h"
#include "table.h"
#include "verbs.h"

#define TYPES   "q4s|q8c|q4c|q8g|q4g32|q4g128|f16"
#define METHODS "round|gptq"
enum { METHOD_ROUND, METHOD_GPTQ };

typedef struct quantize_values {
    cli_engine_values engine;
    const char *out;
    cli_choice type, method;
    const char *calibrate, *target_size;
    cli_number max_kld;
    cli_count calibrate_tokens;
    bool special, force, json;
} quantize_values;

static const cli_option options[] = {
    {"m", "model", CLI_PATH, offsetof(quantize_values, engine.model), "FILE", 0, 0, CLI_MODEL_TEXT},
    {"o", "out", CLI_PATH, offsetof(quantize_values, out), "FOLDER", 0, 0, "the package to make"},
    {NULL, "type", CLI_CHOICE, offsetof(quantize_values, type), TYPES, 0, 0,
     "what weights become (default q4s): 4 or 8 bits with a scale per row (q4c, q8c), per 32 or 128 weights "
     "(q8g, q4g32, q4g128), or per row with a small integer per 32 (q4s); or 16-bit floats (f16)"},
    {NULL, "method", CLI_CHOICE, offsetof(quantize_values, method), METHODS, 0, 0,
     "how: each weight to nearest (round, the default), or so that the layers' outputs on a text change "
     "least (gptq)"},
    {NULL, "target-size", CLI_TEXT, offsetof(quantize_values, target_size), "SIZE", 0, 0,
     "a type for each matrix, by what it changes: as little as can be within SIZE: bytes, or with KiB, MiB, "
     "GiB, or bpw (bits per weight)"},
    {NULL, "max-kld", CLI_NUMBER, offsetof(quantize_values, max_kld), "X", 0, 1e6,
     "the same: as small as can be with a mean divergence from the original of X nats at most"},
    {NULL, "calibrate", CLI_PATH, offsetof(quantize_values, calibrate), "FILE", 0, 0,
     "for gptq, --target-size and --max-kld: a text like those that the model will see"},
    {NULL, "calibrate-tokens", CLI_COUNT, offsetof(quantize_values, calibrate_tokens), "N", 1, 1 << 24,
     "how many tokens of it at most (default 16384)"},
    {NULL, "special", CLI_FLAG, offsetof(quantize_values, special), NULL, 0, 0,
     "special tokens that it spells out become tokens"},
    {NULL, "force", CLI_FLAG, offsetof(quantize_values, force), NULL, 0, 0,
     "replace a package that is there already"},
    {"t", "threads", CLI_COUNT, offsetof(quantize_values, engine.threads), "N", 1, 256,
     "threads (default: the performance cores)"},
    {NULL, "json", CLI_FLAG, offsetof(quantize_values, json), NULL, 0, 0, "print one JSON object"},
};

/* ---- what ends the work early ---- */

static volatile sig_atomic_t ending_signal;

static void remember(int signal_number) {
    ending_signal = signal_number;
}

static void watch_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction before, action = {.sa_handler = remember, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        /* A signal that the starter chose to ignore (nohup) stays ignored. */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN) continue;
        sigaction(signals[i], &action, NULL);
    }
}

static bool on_progress(void *user, uint64_t done, uint64_t total) {
    cli_progress *progress = user;
    if (progress->total == 0) cli_progress_start(progress, "quantizing, percent", 100);
    cli_progress_set(progress, total ? (uint64_t)(100 * (double)done / (double)total) : 0);
    return ending_signal == 0;
}

/* ---- what came of it ---- */

static double relative_error(const ew_quantize_row *row) {
    return row->squares > 0 ? sqrt(row->squared_errors / row->squares) : 0;
}

static double bits(const ew_quantize_row *row) {
    return row->n_params ? 8.0 * (double)row->size_bytes / (double)row->n_params : 0;
}

/* What came of the whole; mix: of a choice of types, else all 0. */
typedef struct result {
    ew_quantize_report report;
    ew_mix mix;
} result;

static double mix_bits(const result *r) {
    uint64_t n = 0;
    for (size_t i = 0; i < EW_QUANTIZE_ROWS; i++) n += r->report.rows[i].n_params;
    return 8.0 * (double)r->mix.size_bytes / (double)n;
}

static void print_mix(const result *r, cli_out *out) {
    char text[CLI_SIZE_TEXT];
    cli_out_printf(out,
                   "\n%s in all, %.3f bits per weight; mean divergence from the original %.3g ± %.2g nats, "
                   "on %" PRIu64 " tokens that were held back\n",
                   cli_size_text(r->mix.size_bytes, text), mix_bits(r), r->mix.kld.mean, r->mix.kld.se,
                   r->mix.n_scored);
}

static void print_text(const result *r, cli_out *out) {
    char text[CLI_SIZE_TEXT];
    cli_table table;
    cli_table_init(&table, "<type|>tensors|>parameters|>before|>after|>bits/weight|>relative error");
    for (size_t i = 0; i < EW_QUANTIZE_ROWS; i++) {
        const ew_quantize_row *row = &r->report.rows[i];
        if (!row->dtype) continue;
        cli_table_cellf(&table, "%s", row->dtype);
        cli_table_cellf(&table, "%" PRIu64, row->n_tensors);
        cli_table_cellf(&table, "%s", cli_count_text(row->n_params, text));
        cli_table_cellf(&table, "%s", cli_size_text(row->source_bytes, text));
        cli_table_cellf(&table, "%s", cli_size_text(row->size_bytes, text));
        cli_table_cellf(&table, "%.3f", bits(row));
        cli_table_cellf(&table, "%.4f", relative_error(row));
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
    if (r->mix.size_bytes) print_mix(r, out);
}

static void json_mix(const result *r, cli_json *json) {
    cli_json_open(json, "mix", '{');
    cli_json_count(json, "size_bytes", r->mix.size_bytes);
    cli_json_number(json, "bits_per_weight", mix_bits(r));
    cli_json_precise(json, "kld_mean", r->mix.kld.mean);
    cli_json_precise(json, "kld_se", r->mix.kld.se);
    cli_json_count(json, "tokens", r->mix.n_scored);
    cli_json_close(json);
}

static void print_json(const quantize_values *values, const result *r, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "package", values->out);
    cli_json_open(&json, "types", '[');
    for (size_t i = 0; i < EW_QUANTIZE_ROWS; i++) {
        const ew_quantize_row *row = &r->report.rows[i];
        if (!row->dtype) continue;
        cli_json_open(&json, NULL, '{');
        cli_json_text(&json, "dtype", row->dtype);
        cli_json_count(&json, "tensors", row->n_tensors);
        cli_json_count(&json, "parameters", row->n_params);
        cli_json_count(&json, "source_bytes", row->source_bytes);
        cli_json_count(&json, "size_bytes", row->size_bytes);
        cli_json_number(&json, "bits_per_weight", bits(row));
        cli_json_number(&json, "relative_error", relative_error(row));
        cli_json_close(&json);
    }
    cli_json_close(&json);
    if (r->mix.size_bytes) json_mix(r, &json);
    cli_json_close(&json);
    cli_json_end(&json);
}

/* ---- limits ---- */

/* "4.5bpw", "3 MiB", "1000000"; false when it is none of these. */
static bool parse_size(const char *text, uint64_t n_params, uint64_t *bytes) {
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"bpw", 0.125}};
    char *end;
    double value = strtod(text, &end);
    if (end == text || !isfinite(value) || value <= 0) return false;
    while (*end == ' ') end++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].name) != 0) continue;
        value *= units[i].factor * (units[i].factor < 1 ? (double)n_params : 1);
        *bytes = value >= 1 && value < 0x1p62 ? (uint64_t)value : 0;
        return *bytes > 0;
    }
    return false;
}

static bool mixes(const quantize_values *values) {
    return values->target_size || values->max_kld.given;
}

static bool find_limits(const quantize_values *values, const ew_model *model, ew_mix_options *limits) {
    *limits = (ew_mix_options){.struct_size = sizeof *limits, .max_kld = values->max_kld.value};
    return !values->target_size ||
           parse_size(values->target_size, ew_model_get_info(model).n_params, &limits->max_bytes);
}

/* ---- the verb ---- */

/* The choice's word among those of TYPES or METHODS. */
static void choice_name(const char *words, uint32_t choice, char name[16]) {
    const char *word = words;
    for (; choice > 0; choice--) word = strchr(word, '|') + 1;
    size_t n = strcspn(word, "|");
    memcpy(name, word, n);
    name[n] = '\0';
}

static ew_status make_package(const quantize_values *values, const ew_model *model,
                              const ew_quantize_options *how, const ew_mix_options *limits, result *r,
                              ew_error *err) {
    cli_progress progress = {0};
    watch_signals();
    ew_status status = mixes(values)
                           ? ew_quantize_mixed(model, values->out, how, limits, on_progress, &progress,
                                               &r->report, &r->mix, err)
                           : ew_quantize(model, values->out, how, on_progress, &progress, &r->report, err);
    cli_progress_end(&progress);
    return status;
}

static int quantize(const quantize_values *values, const ew_model *model, ew_str text, cli_out *out) {
    char type[16], method[16];
    ew_error err = {0};
    result r = {0};
    ew_mix_options limits;
    if (!find_limits(values, model, &limits))
        return cli_usage(cli_verb_quantize.name, "--target-size: \"%s\" is no size like 3MiB or 4.5bpw",
                         values->target_size);
    choice_name(TYPES, values->type.value, type);
    choice_name(METHODS, values->method.value, method);
    ew_quantize_options how = {.struct_size = sizeof how,
                               .type = mixes(values) ? NULL : type,
                               .n_threads = values->engine.threads.value,
                               .replace = values->force,
                               .method = method,
                               .calibration = text,
                               .calibration_tokens = values->calibrate_tokens.value,
                               .calibration_special = values->special};
    ew_status status = make_package(values, model, &how, &limits, &r, &err);
    if (status == EW_CANCELLED && ending_signal) {
        cli_fail(&err);
        signal(ending_signal, SIG_DFL);
        raise(ending_signal);
    }
    if (status) return cli_fail(&err);
    if (values->json)
        print_json(values, &r, out);
    else
        print_text(&r, out);
    return CLI_OK;
}

static int check_method(const cli_verb *verb, const quantize_values *values) {
    const char *what = values->target_size     ? "--target-size"
                       : values->max_kld.given ? "--max-kld"
                                               : "--method gptq";
    bool calibrates = values->method.value == METHOD_GPTQ || mixes(values);
    if (values->target_size && values->max_kld.given)
        return cli_usage(verb->name, "--target-size and --max-kld exclude each other");
    if (mixes(values) && values->type.given)
        return cli_usage(verb->name, "%s chooses types: it excludes --type", what);
    if (calibrates && !values->calibrate)
        return cli_usage(verb->name, "%s needs a text: give a file with --calibrate", what);
    if (!calibrates && (values->calibrate || values->calibrate_tokens.given || values->special))
        return cli_usage(verb->name, "--calibrate, --calibrate-tokens and --special are for --method gptq, "
                                     "--target-size and --max-kld");
    return CLI_OK;
}

static int quantize_text(const quantize_values *values, const char *path, ew_str text, cli_out *out) {
    ew_model *model;
    ew_error err = {0};
    if (ew_model_open(path, &model, &err)) return cli_fail(&err);
    int code = quantize(values, model, text, out);
    ew_model_close(model);
    return code;
}

static int quantize_path(const quantize_values *values, const char *path, cli_out *out) {
    cli_bytes text = {0};
    int code = values->calibrate ? cli_read_file(values->calibrate, &text) : CLI_OK;
    if (code == CLI_OK) code = quantize_text(values, path, cli_bytes_str(&text), out);
    cli_bytes_deinit(&text);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    quantize_values values = {0};
    int code;
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    if (!values.engine.model) return cli_usage(verb->name, "no model: give its file with -m");
    if (!values.out || !values.out[0]) return cli_usage(verb->name, "no output: give a folder with -o");
    code = check_method(verb, &values);
    if (code != CLI_OK) return code;
    const char *path = cli_model_path(verb, &values.engine, &code);
    return path ? quantize_path(&values, path, out) : code;
}

const cli_verb cli_verb_quantize = {
    .name = "quantize",
    .summary = "make a package of a model with weights in fewer bits",
    .synopsis = "-m MODEL [--type TYPE] -o FOLDER [options]",
    .about =
        "Rounds the model's matrices, with scales that are searched for, and writes a package: a folder "
        "that\n"
        "every other command takes as a model. It appears whole or not at all. With --method gptq the model\n"
        "first runs over a text, layer by layer, and the errors of some weights make up for those of others. "
        "With\n"
        "--target-size or --max-kld each matrix gets a type of its own, by what is measured on the text.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
