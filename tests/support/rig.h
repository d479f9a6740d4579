/* rig.h: a model, an engine and a session at once, for tests that run a model. Every failure fails the
 * running cmocka test.
 *
 *     rig r = rig_open(path, &(ew_engine_options){.n_threads = 1});
 *     float *logits = rig_logits(&r, ids, n);              [n, r.n_vocab]
 *     free(logits);
 *     rig_close(&r);
 */
#ifndef TESTS_SUPPORT_RIG_H
#define TESTS_SUPPORT_RIG_H

#include "edgewise/edgewise.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rig {
    ew_model *model;
    ew_engine *engine;
    ew_session *session;
    size_t n_vocab;
} rig;

/* options as for ew_engine_new (NULL: defaults); struct_size is filled in. */
rig rig_open(const char *path, const ew_engine_options *options);
void rig_close(rig *r);

ew_session *rig_session(const rig *r, const ew_session_options *options);

/* The logits of n tokens after what the session holds: [n, n_vocab], to be freed. */
float *rig_logits(const rig *r, const ew_token *ids, size_t n);
float *rig_session_logits(const rig *r, ew_session *session, const ew_token *ids, size_t n);

/* What ew_generate appends greedily: writes n_predict ids. */
void rig_greedy(const rig *r, ew_session *session, const ew_token *prompt, size_t n_prompt, ew_token *out,
                uint32_t n_predict);

#ifdef __cplusplus
}
#endif

#endif
