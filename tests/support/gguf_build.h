/* gguf_build.h: writes GGUF files for tests, true ones and lying ones.
 *
 * Written from the format's specification (ggml-org/ggml, docs/gguf.md), apart from the reader. Entries and
 * tensors come out in the order of the calls. The builder copies what it is given; a failing allocation fails
 * the running cmocka test.
 *
 *     gguf_build *b = gguf_build_new();
 *     gguf_build_str(b, "general.architecture", "llama");
 *     gguf_build_tensor(b, "output.weight", EWI_F32, 2, (uint64_t[]){512, 64}, data);      [out, in]
 *     ewi_bytes file = gguf_build_finish(b);      valid until the next call
 *     gguf_build_free(b);
 *
 * Threads: one builder belongs to one thread.
 */
#ifndef TESTS_SUPPORT_GGUF_BUILD_H
#define TESTS_SUPPORT_GGUF_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "tensor/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gguf_build gguf_build;

gguf_build *gguf_build_new(void);
void gguf_build_free(gguf_build *b);

/* ---- metadata ---- */

void gguf_build_u8(gguf_build *b, const char *key, uint8_t value);
void gguf_build_u32(gguf_build *b, const char *key, uint32_t value);
void gguf_build_i32(gguf_build *b, const char *key, int32_t value);
void gguf_build_u64(gguf_build *b, const char *key, uint64_t value);
void gguf_build_i64(gguf_build *b, const char *key, int64_t value);
void gguf_build_f32(gguf_build *b, const char *key, float value);
void gguf_build_f64(gguf_build *b, const char *key, double value);
void gguf_build_bool(gguf_build *b, const char *key, bool value);
void gguf_build_str(gguf_build *b, const char *key, const char *value);
void gguf_build_strings(gguf_build *b, const char *key, const ew_str *values, size_t n);
/* An array of n items of item_bytes each; item_type is a number of the specification. */
void gguf_build_array(gguf_build *b, const char *key, uint32_t item_type, const void *items, size_t n,
                      size_t item_bytes);
/* Any bytes as key, type and value: counted as one entry. */
void gguf_build_raw(gguf_build *b, ew_str key, uint32_t type, const void *value, size_t len);

/* ---- tensors ---- */

/* data is as long as the shape says; NULL = zeros. Returns the tensor's index. */
size_t gguf_build_tensor(gguf_build *b, const char *name, ewi_dtype dtype, uint32_t n_dims,
                         const uint64_t *dims, const void *data);

/* ---- the file ---- */

/* Writes general.alignment and follows it. Default: 32, unwritten. */
void gguf_build_alignment(gguf_build *b, uint32_t alignment);
/* Default: 3. */
void gguf_build_version(gguf_build *b, uint32_t version);
ewi_bytes gguf_build_finish(gguf_build *b);
/* finish, written to a file. */
void gguf_build_write(gguf_build *b, const char *path);

/* ---- lies: what the header says, whatever the file holds ---- */

void gguf_build_lie_n_kv(gguf_build *b, uint64_t n);
void gguf_build_lie_n_tensors(gguf_build *b, uint64_t n);
void gguf_build_lie_name(gguf_build *b, size_t tensor, ew_str name);
void gguf_build_lie_type(gguf_build *b, size_t tensor, uint32_t type);
/* As the file has them: innermost first. */
void gguf_build_lie_dims(gguf_build *b, size_t tensor, uint32_t n_dims, const uint64_t *dims);
/* From the start of the tensor data. */
void gguf_build_lie_offset(gguf_build *b, size_t tensor, uint64_t offset);

#ifdef __cplusplus
}
#endif

#endif
