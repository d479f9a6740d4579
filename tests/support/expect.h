/* expect.h: what a call returns and what its error text says, with the text shown when it is another.
 *
 *     ew_error err = {0};
 *     expect_ok(ew_model_open(path, &model, &err), &err);
 *     expect_refused(ew_model_open(bad, &model, &err), EW_FORMAT, &err, "blk.0.attn_q.weight");
 */
#ifndef TESTS_SUPPORT_EXPECT_H
#define TESTS_SUPPORT_EXPECT_H

#include <string.h>

#include "edgewise/edgewise.h"
#include "test.h"

static inline void expect_ok_at(ew_status status, const ew_error *err, const char *file, int line) {
    if (status != EW_OK) fail_msg("%s:%d: %s: %s", file, line, ew_status_text(status), err->text);
}

static inline void expect_refused_at(ew_status got, ew_status wanted, const ew_error *err,
                                     const char *culprit, const char *file, int line) {
    if (got != wanted)
        fail_msg("%s:%d: \"%s\", not \"%s\": %s", file, line, ew_status_text(got), ew_status_text(wanted),
                 err->text);
    if (err->status != wanted) fail_msg("%s:%d: the error holds another status", file, line);
    if (!strstr(err->text, culprit)) fail_msg("%s:%d: \"%s\" is not in: %s", file, line, culprit, err->text);
}

#define expect_ok(status, err) expect_ok_at((status), (err), __FILE__, __LINE__)
#define expect_refused(status, wanted, err, culprit) \
    expect_refused_at((status), (wanted), (err), (culprit), __FILE__, __LINE__)

#endif
