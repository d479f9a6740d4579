#include "engine/rounded.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"

struct ewi_rounded {
    const ew_model *original;
    ew_model model; /* the original's, but for its tensors */
    size_t n_tensors, n_slots;
    ewi_tensor *tensors; /* [n_tensors] the matrices, as written */
    uint8_t **bytes;     /* [n_tensors] */
    ewi_tensor *vectors; /* [n_slots, EWI_N_PART_KINDS] */
    float **scaled;      /* [n_slots, EWI_N_PART_KINDS] what became of them; NULL: nothing */
    ewi_expert_matrices (*experts)[EWI_N_EXPERT_PARTS]; /* [layers] of ours; NULL: there are none */
    const ewi_tensor **lists;                           /* all of theirs */
    size_t at, n; /* the matrix that is being added, and its bytes so far */
};

static bool is_matrix(const ewi_rounded *r, const ewi_tensor *t) {
    const ewi_tensor *all = r->original->checkpoint.tensors;
    return t && t >= all && t < all + r->n_tensors && t->n_dims >= 2;
}

static const ewi_tensor *place_of(const ewi_rounded *r, const ewi_tensor *matrix) {
    return &r->tensors[matrix - r->original->checkpoint.tensors];
}

/* The model's tensors are ours, but for matrices that stay as exact as they are, and for an embedding that is
 * the head too. */
static void take_places(ewi_rounded *r) {
    const ewi_tensor *head = ewi_model_weight(r->original, EWI_ROLE_OUTPUT, 0),
                     *embedding = ewi_model_weight(r->original, EWI_ROLE_TOKEN_EMBD, 0);
    for (size_t i = 0; i < r->n_slots * EWI_N_PART_KINDS; i++) {
        const ewi_tensor **slot = &r->model.tensors[i / EWI_N_PART_KINDS][i % EWI_N_PART_KINDS];
        if (!*slot) continue;
        if (is_matrix(r, *slot)) {
            const ewi_tensor *written = place_of(r, *slot);
            if (written->dtype != EWI_F32) *slot = written;
        } else {
            r->vectors[i] = **slot;
            *slot = &r->vectors[i];
        }
    }
    if (ewi_model_embeds(r->original) || (head && head != embedding)) return;
    r->model.tensors[EWI_ROLE_OUTPUT][EWI_WEIGHT] = r->model.tensors[EWI_ROLE_TOKEN_EMBD][EWI_WEIGHT];
    r->model.tensors[EWI_ROLE_TOKEN_EMBD][EWI_WEIGHT] = embedding;
}

static ew_status take_experts(ewi_rounded *r, ew_error *err) {
    const ewi_hparams *h = &r->original->hparams;
    const size_t n_lists = (size_t)h->n_layers * EWI_N_EXPERT_PARTS;
    if (!r->original->experts) return EW_OK;
    r->experts = ewi_zalloc_array(h->n_layers, sizeof *r->experts);
    r->lists = ewi_alloc_array(n_lists, h->n_experts * sizeof *r->lists);
    if (!r->experts || !r->lists) return ewi_no_memory(err, "the rounded model");
    for (size_t i = 0; i < n_lists; i++) {
        const ewi_expert_matrices *from =
            &r->original->experts[i / EWI_N_EXPERT_PARTS][i % EWI_N_EXPERT_PARTS];
        const ewi_tensor **list = r->lists + i * h->n_experts;
        for (uint32_t k = 0; k < from->n_tensors; k++) list[k] = place_of(r, from->tensors[k]);
        r->experts[i / EWI_N_EXPERT_PARTS][i % EWI_N_EXPERT_PARTS] =
            (ewi_expert_matrices){list, from->n_tensors};
    }
    r->model.experts = (const ewi_expert_matrices(*)[EWI_N_EXPERT_PARTS])r->experts;
    return EW_OK;
}

ew_status ewi_rounded_new(const ew_model *model, const ewi_tensor *written, ewi_rounded **out,
                          ew_error *err) {
    const size_t n = model->checkpoint.n_tensors, n_slots = (size_t)model->hparams.n_layers * EWI_N_ROLES;
    ewi_rounded *r = ewi_zalloc(sizeof *r);
    if (!r) return ewi_no_memory(err, "the rounded model");
    *r = (ewi_rounded){.original = model, .model = *model, .n_tensors = n, .n_slots = n_slots};
    r->tensors = ewi_alloc_array(n + 1, sizeof *r->tensors);
    r->bytes = ewi_zalloc_array(n + 1, sizeof *r->bytes);
    r->vectors = ewi_alloc_array(n_slots, EWI_N_PART_KINDS * sizeof *r->vectors);
    r->scaled = ewi_zalloc_array(n_slots, EWI_N_PART_KINDS * sizeof *r->scaled);
    r->model.tensors = ewi_alloc_array(n_slots, sizeof *r->model.tensors);
    if (!r->tensors || !r->bytes || !r->vectors || !r->scaled || !r->model.tensors) {
        ewi_rounded_free(r);
        return ewi_no_memory(err, "the rounded model");
    }
    memcpy(r->tensors, written, n * sizeof *r->tensors);
    memcpy(r->model.tensors, model->tensors, n_slots * sizeof *r->model.tensors);
    take_places(r);
    ew_status status = take_experts(r, err);
    if (status == EW_OK)
        *out = r;
    else
        ewi_rounded_free(r);
    return status;
}

void ewi_rounded_free(ewi_rounded *r) {
    if (!r) return;
    for (size_t i = 0; i < r->n_tensors && r->bytes; i++) ewi_free(r->bytes[i]);
    for (size_t i = 0; i < r->n_slots * EWI_N_PART_KINDS && r->scaled; i++) ewi_free(r->scaled[i]);
    ewi_free(r->tensors);
    ewi_free(r->bytes);
    ewi_free(r->vectors);
    ewi_free(r->scaled);
    ewi_free(r->experts);
    ewi_free(r->lists);
    ewi_free(r->model.tensors);
    ewi_free(r);
}

const ew_model *ewi_rounded_model(const ewi_rounded *r) {
    return &r->model;
}

ew_status ewi_rounded_begin(ewi_rounded *r, const ewi_tensor *matrix, ew_error *err) {
    r->at = (size_t)(matrix - r->original->checkpoint.tensors);
    r->n = 0;
    r->bytes[r->at] = ewi_alloc((size_t)r->tensors[r->at].size_bytes);
    if (!r->bytes[r->at]) return ewi_no_memory(err, "a layer's rounded weights");
    r->tensors[r->at].data = r->bytes[r->at];
    return EW_OK;
}

void ewi_rounded_add(ewi_rounded *r, const void *bytes, size_t len) {
    EW_ASSERT(r->n + len <= r->tensors[r->at].size_bytes);
    memcpy(r->bytes[r->at] + r->n, bytes, len);
    r->n += len;
}

void ewi_rounded_let_go(ewi_rounded *r) {
    for (size_t i = 0; i < r->n_tensors; i++) {
        ewi_free(r->bytes[i]);
        r->bytes[i] = NULL;
        r->tensors[i].data = r->original->checkpoint.tensors[i].data;
    }
}

static bool is_vector(const ewi_rounded *r, const ewi_tensor *t) {
    return t >= r->vectors && t < r->vectors + r->n_slots * EWI_N_PART_KINDS;
}

static ew_status scale_vector(ewi_rounded *r, size_t i, const float *rows, ew_error *err) {
    const size_t n = (size_t)ewi_tensor_n_elements(&r->vectors[i]);
    const float *x = (const float *)(const void *)r->vectors[i].data;
    float *y = ewi_alloc_array(n, sizeof *y);
    if (!y) return ewi_no_memory(err, "norms and biases");
    for (size_t j = 0; j < n; j++) y[j] = x[j] / rows[j];
    r->scaled[i] = y;
    r->vectors[i].data = (const uint8_t *)y;
    return EW_OK;
}

ew_status ewi_rounded_scale(ewi_rounded *r, const ewi_channel_scales *scales,
                            const ewi_tensor *const *weights, size_t n, ew_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (!is_vector(r, weights[i]) || r->scaled[weights[i] - r->vectors]) continue;
        const float *rows = ewi_channel_scales_rows(scales, weights[i]);
        if (rows) EWI_TRY(scale_vector(r, (size_t)(weights[i] - r->vectors), rows, err));
    }
    return EW_OK;
}
