#include "serve/ollama.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/decimal.h"
#include "base/error.h"
#include "format/json.h"
#include "os/clock.h"
#include "serve/api.h"

void ewi_ollama_refuse(const ewi_refusal *refusal, ewi_buffer *out) {
    ewi_json_out json = {.out = out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "error", refusal->text);
    ewi_json_out_close_all(&json);
}

void ewi_ollama_broken(ewi_answer *answer, const ewi_refusal *refusal) {
    ewi_ollama_refuse(refusal, &answer->out);
    ewi_buffer_add(&answer->out, "\n", 1);
}

/* ---- fields ---- */

#define AT(member) offsetof(ewi_ollama_ask, member)

static const ewi_field options[] = {
    {"num_ctx", EWI_FIELD_COUNT, AT(n_ctx), 1, 1 << 30, NULL, 0},
    {.name = "num_predict", .kind = EWI_FIELD_COUNT, .offset = AT(ask.n_predict)},
    {"temperature", EWI_FIELD_NUMBER, AT(ask.temperature), 0, 100, NULL, 0},
    {"top_k", EWI_FIELD_COUNT, AT(ask.top_k), -1, 1 << 30, NULL, 0},
    {"top_p", EWI_FIELD_NUMBER, AT(ask.top_p), 0, 1, NULL, 0},
    {"min_p", EWI_FIELD_NUMBER, AT(ask.min_p), 0, 1, NULL, 0},
    {.name = "seed", .kind = EWI_FIELD_COUNT, .offset = AT(ask.seed)},
    {.name = "stop", .kind = EWI_FIELD_TEXTS, .offset = AT(ask.stops)},
    {"repeat_penalty", EWI_FIELD_NUMBER, AT(ask.repeat_penalty), 0, 100, NULL, 0},
    {"presence_penalty", EWI_FIELD_NUMBER, AT(ask.presence_penalty), -2, 2, NULL, 0},
    {"frequency_penalty", EWI_FIELD_NUMBER, AT(ask.frequency_penalty), -2, 2, NULL, 0},
    {"repeat_last_n", EWI_FIELD_COUNT, AT(repeat_last_n), -1, 1 << 30, NULL, 0},
    {.name = "typical_p", .kind = EWI_FIELD_ONLY, .min = 1},
    {.name = "tfs_z", .kind = EWI_FIELD_ONLY, .min = 1},
    {.name = "mirostat", .kind = EWI_FIELD_ONLY, .min = 0},
    {.name = "mirostat_tau", .kind = EWI_FIELD_IGNORED},
    {.name = "mirostat_eta", .kind = EWI_FIELD_IGNORED},
    {.name = "penalize_newline", .kind = EWI_FIELD_IGNORED},
    {.name = "num_keep", .kind = EWI_FIELD_IGNORED},
    {.name = "num_batch", .kind = EWI_FIELD_IGNORED},
    {.name = "num_gpu", .kind = EWI_FIELD_IGNORED},
    {.name = "main_gpu", .kind = EWI_FIELD_IGNORED},
    {.name = "num_thread", .kind = EWI_FIELD_IGNORED},
    {.name = "numa", .kind = EWI_FIELD_IGNORED},
    {.name = "low_vram", .kind = EWI_FIELD_IGNORED},
    {.name = "f16_kv", .kind = EWI_FIELD_IGNORED},
    {.name = "logits_all", .kind = EWI_FIELD_IGNORED},
    {.name = "vocab_only", .kind = EWI_FIELD_IGNORED},
    {.name = "use_mmap", .kind = EWI_FIELD_IGNORED},
    {.name = "use_mlock", .kind = EWI_FIELD_IGNORED},
    {.name = "embedding_only", .kind = EWI_FIELD_IGNORED},
};

static const ewi_field common[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = AT(ask.model)},
    {.name = "stream", .kind = EWI_FIELD_BOOL, .offset = AT(ask.stream)},
    {.name = "options", .kind = EWI_FIELD_OBJECT, .members = options, .n_members = EWI_COUNT(options)},
    {.name = "keep_alive", .kind = EWI_FIELD_RAW, .offset = AT(keep_alive)},
    {.name = "format", .kind = EWI_FIELD_RAW, .offset = AT(format)},
    {.name = "think", .kind = EWI_FIELD_RAW, .offset = AT(think)},
    {.name = "logprobs", .kind = EWI_FIELD_BOOL, .offset = AT(ask.logprobs)},
    {"top_logprobs", EWI_FIELD_COUNT, AT(ask.n_top), 0, EWI_MAX_TOP, NULL, 0},
    {.name = "truncate", .kind = EWI_FIELD_BOOL, .offset = AT(ask.truncate)},
    {.name = "shift", .kind = EWI_FIELD_IGNORED},
};

bool ewi_ollama_is_nothing(ew_str json) {
    static const char *const nothing[] = {"", "null", "\"\"", "[]", "{}"};
    char dense[5];
    size_t n = 0;
    for (size_t i = 0; i < json.len; i++) {
        if (strchr(" \t\r\n", json.data[i])) continue;
        if (n == sizeof dense - 1) return false;
        dense[n++] = json.data[i];
    }
    for (size_t i = 0; i < EWI_COUNT(nothing); i++)
        if (ewi_str_is((ew_str){dense, n}, nothing[i])) return true;
    return false;
}

bool ewi_ollama_refuse_images(ew_str images, const char *param, ewi_refusal *refusal) {
    return ewi_ollama_is_nothing(images) ||
           ewi_refuse(refusal, 400, param, "%s: not supported, models read text only here", param);
}

ew_str ewi_ollama_model(const ewi_answer *answer, ew_str name) {
    if (!ewi_str_ends(name, ":latest") || ewi_models_has(ewi_server_models(answer->server), name))
        return name;
    return (ew_str){name.data, name.len - strlen(":latest")};
}

/* ---- keep_alive ---- */

typedef struct unit {
    const char *name;
    double seconds;
} unit;

/* Longest first where one begins with another. */
static const unit units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"h", 3600}, {"m", 60}, {"s", 1}};

static size_t number_of(ew_str text) {
    size_t n = 0, n_points = 0;
    while (n < text.len && n < 32 && ((text.data[n] >= '0' && text.data[n] <= '9') || text.data[n] == '.'))
        n_points += text.data[n++] == '.';
    bool is_number = n > 0 && text.data[0] != '.' && text.data[n - 1] != '.' && n_points <= 1;
    return is_number ? n : 0;
}

static const unit *unit_of(ew_str text) {
    for (size_t i = 0; i < EWI_COUNT(units); i++)
        if (ewi_str_starts(text, units[i].name)) return &units[i];
    return NULL;
}

/* Numbers, each with its unit; one alone may do without: seconds. */
static bool read_duration(ew_str text, double *seconds) {
    bool negative = text.len && text.data[0] == '-';
    if (negative) text.data++, text.len--;
    *seconds = 0;
    for (bool first = true; first || text.len; first = false) {
        double value;
        size_t n = number_of(text);
        if (!n || !ewi_decimal_to_double((ew_str){text.data, n}, &value)) return false;
        text = (ew_str){text.data + n, text.len - n};
        const unit *u = unit_of(text);
        if (!u && (text.len || !first)) return false;
        size_t len = u ? strlen(u->name) : 0;
        text = (ew_str){text.data + len, text.len - len};
        *seconds += u ? value * u->seconds : value;
    }
    if (negative) *seconds = -*seconds;
    return true;
}

bool ewi_ollama_read_keep_alive(ew_str text, ewi_arena *arena, double *seconds, ewi_refusal *refusal) {
    ewi_json json;
    ew_str words;
    *seconds = (double)NAN;
    if (text.len == 0) return true;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, arena);
    ewi_json_kind kind = ewi_json_peek(&json);
    bool ok = kind == EWI_JSON_NUMBER && ewi_json_read_double(&json, seconds, NULL) == EW_OK;
    if (kind == EWI_JSON_STRING)
        ok = ewi_json_read_string(&json, &words, NULL) == EW_OK && read_duration(words, seconds);
    return ok || ewi_refuse(refusal, 400, "keep_alive",
                            "keep_alive: seconds, or a duration as \"5m\" or \"1h30m\", are expected");
}

void ewi_ollama_keep(ewi_answer *answer, double seconds) {
    if (isnan(seconds)) return;
    uint32_t s =
        seconds < 0 || seconds >= (double)EWI_KEEP_ALWAYS ? EWI_KEEP_ALWAYS : (uint32_t)ceil(seconds);
    ewi_models_set_keep_alive(ewi_server_models(answer->server), answer->host, s);
}

/* ---- reading ---- */

/* Negative numbers mean "no limit" and "by chance". Penalties that see nothing are off. */
static void spell_out(ewi_ollama_ask *o) {
    ewi_ask *ask = &o->ask;
    if (ask->n_predict < 0 && ask->n_predict != EWI_UNSAID) ask->n_predict = 0;
    if (ask->n_predict > UINT32_MAX) ask->n_predict = UINT32_MAX;
    if (ask->seed < 0) ask->seed = EWI_UNSAID;
    if (ask->top_k < 0 && ask->top_k != EWI_UNSAID) ask->top_k = 0;
    if (o->repeat_last_n == 0) {
        ask->repeat_penalty = 1;
        ask->presence_penalty = ask->frequency_penalty = 0;
    }
}

static bool read_think(ewi_ollama_ask *o, ewi_refusal *refusal) {
    if (o->think.len == 0) return true;
    if (ewi_str_is(o->think, "true"))
        o->ask.template_options = EWI_STR("{\"enable_thinking\":true}");
    else if (ewi_str_is(o->think, "false"))
        o->ask.template_options = EWI_STR("{\"enable_thinking\":false}");
    else
        return ewi_refuse(refusal, 400, "think", "think: true or false is expected");
    return true;
}

static bool check(ewi_ollama_ask *o, ewi_arena *arena, ewi_refusal *refusal) {
    if (!ewi_ollama_is_nothing(o->format))
        return ewi_refuse(refusal, 400, "format",
                          "format: not supported: output cannot be held to JSON or a schema yet");
    if (o->ask.n_top && !o->ask.logprobs)
        return ewi_refuse(refusal, 400, "top_logprobs", "top_logprobs: only with \"logprobs\": true");
    return read_think(o, refusal) &&
           ewi_ollama_read_keep_alive(o->keep_alive, arena, &o->keep_alive_s, refusal);
}

bool ewi_ollama_read(ewi_answer *answer, const ewi_field *own, size_t n, ewi_refusal *refusal) {
    ewi_field fields[EWI_MAX_FIELDS];
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    ewi_ollama_ask *o = ewi_arena_array(&answer->arena, 1, sizeof *o);
    if (!o) return ewi_refuse(refusal, 503, NULL, "out of memory");
    answer->own = o;
    ewi_ask_init(&o->ask);
    o->ask.stream = true;
    o->repeat_last_n = EWI_UNSAID;
    EW_ASSERT(n + EWI_COUNT(common) <= EWI_MAX_FIELDS);
    memcpy(fields, common, sizeof common);
    memcpy(fields + EWI_COUNT(common), own, n * sizeof *own);
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, n + EWI_COUNT(common), o, &room,
                         refusal) ||
        !check(o, &answer->arena, refusal))
        return false;
    spell_out(o);
    o->ask.model = ewi_ollama_model(answer, o->ask.model);
    answer->ask = o->ask;
    o->read_ns = ewi_clock_ns();
    return true;
}

bool ewi_ollama_settle(ewi_answer *answer, ewi_refusal *refusal) {
    ewi_ollama_ask *o = answer->own;
    const ewi_host *host = answer->host;
    o->load_ns = ewi_clock_ns() - o->read_ns;
    ewi_ollama_keep(answer, o->keep_alive_s);
    if (o->n_ctx > (int64_t)host->n_ctx)
        return ewi_refuse(refusal, 400, "options.num_ctx",
                          "options.num_ctx: %lld, but the server was started with a context of %u",
                          (long long)o->n_ctx, host->n_ctx);
    if (ewi_str_is(o->think, "true") && host->reasoning == EWI_REASONING_NONE)
        return ewi_refuse(refusal, 400, "think", "think: the model \"%s\" does not think", host->name);
    if (o->repeat_last_n > 0) answer->ask.penalty_last_n = o->repeat_last_n;
    if (o->repeat_last_n == -1) answer->ask.penalty_last_n = host->n_ctx;
    return true;
}

/* ---- replies ---- */

void ewi_ollama_put_time(ewi_json_out *json, const char *key, int64_t unix_s) {
    char text[64];
    struct tm tm = {0};
    time_t t = (time_t)unix_s;
    gmtime_r(&t, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    ewi_json_out_string(json, key, (ew_str){text, n});
}

void ewi_ollama_begin(ewi_json_out *json, const ewi_answer *answer) {
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_text(json, "model", answer->host->name);
    ewi_ollama_put_time(json, "created_at", ewi_clock_unix_s());
}

static void put_logprob(ewi_json_out *json, const ewi_answer *answer, ew_token token, float logprob) {
    char text[EWI_SPELLING];
    ewi_json_out_string(json, "token", ewi_answer_spell(answer, token, text));
    ewi_json_out_float(json, "logprob", logprob);
}

void ewi_ollama_put_logprobs(ewi_json_out *json, ewi_choice *choice) {
    const ewi_answer *answer = choice->answer;
    if (!answer->ask.logprobs || choice->n_tokens == 0) return;
    ewi_json_out_open(json, "logprobs", '[');
    for (size_t i = 0; i < choice->n_tokens; i++) {
        const ewi_said_token *said = &choice->tokens[i];
        ewi_json_out_open(json, NULL, '{');
        put_logprob(json, answer, said->token, said->logprob);
        if (said->n_top) ewi_json_out_open(json, "top_logprobs", '[');
        for (size_t k = 0; k < said->n_top; k++) {
            ewi_json_out_open(json, NULL, '{');
            put_logprob(json, answer, said->top[k].token, said->top[k].logprob);
            ewi_json_out_close(json);
        }
        if (said->n_top) ewi_json_out_close(json);
        ewi_json_out_close(json);
    }
    ewi_json_out_close(json);
    choice->n_tokens = 0;
}

void ewi_ollama_end_line(ewi_json_out *json, ewi_choice *choice) {
    ewi_ollama_put_logprobs(json, choice);
    ewi_json_out_bool(json, "done", false);
    ewi_json_out_close_all(json);
    ewi_buffer_add(&choice->answer->out, "\n", 1);
}

void ewi_ollama_end(ewi_json_out *json, const ewi_choice *choice) {
    const ewi_answer *answer = choice->answer;
    const ewi_ollama_ask *o = answer->own;
    const ew_generation *g = &choice->outcome.generation;
    ewi_json_out_bool(json, "done", true);
    ewi_json_out_text(json, "done_reason", ewi_choice_why(choice) == EWI_WHY_LENGTH ? "length" : "stop");
    ewi_json_out_count(json, "total_duration", ewi_clock_ns() - answer->begin_ns);
    ewi_json_out_count(json, "load_duration", o->load_ns);
    ewi_json_out_count(json, "prompt_eval_count", choice->n_prompt);
    ewi_json_out_count(json, "prompt_eval_duration", g->prompt_ns);
    ewi_json_out_count(json, "eval_count", g->n_generated);
    ewi_json_out_count(json, "eval_duration", g->generate_ns);
    ewi_json_out_close_all(json);
}

/* ---- from the one to the other ---- */

static void reply_loaded(ewi_answer *answer, const ewi_ollama_how *how) {
    const ewi_ollama_ask *o = answer->own;
    ewi_json_out json = {.out = &answer->out};
    ewi_ollama_begin(&json, answer);
    how->put_empty(&json);
    ewi_json_out_bool(&json, "done", true);
    ewi_json_out_text(&json, "done_reason", o->keep_alive_s >= 0 && o->keep_alive_s <= 0 ? "unload" : "load");
    ewi_json_out_close_all(&json);
    ewi_answer_reply(answer);
}

static void load(ewi_answer *answer, const ewi_ollama_how *how) {
    ewi_refusal refusal = {0};
    if (ewi_chat_hold(answer, &refusal) && ewi_ollama_settle(answer, &refusal))
        reply_loaded(answer, how);
    else
        ewi_answer_refuse(answer, &refusal);
}

void ewi_ollama_handle(ewi_server *server, ewi_exchange *exchange, const ewi_ollama_how *how) {
    ewi_refusal refusal = {0};
    ewi_answer *answer = ewi_answer_new(server, exchange, how->api, &refusal);
    if (!answer)
        ewi_api_refuse(exchange, &refusal);
    else if (!how->read(answer, &refusal))
        ewi_answer_refuse(answer, &refusal);
    else if (!how->asks(answer))
        load(answer, how);
    else if (how->make_choice(answer, &refusal))
        ewi_answer_start(answer);
    else
        ewi_answer_refuse(answer, &refusal);
}
