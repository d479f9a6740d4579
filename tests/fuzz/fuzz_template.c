/* fuzz_template.c: any template with any conversation: the bytes up to a NUL are the template, the others the
 * conversation. Whatever comes out is valid UTF-8, in segments that cover it. */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "fuzz.h"

static void check(const ew_rendering *rendering) {
    size_t n, end = 0;
    ew_str text = ew_rendering_text(rendering);
    const ew_segment *segments = ew_rendering_segments(rendering, &n);
    EW_ASSERT(ewi_utf8_valid((const uint8_t *)text.data, text.len));
    for (size_t i = 0; i < n; i++) {
        EW_ASSERT(segments[i].end > end);
        EW_ASSERT(i == 0 || segments[i].input != segments[i - 1].input);
        end = segments[i].end;
    }
    EW_ASSERT(end == text.len);
}

static ew_status render(const ew_template *tmpl, ew_str json, ew_error *err) {
    const ew_template_options options = {
        .struct_size = sizeof options, .bos = "<s>", .eos = "</s>", .date = "2026-11-21"};
    ew_rendering *rendering;
    EWI_TRY(ew_template_render(tmpl, json, &options, &rendering, err));
    check(rendering);
    ew_rendering_free(rendering);
    return EW_OK;
}

static ew_status run(ew_str text, ew_str json, ew_error *err) {
    ew_template *tmpl;
    EWI_TRY(ew_template_from_text(text, &tmpl, err));
    ew_status status = render(tmpl, json, err);
    ew_template_close(tmpl);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char usual[] =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"a <s>\", \"n\": [1, 2.5]}]}";
    ew_error err = {0};
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    ew_str text = {(const char *)data, nul ? (size_t)(nul - data) : size};
    ew_str json = {usual, sizeof usual - 1};
    if (nul) json = (ew_str){(const char *)nul + 1, size - text.len - 1};
    ew_status status = run(text, json, &err);
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    return 0;
}
