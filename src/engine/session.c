#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "engine/attend.h"
#include "engine/ropes.h"
#include "os/topology.h"

#define DEFAULT_CTX 4096u

static ew_status check_memory(const ew_engine *engine, uint32_t n_ctx, ew_error *err) {
    uint64_t need, available = ewi_memory_available_bytes();
    uint64_t blocks = n_ctx / EWI_BLOCK_POSITIONS + (n_ctx % EWI_BLOCK_POSITIONS != 0);
    bool fits = ewi_mul_u64(blocks, engine->shape.block_bytes, &need);
    if (fits && (available == 0 || need <= available)) return EW_OK;
    return ewi_fail(err, EW_LIMIT,
                    "a context of %u positions needs %llu MiB of state, this machine has %llu MiB left; ask "
                    "for a shorter context",
                    n_ctx, fits ? (unsigned long long)(need >> 20) : ~0ull,
                    (unsigned long long)(available >> 20));
}

static ew_status init_session(ew_session *s, ew_engine *engine, const ew_session_options *o, ew_error *err) {
    uint32_t trained = engine->model->hparams.n_ctx_train;
    s->engine = engine;
    s->second = UINT32_MAX;
    s->n_ctx = o->n_ctx ? o->n_ctx : trained < DEFAULT_CTX ? trained : DEFAULT_CTX;
    s->context_full = o->context_full;
    s->n_keep = o->n_keep;
    if (s->n_ctx > EWI_MAX_CTX)
        return ewi_fail(err, EW_LIMIT, "a context of %u positions, at most %u", s->n_ctx, EWI_MAX_CTX);
    uint32_t learned = engine->model->n_positions;
    if (learned && s->n_ctx > learned)
        return ewi_fail(err, EW_LIMIT, "a context of %u positions, but the model has learned %u", s->n_ctx,
                        learned);
    if (s->n_keep >= s->n_ctx)
        return ewi_fail(err, EW_INVALID, "cannot keep %u positions of a context of %u", s->n_keep, s->n_ctx);
    EWI_TRY(check_memory(engine, s->n_ctx, err));
    EWI_TRY(ewi_state_init(&s->state, &engine->shape, s->n_ctx, err));
    s->tokens = ewi_alloc_array(s->n_ctx, sizeof *s->tokens);
    s->rows = ewi_alloc_array(engine->plan.n_rows, sizeof *s->rows);
    s->freqs = ewi_ropes_new_freqs(engine, s->n_ctx);
    s->uses = ewi_alloc_array(engine->n_adapters + 1, sizeof *s->uses);
    return s->tokens && s->rows && s->freqs && s->uses && ewi_attend_open(s)
               ? EW_OK
               : ewi_no_memory(err, "a session");
}

ew_status ew_session_new(ew_engine *engine, const ew_session_options *options, ew_session **out,
                         ew_error *err) {
    EWI_REQUIRE(engine && out, err);
    EWI_REQUIRE(!options || options->struct_size == sizeof *options, err);
    ew_session_options o = options ? *options : (ew_session_options){0};
    if (o.context_full > EW_CONTEXT_FULL_SHIFT)
        return ewi_fail(err, EW_INVALID, "unknown policy for a full context");
    ew_session *session = ewi_zalloc(sizeof *session);
    if (!session) return ewi_no_memory(err, "a session");
    ew_status status = init_session(session, engine, &o, err);
    if (status == EW_OK)
        *out = session;
    else
        ew_session_free(session);
    return status;
}

void ew_session_free(ew_session *session) {
    if (!session) return;
    ewi_state_deinit(&session->state);
    ewi_free(session->tokens);
    ewi_free(session->rows);
    ewi_free(session->freqs);
    ewi_free(session->parts);
    ewi_free(session->uses);
    ewi_free(session);
}

uint32_t ew_session_length(const ew_session *session) {
    return session->length;
}

uint32_t ew_session_n_ctx(const ew_session *session) {
    return session->n_ctx;
}

void ew_session_truncate(ew_session *session, uint32_t length) {
    if (length >= session->length) return;
    session->length = length;
    ewi_state_truncate(&session->state, length);
}

void ew_session_cancel(ew_session *session) {
    ewi_flag_raise(&session->cancelled);
}

/* ---- evaluation ---- */

/* Moves the row numbers that a step counts to those that the caller counts. */
typedef struct relay {
    ewi_head_fn on_head;
    void *user;
    size_t first;
} relay;

static void relay_head(void *user, size_t row, const ewi_head *head) {
    const relay *r = user;
    if (r->on_head) r->on_head(r->user, r->first + row, head);
}

/* Rows first .. first + n - 1 of n_all tokens. */
static void fill_rows(ew_session *s, const ew_token *tokens, size_t first, size_t n, size_t n_all,
                      ewi_wants wants) {
    for (size_t i = 0; i < n; i++) {
        size_t at = first + i;
        bool wanted = wants == EWI_WANTS_ALL || (wants == EWI_WANTS_FIRST && at == 0) ||
                      (wants == EWI_WANTS_LAST && at == n_all - 1);
        s->rows[i] = (ew_row){s, s->length + (uint32_t)i, tokens[at], wanted};
    }
}

ew_status ewi_session_eval(ew_session *s, const ew_token *tokens, size_t n, ewi_wants wants,
                           ewi_head_fn on_head, void *user, ew_error *err) {
    size_t max = s->engine->plan.n_rows;
    for (size_t first = 0; first < n;) {
        if (ewi_flag_take(&s->cancelled))
            return ewi_fail(err, EW_CANCELLED, "cancelled after %zu of %zu tokens", first, n);
        size_t count = n - first < max ? n - first : max;
        fill_rows(s, tokens, first, count, n, wants);
        relay r = {on_head, user, first};
        EWI_TRY(ewi_step(s->engine, s->rows, count, relay_head, &r, err));
        first += count;
    }
    return EW_OK;
}

ew_status ew_eval(ew_session *session, const ew_token *tokens, size_t n, ew_logits_fn on_logits, void *user,
                  ew_error *err) {
    EWI_REQUIRE(session && (tokens || n == 0), err);
    ewi_logits_reader reader = {on_logits, user};
    ewi_wants wants = on_logits ? EWI_WANTS_ALL : EWI_WANTS_NONE;
    ew_status status = ewi_session_make_room(session, n, err);
    if (status == EW_OK) status = ewi_session_eval(session, tokens, n, wants, ewi_logits_alone, &reader, err);
    ewi_flag_take(&session->cancelled); /* a wish that came too late for this call */
    return status;
}

/* ---- a full context ---- */

/*
 * Drops half of what comes after the first n_keep tokens, or more when n needs it, and runs the rest again at
 * its new positions: slower than moving keys, but exactly what a session that never saw the dropped tokens
 * would hold.
 */
static ew_status shift(ew_session *s, size_t n, ew_error *err) {
    uint32_t keep = s->n_keep < s->length ? s->n_keep : s->length;
    uint32_t rest = s->length - keep, room = s->n_ctx - keep;
    if (n > room)
        return ewi_fail(err, EW_CONTEXT_FULL,
                        "%zu tokens do not fit the %u positions that %u kept ones leave of %u", n, room, keep,
                        s->n_ctx);
    uint32_t stay = rest / 2;
    if (stay > room - n) stay = room - (uint32_t)n;
    uint32_t from = s->length - stay;
    ew_token *moved = ewi_alloc_array(stay, sizeof *moved);
    if (!moved) return ewi_no_memory(err, "a context shift");
    memcpy(moved, s->tokens + from, stay * sizeof *moved);
    ew_session_truncate(s, keep);
    ew_status status = ewi_session_eval(s, moved, stay, EWI_WANTS_NONE, NULL, NULL, err);
    ewi_free(moved);
    return status;
}

ew_status ewi_session_make_room(ew_session *s, size_t n, ew_error *err) {
    if (n <= s->n_ctx - s->length) return EW_OK;
    if (s->context_full == EW_CONTEXT_FULL_SHIFT) return shift(s, n, err);
    return ewi_fail(err, EW_CONTEXT_FULL,
                    "%zu tokens after %u held ones do not fit a context of %u positions", n, s->length,
                    s->n_ctx);
}
