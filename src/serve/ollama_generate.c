/* ollama_generate.c: POST /api/generate (https://github.com/ollama/ollama/blob/main/docs/api.md). */
#include <stddef.h>

#include "serve/api.h"
#include "serve/api_chat.h"
#include "serve/ollama.h"
#include "serve/prompts.h"

static const ewi_field fields[] = {
    {.name = "prompt", .kind = EWI_FIELD_TEXT, .offset = offsetof(ewi_ollama_ask, prompt)},
    {.name = "system", .kind = EWI_FIELD_TEXT, .offset = offsetof(ewi_ollama_ask, system)},
    {.name = "raw", .kind = EWI_FIELD_BOOL, .offset = offsetof(ewi_ollama_ask, raw)},
    {.name = "suffix", .kind = EWI_FIELD_TEXT, .offset = offsetof(ewi_ollama_ask, suffix)},
    {.name = "template", .kind = EWI_FIELD_TEXT, .offset = offsetof(ewi_ollama_ask, tmpl)},
    {.name = "images", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ollama_ask, images)},
    {.name = "context", .kind = EWI_FIELD_RAW, .offset = offsetof(ewi_ollama_ask, context)},
};

/* ---- the reply ---- */

static void put_text(ewi_json_out *json, ew_str response, ew_str thinking) {
    ewi_json_out_string(json, "response", response);
    if (thinking.len) ewi_json_out_string(json, "thinking", thinking);
}

static void tell_part(ewi_choice *choice, const ewi_answer_part *part) {
    ewi_json_out json = {.out = &choice->answer->out};
    bool is_thought = part->kind == EWI_PART_REASONING;
    ewi_ollama_begin(&json, choice->answer);
    put_text(&json, is_thought ? EWI_STR("") : part->text, is_thought ? part->text : EWI_STR(""));
    ewi_ollama_end_line(&json, choice);
}

static void end_choice(ewi_choice *choice) {
    ewi_json_out json = {.out = &choice->answer->out};
    ewi_ollama_begin(&json, choice->answer);
    put_text(&json, EWI_STR(""), EWI_STR(""));
    ewi_ollama_put_logprobs(&json, choice);
    ewi_ollama_end(&json, choice);
    ewi_buffer_add(&choice->answer->out, "\n", 1);
}

static void tell_whole(ewi_answer *answer) {
    ewi_json_out json = {.out = &answer->out};
    ewi_choice *choice = &answer->choices[0];
    ewi_ollama_begin(&json, answer);
    put_text(&json, ewi_buffer_str(&choice->content), ewi_buffer_str(&choice->reasoning));
    ewi_ollama_put_logprobs(&json, choice);
    ewi_ollama_end(&json, choice);
}

static void put_empty(ewi_json_out *json) {
    ewi_json_out_text(json, "response", "");
}

static const ewi_api api = {
    .name = "ollama.generate",
    .stream_type = "application/x-ndjson",
    .refuse = ewi_ollama_refuse,
    .part = tell_part,
    .end_choice = end_choice,
    .broken = ewi_ollama_broken,
    .whole = tell_whole,
};

/* ---- the request ---- */

static bool read_ask(ewi_answer *answer, ewi_refusal *refusal) {
    if (!ewi_ollama_read(answer, fields, EWI_COUNT(fields), refusal)) return false;
    const ewi_ollama_ask *o = answer->own;
    if (o->suffix.len)
        return ewi_refuse(refusal, 400, "suffix",
                          "suffix: not supported; see /infill for what stands between");
    if (o->tmpl.len)
        return ewi_refuse(refusal, 400, "template", "template: not supported: use the model's, or \"raw\"");
    if (!ewi_ollama_is_nothing(o->context))
        return ewi_refuse(refusal, 400, "context", "context: not supported; /api/chat takes what was said");
    if (o->raw && o->system.len)
        return ewi_refuse(refusal, 400, "system",
                          "system: not with \"raw\", which takes the prompt as it is");
    if (o->raw && o->think.len)
        return ewi_refuse(refusal, 400, "think", "think: not with \"raw\", which takes the prompt as it is");
    return ewi_ollama_refuse_images(o->images, "images", refusal);
}

static bool add_message(ewi_conversation *conv, ew_str role, ew_str content, ewi_refusal *refusal) {
    if (!ewi_conversation_begin(conv, role, refusal)) return false;
    ewi_conversation_text(conv, "content", content);
    ewi_conversation_end(conv);
    return true;
}

static bool build(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal) {
    const ewi_ollama_ask *o = answer->own;
    return ewi_ollama_settle(answer, refusal) &&
           (o->system.len == 0 || add_message(conv, EWI_STR("system"), o->system, refusal)) &&
           add_message(conv, EWI_STR("user"), o->prompt, refusal) &&
           (!conv->text.failed || ewi_refuse(refusal, 503, NULL, "out of memory"));
}

static const ewi_chat chat = {&api, read_ask, build};

/* The prompt as it is, control tokens that it spells out included. */
static bool encode_raw(ewi_answer *answer, ewi_prompt *prompt, ewi_refusal *refusal) {
    const ewi_ollama_ask *o = answer->own;
    if (!ewi_chat_hold(answer, refusal) || !ewi_ollama_settle(answer, refusal)) return false;
    unsigned bos = ew_tokenizer_adds_bos(answer->host->tokenizer) ? EW_ENCODE_BOS : 0u;
    return ewi_prompts_encode(o->prompt, answer->host, bos | EW_ENCODE_SPECIAL, &answer->arena, prompt,
                              refusal);
}

static bool make_choice(ewi_answer *answer, ewi_refusal *refusal) {
    const ewi_ollama_ask *o = answer->own;
    ewi_prompt prompt;
    if (o->raw)
        return encode_raw(answer, &prompt, refusal) && ewi_prompts_make_choices(answer, &prompt, 1, refusal);
    return ewi_chat_render(answer, &chat, refusal) && ewi_answer_make_choices(answer, 1, refusal);
}

static bool asks(const ewi_answer *answer) {
    const ewi_ollama_ask *o = answer->own;
    return o->prompt.len > 0;
}

static const ewi_ollama_how how = {&api, read_ask, asks, make_choice, put_empty};

void ewi_ollama_generate(ewi_server *server, ewi_exchange *exchange) {
    ewi_ollama_handle(server, exchange, &how);
}
