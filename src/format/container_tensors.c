/* container_tensors.c: the tensor table of a package. */
#include <inttypes.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/container.h"
#include "format/json.h"
#include "format/order.h"
#include "tensor/packed.h"

/* One entry as the table states it. */
typedef struct entry {
    ew_str name, dtype, layout;
    uint64_t offset, size;
    uint32_t n_dims;
    bool has_offset, has_size, has_dims, has_scale;
    double input_scale;
    uint64_t dims[EWI_MAX_DIMS];
} entry;

static ew_status read_number(ewi_json *json, ew_str key, bool *has, uint64_t *out, ew_error *err) {
    if (*has) return ewi_fail(err, EW_FORMAT, "\"%.*s\" is there twice", EWI_STR_ARG(key));
    *has = true;
    return ewi_json_read_u64(json, out, err);
}

static ew_status read_text(ewi_json *json, ew_str key, ew_str *out, ew_error *err) {
    if (out->data) return ewi_fail(err, EW_FORMAT, "\"%.*s\" is there twice", EWI_STR_ARG(key));
    return ewi_json_read_string(json, out, err);
}

static ew_status read_dims(ewi_json *json, entry *e, ew_error *err) {
    if (e->has_dims) return ewi_fail(err, EW_FORMAT, "\"dims\" is there twice");
    e->has_dims = true;
    EWI_TRY(ewi_json_enter_array(json, err));
    while (ewi_json_next_item(json)) {
        if (e->n_dims == EWI_MAX_DIMS)
            return ewi_fail(err, EW_FORMAT, "more than %d dimensions", EWI_MAX_DIMS);
        EWI_TRY(ewi_json_read_u64(json, &e->dims[e->n_dims++], err));
    }
    return ewi_json_check(json, err);
}

/* Positive and a float. */
static ew_status read_scale(ewi_json *json, entry *e, ew_error *err) {
    if (e->has_scale) return ewi_fail(err, EW_FORMAT, "\"input_scale\" is there twice");
    e->has_scale = true;
    EWI_TRY(ewi_json_read_double(json, &e->input_scale, err));
    const float scale = (float)e->input_scale;
    if (scale > 0 && scale - scale == 0) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "\"input_scale\" is not a positive number");
}

static ew_status read_member(ewi_json *json, ew_str key, entry *e, ew_error *err) {
    if (ewi_str_is(key, "name")) return read_text(json, key, &e->name, err);
    if (ewi_str_is(key, "dtype")) return read_text(json, key, &e->dtype, err);
    if (ewi_str_is(key, "layout")) return read_text(json, key, &e->layout, err);
    if (ewi_str_is(key, "dims")) return read_dims(json, e, err);
    if (ewi_str_is(key, "offset")) return read_number(json, key, &e->has_offset, &e->offset, err);
    if (ewi_str_is(key, "size")) return read_number(json, key, &e->has_size, &e->size, err);
    if (ewi_str_is(key, "input_scale")) return read_scale(json, e, err);
    return ewi_fail(err, EW_UNSUPPORTED, "member \"%.*s\" is not known to this version", EWI_STR_ARG(key));
}

/* ---- what an entry must be ---- */

static bool find_dtype(ew_str name, ewi_dtype *out) {
    for (unsigned i = 0; i < EWI_N_DTYPES; i++) {
        if (!ewi_str_is(name, ewi_dtype_get((ewi_dtype)i)->name)) continue;
        *out = (ewi_dtype)i;
        return true;
    }
    return false;
}

/* A matrix, or a stack of matrices. */
static ew_status check_packed_dims(const ewi_tensor *t, ew_error *err) {
    bool fine = t->n_dims == 2 || t->n_dims == 3;
    size_t unused;
    for (uint32_t i = 0; fine && i < t->n_dims; i++)
        fine = t->dims[i] > 0 && ewi_size_from_u64(t->dims[i], &unused);
    if (fine && t->dims[t->n_dims - 1] <= EWI_PACKED_MAX_K) return EW_OK;
    return ewi_fail(err, EW_FORMAT,
                    "a packed tensor has two dimensions, or three of a stack, the last from 1 to %u",
                    EWI_PACKED_MAX_K);
}

static ew_status packed_size(const ewi_tensor *t, uint64_t *size, ew_error *err) {
    const char *type = ewi_dtype_get(t->dtype)->name;
    size_t bytes;
    if (!ewi_packed_info_get(t->dtype))
        return ewi_fail(err, EW_UNSUPPORTED, "type %s has no packed layout", type);
    EWI_TRY(check_packed_dims(t, err));
    const ewi_stack stack = ewi_stack_of(t);
    /* A matrix of super-blocks has no shorter ones. */
    uint32_t block = ewi_packed_info_get(t->dtype)->kind == EWI_PACKED_SUPER ? 256 : 1;
    if (stack.k % block != 0)
        return ewi_fail(err, EW_FORMAT, "rows of %zu inputs are not whole blocks of %s", stack.k, type);
    if (!ewi_stack_bytes(&stack, t->dtype, &bytes)) return ewi_fail(err, EW_FORMAT, "its size overflows");
    *size = bytes;
    return EW_OK;
}

static ew_status plain_size(const ewi_tensor *t, uint64_t *size, ew_error *err) {
    if (t->dtype != EWI_F32 && t->dtype != EWI_F16 && t->dtype != EWI_BF16)
        return ewi_fail(err, EW_UNSUPPORTED, "type %s must be packed", ewi_dtype_get(t->dtype)->name);
    EWI_TRY(ewi_tensor_size(t->dtype, t->n_dims, t->dims, size, err));
    return *size ? EW_OK : ewi_fail(err, EW_FORMAT, "it is empty");
}

static ew_status check_entry(const entry *e, ewi_bytes weights, ewi_tensor *t, ew_error *err) {
    uint64_t size = 0;
    *t = (ewi_tensor){.name = e->name,
                      .n_dims = e->n_dims,
                      .offset = e->offset,
                      .size_bytes = e->size,
                      .input_scale = (float)e->input_scale};
    memcpy(t->dims, e->dims, sizeof t->dims);
    if (!e->dtype.data || !e->layout.data || !e->has_dims || !e->has_offset || !e->has_size)
        return ewi_fail(err, EW_FORMAT, "dtype, layout, dims, offset or size is missing");
    t->packed = ewi_str_is(e->layout, "packed");
    if (!t->packed && !ewi_str_is(e->layout, "plain"))
        return ewi_fail(err, EW_UNSUPPORTED, "layout \"%.*s\" is not known", EWI_STR_ARG(e->layout));
    if (!find_dtype(e->dtype, &t->dtype))
        return ewi_fail(err, EW_UNSUPPORTED, "type \"%.*s\" is not known", EWI_STR_ARG(e->dtype));
    if (e->has_scale && e->n_dims != 2) return ewi_fail(err, EW_FORMAT, "\"input_scale\" is for matrices");
    EWI_TRY(t->packed ? packed_size(t, &size, err) : plain_size(t, &size, err));
    if (size != t->size_bytes)
        return ewi_fail(err, EW_FORMAT, "its shape takes %" PRIu64 " bytes, but the table says %" PRIu64,
                        size, t->size_bytes);
    if (t->offset % EWI_CONTAINER_ALIGN != 0)
        return ewi_fail(err, EW_FORMAT, "offset %" PRIu64 " is not a multiple of %u", t->offset,
                        EWI_CONTAINER_ALIGN);
    if (!ewi_in_range(t->offset, t->size_bytes, weights.len))
        return ewi_fail(err, EW_FORMAT,
                        "%" PRIu64 " bytes at offset %" PRIu64 " are past the end (%zu bytes)", t->size_bytes,
                        t->offset, weights.len);
    t->data = weights.data + t->offset;
    return EW_OK;
}

static ew_status read_entry(ewi_json *json, ewi_bytes weights, ewi_tensor *tensor, ew_error *err) {
    entry e = {0};
    ew_str key;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) EWI_TRY(read_member(json, key, &e, err));
    EWI_TRY(ewi_json_check(json, err));
    if (!ewi_name_valid(e.name)) return ewi_fail(err, EW_FORMAT, "a tensor without a printable name");
    ew_status status = check_entry(&e, weights, tensor, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "tensor %.*s", EWI_STR_ARG(e.name));
}

/* ---- the whole table ---- */

static uint64_t offset_key(const void *table, size_t index) {
    return ((const ewi_tensor *)table)[index].offset;
}

/* Between tensors lies no more than alignment asks for, and nothing after the last. */
static ew_status check_tiling(const ewi_container *c, ewi_bytes weights, ewi_arena *arena, ew_error *err) {
    static const ewi_order_by by_offset = {offset_key, NULL};
    uint32_t *order;
    uint64_t end = 0;
    EWI_TRY(ewi_order_make(arena, c->tensors, c->n_tensors, &by_offset, &order, err));
    for (size_t i = 0; i < c->n_tensors; i++) {
        const ewi_tensor *t = &c->tensors[order[i]];
        if (t->offset < end)
            return ewi_fail(err, EW_FORMAT, "tensor %.*s: overlaps another", EWI_STR_ARG(t->name));
        if (t->offset - end >= EWI_CONTAINER_ALIGN)
            return ewi_fail(err, EW_FORMAT, "tensor %.*s: %" PRIu64 " bytes before it belong to no tensor",
                            EWI_STR_ARG(t->name), t->offset - end);
        end = t->offset + t->size_bytes;
    }
    if (end == weights.len) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "%" PRIu64 " bytes after the last tensor belong to none",
                    weights.len - end);
}

static ew_status read_list(ewi_json *json, ewi_bytes weights, ewi_arena *arena, ewi_container *out,
                           ew_error *err) {
    size_t n;
    if (out->tensors) return ewi_fail(err, EW_FORMAT, "\"tensors\" is there twice");
    if (ewi_json_peek(json) != EWI_JSON_ARRAY) return ewi_json_enter_array(json, err);
    EWI_TRY(ewi_json_count(json, &n, err));
    if (n > EWI_CONTAINER_MAX_TENSORS)
        return ewi_fail(err, EW_LIMIT, "%zu tensors, at most %u", n, EWI_CONTAINER_MAX_TENSORS);
    ewi_tensor *tensors = ewi_arena_array(arena, n ? n : 1, sizeof *tensors);
    if (!tensors) return ewi_no_memory(err, "the tensor table");
    out->tensors = tensors;
    out->n_tensors = n;
    EWI_TRY(ewi_json_enter_array(json, err));
    for (size_t i = 0; ewi_json_next_item(json); i++) EWI_TRY(read_entry(json, weights, &tensors[i], err));
    return ewi_json_check(json, err);
}

static ew_status read_table(ewi_bytes bytes, ewi_bytes weights, ewi_arena *arena, ewi_container *out,
                            ew_error *err) {
    ewi_json json;
    ew_str key;
    ewi_json_init(&json, bytes, arena);
    EWI_TRY(ewi_json_enter_object(&json, err));
    while (ewi_json_next_key(&json, &key)) {
        if (!ewi_str_is(key, "tensors"))
            return ewi_fail(err, EW_UNSUPPORTED, "member \"%.*s\" is not known to this version",
                            EWI_STR_ARG(key));
        EWI_TRY(read_list(&json, weights, arena, out, err));
    }
    EWI_TRY(ewi_json_end(&json, err));
    if (!out->tensors) return ewi_fail(err, EW_FORMAT, "\"tensors\" is missing");
    EWI_TRY(ewi_name_index_make(arena, &out->tensors[0].name, out->n_tensors, sizeof *out->tensors, "tensor",
                                &out->names, err));
    return check_tiling(out, weights, arena, err);
}

ew_status ewi_container_read_tensors(ewi_bytes json, ewi_bytes weights, ewi_arena *arena, ewi_container *out,
                                     ew_error *err) {
    ew_status status = read_table(json, weights, arena, out, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "tensor table");
}
