#include "serve/models.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/json_out.h"
#include "model/chat_template.h"
#include "os/clock.h"
#include "os/topology.h"

#define KEEP_ALIVE_S   300u
#define TEMPLATE_BYTES ((size_t)256 << 20)
#define NS_PER_S       1000000000u

typedef struct entry {
    char *name;
    const ew_served_model *served;
    ewi_host *host;  /* NULL: closed */
    uint32_t n_held; /* by so many requests */
    uint32_t keep_alive_s;
    uint64_t released_ns; /* the last time */
} entry;

struct ewi_models {
    const ew_server_options *options;
    uint64_t memory_bytes;
    ewi_mutex *table;   /* guards entries; held for moments only */
    ewi_mutex *opening; /* one model is opened or closed at a time */
    entry *entries;
    size_t n;
};

/* ---- a host ---- */

static void close_adapters(ewi_host *host) {
    for (size_t i = 0; i < host->n_adapters; i++) ew_adapter_close(host->adapters[i]);
    ewi_free(host->adapters);
    ewi_free(host->scales);
    ewi_mutex_free(host->scales_lock);
}

static void close_host(ewi_host *host) {
    if (!host) return;
    ewi_scheduler_free(host->scheduler);
    ew_session_free(host->embedding);
    ew_engine_free(host->embedder);
    ewi_prefix_cache_free(host->cache);
    ew_engine_free(host->engine);
    close_adapters(host);
    ew_template_close(host->tmpl);
    ew_model_close(host->model);
    ewi_free(host);
}

static ew_status open_adapters(ewi_host *host, const ew_served_model *served, ew_error *err) {
    host->adapters = ewi_zalloc_array(served->n_adapters + 1, sizeof(ew_adapter *));
    host->scales = ewi_zalloc_array(served->n_adapters + 1, sizeof *host->scales);
    host->scales_lock = ewi_mutex_new();
    if (!host->adapters || !host->scales || !host->scales_lock) return ewi_no_memory(err, "adapters");
    for (size_t i = 0; i < served->n_adapters; i++) {
        EWI_TRY(ew_adapter_open(host->model, served->adapters[i], &host->adapters[i], err));
        host->scales[i] = served->adapter_scales ? served->adapter_scales[i] : 1;
        host->n_adapters++;
    }
    return EW_OK;
}

static ew_status open_engine(const ewi_host *host, const ew_server_options *o, bool embeds, ew_engine **out,
                             ew_error *err) {
    ew_engine_options options = o->engine;
    options.struct_size = sizeof options;
    options.embeds = embeds;
    options.adapters = (const ew_adapter *const *)host->adapters;
    options.n_adapters = host->n_adapters;
    return ew_engine_new(host->model, &options, out, err);
}

/* What a model's answers mean is read from its template, and a model may do without one. */
static ew_status read_template(ewi_host *host, ew_error *err) {
    ewi_arena arena;
    ewi_chat_template found = {0};
    ewi_arena_init(&arena, TEMPLATE_BYTES);
    ew_status status = ewi_chat_template_find(&host->model->checkpoint, &arena, &found, err);
    if (status == EW_OK && found.text.data) {
        host->tools = ewi_tool_format_of_template(found.text);
        host->reasoning = ewi_reasoning_format_of_template(found.text);
        if (ew_template_of_model(host->model, &host->tmpl, &host->no_template)) host->tmpl = NULL;
    }
    ewi_arena_deinit(&arena);
    return status;
}

static ew_status open_cache(ewi_host *host, const ew_server_options *o, ew_error *err) {
    if (host->is_headless || o->cache_memory_bytes == UINT64_MAX) return EW_OK;
    ewi_prefix_cache_options options = {
        .memory_bytes = o->cache_memory_bytes ? o->cache_memory_bytes : ewi_memory_available_bytes() / 8,
        .folder = o->cache_folder,
        .disk_bytes = o->cache_disk_bytes ? o->cache_disk_bytes : (uint64_t)4 << 30,
    };
    return ewi_prefix_cache_new(host->engine, &options, &host->cache, err);
}

static ew_status open_scheduler(ewi_host *host, const ew_server_options *o, ew_error *err) {
    ewi_scheduler_options options = {
        .n_running = o->n_parallel,
        .n_queued = o->n_queue,
        .n_ctx = host->n_ctx,
        .cache = host->cache,
    };
    return ewi_scheduler_new(host->engine, &options, &host->scheduler, err);
}

#define DEFAULT_CTX 4096u

static ew_status fill_host(ewi_host *host, const ew_served_model *served, const ew_server_options *o,
                           ew_error *err) {
    EWI_TRY(ew_model_open(served->path, &host->model, err));
    ew_model_info info = ew_model_get_info(host->model);
    host->tokenizer = ew_model_tokenizer(host->model);
    if (!host->tokenizer)
        return ewi_fail(err, EW_UNSUPPORTED, "%s: it holds no vocabulary, so that text cannot become tokens",
                        served->path);
    host->is_headless = info.is_headless;
    host->n_ctx = o->n_ctx ? o->n_ctx : info.n_ctx_train < DEFAULT_CTX ? info.n_ctx_train : DEFAULT_CTX;
    host->adapter_paths = served->adapters;
    EWI_TRY(open_adapters(host, served, err));
    EWI_TRY(read_template(host, err));
    EWI_TRY(open_engine(host, o, info.is_headless, &host->engine, err));
    EWI_TRY(open_cache(host, o, err));
    return open_scheduler(host, o, err);
}

/* NULL and *err when it fails. */
static ewi_host *open_host(const entry *e, const ew_server_options *o, ew_error *err) {
    uint64_t begin = ewi_clock_ns();
    ewi_host *host = ewi_zalloc(sizeof *host);
    if (!host) {
        ewi_no_memory(err, "a model");
        return NULL;
    }
    host->name = e->name;
    ew_status status = fill_host(host, e->served, o, err);
    host->opened_ns = ewi_clock_ns() - begin;
    if (status == EW_OK) return host;
    close_host(host);
    return NULL;
}

/* ---- the table ---- */

static char *name_of(const ew_served_model *served) {
    if (served->name) return ewi_strdup(ewi_str(served->name));
    ew_str path = ewi_str(served->path);
    while (path.len > 1 && path.data[path.len - 1] == '/') path.len--;
    for (size_t i = path.len; i-- > 0;)
        if (path.data[i] == '/') {
            path = (ew_str){path.data + i + 1, path.len - i - 1};
            break;
        }
    if (ewi_str_ends(path, ".gguf")) path.len -= strlen(".gguf");
    return ewi_strdup(path);
}

static entry *find(const ewi_models *models, ew_str name) {
    if (name.len == 0) return &models->entries[0];
    for (size_t i = 0; i < models->n; i++)
        if (ewi_str_is(name, models->entries[i].name)) return &models->entries[i];
    return NULL;
}

static ew_status add_entry(ewi_models *models, const ew_served_model *served, ew_error *err) {
    entry e = {.served = served};
    e.name = name_of(served);
    if (!e.name) return ewi_no_memory(err, "a model's name");
    if (models->n && find(models, ewi_str(e.name))) {
        ew_status status =
            ewi_fail(err, EW_INVALID, "two models are called \"%s\": name one of them", e.name);
        ewi_free(e.name);
        return status;
    }
    models->entries[models->n++] = e;
    return EW_OK;
}

static ew_status fill_models(ewi_models *models, ew_error *err) {
    const ew_server_options *o = models->options;
    uint64_t memory = ewi_memory_available_bytes();
    models->memory_bytes = o->memory_bytes ? o->memory_bytes : memory - memory / 4;
    models->table = ewi_mutex_new();
    models->opening = ewi_mutex_new();
    models->entries = ewi_zalloc_array(o->n_models + 1, sizeof *models->entries);
    if (!models->table || !models->opening || !models->entries) return ewi_no_memory(err, "models");
    for (size_t i = 0; i < o->n_models; i++) EWI_TRY(add_entry(models, &o->models[i], err));
    return models->n ? EW_OK : ewi_fail(err, EW_INVALID, "a server needs a model");
}

ew_status ewi_models_new(const ew_server_options *options, ewi_models **out, ew_error *err) {
    ewi_models *models = ewi_zalloc(sizeof *models);
    if (!models) return ewi_no_memory(err, "models");
    models->options = options;
    ew_status status = fill_models(models, err);
    if (status == EW_OK)
        *out = models;
    else
        ewi_models_free(models);
    return status;
}

void ewi_models_free(ewi_models *models) {
    if (!models) return;
    for (size_t i = 0; i < models->n; i++) {
        close_host(models->entries[i].host);
        ewi_free(models->entries[i].name);
    }
    ewi_mutex_free(models->table);
    ewi_mutex_free(models->opening);
    ewi_free(models->entries);
    ewi_free(models);
}

/* ---- memory ---- */

/* Takes one open model out of the table that nobody holds: the one that was asked for longest ago. Only while
 * more than `allowed` bytes of weights are open. */
static ewi_host *take_idle(ewi_models *models, uint64_t allowed) {
    entry *oldest = NULL;
    uint64_t open_bytes = 0;
    ewi_host *host = NULL;
    ewi_mutex_lock(models->table);
    for (size_t i = 0; i < models->n; i++) {
        entry *e = &models->entries[i];
        if (!e->host) continue;
        open_bytes += ew_model_get_info(e->host->model).weight_bytes;
        if (e->n_held == 0 && (!oldest || e->released_ns < oldest->released_ns)) oldest = e;
    }
    if (oldest && open_bytes > allowed) {
        host = oldest->host;
        oldest->host = NULL;
    }
    ewi_mutex_unlock(models->table);
    return host;
}

static void make_room(ewi_models *models, uint64_t weight_bytes) {
    uint64_t budget = models->memory_bytes;
    uint64_t allowed = weight_bytes < budget ? budget - weight_bytes : 0;
    for (ewi_host *host; (host = take_idle(models, allowed));) close_host(host);
}

/* ---- holding ---- */

static ewi_host *hold_if_open(ewi_models *models, entry *e) {
    ewi_mutex_lock(models->table);
    ewi_host *host = e->host;
    if (host) e->n_held++;
    ewi_mutex_unlock(models->table);
    return host;
}

/* Clients need not know where models lie. */
static void log_failure(const ewi_models *models, const entry *e, const ew_error *err) {
    const ew_server_options *o = models->options;
    ewi_buffer line;
    if (!o->on_log) return;
    ewi_buffer_init(&line, 8192);
    ewi_json_out json = {.out = &line};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_integer(&json, "time", ewi_clock_unix_s());
    ewi_json_out_text(&json, "error", err->text);
    ewi_json_out_text(&json, "model", e->name);
    ewi_json_out_close_all(&json);
    if (!line.failed) o->on_log(o->user, ewi_buffer_str(&line));
    ewi_buffer_deinit(&line);
}

/* With `opening` locked. What a model needs is known once it is open; then others go that nobody holds. */
static ewi_host *open_and_hold(ewi_models *models, entry *e, ewi_refusal *refusal) {
    ew_error err = {0};
    ewi_host *host = open_host(e, models->options, &err);
    if (!host) {
        log_failure(models, e, &err);
        ewi_refuse(refusal, 503, "model", "the model \"%s\" cannot be opened (%s); the server's log says why",
                   e->name, ew_status_text(err.status));
        return NULL;
    }
    make_room(models, ew_model_get_info(host->model).weight_bytes);
    ewi_mutex_lock(models->table);
    e->host = host;
    e->keep_alive_s = models->options->keep_alive_s ? models->options->keep_alive_s : KEEP_ALIVE_S;
    e->n_held = 1;
    ewi_mutex_unlock(models->table);
    return host;
}

ewi_host *ewi_models_hold(ewi_models *models, ew_str name, ewi_refusal *refusal) {
    entry *e = find(models, name);
    if (!e) {
        ewi_refuse(refusal, 404, "model", "there is no model \"%.*s\" here; see /v1/models",
                   EWI_STR_ARG(name));
        refusal->code = "model_not_found";
        return NULL;
    }
    ewi_host *host = hold_if_open(models, e);
    if (host) return host;
    ewi_mutex_lock(models->opening);
    host = hold_if_open(models, e);
    if (!host) host = open_and_hold(models, e, refusal);
    ewi_mutex_unlock(models->opening);
    return host;
}

ewi_host *ewi_models_hold_open(ewi_models *models, size_t index) {
    return hold_if_open(models, &models->entries[index]);
}

static void let_go(ewi_models *models, ewi_host *host, bool used) {
    ewi_mutex_lock(models->table);
    for (size_t i = 0; i < models->n; i++) {
        entry *e = &models->entries[i];
        if (e->host != host) continue;
        EW_ASSERT(e->n_held > 0);
        e->n_held--;
        if (used) e->released_ns = ewi_clock_ns();
    }
    ewi_mutex_unlock(models->table);
}

void ewi_models_release(ewi_models *models, ewi_host *host) {
    let_go(models, host, true);
}

void ewi_models_release_unused(ewi_models *models, ewi_host *host) {
    let_go(models, host, false);
}

bool ewi_models_embedder(ewi_models *models, ewi_host *host, ewi_refusal *refusal) {
    ew_error err = {0};
    ew_status status = EW_OK;
    ew_session_options options = {.struct_size = sizeof options, .n_ctx = host->n_ctx};
    ewi_mutex_lock(models->opening);
    if (!host->is_headless && !host->embedder)
        status = open_engine(host, models->options, true, &host->embedder, &err);
    ew_engine *engine = host->is_headless ? host->engine : host->embedder;
    if (status == EW_OK && !host->embedding)
        status = ew_session_new(engine, &options, &host->embedding, &err);
    ewi_mutex_unlock(models->opening);
    return status == EW_OK || ewi_refuse_error(refusal, "model", &err);
}

void ewi_models_set_keep_alive(ewi_models *models, ewi_host *host, uint32_t keep_alive_s) {
    ewi_mutex_lock(models->table);
    for (size_t i = 0; i < models->n; i++)
        if (models->entries[i].host == host) models->entries[i].keep_alive_s = keep_alive_s;
    ewi_mutex_unlock(models->table);
}

/* ---- time ---- */

/* 0: it stays open. */
static uint64_t end_of(const entry *e) {
    if (!e->host || e->n_held || e->keep_alive_s == EWI_KEEP_ALWAYS) return 0;
    return e->released_ns + (uint64_t)e->keep_alive_s * NS_PER_S;
}

/* Its files were cut off or changed under it: opened anew, it may be well. */
static bool is_lost(const entry *e) {
    return e->host && !e->n_held && ewi_checkpoint_check(&e->host->model->checkpoint, NULL) != EW_OK;
}

static ewi_host *take_expired(ewi_models *models, uint64_t now_ns) {
    ewi_host *host = NULL;
    ewi_mutex_lock(models->table);
    for (size_t i = 0; i < models->n && !host; i++) {
        entry *e = &models->entries[i];
        uint64_t end = end_of(e);
        if ((!end || end > now_ns) && !is_lost(e)) continue;
        host = e->host;
        e->host = NULL;
    }
    ewi_mutex_unlock(models->table);
    return host;
}

void ewi_models_sweep(ewi_models *models) {
    ewi_mutex_lock(models->opening);
    for (ewi_host *host; (host = take_expired(models, ewi_clock_ns()));) close_host(host);
    ewi_mutex_unlock(models->opening);
}

/* ---- what there is ---- */

size_t ewi_models_count(const ewi_models *models) {
    return models->n;
}

ewi_model_entry ewi_models_get(ewi_models *models, size_t index) {
    const entry *e = &models->entries[index];
    ewi_mutex_lock(models->table);
    ewi_model_entry out = {
        .name = e->name,
        .path = e->served->path,
        .is_open = e->host != NULL,
        .weight_bytes = e->host ? ew_model_get_info(e->host->model).weight_bytes : 0,
        .idle_ends_ns = end_of(e),
        .keep_alive_s = e->keep_alive_s,
    };
    ewi_mutex_unlock(models->table);
    return out;
}

bool ewi_models_has(const ewi_models *models, ew_str name) {
    return find(models, name) != NULL;
}
