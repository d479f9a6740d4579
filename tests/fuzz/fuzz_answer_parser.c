/*
 * fuzz_answer_parser.c: any answer in any format (the first two bytes say which), whole and in pieces: the
 * parts are the same, in order, and the arguments of every call that is not broken are one JSON object.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "format/json.h"
#include "fuzz.h"
#include "text/answer_parser.h"

#define N_FORMATS    13
#define N_REASONINGS 7

typedef struct parts {
    ewi_buffer text, arguments;
    ewi_answer_part_kind last;
    uint32_t n_calls;
    bool in_call, is_utf8;
} parts;

static void check_arguments(const parts *seen) {
    ewi_arena arena;
    ewi_json json;
    ewi_arena_init(&arena, (size_t)16 << 20);
    ewi_json_init(&json, (ewi_bytes){seen->arguments.data, seen->arguments.len}, &arena);
    EW_ASSERT(ewi_json_peek(&json) == EWI_JSON_OBJECT);
    EW_ASSERT(ewi_json_skip(&json, NULL) == EW_OK);
    EW_ASSERT(ewi_json_end(&json, NULL) == EW_OK);
    ewi_arena_deinit(&arena);
}

/* Each change of kind leaves a byte that is in no text. */
static void on_part(void *user, const ewi_answer_part *part) {
    parts *seen = user;
    bool is_text = part->kind == EWI_PART_CONTENT || part->kind == EWI_PART_REASONING;
    EW_ASSERT(seen->in_call == (!is_text && part->kind != EWI_PART_CALL_BEGIN));
    EW_ASSERT(is_text || part->call == seen->n_calls);
    EW_ASSERT(!is_text || part->text.len);
    uint8_t kind = (uint8_t)(0xf8 + (int)part->kind);
    if (part->kind != seen->last) ewi_buffer_add(&seen->text, &kind, 1);
    if (part->is_broken) ewi_buffer_add(&seen->text, "\xff", 1);
    ewi_buffer_add(&seen->text, part->text.data, part->text.len);
    seen->last = part->kind;
    seen->in_call = !is_text && part->kind != EWI_PART_CALL_END;
    if (part->kind == EWI_PART_CALL_BEGIN) seen->arguments.len = 0;
    if (part->kind == EWI_PART_CALL_ARGUMENTS)
        ewi_buffer_add(&seen->arguments, part->text.data, part->text.len);
    if (part->kind != EWI_PART_CALL_END) return;
    seen->n_calls++;
    if (!part->is_broken && seen->is_utf8) check_arguments(seen);
}

static void parse(const uint8_t *data, ew_str text, size_t step, parts *seen) {
    static const ewi_tool tools[] = {{{"f", 1}, NULL, 0}, {{"none", 4}, NULL, 0}};
    ewi_answer_options options = {.reasoning = (ewi_reasoning_format)(data[1] % N_REASONINGS),
                                  .begins_in_reasoning = data[1] & 0x80,
                                  .tools = data[0] & 0x80 ? tools : NULL,
                                  .n_tools = 2};
    ewi_tool_format format = (ewi_tool_format)((data[0] & 0x7f) % N_FORMATS);
    ewi_answer_parser *parser = malloc(sizeof *parser);
    EW_ASSERT(parser);
    *seen =
        (parts){.last = EWI_PART_CALL_END, .is_utf8 = ewi_utf8_valid((const uint8_t *)text.data, text.len)};
    ewi_buffer_init(&seen->text, (size_t)64 << 20);
    ewi_buffer_init(&seen->arguments, (size_t)64 << 20);
    ewi_answer_parser_init(parser, format, &options, on_part, seen);
    for (size_t i = 0; i < text.len; i += step) {
        ew_str piece = {text.data + i, text.len - i < step ? text.len - i : step};
        EW_ASSERT(ewi_answer_parser_push(parser, piece, NULL) == EW_OK);
    }
    EW_ASSERT(ewi_answer_parser_end(parser, NULL) == EW_OK);
    EW_ASSERT(!seen->in_call);
    ewi_answer_parser_deinit(parser);
    free(parser);
}

static void parts_deinit(parts *seen) {
    ewi_buffer_deinit(&seen->text);
    ewi_buffer_deinit(&seen->arguments);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    ew_str text = {(const char *)data + 2, size - 2};
    parts whole, cut;
    parse(data, text, size, &whole);
    for (size_t step = 1; step < 12; step += 5) {
        parse(data, text, step, &cut);
        EW_ASSERT(ewi_str_eq(ewi_buffer_str(&whole.text), ewi_buffer_str(&cut.text)));
        parts_deinit(&cut);
    }
    parts_deinit(&whole);
    return 0;
}
