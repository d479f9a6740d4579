/*
 * chat_messages.h: messages as chat templates know them, from what APIs send: one JSON text for each message.
 *
 * Shapes are checked before a template sees them, and what this server cannot do (images, audio) is refused
 * by name. Content in parts becomes one text, "developer" is "system", arguments of calls are objects where
 * they are JSON objects.
 *
 *     ewi_conversation conv;
 *     ewi_conversation_init(&conv, &arena);
 *     if (!ewi_conversation_add_openai(&conv, ask->messages, &refusal)) ...
 *     if (!ewi_conversation_render(&conv, host, limit, &tokens, &n, &refusal)) ...
 *     ewi_conversation_deinit(&conv);
 */
#ifndef EW_SERVE_CHAT_MESSAGES_H
#define EW_SERVE_CHAT_MESSAGES_H

#include "base/arena.h"
#include "base/buffer.h"
#include "serve/fields.h"
#include "serve/models.h"
#include "text/answer_parser.h"

#define EWI_MAX_MESSAGES 4096u

typedef struct ewi_message {
    size_t begin, end; /* in text */
    bool is_system;
} ewi_message;

typedef struct ewi_conversation {
    ewi_arena *arena;
    ewi_buffer text;       /* messages, one behind the other */
    ewi_message *messages; /* [EWI_MAX_MESSAGES] */
    size_t n;
    ew_str tools;      /* JSON array; empty: none */
    ewi_tool *offered; /* [n_offered] the same, as far as answers' parsers need them */
    size_t n_offered;
    ew_str options; /* JSON object of more variables for the template; empty: none */
    bool goes_on;   /* the last message is an answer that is to be continued */
} ewi_conversation;

EWI_NODISCARD bool ewi_conversation_init(ewi_conversation *conv, ewi_arena *arena, ewi_refusal *refusal);
void ewi_conversation_deinit(ewi_conversation *conv);

/* ---- message by message: an object that is written into conv->text between the two ---- */
bool ewi_conversation_begin(ewi_conversation *conv, ew_str role, ewi_refusal *refusal);
void ewi_conversation_end(ewi_conversation *conv);
/* A member of the message that is open. */
void ewi_conversation_text(ewi_conversation *conv, const char *name, ew_str text);
void ewi_conversation_json(ewi_conversation *conv, const char *name, ew_str json);

/* OpenAI's array. */
bool ewi_conversation_add_openai(ewi_conversation *conv, ew_str messages, ewi_refusal *refusal);
/* OpenAI's tools and tool_choice, checked. */
bool ewi_conversation_set_tools(ewi_conversation *conv, ew_str tools, ew_str choice, ewi_refusal *refusal);
/* More variables for the template: a JSON object, or empty. */
bool ewi_conversation_set_options(ewi_conversation *conv, ew_str options, ewi_refusal *refusal);

/* What the template makes of it. */
typedef struct ewi_rendered {
    ew_token *tokens; /* [n] ewi_free */
    size_t n;
    bool in_reasoning;  /* it ends inside of a thought that the template began */
    uint32_t n_dropped; /* messages left out so that it fits */
} ewi_rendered;

/* limit: tokens at most, for which the oldest messages but the system's are left out; 0: none are. */
bool ewi_conversation_render(const ewi_conversation *conv, const ewi_host *host, size_t limit,
                             ewi_rendered *out, ewi_refusal *refusal);
/* The template's text alone: for /apply-template. Free it. */
bool ewi_conversation_write(const ewi_conversation *conv, const ewi_host *host, ew_rendering **out,
                            ewi_refusal *refusal);

#endif
