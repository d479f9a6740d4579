#include "model/adapter.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

#define MAX_ADAPTER_BYTES ((size_t)8 << 30)
#define MAX_PATH_BYTES    4096
#define MAX_NAME_BYTES    256

/* The files of an adapter while it is read. */
typedef struct reader {
    ew_adapter *adapter;
    bool is_peft;
    ewi_gguf gguf;               /* or: */
    ewi_safetensors safetensors; /* and: */
    ewi_peft_config config;
} reader;

/* ---- names ---- */

/* "NAME.lora_a", "base_model.model.NAME.lora_A.weight": where the suffix begins, 0 when it is no A or B. */
static size_t suffix_at(const reader *r, ew_str name, bool *is_a) {
    const char *a = r->is_peft ? ".lora_A.weight" : ".lora_a", *b = r->is_peft ? ".lora_B.weight" : ".lora_b";
    *is_a = ewi_str_ends(name, a);
    return *is_a || ewi_str_ends(name, b) ? name.len - strlen(a) : 0;
}

/* The model's tensor of a pair; of PEFT's, whose models are wrapped in others, without their names. */
static const ewi_tensor *weight_of(const reader *r, ew_str stem) {
    static const char wrapper[] = "base_model.model.", suffix[] = ".weight";
    const ewi_checkpoint *c = &r->adapter->model->checkpoint;
    char name[MAX_NAME_BYTES];
    if (!r->is_peft) return ewi_checkpoint_find(c, stem);
    if (!ewi_str_starts(stem, wrapper) || stem.len + sizeof suffix > sizeof name) return NULL;
    size_t len = stem.len - (sizeof wrapper - 1);
    memcpy(name, stem.data + sizeof wrapper - 1, len);
    memcpy(name + len, suffix, sizeof suffix - 1);
    return ewi_checkpoint_find(c, (ew_str){name, len + sizeof suffix - 1});
}

/* ---- pairs ---- */

static int compare_pairs(const void *a, const void *b) {
    const ewi_tensor *x = ((const ewi_adapter_pair *)a)->weight, *y = ((const ewi_adapter_pair *)b)->weight;
    return ((uintptr_t)x > (uintptr_t)y) - ((uintptr_t)x < (uintptr_t)y);
}

const ewi_adapter_pair *ewi_adapter_find(const ew_adapter *adapter, const ewi_tensor *weight) {
    ewi_adapter_pair key = {.weight = weight};
    if (!adapter->n_pairs) return NULL;
    return bsearch(&key, adapter->pairs, adapter->n_pairs, sizeof key, compare_pairs);
}

static ew_status copy_tensor(ew_adapter *adapter, const ewi_tensor *from, const ewi_tensor **out,
                             ew_error *err) {
    ewi_tensor *copy = ewi_arena_alloc(&adapter->arena, sizeof *copy);
    uint8_t *data = ewi_arena_alloc(&adapter->arena, (size_t)from->size_bytes);
    if (!copy || !data) return ewi_no_memory(err, "an adapter");
    memcpy(data, from->data, (size_t)from->size_bytes);
    *copy = *from;
    copy->data = data;
    copy->name = (ew_str){0}; /* lies in the file */
    *out = copy;
    return EW_OK;
}

static ew_status check_tensor(const ewi_tensor *t, ew_error *err) {
    if (t->dtype != EWI_F32 && t->dtype != EWI_F16 && t->dtype != EWI_BF16)
        return ewi_fail(err, EW_UNSUPPORTED, "an adapter of type %s is not implemented",
                        ewi_dtype_get(t->dtype)->name);
    if (t->n_dims != 2) return ewi_fail(err, EW_FORMAT, "has %u dimensions, an adapter's have 2", t->n_dims);
    return EW_OK;
}

static bool is_bound(const ew_model *model, const ewi_tensor *weight) {
    for (uint32_t layer = 0; layer < model->hparams.n_layers; layer++)
        for (unsigned role = 0; role < EWI_N_ROLES; role++)
            if (ewi_role_is_of_layer((ewi_role)role) &&
                ewi_model_weight(model, (ewi_role)role, layer) == weight)
                return true;
    return false;
}

static ew_status check_weight(const reader *r, const ewi_tensor *weight, ew_error *err) {
    if (!weight) return ewi_fail(err, EW_FORMAT, "the model has no such weight");
    if (weight->n_dims != 2 || !is_bound(r->adapter->model, weight))
        return ewi_fail(err, EW_UNSUPPORTED, "adapting %.*s is not implemented: matrices of layers are",
                        EWI_STR_ARG(weight->name));
    return EW_OK;
}

static ew_status check_shapes(const ewi_adapter_pair *pair, ew_error *err) {
    const ewi_tensor *w = pair->weight, *a = pair->a, *b = pair->b;
    if (a->dims[0] == b->dims[1] && a->dims[1] == w->dims[1] && b->dims[0] == w->dims[0]) return EW_OK;
    return ewi_fail(err, EW_FORMAT,
                    "A [%" PRIu64 ", %" PRIu64 "] and B [%" PRIu64 ", %" PRIu64 "] do not fit %.*s [%" PRIu64
                    ", %" PRIu64 "]",
                    a->dims[0], a->dims[1], b->dims[0], b->dims[1], EWI_STR_ARG(w->name), w->dims[0],
                    w->dims[1]);
}

static ew_status finish_pair(const reader *r, ewi_adapter_pair *pair, ew_error *err) {
    EWI_TRY(check_shapes(pair, err));
    uint64_t rank = pair->a->dims[0];
    if (rank < 1 || rank > EWI_ADAPTER_MAX_RANK)
        return ewi_fail(err, EW_LIMIT, "rank %" PRIu64 " is not in 1..%u", rank, EWI_ADAPTER_MAX_RANK);
    if (r->config.rank && rank != r->config.rank)
        return ewi_fail(err, EW_FORMAT, "has rank %" PRIu64 ", but adapter_config.json says r %u", rank,
                        r->config.rank);
    double divisor = r->config.is_rank_stabilized ? sqrt((double)rank) : (double)rank;
    pair->scale = (float)(r->config.alpha / divisor);
    if (rank > r->adapter->max_rank) r->adapter->max_rank = (uint32_t)rank;
    EWI_TRY(copy_tensor(r->adapter, pair->a, &pair->a, err));
    return copy_tensor(r->adapter, pair->b, &pair->b, err);
}

static const ewi_tensor *find_b(const reader *r, ew_str stem) {
    const char *suffix = r->is_peft ? ".lora_B.weight" : ".lora_b";
    char name[MAX_NAME_BYTES];
    if (stem.len + strlen(suffix) >= sizeof name) return NULL;
    memcpy(name, stem.data, stem.len);
    memcpy(name + stem.len, suffix, strlen(suffix));
    ew_str whole = {name, stem.len + strlen(suffix)};
    return r->is_peft ? ewi_safetensors_find(&r->safetensors, whole) : ewi_gguf_find_tensor(&r->gguf, whole);
}

/* One pair for each A. */
static ew_status add_pair(const reader *r, const ewi_tensor *t, ew_error *err) {
    bool is_a;
    size_t at = suffix_at(r, t->name, &is_a);
    if (at == 0) return ewi_fail(err, EW_UNSUPPORTED, "is neither A nor B of a LoRA pair");
    EWI_TRY(check_tensor(t, err));
    if (!is_a) return EW_OK;
    ew_str stem = {t->name.data, at};
    ewi_adapter_pair *pair = &r->adapter->pairs[r->adapter->n_pairs];
    *pair = (ewi_adapter_pair){.weight = weight_of(r, stem), .a = t, .b = find_b(r, stem)};
    if (!pair->b) return ewi_fail(err, EW_FORMAT, "its B is missing");
    EWI_TRY(check_tensor(pair->b, err));
    EWI_TRY(check_weight(r, pair->weight, err));
    r->adapter->n_pairs++;
    return finish_pair(r, pair, err);
}

static ew_status add_pairs(const reader *r, const ewi_tensor *tensors, size_t n, ew_error *err) {
    ew_adapter *adapter = r->adapter;
    adapter->pairs = ewi_arena_array(&adapter->arena, n + 1, sizeof *adapter->pairs);
    if (!adapter->pairs) return ewi_no_memory(err, "an adapter");
    for (size_t i = 0; i < n; i++) {
        ew_status status = add_pair(r, &tensors[i], err);
        if (status) return ewi_fail_at(err, status, "tensor %.*s", EWI_STR_ARG(tensors[i].name));
    }
    if (2 * adapter->n_pairs != n || n == 0)
        return ewi_fail(err, EW_FORMAT, "holds %zu pairs in %zu tensors", adapter->n_pairs, n);
    qsort(adapter->pairs, adapter->n_pairs, sizeof *adapter->pairs, compare_pairs);
    return EW_OK;
}

/* ---- the two kinds of files ---- */

static ew_status expect_text(const ewi_gguf *gguf, const char *key, ew_str wanted, ew_error *err) {
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, ewi_str(key));
    bool is_text = kv && kv->type == EWI_GGUF_STRING;
    ew_str said = is_text ? ewi_gguf_string(kv) : EWI_STR("");
    if (is_text && ewi_str_eq(said, wanted)) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "key %s: is \"%.*s\", wanted \"%.*s\"", key,
                    said.len < 60 ? (int)said.len : 60, said.data ? said.data : "", EWI_STR_ARG(wanted));
}

static ew_status read_gguf(reader *r, ewi_bytes bytes, ew_error *err) {
    const ewi_checkpoint *c = &r->adapter->model->checkpoint;
    EWI_TRY(ewi_gguf_parse(bytes, &r->adapter->arena, &r->gguf, err));
    EWI_TRY(expect_text(&r->gguf, "general.type", EWI_STR("adapter"), err));
    EWI_TRY(expect_text(&r->gguf, "adapter.type", EWI_STR("lora"), err));
    if (c->kind != EWI_CHECKPOINT_GGUF)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "is an adapter for GGUF models; this one is in Hugging Face's form");
    const ewi_gguf_kv *arch = ewi_gguf_find(&c->gguf, EWI_STR("general.architecture"));
    EWI_TRY(expect_text(&r->gguf, "general.architecture", ewi_gguf_string(arch), err));
    const ewi_gguf_kv *kv = ewi_gguf_find(&r->gguf, EWI_STR("adapter.lora.alpha"));
    double *alpha = &r->config.alpha;
    if (!kv || kv->type == EWI_GGUF_ARRAY || !ewi_gguf_f64(kv, 0, alpha) || *alpha - *alpha != 0)
        return ewi_fail(err, EW_FORMAT, "key adapter.lora.alpha: is no number");
    return add_pairs(r, r->gguf.tensors, r->gguf.n_tensors, err);
}

static ew_status with_file(reader *r, const char *path, ew_status (*read)(reader *, ewi_bytes, ew_error *),
                           ew_error *err) {
    ewi_map *map;
    EWI_TRY(ewi_map_open(path, &map, err));
    ew_status status = read(r, ewi_map_bytes(map), err);
    if (status == EW_OK) status = ewi_map_check(map, err);
    ewi_map_close(map);
    return status;
}

static ew_status read_config(reader *r, ewi_bytes bytes, ew_error *err) {
    return ewi_peft_config_read(bytes, &r->adapter->arena, &r->config, err);
}

static ew_status read_safetensors(reader *r, ewi_bytes bytes, ew_error *err) {
    EWI_TRY(ewi_safetensors_parse(bytes, &r->adapter->arena, &r->safetensors, err));
    return add_pairs(r, r->safetensors.tensors, r->safetensors.n_tensors, err);
}

static ew_status read_peft(reader *r, const char *folder, ew_error *err) {
    char path[MAX_PATH_BYTES];
    r->is_peft = true;
    if (r->adapter->model->checkpoint.kind != EWI_CHECKPOINT_SAFETENSORS)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "is an adapter for models in Hugging Face's form; this one is GGUF");
    if (!ewi_path_join(path, sizeof path, folder, EWI_STR("adapter_config.json")))
        return ewi_fail(err, EW_LIMIT, "path too long");
    EWI_TRY(with_file(r, path, read_config, err));
    if (!ewi_path_join(path, sizeof path, folder, EWI_STR("adapter_model.safetensors")))
        return ewi_fail(err, EW_LIMIT, "path too long");
    return with_file(r, path, read_safetensors, err);
}

ew_status ew_adapter_open(const ew_model *model, const char *path, ew_adapter **out, ew_error *err) {
    EWI_REQUIRE(model && path && out, err);
    if (model->checkpoint.container.is_scaled)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "the model's channels were scaled when it was quantized: adapters of the original "
                        "do not fit");
    ew_adapter *adapter = ewi_zalloc(sizeof *adapter);
    if (!adapter) return ewi_no_memory(err, "an adapter");
    adapter->model = model;
    ewi_arena_init(&adapter->arena, MAX_ADAPTER_BYTES);
    reader r = {.adapter = adapter};
    ew_status status =
        ewi_is_directory(path) ? read_peft(&r, path, err) : with_file(&r, path, read_gguf, err);
    if (status == EW_OK)
        *out = adapter;
    else
        ew_adapter_close(adapter);
    return ewi_fail_at_path(err, status, path);
}

void ew_adapter_close(ew_adapter *adapter) {
    if (!adapter) return;
    ewi_arena_deinit(&adapter->arena);
    ewi_free(adapter);
}
