/*
 * home.c: a request to a home, in the words of everyday, becomes tool calls, or is passed on.
 *
 *     home [--threshold P] [--json] MODEL [TEXT]
 *
 * Without TEXT each line of stdin is a request. Answers go to stdout, errors to stderr. Exit code: 0 done,
 * whether or not a bigger model should be asked, 1 failed, 2 usage.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "decoder.h"

/* README.md says how it was measured. */
#define THRESHOLD 0.973

typedef struct options {
    const char *model;
    const char *text; /* NULL: lines of stdin */
    double threshold;
    bool json;
} options;

/* ---- whether to ask a bigger model ---- */

typedef enum ask { ASK_NOBODY, ASK_NONE, ASK_UNSURE, ASK_UNFINISHED, ASK_TOO_LONG } ask;

static ask whom_to_ask(const answer *a, double threshold) {
    if (a->end == ANSWER_NO_ROOM) return ASK_TOO_LONG;
    if (a->end == ANSWER_UNFINISHED) return ASK_UNFINISHED;
    if (strcmp(a->text, "{\"tool\":\"none\"}") == 0) return ASK_NONE;
    return a->confidence < threshold ? ASK_UNSURE : ASK_NOBODY;
}

/* ---- printing ---- */

/* The comma or the brace after a JSON value that holds no objects. */
static const char *value_end(const char *at) {
    int depth = 0;
    for (bool in_string = false;; at++) {
        if (*at == '"') in_string = !in_string;
        if (in_string) {
            if (*at == '\\') at++;
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}')) return at;
        depth += (*at == '[') - (*at == ']');
    }
}

/* "room":"kitchen","state":"on"}} becomes room="kitchen", state="on". Returns what comes after it. */
static const char *print_args(const char *at) {
    while (*at != '}') {
        const char *name = at + 1, *name_end = strchr(name, '"'), *value = name_end + 2;
        at = value_end(value);
        printf("%.*s=%.*s", (int)(name_end - name), name, (int)(at - value), value);
        if (*at == ',') printf(", "), at++;
    }
    return at + strlen("}}");
}

/* A complete answer: each call on a line. */
static void print_calls(const char *at) {
    at += *at == '[';
    do {
        const char *name = at + strlen("{\"tool\":\""), *name_end = strchr(name, '"');
        printf("%.*s(", (int)(name_end - name), name);
        at = print_args(name_end + strlen("\",\"args\":{"));
        printf(")\n");
    } while (*at++ == ',');
}

static void print_ask(ask whom, double threshold) {
    if (whom == ASK_NOBODY) return;
    printf("    would rather ask a bigger model: ");
    if (whom == ASK_NONE) printf("no tool does that\n");
    if (whom == ASK_UNSURE) printf("confidence is below %.3f\n", threshold);
    if (whom == ASK_UNFINISHED) printf("the answer came to no end\n");
    if (whom == ASK_TOO_LONG) printf("the request is too long\n");
}

static void print_answer(const answer *a, ask whom, double threshold, double ms) {
    if (whom == ASK_NOBODY || whom == ASK_UNSURE) print_calls(a->text);
    if (whom == ASK_NONE) printf("none\n");
    if (a->n_tokens)
        printf("    confidence %.3f, lowest token %.3f, %u tokens in %.1f ms\n", a->confidence, a->lowest,
               a->n_tokens, ms);
    print_ask(whom, threshold);
}

/* An answer is JSON already. */
static void print_json(const answer *a, ask whom, double ms) {
    static const char *const names[] = {"null", "\"none\"", "\"unsure\"", "\"unfinished\"", "\"too long\""};
    printf("{\"answer\":%s,\"confidence\":%.6f,\"lowest\":%.6f,\"tokens\":%u,\"ms\":%.3f,\"ask\":%s}\n",
           a->end == ANSWER_DONE ? a->text : "null", a->confidence, a->lowest, a->n_tokens, ms, names[whom]);
}

/* ---- requests ---- */

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static ew_status fail(ew_error *err, const char *text) {
    err->status = EW_IO;
    snprintf(err->text, sizeof err->text, "%s", text);
    return EW_IO;
}

static ew_status serve(decoder *d, const options *o, ew_str request, ew_error *err) {
    answer a;
    double began_ms = now_ms();
    ew_status status = decoder_answer(d, request, &a, err);
    if (status != EW_OK) return status;
    double ms = now_ms() - began_ms;
    ask whom = whom_to_ask(&a, o->threshold);
    if (o->json)
        print_json(&a, whom, ms);
    else
        print_answer(&a, whom, o->threshold, ms);
    return fflush(stdout) == 0 ? EW_OK : fail(err, "the answer cannot be written");
}

/* Without the blanks around it. */
static ew_str trimmed(const char *text, size_t len) {
    while (len && strchr(" \t\r\n", text[len - 1])) len--;
    while (len && strchr(" \t\r\n", *text)) text++, len--;
    ew_str str = {text, len};
    return str;
}

static ew_status serve_lines(decoder *d, const options *o, ew_error *err) {
    bool asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    char *line = NULL;
    size_t cap = 0;
    ew_status status = EW_OK;
    while (status == EW_OK) {
        if (asks) printf("> ");
        fflush(stdout);
        ssize_t len = getline(&line, &cap, stdin);
        if (len < 0) break;
        ew_str request = trimmed(line, (size_t)len);
        if (request.len) status = serve(d, o, request, err);
    }
    free(line);
    if (status == EW_OK && !feof(stdin)) return fail(err, "the requests cannot be read");
    if (asks) printf("\n");
    return status;
}

/* ---- the program ---- */

static bool read_threshold(const char *text, double *threshold) {
    char *end = NULL;
    *threshold = text ? strtod(text, &end) : -1;
    return text && end != text && !*end && *threshold >= 0 && *threshold <= 1;
}

static bool read_options(char **argv, options *o) {
    for (argv++; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
        if (strcmp(*argv, "--json") == 0)
            o->json = true;
        else if (strcmp(*argv, "--threshold") != 0 || !read_threshold(*++argv, &o->threshold))
            return false;
    }
    o->model = *argv;
    if (!o->model || !*++argv) return o->model;
    o->text = *argv;
    return !argv[1] && trimmed(o->text, strlen(o->text)).len;
}

int main(int argc, char **argv) {
    options o = {NULL, NULL, THRESHOLD, false};
    if (argc < 2 || !read_options(argv, &o)) {
        fprintf(stderr, "usage: home [--threshold P] [--json] MODEL [TEXT]    (P from 0 to 1)\n");
        return 2;
    }
    decoder d;
    ew_error err;
    ew_status status = decoder_open(&d, o.model, &err);
    if (status == EW_OK)
        status = o.text ? serve(&d, &o, trimmed(o.text, strlen(o.text)), &err) : serve_lines(&d, &o, &err);
    decoder_close(&d);
    if (status != EW_OK) fprintf(stderr, "home: %s\n", err.text);
    return status == EW_OK ? 0 : 1;
}
