#include "format/gguf_writer.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "os/file.h"

#define ALIGNMENT        32u
#define MAX_HEADER_BYTES ((size_t)1 << 30)
#define FILE_NAME        "model.gguf"

struct ewi_gguf_writer {
    ewi_staging *staging;
    ewi_buffer metadata, table; /* what follows the counts in the file, and what is known of the tensors */
    uint64_t n_kv;
    size_t n_tensors, n_begun, table_bytes;
    uint64_t at, end; /* in the data; where the tensor that is written ends */
};

/* ---- little-endian ---- */

static void put(ewi_buffer *out, uint64_t value, size_t n_bytes) {
    uint8_t bytes[8];
    for (size_t i = 0; i < n_bytes; i++) bytes[i] = (uint8_t)(value >> 8 * i);
    ewi_buffer_add(out, bytes, n_bytes);
}

static void put_string(ewi_buffer *out, ew_str text) {
    put(out, text.len, 8);
    ewi_buffer_add(out, text.data, text.len);
}

/* ---- metadata ---- */

/* Of an item of an array, nothing comes before the value. */
static void put_key(ewi_gguf_writer *w, ew_str key, ewi_gguf_type type) {
    if (key.len == 0) return;
    put_string(&w->metadata, key);
    put(&w->metadata, (uint64_t)type, 4);
    w->n_kv++;
}

void ewi_gguf_writer_copy(ewi_gguf_writer *w, const ewi_gguf_kv *kv) {
    put_key(w, kv->key, kv->type);
    if (kv->type == EWI_GGUF_ARRAY) {
        put(&w->metadata, (uint64_t)kv->item_type, 4);
        put(&w->metadata, kv->n, 8);
    }
    ewi_buffer_add(&w->metadata, kv->value.data, kv->value.len);
}

void ewi_gguf_writer_u32(ewi_gguf_writer *w, ew_str key, uint32_t value) {
    put_key(w, key, EWI_GGUF_U32);
    put(&w->metadata, value, 4);
}

void ewi_gguf_writer_f32(ewi_gguf_writer *w, ew_str key, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(w, key, EWI_GGUF_F32);
    put(&w->metadata, bits, 4);
}

void ewi_gguf_writer_bool(ewi_gguf_writer *w, ew_str key, bool value) {
    put_key(w, key, EWI_GGUF_BOOL);
    put(&w->metadata, value, 1);
}

void ewi_gguf_writer_string(ewi_gguf_writer *w, ew_str key, ew_str value) {
    put_key(w, key, EWI_GGUF_STRING);
    put_string(&w->metadata, value);
}

void ewi_gguf_writer_array(ewi_gguf_writer *w, ew_str key, ewi_gguf_type item_type, uint64_t n) {
    put_key(w, key, EWI_GGUF_ARRAY);
    put(&w->metadata, (uint64_t)item_type, 4);
    put(&w->metadata, n, 8);
}

/* ---- opening ---- */

static ew_status check_replaced(const char *path, ew_error *err) {
    ewi_map *map;
    if (ewi_is_directory(path))
        return ewi_fail(err, EW_INVALID, "%s: is a folder: remove it yourself if it may go", path);
    if (!ewi_is_file(path)) return EW_OK;
    EWI_TRY(ewi_map_open(path, &map, err));
    const ewi_bytes bytes = ewi_map_bytes(map);
    const bool is_gguf = bytes.len >= 4 && memcmp(bytes.data, "GGUF", 4) == 0;
    ewi_map_close(map);
    if (is_gguf) return EW_OK;
    return ewi_fail(err, EW_INVALID, "%s: is no GGUF file: remove it yourself if it may go", path);
}

ew_status ewi_gguf_writer_open(const char *path, const char *key, bool replace, ewi_gguf_writer **out,
                               ew_error *err) {
    if (replace) EWI_TRY(check_replaced(path, err));
    ewi_gguf_writer *w = ewi_zalloc(sizeof *w);
    if (!w) return ewi_no_memory(err, "a GGUF file");
    ewi_buffer_init(&w->metadata, MAX_HEADER_BYTES);
    ewi_buffer_init(&w->table, MAX_HEADER_BYTES);
    ew_status status = ewi_staging_open(path, key, replace, &w->staging, err);
    if (status == EW_OK)
        *out = w;
    else
        ewi_gguf_writer_abandon(w);
    return status;
}

ewi_staging *ewi_gguf_writer_staging(const ewi_gguf_writer *w) {
    return w->staging;
}

void ewi_gguf_writer_abandon(ewi_gguf_writer *w) {
    if (!w) return;
    ewi_staging_abandon(w->staging);
    ewi_buffer_deinit(&w->metadata);
    ewi_buffer_deinit(&w->table);
    ewi_free(w);
}

/* ---- tensors ---- */

static size_t aligned(size_t n) {
    return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Magic, version, two counts. */
#define FIXED_BYTES 24u

static size_t header_bytes(const ewi_gguf_writer *w) {
    return aligned(FIXED_BYTES + w->metadata.len + w->table_bytes);
}

static ew_status write_zeros(ewi_gguf_writer *w, size_t n, ew_error *err) {
    static const uint8_t zeros[4096];
    for (size_t piece; n > 0; n -= piece) {
        piece = n < sizeof zeros ? n : sizeof zeros;
        EWI_TRY(ewi_staging_write(w->staging, zeros, piece, err));
    }
    return EW_OK;
}

ew_status ewi_gguf_writer_begin(ewi_gguf_writer *w, const ewi_tensor *tensors, size_t n, ew_error *err) {
    w->n_tensors = n;
    for (size_t i = 0; i < n; i++) w->table_bytes += 8 + tensors[i].name.len + 4 + 8 * tensors[i].n_dims + 12;
    if (w->metadata.failed || !ewi_buffer_reserve(&w->table, w->table_bytes))
        return ewi_no_memory(err, "the metadata");
    EWI_TRY(ewi_staging_create_kept(w->staging, err));
    return write_zeros(w, header_bytes(w), err);
}

static ew_status align(ewi_gguf_writer *w, ew_error *err) {
    const size_t n = (size_t)((ALIGNMENT - w->at % ALIGNMENT) % ALIGNMENT);
    w->at += n;
    return write_zeros(w, n, err);
}

ew_status ewi_gguf_writer_tensor(ewi_gguf_writer *w, const ewi_tensor *t, ew_error *err) {
    EW_ASSERT(w->at == w->end && w->n_begun < w->n_tensors && ewi_dtype_get(t->dtype)->gguf_id >= 0);
    EWI_TRY(align(w, err));
    put_string(&w->table, t->name);
    put(&w->table, t->n_dims, 4);
    for (uint32_t i = t->n_dims; i-- > 0;) put(&w->table, t->dims[i], 8);
    put(&w->table, (uint64_t)ewi_dtype_get(t->dtype)->gguf_id, 4);
    put(&w->table, w->at, 8);
    w->n_begun++;
    w->end = w->at + t->size_bytes;
    return EW_OK;
}

ew_status ewi_gguf_writer_data(ewi_gguf_writer *w, const void *data, size_t len, ew_error *err) {
    EW_ASSERT(len <= w->end - w->at);
    w->at += len;
    return ewi_staging_write(w->staging, data, len, err);
}

/* ---- the end ---- */

static ew_status write_header(ewi_gguf_writer *w, ew_error *err) {
    ewi_buffer header;
    ewi_buffer_init(&header, 2 * MAX_HEADER_BYTES + FIXED_BYTES);
    ewi_buffer_add(&header, "GGUF", 4);
    put(&header, 3, 4);
    put(&header, w->n_tensors, 8);
    put(&header, w->n_kv, 8);
    ewi_buffer_add(&header, w->metadata.data, w->metadata.len);
    ewi_buffer_add(&header, w->table.data, w->table.len);
    ew_status status = header.failed || w->table.failed
                           ? ewi_no_memory(err, "the metadata")
                           : ewi_staging_rewrite(w->staging, header.data, header.len, err);
    ewi_buffer_deinit(&header);
    return status;
}

ew_status ewi_gguf_writer_close(ewi_gguf_writer *w, ew_error *err) {
    EW_ASSERT(w->at == w->end && w->n_begun == w->n_tensors && w->table.len == w->table_bytes);
    EWI_TRY(align(w, err));
    EWI_TRY(write_header(w, err));
    EWI_TRY(ewi_staging_finish(w->staging, FILE_NAME, err));
    EWI_TRY(ewi_staging_commit_file(w->staging, FILE_NAME, err));
    w->staging = NULL;
    ewi_gguf_writer_abandon(w);
    return EW_OK;
}
