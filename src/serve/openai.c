#include "serve/openai.h"

#include <stdio.h>

#include "format/json.h"

void ewi_openai_refuse(const ewi_refusal *refusal, ewi_buffer *out) {
    ewi_json_out json = {.out = out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_open(&json, "error", '{');
    ewi_json_out_text(&json, "message", refusal->text);
    ewi_json_out_text(&json, "type", ewi_refusal_type(refusal->http));
    if (refusal->param[0])
        ewi_json_out_text(&json, "param", refusal->param);
    else
        ewi_json_out_null(&json, "param");
    if (refusal->code)
        ewi_json_out_text(&json, "code", refusal->code);
    else
        ewi_json_out_null(&json, "code");
    ewi_json_out_close_all(&json);
}

void ewi_openai_event_begin(ewi_answer *answer) {
    ewi_buffer_add(&answer->out, "data: ", 6);
}

void ewi_openai_event_end(ewi_answer *answer) {
    ewi_buffer_add(&answer->out, "\n\n", 2);
}

static void put_done(ewi_answer *answer) {
    ewi_buffer_printf(&answer->out, "data: [DONE]\n\n");
}

void ewi_openai_broken(ewi_answer *answer, const ewi_refusal *refusal) {
    ewi_openai_event_begin(answer);
    ewi_openai_refuse(refusal, &answer->out);
    ewi_openai_event_end(answer);
    put_done(answer);
}

void ewi_openai_usage(ewi_json_out *json, const ewi_answer *answer) {
    ewi_usage usage = ewi_answer_usage(answer);
    ewi_json_out_open(json, "usage", '{');
    ewi_json_out_count(json, "prompt_tokens", usage.n_prompt);
    ewi_json_out_count(json, "completion_tokens", usage.n_generated);
    ewi_json_out_count(json, "total_tokens", usage.n_prompt + usage.n_generated);
    ewi_json_out_open(json, "prompt_tokens_details", '{');
    ewi_json_out_count(json, "cached_tokens", usage.n_cached);
    ewi_json_out_close(json);
    ewi_json_out_close(json);
}

void ewi_openai_begin(ewi_json_out *json, const ewi_answer *answer, const char *prefix, const char *object) {
    char id[64];
    snprintf(id, sizeof id, "%s-%s", prefix, answer->id);
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_text(json, "id", id);
    ewi_json_out_text(json, "object", object);
    ewi_json_out_integer(json, "created", answer->created_s);
    ewi_json_out_text(json, "model", answer->host->name);
}

void ewi_openai_close(ewi_answer *answer, const char *prefix, const char *object) {
    if (answer->ask.include_usage) {
        ewi_json_out json = {.out = &answer->out};
        ewi_openai_event_begin(answer);
        ewi_openai_begin(&json, answer, prefix, object);
        ewi_json_out_open(&json, "choices", '[');
        ewi_json_out_close(&json);
        ewi_openai_usage(&json, answer);
        ewi_json_out_close_all(&json);
        ewi_openai_event_end(answer);
    }
    put_done(answer);
}

static double rate_tok_s(uint64_t n, uint64_t ns) {
    return ns ? (double)n * 1e9 / (double)ns : 0;
}

static void put_ms(ewi_json_out *json, const char *key, uint64_t ns) {
    ewi_json_out_double(json, key, (double)(ns / 1000) / 1000);
}

void ewi_openai_timings(ewi_json_out *json, const ewi_choice *choice) {
    const ew_generation *g = &choice->outcome.generation;
    uint64_t n_read = choice->n_prompt - choice->outcome.n_cached;
    ewi_json_out_open(json, "timings", '{');
    ewi_json_out_count(json, "cache_n", choice->outcome.n_cached);
    ewi_json_out_count(json, "prompt_n", n_read);
    put_ms(json, "prompt_ms", g->prompt_ns);
    ewi_json_out_double(json, "prompt_per_second", rate_tok_s(n_read, g->prompt_ns));
    ewi_json_out_count(json, "predicted_n", g->n_generated);
    put_ms(json, "predicted_ms", g->generate_ns);
    ewi_json_out_double(json, "predicted_per_second", rate_tok_s(g->n_generated, g->generate_ns));
    put_ms(json, "queue_ms", choice->outcome.queue_ns);
    ewi_json_out_close(json);
}

const char *ewi_openai_finish(const ewi_choice *choice) {
    switch (ewi_choice_why(choice)) {
    case EWI_WHY_LENGTH: return "length";
    case EWI_WHY_CALLS: return "tool_calls";
    case EWI_WHY_END:
    case EWI_WHY_STOP_TEXT: break;
    }
    return "stop";
}

bool ewi_openai_check_format(ew_str response_format, ewi_arena *arena, ewi_refusal *refusal) {
    ewi_json json;
    ew_str key, type = {0};
    if (response_format.len == 0) return true;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)response_format.data, response_format.len}, arena);
    bool ok = ewi_json_peek(&json) == EWI_JSON_OBJECT && ewi_json_enter_object(&json, NULL) == EW_OK;
    while (ok && ewi_json_next_key(&json, &key)) {
        bool is_type = ewi_str_is(key, "type") && ewi_json_peek(&json) == EWI_JSON_STRING;
        ok = (is_type ? ewi_json_read_string(&json, &type, NULL) : ewi_json_skip(&json, NULL)) == EW_OK;
    }
    if (!ok || !type.data)
        return ewi_refuse(refusal, 400, "response_format", "response_format: {\"type\": ..} is expected");
    if (ewi_str_is(type, "text")) return true;
    return ewi_refuse(refusal, 400, "response_format",
                      "response_format: \"%.*s\" is not supported: output cannot be held to a schema yet",
                      EWI_STR_ARG(type));
}

void ewi_openai_put_tokens(ewi_json_out *json, const char *key, const ewi_choice *choice,
                           ewi_put_token_fn put) {
    ewi_json_out_open(json, key, '[');
    for (size_t i = 0; i < choice->n_tokens; i++) {
        const ewi_said_token *said = &choice->tokens[i];
        ewi_json_out_open(json, NULL, '{');
        put(json, choice, said->token, said->logprob);
        ewi_json_out_open(json, "top_logprobs", '[');
        for (size_t k = 0; k < said->n_top; k++) {
            ewi_json_out_open(json, NULL, '{');
            put(json, choice, said->top[k].token, said->top[k].logprob);
            ewi_json_out_close(json);
        }
        ewi_json_out_close(json);
        ewi_json_out_close(json);
    }
    ewi_json_out_close(json);
}
