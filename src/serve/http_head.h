/*
 * http_head.h: a request's line and headers, copied once so that they outlive the connection, and what is
 * wrong with them.
 *
 *     ewi_http_head_get(head, "host")         data is NULL when there is none
 */
#ifndef EW_SERVE_HTTP_HEAD_H
#define EW_SERVE_HTTP_HEAD_H

#include "serve/http.h"

typedef struct ewi_http_field {
    ew_str name, value;
} ewi_http_field;

typedef struct ewi_http_head {
    ewi_method method;
    bool is_http_1_0;
    ew_str path;                        /* decoded */
    ewi_http_field *fields, *arguments; /* headers; what follows the '?' */
    size_t n_fields, n_arguments;
    uint64_t peer; /* a hash of the client's address */
} ewi_http_head;

/* Bytes that a request's name has at most. */
#define EWI_REQUEST_ID_MAX 128

/* Why a request is not handed to the handler. */
typedef struct ewi_http_refusal {
    unsigned status; /* 0: nothing is wrong */
    const char *code, *message;
    bool closes; /* where one request ends and the next begins is not certain */
} ewi_http_refusal;

ew_str ewi_http_head_get(const ewi_http_head *head, const char *name);
/* The names are equal but for the case of letters. */
bool ewi_http_name_is(ew_str name, const char *expected);
/* A name that may stand before a colon: RFC 9110, section 5.6.2. */
bool ewi_http_is_token(ew_str name);
/* A value without control characters: RFC 9110, section 5.5. */
bool ewi_http_is_value(ew_str value);

/* The path of a request line's target, decoded into `path`, which has room for as many bytes. False when it
 * does not begin with '/', holds a NUL, is encoded wrongly, or the target holds blanks or control characters;
 * then `path` has what stands before. */
bool ewi_http_decode_path(ew_str target, char *path, size_t *len);

/* Framing: what proxies and servers could disagree about is refused (RFC 9112, sections 3.2, 5.1, 6.3). */
ewi_http_refusal ewi_http_check_framing(const ewi_http_head *head);

ewi_method ewi_http_method_of(const char *name);
ew_str ewi_http_trim(ew_str text);
/* Fit to be echoed and written into a log. */
bool ewi_http_is_id(ew_str text);
/* https://www.w3.org/TR/trace-context: 00-<32 hex>-<16 hex>-<2 hex>, neither identifier all zeros. */
bool ewi_http_is_traceparent(ew_str text);
/* Content-Length, of a head whose framing was checked; 0 without. */
uint64_t ewi_http_announced_bytes(const ewi_http_head *head);

/* An error as OpenAI's API has it. */
void ewi_http_write_error(unsigned status, const char *code, const char *message, ewi_buffer *body);

#endif
