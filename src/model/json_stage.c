#include "model/json_stage.h"

#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"

#define MAX_NESTING 8

/* Every member that a stage can have. */
typedef enum member {
    TYPE,
    REGEX,
    STRING,
    CONTENT,
    PREPEND,
    REPLACEMENT,
    BEHAVIOR,
    PREPEND_SCHEME,
    INVERT,
    SPLIT,
    ADD_PREFIX_SPACE,
    USE_REGEX,
    INDIVIDUAL_DIGITS,
    START,
    STOP,
    TRIM_OFFSETS,
    STR_REP,
    PATTERN,
    STEPS,
    N_MEMBERS
} member;

/*
 * `neutral` is the value that is not written. Offsets are not what a tokenizer here gives, so trimming them
 * says nothing.
 */
static const struct {
    const char *key, *neutral;
} members[N_MEMBERS] = {
    [TYPE] = {"type", NULL},
    [REGEX] = {"Regex", NULL},
    [STRING] = {"String", NULL},
    [CONTENT] = {"content", NULL},
    [PREPEND] = {"prepend", NULL},
    [REPLACEMENT] = {"replacement", NULL},
    [BEHAVIOR] = {"behavior", NULL},
    [PREPEND_SCHEME] = {"prepend_scheme", NULL},
    [INVERT] = {"invert", "false"},
    [SPLIT] = {"split", NULL},
    [ADD_PREFIX_SPACE] = {"add_prefix_space", "false"},
    [USE_REGEX] = {"use_regex", "true"},
    [INDIVIDUAL_DIGITS] = {"individual_digits", NULL},
    [START] = {"start", NULL},
    [STOP] = {"stop", NULL},
    [TRIM_OFFSETS] = {"trim_offsets", NULL},
    [STR_REP] = {"str_rep", NULL},
    [PATTERN] = {"pattern", NULL},
    [STEPS] = {"pretokenizers", NULL}, /* or one of the other names of a list of steps */
};

typedef struct stage_reader {
    const uint8_t *whole;
    const char *what;
    ewi_arena *arena;
    ewi_buffer *out;
    ew_error *err;
} stage_reader;

static member find_member(ew_str key) {
    if (ewi_str_is(key, "normalizers") || ewi_str_is(key, "decoders") || ewi_str_is(key, "processors"))
        return STEPS;
    for (member m = 0; m < N_MEMBERS; m++)
        if (ewi_str_is(key, members[m].key)) return m;
    return N_MEMBERS;
}

/* A value as text: a string's own, anything else as JSON spells it. null is left out. */
static ew_status read_value(ewi_json *json, member m, ew_str *out, ew_error *err) {
    bool is_nested = m == PATTERN || m == STEPS;
    if (!is_nested && ewi_json_peek(json) == EWI_JSON_STRING) return ewi_json_read_string(json, out, err);
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, err);
    return ewi_json_skip_to(json, out, err);
}

static ew_status read_members(stage_reader *r, ew_str text, ew_str values[N_MEMBERS]) {
    ewi_json json;
    ew_str key;
    ewi_json_init_part(&json, r->whole, text, r->arena);
    EWI_TRY(ewi_json_enter_object(&json, r->err));
    while (ewi_json_next_key(&json, &key)) {
        member m = find_member(key);
        if (m == N_MEMBERS)
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

static void write_step(stage_reader *r, const ew_str values[N_MEMBERS]) {
    if (r->out->len) ewi_buffer_add(r->out, " + ", 3);
    ewi_buffer_add(r->out, values[TYPE].data, values[TYPE].len);
    for (member m = REGEX; m < TRIM_OFFSETS; m++) {
        if (!values[m].data || (members[m].neutral && ewi_str_is(values[m], members[m].neutral))) continue;
        ewi_buffer_printf(r->out, ",%s=", members[m].key);
        ewi_buffer_add(r->out, values[m].data, values[m].len);
    }
}

static ew_status read_step(stage_reader *r, ew_str text, unsigned nesting) {
    ew_str values[N_MEMBERS] = {{0}};
    if (nesting > MAX_NESTING)
        return ewi_fail(r->err, EW_UNSUPPORTED, "%s: sequences nested too deep", r->what);
    EWI_TRY(read_members(r, text, values));
    if (!values[TYPE].data) return ewi_fail(r->err, EW_FORMAT, "%s: \"type\" is missing", r->what);
    if (ewi_str_is(values[TYPE], "Sequence") && values[STEPS].data)
        return read_steps(r, values[STEPS], nesting + 1);
    if (values[PATTERN].data) EWI_TRY(read_members(r, values[PATTERN], values));
    write_step(r, values);
    return r->out->failed ? ewi_no_memory(r->err, r->what) : EW_OK;
}

ew_status ewi_json_stage(const uint8_t *whole, ew_str json, const char *what, ewi_arena *arena,
                         ewi_buffer *out, ew_error *err) {
    stage_reader r = {whole, what, arena, out, err};
    if (json.len == 0 || ewi_str_is(json, "null")) return EW_OK;
    return read_step(&r, json, 0);
}
