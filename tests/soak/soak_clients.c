/* soak_clients.c: many clients at once, and whether each of them is answered as if it were alone. */
#include "soak_clients.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asks.h"
#include "talk.h"

#define MAX_CLIENTS 256u
#define OWN_WAITING 1000u /* prompts of their own that wait for their second time */
#define OWN_ROOM    (OWN_WAITING + MAX_CLIENTS)
#define SHOWN       10u    /* cases on stderr */
#define SLOW_US     10000u /* between two reads */
#define TURN_S      20     /* the other model is asked for so long, and then left alone for so long */

typedef struct own_prompt {
    uint64_t number;
    char *answer; /* NULL: not yet asked */
} own_prompt;

typedef struct client {
    clients *all;
    pthread_t thread;
    uint64_t chance;
    bool is_learning; /* nothing is read slowly */
    talk talk;
} client;

struct clients {
    uint16_t port;
    bool has_other_model;
    unsigned n, weights;
    client each[MAX_CLIENTS];
    char *right[N_SUBJECTS][ASK_PROMPTS];

    pthread_mutex_t lock; /* of all that follows */
    bool is_over;
    clients_seen seen;
    uint64_t n_own; /* prompts of their own so far */
    own_prompt waiting[OWN_ROOM];
    unsigned first, n_waiting;
    uint64_t counts[64]; /* of each kind */
};

/* ---- chance: xorshift64* (Vigna 2016) ---- */

static uint64_t draw(client *c) {
    c->chance ^= c->chance >> 12;
    c->chance ^= c->chance << 25;
    c->chance ^= c->chance >> 27;
    return c->chance * 0x2545F4914F6CDD1Du >> 16;
}

/* ---- what goes wrong ---- */

static void wrong(clients *all, const ask_kind *kind, uint64_t prompt, const char *what, const char *expected,
                  const char *got) {
    char body[ASK_BODY_BYTES];
    pthread_mutex_lock(&all->lock);
    bool shown = all->seen.n_wrong++ < SHOWN;
    pthread_mutex_unlock(&all->lock);
    if (!shown) return;
    ask_write_body(kind, prompt, body);
    fprintf(stderr, "soak: %s: %s\n  asked     %.300s\n", kind->name, what, body);
    if (expected) fprintf(stderr, "  expected  %.600s\n", expected);
    if (got) fprintf(stderr, "  got       %.600s\n", got);
}

/* ---- one question ---- */

static void count(clients *all, const ask_kind *kind, uint64_t *of) {
    pthread_mutex_lock(&all->lock);
    ++*of;
    all->counts[kind - ask_kinds]++;
    pthread_mutex_unlock(&all->lock);
}

static void leave(client *c, const ask_kind *kind) {
    bool vanishes = kind->manner == MANNER_VANISH;
    if (vanishes)
        nanosleep(&(struct timespec){.tv_nsec = (long)(draw(c) % 8000000)}, NULL);
    else if (!talk_hear_beginning(&c->talk)) {
        wrong(c->all, kind, 0, c->talk.trouble, NULL, NULL);
        return;
    }
    talk_leave(&c->talk, draw(c) % 2);
    count(c->all, kind, vanishes ? &c->all->seen.n_vanished : &c->all->seen.n_left);
}

/* The answer, on the heap; NULL: there is none, which is right of clients that leave. */
static char *ask(client *c, const ask_kind *kind, uint64_t prompt) {
    char body[ASK_BODY_BYTES], what[64];
    clients *all = c->all;
    ask_write_body(kind, prompt, body);
    if (!talk_say(&c->talk, kind->path, body)) {
        wrong(all, kind, prompt, c->talk.trouble, NULL, NULL);
        return NULL;
    }
    if (kind->manner == MANNER_LEAVE || kind->manner == MANNER_VANISH) {
        leave(c, kind);
        return NULL;
    }
    bool slowly = kind->manner == MANNER_SLOWLY && !c->is_learning;
    int status = talk_hear(&c->talk, slowly ? SLOW_US : 0);
    if (status == 0) {
        wrong(all, kind, prompt, c->talk.trouble, NULL, NULL);
        return NULL;
    }
    count(all, kind, &all->seen.n_answered);
    char *answer = status == kind->status ? ask_read_answer(kind, c->talk.body) : NULL;
    snprintf(what, sizeof what, "status %d: %s", status,
             status == kind->status ? "it is cut" : "not expected");
    if (!answer) wrong(all, kind, prompt, what, NULL, c->talk.body);
    return answer;
}

/* ---- known prompts ---- */

static void ask_known(client *c, const ask_kind *kind, uint64_t prompt) {
    const char *right = c->all->right[kind->subject][prompt];
    char *answer = ask(c, kind, prompt);
    if (answer && strcmp(answer, right) != 0)
        wrong(c->all, kind, prompt, "it is not what it was alone", right, answer);
    free(answer);
}

/* Those who ask the same in other ways are told the same, also alone. */
static bool learn_one(client *c, const ask_kind *kind, uint64_t prompt) {
    char **right = &c->all->right[kind->subject][prompt];
    char *answer = ask(c, kind, prompt);
    if (!answer) return false;
    bool fits = !*right || strcmp(*right, answer) == 0;
    if (!fits) wrong(c->all, kind, prompt, "another way of asking had another answer", *right, answer);
    if (*right)
        free(answer);
    else
        *right = answer;
    return fits;
}

static bool is_asked(const clients *all, const ask_kind *kind) {
    return kind->subject != SUBJECT_OTHER_VECTOR || all->has_other_model;
}

/* Crossed answers are seen only where they differ. */
static bool tell_apart(const clients *all, ask_subject subject) {
    unsigned n = 0;
    for (unsigned i = 0; i < ASK_PROMPTS; i++) {
        bool is_new = true;
        for (unsigned j = 0; j < i; j++)
            is_new = is_new && strcmp(all->right[subject][i], all->right[subject][j]) != 0;
        n += is_new;
    }
    if (n * 4 >= ASK_PROMPTS * 3) return true;
    fprintf(stderr, "soak: %u prompts have only %u answers\n", ASK_PROMPTS, n);
    return false;
}

bool clients_learn(clients *all) {
    client *c = &all->each[0];
    bool fits = true;
    c->is_learning = true;
    talk_init(&c->talk, all->port);
    for (size_t i = 0; i < ask_n_kinds && fits; i++) {
        const ask_kind *kind = &ask_kinds[i];
        if (!is_asked(all, kind) || kind->manner == MANNER_LEAVE || kind->manner == MANNER_VANISH) continue;
        for (uint64_t prompt = 0; prompt < ASK_PROMPTS && fits; prompt++) fits = learn_one(c, kind, prompt);
    }
    talk_deinit(&c->talk);
    c->is_learning = false;
    return fits && tell_apart(all, SUBJECT_CHAT) && tell_apart(all, SUBJECT_VECTOR);
}

/* ---- prompts of their own ---- */

/* One that waits for its second time, when enough do, else a new one. */
static own_prompt take_own(clients *all, unsigned n_may_wait) {
    own_prompt own = {0};
    pthread_mutex_lock(&all->lock);
    if (all->n_waiting > n_may_wait) {
        own = all->waiting[all->first];
        all->first = (all->first + 1) % OWN_ROOM;
        all->n_waiting--;
    } else {
        own.number = ASK_PROMPTS + all->n_own++;
    }
    pthread_mutex_unlock(&all->lock);
    return own;
}

static void put_own(clients *all, own_prompt own) {
    pthread_mutex_lock(&all->lock);
    all->waiting[(all->first + all->n_waiting++) % OWN_ROOM] = own;
    pthread_mutex_unlock(&all->lock);
}

static void ask_own(client *c, const ask_kind *kind, own_prompt own) {
    clients *all = c->all;
    char *answer = ask(c, kind, own.number);
    if (answer && !own.answer) {
        put_own(all, (own_prompt){own.number, answer});
        return;
    }
    if (answer && strcmp(answer, own.answer) != 0)
        wrong(all, kind, own.number, "it is not what it was the first time", own.answer, answer);
    pthread_mutex_lock(&all->lock);
    all->seen.n_twice += answer != NULL;
    pthread_mutex_unlock(&all->lock);
    free(answer);
    free(own.answer);
}

/* ---- a client's life ---- */

static bool is_over(clients *all) {
    pthread_mutex_lock(&all->lock);
    bool over = all->is_over;
    pthread_mutex_unlock(&all->lock);
    return over;
}

/* Now and then the other model is not asked, and the server closes it. */
static bool is_time_for(const ask_kind *kind) {
    return kind->subject != SUBJECT_OTHER_VECTOR || time(NULL) / TURN_S % 2 == 0;
}

static const ask_kind *choose_kind(client *c) {
    for (;;) {
        unsigned at = (unsigned)(draw(c) % c->all->weights);
        const ask_kind *kind = ask_kinds;
        for (; at >= kind->weight; kind++) at -= kind->weight;
        if (is_asked(c->all, kind) && is_time_for(kind)) return kind;
    }
}

static unsigned count_waiting(clients *all) {
    pthread_mutex_lock(&all->lock);
    unsigned n = all->n_waiting;
    pthread_mutex_unlock(&all->lock);
    return n;
}

static void *live(void *arg) {
    client *c = arg;
    clients *all = c->all;
    talk_init(&c->talk, all->port);
    while (!is_over(all)) {
        const ask_kind *kind = choose_kind(c);
        if (kind->subject == SUBJECT_CHAT && draw(c) % 2)
            ask_own(c, kind, take_own(all, OWN_WAITING));
        else
            ask_known(c, kind, draw(c) % ASK_PROMPTS);
    }
    talk_deinit(&c->talk);
    return NULL;
}

/* ---- all of them ---- */

clients *clients_new(uint16_t port, unsigned n, bool has_other_model) {
    clients *all = calloc(1, sizeof *all);
    if (!all) abort();
    all->port = port;
    all->n = n < MAX_CLIENTS ? n : MAX_CLIENTS;
    all->has_other_model = has_other_model;
    pthread_mutex_init(&all->lock, NULL);
    for (size_t i = 0; i < ask_n_kinds; i++) all->weights += ask_kinds[i].weight;
    for (unsigned i = 0; i < MAX_CLIENTS; i++)
        all->each[i] = (client){.all = all, .chance = 0x9E3779B97F4A7C15u * (i + 1), .talk = {.fd = -1}};
    return all;
}

void clients_free(clients *all) {
    for (size_t i = 0; i < N_SUBJECTS; i++)
        for (size_t j = 0; j < ASK_PROMPTS; j++) free(all->right[i][j]);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

void clients_begin(clients *all) {
    for (unsigned i = 0; i < all->n; i++)
        if (pthread_create(&all->each[i].thread, NULL, live, &all->each[i]) != 0) abort();
}

clients_seen clients_look(clients *all) {
    pthread_mutex_lock(&all->lock);
    clients_seen seen = all->seen;
    pthread_mutex_unlock(&all->lock);
    return seen;
}

void clients_end(clients *all) {
    client *c = &all->each[0];
    pthread_mutex_lock(&all->lock);
    all->is_over = true;
    pthread_mutex_unlock(&all->lock);
    for (unsigned i = 0; i < all->n; i++) pthread_join(all->each[i].thread, NULL);
    talk_init(&c->talk, all->port);
    while (count_waiting(all)) ask_own(c, &ask_kinds[0], take_own(all, 0));
    talk_deinit(&c->talk);
}

void clients_count_kinds(clients *all, uint64_t *counts) {
    memcpy(counts, all->counts, ask_n_kinds * sizeof *counts);
}
