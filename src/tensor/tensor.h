/*
 * tensor.h: a named, typed, shaped view of bytes that somebody else owns.
 *
 * dims are outermost first and row-major: the weight of y = x W^T is [out, in]. The innermost dimension is a
 * whole number of blocks of the element type.
 */
#ifndef EW_TENSOR_TENSOR_H
#define EW_TENSOR_TENSOR_H

#include "base/compiler.h"
#include "tensor/dtype.h"

#define EWI_MAX_DIMS 8

typedef struct ewi_tensor {
    ew_str name;
    ewi_dtype dtype;
    uint32_t n_dims; /* 0..8; 0 dims is a scalar */
    uint64_t dims[EWI_MAX_DIMS];
    const uint8_t *data; /* size_bytes long */
    uint64_t size_bytes;
    uint64_t offset;   /* of data from the start of its file */
    bool packed;       /* data is in the layout of tensor/packed.h, else as its file format has it */
    float input_scale; /* of its inputs as codes of 8 bits, where a package says it; else 0 */
} ewi_tensor;

/*
 * Computes the size of a tensor of that type and shape. The text of a failure names no tensor: the
 * caller puts it in front.
 * Errors: EW_FORMAT when the product overflows 2^63, or the last dimension is no whole number of blocks.
 */
EWI_NODISCARD ew_status ewi_tensor_size(ewi_dtype dtype, uint32_t n_dims, const uint64_t *dims,
                                        uint64_t *size_bytes, ew_error *err);

/* Product of dims; 1 for a scalar. Only for shapes that ewi_tensor_size accepted. */
uint64_t ewi_tensor_n_elements(const ewi_tensor *tensor);

#endif
