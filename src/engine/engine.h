/*
 * engine.h: what runs a model: its planned graph, threads and one arena; and what a session is.
 *
 * The engine owns everything that a step needs beside the sessions' state, allocated when it is made, so that
 * a step allocates nothing. One thread at a time uses an engine and its sessions.
 */
#ifndef EW_ENGINE_ENGINE_H
#define EW_ENGINE_ENGINE_H

#include "engine/head.h"
#include "engine/pool.h"
#include "engine/profile.h"
#include "engine/state.h"
#include "graph/plan.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "os/thread.h"

/* Rows of logits that exist at once: as many as these bytes hold, and these at least. Each such batch reads
 * and unpacks the head's matrix anew. */
#define EWI_HEAD_BYTES ((size_t)32 << 20)
#define EWI_HEAD_ROWS  16u
#define EWI_MAX_ROWS   4096u
/* From this many rows on, unless `exact`, what is made anew for each step costs less than it saves: codes of
 * 16-bit weights (rows of all sessions) and bf16 of keys and values (rows of one session). */
#define EWI_FAST_ROWS 16u

/* Cosines and sines of one kind of rope for the rows of a step. */
typedef struct ewi_rope_table {
    double base;
    const ewi_rope_scaling *scaling;
    uint32_t n_pairs;
    uint32_t first_freq; /* of a session's */
    float *cos, *sin;    /* [n_rows, n_pairs] */
} ewi_rope_table;

/* Rows [first, first + n) of a step, of one session and consecutive positions. They attend together, so that
 * keys and values are read once for all of them. */
typedef struct ewi_tile {
    uint32_t first, n;
    uint32_t n_parts; /* spans of keys that threads share, or 1 */
} ewi_tile;

/* What one thread needs to attend: the rows of a tile times the query heads of a group, for all spans so far
 * and for the present one. */
typedef struct ewi_attention_scratch {
    ewi_attention_row *rows[2];
    float *acc[2];  /* [queries, head_dim] */
    uint8_t *qrows; /* of keys that are codes: [queries] as quantized rows, or rotated */
    float *block;   /* the kernel's */
} ewi_attention_scratch;

/* What a layer's experts need of memory: a slot is a row at one of its experts. */
typedef struct ewi_experts_scratch {
    uint32_t *chosen, *slots;    /* [n_rows, n_used] experts of a row, the largest weight first */
    float *weights;              /* [n_rows, n_used] */
    float *chances;              /* [n_experts] of one row */
    uint32_t *first;             /* [n_experts + 1] slots of expert i are first[i] .. first[i + 1] - 1 */
    uint32_t *active;            /* [n_experts] those that have slots */
    uint32_t *row_of;            /* [slots] */
    float *outer, *gate, *up;    /* [slots, d_model] inputs, then outputs; [slots, d_ffn] */
    uint8_t *qrows[EWI_N_QROWS]; /* [slots] what packed matrices are multiplied with */
} ewi_experts_scratch;

typedef void (*ewi_stage_fn)(void *user, uint32_t stage, const ew_row *rows, size_t n_rows);
typedef struct ewi_watch {
    ewi_stage_fn on_stage; /* sees that a stage is done: what it made lies in the arena. NULL: nobody looks */
    /* Steps begin with stage `start`: on_start puts into the arena what the one before would have left there.
     * 0: with the first. */
    uint32_t start;
    ewi_stage_fn on_start;
    void *user;
} ewi_watch;

struct ew_engine {
    const ew_model *model;
    const ewi_kernels *kern;
    ewi_pool *pool;
    ewi_graph graph;
    ewi_plan plan;
    ewi_state_shape shape;
    ewi_arena tables; /* everything below */
    uint8_t *values;  /* the plan's arena */
    uint32_t n_ropes, n_freqs;
    ewi_rope_table *ropes;
    const uint32_t *rope_of;        /* [n_nodes] index into ropes, for rope nodes */
    ewi_attention_scratch *scratch; /* [n_threads] */
    ewi_tile *tiles;                /* [n_rows] */
    uint32_t tile_rows;             /* at most */
    uint32_t *parts_left;           /* of the items whose spans are shared: that many are not done */
    ewi_profile profile;
    ewi_watch watch;
    uint8_t **panels; /* [n_threads] scratch of linear layers */
    size_t n_adapters;
    const ew_adapter *const *adapters;
    uint32_t max_rank;     /* of the adapters */
    float **adapt_scratch; /* [n_threads] adapt.c's */
    ewi_experts_scratch experts;
    bool exact, static_activations; /* as asked for */
    ewi_model_output output;
    uint32_t *wanted; /* [n_rows] rows whose logits are wanted */
    float *peaks;     /* [head_rows, ewi_n_peaks(columns of the head)] */
};

struct ew_session {
    ew_engine *engine;
    ewi_state state;
    uint32_t length, n_ctx;
    uint32_t second;    /* where a pair's second text begins; UINT32_MAX: there is none */
    double *freqs;      /* [n_freqs] by which a position's angles grow, of all ropes */
    uint32_t n_pending; /* rows of the step in progress */
    ew_context_full context_full;
    uint32_t n_keep;
    ew_token *tokens; /* [n_ctx] what is held at each position */
    ew_row *rows;     /* [engine's n_rows] for ew_eval */
    float *parts;     /* attend.c's: what rows have of each span, where threads share them; or NULL */
    ewi_flag cancelled;
    size_t n_uses;
    ew_adapter_use *uses; /* [engine's n_adapters] */
};

/* Which rows of an evaluation want logits. */
typedef enum ewi_wants { EWI_WANTS_NONE, EWI_WANTS_FIRST, EWI_WANTS_LAST, EWI_WANTS_ALL } ewi_wants;

/* The one hidden state, [rows, d_model], that a stage passes on to later ones; EWI_NO_VALUE when there are
 * more, or none. */
ewi_value ewi_stage_output(const ew_engine *engine, uint32_t stage);
/* ew_step for all who need it. */
EWI_NODISCARD ew_status ewi_step(ew_engine *engine, const ew_row *rows, size_t n_rows, ewi_head_fn on_head,
                                 void *user, ew_error *err);
/* Receives what a linear layer is about to read, [n_rows] rows of f32, or of int8 (kernels/qrows.h) where its
 * weights are packed, or a node of experts, f32; false: no more of the stage is run. */
typedef bool (*ewi_linear_fn)(void *user, const ewi_node *linear, const void *x, size_t n_rows);
/* Runs one stage of a step alone: what it reads of the stages before lies in the arena, what it makes lies
 * there after; its logits are not computed. Sessions stay as they were. */
EWI_NODISCARD ew_status ewi_step_stage(ew_engine *engine, const ew_row *rows, size_t n_rows, uint32_t stage,
                                       ewi_linear_fn on_linear, void *user, ew_error *err);
/* EW_INVALID, by what it makes, when that is not logits. */
EWI_NODISCARD ew_status ewi_engine_check_text(const ew_engine *engine, ew_error *err);
/* ew_eval for all who need it; `row` of on_head counts from the first of the n tokens. */
EWI_NODISCARD ew_status ewi_session_eval(ew_session *session, const ew_token *tokens, size_t n,
                                         ewi_wants wants, ewi_head_fn on_head, void *user, ew_error *err);
/* Makes room for n more positions as the session's policy says. Errors: EW_CONTEXT_FULL with the counts. */
EWI_NODISCARD ew_status ewi_session_make_room(ew_session *session, size_t n, ew_error *err);

#endif
