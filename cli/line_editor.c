#include "line_editor.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "heap.h"

#define HISTORY_LINES  1000
#define PATH_MAX_BYTES 4096

struct cli_editor {
    EditLine *edit;
    History *history;
    const char *prompt;
    bool interrupted;
    char path[PATH_MAX_BYTES]; /* of the history; "" = it is not kept */
};

/* ---- the history file: ${XDG_STATE_HOME:-~/.local/state}/edgewise/history, only its user reads it ---- */

/* Makes each missing folder of path; the last part is the file's name. */
static bool make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool there = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!there) return false;
    }
    return true;
}

static bool find_path(char path[PATH_MAX_BYTES]) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = -1;
    /* A relative XDG path is to be ignored (XDG Base Directory Specification). */
    if (state && state[0] == '/')
        n = snprintf(path, PATH_MAX_BYTES, "%s/edgewise/history", state);
    else if (home && home[0] == '/')
        n = snprintf(path, PATH_MAX_BYTES, "%s/.local/state/edgewise/history", home);
    return n > 0 && n < PATH_MAX_BYTES;
}

/* The file exists with mode 0600 before libedit writes to it. */
static bool prepare_history(char path[PATH_MAX_BYTES]) {
    if (!find_path(path) || !make_folders(path)) return false;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    fchmod(fd, 0600);
    close(fd);
    return true;
}

/* ---- libedit ---- */

static char *prompt_of(EditLine *edit) {
    cli_editor *editor = NULL;
    static char shown[16];
    el_get(edit, EL_CLIENTDATA, &editor);
    snprintf(shown, sizeof shown, "%s", editor ? editor->prompt : "");
    return shown;
}

static unsigned char interrupt(EditLine *edit, wint_t key) {
    (void)key;
    cli_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    if (editor) editor->interrupted = true;
    return CC_EOF;
}

/* libedit's handler gives the terminal back, and takes it again when the program goes on. */
static unsigned char suspend(EditLine *edit, wint_t key) {
    (void)edit, (void)key;
    raise(SIGTSTP);
    return CC_REDISPLAY;
}

static void set_up_keys(cli_editor *editor) {
    EditLine *edit = editor->edit;
    el_set(edit, EL_CLIENTDATA, editor);
    el_set(edit, EL_PROMPT, prompt_of);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_SIGNAL, 1);
    /* The wide call, because the other one loses the memory of these names. */
    el_wset(edit, EL_ADDFN, L"edgewise-interrupt", L"drop the line", interrupt);
    el_set(edit, EL_BIND, "^C", "edgewise-interrupt", NULL);
    el_wset(edit, EL_ADDFN, L"edgewise-suspend", L"stop until fg", suspend);
    el_set(edit, EL_BIND, "^Z", "edgewise-suspend", NULL);
    el_set(edit, EL_SETTY, "-d", "-isig", NULL); /* while a line is edited, these are keys */
}

cli_editor *cli_editor_new(void) {
    cli_editor *editor = cli_alloc(1, sizeof *editor);
    HistEvent event;
    editor->prompt = "";
    editor->edit = el_init("edgewise", stdin, stderr, stderr);
    editor->history = history_init();
    if (editor->edit) set_up_keys(editor);
    if (!editor->edit || !editor->history) return editor;
    history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
    history(editor->history, &event, H_SETUNIQUE, 1);
    el_set(editor->edit, EL_HIST, history, editor->history);
    if (!prepare_history(editor->path))
        editor->path[0] = '\0';
    else
        history(editor->history, &event, H_LOAD, editor->path);
    return editor;
}

void cli_editor_free(cli_editor *editor) {
    if (!editor) return;
    if (editor->history) history_end(editor->history);
    if (editor->edit) el_end(editor->edit);
    cli_free(editor);
}

cli_line cli_editor_read(cli_editor *editor, const char *prompt, char **line) {
    int n = 0;
    *line = NULL;
    editor->prompt = prompt;
    editor->interrupted = false;
    /* Before the prompt is seen: from then on Ctrl-C is a key. */
    if (editor->edit) el_set(editor->edit, EL_PREP_TERM, 1);
    const char *text = editor->edit ? el_gets(editor->edit, &n) : NULL;
    if (editor->interrupted) return CLI_LINE_INTERRUPT;
    if (!text || n <= 0) return CLI_LINE_END;
    size_t len = (size_t)n;
    if (text[len - 1] == '\n') len--;
    *line = cli_alloc(len + 1, 1);
    memcpy(*line, text, len);
    return CLI_LINE_TEXT;
}

void cli_editor_remember(cli_editor *editor, const char *line) {
    HistEvent event;
    if (!editor->history || !line[0]) return;
    history(editor->history, &event, H_ENTER, line);
    if (editor->path[0]) history(editor->history, &event, H_SAVE, editor->path);
}
