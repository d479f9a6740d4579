/* test_engine.c: what an engine says of itself and of the machine, and its graph as text. */
#include "expect.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdlib.h>
#include <unistd.h>

static rig open_rig(const ew_engine_options *options) {
    const char *path = scratch_path("engine.gguf");
    tiny_model_write(&(tiny_model){.no_vocabulary = true}, path);
    return rig_open(path, options);
}

static void info(void **state) {
    (void)state;
    rig r = open_rig(&(ew_engine_options){.n_threads = 2, .n_rows = 24});
    ew_engine_info i = ew_engine_get_info(r.engine);
    assert_int_equal(i.n_threads, 2);
    assert_int_equal(i.n_rows, 24);
    /* 2 layers, keys and values, 2 heads of 16, 64 positions, 2 bytes */
    assert_int_equal(i.state_bytes_per_block, 2 * 2 * 2 * 16 * 64 * 2);
    /* At least the widest moment, gate and up; and less than all values of a layer together. */
    assert_true(i.arena_bytes >= 24u * 4 * (96 + 96));
    assert_true(i.arena_bytes <= 24u * 4 * (64 * 8 + 96 * 3 + 320));
    rig_close(&r);
    r = open_rig(&(ew_engine_options){.cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32});
    i = ew_engine_get_info(r.engine);
    assert_int_equal(i.n_rows, 128);
    assert_true(i.n_threads >= 1);
    assert_int_equal(i.state_bytes_per_block, 2 * 2 * 2 * 16 * 64 * 4);
    rig_close(&r);
}

static void the_machine(void **state) {
    (void)state;
    ew_machine m;
    ew_error err = {0};
    rig r = open_rig(NULL);
    expect_ok(ew_machine_get(&m, &err), &err);
    assert_string_equal(m.level_used, ew_engine_get_info(r.engine).cpu_level);
    assert_true(m.n_cores >= 1 && m.n_cores <= m.n_threads);
    assert_true(m.n_performance_cores >= 1 && m.n_performance_cores <= m.n_cores);
    assert_true(m.n_threads <= (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
    assert_true(m.memory_bytes >= m.memory_available_bytes);
    assert_true(m.n_levels > 0 && m.n_levels <= 8);
    assert_string_equal(m.levels[0].name, "scalar");
    assert_true(m.levels[0].usable);
    bool found = false;
    for (size_t i = 0; i < m.n_levels; i++) {
        assert_int_equal(m.levels[i].usable, m.levels[i].why[0] == '\0');
        found |= m.levels[i].usable && strcmp(m.levels[i].name, m.level_used) == 0;
    }
    assert_true(found);
    rig_close(&r);
}

/* ---- dump ---- */

typedef struct sink {
    char text[65536];
    size_t len;
    bool wants_more;
} sink;

static bool collect(void *user, ew_str text) {
    sink *s = user;
    assert_true(text.len < sizeof s->text - s->len);
    memcpy(s->text + s->len, text.data, text.len);
    s->len += text.len;
    return s->wants_more;
}

static void graph_and_plan_as_text(void **state) {
    (void)state;
    static sink s;
    ew_error err = {0};
    rig r = open_rig(&(ew_engine_options){.n_rows = 40});
    s = (sink){.wants_more = true};
    expect_ok(ew_engine_dump(r.engine, collect, &s, &err), &err);
    const char *built = strstr(s.text, "# as built\n"), *narrow = strstr(s.text, "# narrow\n"),
               *plan = strstr(s.text, "# plan: 40 rows a step");
    assert_true(built && narrow && plan && built < narrow && narrow < plan);
    assert_non_null(strstr(built, "blk.1.ffn_down.weight F32[64, 96] : f32[T, 64]"));
    assert_non_null(strstr(narrow, "blk.1.ffn_down.weight F32[64, 96] : f32[L, 64]"));
    assert_non_null(strstr(plan, "stage 3: 2 weights"));
    s = (sink){.wants_more = false};
    expect_refused(ew_engine_dump(r.engine, collect, &s, &err), EW_CANCELLED, &err, "stopped");
    rig_close(&r);
}

/* ---- several at once ---- */

/* Two engines on one model, used in turn, do not feel each other. */
static void two_engines_on_one_model(void **state) {
    (void)state;
    ew_error err = {0};
    ew_token tokens[30];
    for (size_t i = 0; i < 30; i++) tokens[i] = (ew_token)(i * 11 % 300);
    rig first = open_rig(&(ew_engine_options){.n_rows = 8}),
        second = {.model = first.model, .n_vocab = first.n_vocab};
    ew_engine_options o = {.struct_size = sizeof o, .n_threads = 1, .n_rows = 3};
    expect_ok(ew_engine_new(first.model, &o, &second.engine, &err), &err);
    second.session = rig_session(&second, NULL);
    for (size_t i = 0; i < 30; i += 10) {
        float *a = rig_logits(&first, tokens + i, 10), *b = rig_logits(&second, tokens + i, 10);
        assert_memory_equal(a, b, 10 * first.n_vocab * sizeof *a);
        free(a);
        free(b);
    }
    ew_session_free(second.session);
    ew_engine_free(second.engine);
    rig_close(&first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info),
        cmocka_unit_test(the_machine),
        cmocka_unit_test(graph_and_plan_as_text),
        cmocka_unit_test(two_engines_on_one_model),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
