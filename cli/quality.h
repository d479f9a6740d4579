/*
 * quality.h: what a model is worth, measured: on a text, alone or against a base model, and by its answers to
 * tasks. What `eval` and `validate` share.
 *
 * Used by one thread.
 *
 *     cli_quality quality = {.verb = verb, .values = &values};
 *     int code = cli_quality_measure(&quality);
 *     if (code == CLI_OK) cli_quality_print(&quality, out);
 *     cli_quality_deinit(&quality);
 */
#ifndef CLI_QUALITY_H
#define CLI_QUALITY_H

#include "json_writer.h"
#include "opening.h"

/* The first member of such a verb's values. */
typedef struct cli_quality_values {
    cli_engine_values engine;  /* of both models; the adapters are the first one's alone */
    cli_choice base_k, base_v; /* where given, the base's in the place of engine's */
    const char *against, *text, *tasks;
    cli_count stride, n_new;
    bool special, raw, json;
} cli_quality_values;

/* clang-format off */
#define CLI_QUALITY_OPTIONS \
    {NULL, "text", CLI_PATH, offsetof(cli_quality_values, text), "FILE", 0, 0, \
     "the text, UTF-8 (default: stdin)"}, \
    {NULL, "special", CLI_FLAG, offsetof(cli_quality_values, special), NULL, 0, 0, \
     "special tokens that the text spells out become tokens"}, \
    CLI_CONTEXT_OPTION(cli_quality_values, \
                       "tokens of a window (default 512, or less where a model was trained on less), " \
                       "and positions of an answer's context"), \
    {NULL, "stride", CLI_COUNT, offsetof(cli_quality_values, stride), "N", 1, 1 << 24, \
     "a window begins every N tokens and its last N are scored (default: windows follow each other, and " \
     "the second half of each is scored)"}, \
    {NULL, "tasks", CLI_PATH, offsetof(cli_quality_values, tasks), "FILE", 0, 0, \
     "JSON lines {\"prompt\": ..., \"answer\": ...} or \"answers\": [...]: the model answers, greedily, " \
     "and is scored"}, \
    {"n", "n-predict", CLI_COUNT, offsetof(cli_quality_values, n_new), "N", 1, 1 << 24, \
     "tokens of an answer at most (default 256)"}, \
    {NULL, "raw", CLI_FLAG, offsetof(cli_quality_values, raw), NULL, 0, 0, \
     "no chat template: a task's prompt is the text that the model sees"}

#define CLI_BASE_OPTIONS \
    {NULL, "base-cache-type-k", CLI_CHOICE, offsetof(cli_quality_values, base_k), CLI_CACHE_TYPES, 0, 0, \
     "how keys are kept by the model compared with (default: as the first one keeps them)"}, \
    {NULL, "base-cache-type-v", CLI_CHOICE, offsetof(cli_quality_values, base_v), CLI_CACHE_TYPES, 0, 0, \
     "the same of its values"}
/* clang-format on */

/* In the order of the words. */
#define CLI_SCORES   "exact|f1|bleu|rouge1|rouge2|rougeL"
#define CLI_N_SCORES 6
double cli_score(const ew_scores *scores, size_t index);

typedef struct cli_quality {
    const cli_verb *verb;
    const cli_quality_values *values;
    bool has_text, has_tasks; /* what was measured */
    ew_evaluation text;
    double *layer_errors; /* [n_layer_errors] of a comparison: the embedding's, then the layers' */
    size_t n_layer_errors;
    ew_scores tasks;
    ew_engine_info engine;
} cli_quality;

/* Usage errors that both verbs have. Says what is wrong; returns the exit code. */
int cli_quality_check(const cli_verb *verb, const cli_quality_values *values);
/* The text where `wants_text`, and the tasks of --tasks. Says what failed; returns the exit code. */
int cli_quality_measure(cli_quality *quality, bool wants_text);

void cli_quality_deinit(cli_quality *quality);

void cli_quality_print(const cli_quality *quality, cli_out *out);
/* The same as members of an object that is open. */
void cli_quality_json(const cli_quality *quality, cli_json *json);

#endif
