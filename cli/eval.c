/* eval.c: edgewise eval: what a model is worth on one's own text and tasks. */
#include "kld_plot.h"
#include "message.h"
#include "quality.h"
#include "verbs.h"

typedef struct eval_values {
    cli_quality_values quality; /* first: its options have their offsets in it */
    const char *kld, *svg;
} eval_values;

static const cli_option options[] = {
    CLI_MODEL_OPTION(cli_quality_values),
    {NULL, "against", CLI_PATH, offsetof(cli_quality_values, against), "BASE", 0, 0,
     "the model to compare with, token by token: the same one before it was quantized"},
    {NULL, "kld", CLI_PATH, offsetof(eval_values, kld), "BASE", 0, 0, "the same as --against"},
    CLI_QUALITY_OPTIONS,
    {NULL, "static-activations", CLI_FLAG, offsetof(cli_quality_values, engine.static_activations), NULL, 0,
     0,
     "round the model's inputs of linear layers to 8 bits by the scales that its package says (quantize "
     "--activation-ranges)"},

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Engine"},
    CLI_STEP_OPTIONS(cli_quality_values),
    CLI_BASE_OPTIONS,

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Output"},
    {NULL, "json", CLI_FLAG, offsetof(cli_quality_values, json), NULL, 0, 0, "print one JSON object"},
    {NULL, "svg", CLI_PATH, offsetof(eval_values, svg), "FILE", 0, 0,
     "draw the divergence of so many percent of the tokens"},
};

/* Of --tasks alone nothing is asked about a text. */
static bool wants_text(const cli_quality_values *values) {
    return values->text || !values->tasks;
}

static int check(const cli_verb *verb, eval_values *values) {
    cli_quality_values *quality = &values->quality;
    if (quality->against && values->kld)
        return cli_usage(verb->name, "--against and --kld are the same: give one of them");
    if (values->kld) quality->against = values->kld;
    if (!wants_text(quality) && (quality->against || quality->stride.given))
        return cli_usage(verb->name, "%s is about a text: with --tasks, name it with --text FILE",
                         quality->against ? "--against" : "--stride");
    if (values->svg && !quality->against)
        return cli_usage(verb->name, "--svg draws a comparison: it needs --against BASE");
    return cli_quality_check(verb, quality);
}

static void print_json(const cli_quality *q, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_quality_json(q, &json);
    cli_json_close(&json);
    cli_json_end(&json);
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    eval_values values = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    int code = check(verb, &values);
    if (code != CLI_OK) return code;
    cli_quality q = {.verb = verb, .values = &values.quality};
    code = cli_quality_measure(&q, wants_text(&values.quality));
    if (code == CLI_OK && values.quality.json)
        print_json(&q, out);
    else if (code == CLI_OK)
        cli_quality_print(&q, out);
    return code == CLI_OK && values.svg ? cli_kld_plot(values.svg, &q.text) : code;
}

const cli_verb cli_verb_eval = {
    .name = "eval",
    .summary = "say what a model is worth on your own text and tasks",
    .synopsis = "-m MODEL [--against BASE] [--text FILE] [--tasks FILE] [options]",
    .about = "Runs the text in windows and prints the perplexity; with --against also how far the model is "
             "from that\n"
             "one at each token: Kullback-Leibler divergence, how often both prefer the same token, and what "
             "the\n"
             "probability of the right one lost. With --tasks the model answers questions and is scored.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
