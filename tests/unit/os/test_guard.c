/*
 * Files that are truncated under their mapping (bad input class 29). Signal handlers belong to a process and
 * the guard is installed once, so each case runs in a child.
 */
#define _DEFAULT_SOURCE

#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edgewise/edgewise.h"
#include "os/file.h"
#include "scratch.h"

#define N_PAGES 4u

/* cmocka's own assertions do not work in a child. */
#define EXPECT(condition)                                                            \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                 \
        }                                                                            \
    } while (0)

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Runs body in a child and returns its wait status. Core files are not wanted. */
static int in_child(void (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        signal(SIGBUS, SIG_DFL);
        body();
        exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_exit(int status, int code) {
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
        fail_msg("wait status 0x%x, expected exit code %d", (unsigned)status, code);
}

static void assert_killed(int status, int signo) {
    if (!WIFSIGNALED(status) || WTERMSIG(status) != signo)
        fail_msg("wait status 0x%x, expected death by signal %d", (unsigned)status, signo);
}

/* A file of N_PAGES pages full of 'x', less `short_by` bytes. */
static const char *write_pages(const char *name, size_t short_by) {
    size_t size = N_PAGES * page_bytes();
    char *content = malloc(size);
    EXPECT(content);
    memset(content, 'x', size);
    const char *path = scratch_file(name, content, size - short_by);
    free(content);
    return path;
}

static ewi_map *open_pages(const char *path) {
    ewi_map *map;
    EXPECT(ewi_map_open(path, &map, NULL) == EW_OK);
    return map;
}

static bool all_are(const volatile uint8_t *bytes, size_t len, uint8_t value) {
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != value) return false;
    return true;
}

static void lose_all_but_one_page(void) {
    EXPECT(ew_guard_install(NULL) == EW_OK);
    EXPECT(ew_guard_install(NULL) == EW_OK);
    const char *path = write_pages("cut", 100);
    ewi_map *map = open_pages(path), *other = open_pages(write_pages("other", 0));
    EXPECT(truncate(path, (off_t)page_bytes()) == 0);
    EXPECT(ewi_map_check(map, NULL) == EW_OK);

    ewi_bytes bytes = ewi_map_bytes(map);
    EXPECT(all_are(bytes.data, page_bytes(), 'x'));
    EXPECT(ewi_map_check(map, NULL) == EW_OK);
    EXPECT(all_are(bytes.data + page_bytes(), bytes.len - page_bytes(), 0));
    ew_error err = {0};
    EXPECT(ewi_map_check(map, &err) == EW_IO && err.status == EW_IO);
    EXPECT(strncmp(err.text, path, strlen(path)) == 0);
    EXPECT(strstr(err.text, "truncated"));

    EXPECT(all_are(ewi_map_bytes(other).data, ewi_map_bytes(other).len, 'x'));
    EXPECT(ewi_map_check(other, NULL) == EW_OK);
    ewi_map_close(map);
    ewi_map_close(other);
}

static void lost_pages_read_as_zeros(void **state) {
    (void)state;
    assert_exit(in_child(lose_all_but_one_page), 0);
}

/* A new mapping in the slot of a lost one starts with a clean record. */
static void lose_and_open_again(void) {
    EXPECT(ew_guard_install(NULL) == EW_OK);
    const char *path = write_pages("again", 0);
    ewi_map *map = open_pages(path);
    EXPECT(truncate(path, 0) == 0);
    EXPECT(all_are(ewi_map_bytes(map).data, 1, 0));
    EXPECT(ewi_map_check(map, NULL) == EW_IO);
    ewi_map_close(map);
    map = open_pages(write_pages("again", 0));
    EXPECT(all_are(ewi_map_bytes(map).data, ewi_map_bytes(map).len, 'x'));
    EXPECT(ewi_map_check(map, NULL) == EW_OK);
    ewi_map_close(map);
}

static void reopened_file_is_whole_again(void **state) {
    (void)state;
    assert_exit(in_child(lose_and_open_again), 0);
}

static void *read_lost_pages(void *map) {
    ewi_bytes bytes = ewi_map_bytes(map);
    return all_are(bytes.data, bytes.len, 0) ? map : NULL;
}

static void lose_under_threads(void) {
    enum { N = 4 };
    EXPECT(ew_guard_install(NULL) == EW_OK);
    const char *path = write_pages("threads", 0);
    ewi_map *map = open_pages(path);
    EXPECT(truncate(path, 0) == 0);
    pthread_t threads[N];
    for (size_t i = 0; i < N; i++) EXPECT(pthread_create(&threads[i], NULL, read_lost_pages, map) == 0);
    for (size_t i = 0; i < N; i++) {
        void *result;
        EXPECT(pthread_join(threads[i], &result) == 0 && result == map);
    }
    EXPECT(ewi_map_check(map, NULL) == EW_IO);
    ewi_map_close(map);
}

static void threads_may_meet_on_a_lost_page(void **state) {
    (void)state;
    assert_exit(in_child(lose_under_threads), 0);
}

/* ---- faults that are none of ours ---- */

static void *foreign_base;

/* Between two mappings of ours, so that neither may be taken for its owner. */
static void map_foreign_and_cut(void) {
    ewi_map *before = open_pages(write_pages("before", 0));
    const char *path = write_pages("foreign", 0);
    int fd = open(path, O_RDONLY);
    EXPECT(fd >= 0);
    void *base = mmap(NULL, N_PAGES * page_bytes(), PROT_READ, MAP_SHARED, fd, 0);
    EXPECT(base != MAP_FAILED);
    close(fd);
    EXPECT(truncate(path, 0) == 0);
    foreign_base = base;
    ewi_map *after = open_pages(write_pages("after", 0));
    EXPECT(before && after);
}

static void touch_foreign(void) {
    (void)*(volatile uint8_t *)foreign_base;
}

static void exit_42(int signo) {
    _exit(signo == SIGBUS ? 42 : 1);
}

static void exit_43_at_address(int signo, siginfo_t *info, void *context) {
    _exit(signo == SIGBUS && info->si_addr == foreign_base && context ? 43 : 1);
}

static void fault_with_plain_handler(void) {
    signal(SIGBUS, exit_42);
    EXPECT(ew_guard_install(NULL) == EW_OK);
    map_foreign_and_cut();
    touch_foreign();
}

static void fault_with_info_handler(void) {
    struct sigaction action = {.sa_sigaction = exit_43_at_address, .sa_flags = SA_SIGINFO};
    EXPECT(sigaction(SIGBUS, &action, NULL) == 0);
    EXPECT(ew_guard_install(NULL) == EW_OK);
    map_foreign_and_cut();
    touch_foreign();
}

static void fault_without_handler(void) {
    EXPECT(ew_guard_install(NULL) == EW_OK);
    map_foreign_and_cut();
    touch_foreign();
}

static void foreign_fault_reaches_the_previous_handler(void **state) {
    (void)state;
    assert_exit(in_child(fault_with_plain_handler), 42);
    assert_exit(in_child(fault_with_info_handler), 43);
    assert_killed(in_child(fault_without_handler), SIGBUS);
}

static void sent_with_handler(void) {
    signal(SIGBUS, exit_42);
    EXPECT(ew_guard_install(NULL) == EW_OK);
    kill(getpid(), SIGBUS);
}

static void sent_without_handler(void) {
    EXPECT(ew_guard_install(NULL) == EW_OK);
    kill(getpid(), SIGBUS);
}

static void sent_and_ignored(void) {
    signal(SIGBUS, SIG_IGN);
    EXPECT(ew_guard_install(NULL) == EW_OK);
    kill(getpid(), SIGBUS);
}

/* `kill -BUS` does what it did before the guard was installed. */
static void sent_signal_acts_as_before(void **state) {
    (void)state;
    assert_exit(in_child(sent_with_handler), 42);
    assert_killed(in_child(sent_without_handler), SIGBUS);
    assert_exit(in_child(sent_and_ignored), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_pages_read_as_zeros),
        cmocka_unit_test(reopened_file_is_whole_again),
        cmocka_unit_test(threads_may_meet_on_a_lost_page),
        cmocka_unit_test(foreign_fault_reaches_the_previous_handler),
        cmocka_unit_test(sent_signal_acts_as_before),
    };
    scratch_path(""); /* made here, so that children share it and the teardown finds it */
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
