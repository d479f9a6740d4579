#define _GNU_SOURCE

#include "serve/http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

/* The system keeps at most so much of a reply that its client does not take. */
#define SEND_BUFFER_BYTES (256 << 10)

typedef struct socket_address {
    struct sockaddr_storage storage;
    socklen_t len;
    bool is_loopback;
} socket_address;

static ew_status parse_address(const char *host, uint16_t port, socket_address *out, ew_error *err) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    *out = (socket_address){0};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(&out->storage, &v4, out->len = sizeof v4);
        out->is_loopback = ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    } else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(&out->storage, &v6, out->len = sizeof v6);
        out->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    } else
        return ewi_fail(err, EW_INVALID, "host %s: give an address in digits (127.0.0.1, ::1, 0.0.0.0)",
                        host);
    return EW_OK;
}

ew_status ewi_http_listen(const char *host, uint16_t port, ewi_http_listener *out, ew_error *err) {
    if (!host || strcmp(host, "localhost") == 0) host = "127.0.0.1";
    socket_address at;
    int on = 1;
    EWI_TRY(parse_address(host, port, &at, err));
    int fd = ewi_hostile_fails()
                 ? -1
                 : socket(at.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at.storage, at.len) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)&at.storage, &at.len) != 0) {
        int code = errno;
        if (fd >= 0) close(fd);
        return ewi_fail(err, EW_IO, "cannot listen on %s port %u: %s", host, port, strerror(code));
    }
    in_port_t bound = at.storage.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at.storage)->sin6_port
                                                       : ((struct sockaddr_in *)&at.storage)->sin_port;
    *out = (ewi_http_listener){.fd = fd, .port = ntohs(bound), .is_loopback = at.is_loopback};
    return EW_OK;
}

/* Hosts that vanished without a word are found by the system: by probes, and by what they do not
 * acknowledge. */
void ewi_http_set_socket(int fd, unsigned stall_ms) {
    int on = 1, idle_s = 30, interval_s = 10, count = 3, send_bytes = SEND_BUFFER_BYTES;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stall_ms, sizeof stall_ms);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
}

/* FNV-1a of the address without its port. */
uint64_t ewi_http_hash_peer(const struct sockaddr *address) {
    const uint8_t *bytes = NULL;
    size_t n = 0;
    if (address && address->sa_family == AF_INET) {
        bytes = (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
        n = sizeof(struct in_addr);
    } else if (address && address->sa_family == AF_INET6) {
        bytes = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        n = sizeof(struct in6_addr);
    }
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}
