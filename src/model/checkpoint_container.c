/* checkpoint_container.c: a model package as a checkpoint: its small files checked against their digests, its
 * weights mapped as they are. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "crypto/sha256.h"
#include "model/checkpoint_parts.h"

static ew_status map_inside(ewi_checkpoint *c, const char *folder, const char *name, ewi_bytes *bytes,
                            ew_error *err) {
    char path[EWI_CHECKPOINT_PATH_BYTES];
    if (!ewi_path_join(path, sizeof path, folder, ewi_str(name)))
        return ewi_fail(err, EW_LIMIT, "%.200s: path too long", folder);
    return ewi_checkpoint_add_map(c, path, bytes, err);
}

/* A digest comes from a file, but consists of hexadecimal digits: the path stays inside. */
static ew_status map_blob(ewi_checkpoint *c, const char *folder, const ewi_blob *blob, ewi_bytes *bytes,
                          ew_error *err) {
    char name[sizeof "blobs/sha256/" + EWI_CONTAINER_HEX];
    snprintf(name, sizeof name, "blobs/sha256/%s", blob->hex);
    char path[EWI_CHECKPOINT_PATH_BYTES];
    /* A package without one of its blobs is a bad package, not a bad path. */
    if (ewi_path_join(path, sizeof path, folder, ewi_str(name)) && !ewi_is_file(path))
        return ewi_fail(err, EW_FORMAT, "%s: is missing", name);
    EWI_TRY(map_inside(c, folder, name, bytes, err));
    if (bytes->len == blob->size_bytes) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "%s: has %zu bytes, not %" PRIu64, name, bytes->len, blob->size_bytes);
}

static ew_status check_digest(const ewi_blob *blob, ewi_bytes bytes, ew_error *err) {
    char hex[EWI_SHA256_HEX];
    EWI_TRY(ewi_sha256_hex(bytes, hex, err));
    if (strcmp(hex, blob->hex) == 0) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "blobs/sha256/%s: its digest is %s: it was changed or damaged", blob->hex,
                    hex);
}

/* Every blob but the weights. One that the package does not have is empty. */
static ew_status map_checked(ewi_checkpoint *c, const char *folder, const ewi_blob *blob, ewi_bytes *bytes,
                             ew_error *err) {
    *bytes = (ewi_bytes){0};
    if (!blob->present) return EW_OK;
    EWI_TRY(map_blob(c, folder, blob, bytes, err));
    return check_digest(blob, *bytes, err);
}

static ew_status read_manifest(ewi_checkpoint *c, const char *folder, ew_error *err) {
    ewi_blob manifest;
    ewi_bytes bytes;
    EWI_TRY(map_inside(c, folder, "oci-layout", &bytes, err));
    EWI_TRY(ewi_container_read_layout(bytes, &c->arena, err));
    EWI_TRY(map_inside(c, folder, "index.json", &bytes, err));
    EWI_TRY(ewi_container_read_index(bytes, &c->arena, &manifest, err));
    EWI_TRY(map_checked(c, folder, &manifest, &bytes, err));
    EWI_TRY(ewi_container_read_manifest(bytes, &c->arena, &c->container, err));
    EWI_TRY(map_checked(c, folder, &c->container.blobs[EWI_BLOB_CONFIG], &bytes, err));
    return ewi_container_read_config(bytes, &c->arena, &c->container, err);
}

/* What the source said about itself. */
static ew_status read_source(ewi_checkpoint *c, const char *folder, ew_error *err) {
    const ewi_blob *blobs = c->container.blobs;
    ewi_bytes gguf;
    EWI_TRY(map_checked(c, folder, &blobs[EWI_BLOB_GGUF_METADATA], &gguf, err));
    EWI_TRY(map_checked(c, folder, &blobs[EWI_BLOB_HF_CONFIG], &c->config, err));
    EWI_TRY(map_checked(c, folder, &blobs[EWI_BLOB_HF_TOKENIZER], &c->tokenizer, err));
    EWI_TRY(map_checked(c, folder, &blobs[EWI_BLOB_HF_TOKENIZER_CONFIG], &c->tokenizer_config, err));
    EWI_TRY(map_checked(c, folder, &blobs[EWI_BLOB_HF_CHAT_TEMPLATE], &c->chat_template, err));
    EWI_TRY(map_checked(c, folder, &blobs[EWI_BLOB_HF_GENERATION_CONFIG], &c->generation_config, err));
    EWI_TRY(map_checked(c, folder, &blobs[EWI_BLOB_HF_POOLING], &c->pooling, err));
    c->kind = EWI_CHECKPOINT_GGUF;
    if (blobs[EWI_BLOB_GGUF_METADATA].present) return ewi_checkpoint_list_gguf(c, gguf, err);
    c->kind = EWI_CHECKPOINT_SAFETENSORS;
    return ewi_checkpoint_list_hf(c, NULL, 0, err);
}

static ew_status read_weights(ewi_checkpoint *c, const char *folder, ew_error *err) {
    const ewi_blob *blobs = c->container.blobs;
    ewi_bytes table, weights;
    EWI_TRY(map_checked(c, folder, &blobs[EWI_BLOB_TENSORS], &table, err));
    EWI_TRY(map_blob(c, folder, &blobs[EWI_BLOB_WEIGHTS], &weights, err));
    EWI_TRY(ewi_container_read_tensors(table, weights, &c->arena, &c->container, err));
    c->weights = weights;
    c->tensors = c->container.tensors;
    c->n_tensors = c->container.n_tensors;
    return EW_OK;
}

ew_status ewi_checkpoint_open_container(ewi_checkpoint *c, const char *path, ew_error *err) {
    c->is_container = true;
    c->n_shards = 1;
    EWI_TRY(read_manifest(c, path, err));
    EWI_TRY(read_source(c, path, err));
    if (c->gguf.n_tensors > 0) return ewi_fail(err, EW_FORMAT, "the GGUF metadata holds tensors of its own");
    return read_weights(c, path, err);
}

ew_status ewi_checkpoint_verify(const ewi_checkpoint *c, ew_error *err) {
    if (!c->is_container)
        return ewi_fail(err, EW_UNSUPPORTED, "only packages state digests: nothing to compare with");
    EWI_TRY(check_digest(&c->container.blobs[EWI_BLOB_WEIGHTS], c->weights, err));
    return ewi_checkpoint_check(c, err);
}
