#include "model/vocab_pipeline.h"

#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "model/json_stage.h"
#include "model/vocab_steps.h"

#define MAX_STAGE_BYTES 65536u
#define BLANK           "\xe2\x96\x81"

/* ---- pre-tokenizers ---- */

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
    {"Split,Regex=\\p{N}{1,3},behavior=Isolated + Split,Regex=[一-龥\xe3\x81\x80-ゟ゠-ヿ]+,behavior=Isolated "
     "+ "
     "Split,Regex=[!\"#$%&'()*+,\\-./"
     ":;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
     "?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+,behavior=Isolated + ByteLevel,use_regex=false",
     EWI_SCAN_DEEPSEEK_V3},
    {"Split,Regex=\\p{N}{1,3},behavior=Isolated + "
     "Split,Regex=(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
     "\\p{N}+| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+,behavior=Isolated + "
     "ByteLevel,use_regex=false",
     EWI_SCAN_MINICPM5},
    {"Split,Regex=\\d{1,3}(?=(?:\\d{3})*\\b),behavior=Isolated + Split,Regex=[^\\r\\n\\p{L}\\p{N}]?"
     "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^"
     "\\r\\n\\p{L}\\p{N}]?"
     "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}"
     "{1,3}| "
     "?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+,behavior=Isolated + "
     "ByteLevel,use_regex=false",
     EWI_SCAN_TINY_AYA},
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
    return ewi_scanner_of_regex(line, scanner);
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

/* Whether the merges of a whole text are as SentencePiece has them. */
static bool is_spm(const pipeline *p, ew_str normalizer, ew_str pre_tokenizer, ew_str decoder) {
    ewi_space_prefix *prefix = &p->vocab->space_prefix;
    return p->texts->byte_fallback && find_prefix(normalizer, pre_tokenizer, prefix) &&
           decodes_blanks(decoder, *prefix);
}

/* Whether what merges are the bytes of words. */
static bool is_byte_level(const pipeline *p, ew_str pre_tokenizer, ew_str decoder) {
    static const char *const lines[] = {"ByteLevel", "ByteLevel,use_regex=false",
                                        "ByteLevel,add_prefix_space=true",
                                        "ByteLevel,add_prefix_space=true,use_regex=false"};
    bool decodes = ewi_str_is(decoder, "ByteLevel") || ewi_str_starts(decoder, "ByteLevel,");
    if (!decodes || p->texts->byte_fallback || p->vocab->inner_prefix.len || p->vocab->word_suffix.len)
        return false;
    for (size_t i = 0; i < EWI_COUNT(lines); i++)
        if (ewi_str_ends(pre_tokenizer, lines[i])) return true;
    return false;
}

/* Most files cut words as one scanner does; others step by step. */
static ew_status apply_bpe(const pipeline *p, ew_str pre_tokenizer) {
    EWI_TRY(ewi_norms_from_json(p->texts->file, p->texts->normalizer, p->arena, p->vocab, p->err));
    if (!find_scanner(pre_tokenizer, &p->vocab->scanner))
        EWI_TRY(ewi_splits_from_json(p->texts->file, p->texts->pre_tokenizer, p->arena, p->vocab, p->err));
    return EW_OK;
}

/* Decoders of words and pieces, as ewi_json_stage writes them. */
static const struct {
    const char *line;
    ewi_decoder decoder;
    ewi_space_prefix prefix;
} decoders[] = {
    {"", EWI_DECODE_JOIN, EWI_PREFIX_NEVER},
    {"Fuse", EWI_DECODE_PLAIN, EWI_PREFIX_NEVER},
    {"ByteLevel", EWI_DECODE_ALPHABET, EWI_PREFIX_NEVER},
    {"ByteLevel,add_prefix_space=true", EWI_DECODE_ALPHABET, EWI_PREFIX_NEVER},
    {"ByteLevel,use_regex=false", EWI_DECODE_ALPHABET, EWI_PREFIX_NEVER},
    {"ByteLevel,add_prefix_space=true,use_regex=false", EWI_DECODE_ALPHABET, EWI_PREFIX_NEVER},
    {"Metaspace,replacement=" BLANK ",prepend_scheme=always,split=true", EWI_DECODE_METASPACE,
     EWI_PREFIX_EACH},
    {"Metaspace,replacement=" BLANK ",prepend_scheme=always,split=false", EWI_DECODE_METASPACE,
     EWI_PREFIX_EACH},
    {"Metaspace,replacement=" BLANK ",prepend_scheme=first,split=true", EWI_DECODE_METASPACE,
     EWI_PREFIX_EACH},
    {"Metaspace,replacement=" BLANK ",prepend_scheme=first,split=false", EWI_DECODE_METASPACE,
     EWI_PREFIX_EACH},
    {"Metaspace,replacement=" BLANK ",prepend_scheme=never,split=true", EWI_DECODE_METASPACE,
     EWI_PREFIX_NEVER},
    {"Metaspace,replacement=" BLANK ",prepend_scheme=never,split=false", EWI_DECODE_METASPACE,
     EWI_PREFIX_NEVER},
    {"Metaspace,replacement=" BLANK ",add_prefix_space=true", EWI_DECODE_METASPACE, EWI_PREFIX_EACH},
    {"Metaspace,replacement=" BLANK, EWI_DECODE_METASPACE, EWI_PREFIX_NEVER},
    {"Replace,String=" BLANK ",content=  + ByteFallback + Fuse", EWI_DECODE_BLANKS, EWI_PREFIX_NEVER},
    {"Replace,String=" BLANK ",content=  + ByteFallback + Fuse + Strip,content= ,start=1,stop=0",
     EWI_DECODE_BLANKS, EWI_PREFIX_EACH},
};

/* The one step of a decoder that has marks of its own. */
typedef struct marked_decoder {
    ew_str type, prefix, suffix, pad, delimiter, cleanup;
    size_t n;
} marked_decoder;

static ew_status read_marked(void *user, const ew_str *values, ew_error *err) {
    (void)err;
    marked_decoder *d = user;
    *d = (marked_decoder){values[EWI_STAGE_TYPE],
                          values[EWI_STAGE_PREFIX],
                          values[EWI_STAGE_SUFFIX],
                          values[EWI_STAGE_PAD_TOKEN],
                          values[EWI_STAGE_WORD_DELIMITER_TOKEN],
                          values[EWI_STAGE_CLEANUP],
                          d->n + 1};
    return EW_OK;
}

/* In a token without blanks, cleaning up changes the delimiter only; and a suffix is where a word ends. */
static ew_status check_marks(const pipeline *p) {
    const ewi_vocab *vocab = p->vocab;
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        ew_str token = vocab->tokens[i], mark = vocab->decode_mark;
        bool odd = vocab->decoder == EWI_DECODE_CTC && token.len && memchr(token.data, ' ', token.len);
        for (size_t k = 0; vocab->decoder == EWI_DECODE_SUFFIX && k + mark.len < token.len; k++)
            odd |= memcmp(token.data + k, mark.data, mark.len) == 0;
        if (odd) return unsupported(p, "decoder's mark inside of token", token);
    }
    return EW_OK;
}

/* Whether it is a decoder with marks. */
static bool apply_marked(const pipeline *p, const marked_decoder *d) {
    ewi_vocab *vocab = p->vocab;
    bool cleans = ewi_str_is(d->cleanup, "true");
    if (d->n != 1) return false;
    if (ewi_str_is(d->type, "WordPiece") && d->prefix.data) {
        vocab->decoder = EWI_DECODE_WORDPIECE;
        vocab->decode_mark = d->prefix;
        vocab->cleans_up = cleans;
    } else if (ewi_str_is(d->type, "BPEDecoder") && d->suffix.len) {
        vocab->decoder = EWI_DECODE_SUFFIX;
        vocab->decode_mark = d->suffix;
    } else if (ewi_str_is(d->type, "CTC") && d->pad.data) {
        vocab->decoder = EWI_DECODE_CTC;
        vocab->decode_mark = d->pad;
        if (cleans) vocab->decode_blank = d->delimiter;
    } else {
        return false;
    }
    return true;
}

static ew_status apply_decoder(const pipeline *p, ew_str decoder) {
    ew_str line = decoder;
    marked_decoder marked = {0};
    EWI_TRY(ewi_json_stage_walk(p->texts->file, p->texts->decoder, "decoder", p->arena, read_marked, &marked,
                                p->err));
    if (apply_marked(p, &marked)) return check_marks(p);
    cut(&line, "ByteFallback + ", "");
    for (size_t i = 0; i < EWI_COUNT(decoders); i++) {
        if (!ewi_str_is(line, decoders[i].line)) continue;
        p->vocab->decoder = decoders[i].decoder;
        p->vocab->space_prefix = decoders[i].prefix;
        return EW_OK;
    }
    return unsupported(p, "decoder", decoder);
}

static ew_status apply_pieces(const pipeline *p, ew_str decoder) {
    EWI_TRY(ewi_norms_from_json(p->texts->file, p->texts->normalizer, p->arena, p->vocab, p->err));
    EWI_TRY(ewi_splits_from_json(p->texts->file, p->texts->pre_tokenizer, p->arena, p->vocab, p->err));
    return apply_decoder(p, decoder);
}

/* ---- post-processors: which token goes before a text ---- */

/* {"SpecialToken": {"id": "<s>", "type_id": 0}} has a name, {"Sequence": {"id": "A", "type_id": 0}} none. */
typedef struct template_item {
    ew_str name, sequence, type; /* the last two as JSON */
} template_item;

static ew_status read_template_item(const pipeline *p, ewi_json *json, template_item *item) {
    ew_str key;
    *item = (template_item){.name = EWI_STR("")};
    EWI_TRY(ewi_json_enter_object(json, p->err));
    while (ewi_json_next_key(json, &key)) {
        bool special = ewi_str_is(key, "SpecialToken");
        EWI_TRY(ewi_json_enter_object(json, p->err));
        while (ewi_json_next_key(json, &key)) {
            if (special && ewi_str_is(key, "id"))
                EWI_TRY(ewi_json_read_string(json, &item->name, p->err));
            else if (ewi_str_is(key, "id"))
                EWI_TRY(ewi_json_skip_to(json, &item->sequence, p->err));
            else if (ewi_str_is(key, "type_id"))
                EWI_TRY(ewi_json_skip_to(json, &item->type, p->err));
            else
                EWI_TRY(ewi_json_skip(json, p->err));
        }
    }
    return ewi_json_check(json, p->err);
}

/* Names the token that goes first (last) in every text: one at most. */
static ew_status set_outer_token(const pipeline *p, ew_str name, bool first) {
    ewi_vocab *vocab = p->vocab;
    int32_t token = ewi_vocab_find_token(vocab, name);
    if (token < 0)
        return ewi_fail(p->err, EW_FORMAT, "tokenizer.json: post_processor: \"%.*s\" is not a token",
                        EWI_STR_ARG(name));
    if (first ? vocab->add_bos : vocab->last >= 0)
        return unsupported(p, "post-processor's second token", name);
    if (first) {
        vocab->bos = token;
        vocab->add_bos = true;
    } else {
        vocab->last = token;
    }
    return EW_OK;
}

static ew_status read_template(const pipeline *p, ewi_json *json) {
    bool first = true;
    EWI_TRY(ewi_json_enter_array(json, p->err));
    while (ewi_json_next_item(json)) {
        template_item item;
        EWI_TRY(read_template_item(p, json, &item));
        if (item.name.len)
            EWI_TRY(set_outer_token(p, item.name, first));
        else
            first = false;
    }
    return ewi_json_check(json, p->err);
}

/* A template of two texts as far as it was read. */
typedef struct pair_template {
    ewi_pair_rule rule;
    unsigned n_texts;
    bool is_odd; /* and there is no way to say so in a rule */
} pair_template;

static bool add_pair_text(pair_template *t, const template_item *item) {
    const bool is_first = t->n_texts++ == 0, has_type = ewi_str_is(item->type, "1");
    if (!is_first) t->rule.has_types = has_type;
    return t->n_texts <= 2 && ewi_str_is(item->sequence, is_first ? "\"A\"" : "\"B\"") &&
           (ewi_str_is(item->type, "0") || (has_type && !is_first));
}

static bool add_pair_token(const pipeline *p, pair_template *t, const template_item *item) {
    ewi_pair_rule *rule = &t->rule;
    const int32_t token = ewi_vocab_find_token(p->vocab, item->name);
    int32_t *place = t->n_texts == 0 ? &rule->first : &rule->last;
    if (token < 0 || !ewi_str_is(item->type, t->n_texts == 2 && rule->has_types ? "1" : "0")) return false;
    if (t->n_texts == 1) {
        if (rule->n_between == EWI_COUNT(rule->between)) return false;
        place = &rule->between[rule->n_between++];
        *place = -1;
    }
    if (*place >= 0) return false;
    *place = token;
    return true;
}

/* Whoever needs a pair is told, where its template is none of the usual ones. */
static ew_status read_pair_template(const pipeline *p, ewi_json *json) {
    pair_template t = {.rule = {.first = -1, .last = -1}};
    EWI_TRY(ewi_json_enter_array(json, p->err));
    while (ewi_json_next_item(json)) {
        template_item item;
        EWI_TRY(read_template_item(p, json, &item));
        if (!t.is_odd) t.is_odd = !(item.name.len ? add_pair_token(p, &t, &item) : add_pair_text(&t, &item));
    }
    t.rule.is_known = !t.is_odd && t.n_texts == 2;
    p->vocab->pair = t.rule;
    return ewi_json_check(json, p->err);
}

/* What BertProcessing and RobertaProcessing make of two texts. */
static void set_named_pair(const pipeline *p, bool is_bert) {
    ewi_vocab *vocab = p->vocab;
    vocab->pair = (ewi_pair_rule){.is_known = true,
                                  .has_types = is_bert,
                                  .first = vocab->bos,
                                  .between = {vocab->last, vocab->last},
                                  .n_between = is_bert ? 1 : 2,
                                  .last = vocab->last};
}

/* BertProcessing, RobertaProcessing: ["[CLS]", 101]. */
static ew_status read_named_token(const pipeline *p, ewi_json *json, bool first) {
    ew_str name = {0};
    EWI_TRY(ewi_json_enter_array(json, p->err));
    if (ewi_json_next_item(json)) EWI_TRY(ewi_json_read_string(json, &name, p->err));
    while (ewi_json_next_item(json)) EWI_TRY(ewi_json_skip(json, p->err));
    EWI_TRY(ewi_json_check(json, p->err));
    return set_outer_token(p, name, first);
}

static ew_status read_processor(const pipeline *p, ewi_json *json, unsigned nesting);

static ew_status read_processor_member(const pipeline *p, ewi_json *json, ew_str key, ew_str *type,
                                       unsigned nesting) {
    if (ewi_str_is(key, "type")) return ewi_json_read_string(json, type, p->err);
    if (ewi_str_is(key, "single")) return read_template(p, json);
    if (ewi_str_is(key, "pair") && ewi_json_peek(json) == EWI_JSON_ARRAY) return read_pair_template(p, json);
    if (ewi_str_is(key, "cls")) return read_named_token(p, json, true);
    if (ewi_str_is(key, "sep")) return read_named_token(p, json, false);
    if (!ewi_str_is(key, "processors")) return ewi_json_skip(json, p->err);
    EWI_TRY(ewi_json_enter_array(json, p->err));
    while (ewi_json_next_item(json)) EWI_TRY(read_processor(p, json, nesting + 1));
    return ewi_json_check(json, p->err);
}

static ew_status read_processor(const pipeline *p, ewi_json *json, unsigned nesting) {
    static const char *const known[] = {"TemplateProcessing", "ByteLevel", "Sequence", "BertProcessing",
                                        "RobertaProcessing"};
    ew_str key, type = {0};
    if (nesting > 2) return unsupported(p, "post-processor", EWI_STR("Sequence"));
    EWI_TRY(ewi_json_enter_object(json, p->err));
    while (ewi_json_next_key(json, &key)) EWI_TRY(read_processor_member(p, json, key, &type, nesting));
    EWI_TRY(ewi_json_check(json, p->err));
    const bool is_bert = ewi_str_is(type, "BertProcessing");
    if (is_bert || ewi_str_is(type, "RobertaProcessing")) set_named_pair(p, is_bert);
    for (size_t i = 0; i < EWI_COUNT(known); i++)
        if (ewi_str_is(type, known[i])) return EW_OK;
    return unsupported(p, "post-processor", type);
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
    if (vocab->kind == EWI_VOCAB_CHAR_BPE && is_spm(&p, normalizer, pre_tokenizer, decoder)) {
        vocab->kind = EWI_VOCAB_SPM;
    } else if (vocab->kind == EWI_VOCAB_CHAR_BPE && is_byte_level(&p, pre_tokenizer, decoder)) {
        vocab->kind = EWI_VOCAB_BPE;
        EWI_TRY(apply_bpe(&p, pre_tokenizer));
    } else {
        EWI_TRY(apply_pieces(&p, decoder));
    }
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
