/*
 * container.h: a model package (docs/container.md), file by file: bytes to checked views.
 *
 * A package is an OCI image layout (opencontainers/image-spec) whose index names one manifest, and that
 * names the blobs of one model. A digest is checked to be 64 hexadecimal digits, so that a blob's path
 * stays inside the package; whether a file has the digest is the caller's to compare. Members that OCI
 * defines and that say nothing here are passed over; in files of our own every member is known. Slices
 * borrow from the bytes (with escapes: from the arena), tables from the arena. Results are immutable and
 * may be shared by threads.
 *
 *     EWI_TRY(ewi_container_read_layout(layout_bytes, &arena, err));
 *     EWI_TRY(ewi_container_read_index(index_bytes, &arena, &manifest, err));
 *     EWI_TRY(ewi_container_read_manifest(manifest_bytes, &arena, &container, err));
 *     EWI_TRY(ewi_container_read_config(config_bytes, &arena, &container, err));
 *     EWI_TRY(ewi_container_read_tensors(table_bytes, weights, &arena, &container, err));
 */
#ifndef EW_FORMAT_CONTAINER_H
#define EW_FORMAT_CONTAINER_H

#include "base/arena.h"
#include "base/slice.h"
#include "format/name.h"
#include "tensor/tensor.h"

#define EWI_CONTAINER_MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define EWI_CONTAINER_ARTIFACT_TYPE "application/vnd.edgewise.model.v1"
#define EWI_CONTAINER_VERSION       1u
#define EWI_CONTAINER_ALIGN         64u /* bytes; of each tensor in the weights */
#define EWI_CONTAINER_MAX_TENSORS   262144u
#define EWI_CONTAINER_HEX           65

/* X(role, media type, whether every package has it) */
#define EWI_BLOB_MAP(X)                                                                           \
    X(CONFIG, "application/vnd.edgewise.model.config.v1+json", true)                              \
    X(GGUF_METADATA, "application/vnd.edgewise.model.metadata.v1.gguf", false)                    \
    X(HF_CONFIG, "application/vnd.edgewise.model.hf-config.v1+json", false)                       \
    X(HF_TOKENIZER, "application/vnd.edgewise.model.hf-tokenizer.v1+json", false)                 \
    X(HF_TOKENIZER_CONFIG, "application/vnd.edgewise.model.hf-tokenizer-config.v1+json", false)   \
    X(HF_CHAT_TEMPLATE, "application/vnd.edgewise.model.hf-chat-template.v1.jinja", false)        \
    X(HF_GENERATION_CONFIG, "application/vnd.edgewise.model.hf-generation-config.v1+json", false) \
    X(HF_POOLING, "application/vnd.edgewise.model.hf-pooling.v1+json", false)                     \
    X(TENSORS, "application/vnd.edgewise.model.tensors.v1+json", true)                            \
    X(WEIGHTS, "application/vnd.edgewise.model.weights.v1", true)

typedef enum ewi_blob_role {
#define EWI_BLOB_ENUM(role, media_type, always) EWI_BLOB_##role,
    EWI_BLOB_MAP(EWI_BLOB_ENUM)
#undef EWI_BLOB_ENUM
        EWI_N_BLOBS
} ewi_blob_role;

const char *ewi_blob_media_type(ewi_blob_role role);

typedef struct ewi_blob {
    bool present;
    char hex[EWI_CONTAINER_HEX]; /* of the SHA-256 digest */
    uint64_t size_bytes;
} ewi_blob;

typedef struct ewi_container {
    ewi_blob blobs[EWI_N_BLOBS];
    ew_str type;    /* "q4s": what the weights were quantized to */
    ew_str ranges;  /* "p99.99": how tensors' input_scale was found; empty: there are none */
    bool is_scaled; /* channels between layers were: adapters of the original do not fit */
    size_t n_tensors;
    const ewi_tensor *tensors; /* in the order of the table; offsets are those in the weights */
    ewi_name_index names;      /* private */
} ewi_container;

/* Errors of all: EW_FORMAT, EW_UNSUPPORTED (a version, media type or member that is not known), EW_LIMIT,
 * EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_container_read_layout(ewi_bytes json, ewi_arena *arena, ew_error *err);
EWI_NODISCARD ew_status ewi_container_read_index(ewi_bytes json, ewi_arena *arena, ewi_blob *manifest,
                                                 ew_error *err);
/* Fills blobs. */
EWI_NODISCARD ew_status ewi_container_read_manifest(ewi_bytes json, ewi_arena *arena, ewi_container *out,
                                                    ew_error *err);
/* Fills type, ranges and is_scaled. */
EWI_NODISCARD ew_status ewi_container_read_config(ewi_bytes json, ewi_arena *arena, ewi_container *out,
                                                  ew_error *err);
/* Fills tensors: each lies in the weights as its type wants, and no byte belongs to two or to none. */
EWI_NODISCARD ew_status ewi_container_read_tensors(ewi_bytes json, ewi_bytes weights, ewi_arena *arena,
                                                   ewi_container *out, ew_error *err);

/* NULL when absent. */
const ewi_tensor *ewi_container_find(const ewi_container *container, ew_str name);

#endif
