/*
 * ranking.h: a pair of texts, as tokens, to its score.
 */
#ifndef EW_ENGINE_RANKING_H
#define EW_ENGINE_RANKING_H

#include "engine/engine.h"
#include "text/encode_pair.h"

/* ew_rank of what ewi_encode_pair made; as many tokens as fit the session's context are looked at. */
EWI_NODISCARD ew_status ewi_rank_pair(ew_session *session, const ew_token *tokens, ewi_encoded_pair pair,
                                      float *score, ew_error *err);

#endif
