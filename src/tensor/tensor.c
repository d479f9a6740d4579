#include "tensor/tensor.h"

#include <inttypes.h>

#include "base/checked.h"
#include "base/error.h"

#define MAX_BYTES ((uint64_t)INT64_MAX)

static ew_status count_elements(uint32_t n_dims, const uint64_t *dims, uint64_t *n, ew_error *err) {
    uint64_t product = 1;
    for (uint32_t i = 0; i < n_dims; i++)
        if (!ewi_mul_u64(product, dims[i], &product) || product > MAX_BYTES)
            return ewi_fail(err, EW_FORMAT, "dimension %u is %" PRIu64 ": the number of elements overflows",
                            i, dims[i]);
    *n = product;
    return EW_OK;
}

ew_status ewi_tensor_size(ewi_dtype dtype, uint32_t n_dims, const uint64_t *dims, uint64_t *size_bytes,
                          ew_error *err) {
    const ewi_dtype_info *info = ewi_dtype_get(dtype);
    if (n_dims > EWI_MAX_DIMS)
        return ewi_fail(err, EW_FORMAT, "%u dimensions, at most %d", n_dims, EWI_MAX_DIMS);
    uint64_t n = 0, size = 0;
    EWI_TRY(count_elements(n_dims, dims, &n, err));
    uint64_t inner = n_dims ? dims[n_dims - 1] : 1;
    if (inner % info->block_elements != 0)
        return ewi_fail(err, EW_FORMAT,
                        "rows of %" PRIu64 " elements are not a whole number of %s blocks of %u", inner,
                        info->name, info->block_elements);
    if (!ewi_mul_u64(n / info->block_elements, info->block_bytes, &size) || size > MAX_BYTES)
        return ewi_fail(err, EW_FORMAT, "%" PRIu64 " elements of %s: the size overflows", n, info->name);
    *size_bytes = size;
    return EW_OK;
}

uint64_t ewi_tensor_n_elements(const ewi_tensor *tensor) {
    uint64_t n = 1;
    for (uint32_t i = 0; i < tensor->n_dims; i++) n *= tensor->dims[i];
    return n;
}
