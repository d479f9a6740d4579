#include "model/vocab_steps.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/mem.h"
#include "model/json_stage.h"
#include "text/charsmap.h"

#define MAX_STEPS         64
#define MAX_PATTERN_BYTES 64 /* of a Replace: it is compared at every place of a text */
#define BLANK             "\xe2\x96\x81"

static ew_status unsupported(const char *what, ew_str type, const char *member, ew_str value, ew_error *err) {
    return ewi_fail(err, EW_UNSUPPORTED, "tokenizer.json: %s %.*s: %s \"%.*s\" is not supported", what,
                    EWI_STR_ARG(type), member, EWI_STR_ARG(value));
}

/* A member that is true or false; false when it is neither. */
static bool read_flag(ew_str value, bool if_absent, bool *out) {
    *out = value.data ? ewi_str_is(value, "true") : if_absent;
    return !value.data || *out || ewi_str_is(value, "false");
}

/* ---- normalizers ---- */

typedef struct norm_reader {
    ewi_arena *arena;
    ewi_norm_step *steps; /* [MAX_STEPS] */
    size_t n;
} norm_reader;

static ew_status add_norm(norm_reader *r, ewi_norm_step step, ew_error *err) {
    if (r->n == MAX_STEPS)
        return ewi_fail(err, EW_LIMIT, "tokenizer.json: normalizer: more than %d steps", MAX_STEPS);
    r->steps[r->n++] = step;
    return EW_OK;
}

static ew_status add_norms(norm_reader *r, const ewi_norm_kind *kinds, const bool *wanted, size_t n,
                           ew_error *err) {
    for (size_t i = 0; i < n; i++)
        if (wanted[i]) EWI_TRY(add_norm(r, (ewi_norm_step){.kind = kinds[i]}, err));
    return EW_OK;
}

/* strip_accents follows lowercase where the file does not say (huggingface/tokenizers). */
static ew_status read_bert(norm_reader *r, const ew_str *values, ew_error *err) {
    static const ewi_norm_kind kinds[] = {EWI_NORM_CLEAN, EWI_NORM_CHINESE, EWI_NORM_NFD,
                                          EWI_NORM_STRIP_NONSPACING, EWI_NORM_LOWERCASE};
    bool clean, chinese, strip, lower;
    bool known = read_flag(values[EWI_STAGE_CLEAN_TEXT], true, &clean) &&
                 read_flag(values[EWI_STAGE_HANDLE_CHINESE_CHARS], true, &chinese) &&
                 read_flag(values[EWI_STAGE_LOWERCASE], true, &lower) &&
                 read_flag(values[EWI_STAGE_STRIP_ACCENTS], lower, &strip);
    if (!known)
        return ewi_fail(err, EW_FORMAT, "tokenizer.json: normalizer: BertNormalizer: a flag is no bool");
    const bool wanted[] = {clean, chinese, strip, strip, lower};
    return add_norms(r, kinds, wanted, EWI_COUNT(kinds), err);
}

static ew_status read_strip(norm_reader *r, const ew_str *values, ew_error *err) {
    bool left, right;
    if (!read_flag(values[EWI_STAGE_STRIP_LEFT], true, &left) ||
        !read_flag(values[EWI_STAGE_STRIP_RIGHT], true, &right))
        return ewi_fail(err, EW_FORMAT, "tokenizer.json: normalizer: Strip: a flag is no bool");
    const ewi_norm_kind kinds[] = {EWI_NORM_STRIP_LEFT, EWI_NORM_STRIP_RIGHT};
    const bool wanted[] = {left, right};
    return add_norms(r, kinds, wanted, 2, err);
}

static ew_status read_replace(norm_reader *r, const ew_str *values, ew_error *err) {
    ewi_norm_step step = {EWI_NORM_REPLACE, values[EWI_STAGE_STRING], values[EWI_STAGE_CONTENT], {{0}, {0}}};
    ew_str regex = values[EWI_STAGE_REGEX];
    if (!step.to.data) return ewi_fail(err, EW_FORMAT, "tokenizer.json: normalizer: Replace: no content");
    if (ewi_str_is(regex, " {2,}"))
        step.kind = EWI_NORM_REPLACE_RUNS;
    else if (regex.data)
        return unsupported("normalizer", values[EWI_STAGE_TYPE], "the expression", regex, err);
    else if (step.from.len == 0)
        return unsupported("normalizer", values[EWI_STAGE_TYPE], "the pattern", step.from, err);
    if (step.from.len > MAX_PATTERN_BYTES)
        return ewi_fail(err, EW_LIMIT,
                        "tokenizer.json: normalizer: Replace: a pattern of %zu bytes, at most %d",
                        step.from.len, MAX_PATTERN_BYTES);
    return add_norm(r, step, err);
}

static ew_status read_prepend(norm_reader *r, const ew_str *values, ew_error *err) {
    ew_str to = values[EWI_STAGE_PREPEND];
    if (!to.data) return ewi_fail(err, EW_FORMAT, "tokenizer.json: normalizer: Prepend: no text");
    return add_norm(r, (ewi_norm_step){.kind = EWI_NORM_PREPEND, .to = to}, err);
}

static ew_status read_charsmap(norm_reader *r, const ew_str *values, ew_error *err) {
    ew_str base64 = values[EWI_STAGE_CHARSMAP];
    ewi_norm_step step = {.kind = EWI_NORM_CHARSMAP};
    if (base64.len == 0) return EW_OK;
    uint8_t *bytes = ewi_arena_alloc(r->arena, base64.len);
    if (!bytes) return ewi_no_memory(err, "the charsmap");
    size_t len = ewi_base64_decode(base64, bytes);
    if (!len) return ewi_fail(err, EW_FORMAT, "tokenizer.json: precompiled_charsmap is not base64");
    EWI_TRY(ewi_charsmap_open((ewi_bytes){bytes, len}, &step.map, err));
    return add_norm(r, step, err);
}

static ew_status read_norm(void *user, const ew_str *values, ew_error *err) {
    static const struct {
        const char *type;
        ewi_norm_kind kind;
        ew_status (*read)(norm_reader *r, const ew_str *values, ew_error *err); /* NULL: just the kind */
    } known[] = {
        {"NFD", EWI_NORM_NFD, NULL},
        {"NFC", EWI_NORM_NFC, NULL},
        {"NFKD", EWI_NORM_NFKD, NULL},
        {"NFKC", EWI_NORM_NFKC, NULL},
        {"Lowercase", EWI_NORM_LOWERCASE, NULL},
        {"StripAccents", EWI_NORM_STRIP_MARKS, NULL},
        {"Nmt", EWI_NORM_NMT, NULL},
        {"ByteLevel", EWI_NORM_ALPHABET, NULL},
        {"BertNormalizer", EWI_NORM_CLEAN, read_bert},
        {"Strip", EWI_NORM_STRIP, read_strip},
        {"Replace", EWI_NORM_REPLACE, read_replace},
        {"Prepend", EWI_NORM_PREPEND, read_prepend},
        {"Precompiled", EWI_NORM_CHARSMAP, read_charsmap},
    };
    for (size_t i = 0; i < EWI_COUNT(known); i++) {
        if (!ewi_str_is(values[EWI_STAGE_TYPE], known[i].type)) continue;
        if (known[i].read) return known[i].read(user, values, err);
        return add_norm(user, (ewi_norm_step){.kind = known[i].kind}, err);
    }
    return ewi_fail(err, EW_UNSUPPORTED, "tokenizer.json: normalizer: type \"%.*s\" is not supported",
                    EWI_STR_ARG(values[EWI_STAGE_TYPE]));
}

ew_status ewi_norms_from_json(const uint8_t *whole, ew_str json, ewi_arena *arena, ewi_vocab *vocab,
                              ew_error *err) {
    norm_reader r = {.arena = arena, .steps = ewi_arena_array(arena, MAX_STEPS, sizeof *r.steps)};
    if (!r.steps) return ewi_no_memory(err, "the normalizer");
    EWI_TRY(ewi_json_stage_walk(whole, json, "normalizer", arena, read_norm, &r, err));
    vocab->norms = r.steps;
    vocab->n_norms = r.n;
    return EW_OK;
}

/* ---- pre-tokenizers ---- */

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define O200K_UPPER  "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define O200K_LOWER  "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"

/* Expressions as files spell them. */
static const struct {
    const char *regex;
    ewi_scanner scanner;
} regexes[] = {
    {"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", EWI_SCAN_GPT2},
    {CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
                  "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     EWI_SCAN_LLAMA3},
    {"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| "
     "?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
     EWI_SCAN_LLAMA3},
    {CONTRACTIONS
     "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     EWI_SCAN_QWEN2},
    {"[^\\r\\n\\p{L}\\p{N}]?" O200K_UPPER "*" O200K_LOWER "+" CONTRACTIONS
     "?|[^\\r\\n\\p{L}\\p{N}]?" O200K_UPPER "+" O200K_LOWER "*" CONTRACTIONS
     "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     EWI_SCAN_O200K},
    {"[^\\r\\n\\p{L}\\p{N}]?" O200K_UPPER "*" O200K_LOWER "+|[^\\r\\n\\p{L}\\p{N}]?" O200K_UPPER
     "+" O200K_LOWER "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     EWI_SCAN_TEKKEN},
    {CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
                  "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     EWI_SCAN_QWEN35},
    {"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| "
     "?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
     EWI_SCAN_QWEN2},
    {CONTRACTIONS "|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\r\n]+|\\s*[\r\n]+|"
                  "\\s+(?!\\S)|\\s+",
     EWI_SCAN_SEED_CODER},
    {CONTRACTIONS
     "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
     "\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)|\\s{16}(?!\\S)|"
     "\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}",
     EWI_SCAN_JAIS2},
    {CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| "
                  "?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
     EWI_SCAN_EXAONE_MOE},
};

bool ewi_scanner_of_regex(ew_str regex, ewi_scanner *out) {
    for (size_t i = 0; i < EWI_COUNT(regexes); i++) {
        if (!ewi_str_is(regex, regexes[i].regex)) continue;
        *out = regexes[i].scanner;
        return true;
    }
    return false;
}

typedef struct split_reader {
    ewi_split_step *steps; /* [MAX_STEPS] */
    size_t n;
    bool bytes;      /* the model merges bytes: what ByteLevel writes for them is not looked at */
    bool byte_level; /* so the last step was ByteLevel */
} split_reader;

static ew_status add_split(split_reader *r, ewi_split_step step, ew_error *err) {
    if (r->n == MAX_STEPS)
        return ewi_fail(err, EW_LIMIT, "tokenizer.json: pre_tokenizer: more than %d steps", MAX_STEPS);
    r->steps[r->n++] = step;
    return EW_OK;
}

static ew_status read_behavior(const ew_str *values, ewi_split_behavior *out, ew_error *err) {
    static const char *const names[] = {[EWI_SPLIT_REMOVED] = "Removed",
                                        [EWI_SPLIT_ISOLATED] = "Isolated",
                                        [EWI_SPLIT_CONTIGUOUS] = "Contiguous",
                                        [EWI_SPLIT_MERGED_WITH_PREVIOUS] = "MergedWithPrevious",
                                        [EWI_SPLIT_MERGED_WITH_NEXT] = "MergedWithNext"};
    ew_str name = values[EWI_STAGE_BEHAVIOR];
    *out = EWI_SPLIT_ISOLATED;
    if (!name.data) return EW_OK;
    for (size_t i = 0; i < EWI_COUNT(names); i++) {
        *out = (ewi_split_behavior)i;
        if (ewi_str_is(name, names[i])) return EW_OK;
    }
    return unsupported("pre_tokenizer", values[EWI_STAGE_TYPE], "the behavior", name, err);
}

/* An expression that matches every character: keeping matches apart and dropping all else are the same. */
static ew_status read_split_regex(split_reader *r, const ew_str *values, ew_error *err) {
    ewi_split_step step = {.kind = EWI_SPLIT_SCANNER};
    ew_str regex = values[EWI_STAGE_REGEX], behavior = values[EWI_STAGE_BEHAVIOR];
    bool inverted = ewi_str_is(values[EWI_STAGE_INVERT], "true");
    if (!ewi_scanner_of_regex(regex, &step.scanner))
        return unsupported("pre_tokenizer", values[EWI_STAGE_TYPE], "the expression", regex, err);
    if (!ewi_str_is(behavior, inverted ? "Removed" : "Isolated"))
        return unsupported("pre_tokenizer", values[EWI_STAGE_TYPE], "the behavior", behavior, err);
    return add_split(r, step, err);
}

static ew_status read_split(split_reader *r, const ew_str *values, ew_error *err) {
    ewi_split_step step = {.kind = EWI_SPLIT_TEXT, .text = values[EWI_STAGE_STRING]};
    if (values[EWI_STAGE_REGEX].data) return read_split_regex(r, values, err);
    if (step.text.len == 0 || ewi_str_is(values[EWI_STAGE_INVERT], "true"))
        return unsupported("pre_tokenizer", values[EWI_STAGE_TYPE], "the pattern", step.text, err);
    EWI_TRY(read_behavior(values, &step.behavior, err));
    return add_split(r, step, err);
}

static ew_status read_delimiter(split_reader *r, const ew_str *values, ew_error *err) {
    ewi_split_step step = {
        .kind = EWI_SPLIT_TEXT, .behavior = EWI_SPLIT_REMOVED, .text = values[EWI_STAGE_DELIMITER]};
    if (step.text.len == 0) return ewi_fail(err, EW_FORMAT, "tokenizer.json: pre_tokenizer: no delimiter");
    return add_split(r, step, err);
}

static ew_status read_bert_split(split_reader *r, const ew_str *values, ew_error *err) {
    (void)values;
    EWI_TRY(add_split(r, (ewi_split_step){.kind = EWI_SPLIT_SPACE, .behavior = EWI_SPLIT_REMOVED}, err));
    return add_split(r, (ewi_split_step){.kind = EWI_SPLIT_PUNCTUATION, .behavior = EWI_SPLIT_ISOLATED}, err);
}

static ew_status read_words(split_reader *r, const ew_str *values, ew_error *err) {
    (void)values;
    return add_split(r, (ewi_split_step){.kind = EWI_SPLIT_WORDS, .behavior = EWI_SPLIT_REMOVED}, err);
}

static ew_status read_space(split_reader *r, const ew_str *values, ew_error *err) {
    (void)values;
    return add_split(r, (ewi_split_step){.kind = EWI_SPLIT_SPACE, .behavior = EWI_SPLIT_REMOVED}, err);
}

static ew_status read_punctuation(split_reader *r, const ew_str *values, ew_error *err) {
    ewi_split_step step = {.kind = EWI_SPLIT_PUNCTUATION};
    EWI_TRY(read_behavior(values, &step.behavior, err));
    return add_split(r, step, err);
}

static ew_status read_digits(split_reader *r, const ew_str *values, ew_error *err) {
    bool each = ewi_str_is(values[EWI_STAGE_INDIVIDUAL_DIGITS], "true");
    ewi_split_step step = {.kind = EWI_SPLIT_DIGITS,
                           .behavior = each ? EWI_SPLIT_ISOLATED : EWI_SPLIT_CONTIGUOUS};
    return add_split(r, step, err);
}

ew_status ewi_space_prefix_from(ew_str scheme, ew_str add_prefix_space, ewi_space_prefix *out,
                                ew_error *err) {
    *out = ewi_str_is(add_prefix_space, "false") ? EWI_PREFIX_NEVER : EWI_PREFIX_EACH_UNLESS_BLANK;
    if (!scheme.data) return EW_OK;
    *out = ewi_str_is(scheme, "never")   ? EWI_PREFIX_NEVER
           : ewi_str_is(scheme, "first") ? EWI_PREFIX_FIRST_UNLESS_BLANK
                                         : EWI_PREFIX_EACH_UNLESS_BLANK;
    if (*out != EWI_PREFIX_EACH_UNLESS_BLANK || ewi_str_is(scheme, "always")) return EW_OK;
    return unsupported("pre_tokenizer", EWI_STR("Metaspace"), "prepend_scheme", scheme, err);
}

static ew_status read_metaspace(split_reader *r, const ew_str *values, ew_error *err) {
    bool split;
    ewi_split_step step = {.kind = EWI_SPLIT_METASPACE, .behavior = EWI_SPLIT_MERGED_WITH_NEXT};
    if (!ewi_str_is(values[EWI_STAGE_REPLACEMENT], BLANK))
        return unsupported("pre_tokenizer", values[EWI_STAGE_TYPE], "replacement",
                           values[EWI_STAGE_REPLACEMENT], err);
    if (!read_flag(values[EWI_STAGE_SPLIT], true, &split))
        return ewi_fail(err, EW_FORMAT, "tokenizer.json: pre_tokenizer: Metaspace: split is no bool");
    if (!split) step.kind = EWI_SPLIT_BLANKS;
    EWI_TRY(ewi_space_prefix_from(values[EWI_STAGE_PREPEND_SCHEME], values[EWI_STAGE_ADD_PREFIX_SPACE],
                                  &step.prefix, err));
    return add_split(r, step, err);
}

static ew_status read_byte_level(split_reader *r, const ew_str *values, ew_error *err) {
    bool lead, scans;
    if (!read_flag(values[EWI_STAGE_ADD_PREFIX_SPACE], true, &lead) ||
        !read_flag(values[EWI_STAGE_USE_REGEX], true, &scans))
        return ewi_fail(err, EW_FORMAT, "tokenizer.json: pre_tokenizer: ByteLevel: a flag is no bool");
    if (lead) EWI_TRY(add_split(r, (ewi_split_step){.kind = EWI_SPLIT_LEAD}, err));
    if (scans)
        EWI_TRY(add_split(r, (ewi_split_step){.kind = EWI_SPLIT_SCANNER, .scanner = EWI_SCAN_GPT2}, err));
    r->byte_level = r->bytes;
    return r->bytes ? EW_OK : add_split(r, (ewi_split_step){.kind = EWI_SPLIT_ALPHABET}, err);
}

static ew_status read_scripts(split_reader *r, const ew_str *values, ew_error *err) {
    (void)values;
    return add_split(r, (ewi_split_step){.kind = EWI_SPLIT_SCRIPTS}, err);
}

static ew_status read_length(split_reader *r, const ew_str *values, ew_error *err) {
    ewi_split_step step = {.kind = EWI_SPLIT_LENGTH};
    ew_str digits = values[EWI_STAGE_LENGTH];
    bool number = digits.len > 0 && digits.len < 9;
    for (size_t i = 0; number && i < digits.len; i++) {
        number = digits.data[i] >= '0' && digits.data[i] <= '9';
        step.length = step.length * 10 + (uint32_t)(digits.data[i] - '0');
    }
    if (number && step.length > 0) return add_split(r, step, err);
    return unsupported("pre_tokenizer", values[EWI_STAGE_TYPE], "length", digits, err);
}

static ew_status read_pre_tokenizer(void *user, const ew_str *values, ew_error *err) {
    static const struct {
        const char *type;
        ew_status (*read)(split_reader *r, const ew_str *values, ew_error *err);
    } known[] = {
        {"BertPreTokenizer", read_bert_split},
        {"Whitespace", read_words},
        {"WhitespaceSplit", read_space},
        {"Punctuation", read_punctuation},
        {"Digits", read_digits},
        {"Split", read_split},
        {"CharDelimiterSplit", read_delimiter},
        {"Metaspace", read_metaspace},
        {"ByteLevel", read_byte_level},
        {"UnicodeScripts", read_scripts},
        {"FixedLength", read_length},
    };
    split_reader *r = user;
    if (r->byte_level)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "tokenizer.json: pre_tokenizer: \"%.*s\" after ByteLevel is not supported",
                        EWI_STR_ARG(values[EWI_STAGE_TYPE]));
    for (size_t i = 0; i < EWI_COUNT(known); i++)
        if (ewi_str_is(values[EWI_STAGE_TYPE], known[i].type)) return known[i].read(r, values, err);
    return ewi_fail(err, EW_UNSUPPORTED, "tokenizer.json: pre_tokenizer: type \"%.*s\" is not supported",
                    EWI_STR_ARG(values[EWI_STAGE_TYPE]));
}

ew_status ewi_splits_from_json(const uint8_t *whole, ew_str json, ewi_arena *arena, ewi_vocab *vocab,
                               ew_error *err) {
    split_reader r = {.steps = ewi_arena_array(arena, MAX_STEPS, sizeof *r.steps),
                      .bytes = vocab->kind == EWI_VOCAB_BPE};
    if (!r.steps) return ewi_no_memory(err, "the pre-tokenizer");
    EWI_TRY(ewi_json_stage_walk(whole, json, "pre_tokenizer", arena, read_pre_tokenizer, &r, err));
    vocab->splits = r.steps;
    vocab->n_splits = r.n;
    return EW_OK;
}
