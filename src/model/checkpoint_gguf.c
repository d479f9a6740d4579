/* checkpoint_gguf.c: a GGUF file, or one of several parts as llama.cpp's gguf-split names and marks them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "model/checkpoint_parts.h"

#define SUFFIX_BYTES (sizeof "-00001-of-00002.gguf" - 1)
#define NUMBER_BYTES 64 /* room for a suffix of any numbers */

/* What a part says of itself: its number from 0, of how many, and how many tensors all parts hold. */
typedef struct split {
    int64_t no, count, n_tensors;
} split;

ew_status ewi_checkpoint_list_gguf(ewi_checkpoint *c, ewi_bytes bytes, ew_error *err) {
    EWI_TRY(ewi_gguf_parse(bytes, &c->arena, &c->gguf, err));
    ewi_checkpoint_meta *meta;
    EWI_TRY(ewi_checkpoint_new_meta(c, c->gguf.n_kv, &meta, err));
    for (size_t i = 0; i < c->gguf.n_kv; i++)
        meta[i] = (ewi_checkpoint_meta){.key = c->gguf.kv[i].key, .kv = &c->gguf.kv[i]};
    return EW_OK;
}

/* ---- what a part says ---- */

static ew_status read_count(const ewi_gguf *gguf, const char *key, int64_t *out, ew_error *err) {
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, ewi_str(key));
    if (!kv) return ewi_fail(err, EW_FORMAT, "key %s: is missing from a part of a split model", key);
    if (kv->type == EWI_GGUF_ARRAY || !ewi_gguf_i64(kv, 0, out))
        return ewi_fail(err, EW_FORMAT, "key %s: is not an integer", key);
    return EW_OK;
}

static ew_status read_split(const ewi_gguf *gguf, split *out, ew_error *err) {
    EWI_TRY(read_count(gguf, "split.no", &out->no, err));
    EWI_TRY(read_count(gguf, "split.count", &out->count, err));
    return read_count(gguf, "split.tensors.count", &out->n_tensors, err);
}

/* The first part's metadata is the model's; another part may only say it again. */
static ew_status check_meta(const ewi_gguf *first, const ewi_gguf *part, ew_error *err) {
    for (size_t i = 0; i < part->n_kv; i++) {
        const ewi_gguf_kv *kv = &part->kv[i];
        if (ewi_str_starts(kv->key, "split.")) continue;
        const ewi_gguf_kv *same = ewi_gguf_find(first, kv->key);
        if (!same || same->type != kv->type || same->value.len != kv->value.len ||
            memcmp(same->value.data, kv->value.data, kv->value.len) != 0)
            return ewi_fail(err, EW_FORMAT, "key %.*s: the first part does not say the same",
                            EWI_STR_ARG(kv->key));
    }
    return EW_OK;
}

/* ---- their names ---- */

/* NAME-00001-of-00003.gguf of part 0 of 3. False when the name of part 0 is not like that. */
static bool name_part(const char *first, const split *of, size_t part, char path[EWI_CHECKPOINT_PATH_BYTES]) {
    char suffix[NUMBER_BYTES];
    size_t len = strlen(first);
    if (len < SUFFIX_BYTES || len >= EWI_CHECKPOINT_PATH_BYTES) return false;
    snprintf(suffix, sizeof suffix, "-00001-of-%05" PRId64 ".gguf", of->count);
    if (strcmp(first + len - SUFFIX_BYTES, suffix) != 0) return false;
    snprintf(suffix, sizeof suffix, "-%05zu-of-%05" PRId64 ".gguf", part + 1, of->count);
    memcpy(path, first, len - SUFFIX_BYTES);
    memcpy(path + len - SUFFIX_BYTES, suffix, SUFFIX_BYTES + 1);
    return true;
}

static ew_status check_first(const char *path, const split *of, ew_error *err) {
    char other[EWI_CHECKPOINT_PATH_BYTES];
    if (of->count < 1 || of->count > EWI_CHECKPOINT_MAX_SHARDS)
        return ewi_fail(err, EW_LIMIT, "key split.count: %" PRId64 " parts, at most %u", of->count,
                        EWI_CHECKPOINT_MAX_SHARDS);
    if (of->no < 0 || of->no >= of->count)
        return ewi_fail(err, EW_FORMAT, "key split.no: part %" PRId64 " of %" PRId64, of->no, of->count);
    if (of->no > 0)
        return ewi_fail(err, EW_FORMAT,
                        "is part %" PRId64 " of %" PRId64 " of a split model: open the first, "
                        "-00001-of-%05" PRId64 ".gguf",
                        of->no + 1, of->count, of->count);
    if (!name_part(path, of, 0, other))
        return ewi_fail(err, EW_FORMAT,
                        "is part 1 of %" PRId64 " of a split model, so its name must end in "
                        "-00001-of-%05" PRId64 ".gguf",
                        of->count, of->count);
    return EW_OK;
}

/* ---- all parts as one list ---- */

static ew_status check_part(const ewi_gguf *first, const split *of, size_t i, const ewi_gguf *part,
                            ew_error *err) {
    split own;
    EWI_TRY(read_split(part, &own, err));
    if (own.no != (int64_t)i || own.count != of->count || own.n_tensors != of->n_tensors)
        return ewi_fail(err, EW_FORMAT,
                        "says it is part %" PRId64 " of %" PRId64 " with %" PRId64
                        " tensors in all, wanted part %zu of %" PRId64 " with %" PRId64,
                        own.no + 1, own.count, own.n_tensors, i + 1, of->count, of->n_tensors);
    return check_meta(first, part, err);
}

static ew_status open_part(ewi_checkpoint *c, const char *path, const split *of, size_t i, ewi_gguf *part,
                           ew_error *err) {
    char name[EWI_CHECKPOINT_PATH_BYTES];
    ewi_bytes bytes;
    if (!name_part(path, of, i, name)) return ewi_fail(err, EW_LIMIT, "path too long");
    EWI_TRY(ewi_checkpoint_add_map(c, name, &bytes, err));
    ew_status status = ewi_gguf_parse(bytes, &c->arena, part, err);
    if (status == EW_OK) status = check_part(&c->gguf, of, i, part, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "%s", name);
}

static ew_status join_tensors(ewi_checkpoint *c, const ewi_gguf *parts, int64_t n_wanted, ew_error *err) {
    size_t n = 0;
    for (size_t i = 0; i < c->n_shards; i++) n += parts[i].n_tensors;
    if ((int64_t)n != n_wanted)
        return ewi_fail(err, EW_FORMAT,
                        "key split.tensors.count: %" PRId64 ", but the parts hold %zu tensors", n_wanted, n);
    ewi_tensor *all = ewi_arena_array(&c->arena, n, sizeof *all);
    if (!all) return ewi_no_memory(err, "the table of tensors");
    c->tensors = all;
    c->n_tensors = n;
    for (size_t i = 0; i < c->n_shards; all += parts[i++].n_tensors)
        if (parts[i].n_tensors) memcpy(all, parts[i].tensors, parts[i].n_tensors * sizeof *all);
    return ewi_name_index_make(&c->arena, &c->tensors->name, n, sizeof *all, "tensor", &c->tensor_names, err);
}

static ew_status open_split(ewi_checkpoint *c, const char *path, ew_error *err) {
    split of;
    EWI_TRY(read_split(&c->gguf, &of, err));
    EWI_TRY(check_first(path, &of, err));
    c->n_shards = (size_t)of.count;
    ewi_gguf *parts = ewi_arena_array(&c->arena, c->n_shards, sizeof *parts);
    if (!parts) return ewi_no_memory(err, "the parts of a model");
    parts[0] = c->gguf;
    for (size_t i = 1; i < c->n_shards; i++) EWI_TRY(open_part(c, path, &of, i, &parts[i], err));
    return join_tensors(c, parts, of.n_tensors, err);
}

ew_status ewi_checkpoint_open_gguf(ewi_checkpoint *c, const char *path, ewi_bytes bytes, ew_error *err) {
    c->kind = EWI_CHECKPOINT_GGUF;
    EWI_TRY(ewi_checkpoint_list_gguf(c, bytes, err));
    if (ewi_gguf_find(&c->gguf, EWI_STR("split.count"))) return open_split(c, path, err);
    c->tensors = c->gguf.tensors;
    c->n_tensors = c->gguf.n_tensors;
    c->tensor_names = c->gguf.tensor_names;
    c->n_shards = 1;
    return EW_OK;
}
