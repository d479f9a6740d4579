/* eval.c: edgewise eval: what a model is worth on one's own text and tasks. */
#include <math.h>

#include "kld_plot.h"
#include "layers_plot.h"
#include "message.h"
#include "quality.h"
#include "verbs.h"

typedef struct eval_values {
    cli_quality_values quality; /* first: its options have their offsets in it */
    const char *svg, *layers_svg;
} eval_values;

static const cli_option options[] = {
    CLI_MODEL_OPTION(cli_quality_values),
    {NULL, "against", CLI_PATH, offsetof(cli_quality_values, against), "BASE", 0, 0,
     "the model to compare with, token by token: the same one before it was quantized"},
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
    {NULL, "layers-svg", CLI_PATH, offsetof(eval_values, layers_svg), "FILE", 0, 0,
     "draw how far each layer's output is from the base's"},
};

/* Of --tasks alone nothing is asked about a text. */
static bool wants_text(const cli_quality_values *values) {
    return values->text || !values->tasks;
}

static int check(const cli_verb *verb, const eval_values *values) {
    const cli_quality_values *quality = &values->quality;
    if (!wants_text(quality) && (quality->against || quality->stride.given || quality->special))
        return cli_usage(verb->name, "%s is about a text: with --tasks, name it with --text FILE",
                         quality->against        ? "--against"
                         : quality->stride.given ? "--stride"
                                                 : "--special");
    if ((values->svg || values->layers_svg) && !quality->against)
        return cli_usage(verb->name, "--%s draws a comparison: it needs --against BASE",
                         values->svg ? "svg" : "layers-svg");
    return cli_quality_check(verb, quality);
}

static void print_json(const cli_quality *q, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_quality_json(q, &json);
    cli_json_close(&json);
    cli_json_end(&json);
}

static int draw(const eval_values *values, const cli_quality *q) {
    int code = values->svg ? cli_kld_plot(values->svg, &q->text) : CLI_OK;
    if (code != CLI_OK || !values->layers_svg) return code;
    for (size_t i = 0; i < q->n_layer_errors; i++)
        if (!isfinite(q->layer_errors[i])) {
            cli_say("--layers-svg: the two models' layers cannot be compared");
            return CLI_FAILED;
        }
    return cli_layers_plot(values->layers_svg, q->layer_errors, q->n_layer_errors);
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
    if (code == CLI_OK) code = draw(&values, &q);
    cli_quality_deinit(&q);
    return code;
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
