#include "engine/prefix_key.h"

#include <string.h>

#include "base/error.h"
#include "engine/kept.h"
#include "model/adapter.h"

static void add_text(ewi_sha256 *hash, const char *text) {
    ewi_sha256_add(hash, text, strlen(text) + 1);
}

static void add_number(ewi_sha256 *hash, uint64_t number) {
    ewi_sha256_add(hash, &number, sizeof number);
}

static void add_model(ewi_sha256 *hash, const ew_model *model) {
    const ewi_checkpoint *c = &model->checkpoint;
    if (!c->is_container) {
        ewi_kept_add_source(hash, c);
        return;
    }
    for (size_t i = 0; i < EWI_N_BLOBS; i++)
        if (c->container.blobs[i].present) add_text(hash, c->container.blobs[i].hex);
}

ew_status ewi_prefix_key_engine(const ew_engine *e, uint8_t digest[EWI_SHA256_BYTES], ew_error *err) {
    ewi_sha256 *hash;
    EWI_TRY(ewi_sha256_new(&hash, err));
    add_text(hash, "edgewise prefix");
    add_text(hash, ew_version());
    add_text(hash, e->exact ? "exact" : ewi_cpu_name(e->kern->level));
    add_model(hash, e->model);
    add_number(hash, e->shape.k);
    add_number(hash, e->shape.v);
    add_number(hash, e->shape.block_bytes);
    add_number(hash, e->static_activations);
    return ewi_sha256_end(hash, digest, err);
}

static void add_tensor(ewi_sha256 *hash, const ewi_tensor *tensor) {
    add_number(hash, tensor->dtype);
    add_number(hash, tensor->size_bytes);
    ewi_sha256_add(hash, tensor->data, (size_t)tensor->size_bytes);
}

static void add_name(ewi_sha256 *hash, ew_str name) {
    add_number(hash, name.len);
    ewi_sha256_add(hash, name.data, name.len);
}

ew_status ewi_prefix_key_adapter(const ew_adapter *adapter, uint8_t digest[EWI_SHA256_BYTES], ew_error *err) {
    /* Pairs are sorted by where their weights lie, which differs from run to run: no order shows in a sum. */
    uint8_t sum[EWI_SHA256_BYTES] = {0};
    for (size_t i = 0; i < adapter->n_pairs; i++) {
        const ewi_adapter_pair *pair = &adapter->pairs[i];
        ewi_sha256 *hash;
        EWI_TRY(ewi_sha256_new(&hash, err));
        add_name(hash, pair->weight->name);
        add_tensor(hash, pair->a);
        add_tensor(hash, pair->b);
        ewi_sha256_add(hash, &pair->scale, sizeof pair->scale);
        EWI_TRY(ewi_sha256_end(hash, digest, err));
        for (size_t k = 0; k < sizeof sum; k++) sum[k] ^= digest[k];
    }
    memcpy(digest, sum, sizeof sum);
    return EW_OK;
}

ew_status ewi_prefix_key_next(const uint8_t parent[EWI_SHA256_BYTES], ewi_bytes bytes,
                              uint8_t digest[EWI_SHA256_BYTES], ew_error *err) {
    ewi_sha256 *hash;
    EWI_TRY(ewi_sha256_new(&hash, err));
    ewi_sha256_add(hash, parent, EWI_SHA256_BYTES);
    ewi_sha256_add(hash, bytes.data, bytes.len);
    return ewi_sha256_end(hash, digest, err);
}
