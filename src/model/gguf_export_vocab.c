/* gguf_export_vocab.c: what vocab_gguf.c reads, written: of a model whose vocabulary is a tokenizer.json. */
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "model/gguf_export_parts.h"
#include "model/vocab_load.h"
#include "text/tokenizer.h"

/* ---- what GGUF has no words for ---- */

static ew_status unwritable(ew_error *err, const char *what) {
    return ewi_fail(err, EW_UNSUPPORTED,
                    "tokenizer.json: GGUF has no words for %s: a package keeps it (name a folder with -o)",
                    what);
}

static ew_status check_bpe(const ewi_vocab *v, ew_error *err) {
    if (v->n_norms) return unwritable(err, "its normalizer");
    if (v->n_splits) return unwritable(err, "its pre_tokenizer");
    if (!ewi_gguf_pattern_name(v->scanner, v->ignore_merges)) return unwritable(err, "its pre_tokenizer");
    return EW_OK;
}

static ew_status check_spm(const ewi_vocab *v, ew_error *err) {
    if (v->space_prefix == EWI_PREFIX_EACH || v->space_prefix == EWI_PREFIX_NEVER) return EW_OK;
    return unwritable(err, "the prepend_scheme of its Metaspace");
}

/* SentencePiece's blanks stand in what such a token is looked for in. */
static bool is_normalized(const ewi_vocab *v, size_t i) {
    return v->kind == EWI_VOCAB_SPM && v->types[i] == (EWI_TOKEN_USER_DEFINED | EWI_TOKEN_NORMALIZED);
}

static ew_status check_types(const ewi_vocab *v, ew_error *err) {
    const unsigned said = EWI_TOKEN_LSTRIP | EWI_TOKEN_RSTRIP | EWI_TOKEN_SINGLE_WORD;
    for (size_t i = 0; i < v->n_tokens; i++)
        if (v->types[i] & said || is_normalized(v, i))
            return ewi_fail(
                err, EW_UNSUPPORTED,
                "tokenizer.json: token %.*s: GGUF has no words for lstrip, rstrip, single_word or "
                "normalized: a package keeps them (name a folder with -o)",
                EWI_STR_ARG(v->tokens[i]));
    return EW_OK;
}

static ew_status check_vocab(const ewi_vocab *v, ew_error *err) {
    EWI_TRY(check_types(v, err));
    if (v->last >= 0 && v->last != v->eos) return unwritable(err, "a token after a text that is not the eos");
    if (v->add_bos && v->bos < 0) return unwritable(err, "a token before a text that is not the bos");
    if (v->kind == EWI_VOCAB_BPE) return check_bpe(v, err);
    if (v->kind == EWI_VOCAB_SPM) return check_spm(v, err);
    return unwritable(err, "its model");
}

/* ---- tokens ---- */

/* Ids that no token has get spellings of their own, as all others do; so do rows of the embedding beyond. */
static void put_tokens(const ewi_vocab *v, size_t n, ewi_gguf_writer *w) {
    char text[32];
    ewi_gguf_writer_array(w, EWI_STR("tokenizer.ggml.tokens"), EWI_GGUF_STRING, n);
    for (size_t i = 0; i < n; i++) {
        ew_str token = i < v->n_tokens ? v->tokens[i] : (ew_str){0};
        if (token.len == 0) {
            int len = snprintf(text, sizeof text, "[PAD%zu]", i);
            token = (ew_str){text, (size_t)len};
        }
        ewi_gguf_writer_string(w, (ew_str){0}, token);
    }
}

static void put_types(const ewi_vocab *v, size_t n, ewi_gguf_writer *w) {
    ewi_gguf_writer_array(w, EWI_STR("tokenizer.ggml.token_type"), EWI_GGUF_I32, n);
    for (size_t i = 0; i < n; i++) {
        unsigned type = i < v->n_tokens ? v->types[i] & EWI_TOKEN_TYPE_MASK : EWI_TOKEN_UNUSED;
        if (v->kind == EWI_VOCAB_SPM && (int32_t)i == v->unk) type = EWI_TOKEN_UNKNOWN;
        ewi_gguf_writer_u32(w, (ew_str){0}, type);
    }
}

static void put_specials(const ewi_vocab *v, ewi_gguf_writer *w) {
    const struct {
        ew_str key;
        int32_t id;
    } ids[] = {{EWI_STR("tokenizer.ggml.bos_token_id"), v->bos},
               {EWI_STR("tokenizer.ggml.eos_token_id"), v->eos},
               {EWI_STR("tokenizer.ggml.unknown_token_id"), v->unk}};
    for (size_t i = 0; i < EWI_COUNT(ids); i++)
        if (ids[i].id >= 0) ewi_gguf_writer_u32(w, ids[i].key, (uint32_t)ids[i].id);
    ewi_gguf_writer_bool(w, EWI_STR("tokenizer.ggml.add_bos_token"), v->add_bos);
    ewi_gguf_writer_bool(w, EWI_STR("tokenizer.ggml.add_eos_token"), v->last >= 0);
}

/* ---- merges ---- */

static ew_status put_merges(const ewi_vocab *v, ewi_gguf_writer *w, ew_error *err) {
    ewi_buffer line;
    ew_status status = EW_OK;
    ewi_buffer_init(&line, (size_t)1 << 20);
    ewi_gguf_writer_array(w, EWI_STR("tokenizer.ggml.merges"), EWI_GGUF_STRING, v->merges.n);
    for (size_t i = 0; i < v->merges.n && status == EW_OK; i++) {
        ew_str left, right;
        status = v->merges.next(v->merges.state, &left, &right, err);
        if (status != EW_OK) break;
        line.len = 0;
        ewi_buffer_add(&line, left.data, left.len);
        ewi_buffer_add(&line, " ", 1);
        ewi_buffer_add(&line, right.data, right.len);
        if (line.failed) status = ewi_no_memory(err, "a merge");
        ewi_gguf_writer_string(w, (ew_str){0}, ewi_buffer_str(&line));
    }
    ewi_buffer_deinit(&line);
    return status;
}

static ew_status put_bpe(const ewi_vocab *v, ewi_gguf_writer *w, ew_error *err) {
    ewi_gguf_writer_string(w, EWI_STR("tokenizer.ggml.pre"),
                           ewi_str(ewi_gguf_pattern_name(v->scanner, v->ignore_merges)));
    return put_merges(v, w, err);
}

/* ---- scores ---- */

static ew_status put_spm(const ewi_vocab *v, size_t n, ewi_arena *arena, ewi_gguf_writer *w, ew_error *err) {
    const float *scores;
    EWI_TRY(ewi_gguf_export_scores(v, arena, &scores, err));
    ewi_gguf_writer_array(w, EWI_STR("tokenizer.ggml.scores"), EWI_GGUF_F32, n);
    for (size_t i = 0; i < n; i++) ewi_gguf_writer_f32(w, (ew_str){0}, i < v->n_tokens ? scores[i] : 0.0f);
    ewi_gguf_writer_string(w, EWI_STR("tokenizer.ggml.pre"), EWI_STR("default"));
    ewi_gguf_writer_bool(w, EWI_STR("tokenizer.ggml.add_space_prefix"), v->space_prefix == EWI_PREFIX_EACH);
    return EW_OK;
}

/* ---- all of it ---- */

static ew_status put_vocab(const ewi_vocab *v, size_t n, ewi_arena *arena, ewi_gguf_writer *w,
                           ew_error *err) {
    const bool is_bpe = v->kind == EWI_VOCAB_BPE;
    EWI_TRY(check_vocab(v, err));
    ewi_gguf_writer_string(w, EWI_STR("tokenizer.ggml.model"), is_bpe ? EWI_STR("gpt2") : EWI_STR("llama"));
    put_tokens(v, n, w);
    put_types(v, n, w);
    EWI_TRY(is_bpe ? put_bpe(v, w, err) : put_spm(v, n, arena, w, err));
    put_specials(v, w);
    return EW_OK;
}

/* The file in the folder is there as long as it is read. */
static ew_status map_beside(const ew_model *model, const char *name, ewi_map **map, ew_error *err) {
    char path[4096];
    *map = NULL;
    if (!ewi_path_join(path, sizeof path, model->checkpoint.folder, ewi_str(name)) || !ewi_is_file(path))
        return EW_OK;
    return ewi_map_open(path, map, err);
}

static ew_status read_and_put(const ew_model *model, const ewi_map *json, const ewi_map *config,
                              ewi_arena *arena, ewi_gguf_writer *w, ew_error *err) {
    ewi_vocab vocab;
    const ewi_bytes text = config ? ewi_map_bytes(config) : (ewi_bytes){0};
    EWI_TRY(ewi_vocab_from_json(ewi_map_bytes(json), text, arena, &vocab, err));
    EWI_TRY(put_vocab(&vocab, model->n_vocab, arena, w, err));
    EWI_TRY(ewi_map_check(json, err));
    return config ? ewi_map_check(config, err) : EW_OK;
}

ew_status ewi_gguf_export_vocab(const ew_model *model, ewi_arena *arena, ewi_gguf_writer *w, ew_error *err) {
    ewi_map *json, *config;
    if (!model->tokenizer) {
        ewi_gguf_writer_string(w, EWI_STR("tokenizer.ggml.model"), EWI_STR("none"));
        return EW_OK;
    }
    EWI_TRY(map_beside(model, "tokenizer.json", &json, err));
    if (!json) return unwritable(err, "a vocabulary of another file");
    ew_status status = map_beside(model, "tokenizer_config.json", &config, err);
    if (status == EW_OK) status = read_and_put(model, json, config, arena, w, err);
    ewi_map_close(config);
    ewi_map_close(json);
    if (status == EW_OK && model->chat_template.text.data)
        ewi_gguf_writer_string(w, EWI_STR("tokenizer.chat_template"), model->chat_template.text);
    return status;
}
