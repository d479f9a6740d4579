/* Messages of APIs as templates get them. Shapes: OpenAI's chat reference; what templates read is Hugging
 * Face transformers' (content a text, arguments an object). */
#include "test.h"

#include <string.h>

#include "base/compiler.h"
#include "serve/chat_messages.h"

typedef struct talk {
    ewi_arena arena;
    ewi_conversation conv;
    ewi_refusal refusal;
} talk;

static void begin(talk *t) {
    *t = (talk){0};
    ewi_arena_init(&t->arena, 8 << 20);
    assert_true(ewi_conversation_init(&t->conv, &t->arena, &t->refusal));
}

static void end(talk *t) {
    ewi_conversation_deinit(&t->conv);
    ewi_arena_deinit(&t->arena);
}

static bool add(talk *t, const char *messages) {
    return ewi_conversation_add_openai(&t->conv, (ew_str){messages, strlen(messages)}, &t->refusal);
}

static void assert_message(const talk *t, size_t index, const char *expected) {
    const ewi_message *m = &t->conv.messages[index];
    char text[1024] = {0};
    assert_true(m->end - m->begin < sizeof text);
    memcpy(text, t->conv.text.data + m->begin, m->end - m->begin);
    assert_string_equal(text, expected);
}

static void messages_take_one_form(void **state) {
    (void)state;
    talk t;
    begin(&t);
    assert_true(add(
        &t,
        "[{\"role\":\"developer\",\"content\":\"be brief\"},"
        "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"text\":\"b\\n\",\"type\":\"input_text\"}],"
        "\"role\":\"user\",\"name\":\"me\"},"
        "{\"role\":\"assistant\",\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":"
        "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\": 1}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"done\"}]"));
    assert_int_equal(t.conv.n, 4);
    assert_message(&t, 0, "{\"role\":\"system\",\"content\":\"be brief\"}");
    assert_true(t.conv.messages[0].is_system && !t.conv.messages[1].is_system);
    assert_message(&t, 1, "{\"role\":\"user\",\"content\":\"ab\\n\",\"name\":\"me\"}");
    assert_message(
        &t, 2,
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"f\",\"arguments\":{\"x\": 1}}}]}");
    assert_message(&t, 3, "{\"role\":\"tool\",\"content\":\"done\",\"tool_call_id\":\"c1\"}");
    end(&t);
}

/* Arguments that are no object stay the text that they were. */
static void broken_arguments_stay_text(void **state) {
    (void)state;
    talk t;
    begin(&t);
    assert_true(add(
        &t,
        "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}]"));
    assert_message(
        &t, 0,
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"type\":\"function\",\"function\":"
        "{\"name\":\"f\",\"arguments\":\"{\"}}]}");
    end(&t);
}

static void what_cannot_be_is_named(void **state) {
    (void)state;
    static const struct {
        const char *messages, *param, *part;
    } cases[] = {
        {"{}", "messages", "an array"},
        {"[]", "messages", "none"},
        {"[1]", "messages[0]", "an object"},
        {"[{\"content\":\"x\"}]", "messages[0].role", "a string"},
        {"[{\"role\":\"user\"}]", "messages[0].content", "missing"},
        {"[{\"role\":\"user\",\"content\":1}]", "messages[0].content", "array of parts"},
        {"[{\"role\":\"user\",\"content\":\"x\",\"mood\":1}]", "messages[0].mood", "no such member"},
        {"[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]", "messages[0].content", "image_url"},
        {"[{\"role\":\"assistant\",\"tool_calls\":[{}]}]", "messages[0].tool_calls", "function"},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        talk t;
        begin(&t);
        assert_false(add(&t, cases[i].messages));
        assert_int_equal(t.refusal.http, 400);
        assert_string_equal(t.refusal.param, cases[i].param);
        assert_non_null(strstr(t.refusal.text, cases[i].part));
        end(&t);
    }
}

static const char *const tools =
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"properties\":"
    "{"
    "\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"integer\"},\"c\":{\"enum\":[],\"type\":\"string\"}}}}}]";

static bool set_tools(talk *t, const char *json, const char *choice) {
    return ewi_conversation_set_tools(&t->conv, (ew_str){json, strlen(json)},
                                      (ew_str){choice, strlen(choice)}, &t->refusal);
}

static void tools_are_offered_with_their_strings(void **state) {
    (void)state;
    talk t;
    begin(&t);
    assert_true(set_tools(&t, tools, "\"auto\""));
    assert_int_equal(t.conv.n_offered, 1);
    const ewi_tool *tool = &t.conv.offered[0];
    assert_memory_equal(tool->name.data, "f", 1);
    assert_int_equal(tool->n_strings, 2);
    assert_memory_equal(tool->strings[1].data, "c", 1);
    end(&t);
    begin(&t);
    assert_true(set_tools(&t, tools, "\"none\""));
    assert_int_equal(t.conv.n_offered, 0);
    assert_int_equal(t.conv.tools.len, 0);
    end(&t);
    begin(&t);
    assert_false(set_tools(&t, tools, "\"required\""));
    assert_string_equal(t.refusal.param, "tool_choice");
    assert_false(set_tools(&t, "[{\"type\":\"web_search\"}]", ""));
    assert_string_equal(t.refusal.param, "tools");
    end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_take_one_form),
        cmocka_unit_test(broken_arguments_stay_text),
        cmocka_unit_test(what_cannot_be_is_named),
        cmocka_unit_test(tools_are_offered_with_their_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
