/*
 * opening.h: from the command line's model options to a model, an engine and a session.
 *
 * A verb that runs a model embeds cli_engine_values as its member `engine` and puts CLI_MODEL_OPTION and
 * CLI_ENGINE_OPTIONS into its table.
 *
 *     cli_opened opened = {0};
 *     int code = cli_open_engine(verb, &values.engine, &opened);
 *     if (code == CLI_OK) code = cli_open_session(&values.engine, &opened, &opened.session);
 *     cli_opened_close(&opened);               also when opening failed
 */
#ifndef CLI_OPENING_H
#define CLI_OPENING_H

#include "options.h"

typedef struct cli_engine_values {
    const char *model;   /* -m */
    const char *operand; /* MODEL, for verbs that take it so */
    cli_count threads, rows, context, keep;
    cli_choice cache_k, cache_v, context_full;
    bool exact, static_activations;
    cli_texts adapters; /* --lora */
    bool embeds;        /* set by the verb: hidden states, not logits */
} cli_engine_values;

/* In the order of ew_cache_type and of ew_context_full: a choice's index is the enum's value. */
#define CLI_CACHE_TYPES   "f16|f32|q8|q4r"
#define CLI_CONTEXT_FULLS "error|shift"

/* clang-format off */
#define CLI_MODEL_TEXT \
    "the model: a GGUF or safetensors file, a folder with config.json, weights and tokenizer.json, or a " \
    "package"

#define CLI_MODEL_OPTION(type) \
    {"m", "model", CLI_PATH, offsetof(type, engine.model), "FILE", 0, 0, \
     CLI_MODEL_TEXT " (default: pocket, which comes with the program)"}

#define CLI_CONTEXT_OPTION(type, help) \
    {"c", "ctx-size", CLI_COUNT, offsetof(type, engine.context), "N", 1, 1 << 24, help}

#define CLI_CONTEXT_TEXT \
    "positions of the context (default: what the model was trained on, at most 4096)"

#define CLI_ENGINE_OPTIONS(type) \
    CLI_CONTEXT_OPTION(type, CLI_CONTEXT_TEXT), CLI_STEP_OPTIONS(type)

/* Those that are not about the context. */
#define CLI_STEP_OPTIONS(type) \
    {"t", "threads", CLI_COUNT, offsetof(type, engine.threads), "N", 1, 256, \
     "threads (default: the performance cores)"}, \
    {"b", "rows", CLI_COUNT, offsetof(type, engine.rows), "N", 1, 4096, \
     "most rows in a step (default 128, with F16 and BF16 weights 256); changes speed and memory, results " \
     "only without --exact"}, \
    {"ctk", "cache-type-k", CLI_CHOICE, offsetof(type, engine.cache_k), CLI_CACHE_TYPES, 0, 0, \
     "how keys are kept (default f16)"}, \
    {"ctv", "cache-type-v", CLI_CHOICE, offsetof(type, engine.cache_v), CLI_CACHE_TYPES, 0, 0, \
     "how values are kept (default f16)"}, \
    {NULL, "lora", CLI_TEXTS, offsetof(type, engine.adapters), "PATH[:SCALE]", 0, 0, \
     "a LoRA adapter: a GGUF file of llama.cpp's convert_lora_to_gguf or a folder of PEFT; may be given " \
     "again"}, \
    {NULL, "exact", CLI_FLAG, offsetof(type, engine.exact), NULL, 0, 0, \
     "no faster arithmetic, in steps of 16 rows and more, for F16 and BF16 weights, and for attention at " \
     "level amx: the same bits for any -b and on every machine"}
/* clang-format on */

typedef struct cli_opened {
    ew_model *model;
    ew_engine *engine;
    ew_session *session;
    size_t n_adapters;
    ew_adapter *adapters[CLI_TEXTS_MAX];
    ew_adapter_use uses[CLI_TEXTS_MAX]; /* the same */
    const ew_tokenizer *tokenizer;      /* NULL: the model holds none */
    bool is_default;                    /* no model was named */
} cli_opened;

/* The path that MODEL or -m gives, not both, or the default model's; something must lie there. Says what is
 * wrong; NULL and *code. */
const char *cli_model_path(const cli_verb *verb, const cli_engine_values *values, int *code);

/* "PATH" or "PATH:SCALE" (else 1). Says what is wrong; returns the exit code. */
#define CLI_ADAPTER_PATH 4096
int cli_split_adapter(const cli_verb *verb, ew_str text, char path[CLI_ADAPTER_PATH], float *scale);

/* Opens the model with its adapters; then the engine; both; then the session. Each says what failed and
 * returns the exit code. */
int cli_open_model(const cli_verb *verb, const cli_engine_values *values, cli_opened *out);
int cli_start_engine(const cli_engine_values *values, cli_opened *out);
int cli_open_engine(const cli_verb *verb, const cli_engine_values *values, cli_opened *out);
int cli_open_session(const cli_engine_values *values, cli_opened *out, ew_session **session);
void cli_opened_close(cli_opened *opened);

/* CLI_OK, or says that the model makes embeddings only. */
int cli_need_head(const cli_opened *opened);
/* CLI_OK, or says that the model holds no vocabulary. */
int cli_need_tokenizer(const cli_opened *opened);

#endif
