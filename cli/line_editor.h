/*
 * line_editor.h: lines typed on a terminal, with editing and a history file (through libedit).
 *
 * Ctrl-C is a key here, not a signal. The prompt is shown on stderr. One editor at a time, used by one
 * thread.
 *
 *     cli_editor *editor = cli_editor_new();
 *     char *line;
 *     while (cli_editor_read(editor, ">>> ", &line) != CLI_LINE_END) { ...; cli_free(line); }
 *     cli_editor_free(editor);
 */
#ifndef CLI_LINE_EDITOR_H
#define CLI_LINE_EDITOR_H

typedef struct cli_editor cli_editor;

typedef enum cli_line { CLI_LINE_TEXT, CLI_LINE_INTERRUPT, CLI_LINE_END } cli_line;

/* Loads the history of earlier chats; works without when there is none or it cannot be kept. */
cli_editor *cli_editor_new(void);
void cli_editor_free(cli_editor *editor);
/* CLI_LINE_TEXT: *line is the line without its newline, the caller frees it. Else *line = NULL. */
cli_line cli_editor_read(cli_editor *editor, const char *prompt, char **line);
/* Puts a line into the history and its file. */
void cli_editor_remember(cli_editor *editor, const char *line);

#endif
