/*
 * tokenizer_open.c: a tokenizer from a path: a GGUF file, a tokenizer.json or its folder, a package, a
 * .tiktoken file, or a tekken.json.
 */
#include "base/error.h"
#include "base/mem.h"
#include "model/checkpoint.h"
#include "model/vocab_load.h"
#include "os/file.h"
#include "text/tokenizer.h"

#define MAX_PATH_BYTES  4096
#define MAX_ARENA_BYTES ((size_t)1 << 30)

/* What a tokenizer's vocabulary lies in. */
typedef struct sources {
    ewi_map *main, *config;    /* config may be NULL */
    ewi_checkpoint checkpoint; /* of a package, instead of both */
    ewi_arena arena;
} sources;

static void release(void *owned) {
    sources *s = owned;
    ewi_map_close(s->main);
    ewi_map_close(s->config);
    ewi_checkpoint_close(&s->checkpoint);
    ewi_arena_deinit(&s->arena);
    ewi_free(s);
}

static ew_status read_gguf(sources *s, ewi_vocab *vocab, ew_error *err) {
    ewi_gguf *gguf = ewi_arena_array(&s->arena, 1, sizeof *gguf);
    if (!gguf) return ewi_no_memory(err, "the vocabulary");
    EWI_TRY(ewi_gguf_parse(ewi_map_bytes(s->main), &s->arena, gguf, err));
    return ewi_vocab_from_gguf(gguf, &s->arena, vocab, err);
}

/* Opens the tokenizer_config.json in the folder of `path`, if there is one. */
static ew_status open_config(sources *s, const char *path, ew_error *err) {
    char folder[MAX_PATH_BYTES], config[MAX_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof folder) return EW_OK;
    memcpy(folder, path, len);
    folder[len] = '\0';
    const char *start = slash ? (len ? folder : "/") : ".";
    if (!ewi_path_join(config, sizeof config, start, EWI_STR("tokenizer_config.json")) ||
        !ewi_is_file(config))
        return EW_OK;
    return ewi_map_open(config, &s->config, err);
}

static ew_status read_json(sources *s, const char *path, ewi_vocab *vocab, ew_error *err) {
    EWI_TRY(open_config(s, path, err));
    ewi_bytes config = s->config ? ewi_map_bytes(s->config) : (ewi_bytes){0};
    return ewi_vocab_from_json(ewi_map_bytes(s->main), config, &s->arena, vocab, err);
}

static bool begins_object(ewi_bytes bytes) {
    size_t i = 0;
    while (i < bytes.len &&
           (bytes.data[i] == ' ' || bytes.data[i] == '\t' || bytes.data[i] == '\n' || bytes.data[i] == '\r'))
        i++;
    return i < bytes.len && bytes.data[i] == '{';
}

static ew_status read_vocab(sources *s, const char *path, ewi_vocab *vocab, ew_error *err) {
    ewi_bytes bytes = ewi_map_bytes(s->main);
    if (bytes.len >= 4 && memcmp(bytes.data, "GGUF", 4) == 0) return read_gguf(s, vocab, err);
    if (ewi_str_ends(ewi_str(path), ".tiktoken"))
        return ewi_vocab_from_tiktoken(bytes, &s->arena, vocab, err);
    if (ewi_str_ends(ewi_str(path), "tekken.json"))
        return ewi_vocab_from_tekken(bytes, &s->arena, vocab, err);
    if (begins_object(bytes)) return read_json(s, path, vocab, err);
    return ewi_fail(err, EW_UNSUPPORTED, "neither a GGUF file nor a tokenizer.json nor a .tiktoken file");
}

static ew_status open_package(sources *s, const char *path, ew_tokenizer **out, ew_error *err) {
    const ewi_checkpoint *c = &s->checkpoint;
    ewi_vocab vocab;
    ew_status status;
    EWI_TRY(ewi_checkpoint_open(path, &s->checkpoint, err));
    if (c->kind == EWI_CHECKPOINT_GGUF)
        status = ewi_vocab_from_gguf(&c->gguf, &s->arena, &vocab, err);
    else if (c->tokenizer.len)
        status = ewi_vocab_from_json(c->tokenizer, c->tokenizer_config, &s->arena, &vocab, err);
    else
        status = ewi_fail(err, EW_FORMAT, "the package holds no vocabulary");
    if (!status) status = ewi_tokenizer_new(&vocab, out, err);
    return ewi_fail_at_path(err, status, path);
}

static ew_status open_file(sources *s, const char *path, ew_tokenizer **out, ew_error *err) {
    ewi_vocab vocab;
    EWI_TRY(ewi_map_open(path, &s->main, err));
    ew_status status = read_vocab(s, path, &vocab, err);
    if (!status) status = ewi_tokenizer_new(&vocab, out, err);
    if (status) return ewi_fail_at(err, status, "%s", path);
    status = ewi_map_check(s->main, err);
    if (!status && s->config) status = ewi_map_check(s->config, err);
    if (!status) return EW_OK;
    ew_tokenizer_close(*out);
    *out = NULL;
    return status;
}

ew_status ew_tokenizer_open(const char *path, ew_tokenizer **out, ew_error *err) {
    EWI_REQUIRE(path && out, err);
    *out = NULL;
    char inside[MAX_PATH_BYTES];
    bool is_package = ewi_path_is_container(path);
    if (ewi_is_directory(path) && !is_package) {
        if (!ewi_path_join(inside, sizeof inside, path, EWI_STR("tokenizer.json")))
            return ewi_fail(err, EW_INVALID, "%.200s: the path is too long", path);
        if (!ewi_is_file(inside) && !ewi_path_join(inside, sizeof inside, path, EWI_STR("tekken.json")))
            return ewi_fail(err, EW_INVALID, "%.200s: the path is too long", path);
        if (!ewi_is_file(inside)) return ewi_fail(err, EW_IO, "%s: the folder has no tokenizer.json", path);
        path = inside;
    }
    sources *s = ewi_zalloc(sizeof *s);
    if (!s) return ewi_no_memory(err, "a tokenizer");
    ewi_arena_init(&s->arena, MAX_ARENA_BYTES);
    ew_status status = is_package ? open_package(s, path, out, err) : open_file(s, path, out, err);
    if (status)
        release(s);
    else
        ewi_tokenizer_own(*out, release, s);
    return status;
}

static void release_arena(void *owned) {
    ewi_arena_deinit(owned);
    ewi_free(owned);
}

ew_status ewi_tokenizer_from_json(ewi_bytes json, ewi_bytes config, ew_tokenizer **out, ew_error *err) {
    ewi_arena *arena = ewi_zalloc(sizeof *arena);
    ewi_vocab vocab;
    if (!arena) return ewi_no_memory(err, "a tokenizer");
    ewi_arena_init(arena, MAX_ARENA_BYTES);
    ew_status status = ewi_vocab_from_json(json, config, arena, &vocab, err);
    if (!status) status = ewi_tokenizer_new(&vocab, out, err);
    if (status)
        release_arena(arena);
    else
        ewi_tokenizer_own(*out, release_arena, arena);
    return status;
}
