/* template_open.c: chat templates from wherever models keep them. */
#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "model/chat_template.h"
#include "model/model.h"
#include "os/file.h"

#define MAX_PATH_BYTES  4096
#define MAX_ARENA_BYTES ((size_t)256 << 20)

/* ---- tokenizer_config.json ---- */

/* "<s>", or {"content": "<s>", ...}, or null. */
static ew_status read_token(ewi_json *json, ew_str *out, ew_error *err) {
    ew_str key;
    if (ewi_json_peek(json) == EWI_JSON_STRING) return ewi_json_read_string(json, out, err);
    if (ewi_json_peek(json) != EWI_JSON_OBJECT) return ewi_json_skip(json, err);
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "content") && ewi_json_peek(json) == EWI_JSON_STRING)
            EWI_TRY(ewi_json_read_string(json, out, err));
        else
            EWI_TRY(ewi_json_skip(json, err));
    }
    return ewi_json_check(json, err);
}

static ew_status read_named(ewi_json *json, ew_str *name, ew_str *text, ew_error *err) {
    ew_str key;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "name"))
            EWI_TRY(ewi_json_read_string(json, name, err));
        else if (ewi_str_is(key, "template"))
            EWI_TRY(ewi_json_read_string(json, text, err));
        else
            EWI_TRY(ewi_json_skip(json, err));
    }
    return ewi_json_check(json, err);
}

/* The template itself, or several with names: the one for ordinary chats is called "default". */
static ew_status read_templates(ewi_json *json, ew_str *out, ew_error *err) {
    if (ewi_json_peek(json) == EWI_JSON_STRING) return ewi_json_read_string(json, out, err);
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, err);
    EWI_TRY(ewi_json_enter_array(json, err));
    while (ewi_json_next_item(json)) {
        ew_str name = {0}, text = {0};
        EWI_TRY(read_named(json, &name, &text, err));
        if (ewi_str_is(name, "default")) *out = text;
    }
    return ewi_json_check(json, err);
}

static ew_status read_members(ewi_json *json, ewi_chat_template *out, ew_error *err) {
    ew_str key;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "chat_template"))
            EWI_TRY(read_templates(json, &out->text, err));
        else if (ewi_str_is(key, "bos_token"))
            EWI_TRY(read_token(json, &out->bos, err));
        else if (ewi_str_is(key, "eos_token"))
            EWI_TRY(read_token(json, &out->eos, err));
        else
            EWI_TRY(ewi_json_skip(json, err));
    }
    return ewi_json_end(json, err);
}

/* `file` is the template's own file, which comes before what the config says; either may be empty. */
static ew_status from_hf(ewi_bytes file, ewi_bytes config, ewi_arena *arena, ewi_chat_template *out,
                         ew_error *err) {
    ewi_json json;
    if (config.len) {
        ewi_json_init(&json, config, arena);
        ew_status status = read_members(&json, out, err);
        if (status) return ewi_fail_at(err, status, "tokenizer_config.json");
    }
    if (file.data) out->text = (ew_str){(const char *)file.data, file.len};
    return EW_OK;
}

/* ---- GGUF ---- */

static ew_str gguf_token(const ewi_gguf *gguf, const char *key) {
    const ewi_gguf_kv *id = ewi_gguf_find(gguf, ewi_str(key));
    const ewi_gguf_kv *tokens = ewi_gguf_find(gguf, EWI_STR("tokenizer.ggml.tokens"));
    int64_t index;
    ew_str token = {0};
    size_t at = 0;
    if (!id || !tokens || !ewi_gguf_i64(id, 0, &index) || tokens->type != EWI_GGUF_ARRAY ||
        tokens->item_type != EWI_GGUF_STRING || index < 0 || (uint64_t)index >= tokens->n)
        return token;
    for (int64_t i = 0; i <= index; i++) token = ewi_gguf_next_string(tokens, &at);
    return token;
}

static ew_status from_gguf(const ewi_gguf *gguf, ewi_chat_template *out, ew_error *err) {
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, EWI_STR("tokenizer.chat_template"));
    size_t at = 0;
    if (!kv) return EW_OK;
    if (kv->type != EWI_GGUF_STRING)
        return ewi_fail(err, EW_FORMAT, "metadata tokenizer.chat_template: is no string");
    out->text = ewi_gguf_next_string(kv, &at);
    out->bos = gguf_token(gguf, "tokenizer.ggml.bos_token_id");
    out->eos = gguf_token(gguf, "tokenizer.ggml.eos_token_id");
    return EW_OK;
}

/* ---- folders ---- */

/* The file `name` of a folder; absent: bytes without data. */
static ew_status map_inside(const char *folder, const char *name, ewi_map **map, ewi_bytes *bytes,
                            ew_error *err) {
    char path[MAX_PATH_BYTES];
    *bytes = (ewi_bytes){0};
    if (!ewi_path_join(path, sizeof path, folder, ewi_str(name)) || !ewi_is_file(path)) return EW_OK;
    EWI_TRY(ewi_map_open(path, map, err));
    *bytes = ewi_map_bytes(*map);
    if (!bytes->data) bytes->data = (const uint8_t *)"";
    return EW_OK;
}

static ew_status keep(ewi_arena *arena, ew_str *text, ew_error *err) {
    if (!text->data) return EW_OK;
    const char *copy = ewi_arena_strdup(arena, *text);
    if (!copy) return ewi_no_memory(err, "a chat template");
    text->data = copy;
    return EW_OK;
}

static ew_status keep_all(ewi_arena *arena, ewi_chat_template *t, ew_error *err) {
    EWI_TRY(keep(arena, &t->text, err));
    EWI_TRY(keep(arena, &t->bos, err));
    return keep(arena, &t->eos, err);
}

static ew_status from_folder(const char *folder, ewi_arena *arena, ewi_chat_template *out, ew_error *err) {
    ewi_map *file_map = NULL, *config_map = NULL;
    ewi_bytes file, config = {0};
    ew_status status = map_inside(folder, "chat_template.jinja", &file_map, &file, err);
    if (!status) status = map_inside(folder, "tokenizer_config.json", &config_map, &config, err);
    if (!status) status = from_hf(file, config, arena, out, err);
    if (!status) status = keep_all(arena, out, err);
    if (!status && file_map) status = ewi_map_check(file_map, err);
    if (!status && config_map) status = ewi_map_check(config_map, err);
    ewi_map_close(file_map);
    ewi_map_close(config_map);
    return status;
}

ew_status ewi_chat_template_find(const ewi_checkpoint *c, ewi_arena *arena, ewi_chat_template *out,
                                 ew_error *err) {
    *out = (ewi_chat_template){0};
    if (c->kind == EWI_CHECKPOINT_GGUF) return from_gguf(&c->gguf, out, err);
    if (!c->is_container) return from_folder(c->folder, arena, out, err);
    return from_hf(c->chat_template, c->tokenizer_config, arena, out, err);
}

/* ---- opening ---- */

/* Takes the arena; `found` may lie in it or elsewhere. */
static ew_status new_template(ewi_arena *arena, const ewi_chat_template *found, ew_template **out,
                              ew_error *err) {
    ew_template *t = ewi_zalloc(sizeof *t);
    if (!t) {
        ewi_arena_deinit(arena);
        return ewi_no_memory(err, "a chat template");
    }
    t->arena = *arena;
    t->bos = found->bos;
    t->eos = found->eos;
    ew_status status = EW_OK;
    if (!found->text.data) status = ewi_fail(err, EW_UNSUPPORTED, "there is no chat template here");
    if (!status) status = keep(&t->arena, &t->bos, err);
    if (!status) status = keep(&t->arena, &t->eos, err);
    if (!status) status = ewi_jinja_parse(found->text, &t->arena, &t->program, err);
    if (status)
        ew_template_close(t);
    else
        *out = t;
    return status;
}

static bool is_gguf(ewi_bytes bytes) {
    return bytes.len >= 4 && memcmp(bytes.data, "GGUF", 4) == 0;
}

/* A GGUF file; a JSON file, which is a tokenizer_config.json; else the text of the template. */
static ew_status read_file(const char *path, ewi_bytes bytes, ewi_arena *arena, ewi_chat_template *out,
                           ew_error *err) {
    ewi_gguf gguf;
    if (is_gguf(bytes)) {
        EWI_TRY(ewi_gguf_parse(bytes, arena, &gguf, err));
        return from_gguf(&gguf, out, err);
    }
    if (ewi_str_ends(ewi_str(path), ".json")) return from_hf((ewi_bytes){0}, bytes, arena, out, err);
    out->text = (ew_str){bytes.data ? (const char *)bytes.data : "", bytes.len};
    return EW_OK;
}

static ew_status open_file(const char *path, ew_template **out, ew_error *err) {
    ewi_map *map;
    ewi_arena arena;
    ewi_chat_template found = {0};
    EWI_TRY(ewi_map_open(path, &map, err));
    ewi_arena_init(&arena, MAX_ARENA_BYTES);
    ew_status status = read_file(path, ewi_map_bytes(map), &arena, &found, err);
    if (status)
        ewi_arena_deinit(&arena);
    else
        status = new_template(&arena, &found, out, err);
    if (!status && (status = ewi_map_check(map, err))) {
        ew_template_close(*out);
        *out = NULL;
    }
    ewi_map_close(map);
    return status;
}

static ew_status open_package(const char *path, ew_template **out, ew_error *err) {
    ewi_checkpoint c;
    ewi_arena arena;
    ewi_chat_template found;
    EWI_TRY(ewi_checkpoint_open(path, &c, err));
    ewi_arena_init(&arena, MAX_ARENA_BYTES);
    ew_status status = ewi_chat_template_find(&c, &arena, &found, err);
    if (status)
        ewi_arena_deinit(&arena);
    else
        status = new_template(&arena, &found, out, err);
    ewi_checkpoint_close(&c);
    return status;
}

static ew_status open_folder(const char *path, ew_template **out, ew_error *err) {
    ewi_arena arena;
    ewi_chat_template found = {0};
    ewi_arena_init(&arena, MAX_ARENA_BYTES);
    ew_status status = from_folder(path, &arena, &found, err);
    if (!status) return new_template(&arena, &found, out, err);
    ewi_arena_deinit(&arena);
    return status;
}

ew_status ew_template_open(const char *path, ew_template **out, ew_error *err) {
    EWI_REQUIRE(path && out, err);
    *out = NULL;
    ew_status status = ewi_path_is_container(path) ? open_package(path, out, err)
                       : ewi_is_directory(path)    ? open_folder(path, out, err)
                                                   : open_file(path, out, err);
    return ewi_fail_at_path(err, status, path);
}

ew_status ew_template_of_model(const ew_model *model, ew_template **out, ew_error *err) {
    EWI_REQUIRE(model && out, err);
    ewi_arena arena;
    *out = NULL;
    ewi_arena_init(&arena, MAX_ARENA_BYTES);
    return new_template(&arena, &model->chat_template, out, err);
}

ew_status ew_template_from_text(ew_str text, ew_template **out, ew_error *err) {
    EWI_REQUIRE(out && (text.data || text.len == 0), err);
    ewi_arena arena;
    const ewi_chat_template found = {.text = {text.data ? text.data : "", text.len}};
    *out = NULL;
    ewi_arena_init(&arena, MAX_ARENA_BYTES);
    return new_template(&arena, &found, out, err);
}

void ew_template_close(ew_template *tmpl) {
    if (!tmpl) return;
    ewi_arena_deinit(&tmpl->arena);
    ewi_free(tmpl);
}
