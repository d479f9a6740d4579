/* validate.c: edgewise validate: a gate: is a model still as good as the one before it? */
#include <string.h>

#include "message.h"
#include "quality.h"
#include "replace.h"
#include "verbs.h"

typedef struct validate_values {
    cli_quality_values quality; /* first: its options have their offsets in it */
    cli_number max_kld, max_increase, min_score;
    cli_choice score;
    const char *report;
} validate_values;

static const cli_option options[] = {
    {NULL, "against", CLI_PATH, offsetof(cli_quality_values, against), "OLD", 0, 0,
     "the model that it shall be as good as"},
    {NULL, "max-kld", CLI_NUMBER, offsetof(validate_values, max_kld), "X", 0, 1e6,
     "refuse a mean divergence of more than X nats"},
    {NULL, "max-ppl-increase", CLI_NUMBER, offsetof(validate_values, max_increase), "PERCENT", -100, 1e6,
     "refuse a perplexity that is larger by more than so many percent"},
    {NULL, "min-score", CLI_NUMBER, offsetof(validate_values, min_score), "S", 0, 100,
     "refuse a score of the tasks of less than S"},
    {NULL, "score", CLI_CHOICE, offsetof(validate_values, score), CLI_SCORES, 0, 0,
     "which score that is (default f1)"},
    {NULL, "report", CLI_PATH, offsetof(validate_values, report), "FILE", 0, 0,
     "write all figures and the verdict as JSON, whichever it is"},
    CLI_QUALITY_OPTIONS,

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Engine"},
    CLI_STEP_OPTIONS(cli_quality_values),
    CLI_BASE_OPTIONS,

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Output"},
    {NULL, "json", CLI_FLAG, offsetof(cli_quality_values, json), NULL, 0, 0, "print what --report writes"},
};

/* ---- the gate ---- */

typedef struct gate {
    const char *what;
    double value, limit;
    bool at_least; /* the value shall not be below the limit; else not above it */
} gate;

#define MAX_GATES 3

/* A value that is no number passes nothing. */
static bool passes(const gate *g) {
    return g->at_least ? g->value >= g->limit : g->value <= g->limit;
}

static size_t make_gates(const validate_values *values, const cli_quality *q, gate gates[MAX_GATES]) {
    size_t n = 0;
    gates[n++] = (gate){"kld_mean", q->text.kld.mean, values->max_kld.value, false};
    if (values->max_increase.given)
        gates[n++] = (gate){"ppl_increase_percent", 100 * (q->text.ppl_ratio.mean - 1),
                            values->max_increase.value, false};
    if (values->min_score.given)
        gates[n++] =
            (gate){"score", cli_score(&q->tasks, values->score.value), values->min_score.value, true};
    return n;
}

static bool all_pass(const gate *gates, size_t n) {
    bool passed = true;
    for (size_t i = 0; i < n; i++) passed = passed && passes(&gates[i]);
    return passed;
}

/* ---- the verdict ---- */

static void json_gates(cli_json *json, const gate *gates, size_t n) {
    cli_json_bool(json, "passed", all_pass(gates, n));
    cli_json_open(json, "gates", '[');
    for (size_t i = 0; i < n; i++) {
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "what", gates[i].what);
        cli_json_precise(json, "value", gates[i].value);
        cli_json_precise(json, gates[i].at_least ? "min" : "max", gates[i].limit);
        cli_json_bool(json, "passed", passes(&gates[i]));
        cli_json_close(json);
    }
    cli_json_close(json);
}

static void print_json(const cli_quality *q, const gate *gates, size_t n, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "model", q->values->engine.operand);
    cli_json_text(&json, "against", q->values->against);
    json_gates(&json, gates, n);
    cli_quality_json(q, &json);
    cli_json_close(&json);
    cli_json_end(&json);
}

static void print_gates(const gate *gates, size_t n, cli_out *out) {
    cli_out_printf(out, "\n");
    for (size_t i = 0; i < n; i++) {
        cli_out_styled(out, passes(&gates[i]) ? CLI_GOOD : CLI_BAD, passes(&gates[i]) ? "pass" : "FAIL");
        cli_out_printf(out, "  %s %.6g, %s %g\n", gates[i].what, gates[i].value,
                       gates[i].at_least ? "at least" : "at most", gates[i].limit);
    }
}

static int write_report(const char *path, const cli_quality *q, const gate *gates, size_t n) {
    cli_replace file;
    int code = cli_replace_open(&file, path);
    if (code != CLI_OK) return code;
    cli_out out = cli_out_to(file.file, path);
    print_json(q, gates, n, &out);
    code = cli_out_end(&out, CLI_OK);
    if (code == CLI_OK) return cli_replace_commit(&file);
    cli_replace_abandon(&file);
    return code;
}

static int judge(const validate_values *values, const cli_quality *q, cli_out *out) {
    gate gates[MAX_GATES];
    size_t n = make_gates(values, q, gates);
    if (values->quality.json) {
        print_json(q, gates, n, out);
    } else {
        cli_quality_print(q, out);
        print_gates(gates, n, out);
    }
    int code = values->report ? write_report(values->report, q, gates, n) : CLI_OK;
    if (code != CLI_OK || all_pass(gates, n)) return code;
    cli_say("refused: %s is not as good as %s", values->quality.engine.operand, values->quality.against);
    return CLI_REFUSED;
}

/* ---- the verb ---- */

static int check(const cli_verb *verb, const validate_values *values) {
    if (!values->quality.engine.operand) return cli_usage(verb->name, "no model: name it");
    if (!values->quality.against)
        return cli_usage(verb->name, "nothing to compare with: name a model with --against");
    if (!values->max_kld.given)
        return cli_usage(verb->name, "no limit: say how far it may be from the other with --max-kld");
    if (values->min_score.given != (values->quality.tasks != NULL))
        return cli_usage(verb->name, "--tasks and --min-score need each other");
    if (values->score.given && !values->min_score.given)
        return cli_usage(verb->name, "--score has no effect without --min-score");
    return cli_quality_check(verb, &values->quality);
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    validate_values values = {.score = {.value = 1}};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    int code = check(verb, &values);
    if (code != CLI_OK) return code;
    cli_quality q = {.verb = verb, .values = &values.quality};
    code = cli_quality_measure(&q, true);
    if (code == CLI_OK) code = judge(&values, &q, out);
    cli_quality_deinit(&q);
    return code;
}

const cli_verb cli_verb_validate = {
    .name = "validate",
    .summary = "refuse a model that is worse than the one before it",
    .synopsis = "NEW --against OLD --max-kld X [--text FILE] [options]",
    .about = "Compares two models as eval does and ends with exit code 4 when the new one is beyond a limit, "
             "else\n"
             "with 0; the figures are printed either way.",
    .operand = "NEW",
    .operand_offset = offsetof(cli_quality_values, engine.operand),
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
