/*
 * dtype.h: every element type that a model file can name: its names, and how many elements a block of how
 * many bytes holds.
 *
 * Block sizes of the GGUF types are those of the GGUF specification (ggml-org/ggml, docs/gguf.md) and ggml's
 * block structs; the others are those of the safetensors format, whose types below a byte are stated as the
 * smallest group that fills bytes. Constant tables; thread-safe.
 *
 *     ewi_dtype dtype;
 *     if (!ewi_dtype_from_gguf(id, &dtype)) ... ewi_dtype_removed(id) ...
 *     row_bytes = n / ewi_dtype_get(dtype)->block_elements * ewi_dtype_get(dtype)->block_bytes;
 */
#ifndef EW_TENSOR_DTYPE_H
#define EW_TENSOR_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edgewise/edgewise.h"

/* X(name, gguf id or -1, safetensors name or "", elements per block, bytes per block) */
#define EWI_DTYPE_MAP(X)                    \
    X(F32, 0, "F32", 1, 4)                  \
    X(F16, 1, "F16", 1, 2)                  \
    X(BF16, 30, "BF16", 1, 2)               \
    X(F64, 28, "F64", 1, 8)                 \
    X(I8, 24, "I8", 1, 1)                   \
    X(I16, 25, "I16", 1, 2)                 \
    X(I32, 26, "I32", 1, 4)                 \
    X(I64, 27, "I64", 1, 8)                 \
    X(U8, -1, "U8", 1, 1)                   \
    X(U16, -1, "U16", 1, 2)                 \
    X(U32, -1, "U32", 1, 4)                 \
    X(U64, -1, "U64", 1, 8)                 \
    X(BOOL, -1, "BOOL", 1, 1)               \
    X(C64, -1, "C64", 1, 8)                 \
    X(F8_E4M3, -1, "F8_E4M3", 1, 1)         \
    X(F8_E5M2, -1, "F8_E5M2", 1, 1)         \
    X(F8_E8M0, -1, "F8_E8M0", 1, 1)         \
    X(F8_E4M3FNUZ, -1, "F8_E4M3FNUZ", 1, 1) \
    X(F8_E5M2FNUZ, -1, "F8_E5M2FNUZ", 1, 1) \
    X(F4, -1, "F4", 2, 1)                   \
    X(F6_E2M3, -1, "F6_E2M3", 4, 3)         \
    X(F6_E3M2, -1, "F6_E3M2", 4, 3)         \
    X(Q4_0, 2, "", 32, 18)                  \
    X(Q4_1, 3, "", 32, 20)                  \
    X(Q5_0, 6, "", 32, 22)                  \
    X(Q5_1, 7, "", 32, 24)                  \
    X(Q8_0, 8, "", 32, 34)                  \
    X(Q8_1, 9, "", 32, 36)                  \
    X(Q2_K, 10, "", 256, 84)                \
    X(Q3_K, 11, "", 256, 110)               \
    X(Q4_K, 12, "", 256, 144)               \
    X(Q5_K, 13, "", 256, 176)               \
    X(Q6_K, 14, "", 256, 210)               \
    X(Q8_K, 15, "", 256, 292)               \
    X(IQ2_XXS, 16, "", 256, 66)             \
    X(IQ2_XS, 17, "", 256, 74)              \
    X(IQ3_XXS, 18, "", 256, 98)             \
    X(IQ1_S, 19, "", 256, 50)               \
    X(IQ4_NL, 20, "", 32, 18)               \
    X(IQ3_S, 21, "", 256, 110)              \
    X(IQ2_S, 22, "", 256, 82)               \
    X(IQ4_XS, 23, "", 256, 136)             \
    X(IQ1_M, 29, "", 256, 56)               \
    X(TQ1_0, 34, "", 256, 54)               \
    X(TQ2_0, 35, "", 256, 66)               \
    X(MXFP4, 39, "", 32, 17)                \
    X(NVFP4, 40, "", 64, 36)                \
    X(Q1_0, 41, "", 128, 18)                \
    X(Q2_0, 42, "", 64, 18)                 \
    X(Q8C, -1, "", 1, 1)                    \
    X(Q4C, -1, "", 2, 1)                    \
    X(Q4S, -1, "", 64, 33)                  \
    X(Q4G128, -1, "", 128, 66)              \
    X(Q4R, -1, "", 2, 1)

typedef enum ewi_dtype {
#define EWI_DTYPE_ENUM(name, gguf, safetensors, elements, bytes) EWI_##name,
    EWI_DTYPE_MAP(EWI_DTYPE_ENUM)
#undef EWI_DTYPE_ENUM
        EWI_N_DTYPES
} ewi_dtype;

typedef struct ewi_dtype_info {
    const char *name;
    int gguf_id;             /* -1: GGUF has no such type */
    const char *safetensors; /* "": safetensors has no such type */
    uint32_t block_elements, block_bytes;
} ewi_dtype_info;

const ewi_dtype_info *ewi_dtype_get(ewi_dtype dtype);

/* False when the id or name is unknown. */
bool ewi_dtype_from_gguf(uint32_t id, ewi_dtype *out);
bool ewi_dtype_from_safetensors(ew_str name, ewi_dtype *out);
/* The name of a type that GGUF once had under this id, else NULL. */
const char *ewi_dtype_removed(uint32_t gguf_id);

#endif
