/*
 * api_chat.h: the way of every chat, whichever API it came by: read the request, hold the model, make a
 * conversation, render it, answer.
 */
#ifndef EW_SERVE_API_CHAT_H
#define EW_SERVE_API_CHAT_H

#include "serve/api_answer.h"
#include "serve/chat_messages.h"

typedef struct ewi_chat {
    const ewi_api *api;
    /* Fills answer->ask from the exchange. Its tools are in OpenAI's form when it returns. */
    bool (*read)(ewi_answer *answer, ewi_refusal *refusal);
    /* Adds the messages. */
    bool (*build)(ewi_answer *answer, ewi_conversation *conv, ewi_refusal *refusal);
} ewi_chat;

void ewi_chat_handle(ewi_server *server, ewi_exchange *exchange, const ewi_chat *chat);
/* The same as far as the prompt: answer->prompt and n_prompt are there, no choices. Then count or reply. */
bool ewi_chat_prepare(ewi_answer *answer, const ewi_chat *chat, ewi_refusal *refusal);
/* What follows read: for those that must look at the request first. */
bool ewi_chat_render(ewi_answer *answer, const ewi_chat *chat, ewi_refusal *refusal);
/* The model that the request names, into answer->host; it must have a head. */
bool ewi_chat_hold(ewi_answer *answer, ewi_refusal *refusal);

#endif
