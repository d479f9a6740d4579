/*
 * models.h: the models that a server has: opened when they are asked for, closed when nobody asks for long,
 * or when another one needs the memory.
 *
 * A host is an open model with all that answers with it: an engine and its scheduler, a template, a cache of
 * prefixes. Whoever holds one may use it until the release; requests name models by their names only, never
 * by a path. Any thread.
 *
 *     ewi_host *host = ewi_models_hold(models, name, &refusal);       waits while the model is opened
 *     ... ewi_scheduler_submit(host->scheduler, ...) ...
 *     ewi_models_release(models, host);                               also from the scheduler's thread
 */
#ifndef EW_SERVE_MODELS_H
#define EW_SERVE_MODELS_H

#include "engine/engine.h"
#include "engine/prefix_cache.h"
#include "engine/scheduler.h"
#include "os/thread.h"
#include "serve/api_refusal.h"
#include "text/answer_parser.h"

#define EWI_KEEP_ALWAYS UINT32_MAX

typedef struct ewi_models ewi_models;

typedef struct ewi_host {
    const char *name;
    ew_model *model;
    ew_engine *engine; /* of logits; of embeddings where the model has no head */
    ewi_scheduler *scheduler;
    ewi_prefix_cache *cache;       /* or NULL */
    const ew_tokenizer *tokenizer; /* never NULL */
    ew_template *tmpl;             /* NULL: it has none that can be read */
    ew_error no_template;          /* why */
    ewi_tool_format tools;
    ewi_reasoning_format reasoning;
    bool is_headless;
    uint32_t n_ctx;
    size_t n_adapters;
    ew_adapter **adapters;
    float *scales; /* [n_adapters] as the server was told; /lora-adapters changes them: under scales_lock */
    ewi_mutex *scales_lock;
    const char *const *adapter_paths;
    ew_engine *embedder; /* see ewi_models_embedder */
    ew_session *embedding;
    uint64_t opened_ns; /* how long that took */
} ewi_host;

/* Options must outlive it. */
EWI_NODISCARD ew_status ewi_models_new(const ew_server_options *options, ewi_models **out, ew_error *err);
/* All hosts must be released. */
void ewi_models_free(ewi_models *models);

/* An empty name: the first model. NULL and 404 for an unknown one, or why it cannot be opened. */
ewi_host *ewi_models_hold(ewi_models *models, ew_str name, ewi_refusal *refusal);
void ewi_models_release(ewi_models *models, ewi_host *host);
/* A session for ew_embed, to be used on the scheduler's thread (ewi_scheduler_call). */
EWI_NODISCARD bool ewi_models_embedder(ewi_models *models, ewi_host *host, ewi_refusal *refusal);
/* How long the model stays open after its last release; 0: not at all. Until it is closed. */
void ewi_models_set_keep_alive(ewi_models *models, ewi_host *host, uint32_t keep_alive_s);
/* Closes what nobody has asked for. To be called now and then. */
void ewi_models_sweep(ewi_models *models);

/* What is known of a model without opening it. */
typedef struct ewi_model_entry {
    const char *name, *path;
    bool is_open;
    uint64_t weight_bytes; /* of an open one */
    uint64_t idle_ends_ns; /* ewi_clock_ns() when it will be closed; 0: not */
    uint32_t keep_alive_s; /* of an open one */
} ewi_model_entry;
size_t ewi_models_count(const ewi_models *models);
ewi_model_entry ewi_models_get(ewi_models *models, size_t index);
/* Whether a request may name it. */
bool ewi_models_has(const ewi_models *models, ew_str name);
/* The host at index, if it is open, held; or NULL. Who only looks does not keep it open: */
ewi_host *ewi_models_hold_open(ewi_models *models, size_t index);
void ewi_models_release_unused(ewi_models *models, ewi_host *host);

#endif
