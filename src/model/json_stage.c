#include "model/json_stage.h"

#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"

#define MAX_NESTING 8

/*
 * `neutral` is the value that is not written. Offsets are not what a tokenizer here gives, so trimming them
 * says nothing.
 */
static const struct {
    const char *key, *neutral;
} members[EWI_N_STAGE_MEMBERS] = {
    [EWI_STAGE_TYPE] = {"type", NULL},
    [EWI_STAGE_REGEX] = {"Regex", NULL},
    [EWI_STAGE_STRING] = {"String", NULL},
    [EWI_STAGE_CONTENT] = {"content", NULL},
    [EWI_STAGE_PREPEND] = {"prepend", NULL},
    [EWI_STAGE_REPLACEMENT] = {"replacement", NULL},
    [EWI_STAGE_BEHAVIOR] = {"behavior", NULL},
    [EWI_STAGE_PREPEND_SCHEME] = {"prepend_scheme", NULL},
    [EWI_STAGE_INVERT] = {"invert", "false"},
    [EWI_STAGE_SPLIT] = {"split", NULL},
    [EWI_STAGE_ADD_PREFIX_SPACE] = {"add_prefix_space", "false"},
    [EWI_STAGE_USE_REGEX] = {"use_regex", "true"},
    [EWI_STAGE_INDIVIDUAL_DIGITS] = {"individual_digits", NULL},
    [EWI_STAGE_START] = {"start", NULL},
    [EWI_STAGE_STOP] = {"stop", NULL},
    [EWI_STAGE_CLEAN_TEXT] = {"clean_text", NULL},
    [EWI_STAGE_HANDLE_CHINESE_CHARS] = {"handle_chinese_chars", NULL},
    [EWI_STAGE_STRIP_ACCENTS] = {"strip_accents", NULL},
    [EWI_STAGE_LOWERCASE] = {"lowercase", NULL},
    [EWI_STAGE_STRIP_LEFT] = {"strip_left", NULL},
    [EWI_STAGE_STRIP_RIGHT] = {"strip_right", NULL},
    [EWI_STAGE_DELIMITER] = {"delimiter", NULL},
    [EWI_STAGE_PREFIX] = {"prefix", NULL},
    [EWI_STAGE_SUFFIX] = {"suffix", NULL},
    [EWI_STAGE_PAD_TOKEN] = {"pad_token", NULL},
    [EWI_STAGE_WORD_DELIMITER_TOKEN] = {"word_delimiter_token", NULL},
    [EWI_STAGE_LENGTH] = {"length", NULL},
    [EWI_STAGE_CLEANUP] = {"cleanup", NULL},
    [EWI_STAGE_CHARSMAP] = {"precompiled_charsmap", NULL},
    [EWI_STAGE_TRIM_OFFSETS] = {"trim_offsets", NULL},
    [EWI_STAGE_STR_REP] = {"str_rep", NULL},
    [EWI_STAGE_PATTERN] = {"pattern", NULL},
    [EWI_STAGE_STEPS] = {"pretokenizers", NULL}, /* or one of the other names of a list of steps */
};

typedef struct stage_reader {
    const uint8_t *whole;
    const char *what;
    ewi_arena *arena;
    ewi_stage_fn fn;
    void *user;
    ew_error *err;
} stage_reader;

static ewi_stage_member find_member(ew_str key) {
    if (ewi_str_is(key, "normalizers") || ewi_str_is(key, "decoders") || ewi_str_is(key, "processors"))
        return EWI_STAGE_STEPS;
    for (ewi_stage_member m = 0; m < EWI_N_STAGE_MEMBERS; m++)
        if (ewi_str_is(key, members[m].key)) return m;
    return EWI_N_STAGE_MEMBERS;
}

/* A value as text: a string's own, anything else as JSON spells it. null is left out. */
static ew_status read_value(ewi_json *json, ewi_stage_member m, ew_str *out, ew_error *err) {
    bool is_nested = m == EWI_STAGE_PATTERN || m == EWI_STAGE_STEPS;
    if (!is_nested && ewi_json_peek(json) == EWI_JSON_STRING) return ewi_json_read_string(json, out, err);
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, err);
    return ewi_json_skip_to(json, out, err);
}

static ew_status read_members(stage_reader *r, ew_str text, ew_str values[EWI_N_STAGE_MEMBERS]) {
    ewi_json json;
    ew_str key;
    ewi_json_init_part(&json, r->whole, text, r->arena);
    EWI_TRY(ewi_json_enter_object(&json, r->err));
    while (ewi_json_next_key(&json, &key)) {
        ewi_stage_member m = find_member(key);
        if (m == EWI_N_STAGE_MEMBERS)
            return ewi_fail(r->err, EW_UNSUPPORTED, "%s: \"%.*s\" is not known here", r->what,
                            EWI_STR_ARG(key));
        EWI_TRY(read_value(&json, m, &values[m], r->err));
    }
    return ewi_json_end(&json, r->err);
}

static ew_status read_step(stage_reader *r, ew_str text, unsigned nesting);

static ew_status read_steps(stage_reader *r, ew_str list, unsigned nesting) {
    ewi_json json;
    ew_str step;
    ewi_json_init_part(&json, r->whole, list, r->arena);
    EWI_TRY(ewi_json_enter_array(&json, r->err));
    while (ewi_json_next_item(&json)) {
        EWI_TRY(ewi_json_skip_to(&json, &step, r->err));
        EWI_TRY(read_step(r, step, nesting));
    }
    return ewi_json_end(&json, r->err);
}

static ew_status read_step(stage_reader *r, ew_str text, unsigned nesting) {
    ew_str values[EWI_N_STAGE_MEMBERS] = {{0}};
    if (nesting > MAX_NESTING)
        return ewi_fail(r->err, EW_UNSUPPORTED, "%s: sequences nested too deep", r->what);
    EWI_TRY(read_members(r, text, values));
    if (!values[EWI_STAGE_TYPE].data) return ewi_fail(r->err, EW_FORMAT, "%s: \"type\" is missing", r->what);
    if (ewi_str_is(values[EWI_STAGE_TYPE], "Sequence") && values[EWI_STAGE_STEPS].data)
        return read_steps(r, values[EWI_STAGE_STEPS], nesting + 1);
    if (values[EWI_STAGE_PATTERN].data) EWI_TRY(read_members(r, values[EWI_STAGE_PATTERN], values));
    return r->fn(r->user, values, r->err);
}

ew_status ewi_json_stage_walk(const uint8_t *whole, ew_str json, const char *what, ewi_arena *arena,
                              ewi_stage_fn fn, void *user, ew_error *err) {
    stage_reader r = {whole, what, arena, fn, user, err};
    if (json.len == 0 || ewi_str_is(json, "null")) return EW_OK;
    return read_step(&r, json, 0);
}

/* The charsmap is too long to be shown, and no line that is known has one. */
static ew_status write_step(void *user, const ew_str values[EWI_N_STAGE_MEMBERS], ew_error *err) {
    ewi_buffer *out = user;
    if (out->len) ewi_buffer_add(out, " + ", 3);
    ewi_buffer_add(out, values[EWI_STAGE_TYPE].data, values[EWI_STAGE_TYPE].len);
    for (ewi_stage_member m = EWI_STAGE_REGEX; m < EWI_STAGE_CHARSMAP; m++) {
        if (!values[m].data || (members[m].neutral && ewi_str_is(values[m], members[m].neutral))) continue;
        ewi_buffer_printf(out, ",%s=", members[m].key);
        ewi_buffer_add(out, values[m].data, values[m].len);
    }
    if (values[EWI_STAGE_CHARSMAP].data) ewi_buffer_printf(out, ",precompiled_charsmap=...");
    return out->failed ? ewi_no_memory(err, "a stage") : EW_OK;
}

ew_status ewi_json_stage(const uint8_t *whole, ew_str json, const char *what, ewi_arena *arena,
                         ewi_buffer *out, ew_error *err) {
    return ewi_json_stage_walk(whole, json, what, arena, write_step, out, err);
}
