/* jinja_run.c: the limits of a run, and how it fails. */
#include <stdarg.h>
#include <stdio.h>

#include "base/checked.h"
#include "base/error.h"
#include "text/jinja_value.h"

bool ewi_jinja_fail(ewi_jinja *run, ew_status status, const char *fmt, ...) {
    if (run->status) return false;
    run->status = status;
    va_list args;
    va_start(args, fmt);
    vsnprintf(run->problem, sizeof run->problem, fmt, args);
    va_end(args);
    return false;
}

bool ewi_jinja_spend(ewi_jinja *run, uint64_t n) {
    if (run->steps_left < n) {
        run->steps_left = 0;
        return ewi_jinja_fail(run, EW_LIMIT, "it takes more than %llu steps: an endless loop?",
                              (unsigned long long)EWI_JINJA_MAX_STEPS);
    }
    run->steps_left -= n;
    return true;
}

bool ewi_jinja_enter(ewi_jinja *run) {
    if (run->depth == EWI_JINJA_MAX_DEPTH)
        return ewi_jinja_fail(run, EW_LIMIT,
                              "calls and values nest deeper than %u: a macro that calls itself?",
                              EWI_JINJA_MAX_DEPTH);
    run->depth++;
    return true;
}

static bool no_memory(ewi_jinja *run, size_t size_bytes) {
    if (!ewi_in_range(run->arena.used_bytes, size_bytes, run->arena.max_bytes))
        return ewi_jinja_fail(run, EW_LIMIT, "it takes more than %zu MiB of memory",
                              run->arena.max_bytes >> 20);
    return ewi_jinja_fail(run, EW_NO_MEMORY, "out of memory");
}

void *ewi_jinja_alloc(ewi_jinja *run, size_t n, size_t size_bytes) {
    size_t total;
    if (!ewi_mul_size(n, size_bytes, &total)) total = SIZE_MAX;
    void *block = total < SIZE_MAX ? ewi_arena_array(&run->arena, n, size_bytes) : NULL;
    if (!block) no_memory(run, total);
    return block;
}

/* ---- built-in functions ---- */

const ewi_jbuiltin *ewi_jbuiltin_find(const ewi_jbuiltin *table, ew_str name) {
    for (; table->name; table++)
        if (ewi_str_is(name, table->name)) return table;
    return NULL;
}

/* The parameter at `at` of "a,b,c"; len 0 past the last. */
static ew_str next_param(const char **at) {
    const char *begin = *at;
    size_t len = strcspn(begin, ",");
    *at = begin + len + (begin[len] == ',');
    return (ew_str){begin, len};
}

static size_t find_param(const char *params, ew_str name) {
    size_t i = 0;
    for (ew_str param = next_param(&params); param.len; param = next_param(&params), i++)
        if (ewi_str_eq(param, name)) return i;
    return SIZE_MAX;
}

static size_t count_params(const char *params) {
    size_t n = 0;
    while (next_param(&params).len) n++;
    return n;
}

static bool bind(ewi_jinja *run, const ewi_jbuiltin *builtin, ewi_jcall *call) {
    size_t n = count_params(builtin->params);
    EW_ASSERT(n <= EWI_J_MAX_PARAMS);
    for (size_t i = 0; i < EWI_J_MAX_PARAMS; i++) call->a[i] = (ewi_jv){.kind = EWI_J_ABSENT};
    if (call->n_positional > n)
        return ewi_jinja_raise(run, "%s() takes %zu arguments at most", builtin->name, n);
    for (size_t i = 0; i < call->n_args; i++) {
        const ewi_jarg *arg = &call->args[i];
        size_t at = arg->name.len ? find_param(builtin->params, arg->name) : i;
        if (at == SIZE_MAX)
            return ewi_jinja_raise(run, "%s() has no argument \"%.*s\"", builtin->name,
                                   EWI_STR_ARG(arg->name));
        if (call->a[at].kind != EWI_J_ABSENT)
            return ewi_jinja_raise(run, "%s(): argument \"%.*s\" is given twice", builtin->name,
                                   EWI_STR_ARG(arg->name));
        call->a[at] = arg->value;
    }
    return true;
}

bool ewi_jbuiltin_call(ewi_jinja *run, const ewi_jbuiltin *builtin, ewi_jcall *call, ewi_jv *out) {
    if (builtin->params && !bind(run, builtin, call)) return false;
    return builtin->run(run, call, out);
}
