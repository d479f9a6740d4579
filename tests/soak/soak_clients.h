/* soak_clients.h: many clients at once, and whether each of them is answered as if it were alone.
 *
 *     clients *all = clients_new(port, n);
 *     clients_learn(all)                 asks each known prompt alone, in each way: what is right
 *     clients_begin(all);
 *     clients_seen seen = clients_look(all);      any time
 *     clients_end(all);                  asks what is left of a second time, joins the threads
 *     clients_free(all);
 *
 * Half of the chats are about known prompts, the others about prompts of their own, which are asked twice at
 * different times, by any two of the APIs. What goes wrong is counted, the first cases are shown on stderr.
 */
#ifndef TESTS_SOAK_SOAK_CLIENTS_H
#define TESTS_SOAK_SOAK_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct clients clients;

typedef struct clients_seen {
    uint64_t n_answered, n_left; /* left: before the end of an answer that had begun */
    uint64_t n_vanished;         /* left right after the question, which a server may or may not have read */
    uint64_t n_twice;            /* prompts of their own that were answered twice */
    uint64_t n_wrong;            /* lost, cut, crossed or otherwise not what it was before */
} clients_seen;

clients *clients_new(uint16_t port, unsigned n, bool has_other_model);
void clients_free(clients *all);

/* False: two ways of asking the same disagree, or prompts have too many answers in common. */
bool clients_learn(clients *all);
void clients_begin(clients *all);
clients_seen clients_look(clients *all);
void clients_end(clients *all);

/* Of all kinds, in the order of asks.h; the caller's `counts` has ask_n_kinds of them. */
void clients_count_kinds(clients *all, uint64_t *counts);

#endif
