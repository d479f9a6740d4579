#include "format/safetensors.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "format/order.h"

#define LENGTH_BYTES 8u /* of the header's length, in front of the header */

/* What lies behind the header, and where it begins. */
typedef struct section {
    ewi_bytes data;
    uint64_t offset;
} section;

/* ------------------------------------------------------------------------------------- one tensor's entry */

/* A tensor as its entry in the header states it: begin and end are counted from the start of the data. */
typedef struct entry {
    ewi_tensor tensor;
    uint64_t begin, end;
    bool has_dtype, has_shape, has_offsets;
} entry;

static ew_status read_dtype(ewi_json *json, ewi_dtype *out, ew_error *err) {
    ew_str name;
    EWI_TRY(ewi_json_read_string(json, &name, err));
    if (ewi_dtype_from_safetensors(name, out)) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "element type %.*s is unknown", EWI_STR_ARG(name));
}

static ew_status read_shape(ewi_json *json, ewi_tensor *tensor, ew_error *err) {
    EWI_TRY(ewi_json_enter_array(json, err));
    while (ewi_json_next_item(json)) {
        if (tensor->n_dims == EWI_MAX_DIMS)
            return ewi_fail(err, EW_LIMIT, "more than %d dimensions", EWI_MAX_DIMS);
        EWI_TRY(ewi_json_read_u64(json, &tensor->dims[tensor->n_dims], err));
        tensor->n_dims++;
    }
    return ewi_json_check(json, err);
}

static ew_status read_offsets(ewi_json *json, entry *e, ew_error *err) {
    static const char expected[] = "data_offsets must be two numbers, [begin, end]";
    uint64_t offsets[2] = {0};
    size_t n = 0;
    EWI_TRY(ewi_json_enter_array(json, err));
    for (; ewi_json_next_item(json); n++) {
        if (n == 2) return ewi_fail(err, EW_FORMAT, "%s", expected);
        EWI_TRY(ewi_json_read_u64(json, &offsets[n], err));
    }
    EWI_TRY(ewi_json_check(json, err));
    if (n != 2) return ewi_fail(err, EW_FORMAT, "%s", expected);
    e->begin = offsets[0];
    e->end = offsets[1];
    return EW_OK;
}

/* Reads the member `key`, which must not have been there before. */
static ew_status read_member(ewi_json *json, ew_str key, entry *e, ew_error *err) {
    bool *seen = ewi_str_is(key, "dtype")          ? &e->has_dtype
                 : ewi_str_is(key, "shape")        ? &e->has_shape
                 : ewi_str_is(key, "data_offsets") ? &e->has_offsets
                                                   : NULL;
    if (!seen) return ewi_fail(err, EW_UNSUPPORTED, "unknown member %.*s", EWI_STR_ARG(key));
    if (*seen) return ewi_fail(err, EW_FORMAT, "member %.*s occurs twice", EWI_STR_ARG(key));
    *seen = true;
    if (seen == &e->has_dtype) return read_dtype(json, &e->tensor.dtype, err);
    if (seen == &e->has_shape) return read_shape(json, &e->tensor, err);
    return read_offsets(json, e, err);
}

static ew_status read_entry(ewi_json *json, entry *e, ew_error *err) {
    ew_str key;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) EWI_TRY(read_member(json, key, e, err));
    EWI_TRY(ewi_json_check(json, err));
    const char *missing = !e->has_dtype     ? "dtype"
                          : !e->has_shape   ? "shape"
                          : !e->has_offsets ? "data_offsets"
                                            : NULL;
    return missing ? ewi_fail(err, EW_FORMAT, "member %s is missing", missing) : EW_OK;
}

/* Holds the offsets against the shape and against the data, and makes them a view. */
static ew_status place(entry *e, const section *data, ew_error *err) {
    ewi_tensor *tensor = &e->tensor;
    EWI_TRY(ewi_tensor_size(tensor->dtype, tensor->n_dims, tensor->dims, &tensor->size_bytes, err));
    if (e->begin > e->end || e->end > data->data.len)
        return ewi_fail(err, EW_FORMAT,
                        "data_offsets [%" PRIu64 ", %" PRIu64
                        "], but the data has %zu bytes (a cut download?)",
                        e->begin, e->end, data->data.len);
    if (e->end - e->begin != tensor->size_bytes)
        return ewi_fail(err, EW_FORMAT,
                        "data_offsets [%" PRIu64 ", %" PRIu64 "] hold %" PRIu64
                        " bytes, but type and shape need %" PRIu64,
                        e->begin, e->end, e->end - e->begin, tensor->size_bytes);
    tensor->data = data->data.data + e->begin;
    tensor->offset = data->offset + e->begin;
    return EW_OK;
}

/* ----------------------------------------------------------------------------------------------- metadata */

/* How many members the object has that is next; at most `limit`. */
static ew_status count_members(const ewi_json *json, uint32_t limit, const char *what, size_t *n,
                               ew_error *err) {
    EWI_TRY(ewi_json_count(json, n, err));
    if (*n > limit) return ewi_fail(err, EW_LIMIT, "%zu %s, at most %" PRIu32, *n, what, limit);
    return EW_OK;
}

static ew_status read_meta(ewi_json *json, ewi_safetensors *st, ew_error *err) {
    size_t n_max = 0, n = 0;
    if (st->meta) return ewi_fail(err, EW_FORMAT, "occurs twice");
    bool is_null = ewi_json_peek(json) == EWI_JSON_NULL; /* some writers' way to say that there is none */
    if (!is_null) EWI_TRY(count_members(json, EWI_SAFETENSORS_MAX_META, "entries", &n_max, err));
    ewi_safetensors_meta *meta = ewi_arena_array(json->arena, n_max, sizeof *meta);
    if (!meta) return ewi_no_memory(err, "the metadata table");
    st->meta = meta;
    if (is_null) return ewi_json_skip(json, err);
    EWI_TRY(ewi_json_enter_object(json, err));
    for (ew_str key; ewi_json_next_key(json, &key); n++) {
        meta[n].key = key;
        if (!ewi_name_valid(key)) return ewi_fail(err, EW_FORMAT, "key %zu is not printable", n);
        EWI_TRY(ewi_json_read_string(json, &meta[n].value, err));
    }
    EWI_TRY(ewi_json_check(json, err));
    st->n_meta = n;
    ewi_name_index names;
    return ewi_name_index_make(json->arena, &meta[0].key, n, sizeof *meta, "key", &names, err);
}

/* --------------------------------------------------------------------------------------------- the header */

static ew_status read_tensor(ewi_json *json, ew_str name, const section *data, ewi_tensor *out,
                             ew_error *err) {
    entry e = {.tensor = {.name = name}};
    if (!ewi_name_valid(name))
        return ewi_fail(err, EW_FORMAT, "the name is not 1 to %u bytes of printable text",
                        EWI_NAME_MAX_BYTES);
    EWI_TRY(read_entry(json, &e, err));
    EWI_TRY(place(&e, data, err));
    *out = e.tensor;
    return EW_OK;
}

/* Reads the members of the header. */
static ew_status read_header(ewi_json *json, const section *data, ewi_tensor *tensors, ewi_safetensors *st,
                             ew_error *err) {
    ew_str name;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &name)) {
        bool is_meta = ewi_str_is(name, "__metadata__");
        ew_status status = is_meta ? read_meta(json, st, err)
                                   : read_tensor(json, name, data, &tensors[st->n_tensors++], err);
        if (!status) continue;
        if (is_meta) return ewi_fail_at(err, status, "__metadata__");
        if (!ewi_name_valid(name)) return ewi_fail_at(err, status, "tensor %zu", st->n_tensors - 1);
        return ewi_fail_at(err, status, "tensor %.*s", EWI_STR_ARG(name));
    }
    EWI_TRY(ewi_json_check(json, err));
    return ewi_json_end(json, err);
}

static uint64_t offset_key(const void *table, size_t index) {
    return ((const ewi_tensor *)table)[index].offset;
}

/* Empty tensors stand before the one that begins where they do. */
static int size_compare(const void *table, size_t a, size_t b) {
    const ewi_tensor *tensors = table;
    return (tensors[a].size_bytes > tensors[b].size_bytes) - (tensors[a].size_bytes < tensors[b].size_bytes);
}

/* The tensors must cover the data from its first to its last byte, each byte once. */
static ew_status check_tiling(const ewi_safetensors *st, const section *data, ewi_arena *arena,
                              ew_error *err) {
    static const ewi_order_by by_offset = {offset_key, size_compare};
    uint32_t *order;
    uint64_t at = data->offset;
    EWI_TRY(ewi_order_make(arena, st->tensors, st->n_tensors, &by_offset, &order, err));
    for (size_t i = 0; i < st->n_tensors; i++) {
        const ewi_tensor *tensor = &st->tensors[order[i]];
        if (tensor->offset != at)
            return ewi_fail(
                err, EW_FORMAT, "tensor %.*s at offset %" PRIu64 " %s, which ends at %" PRIu64,
                EWI_STR_ARG(tensor->name), tensor->offset,
                tensor->offset < at ? "overlaps the one before" : "leaves a hole after the one before", at);
        at += tensor->size_bytes;
    }
    uint64_t rest = data->offset + data->data.len - at;
    if (rest) return ewi_fail(err, EW_FORMAT, "the last %" PRIu64 " bytes belong to no tensor", rest);
    return EW_OK;
}

static ew_status find_header(ewi_bytes file, ewi_bytes *header, section *data, ew_error *err) {
    if (file.len < LENGTH_BYTES)
        return ewi_fail(err, EW_FORMAT, "%zu bytes are no safetensors file", file.len);
    uint64_t len = ewi_load_u64(file.data);
    if (len > file.len - LENGTH_BYTES)
        return ewi_fail(err, EW_FORMAT, "a header of %" PRIu64 " bytes in a file of %zu (a cut download?)",
                        len, file.len);
    if (len > EWI_SAFETENSORS_MAX_HEADER)
        return ewi_fail(err, EW_LIMIT, "a header of %" PRIu64 " bytes, at most %u", len,
                        EWI_SAFETENSORS_MAX_HEADER);
    *header = (ewi_bytes){file.data + LENGTH_BYTES, (size_t)len};
    data->offset = LENGTH_BYTES + len;
    data->data = (ewi_bytes){file.data + data->offset, file.len - (size_t)data->offset};
    return EW_OK;
}

static ew_status parse(ewi_bytes file, ewi_arena *arena, ewi_safetensors *st, ew_error *err) {
    ewi_bytes header = {0};
    section data = {0};
    ewi_json json;
    size_t n_max;
    EWI_TRY(find_header(file, &header, &data, err));
    if (header.len == 0 || header.data[0] != '{')
        return ewi_fail(err, EW_FORMAT, "the header does not begin with '{'");
    ewi_json_init(&json, header, arena);
    EWI_TRY(count_members(&json, EWI_SAFETENSORS_MAX_TENSORS, "tensors", &n_max, err));
    ewi_tensor *tensors = ewi_arena_array(arena, n_max, sizeof *tensors);
    if (!tensors) return ewi_no_memory(err, "the tensor table");
    st->tensors = tensors;
    EWI_TRY(read_header(&json, &data, tensors, st, err));
    EWI_TRY(ewi_name_index_make(arena, &tensors[0].name, st->n_tensors, sizeof *tensors, "tensor",
                                &st->tensor_names, err));
    return check_tiling(st, &data, arena, err);
}

ew_status ewi_safetensors_parse(ewi_bytes file, ewi_arena *arena, ewi_safetensors *out, ew_error *err) {
    ewi_safetensors st = {0};
    ew_status status = parse(file, arena, &st, err);
    if (status) return ewi_fail_at(err, status, "safetensors");
    *out = st;
    return EW_OK;
}

const ewi_tensor *ewi_safetensors_find(const ewi_safetensors *st, ew_str name) {
    size_t i;
    return ewi_name_index_find(&st->tensor_names, name, &i) ? &st->tensors[i] : NULL;
}
