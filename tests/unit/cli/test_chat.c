/* test_chat.c: the chat, at a terminal. The expected answers are llama2.c's (golden/ of the fixtures). */
#define _XOPEN_SOURCE 700
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures.h"
#include "program.h"
#include "pty.h"
#include "scratch.h"
#include "tiny_model.h"

#define PATH_BYTES 4096
#define MAX_MORE   8

#define PROMPT "Once upon a time"
#define ANSWER ", there was a little girl named Lily."

static char state_folder[] = "/tmp/edgewise-chat.XXXXXX";

/* edgewise run MODEL --temp 0 and more, up to its first prompt. */
static void start_chat(test_pty *pty, const char *const *more) {
    const char *argv[5 + MAX_MORE + 1] = {test_program(), "run", test_fixture("models/stories260K-f32.gguf"),
                                          "--temp", "0"};
    for (size_t i = 0; more[i]; i++) argv[5 + i] = more[i];
    test_pty_start(pty, argv);
    assert_true(test_pty_expect(pty, ">>> "));
}

static void end_chat(test_pty *pty) {
    test_pty_type(pty, "/bye\r");
    int code = test_pty_end(pty);
    if (code != 0) fail_msg("exit code %d after:\n%s", code, pty->seen);
}

#define OPTIONS(...) ((const char *[]){__VA_ARGS__, NULL})

static void answers_and_ends_by_bye(void **state) {
    (void)state;
    test_pty pty;
    start_chat(&pty, OPTIONS("-n", "24"));
    test_pty_type(&pty, PROMPT "\r");
    assert_true(test_pty_expect(&pty, ANSWER));
    assert_true(test_pty_expect(&pty, ">>> "));
    end_chat(&pty);
}

static void clear_forgets_the_conversation(void **state) {
    (void)state;
    test_pty pty;
    start_chat(&pty, OPTIONS("-n", "24"));
    test_pty_type(&pty, PROMPT "\r");
    assert_true(test_pty_expect(&pty, ANSWER));
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, "/show\r");
    assert_true(test_pty_expect(&pty, "context  29 of 512")); /* BOS, 4 of the prompt, 24 of the answer */
    test_pty_type(&pty, "/clear\r/show\r");
    assert_true(test_pty_expect(&pty, "context  0 of 512"));
    test_pty_type(&pty, PROMPT "\r");
    assert_true(test_pty_expect(&pty, ANSWER));
    end_chat(&pty);
}

static void ctrl_c_stops_an_answer_and_not_the_program(void **state) {
    (void)state;
    test_pty pty;
    start_chat(&pty, OPTIONS("--ignore-eos", "--context-full", "shift")); /* without end */
    test_pty_type(&pty, PROMPT "\r");
    assert_true(test_pty_expect(&pty, ANSWER));
    test_pty_type(&pty, "\x03");
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, "/clear\r/set n 24\r" PROMPT "\r");
    assert_true(test_pty_expect(&pty, ANSWER));
    end_chat(&pty);
}

static void ctrl_c_at_the_prompt_tells_how_to_end(void **state) {
    (void)state;
    test_pty pty;
    start_chat(&pty, OPTIONS("-n", "24"));
    test_pty_type(&pty, "nonsense\x03");
    assert_true(test_pty_expect(&pty, "/bye"));
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, PROMPT "\r"); /* the dropped line is not part of it */
    assert_true(test_pty_expect(&pty, ANSWER));
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, "\x04");
    assert_int_equal(test_pty_end(&pty), 0);
}

/* The model sees the whole conversation, written by its template; --verbose says how much of it is run. */
static void the_template_writes_the_conversation(void **state) {
    (void)state;
    const char *path = scratch_path("chat.gguf");
    tiny_model_write(&(tiny_model){.chat_template =
                                       "{% for m in messages %}<s>{{ m.role }}:{{ m.content }}</s>"
                                       "{% endfor %}<s>"},
                     path);
    const char *argv[] = {test_program(), "run",      path,        "--temp", "0", "-n", "2",
                          "--system",     "be brief", "--verbose", NULL};
    test_pty pty;
    test_pty_start(&pty, argv);
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, "a\r");
    assert_true(test_pty_expect(&pty, "prompt: "));
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, "/show\r");
    assert_true(test_pty_expect(&pty, "context  "));
    test_pty_type(&pty, "/clear\r/show\r");
    assert_true(test_pty_expect(&pty, "context  0 of 512"));
    test_pty_type(&pty, "a\r");
    assert_true(test_pty_expect(&pty, "prompt: "));
    test_pty_type(&pty, "b\r");
    assert_true(test_pty_expect(&pty, "prompt: "));
    end_chat(&pty);
}

static void a_template_that_refuses_is_named(void **state) {
    (void)state;
    const char *path = scratch_path("refuses.gguf");
    tiny_model_write(&(tiny_model){.chat_template = "{{ raise_exception('not today') }}"}, path);
    const char *argv[] = {test_program(), "run", path, NULL};
    test_pty pty;
    test_pty_start(&pty, argv);
    assert_true(test_pty_expect(&pty, ">>> "));
    test_pty_type(&pty, "a\r");
    assert_true(test_pty_expect(&pty, "not today"));
    assert_true(test_pty_expect(&pty, "--raw"));
    end_chat(&pty);
}

static void quotes_enclose_several_lines(void **state) {
    (void)state;
    test_pty pty;
    start_chat(&pty, OPTIONS("-n", "24"));
    test_pty_type(&pty, "\"\"\"\r" PROMPT "\r\"\"\"\r");
    assert_true(test_pty_expect(&pty, ANSWER));
    end_chat(&pty);
}

static void bad_commands_are_named(void **state) {
    (void)state;
    test_pty pty;
    start_chat(&pty, OPTIONS("-n", "24"));
    test_pty_type(&pty, "/set temp nan\r");
    assert_true(test_pty_expect(&pty, "\"nan\" is not a finite number"));
    test_pty_type(&pty, "/set top-p 2\r");
    assert_true(test_pty_expect(&pty, "2 is out of range"));
    test_pty_type(&pty, "/set colour red\r");
    assert_true(test_pty_expect(&pty, "NAME is one of"));
    test_pty_type(&pty, "/frobnicate\r");
    assert_true(test_pty_expect(&pty, "unknown command /frobnicate"));
    end_chat(&pty);
}

static void a_full_context_says_what_helps(void **state) {
    (void)state;
    test_pty pty;
    start_chat(&pty, OPTIONS("-c", "16"));
    test_pty_type(&pty, PROMPT "\r");
    assert_true(test_pty_expect(&pty, "16 of 16 positions"));
    assert_true(test_pty_expect(&pty, "/clear"));
    end_chat(&pty);
}

static void a_resized_window_changes_nothing(void **state) {
    (void)state;
    test_pty pty;
    start_chat(&pty, OPTIONS("-n", "24"));
    test_pty_type(&pty, "Once upon");
    assert_true(test_pty_expect(&pty, "Once upon"));
    kill(pty.pid, SIGWINCH);
    test_pty_type(&pty, " a time\r");
    assert_true(test_pty_expect(&pty, ANSWER));
    end_chat(&pty);
}

static void history_is_kept_for_its_user_only(void **state) {
    (void)state;
    test_pty pty;
    char path[PATH_BYTES], text[4096];
    struct stat status;
    start_chat(&pty, OPTIONS("-n", "24"));
    test_pty_type(&pty, PROMPT " there\r");
    assert_true(test_pty_expect(&pty, ">>> "));
    end_chat(&pty);
    snprintf(path, sizeof path, "%s/edgewise/history", state_folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "there"));
    start_chat(&pty, OPTIONS("-n", "24"));
    test_pty_type(&pty, "\x10\x10"); /* Ctrl-P: the line before the last one, /bye */
    assert_true(test_pty_expect(&pty, PROMPT " there"));
    test_pty_type(&pty, "\x15"); /* Ctrl-U: away with it */
    end_chat(&pty);
}

static bool help_is_coloured(void) {
    test_pty pty;
    test_pty_start(&pty, OPTIONS(test_program(), "--help"));
    assert_int_equal(test_pty_end(&pty), 0);
    assert_non_null(strstr(pty.seen, "Commands"));
    return strchr(pty.seen, '\x1b') != NULL;
}

static void no_color_is_honoured(void **state) {
    (void)state;
    unsetenv("NO_COLOR");
    assert_true(help_is_coloured());
    setenv("NO_COLOR", "", 1); /* empty means nothing (no-color.org) */
    assert_true(help_is_coloured());
    setenv("NO_COLOR", "1", 1);
    assert_false(help_is_coloured());
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    assert_false(help_is_coloured());
    setenv("TERM", "xterm", 1);
}

static int make_state(void **state) {
    (void)state;
    if (!mkdtemp(state_folder)) return -1;
    setenv("XDG_STATE_HOME", state_folder, 1);
    setenv("TERM", "xterm", 1);
    return 0;
}

static int remove_state(void **state) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/edgewise/history", state_folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/edgewise", state_folder);
    rmdir(path);
    return rmdir(state_folder) || scratch_remove(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_ends_by_bye),
        cmocka_unit_test(clear_forgets_the_conversation),
        cmocka_unit_test(ctrl_c_stops_an_answer_and_not_the_program),
        cmocka_unit_test(ctrl_c_at_the_prompt_tells_how_to_end),
        cmocka_unit_test(the_template_writes_the_conversation),
        cmocka_unit_test(a_template_that_refuses_is_named),
        cmocka_unit_test(quotes_enclose_several_lines),
        cmocka_unit_test(bad_commands_are_named),
        cmocka_unit_test(a_full_context_says_what_helps),
        cmocka_unit_test(a_resized_window_changes_nothing),
        cmocka_unit_test(history_is_kept_for_its_user_only),
        cmocka_unit_test(no_color_is_honoured),
    };
    return cmocka_run_group_tests_name("chat", tests, make_state, remove_state);
}
