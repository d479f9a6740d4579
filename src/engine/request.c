#include "engine/request.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/adapt.h"
#include "engine/engine.h"

static ew_status check_prompt(const ewi_request *r, const ew_engine *e, uint32_t n_ctx, ew_error *err) {
    const uint32_t n_vocab = e->model->n_vocab;
    if (r->n_prompt == 0) return ewi_fail(err, EW_INVALID, "the prompt has no tokens");
    if (r->n_prompt > n_ctx)
        return ewi_fail(err, EW_CONTEXT_FULL, "a prompt of %zu tokens does not fit a context of %u positions",
                        r->n_prompt, n_ctx);
    for (size_t i = 0; i < r->n_prompt; i++)
        if (r->prompt[i] < 0 || (uint32_t)r->prompt[i] >= n_vocab)
            return ewi_fail(err, EW_INVALID, "token %zu of the prompt: %d is not in the vocabulary of %u", i,
                            r->prompt[i], n_vocab);
    return EW_OK;
}

static ew_status check_logprobs(const ewi_request *r, ew_error *err) {
    if (r->n_top > 0 && !r->wants_logprobs)
        return ewi_fail(err, EW_INVALID, "the best %u tokens, but no log-probabilities, are asked for",
                        r->n_top);
    if (r->n_top <= EWI_MAX_TOP) return EW_OK;
    return ewi_fail(err, EW_INVALID, "log-probabilities of the best %u tokens, at most %u", r->n_top,
                    EWI_MAX_TOP);
}

ew_status ewi_request_check(const ewi_request *r, const ew_engine *e, uint32_t n_ctx, ew_error *err) {
    EWI_TRY(ewi_engine_check_text(e, err));
    if (r->priority >= EWI_N_PRIORITIES) return ewi_fail(err, EW_INVALID, "unknown priority");
    EWI_TRY(check_prompt(r, e, n_ctx, err));
    EWI_TRY(ewi_sampler_check(&r->sampling, e->model->n_vocab, err));
    EWI_TRY(ewi_stops_check(r->stops, r->n_stops, err));
    EWI_TRY(check_logprobs(r, err));
    return ewi_adapt_check_uses(e, r->uses, r->n_uses, err);
}

static bool copy_array(ewi_arena *arena, const void *from, size_t n, size_t size_bytes, const void **out) {
    void *copy = ewi_arena_array(arena, n + 1, size_bytes);
    if (copy && n) memcpy(copy, from, n * size_bytes);
    *out = copy;
    return copy;
}

static bool copy_stops(ewi_arena *arena, ewi_request *r) {
    ew_str *stops = ewi_arena_array(arena, r->n_stops + 1, sizeof *stops);
    for (size_t i = 0; stops && i < r->n_stops; i++) {
        stops[i] = (ew_str){ewi_arena_strdup(arena, r->stops[i]), r->stops[i].len};
        if (!stops[i].data) return false;
    }
    r->stops = stops;
    return stops;
}

ew_status ewi_request_copy(const ewi_request *request, ewi_arena *arena, ewi_request *out, ew_error *err) {
    const void *prompt, *biases, *uses;
    *out = *request;
    bool ok = copy_array(arena, out->prompt, out->n_prompt, sizeof *out->prompt, &prompt) &&
              copy_array(arena, out->sampling.biases, out->sampling.n_biases, sizeof *out->sampling.biases,
                         &biases) &&
              copy_array(arena, out->uses, out->n_uses, sizeof *out->uses, &uses) && copy_stops(arena, out);
    if (!ok) return ewi_no_memory(err, "a request");
    out->sampling.struct_size = sizeof out->sampling;
    out->prompt = prompt;
    out->sampling.biases = biases;
    out->uses = uses;
    return EW_OK;
}
