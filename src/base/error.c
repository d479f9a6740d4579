#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

ew_status ewi_fail(ew_error *err, ew_status status, const char *fmt, ...) {
    if (!err) return status;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    err->status = status;
    return status;
}

ew_status ewi_fail_at(ew_error *err, ew_status status, const char *fmt, ...) {
    if (!err) return status;
    char where[EWI_STR_SHOWN + 64];
    va_list args;
    va_start(args, fmt);
    vsnprintf(where, sizeof where, fmt, args);
    va_end(args);
    size_t n_where = strlen(where), n_inner = strlen(err->text), room = sizeof err->text - 1 - n_where - 2;
    if (n_inner > room) n_inner = room;
    memmove(err->text + n_where + 2, err->text, n_inner);
    memcpy(err->text, where, n_where);
    memcpy(err->text + n_where, ": ", 2);
    err->text[n_where + 2 + n_inner] = '\0';
    err->status = status;
    return status;
}

void ewi_assert_failed(const char *expr, const char *file, int line) {
    fprintf(stderr, "edgewise: internal error: %s (%s:%d)\n", expr, file, line);
    abort();
}

const char *ew_status_text(ew_status status) {
    switch (status) {
#define EW_STATUS_TEXT(name, number, text) \
    case EW_##name: return text;
        EW_STATUS_MAP(EW_STATUS_TEXT)
#undef EW_STATUS_TEXT
    }
    return "unknown status";
}
