/*
 * sampling.h: the options that choose tokens, for every verb that answers.
 *
 *     cli_sampling_values sampling = CLI_SAMPLING_DEFAULTS;
 *     ... cli_parse ...
 *     cli_sampling_advise(&sampling, model);
 *     cli_seed_choose(&sampling.seed);
 *     ew_sampler *sampler;
 *     int code = cli_sampler_new(&sampling, n_vocab, &sampler);
 */
#ifndef CLI_SAMPLING_H
#define CLI_SAMPLING_H

#include "options.h"

typedef struct cli_sampling_values {
    cli_number temperature, top_p, min_p, repeat_penalty, frequency_penalty, presence_penalty;
    cli_count top_k, penalty_last_n;
    cli_seed seed;
} cli_sampling_values;

#define CLI_SAMPLING_DEFAULTS                                                              \
    {                                                                                      \
        .temperature = {.value = 0.8}, .top_p = {.value = 0.95}, .min_p = {.value = 0.05}, \
        .repeat_penalty = {.value = 1}, .top_k = {.value = 40}, .penalty_last_n = {        \
            .value = 64                                                                    \
        }                                                                                  \
    }

/* Puts what the model's makers recommend in the place of the defaults. */
void cli_sampling_advise(cli_sampling_values *values, const ew_model *model);

/* The seed that was given, or else a random one. */
void cli_seed_choose(cli_seed *seed);

/* Says what is wrong; returns the exit code. */
int cli_sampler_new(const cli_sampling_values *values, size_t n_vocab, ew_sampler **out);

/* clang-format off */
#define CLI_SAMPLING_OPTIONS(type) \
    {NULL, "temp", CLI_NUMBER, offsetof(type, sampling.temperature), "X", 0, 100, \
     "temperature; 0 takes the likeliest token (default 0.8)"}, \
    {NULL, "top-k", CLI_COUNT, offsetof(type, sampling.top_k), "N", 0, 0, \
     "choose among the N likeliest tokens; 0 = all (default 40)"}, \
    {NULL, "top-p", CLI_NUMBER, offsetof(type, sampling.top_p), "X", 0, 1, \
     "and among those that together are this likely; 1 = all (default 0.95)"}, \
    {NULL, "min-p", CLI_NUMBER, offsetof(type, sampling.min_p), "X", 0, 1, \
     "and at least this likely in proportion to the likeliest; 0 = all (default 0.05)"}, \
    {NULL, "repeat-penalty", CLI_NUMBER, offsetof(type, sampling.repeat_penalty), "X", 0, 100, \
     "divides the logits of recent tokens; 1 = off (default)"}, \
    {NULL, "frequency-penalty", CLI_NUMBER, offsetof(type, sampling.frequency_penalty), "X", -100, 100, \
     "subtracted from a token's logit for each time it came (default 0)"}, \
    {NULL, "presence-penalty", CLI_NUMBER, offsetof(type, sampling.presence_penalty), "X", -100, 100, \
     "subtracted once when it came at all (default 0)"}, \
    {NULL, "repeat-last-n", CLI_COUNT, offsetof(type, sampling.penalty_last_n), "N", 1, 1 << 20, \
     "how many recent tokens the penalties see (default 64)"}, \
    {NULL, "seed", CLI_SEED, offsetof(type, sampling.seed), "N", 0, 0, \
     "of the random choices; the same seed gives the same answer (default: random)"}
/* clang-format on */

#endif
