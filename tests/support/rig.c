/* rig.c: everything that it takes to run a model. */
#include "rig.h"
#include "expect.h"

#include <stdlib.h>

rig rig_open(const char *path, const ew_engine_options *options) {
    rig r = {0};
    ew_error err = {0};
    ew_engine_options o = options ? *options : (ew_engine_options){0};
    o.struct_size = sizeof o;
    expect_ok(ew_model_open(path, &r.model, &err), &err);
    expect_ok(ew_engine_new(r.model, &o, &r.engine, &err), &err);
    r.n_vocab = ew_model_get_info(r.model).n_vocab;
    r.session = rig_session(&r, NULL);
    return r;
}

void rig_close(rig *r) {
    ew_session_free(r->session);
    ew_engine_free(r->engine);
    ew_model_close(r->model);
    *r = (rig){0};
}

ew_session *rig_session(const rig *r, const ew_session_options *options) {
    ew_session *session = NULL;
    ew_error err = {0};
    ew_session_options o = options ? *options : (ew_session_options){0};
    o.struct_size = sizeof o;
    expect_ok(ew_session_new(r->engine, &o, &session, &err), &err);
    return session;
}

/* ---- logits ---- */

typedef struct sheet {
    float *logits;
    size_t n_vocab, n_seen;
} sheet;

static void keep(void *user, size_t row, const float *logits) {
    sheet *s = user;
    memcpy(s->logits + row * s->n_vocab, logits, s->n_vocab * sizeof *logits);
    if (row != s->n_seen++) fail_msg("logits of row %zu came as number %zu", row, s->n_seen);
}

float *rig_session_logits(const rig *r, ew_session *session, const ew_token *ids, size_t n) {
    ew_error err = {0};
    sheet s = {malloc(n * r->n_vocab * sizeof(float)), r->n_vocab, 0};
    assert_non_null(s.logits);
    expect_ok(ew_eval(session, ids, n, keep, &s, &err), &err);
    assert_int_equal(s.n_seen, n);
    return s.logits;
}

float *rig_logits(const rig *r, const ew_token *ids, size_t n) {
    return rig_session_logits(r, r->session, ids, n);
}

/* ---- ids ---- */

typedef struct answer {
    ew_token *ids;
    uint32_t n, max;
} answer;

static bool take(void *user, ew_token token, ew_str text) {
    answer *a = user;
    (void)text;
    if (token < 0) return true; /* held-back text, no token of its own */
    if (a->n < a->max) a->ids[a->n] = token;
    a->n++;
    return true;
}

void rig_greedy(const rig *r, ew_session *session, const ew_token *prompt, size_t n_prompt, ew_token *out,
                uint32_t n_predict) {
    (void)r;
    ew_error err = {0};
    answer a = {out, 0, n_predict};
    ew_generate_options o = {.struct_size = sizeof o, .n_predict = n_predict, .ignore_end = true};
    expect_ok(ew_generate(session, prompt, n_prompt, &o, take, &a, NULL, &err), &err);
    assert_int_equal(a.n, n_predict);
}
