#include "clients.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "marked_lines.h"

enum { CLAUDE, OPENCODE, CODEX, AIDER, CONTINUE, OPENAI, OPEN_WEBUI };

const cli_client cli_clients[] = {
    {"claude", "Claude Code", "CLAUDE_CONFIG_DIR", ".claude", "settings.json", CLAUDE},
    {"codex", "Codex", "CODEX_HOME", ".codex", "config.toml", CODEX},
    {"opencode", "opencode", NULL, ".config/opencode", "opencode.json", OPENCODE},
    {"continue", "Continue", "CONTINUE_GLOBAL_DIR", ".continue", "config.yaml", CONTINUE},
    {"aider", "aider", NULL, "", ".aider.conf.yml", AIDER},
    {"openai", "what uses OpenAI's libraries", NULL, NULL, NULL, OPENAI},
    {"open-webui", "Open WebUI in Docker", NULL, NULL, NULL, OPEN_WEBUI},
};
const size_t cli_n_clients = sizeof cli_clients / sizeof *cli_clients;

const cli_client *cli_find_client(const char *name) {
    for (size_t i = 0; i < cli_n_clients; i++)
        if (strcmp(cli_clients[i].name, name) == 0) return &cli_clients[i];
    return NULL;
}

__attribute__((format(printf, 2, 3))) static void add(cli_bytes *out, const char *format, ...) {
    char line[8192];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0) cli_bytes_add(out, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

/* ---- JSON ---- */

#define MAX_SETTINGS 8
#define MAX_PATH     4
#define OWN_DEPTH    2 /* what lies deeper is all ours: provider.edgewise */
#define MAX_VALUE    2048

typedef struct setting {
    const char *path[MAX_PATH];
    size_t n;
    char value[MAX_VALUE];
} setting;

typedef struct settings {
    setting items[MAX_SETTINGS];
    size_t n;
} settings;

/* The path ends with the last member that is not NULL. */
static void want(settings *s, const char *const path[MAX_PATH], const char *prefix, const char *value) {
    setting *item = &s->items[s->n++];
    while (item->n < MAX_PATH && path[item->n]) {
        item->path[item->n] = path[item->n];
        item->n++;
    }
    snprintf(item->value, sizeof item->value, "\"%s%s\"", prefix, value);
}

static settings claude_settings(const cli_endpoint *to) {
    settings s = {0};
    want(&s, (const char *const[MAX_PATH]){"env", "ANTHROPIC_BASE_URL"}, "", to->url);
    want(&s, (const char *const[MAX_PATH]){"env", "ANTHROPIC_AUTH_TOKEN"}, "", to->key);
    want(&s, (const char *const[MAX_PATH]){"env", "ANTHROPIC_MODEL"}, "", to->model);
    /* What it does in the background. */
    want(&s, (const char *const[MAX_PATH]){"env", "ANTHROPIC_DEFAULT_HAIKU_MODEL"}, "", to->model);
    return s;
}

static settings opencode_settings(const cli_endpoint *to) {
    settings s = {0};
    char url[MAX_VALUE];
    snprintf(url, sizeof url, "%.1024s/v1", to->url);
    want(&s, (const char *const[MAX_PATH]){"provider", "edgewise", "npm"}, "", "@ai-sdk/openai-compatible");
    want(&s, (const char *const[MAX_PATH]){"provider", "edgewise", "name"}, "", "Edgewise");
    want(&s, (const char *const[MAX_PATH]){"provider", "edgewise", "options", "baseURL"}, "", url);
    want(&s, (const char *const[MAX_PATH]){"provider", "edgewise", "options", "apiKey"}, "", to->key);
    want(&s, (const char *const[MAX_PATH]){"provider", "edgewise", "models", to->model}, "", "");
    snprintf(s.items[s.n - 1].value, MAX_VALUE, "{}");
    want(&s, (const char *const[MAX_PATH]){"model"}, "edgewise/", to->model);
    return s;
}

static settings settings_of(const cli_client *client, const cli_endpoint *to) {
    return client->form == CLAUDE ? claude_settings(to) : opencode_settings(to);
}

static bool is_blank(ew_str text) {
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.data[i])) return false;
    return true;
}

static cli_edit set_json(const cli_client *client, const cli_endpoint *to, cli_bytes *text, bool force,
                         char why[CLI_CLIENT_WHY]) {
    settings s = settings_of(client, to);
    if (is_blank(cli_bytes_str(text))) cli_bytes_splice(text, 0, text->len, (ew_str){"{}\n", 3});
    for (size_t i = 0; i < s.n; i++) {
        const setting *item = &s.items[i];
        cli_edit edit = cli_json_set(text, item->path, item->n, item->value, force);
        if (edit == CLI_EDIT_MALFORMED)
            snprintf(why, CLI_CLIENT_WHY, "it is not plain JSON, or has a member twice");
        if (edit == CLI_EDIT_CONFLICT)
            snprintf(why, CLI_CLIENT_WHY, "\"%s\" has another value", item->path[item->n - 1]);
        if (edit != CLI_EDIT_DONE) return edit;
        /* What was written is what is read. */
        ew_str got = cli_json_get(cli_bytes_str(text), item->path, item->n);
        if (got.len != strlen(item->value) || memcmp(got.data, item->value, got.len) != 0)
            return CLI_EDIT_MALFORMED;
    }
    return CLI_EDIT_DONE;
}

/* Objects that were made for a member go with it, when nothing else is in them. */
static void remove_setting(cli_bytes *text, const setting *item, ew_str backup) {
    for (size_t n = item->n; n > 0; n--) {
        ew_str now = cli_json_get(cli_bytes_str(text), item->path, n);
        if (cli_json_get(backup, item->path, n).len) return;
        if (n < item->n && !(now.len >= 2 && is_blank((ew_str){now.data + 1, now.len - 2}))) return;
        (void)cli_json_remove(text, item->path, n);
    }
}

static cli_edit unset_json(const cli_client *client, const cli_endpoint *to, cli_bytes *text, ew_str backup) {
    settings s = settings_of(client, to);
    static const char *const root[] = {"env"};
    cli_bytes probe;
    cli_bytes_init(&probe, text->max);
    cli_bytes_add(&probe, text->data, text->len);
    cli_edit edit = cli_json_remove(&probe, root, 1); /* only to see whether it can be read */
    cli_bytes_deinit(&probe);
    if (edit != CLI_EDIT_DONE) return edit;
    for (size_t i = s.n; i-- > 0;) {
        setting *item = &s.items[i];
        if (item->n > OWN_DEPTH) item->n = OWN_DEPTH;
        ew_str was = cli_json_get(backup, item->path, item->n);
        if (was.len == 0) {
            remove_setting(text, item, backup);
            continue;
        }
        char *value = cli_alloc(was.len + 1, 1);
        memcpy(value, was.data, was.len);
        edit = cli_json_set(text, item->path, item->n, value, true);
        cli_free(value);
        if (edit != CLI_EDIT_DONE) return edit;
    }
    return CLI_EDIT_DONE;
}

/* ---- lines: TOML and YAML as far as keys are concerned ---- */

static const ew_str no_indent = {"", 0};

static bool is_key_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* The key that the line begins with, before `mark` ('=' or ':'); empty when there is none. */
static ew_str key_of(ew_str line, char mark) {
    size_t begin = 0, end, at;
    bool quoted = line.len && (line.data[0] == '"' || line.data[0] == '\'');
    begin += quoted;
    for (end = begin; end < line.len && is_key_byte(line.data[end]);) end++;
    for (at = end + quoted; at < line.len && (line.data[at] == ' ' || line.data[at] == '\t');) at++;
    bool is_key = end > begin && at < line.len && line.data[at] == mark;
    return is_key ? (ew_str){line.data + begin, end - begin} : (ew_str){"", 0};
}

static bool is_text(ew_str a, const char *b) {
    return a.len == strlen(b) && memcmp(a.data, b, a.len) == 0;
}

static bool begins(ew_str text, const char *with) {
    return text.len >= strlen(with) && memcmp(text.data, with, strlen(with)) == 0;
}

static ew_str trim(ew_str line) {
    while (line.len && strchr(" \t", line.data[0])) line = (ew_str){line.data + 1, line.len - 1};
    while (line.len && strchr(" \t\r", line.data[line.len - 1])) line.len--;
    return line;
}

static bool is_one_of(ew_str key, const char *const *keys) {
    for (; *keys; keys++)
        if (is_text(key, *keys)) return true;
    return false;
}

/* "[a.b]" and "[[a.b]]", but no part of an array. */
static bool is_table(ew_str line) {
    line = trim(line);
    if (line.len < 3 || line.data[0] != '[') return false;
    size_t at = 1 + (line.data[1] == '[');
    while (at < line.len && (is_key_byte(line.data[at]) || strchr(" \"'", line.data[at]))) at++;
    return at < line.len && line.data[at] == ']';
}

static cli_edit conflict(char why[CLI_CLIENT_WHY], ew_str what) {
    snprintf(why, CLI_CLIENT_WHY, "it has other settings: %.*s", what.len < 100 ? (int)what.len : 100,
             what.data);
    return CLI_EDIT_CONFLICT;
}

static cli_edit malformed(char why[CLI_CLIENT_WHY], const char *what) {
    snprintf(why, CLI_CLIENT_WHY, "%s", what);
    return CLI_EDIT_MALFORMED;
}

static bool contains(ew_str text, const char *what) {
    size_t len = strlen(what);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.data + i, what, len) == 0) return true;
    return false;
}

/* Makes way in a TOML file: for two keys before the first table, and for our table. */
static cli_edit clear_toml(cli_bytes *text, bool force, char why[CLI_CLIENT_WHY]) {
    static const char *const keys[] = {"model", "model_provider", NULL};
    bool in_head = true, in_ours = false;
    if (contains(cli_bytes_str(text), "\"\"\"") || contains(cli_bytes_str(text), "'''"))
        return malformed(why, "it has strings of several lines");
    for (size_t at = 0, next; at < text->len; at = next) {
        ew_str line = trim(cli_line_at(cli_bytes_str(text), at, &next));
        ew_str key = in_head ? key_of(line, '=') : (ew_str){"", 0};
        if (is_table(line)) {
            in_head = false;
            in_ours =
                begins(line, "[model_providers.edgewise]") || begins(line, "[model_providers.edgewise.");
        }
        if (begins(key, "model_providers"))
            return malformed(why, "model_providers is no table of its own there");
        if (!in_ours && !is_one_of(key, keys)) continue;
        if (!force) return conflict(why, line);
        size_t before = text->len;
        cli_marked_comment(text, at, next);
        next += text->len - before;
    }
    return CLI_EDIT_DONE;
}

static cli_edit set_codex(const cli_endpoint *to, cli_bytes *text, bool force, char why[CLI_CLIENT_WHY]) {
    char lines[3 * MAX_VALUE];
    cli_edit edit = clear_toml(text, force, why);
    if (edit != CLI_EDIT_DONE) return edit;
    snprintf(lines, sizeof lines,
             "[model_providers.edgewise]\nname = \"Edgewise\"\nbase_url = \"%s/v1\"\n"
             "wire_api = \"responses\"\nexperimental_bearer_token = \"%s\"\n",
             to->url, to->key);
    cli_marked_insert(text, text->len, no_indent, lines);
    snprintf(lines, sizeof lines, "model = \"%s\"\nmodel_provider = \"edgewise\"\n", to->model);
    cli_marked_insert(text, 0, no_indent, lines); /* before any table */
    return CLI_EDIT_DONE;
}

/* Whether the lines that begin without a blank are what they are in nearly every settings file: keys. */
static bool is_plain_yaml(ew_str text) {
    for (size_t at = 0, next; at < text.len; at = next) {
        ew_str line = cli_line_at(text, at, &next);
        if (line.len == 0 || strchr(" #\r", line.data[0]) || begins(line, "- ")) continue;
        if (at == 0 && is_text(trim(line), "---")) continue;
        if (key_of(line, ':').len == 0) return false;
    }
    return true;
}

/* Makes way for keys; what belongs to one reaches to the next one. */
static cli_edit clear_yaml(cli_bytes *text, const char *const *keys, bool force, char why[CLI_CLIENT_WHY]) {
    bool in_ours = false;
    if (!is_plain_yaml(cli_bytes_str(text))) return malformed(why, "it is no plain list of keys");
    for (size_t at = 0, next; at < text->len; at = next) {
        ew_str line = cli_line_at(cli_bytes_str(text), at, &next);
        if (key_of(line, ':').len) in_ours = is_one_of(key_of(line, ':'), keys);
        if (!in_ours || trim(line).len == 0 || line.data[0] == '#') continue;
        if (!force) return conflict(why, line);
        size_t before = text->len;
        cli_marked_comment(text, at, next);
        next += text->len - before;
    }
    return CLI_EDIT_DONE;
}

static cli_edit set_aider(const cli_endpoint *to, cli_bytes *text, bool force, char why[CLI_CLIENT_WHY]) {
    static const char *const keys[] = {"model", "openai-api-base", "openai-api-key", NULL};
    char lines[3 * MAX_VALUE];
    cli_edit edit = clear_yaml(text, keys, force, why);
    if (edit != CLI_EDIT_DONE) return edit;
    snprintf(lines, sizeof lines,
             "model: \"openai/%s\"\nopenai-api-base: \"%s/v1\"\nopenai-api-key: \"%s\"\n", to->model, to->url,
             to->key);
    cli_marked_insert(text, text->len, no_indent, lines);
    return CLI_EDIT_DONE;
}

/* Where the first item of a list begins, and the blanks before it; false when there is no list of lines. */
static bool find_items(ew_str text, size_t at, ew_str *indent) {
    for (size_t next; at < text.len; at = next) {
        ew_str line = cli_line_at(text, at, &next), item = trim(line);
        if (item.len == 0 || item.data[0] == '#') continue;
        *indent = (ew_str){line.data, (size_t)(item.data - line.data)};
        return begins(item, "- ");
    }
    return false;
}

static cli_edit set_continue(const cli_endpoint *to, cli_bytes *text, char why[CLI_CLIENT_WHY]) {
    char item[3 * MAX_VALUE], lines[4 * MAX_VALUE];
    bool is_new = is_blank(cli_bytes_str(text));
    if (!is_plain_yaml(cli_bytes_str(text))) return malformed(why, "it is no plain list of keys");
    if (contains(cli_bytes_str(text), "name: Edgewise"))
        return malformed(why, "it has a model that is called Edgewise already");
    snprintf(
        item, sizeof item,
        "- name: Edgewise\n  provider: openai\n  model: \"%s\"\n  apiBase: \"%s/v1\"\n  apiKey: \"%s\"\n",
        to->model, to->url, to->key);
    for (size_t at = 0, next; at < text->len; at = next) {
        ew_str line = cli_line_at(cli_bytes_str(text), at, &next), indent;
        if (!is_text(key_of(line, ':'), "models")) continue;
        if (!is_text(trim(line), "models:") || !find_items(cli_bytes_str(text), next, &indent))
            return malformed(why, "its models are no list of lines");
        char blanks[64];
        if (indent.len >= sizeof blanks) return malformed(why, "its models are too far to the right");
        memcpy(blanks, indent.data, indent.len);
        cli_marked_insert(text, next, (ew_str){blanks, indent.len}, item);
        return CLI_EDIT_DONE;
    }
    snprintf(lines, sizeof lines, "%smodels:\n%s",
             is_new ? "name: Edgewise\nversion: 1.0.0\nschema: v1\n" : "", item);
    cli_marked_insert(text, text->len, no_indent, lines);
    return CLI_EDIT_DONE;
}

/* ---- all ---- */

/* No settings have one, and what looks for characters here takes it for none. */
static bool has_nul(const cli_bytes *text) {
    return text->len && memchr(text->data, '\0', text->len);
}

cli_edit cli_client_set(const cli_client *client, const cli_endpoint *to, cli_bytes *text, bool force,
                        char why[CLI_CLIENT_WHY]) {
    if (has_nul(text)) return malformed(why, "it has a NUL byte");
    why[0] = '\0';
    switch (client->form) {
    case CODEX: return set_codex(to, text, force, why);
    case AIDER: return set_aider(to, text, force, why);
    case CONTINUE: return set_continue(to, text, why);
    default: return set_json(client, to, text, force, why);
    }
}

cli_edit cli_client_unset(const cli_client *client, const cli_endpoint *to, cli_bytes *text, ew_str backup) {
    if (has_nul(text)) return CLI_EDIT_MALFORMED;
    if (client->form == CLAUDE || client->form == OPENCODE) return unset_json(client, to, text, backup);
    cli_marked_remove(text);
    return CLI_EDIT_DONE;
}

void cli_client_print(const cli_client *client, const cli_endpoint *to, cli_bytes *out) {
    if (client->form == OPENAI) {
        add(out, "export OPENAI_BASE_URL='%s/v1'\n", to->url);
        add(out, "export OPENAI_API_KEY='%s'\n", to->key);
    } else {
        add(out, "docker run -d --name open-webui --network=host -v open-webui:/app/backend/data \\\n");
        add(out, "  -e ENABLE_OLLAMA_API=false \\\n");
        add(out, "  -e OPENAI_API_BASE_URL='%s/v1' \\\n", to->url);
        add(out, "  -e OPENAI_API_KEY='%s' \\\n", to->key);
        add(out, "  ghcr.io/open-webui/open-webui:main\n");
    }
}
