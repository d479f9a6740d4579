/* test_memory.c: the weights are in memory once: in the file's own pages, which the system may drop and
 * share. What the process needs beside them is what the engine says.
 */
#include "expect.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>

/* Bytes of memory that belong to no file, as the kernel counts them (proc(5), smaps_rollup). */
static size_t anonymous_bytes(void) {
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (!file) {
        fprintf(stderr, "SKIPPED: this system does not tell what memory belongs to files\n");
        skip();
    }
    char line[256];
    size_t bytes = 0;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "Anonymous:", 10) == 0) bytes = strtoull(line + 10, NULL, 10) * 1024;
    fclose(file);
    return bytes;
}

/* A model of 88 MB, all of whose weights a step reads. */
static void weights_are_not_copied(void **state) {
    (void)state;
    const tiny_model m = {.d_model = 1024,
                          .d_ffn = 2048,
                          .n_heads = 16,
                          .head_dim = 64,
                          .n_kv_heads = 4,
                          .n_layers = 2,
                          .n_vocab = 2000,
                          .no_vocabulary = true};
    const char *path = scratch_path("large.gguf");
    tiny_model_write(&m, path);
    size_t before = anonymous_bytes();
    rig r = rig_open(path, &(ew_engine_options){.n_threads = 2, .n_rows = 32});
    ew_model_info model = ew_model_get_info(r.model);
    ew_engine_info engine = ew_engine_get_info(r.engine);
    assert_true(model.weight_bytes > (size_t)80 << 20);
    free(rig_logits(&r, (ew_token[]){1, 2, 3, 4, 5, 6, 7, 8}, 8));
    size_t grown = anonymous_bytes() - before;
    size_t said = engine.arena_bytes + engine.state_bytes_per_block;
    print_message("%zu bytes of weights; grown by %zu, of which the engine names %zu\n",
                  (size_t)model.weight_bytes, grown, said);
#ifndef __SANITIZE_THREAD__ /* whose shadow is larger than what it watches */
    assert_true(grown < said + ((size_t)8 << 20));
#endif
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(weights_are_not_copied)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
