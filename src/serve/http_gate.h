/*
 * http_gate.h: who may ask: Host against DNS rebinding, Origin against foreign pages, API keys.
 *
 *     gate.hosts... = ...; refusal = ewi_http_gate_check(options, is_loopback, head, &client);
 */
#ifndef EW_SERVE_HTTP_GATE_H
#define EW_SERVE_HTTP_GATE_H

#include "serve/http_head.h"

/* *client: see ewi_exchange_client. is_loopback: the server listens on a loopback address. */
ewi_http_refusal ewi_http_gate_check(const ewi_http_options *options, bool is_loopback,
                                     const ewi_http_head *head, uint64_t *client);

/* The request's Origin when it is a foreign one that is allowed: its page may see the reply. Else empty. */
ew_str ewi_http_allowed_origin(const ewi_http_options *options, const ewi_http_head *head);

/* A browser asks whether a page of another origin may send a request. */
bool ewi_http_is_preflight(const ewi_http_head *head);

#endif
