/* gguf_build.c: GGUF files for tests, true ones and lying ones. */
#include "gguf_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

#define MAX_FILE_DIMS 64u

/* Plain heap memory, so that tests which count or fail the library's allocations see only the library's. */
typedef struct bytes {
    uint8_t *data;
    size_t len, cap;
} bytes;

typedef struct tensor {
    bytes name, data;
    uint32_t type, n_dims;
    uint64_t dims[MAX_FILE_DIMS]; /* innermost first */
    uint64_t offset;
    bool lies_offset;
} tensor;

struct gguf_build {
    bytes kv, file;
    tensor *tensors;
    size_t n_tensors;
    uint64_t n_kv, lie_n_kv, lie_n_tensors;
    bool lies_n_kv, lies_n_tensors;
    uint32_t version, alignment;
};

enum {
    TYPE_U8 = 0,
    TYPE_U32 = 4,
    TYPE_I32 = 5,
    TYPE_F32 = 6,
    TYPE_BOOL = 7,
    TYPE_STRING = 8,
    TYPE_ARRAY = 9,
    TYPE_U64 = 10,
    TYPE_I64 = 11,
    TYPE_F64 = 12
};

/* ---- bytes ---- */

static void *grown(void *block, size_t size) {
    void *moved = realloc(block, size);
    if (!moved) fail_msg("gguf_build: no memory for %zu bytes", size);
    return moved;
}

static void put(bytes *b, const void *data, size_t len) {
    if (len > b->cap - b->len) {
        b->cap = 2 * (b->len + len);
        b->data = grown(b->data, b->cap);
    }
    if (data)
        memcpy(b->data + b->len, data, len);
    else
        memset(b->data + b->len, 0, len);
    b->len += len;
}

static void put_number(bytes *b, uint64_t value, size_t n_bytes) {
    uint8_t little[8];
    for (size_t i = 0; i < 8; i++) little[i] = (uint8_t)(value >> (8 * i));
    put(b, little, n_bytes);
}

static void put_string(bytes *b, const void *text, size_t len) {
    put_number(b, len, 8);
    if (len) put(b, text, len);
}

/* ---- metadata ---- */

void gguf_build_raw(gguf_build *b, ew_str key, uint32_t type, const void *value, size_t len) {
    put_string(&b->kv, key.data, key.len);
    put_number(&b->kv, type, 4);
    if (len) put(&b->kv, value, len);
    b->n_kv++;
}

static void add_number(gguf_build *b, const char *key, uint32_t type, uint64_t value, size_t n_bytes) {
    gguf_build_raw(b, ewi_str(key), type, NULL, 0);
    put_number(&b->kv, value, n_bytes);
}

void gguf_build_u8(gguf_build *b, const char *key, uint8_t value) {
    add_number(b, key, TYPE_U8, value, 1);
}

void gguf_build_u32(gguf_build *b, const char *key, uint32_t value) {
    add_number(b, key, TYPE_U32, value, 4);
}

void gguf_build_i32(gguf_build *b, const char *key, int32_t value) {
    add_number(b, key, TYPE_I32, (uint32_t)value, 4);
}

void gguf_build_u64(gguf_build *b, const char *key, uint64_t value) {
    add_number(b, key, TYPE_U64, value, 8);
}

void gguf_build_i64(gguf_build *b, const char *key, int64_t value) {
    add_number(b, key, TYPE_I64, (uint64_t)value, 8);
}

void gguf_build_f32(gguf_build *b, const char *key, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_number(b, key, TYPE_F32, bits, 4);
}

void gguf_build_f64(gguf_build *b, const char *key, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_number(b, key, TYPE_F64, bits, 8);
}

void gguf_build_bool(gguf_build *b, const char *key, bool value) {
    add_number(b, key, TYPE_BOOL, value, 1);
}

void gguf_build_str(gguf_build *b, const char *key, const char *value) {
    gguf_build_raw(b, ewi_str(key), TYPE_STRING, NULL, 0);
    put_string(&b->kv, value, strlen(value));
}

static void add_array(gguf_build *b, const char *key, uint32_t item_type, size_t n) {
    gguf_build_raw(b, ewi_str(key), TYPE_ARRAY, NULL, 0);
    put_number(&b->kv, item_type, 4);
    put_number(&b->kv, n, 8);
}

void gguf_build_strings(gguf_build *b, const char *key, const ew_str *values, size_t n) {
    add_array(b, key, TYPE_STRING, n);
    for (size_t i = 0; i < n; i++) put_string(&b->kv, values[i].data, values[i].len);
}

void gguf_build_array(gguf_build *b, const char *key, uint32_t item_type, const void *items, size_t n,
                      size_t item_bytes) {
    add_array(b, key, item_type, n);
    if (n) put(&b->kv, items, n * item_bytes);
}

/* ---- tensors ---- */

size_t gguf_build_tensor(gguf_build *b, const char *name, ewi_dtype dtype, uint32_t n_dims,
                         const uint64_t *dims, const void *data) {
    ew_error err = {0};
    uint64_t size = 0;
    if (ewi_tensor_size(dtype, n_dims, dims, &size, &err)) fail_msg("gguf_build: %s: %s", name, err.text);
    b->tensors = grown(b->tensors, (b->n_tensors + 1) * sizeof *b->tensors);
    tensor *t = &b->tensors[b->n_tensors];
    *t = (tensor){.type = (uint32_t)ewi_dtype_get(dtype)->gguf_id, .n_dims = n_dims};
    put(&t->name, name, strlen(name));
    put(&t->data, data, (size_t)size);
    for (uint32_t i = 0; i < n_dims; i++) t->dims[i] = dims[n_dims - 1 - i];
    return b->n_tensors++;
}

/* ---- the file ---- */

gguf_build *gguf_build_new(void) {
    gguf_build *b = grown(NULL, sizeof *b);
    *b = (gguf_build){.version = 3, .alignment = 32};
    return b;
}

void gguf_build_free(gguf_build *b) {
    if (!b) return;
    for (size_t i = 0; i < b->n_tensors; i++) {
        free(b->tensors[i].name.data);
        free(b->tensors[i].data.data);
    }
    free(b->tensors);
    free(b->kv.data);
    free(b->file.data);
    free(b);
}

void gguf_build_alignment(gguf_build *b, uint32_t alignment) {
    gguf_build_u32(b, "general.alignment", alignment);
    b->alignment = alignment;
}

void gguf_build_version(gguf_build *b, uint32_t version) {
    b->version = version;
}

static void pad(bytes *b, uint32_t alignment) {
    if (alignment > 1 && b->len % alignment) put(b, NULL, alignment - b->len % alignment);
}

static void put_tensor_info(bytes *file, const tensor *t, uint64_t offset) {
    put_string(file, t->name.data, t->name.len);
    put_number(file, t->n_dims, 4);
    for (uint32_t i = 0; i < t->n_dims && i < MAX_FILE_DIMS; i++) put_number(file, t->dims[i], 8);
    put_number(file, t->type, 4);
    put_number(file, t->lies_offset ? t->offset : offset, 8);
}

ewi_bytes gguf_build_finish(gguf_build *b) {
    bytes *file = &b->file, data = {0};
    file->len = 0;
    put(file, "GGUF", 4);
    put_number(file, b->version, 4);
    put_number(file, b->lies_n_tensors ? b->lie_n_tensors : b->n_tensors, 8);
    put_number(file, b->lies_n_kv ? b->lie_n_kv : b->n_kv, 8);
    if (b->kv.len) put(file, b->kv.data, b->kv.len);
    for (size_t i = 0; i < b->n_tensors; i++) {
        pad(&data, b->alignment);
        put_tensor_info(file, &b->tensors[i], data.len);
        put(&data, b->tensors[i].data.data, b->tensors[i].data.len);
    }
    if (b->n_tensors) {
        pad(file, b->alignment);
        pad(&data, b->alignment);
        put(file, data.data, data.len);
    }
    free(data.data);
    return (ewi_bytes){file->data, file->len};
}

void gguf_build_write(gguf_build *b, const char *path) {
    ewi_bytes file = gguf_build_finish(b);
    FILE *out = fopen(path, "wb");
    if (!out) fail_msg("gguf_build: cannot create %s", path);
    size_t written = fwrite(file.data, 1, file.len, out);
    if (fclose(out) != 0 || written != file.len) fail_msg("gguf_build: cannot write %s", path);
}

/* ---- lies ---- */

static tensor *tensor_at(gguf_build *b, size_t index) {
    if (index >= b->n_tensors) fail_msg("gguf_build: no tensor %zu", index);
    return &b->tensors[index];
}

void gguf_build_lie_n_kv(gguf_build *b, uint64_t n) {
    b->lie_n_kv = n;
    b->lies_n_kv = true;
}

void gguf_build_lie_n_tensors(gguf_build *b, uint64_t n) {
    b->lie_n_tensors = n;
    b->lies_n_tensors = true;
}

void gguf_build_lie_name(gguf_build *b, size_t tensor_index, ew_str name) {
    tensor *t = tensor_at(b, tensor_index);
    t->name.len = 0;
    put(&t->name, name.data, name.len);
}

void gguf_build_lie_type(gguf_build *b, size_t tensor_index, uint32_t type) {
    tensor_at(b, tensor_index)->type = type;
}

void gguf_build_lie_dims(gguf_build *b, size_t tensor_index, uint32_t n_dims, const uint64_t *dims) {
    tensor *t = tensor_at(b, tensor_index);
    t->n_dims = n_dims;
    for (uint32_t i = 0; i < n_dims && i < MAX_FILE_DIMS; i++) t->dims[i] = dims ? dims[i] : 1;
}

void gguf_build_lie_offset(gguf_build *b, size_t tensor_index, uint64_t offset) {
    tensor *t = tensor_at(b, tensor_index);
    t->offset = offset;
    t->lies_offset = true;
}
