#include "tensor/dtype.h"

#include "base/error.h"
#include "base/slice.h"

static const ewi_dtype_info infos[EWI_N_DTYPES] = {
#define EWI_DTYPE_INFO(name, gguf, safetensors, elements, bytes) \
    [EWI_##name] = {#name, gguf, safetensors, elements, bytes},
    EWI_DTYPE_MAP(EWI_DTYPE_INFO)
#undef EWI_DTYPE_INFO
};

const ewi_dtype_info *ewi_dtype_get(ewi_dtype dtype) {
    EW_ASSERT((unsigned)dtype < EWI_N_DTYPES);
    return &infos[dtype];
}

bool ewi_dtype_from_gguf(uint32_t id, ewi_dtype *out) {
    for (unsigned i = 0; i < EWI_N_DTYPES; i++) {
        if (infos[i].gguf_id < 0 || (uint32_t)infos[i].gguf_id != id) continue;
        *out = (ewi_dtype)i;
        return true;
    }
    return false;
}

bool ewi_dtype_from_safetensors(ew_str name, ewi_dtype *out) {
    for (unsigned i = 0; i < EWI_N_DTYPES; i++) {
        if (infos[i].safetensors[0] == '\0' || !ewi_str_is(name, infos[i].safetensors)) continue;
        *out = (ewi_dtype)i;
        return true;
    }
    return false;
}
