#include "serve/api_chat.h"

#include "base/mem.h"
#include "serve/api.h"

bool ewi_chat_hold(ewi_answer *answer, ewi_refusal *refusal) {
    answer->host = ewi_models_hold(ewi_server_models(answer->server), answer->ask.model, refusal);
    if (!answer->host) return false;
    if (!answer->host->is_headless) return true;
    return ewi_refuse(refusal, 400, "model",
                      "the model \"%s\" makes embeddings, not text: use /v1/embeddings", answer->host->name);
}

static bool take_prompt(ewi_answer *answer, const ewi_conversation *conv, ewi_refusal *refusal) {
    ewi_rendered rendered;
    if (!ewi_conversation_render(conv, answer->host, ewi_answer_limit(answer), &rendered, refusal))
        return false;
    answer->prompt = rendered.tokens;
    answer->n_prompt = rendered.n;
    answer->n_dropped = rendered.n_dropped;
    answer->begins_in_reasoning = rendered.in_reasoning;
    answer->is_chat = true;
    return rendered.n > 0 ||
           ewi_refuse(refusal, 400, "messages", "messages: the template makes nothing of them");
}

static bool set_tools(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal) {
    const ewi_ask *ask = &answer->ask;
    if (!ewi_conversation_set_tools(conv, ask->tools, ask->tool_choice, refusal)) return false;
    answer->tools = conv->offered;
    answer->n_tools = conv->n_offered;
    return true;
}

static bool build(ewi_answer *answer, const ewi_chat *chat, ewi_conversation *conv, ewi_refusal *refusal) {
    const ewi_ask *ask = &answer->ask;
    return chat->build(answer, conv, refusal) && set_tools(answer, conv, refusal) &&
           ewi_conversation_set_options(conv, ask->template_options, refusal) &&
           take_prompt(answer, conv, refusal);
}

bool ewi_chat_render(ewi_answer *answer, const ewi_chat *chat, ewi_refusal *refusal) {
    ewi_conversation conv;
    if (!ewi_chat_hold(answer, refusal)) return false;
    if (!ewi_conversation_init(&conv, &answer->arena, refusal)) return false;
    bool ok = build(answer, chat, &conv, refusal);
    ewi_conversation_deinit(&conv);
    return ok;
}

bool ewi_chat_prepare(ewi_answer *answer, const ewi_chat *chat, ewi_refusal *refusal) {
    return chat->read(answer, refusal) && ewi_chat_render(answer, chat, refusal);
}

void ewi_chat_handle(ewi_server *server, ewi_exchange *exchange, const ewi_chat *chat) {
    ewi_refusal refusal = {0};
    ewi_answer *answer = ewi_answer_new(server, exchange, chat->api, &refusal);
    if (!answer) {
        ewi_api_refuse(exchange, &refusal);
        return;
    }
    if (ewi_chat_prepare(answer, chat, &refusal) &&
        ewi_answer_make_choices(answer, (size_t)answer->ask.n_choices, &refusal))
        ewi_answer_start(answer);
    else
        ewi_answer_refuse(answer, &refusal);
}
