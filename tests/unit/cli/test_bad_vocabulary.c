/* test_bad_vocabulary.c: vocabularies that lie, in GGUF, tokenizer.json and .tiktoken files, and what the
 * program says of them. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hf_folder.h"
#include "refusal.h"
#include "scratch.h"
#include "tiny_model.h"

/* ---- GGUF: the tiny model's vocabulary, with one of its keys replaced ---- */

/* In the specification's numbers. */
enum { TYPE_U32 = 4, TYPE_I32 = 5, TYPE_F32 = 6 };
enum { N_TOKENS = 320 };

#define TOKENS "tokenizer.ggml.tokens"
#define SCORES "tokenizer.ggml.scores"
#define TYPES  "tokenizer.ggml.token_type"
#define MERGES "tokenizer.ggml.merges"
#define MODEL  "tokenizer.ggml.model"
#define BOS    "tokenizer.ggml.bos_token_id"
#define EOS    "tokenizer.ggml.eos_token_id"
#define UNK    "tokenizer.ggml.unknown_token_id"

typedef struct lie {
    const char *what, *names;
    const char *omit;
    void (*bend)(gguf_build *b);
} lie;

static void bos_at_the_end(gguf_build *b) {
    gguf_build_u32(b, BOS, N_TOKENS);
}

static void eos_far_away(gguf_build *b) {
    gguf_build_u32(b, EOS, UINT32_MAX);
}

static void unk_negative(gguf_build *b) {
    gguf_build_i32(b, UNK, -1);
}

static void bos_huge(gguf_build *b) {
    gguf_build_u64(b, BOS, 1ull << 63);
}

static void bos_as_text(gguf_build *b) {
    gguf_build_str(b, BOS, "<s>");
}

static void tokens_as_numbers(gguf_build *b) {
    gguf_build_array(b, TOKENS, TYPE_U32, (uint32_t[]){1, 2, 3}, 3, 4);
}

static void tokens_as_text(gguf_build *b) {
    gguf_build_str(b, TOKENS, "a b c");
}

static void tokens_none(gguf_build *b) {
    gguf_build_strings(b, TOKENS, NULL, 0);
}

/* All spelled alike: those of type byte are not spelled as bytes. */
static void tokens_without_bytes(gguf_build *b) {
    ew_str spellings[N_TOKENS];
    for (size_t i = 0; i < N_TOKENS; i++) spellings[i] = ewi_str("<0xZZ>");
    gguf_build_strings(b, TOKENS, spellings, N_TOKENS);
}

static void scores_too_few(gguf_build *b) {
    gguf_build_array(b, SCORES, TYPE_F32, (float[]){1, 2, 3}, 3, 4);
}

static void scores_as_text(gguf_build *b) {
    ew_str texts[N_TOKENS];
    for (size_t i = 0; i < N_TOKENS; i++) texts[i] = ewi_str("1.0");
    gguf_build_strings(b, SCORES, texts, N_TOKENS);
}

static void score_nan(gguf_build *b) {
    float scores[N_TOKENS] = {0};
    scores[300] = NAN;
    gguf_build_array(b, SCORES, TYPE_F32, scores, N_TOKENS, 4);
}

static void add_types(gguf_build *b, int32_t type_300, uint32_t all) {
    int32_t types[N_TOKENS];
    for (size_t i = 0; i < N_TOKENS; i++) types[i] = (int32_t)all;
    types[300] = type_300;
    gguf_build_array(b, TYPES, TYPE_I32, types, N_TOKENS, 4);
}

static void type_7(gguf_build *b) {
    add_types(b, 7, 1);
}

static void type_negative(gguf_build *b) {
    add_types(b, -1, 1);
}

static void types_as_floats(gguf_build *b) {
    float types[N_TOKENS] = {0};
    gguf_build_array(b, TYPES, TYPE_F32, types, N_TOKENS, 4);
}

static void model_unknown(gguf_build *b) {
    gguf_build_str(b, MODEL, "wordpiece");
}

static void model_as_number(gguf_build *b) {
    gguf_build_u32(b, MODEL, 1);
}

static void byte_level(gguf_build *b) {
    gguf_build_str(b, MODEL, "gpt2");
}

static void merge_of(gguf_build *b, const char *merge) {
    byte_level(b);
    gguf_build_strings(b, MERGES, (ew_str[]){ewi_str("a a"), ewi_str(merge)}, 2);
}

static void merge_into_nothing(gguf_build *b) {
    merge_of(b, "a z");
}

static void merge_of_nothing(gguf_build *b) {
    merge_of(b, "zz a");
}

static void merge_of_one(gguf_build *b) {
    merge_of(b, "aa");
}

static void merge_without_right(gguf_build *b) {
    merge_of(b, "a ");
}

static void merges_as_numbers(gguf_build *b) {
    byte_level(b);
    gguf_build_array(b, MERGES, TYPE_U32, (uint32_t[]){1}, 1, 4);
}

static void pattern_unknown(gguf_build *b) {
    merge_of(b, "b a");
    gguf_build_str(b, "tokenizer.ggml.pre", "martian");
}

static void gguf(void **state) {
    (void)state;
    static const lie lies[] = {
        {"a BOS past the last token", BOS " is 320", BOS, bos_at_the_end},
        {"an EOS of 2^32-1", EOS " is 4294967295", EOS, eos_far_away},
        {"an unknown token of -1", UNK " is -1", UNK, unk_negative},
        {"a BOS of 2^63", BOS, BOS, bos_huge},
        {"a BOS by its name", BOS " is of type string", BOS, bos_as_text},
        {"tokens that are numbers", TOKENS " is an array of u32", TOKENS, tokens_as_numbers},
        {"tokens in one text", TOKENS " is of type string", TOKENS, tokens_as_text},
        {"no token", TOKENS " has 0 tokens", TOKENS, tokens_none},
        {"no tokens", TOKENS " is missing", TOKENS, NULL},
        {"byte tokens that spell no byte", "byte token 3 is spelled \"<0xZZ>\"", TOKENS,
         tokens_without_bytes},
        {"three scores", SCORES " has 3 items for 320 tokens", SCORES, scores_too_few},
        {"scores that are texts", SCORES " is an array of string", SCORES, scores_as_text},
        {"a score of NaN", "the score of token 300", SCORES, score_nan},
        {"no scores", SCORES " is missing", SCORES, NULL},
        {"a token of type 7", TYPES ": token 300 has type 7", TYPES, type_7},
        {"a token of type -1", TYPES ": token 300 has type -1", TYPES, type_negative},
        {"types that are floats", TYPES " is an array of f32", TYPES, types_as_floats},
        {"an unknown kind of vocabulary", MODEL " \"wordpiece\"", MODEL, model_unknown},
        {"a kind that is a number", MODEL " is of type u32", MODEL, model_as_number},
        {"byte-level BPE without merges", MERGES " is missing", MODEL, byte_level},
        {"a merge into an absent token", "merge 1 needs \"az\"", MODEL, merge_into_nothing},
        {"a merge of an absent token", "merge 1 needs \"zz\"", MODEL, merge_of_nothing},
        {"a merge of one token", "merge \"aa\"", MODEL, merge_of_one},
        {"a merge with nothing", "merge 1 needs \"\"", MODEL, merge_without_right},
        {"merges that are numbers", MERGES " is an array of u32", MODEL, merges_as_numbers},
        {"an unknown pattern", "tokenizer.ggml.pre \"martian\"", MODEL, pattern_unknown},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        gguf_build *b = tiny_model_build(&(tiny_model){.omit = lies[i].omit});
        if (lies[i].bend) lies[i].bend(b);
        const char *path = scratch_path("lie.gguf");
        gguf_build_write(b, path);
        gguf_build_free(b);
        expect_refused_file(lies[i].what, BY_TOKENIZE | BY_MODEL, path, lies[i].names);
    }
}

static void more_tokens_than_rows(void **state) {
    (void)state;
    gguf_build *b = tiny_model_build(&(tiny_model){.no_vocabulary = true, .n_vocab = 4});
    byte_level(b);
    const ew_str tokens[] = {ewi_str("a"), ewi_str("b"), ewi_str("ba"), ewi_str("aa"), ewi_str("bb")};
    gguf_build_strings(b, TOKENS, tokens, 5);
    gguf_build_strings(b, MERGES, (ew_str[]){ewi_str("a a"), ewi_str("b a")}, 2);
    const char *path = scratch_path("rows.gguf");
    gguf_build_write(b, path);
    gguf_build_free(b);
    expect_refused_file("more tokens than rows of the embedding", BY_MODEL, path,
                        "5 tokens, but tensor token_embd.weight only 4 rows");
}

static void no_vocabulary(void **state) {
    (void)state;
    const char *path = scratch_path("none.gguf");
    tiny_model_write(&(tiny_model){.no_vocabulary = true}, path);
    expect_refused_file("no vocabulary", BY_TOKENIZE, path, MODEL " is missing");
    expect_refused("no vocabulary", (const char *[]){"run", path, "-p", "hi", NULL}, files_size_bytes(path),
                   "the model holds no vocabulary");
}

/* ---- tokenizer.json ---- */

#define REST                                                                  \
    ",\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false}," \
    "\"decoder\":{\"type\":\"ByteLevel\"}}"
#define JSON(vocab, merges) "{\"model\":{\"type\":\"BPE\",\"vocab\":{" vocab "},\"merges\":[" merges "]}" REST
#define ABC                 "\"a\":0,\"b\":1,\"ab\":2"
#define GOOD                JSON(ABC, "\"a b\"")
#define WITH(member) \
    "{" member ","   \
    "\"model\":{\"type\":\"BPE\",\"vocab\":{" ABC "},\"merges\":[\"a b\"]}" REST

static void json(void **state) {
    (void)state;
    static const struct {
        const char *what, *text, *names;
    } files[] = {
        {"a string without an end", "{\"model\": {\"type\": \"BP", "line 1, column 23"},
        {"a second line that ends early", "{\"model\":\n{\"type\": ", "line 2, column 10"},
        {"something after the end", GOOD "}", "something follows"},
        {"half a surrogate pair", JSON("\"\\ud800\":0", ""), "column 34"},
        {"a token that is not UTF-8", JSON("\"\xff\":0", ""), "column 34"},
        {"a token with a control character", JSON("\"\n\":0", ""), "column 34"},
        {"an id of 1.5", JSON("\"a\":1.5", ""), "column 37"},
        {"an id of -1", JSON("\"a\":-1", ""), "column 37"},
        {"an id of 2^64", JSON("\"a\":18446744073709551616", ""), "column 37"},
        {"an id in words", JSON("\"a\":\"0\"", ""), "column 37"},
        {"an id of 2^40", JSON("\"a\":1099511627776", "\"a a\""), "id 1099511627776"},
        {"two tokens of one id", JSON("\"a\":0,\"b\":0", "\"a b\""), "two tokens have id 0"},
        {"one token of two ids", JSON("\"a\":0,\"b\":1,\"a\":2", "\"a b\""),
         "token \"a\" has two ids: 0 and 2"},
        {"two vocabularies",
         "{\"model\":{\"type\":\"BPE\",\"vocab\":{" ABC "},\"merges\":[\"a b\"],\"vocab\":{}}" REST,
         "\"vocab\" occurs twice"},
        {"two models", "{\"model\":{},\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}" REST,
         "\"model\" occurs twice"},
        {"no model", "{\"added_tokens\":[]" REST, "\"model\" is missing"},
        {"no tokens", JSON("", "\"a b\""), "no tokens"},
        {"a model of another type", "{\"model\":{\"type\":\"Shout\"}" REST, "\"Shout\""},
        {"a model that is an array", "{\"model\":[]" REST, "column 10"},
        {"merges in an object",
         "{\"model\":{\"type\":\"BPE\",\"vocab\":{" ABC "},\"merges\":{\"a\":\"b\"}}" REST, "column 62"},
        {"a merge into an absent token", JSON(ABC, "\"b a\""), "merge 0 needs \"ba\""},
        {"a merge of an absent token", JSON(ABC, "\"a b\",\"a c\""), "merge 1 needs \"c\""},
        {"a merge of one token", JSON(ABC, "\"ab\""), "merge \"ab\""},
        {"a merge of three tokens", JSON(ABC, "[\"a\",\"b\",\"a\"]"), "more than two"},
        {"a merge of a number", JSON(ABC, "[1,2]"), "column 64"},
        {"a merge that is a number", JSON(ABC, "7"), "column 63"},
        {"an unknown member", WITH("\"magic\":1"), "\"magic\""},
        {"an unknown normalizer", WITH("\"normalizer\":{\"type\":\"Rot13\"}"), "Rot13"},
        {"an added token without an id", WITH("\"added_tokens\":[{\"content\":\"<s>\"}]"), "added_tokens"},
        {"an added token with a far id", WITH("\"added_tokens\":[{\"content\":\"<s>\",\"id\":4294967296}]"),
         "id 4294967296"},
        {"a beginning that is no token",
         WITH("\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":"
              "[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}}]}"),
         "\"<s>\" is not a token"},
        {"bytes as a last resort that are missing",
         "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":{" ABC "},\"merges\":[\"a b\"]},"
         "\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"},"
         "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":"
         "\"\xe2\x96\x81\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]}}",
         "<0x00>"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = scratch_file("tokenizer.json", files[i].text, strlen(files[i].text));
        expect_refused_file(files[i].what, BY_TOKENIZE, path, files[i].names);
    }
}

static void good_json(void **state) {
    (void)state;
    const char *path = scratch_file("tokenizer.json", GOOD, strlen(GOOD));
    expect_accepted("a good file", "abba", (const char *[]){"tokenize", "-m", path, NULL},
                    files_size_bytes(path), "2 1 0\n");
}

static void json_config(void **state) {
    (void)state;
    static const struct {
        const char *what, *text, *names;
    } files[] = {
        {"a BOS that is no token", "{\"bos_token\":\"<s>\"}", "tokenizer_config.json: bos_token \"<s>\""},
        {"an EOS that is no token", "{\"eos_token\":{\"content\":\"</s>\"}}",
         "tokenizer_config.json: eos_token \"</s>\""},
        {"a text that ends early", "{\"bos_token\":\"", "tokenizer_config.json: json: line 1, column 15"},
        {"an array", "[1]", "tokenizer_config.json: json: line 1, column 1"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        hf_folder f = hf_folder_new();
        hf_folder_text(&f, "tokenizer.json", GOOD);
        hf_folder_text(&f, "tokenizer_config.json", files[i].text);
        expect_refused_file(files[i].what, BY_TOKENIZE, f.path, files[i].names);
    }
}

/* ---- .tiktoken ---- */

static void tiktoken(void **state) {
    (void)state;
    static const struct {
        const char *what, *text, *names;
    } files[] = {
        {"an empty file", "", "no tokens"},
        {"a line without a rank", "IQ== 0\nIg==\n", "line 2"},
        {"a line that is not base64", "IQ== 0\nI!== 1\n", "line 2"},
        {"half of a base64 group", "IQ== 0\nIg= 1\n", "line 2"},
        {"a rank of -1", "IQ== 0\nIg== -1\n", "line 2"},
        {"a rank of 2^64", "IQ== 0\nIg== 18446744073709551616\n", "line 2"},
        {"a rank past the last", "IQ== 0\nIg== 2\n", "line 2: rank 2"},
        {"a rank twice", "IQ== 0\nIg== 1\nIw== 1\n", "line 3: rank 1 occurs twice"},
        {"a token twice", "IQ== 0\nIg== 1\nIQ== 2\n", "lines 1 and 3"},
        {"few ranks", "IQ== 0\nIg== 1\n", "2 ranks"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = scratch_file("ranks.tiktoken", files[i].text, strlen(files[i].text));
        expect_refused_file(files[i].what, BY_TOKENIZE, path, files[i].names);
    }
}

/* ---- merges that could take for ever: token i is 2^i letters ---- */

enum { N_DOUBLINGS = 11, N_LETTERS = 1 << 20 };

static void add_doublings(gguf_build *b) {
    static char letters[1 << N_DOUBLINGS], merges[N_DOUBLINGS][2 << N_DOUBLINGS];
    ew_str tokens[N_DOUBLINGS], lines[N_DOUBLINGS];
    memset(letters, 'a', sizeof letters);
    for (size_t i = 0; i < N_DOUBLINGS; i++) {
        size_t half = i ? (size_t)1 << (i - 1) : 0;
        tokens[i] = (ew_str){letters, (size_t)1 << i};
        memset(merges[i], 'a', sizeof merges[i]);
        merges[i][half] = ' ';
        lines[i] = (ew_str){merges[i], 2 * half + 1};
    }
    byte_level(b);
    gguf_build_strings(b, TOKENS, tokens, N_DOUBLINGS);
    gguf_build_strings(b, MERGES, lines + 1, N_DOUBLINGS - 1);
}

static void one_long_word(void **state) {
    (void)state;
    gguf_build *b = gguf_build_new();
    add_doublings(b);
    const char *path = scratch_path("doublings.gguf");
    gguf_build_write(b, path);
    gguf_build_free(b);
    char *text = test_malloc(N_LETTERS + 1), *wanted = test_malloc(4 * (N_LETTERS >> 10) + 1);
    memset(text, 'a', N_LETTERS);
    text[N_LETTERS] = '\0';
    for (size_t i = 0; i < N_LETTERS >> 10; i++) memcpy(wanted + 3 * i, "10 ", 4);
    memcpy(wanted + 3 * (N_LETTERS >> 10) - 1, "\n", 2);
    expect_accepted("a word of a million letters", text, (const char *[]){"tokenize", "-m", path, NULL},
                    N_LETTERS, wanted);
    test_free(wanted);
    test_free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gguf),          cmocka_unit_test(more_tokens_than_rows),
        cmocka_unit_test(no_vocabulary), cmocka_unit_test(json),
        cmocka_unit_test(good_json),     cmocka_unit_test(json_config),
        cmocka_unit_test(tiktoken),      cmocka_unit_test(one_long_word),
    };
    return cmocka_run_group_tests_name("bad vocabularies", tests, NULL, scratch_remove);
}
