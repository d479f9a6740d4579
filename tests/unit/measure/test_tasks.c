/* test_tasks.c: JSON lines of questions with answers: what is read, and what is refused by line. */
#include "base/compiler.h"
#include "expect.h"
#include "scratch.h"

static const char *write_tasks(const char *text) {
    return scratch_file("tasks.jsonl", text, strlen(text));
}

static void expect_text(ew_str got, const char *wanted) {
    assert_int_equal(got.len, strlen(wanted));
    assert_memory_equal(got.data, wanted, got.len);
}

static void reads(void **state) {
    (void)state;
    ew_tasks *tasks;
    ew_error err = {0};
    const char *path = write_tasks("{\"prompt\": \"one\\n\\u00e9?\", \"answer\": \"1\"}\r\n"
                                   "\n"
                                   "{\"answers\": [\"2\", \"\"], \"prompt\": \"\"}");
    expect_ok(ew_tasks_open(path, &tasks, &err), &err);
    assert_int_equal(ew_tasks_count(tasks), 2);
    ew_task first = ew_tasks_get(tasks, 0), second = ew_tasks_get(tasks, 1);
    expect_text(first.prompt, "one\n\xc3\xa9?");
    assert_int_equal(first.n_answers, 1);
    expect_text(first.answers[0], "1");
    expect_text(second.prompt, "");
    assert_int_equal(second.n_answers, 2);
    expect_text(second.answers[0], "2");
    expect_text(second.answers[1], "");
    ew_tasks_close(tasks);
}

static void refuses(void **state) {
    (void)state;
    static const struct {
        const char *text, *culprit;
    } files[] = {
        {"", "holds no tasks"},
        {" \n\t\n", "holds no tasks"},
        {"{\"prompt\":\"p\",\"answer\":\"a\"}\n[1]\n", "line 2"},
        {"{\"prompt\":\"p\",\"answer\":\"a\"}\n{\"prompt\":\"p\"", "line 2"},
        {"{\"prompt\":\"p\",\"answer\":\"a\"} x", "line 1"},
        {"{\"answer\":\"a\"}", "line 1: has no prompt"},
        {"\n{\"prompt\":\"p\"}", "line 2: has no answer"},
        {"{\"prompt\":\"p\",\"answers\":[]}", "line 1: \"answers\" is empty"},
        {"{\"prompt\":\"p\",\"answers\":[1]}", "line 1"},
        {"{\"prompt\":1,\"answer\":\"a\"}", "line 1"},
        {"{\"prompt\":\"p\",\"prompt\":\"q\",\"answer\":\"a\"}", "line 1: has two prompts"},
        {"{\"prompt\":\"p\",\"answer\":\"a\",\"answers\":[\"b\"]}", "line 1: has answers twice"},
        {"{\"prompt\":\"p\",\"answer\":\"a\",\"system\":\"s\"}", "line 1: key \"system\""},
        {"{\"prompt\":\"\xff\",\"answer\":\"a\"}", "line 1"},
    };
    for (size_t i = 0; i < EWI_COUNT(files); i++) {
        ew_tasks *tasks = NULL;
        ew_error err = {0};
        expect_refused(ew_tasks_open(write_tasks(files[i].text), &tasks, &err), EW_FORMAT, &err,
                       files[i].culprit);
    }
    ew_tasks *tasks = NULL;
    ew_error err = {0};
    expect_refused(ew_tasks_open(scratch_path("none"), &tasks, &err), EW_IO, &err, "none");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
