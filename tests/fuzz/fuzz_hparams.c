/* fuzz_hparams.c: metadata of a GGUF file, or any text as config.json and as generation_config.json: what is
 * accepted is within the limits and fits together; the same text as adapter_config.json and as the files that
 * say how to pool. */
#include "base/error.h"
#include "fuzz.h"
#include "model/adapter.h"
#include "model/generation_config.h"
#include "model/hparams.h"
#include "model/pooling.h"

static bool is_finite(float x) {
    return x - x == 0;
}

static void check_features(const ewi_hparams *h) {
    double divisors[EWI_MAX_HEAD_DIM / 2];
    EW_ASSERT((unsigned)h->act < EWI_N_ACTS && h->rope.kind < EWI_N_ROPE_KINDS);
    EW_ASSERT(h->window <= EWI_MAX_CTX);
    EW_ASSERT(is_finite(h->embd_scale) && is_finite(h->residual_scale) && is_finite(h->logit_scale));
    EW_ASSERT(h->attn_scale >= 0 && is_finite(h->attn_scale) && h->attn_cap >= 0 && h->logit_cap >= 0);
    EW_ASSERT(h->alibi_max >= 0 && is_finite(h->alibi_max));
    for (uint32_t i = 0; i < h->n_layers; i++) EW_ASSERT(!(h->layers[i] & EWI_LAYER_LOCAL) || h->window > 0);
    if (h->arch->positions != EWI_POSITIONS_ROPE || h->rope.kind == EWI_ROPE_PLAIN) return;
    ewi_rope_divisors(&h->rope, h->rope_base, h->rope_dims, divisors);
    for (uint32_t i = 0; i < h->rope_dims / 2; i++) EW_ASSERT(divisors[i] > 0 && divisors[i] <= 1e9);
    EW_ASSERT(ewi_rope_magnitude(&h->rope, h->n_ctx_train) > 0);
}

static void check(const ewi_hparams *h) {
    EW_ASSERT(h->arch);
    EW_ASSERT(h->n_layers >= 1 && h->n_layers <= EWI_MAX_LAYERS);
    EW_ASSERT(h->n_heads >= 1 && h->n_heads <= EWI_MAX_HEADS);
    EW_ASSERT(h->n_kv_heads >= 1 && h->n_heads % h->n_kv_heads == 0);
    EW_ASSERT(h->head_dim >= 1);
    EW_ASSERT(h->d_model >= 1 && h->d_model <= EWI_MAX_D_MODEL);
    EW_ASSERT(h->d_ffn >= 1 && h->d_ffn <= EWI_MAX_D_FFN);
    EW_ASSERT(h->n_vocab <= EWI_MAX_VOCAB);
    EW_ASSERT(h->n_experts <= EWI_MAX_EXPERTS && h->n_used <= h->n_experts);
    EW_ASSERT(!h->arch->has_experts || h->n_used >= 1);
    EW_ASSERT(h->n_ctx_train >= 1 && h->n_ctx_train <= EWI_MAX_CTX);
    if (h->arch->positions == EWI_POSITIONS_ROPE)
        EW_ASSERT(h->rope_dims >= 2 && h->rope_dims <= h->head_dim && h->rope_dims % 2 == 0);
    EW_ASSERT(h->rope_base >= 1 && h->rope_base <= 1e12);
    EW_ASSERT(h->norm_eps >= 0 && h->norm_eps < 1);
    /* Products of sizes that the engine makes stay far from 2^32. */
    EW_ASSERT((uint64_t)h->n_heads * h->head_dim <= (uint64_t)1 << 27);
    check_features(h);
}

static void check_sampling(ewi_bytes text, ewi_arena *arena) {
    ew_model_sampling s = EWI_SAMPLING_UNSAID;
    ew_error err;
    ew_status status = ewi_generation_config_read(text, arena, &s, &err);
    if (status) {
        EW_ASSERT(err.status == status && err.text[0]);
        return;
    }
    EW_ASSERT(s.temperature >= -1 && s.temperature <= 100 && s.repeat_penalty >= -1 &&
              s.repeat_penalty <= 100);
    EW_ASSERT(s.top_p >= -1 && s.top_p <= 1 && s.min_p >= -1 && s.min_p <= 1 && s.top_k >= -1);
}

static void check_adapter(ewi_bytes text, ewi_arena *arena) {
    ewi_peft_config config;
    ew_error err;
    ew_status status = ewi_peft_config_read(text, arena, &config, &err);
    if (status)
        EW_ASSERT(err.status == status && err.text[0]);
    else
        EW_ASSERT(config.rank <= EWI_ADAPTER_MAX_RANK && config.alpha - config.alpha == 0);
}

static void check_pooling(ewi_bytes text, ewi_arena *arena) {
    ew_pooling pooling;
    ew_error err;
    ew_status status = ewi_pooling_read(text, arena, &pooling, &err);
    if (status)
        EW_ASSERT(err.status == status && err.text[0]);
    else
        EW_ASSERT(pooling <= EW_POOLING_LAST);
    status = ewi_pooling_check_modules(text, arena, &err);
    EW_ASSERT(!status || (err.status == status && err.text[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ewi_checkpoint c = {.folder = "folder"};
    ewi_hparams h;
    ew_error err;
    ewi_bytes bytes = {data, size};
    ewi_arena_init(&c.arena, (size_t)16 << 20);
    ew_status status = EW_OK;
    if (ewi_bytes_are_gguf(bytes)) {
        c.kind = EWI_CHECKPOINT_GGUF;
        status = ewi_gguf_parse(bytes, &c.arena, &c.gguf, &err);
    } else {
        c.kind = EWI_CHECKPOINT_SAFETENSORS;
        c.config = bytes;
        check_sampling(bytes, &c.arena);
        check_adapter(bytes, &c.arena);
        check_pooling(bytes, &c.arena);
    }
    if (status == EW_OK) status = ewi_hparams_read(&c, &h, &err);
    if (status == EW_OK)
        check(&h);
    else
        EW_ASSERT(err.status == status && err.text[0]);
    ewi_arena_deinit(&c.arena);
    return 0;
}
