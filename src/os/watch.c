#define _GNU_SOURCE

#include "os/watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

#define WAKE_TAG UINT64_MAX
#define AT_ONCE  64

struct ewi_watch {
    int epoll, wake;
};

ew_status ewi_watch_new(ewi_watch **out, ew_error *err) {
    ewi_watch *watch = ewi_zalloc(sizeof *watch);
    if (!watch) return ewi_no_memory(err, "a watch");
    watch->epoll = ewi_hostile_fails() ? -1 : epoll_create1(EPOLL_CLOEXEC);
    watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE_TAG};
    if (watch->epoll < 0 || watch->wake < 0 ||
        epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->wake, &event) != 0) {
        ewi_watch_free(watch);
        return ewi_fail(err, EW_LIMIT, "cannot watch sockets: %s", strerror(errno));
    }
    *out = watch;
    return EW_OK;
}

void ewi_watch_free(ewi_watch *watch) {
    if (!watch) return;
    if (watch->epoll >= 0) close(watch->epoll);
    if (watch->wake >= 0) close(watch->wake);
    ewi_free(watch);
}

void ewi_watch_add(ewi_watch *watch, int fd, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = tag};
    (void)epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event);
}

void ewi_watch_remove(ewi_watch *watch, int fd) {
    struct epoll_event event = {0};
    (void)epoll_ctl(watch->epoll, EPOLL_CTL_DEL, fd, &event);
}

void ewi_watch_wake(ewi_watch *watch) {
    uint64_t one = 1;
    while (write(watch->wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

size_t ewi_watch_wait(ewi_watch *watch, int timeout_ms, uint64_t *tags, size_t max) {
    struct epoll_event events[AT_ONCE];
    int n = epoll_wait(watch->epoll, events, (int)(max < AT_ONCE ? max : AT_ONCE), timeout_ms);
    size_t n_tags = 0;
    for (int i = 0; i < n; i++) {
        uint64_t count;
        if (events[i].data.u64 != WAKE_TAG)
            tags[n_tags++] = events[i].data.u64;
        else
            while (read(watch->wake, &count, sizeof count) < 0 && errno == EINTR) {
            }
    }
    return n_tags;
}

bool ewi_watch_has_left(int fd) {
    struct pollfd ask = {.fd = fd, .events = POLLRDHUP};
    return poll(&ask, 1, 0) == 1 && (ask.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
