/*
 * model.h: an opened model: files, sizes, vocabulary, and the way to its weights. Immutable after opening,
 * shared by engines.
 *
 *     ew_model *model;
 *     EWI_TRY(ew_model_open(path, &model, err));
 *     EWI_TRY(ewi_model_build(model, EWI_OUTPUT_LOGITS, &graph, err));
 *     ...
 *     EWI_TRY(ewi_weights_ready(model, stage->weights, stage->n_weights, err));     before a stage reads
 */
#ifndef EW_MODEL_MODEL_H
#define EW_MODEL_MODEL_H

#include "graph/graph.h"
#include "model/chat_template.h"
#include "model/hparams.h"
#include "model/packing.h"

struct ew_model {
    ewi_checkpoint checkpoint;
    ewi_hparams hparams;
    ew_model_sampling sampling;
    ew_tokenizer *tokenizer; /* NULL: the files hold none */
    ewi_chat_template chat_template;
    /* [n_layers * EWI_N_ROLES] by role and layer; vectors are f32 copies; NULL = absent */
    const ewi_tensor *(*tensors)[EWI_N_PART_KINDS];
    /* [n_layers] matrices of a layer's experts; NULL: there are none */
    const ewi_expert_matrices (*experts)[EWI_N_EXPERT_PARTS];
    const ewi_rope_scaling *rope_scaling; /* NULL: none */
    ewi_arena turned;                     /* matrices that the files hold transposed */
    uint32_t n_vocab;
    uint32_t n_positions; /* that have been learned; 0: any */
    ewi_packing *packing; /* what engines share: changes behind its own lock */
};

/* The tensors of a role, or NULL. layer is 0 for roles outside the layers. */
const ewi_tensor *ewi_model_weight(const ew_model *model, ewi_role role, uint32_t layer);
const ewi_tensor *ewi_model_bias(const ew_model *model, ewi_role role, uint32_t layer);

/* It has no head, or its files say how its hidden states become an embedding. */
bool ewi_model_embeds(const ew_model *model);

/* Of the rows that want it. Hidden states are those that the head reads; encoders have no head, or one that
 * makes one score of the first row's. */
typedef enum ewi_model_output { EWI_OUTPUT_LOGITS, EWI_OUTPUT_HIDDEN, EWI_OUTPUT_SCORE } ewi_model_output;

/* What the model's files hold, or (embeds) hidden states where logits could be had. */
ewi_model_output ewi_model_output_of(const ew_model *model, bool embeds);

/* Describes the model as a graph: tokens -> output. The graph borrows the model's tensors. */
EWI_NODISCARD ew_status ewi_model_build(const ew_model *model, ewi_model_output output, ewi_graph *graph,
                                        ew_error *err);

/*
 * Makes the weights that a stage reads ready, and says whether they can still be trusted: weights are reached
 * only between this call and the next one, and no pointer into them is kept. Errors: EW_IO when a file was
 * truncated.
 */
EWI_NODISCARD ew_status ewi_weights_ready(const ew_model *model, const ewi_tensor *const *weights, size_t n,
                                          ew_error *err);

#endif
