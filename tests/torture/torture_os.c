/* torture_os.c: each call to the heap and to the system that the room os makes fails in turn: a typed error
 * with a text, and nothing left behind, neither memory nor descriptors nor slots of the guard. */
#include "test.h"

#include <dirent.h>
#include <string.h>

#include "base/mem.h"
#include "os/file.h"
#include "os/guard.h"
#include "os/thread.h"
#include "os/topology.h"
#include "scratch.h"

#define MOST_CALLS 100u

static const char *path;

static ew_status map_file(ew_error *err) {
    ewi_map *map = NULL;
    ew_status status = ewi_map_open(path, &map, err);
    if (status == EW_OK) assert_memory_equal(ewi_map_bytes(map).data, "content", 7);
    assert_int_equal(map == NULL, status != EW_OK);
    ewi_map_close(map);
    return status;
}

static void do_nothing(void *arg) {
    (void)arg;
}

static ew_status run_thread(ew_error *err) {
    ewi_thread *thread = NULL;
    ew_status status = ewi_thread_start(do_nothing, NULL, "torture", &thread, err);
    ewi_thread_join(thread);
    return status;
}

static ew_status load_topology(ew_error *err) {
    ewi_topology topology;
    ew_status status = ewi_topology_load(&topology, err);
    ewi_topology_unload(&topology);
    return status;
}

static unsigned n_descriptors(void) {
    unsigned n = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder)) n++;
    closedir(folder);
    return n;
}

/* Whether the nth call was there to fail. */
static bool fails_at(ew_status (*body)(ew_error *err), uint64_t nth) {
    ew_error err = {0};
    int64_t n_blocks = ewi_hostile_live_blocks();
    unsigned n_open = n_descriptors();
    ewi_hostile_fail_at(nth);
    ew_status status = body(&err);
    bool reached = ewi_hostile_count() >= nth;
    ewi_hostile_fail_at(0);
    assert_int_equal(ewi_hostile_live_blocks(), n_blocks);
    assert_int_equal(n_descriptors(), n_open);
    assert_int_equal(status != EW_OK, reached);
    assert_int_equal(err.status, status);
    assert_int_equal(err.text[0] != '\0', reached);
    return reached;
}

static void fail_each(ew_status (*body)(ew_error *err), uint64_t at_least) {
    uint64_t nth = 1;
    while (nth < MOST_CALLS && fails_at(body, nth)) nth++;
    assert_in_range(nth - 1, at_least, MOST_CALLS - 2);
}

/* The mapping, its path, open, stat and mmap. More often than there are slots, so that a lost slot would
 * show. */
static void mapping(void **state) {
    (void)state;
    path = scratch_file("content", "content", 7);
    for (size_t i = 0; i < EWI_GUARD_SLOTS / 5 + 1; i++) fail_each(map_file, 5);
}

static void thread(void **state) {
    (void)state;
    fail_each(run_thread, 2);
}

static void topology(void **state) {
    (void)state;
    fail_each(load_topology, 2);
}

/* The system's own words for what failed reach the user. */
static void reason_of_a_failed_mapping(void **state) {
    (void)state;
    path = scratch_file("content", "content", 7);
    static const struct {
        uint64_t nth;
        ew_status status;
        const char *words;
    } rows[] = {
        {1, EW_NO_MEMORY, "out of memory for "},          {2, EW_NO_MEMORY, "out of memory for "},
        {3, EW_IO, "cannot open: Input/output error"},    {4, EW_IO, "cannot stat: Input/output error"},
        {5, EW_IO, "cannot map: Cannot allocate memory"},
    };
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        ew_error err = {0};
        ewi_hostile_fail_at(rows[i].nth);
        assert_int_equal(map_file(&err), rows[i].status);
        ewi_hostile_fail_at(0);
        if (!strstr(err.text, rows[i].words)) fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapping),
        cmocka_unit_test(thread),
        cmocka_unit_test(topology),
        cmocka_unit_test(reason_of_a_failed_mapping),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
