/* tokenize.c: edgewise tokenize: text to token ids and back. */
#include "input.h"
#include "json_writer.h"
#include "message.h"
#include "table.h"
#include "verbs.h"

typedef struct tokenize_values {
    const char *model;
    bool bos, no_bos, special, decode, show, json;
} tokenize_values;

static const cli_option options[] = {
    {"m", "model", CLI_PATH, offsetof(tokenize_values, model), "FILE", 0, 0,
     "a GGUF file, a tokenizer.json, the folder that holds one, or a .tiktoken file"},
    {NULL, "bos", CLI_FLAG, offsetof(tokenize_values, bos), NULL, 0, 0,
     "put the beginning-of-sequence token first"},
    {NULL, "no-bos", CLI_FLAG, offsetof(tokenize_values, no_bos), NULL, 0, 0, "do not (the default)"},
    {NULL, "special", CLI_FLAG, offsetof(tokenize_values, special), NULL, 0, 0,
     "special tokens that the text spells out become tokens; with --decode they become text"},
    {NULL, "decode", CLI_FLAG, offsetof(tokenize_values, decode), NULL, 0, 0,
     "the reverse: ids on stdin, their text on stdout"},
    {NULL, "show", CLI_FLAG, offsetof(tokenize_values, show), NULL, 0, 0,
     "a table of the tokens, to be read"},
    {NULL, "json", CLI_FLAG, offsetof(tokenize_values, json), NULL, 0, 0, "print one JSON object"},
};

/* ---- encoding ---- */

static void print_ids(cli_out *out, const cli_tokens *tokens) {
    for (size_t i = 0; i < tokens->n; i++) cli_out_printf(out, "%s%d", i ? " " : "", tokens->ids[i]);
    cli_out_printf(out, "\n");
}

static const char *kind_of(unsigned flags) {
    if (flags & EW_TOKEN_EOG) return "end";
    if (flags & EW_TOKEN_CONTROL) return "control";
    if (flags & EW_TOKEN_BYTE) return "byte";
    if (flags & EW_TOKEN_UNUSED) return "unused";
    return "text";
}

static void print_json(cli_out *out, const ew_tokenizer *tokenizer, const cli_tokens *tokens) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_open(&json, "ids", '[');
    for (size_t i = 0; i < tokens->n; i++) cli_json_count(&json, NULL, (uint64_t)tokens->ids[i]);
    cli_json_close(&json);
    cli_json_open(&json, "tokens", '[');
    for (size_t i = 0; i < tokens->n; i++) {
        cli_json_open(&json, NULL, '{');
        cli_json_count(&json, "id", (uint64_t)tokens->ids[i]);
        cli_json_string(&json, "piece", ew_token_spelling(tokenizer, tokens->ids[i]));
        cli_json_text(&json, "kind", kind_of(ew_token_flags(tokenizer, tokens->ids[i])));
        cli_json_close(&json);
    }
    cli_json_close(&json);
    cli_json_close(&json);
    cli_json_end(&json);
}

static void print_table(cli_out *out, const ew_tokenizer *tokenizer, const cli_tokens *tokens) {
    cli_table table;
    cli_table_init(&table, ">position|>id|<kind|<piece");
    for (size_t i = 0; i < tokens->n; i++) {
        cli_table_cellf(&table, "%zu", i);
        cli_table_cellf(&table, "%d", tokens->ids[i]);
        cli_table_cellf(&table, "%s", kind_of(ew_token_flags(tokenizer, tokens->ids[i])));
        cli_table_cell(&table, ew_token_spelling(tokenizer, tokens->ids[i]));
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

static int encode(const tokenize_values *values, const ew_tokenizer *tokenizer, ew_str text, cli_out *out) {
    unsigned flags = (values->bos ? EW_ENCODE_BOS : 0u) | (values->special ? EW_ENCODE_SPECIAL : 0u);
    cli_tokens tokens;
    int code = cli_encode(tokenizer, text, flags, &tokens);
    if (code == CLI_OK) {
        if (values->json)
            print_json(out, tokenizer, &tokens);
        else if (values->show)
            print_table(out, tokenizer, &tokens);
        else
            print_ids(out, &tokens);
    }
    cli_tokens_deinit(&tokens);
    return code;
}

/* ---- decoding ---- */

static ew_status append_text(const ew_tokenizer *tokenizer, ew_detokenizer *state, ew_token token,
                             bool special, cli_bytes *text, ew_error *err) {
    size_t len = 256;
    for (;;) {
        cli_bytes_reserve(text, len);
        size_t room = text->cap - text->len;
        ew_status status =
            ew_detokenize(tokenizer, state, token, special, text->data + text->len, room, &len, err);
        if (status) return status;
        if (len > room) continue;
        text->len += len;
        return EW_OK;
    }
}

static int detokenize(const tokenize_values *values, const ew_tokenizer *tokenizer, const cli_tokens *tokens,
                      cli_bytes *text) {
    ew_detokenizer state = {0};
    ew_error err = {0};
    for (size_t i = 0; i < tokens->n; i++)
        if (append_text(tokenizer, &state, tokens->ids[i], values->special, text, &err))
            return cli_fail(&err);
    char last[4];
    cli_bytes_add(text, last, ew_detokenize_end(&state, last));
    return CLI_OK;
}

static void print_text(const tokenize_values *values, ew_str text, cli_out *out) {
    if (values->json) {
        cli_json json = {.out = out};
        cli_json_open(&json, NULL, '{');
        cli_json_string(&json, "text", text);
        cli_json_close(&json);
        cli_json_end(&json);
        return;
    }
    cli_out_foreign(out, text, CLI_ESCAPE_TEXT);
    if (out->terminal) cli_out_printf(out, "\n"); /* elsewhere the bytes are exactly the text's */
}

static int decode(const tokenize_values *values, const ew_tokenizer *tokenizer, ew_str ids, cli_out *out) {
    cli_tokens tokens = {0};
    cli_bytes text;
    cli_bytes_init(&text, SIZE_MAX);
    int code = cli_parse_ids("standard input", ids, ew_tokenizer_n_vocab(tokenizer), &tokens);
    if (code == CLI_OK) code = detokenize(values, tokenizer, &tokens, &text);
    if (code == CLI_OK) print_text(values, cli_bytes_str(&text), out);
    cli_bytes_deinit(&text);
    cli_tokens_deinit(&tokens);
    return code;
}

/* ---- the verb ---- */

static int check(const cli_verb *verb, const tokenize_values *values) {
    if (!values->model || !values->model[0]) return cli_usage(verb->name, "no model: give its file with -m");
    if (values->bos && values->no_bos) return cli_usage(verb->name, "--bos and --no-bos exclude each other");
    if (values->show && values->json) return cli_usage(verb->name, "--show and --json exclude each other");
    if (values->decode && (values->bos || values->no_bos || values->show))
        return cli_usage(verb->name, "--decode takes none of --bos, --no-bos and --show");
    return CLI_OK;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    tokenize_values values = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    int code = check(verb, &values);
    if (code != CLI_OK) return code;
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    if (ew_tokenizer_open(values.model, &tokenizer, &err)) return cli_fail(&err);
    cli_bytes input;
    code = cli_read_stdin(&input);
    if (code == CLI_OK)
        code = (values.decode ? decode : encode)(&values, tokenizer, cli_bytes_str(&input), out);
    cli_bytes_deinit(&input);
    ew_tokenizer_close(tokenizer);
    return code;
}

const cli_verb cli_verb_tokenize = {
    .name = "tokenize",
    .summary = "turn text into token ids, or back",
    .synopsis = "-m MODEL [--decode] [options]",
    .about = "Reads all of stdin and prints its token ids on one line, with blanks between.\n"
             "The text is taken as it is: a newline at its end is part of it.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
