/* asks.c: what is asked of the server. */
#include "asks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- prompts ---- */

static const char *const rooms[] = {"kitchen", "bedroom", "bathroom", "living room", "hall", "garage"};
static const char *const wishes[] = {
    "turn on the light in the %s",       "turn off the light in the %s",
    "dim the lamps in the %s a bit",     "set the lights in the %s to 40 percent",
    "what is the temperature in the %s", "set the thermostat in the %s to 21 degrees",
    "make it a bit warmer in the %s",    "turn off the light in the %s and wake me at half six",
};
#define N_ROOMS (sizeof rooms / sizeof *rooms)

/* Four numbers of it are told, so that each of 5 million prompts has an answer of its own. */
static void write_own_prompt(uint64_t n, char *out, size_t cap) {
    snprintf(out, cap, "wake me at %u:%02u and set a timer for %u minutes and the %s lights to %u percent",
             (unsigned)(5 + n % 5), (unsigned)(n / 5 % 60), (unsigned)(2 + n / 300 % 57),
             rooms[n / 17100 % N_ROOMS], (unsigned)(10 + n / 102600 % 50));
}

static void write_prompt(uint64_t n, char *out, size_t cap) {
    char wish[128];
    if (n >= ASK_PROMPTS) {
        write_own_prompt(n, out, cap);
        return;
    }
    const char *form = wishes[n / N_ROOMS], *gap = strstr(form, "%s");
    snprintf(wish, sizeof wish, "%.*s%s%s", (int)(gap - form), form, rooms[n % N_ROOMS], gap + 2);
    snprintf(out, cap, "%s", wish);
}

/* ---- kinds ---- */

#define CHAT "{\"model\":\"pocket\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\""
#define OLLAMA                                                                                          \
    "{\"model\":\"pocket\",\"options\":{\"temperature\":0,\"num_predict\":48},\"messages\":[{\"role\":" \
    "\"user\",\"content\":\""
#define TEXT     "{\"model\":\"pocket\",\"temperature\":0,\"max_tokens\":48,\"prompt\":\""
#define LLAMACPP "{\"temperature\":0,\"n_predict\":48,\"prompt\":\""
/* Some 130 tokens that all long prompts begin with. */
#define HOUSE                                                                                                \
    "the house has a kitchen with four lamps, a bedroom with two lamps, a bathroom with one lamp, a living " \
    "room with six lamps, a hall with two lamps, and a garage with one lamp. every room has a thermostat. "  \
    "turn on the light in the kitchen. turn off the light in the bedroom. set a timer for ten minutes. "     \
    "wake "                                                                                                  \
    "me at seven. what is the weather today. make it warmer in the bathroom. dim the lamps in the living "   \
    "room. what time is it. "
#define LONG \
    "{\"model\":\"pocket\",\"temperature\":0,\"max_tokens\":250,\"ignore_eos\":true,\"prompt\":\"" HOUSE

const ask_kind ask_kinds[] = {
    {"chat", "/v1/chat/completions", SUBJECT_CHAT, MANNER_PLAIN, 16, 200, CHAT, "\"}],\"max_tokens\":48}",
     "content", "\"usage\""},
    {"chat, no cache", "/v1/chat/completions", SUBJECT_CHAT, MANNER_PLAIN, 4, 200, CHAT,
     "\"}],\"max_tokens\":48,\"cache_prompt\":false}", "content", "\"usage\""},
    {"chat, streamed", "/v1/chat/completions", SUBJECT_CHAT, MANNER_PLAIN, 16, 200, CHAT,
     "\"}],\"max_tokens\":48,\"stream\":true}", "content", "data: [DONE]\n\n"},
    {"messages", "/v1/messages", SUBJECT_CHAT, MANNER_PLAIN, 8, 200, CHAT, "\"}],\"max_tokens\":48}", "text",
     "\"usage\""},
    {"messages, streamed", "/v1/messages", SUBJECT_CHAT, MANNER_PLAIN, 8, 200, CHAT,
     "\"}],\"max_tokens\":48,\"stream\":true}", "text", "\"type\":\"message_stop\"}\n\n"},
    {"ollama", "/api/chat", SUBJECT_CHAT, MANNER_PLAIN, 4, 200, OLLAMA, "\"}],\"stream\":false}", "content",
     "\"done\":true"},
    {"ollama, streamed", "/api/chat", SUBJECT_CHAT, MANNER_PLAIN, 8, 200, OLLAMA, "\"}]}", "content",
     "\"done\":true"},
    {"completion", "/v1/completions", SUBJECT_TEXT, MANNER_PLAIN, 6, 200, TEXT, "\"}", "text", "\"usage\""},
    {"completion, streamed", "/v1/completions", SUBJECT_TEXT, MANNER_PLAIN, 6, 200, TEXT,
     "\",\"stream\":true}", "text", "data: [DONE]\n\n"},
    {"llama.cpp, no cache", "/completion", SUBJECT_TEXT, MANNER_PLAIN, 3, 200, LLAMACPP,
     "\",\"cache_prompt\":false}", "content", "\"stop_type\""},
    {"long", "/v1/completions", SUBJECT_LONG, MANNER_PLAIN, 1, 200, LONG, "\"}", "text", "\"usage\""},
    {"long, no cache", "/v1/completions", SUBJECT_LONG, MANNER_PLAIN, 1, 200, LONG,
     "\",\"cache_prompt\":false}", "text", "\"usage\""},
    {"long, streamed", "/v1/completions", SUBJECT_LONG, MANNER_PLAIN, 1, 200, LONG, "\",\"stream\":true}",
     "text", "data: [DONE]\n\n"},
    {"long, read slowly", "/v1/completions", SUBJECT_LONG, MANNER_SLOWLY, 1, 200, LONG, "\",\"stream\":true}",
     "text", "data: [DONE]\n\n"},
    {"long, left", "/v1/completions", SUBJECT_LONG, MANNER_LEAVE, 3, 200, LONG, "\",\"stream\":true}", "text",
     ""},
    {"long, vanished", "/v1/completions", SUBJECT_LONG, MANNER_VANISH, 2, 200, LONG, "\"}", "text", ""},
    {"tokenize", "/tokenize", SUBJECT_TOKENS, MANNER_PLAIN, 6, 200, "{\"content\":\"", "\"}", NULL, "]}"},
    {"embedding", "/v1/embeddings", SUBJECT_VECTOR, MANNER_PLAIN, 3, 200,
     "{\"model\":\"pocket\",\"input\":\"", "\"}", NULL, "\"usage\""},
    {"bad JSON", "/v1/chat/completions", SUBJECT_BAD_JSON, MANNER_PLAIN, 2, 400, "{\"messages\":[", "", NULL,
     "}"},
    {"no such model", "/v1/messages", SUBJECT_NO_MODEL, MANNER_PLAIN, 2, 404,
     "{\"max_tokens\":1,\"model\":\"none\",\"messages\":[{\"role\":\"user\",\"content\":\"", "\"}]}", NULL,
     "}"},
    {"no such field", "/api/chat", SUBJECT_NO_FIELD, MANNER_PLAIN, 2, 400,
     "{\"model\":\"pocket\",\"no_such_field\":1,\"messages\":[{\"role\":\"user\",\"content\":\"", "\"}]}",
     NULL, "}"},
    {"too long", "/v1/completions", SUBJECT_TOO_LONG, MANNER_PLAIN, 1, 400,
     "{\"model\":\"pocket\",\"max_tokens\":8,\"prompt\":\"", "\"}", NULL, "}"},
    {"other embedding", "/v1/embeddings", SUBJECT_OTHER_VECTOR, MANNER_PLAIN, 2, 200,
     "{\"model\":\"" ASK_OTHER_MODEL "\",\"input\":\"", "\"}", NULL, "\"usage\""},
};
const size_t ask_n_kinds = sizeof ask_kinds / sizeof *ask_kinds;

bool ask_has_prompt(const ask_kind *kind) {
    return kind->status == 200;
}

/* ---- questions ---- */

/* Far more than pocket's 512 positions. */
static void write_long_body(const ask_kind *kind, char *body) {
    size_t at = (size_t)snprintf(body, ASK_BODY_BYTES, "%s", kind->before);
    while (at + 64 < ASK_BODY_BYTES) at += (size_t)snprintf(body + at, ASK_BODY_BYTES - at, "lamp and ");
    snprintf(body + at, ASK_BODY_BYTES - at, "%s", kind->after);
}

void ask_write_body(const ask_kind *kind, uint64_t prompt, char body[ASK_BODY_BYTES]) {
    char text[256];
    if (kind->subject == SUBJECT_TOO_LONG) {
        write_long_body(kind, body);
        return;
    }
    write_prompt(prompt, text, sizeof text);
    if (!ask_has_prompt(kind)) text[0] = '\0';
    snprintf(body, ASK_BODY_BYTES, "%s%s%s", kind->before, text, kind->after);
}

/* ---- answers ---- */

static char four_digits(const char *at) {
    char digits[5] = {0};
    memcpy(digits, at, 4);
    return (char)strtoul(digits, NULL, 16);
}

/* The text of a JSON string from behind its quote on; what pocket says is ASCII. */
static size_t add_string(const char *at, char *out) {
    size_t n = 0;
    for (; *at && *at != '"'; at++) {
        if (*at != '\\') {
            out[n++] = *at;
            continue;
        }
        switch (*++at) {
        case '\0': return n;
        case 'n': out[n++] = '\n'; break;
        case 't': out[n++] = '\t'; break;
        case 'r': out[n++] = '\r'; break;
        case 'u':
            if (strnlen(at, 5) < 5) return n;
            out[n++] = four_digits(at + 1);
            at += 4;
            break;
        default: out[n++] = *at;
        }
    }
    return n;
}

/* Quotes within a string come behind a backslash, so that the key is found only where it is one. */
static size_t add_texts(const char *key, const char *body, char *out) {
    char mark[32];
    size_t n = 0;
    int n_mark = snprintf(mark, sizeof mark, "\"%s\":\"", key);
    for (const char *at = body; (at = strstr(at, mark));) {
        at += n_mark;
        n += add_string(at, out + n);
    }
    return n;
}

static bool ended_by_length(const char *body) {
    return strstr(body, "_reason\":\"length\"") || strstr(body, "_reason\":\"max_tokens\"") ||
           strstr(body, "\"stop_type\":\"limit\"");
}

char *ask_read_answer(const ask_kind *kind, const char *body) {
    size_t n = strlen(body);
    if (!strstr(body, kind->end)) return NULL;
    char *answer = malloc(n + 16);
    if (!answer) abort();
    if (kind->key)
        n = add_texts(kind->key, body, answer);
    else
        memcpy(answer, body, n);
    snprintf(answer + n, 16, "%s", kind->key && ended_by_length(body) ? " [length]" : "");
    return answer;
}
