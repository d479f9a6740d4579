/* What a tokenizer refuses, and what it says of its tokens. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "vocab_build.h"

static void expect(vocab_build *b, ew_status status, const char *text) {
    ew_error err = {0};
    assert_int_equal(vocab_build_try(b, &err), status);
    if (!strstr(err.text, text)) fail_msg("\"%s\" is not in \"%s\"", text, err.text);
    vocab_build_free(b);
}

static void a_vocabulary_has_tokens(void **state) {
    (void)state;
    expect(vocab_build_empty(EWI_VOCAB_BPE), EW_FORMAT, "no tokens");
}

static void special_ids_lie_inside(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_vocab(b)->bos = 256;
    expect(b, EW_FORMAT, "beginning-of-sequence token is 256");
    b = vocab_build_bpe();
    vocab_build_vocab(b)->eos = -2;
    expect(b, EW_FORMAT, "end-of-sequence token is -2");
    b = vocab_build_bpe();
    const int32_t eog[] = {3, 1000};
    vocab_build_vocab(b)->eog = eog;
    vocab_build_vocab(b)->n_eog = 2;
    expect(b, EW_FORMAT, "end-of-generation token is 1000");
}

static void types_are_known(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_token(b, "x", 7, 0);
    expect(b, EW_FORMAT, "token 256 has type 7");
}

static void byte_tokens_spell_a_byte(void **state) {
    (void)state;
    static const char *const wrong[] = {"<0x0G>", "<0x0>", "0x00", "<0x000>", "", "<0x0A", "<0X0A>"};
    for (size_t i = 0; i < EWI_COUNT(wrong); i++) {
        vocab_build *b = vocab_build_spm();
        vocab_build_token(b, wrong[i], EWI_TOKEN_BYTE, 0);
        expect(b, EW_FORMAT, "byte token 259");
    }
}

static void sentencepiece_needs_all_bytes_or_an_unknown_token(void **state) {
    (void)state;
    vocab_build *b = vocab_build_empty(EWI_VOCAB_SPM);
    for (unsigned i = 0; i < 255; i++) {
        char spelling[8];
        snprintf(spelling, sizeof spelling, "<0x%02x>", i);
        vocab_build_token(b, spelling, EWI_TOKEN_BYTE, 0);
    }
    expect(b, EW_FORMAT, "<0xFF>");
}

static void scores_are_numbers(void **state) {
    (void)state;
    vocab_build *b = vocab_build_spm();
    vocab_build_token(b, "x", EWI_TOKEN_NORMAL, nanf(""));
    expect(b, EW_FORMAT, "score of token 259");
}

static void merges_name_tokens(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_merge(b, "a", "b");
    vocab_build_bare_merge(b, "ab", "q");
    expect(b, EW_FORMAT, "merge 1 needs \"abq\"");
    b = vocab_build_bpe();
    vocab_build_bare_merge(b, "xyz", "a");
    expect(b, EW_FORMAT, "merge 0 needs \"xyz\"");
    b = vocab_build_bpe();
    vocab_build_bare_merge(b, "a", "");
    expect(b, EW_FORMAT, "merge 0 needs \"\"");
}

/* A merge must not let text become a control token. */
static void merges_into_control_tokens_are_without_effect(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_token(b, "ab", EWI_TOKEN_CONTROL, 0);
    vocab_build_bare_merge(b, "a", "b");
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("ab"), 0), "97 98");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void special_tokens_have_a_longest_length(void **state) {
    (void)state;
    char longest[EWI_SPECIAL_MAX_LEN + 2];
    memset(longest, 'x', sizeof longest);
    longest[EWI_SPECIAL_MAX_LEN + 1] = '\0';
    vocab_build *b = vocab_build_bpe();
    vocab_build_token(b, longest, EWI_TOKEN_CONTROL, 0);
    expect(b, EW_LIMIT, "special token 256");
    longest[EWI_SPECIAL_MAX_LEN] = '\0';
    b = vocab_build_bpe();
    vocab_build_token(b, longest, EWI_TOKEN_CONTROL, 0);
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, ewi_str(longest), EW_ENCODE_SPECIAL), "256");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

/* The lowest token is what text becomes; each decodes. */
static void tokens_may_be_spelled_alike(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_token(b, "a", EWI_TOKEN_NORMAL, 0);
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("a"), 0), "97");
    assert_int_equal(ewi_token_bytes(tokenizer, 256).len, 1);
    assert_int_equal(ewi_token_bytes(tokenizer, 256).data[0], 'a');
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void tokens_are_described(void **state) {
    (void)state;
    vocab_build *b = vocab_build_spm();
    ew_token unused = vocab_build_token(b, "[unused]", EWI_TOKEN_UNUSED, 0);
    ew_token blank = vocab_build_token(b, "\xe2\x96\x81t", EWI_TOKEN_NORMAL, 0);
    vocab_build_vocab(b)->eog = (const int32_t[]){2, unused};
    vocab_build_vocab(b)->n_eog = 2;
    ew_tokenizer *t = vocab_build_open(b);
    assert_int_equal(ew_tokenizer_n_vocab(t), 261);
    assert_int_equal(ew_tokenizer_bos(t), 1);
    assert_int_equal(ew_tokenizer_eos(t), 2);
    assert_false(ew_tokenizer_adds_bos(t));
    assert_int_equal(ew_token_flags(t, 0), EW_TOKEN_CONTROL);
    assert_int_equal(ew_token_flags(t, 2), EW_TOKEN_CONTROL | EW_TOKEN_EOG);
    assert_int_equal(ew_token_flags(t, 3), EW_TOKEN_BYTE);
    assert_int_equal(ew_token_flags(t, unused), EW_TOKEN_UNUSED | EW_TOKEN_EOG);
    assert_int_equal(ew_token_flags(t, blank), 0);
    assert_true(ewi_str_is(ew_token_spelling(t, blank), "\xe2\x96\x81t"));
    ew_tokenizer_close(t);
    vocab_build_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vocabulary_has_tokens),
        cmocka_unit_test(special_ids_lie_inside),
        cmocka_unit_test(types_are_known),
        cmocka_unit_test(byte_tokens_spell_a_byte),
        cmocka_unit_test(sentencepiece_needs_all_bytes_or_an_unknown_token),
        cmocka_unit_test(scores_are_numbers),
        cmocka_unit_test(merges_name_tokens),
        cmocka_unit_test(merges_into_control_tokens_are_without_effect),
        cmocka_unit_test(special_tokens_have_a_longest_length),
        cmocka_unit_test(tokens_may_be_spelled_alike),
        cmocka_unit_test(tokens_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
