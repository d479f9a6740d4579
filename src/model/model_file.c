/* model_file.c: what a model file holds, for people: the ew_file functions of the public header. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/mem.h"
#include "model/checkpoint.h"

struct ew_file {
    ewi_checkpoint checkpoint;
    char format[80];
};

static void name_format(ew_file *file) {
    const ewi_checkpoint *c = &file->checkpoint;
    const ew_str type = c->container.type, ranges = c->container.ranges;
    if (c->is_container)
        snprintf(file->format, sizeof file->format, "package, %.*s%s%s%.*s, from %s",
                 type.len < 20 ? (int)type.len : 20, type.data, c->container.is_scaled ? ", scaled" : "",
                 ranges.len ? ", ranges " : "", ranges.len < 10 ? (int)ranges.len : 10,
                 ranges.len ? ranges.data : "", c->kind == EWI_CHECKPOINT_GGUF ? "GGUF" : "safetensors");
    else if (c->kind == EWI_CHECKPOINT_GGUF && c->n_shards == 1)
        snprintf(file->format, sizeof file->format, "GGUF v%u", c->gguf.version);
    else if (c->kind == EWI_CHECKPOINT_GGUF)
        snprintf(file->format, sizeof file->format, "GGUF v%u, %zu files", c->gguf.version, c->n_shards);
    else if (c->n_shards == 1)
        snprintf(file->format, sizeof file->format, "safetensors");
    else
        snprintf(file->format, sizeof file->format, "safetensors, %zu shards", c->n_shards);
}

ew_status ew_file_open(const char *path, ew_file **out, ew_error *err) {
    EWI_REQUIRE(path && out, err);
    ew_file *file = ewi_zalloc(sizeof *file);
    if (!file) return ewi_no_memory(err, "a file");
    ew_status status = ewi_checkpoint_open(path, &file->checkpoint, err);
    if (status != EW_OK) {
        ewi_free(file);
        return status;
    }
    name_format(file);
    *out = file;
    return EW_OK;
}

void ew_file_close(ew_file *file) {
    if (!file) return;
    ewi_checkpoint_close(&file->checkpoint);
    ewi_free(file);
}

ew_status ew_file_verify(const ew_file *file, ew_error *err) {
    EWI_REQUIRE(file, err);
    return ewi_checkpoint_verify(&file->checkpoint, err);
}

const char *ew_file_format(const ew_file *file) {
    return file->format;
}

uint64_t ew_file_size_bytes(const ew_file *file) {
    uint64_t size = 0;
    for (size_t i = 0; i < file->checkpoint.n_maps; i++) size += ewi_map_bytes(file->checkpoint.maps[i]).len;
    return size;
}

size_t ew_file_n_meta(const ew_file *file) {
    return file->checkpoint.n_meta;
}

size_t ew_file_n_tensors(const ew_file *file) {
    return file->checkpoint.n_tensors;
}

/* ---- metadata ---- */

static const char *array_type_name(ewi_gguf_type item) {
    static const char *const names[] = {
        [EWI_GGUF_U8] = "array of u8",         [EWI_GGUF_I8] = "array of i8",
        [EWI_GGUF_U16] = "array of u16",       [EWI_GGUF_I16] = "array of i16",
        [EWI_GGUF_U32] = "array of u32",       [EWI_GGUF_I32] = "array of i32",
        [EWI_GGUF_F32] = "array of f32",       [EWI_GGUF_BOOL] = "array of bool",
        [EWI_GGUF_STRING] = "array of string", [EWI_GGUF_ARRAY] = "array",
        [EWI_GGUF_U64] = "array of u64",       [EWI_GGUF_I64] = "array of i64",
        [EWI_GGUF_F64] = "array of f64",
    };
    return names[item];
}

ew_meta ew_file_meta(const ew_file *file, size_t index) {
    EW_ASSERT(index < file->checkpoint.n_meta);
    const ewi_checkpoint_meta *meta = &file->checkpoint.meta[index];
    const char *type = meta->is_json ? "json" : "string";
    if (meta->kv)
        type = meta->kv->type == EWI_GGUF_ARRAY ? array_type_name(meta->kv->item_type)
                                                : ewi_gguf_type_name(meta->kv->type);
    return (ew_meta){meta->key, type, meta->kv ? meta->kv->n : 1};
}

/* The beginning of a text, and how long all of it is: a value may be far longer as JSON than in its file. */
typedef struct excerpt {
    char *buf;
    size_t cap, len;
    ewi_buffer piece; /* of a string, escaped */
} excerpt;

static void add_text(excerpt *out, const void *text, size_t len) {
    size_t room = out->len < out->cap ? out->cap - out->len : 0;
    size_t shown = len < room ? len : room;
    if (shown) memcpy(out->buf + out->len, text, shown);
    out->len += len;
}

#define PIECE_BYTES 1024u

/* Where a piece of the text ends: not inside of a character. */
static size_t piece_end(ew_str text, size_t begin) {
    if (text.len - begin <= PIECE_BYTES) return text.len;
    size_t end = begin + PIECE_BYTES;
    for (unsigned back = 0; back < 3 && ((uint8_t)text.data[end] & 0xc0) == 0x80; back++) end--;
    return end;
}

static bool add_string(excerpt *out, ew_str text) {
    add_text(out, "\"", 1);
    for (size_t begin = 0, end; begin < text.len; begin = end) {
        end = piece_end(text, begin);
        out->piece.len = 0;
        if (!ewi_buffer_json_string(&out->piece, (ew_str){text.data + begin, end - begin})) return false;
        add_text(out, out->piece.data + 1, out->piece.len - 2);
    }
    add_text(out, "\"", 1);
    return true;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Checked JSON on one line: outside of strings a blank after each comma and colon, and no other. */
static void add_json(excerpt *out, ew_str json) {
    bool in_string = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.data[i];
        if (!in_string && is_blank(c)) continue;
        add_text(out, &c, 1);
        if (in_string && c == '\\') add_text(out, &json.data[++i], 1);
        if (!in_string && (c == ',' || c == ':')) add_text(out, " ", 1);
        if (c == '"') in_string = !in_string;
    }
}

/* The fewest digits that give the same number back; a decimal point whatever the locale says. */
static void print_number(double value, bool is_f32, char text[32]) {
    double back;
    for (int digits = is_f32 ? 6 : 15; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, value);
        for (char *c = text; *c; c++)
            if (!strchr("+-.0123456789e", *c)) *c = '.';
        bool finite = ewi_decimal_to_double(ewi_str(text), &back);
        if (finite && (is_f32 ? (float)back == (float)value : back == value)) return;
    }
}

/* JSON has no infinities and no NaN: they are written as strings. */
static void add_number(excerpt *out, double value, bool is_f32) {
    char text[32];
    if (value - value == 0)
        print_number(value, is_f32, text);
    else
        snprintf(text, sizeof text, "\"%f\"", value);
    add_text(out, text, strlen(text));
}

static void add_whole(excerpt *out, int64_t value) {
    char text[32];
    int n = snprintf(text, sizeof text, "%" PRId64, value);
    add_text(out, text, n > 0 ? (size_t)n : 0);
}

static bool add_item(excerpt *out, const ewi_gguf_kv *kv, uint64_t i, size_t *string_at) {
    int64_t whole;
    double real;
    if (kv->item_type == EWI_GGUF_STRING) return add_string(out, ewi_gguf_next_string(kv, string_at));
    if (kv->item_type == EWI_GGUF_BOOL && ewi_gguf_i64(kv, i, &whole))
        add_text(out, whole ? "true" : "false", whole ? 4 : 5);
    else if (ewi_gguf_i64(kv, i, &whole))
        add_whole(out, whole);
    else if (ewi_gguf_f64(kv, i, &real))
        add_number(out, real, kv->item_type == EWI_GGUF_F32);
    return true;
}

static bool add_kv(excerpt *out, const ewi_gguf_kv *kv, size_t max_items) {
    size_t string_at = 0;
    if (kv->type != EWI_GGUF_ARRAY) return add_item(out, kv, 0, &string_at);
    add_text(out, "[", 1);
    for (uint64_t i = 0; i < kv->n && i < max_items; i++) {
        if (i) add_text(out, ", ", 2);
        if (!add_item(out, kv, i, &string_at)) return false;
    }
    if (kv->n > max_items) add_text(out, max_items ? ", \"...\"" : "\"...\"", max_items ? 7 : 5);
    add_text(out, "]", 1);
    return true;
}

size_t ew_file_meta_text(const ew_file *file, size_t index, size_t max_items, char *buf, size_t cap) {
    EW_ASSERT(index < file->checkpoint.n_meta);
    const ewi_checkpoint_meta *meta = &file->checkpoint.meta[index];
    excerpt out = {.buf = buf, .cap = cap ? cap - 1 : 0};
    ewi_buffer_init(&out.piece, 8 * PIECE_BYTES);
    bool ok = true;
    if (meta->kv)
        ok = add_kv(&out, meta->kv, max_items);
    else if (meta->is_json)
        add_json(&out, meta->text);
    else
        ok = add_string(&out, meta->text);
    ewi_buffer_deinit(&out.piece);
    size_t n = ok ? out.len : 0; /* out of memory, before anything was written */
    if (cap) buf[n < cap - 1 ? n : cap - 1] = '\0';
    return n;
}

/* ---- tensors ---- */

ew_tensor_info ew_file_tensor(const ew_file *file, size_t index) {
    EW_ASSERT(index < file->checkpoint.n_tensors);
    const ewi_tensor *tensor = &file->checkpoint.tensors[index];
    ew_tensor_info info = {
        .name = tensor->name,
        .dtype = ewi_dtype_get(tensor->dtype)->name,
        .n_dims = tensor->n_dims,
        .size_bytes = tensor->size_bytes,
        .offset = tensor->offset,
        .input_scale = tensor->input_scale,
    };
    memcpy(info.dims, tensor->dims, sizeof info.dims);
    return info;
}
