/* embedding.c: a text's hidden states pooled into one vector (arXiv 1908.10084, section 3). */
#include <string.h>

#include "base/error.h"
#include "engine/engine.h"

typedef struct pool {
    ew_pooling pooling;
    float *out; /* the sum of rows, or the one row */
} pool;

static void take_row(void *user, size_t row, const ewi_head *hidden) {
    const pool *p = user;
    (void)row;
    for (size_t i = 0; i < hidden->n; i++)
        p->out[i] = p->pooling == EW_POOLING_MEAN ? p->out[i] + hidden->logits[i] : hidden->logits[i];
}

/* Unchanged where all are zero. */
static void normalize(float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    double length = __builtin_sqrt(sum);
    for (size_t i = 0; i < n && length > 0; i++) x[i] = (float)((double)x[i] / length);
}

static ew_status check_engine(const ew_engine *e, size_t n, ew_error *err) {
    const ewi_arch *arch = e->model->hparams.arch;
    if (e->output == EWI_OUTPUT_SCORE)
        return ewi_fail(err, EW_UNSUPPORTED, "the model scores pairs of texts: it makes no embeddings");
    if (e->output != EWI_OUTPUT_HIDDEN)
        return ewi_fail(err, EW_INVALID, "this engine makes logits: ask for one that embeds");
    if (arch->is_encoder && n > e->plan.n_rows)
        return ewi_fail(err, EW_LIMIT,
                        "a text of %zu tokens: an encoder takes all of a text in one step, and this engine's "
                        "steps have %u rows",
                        n, e->plan.n_rows);
    return EW_OK;
}

ew_status ew_embed(ew_session *session, const ew_token *tokens, size_t n, const ew_embed_options *options,
                   float *out, ew_error *err) {
    EWI_REQUIRE(session && tokens && n > 0 && out, err);
    EWI_REQUIRE(!options || options->struct_size == sizeof *options, err);
    const ew_engine *e = session->engine;
    const size_t width = e->model->hparams.d_model;
    const ew_embed_options o = options ? *options : (ew_embed_options){0};
    if (o.pooling > EW_POOLING_LAST) return ewi_fail(err, EW_INVALID, "unknown pooling");
    EWI_TRY(check_engine(e, n, err));
    const ew_pooling asked = o.pooling ? o.pooling : ew_model_get_info(e->model).pooling;
    pool p = {asked, out};
    static const ewi_wants wants[] = {[EW_POOLING_MEAN] = EWI_WANTS_ALL,
                                      [EW_POOLING_CLS] = EWI_WANTS_FIRST,
                                      [EW_POOLING_LAST] = EWI_WANTS_LAST};
    memset(out, 0, width * sizeof *out);
    ew_session_truncate(session, 0);
    EWI_TRY(ewi_session_make_room(session, n, err));
    EWI_TRY(ewi_session_eval(session, tokens, n, wants[asked], take_row, &p, err));
    for (size_t i = 0; i < width && p.pooling == EW_POOLING_MEAN; i++) out[i] /= (float)n;
    if (!o.keep_length) normalize(out, width);
    return EW_OK;
}
