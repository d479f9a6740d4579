#include "format/imatrix.h"

#include <inttypes.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/gguf.h"

static float load_f32(const uint8_t *p) {
    const uint32_t bits = ewi_load_u32(p);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* n sums, divided by `count`. */
static ew_status take_means(ewi_imatrix_entry *e, size_t first, const uint8_t *sums, size_t n, float count,
                            ew_error *err) {
    for (size_t i = 0; i < n; i++) {
        const float sum = load_f32(sums + 4 * i), mean = count > 0.0f ? sum / count : 1.0f;
        if (!(sum >= 0.0f && mean <= 3e38f))
            return ewi_fail(err, EW_FORMAT, "imatrix: %.*s: sum %zu is no number from 0 on",
                            EWI_STR_ARG(e->name), first + i);
        e->means[first + i] = mean;
    }
    return EW_OK;
}

static ew_status make_entries(ewi_imatrix *m, size_t n, ewi_arena *arena, ew_error *err) {
    if (n > EWI_IMATRIX_MAX_ENTRIES)
        return ewi_fail(err, EW_LIMIT, "imatrix: %zu entries, at most %u", n, EWI_IMATRIX_MAX_ENTRIES);
    m->entries = ewi_arena_array(arena, n, sizeof *m->entries);
    m->n_entries = n;
    return m->entries ? EW_OK : ewi_no_memory(err, "an imatrix");
}

static ew_status make_means(ewi_imatrix_entry *e, size_t n, ewi_arena *arena, ew_error *err) {
    if (n == 0) return ewi_fail(err, EW_FORMAT, "imatrix: %.*s: has no sums", EWI_STR_ARG(e->name));
    e->n = n;
    e->means = ewi_arena_array(arena, n, sizeof *e->means);
    return e->means ? EW_OK : ewi_no_memory(err, "an imatrix");
}

/* ---- GGUF ---- */

static bool cut_end(ew_str *name, const char *end) {
    if (!ewi_str_ends(*name, end)) return false;
    name->len -= strlen(end);
    return name->len > 0;
}

/* NAME.counts, for NAME. */
static ew_status find_counts(const ewi_gguf *gguf, ew_str name, ewi_arena *arena, const ewi_tensor **out,
                             ew_error *err) {
    static const char end[] = ".counts";
    char *text = ewi_arena_alloc(arena, name.len + sizeof end);
    if (!text) return ewi_no_memory(err, "an imatrix");
    memcpy(text, name.data, name.len);
    memcpy(text + name.len, end, sizeof end);
    *out = ewi_gguf_find_tensor(gguf, (ew_str){text, name.len + sizeof end - 1});
    if (*out) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "imatrix: tensor %.*s%s: is missing", EWI_STR_ARG(name), end);
}

/* One count for each matrix; where it is 0, nothing is known and all inputs are the same. */
static ew_status read_sums(ewi_imatrix_entry *e, const ewi_tensor *sums, const ewi_tensor *counts,
                           ewi_arena *arena, ew_error *err) {
    const size_t n = (size_t)ewi_tensor_n_elements(sums), n_counts = (size_t)ewi_tensor_n_elements(counts);
    if (sums->dtype != EWI_F32 || counts->dtype != EWI_F32 || n % n_counts != 0)
        return ewi_fail(err, EW_FORMAT, "imatrix: %.*s: %zu sums and %zu counts, of types %s and %s",
                        EWI_STR_ARG(e->name), n, n_counts, ewi_dtype_get(sums->dtype)->name,
                        ewi_dtype_get(counts->dtype)->name);
    EWI_TRY(make_means(e, n, arena, err));
    const size_t each = n / n_counts;
    for (size_t i = 0; i < n_counts; i++) {
        const float count = load_f32(counts->data + 4 * i);
        if (!(count >= 0.0f))
            return ewi_fail(err, EW_FORMAT, "imatrix: %.*s: a count is no number from 0 on",
                            EWI_STR_ARG(e->name));
        EWI_TRY(take_means(e, i * each, sums->data + 4 * i * each, each, count, err));
    }
    return EW_OK;
}

static ew_status read_tensors(const ewi_gguf *gguf, ewi_arena *arena, ewi_imatrix *m, ew_error *err) {
    const ewi_tensor *counts = NULL;
    size_t n = 0, n_sums = 0;
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        ew_str name = gguf->tensors[i].name;
        n_sums += cut_end(&name, ".in_sum2");
    }
    if (n_sums == 0 || 2 * n_sums != gguf->n_tensors)
        return ewi_fail(err, EW_FORMAT, "imatrix: %zu tensors NAME.in_sum2 among %zu, not half of them",
                        n_sums, gguf->n_tensors);
    EWI_TRY(make_entries(m, n_sums, arena, err));
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        ewi_imatrix_entry *e = &m->entries[n];
        e->name = gguf->tensors[i].name;
        if (!cut_end(&e->name, ".in_sum2")) continue;
        EWI_TRY(find_counts(gguf, e->name, arena, &counts, err));
        EWI_TRY(read_sums(e, &gguf->tensors[i], counts, arena, err));
        n++;
    }
    return EW_OK;
}

static ew_status read_gguf_notes(const ewi_gguf *gguf, ewi_imatrix *m, ew_error *err) {
    const ewi_gguf_kv *type = ewi_gguf_find(gguf, EWI_STR("general.type")),
                      *chunks = ewi_gguf_find(gguf, EWI_STR("imatrix.chunk_count")),
                      *datasets = ewi_gguf_find(gguf, EWI_STR("imatrix.datasets"));
    int64_t n;
    if (!type || type->type != EWI_GGUF_STRING || !ewi_str_is(ewi_gguf_string(type), "imatrix"))
        return ewi_fail(err, EW_FORMAT, "imatrix: a GGUF file whose general.type is not \"imatrix\"");
    if (chunks && chunks->n == 1 && ewi_gguf_i64(chunks, 0, &n) && n > 0 && n <= UINT32_MAX)
        m->n_chunks = (uint32_t)n;
    if (!datasets || datasets->item_type != EWI_GGUF_STRING || datasets->n == 0) return EW_OK;
    size_t at = 0;
    m->dataset = ewi_gguf_next_string(datasets, &at);
    return EW_OK;
}

static ew_status parse_gguf(ewi_bytes file, ewi_arena *arena, ewi_imatrix *m, ew_error *err) {
    ewi_gguf gguf;
    EWI_TRY(ewi_gguf_parse(file, arena, &gguf, err));
    EWI_TRY(read_gguf_notes(&gguf, m, err));
    return read_tensors(&gguf, arena, m, err);
}

/* ---- the older form ---- */

typedef struct reader {
    ewi_bytes file;
    size_t at;
} reader;

/* The next n bytes; NULL, with *err filled, when the file ends before them. */
static const uint8_t *read_bytes(reader *r, uint64_t n, const char *what, ew_error *err) {
    if (n > r->file.len - r->at) {
        ewi_fail(err, EW_FORMAT, "imatrix: %s at offset %zu: %" PRIu64 " bytes, but the file ends at %zu",
                 what, r->at, n, r->file.len);
        return NULL;
    }
    const uint8_t *bytes = r->file.data + r->at;
    r->at += (size_t)n;
    return bytes;
}

/* i32, from 0 on. */
static ew_status read_count(reader *r, const char *what, uint32_t *out, ew_error *err) {
    const uint8_t *bytes = read_bytes(r, 4, what, err);
    if (!bytes) return EW_FORMAT;
    *out = ewi_load_u32(bytes);
    if (*out <= INT32_MAX) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "imatrix: %s at offset %zu is negative", what, r->at - 4);
}

/* The file has the means times the number of calls. */
static ew_status read_entry(reader *r, ewi_imatrix_entry *e, ewi_arena *arena, ew_error *err) {
    uint32_t len = 0, n_calls = 0, n = 0;
    EWI_TRY(read_count(r, "the length of a name", &len, err));
    const uint8_t *name = read_bytes(r, len, "a name", err);
    if (!name) return EW_FORMAT;
    e->name = (ew_str){(const char *)name, len};
    if (!ewi_name_valid(e->name))
        return ewi_fail(err, EW_FORMAT, "imatrix: the name before offset %zu is no printable text", r->at);
    EWI_TRY(read_count(r, "a number of calls", &n_calls, err));
    EWI_TRY(read_count(r, "a number of sums", &n, err));
    const uint8_t *sums = read_bytes(r, (uint64_t)4 * n, "sums", err);
    if (!sums) return EW_FORMAT;
    EWI_TRY(make_means(e, n, arena, err));
    return take_means(e, 0, sums, n, n_calls ? (float)n_calls : 1.0f, err);
}

static ew_status read_notes(reader *r, ewi_imatrix *m, ew_error *err) {
    uint32_t len = 0;
    if (r->at == r->file.len) return EW_OK;
    EWI_TRY(read_count(r, "the number of chunks", &m->n_chunks, err));
    if (r->at == r->file.len) return EW_OK;
    EWI_TRY(read_count(r, "the length of the text's name", &len, err));
    const uint8_t *bytes = read_bytes(r, len, "the text's name", err);
    if (!bytes) return EW_FORMAT;
    m->dataset = (ew_str){(const char *)bytes, len};
    if (r->at == r->file.len) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "imatrix: %zu bytes after its end at offset %zu", r->file.len - r->at,
                    r->at);
}

#define MIN_ENTRY_BYTES 17u /* three counts, a letter and a sum */

static ew_status parse_old(ewi_bytes file, ewi_arena *arena, ewi_imatrix *m, ew_error *err) {
    reader r = {file, 0};
    uint32_t n = 0;
    EWI_TRY(read_count(&r, "the number of entries", &n, err));
    if (n == 0 || n > file.len / MIN_ENTRY_BYTES)
        return ewi_fail(err, EW_FORMAT, "imatrix: %u entries in %zu bytes: this is none of llama.cpp's files",
                        n, file.len);
    EWI_TRY(make_entries(m, n, arena, err));
    for (uint32_t i = 0; i < n; i++) EWI_TRY(read_entry(&r, &m->entries[i], arena, err));
    return read_notes(&r, m, err);
}

/* ---- either ---- */

ew_status ewi_imatrix_parse(ewi_bytes file, ewi_arena *arena, ewi_imatrix *out, ew_error *err) {
    *out = (ewi_imatrix){0};
    const bool is_gguf = file.len >= 4 && memcmp(file.data, "GGUF", 4) == 0;
    EWI_TRY(is_gguf ? parse_gguf(file, arena, out, err) : parse_old(file, arena, out, err));
    return ewi_name_index_make(arena, &out->entries[0].name, out->n_entries, sizeof *out->entries, "entry",
                               &out->names, err);
}

const ewi_imatrix_entry *ewi_imatrix_find(const ewi_imatrix *imatrix, ew_str name) {
    size_t i;
    return ewi_name_index_find(&imatrix->names, name, &i) ? &imatrix->entries[i] : NULL;
}
