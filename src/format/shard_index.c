#include "format/shard_index.h"

#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "format/name.h"

static bool is_plain_file_name(ew_str name) {
    if (!ewi_name_valid(name) || name.data[0] == '.') return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '/' || name.data[i] == '\\' || name.data[i] == ':') return false;
    return true;
}

static ew_status read_entry(ewi_json *json, ewi_shard_entry *entry, size_t number, ew_error *err) {
    if (!ewi_name_valid(entry->tensor))
        return ewi_fail(err, EW_FORMAT, "weight_map: the name of tensor %zu is not printable", number);
    EWI_TRY(ewi_json_read_string(json, &entry->file, err));
    if (!is_plain_file_name(entry->file))
        return ewi_fail(err, EW_FORMAT,
                        "weight_map: tensor %.*s: its file must be a plain name in the same folder",
                        EWI_STR_ARG(entry->tensor));
    return EW_OK;
}

/* Reads weight_map into a table in its own order. */
static ew_status read_weight_map(ewi_json *json, ewi_shard_entry **out, size_t *n_out, ew_error *err) {
    size_t n_max, n = 0;
    if (*out) return ewi_fail(err, EW_FORMAT, "weight_map occurs twice");
    EWI_TRY(ewi_json_count(json, &n_max, err));
    if (n_max > EWI_SHARD_INDEX_MAX_TENSORS)
        return ewi_fail(err, EW_LIMIT, "weight_map: %zu tensors, at most %u", n_max,
                        EWI_SHARD_INDEX_MAX_TENSORS);
    ewi_shard_entry *entries = ewi_arena_array(json->arena, n_max, sizeof *entries);
    if (!entries) return ewi_no_memory(err, "the shard index");
    EWI_TRY(ewi_json_enter_object(json, err));
    for (ew_str tensor; ewi_json_next_key(json, &tensor); n++) {
        entries[n].tensor = tensor;
        EWI_TRY(read_entry(json, &entries[n], n, err));
    }
    *out = entries;
    *n_out = n;
    return ewi_json_check(json, err);
}

static ew_status sort_by_tensor(const ewi_shard_entry *entries, size_t n, ewi_arena *arena,
                                ewi_shard_index *out, ew_error *err) {
    ewi_name_index names;
    EWI_TRY(ewi_name_index_make(arena, &entries[0].tensor, n, sizeof *entries, "weight_map: tensor", &names,
                                err));
    ewi_shard_entry *sorted = ewi_arena_array(arena, n, sizeof *sorted);
    if (!sorted) return ewi_no_memory(err, "the shard index");
    for (size_t i = 0; i < n; i++) sorted[i] = entries[names.order[i]];
    out->entries = sorted;
    out->n_entries = n;
    return EW_OK;
}

static ew_status list_files(ewi_arena *arena, ewi_shard_index *out, ew_error *err) {
    size_t n = out->n_entries;
    const ewi_shard_entry *entries = out->entries;
    uint32_t *order;
    EWI_TRY(ewi_name_order(arena, &entries[0].file, n, sizeof *entries, &order, err));
    ew_str *files = ewi_arena_array(arena, n, sizeof *files);
    if (!files) return ewi_no_memory(err, "the shard index");
    for (size_t i = 0; i < n; i++) {
        ew_str file = entries[order[i]].file;
        if (out->n_files == 0 || !ewi_str_eq(file, files[out->n_files - 1])) files[out->n_files++] = file;
    }
    out->files = files;
    return EW_OK;
}

static ew_status parse(ewi_bytes text, ewi_arena *arena, ewi_shard_index *out, ew_error *err) {
    ewi_json json;
    ew_str key;
    ewi_shard_entry *entries = NULL;
    size_t n = 0;
    ewi_json_init(&json, text, arena);
    EWI_TRY(ewi_json_enter_object(&json, err));
    while (ewi_json_next_key(&json, &key)) {
        if (ewi_str_is(key, "weight_map"))
            EWI_TRY(read_weight_map(&json, &entries, &n, err));
        else
            EWI_TRY(ewi_json_skip(&json, err));
    }
    EWI_TRY(ewi_json_check(&json, err));
    EWI_TRY(ewi_json_end(&json, err));
    if (!entries || n == 0) return ewi_fail(err, EW_FORMAT, "weight_map is missing or empty");
    EWI_TRY(sort_by_tensor(entries, n, arena, out, err));
    return list_files(arena, out, err);
}

ew_status ewi_shard_index_parse(ewi_bytes json, ewi_arena *arena, ewi_shard_index *out, ew_error *err) {
    ewi_shard_index index = {0};
    ew_status status = parse(json, arena, &index, err);
    if (status) return ewi_fail_at(err, status, "safetensors index");
    *out = index;
    return EW_OK;
}
