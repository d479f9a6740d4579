#include "sampling.h"

#include <stdio.h>
#include <unistd.h>

#include "message.h"
#include "progress.h"

void cli_seed_choose(cli_seed *seed) {
    if (seed->given) return;
    FILE *random = fopen("/dev/urandom", "rb");
    bool read = random && fread(&seed->value, sizeof seed->value, 1, random) == 1;
    if (random) fclose(random);
    if (!read) seed->value = cli_now_ns() ^ (uint64_t)getpid() << 32;
}

static void advise(cli_number *number, float advice) {
    if (!number->given && advice >= 0) number->value = (double)advice;
}

void cli_sampling_advise(cli_sampling_values *values, const ew_model *model) {
    ew_model_sampling advice = ew_model_get_sampling(model);
    advise(&values->temperature, advice.temperature);
    advise(&values->top_p, advice.top_p);
    advise(&values->min_p, advice.min_p);
    advise(&values->repeat_penalty, advice.repeat_penalty);
    if (!values->top_k.given && advice.top_k >= 0) values->top_k.value = (uint32_t)advice.top_k;
}

int cli_sampler_new(const cli_sampling_values *values, size_t n_vocab, ew_sampler **out) {
    ew_sampler_options options = {
        .struct_size = sizeof options,
        .temperature = (float)values->temperature.value,
        .top_k = values->top_k.value,
        .top_p = (float)values->top_p.value,
        .min_p = (float)values->min_p.value,
        .repeat_penalty = (float)values->repeat_penalty.value,
        .frequency_penalty = (float)values->frequency_penalty.value,
        .presence_penalty = (float)values->presence_penalty.value,
        .penalty_last_n = values->penalty_last_n.value,
        .seed = values->seed.value,
    };
    ew_error err = {0};
    return ew_sampler_new(&options, n_vocab, out, &err) ? cli_fail(&err) : CLI_OK;
}
