#include "package/package_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/sha256.h"
#include "os/file.h"

#define MAX_TABLE_BYTES ((size_t)1 << 28)
#define MAX_BLOBS       EWI_N_BLOBS
#define NAME_BYTES      (sizeof "blobs/sha256/" + EWI_SHA256_HEX)

typedef struct written {
    ewi_blob_role role;
    char hex[EWI_SHA256_HEX];
    uint64_t size_bytes;
} written;

struct ewi_package {
    ewi_staging *staging;
    ewi_sha256 *hash; /* of the weights, while they are written */
    ewi_buffer table; /* the tensor table */
    uint64_t at, end; /* in the weights; where the tensor that is written ends */
    written blobs[MAX_BLOBS];
    size_t n_blobs;
};

/* ---- blobs ---- */

static ew_status finish_blob(ewi_package *p, ewi_blob_role role, const char *hex, uint64_t size,
                             ew_error *err) {
    char name[NAME_BYTES];
    EW_ASSERT(p->n_blobs < MAX_BLOBS);
    snprintf(name, sizeof name, "blobs/sha256/%s", hex);
    EWI_TRY(ewi_staging_finish(p->staging, name, err));
    written *blob = &p->blobs[p->n_blobs++];
    blob->role = role;
    blob->size_bytes = size;
    memcpy(blob->hex, hex, sizeof blob->hex);
    return EW_OK;
}

static ew_status write_file(ewi_package *p, ewi_bytes bytes, ew_error *err) {
    EWI_TRY(ewi_staging_create(p->staging, err));
    return ewi_staging_write(p->staging, bytes.data, bytes.len, err);
}

ew_status ewi_package_add(ewi_package *p, ewi_blob_role role, ewi_bytes bytes, ew_error *err) {
    char hex[EWI_SHA256_HEX];
    EW_ASSERT(!p->hash);
    EWI_TRY(ewi_sha256_hex(bytes, hex, err));
    EWI_TRY(write_file(p, bytes, err));
    return finish_blob(p, role, hex, bytes.len, err);
}

static ew_status add_buffer(ewi_package *p, ewi_blob_role role, const ewi_buffer *buffer, ew_error *err) {
    if (buffer->failed) return ewi_no_memory(err, "a package's tables");
    return ewi_package_add(p, role, (ewi_bytes){buffer->data, buffer->len}, err);
}

/* ---- opening ---- */

static ew_status check_replaced(const char *path, ew_error *err) {
    char layout[4096];
    bool exists = ewi_is_directory(path) || ewi_is_file(path);
    if (!exists || (ewi_path_join(layout, sizeof layout, path, EWI_STR("oci-layout")) && ewi_is_file(layout)))
        return EW_OK;
    return ewi_fail(err, EW_INVALID, "%s: is not a package: remove it yourself if it may go", path);
}

static ew_status open_parts(ewi_package *p, const char *path, const char *key, bool replace, ew_error *err) {
    if (replace) EWI_TRY(check_replaced(path, err));
    EWI_TRY(ewi_staging_open(path, key, replace, &p->staging, err));
    EWI_TRY(ewi_staging_folder(p->staging, "blobs", err));
    return ewi_staging_folder(p->staging, "blobs/sha256", err);
}

ew_status ewi_package_open(const char *path, const char *key, bool replace, ewi_package **out,
                           ew_error *err) {
    ewi_package *p = ewi_zalloc(sizeof *p);
    if (!p) return ewi_no_memory(err, "a package");
    ewi_buffer_init(&p->table, MAX_TABLE_BYTES);
    ew_status status = open_parts(p, path, key, replace, err);
    if (status == EW_OK)
        *out = p;
    else
        ewi_package_abandon(p);
    return status;
}

ewi_staging *ewi_package_staging(const ewi_package *p) {
    return p->staging;
}

void ewi_package_abandon(ewi_package *p) {
    if (!p) return;
    ewi_staging_abandon(p->staging);
    ewi_sha256_free(p->hash);
    ewi_buffer_deinit(&p->table);
    ewi_free(p);
}

/* ---- weights ---- */

static ew_status put(ewi_package *p, const void *data, size_t len, ew_error *err) {
    ewi_sha256_add(p->hash, data, len);
    p->at += len;
    return ewi_staging_write(p->staging, data, len, err);
}

static ew_status align(ewi_package *p, ew_error *err) {
    static const uint8_t zeros[EWI_CONTAINER_ALIGN];
    return put(p, zeros, (EWI_CONTAINER_ALIGN - p->at % EWI_CONTAINER_ALIGN) % EWI_CONTAINER_ALIGN, err);
}

static ew_status begin_weights(ewi_package *p, ew_error *err) {
    EWI_TRY(ewi_staging_create_kept(p->staging, err));
    ewi_buffer_printf(&p->table, "{\"tensors\":[");
    return ewi_sha256_new(&p->hash, err);
}

/* Whatever the locale's decimal point is. */
static void print_positive(ewi_buffer *out, float x) {
    char text[40];
    snprintf(text, sizeof text, "%.8e", (double)x);
    const char *exponent = strchr(text, 'e');
    ewi_buffer_printf(out, "%c.%.8s%s", text[0], exponent - 8, exponent);
}

static void list_tensor(ewi_package *p, const ewi_tensor *tensor) {
    ewi_buffer *out = &p->table;
    ewi_buffer_printf(out, "%s\n{\"name\":", p->at ? "," : "");
    ewi_buffer_json_string(out, tensor->name);
    ewi_buffer_printf(out, ",\"dtype\":\"%s\",\"layout\":\"%s\",\"dims\":[",
                      ewi_dtype_get(tensor->dtype)->name, tensor->packed ? "packed" : "plain");
    for (uint32_t i = 0; i < tensor->n_dims; i++)
        ewi_buffer_printf(out, "%s%" PRIu64, i ? "," : "", tensor->dims[i]);
    ewi_buffer_printf(out, "],\"offset\":%" PRIu64 ",\"size\":%" PRIu64, p->at, tensor->size_bytes);
    if (tensor->input_scale > 0) {
        ewi_buffer_printf(out, ",\"input_scale\":");
        print_positive(out, tensor->input_scale);
    }
    ewi_buffer_printf(out, "}");
}

ew_status ewi_package_tensor(ewi_package *p, const ewi_tensor *tensor, ew_error *err) {
    EW_ASSERT(p->at == p->end);
    if (!p->hash) EWI_TRY(begin_weights(p, err));
    EWI_TRY(align(p, err));
    list_tensor(p, tensor);
    p->end = p->at + tensor->size_bytes;
    return EW_OK;
}

ew_status ewi_package_data(ewi_package *p, const void *data, size_t len, ew_error *err) {
    EW_ASSERT(p->hash && len <= p->end - p->at);
    return put(p, data, len, err);
}

static ew_status end_weights(ewi_package *p, ew_error *err) {
    uint8_t digest[EWI_SHA256_BYTES];
    char hex[EWI_SHA256_HEX];
    EW_ASSERT(p->hash && p->at == p->end);
    ewi_sha256 *hash = p->hash;
    p->hash = NULL;
    EWI_TRY(ewi_sha256_end(hash, digest, err));
    ewi_hex(digest, sizeof digest, hex);
    EWI_TRY(finish_blob(p, EWI_BLOB_WEIGHTS, hex, p->at, err));
    ewi_buffer_printf(&p->table, "\n]}\n");
    return add_buffer(p, EWI_BLOB_TENSORS, &p->table, err);
}

/* ---- manifest and index ---- */

static void print_descriptor(ewi_buffer *out, const char *media_type, const written *blob) {
    ewi_buffer_printf(out, "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%" PRIu64 "}", media_type,
                      blob->hex, blob->size_bytes);
}

static void print_layers(const ewi_package *p, ewi_buffer *out) {
    const char *between = "\n";
    for (size_t i = 0; i < p->n_blobs; i++) {
        if (p->blobs[i].role == EWI_BLOB_CONFIG) continue;
        ewi_buffer_printf(out, "%s", between);
        print_descriptor(out, ewi_blob_media_type(p->blobs[i].role), &p->blobs[i]);
        between = ",\n";
    }
}

static void print_manifest(const ewi_package *p, const ewi_package_notes *notes, ewi_buffer *out) {
    size_t config = 0;
    while (p->blobs[config].role != EWI_BLOB_CONFIG) config++;
    ewi_buffer_printf(out, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"%s\",\n\"config\":",
                      EWI_CONTAINER_MANIFEST_TYPE, EWI_CONTAINER_ARTIFACT_TYPE);
    print_descriptor(out, ewi_blob_media_type(EWI_BLOB_CONFIG), &p->blobs[config]);
    ewi_buffer_printf(out, ",\n\"layers\":[");
    print_layers(p, out);
    ewi_buffer_printf(
        out,
        "],\n\"annotations\":{\"vnd.edgewise.model.type\":\"%s\",\"vnd.edgewise.model.tool\":\"edgewise "
        "%s\",\"vnd.edgewise.model.source\":\"%s\"}}\n",
        notes->type, ew_version(), notes->source);
}

static ew_status write_named(ewi_package *p, const char *name, ewi_bytes bytes, ew_error *err) {
    EWI_TRY(write_file(p, bytes, err));
    return ewi_staging_finish(p->staging, name, err);
}

static ew_status write_index(ewi_package *p, const written *manifest, ew_error *err) {
    char text[1024];
    int n = snprintf(text, sizeof text,
                     "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\n"
                     "\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%" PRIu64
                     ",\"artifactType\":\"%s\"}]}\n",
                     EWI_CONTAINER_MANIFEST_TYPE, manifest->hex, manifest->size_bytes,
                     EWI_CONTAINER_ARTIFACT_TYPE);
    EWI_TRY(write_named(p, "index.json", (ewi_bytes){(const uint8_t *)text, (size_t)n}, err));
    static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}\n";
    return write_named(p, "oci-layout", (ewi_bytes){(const uint8_t *)layout, sizeof layout - 1}, err);
}

static ew_status write_manifest(ewi_package *p, const ewi_package_notes *notes, ew_error *err) {
    written manifest = {0};
    char name[NAME_BYTES];
    ewi_buffer text;
    ewi_buffer_init(&text, 1u << 16);
    print_manifest(p, notes, &text);
    ewi_bytes bytes = {text.data, text.len};
    manifest.size_bytes = bytes.len;
    ew_status status =
        text.failed ? ewi_no_memory(err, "a manifest") : ewi_sha256_hex(bytes, manifest.hex, err);
    snprintf(name, sizeof name, "blobs/sha256/%s", manifest.hex);
    if (status == EW_OK) status = write_named(p, name, bytes, err);
    ewi_buffer_deinit(&text);
    return status == EW_OK ? write_index(p, &manifest, err) : status;
}

ew_status ewi_package_close(ewi_package *p, const ewi_package_notes *notes, ew_error *err) {
    EWI_TRY(end_weights(p, err));
    EWI_TRY(write_manifest(p, notes, err));
    EWI_TRY(ewi_staging_commit(p->staging, err));
    p->staging = NULL;
    ewi_package_abandon(p);
    return EW_OK;
}
