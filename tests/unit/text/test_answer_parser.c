/*
 * Answers in each family's format. What is written comes from model cards and the peers' tests, named beside
 * each; what must come out of it is what those say. Every answer is parsed whole, byte by byte, and cut in
 * two at each byte, and must give the same parts.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/slice.h"
#include "sanitized.h"
#include "test.h"
#include "text/answer_parser.h"

/* ---- parts as a text: "content:..|reasoning:..|name(arguments)|", a broken call "name(arguments)!|" ---- */

typedef struct parts {
    ewi_buffer text;
    int open; /* the kind of text that may go on; -1: none */
    uint32_t call;
    bool in_call;
} parts;

static void end_text(parts *seen) {
    if (seen->open >= 0) ewi_buffer_add(&seen->text, "|", 1);
    seen->open = -1;
}

static void add_text(parts *seen, const ewi_answer_part *part) {
    assert_true(part->text.len > 0);
    assert_false(seen->in_call);
    if (seen->open != (int)part->kind) {
        end_text(seen);
        ewi_buffer_printf(&seen->text, part->kind == EWI_PART_CONTENT ? "content:" : "reasoning:");
    }
    seen->open = (int)part->kind;
    ewi_buffer_add(&seen->text, part->text.data, part->text.len);
}

static void on_part(void *user, const ewi_answer_part *part) {
    parts *seen = user;
    if (part->kind == EWI_PART_CONTENT || part->kind == EWI_PART_REASONING) {
        add_text(seen, part);
        return;
    }
    assert_int_equal(part->call, seen->call);
    assert_true(seen->in_call == (part->kind != EWI_PART_CALL_BEGIN));
    end_text(seen);
    ewi_buffer_add(&seen->text, part->text.data, part->text.len);
    if (part->kind == EWI_PART_CALL_BEGIN) ewi_buffer_add(&seen->text, "(", 1);
    if (part->kind == EWI_PART_CALL_END) ewi_buffer_printf(&seen->text, part->is_broken ? ")!|" : ")|");
    seen->in_call = part->kind != EWI_PART_CALL_END;
    if (!seen->in_call) seen->call++;
}

/* ---- parsing ---- */

static const ew_str strings[] = {{"city", 4}, {"code", 4}};
static const ewi_tool tools[] = {{{"get_weather", 11}, strings, 2},
                                 {{"get_time", 8}, NULL, 0},
                                 {{"special_function", 16}, NULL, 0},
                                 {{"light_set", 9}, NULL, 0}};

typedef struct answer {
    ewi_tool_format format;
    ewi_reasoning_format reasoning;
    bool begins_in_reasoning, any_name;
    ew_str text;
} answer;

static ewi_answer_parser parser;

static void begin(const answer *a, parts *seen) {
    ewi_answer_options options = {.reasoning = a->reasoning,
                                  .begins_in_reasoning = a->begins_in_reasoning,
                                  .tools = a->any_name ? NULL : tools,
                                  .n_tools = sizeof tools / sizeof *tools};
    *seen = (parts){.open = -1};
    ewi_buffer_init(&seen->text, (size_t)8 << 20);
    ewi_answer_parser_init(&parser, a->format, &options, on_part, seen);
}

static void push(ew_str text) {
    ew_error err = {0};
    if (ewi_answer_parser_push(&parser, text, &err)) fail_msg("%s", err.text);
}

static void end(parts *seen) {
    ew_error err = {0};
    if (ewi_answer_parser_end(&parser, &err)) fail_msg("%s", err.text);
    ewi_answer_parser_deinit(&parser);
    assert_false(seen->in_call);
    end_text(seen);
    ewi_buffer_add(&seen->text, "", 1);
    assert_false(seen->text.failed);
}

/* The parts of the text, cut in two at `cut` and, with step 1, into single bytes. */
static void parse(const answer *a, size_t cut, size_t step, parts *seen) {
    begin(a, seen);
    if (step) {
        for (size_t i = 0; i < a->text.len; i += step)
            push((ew_str){a->text.data + i, a->text.len - i < step ? a->text.len - i : step});
    } else {
        push((ew_str){a->text.data, cut});
        push((ew_str){a->text.data + cut, a->text.len - cut});
    }
    end(seen);
}

static void check_once(const answer *a, size_t cut, size_t step, const char *expected) {
    parts seen;
    parse(a, cut, step, &seen);
    if (strcmp((const char *)seen.text.data, expected) != 0)
        fail_msg("cut at %zu, pieces of %zu:\n  %s\nis\n  %s\nand must be\n  %s", cut, step, a->text.data,
                 (const char *)seen.text.data, expected);
    ewi_buffer_deinit(&seen.text);
}

static void check_answer(answer a, const char *expected) {
    for (size_t cut = 0; cut <= a.text.len; cut++) check_once(&a, cut, 0, expected);
    for (size_t step = 1; step < 8; step++) check_once(&a, 0, step, expected);
}

static void check(ewi_tool_format format, const char *text, const char *expected) {
    check_answer((answer){.format = format, .text = ewi_str(text)}, expected);
}

static void check_any(ewi_tool_format format, const char *text, const char *expected) {
    check_answer((answer){.format = format, .any_name = true, .text = ewi_str(text)}, expected);
}

static void check_reasoning(ewi_reasoning_format reasoning, bool begins, const char *text,
                            const char *expected) {
    check_answer((answer){.format = EWI_TOOLS_HERMES,
                          .reasoning = reasoning,
                          .begins_in_reasoning = begins,
                          .text = ewi_str(text)},
                 expected);
}

/* ---- families ---- */

static void hermes(void **state) {
    (void)state;
    /* Qwen's documentation, "Function Calling" */
    check_any(EWI_TOOLS_HERMES,
              "<tool_call>\n{\"name\": \"get_current_temperature\", \"arguments\": {\"location\": \"San "
              "Francisco, CA, USA\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"get_temperature_date\", "
              "\"arguments\": {\"location\": \"San Francisco, CA, USA\", \"date\": "
              "\"2024-10-01\"}}\n</tool_call>",
              "get_current_temperature({\"location\": \"San Francisco, CA, USA\"})|"
              "get_temperature_date({\"location\": \"San Francisco, CA, USA\", \"date\": \"2024-10-01\"})|");
    /* the card of Hermes 2 Pro: arguments come first */
    check_any(EWI_TOOLS_HERMES,
              "<tool_call>\n{\"arguments\": {\"symbol\": \"TSLA\"}, \"name\": "
              "\"get_stock_fundamentals\"}\n</tool_call>",
              "get_stock_fundamentals({\"symbol\": \"TSLA\"})|");
    /* llama.cpp, tests/test-chat.cpp */
    check(EWI_TOOLS_HERMES,
          "Hello, world!\nWhat's up?<tool_call>\n{\"name\": \"special_function\", \"arguments\": {\"arg1\": "
          "1}}\n</tool_call>",
          "content:Hello, world!\nWhat's up?|special_function({\"arg1\": 1})|");
}

static void hermes_with_text_around(void **state) {
    (void)state;
    check(EWI_TOOLS_HERMES, "Let me see.\n\n<tool_call>{\"name\":\"get_time\"}</tool_call>\nDone. ",
          "content:Let me see.|get_time({})|content:Done. |");
    check(EWI_TOOLS_HERMES, "Let me see. 1 < 2, <tool", "content:Let me see. 1 < 2, <tool|");
    check(EWI_TOOLS_HERMES, " \n", "content: \n|");
    /* the closing tag may be missing */
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\":\"get_time\",\"arguments\":{}}\n", "get_time({})|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\":\"get_time\",\"arguments\":{}}</tool_c", "get_time({})|");
    check(EWI_TOOLS_HERMES,
          "<tool_call>{\"name\":\"get_time\",\"arguments\":{}}\n<tool_call>{\"name\":\"get_time\"}",
          "get_time({})|get_time({})|");
}

static void arguments_in_a_string(void **state) {
    (void)state;
    check(EWI_TOOLS_HERMES,
          "<tool_call>{\"name\": \"get_weather\", \"arguments\": \" {\\\"city\\\": \\\"Z\\\\u00fcrich "
          "\\u00fc\\ud83d\\ude00\\\"}\"}</tool_call>",
          "get_weather({\"city\": \"Z\\u00fcrich \xc3\xbc\xf0\x9f\x98\x80\"})|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"arguments\": \"\", \"name\": \"get_time\"}</tool_call>",
          "get_time({})|");
    /* a line break in a string is no JSON, but means one */
    check(EWI_TOOLS_HERMES,
          "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"code\": \"a\n\x01\"}}</tool_call>",
          "get_weather({\"code\": \"a\\n\\u0001\"})|");
}

static void llama(void **state) {
    (void)state;
    /* Meta's documentation of Llama 3.1: JSON based, and user-defined, tool calls; of 3.2 */
    check_any(EWI_TOOLS_LLAMA,
              "{\"type\": \"function\", \"name\": \"trending_songs\", \"parameters\": {\"n\": \"10\", "
              "\"genre\": \"all\"}}",
              "trending_songs({\"n\": \"10\", \"genre\": \"all\"})|");
    check_any(EWI_TOOLS_LLAMA, "<function=spotify_trending_songs>{\"n\": \"5\"}</function>",
              "spotify_trending_songs({\"n\": \"5\"})|");
    /* llama.cpp, tests/test-chat.cpp */
    check(EWI_TOOLS_LLAMA, "{\"name\": \"special_function\", \"parameters\": {\"arg1\": 1}}",
          "special_function({\"arg1\": 1})|");
    check(EWI_TOOLS_LLAMA,
          "<|python_tag|>{\"name\": \"get_time\", \"parameters\": {}}; {\"name\": \"get_time\", "
          "\"parameters\": {\"a\": [1, {}]}}",
          "get_time({})|get_time({\"a\": [1, {}]})|");
}

static void llama_that_is_no_call(void **state) {
    (void)state;
    check(EWI_TOOLS_LLAMA, "{\"city\": \"Oslo\"} is JSON.", "content:{\"city\": \"Oslo\"} is JSON.|");
    check(EWI_TOOLS_LLAMA, "[1] a note", "content:[1] a note|");
    check(EWI_TOOLS_LLAMA, "<|python_tag|>brave_search.call(query=\"x\")",
          "content:<|python_tag|>brave_search.call(query=\"x\")|");
    check(EWI_TOOLS_LLAMA, "See {\"name\": \"get_time\", \"parameters\": {}}",
          "content:See {\"name\": \"get_time\", \"parameters\": {}}|");
    check_any(EWI_TOOLS_LLAMA, "{\"name\": \"Ann\"}", "content:{\"name\": \"Ann\"}|");
}

static void mistral(void **state) {
    (void)state;
    /* Mistral's documentation, "Function calling", and mistral-common's tests */
    check_any(EWI_TOOLS_MISTRAL,
              "[TOOL_CALLS][{\"name\": \"get_current_weather\", \"arguments\": {\"location\": \"Paris, "
              "France\", \"format\": \"celsius\"}, \"id\": \"VvvODy9mT\"}]",
              "get_current_weather({\"location\": \"Paris, France\", \"format\": \"celsius\"})|");
    /* the template of Devstral Small */
    check(EWI_TOOLS_MISTRAL,
          "Hm. [TOOL_CALLS]get_weather[ARGS]{\"city\": \"Oslo\"}[TOOL_CALLS]get_time[ARGS]{}",
          "content:Hm.|get_weather({\"city\": \"Oslo\"})|get_time({})|");
    /* the template of Mistral Small 3.2 */
    check(EWI_TOOLS_MISTRAL, "[TOOL_CALLS]get_weather[CALL_ID]123456789[ARGS]{\"city\": \"Oslo\"}",
          "get_weather({\"city\": \"Oslo\"})|");
    check(EWI_TOOLS_MISTRAL,
          "[TOOL_CALLS] [{\"name\":\"get_time\",\"arguments\":\"{}\"},{\"name\":\"get_time\",\"arguments\":{}"
          "}] x",
          "get_time({})|get_time({})|content:x|");
}

static void phi(void **state) {
    (void)state;
    check(EWI_TOOLS_PHI,
          "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}]<|/tool_call|>",
          "get_weather({\"city\": \"Oslo\"})|");
    /* vLLM's phi4_mini_json parser */
    check(EWI_TOOLS_PHI,
          "functools[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}, {\"name\": "
          "\"get_time\", \"arguments\": {}}]",
          "get_weather({\"city\": \"Oslo\"})|get_time({})|");
    check(EWI_TOOLS_PHI, "import functools\nx", "content:import functools\nx|");
}

static void granite(void **state) {
    (void)state;
    /* the card of Granite 3.3, and the template of 4.0 */
    check(EWI_TOOLS_GRANITE,
          "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}]",
          "get_weather({\"city\": \"Oslo\"})|");
    check(EWI_TOOLS_GRANITE, "<tool_call>[{\"name\": \"get_time\", \"arguments\": {}}]</tool_call>",
          "get_time({})|");
}

static void gemma(void **state) {
    (void)state;
    /* Google's documentation of FunctionGemma */
    check_any(EWI_TOOLS_FUNCTION_GEMMA,
              "<start_function_call>call:get_current_temperature{location:<escape>London<escape>}<end_"
              "function_call>",
              "get_current_temperature({\"location\":\"London\"})|");
    /* the template of Gemma 4 */
    check(EWI_TOOLS_GEMMA,
          "<|tool_call>call:get_weather{city:<|\"|>Z\xc3\xbcrich \"x\"\n<|\"|>,days:3,a:[{b:true},<|\"|><|\"|"
          ">]}<tool_call|><|tool_call>call:get_time{}<tool_call|>",
          "get_weather({\"city\":\"Z\xc3\xbcrich \\\"x\\\"\\n\",\"days\":3,\"a\":[{\"b\":true},\"\"]})|"
          "get_time({})|");
    check(EWI_TOOLS_GEMMA, "<|tool_call>call:get_time{a:nothing}<tool_call|>",
          "get_time({\"a\":n)!|content:othing}<tool_call|>|");
}

static void qwen_coder(void **state) {
    (void)state;
    /* llama.cpp, tests/test-chat.cpp, of Qwen3-Coder */
    check(EWI_TOOLS_QWEN_CODER,
          "<tool_call>\n<function=special_function>\n<parameter=arg1>\n1\n</parameter>\n</function>\n</"
          "tool_call>",
          "special_function({\"arg1\":1})|");
    /* types: from the tool (city), else by the look; True is how its template writes true */
    check(
        EWI_TOOLS_QWEN_CODER,
        "Hm.\n<tool_call>\n<function=get_weather>\n<parameter=city>\n7\n</parameter>\n<parameter=days>\n7\n<"
        "/parameter>\n<parameter=a>\nTrue\n</parameter>\n<parameter=b>\n[1, "
        "{\"c\": 2}]\n</parameter>\n<parameter=d>\nnot now\n\n</parameter>\n</function>\n</tool_call>",
        "content:Hm.|get_weather({\"city\":\"7\",\"days\":7,\"a\":true,\"b\":[1, {\"c\": 2}],\"d\":\"not "
        "now\\n\"})|");
    check(EWI_TOOLS_QWEN_CODER,
          "<tool_call>\n<function=get_time>\n</function>\n<function=get_weather><parameter=code>if (a</b>1) "
          "\"x\"</parameter></function></tool_call>",
          "get_time({})|get_weather({\"code\":\"if (a</b>1) \\\"x\\\"\"})|");
    check(EWI_TOOLS_QWEN_CODER, "<tool_call>\n<function=nobody>\n</function>",
          "content:<tool_call>\n<function=nobody>\n</function>|");
}

static void pocket(void **state) {
    (void)state;
    /* models/pocket/MODEL_CARD.md */
    check(EWI_TOOLS_POCKET, "{\"tool\":\"light_set\",\"args\":{\"room\":\"attic\",\"brightness\":50}}",
          "light_set({\"room\":\"attic\",\"brightness\":50})|");
    check(EWI_TOOLS_POCKET,
          "[{\"tool\":\"light_set\",\"args\":{}},{\"tool\":\"get_time\",\"args\":{\"a\":1.5}}]",
          "light_set({})|get_time({\"a\":1.5})|");
    check(EWI_TOOLS_POCKET, "{\"tool\":\"none\"}", "");
    check_any(EWI_TOOLS_POCKET, "{\"tool\":\"none\"}", "");
    check(EWI_TOOLS_POCKET, "Once upon a time {", "content:Once upon a time {|");
}

/* ---- reasoning ---- */

static void reasoning(void **state) {
    (void)state;
    /* Qwen3's template: line breaks inside and behind are not the text's */
    check_reasoning(EWI_REASONING_THINK, false, "<think>\nI am\n\nthinking\n</think>\n\nHello",
                    "reasoning:I am\n\nthinking|content:Hello|");
    check_reasoning(EWI_REASONING_THINK, false, "<think>\n\n</think>\n\nHello", "content:Hello|");
    /* DeepSeek-R1's template opens it in the prompt */
    check_reasoning(EWI_REASONING_THINK, true, "I'm\nthinking</think>Hello, world!\nWhat's up?",
                    "reasoning:I'm\nthinking|content:Hello, world!\nWhat's up?|");
    check_reasoning(EWI_REASONING_THINK, true, "No end </thi", "reasoning:No end </thi|");
    check_reasoning(EWI_REASONING_THINK, false,
                    "<think>a <tool_call> b</think>\n<tool_call>\n{\"name\": \"get_time\"}\n</tool_call>",
                    "reasoning:a <tool_call> b|get_time({})|");
    check_reasoning(EWI_REASONING_THINK, false, "The tag <think> is content",
                    "content:The tag <think> is content|");
    check_reasoning(EWI_REASONING_GRANITE, false, "<think>hm</think><response>Hello, world!</response>",
                    "reasoning:hm|content:Hello, world!|");
    check_reasoning(EWI_REASONING_MISTRAL, false, "[THINK]hm[/THINK]Hello", "reasoning:hm|content:Hello|");
    check_answer((answer){.reasoning = EWI_REASONING_THINK, .text = ewi_str("<think>hm</think>{<tool_call>")},
                 "reasoning:hm|content:{<tool_call>|");
}

static void prompts_that_end_in_reasoning(void **state) {
    (void)state;
    assert_true(ewi_reasoning_is_open(EWI_REASONING_THINK, EWI_STR("<|assistant|><think>\n")));
    assert_true(ewi_reasoning_is_open(EWI_REASONING_THINK, EWI_STR("<|assistant|><think>")));
    assert_false(ewi_reasoning_is_open(EWI_REASONING_THINK, EWI_STR("<think>\n\n</think>\n\n")));
    assert_false(ewi_reasoning_is_open(EWI_REASONING_THINK, EWI_STR("say <think> now\n<|assistant|>")));
    assert_false(ewi_reasoning_is_open(EWI_REASONING_NONE, EWI_STR("<think>")));
    assert_false(ewi_reasoning_is_open(EWI_REASONING_THINK, EWI_STR("\n")));
}

/* ---- templates: those among the fixtures are in conformance.tool_calls ---- */

static void templates(void **state) {
    (void)state;
    /* the cards of Phi-4-mini and FunctionGemma, and models/pocket/export.py */
    assert_int_equal(
        ewi_tool_format_of_template(EWI_STR("'<|tool|>' + message['tools'] + '<|/tool|>' + '<|end|>'")),
        EWI_TOOLS_PHI);
    assert_int_equal(ewi_tool_format_of_template(EWI_STR("{{- '<start_function_call>call:' -}}")),
                     EWI_TOOLS_FUNCTION_GEMMA);
    assert_int_equal(ewi_tool_format_of_template(EWI_STR("<|user|>{{ messages[-1]['content'] }}<|tool|>")),
                     EWI_TOOLS_POCKET);
    assert_int_equal(ewi_tool_format_of_template(EWI_STR("{{ messages[0]['content'] }}")), EWI_TOOLS_NONE);
    assert_int_equal(ewi_tool_format_of_template((ew_str){0}), EWI_TOOLS_NONE);
    assert_int_equal(ewi_reasoning_format_of_template((ew_str){0}), EWI_REASONING_NONE);
    assert_string_equal(ewi_tool_format_name(EWI_TOOLS_NONE), "none");
    assert_string_equal(ewi_tool_format_name(EWI_TOOLS_POCKET), "pocket");
    assert_true(ewi_tool_format_needs_special(EWI_TOOLS_MISTRAL));
    assert_false(ewi_tool_format_needs_special(EWI_TOOLS_POCKET));
    assert_false(ewi_tool_format_needs_special(EWI_TOOLS_NONE));
    assert_true(ewi_reasoning_format_needs_special(EWI_REASONING_THINK));
    assert_false(ewi_reasoning_format_needs_special(EWI_REASONING_NONE));
}

/* ---- what is no call, and what breaks ---- */

static void unknown_names(void **state) {
    (void)state;
    check(EWI_TOOLS_HERMES, "A <tool_call>\n{\"name\": \"rm\", \"arguments\": {\"a\": 1}}\n</tool_call>",
          "content:A <tool_call>\n{\"name\": \"rm\", \"arguments\": {\"a\": 1}}\n</tool_call>|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"get_time\\u0061\"}",
          "content:<tool_call>{\"name\": \"get_time\\u0061\"}|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"get_time\", \"name\": \"get_weather\"}",
          "content:<tool_call>{\"name\": \"get_time\", \"name\": \"get_weather\"}|");
    check(EWI_TOOLS_MISTRAL, "[TOOL_CALLS]rm[ARGS]{}", "content:[TOOL_CALLS]rm[ARGS]{}|");
    check(EWI_TOOLS_MISTRAL, "[TOOL_CALLS][{\"name\":\"get_time\",\"arguments\":{}}, {\"name\":\"rm\"}]",
          "get_time({})|content:, {\"name\":\"rm\"}]|");
    check(EWI_TOOLS_NONE, "<tool_call>{\"name\": \"get_time\"}",
          "content:<tool_call>{\"name\": \"get_time\"}|");
}

static void broken_json(void **state) {
    (void)state;
    /* before a call has begun */
    check(EWI_TOOLS_HERMES, "<tool_call>{'name': 'get_time'}</tool_call>",
          "content:<tool_call>{'name': 'get_time'}</tool_call>|");
    check(EWI_TOOLS_HERMES, "<tool_call>\n{\"arguments\": {\"a\": 1,}, \"name\": \"get_time\"}",
          "content:<tool_call>\n{\"arguments\": {\"a\": 1,}, \"name\": \"get_time\"}|");
    check(EWI_TOOLS_HERMES, "<tool_call><tool_call>{\"name\": \"get_time\"}</tool_call>",
          "content:<tool_call>|get_time({})|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"get_time\", \"argu",
          "content:<tool_call>{\"name\": \"get_time\", \"argu|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"get_time\", \"arguments\": [1]}",
          "content:<tool_call>{\"name\": \"get_time\", \"arguments\": [1]}|");
    /* and behind */
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": 01}}</tool_call> x",
          "get_time({\"a\": 0)!|content:1}}</tool_call> x|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": \"b",
          "get_time({\"a\": \"b)!|");
    check(EWI_TOOLS_HERMES,
          "<tool_call>{\"name\": \"get_time\", \"arguments\": {}]<tool_call>{\"name\": \"get_time\"}",
          "get_time({})!|content:]|get_time({})|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": \"\\ud800x\"}}",
          "get_time({\"a\": \"\\ud800)!|content:x\"}}|");
    check(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": \"\\udc00\"}}",
          "get_time({\"a\": \"\\udc0)!|content:0\"}}|");
}

/* Keys that repeat: which one holds is nobody's to guess. */
static void repeated_keys(void **state) {
    (void)state;
    check_any(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"a\", \"name\": \"b\", \"arguments\": {}}",
              "content:<tool_call>{\"name\": \"a\", \"name\": \"b\", \"arguments\": {}}|");
    check_any(EWI_TOOLS_HERMES, "<tool_call>{\"name\": \"a\", \"args\": {}, \"arguments\": {}}",
              "a({})!|content:\": {}}|");
}

static char *repeated(const char *begin_, char middle, size_t n, const char *end_) {
    size_t a = strlen(begin_), b = strlen(end_);
    char *text = malloc(a + n + b + 1);
    assert_non_null(text);
    memcpy(text, begin_, a);
    memset(text + a, middle, n);
    memcpy(text + a + n, end_, b + 1);
    return text;
}

static void depth_is_limited(void **state) {
    (void)state;
    for (size_t n = 63; n <= 64; n++) {
        char *opens = repeated("<tool_call>{\"name\":\"get_time\",\"arguments\":{\"a\":", '[', n, "");
        char *text = repeated(opens, ']', n, "}}</tool_call>");
        answer a = {.format = EWI_TOOLS_HERMES, .text = ewi_str(text)};
        parts seen;
        parse(&a, 0, 7, &seen);
        assert_int_equal(strstr((char *)seen.text.data, ")!|") != NULL, n == 64);
        ewi_buffer_deinit(&seen.text);
        free(opens);
        free(text);
    }
}

/* What is held back is limited; nothing of it is lost. */
static void held_text_is_limited(void **state) {
    (void)state;
    static const char *const begins[] = {"<tool_call>{\"a\":\"",
                                         "<tool_call>{\"arguments\":{\"a\":\"",
                                         "<tool_call>{\"name\":\"",
                                         "<tool_call>{\"",
                                         "<tool_call>",
                                         "<tool_call>["};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        char *text = repeated(begins[i], i < 4 ? 'x' : ' ', 200000, "\"");
        answer a = {.format = EWI_TOOLS_HERMES, .any_name = true, .text = ewi_str(text)};
        parts seen;
        begin(&a, &seen);
        push((ew_str){text, a.text.len - 1});
        assert_true(seen.text.len > 100000); /* shown before the end */
        push(EWI_STR("\""));
        end(&seen);
        assert_int_equal(seen.text.len, strlen("content:|") + a.text.len + 1);
        assert_memory_equal(seen.text.data + strlen("content:"), text, a.text.len);
        ewi_buffer_deinit(&seen.text);
        free(text);
    }
}

/* No more is held back than could become a mark. */
static void text_streams(void **state) {
    (void)state;
    answer a = {.format = EWI_TOOLS_HERMES};
    parts seen;
    begin(&a, &seen);
    push(EWI_STR("a <b> <tool"));
    assert_int_equal(seen.text.len, strlen("content:a <b>"));
    push(EWI_STR("box>"));
    assert_int_equal(seen.text.len, strlen("content:a <b> <toolbox>"));
    push(EWI_STR("<tool_call>{\"name\":\"get_time\",\"arguments\":{\"a"));
    assert_int_equal(seen.text.len, strlen("content:a <b> <toolbox>|get_time({\"a"));
    push(EWI_STR("bc\""));
    assert_int_equal(seen.text.len, strlen("content:a <b> <toolbox>|get_time({\"abc\""));
    end(&seen);
    ewi_buffer_deinit(&seen.text);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Megabytes of what is hard: a second would be a hundred times as long as it takes. */
static void time_is_linear(void **state) {
    (void)state;
    static const char *const units[] = {"<tool_call",
                                        "<tool_call>",
                                        "<tool_call>{\"x\":\"",
                                        " ",
                                        "<",
                                        "x",
                                        "<tool_call>[{\"name\":\"get_time\"},",
                                        "{",
                                        "[",
                                        "<|python_tag|>[{"};
    static const ewi_tool_format formats[] = {EWI_TOOLS_HERMES, EWI_TOOLS_LLAMA, EWI_TOOLS_QWEN_CODER,
                                              EWI_TOOLS_GEMMA};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
            answer a = {.format = formats[k], .reasoning = EWI_REASONING_THINK};
            parts seen;
            double start = seconds();
            begin(&a, &seen);
            for (size_t n = 0; n < 1000000; n += strlen(units[i])) push(ewi_str(units[i]));
            end(&seen);
            ewi_buffer_deinit(&seen.text);
            if (!SANITIZED) assert_true(seconds() - start < 1);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hermes),
        cmocka_unit_test(hermes_with_text_around),
        cmocka_unit_test(arguments_in_a_string),
        cmocka_unit_test(llama),
        cmocka_unit_test(llama_that_is_no_call),
        cmocka_unit_test(mistral),
        cmocka_unit_test(phi),
        cmocka_unit_test(granite),
        cmocka_unit_test(gemma),
        cmocka_unit_test(qwen_coder),
        cmocka_unit_test(pocket),
        cmocka_unit_test(reasoning),
        cmocka_unit_test(prompts_that_end_in_reasoning),
        cmocka_unit_test(templates),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(broken_json),
        cmocka_unit_test(repeated_keys),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(held_text_is_limited),
        cmocka_unit_test(text_streams),
        cmocka_unit_test(time_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
