#include "format/container.h"

#include <inttypes.h>

#include "base/error.h"
#include "format/json.h"

static const struct {
    const char *media_type;
    bool always;
} blob_infos[EWI_N_BLOBS] = {
#define EWI_BLOB_INFO(role, media_type, always) {media_type, always},
    EWI_BLOB_MAP(EWI_BLOB_INFO)
#undef EWI_BLOB_INFO
};

const char *ewi_blob_media_type(ewi_blob_role role) {
    return blob_infos[role].media_type;
}

/* ---- members ---- */

/* Reads the member `key` into `target`; one that is not known is passed over or refused. */
typedef ew_status (*read_member)(ewi_json *json, ew_str key, void *target, ew_error *err);

static ew_status read_object(ewi_json *json, read_member member, void *target, ew_error *err) {
    ew_str key;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) EWI_TRY(member(json, key, target, err));
    return ewi_json_check(json, err);
}

static ew_status read_file(ewi_bytes bytes, ewi_arena *arena, read_member member, void *target,
                           ew_error *err) {
    ewi_json json;
    ewi_json_init(&json, bytes, arena);
    EWI_TRY(read_object(&json, member, target, err));
    return ewi_json_end(&json, err);
}

static ew_status fail_twice(ew_str key, ew_error *err) {
    return ewi_fail(err, EW_FORMAT, "\"%.*s\" is there twice", EWI_STR_ARG(key));
}

static ew_status fail_unknown(ew_str key, ew_error *err) {
    return ewi_fail(err, EW_UNSUPPORTED, "member \"%.*s\" is not known to this version", EWI_STR_ARG(key));
}

/* A string that must not have been set yet. */
static ew_status read_once(ewi_json *json, ew_str key, ew_str *out, ew_error *err) {
    if (out->data) return fail_twice(key, err);
    return ewi_json_read_string(json, out, err);
}

static ew_status expect_text(ew_str found, const char *what, const char *want, ew_error *err) {
    if (ewi_str_is(found, want)) return EW_OK;
    if (!found.data) return ewi_fail(err, EW_FORMAT, "%s is missing", what);
    return ewi_fail(err, EW_UNSUPPORTED, "%s is \"%.*s\", not \"%s\"", what, EWI_STR_ARG(found), want);
}

/* ---- descriptors ---- */

typedef struct descriptor {
    ew_str media_type, digest;
    uint64_t size;
    bool has_size;
} descriptor;

static ew_status descriptor_member(ewi_json *json, ew_str key, void *target, ew_error *err) {
    descriptor *d = target;
    if (ewi_str_is(key, "mediaType")) return read_once(json, key, &d->media_type, err);
    if (ewi_str_is(key, "digest")) return read_once(json, key, &d->digest, err);
    if (!ewi_str_is(key, "size")) return ewi_json_skip(json, err);
    if (d->has_size) return fail_twice(key, err);
    d->has_size = true;
    return ewi_json_read_u64(json, &d->size, err);
}

static bool is_hex(ew_str text) {
    for (size_t i = 0; i < text.len; i++)
        if (!(text.data[i] >= '0' && text.data[i] <= '9') && !(text.data[i] >= 'a' && text.data[i] <= 'f'))
            return false;
    return true;
}

static ew_status read_descriptor(ewi_json *json, ew_str *media_type, ewi_blob *out, ew_error *err) {
    descriptor d = {0};
    EWI_TRY(read_object(json, descriptor_member, &d, err));
    if (!d.media_type.data || !d.digest.data || !d.has_size)
        return ewi_fail(err, EW_FORMAT, "a descriptor lacks mediaType, digest or size");
    ew_str hex = {d.digest.data + 7, d.digest.len - 7};
    if (d.digest.len != 71 || !ewi_str_starts(d.digest, "sha256:") || !is_hex(hex))
        return ewi_fail(err, EW_FORMAT, "digest \"%.*s\" is not sha256: and 64 hexadecimal digits",
                        EWI_STR_ARG(d.digest));
    *media_type = d.media_type;
    out->present = true;
    out->size_bytes = d.size;
    memcpy(out->hex, hex.data, hex.len);
    out->hex[hex.len] = '\0';
    return EW_OK;
}

/* ---- oci-layout, index.json ---- */

static ew_status layout_member(ewi_json *json, ew_str key, void *target, ew_error *err) {
    if (ewi_str_is(key, "imageLayoutVersion")) return read_once(json, key, target, err);
    return ewi_json_skip(json, err);
}

ew_status ewi_container_read_layout(ewi_bytes json, ewi_arena *arena, ew_error *err) {
    ew_str version = {0};
    ew_status status = read_file(json, arena, layout_member, &version, err);
    if (status == EW_OK) status = expect_text(version, "imageLayoutVersion", "1.0.0", err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "oci-layout");
}

static ew_status read_schema(ewi_json *json, uint64_t *schema, ew_error *err) {
    EWI_TRY(ewi_json_read_u64(json, schema, err));
    if (*schema == 2) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "schemaVersion %" PRIu64 ": 2 can be read", *schema);
}

typedef struct index_file {
    ewi_blob *manifest;
    uint64_t schema;
} index_file;

static ew_status index_member(ewi_json *json, ew_str key, void *target, ew_error *err) {
    index_file *index = target;
    ew_str media_type;
    if (ewi_str_is(key, "schemaVersion")) return read_schema(json, &index->schema, err);
    if (!ewi_str_is(key, "manifests")) return ewi_json_skip(json, err);
    EWI_TRY(ewi_json_enter_array(json, err));
    while (ewi_json_next_item(json)) {
        if (index->manifest->present)
            return ewi_fail(err, EW_UNSUPPORTED, "more than one manifest: a package holds one model");
        EWI_TRY(read_descriptor(json, &media_type, index->manifest, err));
        EWI_TRY(expect_text(media_type, "the manifest's mediaType", EWI_CONTAINER_MANIFEST_TYPE, err));
    }
    return ewi_json_check(json, err);
}

ew_status ewi_container_read_index(ewi_bytes json, ewi_arena *arena, ewi_blob *manifest, ew_error *err) {
    index_file index = {manifest, 0};
    *manifest = (ewi_blob){0};
    ew_status status = read_file(json, arena, index_member, &index, err);
    if (status == EW_OK && (!index.schema || !manifest->present))
        status = ewi_fail(err, EW_FORMAT, "schemaVersion or the manifest is missing");
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "index.json");
}

/* ---- the manifest ---- */

typedef struct manifest_file {
    ewi_container *container;
    uint64_t schema;
    ew_str artifact_type;
} manifest_file;

static ew_status add_blob(ewi_container *c, ew_str media_type, const ewi_blob *blob, bool is_config,
                          ew_error *err) {
    for (unsigned role = 0; role < EWI_N_BLOBS; role++) {
        if (!ewi_str_is(media_type, blob_infos[role].media_type)) continue;
        if (c->blobs[role].present)
            return ewi_fail(err, EW_FORMAT, "two blobs of type %s", blob_infos[role].media_type);
        if ((role == EWI_BLOB_CONFIG) != is_config) break;
        c->blobs[role] = *blob;
        return EW_OK;
    }
    return ewi_fail(err, EW_UNSUPPORTED, "%s of type \"%.*s\" is not known to this version",
                    is_config ? "a config" : "a layer", EWI_STR_ARG(media_type));
}

static ew_status read_blob(ewi_json *json, ewi_container *c, bool is_config, ew_error *err) {
    ewi_blob blob = {0};
    ew_str media_type;
    EWI_TRY(read_descriptor(json, &media_type, &blob, err));
    return add_blob(c, media_type, &blob, is_config, err);
}

static ew_status read_layers(ewi_json *json, ewi_container *c, ew_error *err) {
    EWI_TRY(ewi_json_enter_array(json, err));
    while (ewi_json_next_item(json)) EWI_TRY(read_blob(json, c, false, err));
    return ewi_json_check(json, err);
}

static ew_status manifest_member(ewi_json *json, ew_str key, void *target, ew_error *err) {
    manifest_file *m = target;
    if (ewi_str_is(key, "schemaVersion")) return read_schema(json, &m->schema, err);
    if (ewi_str_is(key, "artifactType")) return read_once(json, key, &m->artifact_type, err);
    if (ewi_str_is(key, "config")) return read_blob(json, m->container, true, err);
    if (ewi_str_is(key, "layers")) return read_layers(json, m->container, err);
    return ewi_json_skip(json, err);
}

static ew_status check_blobs(const ewi_container *c, ew_error *err) {
    for (unsigned role = 0; role < EWI_N_BLOBS; role++)
        if (blob_infos[role].always && !c->blobs[role].present)
            return ewi_fail(err, EW_FORMAT, "no blob of type %s", blob_infos[role].media_type);
    bool gguf = c->blobs[EWI_BLOB_GGUF_METADATA].present, hf = false;
    for (unsigned role = EWI_BLOB_HF_CONFIG; role <= EWI_BLOB_HF_GENERATION_CONFIG; role++)
        hf |= c->blobs[role].present;
    if (gguf != hf && (gguf || c->blobs[EWI_BLOB_HF_CONFIG].present)) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "a model has either GGUF metadata or a Hugging Face config");
}

ew_status ewi_container_read_manifest(ewi_bytes json, ewi_arena *arena, ewi_container *out, ew_error *err) {
    manifest_file m = {.container = out};
    *out = (ewi_container){0};
    ew_status status = read_file(json, arena, manifest_member, &m, err);
    if (status == EW_OK && !m.schema) status = ewi_fail(err, EW_FORMAT, "schemaVersion is missing");
    if (status == EW_OK)
        status = expect_text(m.artifact_type, "artifactType", EWI_CONTAINER_ARTIFACT_TYPE, err);
    if (status == EW_OK) status = check_blobs(out, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "manifest");
}

/* ---- the config ---- */

typedef struct config_file {
    uint64_t version;
    ew_str type, source, ranges;
    bool is_scaled, has_scaled;
} config_file;

static ew_status read_scaled(ewi_json *json, ew_str key, config_file *c, ew_error *err) {
    if (c->has_scaled) return fail_twice(key, err);
    c->has_scaled = true;
    return ewi_json_read_bool(json, &c->is_scaled, err);
}

static ew_status config_member(ewi_json *json, ew_str key, void *target, ew_error *err) {
    config_file *c = target;
    if (ewi_str_is(key, "type")) return read_once(json, key, &c->type, err);
    if (ewi_str_is(key, "source")) return read_once(json, key, &c->source, err);
    if (ewi_str_is(key, "activation_ranges")) return read_once(json, key, &c->ranges, err);
    if (ewi_str_is(key, "scaled")) return read_scaled(json, key, c, err);
    if (!ewi_str_is(key, "version")) return fail_unknown(key, err);
    EWI_TRY(ewi_json_read_u64(json, &c->version, err));
    if (c->version == EWI_CONTAINER_VERSION) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "version %" PRIu64 ": version %u can be read", c->version,
                    EWI_CONTAINER_VERSION);
}

static ew_status check_config(const config_file *config, const ewi_container *c, ew_error *err) {
    if (!config->version || !ewi_name_valid(config->type))
        return ewi_fail(err, EW_FORMAT, "version or type is missing");
    if (config->ranges.data && !ewi_name_valid(config->ranges))
        return ewi_fail(err, EW_FORMAT, "activation_ranges has no printable name");
    return expect_text(config->source, "source",
                       c->blobs[EWI_BLOB_GGUF_METADATA].present ? "gguf" : "huggingface", err);
}

ew_status ewi_container_read_config(ewi_bytes json, ewi_arena *arena, ewi_container *out, ew_error *err) {
    config_file config = {0};
    ew_status status = read_file(json, arena, config_member, &config, err);
    if (status == EW_OK) status = check_config(&config, out, err);
    if (status != EW_OK) return ewi_fail_at(err, status, "config");
    out->type = config.type;
    out->ranges = config.ranges;
    out->is_scaled = config.is_scaled;
    return EW_OK;
}

const ewi_tensor *ewi_container_find(const ewi_container *container, ew_str name) {
    size_t i;
    return ewi_name_index_find(&container->names, name, &i) ? &container->tensors[i] : NULL;
}
