#include "text/tool_format.h"

#include <string.h>

#include "base/slice.h"
#include "text/json_scan.h"

static const ewi_call_syntax syntaxes[] = {
    [EWI_TOOLS_HERMES] = {.marks = {{"<tool_call>", "</tool_call>", EWI_BODY_OBJECTS}}},
    [EWI_TOOLS_QWEN_CODER] = {.marks = {{"<tool_call>", "</tool_call>", EWI_BODY_TAGS},
                                        {"<seed:tool_call>", "</seed:tool_call>", EWI_BODY_TAGS},
                                        {"<function=", "</tool_call>", EWI_BODY_TAGS}}},
    [EWI_TOOLS_LLAMA] = {.marks = {{"<|python_tag|>", NULL, EWI_BODY_OBJECTS},
                                   {"<function=", "</function>", EWI_BODY_NAMED}},
                         .is_bare = true,
                         .name_end = '>'},
    [EWI_TOOLS_MISTRAL] = {.marks = {{"[TOOL_CALLS]", NULL, EWI_BODY_NAMED}}, .name_end = '['},
    [EWI_TOOLS_PHI] = {.marks = {{"<|tool_call|>", "<|/tool_call|>", EWI_BODY_OBJECTS},
                                 {"functools", NULL, EWI_BODY_OBJECTS}}},
    [EWI_TOOLS_GRANITE] = {.marks = {{"<|tool_call|>", NULL, EWI_BODY_OBJECTS},
                                     {"<tool_call>", "</tool_call>", EWI_BODY_OBJECTS}}},
    [EWI_TOOLS_GEMMA] = {.marks = {{"<|tool_call>", "<tool_call|>", EWI_BODY_GEMMA}}, .quote = "<|\"|>"},
    [EWI_TOOLS_FUNCTION_GEMMA] = {.marks = {{"<start_function_call>", "<end_function_call>", EWI_BODY_GEMMA}},
                                  .quote = "<escape>"},
    [EWI_TOOLS_COMMAND] = {.marks = {{"<|START_ACTION|>", "<|END_ACTION|>", EWI_BODY_OBJECTS}}},
    [EWI_TOOLS_NEMOTRON] = {.marks = {{"<TOOLCALL>", "</TOOLCALL>", EWI_BODY_OBJECTS}}},
    [EWI_TOOLS_TOOL_CALLS] = {.marks = {{"<tool_calls>", "</tool_calls>", EWI_BODY_OBJECTS}}},
    [EWI_TOOLS_POCKET] = {.is_bare = true, .no_call = "none"},
};

const ewi_call_syntax *ewi_call_syntax_of(ewi_tool_format format) {
    return format == EWI_TOOLS_NONE ? NULL : &syntaxes[format];
}

static const ewi_reasoning_syntax reasonings[] = {
    [EWI_REASONING_THINK] = {.open = "<think>", .close = "</think>"},
    [EWI_REASONING_GRANITE] = {.open = "<think>",
                               .close = "</think>",
                               .wrappers = {"<response>", "</response>"}},
    [EWI_REASONING_MISTRAL] = {.open = "[THINK]", .close = "[/THINK]"},
    [EWI_REASONING_COMMAND] = {.open = "<|START_THINKING|>",
                               .close = "<|END_THINKING|>",
                               .wrappers = {"<|START_RESPONSE|>", "<|END_RESPONSE|>"}},
    [EWI_REASONING_SEED] = {.open = "<seed:think>", .close = "</seed:think>"},
    [EWI_REASONING_GEMMA] = {.open = "<|channel>thought", .close = "<channel|>"},
};

const ewi_reasoning_syntax *ewi_reasoning_syntax_of(ewi_reasoning_format format) {
    return format == EWI_REASONING_NONE ? NULL : &reasonings[format];
}

/* A template that holds `mark` is of the format: the first row that fits. */
typedef struct template_row {
    const char *mark;
    int format;
} template_row;

static const template_row tool_rows[] = {
    {"<parameter=", EWI_TOOLS_QWEN_CODER},
    {"<arg_key>", EWI_TOOLS_NONE},     /* GLM's, which looks like Hermes's */
    {"]<]minimax[>[", EWI_TOOLS_NONE}, /* MiniMax-M3's, likewise */
    {"<tool_calls>", EWI_TOOLS_TOOL_CALLS},
    {"<TOOLCALL>", EWI_TOOLS_NEMOTRON},
    {"<tool_call>", EWI_TOOLS_HERMES},
    {"<|tool_call>call:", EWI_TOOLS_GEMMA},
    {"<start_function_call>", EWI_TOOLS_FUNCTION_GEMMA},
    {"<function=", EWI_TOOLS_LLAMA},
    {"{\"name\": function name, \"parameters\": ", EWI_TOOLS_LLAMA},
    {"[TOOL_CALLS]", EWI_TOOLS_MISTRAL},
    {"<|/tool|>", EWI_TOOLS_PHI},
    {"<|tool_call|>", EWI_TOOLS_GRANITE},
    {"<|START_ACTION|>", EWI_TOOLS_COMMAND},
    {"messages[-1]['content'] }}<|tool|>", EWI_TOOLS_POCKET},
};

static const template_row reasoning_rows[] = {
    {"<think></think> and write your response between <response>", EWI_REASONING_GRANITE},
    {"<seed:think>", EWI_REASONING_SEED},
    {"[THINK]", EWI_REASONING_MISTRAL},
    {"<|START_THINKING|>", EWI_REASONING_COMMAND},
    {"<|channel>thought", EWI_REASONING_GEMMA},
    {"</think>", EWI_REASONING_THINK},
};

static bool holds(ew_str text, const char *part) {
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= text.len; i++)
        if (memcmp(text.data + i, part, n) == 0) return true;
    return false;
}

static int find_row(const template_row *rows, size_t n, ew_str source) {
    for (size_t i = 0; i < n; i++)
        if (holds(source, rows[i].mark)) return rows[i].format;
    return 0;
}

ewi_tool_format ewi_tool_format_of_template(ew_str source) {
    return (ewi_tool_format)find_row(tool_rows, sizeof tool_rows / sizeof *tool_rows, source);
}

ewi_reasoning_format ewi_reasoning_format_of_template(ew_str source) {
    size_t n = sizeof reasoning_rows / sizeof *reasoning_rows;
    return (ewi_reasoning_format)find_row(reasoning_rows, n, source);
}

const char *ewi_tool_format_name(ewi_tool_format format) {
    static const char *const names[] = {
#define EWI_NAME(id, name) [EWI_TOOLS_##id] = (name),
        EWI_TOOL_FORMAT_MAP(EWI_NAME)
#undef EWI_NAME
    };
    return names[format];
}

bool ewi_tool_format_needs_special(ewi_tool_format format) {
    return syntaxes[format].marks[0].open;
}

bool ewi_reasoning_format_needs_special(ewi_reasoning_format format) {
    return format != EWI_REASONING_NONE;
}

bool ewi_reasoning_is_open(ewi_reasoning_format format, ew_str prompt) {
    if (format == EWI_REASONING_NONE) return false;
    while (prompt.len && ewi_json_is_blank((uint8_t)prompt.data[prompt.len - 1])) prompt.len--;
    return ewi_str_ends(prompt, reasonings[format].open);
}
