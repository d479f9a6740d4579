#include "engine/package_out.h"

#include <stdio.h>

#include "base/error.h"
#include "base/mem.h"
#include "crypto/sha256.h"
#include "os/pages.h"

#define HASH_BYTES ((size_t)8 << 20) /* of the source at a time */

/* ---- the source's own metadata ---- */

/* The GGUF file up to the end of its metadata, with 0 for the number of tensors. */
static ew_status add_gguf(ewi_package *package, const ewi_checkpoint *source, ew_error *err) {
    const ewi_gguf *gguf = &source->gguf;
    ewi_bytes file = ewi_map_bytes(source->maps[0]);
    size_t len = 24;
    if (gguf->n_kv > 0) {
        const ewi_bytes last = gguf->kv[gguf->n_kv - 1].value;
        len = (size_t)(last.data - file.data) + last.len;
    }
    uint8_t *header = ewi_alloc(len);
    if (!header) return ewi_no_memory(err, "the metadata");
    memcpy(header, file.data, len);
    memset(header + 8, 0, 8);
    ew_status status = ewi_package_add(package, EWI_BLOB_GGUF_METADATA, (ewi_bytes){header, len}, err);
    ewi_free(header);
    return status;
}

static ew_status add_file(ewi_package *package, const ewi_checkpoint *source, ewi_blob_role role,
                          const char *name, ew_error *err) {
    char path[4096];
    ewi_map *map;
    if (!ewi_path_join(path, sizeof path, source->folder, ewi_str(name)) || !ewi_is_file(path)) return EW_OK;
    EWI_TRY(ewi_map_open(path, &map, err));
    ew_status status = ewi_package_add(package, role, ewi_map_bytes(map), err);
    if (status == EW_OK) status = ewi_map_check(map, err);
    ewi_map_close(map);
    return status;
}

static ew_status add_folder(ewi_package *package, const ewi_checkpoint *source, ew_error *err) {
    static const struct {
        ewi_blob_role role;
        const char *name;
    } files[] = {{EWI_BLOB_HF_TOKENIZER, "tokenizer.json"},
                 {EWI_BLOB_HF_TOKENIZER_CONFIG, "tokenizer_config.json"},
                 {EWI_BLOB_HF_CHAT_TEMPLATE, "chat_template.jinja"},
                 {EWI_BLOB_HF_GENERATION_CONFIG, "generation_config.json"},
                 {EWI_BLOB_HF_POOLING, "1_Pooling/config.json"}};
    EWI_TRY(ewi_package_add(package, EWI_BLOB_HF_CONFIG, source->config, err));
    for (size_t i = 0; i < EWI_COUNT(files); i++)
        EWI_TRY(add_file(package, source, files[i].role, files[i].name, err));
    return EW_OK;
}

static ew_status add_config(ewi_package *package, const ewi_checkpoint *source,
                            const ewi_package_out_config *config, ew_error *err) {
    char text[200], ranges[40] = "";
    const char *scaled = config->is_scaled ? ",\"scaled\":true" : "";
    if (config->activation_ranges)
        snprintf(ranges, sizeof ranges, ",\"activation_ranges\":\"%s\"", config->activation_ranges);
    const char *from = source->kind == EWI_CHECKPOINT_GGUF ? "gguf" : "huggingface";
    int n = snprintf(text, sizeof text, "{\"version\":%u,\"type\":\"%s\",\"source\":\"%s\"%s%s}\n",
                     EWI_CONTAINER_VERSION, config->type, from, ranges, scaled);
    return ewi_package_add(package, EWI_BLOB_CONFIG, (ewi_bytes){(const uint8_t *)text, (size_t)n}, err);
}

ew_status ewi_package_out_begin(ewi_package *package, const ewi_checkpoint *source,
                                const ewi_package_out_config *config, ew_error *err) {
    EWI_TRY(add_config(package, source, config, err));
    if (source->kind == EWI_CHECKPOINT_GGUF) return add_gguf(package, source, err);
    return add_folder(package, source, err);
}

/* ---- its digest ---- */

/* Of all files that were mapped, one after the other: of a GGUF file what sha256sum says. */
static ew_status hash_maps(const ewi_checkpoint *source, ewi_sha256 *hash, ewi_tell tell, void *user,
                           ew_error *err) {
    for (size_t i = 0; i < source->n_maps; i++) {
        ewi_bytes bytes = ewi_map_bytes(source->maps[i]);
        for (size_t at = 0; at < bytes.len; at += HASH_BYTES) {
            size_t n = bytes.len - at < HASH_BYTES ? bytes.len - at : HASH_BYTES;
            ewi_sha256_add(hash, bytes.data + at, n);
            ewi_pages_drop(bytes.data + at, n);
            EWI_TRY(tell(user, err));
        }
    }
    return EW_OK;
}

static ew_status hash_source(const ewi_checkpoint *source, ewi_tell tell, void *user, char text[80],
                             ew_error *err) {
    uint8_t digest[EWI_SHA256_BYTES];
    char hex[EWI_SHA256_HEX];
    ewi_sha256 *hash;
    EWI_TRY(ewi_sha256_new(&hash, err));
    ew_status status = hash_maps(source, hash, tell, user, err);
    if (status != EW_OK) {
        ewi_sha256_free(hash);
        return status;
    }
    EWI_TRY(ewi_sha256_end(hash, digest, err));
    ewi_hex(digest, sizeof digest, hex);
    snprintf(text, 80, "sha256:%s", hex);
    return EW_OK;
}

ew_status ewi_package_out_end(ewi_package *package, const ewi_checkpoint *source, const char *type,
                              ewi_tell tell, void *user, ew_error *err) {
    char digest[80];
    EWI_TRY(hash_source(source, tell, user, digest, err));
    return ewi_package_close(package, &(ewi_package_notes){type, digest}, err);
}
