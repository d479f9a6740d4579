/* Encoding with small vocabularies whose tokens can be told by hand. */
#include <string.h>

#include "test.h"
#include "vocab_build.h"

/* ---- byte-level BPE ---- */

static void any_bytes_become_their_tokens(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("A \xff\n\0z"), 0), "65 32 255 10 0 122");
    assert_string_equal(vocab_build_encode(tokenizer, (ew_str){NULL, 0}, 0), "");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void a_byte_without_a_token_is_an_error_that_names_it(void **state) {
    (void)state;
    vocab_build *b = vocab_build_empty(EWI_VOCAB_BPE);
    vocab_build_token(b, "a", EWI_TOKEN_NORMAL, 0);
    ew_tokenizer *tokenizer = vocab_build_open(b);
    ew_token ids[4];
    ew_error err = {0};
    size_t n;
    assert_int_equal(ew_tokenizer_encode(tokenizer, EWI_STR("a\xfe"), 0, ids, 4, &n, &err), EW_UNSUPPORTED);
    assert_non_null(strstr(err.text, "0xFE"));
    assert_int_equal(n, 0);
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void merges_stay_inside_words(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_merge(b, "a", "1");        /* 256: never, as letters and digits are words of their own */
    vocab_build_merge(b, "\xc4\xa0", "a"); /* 257: blank and a */
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("a1 a"), 0), "97 49 257");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void whole_words_skip_merging_only_when_the_model_says_so(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    ew_token whole = vocab_build_token(b, "abc", EWI_TOKEN_NORMAL, 0);
    vocab_build_merge(b, "b", "c"); /* 257; no merge leads to abc */
    assert_int_equal(whole, 256);
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("abc"), 0), "97 257");
    ew_tokenizer_close(tokenizer);
    vocab_build_vocab(b)->ignore_merges = true;
    tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("abc"), 0), "256");
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("abcc"), 0), "97 257 99");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void text_is_composed_only_for_models_that_want_it(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("e\xcc\x81"), 0), "101 204 129");
    ew_tokenizer_close(tokenizer);
    static const ewi_norm_step form_c = {.kind = EWI_NORM_NFC};
    vocab_build_vocab(b)->norms = &form_c;
    vocab_build_vocab(b)->n_norms = 1;
    tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("e\xcc\x81"), 0), "195 169");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

/* ---- SentencePiece ---- */

enum { BOS = 1 };

static vocab_build *hello(void) {
    vocab_build *b = vocab_build_spm();
    const char *const pieces[] = {"\xe2\x96\x81", "h", "e", "l", "o", "he", "ll", "llo", "\xe2\x96\x81he"};
    for (size_t i = 0; i < EWI_COUNT(pieces); i++)
        vocab_build_token(b, pieces[i], EWI_TOKEN_NORMAL, (float)i);
    return b;
}

static void the_best_score_merges_first(void **state) {
    (void)state;
    vocab_build *b = hello();
    ew_tokenizer *tokenizer = vocab_build_open(b);
    /* ll (6) before he (5); then llo (7); then _he (8). */
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("hello"), 0), "267 266");
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR(" hello"), 0), "259 267 266");
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("hello hello"), 0), "267 266 267 266");
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("\xe2\x96\x81h"), 0), "259 259 260");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void other_characters_become_bytes(void **state) {
    (void)state;
    vocab_build *b = hello();
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("h\xc3\xa9\n\xff"), 0),
                        "259 260 198 172 13 258");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

/* Pieces far longer than words: halves of 256 bytes and more. */
static void long_pieces_merge(void **state) {
    (void)state;
    vocab_build *b = vocab_build_spm();
    char piece[1025];
    memset(piece, 'a', sizeof piece - 1);
    for (size_t len = 1; len <= 1024; len *= 2) {
        piece[len] = '\0';
        vocab_build_token(b, piece, EWI_TOKEN_NORMAL, -(float)len); /* 259 is "a", 269 has 1024 of them */
        piece[len] = 'a';
    }
    vocab_build_vocab(b)->space_prefix = EWI_PREFIX_NEVER;
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, (ew_str){piece, 1024}, 0), "269");
    assert_string_equal(vocab_build_encode(tokenizer, (ew_str){piece, 1023}, 0),
                        "268 267 266 265 264 263 262 261 260 259");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void the_lowest_token_of_a_byte_is_used(void **state) {
    (void)state;
    vocab_build *b = vocab_build_spm();
    vocab_build_token(b, "<0x41>", EWI_TOKEN_BYTE, 0);
    vocab_build_vocab(b)->space_prefix = EWI_PREFIX_NEVER;
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("A"), 0), "68");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void unknown_neighbours_are_one_unknown_token(void **state) {
    (void)state;
    vocab_build *b = vocab_build_empty(EWI_VOCAB_SPM);
    vocab_build_vocab(b)->unk = vocab_build_token(b, "<unk>", EWI_TOKEN_UNKNOWN, 0);
    vocab_build_token(b, "a", EWI_TOKEN_NORMAL, 0);
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("xyaz"), 0), "0 1 0");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void the_blank_before_a_text_follows_the_model(void **state) {
    (void)state;
    static const struct {
        ewi_space_prefix prefix;
        const char *h, *blank_h, *special;
    } cases[] = {
        {EWI_PREFIX_NEVER, "260", "259 260", "260 1 260"},
        {EWI_PREFIX_EACH, "259 260", "259 259 260", "259 260 1 259 260"},
        {EWI_PREFIX_EACH_UNLESS_BLANK, "259 260", "259 260", "259 260 1 259 260"},
        {EWI_PREFIX_FIRST_UNLESS_BLANK, "259 260", "259 260", "259 260 1 260"},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        vocab_build *b = hello();
        vocab_build_vocab(b)->space_prefix = cases[i].prefix;
        ew_tokenizer *tokenizer = vocab_build_open(b);
        assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("h"), 0), cases[i].h);
        assert_string_equal(vocab_build_encode(tokenizer, EWI_STR(" h"), 0), cases[i].blank_h);
        assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("h<s>h"), EW_ENCODE_SPECIAL),
                            cases[i].special);
        ew_tokenizer_close(tokenizer);
        vocab_build_free(b);
    }
}

/* Text that spells a control or byte token stays text, even where pieces would merge into its spelling. */
static void text_never_grows_into_a_special_token(void **state) {
    (void)state;
    vocab_build *b = vocab_build_spm();
    const char *const pieces[] = {"<", "s", ">", "s>", "<s", "<0x", "0A>", "x", "0", "A", "0A", "A>"};
    for (size_t i = 0; i < EWI_COUNT(pieces); i++) vocab_build_token(b, pieces[i], EWI_TOKEN_NORMAL, 1);
    vocab_build_vocab(b)->space_prefix = EWI_PREFIX_NEVER;
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("<s>"), 0), "263 261"); /* "<s" ">" */
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("<0x0A>"), 0), "259 267 266 265");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

/* ---- special tokens ---- */

static void special_tokens_need_the_flag(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_token(b, "<|a|>", EWI_TOKEN_CONTROL, 0);      /* 256 */
    vocab_build_token(b, "<|a|><|b|>", EWI_TOKEN_CONTROL, 0); /* 257 */
    vocab_build_token(b, "<=>", EWI_TOKEN_USER_DEFINED, 0);   /* 258 */
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("<|a|>"), 0), "60 124 97 124 62");
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("<|a|>"), EW_ENCODE_SPECIAL), "256");
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("x<=>"), 0), "120 258");
    /* The longest at the first place. */
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("<|a|><|b|><|a|><|"), EW_ENCODE_SPECIAL),
                        "257 256 60 124");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void special_tokens_may_swallow_white_space(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_token(b, "<r>", EWI_TOKEN_CONTROL | EWI_TOKEN_RSTRIP, 0); /* 256 */
    vocab_build_token(b, "<l>", EWI_TOKEN_CONTROL | EWI_TOKEN_LSTRIP, 0); /* 257 */
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("a <r> \n\xe3\x80\x80z"), EW_ENCODE_SPECIAL),
                        "97 32 256 122");
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("a\xe3\x80\x80 <l> z"), EW_ENCODE_SPECIAL),
                        "97 257 32 122");
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("\xa0<l>"), EW_ENCODE_SPECIAL), "160 257");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

/* ---- the interface ---- */

static void the_whole_number_is_told_when_there_is_no_room(void **state) {
    (void)state;
    vocab_build *b = hello();
    ew_tokenizer *tokenizer = vocab_build_open(b);
    ew_token ids[3] = {-7, -7, -7};
    ew_error err = {0};
    size_t n;
    assert_int_equal(ew_tokenizer_encode(tokenizer, EWI_STR("hello"), EW_ENCODE_BOS, NULL, 0, &n, &err),
                     EW_OK);
    assert_int_equal(n, 3);
    assert_int_equal(ew_tokenizer_encode(tokenizer, EWI_STR("hello"), EW_ENCODE_BOS, ids, 2, &n, &err),
                     EW_OK);
    assert_int_equal(n, 3);
    assert_int_equal(ids[0], BOS);
    assert_int_equal(ids[1], 267);
    assert_int_equal(ids[2], -7);
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_become_their_tokens),
        cmocka_unit_test(a_byte_without_a_token_is_an_error_that_names_it),
        cmocka_unit_test(merges_stay_inside_words),
        cmocka_unit_test(whole_words_skip_merging_only_when_the_model_says_so),
        cmocka_unit_test(text_is_composed_only_for_models_that_want_it),
        cmocka_unit_test(the_best_score_merges_first),
        cmocka_unit_test(other_characters_become_bytes),
        cmocka_unit_test(long_pieces_merge),
        cmocka_unit_test(the_lowest_token_of_a_byte_is_used),
        cmocka_unit_test(unknown_neighbours_are_one_unknown_token),
        cmocka_unit_test(the_blank_before_a_text_follows_the_model),
        cmocka_unit_test(text_never_grows_into_a_special_token),
        cmocka_unit_test(special_tokens_need_the_flag),
        cmocka_unit_test(special_tokens_may_swallow_white_space),
        cmocka_unit_test(the_whole_number_is_told_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
