/* hf_folder.h: folders as Hugging Face lays models out, made up by a test: config.json, shards, an index.
 *
 *     hf_folder f = hf_folder_new();
 *     hf_folder_text(&f, "config.json", "{}");
 *     hf_folder_safetensors(&f, "model.safetensors", "{\"a\":{\"dtype\":\"F32\",...}}", 4);
 *     ew_model_open(f.path, &model, &err);
 *
 * They lie in the scratch folder and go with it (scratch.h). Threads: call from the test's own thread.
 */
#ifndef TESTS_SUPPORT_HF_FOLDER_H
#define TESTS_SUPPORT_HF_FOLDER_H

#include <stddef.h>

#include "tensor/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf_folder {
    char path[512];
} hf_folder;

hf_folder hf_folder_new(void);
void hf_folder_text(const hf_folder *f, const char *name, const char *text);
/* A symbolic link to `target`, an absolute path. */
void hf_folder_link(const hf_folder *f, const char *name, const char *target);
/* A safetensors file: this JSON header, padded with blanks, then n_data zeros. */
void hf_folder_safetensors(const hf_folder *f, const char *name, const char *header, size_t n_data);
/* model.safetensors, of tensors of any model's files. */
void hf_folder_tensors(const hf_folder *f, const ewi_tensor *tensors, size_t n);

#ifdef __cplusplus
}
#endif

#endif
