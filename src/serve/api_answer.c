#include "serve/api_answer.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "os/clock.h"

#define ARENA_BYTES ((size_t)512 << 20)
#define MAX_OUT     ((size_t)64 << 20)
#define MAX_TEXT    ((size_t)16 << 20)
#define MAX_CALLS   128u
#define MAX_IGNORED 4096u

/* ---- making and freeing ---- */

static void free_choice(ewi_choice *choice) {
    ewi_answer_parser_deinit(&choice->parser);
    ewi_buffer_deinit(&choice->content);
    ewi_buffer_deinit(&choice->reasoning);
    for (size_t i = 0; i < choice->n_calls; i++) {
        ewi_buffer_deinit(&choice->calls[i].name);
        ewi_buffer_deinit(&choice->calls[i].arguments);
    }
    ewi_free(choice->calls);
    ewi_free(choice->sections);
    ewi_free(choice->tokens);
}

static void free_answer(ewi_answer *answer) {
    for (size_t i = 0; i < answer->n_choices; i++) free_choice(&answer->choices[i]);
    ewi_free(answer->choices);
    if (answer->host) ewi_models_release(ewi_server_models(answer->server), answer->host);
    ewi_buffer_deinit(&answer->out);
    ewi_buffer_deinit(&answer->ignored);
    ewi_free(answer->prompt);
    ewi_mutex_free(answer->lock);
    ewi_arena_deinit(&answer->arena);
    ewi_free(answer);
}

ewi_answer *ewi_answer_new(ewi_server *server, ewi_exchange *exchange, const ewi_api *api,
                           ewi_refusal *refusal) {
    ewi_answer *answer = ewi_zalloc(sizeof *answer);
    ewi_mutex *lock = ewi_mutex_new();
    if (!answer || !lock) {
        ewi_free(answer);
        ewi_mutex_free(lock);
        ewi_refuse(refusal, 503, NULL, "out of memory");
        return NULL;
    }
    answer->server = server;
    answer->exchange = exchange;
    answer->api = api;
    answer->lock = lock;
    answer->begin_ns = ewi_clock_ns();
    answer->created_s = ewi_clock_unix_s();
    ewi_arena_init(&answer->arena, ARENA_BYTES);
    ewi_buffer_init(&answer->out, MAX_OUT);
    ewi_buffer_init(&answer->ignored, MAX_IGNORED);
    ewi_server_make_id(server, answer->id);
    ewi_ask_init(&answer->ask);
    return answer;
}

static void init_choice(ewi_answer *answer, size_t index) {
    ewi_choice *choice = &answer->choices[index];
    *choice = (ewi_choice){
        .answer = answer, .index = index, .prompt = answer->prompt, .n_prompt = answer->n_prompt};
    ewi_buffer_init(&choice->content, MAX_TEXT);
    ewi_buffer_init(&choice->reasoning, MAX_TEXT);
}

bool ewi_answer_make_choices(ewi_answer *answer, size_t n, ewi_refusal *refusal) {
    answer->choices = ewi_zalloc_array(n, sizeof *answer->choices);
    if (!answer->choices) return ewi_refuse(refusal, 503, NULL, "out of memory");
    for (size_t i = 0; i < n; i++) init_choice(answer, i);
    answer->n_choices = n;
    return true;
}

size_t ewi_answer_limit(const ewi_answer *answer) {
    uint32_t n_ctx = answer->host->n_ctx, n_predict = ewi_ask_n_predict(&answer->ask);
    uint32_t room = n_predict && n_predict < n_ctx / 2 ? n_predict : n_ctx / 4 + 1;
    return answer->ask.truncate ? n_ctx - room : 0;
}

/* ---- replies ---- */

static void set_headers(ewi_answer *answer) {
    ewi_exchange *x = answer->exchange;
    char text[64];
    if (answer->host) {
        ewi_exchange_set_header(x, "X-Edgewise-Model", ewi_str(answer->host->name));
        ewi_exchange_set_header(x, "X-Edgewise-Device", EWI_STR("cpu"));
    }
    if (answer->n_dropped) {
        snprintf(text, sizeof text, "%u", answer->n_dropped);
        ewi_exchange_set_header(x, "X-Edgewise-Truncated", ewi_str(text));
    }
    if (answer->ignored.len)
        ewi_exchange_set_header(x, "X-Edgewise-Ignored", ewi_buffer_str(&answer->ignored));
}

static void set_cache_header(ewi_answer *answer) {
    char text[64];
    ewi_usage usage = ewi_answer_usage(answer);
    snprintf(text, sizeof text, "%llu/%llu", (unsigned long long)usage.n_cached,
             (unsigned long long)usage.n_prompt);
    ewi_exchange_set_header(answer->exchange, "X-Edgewise-Cache", ewi_str(text));
}

static void reply_refusal(ewi_answer *answer, const ewi_refusal *refusal) {
    answer->out.len = 0;
    set_headers(answer);
    if (refusal->http == 429 || refusal->http == 503)
        ewi_exchange_set_header(answer->exchange, "Retry-After", EWI_STR("1"));
    answer->api->refuse(refusal, &answer->out);
    ewi_exchange_reply(answer->exchange, (unsigned)refusal->http, "application/json",
                       ewi_buffer_str(&answer->out));
}

/* What the log and the figures get of a request: no text of it. */
static void note(const ewi_answer *answer, int http) {
    ewi_usage usage = ewi_answer_usage(answer);
    uint64_t now = ewi_clock_ns();
    ewi_server_note(answer->server, answer->exchange,
                    &(ewi_request_note){
                        .api = answer->api->name,
                        .model = answer->host ? answer->host->name : "",
                        .http = http,
                        .total_ns = now - answer->begin_ns,
                        .first_ns = answer->first_ns ? answer->first_ns - answer->begin_ns : 0,
                        .queue_ns = answer->n_choices ? answer->choices[0].outcome.queue_ns : 0,
                        .n_prompt = usage.n_prompt,
                        .n_cached = usage.n_cached,
                        .n_generated = usage.n_generated,
                    });
}

void ewi_answer_refuse(ewi_answer *answer, const ewi_refusal *refusal) {
    note(answer, refusal->http);
    reply_refusal(answer, refusal);
    free_answer(answer);
}

void ewi_answer_reply(ewi_answer *answer) {
    note(answer, 200);
    set_headers(answer);
    ewi_exchange_reply(answer->exchange, 200, "application/json", ewi_buffer_str(&answer->out));
    free_answer(answer);
}

/* ---- streams ---- */

static void open_stream(ewi_answer *answer) {
    if (answer->is_open) return;
    answer->is_open = true;
    set_headers(answer);
    ewi_exchange_set_header(answer->exchange, "Cache-Control", EWI_STR("no-store"));
    ewi_exchange_stream(answer->exchange, 200, answer->api->stream_type);
    if (answer->api->open) answer->api->open(answer);
}

static bool flush(ewi_answer *answer) {
    if (answer->out.len == 0) return true;
    bool ok = !answer->out.failed && ewi_exchange_write(answer->exchange, ewi_buffer_str(&answer->out));
    answer->out.len = 0;
    return ok;
}

/* ---- pieces ---- */

static bool add_call(ewi_choice *choice, ew_str name) {
    if (choice->n_calls == MAX_CALLS) return false;
    ewi_call *calls = ewi_realloc_array(choice->calls, choice->n_calls, choice->n_calls + 1, sizeof *calls);
    if (!calls) return false;
    choice->calls = calls;
    ewi_call *call = &calls[choice->n_calls++];
    *call = (ewi_call){0};
    char id[EWI_ID];
    ewi_server_make_id(choice->answer->server, id);
    snprintf(call->id, sizeof call->id, "call_%.24s", id);
    ewi_buffer_init(&call->name, MAX_TEXT);
    ewi_buffer_init(&call->arguments, MAX_TEXT);
    return ewi_buffer_add(&call->name, name.data, name.len);
}

static bool add_section(ewi_choice *choice, ewi_answer_part_kind kind, size_t begin) {
    size_t n = choice->n_sections;
    ewi_section *sections = ewi_realloc_array(choice->sections, n, n + 1, sizeof *sections);
    if (!sections) return false;
    choice->sections = sections;
    sections[choice->n_sections++] = (ewi_section){kind, begin, begin};
    return true;
}

static bool add_text(ewi_choice *choice, const ewi_answer_part *part, ewi_buffer *to) {
    const ewi_section *last = choice->n_sections ? &choice->sections[choice->n_sections - 1] : NULL;
    if ((!last || last->kind != part->kind) && !add_section(choice, part->kind, to->len)) return false;
    if (!ewi_buffer_add(to, part->text.data, part->text.len)) return false;
    choice->sections[choice->n_sections - 1].end = to->len;
    return true;
}

static bool gather(ewi_choice *choice, const ewi_answer_part *part) {
    if (part->kind == EWI_PART_CONTENT) return add_text(choice, part, &choice->content);
    if (part->kind == EWI_PART_REASONING) return add_text(choice, part, &choice->reasoning);
    if (part->kind == EWI_PART_CALL_BEGIN)
        return add_section(choice, part->kind, choice->n_calls) && add_call(choice, part->text);
    if (choice->n_calls == 0) return false; /* there was no room for it */
    ewi_call *call = &choice->calls[choice->n_calls - 1];
    if (part->kind == EWI_PART_CALL_END) call->is_broken = part->is_broken;
    return part->kind == EWI_PART_CALL_END ||
           ewi_buffer_add(&call->arguments, part->text.data, part->text.len);
}

static void take_part(void *user, const ewi_answer_part *part) {
    ewi_choice *choice = user;
    ewi_answer *answer = choice->answer;
    if (!gather(choice, part)) answer->has_failed = true;
    if (!answer->has_failed && answer->ask.stream && answer->api->part) answer->api->part(choice, part);
}

static bool keep_token(ewi_choice *choice, const ewi_piece *piece) {
    if (choice->n_tokens == choice->cap_tokens) {
        size_t cap = choice->cap_tokens ? 2 * choice->cap_tokens : 16;
        ewi_said_token *tokens = ewi_realloc_array(choice->tokens, choice->cap_tokens, cap, sizeof *tokens);
        if (!tokens) return false;
        choice->tokens = tokens;
        choice->cap_tokens = cap;
    }
    ewi_said_token *said = &choice->tokens[choice->n_tokens++];
    *said = (ewi_said_token){.token = piece->token, .logprob = piece->logprob, .n_top = piece->n_top};
    for (size_t i = 0; i < piece->n_top && i < EWI_MAX_TOP; i++) said->top[i] = piece->top[i];
    return true;
}

static void note_time(ewi_choice *choice) {
    ewi_answer *answer = choice->answer;
    ewi_metrics *metrics = ewi_server_metrics(answer->server);
    uint64_t now = ewi_clock_ns();
    if (choice->last_ns)
        ewi_metrics_note_token(metrics, now - choice->last_ns);
    else
        ewi_metrics_note_first_token(metrics, now - answer->begin_ns);
    if (!answer->first_ns) answer->first_ns = now;
    choice->last_ns = now;
}

static bool keeps_tokens(const ewi_answer *answer) {
    return answer->ask.logprobs || answer->ask.keep_tokens;
}

static bool take_piece(void *user, const ewi_piece *piece) {
    ewi_choice *choice = user;
    ewi_answer *answer = choice->answer;
    if (piece->token >= 0) note_time(choice);
    if (keeps_tokens(answer) && piece->token >= 0 && !keep_token(choice, piece)) answer->has_failed = true;
    if (answer->ask.stream) open_stream(answer);
    if (answer->is_chat)
        answer->has_failed =
            ewi_answer_parser_push(&choice->parser, piece->text, NULL) != EW_OK || answer->has_failed;
    else if (piece->text.len || keeps_tokens(answer))
        take_part(choice, &(ewi_answer_part){.kind = EWI_PART_CONTENT, .text = piece->text});
    return flush(answer) && !answer->has_failed;
}

/* ---- the end ---- */

/* Why there is no whole answer, if so: the first choice's reason. */
static bool find_failure(ewi_answer *answer) {
    if (answer->refusal.http) return true;
    for (size_t i = 0; i < answer->n_choices; i++) {
        const ewi_choice *choice = &answer->choices[i];
        if (choice->outcome.status == EW_OK) continue;
        ew_error err = {.status = choice->outcome.status};
        snprintf(err.text, sizeof err.text, "%s", choice->outcome.why);
        ewi_refuse_error(&answer->refusal, NULL, &err);
        return true;
    }
    if (answer->has_failed || answer->out.failed) ewi_refuse(&answer->refusal, 500, NULL, "out of memory");
    return answer->refusal.http != 0;
}

static void end_stream(ewi_answer *answer, bool failed) {
    if (!failed) open_stream(answer);
    if (failed)
        answer->api->broken(answer, &answer->refusal);
    else if (answer->api->close)
        answer->api->close(answer);
    flush(answer);
    ewi_exchange_end(answer->exchange);
}

static void reply_whole(ewi_answer *answer) {
    answer->api->whole(answer);
    set_headers(answer);
    set_cache_header(answer);
    ewi_exchange_reply(answer->exchange, 200, "application/json", ewi_buffer_str(&answer->out));
}

static void finish(ewi_answer *answer) {
    bool failed = find_failure(answer);
    note(answer, failed ? answer->refusal.http : 200);
    if (answer->is_open || (answer->ask.stream && !failed))
        end_stream(answer, failed);
    else if (failed)
        reply_refusal(answer, &answer->refusal);
    else
        reply_whole(answer);
    free_answer(answer);
}

/* One choice less; the last one ends the answer. */
static void leave(ewi_choice *choice) {
    ewi_answer *answer = choice->answer;
    ewi_mutex_lock(answer->lock);
    choice->has_ended = true;
    bool last = --answer->n_running == 0;
    ewi_mutex_unlock(answer->lock);
    if (last) finish(answer);
}

static void take_end(void *user, const ewi_outcome *outcome) {
    ewi_choice *choice = user;
    ewi_answer *answer = choice->answer;
    choice->outcome = *outcome;
    choice->outcome.why = ewi_arena_strdup(&answer->arena, ewi_str(outcome->why));
    if (!choice->outcome.why) choice->outcome.why = "";
    if (choice->outcome.status == EW_OK) {
        if (answer->ask.stream) open_stream(answer);
        if (answer->is_chat && ewi_answer_parser_end(&choice->parser, NULL)) answer->has_failed = true;
        if (answer->ask.stream && answer->api->end_choice) answer->api->end_choice(choice);
        flush(answer);
    }
    leave(choice);
}

/* The client has gone: HTTP's thread. */
static void take_gone(void *user) {
    ewi_answer *answer = user;
    ewi_mutex_lock(answer->lock);
    answer->is_gone = true;
    for (size_t i = 0; i < answer->n_choices; i++) {
        const ewi_choice *choice = &answer->choices[i];
        if (choice->is_submitted && !choice->has_ended)
            ewi_scheduler_cancel(answer->host->scheduler, choice->id);
    }
    ewi_mutex_unlock(answer->lock);
}

/* ---- the beginning ---- */

/* Marks that are control tokens must be seen in the text. */
static bool needs_special(const ewi_answer *answer) {
    const ewi_host *host = answer->host;
    return answer->is_chat && (ewi_reasoning_format_needs_special(host->reasoning) ||
                               (answer->n_tools && ewi_tool_format_needs_special(host->tools)));
}

static bool fill_request(ewi_answer *answer, ewi_request *request, ewi_refusal *refusal) {
    ewi_ask *ask = &answer->ask;
    ew_adapter_use *uses;
    *request = (ewi_request){
        .stops = ask->stops.items,
        .n_stops = ask->stops.n,
        .n_predict = ewi_ask_n_predict(ask),
        .ignore_end = ask->ignore_end,
        .special = needs_special(answer),
        .wants_logprobs = ask->logprobs,
        .n_top = (uint32_t)ask->n_top,
        .client = ewi_exchange_client(answer->exchange),
        .no_cache = !ask->cache || ask->no_cache,
        .on_piece = take_piece,
        .on_end = take_end,
    };
    if (ask->timeout_s > 0) request->deadline_ns = answer->begin_ns + (uint64_t)(ask->timeout_s * 1e9);
    if (!ewi_ask_sampling(ask, answer->host, &answer->arena, &request->sampling, refusal)) return false;
    if (!ewi_ask_priority(ask, &request->priority, refusal)) return false;
    if (!ewi_ask_adapters(ask, answer->host, &answer->arena, &uses, &request->n_uses, refusal)) return false;
    request->uses = uses;
    return true;
}

static void init_parser(ewi_choice *choice) {
    const ewi_answer *answer = choice->answer;
    const ewi_host *host = answer->host;
    ewi_answer_options options = {
        .reasoning = host->reasoning,
        .begins_in_reasoning = answer->begins_in_reasoning,
        .tools = answer->tools,
        .n_tools = answer->n_tools,
    };
    ewi_tool_format format = answer->n_tools ? host->tools : EWI_TOOLS_NONE;
    ewi_answer_parser_init(&choice->parser, format, &options, take_part, choice);
}

/* The seed that was asked for, or one by chance; each choice has its own. */
static uint64_t seed_of(const ewi_choice *choice) {
    const ewi_answer *answer = choice->answer;
    if (answer->ask.seed != EWI_UNSAID) return (uint64_t)answer->ask.seed + choice->index;
    return ewi_server_random(answer->server);
}

static bool submit(ewi_choice *choice, const ewi_request *common) {
    ewi_answer *answer = choice->answer;
    ew_error err = {0};
    ewi_request request = *common;
    request.prompt = choice->prompt;
    request.n_prompt = choice->n_prompt;
    request.user = choice;
    request.sampling.seed = seed_of(choice);
    if (answer->is_chat) init_parser(choice);
    if (ewi_scheduler_submit(answer->host->scheduler, &request, &choice->id, &err) == EW_OK)
        return choice->is_submitted = true;
    return ewi_refuse_error(&answer->refusal, NULL, &err);
}

/* Those that were not submitted leave at once. A choice that has no place takes the others with it. */
static size_t submit_all(ewi_answer *answer, const ewi_request *common) {
    size_t n = 0;
    while (n < answer->n_choices && !answer->is_gone && submit(&answer->choices[n], common)) n++;
    if (n < answer->n_choices)
        for (size_t i = 0; i < n; i++) ewi_scheduler_cancel(answer->host->scheduler, answer->choices[i].id);
    return answer->n_choices - n;
}

void ewi_answer_start(ewi_answer *answer) {
    ewi_refusal refusal = {0};
    ewi_request common;
    if (!fill_request(answer, &common, &refusal)) {
        ewi_answer_refuse(answer, &refusal);
        return;
    }
    ewi_exchange_on_gone(answer->exchange, take_gone, answer);
    ewi_mutex_lock(answer->lock);
    answer->n_running = answer->n_choices;
    answer->n_running -= submit_all(answer, &common);
    bool none = answer->n_running == 0;
    ewi_mutex_unlock(answer->lock);
    if (none) finish(answer);
}

/* ---- what became of it ---- */

ewi_usage ewi_answer_usage(const ewi_answer *answer) {
    ewi_usage usage = {.n_prompt = answer->n_read};
    for (size_t i = 0; i < answer->n_choices; i++) {
        const ewi_choice *choice = &answer->choices[i];
        usage.n_generated += choice->outcome.generation.n_generated;
        if (i > 0 && choice->prompt == answer->choices[0].prompt) continue;
        usage.n_prompt += choice->n_prompt;
        usage.n_cached += choice->outcome.n_cached;
    }
    return usage;
}

ewi_why ewi_choice_why(const ewi_choice *choice) {
    switch (choice->outcome.generation.finish) {
    case EW_FINISH_LENGTH:
    case EW_FINISH_CONTEXT: return EWI_WHY_LENGTH;
    case EW_FINISH_STOP: return EWI_WHY_STOP_TEXT;
    case EW_FINISH_END:
    case EW_FINISH_CANCELLED: break;
    }
    for (size_t i = 0; i < choice->n_calls; i++)
        if (!choice->calls[i].is_broken) return EWI_WHY_CALLS;
    return EWI_WHY_END;
}

ew_str ewi_answer_spell(const ewi_answer *answer, ew_token token, char text[EWI_SPELLING]) {
    size_t len = 0;
    ew_detokenizer detokenizer = {.started = true};
    ew_status status =
        ew_detokenize(answer->host->tokenizer, &detokenizer, token, true, text, EWI_SPELLING, &len, NULL);
    return (ew_str){text, status == EW_OK && len <= EWI_SPELLING ? len : 0};
}

ew_str ewi_choice_text(const ewi_choice *choice, const ewi_section *block) {
    const ewi_buffer *from = block->kind == EWI_PART_REASONING ? &choice->reasoning : &choice->content;
    return (ew_str){(const char *)from->data + block->begin, block->end - block->begin};
}
