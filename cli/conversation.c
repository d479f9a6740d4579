#include "conversation.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "message.h"

/* ---- messages as JSON ---- */

static void add(cli_conversation *c, const char *text, size_t len) {
    cli_bytes_add(&c->messages, text, len);
}

/* Bytes that are not UTF-8 stay as they are: the library refuses them and says where they are. */
static void add_quoted(cli_conversation *c, ew_str text) {
    char escape[8];
    add(c, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte == '"' || byte == '\\') add(c, "\\", 1);
        if (byte >= 0x20) {
            add(c, &text.data[i], 1);
        } else {
            snprintf(escape, sizeof escape, "\\u%04x", byte);
            add(c, escape, 6);
        }
    }
    add(c, "\"", 1);
}

void cli_conversation_add(cli_conversation *c, const char *role, ew_str text) {
    if (c->messages.len) add(c, ",", 1);
    add(c, "{\"role\":", 8);
    add_quoted(c, (ew_str){role, strlen(role)});
    add(c, ",\"content\":", 11);
    add_quoted(c, text);
    add(c, "}", 1);
}

void cli_conversation_cut(cli_conversation *c, size_t n_bytes) {
    c->messages.len = n_bytes ? n_bytes : c->n_system;
}

/* ---- opening ---- */

static int fail(const ew_error *err) {
    cli_fail(err);
    cli_say("--raw does without the template: the prompt is the text that the model sees");
    return CLI_FAILED;
}

int cli_conversation_open(const cli_run_values *values, const cli_opened *opened, cli_conversation *out) {
    ew_error err = {0};
    *out = (cli_conversation){.tokenizer = opened->tokenizer, .special = values->special};
    cli_bytes_init(&out->messages, SIZE_MAX / 4);
    bool has_template = ew_model_get_info(opened->model).has_chat_template;
    if (values->system && !has_template) {
        cli_say("--system: the model has no chat template that could take a system message");
        return CLI_FAILED;
    }
    if (values->raw || !has_template) return CLI_OK;
    if (ew_template_of_model(opened->model, &out->tmpl, &err)) return fail(&err);
    if (values->system) cli_conversation_add(out, "system", (ew_str){values->system, strlen(values->system)});
    out->n_system = out->messages.len;
    return CLI_OK;
}

void cli_conversation_close(cli_conversation *c) {
    ew_template_close(c->tmpl);
    cli_bytes_deinit(&c->messages);
}

/* ---- tokens ---- */

/* As ew_rendering_encode, but special tokens may stand anywhere. */
static ew_status encode_special(const cli_conversation *c, const ew_rendering *rendering, cli_tokens *out,
                                ew_error *err) {
    ew_str text = ew_rendering_text(rendering);
    size_t n = 0;
    bool adds_bos = ew_tokenizer_adds_bos(c->tokenizer);
    ew_status status =
        ew_tokenizer_encode(c->tokenizer, text, EW_ENCODE_SPECIAL, out->ids, out->cap, &n, err);
    bool has_bos = n > 0 && n <= out->cap && out->ids[0] == ew_tokenizer_bos(c->tokenizer);
    if (!status && adds_bos && !has_bos)
        status = ew_tokenizer_encode(c->tokenizer, text, EW_ENCODE_SPECIAL | EW_ENCODE_BOS, out->ids,
                                     out->cap, &n, err);
    out->n = n;
    return status;
}

static ew_status encode(const cli_conversation *c, const ew_rendering *rendering, cli_tokens *out,
                        ew_error *err) {
    if (c->special) return encode_special(c, rendering, out, err);
    return ew_rendering_encode(rendering, c->tokenizer, out->ids, out->cap, &out->n, err);
}

static ew_status encode_all(const cli_conversation *c, const ew_rendering *rendering, cli_tokens *out,
                            ew_error *err) {
    *out = (cli_tokens){.cap = ew_rendering_text(rendering).len + 1}; /* no token of a text is empty */
    out->ids = cli_alloc(out->cap, sizeof *out->ids);
    ew_status status = encode(c, rendering, out, err);
    if (status || out->n <= out->cap) return status;
    cli_free(out->ids); /* a vocabulary that adds more around a text */
    out->cap = out->n;
    out->ids = cli_alloc(out->cap, sizeof *out->ids);
    return encode(c, rendering, out, err);
}

int cli_conversation_tokens(const cli_conversation *c, cli_tokens *out) {
    static const char head[] = "{\"add_generation_prompt\":true,\"messages\":[", tail[] = "]}";
    ew_error err = {0};
    ew_rendering *rendering;
    cli_bytes json;
    *out = (cli_tokens){0};
    cli_bytes_init(&json, SIZE_MAX / 2);
    cli_bytes_add(&json, head, sizeof head - 1);
    cli_bytes_add(&json, c->messages.data, c->messages.len);
    cli_bytes_add(&json, tail, sizeof tail - 1);
    ew_status status = ew_template_render(c->tmpl, cli_bytes_str(&json), NULL, &rendering, &err);
    cli_bytes_deinit(&json);
    if (status) return fail(&err);
    status = encode_all(c, rendering, out, &err);
    ew_rendering_free(rendering);
    if (status) return cli_fail(&err);
    if (out->n) return CLI_OK;
    cli_say("the chat template makes nothing of these messages: --raw does without it");
    return CLI_FAILED;
}

int cli_conversation_prompt(const cli_run_values *values, const cli_opened *opened, ew_str prompt,
                            cli_tokens *out) {
    cli_conversation conversation;
    int code = cli_conversation_open(values, opened, &conversation);
    if (code == CLI_OK && conversation.tmpl) {
        cli_conversation_add(&conversation, "user", prompt);
        code = cli_conversation_tokens(&conversation, out);
    } else if (code == CLI_OK) {
        code = cli_prompt_tokens(values, opened, prompt, true, out);
    }
    cli_conversation_close(&conversation);
    return code;
}
