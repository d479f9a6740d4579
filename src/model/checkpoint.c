#include "model/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "model/checkpoint_parts.h"
#include "os/pages.h"

#define MAX_TABLE_BYTES ((size_t)56 << 20) /* what parsing may need above the files */
#define MAX_PATH_BYTES  EWI_CHECKPOINT_PATH_BYTES
#define MAX_CONFIG_KEYS 65536u

bool ewi_bytes_are_gguf(ewi_bytes bytes) {
    return bytes.len >= 4 && memcmp(bytes.data, "GGUF", 4) == 0;
}

static ew_status out_of_memory(ew_error *err) {
    return ewi_fail(err, EW_LIMIT, "the tables of this model need more than %zu MiB", MAX_TABLE_BYTES >> 20);
}

ew_status ewi_checkpoint_add_map(ewi_checkpoint *c, const char *path, ewi_bytes *bytes, ew_error *err) {
    if (!c->maps) c->maps = ewi_arena_array(&c->arena, EWI_CHECKPOINT_MAX_SHARDS + 2, sizeof *c->maps);
    if (!c->maps) return out_of_memory(err);
    ewi_map *map;
    EWI_TRY(ewi_map_open(path, &map, err));
    c->maps[c->n_maps++] = map;
    *bytes = ewi_map_bytes(map);
    return EW_OK;
}

ew_status ewi_checkpoint_new_meta(ewi_checkpoint *c, size_t n, ewi_checkpoint_meta **meta, ew_error *err) {
    *meta = ewi_arena_array(&c->arena, n, sizeof **meta);
    if (!*meta) return out_of_memory(err);
    c->meta = *meta;
    c->n_meta = n;
    return EW_OK;
}

/* ---- safetensors ---- */

static ew_status read_config_members(ewi_checkpoint *c, ewi_checkpoint_meta *meta, size_t n, ew_error *err) {
    ewi_json json;
    ewi_name_index names;
    ewi_checkpoint_meta *next = meta;
    ewi_json_init(&json, c->config, &c->arena);
    EWI_TRY(ewi_json_enter_object(&json, err));
    for (; ewi_json_next_key(&json, &next->key); next++) {
        EWI_TRY(ewi_json_skip_to(&json, &next->text, err));
        next->is_json = true;
    }
    EWI_TRY(ewi_json_end(&json, err));
    /* A key that comes twice would mean one thing here and another to the next reader. */
    return ewi_name_index_make(&c->arena, &meta->key, n, sizeof *meta, "key", &names, err);
}

static ew_status count_config(ewi_checkpoint *c, size_t *n, ew_error *err) {
    ewi_json json;
    *n = 0;
    if (!c->config.len) return EW_OK;
    ewi_json_init(&json, c->config, &c->arena);
    if (ewi_json_peek(&json) != EWI_JSON_OBJECT) return ewi_json_enter_object(&json, err);
    return ewi_json_count(&json, n, err);
}

/* The n entries of config.json; NULL: only counts them. */
static ew_status list_config(ewi_checkpoint *c, ewi_checkpoint_meta *meta, size_t *n, ew_error *err) {
    ew_status status = meta ? read_config_members(c, meta, *n, err) : count_config(c, n, err);
    return status ? ewi_fail_at(err, status, "config.json") : EW_OK;
}

ew_status ewi_checkpoint_list_hf(ewi_checkpoint *c, const ewi_safetensors *shards, size_t n_shards,
                                 ew_error *err) {
    size_t n_config = 0, n = 0;
    EWI_TRY(list_config(c, NULL, &n_config, err));
    if (n_config > MAX_CONFIG_KEYS)
        return ewi_fail(err, EW_LIMIT, "config.json: %zu keys, at most %u", n_config, MAX_CONFIG_KEYS);
    n = n_config;
    for (size_t s = 0; s < n_shards; s++) n += shards[s].n_meta;
    ewi_checkpoint_meta *meta;
    EWI_TRY(ewi_checkpoint_new_meta(c, n, &meta, err));
    if (c->config.len) EWI_TRY(list_config(c, meta, &n_config, err));
    meta += n_config;
    for (size_t s = 0; s < n_shards; s++)
        for (size_t i = 0; i < shards[s].n_meta; i++)
            *meta++ = (ewi_checkpoint_meta){.key = shards[s].meta[i].key, .text = shards[s].meta[i].value};
    return EW_OK;
}

static int compare_str(ew_str a, ew_str b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_tensors(const void *a, const void *b) {
    return compare_str(((const ewi_tensor *)a)->name, ((const ewi_tensor *)b)->name);
}

void ewi_checkpoint_set_tensors(ewi_checkpoint *c, ewi_tensor *tensors, size_t n) {
    if (n) qsort(tensors, n, sizeof *tensors, compare_tensors);
    c->tensors = tensors;
    c->n_tensors = n;
}

static ew_status merge_tensors(ewi_checkpoint *c, const ewi_safetensors *shards, ew_error *err) {
    size_t n = 0;
    for (size_t s = 0; s < c->n_shards; s++) n += shards[s].n_tensors;
    ewi_tensor *all = ewi_arena_array(&c->arena, n, sizeof *all);
    if (!all) return out_of_memory(err);
    for (size_t s = 0; s < c->n_shards; s++) {
        if (shards[s].n_tensors) memcpy(all, shards[s].tensors, shards[s].n_tensors * sizeof *all);
        all += shards[s].n_tensors;
    }
    all -= n;
    ewi_checkpoint_set_tensors(c, all, n);
    for (size_t i = 1; i < n; i++)
        if (ewi_str_eq(all[i - 1].name, all[i].name))
            return ewi_fail(err, EW_FORMAT, "tensor %.*s: is in two shards", EWI_STR_ARG(all[i].name));
    return EW_OK;
}

static ew_status parse_shard(ewi_checkpoint *c, const char *path, ewi_safetensors *shard, ew_error *err) {
    ewi_bytes bytes;
    EWI_TRY(ewi_checkpoint_add_map(c, path, &bytes, err));
    ew_status status = ewi_safetensors_parse(bytes, &c->arena, shard, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "%s", path);
}

/* Every tensor that the index names is in the shard that it names, and no other tensor is there. */
static ew_status check_index(const ewi_checkpoint *c, const ewi_shard_index *index,
                             const ewi_safetensors *shards, ew_error *err) {
    for (size_t i = 0; i < index->n_entries; i++) {
        const ewi_shard_entry *entry = &index->entries[i];
        size_t s = 0;
        while (s < index->n_files && !ewi_str_eq(index->files[s], entry->file)) s++;
        if (s == index->n_files || !ewi_safetensors_find(&shards[s], entry->tensor))
            return ewi_fail(err, EW_FORMAT, "tensor %.*s: the index puts it into %.*s, where it is not",
                            EWI_STR_ARG(entry->tensor), EWI_STR_ARG(entry->file));
    }
    /* Both are sorted by name, and all that the index names is there. */
    for (size_t i = 0; i < c->n_tensors; i++)
        if (i == index->n_entries || !ewi_str_eq(c->tensors[i].name, index->entries[i].tensor))
            return ewi_fail(err, EW_FORMAT, "tensor %.*s: is in a shard, but the index does not name it",
                            EWI_STR_ARG(c->tensors[i].name));
    return EW_OK;
}

static ew_status open_index(ewi_checkpoint *c, const char *path, ew_error *err) {
    ewi_shard_index index;
    ewi_bytes json;
    char shard_path[MAX_PATH_BYTES];
    EWI_TRY(ewi_checkpoint_add_map(c, path, &json, err));
    EWI_TRY(ewi_shard_index_parse(json, &c->arena, &index, err));
    if (index.n_files > EWI_CHECKPOINT_MAX_SHARDS)
        return ewi_fail(err, EW_LIMIT, "%s: %zu shards, at most %u", path, index.n_files,
                        EWI_CHECKPOINT_MAX_SHARDS);
    ewi_safetensors *shards = ewi_arena_array(&c->arena, index.n_files, sizeof *shards);
    if (!shards) return out_of_memory(err);
    for (; c->n_shards < index.n_files; c->n_shards++) {
        if (!ewi_path_join(shard_path, sizeof shard_path, c->folder, index.files[c->n_shards]))
            return ewi_fail(err, EW_LIMIT, "%s: path of a shard is too long", path);
        EWI_TRY(parse_shard(c, shard_path, &shards[c->n_shards], err));
    }
    EWI_TRY(merge_tensors(c, shards, err));
    EWI_TRY(check_index(c, &index, shards, err));
    return ewi_checkpoint_list_hf(c, shards, c->n_shards, err);
}

static ew_status open_single(ewi_checkpoint *c, ewi_bytes bytes, ew_error *err) {
    ewi_safetensors shard;
    EWI_TRY(ewi_safetensors_parse(bytes, &c->arena, &shard, err));
    c->n_shards = 1;
    EWI_TRY(merge_tensors(c, &shard, err));
    return ewi_checkpoint_list_hf(c, &shard, 1, err);
}

static ew_status open_config(ewi_checkpoint *c, ew_error *err) {
    char path[MAX_PATH_BYTES];
    if (!ewi_path_join(path, sizeof path, c->folder, EWI_STR("config.json")))
        return ewi_fail(err, EW_LIMIT, "path too long");
    if (!ewi_is_file(path)) return EW_OK;
    EWI_TRY(ewi_checkpoint_add_map(c, path, &c->config, err));
    return c->config.len ? EW_OK : ewi_fail(err, EW_FORMAT, "config.json: the file is empty");
}

bool ewi_path_is_container(const char *path) {
    char layout[MAX_PATH_BYTES];
    return ewi_path_join(layout, sizeof layout, path, EWI_STR("oci-layout")) && ewi_is_file(layout);
}

static ew_status open_folder(ewi_checkpoint *c, const char *path, ew_error *err) {
    char inner[MAX_PATH_BYTES];
    if (ewi_path_is_container(path)) return ewi_checkpoint_open_container(c, path, err);
    c->kind = EWI_CHECKPOINT_SAFETENSORS;
    c->folder = ewi_arena_strdup(&c->arena, ewi_str(path));
    if (!c->folder) return ewi_no_memory(err, "a path");
    EWI_TRY(open_config(c, err));
    if (!ewi_path_join(inner, sizeof inner, path, EWI_STR("model.safetensors.index.json")))
        return ewi_fail(err, EW_LIMIT, "%s: path too long", path);
    if (ewi_is_file(inner)) return open_index(c, inner, err);
    if (!ewi_path_join(inner, sizeof inner, path, EWI_STR("model.safetensors")) || !ewi_is_file(inner))
        return ewi_fail(err, EW_IO, "%s: holds neither model.safetensors nor model.safetensors.index.json",
                        path);
    ewi_bytes bytes;
    EWI_TRY(ewi_checkpoint_add_map(c, inner, &bytes, err));
    return open_single(c, bytes, err);
}

static ew_status open_file(ewi_checkpoint *c, const char *path, ew_error *err) {
    ewi_bytes bytes;
    EWI_TRY(ewi_checkpoint_add_map(c, path, &bytes, err));
    if (ewi_bytes_are_gguf(bytes)) return ewi_checkpoint_open_gguf(c, path, bytes, err);
    if (!ewi_str_ends(ewi_str(path), ".safetensors"))
        return ewi_fail(err, EW_FORMAT,
                        "neither a GGUF file (it does not begin with \"GGUF\") nor named .safetensors");
    c->kind = EWI_CHECKPOINT_SAFETENSORS;
    const char *slash = strrchr(path, '/');
    ew_str folder = slash ? (ew_str){path, (size_t)(slash - path) + 1} : EWI_STR(".");
    c->folder = ewi_arena_strdup(&c->arena, folder);
    if (!c->folder) return ewi_no_memory(err, "a path");
    EWI_TRY(open_config(c, err));
    return open_single(c, bytes, err);
}

ew_status ewi_fail_at_path(ew_error *err, ew_status status, const char *path) {
    size_t n = strlen(path);
    if (status == EW_OK || status == EW_IO || !err) return status;
    bool ends = n > 0 && path[n - 1] == '/';
    bool named = strncmp(err->text, path, n) == 0 && (ends || err->text[n] == '/' || err->text[n] == ':');
    return named ? status : ewi_fail_at(err, status, "%s", path);
}

ew_status ewi_checkpoint_open(const char *path, ewi_checkpoint *out, ew_error *err) {
    *out = (ewi_checkpoint){0};
    ewi_arena_init(&out->arena, MAX_TABLE_BYTES);
    ew_status status = ewi_is_directory(path) ? open_folder(out, path, err) : open_file(out, path, err);
    if (status == EW_OK) status = ewi_checkpoint_check(out, err);
    if (status != EW_OK) ewi_checkpoint_close(out);
    return ewi_fail_at_path(err, status, path);
}

void ewi_checkpoint_close(ewi_checkpoint *checkpoint) {
    for (size_t i = 0; i < checkpoint->n_maps; i++) ewi_map_close(checkpoint->maps[i]);
    ewi_arena_deinit(&checkpoint->arena);
    *checkpoint = (ewi_checkpoint){0};
}

const ewi_tensor *ewi_checkpoint_find(const ewi_checkpoint *checkpoint, ew_str name) {
    if (checkpoint->is_container) return ewi_container_find(&checkpoint->container, name);
    if (checkpoint->kind == EWI_CHECKPOINT_GGUF) {
        size_t i;
        return ewi_name_index_find(&checkpoint->tensor_names, name, &i) ? &checkpoint->tensors[i] : NULL;
    }
    ewi_tensor key = {.name = name};
    if (!checkpoint->n_tensors) return NULL;
    return bsearch(&key, checkpoint->tensors, checkpoint->n_tensors, sizeof key, compare_tensors);
}

void ewi_checkpoint_drop(const ewi_checkpoint *checkpoint, const uint8_t *from, size_t n) {
    for (size_t i = 0; i < checkpoint->n_maps; i++) {
        const ewi_bytes bytes = ewi_map_bytes(checkpoint->maps[i]);
        if (from >= bytes.data && from < bytes.data + bytes.len) ewi_pages_drop(from, n);
    }
}

ew_status ewi_checkpoint_check(const ewi_checkpoint *checkpoint, ew_error *err) {
    for (size_t i = 0; i < checkpoint->n_maps; i++) EWI_TRY(ewi_map_check(checkpoint->maps[i], err));
    return EW_OK;
}
