#include "format/gguf.h"

#include <inttypes.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/order.h"

#define DEFAULT_ALIGNMENT 32u
#define MIN_KV_BYTES      14u /* length of the key, one byte of it, type, one byte of value */
#define MIN_TENSOR_BYTES  25u /* length of the name, one byte of it, n_dims, type, offset */

/* A cursor over the file; `at` never passes its end. */
typedef struct reader {
    ewi_bytes file;
    size_t at;
} reader;

/* ------------------------------------------------------------------------------------------------ reading */

static uint64_t left(const reader *r) {
    return r->file.len - r->at;
}

/* The next len bytes; NULL, with *err filled, when the file ends before them. */
static const uint8_t *read_bytes(reader *r, uint64_t len, const char *what, ew_error *err) {
    if (len > left(r)) {
        ewi_fail(err, EW_FORMAT,
                 "%s at offset %zu: %" PRIu64 " bytes, but the file ends at %zu (a cut download?)", what,
                 r->at, len, r->file.len);
        return NULL;
    }
    const uint8_t *bytes = r->file.data + r->at;
    r->at += (size_t)len;
    return bytes;
}

static ew_status read_u32(reader *r, const char *what, uint32_t *out, ew_error *err) {
    const uint8_t *bytes = read_bytes(r, 4, what, err);
    if (!bytes) return EW_FORMAT;
    *out = ewi_load_u32(bytes);
    return EW_OK;
}

static ew_status read_u64(reader *r, const char *what, uint64_t *out, ew_error *err) {
    const uint8_t *bytes = read_bytes(r, 8, what, err);
    if (!bytes) return EW_FORMAT;
    *out = ewi_load_u64(bytes);
    return EW_OK;
}

/* Reads a key or the name of a tensor. */
static ew_status read_name(reader *r, const char *what, ew_str *out, ew_error *err) {
    size_t begin = r->at;
    uint64_t len = 0;
    EWI_TRY(read_u64(r, what, &len, err));
    const uint8_t *text = read_bytes(r, len, what, err);
    if (!text) return EW_FORMAT;
    ew_str name = {(const char *)text, (size_t)len};
    if (!ewi_name_valid(name))
        return ewi_fail(err, EW_FORMAT, "%s at offset %zu is not 1 to %u bytes of printable UTF-8", what,
                        begin, EWI_NAME_MAX_BYTES);
    *out = name;
    return EW_OK;
}

/* ----------------------------------------------------------------------------------------- metadata types */

typedef struct type_info {
    const char *name;
    uint32_t bytes; /* of one item; 0: no fixed size */
} type_info;

static const type_info types[] = {
    [EWI_GGUF_U8] = {"u8", 1},       [EWI_GGUF_I8] = {"i8", 1},     [EWI_GGUF_U16] = {"u16", 2},
    [EWI_GGUF_I16] = {"i16", 2},     [EWI_GGUF_U32] = {"u32", 4},   [EWI_GGUF_I32] = {"i32", 4},
    [EWI_GGUF_F32] = {"f32", 4},     [EWI_GGUF_BOOL] = {"bool", 1}, [EWI_GGUF_STRING] = {"string", 0},
    [EWI_GGUF_ARRAY] = {"array", 0}, [EWI_GGUF_U64] = {"u64", 8},   [EWI_GGUF_I64] = {"i64", 8},
    [EWI_GGUF_F64] = {"f64", 8},
};

const char *ewi_gguf_type_name(ewi_gguf_type type) {
    EW_ASSERT((size_t)type < EWI_COUNT(types));
    return types[type].name;
}

static ew_status read_type(reader *r, const char *what, ewi_gguf_type *out, ew_error *err) {
    uint32_t id = 0;
    EWI_TRY(read_u32(r, what, &id, err));
    if (id >= EWI_COUNT(types))
        return ewi_fail(err, EW_FORMAT, "%s at offset %zu is %" PRIu32 ", which GGUF does not define", what,
                        r->at - 4, id);
    *out = (ewi_gguf_type)id;
    return EW_OK;
}

/* Passes n strings. A vocabulary has hundreds of thousands: the loop works on plain pointers. */
static ew_status pass_strings(reader *r, uint64_t n, ew_error *err) {
    const uint8_t *p = r->file.data + r->at, *end = r->file.data + r->file.len;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t len = 0;
        if ((size_t)(end - p) < 8 || (len = ewi_load_u64(p)) > (size_t)(end - p) - 8)
            return ewi_fail(err, EW_FORMAT,
                            "string %" PRIu64 " at offset %zu: %" PRIu64
                            " bytes, but the file ends at %zu (a cut download?)",
                            i, (size_t)(p - r->file.data), len, r->file.len);
        p += 8 + len;
    }
    r->at = (size_t)(p - r->file.data);
    return EW_OK;
}

static ew_status check_bools(ewi_bytes bools, ew_error *err) {
    for (size_t i = 0; i < bools.len; i++)
        if (bools.data[i] > 1)
            return ewi_fail(err, EW_FORMAT, "bool %zu is %u, neither 0 nor 1", i, bools.data[i]);
    return EW_OK;
}

/* Passes kv->n items of kv->item_type, and makes them the value. */
static ew_status read_items(reader *r, ewi_gguf_kv *kv, ew_error *err) {
    size_t begin = r->at;
    uint32_t item_bytes = types[kv->item_type].bytes;
    uint64_t least = item_bytes ? item_bytes : 8;
    if (kv->n > left(r) / least)
        return ewi_fail(err, EW_FORMAT,
                        "%" PRIu64
                        " items of type %s at offset %zu, but the file ends at %zu (a cut download?)",
                        kv->n, types[kv->item_type].name, begin, r->file.len);
    if (kv->item_type == EWI_GGUF_STRING)
        EWI_TRY(pass_strings(r, kv->n, err));
    else
        r->at += (size_t)kv->n * item_bytes;
    kv->value = (ewi_bytes){r->file.data + begin, r->at - begin};
    return kv->item_type == EWI_GGUF_BOOL ? check_bools(kv->value, err) : EW_OK;
}

static ew_status read_value(reader *r, ewi_gguf_kv *kv, ew_error *err) {
    EWI_TRY(read_type(r, "the type", &kv->type, err));
    kv->item_type = kv->type;
    kv->n = 1;
    if (kv->type == EWI_GGUF_ARRAY) {
        EWI_TRY(read_type(r, "the type of the items", &kv->item_type, err));
        if (kv->item_type == EWI_GGUF_ARRAY)
            return ewi_fail(err, EW_UNSUPPORTED, "an array of arrays at offset %zu", r->at - 4);
        EWI_TRY(read_u64(r, "the number of items", &kv->n, err));
    }
    return read_items(r, kv, err);
}

/* ----------------------------------------------------------------------------------------------- metadata */

/* n records of at least min_bytes must fit in what is left, and none of the tables may be larger than its
 * limit. */
static ew_status check_count(const reader *r, uint64_t n, uint32_t min_bytes, uint32_t limit,
                             const char *what, ew_error *err) {
    if (n > left(r) / min_bytes)
        return ewi_fail(err, EW_FORMAT, "%" PRIu64 " %s cannot fit in the %" PRIu64 " bytes after offset %zu",
                        n, what, left(r), r->at);
    if (n > limit) return ewi_fail(err, EW_LIMIT, "%" PRIu64 " %s, at most %" PRIu32, n, what, limit);
    return EW_OK;
}

static ew_status read_kv_table(reader *r, uint64_t n, ewi_arena *arena, ewi_gguf *out, ew_error *err) {
    EWI_TRY(check_count(r, n, MIN_KV_BYTES, EWI_GGUF_MAX_KV, "metadata entries", err));
    ewi_gguf_kv *kv = ewi_arena_array(arena, (size_t)n, sizeof *kv);
    if (!kv) return ewi_no_memory(err, "the metadata table");
    for (size_t i = 0; i < n; i++) {
        ew_status status = read_name(r, "key", &kv[i].key, err);
        if (status) return ewi_fail_at(err, status, "metadata entry %zu of %" PRIu64, i, n);
        status = read_value(r, &kv[i], err);
        if (status) return ewi_fail_at(err, status, "key %.*s", EWI_STR_ARG(kv[i].key));
    }
    out->kv = kv;
    out->n_kv = (size_t)n;
    return ewi_name_index_make(arena, &kv[0].key, out->n_kv, sizeof *kv, "key", &out->kv_names, err);
}

static ew_status read_alignment(ewi_gguf *gguf, ew_error *err) {
    gguf->alignment = DEFAULT_ALIGNMENT;
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, EWI_STR("general.alignment"));
    if (!kv) return EW_OK;
    if (kv->type != EWI_GGUF_U32)
        return ewi_fail(err, EW_FORMAT, "key general.alignment is of type %s, it must be u32",
                        types[kv->type].name);
    gguf->alignment = ewi_load_u32(kv->value.data);
    if (gguf->alignment < 8 || gguf->alignment > EWI_GGUF_MAX_ALIGNMENT || !ewi_is_pow2(gguf->alignment))
        return ewi_fail(err, EW_FORMAT,
                        "key general.alignment is %" PRIu32 ", it must be a power of two from 8 to %u",
                        gguf->alignment, EWI_GGUF_MAX_ALIGNMENT);
    return EW_OK;
}

/* ------------------------------------------------------------------------------------------------ tensors */

/* Reads the dims, which the file has innermost first. */
static ew_status read_dims(reader *r, ewi_tensor *tensor, ew_error *err) {
    EWI_TRY(read_u32(r, "the number of dimensions", &tensor->n_dims, err));
    if (tensor->n_dims > EWI_GGUF_MAX_DIMS)
        return ewi_fail(err, EW_FORMAT, "%" PRIu32 " dimensions at offset %zu, at most %u", tensor->n_dims,
                        r->at - 4, EWI_GGUF_MAX_DIMS);
    for (uint32_t i = tensor->n_dims; i-- > 0;) {
        EWI_TRY(read_u64(r, "a dimension", &tensor->dims[i], err));
        if (tensor->dims[i] == 0 || tensor->dims[i] > INT64_MAX)
            return ewi_fail(err, EW_FORMAT, "dimension %" PRIu32 " is %" PRId64 " (offset %zu)", i,
                            (int64_t)tensor->dims[i], r->at - 8);
    }
    return EW_OK;
}

static ew_status read_dtype(reader *r, ewi_dtype *out, ew_error *err) {
    uint32_t id = 0;
    EWI_TRY(read_u32(r, "the type", &id, err));
    if (ewi_dtype_from_gguf(id, out)) return EW_OK;
    const char *removed = ewi_dtype_removed(id);
    if (removed)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "type %" PRIu32
                        " at offset %zu is %s, which GGUF has removed: convert the model again",
                        id, r->at - 4, removed);
    return ewi_fail(err, EW_UNSUPPORTED, "type %" PRIu32 " at offset %zu is unknown", id, r->at - 4);
}

/* Reads what stands about a tensor after its name; its offset is still relative to the data. */
static ew_status read_tensor(reader *r, uint32_t alignment, ewi_tensor *tensor, ew_error *err) {
    EWI_TRY(read_dims(r, tensor, err));
    EWI_TRY(read_dtype(r, &tensor->dtype, err));
    EWI_TRY(read_u64(r, "the offset", &tensor->offset, err));
    if (tensor->offset % alignment != 0)
        return ewi_fail(err, EW_FORMAT, "offset %" PRIu64 " is not a multiple of the alignment %" PRIu32,
                        tensor->offset, alignment);
    return ewi_tensor_size(tensor->dtype, tensor->n_dims, tensor->dims, &tensor->size_bytes, err);
}

/* Turns the offset into one from the start of the file, and finds the data there. */
static ew_status place_tensor(ewi_bytes file, uint64_t data_offset, ewi_tensor *tensor, ew_error *err) {
    uint64_t offset;
    if (!ewi_add_u64(data_offset, tensor->offset, &offset) ||
        !ewi_in_range(offset, tensor->size_bytes, file.len))
        return ewi_fail(err, EW_FORMAT,
                        "tensor %.*s: %" PRIu64 " bytes at offset %" PRIu64
                        " of the data, which begins at %" PRIu64
                        ": past the end of the file (%zu bytes; a cut download?)",
                        EWI_STR_ARG(tensor->name), tensor->size_bytes, tensor->offset, data_offset, file.len);
    tensor->offset = offset;
    tensor->data = file.data + offset;
    return EW_OK;
}

static uint64_t offset_key(const void *table, size_t index) {
    return ((const ewi_tensor *)table)[index].offset;
}

/* Tensors follow each other with no more between them than alignment asks for: what lies in a hole would be
 * carried along unseen. */
static ew_status check_tiling(const ewi_tensor *tensors, size_t n, uint32_t alignment, ewi_arena *arena,
                              ew_error *err) {
    static const ewi_order_by by_offset = {offset_key, NULL};
    uint32_t *order;
    EWI_TRY(ewi_order_make(arena, tensors, n, &by_offset, &order, err));
    for (size_t i = 1; i < n; i++) {
        const ewi_tensor *before = &tensors[order[i - 1]], *tensor = &tensors[order[i]];
        uint64_t step = tensor->offset - before->offset;
        if (step < before->size_bytes)
            return ewi_fail(err, EW_FORMAT, "tensor %.*s at offset %" PRIu64 " overlaps tensor %.*s",
                            EWI_STR_ARG(tensor->name), tensor->offset, EWI_STR_ARG(before->name));
        if (step - before->size_bytes >= alignment)
            return ewi_fail(err, EW_FORMAT,
                            "tensor %.*s at offset %" PRIu64 ": %" PRIu64
                            " bytes before it belong to no tensor",
                            EWI_STR_ARG(tensor->name), tensor->offset, step - before->size_bytes);
    }
    return EW_OK;
}

static ew_status read_tensor_infos(reader *r, uint64_t n, uint32_t alignment, ewi_tensor *tensors,
                                   ew_error *err) {
    for (size_t i = 0; i < n; i++) {
        ew_status status = read_name(r, "name", &tensors[i].name, err);
        if (status) return ewi_fail_at(err, status, "tensor %zu of %" PRIu64, i, n);
        status = read_tensor(r, alignment, &tensors[i], err);
        if (status) return ewi_fail_at(err, status, "tensor %.*s", EWI_STR_ARG(tensors[i].name));
    }
    return EW_OK;
}

static ew_status read_tensor_table(reader *r, uint64_t n, ewi_arena *arena, ewi_gguf *out, ew_error *err) {
    EWI_TRY(check_count(r, n, MIN_TENSOR_BYTES, EWI_GGUF_MAX_TENSORS, "tensors", err));
    ewi_tensor *tensors = ewi_arena_array(arena, (size_t)n, sizeof *tensors);
    if (!tensors) return ewi_no_memory(err, "the tensor table");
    EWI_TRY(read_tensor_infos(r, n, out->alignment, tensors, err));
    if (!ewi_align_u64(r->at, out->alignment, &out->data_offset))
        return ewi_fail(err, EW_FORMAT, "the tensor data would begin past 2^64");
    for (size_t i = 0; i < n; i++) EWI_TRY(place_tensor(r->file, out->data_offset, &tensors[i], err));
    out->tensors = tensors;
    out->n_tensors = (size_t)n;
    EWI_TRY(ewi_name_index_make(arena, &tensors[0].name, out->n_tensors, sizeof *tensors, "tensor",
                                &out->tensor_names, err));
    return check_tiling(tensors, out->n_tensors, out->alignment, arena, err);
}

/* ----------------------------------------------------------------------------------------------- the file */

static ew_status check_version(uint32_t version, ew_error *err) {
    if (version == 2 || version == 3) return EW_OK;
    if (version != 0 && (version & 0xffff) == 0)
        return ewi_fail(err, EW_UNSUPPORTED, "a big-endian file: convert it to little-endian");
    if (version == 1)
        return ewi_fail(err, EW_UNSUPPORTED, "version 1, from before August 2023: convert the model again");
    return ewi_fail(err, EW_UNSUPPORTED, "version %" PRIu32 ": versions 2 and 3 can be read", version);
}

static ew_status parse(ewi_bytes file, ewi_arena *arena, ewi_gguf *out, ew_error *err) {
    reader r = {file, 0};
    uint64_t n_tensors = 0, n_kv = 0;
    const uint8_t *magic = read_bytes(&r, 4, "the header", err);
    if (!magic) return EW_FORMAT;
    if (memcmp(magic, "GGUF", 4) != 0)
        return ewi_fail(err, EW_FORMAT, "the file does not begin with \"GGUF\"");
    EWI_TRY(read_u32(&r, "the version", &out->version, err));
    EWI_TRY(check_version(out->version, err));
    EWI_TRY(read_u64(&r, "the number of tensors", &n_tensors, err));
    EWI_TRY(read_u64(&r, "the number of metadata entries", &n_kv, err));
    EWI_TRY(read_kv_table(&r, n_kv, arena, out, err));
    EWI_TRY(read_alignment(out, err));
    return read_tensor_table(&r, n_tensors, arena, out, err);
}

ew_status ewi_gguf_parse(ewi_bytes file, ewi_arena *arena, ewi_gguf *out, ew_error *err) {
    ewi_gguf gguf = {0};
    ew_status status = parse(file, arena, &gguf, err);
    if (status) return ewi_fail_at(err, status, "gguf");
    *out = gguf;
    return EW_OK;
}

/* ------------------------------------------------------------------------------------------------ lookups */

const ewi_gguf_kv *ewi_gguf_find(const ewi_gguf *gguf, ew_str key) {
    size_t i;
    return ewi_name_index_find(&gguf->kv_names, key, &i) ? &gguf->kv[i] : NULL;
}

const ewi_tensor *ewi_gguf_find_tensor(const ewi_gguf *gguf, ew_str name) {
    size_t i;
    return ewi_name_index_find(&gguf->tensor_names, name, &i) ? &gguf->tensors[i] : NULL;
}

/* ------------------------------------------------------------------------------------------------- values */

ew_str ewi_gguf_string(const ewi_gguf_kv *kv) {
    size_t at = 0;
    EW_ASSERT(kv->type == EWI_GGUF_STRING);
    return ewi_gguf_next_string(kv, &at);
}

ew_str ewi_gguf_next_string(const ewi_gguf_kv *kv, size_t *at) {
    EW_ASSERT(kv->item_type == EWI_GGUF_STRING && *at < kv->value.len);
    const uint8_t *p = kv->value.data + *at;
    size_t len = (size_t)ewi_load_u64(p);
    *at += 8 + len;
    return (ew_str){(const char *)p + 8, len};
}

static float load_f32(const uint8_t *p) {
    uint32_t bits = ewi_load_u32(p);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double load_f64(const uint8_t *p) {
    uint64_t bits = ewi_load_u64(p);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static const uint8_t *item(const ewi_gguf_kv *kv, uint64_t index) {
    EW_ASSERT(index < kv->n);
    return kv->value.data + index * types[kv->item_type].bytes;
}

bool ewi_gguf_i64(const ewi_gguf_kv *kv, uint64_t index, int64_t *out) {
    if (kv->item_type == EWI_GGUF_STRING) return false;
    const uint8_t *p = item(kv, index);
    switch (kv->item_type) {
    case EWI_GGUF_U8:
    case EWI_GGUF_BOOL: *out = p[0]; return true;
    case EWI_GGUF_I8: *out = (int8_t)p[0]; return true;
    case EWI_GGUF_U16: *out = ewi_load_u16(p); return true;
    case EWI_GGUF_I16: *out = (int16_t)ewi_load_u16(p); return true;
    case EWI_GGUF_U32: *out = ewi_load_u32(p); return true;
    case EWI_GGUF_I32: *out = (int32_t)ewi_load_u32(p); return true;
    case EWI_GGUF_I64: *out = (int64_t)ewi_load_u64(p); return true;
    case EWI_GGUF_U64:
        if (ewi_load_u64(p) > INT64_MAX) return false;
        *out = (int64_t)ewi_load_u64(p);
        return true;
    case EWI_GGUF_F32:
    case EWI_GGUF_F64:
    case EWI_GGUF_STRING:
    case EWI_GGUF_ARRAY: return false;
    }
    return false;
}

bool ewi_gguf_f64(const ewi_gguf_kv *kv, uint64_t index, double *out) {
    int64_t whole;
    switch (kv->item_type) {
    case EWI_GGUF_F32: *out = (double)load_f32(item(kv, index)); return true;
    case EWI_GGUF_F64: *out = load_f64(item(kv, index)); return true;
    case EWI_GGUF_U64: *out = (double)ewi_load_u64(item(kv, index)); return true;
    case EWI_GGUF_BOOL: return false;
    case EWI_GGUF_U8:
    case EWI_GGUF_I8:
    case EWI_GGUF_U16:
    case EWI_GGUF_I16:
    case EWI_GGUF_U32:
    case EWI_GGUF_I32:
    case EWI_GGUF_I64:
    case EWI_GGUF_STRING:
    case EWI_GGUF_ARRAY: break;
    }
    if (!ewi_gguf_i64(kv, index, &whole)) return false;
    *out = (double)whole;
    return true;
}
