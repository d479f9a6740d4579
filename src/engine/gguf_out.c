#include "engine/gguf_out.h"

#include "base/error.h"
#include "base/mem.h"
#include "model/gguf_export.h"

#define MAX_TABLE_BYTES ((size_t)1 << 28)

struct ewi_gguf_out {
    const ew_model *model;
    ewi_dtype dtype;
    ewi_gguf_writer *writer;
    ewi_arena arena;
    const ewi_gguf_entry *entries; /* [n_tensors] */
};

/* ---- opening ---- */

static ew_status open_parts(ewi_gguf_out *o, const char *path, const char *key, bool replace, ew_error *err) {
    EWI_TRY(ewi_gguf_export_tensors(o->model, &o->arena, &o->entries, err));
    return ewi_gguf_writer_open(path, key, replace, &o->writer, err);
}

ew_status ewi_gguf_out_open(const char *path, const char *key, bool replace, const ew_model *model,
                            ewi_dtype dtype, ewi_gguf_out **out, ew_error *err) {
    ewi_gguf_out *o = ewi_zalloc(sizeof *o);
    if (!o) return ewi_no_memory(err, "a GGUF file");
    o->model = model;
    o->dtype = dtype;
    ewi_arena_init(&o->arena, MAX_TABLE_BYTES);
    ew_status status = open_parts(o, path, key, replace, err);
    if (status == EW_OK)
        *out = o;
    else
        ewi_gguf_out_abandon(o);
    return status;
}

ewi_staging *ewi_gguf_out_staging(const ewi_gguf_out *o) {
    return ewi_gguf_writer_staging(o->writer);
}

void ewi_gguf_out_abandon(ewi_gguf_out *o) {
    if (!o) return;
    ewi_gguf_writer_abandon(o->writer);
    ewi_arena_deinit(&o->arena);
    ewi_free(o);
}

/* ---- the header ---- */

/* llama.cpp's numbers (llama.h, llama_ftype): what most tensors are; of Q4_K and Q5_K the kind that has them
 * for nearly all matrices. */
static uint32_t file_type(ewi_dtype dtype) {
    static const struct {
        ewi_dtype dtype;
        uint32_t number;
    } types[] = {{EWI_F32, 0},  {EWI_F16, 1},  {EWI_Q4_0, 2},  {EWI_Q4_1, 3},  {EWI_Q8_0, 7},
                 {EWI_Q5_0, 8}, {EWI_Q5_1, 9}, {EWI_Q4_K, 14}, {EWI_Q5_K, 16}, {EWI_Q6_K, 18}};
    size_t i = 0;
    while (types[i].dtype != dtype) i++;
    return types[i].number;
}

#define QUANTIZATION_VERSION 2u /* GGML_QNT_VERSION (ggml.h) */

/* The header's place, and the one tensor that the model has not. */
static ew_status write_first(ewi_gguf_out *o, ewi_tensor *tensors, size_t n, ew_error *err) {
    float freqs[EWI_MAX_HEAD_DIM / 2];
    const size_t n_freqs = ewi_gguf_export_rope_freqs(o->model, freqs), size = n_freqs * sizeof *freqs;
    if (n_freqs == 0) return ewi_gguf_writer_begin(o->writer, tensors, n, err);
    tensors[n] = (ewi_tensor){.name = EWI_STR("rope_freqs.weight"),
                              .dtype = EWI_F32,
                              .n_dims = 1,
                              .dims = {n_freqs},
                              .size_bytes = size};
    EWI_TRY(ewi_gguf_writer_begin(o->writer, tensors, n + 1, err));
    EWI_TRY(ewi_gguf_writer_tensor(o->writer, &tensors[n], err));
    return ewi_gguf_writer_data(o->writer, freqs, size, err);
}

/* llama-quantize's keys; the file's own path is nobody's business. */
static void note_imatrix(ewi_gguf_writer *w, const ewi_imatrix *m) {
    if (m->dataset.len) ewi_gguf_writer_string(w, EWI_STR("quantize.imatrix.dataset"), m->dataset);
    ewi_gguf_writer_u32(w, EWI_STR("quantize.imatrix.entries_count"), (uint32_t)m->n_entries);
    if (m->n_chunks) ewi_gguf_writer_u32(w, EWI_STR("quantize.imatrix.chunks_count"), m->n_chunks);
}

ew_status ewi_gguf_out_begin(ewi_gguf_out *o, const ewi_imatrix *imatrix, ew_error *err) {
    const ewi_checkpoint *c = &o->model->checkpoint;
    EWI_TRY(ewi_gguf_export_metadata(o->model, &o->arena, o->writer, err));
    ewi_gguf_writer_u32(o->writer, EWI_STR("general.file_type"), file_type(o->dtype));
    ewi_gguf_writer_u32(o->writer, EWI_STR("general.quantization_version"), QUANTIZATION_VERSION);
    if (imatrix) note_imatrix(o->writer, imatrix);
    ewi_tensor *named = ewi_arena_array(&o->arena, c->n_tensors + 1, sizeof *named);
    if (!named) return ewi_no_memory(err, "the names of tensors");
    for (size_t i = 0; i < c->n_tensors; i++) {
        named[i] = c->tensors[i];
        named[i].name = o->entries[i].name;
    }
    return write_first(o, named, c->n_tensors, err);
}

/* ---- tensors ---- */

static const ewi_gguf_entry *entry_of(const ewi_gguf_out *o, const ewi_tensor *tensor) {
    return &o->entries[tensor - o->model->checkpoint.tensors];
}

ew_status ewi_gguf_out_tensor(ewi_gguf_out *o, const ewi_tensor *tensor, const ewi_tensor *written,
                              ew_error *err) {
    ewi_tensor named = *written;
    named.name = entry_of(o, tensor)->name;
    return ewi_gguf_writer_tensor(o->writer, &named, err);
}

ew_status ewi_gguf_out_data(ewi_gguf_out *o, const void *data, size_t len, ew_error *err) {
    return ewi_gguf_writer_data(o->writer, data, len, err);
}

size_t ewi_gguf_out_row(const ewi_gguf_out *o, const ewi_tensor *tensor, size_t row) {
    return ewi_gguf_entry_row(entry_of(o, tensor), row);
}

ew_status ewi_gguf_out_vector(const ewi_gguf_out *o, const ewi_tensor *tensor, float *x, ew_error *err) {
    const ewi_gguf_entry *entry = entry_of(o, tensor);
    const size_t n = (size_t)ewi_tensor_n_elements(tensor);
    if (!entry->head_dim) return EW_OK;
    float *before = ewi_alloc_array(n, sizeof *before);
    if (!before) return ewi_no_memory(err, "norms and biases");
    memcpy(before, x, n * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = before[ewi_gguf_out_row(o, tensor, i)];
    ewi_free(before);
    return EW_OK;
}

ew_status ewi_gguf_out_close(ewi_gguf_out *o, ew_error *err) {
    EWI_TRY(ewi_gguf_writer_close(o->writer, err));
    o->writer = NULL;
    ewi_gguf_out_abandon(o);
    return EW_OK;
}
