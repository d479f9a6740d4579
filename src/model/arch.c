#include "model/arch.h"

#include <stdio.h>

#include "base/slice.h"

/* X(name, Hugging Face class, pairing in GGUF, pairing in HF, biases of q, k and v, bias of the output) */
#define ARCH_MAP(X)                                                              \
    X("llama", "LlamaForCausalLM", ADJACENT, HALVES, EWI_OPTIONAL, EWI_OPTIONAL) \
    X("mistral", "MistralForCausalLM", ADJACENT, HALVES, EWI_ABSENT, EWI_ABSENT) \
    X("qwen2", "Qwen2ForCausalLM", HALVES, HALVES, EWI_REQUIRED, EWI_ABSENT)

static const ewi_arch archs[] = {
#define ARCH_ROW(name, hf, gguf_pairing, hf_pairing, qkv, out) \
    {name, hf, EWI_ROPE_##gguf_pairing, EWI_ROPE_##hf_pairing, qkv, out},
    ARCH_MAP(ARCH_ROW)
#undef ARCH_ROW
};

const ewi_arch *ewi_arch_from_gguf(ew_str architecture) {
    for (size_t i = 0; i < EWI_COUNT(archs); i++)
        if (ewi_str_is(architecture, archs[i].name)) return &archs[i];
    return NULL;
}

const ewi_arch *ewi_arch_from_hf(ew_str hf_class) {
    for (size_t i = 0; i < EWI_COUNT(archs); i++)
        if (ewi_str_is(hf_class, archs[i].hf_class)) return &archs[i];
    return NULL;
}

const char *ewi_arch_list(void) {
    static const char list[] =
#define ARCH_NAME(name, hf, gguf_pairing, hf_pairing, qkv, out) ", " name
        ARCH_MAP(ARCH_NAME);
#undef ARCH_NAME
    return list + 2; /* past the first comma */
}

static const char *const role_formats[EWI_N_ROLES][EWI_N_NAMINGS] = {
#define EWI_ROLE_FORMATS(role, gguf, hf) {gguf, hf},
    EWI_ROLE_MAP(EWI_ROLE_FORMATS)
#undef EWI_ROLE_FORMATS
};

/* The one place of a format holds a number: written by hand, so that no format string is ever a variable. */
ew_str ewi_role_name(ewi_role role, ewi_naming naming, uint32_t layer, char buf[EWI_ROLE_NAME_BYTES]) {
    const char *format = role_formats[role][naming];
    const char *mark = strstr(format, "%u");
    int n =
        mark ? snprintf(buf, EWI_ROLE_NAME_BYTES, "%.*s%u%s", (int)(mark - format), format, layer, mark + 2)
             : snprintf(buf, EWI_ROLE_NAME_BYTES, "%s", format);
    return (ew_str){buf, (size_t)n};
}
