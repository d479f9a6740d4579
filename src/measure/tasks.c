#include "measure/tasks.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "measure/scored_text.h"
#include "os/file.h"

#define MAX_FILE_BYTES  ((size_t)64 << 20)
#define MAX_ARENA_BYTES ((size_t)1 << 30)

struct ew_tasks {
    ew_task *items;
    size_t n;
    ewi_arena arena;
};

/* A line of the file as it is read. */
typedef struct line {
    ewi_json json;
    ewi_arena *arena;
    size_t number;
    bool has_prompt;
    ew_task task;
} line;

/* ---- one line ---- */

static ew_status wrong(const line *l, ew_error *err, const char *what) {
    return ewi_fail(err, EW_FORMAT, "line %zu: %s", l->number, what);
}

/* Into memory that outlives the file. */
static ew_status read_text(line *l, ew_str *out, ew_error *err) {
    ew_str text;
    EWI_TRY(ewi_json_read_string(&l->json, &text, err));
    char *copy = ewi_arena_strdup(l->arena, text);
    if (!copy) return ewi_no_memory(err, "tasks");
    *out = (ew_str){copy, text.len};
    return EW_OK;
}

static ew_status read_answer(line *l, ew_str *out, ew_error *err) {
    EWI_TRY(read_text(l, out, err));
    if (out->len <= EWI_MAX_ANSWER_BYTES) return EW_OK;
    return ewi_fail(err, EW_LIMIT, "line %zu: an answer of %zu bytes, at most %u can be scored", l->number,
                    out->len, EWI_MAX_ANSWER_BYTES);
}

static ew_status read_answers(line *l, bool many, ew_error *err) {
    size_t n = 1;
    if (l->task.answers) return wrong(l, err, "has answers twice");
    if (many) EWI_TRY(ewi_json_count(&l->json, &n, err));
    if (n == 0) return wrong(l, err, "\"answers\" is empty");
    if (n > EWI_MAX_RIGHT_ANSWERS)
        return ewi_fail(err, EW_LIMIT, "line %zu: %zu answers, at most %u", l->number, n,
                        EWI_MAX_RIGHT_ANSWERS);
    ew_str *answers = ewi_arena_array(l->arena, n, sizeof *answers);
    if (!answers) return ewi_no_memory(err, "tasks");
    l->task.answers = answers;
    l->task.n_answers = n;
    if (!many) return read_answer(l, answers, err);
    EWI_TRY(ewi_json_enter_array(&l->json, err));
    for (size_t i = 0; ewi_json_next_item(&l->json); i++) EWI_TRY(read_answer(l, &answers[i], err));
    return ewi_json_check(&l->json, err);
}

static ew_status read_member(line *l, ew_str key, ew_error *err) {
    if (ewi_str_is(key, "answer")) return read_answers(l, false, err);
    if (ewi_str_is(key, "answers")) return read_answers(l, true, err);
    if (!ewi_str_is(key, "prompt"))
        return ewi_fail(err, EW_FORMAT,
                        "line %zu: key \"%.*s\" is unknown: a task has prompt and answer or answers",
                        l->number, EWI_STR_ARG(key));
    if (l->has_prompt) return wrong(l, err, "has two prompts");
    l->has_prompt = true;
    return read_text(l, &l->task.prompt, err);
}

static ew_status read_task(line *l, ew_error *err) {
    ew_str key;
    EWI_TRY(ewi_json_enter_object(&l->json, err));
    while (ewi_json_next_key(&l->json, &key)) EWI_TRY(read_member(l, key, err));
    EWI_TRY(ewi_json_check(&l->json, err));
    EWI_TRY(ewi_json_end(&l->json, err));
    if (!l->has_prompt) return wrong(l, err, "has no prompt");
    return l->task.answers ? EW_OK : wrong(l, err, "has no answer");
}

/* ---- the file ---- */

/* Takes the next line off the text, without its end. */
static ew_str take_line(ewi_bytes *rest) {
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    size_t n = end ? (size_t)(end - rest->data) : rest->len;
    ew_str taken = {(const char *)rest->data, n};
    rest->data += n + (end != NULL);
    rest->len -= n + (end != NULL);
    return taken;
}

static bool is_blank(ew_str text) {
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(" \t\r", text.data[i], 3)) return false;
    return true;
}

static size_t count_lines(ewi_bytes text) {
    size_t n = 0;
    while (text.len) n += !is_blank(take_line(&text));
    return n;
}

/* `whole`: where the text begins; a problem names the place in it. */
static ew_status read_line(ew_tasks *tasks, const uint8_t *whole, ew_str text, size_t number, ew_error *err) {
    line l = {.arena = &tasks->arena, .number = number};
    ewi_json_init_part(&l.json, whole, text, &tasks->arena);
    EWI_TRY(read_task(&l, err));
    tasks->items[tasks->n++] = l.task;
    return EW_OK;
}

static ew_status read_lines(ew_tasks *tasks, ewi_bytes text, ew_error *err) {
    size_t n = count_lines(text), number = 0;
    if (n == 0) return ewi_fail(err, EW_FORMAT, "the file holds no tasks");
    tasks->items = ewi_arena_array(&tasks->arena, n, sizeof *tasks->items);
    if (!tasks->items) return ewi_no_memory(err, "tasks");
    for (ewi_bytes rest = text; rest.len;) {
        ew_str next = take_line(&rest);
        number++;
        if (!is_blank(next)) EWI_TRY(read_line(tasks, text.data, next, number, err));
    }
    return EW_OK;
}

ew_status ewi_tasks_parse(ewi_bytes text, ew_tasks **out, ew_error *err) {
    if (text.len > MAX_FILE_BYTES)
        return ewi_fail(err, EW_LIMIT, "%zu MiB of tasks, at most %zu", text.len >> 20, MAX_FILE_BYTES >> 20);
    ew_tasks *tasks = ewi_zalloc(sizeof *tasks);
    if (!tasks) return ewi_no_memory(err, "tasks");
    ewi_arena_init(&tasks->arena, MAX_ARENA_BYTES);
    ew_status status = read_lines(tasks, text, err);
    if (status == EW_OK)
        *out = tasks;
    else
        ew_tasks_close(tasks);
    return status;
}

ew_status ew_tasks_open(const char *path, ew_tasks **out, ew_error *err) {
    EWI_REQUIRE(path && out, err);
    ewi_map *map;
    ew_tasks *tasks = NULL;
    EWI_TRY(ewi_map_open(path, &map, err));
    ew_status status = ewi_tasks_parse(ewi_map_bytes(map), &tasks, err);
    if (status != EW_OK) status = ewi_fail_at(err, status, "%s", path);
    if (status == EW_OK) status = ewi_map_check(map, err);
    ewi_map_close(map);
    if (status == EW_OK)
        *out = tasks;
    else
        ew_tasks_close(tasks);
    return status;
}

void ew_tasks_close(ew_tasks *tasks) {
    if (!tasks) return;
    ewi_arena_deinit(&tasks->arena);
    ewi_free(tasks);
}

size_t ew_tasks_count(const ew_tasks *tasks) {
    return tasks->n;
}

ew_task ew_tasks_get(const ew_tasks *tasks, size_t index) {
    return tasks->items[index];
}
