/*
 * watch.h: which of many sockets the other side has left, while nobody reads from them; and sleeping until
 * one was, or until somebody wakes the sleeper.
 *
 *     ewi_watch_add(watch, fd, tag);
 *     n = ewi_watch_wait(watch, 250, tags, 16);       tags of sockets that were closed or broke, once each
 *     ewi_watch_remove(watch, fd);                    before the socket is closed
 *
 *     if (ewi_watch_has_left(fd)) ...                 without a watch, now
 */
#ifndef EW_OS_WATCH_H
#define EW_OS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_watch ewi_watch;

EWI_NODISCARD ew_status ewi_watch_new(ewi_watch **out, ew_error *err);
/* NULL is allowed. */
void ewi_watch_free(ewi_watch *watch);
/* Any thread. A socket that cannot be watched is not: its end shows when it is used again. */
void ewi_watch_add(ewi_watch *watch, int fd, uint64_t tag);
void ewi_watch_remove(ewi_watch *watch, int fd);
/* Ends the wait that is on, or else the next one. Any thread. */
void ewi_watch_wake(ewi_watch *watch);
/* At most max tags, after at most timeout_ms (-1: no limit); 0 when time is over or somebody woke it. */
size_t ewi_watch_wait(ewi_watch *watch, int timeout_ms, uint64_t *tags, size_t max);

/* The other side of a socket has closed it, or at least sends nothing more. Never waits. */
bool ewi_watch_has_left(int fd);

#endif
