#include "serve/http_head.h"

#include <string.h>

#include "base/compiler.h"
#include "format/json_out.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ewi_http_name_is(ew_str name, const char *expected) {
    for (size_t i = 0; i < name.len; i++)
        if (!expected[i] || lower(name.data[i]) != lower(expected[i])) return false;
    return expected[name.len] == '\0';
}

ew_str ewi_http_head_get(const ewi_http_head *head, const char *name) {
    for (size_t i = 0; i < head->n_fields; i++)
        if (ewi_http_name_is(head->fields[i].name, name)) return head->fields[i].value;
    return (ew_str){NULL, 0};
}

bool ewi_http_is_token(ew_str name) {
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.len; i++) {
        char c = lower(name.data[i]);
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_word && (c == '\0' || !strchr(marks, c))) return false;
    }
    return name.len > 0;
}

bool ewi_http_is_value(ew_str value) {
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_visible(char c) {
    return (unsigned char)c > ' ' && c != 0x7f;
}

bool ewi_http_decode_path(ew_str target, char *path, size_t *len) {
    size_t i = 0;
    *len = 0;
    if (target.len == 0 || target.data[0] != '/') return false;
    for (; i < target.len && target.data[i] != '?'; i++) {
        char c = target.data[i];
        if (!is_visible(c)) return false;
        if (c == '%') {
            int high = i + 2 < target.len ? digit_of(target.data[i + 1]) : -1;
            int low = high < 0 ? -1 : digit_of(target.data[i + 2]);
            if (low < 0) return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return false;
        path[(*len)++] = c;
    }
    while (i < target.len && is_visible(target.data[i])) i++;
    return i == target.len;
}

static size_t count_of(const ewi_http_head *head, const char *name) {
    size_t n = 0;
    for (size_t i = 0; i < head->n_fields; i++) n += ewi_http_name_is(head->fields[i].name, name);
    return n;
}

static bool is_number(ew_str text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return text.len > 0 && text.len <= 18;
}

static ewi_http_refusal refusal(const char *message) {
    return (ewi_http_refusal){.status = 400, .code = "bad_request", .message = message, .closes = true};
}

ewi_http_refusal ewi_http_check_framing(const ewi_http_head *head) {
    for (size_t i = 0; i < head->n_fields; i++) {
        if (!ewi_http_is_token(head->fields[i].name)) return refusal("a header's name is malformed");
        if (!ewi_http_is_value(head->fields[i].value)) return refusal("a header's value is malformed");
    }
    size_t n_lengths = count_of(head, "content-length"), n_codings = count_of(head, "transfer-encoding");
    if (n_lengths > 1) return refusal("Content-Length is there more than once");
    if (n_codings > 1) return refusal("Transfer-Encoding is there more than once");
    if (n_lengths && n_codings) return refusal("Content-Length and Transfer-Encoding exclude each other");
    if (n_lengths && !is_number(ewi_http_head_get(head, "content-length")))
        return refusal("Content-Length is not a number");
    if (n_codings && !ewi_http_name_is(ewi_http_head_get(head, "transfer-encoding"), "chunked"))
        return refusal("the only Transfer-Encoding that is understood is chunked");
    if (n_codings && head->is_http_1_0) return refusal("HTTP/1.0 has no Transfer-Encoding");
    size_t n_hosts = count_of(head, "host");
    if (n_hosts > 1) return refusal("Host is there more than once");
    if (n_hosts == 0 && !head->is_http_1_0) return refusal("Host is missing");
    return (ewi_http_refusal){0};
}

ewi_method ewi_http_method_of(const char *name) {
    static const struct {
        const char *name;
        ewi_method method;
    } known[] = {{"GET", EWI_GET},
                 {"HEAD", EWI_HEAD},
                 {"POST", EWI_POST},
                 {"DELETE", EWI_DELETE},
                 {"OPTIONS", EWI_OPTIONS}};
    for (size_t i = 0; i < EWI_COUNT(known); i++)
        if (strcmp(name, known[i].name) == 0) return known[i].method;
    return EWI_OTHER_METHOD;
}

/* Blanks at the end are no part of a value. */
ew_str ewi_http_trim(ew_str text) {
    while (text.len && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) text.len--;
    return text;
}

bool ewi_http_is_id(ew_str text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_word && (c == '\0' || !strchr("-_.:/+=@", c))) return false;
    }
    return text.len > 0 && text.len <= EWI_REQUEST_ID_MAX;
}

bool ewi_http_is_traceparent(ew_str text) {
    if (text.len != 55 || !ewi_str_starts(text, "00-")) return false;
    size_t n_trace = 0, n_parent = 0;
    for (size_t i = 3; i < 55; i++) {
        char c = text.data[i];
        if (i == 35 || i == 52) {
            if (c != '-') return false;
        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        else if (c != '0' && i < 52)
            *(i < 35 ? &n_trace : &n_parent) += 1;
    }
    return n_trace && n_parent;
}

uint64_t ewi_http_announced_bytes(const ewi_http_head *head) {
    ew_str length = ewi_http_head_get(head, "content-length");
    uint64_t n = 0;
    for (size_t i = 0; i < length.len; i++) n = n * 10 + (uint64_t)(length.data[i] - '0');
    return n;
}

void ewi_http_write_error(unsigned status, const char *code, const char *message, ewi_buffer *body) {
    ewi_json_out json = {.out = body};
    const char *type = status == 401   ? "authentication_error"
                       : status == 403 ? "permission_error"
                       : status == 429 ? "rate_limit_error"
                       : status >= 500 ? "server_error"
                                       : "invalid_request_error";
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_open(&json, "error", '{');
    ewi_json_out_text(&json, "message", message);
    ewi_json_out_text(&json, "type", type);
    ewi_json_out_null(&json, "param");
    ewi_json_out_text(&json, "code", code);
    ewi_json_out_close_all(&json);
}
