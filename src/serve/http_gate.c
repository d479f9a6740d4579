#include "serve/http_gate.h"

#include <string.h>

#include "base/error.h"

/* host:port or [address]:port without the port. */
static ew_str without_port(ew_str host) {
    size_t n = host.len;
    while (n > 0 && host.data[n - 1] >= '0' && host.data[n - 1] <= '9') n--;
    if (n > 0 && n < host.len && host.data[n - 1] == ':') host.len = n - 1;
    return host;
}

static bool is_one_of(ew_str name, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (ewi_http_name_is(name, names[i])) return true;
    return false;
}

/* A client without a Host (HTTP/1.0) is no browser, which rebinding needs. */
static bool host_is_allowed(const ewi_http_options *options, bool is_loopback, ew_str host) {
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    if (!is_loopback && options->n_allowed_hosts == 0) return true;
    if (!host.data) return true;
    host = without_port(host);
    return is_one_of(host, own, EWI_COUNT(own)) ||
           is_one_of(host, options->allowed_hosts, options->n_allowed_hosts);
}

/* http://HOST or https://HOST, where HOST is what the request calls this server. */
static bool origin_is_own(const ewi_http_head *head, ew_str origin) {
    ew_str host = ewi_http_head_get(head, "host");
    size_t scheme = ewi_str_starts(origin, "http://") ? 7 : ewi_str_starts(origin, "https://") ? 8 : 0;
    ew_str rest = {origin.data + scheme, origin.len - scheme};
    return scheme && host.len && ewi_str_eq(rest, host);
}

static bool origin_is_listed(const ewi_http_options *options, ew_str origin) {
    for (size_t i = 0; i < options->n_allowed_origins; i++)
        if (strcmp(options->allowed_origins[i], "*") == 0 || ewi_str_is(origin, options->allowed_origins[i]))
            return true;
    return false;
}

ew_str ewi_http_allowed_origin(const ewi_http_options *options, const ewi_http_head *head) {
    ew_str origin = ewi_http_head_get(head, "origin");
    if (origin.len == 0 || origin_is_own(head, origin) || !origin_is_listed(options, origin))
        return (ew_str){"", 0};
    return origin;
}

bool ewi_http_is_preflight(const ewi_http_head *head) {
    return head->method == EWI_OPTIONS && ewi_http_head_get(head, "origin").data &&
           ewi_http_head_get(head, "access-control-request-method").data;
}

static ew_str presented_key(const ewi_http_head *head) {
    ew_str bearer = ewi_http_head_get(head, "authorization");
    if (bearer.len > 7 && ewi_http_name_is((ew_str){bearer.data, 7}, "bearer "))
        return (ew_str){bearer.data + 7, bearer.len - 7};
    return ewi_http_head_get(head, "x-api-key");
}

static bool digest_of(ew_str key, uint8_t digest[EWI_SHA256_BYTES]) {
    ewi_sha256 *hash;
    if (ewi_sha256_new(&hash, NULL) != EW_OK) return false;
    ewi_sha256_add(hash, key.data, key.len);
    return ewi_sha256_end(hash, digest, NULL) == EW_OK;
}

/* Takes the same time for all keys: neither where two differ nor which it is shows. */
static bool key_is_known(const ewi_http_options *options, const uint8_t digest[EWI_SHA256_BYTES]) {
    unsigned known = 0;
    for (size_t i = 0; i < options->n_keys; i++) {
        unsigned difference = 0;
        for (size_t k = 0; k < EWI_SHA256_BYTES; k++) difference |= options->keys[i][k] ^ digest[k];
        known |= (difference - 1) >> 31;
    }
    return known != 0;
}

static bool check_key(const ewi_http_options *options, const ewi_http_head *head, uint64_t *client) {
    uint8_t digest[EWI_SHA256_BYTES];
    ew_str key = presented_key(head);
    if (!key.data || !digest_of(key, digest) || !key_is_known(options, digest)) return false;
    *client = ewi_load_u64(digest);
    return true;
}

/* The page asks its user for the key; what it is made of is no secret. */
static bool is_public(ew_str path) {
    return ewi_str_is(path, "/health") || ewi_str_is(path, "/") || ewi_str_starts(path, "/page/");
}

ewi_http_refusal ewi_http_gate_check(const ewi_http_options *options, bool is_loopback,
                                     const ewi_http_head *head, uint64_t *client) {
    *client = head->peer;
    if (!host_is_allowed(options, is_loopback, ewi_http_head_get(head, "host")))
        return (ewi_http_refusal){403, "host_not_allowed", "Host names no server that is here", false};
    ew_str origin = ewi_http_head_get(head, "origin");
    if (origin.data && !origin_is_own(head, origin) && !origin_is_listed(options, origin))
        return (ewi_http_refusal){403, "origin_not_allowed", "pages of this origin are not allowed", false};
    if (ewi_http_is_preflight(head)) return (ewi_http_refusal){0};
    if (options->n_keys && !check_key(options, head, client) && !is_public(head->path))
        return (ewi_http_refusal){401, "invalid_api_key", "the API key is missing or wrong", false};
    return (ewi_http_refusal){0};
}
