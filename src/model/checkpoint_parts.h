/*
 * checkpoint_parts.h: what the ways to open a checkpoint share.
 *
 *     EWI_TRY(ewi_checkpoint_add_map(c, path, &bytes, err));
 *     EWI_TRY(ewi_checkpoint_list_gguf(c, bytes, err));
 */
#ifndef EW_MODEL_CHECKPOINT_PARTS_H
#define EW_MODEL_CHECKPOINT_PARTS_H

#include "model/checkpoint.h"

#define EWI_CHECKPOINT_PATH_BYTES 4096
#define EWI_CHECKPOINT_MAX_SHARDS 512u

/* Maps a file until the checkpoint closes. */
EWI_NODISCARD ew_status ewi_checkpoint_add_map(ewi_checkpoint *c, const char *path, ewi_bytes *bytes,
                                               ew_error *err);
/* Room for n entries of metadata. */
EWI_NODISCARD ew_status ewi_checkpoint_new_meta(ewi_checkpoint *c, size_t n, ewi_checkpoint_meta **meta,
                                                ew_error *err);
/* The GGUF file at path, whose bytes are mapped, and the other parts of a split one. */
EWI_NODISCARD ew_status ewi_checkpoint_open_gguf(ewi_checkpoint *c, const char *path, ewi_bytes bytes,
                                                 ew_error *err);
/* Parses a GGUF file's bytes and lists its metadata. */
EWI_NODISCARD ew_status ewi_checkpoint_list_gguf(ewi_checkpoint *c, ewi_bytes bytes, ew_error *err);
/* Lists the metadata of config.json and of n shards. */
EWI_NODISCARD ew_status ewi_checkpoint_list_hf(ewi_checkpoint *c, const ewi_safetensors *shards, size_t n,
                                               ew_error *err);
/* A folder with oci-layout. */
EWI_NODISCARD ew_status ewi_checkpoint_open_container(ewi_checkpoint *c, const char *path, ew_error *err);

#endif
