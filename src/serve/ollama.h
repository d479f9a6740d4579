/*
 * ollama.h: what Ollama's endpoints share: errors, the fields of requests that make text, keep_alive, lines
 * of a stream.
 *
 *     if (!ewi_ollama_read(answer, fields, EWI_COUNT(fields), &refusal)) ...      fills answer->ask and own
 *     ... the model is held ...
 *     if (!ewi_ollama_settle(answer, &refusal)) ...
 */
#ifndef EW_SERVE_OLLAMA_H
#define EW_SERVE_OLLAMA_H

#include "format/json_out.h"
#include "serve/api_chat.h"

/* A request, answer->own; `ask` is copied to the answer when it has been read. */
typedef struct ewi_ollama_ask {
    ewi_ask ask;
    ew_str keep_alive, think, format, images, context; /* JSON */
    ew_str prompt, system, suffix, tmpl;
    bool raw;
    int64_t n_ctx, n_top, repeat_last_n;
    double keep_alive_s; /* NAN: nothing was said; negative: for ever */
    uint64_t read_ns;    /* when the request had been read */
    uint64_t load_ns;    /* what opening the model took of it */
} ewi_ollama_ask;

/* {"error": "..."} */
void ewi_ollama_refuse(const ewi_refusal *refusal, ewi_buffer *out);
/* The same as a stream's last line. */
void ewi_ollama_broken(ewi_answer *answer, const ewi_refusal *refusal);

/* ---- requests ---- */

/* own: fields beside those that all have; offsets are ewi_ollama_ask's. */
bool ewi_ollama_read(ewi_answer *answer, const ewi_field *own, size_t n, ewi_refusal *refusal);
/* What can be said once the model is there: num_ctx, think, keep_alive. */
bool ewi_ollama_settle(ewi_answer *answer, ewi_refusal *refusal);
/* "name:latest" is "name", unless there is a model that is called so. */
ew_str ewi_ollama_model(const ewi_answer *answer, ew_str name);
/* keep_alive as JSON text: a number of seconds, or "1h30m", "300ms", "-1s". Empty: NAN. */
bool ewi_ollama_read_keep_alive(ew_str json, ewi_arena *arena, double *seconds, ewi_refusal *refusal);
void ewi_ollama_keep(ewi_answer *answer, double seconds);
/* JSON that says nothing: absent, null, an empty string, array or object. */
bool ewi_ollama_is_nothing(ew_str json);
/* "images", unless there are none. */
bool ewi_ollama_refuse_images(ew_str images, const char *param, ewi_refusal *refusal);

/* How a request that makes text is answered. One that asks for nothing loads the model, or unloads it. */
typedef struct ewi_ollama_how {
    const ewi_api *api;
    bool (*read)(ewi_answer *answer, ewi_refusal *refusal);
    bool (*asks)(const ewi_answer *answer);
    /* From the request that has been read to its choice. */
    bool (*make_choice)(ewi_answer *answer, ewi_refusal *refusal);
    void (*put_empty)(ewi_json_out *json); /* an answer without text */
} ewi_ollama_how;
void ewi_ollama_handle(ewi_server *server, ewi_exchange *exchange, const ewi_ollama_how *how);

/* ---- replies ---- */

/* {"model", "created_at", */
void ewi_ollama_begin(ewi_json_out *json, const ewi_answer *answer);
/* RFC 3339, UTC. */
void ewi_ollama_put_time(ewi_json_out *json, const char *key, int64_t unix_s);
/* Of the tokens that were not told yet, if they are asked for. */
void ewi_ollama_put_logprobs(ewi_json_out *json, ewi_choice *choice);
/* "done": false, and the line's end. */
void ewi_ollama_end_line(ewi_json_out *json, ewi_choice *choice);
/* "done": true, why, counts and times; the object's end. */
void ewi_ollama_end(ewi_json_out *json, const ewi_choice *choice);

#endif
