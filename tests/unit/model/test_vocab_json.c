/* tokenizer.json: which pipelines are followed, and what is refused. Real ones:
 * tests/conformance/test_huggingface.c. */
#include <stdio.h>
#include <string.h>

#include "model/json_stage.h"
#include "model/vocab_load.h"
#include "scratch.h"
#include "test.h"
#include "text/tokenizer.h"

#define BYTE_LEVEL \
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}"
#define REPLACE   "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}"
#define PREPEND   "{\"type\":\"Prepend\",\"prepend\":\"\xe2\x96\x81\"}"
#define UNREPLACE "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xe2\x96\x81\"},\"content\":\" \"}"
#define FALLBACK  UNREPLACE ",{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}"
#define STRIP     ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}"
#define SPM_MODEL                                                                                            \
    "{\"type\":\"BPE\",\"byte_fallback\":true,\"unk_token\":\"<unk>\",\"vocab\":{\"<unk>\":0,\"a\":1,\"b\":" \
    "2,"                                                                                                     \
    "\"ab\":3},\"merges\":[\"a b\"]}"
#define BPE_MODEL "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[[\"a\",\"b\"]]}"

/* The members of a file; NULL leaves one out. */
typedef struct file {
    const char *added, *normalizer, *pre_tokenizer, *post_processor, *decoder, *model, *more;
} file;

static const file bpe_file = {.pre_tokenizer = BYTE_LEVEL, .decoder = BYTE_LEVEL, .model = BPE_MODEL};
static const file spm_file = {.normalizer =
                                  "{\"type\":\"Sequence\",\"normalizers\":[" PREPEND "," REPLACE "]}",
                              .decoder = "{\"type\":\"Sequence\",\"decoders\":[" FALLBACK STRIP "]}",
                              .model = SPM_MODEL};

static void add_member(char *out, size_t cap, const char *key, const char *value) {
    size_t len = strlen(out);
    if (value) snprintf(out + len, cap - len, "%s\"%s\":%s", len > 1 ? "," : "", key, value);
}

static const char *write_file(const file *f) {
    static char out[8192];
    snprintf(out, sizeof out, "{");
    add_member(out, sizeof out, "added_tokens", f->added);
    add_member(out, sizeof out, "normalizer", f->normalizer);
    add_member(out, sizeof out, "pre_tokenizer", f->pre_tokenizer);
    add_member(out, sizeof out, "post_processor", f->post_processor);
    add_member(out, sizeof out, "decoder", f->decoder);
    add_member(out, sizeof out, "model", f->model);
    add_member(out, sizeof out, "more", f->more);
    size_t len = strlen(out);
    snprintf(out + len, sizeof out - len, "}");
    return out;
}

typedef struct loaded {
    ewi_arena arena;
    ewi_vocab vocab;
    ew_error err;
    ew_status status;
} loaded;

static ewi_bytes bytes_of(const char *text) {
    return (ewi_bytes){(const uint8_t *)text, strlen(text)};
}

static loaded *load_with(const file *f, const char *config) {
    static loaded l;
    memset(&l, 0, sizeof l);
    ewi_arena_init(&l.arena, 1u << 20);
    ew_tokenizer *tokenizer = NULL;
    l.status = ewi_vocab_from_json(bytes_of(write_file(f)), bytes_of(config), &l.arena, &l.vocab, &l.err);
    if (!l.status) l.status = ewi_tokenizer_new(&l.vocab, &tokenizer, &l.err);
    ew_tokenizer_close(tokenizer);
    return &l;
}

static loaded *load(const file *f) {
    loaded *l = load_with(f, "");
    if (l->status) fail_msg("%s", l->err.text);
    return l;
}

static void expect(const file *f, ew_status status, const char *text) {
    loaded *l = load_with(f, "");
    assert_int_equal(l->status, status);
    if (!strstr(l->err.text, text)) fail_msg("\"%s\" is not in \"%s\"", text, l->err.text);
    ewi_arena_deinit(&l->arena);
}

/* ---- stages as lines ---- */

static const char *stage(const char *json) {
    static char line[1024];
    ewi_arena arena;
    ewi_buffer out;
    ew_error err = {0};
    ewi_arena_init(&arena, 1u << 20);
    ewi_buffer_init(&out, sizeof line - 1);
    if (ewi_json_stage((const uint8_t *)json, ewi_str(json), "stage", &arena, &out, &err))
        snprintf(line, sizeof line, "%s", err.text);
    else
        snprintf(line, sizeof line, "%.*s", (int)out.len, (const char *)out.data);
    ewi_buffer_deinit(&out);
    ewi_arena_deinit(&arena);
    return line;
}

static void a_stage_has_one_spelling(void **state) {
    (void)state;
    assert_string_equal(stage("null"), "");
    assert_string_equal(stage(BYTE_LEVEL), "ByteLevel");
    assert_string_equal(stage("{\"use_regex\":false,\"type\":\"ByteLevel\"}"), "ByteLevel,use_regex=false");
    assert_string_equal(stage("{\"invert\":false,\"behavior\":\"Isolated\",\"pattern\":{\"Regex\":\"\\\\d\"},"
                              "\"type\":\"Split\"}"),
                        "Split,Regex=\\d,behavior=Isolated");
    assert_string_equal(
        stage("{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Sequence\",\"decoders\":[" FALLBACK "]}]}"),
        "Replace,String=\xe2\x96\x81,content=  + ByteFallback + Fuse");
    assert_string_equal(stage("{\"type\":\"Split\",\"colour\":1}"), "stage: \"colour\" is not known here");
    assert_string_equal(stage("{}"), "stage: \"type\" is missing");
}

/* ---- pipelines ---- */

static void byte_level(void **state) {
    (void)state;
    loaded *l = load(&bpe_file);
    assert_int_equal(l->vocab.kind, EWI_VOCAB_BPE);
    assert_int_equal(l->vocab.scanner, EWI_SCAN_GPT2);
    assert_int_equal(l->vocab.n_tokens, 3);
    assert_int_equal(l->vocab.bos, -1);
    assert_int_equal(l->vocab.n_norms, 0);
    ewi_arena_deinit(&l->arena);
}

static void sentencepiece(void **state) {
    (void)state;
    loaded *l = load(&spm_file);
    assert_int_equal(l->vocab.kind, EWI_VOCAB_SPM);
    assert_int_equal(l->vocab.space_prefix, EWI_PREFIX_EACH);
    assert_int_equal(l->vocab.unk, 0);
    ewi_arena_deinit(&l->arena);
}

static void blanks_as_gemma_and_mistral_have_them(void **state) {
    (void)state;
    file f = spm_file;
    f.normalizer = REPLACE;
    f.pre_tokenizer = "{\"type\":\"Split\",\"pattern\":{\"String\":\" "
                      "\"},\"behavior\":\"MergedWithPrevious\",\"invert\":false}";
    f.decoder = "{\"type\":\"Sequence\",\"decoders\":[" FALLBACK "]}";
    loaded *l = load(&f);
    assert_int_equal(l->vocab.space_prefix, EWI_PREFIX_NEVER);
    ewi_arena_deinit(&l->arena);
    f = spm_file;
    f.normalizer = NULL;
    f.pre_tokenizer = "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"first\","
                      "\"split\":false}";
    l = load(&f);
    assert_int_equal(l->vocab.space_prefix, EWI_PREFIX_FIRST_UNLESS_BLANK);
    ewi_arena_deinit(&l->arena);
}

static void a_template_puts_bos_first(void **state) {
    (void)state;
    file f = bpe_file;
    f.added = "[{\"id\":3,\"content\":\"<s>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":true,"
              "\"normalized\":false,"
              "\"special\":true},{\"id\":4,\"content\":\"=>\",\"special\":false}]";
    f.post_processor =
        "{\"type\":\"Sequence\",\"processors\":[" BYTE_LEVEL ",{\"type\":\"TemplateProcessing\",\"single\":["
        "{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}]}]}";
    loaded *l = load(&f);
    assert_int_equal(l->vocab.bos, 3);
    assert_true(l->vocab.add_bos);
    assert_int_equal(l->vocab.types[3], EWI_TOKEN_CONTROL | EWI_TOKEN_RSTRIP);
    assert_int_equal(l->vocab.types[4], EWI_TOKEN_USER_DEFINED);
    ewi_arena_deinit(&l->arena);
    l = load_with(
        &f, "{\"add_bos_token\":false,\"bos_token\":\"a\",\"eos_token\":{\"content\":\"<s>\"},\"x\":[1]}");
    assert_int_equal(l->status, EW_OK);
    assert_false(l->vocab.add_bos);
    assert_int_equal(l->vocab.bos, 0);
    assert_int_equal(l->vocab.eos, 3);
    ewi_arena_deinit(&l->arena);
    l = load_with(&f, "{\"eos_token\":\"</s>\"}");
    assert_int_equal(l->status, EW_FORMAT);
    assert_non_null(strstr(l->err.text, "eos_token \"</s>\""));
    ewi_arena_deinit(&l->arena);
}

#define MARK(id, type) "{\"SpecialToken\":{\"id\":\"" id "\",\"type_id\":" type "}}"
#define TEXT(id, type) "{\"Sequence\":{\"id\":\"" id "\",\"type_id\":" type "}}"
#define PAIR(items)    "{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[" items "]}"

/* Of pairs that the package tokenizers' own processors make: a and b stand for marks. */
static void pairs_by_template(void **state) {
    (void)state;
    static const struct {
        const char *post_processor;
        ewi_pair_rule rule;
    } cases[] = {
        {PAIR(MARK("a", "0") "," TEXT("A", "0") "," MARK("b", "0") "," TEXT("B", "1") "," MARK("b", "1")),
         {true, true, 0, {1}, 1, 1}},
        {PAIR(MARK("a", "0") "," TEXT("A", "0") "," MARK("b", "0") "," MARK("ab", "0") "," TEXT(
             "B", "0") "," MARK("b", "0")),
         {true, false, 0, {1, 2}, 1, 2}},
        {PAIR(TEXT("A", "0") "," TEXT("B", "1")), {true, true, -1, {0}, -1, 0}},
        {"{\"type\":\"BertProcessing\",\"sep\":[\"b\",1],\"cls\":[\"a\",0]}", {true, true, 0, {1, 1}, 1, 1}},
        {"{\"type\":\"RobertaProcessing\",\"sep\":[\"b\",1],\"cls\":[\"a\",0]}",
         {true, false, 0, {1, 1}, 1, 2}},
        /* What no rule says: the other order, three texts, three marks between, unknown ones, odd types. */
        {PAIR(TEXT("B", "0") "," TEXT("A", "0")), {0}},
        {PAIR(TEXT("A", "0") "," TEXT("B", "0") "," TEXT("B", "0")), {0}},
        {PAIR(TEXT("A", "0")), {0}},
        {PAIR(TEXT("A", "0") "," MARK("a", "0") "," MARK("a", "0") "," MARK("a", "0") "," TEXT("B", "0")),
         {0}},
        {PAIR(MARK("a", "0") "," MARK("a", "0") "," TEXT("A", "0") "," TEXT("B", "0")), {0}},
        {PAIR(MARK("nope", "0") "," TEXT("A", "0") "," TEXT("B", "0")), {0}},
        {PAIR(TEXT("A", "1") "," TEXT("B", "1")), {0}},
        {PAIR(TEXT("A", "0") "," MARK("a", "1") "," TEXT("B", "1")), {0}},
        {PAIR(TEXT("A", "0") "," TEXT("B", "1") "," MARK("a", "0")), {0}},
        {PAIR(TEXT("A", "0") "," TEXT("B", "2")), {0}},
        {"{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":null}", {0}},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        file f = bpe_file;
        f.post_processor = cases[i].post_processor;
        loaded *l = load(&f);
        const ewi_pair_rule *got = &l->vocab.pair, *wanted = &cases[i].rule;
        assert_int_equal(got->is_known, wanted->is_known);
        if (wanted->is_known) {
            assert_int_equal(got->has_types, wanted->has_types);
            assert_int_equal(got->first, wanted->first);
            assert_int_equal(got->last, wanted->last);
            assert_int_equal(got->n_between, wanted->n_between);
            for (uint32_t k = 0; k < wanted->n_between; k++)
                assert_int_equal(got->between[k], wanted->between[k]);
        }
        ewi_arena_deinit(&l->arena);
    }
}

static void what_is_not_followed_is_refused_by_name(void **state) {
    (void)state;
    file f = bpe_file;
    f.more = "1";
    expect(&f, EW_UNSUPPORTED, "\"more\"");
    f = bpe_file;
    f.normalizer = "{\"type\":\"Shout\"}";
    expect(&f, EW_UNSUPPORTED, "normalizer: type \"Shout\"");
    f.normalizer = "{\"type\":\"Replace\",\"pattern\":{\"String\":\"0123456789012345678901234567890123456789"
                   "0123456789012345678901234\"},\"content\":\"\"}";
    expect(&f, EW_LIMIT, "normalizer: Replace: a pattern of 65 bytes, at most 64");
    f.normalizer = "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a+\"},\"content\":\"\"}";
    expect(&f, EW_UNSUPPORTED, "normalizer Replace: the expression \"a+\"");
    f = bpe_file;
    f.pre_tokenizer = "{\"type\":\"Shout\"}";
    expect(&f, EW_UNSUPPORTED, "pre_tokenizer: type \"Shout\"");
    f.pre_tokenizer = "{\"type\":\"FixedLength\",\"length\":0}";
    expect(&f, EW_UNSUPPORTED, "length \"0\"");
    f.pre_tokenizer = "{\"type\":\"Whitespace\"}";
    expect(&f, EW_FORMAT, "nor an unknown token");
    f.pre_tokenizer = "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x\"},\"behavior\":\"Isolated\"}";
    expect(&f, EW_UNSUPPORTED, "Split: the expression \"x\"");
    f = bpe_file;
    f.decoder = "{\"type\":\"WordPiece\"}";
    expect(&f, EW_UNSUPPORTED, "the decoder \"WordPiece\"");
    f = bpe_file;
    f.post_processor = "{\"type\":\"PairProcessing\",\"sep\":[\"a\",1]}";
    expect(&f, EW_UNSUPPORTED, "\"PairProcessing\"");
    f = bpe_file;
    f.post_processor = "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\"}},{"
                       "\"SpecialToken\":{\"id\":\"a\"}},{\"SpecialToken\":{\"id\":\"b\"}}]}";
    expect(&f, EW_UNSUPPORTED, "token \"b\"");
    f = spm_file;
    f.decoder = "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}";
    expect(&f, EW_UNSUPPORTED, "the decoder \"Strip");
}

#define AFFIXED(options, merge)                                 \
    "{\"type\":\"BPE\",\"unk_token\":\"?\"," options            \
    ",\"vocab\":{\"a b\":0,\"ab\":1,\"a\":2,\"b\":3,\"##b\":4," \
    "\"?\":5},\"merges\":[" merge "]}"

static void affixes_and_marks_are_checked(void **state) {
    (void)state;
    file f = {.model = AFFIXED("\"continuing_subword_prefix\":\"##\"", "[\"a\",\"##b\"]")};
    ewi_arena_deinit(&load(&f)->arena);
    f.decoder = "{\"type\":\"CTC\",\"pad_token\":\"?\",\"word_delimiter_token\":\"|\",\"cleanup\":true}";
    expect(&f, EW_UNSUPPORTED, "token \"a b\"");
    f.decoder = "{\"type\":\"BPEDecoder\",\"suffix\":\"a\"}";
    expect(&f, EW_UNSUPPORTED, "token \"a b\"");
    f.decoder = NULL;
    f.model = AFFIXED("\"continuing_subword_prefix\":\"##\"", "[\"a\",\"b\"]");
    expect(&f, EW_FORMAT, "merge 0: its right side does not begin with \"##\"");
    f.model = AFFIXED("\"byte_fallback\":true,\"end_of_word_suffix\":\"b\"", "[\"a\",\"b\"]");
    expect(&f, EW_UNSUPPORTED, "byte_fallback with");
    f.model = AFFIXED("\"end_of_word_suffix\":\"012345678901234567890123456789012\"", "[\"a\",\"b\"]");
    expect(&f, EW_LIMIT, "suffix of more than 32 bytes");
}

static void models_are_known(void **state) {
    (void)state;
    file f = bpe_file;
    f.model = "{\"type\":\"Shout\",\"vocab\":{}}";
    expect(&f, EW_UNSUPPORTED, "model type \"Shout\"");
    f.model = "{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}}";
    expect(&f, EW_FORMAT, "nor an unknown token");
    f.model = "{\"type\":\"BPE\",\"dropout\":0.1,\"vocab\":{},\"merges\":[]}";
    expect(&f, EW_UNSUPPORTED, "dropout is 0.1");
    f.model = "{\"type\":\"BPE\",\"vocab\":{\"a\":0}}";
    expect(&f, EW_FORMAT, "\"merges\" is missing");
    f.model = NULL;
    expect(&f, EW_FORMAT, "\"model\" is missing");
}

#define PIECES_FILE(the_model, the_decoder)        \
    (file) {                                       \
        .model = the_model, .decoder = the_decoder \
    }
#define WORDPIECE_DECODER "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}"
#define UNIGRAM_DECODER \
    "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"always\",\"split\":true}"
#define UNIGRAM(the_vocab) "{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":" the_vocab "}"

static void wordpiece_says_what_is_wrong(void **state) {
    (void)state;
    file f =
        PIECES_FILE("{\"type\":\"WordPiece\",\"unk_token\":\"u\",\"vocab\":{\"u\":0}}", WORDPIECE_DECODER);
    ewi_arena_deinit(&load(&f)->arena);
    f.model = "{\"type\":\"WordPiece\",\"unk_token\":\"v\",\"vocab\":{\"u\":0}}";
    expect(&f, EW_FORMAT, "unknown token");
    f.model = "{\"type\":\"WordPiece\",\"max_input_chars_per_word\":9999,\"vocab\":{\"u\":0}}";
    expect(&f, EW_LIMIT, "max_input_chars_per_word is 9999");
    f = PIECES_FILE("{\"type\":\"WordPiece\",\"unk_token\":\"u\",\"vocab\":{\"u\":0}}",
                    "{\"type\":\"WordPiece\"}");
    expect(&f, EW_UNSUPPORTED, "the decoder \"WordPiece");
}

static void unigram_says_what_is_wrong(void **state) {
    (void)state;
    file f = PIECES_FILE(UNIGRAM("[[\"u\",0],[\"a\",-1.5]]"), UNIGRAM_DECODER);
    ewi_arena_deinit(&load(&f)->arena);
    f.model = UNIGRAM("[[\"u\",0],[\"a\"]]");
    expect(&f, EW_FORMAT, "line 1");
    f.model = UNIGRAM("[[\"u\",0],[\"a\",1,2]]");
    expect(&f, EW_FORMAT, "piece 1 is not text and a score");
    f.model = UNIGRAM("[[\"u\",0],[\"u\",1]]");
    expect(&f, EW_FORMAT, "token \"u\" has two ids: 0 and 1");
    f.model = UNIGRAM("[[\"u\",0],[\"a\",1e300]]");
    expect(&f, EW_FORMAT, "the score of token 1");
    f.model = UNIGRAM("[]");
    expect(&f, EW_FORMAT, "is empty");
    f.model = "{\"type\":\"Unigram\",\"unk_id\":7,\"vocab\":[[\"a\",0]]}";
    expect(&f, EW_FORMAT, "unk_id is 7");
}

/* Four bytes of size, then units and texts: cut short, of a wrong size, without an end, leading out. */
static void charsmaps_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *base64, *text;
    } cases[] = {
        {"AAAA", "it has 3 bytes"},       {"AwAAAAAAAAAA", "a double array of 3 bytes"},
        {"BAAAAAAAAABB", "does not end"}, {"BAAAAAD/AAAA", "unit 0 leads out"},
        {"!!!!", "not base64"},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        char normalizer[128];
        snprintf(normalizer, sizeof normalizer, "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"%s\"}",
                 cases[i].base64);
        file f = PIECES_FILE(UNIGRAM("[[\"u\",0],[\"a\",-1.5]]"), UNIGRAM_DECODER);
        f.normalizer = normalizer;
        expect(&f, EW_FORMAT, cases[i].text);
    }
}

static void ids_are_checked(void **state) {
    (void)state;
    file f = bpe_file;
    f.model = "{\"vocab\":{\"a\":0,\"b\":0,\"ab\":1},\"merges\":[\"a b\"]}";
    expect(&f, EW_FORMAT, "two tokens have id 0");
    f.model = "{\"vocab\":{\"a\":0,\"b\":4000000000},\"merges\":[\"a b\"]}";
    expect(&f, EW_LIMIT, "id 4000000000");
    f.model = "{\"vocab\":{\"a\":0,\"b\":-1},\"merges\":[\"a b\"]}";
    expect(&f, EW_FORMAT, "line 1");
    f.model = "{\"vocab\":{},\"merges\":[\"a b\"]}";
    expect(&f, EW_FORMAT, "no tokens");
}

static void merges_are_pairs_of_tokens(void **state) {
    (void)state;
    static const struct {
        const char *merges, *text;
    } cases[] = {
        {"[\"ab\"]", "merge \"ab\""},
        {"[\"a c\"]", "merge 0 needs \"c\""},
        {"[[\"a\"]]", "fewer than two"},
        {"[[\"a\",\"b\",\"a\"]]", "more than two"},
        {"[\"a b\",[\"b\",\"a\"]]", "needs \"ba\""},
        {"[1]", "line 1"},
        {"[]", "without merges"},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        char model[256];
        snprintf(model, sizeof model, "{\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":%s}",
                 cases[i].merges);
        file f = bpe_file;
        f.model = model;
        expect(&f, strcmp(cases[i].merges, "[]") == 0 ? EW_UNSUPPORTED : EW_FORMAT, cases[i].text);
    }
}

/* ---- tekken.json ---- */

#define TEKKEN_PATTERN                                                                                       \
    "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*[\\\\p{Ll}\\\\p{Lm}\\\\p{" \
    "Lo}\\\\p{M}]+|"                                                                                         \
    "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+[\\\\p{Ll}\\\\p{Lm}\\\\p{" \
    "Lo}\\\\p{M}]*|"                                                                                         \
    "\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define TEKKEN(config, rest) \
    "{\"config\":{\"pattern\":\"" TEKKEN_PATTERN "\",\"default_num_special_tokens\":" config "}," rest "}"
#define TEKKEN_AB "{\"rank\":0,\"token_bytes\":\"YQ==\"},{\"rank\":1,\"token_bytes\":\"Yg==\"}"

static ew_status open_tekken(const char *json, ew_tokenizer **out, ew_error *err) {
    return ew_tokenizer_open(scratch_file("tekken.json", json, strlen(json)), out, err);
}

/* mistral-common: a token's id is its rank and the number of special tokens; "ab" merges. */
static void tekken(void **state) {
    (void)state;
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    ew_token ids[4];
    size_t n;
    const char *json =
        TEKKEN("4,\"default_vocab_size\":7",
               "\"vocab\":[" TEKKEN_AB ",{\"rank\":2,\"token_bytes\":\"YWI=\"},{\"rank\":3,"
               "\"token_bytes\":\"YWJh\"}],\"special_tokens\":[{\"rank\":1,\"token_str\":\"<s>\"}]");
    if (open_tekken(json, &tokenizer, &err)) fail_msg("%s", err.text);
    assert_int_equal(ew_tokenizer_n_vocab(tokenizer), 7);
    assert_int_equal(ew_tokenizer_encode(tokenizer, (ew_str){"abb<s>", 3}, EW_ENCODE_BOS, ids, 4, &n, &err),
                     EW_OK);
    assert_int_equal(n, 3);
    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[1], 6);
    assert_int_equal(ids[2], 5);
    assert_true(ewi_str_is(ew_token_spelling(tokenizer, 3), "<SPECIAL_3>"));
    ew_tokenizer_close(tokenizer);
}

static void tekken_says_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"{\"config\":{}}", "\"vocab\" is missing"},
        {TEKKEN("9,\"default_vocab_size\":6", "\"vocab\":[]"), "default_num_special_tokens is 9 of 6"},
        {TEKKEN("4,\"default_vocab_size\":99999999", "\"vocab\":[]"), "default_vocab_size is 99999999"},
        {TEKKEN("4,\"default_vocab_size\":7", "\"vocab\":[" TEKKEN_AB "]"), "no token has rank 2"},
        {TEKKEN("4,\"default_vocab_size\":6", "\"vocab\":[" TEKKEN_AB "," TEKKEN_AB "]"),
         "two tokens have id 4"},
        {TEKKEN("4,\"default_vocab_size\":6", "\"vocab\":[{\"rank\":0,\"token_bytes\":\"?\"}]"), "no base64"},
        {"{\"config\":{\"pattern\":\"x\",\"default_num_special_tokens\":3,\"default_vocab_size\":4},"
         "\"vocab\":[]}",
         "pattern \"x\""},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        ew_tokenizer *tokenizer;
        ew_error err = {0};
        assert_int_not_equal(open_tekken(cases[i].json, &tokenizer, &err), EW_OK);
        if (!strstr(err.text, cases[i].text)) fail_msg("\"%s\" is not in \"%s\"", cases[i].text, err.text);
    }
}

/* ---- paths ---- */

static void a_path_says_what_is_wrong_with_it(void **state) {
    (void)state;
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    assert_int_equal(ew_tokenizer_open(scratch_path("absent.json"), &tokenizer, &err), EW_IO);
    assert_int_equal(ew_tokenizer_open("/", &tokenizer, &err), EW_IO);
    assert_non_null(strstr(err.text, "tokenizer.json"));
    assert_int_equal(ew_tokenizer_open(scratch_file("x.txt", "hello", 5), &tokenizer, &err), EW_UNSUPPORTED);
    assert_int_equal(ew_tokenizer_open(scratch_file("x.tiktoken", "YQ== 0\n", 7), &tokenizer, &err),
                     EW_UNSUPPORTED);
    assert_non_null(strstr(err.text, "1 ranks"));
    const char *json = write_file(&bpe_file);
    assert_int_equal(ew_tokenizer_open(scratch_file("tokenizer.json", json, strlen(json)), &tokenizer, &err),
                     EW_OK);
    ew_tokenizer_close(tokenizer);
}

static void the_config_beside_the_file_is_read(void **state) {
    (void)state;
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    const char *json = write_file(&bpe_file), *config = "{\"eos_token\":\"b\"}";
    scratch_file("tokenizer_config.json", config, strlen(config));
    const char *path = scratch_file("tokenizer.json", json, strlen(json));
    assert_int_equal(ew_tokenizer_open(path, &tokenizer, &err), EW_OK);
    assert_int_equal(ew_tokenizer_eos(tokenizer), 1);
    ew_tokenizer_close(tokenizer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stage_has_one_spelling),
        cmocka_unit_test(byte_level),
        cmocka_unit_test(sentencepiece),
        cmocka_unit_test(blanks_as_gemma_and_mistral_have_them),
        cmocka_unit_test(a_template_puts_bos_first),
        cmocka_unit_test(pairs_by_template),
        cmocka_unit_test(what_is_not_followed_is_refused_by_name),
        cmocka_unit_test(affixes_and_marks_are_checked),
        cmocka_unit_test(models_are_known),
        cmocka_unit_test(wordpiece_says_what_is_wrong),
        cmocka_unit_test(unigram_says_what_is_wrong),
        cmocka_unit_test(charsmaps_are_checked),
        cmocka_unit_test(ids_are_checked),
        cmocka_unit_test(merges_are_pairs_of_tokens),
        cmocka_unit_test(tekken),
        cmocka_unit_test(tekken_says_what_is_wrong),
        cmocka_unit_test(a_path_says_what_is_wrong_with_it),
        cmocka_unit_test(the_config_beside_the_file_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
