#include "model/gguf_export.h"

#include "base/error.h"
#include "base/mem.h"
#include "model/gguf_export_parts.h"

/* ---- of a GGUF file ---- */

/* About the bytes of the file it was, and how they were made. */
static bool is_of_file(ew_str key) {
    static const char *const keys[] = {"general.alignment", "general.file_type",
                                       "general.quantization_version"};
    for (size_t i = 0; i < EWI_COUNT(keys); i++)
        if (ewi_str_is(key, keys[i])) return true;
    return ewi_str_starts(key, "split.") || ewi_str_starts(key, "quantize.");
}

static void copy_metadata(const ewi_gguf *gguf, ewi_gguf_writer *writer) {
    for (size_t i = 0; i < gguf->n_kv; i++)
        if (!is_of_file(gguf->kv[i].key)) ewi_gguf_writer_copy(writer, &gguf->kv[i]);
}

static void keep_names(const ewi_checkpoint *c, ewi_gguf_entry *entries) {
    for (size_t i = 0; i < c->n_tensors; i++) entries[i].name = c->tensors[i].name;
}

/* ---- of a folder: tensors ---- */

static bool rotates(ewi_role role) {
    return role == EWI_ROLE_ATTN_Q || role == EWI_ROLE_ATTN_K;
}

/* A tied head may be there once more. Other roles that a model has not may have another role's name. */
static bool is_used(const ew_model *model, ewi_role role, ewi_part_kind part, uint32_t layer) {
    if (role == EWI_ROLE_OUTPUT) return true;
    return (part == EWI_WEIGHT ? ewi_model_weight : ewi_model_bias)(model, role, layer) != NULL;
}

static ew_status name_part(const ew_model *model, ewi_role role, ewi_part_kind part, uint32_t layer,
                           ewi_arena *arena, ewi_gguf_entry *entries, ew_error *err) {
    const ewi_checkpoint *c = &model->checkpoint;
    const ewi_arch *arch = model->hparams.arch;
    char buf[EWI_ROLE_NAME_BYTES];
    const ew_str hf = ewi_role_name(arch, role, part, EWI_NAMES_HF, layer, buf);
    const ewi_tensor *tensor =
        hf.len && is_used(model, role, part, layer) ? ewi_checkpoint_find(c, hf) : NULL;
    if (!tensor) return EW_OK;
    ewi_gguf_entry *entry = &entries[tensor - c->tensors];
    const ew_str name = ewi_role_name(arch, role, part, EWI_NAMES_GGUF, layer, buf);
    entry->name = (ew_str){ewi_arena_strdup(arena, name), name.len};
    if (!entry->name.data) return ewi_no_memory(err, "the names of tensors");
    if (rotates(role) && arch->gguf_pairing != arch->hf_pairing) entry->head_dim = model->hparams.head_dim;
    return EW_OK;
}

static ew_status name_role(const ew_model *model, ewi_role role, ewi_arena *arena, ewi_gguf_entry *entries,
                           ew_error *err) {
    const uint32_t n_layers = ewi_role_is_of_layer(role) ? model->hparams.n_layers : 1;
    for (uint32_t layer = 0; layer < n_layers; layer++)
        for (ewi_part_kind part = EWI_WEIGHT; part < EWI_N_PART_KINDS; part++)
            EWI_TRY(name_part(model, role, part, layer, arena, entries, err));
    return EW_OK;
}

static ew_status name_all(const ew_model *model, ewi_arena *arena, ewi_gguf_entry *entries, ew_error *err) {
    const ewi_checkpoint *c = &model->checkpoint;
    for (ewi_role role = 0; role < EWI_N_ROLES; role++) EWI_TRY(name_role(model, role, arena, entries, err));
    for (size_t i = 0; i < c->n_tensors; i++)
        if (!entries[i].name.len)
            return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: has no name in GGUF",
                            EWI_STR_ARG(c->tensors[i].name));
    return EW_OK;
}

/* ---- of any model ---- */

ew_status ewi_gguf_export_tensors(const ew_model *model, ewi_arena *arena, const ewi_gguf_entry **entries,
                                  ew_error *err) {
    const ewi_checkpoint *c = &model->checkpoint;
    ewi_gguf_entry *all = ewi_arena_array(arena, c->n_tensors, sizeof *all);
    if (!all) return ewi_no_memory(err, "the names of tensors");
    *entries = all;
    if (c->kind == EWI_CHECKPOINT_GGUF) {
        keep_names(c, all);
        return EW_OK;
    }
    EWI_TRY(ewi_gguf_export_check(model, err));
    return name_all(model, arena, all, err);
}

ew_status ewi_gguf_export_metadata(const ew_model *model, ewi_arena *arena, ewi_gguf_writer *writer,
                                   ew_error *err) {
    if (model->checkpoint.kind == EWI_CHECKPOINT_GGUF) {
        copy_metadata(&model->checkpoint.gguf, writer);
        return EW_OK;
    }
    ewi_gguf_export_hparams(model, writer);
    return ewi_gguf_export_vocab(model, arena, writer, err);
}

size_t ewi_gguf_export_rope_freqs(const ew_model *model, float freqs[EWI_MAX_HEAD_DIM / 2]) {
    const ewi_hparams *h = &model->hparams;
    double divisors[EWI_MAX_HEAD_DIM / 2];
    const size_t n = h->rope_dims / 2;
    if (model->checkpoint.kind == EWI_CHECKPOINT_GGUF || h->rope.kind != EWI_ROPE_LLAMA3) return 0;
    ewi_rope_divisors(&h->rope, h->rope_base, h->rope_dims, divisors);
    for (size_t i = 0; i < n; i++) freqs[i] = (float)divisors[i];
    return n;
}
