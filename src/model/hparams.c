#include "model/hparams.h"

#include "base/error.h"

static ew_status check_attention(const ewi_hparams *h, ew_error *err) {
    if (h->n_heads % h->n_kv_heads != 0)
        return ewi_fail(err, EW_FORMAT, "%u attention heads cannot share %u key/value heads evenly",
                        h->n_heads, h->n_kv_heads);
    if (h->rope_dims > h->head_dim || h->rope_dims % 2 != 0)
        return ewi_fail(err, EW_FORMAT, "%u of the %u dimensions of a head cannot rotate in pairs",
                        h->rope_dims, h->head_dim);
    return EW_OK;
}

static ew_status read_config(ewi_checkpoint *checkpoint, ewi_hparams *out, ew_error *err) {
    if (!checkpoint->config.len)
        return ewi_fail(err, EW_FORMAT,
                        "no config.json beside the weights: put the model's config.json into their folder");
    ew_status status = ewi_hparams_from_hf(checkpoint->config, &checkpoint->arena, out, err);
    if (status == EW_OK) status = check_attention(out, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "config.json");
}

ew_status ewi_hparams_read(ewi_checkpoint *checkpoint, ewi_hparams *out, ew_error *err) {
    *out = (ewi_hparams){0};
    if (checkpoint->kind != EWI_CHECKPOINT_GGUF) return read_config(checkpoint, out, err);
    EWI_TRY(ewi_hparams_from_gguf(&checkpoint->gguf, out, err));
    return check_attention(out, err);
}
