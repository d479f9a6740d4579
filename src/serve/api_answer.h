/*
 * api_answer.h: one request's answer: its choices as they come from the scheduler, told in the words of an
 * API.
 *
 * An answer owns all that its request needs (body, ask, prompt, choices) and frees itself when the last
 * choice has ended and the reply is out. It is made on a worker thread; after ewi_answer_start it belongs to
 * the scheduler's thread, which writes all of the reply. A client that goes cancels its choices.
 *
 *     ewi_answer *answer = ewi_answer_new(server, exchange, &api, &refusal);
 *     ... fill answer->ask, hold answer->host, make answer->prompts ...
 *     ewi_answer_start(answer, &refusal);                 or ewi_answer_refuse(answer, &refusal)
 */
#ifndef EW_SERVE_API_ANSWER_H
#define EW_SERVE_API_ANSWER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "os/thread.h"
#include "serve/api_ask.h"
#include "serve/http.h"
#include "serve/server.h"
#include "text/answer_parser.h"

typedef struct ewi_answer ewi_answer;

typedef struct ewi_call {
    char id[32]; /* "call_..." */
    ewi_buffer name, arguments;
    bool is_broken; /* it was not finished, or is no JSON: nobody may run it */
} ewi_call;

/* Text of one kind, or a call. */
typedef struct ewi_section {
    ewi_answer_part_kind kind; /* EWI_PART_CONTENT, EWI_PART_REASONING or EWI_PART_CALL_BEGIN */
    size_t begin, end;         /* of content or reasoning; begin: the call's index */
} ewi_section;

typedef struct ewi_said_token {
    ew_token token;
    float logprob;
    size_t n_top;
    ewi_logprob top[EWI_MAX_TOP];
} ewi_said_token;

typedef struct ewi_choice {
    ewi_answer *answer;
    size_t index;
    uint64_t id; /* the scheduler's; valid while is_submitted */
    bool is_submitted, has_ended;
    const ew_token *prompt;
    size_t n_prompt;
    ewi_answer_parser parser; /* of chats */
    ewi_buffer content, reasoning;
    ewi_call *calls;
    size_t n_calls;
    /* With logprobs: tokens that no part of the reply has told yet; of one that is not streamed, all. */
    ewi_said_token *tokens;
    size_t n_tokens, cap_tokens;
    uint64_t last_ns; /* when the last token came */
    /* What the answer is made of, in its order; a stream has told the first n_told of them. */
    ewi_section *sections;
    size_t n_sections, n_told;
    bool is_section_open; /* the last one told is not complete */
    ewi_outcome outcome;  /* once it has ended; why is kept in the answer's arena */
} ewi_choice;

/* How an API tells an answer. All write to answer->out; NULL: it has nothing to say there. */
typedef struct ewi_api {
    const char *name;        /* for metrics: "openai.chat" */
    const char *stream_type; /* "text/event-stream", "application/x-ndjson" */
    /* The body of a reply that refuses. */
    void (*refuse)(const ewi_refusal *refusal, ewi_buffer *out);
    /* ---- streamed ---- */
    void (*open)(ewi_answer *answer);
    void (*part)(ewi_choice *choice, const ewi_answer_part *part);
    void (*end_choice)(ewi_choice *choice);
    void (*close)(ewi_answer *answer);
    void (*broken)(ewi_answer *answer, const ewi_refusal *refusal); /* after open */
    /* ---- whole ---- */
    void (*whole)(ewi_answer *answer);
} ewi_api;

struct ewi_answer {
    ewi_server *server;
    ewi_exchange *exchange;
    const ewi_api *api;
    ewi_host *host;
    ewi_arena arena;
    ewi_ask ask;
    void *own;                /* what its API keeps beside the ask, in the arena */
    bool is_chat;             /* text is parsed for reasoning and calls */
    bool begins_in_reasoning; /* the prompt ends inside of it */
    const ewi_tool *tools;    /* [n_tools] that may be called */
    size_t n_tools;
    ewi_buffer ignored; /* fields without effect */
    uint32_t n_dropped; /* tokens or messages that `truncate` took away */
    char id[EWI_ID];    /* without the API's prefix */
    int64_t created_s;
    uint64_t begin_ns;
    size_t n_choices;
    ewi_choice *choices;
    ewi_buffer out;
    bool is_open;      /* the stream has begun */
    uint64_t n_events; /* of a stream whose events are numbered */
    ewi_mutex *lock;   /* guards what follows, until all has been submitted */
    size_t n_running;
    bool is_gone, has_failed;
    ewi_refusal refusal;
    ew_token *prompt; /* [n_prompt] the same for all choices, where API code made one */
    size_t n_prompt;
    uint64_t first_ns; /* when the first token came */
    uint64_t n_read;   /* tokens that were read beside those of choices: embedded */
};

/* A lasting copy of the exchange's body is answer's; NULL and the refusal when there is no memory. */
ewi_answer *ewi_answer_new(ewi_server *server, ewi_exchange *exchange, const ewi_api *api,
                           ewi_refusal *refusal);
/* Replies with the refusal and frees the answer. Before the start. */
void ewi_answer_refuse(ewi_answer *answer, const ewi_refusal *refusal);
/* Tokens that the prompt may have where it may be cut: it leaves room for the answer that was asked for.
 * 0: it may not be cut. */
size_t ewi_answer_limit(const ewi_answer *answer);
/* Makes n choices of the prompt. */
bool ewi_answer_make_choices(ewi_answer *answer, size_t n, ewi_refusal *refusal);
/* Submits all choices. The answer replies and frees itself, also when they are refused. */
void ewi_answer_start(ewi_answer *answer);
/* Without choices: answer->out is the whole reply, or has `api->stream_type`'s lines. Frees the answer. */
void ewi_answer_reply(ewi_answer *answer);

/* Sums over choices, and what was read beside; prompts are counted once for all choices that share one. */
typedef struct ewi_usage {
    uint64_t n_prompt, n_cached, n_generated;
} ewi_usage;
ewi_usage ewi_answer_usage(const ewi_answer *answer);
ew_str ewi_choice_text(const ewi_choice *choice, const ewi_section *block);
/* "stop", "length", "tool_calls", ...: why the choice ended. */
typedef enum ewi_why { EWI_WHY_END, EWI_WHY_STOP_TEXT, EWI_WHY_LENGTH, EWI_WHY_CALLS } ewi_why;
ewi_why ewi_choice_why(const ewi_choice *choice);

#define EWI_SPELLING 256
/* A token's text, alone; empty where it is longer than this. */
ew_str ewi_answer_spell(const ewi_answer *answer, ew_token token, char text[EWI_SPELLING]);

#endif
