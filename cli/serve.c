/* serve.c: edgewise serve: models behind HTTP APIs, until the program is told to stop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "default_model.h"
#include "heap.h"
#include "input.h"
#include "message.h"
#include "opening.h"
#include "stats_file.h"
#include "verbs.h"

#define MAX_KEY_BYTES 4096u
#define MAX_KEYS      64u

typedef struct serve_values {
    cli_engine_values engine;
    cli_texts models;
    const char *host, *key, *key_file, *cache_folder, *stats_file;
    cli_count port, parallel, queue, keep_alive, memory, cache_memory, cache_disk;
    bool no_cache, no_disk, no_stats, quiet;
    cli_texts hosts, origins;
} serve_values;

static const cli_option options[] = {
    {"m", "model", CLI_TEXTS, offsetof(serve_values, models), "[NAME=]PATH", 0, 0,
     "a model that may be asked for, by NAME (default: its file's); may be given again; the first one "
     "answers "
     "where a request names none (default: pocket)"},
    {NULL, "host", CLI_TEXT, offsetof(serve_values, host), "ADDRESS", 0, 0,
     "where to listen (default 127.0.0.1: this machine alone)"},
    {NULL, "port", CLI_COUNT, offsetof(serve_values, port), "N", 0, 65535,
     "port (default 11500; 0: any that is free)"},
    {NULL, "api-key", CLI_TEXT, offsetof(serve_values, key), "KEY", 0, 0,
     "requests must bring this key; others may see it in the list of processes: better --api-key-file"},
    {NULL, "api-key-file", CLI_PATH, offsetof(serve_values, key_file), "FILE", 0, 0, "keys, one a line"},
    {NULL, "allow-host", CLI_TEXTS, offsetof(serve_values, hosts), "NAME", 0, 0,
     "another name that the server may be called by; may be given again"},
    {NULL, "allow-origin", CLI_TEXTS, offsetof(serve_values, origins), "URL", 0, 0,
     "a web page that may ask, beside the server's own; may be given again"},
    {"q", "quiet", CLI_FLAG, offsetof(serve_values, quiet), NULL, 0, 0, "no line for each request on stderr"},
    {NULL, "stats-file", CLI_PATH, offsetof(serve_values, stats_file), "FILE", 0, 0,
     "where figures of requests are kept for edgewise stats (default: edgewise/requests.db in "
     "$XDG_STATE_HOME "
     "or ~/.local/state)"},
    {NULL, "no-stats", CLI_FLAG, offsetof(serve_values, no_stats), NULL, 0, 0, "none are kept"},

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Requests"},
    {"np", "parallel", CLI_COUNT, offsetof(serve_values, parallel), "N", 1, 256,
     "answers at once, of each model (default 16)"},
    {NULL, "queue", CLI_COUNT, offsetof(serve_values, queue), "N", 1, 65536,
     "requests that wait, of each model (default 256); more get 429"},
    {NULL, "keep-alive", CLI_COUNT, offsetof(serve_values, keep_alive), "SECONDS", 1, 0,
     "close models that nobody has asked for so long (default 300)"},
    {NULL, "memory", CLI_COUNT, offsetof(serve_values, memory), "MIB", 1, 0,
     "weights that are open at once (default: three quarters of the memory)"},

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Prefix cache"},
    {NULL, "no-cache", CLI_FLAG, offsetof(serve_values, no_cache), NULL, 0, 0, "none"},
    {NULL, "no-disk-cache", CLI_FLAG, offsetof(serve_values, no_disk), NULL, 0, 0, "in memory only"},
    {NULL, "cache-dir", CLI_PATH, offsetof(serve_values, cache_folder), "FOLDER", 0, 0,
     "where it lies (default: edgewise/prefixes in $XDG_CACHE_HOME or ~/.cache)"},
    {NULL, "cache-memory", CLI_COUNT, offsetof(serve_values, cache_memory), "MIB", 1, 0,
     "memory for it, of each model (default: an eighth of the memory)"},
    {NULL, "cache-disk", CLI_COUNT, offsetof(serve_values, cache_disk), "MIB", 1, 0,
     "room on the disk (default 4096)"},

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Engine"},
    CLI_CONTEXT_OPTION(
        serve_values,
        "positions of each conversation (default: what the model was trained on, at most 4096)"),
    CLI_STEP_OPTIONS(serve_values),
};

/* What the options become; freed at the end. */
typedef struct setup {
    ew_server_options options;
    ew_served_model models[CLI_TEXTS_MAX];
    char *texts[4 * CLI_TEXTS_MAX]; /* copies with an end */
    size_t n_texts;
    const char *adapters[CLI_TEXTS_MAX], *hosts[CLI_TEXTS_MAX], *origins[CLI_TEXTS_MAX];
    float scales[CLI_TEXTS_MAX];
    const char *keys[MAX_KEYS];
    cli_bytes key_file;
    char cache_folder[4096];
    char stats_file[CLI_STATS_PATH];
} setup;

static const char *copy(setup *s, ew_str text) {
    char *out = cli_alloc(text.len + 1, 1);
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    s->texts[s->n_texts++] = out;
    return out;
}

static void setup_deinit(setup *s) {
    for (size_t i = 0; i < s->n_texts; i++) free(s->texts[i]);
    cli_bytes_deinit(&s->key_file);
}

/* ---- models ---- */

/* "NAME=PATH", or a path, also one with '=' where something lies there. */
static void split_model(setup *s, ew_str text, ew_served_model *out) {
    char *whole = (char *)(uintptr_t)copy(s, text);
    char *equals = strchr(whole, '=');
    *out = (ew_served_model){.path = whole};
    if (!equals || access(whole, F_OK) == 0) return;
    *equals = '\0';
    out->name = whole;
    out->path = equals + 1;
}

static int check_model(const ew_served_model *model) {
    if (access(model->path, R_OK) == 0) return CLI_OK;
    cli_say("cannot open \"%s\": %s", model->path, strerror(errno));
    return CLI_FAILED;
}

static int take_models(const cli_verb *verb, const serve_values *values, setup *s) {
    size_t n = 0;
    if (values->engine.operand && values->models.n == CLI_TEXTS_MAX)
        return cli_usage(verb->name, "at most %d models", CLI_TEXTS_MAX);
    if (values->engine.operand)
        split_model(s, (ew_str){values->engine.operand, strlen(values->engine.operand)}, &s->models[n++]);
    for (size_t i = 0; i < values->models.n; i++) split_model(s, values->models.items[i], &s->models[n++]);
    if (n == 0 && cli_default_model())
        s->models[n++] = (ew_served_model){.path = cli_default_model(), .name = "pocket"};
    if (n == 0)
        return cli_usage(verb->name, "no model, and no default one is installed: edgewise serve MODEL.gguf");
    s->options.models = s->models;
    s->options.n_models = n;
    for (size_t i = 0; i < n; i++) {
        int code = check_model(&s->models[i]);
        if (code != CLI_OK) return code;
    }
    return CLI_OK;
}

/* Adapters are the first model's. */
static int take_adapters(const cli_verb *verb, const serve_values *values, setup *s) {
    char path[CLI_ADAPTER_PATH];
    for (size_t i = 0; i < values->engine.adapters.n; i++) {
        int code = cli_split_adapter(verb, values->engine.adapters.items[i], path, &s->scales[i]);
        if (code != CLI_OK) return code;
        s->adapters[i] = copy(s, (ew_str){path, strlen(path)});
    }
    s->models[0].adapters = s->adapters;
    s->models[0].adapter_scales = s->scales;
    s->models[0].n_adapters = values->engine.adapters.n;
    return CLI_OK;
}

/* ---- keys ---- */

static int add_key(const cli_verb *verb, setup *s, const char *key) {
    if (s->options.n_keys == MAX_KEYS) return cli_usage(verb->name, "more than %u keys", MAX_KEYS);
    if (strlen(key) < 8) return cli_usage(verb->name, "a key has fewer than 8 characters");
    s->keys[s->options.n_keys++] = key;
    s->options.keys = s->keys;
    return CLI_OK;
}

static int read_keys(const cli_verb *verb, const char *path, setup *s) {
    int code = cli_read_file(path, &s->key_file);
    if (code != CLI_OK) return code;
    cli_bytes_add(&s->key_file, "\n", 2);
    size_t before = s->options.n_keys;
    for (char *line = s->key_file.data, *end; (end = strchr(line, '\n')) && code == CLI_OK; line = end + 1) {
        *end = '\0';
        if (end > line && end[-1] == '\r') end[-1] = '\0';
        if (*line) code = add_key(verb, s, line);
    }
    if (code == CLI_OK && s->options.n_keys == before) {
        cli_say("%s: it holds no key", path);
        return CLI_BAD_INPUT;
    }
    return code;
}

static int take_keys(const cli_verb *verb, const serve_values *values, setup *s) {
    int code = values->key ? add_key(verb, s, values->key) : CLI_OK;
    if (code == CLI_OK && values->key_file) code = read_keys(verb, values->key_file, s);
    return code;
}

/* ---- the rest ---- */

static void take_texts(setup *s, const cli_texts *from, const char **to) {
    for (size_t i = 0; i < from->n; i++) to[i] = copy(s, from->items[i]);
}

/* NULL where there is no home. */
static const char *default_cache_folder(setup *s) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (cache && *cache == '/')
        n = snprintf(s->cache_folder, sizeof s->cache_folder, "%s/edgewise/prefixes", cache);
    else if (home && *home == '/')
        n = snprintf(s->cache_folder, sizeof s->cache_folder, "%s/.cache/edgewise/prefixes", home);
    return n > 0 && (size_t)n < sizeof s->cache_folder ? s->cache_folder : NULL;
}

static uint64_t mib(const cli_count *count) {
    return (uint64_t)count->value << 20;
}

static void log_line(void *user, ew_str line) {
    (void)user;
    fprintf(stderr, "%.*s\n", (int)line.len, line.data);
}

static void take_rest(const serve_values *values, setup *s) {
    ew_server_options *o = &s->options;
    const cli_engine_values *e = &values->engine;
    take_texts(s, &values->hosts, s->hosts);
    take_texts(s, &values->origins, s->origins);
    o->struct_size = sizeof *o;
    o->host = values->host;
    o->port = !values->port.given ? 0 : values->port.value == 0 ? -1 : (int32_t)values->port.value;
    o->engine = (ew_engine_options){
        .n_threads = e->threads.value,
        .n_rows = e->rows.value,
        .cache_k = (ew_cache_type)e->cache_k.value,
        .cache_v = (ew_cache_type)e->cache_v.value,
        .exact = e->exact,
    };
    o->n_ctx = e->context.value;
    o->n_parallel = values->parallel.value;
    o->n_queue = values->queue.value;
    o->keep_alive_s = values->keep_alive.value;
    o->memory_bytes = mib(&values->memory);
    o->cache_memory_bytes = values->no_cache ? UINT64_MAX : mib(&values->cache_memory);
    o->cache_disk_bytes = mib(&values->cache_disk);
    if (!values->no_cache && !values->no_disk)
        o->cache_folder = values->cache_folder ? values->cache_folder : default_cache_folder(s);
    o->hosts = s->hosts;
    o->n_hosts = values->hosts.n;
    o->origins = s->origins;
    o->n_origins = values->origins.n;
    if (!values->no_stats)
        o->ledger_path = values->stats_file ? values->stats_file : cli_stats_file(s->stats_file);
    o->on_log = values->quiet ? NULL : log_line;
}

static int take_options(const cli_verb *verb, const serve_values *values, setup *s) {
    if (values->no_stats && values->stats_file)
        return cli_usage(verb->name, "--stats-file and --no-stats exclude each other");
    int code = take_models(verb, values, s);
    if (code == CLI_OK) code = take_adapters(verb, values, s);
    if (code == CLI_OK) code = take_keys(verb, values, s);
    take_rest(values, s);
    return code;
}

/* ---- running ---- */

/* Blocked from here on, so that threads of the library do not get them either. */
static void block_signals(sigset_t *signals) {
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
    sigprocmask(SIG_BLOCK, signals, NULL);
}

static int serve(const setup *s, cli_out *out) {
    ew_server *server;
    ew_error err = {0};
    sigset_t signals;
    int caught;
    block_signals(&signals);
    if (ew_server_open(&s->options, &server, &err)) return cli_fail(&err);
    cli_out_printf(out, "%s\n", ew_server_url(server));
    cli_out_flush(out);
    sigwait(&signals, &caught);
    sigprocmask(SIG_UNBLOCK, &signals, NULL); /* a second one ends the program at once */
    ew_server_close(server);
    return CLI_OK;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    serve_values values = {0};
    setup s = {0};
    cli_heap_keep_little();
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    int code = take_options(verb, &values, &s);
    if (code == CLI_OK) code = serve(&s, out);
    setup_deinit(&s);
    return code;
}

const cli_verb cli_verb_serve = {
    .name = "serve",
    .summary = "answer the APIs of OpenAI, Anthropic, Ollama and llama.cpp over HTTP",
    .synopsis = "[MODEL] [-m [NAME=]PATH ..] [options]",
    .about =
        "Prints the address once it listens, and a line of JSON for each request on stderr, without any text "
        "of\nprompts and answers. Ctrl-C lets answers that are being written end, a second one does not.",
    .operand = "MODEL",
    .operand_offset = offsetof(serve_values, engine.operand),
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
