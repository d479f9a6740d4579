/* template.c: edgewise template: a conversation as the model will see it. */
#include "input.h"
#include "message.h"
#include "verbs.h"

typedef struct template_values {
    const char *model, *bos, *eos, *date;
} template_values;

static const cli_option options[] = {
    {"m", "model", CLI_PATH, offsetof(template_values, model), "FILE", 0, 0,
     "a GGUF file, a package, a folder with a tokenizer_config.json, or a file with the template itself"},
    {NULL, "bos", CLI_TEXT, offsetof(template_values, bos), "TEXT", 0, 0,
     "what the template calls bos_token (default: the model's)"},
    {NULL, "eos", CLI_TEXT, offsetof(template_values, eos), "TEXT", 0, 0,
     "what it calls eos_token (default: the model's)"},
    {NULL, "date", CLI_TEXT, offsetof(template_values, date), "YYYY-MM-DD", 0, 0,
     "the date that it is told (default: today's)"},
};

static int print_rendering(const ew_template *tmpl, const template_values *values, ew_str json,
                           cli_out *out) {
    ew_template_options how = {
        .struct_size = sizeof how, .bos = values->bos, .eos = values->eos, .date = values->date};
    ew_rendering *rendering;
    ew_error err = {0};
    if (ew_template_render(tmpl, json, &how, &rendering, &err)) return cli_fail(&err);
    cli_out_foreign(out, ew_rendering_text(rendering), CLI_ESCAPE_TEXT);
    if (out->terminal) cli_out_printf(out, "\n"); /* elsewhere the bytes are exactly the text's */
    ew_rendering_free(rendering);
    return CLI_OK;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    template_values values = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    if (!values.model || !values.model[0])
        return cli_usage(verb->name, "no model: give its file, or that of a template, with -m");
    ew_template *tmpl;
    ew_error err = {0};
    if (ew_template_open(values.model, &tmpl, &err)) return cli_fail(&err);
    cli_bytes input;
    int code = cli_read_stdin(&input);
    if (code == CLI_OK) code = print_rendering(tmpl, &values, cli_bytes_str(&input), out);
    cli_bytes_deinit(&input);
    ew_template_close(tmpl);
    return code;
}

const cli_verb cli_verb_template = {
    .name = "template",
    .summary = "write a conversation down as the model sees it",
    .synopsis = "-m MODEL [options]",
    .about = "Reads a conversation from stdin, a JSON object: {\"messages\": [{\"role\": \"user\", "
             "\"content\": \"...\"}],\n"
             "\"tools\": [...], \"add_generation_prompt\": true}, and prints what the model's chat template "
             "makes of it.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
