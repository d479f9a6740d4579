/* fuzz_settings.c: any text as the settings of a client that `edgewise launch` edits; the first byte chooses
 * which. JSON stays JSON by the library's reader, and TOML and YAML undone are the same text again. */
#include <string.h>

#include "base/error.h"
#include "clients.h"
#include "format/json.h"
#include "fuzz.h"

#define MAX_BYTES 65536u

static bool is_json(ew_str text) {
    ewi_arena arena;
    ewi_json json;
    ewi_arena_init(&arena, 64u << 20);
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, &arena);
    bool good = ewi_json_skip(&json, NULL) == EW_OK && ewi_json_end(&json, NULL) == EW_OK;
    ewi_arena_deinit(&arena);
    return good;
}

static bool has_marks(ew_str text) {
    static const char mark[] = "edgewise launch:";
    for (size_t i = 0; i + sizeof mark <= text.len; i++)
        if (memcmp(text.data + i, mark, sizeof mark - 1) == 0) return true;
    return false;
}

/* But for an end of the last line that was not there. */
static bool is_same(ew_str got, ew_str wanted) {
    if (got.len == wanted.len + 1 && got.data[wanted.len] == '\n') got.len--;
    return got.len == wanted.len && memcmp(got.data, wanted.data, got.len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"claude", "codex", "opencode", "continue", "aider"};
    static const cli_endpoint to = {"http://127.0.0.1:11500", "pocket", "key"};
    char why[CLI_CLIENT_WHY];
    if (size == 0 || size > MAX_BYTES) return 0;
    const cli_client *client = cli_find_client(names[(data[0] & 0x7f) % EWI_COUNT(names)]);
    ew_str before = {(const char *)data + 1, size - 1};
    bool json = is_json(before), is_lines = client->file[strlen(client->file) - 1] != 'n';
    cli_bytes text;
    cli_bytes_init(&text, 64 * MAX_BYTES);
    cli_bytes_add(&text, before.data, before.len);
    cli_edit edit = cli_client_set(client, &to, &text, (data[0] & 0x80) != 0, why);
    EW_ASSERT(edit == CLI_EDIT_DONE || is_lines || why[0]);
    if (edit == CLI_EDIT_DONE && !is_lines) EW_ASSERT(!json || is_json(cli_bytes_str(&text)));
    if (edit == CLI_EDIT_DONE) {
        EW_ASSERT(cli_client_unset(client, &to, &text, before) == CLI_EDIT_DONE);
        if (is_lines)
            EW_ASSERT(has_marks(before) || is_same(cli_bytes_str(&text), before));
        else
            EW_ASSERT(!json || is_json(cli_bytes_str(&text)));
    }
    cli_bytes_deinit(&text);
    return 0;
}
