/*
 * http_listen.h: a socket that listens, and how the sockets of its clients are set up.
 *
 *     EWI_TRY(ewi_http_listen("127.0.0.1", 0, &listener, err));       the caller closes listener.fd
 */
#ifndef EW_SERVE_HTTP_LISTEN_H
#define EW_SERVE_HTTP_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

struct sockaddr;

typedef struct ewi_http_listener {
    int fd;
    uint16_t port;    /* the one it has */
    bool is_loopback; /* nobody else can reach it */
} ewi_http_listener;

/* host: an address in digits, "localhost", or NULL for 127.0.0.1. Errors: EW_INVALID (host), EW_IO. */
EWI_NODISCARD ew_status ewi_http_listen(const char *host, uint16_t port, ewi_http_listener *out,
                                        ew_error *err);

/* Hosts that vanished without a word are found by the system: by probes, and by what they do not acknowledge
 * for stall_ms. */
void ewi_http_set_socket(int fd, unsigned stall_ms);

/* Of an address without its port; NULL is allowed. */
uint64_t ewi_http_hash_peer(const struct sockaddr *address);

#endif
