/*
 * page.h: the files of the page, which the build put into the program (cmake/page.cmake, docs/page.md).
 *
 * Everything is constant and lives as long as the program; any thread may look.
 *
 *     const ewi_page_file *file = ewi_page_find(path);     "/" or "/page/main.js"
 *     if (file && etag_of_request_is(file->etag)) ...      304
 *
 * Send all of them with EWI_PAGE_SECURITY, and `Cache-Control: no-cache`: the browser asks each time, and 304
 * is the answer. What scripts, styles and connections the page may use, web/index.html says itself.
 */
#ifndef EW_SERVE_PAGE_H
#define EW_SERVE_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Value of the header Content-Security-Policy, for what a page cannot say of itself. */
#define EWI_PAGE_SECURITY "frame-ancestors 'none'"

typedef struct ewi_page_file {
    const char *path; /* begins with a slash */
    const char *type; /* value of Content-Type */
    const char *etag; /* with its quotes: SHA-256 of the bytes in hexadecimal */
    const uint8_t *data;
    size_t size;
} ewi_page_file;

/* NULL: no such file. Compared byte for byte: nothing in a path is decoded or resolved. */
const ewi_page_file *ewi_page_find(ew_str path);

/* Sorted by path, as the build made them; and how many. */
extern const ewi_page_file ewi_page_files[];
extern const size_t ewi_page_n_files;

#endif
