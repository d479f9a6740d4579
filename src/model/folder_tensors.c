#include "model/folder_tensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/* ---- what the model does without ---- */

/* What pooling an encoder's hidden states has no use for: heads that guess masked words, and the layer
 * that BERT was trained with to compare sentences. */
static bool is_of_training(ew_str name) {
    static const char *const parts[] = {"pooler.dense.", "cls.",     "lm_head.",
                                        "head.",         "decoder.", "embeddings.position_ids"};
    static const char *const prefixes[] = {"", "bert.", "roberta."};
    char start[64];
    for (size_t i = 0; i < EWI_COUNT(parts); i++)
        for (size_t k = 0; k < EWI_COUNT(prefixes); k++) {
            size_t n = (size_t)snprintf(start, sizeof start, "%s%s", prefixes[k], parts[i]);
            if (name.len >= n && memcmp(name.data, start, n) == 0) return true;
        }
    return false;
}

/* Buffers that some exporters store although they follow from config.json. */
static bool is_derived(const ewi_hparams *h, ew_str name) {
    const ewi_arch *arch = h->arch;
    bool has_masks = ewi_str_is(ewi_str(arch->name), "gpt2") || ewi_str_is(ewi_str(arch->name), "gptneox");
    if (ewi_str_ends(name, ".rotary_emb.inv_freq")) return true;
    if (arch->is_encoder && h->pooling != EW_POOLING_RANK && is_of_training(name)) return true;
    if (arch->is_encoder && ewi_str_ends(name, "embeddings.position_ids")) return true;
    return has_masks &&
           (ewi_str_ends(name, ".attn.bias") || ewi_str_ends(name, ".attn.masked_bias") ||
            ewi_str_ends(name, ".attention.bias") || ewi_str_ends(name, ".attention.masked_bias"));
}

/* ---- stacks of experts ---- */

typedef struct list {
    ewi_checkpoint *checkpoint;
    const ewi_hparams *h;
    ewi_tensor *tensors;
    size_t n;
    ew_error *err;
} list;

/* Gates and ups lie in one tensor, which is the gates'. */
static uint32_t n_parts_of(ewi_expert_part part) {
    return part == EWI_EXPERTS_DOWN ? 1 : 2;
}

static const ewi_tensor *find_stack(const list *l, ewi_expert_part part, uint32_t layer) {
    char buf[EWI_ROLE_NAME_BYTES];
    if (part == EWI_EXPERTS_UP || !ewi_hparams_is_sparse(l->h, layer)) return NULL;
    return ewi_checkpoint_find(l->checkpoint, ewi_expert_stack_name(part, layer, buf));
}

static ew_status check_stack(const list *l, const ewi_tensor *stack, ewi_expert_part part) {
    const ewi_hparams *h = l->h;
    const bool is_down = part == EWI_EXPERTS_DOWN,
               is_plain = stack->dtype == EWI_F32 || stack->dtype == EWI_F16 || stack->dtype == EWI_BF16;
    const uint64_t rows = is_down ? h->d_model : (uint64_t)2 * h->d_ffn,
                   cols = is_down ? h->d_ffn : h->d_model;
    if (is_plain && stack->n_dims == 3 && stack->dims[0] == h->n_experts && stack->dims[1] == rows &&
        stack->dims[2] == cols)
        return EW_OK;
    return ewi_fail(l->err, EW_FORMAT,
                    "tensor %.*s: is not a stack of %u experts' matrices, [%u, %" PRIu64 ", %" PRIu64
                    "] of F32, F16 or BF16",
                    EWI_STR_ARG(stack->name), h->n_experts, h->n_experts, rows, cols);
}

/* Matrix i of the stack: [parts of an expert] by expert. */
static ew_status cut_matrix(list *l, const ewi_tensor *stack, ewi_expert_part part, uint32_t layer,
                            uint32_t i) {
    char buf[EWI_ROLE_NAME_BYTES];
    const uint32_t n_parts = n_parts_of(part);
    const ew_str name = ewi_expert_name((ewi_expert_part)(part + i % n_parts), layer, i / n_parts, buf);
    const char *kept = ewi_arena_strdup(&l->checkpoint->arena, name);
    if (!kept) return ewi_no_memory(l->err, "the names of experts");
    const uint64_t bytes = stack->size_bytes / l->h->n_experts / n_parts;
    l->tensors[l->n++] = (ewi_tensor){.name = {kept, name.len},
                                      .dtype = stack->dtype,
                                      .n_dims = 2,
                                      .dims = {stack->dims[1] / n_parts, stack->dims[2]},
                                      .data = stack->data + i * bytes,
                                      .size_bytes = bytes,
                                      .offset = stack->offset + i * bytes};
    return EW_OK;
}

static ew_status cut_stack(list *l, const ewi_tensor *stack, ewi_expert_part part, uint32_t layer) {
    EWI_TRY(check_stack(l, stack, part));
    for (uint32_t i = 0; i < l->h->n_experts * n_parts_of(part); i++)
        EWI_TRY(cut_matrix(l, stack, part, layer, i));
    return EW_OK;
}

/* ---- the list ---- */

static size_t count_matrices(const list *l) {
    size_t n = 0;
    for (uint32_t layer = 0; layer < l->h->n_layers; layer++)
        for (ewi_expert_part part = 0; part < EWI_N_EXPERT_PARTS; part++)
            if (find_stack(l, part, layer)) n += (size_t)l->h->n_experts * n_parts_of(part);
    return n;
}

/* is_cut: [n_tensors] of the files'. */
static ew_status fill(list *l, bool *is_cut) {
    const ewi_checkpoint *c = l->checkpoint;
    for (uint32_t layer = 0; layer < l->h->n_layers; layer++)
        for (ewi_expert_part part = 0; part < EWI_N_EXPERT_PARTS; part++) {
            const ewi_tensor *stack = find_stack(l, part, layer);
            if (!stack) continue;
            is_cut[stack - c->tensors] = true;
            EWI_TRY(cut_stack(l, stack, part, layer));
        }
    for (size_t i = 0; i < c->n_tensors; i++)
        if (!is_cut[i] && !is_derived(l->h, c->tensors[i].name)) l->tensors[l->n++] = c->tensors[i];
    return EW_OK;
}

ew_status ewi_folder_tensors(ew_model *model, ewi_tensor **own, ew_error *err) {
    ewi_checkpoint *c = &model->checkpoint;
    list l = {.checkpoint = c, .h = &model->hparams, .err = err};
    *own = NULL;
    if (c->kind == EWI_CHECKPOINT_GGUF || c->is_container) return EW_OK;
    l.tensors = ewi_arena_array(&c->arena, c->n_tensors + count_matrices(&l), sizeof *l.tensors);
    bool *is_cut = ewi_arena_array(&c->arena, c->n_tensors, sizeof *is_cut);
    if (!l.tensors || !is_cut) return ewi_no_memory(err, "the table of tensors");
    EWI_TRY(fill(&l, is_cut));
    ewi_checkpoint_set_tensors(c, l.tensors, l.n);
    *own = l.tensors;
    return EW_OK;
}
