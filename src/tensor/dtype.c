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

/* Numbers and names as ggml.h keeps them in its comments. */
const char *ewi_dtype_removed(uint32_t gguf_id) {
    switch (gguf_id) {
    case 4: return "Q4_2";
    case 5: return "Q4_3";
    case 31: return "Q4_0_4_4";
    case 32: return "Q4_0_4_8";
    case 33: return "Q4_0_8_8";
    case 36: return "IQ4_NL_4_4";
    case 37: return "IQ4_NL_4_8";
    case 38: return "IQ4_NL_8_8";
    default: return NULL;
    }
}
