/*
 * scheduler.c: the loop, and who comes next.
 *
 * What other threads see lies under the mutex: who waits and who runs, calls, figures, wishes to cancel. Only
 * the scheduler's thread changes who runs, so it reads that without. No callback runs under the mutex.
 */
#include "engine/scheduler.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "os/clock.h"
#include "os/thread.h"
#include "os/topology.h"

#define DEFAULT_RUNNING   16u
#define DEFAULT_QUEUED    256u
#define MAX_QUEUED        65536u
#define MAX_REQUEST_BYTES ((size_t)256 << 20)

/* Rows of prompts in a step that others wait for with their next token; and while somebody waits for a place,
 * as more get done in longer steps. */
#define ROWS_BESIDE_ANSWERS         64u
#define ROWS_BESIDE_ANSWERS_CROWDED 128u

/* A request from submit to its end. */
typedef struct answer {
    struct answer *next; /* of those that wait, in the order that they came */
    uint64_t id, turn;
    ewi_arena memory;
    ewi_request request; /* in it */
    bool cancelled;      /* under the mutex */
    /* What the scheduler's thread has of it from its admission on. */
    ew_session *session;
    ew_sampler *sampler;
    ewi_writer writer;
    bool has_writer, has_begun, is_done;
    uint32_t n_rows;  /* of the step in the making */
    bool has_sampled; /* in it */
    uint64_t submitted_ns, begun_ns;
    ewi_outcome outcome;
    ew_error error;
    ewi_running seen; /* under the mutex */
} answer;

typedef struct call {
    struct call *next;
    void (*fn)(void *user);
    void *user;
} call;

struct ewi_scheduler {
    ew_engine *engine;
    ewi_prefix_cache *cache; /* NULL: none */
    ewi_thread *thread;
    ewi_signal *changed; /* raised when there is something to look at */
    ewi_mutex *mutex;
    /* Under the mutex: */
    bool is_closing;
    uint64_t last_id, turns[EWI_N_PRIORITIES]; /* the turn that was served last */
    answer *waiting;
    answer **running; /* [max_running] interactive first, then as they were admitted */
    call *calls;
    uint32_t n_calls;
    ewi_scheduler_stats stats;
    /* The step in the making: */
    ew_row *rows;    /* [engine's n_rows] */
    answer **owners; /* [engine's n_rows] */
    size_t n_rows, n_prompt_rows;
};

/* ---- an answer ---- */

static void free_answer(answer *a) {
    ewi_arena memory = a->memory; /* which the answer is in */
    ewi_arena_deinit(&memory);
}

static ew_status new_answer(const ewi_request *request, answer **out, ew_error *err) {
    ewi_arena memory;
    ewi_arena_init(&memory, MAX_REQUEST_BYTES);
    answer *a = ewi_arena_array(&memory, 1, sizeof *a);
    ew_status status =
        a ? ewi_request_copy(request, &memory, &a->request, err) : ewi_no_memory(err, "a request");
    if (status != EW_OK) {
        ewi_arena_deinit(&memory);
        return status;
    }
    a->memory = memory;
    a->submitted_ns = ewi_clock_ns();
    *out = a;
    return EW_OK;
}

static ew_status make_sampler(answer *a, uint32_t n_vocab, ew_error *err) {
    return ew_sampler_new(&a->request.sampling, n_vocab, &a->sampler, err);
}

static ew_status make_writer(const ewi_scheduler *s, answer *a, ew_error *err) {
    const ewi_request *r = &a->request;
    const ewi_writer_options options = {
        .tokenizer = s->engine->model->tokenizer,
        .sampler = a->sampler,
        .stops = r->stops,
        .n_stops = r->n_stops,
        .n_predict = r->n_predict,
        .ignore_end = r->ignore_end,
        .special = r->special,
        .wants_logprobs = r->wants_logprobs,
        .n_top = r->n_top,
        .on_piece = r->on_piece,
        .user = r->user,
    };
    a->has_writer = true;
    return ewi_writer_init(&a->writer, &options, err);
}

/* The cache that it takes from and leaves to, or NULL. */
static ewi_prefix_cache *cache_of(const ewi_scheduler *s, const answer *a) {
    return a->request.no_cache ? NULL : s->cache;
}

/* All that it needs to run, but for blocks of state. */
static ew_status open_answer(const ewi_scheduler *s, answer *a, ew_error *err) {
    const ew_session_options options = {.struct_size = sizeof options, .n_ctx = s->stats.n_ctx};
    EWI_TRY(ew_session_new(s->engine, &options, &a->session, err));
    EWI_TRY(ew_session_set_adapters(a->session, a->request.uses, a->request.n_uses, err));
    EWI_TRY(make_sampler(a, s->engine->model->n_vocab, err));
    return make_writer(s, a, err);
}

static void close_answer(answer *a) {
    if (a->has_writer) ewi_writer_deinit(&a->writer);
    a->has_writer = false;
    ew_sampler_free(a->sampler);
    a->sampler = NULL;
    ew_session_free(a->session);
    a->session = NULL;
}

/* There is no more of it; `status` is that of a->error, or EW_OK. */
static void finish(answer *a, ew_status status) {
    a->is_done = true;
    a->outcome.status = status;
}

static bool is_in_prompt(const answer *a) {
    return a->session->length < a->request.n_prompt;
}

/* ---- requests come ---- */

static uint64_t turn_after(const answer *a, const ewi_request *r, uint64_t turn) {
    if (a->request.client != r->client || a->request.priority != r->priority) return turn;
    return a->turn < turn ? turn : a->turn + 1;
}

/* Clients take turns: a request's is that which is served now, or the one after its client's last. */
static uint64_t turn_of(const ewi_scheduler *s, const ewi_request *r) {
    uint64_t turn = s->turns[r->priority];
    for (uint32_t i = 0; i < s->stats.n_running; i++) turn = turn_after(s->running[i], r, turn);
    for (const answer *a = s->waiting; a; a = a->next) turn = turn_after(a, r, turn);
    return turn;
}

static void append(ewi_scheduler *s, answer *a, uint64_t *id) {
    answer **end = &s->waiting;
    while (*end) end = &(*end)->next;
    a->turn = turn_of(s, &a->request);
    a->id = *id = ++s->last_id;
    *end = a;
    s->stats.n_queued++;
    s->stats.n_submitted++;
}

static ew_status check_open(const ewi_scheduler *s, ew_error *err) {
    return s->is_closing ? ewi_fail(err, EW_CANCELLED, "the scheduler is closing") : EW_OK;
}

static ew_status enqueue(ewi_scheduler *s, answer *a, uint64_t *id, ew_error *err) {
    ewi_mutex_lock(s->mutex);
    ew_status status = check_open(s, err);
    if (status == EW_OK && s->stats.n_queued == s->stats.max_queued) {
        s->stats.n_refused++;
        status = ewi_fail(err, EW_BUSY, "%u requests wait already", s->stats.n_queued);
    }
    if (status == EW_OK) append(s, a, id);
    ewi_mutex_unlock(s->mutex);
    return status;
}

ew_status ewi_scheduler_submit(ewi_scheduler *s, const ewi_request *request, uint64_t *id, ew_error *err) {
    EWI_REQUIRE(s && request && request->on_end && id, err);
    answer *a;
    EWI_TRY(ewi_request_check(request, s->engine, s->stats.n_ctx, err));
    EWI_TRY(new_answer(request, &a, err));
    ew_status status = enqueue(s, a, id, err);
    if (status == EW_OK)
        ewi_signal_raise(s->changed);
    else
        free_answer(a);
    return status;
}

/* ---- requests go ---- */

static answer *find(const ewi_scheduler *s, uint64_t id) {
    for (answer *a = s->waiting; a; a = a->next)
        if (a->id == id) return a;
    for (uint32_t i = 0; i < s->stats.n_running; i++)
        if (s->running[i]->id == id) return s->running[i];
    return NULL;
}

void ewi_scheduler_cancel(ewi_scheduler *s, uint64_t id) {
    ewi_mutex_lock(s->mutex);
    answer *a = find(s, id);
    if (a) a->cancelled = true;
    ewi_mutex_unlock(s->mutex);
    ewi_signal_raise(s->changed);
}

static void check_wishes(const ewi_scheduler *s, answer *a, uint64_t now_ns) {
    if (a->cancelled || s->is_closing)
        finish(a, ewi_fail(&a->error, EW_CANCELLED, "cancelled"));
    else if (a->request.deadline_ns && now_ns >= a->request.deadline_ns)
        finish(a,
               ewi_fail(&a->error, EW_DEADLINE, "out of time after %" PRIu32 " tokens", a->writer.n_written));
}

/* What is cancelled, or late, is done. */
static void check_all_wishes(ewi_scheduler *s) {
    uint64_t now_ns = ewi_clock_ns();
    ewi_mutex_lock(s->mutex);
    for (answer *a = s->waiting; a; a = a->next) check_wishes(s, a, now_ns);
    for (uint32_t i = 0; i < s->stats.n_running; i++) check_wishes(s, s->running[i], now_ns);
    ewi_mutex_unlock(s->mutex);
}

static void unlink_waiting(ewi_scheduler *s, const answer *a) {
    answer **at = &s->waiting;
    while (*at != a) at = &(*at)->next;
    *at = a->next;
    s->stats.n_queued--;
}

static void unlink_running(ewi_scheduler *s, uint32_t i) {
    s->stats.n_running--;
    memmove(&s->running[i], &s->running[i + 1], (s->stats.n_running - i) * sizeof *s->running);
}

static answer *take_done_locked(ewi_scheduler *s) {
    for (uint32_t i = 0; i < s->stats.n_running; i++) {
        answer *a = s->running[i];
        if (!a->is_done) continue;
        unlink_running(s, i);
        return a;
    }
    for (answer *a = s->waiting; a; a = a->next) {
        if (!a->is_done) continue;
        unlink_waiting(s, a);
        return a;
    }
    return NULL;
}

static answer *take_done(ewi_scheduler *s) {
    ewi_mutex_lock(s->mutex);
    answer *a = take_done_locked(s);
    if (a) s->stats.n_ended++;
    ewi_mutex_unlock(s->mutex);
    return a;
}

/* What is computed may serve others, however the answer ended, but for what may have gone wrong. */
static void keep_prefix(const ewi_scheduler *s, const answer *a) {
    const ew_status status = a->outcome.status;
    const bool is_good = status == EW_OK || status == EW_CANCELLED || status == EW_DEADLINE;
    if (a->has_begun && is_good && cache_of(s, a)) ewi_prefix_cache_keep(s->cache, a->session);
}

static void end_answer(const ewi_scheduler *s, answer *a) {
    ewi_outcome *o = &a->outcome;
    const ewi_writer *w = &a->writer;
    uint64_t now_ns = ewi_clock_ns();
    if (o->status == EW_CANCELLED) a->writer.finish = EW_FINISH_CANCELLED;
    if (a->has_writer && w->finish != EW_FINISH_CANCELLED) ewi_writer_end(&a->writer);
    o->why = o->status == EW_OK ? "" : a->error.text;
    o->generation.finish = w->finish;
    o->generation.stop = (uint32_t)w->stops.found;
    o->generation.n_prompt = (uint32_t)a->request.n_prompt;
    o->generation.n_generated = w->n_written;
    if (a->has_begun) o->generation.generate_ns = now_ns - a->begun_ns - o->generation.prompt_ns;
    if (!a->has_begun) o->queue_ns = now_ns - a->submitted_ns;
    keep_prefix(s, a);
    close_answer(a);
    a->request.on_end(a->request.user, o);
    free_answer(a);
}

static void end_done(ewi_scheduler *s) {
    for (answer *a; (a = take_done(s));) end_answer(s, a);
}

/* ---- admission ---- */

/* A place is kept, so that what is interactive need not wait for background alone to end. */
static bool has_place(const ewi_scheduler *s, ewi_priority priority) {
    const uint32_t n = s->stats.n_running, max = s->stats.max_running;
    uint32_t n_background = 0;
    for (uint32_t i = 0; i < n; i++) n_background += s->running[i]->request.priority == EWI_BACKGROUND;
    return n < max && (priority == EWI_INTERACTIVE || max == 1 || n_background < max - 1);
}

static bool is_before(const answer *a, const answer *b) {
    if (a->request.priority != b->request.priority) return a->request.priority < b->request.priority;
    return a->turn < b->turn;
}

static answer *next_waiting(ewi_scheduler *s) {
    ewi_mutex_lock(s->mutex);
    answer *next = s->waiting;
    for (answer *a = s->waiting; a; a = a->next)
        if (is_before(a, next)) next = a;
    ewi_mutex_unlock(s->mutex);
    return next && has_place(s, next->request.priority) ? next : NULL;
}

/* Of state, at most. */
static uint64_t blocks_of(const ewi_scheduler *s, const ewi_request *r) {
    uint64_t n = r->n_predict ? (uint64_t)r->n_prompt + r->n_predict : s->stats.n_ctx;
    if (n > s->stats.n_ctx) n = s->stats.n_ctx;
    return (n + EWI_BLOCK_POSITIONS - 1) / EWI_BLOCK_POSITIONS;
}

/* What it may need must be there beside what those that run may need yet. */
static ew_status check_memory(const ewi_scheduler *s, const answer *a, ew_error *err) {
    uint64_t available = ewi_memory_available_bytes(), blocks = blocks_of(s, &a->request), need;
    for (uint32_t i = 0; i < s->stats.n_running; i++)
        blocks += blocks_of(s, &s->running[i]->request) - s->running[i]->session->state.n_blocks;
    bool fits = ewi_mul_u64(blocks, s->engine->shape.block_bytes, &need);
    if (fits && (available == 0 || need <= available)) return EW_OK;
    return ewi_fail(err, EW_LIMIT,
                    "a prompt of %zu tokens and its answer may need %" PRIu64
                    " MiB of state, this machine has %" PRIu64 " MiB left; ask for fewer tokens",
                    a->request.n_prompt, fits ? need >> 20 : UINT64_MAX >> 20, available >> 20);
}

static void see_running(answer *a) {
    a->seen = (ewi_running){
        .id = a->id,
        .client = a->request.client,
        .priority = a->request.priority,
        .n_prompt = (uint32_t)a->request.n_prompt,
        .n_cached = a->outcome.n_cached,
        .n_generated = a->writer.n_written,
        .n_held = a->session->length,
        .begun_ns = a->begun_ns,
    };
}

static void move_to_running(ewi_scheduler *s, answer *a) {
    ewi_mutex_lock(s->mutex);
    uint32_t at = s->stats.n_running;
    unlink_waiting(s, a);
    while (at > 0 && a->request.priority < s->running[at - 1]->request.priority) at--;
    memmove(&s->running[at + 1], &s->running[at], (s->stats.n_running - at) * sizeof *s->running);
    s->running[at] = a;
    see_running(a);
    s->stats.n_running++;
    s->turns[a->request.priority] = a->turn;
    ewi_mutex_unlock(s->mutex);
}

/* Too little memory may be enough later: who is next waits while others run, and nobody passes. */
static bool admit_one(ewi_scheduler *s, answer *a) {
    ew_status status = check_memory(s, a, &a->error);
    if (status == EW_OK) status = open_answer(s, a, &a->error);
    if (status == EW_OK) {
        move_to_running(s, a);
        return true;
    }
    close_answer(a);
    if (status == EW_LIMIT && s->stats.n_running > 0) return false;
    finish(a, status);
    end_done(s);
    return true;
}

static void admit(ewi_scheduler *s) {
    for (answer *a; (a = next_waiting(s)) && admit_one(s, a);) {
    }
}

/* ---- a step ---- */

static void add_row(ewi_scheduler *s, answer *a, ew_token token, bool wants_logits) {
    s->rows[s->n_rows] = (ew_row){a->session, a->session->length + a->n_rows++, token, wants_logits};
    s->owners[s->n_rows++] = a;
}

/* Before the step, which allocates nothing and cannot fail alone for one of its rows. */
static bool reserve(answer *a, size_t n) {
    const uint32_t first = a->session->length;
    ew_status status = ewi_state_reserve(&a->session->state, first, first + (uint32_t)n, &a->error);
    if (status != EW_OK) finish(a, status);
    return status == EW_OK;
}

static void begin_prompt(const ewi_scheduler *s, answer *a) {
    const ewi_request *r = &a->request;
    a->has_begun = true;
    a->begun_ns = ewi_clock_ns();
    a->outcome.queue_ns = a->begun_ns - a->submitted_ns;
    ewi_writer_begin(&a->writer, r->prompt, r->n_prompt);
    if (cache_of(s, a))
        a->outcome.n_cached = ewi_prefix_cache_take(s->cache, a->session, r->prompt, r->n_prompt);
}

static void add_prompt(ewi_scheduler *s, answer *a, size_t max) {
    if (!a->has_begun) begin_prompt(s, a);
    size_t first = a->session->length, rest = a->request.n_prompt - first, n = rest < max ? rest : max;
    if (n == 0 || !reserve(a, n)) return;
    for (size_t i = 0; i < n; i++) add_row(s, a, a->request.prompt[first + i], i == rest - 1);
    s->n_prompt_rows += n;
}

static bool have_same_uses(const ewi_request *a, const ewi_request *b) {
    if (a->n_uses != b->n_uses) return false;
    for (size_t i = 0; i < a->n_uses; i++)
        if (a->uses[i].adapter != b->uses[i].adapter || a->uses[i].scale != b->uses[i].scale) return false;
    return true;
}

static bool share_blocks(const ewi_request *a, const ewi_request *b) {
    const size_t n = EWI_BLOCK_POSITIONS;
    return a->n_prompt > n && b->n_prompt > n && have_same_uses(a, b) &&
           memcmp(a->prompt, b->prompt, n * sizeof *a->prompt) == 0;
}

/* What it has in common with a prompt that is being run before it will be in the cache. */
static bool waits_for_prefix(const ewi_scheduler *s, uint32_t i) {
    const answer *a = s->running[i];
    if (a->has_begun || !cache_of(s, a)) return false;
    for (uint32_t k = 0; k < i; k++) {
        const answer *b = s->running[k];
        if (b->has_begun && !b->is_done && is_in_prompt(b) && cache_of(s, b) &&
            share_blocks(&a->request, &b->request))
            return true;
    }
    return false;
}

/* Those in the background crowd nobody who is interactive. */
static bool is_crowded(ewi_scheduler *s) {
    bool is = false;
    ewi_mutex_lock(s->mutex);
    for (const answer *a = s->waiting; a && !is; a = a->next)
        is = a->request.priority <= s->running[0]->request.priority;
    ewi_mutex_unlock(s->mutex);
    return is;
}

static size_t prompt_rows_beside_answers(ewi_scheduler *s) {
    return is_crowded(s) ? ROWS_BESIDE_ANSWERS_CROWDED : ROWS_BESIDE_ANSWERS;
}

static void make_rows(ewi_scheduler *s) {
    const uint32_t n = s->stats.n_running;
    s->n_rows = s->n_prompt_rows = 0;
    for (uint32_t i = 0; i < n; i++) {
        answer *a = s->running[i];
        a->n_rows = 0;
        a->has_sampled = false;
        if (!is_in_prompt(a) && reserve(a, 1)) add_row(s, a, a->writer.sampled, true);
    }
    size_t max = s->engine->plan.n_rows;
    const size_t most = s->n_rows > 0 ? s->n_rows + prompt_rows_beside_answers(s) : max;
    if (max > most) max = most;
    for (uint32_t i = 0; i < n && s->n_rows < max; i++)
        if (is_in_prompt(s->running[i]) && !waits_for_prefix(s, i))
            add_prompt(s, s->running[i], max - s->n_rows);
}

static void sample(void *user, size_t row, const ewi_head *head) {
    const ewi_scheduler *s = user;
    answer *a = s->owners[row];
    a->has_sampled = true;
    ewi_writer_sample(&a->writer, head);
}

/* What its last row's logits have become: the next token, or the end. */
static void write_token(answer *a) {
    ew_status status = EW_OK;
    bool ends = ewi_writer_at_end(&a->writer);
    if (!ends && a->session->length == a->session->n_ctx) {
        a->writer.finish = EW_FINISH_CONTEXT;
        ends = true;
    }
    if (!ends) status = ewi_writer_write(&a->writer, &ends, &a->error);
    if (status != EW_OK || ends) finish(a, status);
}

static void end_prompt(const ewi_scheduler *s, answer *a) {
    a->outcome.generation.prompt_ns = ewi_clock_ns() - a->begun_ns;
    if (cache_of(s, a)) ewi_prefix_cache_keep(s->cache, a->session);
}

static void after_step(const ewi_scheduler *s, answer *a) {
    ew_generation *g = &a->outcome.generation;
    if (is_in_prompt(a)) return;
    if (!g->prompt_ns) end_prompt(s, a);
    write_token(a);
    if (!g->first_token_ns && a->writer.n_written > 0) g->first_token_ns = ewi_clock_ns() - a->begun_ns;
}

/* Whose part of the prefix cache's files is gone: what its rows would be computed of. */
static bool find_lost(ewi_scheduler *s) {
    bool found = false;
    for (uint32_t i = 0; i < s->stats.n_running; i++) {
        answer *a = s->running[i];
        if (a->n_rows == 0 || ewi_state_check(&a->session->state, &a->error) == EW_OK) continue;
        finish(a, a->error.status);
        found = true;
    }
    return found;
}

/* All of the step end, where the weights are lost. Where single sessions are, the others run the same rows
 * again, but for who has drawn a token already: it would not draw the same again. */
static void fail_step(ewi_scheduler *s, const ew_error *err) {
    bool others_go_on = find_lost(s);
    for (uint32_t i = 0; i < s->stats.n_running; i++) {
        answer *a = s->running[i];
        if (a->n_rows == 0 || a->is_done || (others_go_on && !a->has_sampled)) continue;
        a->error = *err;
        finish(a, err->status);
    }
}

static void finish_step(const ewi_scheduler *s) {
    for (uint32_t i = 0; i < s->stats.n_running; i++)
        if (s->running[i]->n_rows > 0) after_step(s, s->running[i]);
}

/* Before its tokens are heard of: who has seen one finds its step counted. */
static void count_step(ewi_scheduler *s, uint64_t step_ns) {
    ewi_mutex_lock(s->mutex);
    s->stats.n_steps++;
    s->stats.step_ns += step_ns;
    s->stats.n_prompt += s->n_prompt_rows;
    ewi_mutex_unlock(s->mutex);
}

static void count_answers(ewi_scheduler *s) {
    ewi_mutex_lock(s->mutex);
    s->stats.state_bytes = 0;
    for (uint32_t i = 0; i < s->stats.n_running; i++) {
        answer *a = s->running[i];
        s->stats.n_cached += a->outcome.n_cached - a->seen.n_cached;
        s->stats.n_generated += a->writer.n_written - a->seen.n_generated;
        s->stats.state_bytes += a->session->state.n_blocks * (uint64_t)s->engine->shape.block_bytes;
        see_running(a);
    }
    ewi_mutex_unlock(s->mutex);
}

/* False: nobody has rows. */
static bool step(ewi_scheduler *s) {
    ew_error err = {0};
    make_rows(s);
    if (s->n_rows == 0) return false;
    uint64_t start_ns = ewi_clock_ns();
    ew_status status = ewi_step(s->engine, s->rows, s->n_rows, sample, s, &err);
    count_step(s, ewi_clock_ns() - start_ns);
    if (status == EW_OK)
        finish_step(s);
    else
        fail_step(s, &err);
    count_answers(s);
    return true;
}

/* ---- calls ---- */

static ew_status enqueue_call(ewi_scheduler *s, call *new_call, ew_error *err) {
    ewi_mutex_lock(s->mutex);
    ew_status status = check_open(s, err);
    if (status == EW_OK && s->n_calls == s->stats.max_queued)
        status = ewi_fail(err, EW_BUSY, "%u calls wait already", s->n_calls);
    if (status == EW_OK) {
        call **end = &s->calls;
        while (*end) end = &(*end)->next;
        *end = new_call;
        s->n_calls++;
    }
    ewi_mutex_unlock(s->mutex);
    return status;
}

ew_status ewi_scheduler_call(ewi_scheduler *s, void (*fn)(void *user), void *user, ew_error *err) {
    EWI_REQUIRE(s && fn, err);
    call *new_call = ewi_zalloc(sizeof *new_call);
    if (!new_call) return ewi_no_memory(err, "a call");
    *new_call = (call){.fn = fn, .user = user};
    ew_status status = enqueue_call(s, new_call, err);
    if (status == EW_OK)
        ewi_signal_raise(s->changed);
    else
        ewi_free(new_call);
    return status;
}

/* False: nobody calls. */
static bool run_call(ewi_scheduler *s) {
    ewi_mutex_lock(s->mutex);
    call *next = s->calls;
    if (next) {
        s->calls = next->next;
        s->n_calls--;
    }
    ewi_mutex_unlock(s->mutex);
    if (!next) return false;
    next->fn(next->user);
    ewi_free(next);
    return true;
}

/* ---- the thread ---- */

static bool is_closing(ewi_scheduler *s) {
    ewi_mutex_lock(s->mutex);
    bool closing = s->is_closing;
    ewi_mutex_unlock(s->mutex);
    return closing;
}

static bool is_idle(ewi_scheduler *s) {
    ewi_mutex_lock(s->mutex);
    bool idle = s->stats.n_running == 0 && s->stats.n_queued == 0;
    ewi_mutex_unlock(s->mutex);
    return idle;
}

static void scheduler_main(void *arg) {
    ewi_scheduler *s = arg;
    while (!is_closing(s)) {
        uint32_t seen = ewi_signal_value(s->changed);
        check_all_wishes(s);
        end_done(s);
        admit(s);
        bool stepped = step(s);
        end_done(s);
        bool called = run_call(s);
        if (!stepped && !called && is_idle(s)) ewi_signal_wait(s->changed, seen);
    }
    check_all_wishes(s);
    end_done(s);
    while (run_call(s)) {
    }
}

/* ---- making it ---- */

static ew_status check_options(const ew_engine *e, ewi_scheduler_options *o, ew_error *err) {
    const uint32_t n_rows = e->plan.n_rows;
    if (!o->n_running) o->n_running = n_rows < DEFAULT_RUNNING ? n_rows : DEFAULT_RUNNING;
    if (!o->n_queued) o->n_queued = DEFAULT_QUEUED;
    if (o->n_running > n_rows)
        return ewi_fail(err, EW_INVALID, "%u requests at once, but a step has %u rows", o->n_running, n_rows);
    if (o->n_queued > MAX_QUEUED)
        return ewi_fail(err, EW_INVALID, "%u requests in the queue, at most %u", o->n_queued, MAX_QUEUED);
    return EW_OK;
}

/* A session says what it would refuse, and how long contexts are. */
static ew_status find_n_ctx(ewi_scheduler *s, uint32_t n_ctx, ew_error *err) {
    ew_session *session;
    const ew_session_options options = {.struct_size = sizeof options, .n_ctx = n_ctx};
    EWI_TRY(ew_session_new(s->engine, &options, &session, err));
    s->stats.n_ctx = session->n_ctx;
    ew_session_free(session);
    return EW_OK;
}

static ew_status open_scheduler(ewi_scheduler *s, const ewi_scheduler_options *o, ew_error *err) {
    s->stats.max_running = o->n_running;
    s->stats.max_queued = o->n_queued;
    EWI_TRY(find_n_ctx(s, o->n_ctx, err));
    s->cache = o->cache;
    s->mutex = ewi_mutex_new();
    s->changed = ewi_signal_new();
    s->running = ewi_zalloc_array(o->n_running, sizeof *s->running);
    s->rows = ewi_alloc_array(s->engine->plan.n_rows, sizeof *s->rows);
    s->owners = ewi_alloc_array(s->engine->plan.n_rows, sizeof *s->owners);
    if (!s->mutex || !s->changed || !s->running || !s->rows || !s->owners)
        return ewi_no_memory(err, "a scheduler");
    return ewi_thread_start(scheduler_main, s, "ew-scheduler", &s->thread, err);
}

ew_status ewi_scheduler_new(ew_engine *engine, const ewi_scheduler_options *options, ewi_scheduler **out,
                            ew_error *err) {
    EWI_REQUIRE(engine && out, err);
    ewi_scheduler_options o = options ? *options : (ewi_scheduler_options){0};
    EWI_TRY(check_options(engine, &o, err));
    ewi_scheduler *s = ewi_zalloc(sizeof *s);
    if (!s) return ewi_no_memory(err, "a scheduler");
    s->engine = engine;
    ew_status status = open_scheduler(s, &o, err);
    if (status == EW_OK)
        *out = s;
    else
        ewi_scheduler_free(s);
    return status;
}

static void close_thread(ewi_scheduler *s) {
    ewi_mutex_lock(s->mutex);
    s->is_closing = true;
    ewi_mutex_unlock(s->mutex);
    ewi_signal_raise(s->changed);
    ewi_thread_join(s->thread);
}

void ewi_scheduler_free(ewi_scheduler *s) {
    if (!s) return;
    if (s->thread) close_thread(s);
    ewi_mutex_free(s->mutex);
    ewi_signal_free(s->changed);
    ewi_free(s->running);
    ewi_free(s->rows);
    ewi_free(s->owners);
    ewi_free(s);
}

/* ---- what others see ---- */

ewi_scheduler_stats ewi_scheduler_get_stats(ewi_scheduler *s) {
    ewi_mutex_lock(s->mutex);
    ewi_scheduler_stats stats = s->stats;
    ewi_mutex_unlock(s->mutex);
    return stats;
}

size_t ewi_scheduler_get_running(ewi_scheduler *s, ewi_running *out, size_t max) {
    ewi_mutex_lock(s->mutex);
    const size_t n = s->stats.n_running;
    for (size_t i = 0; i < n && i < max; i++) out[i] = s->running[i]->seen;
    ewi_mutex_unlock(s->mutex);
    return n;
}
