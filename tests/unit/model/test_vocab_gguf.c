/* Vocabularies in GGUF files: what the metadata means, and what is refused. Real ones:
 * tests/conformance/test_ggml_vocab.c. */
#include <string.h>

#include "gguf_build.h"
#include "model/vocab_load.h"
#include "test.h"
#include "text/tokenizer.h"

enum { I32 = 5, F32 = 6 }; /* types of GGUF's arrays */

#define TEXT(literal) \
    { literal, sizeof(literal) - 1 }

static const ew_str words[] = {TEXT("<unk>"), TEXT("<s>"), TEXT("</s>"),      TEXT("a"),
                               TEXT("b"),     TEXT("ab"),  TEXT("<|im_end|>")};
static const int32_t types[] = {2, 3, 3, 1, 1, 1, 3};
static const float scores[] = {0, 0, 0, -1, -2, -3, 0};
#define N EWI_COUNT(words)

/* A SentencePiece vocabulary, whole but for the members that a test leaves to itself. */
static gguf_build *spm(bool with_types, bool with_scores) {
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "tokenizer.ggml.model", "llama");
    gguf_build_strings(b, "tokenizer.ggml.tokens", words, N);
    if (with_types) gguf_build_array(b, "tokenizer.ggml.token_type", I32, types, N, sizeof types[0]);
    if (with_scores) gguf_build_array(b, "tokenizer.ggml.scores", F32, scores, N, sizeof scores[0]);
    return b;
}

static gguf_build *bpe(const char *pre) {
    static const ew_str merges[] = {TEXT("a b")};
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "tokenizer.ggml.model", "gpt2");
    gguf_build_strings(b, "tokenizer.ggml.tokens", words, N);
    gguf_build_strings(b, "tokenizer.ggml.merges", merges, 1);
    if (pre) gguf_build_str(b, "tokenizer.ggml.pre", pre);
    return b;
}

typedef struct loaded {
    ewi_arena arena;
    ewi_gguf gguf;
    ewi_vocab vocab;
    ew_error err;
    ew_status status;
} loaded;

static loaded *load(gguf_build *b) {
    static loaded l;
    memset(&l, 0, sizeof l);
    ewi_arena_init(&l.arena, 1u << 20);
    if (ewi_gguf_parse(gguf_build_finish(b), &l.arena, &l.gguf, &l.err)) fail_msg("%s", l.err.text);
    l.status = ewi_vocab_from_gguf(&l.gguf, &l.arena, &l.vocab, &l.err);
    return &l;
}

static void done(loaded *l, gguf_build *b) {
    ewi_arena_deinit(&l->arena);
    gguf_build_free(b);
}

static void expect(gguf_build *b, ew_status status, const char *text) {
    loaded *l = load(b);
    assert_int_equal(l->status, status);
    if (!strstr(l->err.text, text)) fail_msg("\"%s\" is not in \"%s\"", text, l->err.text);
    done(l, b);
}

static void sentencepiece_defaults(void **state) {
    (void)state;
    gguf_build *b = spm(true, true);
    loaded *l = load(b);
    assert_int_equal(l->status, EW_OK);
    assert_int_equal(l->vocab.kind, EWI_VOCAB_SPM);
    assert_int_equal(l->vocab.n_tokens, N);
    assert_int_equal(l->vocab.unk, 0);
    assert_int_equal(l->vocab.bos, 1);
    assert_int_equal(l->vocab.eos, 2);
    assert_true(l->vocab.add_bos);
    assert_int_equal(l->vocab.space_prefix, EWI_PREFIX_EACH);
    assert_true(ewi_gguf_has_vocab(&l->gguf));
    done(l, b);
}

static gguf_build *marked(const char *model) {
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "tokenizer.ggml.model", model);
    gguf_build_strings(b, "tokenizer.ggml.tokens", words, N);
    gguf_build_array(b, "tokenizer.ggml.token_type", I32, types, N, sizeof types[0]);
    gguf_build_array(b, "tokenizer.ggml.scores", F32, scores, N, sizeof scores[0]);
    return b;
}

static void expect_pair(gguf_build *b, const ewi_pair_rule *wanted) {
    loaded *l = load(b);
    if (l->status) fail_msg("%s", l->err.text);
    const ewi_pair_rule *got = &l->vocab.pair;
    assert_int_equal(got->is_known, wanted->is_known);
    assert_int_equal(got->has_types, wanted->has_types);
    assert_int_equal(got->first, wanted->first);
    assert_int_equal(got->last, wanted->last);
    assert_int_equal(got->n_between, wanted->n_between);
    for (uint32_t i = 0; i < wanted->n_between; i++) assert_int_equal(got->between[i], wanted->between[i]);
    done(l, b);
}

/* [CLS] a [SEP] b [SEP] of BERT; <s> a </s></s> b </s> of XLM-RoBERTa, unless the file says no separator. */
static void pairs_of_texts(void **state) {
    (void)state;
    gguf_build *b = marked("bert");
    gguf_build_u32(b, "tokenizer.ggml.unknown_token_id", 0);
    gguf_build_u32(b, "tokenizer.ggml.cls_token_id", 1);
    gguf_build_u32(b, "tokenizer.ggml.seperator_token_id", 2);
    expect_pair(b, &(ewi_pair_rule){true, true, 1, {2}, 2, 1});
    b = marked("t5");
    gguf_build_u32(b, "tokenizer.ggml.bos_token_id", 1);
    gguf_build_u32(b, "tokenizer.ggml.eos_token_id", 2);
    gguf_build_bool(b, "tokenizer.ggml.add_bos_token", true);
    expect_pair(b, &(ewi_pair_rule){true, false, 1, {2, 2}, 2, 2});
    b = marked("t5");
    gguf_build_u32(b, "tokenizer.ggml.bos_token_id", 1);
    gguf_build_u32(b, "tokenizer.ggml.eos_token_id", 2);
    gguf_build_u32(b, "tokenizer.ggml.seperator_token_id", 6);
    gguf_build_bool(b, "tokenizer.ggml.add_bos_token", true);
    expect_pair(b, &(ewi_pair_rule){true, false, 1, {2, 6}, 2, 2});
    b = marked("t5");
    gguf_build_u32(b, "tokenizer.ggml.bos_token_id", 1);
    gguf_build_u32(b, "tokenizer.ggml.eos_token_id", 2);
    gguf_build_bool(b, "tokenizer.ggml.add_bos_token", true);
    gguf_build_bool(b, "tokenizer.ggml.add_sep_token", false);
    expect_pair(b, &(ewi_pair_rule){true, false, 1, {2}, 2, 1});
}

static void keys_override_defaults(void **state) {
    (void)state;
    gguf_build *b = spm(true, true);
    gguf_build_u32(b, "tokenizer.ggml.bos_token_id", 3);
    gguf_build_i32(b, "tokenizer.ggml.eos_token_id", 6);
    gguf_build_bool(b, "tokenizer.ggml.add_bos_token", false);
    gguf_build_bool(b, "tokenizer.ggml.add_space_prefix", false);
    loaded *l = load(b);
    assert_int_equal(l->status, EW_OK);
    assert_int_equal(l->vocab.bos, 3);
    assert_int_equal(l->vocab.eos, 6);
    assert_false(l->vocab.add_bos);
    assert_int_equal(l->vocab.space_prefix, EWI_PREFIX_NEVER);
    done(l, b);
}

static void answers_end_at_tokens_that_are_spelled_so(void **state) {
    (void)state;
    gguf_build *b = spm(true, true);
    gguf_build_u32(b, "tokenizer.ggml.eot_token_id", 3);
    loaded *l = load(b);
    ew_tokenizer *tokenizer;
    assert_int_equal(ewi_tokenizer_new(&l->vocab, &tokenizer, &l->err), EW_OK);
    assert_true(ew_token_flags(tokenizer, 2) & EW_TOKEN_EOG);
    assert_true(ew_token_flags(tokenizer, 3) & EW_TOKEN_EOG);
    assert_true(ew_token_flags(tokenizer, 6) & EW_TOKEN_EOG);
    assert_false(ew_token_flags(tokenizer, 1) & EW_TOKEN_EOG);
    ew_tokenizer_close(tokenizer);
    done(l, b);
}

static void patterns_go_by_name(void **state) {
    (void)state;
    static const struct {
        const char *pre;
        ewi_scanner scanner;
        bool ignore_merges, add_bos;
    } cases[] = {
        {NULL, EWI_SCAN_GGUF_DEFAULT, false, false},
        {"default", EWI_SCAN_GGUF_DEFAULT, false, false},
        {"gpt-2", EWI_SCAN_GPT2, false, false},
        {"llama-bpe", EWI_SCAN_LLAMA3, true, true},
        {"qwen2", EWI_SCAN_QWEN2, false, false},
        {"command-r", EWI_SCAN_STARCODER, false, false},
        {"falcon", EWI_SCAN_FALCON, false, false},
        {"gpt-4o", EWI_SCAN_O200K, false, false},
        {"deepseek-coder", EWI_SCAN_DEEPSEEK_CODER, false, false},
        {"deepseek-llm", EWI_SCAN_DEEPSEEK_LLM, false, false},
        {"minicpm5", EWI_SCAN_MINICPM5, true, false},
        {"youtu", EWI_SCAN_YOUTU, true, false},
        {"granite-embed-multi-97m", EWI_SCAN_O200K, true, false},
        {"chameleon", EWI_SCAN_CHAMELEON, false, true},
        {"kimi-k2", EWI_SCAN_KIMI_K2, false, false},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        gguf_build *b = bpe(cases[i].pre);
        loaded *l = load(b);
        assert_int_equal(l->status, EW_OK);
        assert_int_equal(l->vocab.scanner, cases[i].scanner);
        assert_int_equal(l->vocab.ignore_merges, cases[i].ignore_merges);
        assert_int_equal(l->vocab.add_bos, cases[i].add_bos);
        assert_int_equal(l->vocab.merges.n, 1);
        done(l, b);
    }
    expect(bpe("whitespace"), EW_UNSUPPORTED, "\"whitespace\"");
}

static void old_files_without_types_have_byte_tokens(void **state) {
    (void)state;
    static const ew_str tokens[] = {TEXT("<unk>"), TEXT("<0x41>"), TEXT("a")};
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "tokenizer.ggml.model", "llama");
    gguf_build_strings(b, "tokenizer.ggml.tokens", tokens, 3);
    gguf_build_array(b, "tokenizer.ggml.scores", F32, scores, 3, sizeof scores[0]);
    loaded *l = load(b);
    assert_int_equal(l->status, EW_OK);
    assert_int_equal(l->vocab.types[1], EWI_TOKEN_BYTE);
    assert_int_equal(l->vocab.types[2], EWI_TOKEN_NORMAL);
    done(l, b);
}

static void phi_3s_special_tokens_swallow_white_space(void **state) {
    (void)state;
    gguf_build *b = spm(true, true);
    gguf_build_str(b, "general.name", "Phi-3 mini");
    loaded *l = load(b);
    assert_int_equal(l->status, EW_OK);
    assert_int_equal(l->vocab.types[6], EWI_TOKEN_CONTROL | EWI_TOKEN_RSTRIP);
    assert_int_equal(l->vocab.types[2], EWI_TOKEN_CONTROL | EWI_TOKEN_RSTRIP);
    assert_int_equal(l->vocab.types[1], EWI_TOKEN_CONTROL);
    done(l, b);
}

static void other_models_are_refused_by_name(void **state) {
    (void)state;
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "tokenizer.ggml.model", "rwkv");
    expect(b, EW_UNSUPPORTED, "\"rwkv\"");
    b = gguf_build_new();
    gguf_build_u32(b, "tokenizer.ggml.model", 1);
    expect(b, EW_FORMAT, "tokenizer.ggml.model is of type u32");
    b = gguf_build_new();
    loaded *l = load(b);
    assert_false(ewi_gguf_has_vocab(&l->gguf));
    assert_int_equal(l->status, EW_FORMAT);
    done(l, b);
}

static void arrays_have_the_right_type_and_length(void **state) {
    (void)state;
    gguf_build *b = spm(false, true);
    gguf_build_array(b, "tokenizer.ggml.token_type", I32, types, N - 1, sizeof types[0]);
    expect(b, EW_FORMAT, "token_type has 6 items for 7 tokens");
    b = spm(false, true);
    gguf_build_array(b, "tokenizer.ggml.token_type", F32, scores, N, sizeof scores[0]);
    expect(b, EW_FORMAT, "token_type is an array of f32");
    b = spm(true, false);
    expect(b, EW_FORMAT, "scores is missing");
    b = spm(true, false);
    gguf_build_array(b, "tokenizer.ggml.scores", F32, scores, 2, sizeof scores[0]);
    expect(b, EW_FORMAT, "scores has 2 items");
    b = spm(true, false);
    gguf_build_strings(b, "tokenizer.ggml.scores", words, N);
    expect(b, EW_FORMAT, "scores is an array of string");
    b = gguf_build_new();
    gguf_build_str(b, "tokenizer.ggml.model", "llama");
    gguf_build_array(b, "tokenizer.ggml.tokens", I32, types, N, sizeof types[0]);
    expect(b, EW_FORMAT, "tokens is an array of i32");
}

static void ids_and_types_lie_inside(void **state) {
    (void)state;
    static const int32_t wrong[] = {2, 3, 3, 1, 1, 9, 3};
    gguf_build *b = spm(true, true);
    gguf_build_u32(b, "tokenizer.ggml.eos_token_id", 7);
    expect(b, EW_FORMAT, "eos_token_id is 7");
    b = spm(true, true);
    gguf_build_i32(b, "tokenizer.ggml.bos_token_id", -1);
    expect(b, EW_FORMAT, "bos_token_id is -1");
    b = spm(true, true);
    gguf_build_str(b, "tokenizer.ggml.unknown_token_id", "0");
    expect(b, EW_FORMAT, "unknown_token_id is of type string");
    b = spm(false, true);
    gguf_build_array(b, "tokenizer.ggml.token_type", I32, wrong, N, sizeof wrong[0]);
    expect(b, EW_FORMAT, "token 5 has type 9");
}

static void merges_are_two_tokens(void **state) {
    (void)state;
    static const ew_str merges[] = {TEXT("ab")};
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "tokenizer.ggml.model", "gpt2");
    gguf_build_strings(b, "tokenizer.ggml.tokens", words, N);
    gguf_build_strings(b, "tokenizer.ggml.merges", merges, 1);
    loaded *l = load(b);
    ew_tokenizer *tokenizer;
    assert_int_equal(l->status, EW_OK);
    assert_int_equal(ewi_tokenizer_new(&l->vocab, &tokenizer, &l->err), EW_FORMAT);
    assert_non_null(strstr(l->err.text, "merge \"ab\""));
    done(l, b);
    b = gguf_build_new();
    gguf_build_str(b, "tokenizer.ggml.model", "gpt2");
    gguf_build_strings(b, "tokenizer.ggml.tokens", words, N);
    expect(b, EW_FORMAT, "merges is missing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentencepiece_defaults),
        cmocka_unit_test(keys_override_defaults),
        cmocka_unit_test(pairs_of_texts),
        cmocka_unit_test(answers_end_at_tokens_that_are_spelled_so),
        cmocka_unit_test(patterns_go_by_name),
        cmocka_unit_test(old_files_without_types_have_byte_tokens),
        cmocka_unit_test(phi_3s_special_tokens_swallow_white_space),
        cmocka_unit_test(other_models_are_refused_by_name),
        cmocka_unit_test(arrays_have_the_right_type_and_length),
        cmocka_unit_test(ids_and_types_lie_inside),
        cmocka_unit_test(merges_are_two_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
