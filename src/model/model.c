#include "model/model.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernels/kernels.h"
#include "model/generation_config.h"
#include "model/model_tensors.h"
#include "model/pooling.h"
#include "model/vocab_load.h"
#include "text/tokenizer.h"

/* ---- what must agree ---- */

static ew_status check_vocabulary(ew_model *model, ew_error *err) {
    const ewi_tensor *embd = ewi_model_weight(model, EWI_ROLE_TOKEN_EMBD, 0);
    uint32_t width = model->hparams.d_model;
    if (embd->n_dims != 2 || embd->dims[0] == 0 || embd->dims[0] > EWI_MAX_VOCAB || embd->dims[1] != width)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: its shape is not [vocabulary, %u]",
                        EWI_STR_ARG(embd->name), width);
    model->n_vocab = (uint32_t)embd->dims[0];
    if (model->hparams.n_vocab && model->hparams.n_vocab != model->n_vocab)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: has %u rows, but the metadata says %u tokens",
                        EWI_STR_ARG(embd->name), model->n_vocab, model->hparams.n_vocab);
    if (model->tokenizer && ew_tokenizer_n_vocab(model->tokenizer) > model->n_vocab)
        return ewi_fail(err, EW_FORMAT, "the vocabulary has %zu tokens, but tensor %.*s only %u rows",
                        ew_tokenizer_n_vocab(model->tokenizer), EWI_STR_ARG(embd->name), model->n_vocab);
    return EW_OK;
}

/* The graph's own verifier checks every other shape. */
static ew_status check_graph(const ew_model *model, ew_error *err) {
    ewi_graph graph;
    ewi_graph_init(&graph);
    ew_status status = ewi_model_build(model, ewi_model_output_of(model, false), &graph, err);
    ewi_graph_deinit(&graph);
    return status;
}

/* ---- open ---- */

#define MAX_TURNED_BYTES ((size_t)1 << 40) /* the machine's memory is the limit */

static ew_status tokenizer_from_gguf(ew_model *model, ew_error *err) {
    const ewi_gguf *gguf = &model->checkpoint.gguf;
    if (!ewi_gguf_has_vocab(gguf)) return EW_OK;
    ewi_vocab vocab;
    EWI_TRY(ewi_vocab_from_gguf(gguf, &model->checkpoint.arena, &vocab, err));
    return ewi_tokenizer_new(&vocab, &model->tokenizer, err);
}

static ew_status open_tokenizer(ew_model *model, ew_error *err) {
    const ewi_checkpoint *c = &model->checkpoint;
    if (c->kind == EWI_CHECKPOINT_GGUF) return tokenizer_from_gguf(model, err);
    if (c->is_container && !c->tokenizer.len) return EW_OK;
    if (c->is_container)
        return ewi_tokenizer_from_json(c->tokenizer, c->tokenizer_config, &model->tokenizer, err);
    char path[4096];
    if (!ewi_path_join(path, sizeof path, c->folder, EWI_STR("tokenizer.json")) || !ewi_is_file(path))
        return EW_OK;
    return ew_tokenizer_open(path, &model->tokenizer, err);
}

/* Reads it and lets go of it: nothing borrows from it. */
static ew_status read_generation_file(ew_model *model, const char *path, ew_error *err) {
    ewi_map *map;
    EWI_TRY(ewi_map_open(path, &map, err));
    ew_status status =
        ewi_generation_config_read(ewi_map_bytes(map), &model->checkpoint.arena, &model->sampling, err);
    if (status == EW_OK) status = ewi_map_check(map, err);
    ewi_map_close(map);
    return status;
}

static ew_status read_sampling(ew_model *model, ew_error *err) {
    ewi_checkpoint *c = &model->checkpoint;
    char path[4096];
    model->sampling = EWI_SAMPLING_UNSAID;
    if (c->generation_config.len)
        return ewi_generation_config_read(c->generation_config, &c->arena, &model->sampling, err);
    bool is_there = c->folder &&
                    ewi_path_join(path, sizeof path, c->folder, EWI_STR("generation_config.json")) &&
                    ewi_is_file(path);
    return is_there ? read_generation_file(model, path, err) : EW_OK;
}

static ew_status open_parts(ew_model *model, ew_error *err) {
    EWI_TRY(ewi_kernels_init(err));
    EWI_TRY(ewi_hparams_read(&model->checkpoint, &model->hparams, err));
    EWI_TRY(ewi_model_bind(model, err));
    EWI_TRY(open_tokenizer(model, err));
    EWI_TRY(ewi_chat_template_find(&model->checkpoint, &model->checkpoint.arena, &model->chat_template, err));
    EWI_TRY(check_vocabulary(model, err));
    EWI_TRY(read_sampling(model, err));
    if (model->hparams.pooling != EW_POOLING_RANK)
        EWI_TRY(ewi_pooling_find(&model->checkpoint, &model->checkpoint.arena, &model->hparams.pooling, err));
    EWI_TRY(ewi_model_check_shapes(model, err));
    EWI_TRY(ewi_packing_new(model->checkpoint.tensors, model->checkpoint.n_tensors, &model->packing, err));
    EWI_TRY(check_graph(model, err));
    return ewi_checkpoint_check(&model->checkpoint, err);
}

ew_status ew_model_open(const char *path, ew_model **out, ew_error *err) {
    EWI_REQUIRE(path && out, err);
    ew_model *model = ewi_zalloc(sizeof *model);
    if (!model) return ewi_no_memory(err, "a model");
    ewi_arena_init(&model->turned, MAX_TURNED_BYTES);
    ew_status status = ewi_checkpoint_open(path, &model->checkpoint, err);
    if (status == EW_OK) status = ewi_fail_at_path(err, open_parts(model, err), path);
    if (status == EW_OK)
        *out = model;
    else
        ew_model_close(model);
    return status;
}

void ew_model_close(ew_model *model) {
    if (!model) return;
    ew_tokenizer_close(model->tokenizer);
    ewi_packing_free(model->packing);
    ewi_arena_deinit(&model->turned);
    ewi_checkpoint_close(&model->checkpoint);
    ewi_free(model);
}

static uint64_t count_params(const ewi_checkpoint *c) {
    uint64_t n = 0;
    for (size_t i = 0; i < c->n_tensors; i++) n += ewi_tensor_n_elements(&c->tensors[i]);
    return n;
}

static uint64_t count_bytes(const ewi_checkpoint *c) {
    uint64_t n = 0;
    for (size_t i = 0; i < c->n_tensors; i++) n += c->tensors[i].size_bytes;
    return n;
}

ewi_model_output ewi_model_output_of(const ew_model *model, bool embeds) {
    if (model->hparams.pooling == EW_POOLING_RANK) return EWI_OUTPUT_SCORE;
    return embeds || model->hparams.is_headless ? EWI_OUTPUT_HIDDEN : EWI_OUTPUT_LOGITS;
}

bool ewi_model_embeds(const ew_model *model) {
    return model->hparams.is_headless || model->hparams.pooling != EW_POOLING_MODEL;
}

static ew_pooling pooling_of(const ewi_hparams *h) {
    if (h->pooling != EW_POOLING_MODEL) return h->pooling;
    return h->arch->is_encoder ? EW_POOLING_MEAN : EW_POOLING_LAST;
}

ew_model_info ew_model_get_info(const ew_model *model) {
    const ewi_hparams *h = &model->hparams;
    return (ew_model_info){
        .arch = h->arch->name,
        .name = h->name,
        .n_layers = h->n_layers,
        .n_heads = h->n_heads,
        .n_kv_heads = h->n_kv_heads,
        .head_dim = h->head_dim,
        .d_model = h->d_model,
        .d_ffn = h->d_ffn,
        .n_vocab = model->n_vocab,
        .n_ctx_train = h->n_ctx_train,
        .n_params = count_params(&model->checkpoint),
        .weight_bytes = count_bytes(&model->checkpoint),
        .has_chat_template = model->chat_template.text.data != NULL,
        .is_encoder = h->arch->is_encoder,
        .is_headless = h->is_headless,
        .pooling = pooling_of(h),
    };
}

ew_model_sampling ew_model_get_sampling(const ew_model *model) {
    return model->sampling;
}

const ew_tokenizer *ew_model_tokenizer(const ew_model *model) {
    return model->tokenizer;
}

ew_status ewi_weights_ready(const ew_model *model, const ewi_tensor *const *weights, size_t n,
                            ew_error *err) {
    for (size_t i = 0; i < n; i++) EW_ASSERT(weights[i]->data);
    return ewi_checkpoint_check(&model->checkpoint, err);
}
