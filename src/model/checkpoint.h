/*
 * checkpoint.h: the files of one model, whatever their format, as one list of tensors over mappings.
 *
 * A GGUF file, or the first of the files that one was split into (NAME-00001-of-00003.gguf), whose metadata
 * is the model's; a safetensors file; a folder with model.safetensors, or with model.safetensors.index.json
 * and its shards; or a package (docs/container.md), whose metadata is that of the GGUF file or the folder
 * that it was made from. For safetensors, config.json beside the weights is mapped when it exists. All
 * structure is checked on opening. Immutable, shared.
 *
 *     ewi_checkpoint checkpoint;
 *     EWI_TRY(ewi_checkpoint_open(path, &checkpoint, err));
 *     const ewi_tensor *w = ewi_checkpoint_find(&checkpoint, EWI_STR("token_embd.weight"));
 *     ewi_checkpoint_close(&checkpoint);
 */
#ifndef EW_MODEL_CHECKPOINT_H
#define EW_MODEL_CHECKPOINT_H

#include "format/container.h"
#include "format/gguf.h"
#include "format/safetensors.h"
#include "format/shard_index.h"
#include "os/file.h"

/* Where metadata and names come from. */
typedef enum ewi_checkpoint_kind { EWI_CHECKPOINT_GGUF, EWI_CHECKPOINT_SAFETENSORS } ewi_checkpoint_kind;

/* One entry of metadata: of a GGUF file, or JSON text (a member of config.json or of __metadata__). */
typedef struct ewi_checkpoint_meta {
    ew_str key;
    const ewi_gguf_kv *kv; /* NULL: text holds the value */
    ew_str text;
    bool is_json; /* text is JSON, not a plain string */
} ewi_checkpoint_meta;

typedef struct ewi_checkpoint {
    ewi_checkpoint_kind kind;
    ewi_arena arena;
    size_t n_maps;
    ewi_map **maps;     /* the GGUF files, or the shards, then config.json and the index where they exist */
    ewi_gguf gguf;      /* EWI_CHECKPOINT_GGUF: the first file */
    ewi_bytes config;   /* EWI_CHECKPOINT_SAFETENSORS: config.json; len 0 = absent */
    const char *folder; /* EWI_CHECKPOINT_SAFETENSORS: where config.json and tokenizer.json lie */
    bool is_container;
    ewi_container container; /* with its config and table; the rest only of a package: */
    ewi_bytes weights, tokenizer, tokenizer_config, chat_template, generation_config,
        pooling; /* len 0 = absent */
    size_t n_shards;
    size_t n_tensors;
    const ewi_tensor *tensors;   /* GGUF: in the order of the files; safetensors: sorted by name; of an opened
                                  * model's folder as folder_tensors.h says */
    ewi_name_index tensor_names; /* private, of GGUF */
    size_t n_meta;
    const ewi_checkpoint_meta *meta;
} ewi_checkpoint;

/* A folder with the file oci-layout. */
bool ewi_path_is_container(const char *path);
/* True when the file begins as a GGUF file does. */
bool ewi_bytes_are_gguf(ewi_bytes bytes);

EWI_NODISCARD ew_status ewi_checkpoint_open(const char *path, ewi_checkpoint *out, ew_error *err);
/* Also for a checkpoint that is all zero. */
void ewi_checkpoint_close(ewi_checkpoint *checkpoint);
/* NULL when absent. */
const ewi_tensor *ewi_checkpoint_find(const ewi_checkpoint *checkpoint, ew_str name);
/* Another list for a folder's, which it sorts by name; the checkpoint borrows it. While a model opens. */
void ewi_checkpoint_set_tensors(ewi_checkpoint *checkpoint, ewi_tensor *tensors, size_t n);
/* n bytes of a tensor will not be needed soon: where they are a file's, their pages leave this process. */
void ewi_checkpoint_drop(const ewi_checkpoint *checkpoint, const uint8_t *from, size_t n);
/* Compares a package's weights with their digest: reads all of them. Errors: EW_FORMAT; EW_UNSUPPORTED when
 * it is no package. */
EWI_NODISCARD ew_status ewi_checkpoint_verify(const ewi_checkpoint *checkpoint, ew_error *err);
/* EW_IO when a file was truncated since it was mapped. */
EWI_NODISCARD ew_status ewi_checkpoint_check(const ewi_checkpoint *checkpoint, ew_error *err);

/*
 * Puts the path that was asked for before the text of a failure, unless it begins with it already (a file of
 * that folder). EW_IO names its path itself. Returns status.
 */
EWI_NODISCARD ew_status ewi_fail_at_path(ew_error *err, ew_status status, const char *path);

#endif
