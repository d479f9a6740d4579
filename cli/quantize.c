/* quantize.c: edgewise quantize: a model's weights in fewer bits, as a package or a GGUF file. */
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

#define TYPES   "q4s|q8c|q4c|q8g|q4g32|q4g128|q8_0|q4_0|q4_1|q5_0|q5_1|q4_k|q5_k|q6_k|f16|f32"
#define METHODS "round|gptq|awq"
#define RANGES  "minmax|p99.9|p99.99|mse"
enum { METHOD_ROUND, METHOD_GPTQ, METHOD_AWQ };

typedef struct quantize_values {
    cli_engine_values engine;
    const char *out;
    cli_choice type, method, ranges;
    const char *calibrate, *imatrix, *target_size;
    cli_count calibrate_tokens;
    cli_number smooth, max_kld;
    bool special, force, json;
} quantize_values;

static const cli_option options[] = {
    {"m", "model", CLI_PATH, offsetof(quantize_values, engine.model), "FILE", 0, 0, CLI_MODEL_TEXT},
    {"o", "out", CLI_PATH, offsetof(quantize_values, out), "PATH", 0, 0,
     "the package to make, a folder; or FILE.gguf"},
    {NULL, "type", CLI_CHOICE, offsetof(quantize_values, type), TYPES, 0, 0,
     "what weights become (default q4s): 4 or 8 bits with a scale per row (q4c, q8c), per 32 or 128 weights "
     "(q8g, q4g32, q4g128), or per row with a small integer per 32 (q4s), or 16-bit floats (f16); of "
     "FILE.gguf one of GGUF's own (q8_0 to q6_k; f16 and f32 round no or few bits away)"},
    {NULL, "method", CLI_CHOICE, offsetof(quantize_values, method), METHODS, 0, 0,
     "how: each weight to nearest (round, the default; with --calibrate on scales of groups that suit the "
     "text), so that the layers' outputs on a text change least (gptq), or to nearest after the channels "
     "that "
     "matter in a text were scaled up (awq)"},
    {NULL, "target-size", CLI_TEXT, offsetof(quantize_values, target_size), "SIZE", 0, 0,
     "a package with a type for each matrix, by what it changes: as little as can be within SIZE: bytes, or "
     "with KiB, MiB, GiB, or bpw (bits per weight)"},
    {NULL, "max-kld", CLI_NUMBER, offsetof(quantize_values, max_kld), "X", 0, 1e6,
     "the same: as small as can be with a mean divergence from the original of X nats at most"},
    {NULL, "smooth", CLI_NUMBER, offsetof(quantize_values, smooth), "ALPHA", 0.01, 1,
     "round and gptq: first scale channels so that large inputs shrink and their weights grow (SmoothQuant; "
     "0.5 as a rule)"},
    {NULL, "activation-ranges", CLI_CHOICE, offsetof(quantize_values, ranges), RANGES, 0, 0,
     "also find a scale for the inputs of each linear layer, for machines that round them to 8 bits: by the "
     "largest, by a percentile of magnitudes, or with the least squared error"},
    {NULL, "calibrate", CLI_PATH, offsetof(quantize_values, calibrate), "FILE", 0, 0,
     "the text, like those that the model will see: for gptq, awq, --smooth, --activation-ranges, "
     "--target-size and --max-kld; and for round, with types q4s, q4g32, q4g128 and q8g"},
    {NULL, "calibrate-tokens", CLI_COUNT, offsetof(quantize_values, calibrate_tokens), "N", 1, 1 << 24,
     "how many tokens of that text at most (default 16384)"},
    {NULL, "special", CLI_FLAG, offsetof(quantize_values, special), NULL, 0, 0,
     "special tokens that the text spells out become tokens"},
    {NULL, "imatrix", CLI_PATH, offsetof(quantize_values, imatrix), "FILE", 0, 0,
     "round: an importance matrix of llama.cpp: errors count more where inputs are large"},
    {NULL, "force", CLI_FLAG, offsetof(quantize_values, force), NULL, 0, 0,
     "replace a package or GGUF file that is there already"},
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
    if (r->report.n_sites)
        cli_out_printf(out, "channels of %" PRIu32 " of %" PRIu32 " inputs of linear layers were scaled\n",
                       r->report.n_scaled, r->report.n_sites);
    if (r->report.n_unreached)
        cli_out_printf(out, "%" PRIu64 " matrices of experts that little of the text reached: to nearest\n",
                       r->report.n_unreached);
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

static bool is_gguf(const quantize_values *values) {
    const size_t n = strlen(values->out);
    return n > 5 && strcmp(values->out + n - 5, ".gguf") == 0;
}

static void print_json(const quantize_values *values, const result *r, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, is_gguf(values) ? "file" : "package", values->out);
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
    if (r->report.n_sites) {
        cli_json_count(&json, "linear_inputs", r->report.n_sites);
        cli_json_count(&json, "scaled_inputs", r->report.n_scaled);
    }
    if (r->report.n_unreached) cli_json_count(&json, "unreached_matrices", r->report.n_unreached);
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

static const char *mix_option(const quantize_values *values) {
    return values->target_size ? "--target-size" : "--max-kld";
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

/* What an interrupted run left, or this one. */
static void say_kept(const ew_quantize_report *report, const char *out) {
    if (report->forgot) cli_say("%s: what an interrupted run had kept does not fit: it was removed", out);
    if (report->n_resumed)
        cli_say("%s: an interrupted run had made %" PRIu64 " tensors: went on from there", out,
                report->n_resumed);
    if (report->n_kept)
        cli_say("%s: %" PRIu64 " tensors are kept: the same command goes on from there", out, report->n_kept);
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
    say_kept(&r->report, values->out);
    return status;
}

static int quantize(const quantize_values *values, const ew_model *model, ew_str text, cli_out *out) {
    char type[16], method[16], ranges[16];
    ew_error err = {0};
    result r = {0};
    ew_mix_options limits;
    if (!find_limits(values, model, &limits))
        return cli_usage(cli_verb_quantize.name, "--target-size: \"%s\" is no size like 3MiB or 4.5bpw",
                         values->target_size);
    choice_name(TYPES, values->type.value, type);
    choice_name(METHODS, values->method.value, method);
    choice_name(RANGES, values->ranges.value, ranges);
    ew_quantize_options how = {.struct_size = sizeof how,
                               .type = mixes(values) ? NULL : type,
                               .n_threads = values->engine.threads.value,
                               .replace = values->force,
                               .method = method,
                               .calibration = text,
                               .imatrix = values->imatrix,
                               .calibration_tokens = values->calibrate_tokens.value,
                               .calibration_special = values->special,
                               .smooth = (float)values->smooth.value,
                               .activation_ranges = values->ranges.given ? ranges : NULL};
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

/* What is asked for that needs a text; NULL: nothing. */
static const char *calibrated(const quantize_values *values) {
    if (mixes(values)) return mix_option(values);
    if (values->method.value == METHOD_GPTQ) return "--method gptq";
    if (values->method.value == METHOD_AWQ) return "--method awq";
    if (values->smooth.given) return "--smooth";
    return values->ranges.given ? "--activation-ranges" : NULL;
}

/* Of what chooses types itself. */
static int check_mix(const cli_verb *verb, const quantize_values *values) {
    const char *what = mix_option(values);
    if (!mixes(values)) return CLI_OK;
    if (values->target_size && values->max_kld.given)
        return cli_usage(verb->name, "--target-size and --max-kld exclude each other");
    if (values->type.given) return cli_usage(verb->name, "%s chooses types: it excludes --type", what);
    if (is_gguf(values)) return cli_usage(verb->name, "%s is for packages: name a folder with -o", what);
    if (values->smooth.given || values->method.value == METHOD_AWQ)
        return cli_usage(verb->name, "%s scales channels for one type: it excludes %s",
                         values->smooth.given ? "--smooth" : "--method awq", what);
    return CLI_OK;
}

static int check_method(const cli_verb *verb, const quantize_values *values) {
    const char *what = calibrated(values);
    if (values->smooth.given && values->method.value == METHOD_AWQ)
        return cli_usage(verb->name, "--smooth and --method awq both scale channels: choose one");
    if (what && !values->calibrate)
        return cli_usage(verb->name, "%s needs a text: give a file with --calibrate", what);
    if (!values->calibrate && (values->calibrate_tokens.given || values->special))
        return cli_usage(verb->name, "--calibrate-tokens and --special are about the text of --calibrate");
    if (!what && values->calibrate) what = "--calibrate";
    if (what && values->imatrix) return cli_usage(verb->name, "--imatrix and %s do not go together", what);
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
    if (!values.out || !values.out[0])
        return cli_usage(verb->name, "no output: give a folder or a .gguf file with -o");
    code = check_mix(verb, &values);
    if (code == CLI_OK) code = check_method(verb, &values);
    if (code != CLI_OK) return code;
    const char *path = cli_model_path(verb, &values.engine, &code);
    return path ? quantize_path(&values, path, out) : code;
}

const cli_verb cli_verb_quantize = {
    .name = "quantize",
    .summary = "make a package or GGUF file of a model with weights in fewer bits",
    .synopsis = "-m MODEL [--type TYPE] -o PATH [options]",
    .about =
        "Rounds the model's matrices, with scales that are searched for, and writes a package, a folder "
        "that\n"
        "every other command takes as a model, or a GGUF file that other programs run too. It appears whole "
        "or\n"
        "not at all; what was interrupted goes on with the same command (not with --method awq, --smooth,\n"
        "--activation-ranges, or where a text says how to round to nearest). With --method gptq the model\n"
        "first runs over a text, layer by layer, and\n"
        "the errors of some weights make up for those of others; with --method awq weights that meet large\n"
        "inputs are rounded more finely. With --target-size or --max-kld each matrix gets a type of its\n"
        "own, by what is measured on the text.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
