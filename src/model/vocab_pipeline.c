#include "model/vocab_pipeline.h"

#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "model/json_stage.h"

#define MAX_STAGE_BYTES 65536u
#define BLANK           "\xe2\x96\x81"

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
};

/* Cascades, as ewi_json_stage writes them. */
static const struct {
    const char *line;
    ewi_scanner scanner;
} cascades[] = {
    {"ByteLevel", EWI_SCAN_GPT2},
    {"Digits,individual_digits=true + ByteLevel", EWI_SCAN_STARCODER},
    {"Split,Regex=[\r\n],behavior=Isolated + Split,Regex=\\s?\\p{L}+,behavior=Isolated + "
     "Split,Regex=\\s?\\p{P}+,behavior=Isolated + Split,Regex=[一-龥ࠀ-一가-퟿]+,behavior=Isolated + "
     "Digits,individual_digits=true + ByteLevel,use_regex=false",
     EWI_SCAN_DEEPSEEK_CODER},
};

static bool cut(ew_str *text, const char *prefix, const char *suffix) {
    if (!ewi_str_starts(*text, prefix)) return false;
    size_t n = strlen(prefix);
    ew_str rest = {text->data + n, text->len - n};
    if (!ewi_str_ends(rest, suffix)) return false;
    *text = (ew_str){rest.data, rest.len - strlen(suffix)};
    return true;
}

/*
 * An expression that matches every character: keeping the matches apart and dropping what is between them are
 * the same.
 */
static bool find_regex(ew_str line, ewi_scanner *scanner) {
    if (!cut(&line, "Split,Regex=", ",behavior=Isolated + ByteLevel,use_regex=false") &&
        !cut(&line, "Split,Regex=", ",behavior=Removed,invert=true + ByteLevel,use_regex=false"))
        return false;
    for (size_t i = 0; i < EWI_COUNT(regexes); i++) {
        if (!ewi_str_is(line, regexes[i].regex)) continue;
        *scanner = regexes[i].scanner;
        return true;
    }
    return false;
}

static bool find_scanner(ew_str line, ewi_scanner *scanner) {
    for (size_t i = 0; i < EWI_COUNT(cascades); i++) {
        if (!ewi_str_is(line, cascades[i].line)) continue;
        *scanner = cascades[i].scanner;
        return true;
    }
    return find_regex(line, scanner);
}

/* ---- SentencePiece's blanks: what normalizer and pre-tokenizer do together ---- */

static const struct {
    const char *normalizer, *pre_tokenizer;
    ewi_space_prefix prefix;
} blankings[] = {
    {"Prepend,prepend=" BLANK " + Replace,String= ,content=" BLANK, "", EWI_PREFIX_EACH},
    {"Replace,String= ,content=" BLANK, "", EWI_PREFIX_NEVER},
    /* No blank is left to split at. */
    {"Replace,String= ,content=" BLANK, "Split,String= ,behavior=MergedWithPrevious", EWI_PREFIX_NEVER},
    {"", "Metaspace,replacement=" BLANK ",prepend_scheme=never,split=false", EWI_PREFIX_NEVER},
    {"", "Metaspace,replacement=" BLANK ",prepend_scheme=first,split=false", EWI_PREFIX_FIRST_UNLESS_BLANK},
    {"", "Metaspace,replacement=" BLANK ",prepend_scheme=always,split=false", EWI_PREFIX_EACH_UNLESS_BLANK},
};

static bool find_prefix(ew_str normalizer, ew_str pre_tokenizer, ewi_space_prefix *prefix) {
    for (size_t i = 0; i < EWI_COUNT(blankings); i++) {
        if (!ewi_str_is(normalizer, blankings[i].normalizer) ||
            !ewi_str_is(pre_tokenizer, blankings[i].pre_tokenizer))
            continue;
        *prefix = blankings[i].prefix;
        return true;
    }
    return false;
}

/* Decoding undoes the blanks; the blank before a text goes exactly where encoding puts one. */
static bool decodes_blanks(ew_str decoder, ewi_space_prefix prefix) {
    if (ewi_str_starts(decoder, "ByteFallback + Metaspace") || ewi_str_starts(decoder, "Metaspace"))
        return true;
    if (prefix == EWI_PREFIX_NEVER)
        return ewi_str_is(decoder, "Replace,String=" BLANK ",content=  + ByteFallback + Fuse");
    return ewi_str_is(decoder, "Replace,String=" BLANK
                               ",content=  + ByteFallback + Fuse + Strip,content= ,start=1,stop=0");
}

/* ---- stages ---- */

typedef struct pipeline {
    const ewi_pipeline_texts *texts;
    ewi_arena *arena;
    ewi_vocab *vocab;
    ew_error *err;
} pipeline;

static ew_status read_line(const pipeline *p, ew_str json, const char *what, ew_str *line) {
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, MAX_STAGE_BYTES);
    ew_status status = ewi_json_stage(p->texts->file, json, what, p->arena, &buffer, p->err);
    if (!status) {
        *line = ewi_buffer_str(&buffer);
        line->data = ewi_arena_strdup(p->arena, *line);
        if (!line->data) status = ewi_no_memory(p->err, what);
    }
    ewi_buffer_deinit(&buffer);
    return status;
}

static ew_status unsupported(const pipeline *p, const char *what, ew_str line) {
    return ewi_fail(p->err, EW_UNSUPPORTED,
                    "tokenizer.json: the %s \"%.*s\" is not supported for this kind of vocabulary", what,
                    EWI_STR_ARG(line));
}

static ew_status apply_spm(const pipeline *p, ew_str normalizer, ew_str pre_tokenizer, ew_str decoder) {
    if (!find_prefix(normalizer, pre_tokenizer, &p->vocab->space_prefix))
        return unsupported(p, "pre-tokenizer", pre_tokenizer.len ? pre_tokenizer : normalizer);
    if (!decodes_blanks(decoder, p->vocab->space_prefix)) return unsupported(p, "decoder", decoder);
    return EW_OK;
}

static ew_status apply_bpe(const pipeline *p, ew_str normalizer, ew_str pre_tokenizer, ew_str decoder) {
    p->vocab->nfc = ewi_str_is(normalizer, "NFC");
    if (normalizer.len && !p->vocab->nfc) return unsupported(p, "normalizer", normalizer);
    if (!find_scanner(pre_tokenizer, &p->vocab->scanner))
        return unsupported(p, "pre-tokenizer", pre_tokenizer);
    if (!ewi_str_is(decoder, "ByteLevel") && !ewi_str_starts(decoder, "ByteLevel,"))
        return unsupported(p, "decoder", decoder);
    return EW_OK;
}

/* ---- post-processors: which token goes before a text ---- */

/* {"SpecialToken": {"id": "<s>", "type_id": 0}} gives "<s>"; {"Sequence": ...} gives an empty name. */
static ew_status read_template_item(const pipeline *p, ewi_json *json, ew_str *name) {
    ew_str key;
    *name = EWI_STR("");
    EWI_TRY(ewi_json_enter_object(json, p->err));
    while (ewi_json_next_key(json, &key)) {
        bool special = ewi_str_is(key, "SpecialToken");
        EWI_TRY(ewi_json_enter_object(json, p->err));
        while (ewi_json_next_key(json, &key)) {
            if (special && ewi_str_is(key, "id"))
                EWI_TRY(ewi_json_read_string(json, name, p->err));
            else
                EWI_TRY(ewi_json_skip(json, p->err));
        }
    }
    return ewi_json_check(json, p->err);
}

static ew_status read_template(const pipeline *p, ewi_json *json) {
    EWI_TRY(ewi_json_enter_array(json, p->err));
    for (unsigned place = 0; ewi_json_next_item(json); place++) {
        ew_str name;
        EWI_TRY(read_template_item(p, json, &name));
        if (name.len && place > 0) return unsupported(p, "post-processor's token", name);
        if (!name.len) continue;
        p->vocab->bos = ewi_vocab_find_token(p->vocab, name);
        p->vocab->add_bos = true;
        if (p->vocab->bos < 0)
            return ewi_fail(p->err, EW_FORMAT, "tokenizer.json: post_processor: \"%.*s\" is not a token",
                            EWI_STR_ARG(name));
    }
    return ewi_json_check(json, p->err);
}

static ew_status read_processor(const pipeline *p, ewi_json *json, unsigned nesting) {
    ew_str key, type = {0};
    if (nesting > 2) return unsupported(p, "post-processor", EWI_STR("Sequence"));
    EWI_TRY(ewi_json_enter_object(json, p->err));
    while (ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "type")) {
            EWI_TRY(ewi_json_read_string(json, &type, p->err));
        } else if (ewi_str_is(key, "single")) {
            EWI_TRY(read_template(p, json));
        } else if (ewi_str_is(key, "processors")) {
            EWI_TRY(ewi_json_enter_array(json, p->err));
            while (ewi_json_next_item(json)) EWI_TRY(read_processor(p, json, nesting + 1));
        } else {
            EWI_TRY(ewi_json_skip(json, p->err));
        }
    }
    EWI_TRY(ewi_json_check(json, p->err));
    bool known = ewi_str_is(type, "TemplateProcessing") || ewi_str_is(type, "ByteLevel") ||
                 ewi_str_is(type, "Sequence");
    return known ? EW_OK : unsupported(p, "post-processor", type);
}

static ew_status apply_post_processor(const pipeline *p) {
    ew_str text = p->texts->post_processor;
    if (text.len == 0 || ewi_str_is(text, "null")) return EW_OK;
    ewi_json json;
    ewi_json_init_part(&json, p->texts->file, text, p->arena);
    EWI_TRY(read_processor(p, &json, 0));
    return ewi_json_end(&json, p->err);
}

ew_status ewi_pipeline_apply(const ewi_pipeline_texts *texts, ewi_arena *arena, ewi_vocab *vocab,
                             ew_error *err) {
    pipeline p = {texts, arena, vocab, err};
    ew_str normalizer, pre_tokenizer, decoder;
    EWI_TRY(read_line(&p, texts->normalizer, "normalizer", &normalizer));
    EWI_TRY(read_line(&p, texts->pre_tokenizer, "pre_tokenizer", &pre_tokenizer));
    EWI_TRY(read_line(&p, texts->decoder, "decoder", &decoder));
    if (vocab->kind == EWI_VOCAB_SPM)
        EWI_TRY(apply_spm(&p, normalizer, pre_tokenizer, decoder));
    else
        EWI_TRY(apply_bpe(&p, normalizer, pre_tokenizer, decoder));
    return apply_post_processor(&p);
}

/* ---- tokenizer_config.json ---- */

int32_t ewi_vocab_find_token(const ewi_vocab *vocab, ew_str spelling) {
    for (size_t i = 0; i < vocab->n_tokens; i++)
        if (ewi_str_eq(vocab->tokens[i], spelling)) return (int32_t)i;
    return -1;
}

/* "<s>", or {"content": "<s>", ...}, or null. */
static ew_status read_token_name(ewi_json *json, ew_str *name, ew_error *err) {
    ew_str key;
    if (ewi_json_peek(json) == EWI_JSON_STRING) return ewi_json_read_string(json, name, err);
    if (ewi_json_peek(json) != EWI_JSON_OBJECT) return ewi_json_skip(json, err);
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "content"))
            EWI_TRY(ewi_json_read_string(json, name, err));
        else
            EWI_TRY(ewi_json_skip(json, err));
    }
    return ewi_json_check(json, err);
}

static ew_status resolve(const ewi_vocab *vocab, const char *what, ew_str name, int32_t *token,
                         ew_error *err) {
    if (!name.data) return EW_OK;
    *token = ewi_vocab_find_token(vocab, name);
    if (*token >= 0) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "tokenizer_config.json: %s \"%.*s\" is not a token", what,
                    EWI_STR_ARG(name));
}

static ew_status read_config(ewi_bytes config, ewi_arena *arena, bool *add_bos, ew_str *bos, ew_str *eos,
                             ew_error *err) {
    ewi_json json;
    ew_str key;
    ewi_json_init(&json, config, arena);
    EWI_TRY(ewi_json_enter_object(&json, err));
    while (ewi_json_next_key(&json, &key)) {
        if (ewi_str_is(key, "bos_token"))
            EWI_TRY(read_token_name(&json, bos, err));
        else if (ewi_str_is(key, "eos_token"))
            EWI_TRY(read_token_name(&json, eos, err));
        else if (ewi_str_is(key, "add_bos_token") && ewi_json_peek(&json) == EWI_JSON_BOOL)
            EWI_TRY(ewi_json_read_bool(&json, add_bos, err));
        else
            EWI_TRY(ewi_json_skip(&json, err));
    }
    return ewi_json_end(&json, err);
}

ew_status ewi_tokenizer_config_apply(ewi_bytes config, ewi_arena *arena, ewi_vocab *vocab, ew_error *err) {
    ew_str bos = {0}, eos = {0};
    ew_status status = read_config(config, arena, &vocab->add_bos, &bos, &eos, err);
    if (status) return ewi_fail_at(err, status, "tokenizer_config.json");
    EWI_TRY(resolve(vocab, "bos_token", bos, &vocab->bos, err));
    return resolve(vocab, "eos_token", eos, &vocab->eos, err);
}
