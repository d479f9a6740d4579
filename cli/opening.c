#include "opening.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "default_model.h"
#include "message.h"

/* "llama3", "qwen2:0.5b", "hf.co/owner/repo": how registries spell models. */
static bool looks_like_name(const char *path) {
    return strncmp(path, "hf.co/", 6) == 0 || !strpbrk(path, "/.") ||
           (strchr(path, ':') && !strchr(path, '/'));
}

const char *cli_model_path(const cli_verb *verb, const cli_engine_values *values, int *code) {
    if (values->model && values->operand) {
        *code = cli_usage(verb->name, "the model is given twice: \"%s\" and -m \"%s\"", values->operand,
                          values->model);
        return NULL;
    }
    const char *path = values->model ? values->model : values->operand;
    if (!path) path = cli_default_model();
    if (!path) {
        bool operand = verb->operand != NULL;
        *code = cli_usage(verb->name, "no model, and no default one is installed: edgewise %s %sMODEL.gguf",
                          verb->name, operand ? "" : "-m ");
        return NULL;
    }
    if (access(path, R_OK) == 0) return path;
    *code = CLI_FAILED;
    if (errno == ENOENT && looks_like_name(path))
        cli_say("there is no file or folder \"%s\"; this version takes paths only, not names of models",
                path);
    else
        cli_say("cannot open \"%s\": %s", path, strerror(errno));
    return NULL;
}

/* A path that ends like a scale is still a path when something lies there. */
int cli_split_adapter(const cli_verb *verb, ew_str text, char path[CLI_ADAPTER_PATH], float *scale) {
    static const cli_option option = {NULL, "lora", CLI_NUMBER, 0, "SCALE", -1000, 1000, NULL};
    char why[CLI_WHY];
    cli_number number = {.value = 1};
    if (text.len >= CLI_ADAPTER_PATH) return cli_usage(verb->name, "--lora: the path is too long");
    memcpy(path, text.data, text.len);
    path[text.len] = '\0';
    char *colon = access(path, F_OK) == 0 ? NULL : strrchr(path, ':');
    if (colon) {
        if (!cli_parse_value(&option, colon + 1, &number, why))
            return cli_usage(verb->name, "--lora %s: the scale: %s", path, why);
        *colon = '\0';
    }
    *scale = (float)number.value;
    return CLI_OK;
}

static int open_adapter(const cli_verb *verb, ew_str text, cli_opened *out) {
    char path[CLI_ADAPTER_PATH];
    float scale;
    ew_error err = {0};
    int code = cli_split_adapter(verb, text, path, &scale);
    if (code != CLI_OK) return code;
    size_t i = out->n_adapters;
    if (ew_adapter_open(out->model, path, &out->adapters[i], &err)) return cli_fail(&err);
    out->uses[i] = (ew_adapter_use){out->adapters[i], scale};
    out->n_adapters++;
    return CLI_OK;
}

static int open_adapters(const cli_verb *verb, const cli_engine_values *values, cli_opened *out) {
    int code = CLI_OK;
    for (size_t i = 0; i < values->adapters.n && code == CLI_OK; i++)
        code = open_adapter(verb, values->adapters.items[i], out);
    return code;
}

int cli_open_model(const cli_verb *verb, const cli_engine_values *values, cli_opened *out) {
    int code = CLI_OK;
    const char *path = cli_model_path(verb, values, &code);
    if (!path) return code;
    ew_error err = {0};
    out->is_default = !values->model && !values->operand;
    if (ew_model_open(path, &out->model, &err)) return cli_fail(&err);
    out->tokenizer = ew_model_tokenizer(out->model);
    return open_adapters(verb, values, out);
}

int cli_start_engine(const cli_engine_values *values, cli_opened *out) {
    ew_error err = {0};
    ew_engine_options options = {
        .struct_size = sizeof options,
        .adapters = (const ew_adapter *const *)out->adapters,
        .n_adapters = out->n_adapters,
        .n_threads = values->threads.value,
        .n_rows = values->rows.value,
        .cache_k = (ew_cache_type)values->cache_k.value,
        .cache_v = (ew_cache_type)values->cache_v.value,
        .exact = values->exact,
        .static_activations = values->static_activations,
        .embeds = values->embeds,
    };
    return ew_engine_new(out->model, &options, &out->engine, &err) ? cli_fail(&err) : CLI_OK;
}

int cli_open_engine(const cli_verb *verb, const cli_engine_values *values, cli_opened *out) {
    int code = cli_open_model(verb, values, out);
    return code == CLI_OK ? cli_start_engine(values, out) : code;
}

int cli_open_session(const cli_engine_values *values, cli_opened *out, ew_session **session) {
    ew_error err = {0};
    ew_session_options options = {
        .struct_size = sizeof options,
        .n_ctx = values->context.value,
        .context_full = (ew_context_full)values->context_full.value,
        .n_keep = values->keep.value,
    };
    if (ew_session_new(out->engine, &options, session, &err)) return cli_fail(&err);
    return ew_session_set_adapters(*session, out->uses, out->n_adapters, &err) ? cli_fail(&err) : CLI_OK;
}

void cli_opened_close(cli_opened *opened) {
    ew_session_free(opened->session);
    ew_engine_free(opened->engine);
    for (size_t i = 0; i < opened->n_adapters; i++) ew_adapter_close(opened->adapters[i]);
    ew_model_close(opened->model);
    *opened = (cli_opened){0};
}

int cli_need_head(const cli_opened *opened) {
    if (!ew_model_get_info(opened->model).is_headless) return CLI_OK;
    cli_say("the model makes embeddings, not text: see edgewise help embed");
    return CLI_BAD_INPUT;
}

int cli_need_tokenizer(const cli_opened *opened) {
    if (opened->tokenizer) return CLI_OK;
    cli_say("the model holds no vocabulary, so that text cannot become tokens");
    return CLI_BAD_INPUT;
}
