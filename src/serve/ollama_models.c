/* ollama_models.c: GET /api/tags, /api/ps and /api/version, POST /api/show; and what needs a registry. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "crypto/sha256.h"
#include "os/clock.h"
#include "serve/api.h"
#include "serve/ollama.h"

#define MAX_REPLY        ((size_t)16 << 20)
#define NS_PER_S         1000000000u
#define ALWAYS_S         ((int64_t)100 * 365 * 86400)
#define MAX_STAMPS       256u
#define PARAMETER_DIGITS 16

/* ---- what a model's files say ---- */

typedef struct facts {
    uint64_t size_bytes, n_params;
    int64_t changed_s;
    const char *format, *type; /* of most bytes of its tensors */
    char digest[EWI_SHA256_HEX];
} facts;

static const char *main_type(const ewi_checkpoint *c) {
    uint64_t sizes[EWI_N_DTYPES] = {0};
    size_t best = 0;
    for (size_t i = 0; i < c->n_tensors; i++) sizes[c->tensors[i].dtype] += c->tensors[i].size_bytes;
    for (size_t i = 0; i < EWI_N_DTYPES; i++)
        if (sizes[i] > sizes[best]) best = i;
    return ewi_dtype_get((ewi_dtype)best)->name;
}

/* Of its files' sizes and times, not of their bytes: it changes when the model does. */
static void write_digest(const ewi_checkpoint *c, char digest[EWI_SHA256_HEX]) {
    ewi_map_stamp stamps[MAX_STAMPS];
    size_t n = c->n_maps < MAX_STAMPS ? c->n_maps : MAX_STAMPS;
    memset(stamps, 0, sizeof stamps);
    for (size_t i = 0; i < n; i++) stamps[i] = ewi_map_get_stamp(c->maps[i]);
    if (ewi_sha256_hex((ewi_bytes){(const uint8_t *)stamps, n * sizeof *stamps}, digest, NULL))
        digest[0] = '\0';
}

static facts facts_of(const ewi_checkpoint *c) {
    facts f = {
        .format = c->is_container                  ? "package"
                  : c->kind == EWI_CHECKPOINT_GGUF ? "gguf"
                                                   : "safetensors",
        .type = main_type(c),
    };
    for (size_t i = 0; i < c->n_maps; i++) {
        ewi_map_stamp stamp = ewi_map_get_stamp(c->maps[i]);
        f.size_bytes += stamp.size_bytes;
        if (stamp.changed_s > f.changed_s) f.changed_s = stamp.changed_s;
    }
    for (size_t i = 0; i < c->n_tensors; i++) f.n_params += ewi_tensor_n_elements(&c->tensors[i]);
    write_digest(c, f.digest);
    return f;
}

/* Of a model that is not open, its files are opened for a moment. What cannot be opened has empty facts. */
static facts facts_at(const char *path) {
    ewi_checkpoint c;
    facts none = {.format = "", .type = ""};
    if (ewi_checkpoint_open(path, &c, NULL)) return none;
    facts f = facts_of(&c);
    ewi_checkpoint_close(&c);
    return f;
}

/* "596.0M", "1.2B" */
static void write_count(uint64_t n, char text[PARAMETER_DIGITS]) {
    if (n >= 1000000000u)
        snprintf(text, PARAMETER_DIGITS, "%.1fB", (double)n / 1e9);
    else if (n >= 1000000u)
        snprintf(text, PARAMETER_DIGITS, "%.1fM", (double)n / 1e6);
    else
        snprintf(text, PARAMETER_DIGITS, "%.1fK", (double)n / 1e3);
}

static void put_details(ewi_json_out *json, const facts *f, const char *family) {
    char count[PARAMETER_DIGITS];
    write_count(f->n_params, count);
    ewi_json_out_open(json, "details", '{');
    ewi_json_out_text(json, "parent_model", "");
    ewi_json_out_text(json, "format", f->format);
    ewi_json_out_text(json, "family", family);
    ewi_json_out_open(json, "families", '[');
    if (*family) ewi_json_out_text(json, NULL, family);
    ewi_json_out_close(json);
    ewi_json_out_text(json, "parameter_size", count);
    ewi_json_out_text(json, "quantization_level", f->type);
    ewi_json_out_close(json);
}

/* ---- lists ---- */

static void reply(ewi_exchange *exchange, ewi_buffer *out) {
    ewi_refusal refusal;
    if (out->failed) {
        ewi_refuse(&refusal, 503, NULL, "out of memory");
        ewi_api_refuse(exchange, &refusal);
    } else
        ewi_exchange_reply(exchange, 200, "application/json", ewi_buffer_str(out));
    ewi_buffer_deinit(out);
}

/* Names have a tag where others expect one. */
static void begin_model(ewi_json_out *json, const char *name, const facts *f) {
    char tagged[512];
    snprintf(tagged, sizeof tagged, "%s%s", name, strchr(name, ':') ? "" : ":latest");
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_text(json, "name", tagged);
    ewi_json_out_text(json, "model", tagged);
    ewi_json_out_count(json, "size", f->size_bytes);
    ewi_json_out_text(json, "digest", f->digest);
}

static void put_tag(ewi_json_out *json, ewi_models *models, size_t index) {
    ewi_model_entry entry = ewi_models_get(models, index);
    ewi_host *host = ewi_models_hold_open(models, index);
    facts f = host ? facts_of(&host->model->checkpoint) : facts_at(entry.path);
    begin_model(json, entry.name, &f);
    ewi_ollama_put_time(json, "modified_at", f.changed_s);
    put_details(json, &f, host ? ew_model_get_info(host->model).arch : "");
    ewi_json_out_close(json);
    if (host) ewi_models_release_unused(models, host);
}

/* Of one that somebody uses: as if that were over now. */
static int64_t expires_s(const ewi_model_entry *entry) {
    uint64_t now_ns = ewi_clock_ns();
    int64_t left_s = 0;
    if (entry->keep_alive_s == EWI_KEEP_ALWAYS)
        left_s = ALWAYS_S;
    else if (entry->idle_ends_ns == 0)
        left_s = entry->keep_alive_s;
    else if (entry->idle_ends_ns > now_ns)
        left_s = (int64_t)((entry->idle_ends_ns - now_ns) / NS_PER_S);
    return ewi_clock_unix_s() + left_s;
}

static void put_open(ewi_json_out *json, ewi_models *models, size_t index) {
    ewi_model_entry entry = ewi_models_get(models, index);
    ewi_host *host = ewi_models_hold_open(models, index);
    if (!host) return;
    facts f = facts_of(&host->model->checkpoint);
    begin_model(json, entry.name, &f);
    ewi_ollama_put_time(json, "expires_at", expires_s(&entry));
    ewi_json_out_count(json, "size_vram", 0);
    ewi_json_out_count(json, "context_length", host->n_ctx);
    put_details(json, &f, ew_model_get_info(host->model).arch);
    ewi_json_out_close(json);
    ewi_models_release_unused(models, host);
}

static void list(ewi_server *server, ewi_exchange *exchange,
                 void (*put)(ewi_json_out *json, ewi_models *models, size_t index)) {
    ewi_models *models = ewi_server_models(server);
    ewi_buffer out;
    ewi_buffer_init(&out, MAX_REPLY);
    ewi_json_out json = {.out = &out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_open(&json, "models", '[');
    for (size_t i = 0; i < ewi_models_count(models); i++) put(&json, models, i);
    ewi_json_out_close_all(&json);
    reply(exchange, &out);
}

void ewi_ollama_tags(ewi_server *server, ewi_exchange *exchange) {
    list(server, exchange, put_tag);
}

void ewi_ollama_ps(ewi_server *server, ewi_exchange *exchange) {
    list(server, exchange, put_open);
}

/* ---- one model ---- */

typedef struct show_ask {
    ew_str model, name; /* "name" is the older field */
} show_ask;

static const ewi_field show_fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(show_ask, model)},
    {.name = "name", .kind = EWI_FIELD_TEXT, .offset = offsetof(show_ask, name)},
    {.name = "verbose", .kind = EWI_FIELD_IGNORED},
};

static void put_parameters(ewi_json_out *json, const ew_model *model) {
    ew_model_sampling s = ew_model_get_sampling(model);
    ewi_buffer text;
    ewi_buffer_init(&text, 4096);
    if (s.temperature >= 0) ewi_buffer_printf(&text, "temperature %g\n", (double)s.temperature);
    if (s.top_k >= 0) ewi_buffer_printf(&text, "top_k %d\n", s.top_k);
    if (s.top_p >= 0) ewi_buffer_printf(&text, "top_p %g\n", (double)s.top_p);
    if (s.min_p >= 0) ewi_buffer_printf(&text, "min_p %g\n", (double)s.min_p);
    if (s.repeat_penalty >= 0) ewi_buffer_printf(&text, "repeat_penalty %g\n", (double)s.repeat_penalty);
    if (text.len) ewi_json_out_string(json, "parameters", (ew_str){(const char *)text.data, text.len - 1});
    ewi_buffer_deinit(&text);
}

static void put_count(ewi_json_out *json, const char *arch, const char *what, uint64_t n) {
    char key[128];
    snprintf(key, sizeof key, "%s.%s", arch, what);
    ewi_json_out_count(json, key, n);
}

static void put_info(ewi_json_out *json, const ew_model_info *info) {
    ewi_json_out_open(json, "model_info", '{');
    ewi_json_out_text(json, "general.architecture", info->arch);
    if (info->name.len) ewi_json_out_string(json, "general.name", info->name);
    ewi_json_out_count(json, "general.parameter_count", info->n_params);
    put_count(json, info->arch, "block_count", info->n_layers);
    put_count(json, info->arch, "context_length", info->n_ctx_train);
    put_count(json, info->arch, "embedding_length", info->d_model);
    put_count(json, info->arch, "feed_forward_length", info->d_ffn);
    put_count(json, info->arch, "attention.head_count", info->n_heads);
    put_count(json, info->arch, "attention.head_count_kv", info->n_kv_heads);
    put_count(json, info->arch, "attention.key_length", info->head_dim);
    put_count(json, info->arch, "vocab_size", info->n_vocab);
    ewi_json_out_close(json);
}

static void put_capabilities(ewi_json_out *json, const ewi_host *host) {
    ewi_json_out_open(json, "capabilities", '[');
    ewi_json_out_text(json, NULL, host->is_headless ? "embedding" : "completion");
    if (host->tools != EWI_TOOLS_NONE) ewi_json_out_text(json, NULL, "tools");
    if (host->reasoning != EWI_REASONING_NONE) ewi_json_out_text(json, NULL, "thinking");
    ewi_json_out_close(json);
}

static void tell_model(ewi_answer *answer) {
    const ewi_host *host = answer->host;
    ew_model_info info = ew_model_get_info(host->model);
    facts f = facts_of(&host->model->checkpoint);
    ewi_json_out json = {.out = &answer->out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "modelfile", "");
    put_parameters(&json, host->model);
    if (host->model->chat_template.text.data)
        ewi_json_out_string(&json, "template", host->model->chat_template.text);
    put_details(&json, &f, info.arch);
    put_info(&json, &info);
    put_capabilities(&json, host);
    ewi_ollama_put_time(&json, "modified_at", f.changed_s);
    ewi_json_out_close_all(&json);
}

static bool show(ewi_answer *answer, ewi_refusal *refusal) {
    show_ask ask = {0};
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), show_fields, EWI_COUNT(show_fields), &ask,
                         &room, refusal))
        return false;
    ew_str name = ewi_ollama_model(answer, ask.model.len ? ask.model : ask.name);
    answer->host = ewi_models_hold(ewi_server_models(answer->server), name, refusal);
    if (answer->host) tell_model(answer);
    return answer->host != NULL;
}

void ewi_ollama_show(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api api = {.name = "ollama.show", .refuse = ewi_ollama_refuse};
    ewi_api_reply(server, exchange, &api, show);
}

/* ---- the rest ---- */

void ewi_ollama_version(ewi_server *server, ewi_exchange *exchange) {
    ewi_buffer out;
    (void)server;
    ewi_buffer_init(&out, 4096);
    ewi_json_out json = {.out = &out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "version", ew_version());
    ewi_json_out_close_all(&json);
    reply(exchange, &out);
}

void ewi_ollama_registry(ewi_server *server, ewi_exchange *exchange) {
    ewi_refusal refusal;
    (void)server;
    ewi_refuse(&refusal, 501, NULL,
               "%.*s: not supported: a server's models are those that it was started with (edgewise serve)",
               EWI_STR_ARG(ewi_exchange_path(exchange)));
    ewi_api_refuse(exchange, &refusal);
}
