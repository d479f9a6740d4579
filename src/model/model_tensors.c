#include "model/model_tensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernels/kernels.h"
#include "model/folder_tensors.h"

static size_t slot_of(ewi_role role, uint32_t layer) {
    return (size_t)layer * EWI_N_ROLES + role;
}

const ewi_tensor *ewi_model_weight(const ew_model *model, ewi_role role, uint32_t layer) {
    return model->tensors[slot_of(role, layer)][EWI_WEIGHT];
}

const ewi_tensor *ewi_model_bias(const ew_model *model, ewi_role role, uint32_t layer) {
    return model->tensors[slot_of(role, layer)][EWI_BIAS];
}

/* ---- which tensors a model of this architecture has ---- */

static ewi_presence when(bool is_there) {
    return is_there ? EWI_REQUIRED : EWI_ABSENT;
}

static bool is_qk_norm(ewi_role role) {
    return role == EWI_ROLE_ATTN_Q_NORM || role == EWI_ROLE_ATTN_K_NORM;
}

static bool is_norm(ewi_role role) {
    return role == EWI_ROLE_EMBD_NORM || role == EWI_ROLE_OUTPUT_NORM || role == EWI_ROLE_ATTN_NORM ||
           role == EWI_ROLE_ATTN_POST_NORM || role == EWI_ROLE_FFN_NORM || role == EWI_ROLE_FFN_POST_NORM ||
           role == EWI_ROLE_ATTN_SUM_NORM || role == EWI_ROLE_FFN_SUM_NORM || role == EWI_ROLE_RANK_NORM ||
           role == EWI_ROLE_OWN_ATTN_NORM || role == EWI_ROLE_OWN_FFN_NORM || is_qk_norm(role);
}

static ewi_presence weight_presence(const ewi_hparams *h, ewi_role role, uint32_t layer) {
    const ewi_arch *arch = h->arch;
    const ewi_norm_place place = arch->norm_place;
    const bool is_before = place == EWI_NORM_BEFORE || place == EWI_NORM_AROUND;
    const bool is_after = place == EWI_NORM_AFTER || place == EWI_NORM_AROUND;
    const bool is_split = !arch->has_fused_qkv, has_gate = !arch->is_plain_ffn,
               is_dense = !ewi_hparams_is_sparse(h, layer);
    const bool ranks = h->pooling == EW_POOLING_RANK;
    const bool is_roped_gguf = h->naming == EWI_NAMES_GGUF && h->positions == EWI_POSITIONS_ROPE;
    switch (role) {
    case EWI_ROLE_POSITION_EMBD: return when(h->positions == EWI_POSITIONS_LEARNED);
    case EWI_ROLE_EMBD_NORM: return when(arch->has_embd_norm);
    case EWI_ROLE_TOKEN_TYPES:
        if (!arch->has_token_types) return EWI_ABSENT;
        return ranks ? EWI_REQUIRED : EWI_OPTIONAL;
    case EWI_ROLE_RANK:
    case EWI_ROLE_RANK_OUT: return when(ranks);
    case EWI_ROLE_RANK_NORM: return when(ranks && arch->has_rank_norm);
    case EWI_ROLE_OUTPUT_NORM: return when(place != EWI_NORM_SUMS);
    case EWI_ROLE_ROPE_FREQS:
    case EWI_ROLE_ROPE_SHORT:
    case EWI_ROLE_ROPE_LONG: return is_roped_gguf ? EWI_OPTIONAL : EWI_ABSENT;
    case EWI_ROLE_OUTPUT: return h->output;
    case EWI_ROLE_ATTN_NORM:
        return when(is_before && !h->owns_norms && !(arch->skips_first_norm && layer == 0));
    case EWI_ROLE_OWN_ATTN_NORM:
    case EWI_ROLE_OWN_FFN_NORM: return when(h->owns_norms);
    case EWI_ROLE_FFN_NORM: return when(is_before && !(h->is_parallel && arch->shares_norm));
    case EWI_ROLE_ATTN_POST_NORM:
    case EWI_ROLE_FFN_POST_NORM: return when(is_after);
    case EWI_ROLE_ATTN_SUM_NORM:
    case EWI_ROLE_FFN_SUM_NORM: return when(place == EWI_NORM_SUMS);
    case EWI_ROLE_ATTN_Q:
    case EWI_ROLE_ATTN_K:
    case EWI_ROLE_ATTN_V: return when(is_split);
    case EWI_ROLE_ATTN_QKV: return when(!is_split);
    case EWI_ROLE_ATTN_Q_NORM:
    case EWI_ROLE_ATTN_K_NORM: return h->qk_norm;
    case EWI_ROLE_FFN_GATE: return when(is_dense && has_gate && !arch->has_fused_gate_up);
    case EWI_ROLE_FFN_UP: return when(is_dense && !arch->has_fused_gate_up);
    case EWI_ROLE_FFN_GATE_UP: return when(arch->has_fused_gate_up);
    case EWI_ROLE_FFN_DOWN: return when(is_dense);
    case EWI_ROLE_ROUTER: return when(!is_dense);
    case EWI_ROLE_EXPERTS_GATE:
    case EWI_ROLE_EXPERTS_UP:
    case EWI_ROLE_EXPERTS_DOWN: return when(!is_dense && h->naming == EWI_NAMES_GGUF);
    case EWI_ROLE_TOKEN_EMBD:
    case EWI_ROLE_ATTN_OUT:
    case EWI_N_ROLES: break;
    }
    return EWI_REQUIRED;
}

static ewi_presence bias_presence(const ewi_hparams *h, ewi_role role, uint32_t layer) {
    const ewi_arch *arch = h->arch;
    if (weight_presence(h, role, layer) == EWI_ABSENT && role != EWI_ROLE_OUTPUT) return EWI_ABSENT;
    if (is_qk_norm(role)) return EWI_ABSENT;
    if (is_norm(role)) return arch->norm_bias;
    switch ((int)role) {
    case EWI_ROLE_OUTPUT: return arch->head_bias;
    case EWI_ROLE_ATTN_Q:
    case EWI_ROLE_ATTN_K:
    case EWI_ROLE_ATTN_V:
    case EWI_ROLE_ATTN_QKV: return arch->qkv_bias;
    case EWI_ROLE_ATTN_OUT: return arch->out_bias;
    case EWI_ROLE_FFN_GATE:
    case EWI_ROLE_FFN_UP:
    case EWI_ROLE_FFN_GATE_UP:
    case EWI_ROLE_FFN_DOWN:
    case EWI_ROLE_RANK: return arch->ffn_bias;
    case EWI_ROLE_RANK_OUT: return EWI_REQUIRED;
    default: return EWI_ABSENT;
    }
}

static ewi_presence presence(const ewi_hparams *h, ewi_role role, ewi_part_kind part, uint32_t layer) {
    return part == EWI_WEIGHT ? weight_presence(h, role, layer) : bias_presence(h, role, layer);
}

/* ---- copies ---- */

static ew_status check_vector(const ewi_tensor *t, ew_error *err) {
    if (ewi_kernels_get()->widen[t->dtype] && ewi_dtype_get(t->dtype)->block_elements == 1) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: a vector of type %s is not implemented",
                    EWI_STR_ARG(t->name), ewi_dtype_get(t->dtype)->name);
}

/* A vector of f32 of n elements, to be filled. */
static float *new_vector(ew_model *model, const ewi_tensor *like, size_t n, const ewi_tensor **out) {
    ewi_tensor *copy = ewi_arena_alloc(&model->checkpoint.arena, sizeof *copy);
    float *data = ewi_arena_array(&model->checkpoint.arena, n, sizeof *data);
    if (!copy || !data) return NULL;
    *copy = (ewi_tensor){.name = like->name,
                         .dtype = EWI_F32,
                         .n_dims = 1,
                         .dims = {n},
                         .data = (const uint8_t *)data,
                         .size_bytes = n * sizeof *data};
    *out = copy;
    return data;
}

/* Vectors (norms, biases) are small and of any float type in files: they become f32 copies. */
static ew_status widen_vector(ew_model *model, const ewi_tensor *from, float plus, const ewi_tensor **out,
                              ew_error *err) {
    EWI_TRY(check_vector(from, err));
    const size_t n = (size_t)ewi_tensor_n_elements(from);
    float *data = new_vector(model, from, n, out);
    if (!data) return ewi_no_memory(err, "norms and biases");
    ewi_kernels_get()->widen[from->dtype](data, from->data, n);
    for (size_t i = 0; i < n && plus != 0; i++) data[i] += plus;
    return EW_OK;
}

static bool is_plain(ewi_dtype dtype) {
    return dtype == EWI_F32 || dtype == EWI_F16 || dtype == EWI_BF16;
}

/* [in, out] to [out, in], for folders that hold the transpose: the one kind of matrix that is copied. */
static ew_status turn_matrix(ew_model *model, ewi_tensor *t, ew_error *err) {
    const ewi_dtype_info *type = ewi_dtype_get(t->dtype);
    const size_t rows = (size_t)t->dims[0], cols = (size_t)t->dims[1], bytes = type->block_bytes;
    if (!is_plain(t->dtype))
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: a transposed matrix of type %s is not implemented",
                        EWI_STR_ARG(t->name), type->name);
    uint8_t *data = ewi_arena_array(&model->turned, (size_t)t->size_bytes, 1);
    if (!data) return ewi_no_memory(err, "a transposed matrix");
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            memcpy(data + (c * rows + r) * bytes, t->data + (r * cols + c) * bytes, bytes);
    t->dims[0] = cols;
    t->dims[1] = rows;
    t->data = data;
    return EW_OK;
}

static ew_status take_first_row(ew_model *model, const ewi_tensor *from, const ewi_tensor **out,
                                ew_error *err) {
    ewi_tensor row = *from;
    row.dims[0] = from->dims[from->n_dims - 1];
    row.n_dims = 1;
    return widen_vector(model, &row, 0, out, err);
}

/* The rows of a pair's two texts, where there are several; what ranks alone sees a second one. */
static ew_status take_types(ew_model *model, const ewi_tensor *from, const ewi_tensor **out, ew_error *err) {
    const bool is_pair = model->hparams.pooling == EW_POOLING_RANK && from->n_dims == 2 && from->dims[0] > 1;
    if (!is_pair) return take_first_row(model, from, out, err);
    ewi_tensor *both = ewi_arena_alloc(&model->checkpoint.arena, sizeof *both);
    if (!both) return ewi_no_memory(err, "token types");
    *both = *from;
    both->dims[0] = 2;
    EWI_TRY(widen_vector(model, both, 0, out, err));
    *both = **out;
    both->n_dims = 2;
    both->dims[0] = 2;
    both->dims[1] = from->dims[1];
    *out = both;
    return EW_OK;
}

/* A matrix of one row, which some files hold as a vector. */
static ew_status take_one_row(ew_model *model, const ewi_tensor *from, const ewi_tensor **out,
                              ew_error *err) {
    ewi_tensor *matrix = ewi_arena_alloc(&model->checkpoint.arena, sizeof *matrix);
    if (!matrix) return ewi_no_memory(err, "a view of a matrix");
    *matrix = *from;
    matrix->n_dims = 2;
    matrix->dims[1] = from->dims[0];
    matrix->dims[0] = 1;
    *out = matrix;
    return EW_OK;
}

/* A view of a matrix without its first rows. */
static ew_status skip_rows(ew_model *model, const ewi_tensor *from, uint32_t n, const ewi_tensor **out,
                           ew_error *err) {
    ewi_tensor *view = ewi_arena_alloc(&model->checkpoint.arena, sizeof *view);
    if (!view) return ewi_no_memory(err, "a view of a matrix");
    if (from->n_dims != 2 || from->dims[0] <= n)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: must be a matrix of more than %u rows",
                        EWI_STR_ARG(from->name), n);
    uint64_t row_bytes = from->size_bytes / from->dims[0];
    *view = *from;
    view->dims[0] -= n;
    view->data += n * row_bytes;
    view->size_bytes -= n * row_bytes;
    *out = view;
    return EW_OK;
}

/* ---- binding ---- */

typedef struct binder {
    ew_model *model;
    ewi_tensor *own; /* the checkpoint's list where it is a folder's, else NULL */
    bool *used;      /* [checkpoint.n_tensors] */
    ew_error *err;
} binder;

static const ewi_tensor *find_with(const ewi_checkpoint *c, const char *prefix, ew_str name) {
    char buf[2 * EWI_ROLE_NAME_BYTES];
    int n = snprintf(buf, sizeof buf, "%s%.*s", prefix, EWI_STR_ARG(name));
    return ewi_checkpoint_find(c, (ew_str){buf, (size_t)n});
}

/* Files of the model that makes logits, or guesses masked words, have a name for the one inside; others leave
 * it out. */
static const ewi_tensor *find_tensor(const ew_model *model, ew_str name) {
    static const char *const prefixes[] = {"transformer.", "model.", "bert.", "roberta."};
    const ewi_checkpoint *c = &model->checkpoint;
    const ewi_tensor *tensor = ewi_checkpoint_find(c, name);
    if (model->hparams.naming != EWI_NAMES_HF) return tensor;
    for (size_t i = 0; !tensor && i < EWI_COUNT(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        if (name.len > n && memcmp(name.data, prefixes[i], n) == 0)
            tensor = ewi_checkpoint_find(c, (ew_str){name.data + n, name.len - n});
        else if (model->hparams.arch->is_encoder)
            tensor = find_with(c, prefixes[i], name);
    }
    return tensor;
}

static uint32_t n_heads_of(const ewi_hparams *h, ewi_role role) {
    return role == EWI_ROLE_ATTN_Q_NORM ? h->n_heads : h->n_kv_heads;
}

/* The weights of all heads' norms, [heads, head_dim], as one vector. */
static ew_status join_heads(const binder *b, ewi_role role, const ewi_tensor **slot) {
    const ewi_hparams *h = &b->model->hparams;
    const ewi_tensor *t = *slot;
    const uint32_t n = n_heads_of(h, role);
    if (t->n_dims != 2 || t->dims[0] != n || t->dims[1] != h->head_dim)
        return ewi_fail(b->err, EW_FORMAT, "tensor %.*s: must have the shape [%u, %u]", EWI_STR_ARG(t->name),
                        n, h->head_dim);
    return widen_vector(b->model, t, 0, slot, b->err);
}

/* The same where each is a tensor of its own. */
static ew_status bind_head_norms(binder *b, ewi_role role, uint32_t layer) {
    ew_model *model = b->model;
    const uint32_t n = n_heads_of(&model->hparams, role), dim = model->hparams.head_dim;
    float *data = NULL;
    for (uint32_t head = 0; head < n; head++) {
        char buf[EWI_ROLE_NAME_BYTES];
        ew_str name = ewi_head_norm_name(role, layer, head, buf);
        const ewi_tensor *t = ewi_checkpoint_find(&model->checkpoint, name);
        if (!t) return ewi_fail(b->err, EW_FORMAT, "tensor %.*s: is missing", EWI_STR_ARG(name));
        if (t->n_dims != 1 || t->dims[0] != dim)
            return ewi_fail(b->err, EW_FORMAT, "tensor %.*s: must have the shape [%u]", EWI_STR_ARG(name),
                            dim);
        EWI_TRY(check_vector(t, b->err));
        if (head == 0) data = new_vector(model, t, (size_t)n * dim, &model->tensors[slot_of(role, layer)][0]);
        if (!data) return ewi_no_memory(b->err, "norms");
        ewi_kernels_get()->widen[t->dtype](data + (size_t)head * dim, t->data, dim);
        b->used[t - model->checkpoint.tensors] = true;
    }
    return EW_OK;
}

static ew_status prepare(binder *b, ewi_role role, ewi_part_kind part, const ewi_tensor **slot) {
    const ewi_hparams *h = &b->model->hparams;
    const bool is_hf = h->naming == EWI_NAMES_HF, is_plus_one = h->arch->hf_norm_plus_one;
    const ewi_tensor *tensor = *slot;
    if (role == EWI_ROLE_POSITION_EMBD && h->first_position)
        return skip_rows(b->model, tensor, h->first_position, slot, b->err);
    if (role == EWI_ROLE_TOKEN_TYPES) return take_types(b->model, tensor, slot, b->err);
    if (role == EWI_ROLE_RANK_OUT && part == EWI_WEIGHT && tensor->n_dims == 1)
        return take_one_row(b->model, tensor, slot, b->err);
    if (tensor->n_dims == 1)
        return widen_vector(b->model, tensor,
                            is_hf && is_plus_one && is_norm(role) && part == EWI_WEIGHT ? 1 : 0, slot,
                            b->err);
    if (h->arch->qk_norm == EWI_QK_NORM_OWN && is_qk_norm(role)) return join_heads(b, role, slot);
    const bool is_turned = b->own && h->arch->hf_is_turned && ewi_role_is_of_layer(role);
    if (!is_turned || tensor->n_dims != 2) return EW_OK;
    return turn_matrix(b->model, &b->own[tensor - b->model->checkpoint.tensors], b->err);
}

static ew_status bind_part(binder *b, ewi_role role, ewi_part_kind part, uint32_t layer) {
    ew_model *model = b->model;
    const ewi_hparams *h = &model->hparams;
    char buf[EWI_ROLE_NAME_BYTES];
    ew_str name = ewi_role_name(h->arch, role, part, h->naming, layer, buf);
    const ewi_tensor *tensor = name.len ? find_tensor(model, name) : NULL;
    ewi_presence wanted = presence(h, role, part, layer);
    if (wanted == EWI_REQUIRED && is_qk_norm(role) && h->naming == EWI_NAMES_HF &&
        h->arch->hf_qk_norm_by_head)
        return bind_head_norms(b, role, layer);
    /* A head that the files hold although config.json ties it is a copy of the embedding: some exporters
     * write it. */
    bool is_copy = role == EWI_ROLE_OUTPUT && part == EWI_WEIGHT;
    if (tensor && (wanted != EWI_ABSENT || is_copy)) b->used[tensor - model->checkpoint.tensors] = true;
    if (!tensor && wanted == EWI_REQUIRED)
        return ewi_fail(b->err, EW_FORMAT, "tensor %.*s: is missing", EWI_STR_ARG(name));
    if (!tensor || wanted == EWI_ABSENT) return EW_OK;
    const ewi_tensor **slot = &model->tensors[slot_of(role, layer)][part];
    *slot = tensor;
    return prepare(b, role, part, slot);
}

static ew_status find_experts(binder *b, ewi_expert_part part, uint32_t layer, const ewi_tensor **list) {
    const ewi_checkpoint *c = &b->model->checkpoint;
    char buf[EWI_ROLE_NAME_BYTES];
    for (uint32_t i = 0; i < b->model->hparams.n_experts; i++) {
        ew_str name = ewi_expert_name(part, layer, i, buf);
        list[i] = ewi_checkpoint_find(c, name);
        if (!list[i]) return ewi_fail(b->err, EW_FORMAT, "tensor %.*s: is missing", EWI_STR_ARG(name));
        b->used[list[i] - c->tensors] = true;
    }
    return EW_OK;
}

/* A tensor for each expert, or one of all. */
static ew_status bind_experts(binder *b, ewi_expert_part part, uint32_t layer, ewi_expert_matrices *out) {
    static const ewi_role roles[] = {EWI_ROLE_EXPERTS_GATE, EWI_ROLE_EXPERTS_UP, EWI_ROLE_EXPERTS_DOWN};
    ew_model *model = b->model;
    const bool is_one = model->hparams.naming == EWI_NAMES_GGUF;
    const uint32_t n = is_one ? 1 : model->hparams.n_experts;
    const ewi_tensor **list = ewi_arena_array(&model->checkpoint.arena, n, sizeof *list);
    if (!list) return ewi_no_memory(b->err, "the table of experts");
    if (is_one)
        list[0] = ewi_model_weight(model, roles[part], layer);
    else
        EWI_TRY(find_experts(b, part, layer, list));
    *out = (ewi_expert_matrices){list, n};
    return EW_OK;
}

static ew_status bind_all_experts(binder *b) {
    const ewi_hparams *h = &b->model->hparams;
    if (!h->arch->has_experts) return EW_OK;
    ewi_expert_matrices(*experts)[EWI_N_EXPERT_PARTS] =
        ewi_arena_array(&b->model->checkpoint.arena, h->n_layers, sizeof *experts);
    if (!experts) return ewi_no_memory(b->err, "the table of experts");
    for (uint32_t layer = 0; layer < h->n_layers; layer++)
        for (unsigned part = 0; part < EWI_N_EXPERT_PARTS && ewi_hparams_is_sparse(h, layer); part++)
            EWI_TRY(bind_experts(b, (ewi_expert_part)part, layer, &experts[layer][part]));
    b->model->experts = (const ewi_expert_matrices(*)[EWI_N_EXPERT_PARTS])experts;
    return EW_OK;
}

static ew_status refuse_unused(const binder *b) {
    const ewi_checkpoint *c = &b->model->checkpoint;
    const ewi_arch *arch = b->model->hparams.arch;
    for (size_t i = 0; i < c->n_tensors; i++)
        if (!b->used[i])
            return ewi_fail(b->err, EW_UNSUPPORTED,
                            "tensor %.*s: architecture %s as implemented here does not use it",
                            EWI_STR_ARG(c->tensors[i].name), arch->name);
    return EW_OK;
}

/* ---- ropes ---- */

/* A vector of as many divisors as pairs rotate. */
static ew_status read_divisors(ew_model *model, const ewi_tensor *tensor, const double **out, ew_error *err) {
    const uint32_t n = model->hparams.rope_dims / 2;
    if (tensor->n_dims != 1 || tensor->dims[0] != n)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: must have the shape [%u]", EWI_STR_ARG(tensor->name),
                        n);
    double *divisors = ewi_arena_array(&model->checkpoint.arena, n, sizeof *divisors);
    if (!divisors) return ewi_no_memory(err, "rope factors");
    for (uint32_t i = 0; i < n; i++) {
        divisors[i] = (double)((const float *)(const void *)tensor->data)[i];
        if (!(divisors[i] >= 1e-3 && divisors[i] <= 1e6))
            return ewi_fail(err, EW_FORMAT, "tensor %.*s: element %u is not in 0.001..1000000",
                            EWI_STR_ARG(tensor->name), i);
    }
    *out = divisors;
    return EW_OK;
}

/* Tensors of a GGUF file say what config.json's numbers say. */
static ew_status read_rope_tensors(ew_model *model, ewi_rope_scaling *scaling, ew_error *err) {
    ewi_rope_rule *rule = &model->hparams.rope;
    const ewi_tensor *freqs = ewi_model_weight(model, EWI_ROLE_ROPE_FREQS, 0);
    const ewi_tensor *few = ewi_model_weight(model, EWI_ROLE_ROPE_SHORT, 0);
    const ewi_tensor *many = ewi_model_weight(model, EWI_ROLE_ROPE_LONG, 0);
    if (freqs) EWI_TRY(read_divisors(model, freqs, &scaling->divisors, err));
    if (freqs && (few || many || rule->kind != EWI_ROPE_PLAIN))
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: beside another rope scaling", EWI_STR_ARG(freqs->name));
    if (!few && !many) return EW_OK;
    if (!few || !many)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: without the other list of rope factors",
                        EWI_STR_ARG((few ? few : many)->name));
    if (rule->kind != EWI_ROPE_PLAIN && rule->kind != EWI_ROPE_LONGROPE)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: beside another rope scaling", EWI_STR_ARG(few->name));
    if (rule->n_ctx_original < 2) return ewi_fail(err, EW_FORMAT, "rope_scaling: an original context of one");
    rule->kind = EWI_ROPE_LONGROPE;
    EWI_TRY(read_divisors(model, few, &scaling->divisors, err));
    return read_divisors(model, many, &scaling->long_divisors, err);
}

static ew_status make_rope(ew_model *model, ew_error *err) {
    const ewi_hparams *h = &model->hparams;
    ewi_rope_scaling *scaling = ewi_arena_alloc(&model->checkpoint.arena, sizeof *scaling);
    double *divisors = ewi_arena_array(&model->checkpoint.arena, h->rope_dims / 2 + 1, sizeof *divisors);
    if (!scaling || !divisors) return ewi_no_memory(err, "rope factors");
    *scaling = (ewi_rope_scaling){.divisors = h->rope.short_factors, .long_divisors = h->rope.long_factors};
    EWI_TRY(read_rope_tensors(model, scaling, err));
    if (h->rope.kind == EWI_ROPE_LONGROPE && !scaling->divisors)
        return ewi_fail(err, EW_FORMAT, "rope_scaling: longrope without its factors");
    if (h->rope.kind == EWI_ROPE_PLAIN && !scaling->divisors) {
        if (h->rope.attention_factor == 0 || h->rope.attention_factor == 1) return EW_OK;
        return ewi_fail(err, EW_FORMAT, "rope_scaling: an attention factor without a kind");
    }
    if (h->rope.kind == EWI_ROPE_DYNAMIC) {
        scaling->growth = h->rope.factor;
    } else if (!scaling->divisors) {
        ewi_rope_divisors(&h->rope, h->rope_base, h->rope_dims, divisors);
        scaling->divisors = divisors;
    }
    scaling->n_ctx_short = h->rope.n_ctx_original;
    scaling->magnitude = ewi_rope_magnitude(&h->rope, h->n_ctx_train);
    model->rope_scaling = scaling;
    return EW_OK;
}

/* Only its tensors tell what a GGUF file's layers are like. */
static bool owns_norms(const ew_model *model) {
    const ewi_hparams *h = &model->hparams;
    char buf[EWI_ROLE_NAME_BYTES];
    if (h->naming != EWI_NAMES_GGUF || !h->arch->may_own_norms) return h->owns_norms;
    ew_str name = ewi_role_name(h->arch, EWI_ROLE_OWN_ATTN_NORM, EWI_WEIGHT, h->naming, 0, buf);
    return ewi_checkpoint_find(&model->checkpoint, name) != NULL;
}

/* Nor does its metadata tell whether it ranks: converters leave that to who runs it. They also leave out
 * BERT's pooler, without which a score is not the model's. */
static ew_status find_ranking(ew_model *model, ew_error *err) {
    ewi_hparams *h = &model->hparams;
    const ewi_checkpoint *c = &model->checkpoint;
    if (h->naming != EWI_NAMES_GGUF || !ewi_arch_ranks_gguf(h->arch)) return EW_OK;
    if (ewi_checkpoint_find(c, EWI_STR("cls.output.weight"))) h->pooling = EW_POOLING_RANK;
    if (h->pooling != EW_POOLING_RANK || ewi_checkpoint_find(c, EWI_STR("cls.weight"))) return EW_OK;
    return ewi_fail(
        err, EW_UNSUPPORTED,
        "tensor cls.weight: is missing: without the pooler scores are not the model's; converters "
        "to GGUF leave BERT's out: take the folder it was made from");
}

ew_status ewi_model_bind(ew_model *model, ew_error *err) {
    EWI_TRY(find_ranking(model, err));
    model->hparams.owns_norms = owns_norms(model);
    ewi_tensor *own;
    EWI_TRY(ewi_folder_tensors(model, &own, err));
    uint32_t n_layers = model->hparams.n_layers;
    model->tensors =
        ewi_arena_array(&model->checkpoint.arena, slot_of(EWI_N_ROLES, n_layers - 1), sizeof *model->tensors);
    bool *used = ewi_arena_array(&model->checkpoint.arena, model->checkpoint.n_tensors, sizeof *used);
    if (!model->tensors || !used) return ewi_no_memory(err, "the table of tensors");
    binder b = {model, own, used, err};
    for (uint32_t layer = 0; layer < n_layers; layer++)
        for (unsigned role = layer ? EWI_ROLE_ATTN_NORM : 0; role < EWI_N_ROLES; role++)
            for (unsigned part = 0; part < EWI_N_PART_KINDS; part++)
                EWI_TRY(bind_part(&b, (ewi_role)role, (ewi_part_kind)part, layer));
    EWI_TRY(bind_all_experts(&b));
    EWI_TRY(refuse_unused(&b));
    return make_rope(model, err);
}

/* ---- shapes ---- */

static ew_status check_width(const ew_model *model, ewi_role role, uint32_t rows, ew_error *err) {
    for (uint32_t layer = 0; layer < model->hparams.n_layers; layer++) {
        const ewi_tensor *tensor = ewi_model_weight(model, role, layer);
        if (!tensor || (tensor->n_dims == 2 && tensor->dims[0] == rows)) continue;
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: must have %u rows, as the metadata says",
                        EWI_STR_ARG(tensor->name), rows);
    }
    return EW_OK;
}

static ew_status check_positions(ew_model *model, ew_error *err) {
    const ewi_tensor *learned = ewi_model_weight(model, EWI_ROLE_POSITION_EMBD, 0);
    if (!learned) return EW_OK;
    if (learned->n_dims != 2 || learned->dims[0] != model->hparams.n_ctx_train)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: must have %u rows, as the metadata says",
                        EWI_STR_ARG(learned->name), model->hparams.n_ctx_train);
    model->n_positions = model->hparams.n_ctx_train;
    return EW_OK;
}

static ew_status check_labels(const ew_model *model, ew_error *err) {
    const ewi_tensor *out = ewi_model_weight(model, EWI_ROLE_RANK_OUT, 0);
    if (!out || (out->n_dims == 2 && out->dims[0] == 1)) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED,
                    "tensor %.*s: has %" PRIu64 " rows: only heads with one label, a score, are implemented",
                    EWI_STR_ARG(out->name), out->dims[0]);
}

ew_status ewi_model_check_shapes(ew_model *model, ew_error *err) {
    const ewi_hparams *h = &model->hparams;
    const uint32_t n_q = h->n_heads * h->head_dim, n_kv = h->n_kv_heads * h->head_dim;
    EWI_TRY(check_width(model, EWI_ROLE_ATTN_Q, n_q, err));
    EWI_TRY(check_width(model, EWI_ROLE_ATTN_K, n_kv, err));
    EWI_TRY(check_width(model, EWI_ROLE_ATTN_V, n_kv, err));
    EWI_TRY(check_width(model, EWI_ROLE_ATTN_QKV, n_q + 2 * n_kv, err));
    EWI_TRY(check_width(model, EWI_ROLE_FFN_UP, h->d_dense ? h->d_dense : h->d_ffn, err));
    EWI_TRY(check_width(model, EWI_ROLE_ROUTER, h->n_experts, err));
    EWI_TRY(check_width(model, EWI_ROLE_FFN_GATE_UP, 2 * h->d_ffn, err));
    EWI_TRY(check_width(model, EWI_ROLE_ATTN_OUT, h->d_model, err));
    EWI_TRY(check_width(model, EWI_ROLE_RANK, h->d_model, err));
    EWI_TRY(check_labels(model, err));
    EWI_TRY(check_positions(model, err));
    const ewi_tensor *head = ewi_model_weight(model, EWI_ROLE_OUTPUT, 0);
    if (head && head->dims[0] != model->n_vocab)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: has %" PRIu64 " rows for %u tokens",
                        EWI_STR_ARG(head->name), head->dims[0], model->n_vocab);
    return EW_OK;
}
