/*
 * gguf.h: a GGUF v2/v3 file (ggml-org/ggml, docs/gguf.md) as checked views into its bytes.
 *
 * Parsing validates all of the structure: after it, every key, string, array and tensor lies inside the file,
 * keys and tensor names are unique UTF-8 text without control characters, bools are 0 or 1, no tensor is
 * empty or shares bytes with another. Bytes that belong to no tensor are allowed, as the format allows them.
 * String values may hold any bytes. Views borrow from the bytes, tables from the arena (less than 40 MB at
 * the limits below); nothing is allocated before it is known to fit in the file. The result is immutable and
 * may be shared by threads.
 *
 *     ewi_gguf gguf;
 *     EWI_TRY(ewi_gguf_parse(bytes, &arena, &gguf, err));
 *     const ewi_gguf_kv *kv = ewi_gguf_find(&gguf, EWI_STR("general.architecture"));
 *     if (kv && kv->type == EWI_GGUF_STRING) name = ewi_gguf_string(kv);
 */
#ifndef EW_FORMAT_GGUF_H
#define EW_FORMAT_GGUF_H

#include "base/arena.h"
#include "base/slice.h"
#include "format/name.h"
#include "tensor/tensor.h"

#define EWI_GGUF_MAX_KV        65536u  /* entries; the largest known files have some hundreds */
#define EWI_GGUF_MAX_TENSORS   262144u /* the largest known files have some thousands */
#define EWI_GGUF_MAX_DIMS      4u      /* of a tensor, as ggml has it */
#define EWI_GGUF_MAX_ALIGNMENT (1u << 20)

typedef enum ewi_gguf_type {
    EWI_GGUF_U8 = 0,
    EWI_GGUF_I8 = 1,
    EWI_GGUF_U16 = 2,
    EWI_GGUF_I16 = 3,
    EWI_GGUF_U32 = 4,
    EWI_GGUF_I32 = 5,
    EWI_GGUF_F32 = 6,
    EWI_GGUF_BOOL = 7,
    EWI_GGUF_STRING = 8,
    EWI_GGUF_ARRAY = 9,
    EWI_GGUF_U64 = 10,
    EWI_GGUF_I64 = 11,
    EWI_GGUF_F64 = 12,
} ewi_gguf_type;

/* One metadata entry. For an array, `type` is EWI_GGUF_ARRAY and `item_type` the (never nested) type of
 * its n items. */
typedef struct ewi_gguf_kv {
    ew_str key;
    ewi_gguf_type type, item_type; /* for a scalar, item_type == type and n == 1 */
    uint64_t n;
    ewi_bytes value; /* the items, as they lie in the file */
} ewi_gguf_kv;

typedef struct ewi_gguf {
    uint32_t version;
    uint32_t alignment;
    uint64_t data_offset; /* of the tensor data section */
    size_t n_kv, n_tensors;
    const ewi_gguf_kv *kv;
    const ewi_tensor *tensors;
    ewi_name_index kv_names, tensor_names; /* private */
} ewi_gguf;

/* Errors: EW_FORMAT, EW_UNSUPPORTED (version, byte order, nested array, tensor type), EW_LIMIT,
 * EW_NO_MEMORY; each names key, tensor or offset. */
EWI_NODISCARD ew_status ewi_gguf_parse(ewi_bytes file, ewi_arena *arena, ewi_gguf *out, ew_error *err);

/* NULL when absent. */
const ewi_gguf_kv *ewi_gguf_find(const ewi_gguf *gguf, ew_str key);
const ewi_tensor *ewi_gguf_find_tensor(const ewi_gguf *gguf, ew_str name);

/* The value of a scalar of exactly this kind. kv->type was checked by the caller. */
ew_str ewi_gguf_string(const ewi_gguf_kv *kv);
/* Any integer or bool type, index < n, also of an array; false when the type is another one or the value
 * does not fit. */
EWI_NODISCARD bool ewi_gguf_i64(const ewi_gguf_kv *kv, uint64_t index, int64_t *out);
/* Any integer or float type, index < n. */
EWI_NODISCARD bool ewi_gguf_f64(const ewi_gguf_kv *kv, uint64_t index, double *out);

/* Walks an array of strings: *at starts as 0 and is private. Call it at most n times. */
ew_str ewi_gguf_next_string(const ewi_gguf_kv *kv, size_t *at);

const char *ewi_gguf_type_name(ewi_gguf_type type); /* "u8", "string", ... */

#endif
