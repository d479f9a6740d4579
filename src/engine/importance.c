#include "engine/importance.h"

#include "base/error.h"
#include "base/mem.h"
#include "model/gguf_export.h"

/* Inputs that the text never used count little, but they count. */
#define LEAST 0x1p-20f

struct ewi_importance {
    const ewi_checkpoint *source;
    ewi_arena arena;
    ewi_map *map;
    ewi_imatrix imatrix;
    const ewi_imatrix_entry **entries; /* [n_tensors] NULL: none */
};

static size_t n_inputs(const ewi_tensor *t) {
    return (size_t)t->dims[t->n_dims - 1];
}

static size_t n_matrices(const ewi_tensor *t) {
    return t->n_dims == 3 ? (size_t)t->dims[0] : 1;
}

/* ---- one entry ---- */

/* All inputs the same where there is nothing but zeros. */
static void normalize(float *w, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)w[i];
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        const float part = mean > 0.0 ? (float)((double)w[i] / mean) : 1.0f;
        w[i] = part > LEAST ? part : LEAST;
    }
}

static ew_status take_entry(ewi_importance *m, size_t tensor, const ewi_imatrix_entry *e, ew_error *err) {
    const ewi_tensor *t = &m->source->tensors[tensor];
    const size_t k = n_inputs(t), n = k * n_matrices(t);
    if (t->n_dims < 2 || e->n != n)
        return ewi_fail(err, EW_FORMAT,
                        "imatrix: %.*s: has %zu inputs, but the model's tensor %zu: it was made for another "
                        "model",
                        EWI_STR_ARG(e->name), e->n, n);
    for (size_t at = 0; at < n; at += k) normalize(e->means + at, k);
    m->entries[tensor] = e;
    return EW_OK;
}

/* ---- all of them ---- */

static ew_status match_tensors(ewi_importance *m, const ewi_gguf_entry *names, ew_error *err) {
    for (size_t i = 0; i < m->source->n_tensors; i++) {
        const ewi_imatrix_entry *e = ewi_imatrix_find(&m->imatrix, names[i].name);
        if (e) EWI_TRY(take_entry(m, i, e, err));
    }
    return EW_OK;
}

static ew_status check_entries(const ewi_importance *m, const ewi_gguf_entry *names, ew_error *err) {
    ewi_name_index index;
    ewi_arena arena;
    size_t i = 0, unused;
    ewi_arena_init(&arena, (size_t)1 << 26);
    ew_status status = ewi_name_index_make(&arena, &names[0].name, m->source->n_tensors, sizeof *names,
                                           "tensor", &index, err);
    while (!status && i < m->imatrix.n_entries &&
           ewi_name_index_find(&index, m->imatrix.entries[i].name, &unused))
        i++;
    ewi_arena_deinit(&arena);
    if (status || i == m->imatrix.n_entries) return status;
    return ewi_fail(err, EW_FORMAT, "imatrix: %.*s: is no tensor of the model: it was made for another model",
                    EWI_STR_ARG(m->imatrix.entries[i].name));
}

/* Those that nothing is multiplied with, and those that llama-imatrix passes over. */
static bool may_lack(const ewi_tensor *t, ew_str name) {
    static const char *const endings[] = {"_norm.weight", "ffn_gate_inp.weight", "token_types.weight"};
    static const char *const names[] = {"token_embd.weight", "output.weight", "position_embd.weight"};
    if (t->n_dims < 2) return true;
    for (size_t i = 0; i < EWI_COUNT(endings); i++)
        if (ewi_str_ends(name, endings[i])) return true;
    for (size_t i = 0; i < EWI_COUNT(names); i++)
        if (ewi_str_is(name, names[i])) return true;
    return false;
}

static ew_status check_tensors(const ewi_importance *m, const ewi_gguf_entry *names, ew_error *err) {
    for (size_t i = 0; i < m->source->n_tensors; i++)
        if (!m->entries[i] && !may_lack(&m->source->tensors[i], names[i].name))
            return ewi_fail(err, EW_FORMAT, "imatrix: says nothing of tensor %.*s",
                            EWI_STR_ARG(names[i].name));
    return EW_OK;
}

static ew_status open_parts(ewi_importance *m, const char *path, const ew_model *model, ew_error *err) {
    const ewi_gguf_entry *names;
    EWI_TRY(ewi_map_open(path, &m->map, err));
    EWI_TRY(
        ewi_fail_at_path(err, ewi_imatrix_parse(ewi_map_bytes(m->map), &m->arena, &m->imatrix, err), path));
    EWI_TRY(ewi_map_check(m->map, err));
    EWI_TRY(ewi_gguf_export_tensors(model, &m->arena, &names, err));
    m->entries = ewi_arena_array(&m->arena, m->source->n_tensors, sizeof *m->entries);
    if (!m->entries) return ewi_no_memory(err, "an imatrix");
    EWI_TRY(match_tensors(m, names, err));
    EWI_TRY(check_entries(m, names, err));
    return check_tensors(m, names, err);
}

ew_status ewi_importance_open(const char *path, const ew_model *model, ewi_importance **out, ew_error *err) {
    ewi_importance *m = ewi_zalloc(sizeof *m);
    if (!m) return ewi_no_memory(err, "an imatrix");
    m->source = &model->checkpoint;
    ewi_arena_init(&m->arena, EWI_IMATRIX_MAX_BYTES);
    ew_status status = open_parts(m, path, model, err);
    if (status == EW_OK)
        *out = m;
    else
        ewi_importance_close(m);
    return status;
}

void ewi_importance_close(ewi_importance *m) {
    if (!m) return;
    ewi_map_close(m->map);
    ewi_arena_deinit(&m->arena);
    ewi_free(m);
}

const float *ewi_importance_of(const ewi_importance *m, const ewi_tensor *tensor, size_t row) {
    const ewi_imatrix_entry *e = m ? m->entries[tensor - m->source->tensors] : NULL;
    if (!e) return NULL;
    const size_t n_rows = (size_t)tensor->dims[tensor->n_dims - 2];
    return e->means + (tensor->n_dims == 3 ? row / n_rows : 0) * n_inputs(tensor);
}

const ewi_imatrix *ewi_importance_imatrix(const ewi_importance *m) {
    return &m->imatrix;
}

ewi_bytes ewi_importance_file(const ewi_importance *m) {
    return ewi_map_bytes(m->map);
}
