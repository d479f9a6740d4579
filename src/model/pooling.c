#include "model/pooling.h"

#include <string.h>

#include "base/error.h"
#include "format/json.h"
#include "os/file.h"

/* ---- 1_Pooling/config.json ---- */

static const struct {
    const char *key, *word; /* of older files, where it is true; and of newer ones */
    ew_pooling pooling;
} ways[] = {
    {"pooling_mode_mean_tokens", "mean", EW_POOLING_MEAN},
    {"pooling_mode_cls_token", "cls", EW_POOLING_CLS},
    {"pooling_mode_lasttoken", "lasttoken", EW_POOLING_LAST},
};

static ew_status choose(ew_pooling way, ew_pooling *out, ew_error *err) {
    if (*out != EW_POOLING_MODEL && *out != way)
        return ewi_fail(err, EW_UNSUPPORTED, "several ways to pool at once are not implemented");
    *out = way;
    return EW_OK;
}

static ew_status read_word(ewi_json *json, ew_pooling *out, ew_error *err) {
    ew_str word;
    EWI_TRY(ewi_json_read_string(json, &word, err));
    for (size_t i = 0; i < EWI_COUNT(ways); i++)
        if (ewi_str_is(word, ways[i].word)) return choose(ways[i].pooling, out, err);
    return ewi_fail(err, EW_UNSUPPORTED, "pooling_mode: %.*s is not implemented (mean, cls, lasttoken are)",
                    EWI_STR_ARG(word));
}

static bool begins(ew_str text, const char *start) {
    size_t n = strlen(start);
    return text.len >= n && memcmp(text.data, start, n) == 0;
}

static ew_status read_way(ewi_json *json, ew_str key, ew_pooling *out, ew_error *err) {
    bool is_used;
    if (ewi_str_is(key, "pooling_mode")) return read_word(json, out, err);
    if (!begins(key, "pooling_mode_")) return ewi_json_skip(json, err);
    EWI_TRY(ewi_json_read_bool(json, &is_used, err));
    for (size_t i = 0; i < EWI_COUNT(ways); i++)
        if (is_used && ewi_str_is(key, ways[i].key)) return choose(ways[i].pooling, out, err);
    if (!is_used) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "%.*s is not implemented", EWI_STR_ARG(key));
}

static ew_status read_ways(ewi_bytes config, ewi_arena *arena, ew_pooling *out, ew_error *err) {
    ewi_json json;
    ew_str key;
    *out = EW_POOLING_MODEL;
    ewi_json_init(&json, config, arena);
    EWI_TRY(ewi_json_enter_object(&json, err));
    while (ewi_json_next_key(&json, &key)) EWI_TRY(read_way(&json, key, out, err));
    return ewi_json_end(&json, err);
}

ew_status ewi_pooling_read(ewi_bytes config, ewi_arena *arena, ew_pooling *out, ew_error *err) {
    ew_status status = read_ways(config, arena, out, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "1_Pooling/config.json");
}

/* ---- modules.json ---- */

/* Normalize is what an embedding gets anyway, unless its caller wants none. */
static ew_status check_module(ew_str type, ew_error *err) {
    static const char *const known[] = {".Transformer", ".Pooling", ".Normalize"};
    for (size_t i = 0; i < EWI_COUNT(known); i++)
        if (ewi_str_ends(type, known[i])) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "module %.*s is not implemented", EWI_STR_ARG(type));
}

static ew_status read_module(ewi_json *json, ew_error *err) {
    ew_str key, type;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) {
        if (!ewi_str_is(key, "type")) {
            EWI_TRY(ewi_json_skip(json, err));
            continue;
        }
        EWI_TRY(ewi_json_read_string(json, &type, err));
        EWI_TRY(check_module(type, err));
    }
    return ewi_json_check(json, err);
}

static ew_status read_modules(ewi_bytes modules, ewi_arena *arena, ew_error *err) {
    ewi_json json;
    ewi_json_init(&json, modules, arena);
    EWI_TRY(ewi_json_enter_array(&json, err));
    while (ewi_json_next_item(&json)) EWI_TRY(read_module(&json, err));
    return ewi_json_end(&json, err);
}

ew_status ewi_pooling_check_modules(ewi_bytes modules, ewi_arena *arena, ew_error *err) {
    ew_status status = read_modules(modules, arena, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "modules.json");
}

/* ---- where they lie ---- */

/* NULL in *map where there is no such file. */
static ew_status map_if(const char *folder, const char *name, ewi_map **map, ew_error *err) {
    char path[4096];
    *map = NULL;
    if (!ewi_path_join(path, sizeof path, folder, ewi_str(name)) || !ewi_is_file(path)) return EW_OK;
    return ewi_map_open(path, map, err);
}

static ew_status check_modules_of(const char *folder, ewi_arena *arena, ew_error *err) {
    ewi_map *map;
    EWI_TRY(map_if(folder, "modules.json", &map, err));
    if (!map) return EW_OK;
    ew_status status = ewi_pooling_check_modules(ewi_map_bytes(map), arena, err);
    if (status == EW_OK) status = ewi_map_check(map, err);
    ewi_map_close(map);
    return status;
}

static ew_status read_pooling_of(const char *folder, ewi_arena *arena, ew_pooling *out, ew_error *err) {
    ewi_map *map;
    EWI_TRY(map_if(folder, "1_Pooling/config.json", &map, err));
    if (!map) return EW_OK;
    ew_status status = ewi_pooling_read(ewi_map_bytes(map), arena, out, err);
    if (status == EW_OK) status = ewi_map_check(map, err);
    ewi_map_close(map);
    return status;
}

ew_status ewi_pooling_find(const ewi_checkpoint *c, ewi_arena *arena, ew_pooling *out, ew_error *err) {
    if (c->pooling.len) return ewi_pooling_read(c->pooling, arena, out, err);
    if (!c->folder) return EW_OK;
    EWI_TRY(check_modules_of(c->folder, arena, err));
    return read_pooling_of(c->folder, arena, out, err);
}
