/* talk.h: one client's connection: requests over a socket, answers read whole, slowly, or not to their end.
 *
 *     talk t;
 *     talk_init(&t, port);
 *     talk_say(&t, "/v1/completions", body);      opens a connection where there is none
 *     int status = talk_hear(&t, 0);              0: no whole answer came, and t.trouble says why
 *     use(t.body);                                until the next call
 *     talk_deinit(&t);
 */
#ifndef TESTS_SOAK_TALK_H
#define TESTS_SOAK_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct talk {
    int fd; /* -1: none */
    uint16_t port;
    bool closes; /* the server said that it will close it */
    char *in;    /* what came, NUL-terminated */
    size_t n_in, cap_in;
    char *body; /* of the last answer, NUL-terminated; a chunked body is put together */
    size_t n_body, cap_body;
    const char *trouble;
} talk;

void talk_init(talk *t, uint16_t port);
void talk_deinit(talk *t);

/* POST where there is a body, else GET. False: it could not be sent. */
bool talk_say(talk *t, const char *path, const char *body);
/* The status of a whole answer. pause_us: so long between two reads of 2 KiB; 0: as fast as it comes. */
int talk_hear(talk *t, unsigned pause_us);
/* True when the first bytes of an answer came. */
bool talk_hear_beginning(talk *t);
/* Hangs up; abruptly: what is under way is thrown away, and the server gets a reset. */
void talk_leave(talk *t, bool abruptly);

#endif
