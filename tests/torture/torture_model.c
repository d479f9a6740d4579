/* torture_model.c: the Nth allocation or file call fails while a model is opened, for every N: a typed
 * error each time, nothing leaks, and nothing is left out in silence.
 */
#include "base/mem.h"
#include "expect.h"
#include "golden.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>

#define MAX_CALLS 100000u

typedef struct attempt {
    const char *path;
    ew_status (*open)(const char *path, void **out, ew_error *err);
    void (*close)(void *object);
} attempt;

static ew_status open_model(const char *path, void **out, ew_error *err) {
    ew_model *model = NULL;
    ew_status status = ew_model_open(path, &model, err);
    *out = model;
    return status;
}

static void close_model(void *model) {
    ew_model_close(model);
}

static ew_status open_file(const char *path, void **out, ew_error *err) {
    ew_file *file = NULL;
    ew_status status = ew_file_open(path, &file, err);
    *out = file;
    return status;
}

static void close_file(void *file) {
    ew_file_close(file);
}

static ew_status open_tokenizer(const char *path, void **out, ew_error *err) {
    ew_tokenizer *tokenizer = NULL;
    ew_status status = ew_tokenizer_open(path, &tokenizer, err);
    *out = tokenizer;
    return status;
}

static void close_tokenizer(void *tokenizer) {
    ew_tokenizer_close(tokenizer);
}

static ew_model *adapted; /* the model whose adapters are opened */

static ew_status open_adapter(const char *path, void **out, ew_error *err) {
    ew_adapter *adapter = NULL;
    ew_status status = ew_adapter_open(adapted, path, &adapter, err);
    *out = adapter;
    return status;
}

static void close_adapter(void *adapter) {
    ew_adapter_close(adapter);
}

/* True when the nth call was never reached: the object came whole. */
static bool open_with_failure(const attempt *a, uint64_t nth) {
    ew_error err = {0};
    void *object = NULL;
    int64_t before = ewi_hostile_live_blocks();
    ewi_hostile_fail_at(nth);
    ew_status status = a->open(a->path, &object, &err);
    bool reached = ewi_hostile_count() >= nth;
    ewi_hostile_fail_at(0);
    if (status == EW_OK) {
        if (reached) fail_msg("%s: failure %llu was passed over", a->path, (unsigned long long)nth);
        assert_non_null(object);
        a->close(object);
    } else {
        if (status != EW_NO_MEMORY && status != EW_IO && status != EW_LIMIT)
            fail_msg("%s: failure %llu: \"%s\": %s", a->path, (unsigned long long)nth, ew_status_text(status),
                     err.text);
        assert_int_equal(err.status, status);
        assert_true(err.text[0] != '\0');
        assert_null(object);
    }
    assert_int_equal(ewi_hostile_live_blocks(), before);
    return status == EW_OK;
}

static void torture(const attempt *a) {
    uint64_t nth = 1;
    while (!open_with_failure(a, nth))
        if (nth++ == MAX_CALLS) fail_msg("%s: no end of calls", a->path);
    print_message("%s: %llu failures survived\n", a->path, (unsigned long long)nth - 1);
    assert_true(nth > 5);
}

static void gguf_model(void **state) {
    (void)state;
    const char *path = scratch_path("torture.gguf");
    tiny_model_write(&(tiny_model){.biases = true, .dtype = EWI_F16}, path);
    torture(&(attempt){path, open_model, close_model});
}

static void folder_of_shards(void **state) {
    (void)state;
    torture(&(attempt){golden_path("llama-gqa"), open_model, close_model});
}

static void folder_of_an_encoder(void **state) {
    (void)state;
    torture(&(attempt){golden_path("minilm"), open_model, close_model});
}

static void files(void **state) {
    (void)state;
    const char *path = scratch_path("file.gguf");
    tiny_model_write(&(tiny_model){0}, path);
    torture(&(attempt){path, open_file, close_file});
    torture(&(attempt){golden_path("qwen2-f16"), open_file, close_file});
}

static void tokenizer(void **state) {
    (void)state;
    const char *path = scratch_path("tokenizer.gguf");
    tiny_model_write(&(tiny_model){0}, path);
    torture(&(attempt){path, open_tokenizer, close_tokenizer});
}

static void adapters(void **state) {
    (void)state;
    static const char *const models[] = {"llama-gqa", "llama-gqa.gguf"};
    static const char *const names[] = {"llama-gqa.lora-all", "llama-gqa.lora-all.gguf"};
    for (size_t i = 0; i < 2; i++) {
        ew_error err = {0};
        expect_ok(ew_model_open(golden_path(models[i]), &adapted, &err), &err);
        char path[4096];
        snprintf(path, sizeof path, "%s", golden_path(names[i]));
        torture(&(attempt){path, open_adapter, close_adapter});
        ew_model_close(adapted);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gguf_model),
        cmocka_unit_test(folder_of_shards),
        cmocka_unit_test(folder_of_an_encoder),
        cmocka_unit_test(files),
        cmocka_unit_test(tokenizer),
        cmocka_unit_test(adapters),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
