#include "model/rope_scaling.h"

#include <math.h>

#include "base/compiler.h"
#include "kernels/elementary.h"

#define PI 3.14159265358979323846

ewi_rope_kind ewi_rope_kind_from(ew_str name) {
    static const struct {
        const char *name;
        ewi_rope_kind kind;
    } kinds[] = {
        {"default", EWI_ROPE_PLAIN}, {"none", EWI_ROPE_PLAIN},      {"linear", EWI_ROPE_LINEAR},
        {"llama3", EWI_ROPE_LLAMA3}, {"yarn", EWI_ROPE_YARN},       {"longrope", EWI_ROPE_LONGROPE},
        {"su", EWI_ROPE_LONGROPE},   {"dynamic", EWI_ROPE_DYNAMIC},
    };
    for (size_t i = 0; i < EWI_COUNT(kinds); i++)
        if (ewi_str_is(name, kinds[i].name)) return kinds[i].kind;
    return EWI_N_ROPE_KINDS;
}

/* Waves longer than the original context stretch, short ones stay, those between do some of both. */
static double llama3_divisor(const ewi_rope_rule *rule, double freq) {
    double turns = rule->n_ctx_original * freq / (2 * PI); /* in the original context */
    if (turns > rule->high_freq_factor) return 1;
    if (turns < rule->low_freq_factor) return rule->factor;
    double smooth = (turns - rule->low_freq_factor) / (rule->high_freq_factor - rule->low_freq_factor);
    return 1 / ((1 - smooth) / rule->factor + smooth);
}

/* The pair, as a real number, that turns so often in the original context. */
static double yarn_pair(const ewi_rope_rule *rule, double base, uint32_t n_dims, double turns) {
    return n_dims * ewi_log(rule->n_ctx_original / (turns * 2 * PI)) / (2 * ewi_log(base));
}

typedef struct ramp {
    double low, high;
} ramp;

static ramp yarn_ramp(const ewi_rope_rule *rule, double base, uint32_t n_dims) {
    ramp r = {yarn_pair(rule, base, n_dims, rule->beta_fast != 0 ? rule->beta_fast : 32),
              yarn_pair(rule, base, n_dims, rule->beta_slow != 0 ? rule->beta_slow : 1)};
    if (!rule->has_whole_ramp) r = (ramp){floor(r.low), ceil(r.high)};
    if (r.low < 0) r.low = 0;
    if (r.high > n_dims - 1) r.high = n_dims - 1;
    if (r.high == r.low) r.high += 0.001;
    return r;
}

static double yarn_divisor(const ewi_rope_rule *rule, const ramp *r, uint32_t pair) {
    double stretched = (pair - r->low) / (r->high - r->low);
    stretched = stretched < 0 ? 0 : stretched > 1 ? 1 : stretched;
    return 1 / (stretched / rule->factor + (1 - stretched));
}

void ewi_rope_divisors(const ewi_rope_rule *rule, double base, uint32_t n_dims, double *divisors) {
    const ramp r = rule->kind == EWI_ROPE_YARN ? yarn_ramp(rule, base, n_dims) : (ramp){0, 1};
    for (uint32_t i = 0; i < n_dims / 2; i++) switch (rule->kind) {
        case EWI_ROPE_LINEAR: divisors[i] = rule->factor; break;
        case EWI_ROPE_LLAMA3: divisors[i] = llama3_divisor(rule, ewi_pow(base, -2.0 * i / n_dims)); break;
        case EWI_ROPE_YARN: divisors[i] = yarn_divisor(rule, &r, i); break;
        case EWI_ROPE_PLAIN:
        case EWI_ROPE_LONGROPE:
        case EWI_ROPE_DYNAMIC:
        case EWI_N_ROPE_KINDS: divisors[i] = 1; break;
        }
}

static double yarn_scale(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * ewi_log(factor) + 1;
}

double ewi_rope_magnitude(const ewi_rope_rule *rule, uint32_t n_ctx_train) {
    if (rule->attention_factor != 0) return rule->attention_factor;
    if (rule->kind == EWI_ROPE_YARN && rule->mscale != 0 && rule->mscale_all_dim != 0)
        return yarn_scale(rule->factor, rule->mscale) / yarn_scale(rule->factor, rule->mscale_all_dim);
    if (rule->kind == EWI_ROPE_YARN) return yarn_scale(rule->factor, 1);
    if (rule->kind != EWI_ROPE_LONGROPE) return 1;
    double factor = rule->factor != 0 ? rule->factor : (double)n_ctx_train / rule->n_ctx_original;
    return factor <= 1 ? 1 : sqrt(1 + ewi_log(factor) / ewi_log(rule->n_ctx_original));
}
