/* launch.c: edgewise launch: settings of other programs, so that they use the server. */
#define _XOPEN_SOURCE 700 /* fchmod */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients.h"
#include "diff.h"
#include "input.h"
#include "message.h"
#include "replace.h"
#include "verbs.h"

#define PATH_BYTES   4096
#define MAX_SETTINGS ((size_t)1 << 20)
#define MAX_TEXT     512u
#define BACKUP       ".edgewise-backup"
#define DEFAULT_URL  "http://127.0.0.1:11500"

typedef struct launch_values {
    const char *client, *model, *url, *key_file;
    bool dry_run, undo, force;
} launch_values;

static const cli_option options[] = {
    {"m", "model", CLI_TEXT, offsetof(launch_values, model), "NAME", 0, 0,
     "the name of a model that is served (default pocket)"},
    {NULL, "url", CLI_TEXT, offsetof(launch_values, url), "URL", 0, 0,
     "where the server listens (default " DEFAULT_URL ")"},
    {NULL, "api-key-file", CLI_PATH, offsetof(launch_values, key_file), "FILE", 0, 0,
     "the server's; its first key is written into the settings"},
    {NULL, "dry-run", CLI_FLAG, offsetof(launch_values, dry_run), NULL, 0, 0, "show what would change only"},
    {NULL, "force", CLI_FLAG, offsetof(launch_values, force), NULL, 0, 0, "other settings make way"},
    {NULL, "undo", CLI_FLAG, offsetof(launch_values, undo), NULL, 0, 0, "settings as they were before"},
};

typedef struct launch {
    const launch_values *values;
    const cli_client *client;
    cli_endpoint to;
    char url[MAX_TEXT];
    char path[PATH_BYTES], backup_path[PATH_BYTES];
    cli_bytes key, text, before, backup; /* text: what is being made of the file */
    bool is_there, has_backup;
    mode_t mode;
} launch;

/* ---- what is asked for ---- */

/* Between quotes of any of the files, and of a shell. */
static bool is_plain(const char *text) {
    size_t len = strlen(text);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x21 || strchr("\"'\\\x7f`$", *at)) return false;
    return len > 0 && len < MAX_TEXT;
}

static int take_url(const cli_verb *verb, launch *l) {
    const char *url = l->values->url ? l->values->url : DEFAULT_URL;
    if (!is_plain(url) || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
        return cli_usage(verb->name, "--url: not like " DEFAULT_URL);
    snprintf(l->url, sizeof l->url, "%s", url);
    size_t len = strlen(l->url);
    while (len && l->url[len - 1] == '/') l->url[--len] = '\0';
    if (len > 3 && strcmp(l->url + len - 3, "/v1") == 0) l->url[len - 3] = '\0';
    l->to.url = l->url;
    return CLI_OK;
}

static int take_key(const cli_verb *verb, launch *l) {
    l->to.key = "edgewise"; /* a server without keys takes any */
    if (!l->values->key_file) return CLI_OK;
    int code = cli_read_file(l->values->key_file, &l->key);
    if (code != CLI_OK) return code;
    cli_bytes_add(&l->key, "", 1);
    l->key.data[strcspn(l->key.data, "\r\n")] = '\0';
    l->to.key = l->key.data;
    return is_plain(l->to.key) ? CLI_OK : cli_usage(verb->name, "--api-key-file: its first line is no key");
}

static int take_options(const cli_verb *verb, launch *l) {
    const launch_values *v = l->values;
    if (!v->client) return cli_usage(verb->name, "no client: edgewise help launch lists them");
    l->client = cli_find_client(v->client);
    if (!l->client) return cli_usage(verb->name, "unknown client %s", v->client);
    if (!l->client->file && (v->undo || v->force))
        return cli_usage(verb->name, "%s has no settings file here: nothing is written", v->client);
    if (v->undo && v->force) return cli_usage(verb->name, "--undo and --force exclude each other");
    l->to.model = v->model ? v->model : "pocket";
    if (!is_plain(l->to.model)) return cli_usage(verb->name, "--model: a name has no blanks and quotes");
    int code = take_url(verb, l);
    return code == CLI_OK ? take_key(verb, l) : code;
}

/* ---- files ---- */

static int find_path(const cli_verb *verb, launch *l) {
    const cli_client *c = l->client;
    const char *own = c->folder_variable ? getenv(c->folder_variable) : NULL, *home = getenv("HOME");
    int n;
    if (own && *own == '/')
        n = snprintf(l->path, sizeof l->path, "%s/%s", own, c->file);
    else if (home && *home == '/')
        n = snprintf(l->path, sizeof l->path, "%s/%s%s%s", home, c->folder, *c->folder ? "/" : "", c->file);
    else
        return cli_usage(verb->name, "there is no home folder");
    int m = snprintf(l->backup_path, sizeof l->backup_path, "%s" BACKUP, l->path);
    if (n > 0 && (size_t)n < sizeof l->path && m > 0 && (size_t)m < sizeof l->backup_path) return CLI_OK;
    cli_say("the path of the settings is too long");
    return CLI_FAILED;
}

static int read_settings(const char *path, cli_bytes *out, bool *is_there, mode_t *mode) {
    struct stat st;
    *is_there = stat(path, &st) == 0;
    if (!*is_there && errno == ENOENT) return CLI_OK;
    if (!*is_there || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > MAX_SETTINGS) {
        cli_say("%s: not a file of settings", path);
        return CLI_BAD_INPUT;
    }
    if (mode) *mode = st.st_mode & 0777;
    return cli_read_file(path, out);
}

static int read_all(launch *l) {
    l->mode = 0600; /* of a new file: it holds a key */
    cli_bytes_init(&l->text, 4 * MAX_SETTINGS);
    cli_bytes_init(&l->before, MAX_SETTINGS);
    cli_bytes_init(&l->backup, MAX_SETTINGS);
    int code = read_settings(l->path, &l->before, &l->is_there, &l->mode);
    if (code == CLI_OK) code = read_settings(l->backup_path, &l->backup, &l->has_backup, NULL);
    cli_bytes_add(&l->text, l->before.data, l->before.len);
    return code;
}

static int write_file(const char *path, ew_str text, mode_t mode) {
    cli_replace file;
    int code = cli_replace_open(&file, path);
    if (code != CLI_OK) return code;
    if (fchmod(fileno(file.file), mode) != 0 || !cli_replace_write(&file, text.data, text.len)) {
        cli_replace_abandon(&file);
        return CLI_FAILED;
    }
    return cli_replace_commit(&file);
}

static int make_folder(const char *path) {
    char folder[PATH_BYTES];
    for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(at - path), path);
        if (mkdir(folder, 0700) == 0 || errno == EEXIST) continue;
        cli_say("cannot create \"%s\": %s", folder, strerror(errno));
        return CLI_FAILED;
    }
    return CLI_OK;
}

/* An empty copy stands for no file. */
static int write_settings(const launch *l) {
    int code = make_folder(l->path);
    if (code == CLI_OK && !l->has_backup)
        code = write_file(l->backup_path, cli_bytes_str(&l->before), l->mode);
    return code == CLI_OK ? write_file(l->path, cli_bytes_str(&l->text), l->mode) : code;
}

static bool is_nothing(ew_str text) {
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n{}", text.data[i])) return false;
    return true;
}

static int restore_settings(const launch *l) {
    bool was_there = l->backup.len > 0;
    int code = CLI_OK;
    if (was_there || !is_nothing(cli_bytes_str(&l->text)))
        code = write_file(l->path, cli_bytes_str(&l->text), l->mode);
    else if (unlink(l->path) != 0)
        code = CLI_FAILED;
    if (code == CLI_OK && unlink(l->backup_path) != 0) code = CLI_FAILED;
    if (code != CLI_OK) cli_say("cannot restore %s: the file as it was is %s", l->path, l->backup_path);
    return code;
}

/* ---- the verb ---- */

/* What a file without anything else would hold. */
static int refuse(const launch *l, cli_edit edit, const char *why, cli_out *out) {
    char ignored[CLI_CLIENT_WHY];
    cli_bytes lines;
    cli_bytes_init(&lines, MAX_SETTINGS);
    (void)cli_client_set(l->client, &l->to, &lines, false, ignored);
    bool may_force = edit == CLI_EDIT_CONFLICT;
    cli_say("%s: %s: nothing is changed; %sto be written there by hand:", l->path, why,
            may_force ? "--force puts the new ones in their place; " : "");
    cli_out_write(out, cli_bytes_str(&lines));
    cli_bytes_deinit(&lines);
    return may_force ? CLI_REFUSED : CLI_BAD_INPUT;
}

/* From the file as it was before an earlier launch. */
static cli_edit edit_text(launch *l, char why[CLI_CLIENT_WHY]) {
    cli_edit edit = CLI_EDIT_DONE;
    snprintf(why, CLI_CLIENT_WHY, "it can no longer be read");
    if (l->has_backup && l->is_there)
        edit = cli_client_unset(l->client, &l->to, &l->text, cli_bytes_str(&l->backup));
    if (edit != CLI_EDIT_DONE || l->values->undo) return edit;
    return cli_client_set(l->client, &l->to, &l->text, l->values->force, why);
}

static int change(launch *l, cli_out *out) {
    char why[CLI_CLIENT_WHY];
    if (l->values->undo && (!l->has_backup || !l->is_there)) {
        cli_say("%s: there is nothing to undo", l->path);
        return CLI_FAILED;
    }
    cli_edit edit = edit_text(l, why);
    if (edit != CLI_EDIT_DONE) return refuse(l, edit, why, out);
    ew_str before = cli_bytes_str(&l->before), after = cli_bytes_str(&l->text);
    if (before.len == after.len && memcmp(before.data, after.data, after.len) == 0 && !l->values->undo)
        cli_say("%s: nothing to change", l->path);
    cli_diff(out, l->path, before, after);
    if (l->values->dry_run) return CLI_OK;
    return l->values->undo ? restore_settings(l) : write_settings(l);
}

static int print_lines(const launch *l, cli_out *out) {
    cli_bytes lines;
    cli_bytes_init(&lines, MAX_SETTINGS);
    cli_client_print(l->client, &l->to, &lines);
    cli_out_write(out, cli_bytes_str(&lines));
    cli_bytes_deinit(&lines);
    return CLI_OK;
}

static int launch_client(const cli_verb *verb, launch *l, cli_out *out) {
    int code = take_options(verb, l);
    if (code != CLI_OK) return code;
    if (!l->client->file) return print_lines(l, out);
    code = find_path(verb, l);
    if (code == CLI_OK) code = read_all(l);
    return code == CLI_OK ? change(l, out) : code;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    launch_values values = {0};
    launch l = {.values = &values};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    int code = launch_client(verb, &l, out);
    cli_bytes_deinit(&l.key);
    cli_bytes_deinit(&l.text);
    cli_bytes_deinit(&l.before);
    cli_bytes_deinit(&l.backup);
    return code;
}

const cli_verb cli_verb_launch = {
    .name = "launch",
    .summary = "settings of other programs, so that they use the server",
    .synopsis = "CLIENT [options]",
    .about =
        "Writes settings of claude, codex, opencode, continue or aider, and shows what changes; the file as "
        "it was\nis kept beside it, as FILE" BACKUP ". For openai and open-webui it prints what to run. "
        "Nothing is\nasked over the network.",
    .operand = "CLIENT",
    .operand_offset = offsetof(launch_values, client),
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
