/* make_tiny_model.c: the program make-tiny-model, which writes a random model for tests that run programs.
 *
 *     make-tiny-model OUT.gguf [arch=llama|mistral|qwen2] [layers=N] [heads=N] [kv-heads=N] [head-dim=N]
 *                     [width=N] [ffn=N] [vocab=N] [ctx=N] [dtype=f32|f16|bf16|q8_0|q4_0|q4_k] [seed=N]
 *                     [template=TEXT] [mixed] [tied] [biases] [no-vocabulary]
 */
#include "tiny_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void usage(const char *word) {
    fprintf(stderr,
            "make-tiny-model: %s\n"
            "usage: make-tiny-model OUT.gguf [arch=llama|mistral|qwen2] [layers=N] [heads=N] [kv-heads=N]\n"
            "       [head-dim=N] [width=N] [ffn=N] [vocab=N] [ctx=N] [seed=N] [template=TEXT]\n"
            "       [dtype=f32|f16|bf16|q8_0|q4_0|q4_k] [mixed] [tied] [biases] [no-vocabulary]\n",
            word);
    exit(2);
}

static unsigned long long number(const char *word, const char *text) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end) usage(word);
    return value;
}

static ewi_dtype dtype_of(const char *word, const char *text) {
    const struct {
        const char *name;
        ewi_dtype dtype;
    } types[] = {{"f32", EWI_F32},   {"f16", EWI_F16},   {"bf16", EWI_BF16},
                 {"q8_0", EWI_Q8_0}, {"q4_0", EWI_Q4_0}, {"q4_k", EWI_Q4_K}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(text, types[i].name) == 0) return types[i].dtype;
    usage(word);
}

static bool set_flag(tiny_model *m, const char *word) {
    const struct {
        const char *word;
        bool *flag;
    } flags[] = {{"mixed", &m->mixed},
                 {"tied", &m->tied},
                 {"biases", &m->biases},
                 {"no-vocabulary", &m->no_vocabulary}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(word, flags[i].word) != 0) continue;
        *flags[i].flag = true;
        return true;
    }
    return false;
}

static bool set_size(tiny_model *m, const char *word, size_t name_len, const char *value) {
    const struct {
        const char *name;
        uint32_t *size;
    } sizes[] = {
        {"layers", &m->n_layers},   {"heads", &m->n_heads}, {"kv-heads", &m->n_kv_heads},
        {"head-dim", &m->head_dim}, {"width", &m->d_model}, {"ffn", &m->d_ffn},
        {"vocab", &m->n_vocab},     {"ctx", &m->n_ctx},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (strlen(sizes[i].name) != name_len || memcmp(word, sizes[i].name, name_len) != 0) continue;
        unsigned long long size = number(word, value);
        if (size == 0 || size > UINT32_MAX) usage(word);
        *sizes[i].size = (uint32_t)size;
        return true;
    }
    return false;
}

static void set(tiny_model *m, const char *word) {
    const char *equals = strchr(word, '=');
    if (!equals) {
        if (!set_flag(m, word)) usage(word);
        return;
    }
    const char *value = equals + 1;
    if (set_size(m, word, (size_t)(equals - word), value)) return;
    if (strncmp(word, "arch=", 5) == 0)
        m->arch = value;
    else if (strncmp(word, "dtype=", 6) == 0)
        m->dtype = dtype_of(word, value);
    else if (strncmp(word, "seed=", 5) == 0)
        m->seed = number(word, value);
    else if (strncmp(word, "template=", 9) == 0)
        m->chat_template = value;
    else
        usage(word);
}

/* Blocks are made in memory only. */
static void write_model(const tiny_model *m, const char *path) {
    if (ewi_dtype_get(m->dtype)->block_elements == 1) {
        tiny_model_write(m, path);
        return;
    }
    gguf_build *b = tiny_model_build(m);
    gguf_build_write(b, path);
    gguf_build_free(b);
}

int main(int argc, char **argv) {
    tiny_model model = {0};
    if (argc < 2) usage("needs the name of a file to write");
    for (int i = 2; i < argc; i++) set(&model, argv[i]);
    write_model(&model, argv[1]);
    return 0;
}
