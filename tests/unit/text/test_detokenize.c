/* Streaming text out of tokens: valid UTF-8 at every moment, whatever the tokens are. */
#include <string.h>

#include "base/utf8.h"
#include "test.h"
#include "vocab_build.h"

/* The text of all tokens, with '|' where one ends and "." before what ew_detokenize_end gives. */
static const char *decode(const ew_tokenizer *tokenizer, const ew_token *ids, size_t n, bool special) {
    static char out[256];
    ew_detokenizer state = {0};
    ew_error err = {0};
    size_t at = 0, len;
    for (size_t i = 0; i < n; i++) {
        if (ew_detokenize(tokenizer, &state, ids[i], special, out + at, sizeof out - at, &len, &err))
            fail_msg("%s", err.text);
        assert_true(ewi_utf8_valid((const uint8_t *)out + at, len));
        at += len;
        out[at++] = '|';
    }
    out[at++] = '.';
    at += ew_detokenize_end(&state, out + at);
    out[at] = '\0';
    return out;
}

#define DECODE(tokenizer, special, ...)                \
    decode(tokenizer, (const ew_token[]){__VA_ARGS__}, \
           sizeof((const ew_token[]){__VA_ARGS__}) / sizeof(ew_token), special)

#define FFFD "\xef\xbf\xbd"

static void characters_are_never_split(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    ew_tokenizer *t = vocab_build_open(b);
    assert_string_equal(DECODE(t, false, 'a', 0xe2, 0x82, 0xac, 'b'), "a|||\xe2\x82\xac|b|.");
    assert_string_equal(DECODE(t, false, 0xf0, 0x9f, 0x98, 0x80), "|||\xf0\x9f\x98\x80|.");
    assert_string_equal(DECODE(t, false, 'a', 0xe2, 0x82), "a|||." FFFD);
    ew_tokenizer_close(t);
    vocab_build_free(b);
}

/* The Unicode Standard 15.0, section 3.9, table 3-8 and the examples before it: one U+FFFD per maximal
 * subpart. */
static void wrong_bytes_follow_the_unicode_standard(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    ew_tokenizer *t = vocab_build_open(b);
    assert_string_equal(DECODE(t, false, 0xc0, 0xaf), FFFD "|" FFFD "|.");
    assert_string_equal(DECODE(t, false, 0xed, 0xa0, 0x80), "|" FFFD FFFD "|" FFFD "|.");
    assert_string_equal(DECODE(t, false, 0xf4, 0x91, 0x92, 0x93, 0xff, 'A'),
                        "|" FFFD FFFD "|" FFFD "|" FFFD "|" FFFD "|A|.");
    assert_string_equal(DECODE(t, false, 0xe1, 0x80, 0xe2, 0xf0, 0x91, 0x92, 0xf1, 0xbf, 'A'),
                        "||" FFFD "|" FFFD "|||" FFFD "||" FFFD "A|.");
    ew_tokenizer_close(t);
    vocab_build_free(b);
}

static void the_blank_before_a_text_is_taken_away_again(void **state) {
    (void)state;
    vocab_build *b = vocab_build_spm();
    ew_token blank = vocab_build_token(b, "\xe2\x96\x81", EWI_TOKEN_NORMAL, 0);
    ew_token word = vocab_build_token(b, "\xe2\x96\x81hi", EWI_TOKEN_NORMAL, 0);
    ew_tokenizer *t = vocab_build_open(b);
    assert_string_equal(DECODE(t, false, word, word), "hi| hi|.");
    assert_string_equal(DECODE(t, false, 1, word), "|hi|."); /* <s> is no text */
    assert_string_equal(DECODE(t, false, blank, word), "| hi|.");
    ew_detokenizer in_the_middle = {.started = true};
    char buf[8];
    size_t len;
    assert_int_equal(ew_detokenize(t, &in_the_middle, word, false, buf, sizeof buf, &len, NULL), EW_OK);
    assert_int_equal(len, 3);
    assert_memory_equal(buf, " hi", 3);
    ew_tokenizer_close(t);
    vocab_build_vocab(b)->space_prefix = EWI_PREFIX_NEVER;
    t = vocab_build_open(b);
    assert_string_equal(DECODE(t, false, word), " hi|.");
    ew_tokenizer_close(t);
    vocab_build_free(b);
}

static void control_tokens_show_on_request(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    ew_token end = vocab_build_token(b, "<|end|>", EWI_TOKEN_CONTROL, 0);
    ew_token user = vocab_build_token(b, "<=>", EWI_TOKEN_USER_DEFINED, 0);
    ew_tokenizer *t = vocab_build_open(b);
    assert_string_equal(DECODE(t, false, 'a', end, user), "a||<=>|.");
    assert_string_equal(DECODE(t, true, 'a', end, user), "a|<|end|>|<=>|.");
    /* Half a character waits for the tokens after a control token. */
    assert_string_equal(DECODE(t, false, 0xc3, end, 0xa9), "||\xc3\xa9|.");
    ew_tokenizer_close(t);
    vocab_build_free(b);
}

static void nothing_is_consumed_without_room(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    ew_token word = vocab_build_token(b, "word", EWI_TOKEN_NORMAL, 0);
    ew_tokenizer *t = vocab_build_open(b);
    ew_detokenizer state_of_text = {0};
    char buf[8];
    size_t len;
    assert_int_equal(ew_detokenize(t, &state_of_text, 0xe2, false, NULL, 0, &len, NULL), EW_OK);
    assert_int_equal(len, 0);
    assert_int_equal(ew_detokenize(t, &state_of_text, word, false, buf, 6, &len, NULL), EW_OK);
    assert_int_equal(len, 7); /* U+FFFD and "word" */
    assert_int_equal(ew_detokenize(t, &state_of_text, word, false, buf, 7, &len, NULL), EW_OK);
    assert_int_equal(len, 7);
    assert_memory_equal(buf, FFFD "word", 7);
    ew_tokenizer_close(t);
    vocab_build_free(b);
}

static void tokens_outside_the_vocabulary_are_refused(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    ew_tokenizer *t = vocab_build_open(b);
    ew_detokenizer state_of_text = {0};
    ew_error err = {0};
    char buf[8];
    size_t len;
    assert_int_equal(ew_detokenize(t, &state_of_text, 256, false, buf, 8, &len, &err), EW_INVALID);
    assert_non_null(strstr(err.text, "256"));
    assert_int_equal(ew_detokenize(t, &state_of_text, -1, false, buf, 8, &len, &err), EW_INVALID);
    assert_int_equal(ew_token_flags(t, 256), 0);
    assert_int_equal(ew_token_spelling(t, -1).len, 0);
    ew_tokenizer_close(t);
    vocab_build_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_never_split),
        cmocka_unit_test(wrong_bytes_follow_the_unicode_standard),
        cmocka_unit_test(the_blank_before_a_text_is_taken_away_again),
        cmocka_unit_test(control_tokens_show_on_request),
        cmocka_unit_test(nothing_is_consumed_without_room),
        cmocka_unit_test(tokens_outside_the_vocabulary_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
