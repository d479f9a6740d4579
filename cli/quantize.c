/* quantize.c: edgewise quantize: a model's weights in fewer bits, as a package. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
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
    const char *calibrate, *imatrix;
    cli_count calibrate_tokens;
    cli_number smooth;
    bool force, json;
} quantize_values;

static const cli_option options[] = {
    {"m", "model", CLI_PATH, offsetof(quantize_values, engine.model), "FILE", 0, 0, CLI_MODEL_TEXT},
    {"o", "out", CLI_PATH, offsetof(quantize_values, out), "PATH", 0, 0,
     "the package to make, a folder; or FILE.gguf"},
    {NULL, "type", CLI_CHOICE, offsetof(quantize_values, type), TYPES, 0, 0,
     "what weights become (default q4s): 4 or 8 bits with a scale per row (q4c, q8c), per 32 or 128 weights "
     "(q8g, q4g32, q4g128), or per row with a small integer per 32 (q4s); of FILE.gguf one of GGUF's own "
     "(q8_0 to q6_k; f16 and f32 round no or few bits away)"},
    {NULL, "method", CLI_CHOICE, offsetof(quantize_values, method), METHODS, 0, 0,
     "how: each weight to nearest (round, the default), so that the layers' outputs on a text change least "
     "(gptq), or to nearest after the channels that matter in a text were scaled up (awq)"},
    {NULL, "smooth", CLI_NUMBER, offsetof(quantize_values, smooth), "ALPHA", 0.01, 1,
     "round and gptq: first scale channels so that large inputs shrink and their weights grow (SmoothQuant; "
     "0.5 as a rule)"},
    {NULL, "activation-ranges", CLI_CHOICE, offsetof(quantize_values, ranges), RANGES, 0, 0,
     "also find a scale for the inputs of each linear layer, for machines that round them to 8 bits: by the "
     "largest, by a percentile of magnitudes, or with the least squared error"},
    {NULL, "calibrate", CLI_PATH, offsetof(quantize_values, calibrate), "FILE", 0, 0,
     "gptq, awq, --smooth and --activation-ranges: the text, like those that the model will see"},
    {NULL, "calibrate-tokens", CLI_COUNT, offsetof(quantize_values, calibrate_tokens), "N", 1, 1 << 24,
     "how many tokens of that text at most (default 16384)"},
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
    if (progress->total == 0) cli_progress_start(progress, "quantizing, MiB", (total >> 20) + 1);
    cli_progress_set(progress, done >> 20);
    return ending_signal == 0;
}

/* ---- what came of it ---- */

static double relative_error(const ew_quantize_row *row) {
    return row->squares > 0 ? sqrt(row->squared_errors / row->squares) : 0;
}

static double bits(const ew_quantize_row *row) {
    return row->n_params ? 8.0 * (double)row->size_bytes / (double)row->n_params : 0;
}

static void print_text(const ew_quantize_report *report, cli_out *out) {
    char text[CLI_SIZE_TEXT];
    cli_table table;
    cli_table_init(&table, "<type|>tensors|>parameters|>before|>after|>bits/weight|>relative error");
    for (size_t i = 0; i < sizeof report->rows / sizeof *report->rows; i++) {
        const ew_quantize_row *row = &report->rows[i];
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
    if (report->n_sites)
        cli_out_printf(out, "channels of %" PRIu32 " of %" PRIu32 " inputs of linear layers were scaled\n",
                       report->n_scaled, report->n_sites);
}

static void print_json(const quantize_values *values, const ew_quantize_report *report, cli_out *out) {
    const size_t n = strlen(values->out);
    const bool is_gguf = n > 5 && strcmp(values->out + n - 5, ".gguf") == 0;
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, is_gguf ? "file" : "package", values->out);
    cli_json_open(&json, "types", '[');
    for (size_t i = 0; i < sizeof report->rows / sizeof *report->rows; i++) {
        const ew_quantize_row *row = &report->rows[i];
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
    if (report->n_sites) {
        cli_json_count(&json, "linear_inputs", report->n_sites);
        cli_json_count(&json, "scaled_inputs", report->n_scaled);
    }
    cli_json_close(&json);
    cli_json_end(&json);
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

static int quantize(const quantize_values *values, const ew_model *model, ew_str text, cli_out *out) {
    char type[16], method[16], ranges[16];
    ew_error err = {0};
    cli_progress progress = {0};
    ew_quantize_report report;
    choice_name(TYPES, values->type.value, type);
    choice_name(METHODS, values->method.value, method);
    choice_name(RANGES, values->ranges.value, ranges);
    ew_quantize_options how = {.struct_size = sizeof how,
                               .type = type,
                               .n_threads = values->engine.threads.value,
                               .replace = values->force,
                               .method = method,
                               .calibration = text,
                               .imatrix = values->imatrix,
                               .calibration_tokens = values->calibrate_tokens.value,
                               .smooth = (float)values->smooth.value,
                               .activation_ranges = values->ranges.given ? ranges : NULL};
    watch_signals();
    ew_status status = ew_quantize(model, values->out, &how, on_progress, &progress, &report, &err);
    cli_progress_end(&progress);
    if (status == EW_CANCELLED && ending_signal) {
        cli_fail(&err);
        signal(ending_signal, SIG_DFL);
        raise(ending_signal);
    }
    if (status) return cli_fail(&err);
    if (values->json)
        print_json(values, &report, out);
    else
        print_text(&report, out);
    return CLI_OK;
}

/* What is asked for that needs a text; NULL: nothing. */
static const char *calibrated(const quantize_values *values) {
    if (values->method.value == METHOD_GPTQ) return "--method gptq";
    if (values->method.value == METHOD_AWQ) return "--method awq";
    if (values->smooth.given) return "--smooth";
    return values->ranges.given ? "--activation-ranges" : NULL;
}

static int check_method(const cli_verb *verb, const quantize_values *values) {
    const char *what = calibrated(values);
    if (values->smooth.given && values->method.value == METHOD_AWQ)
        return cli_usage(verb->name, "--smooth and --method awq both scale channels: choose one");
    if (what && !values->calibrate)
        return cli_usage(verb->name, "%s needs a text: give a file with --calibrate", what);
    if (!what && (values->calibrate || values->calibrate_tokens.given))
        return cli_usage(verb->name,
                         "--calibrate and --calibrate-tokens are for --method gptq and awq, --smooth and "
                         "--activation-ranges");
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
    code = check_method(verb, &values);
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
        "not at all. With --method gptq the model first runs over a text, layer by layer, and the errors of\n"
        "some weights make up for those of others; with --method awq weights that meet large inputs are "
        "rounded\n"
        "more finely.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
