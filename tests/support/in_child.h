/* in_child.h: runs a part of a test in a child process: for what a process does once, or may not survive.
 *
 *     in_child(run, &arg);
 *
 * The running cmocka test fails when the child fails an assertion or dies by a signal.
 *
 * What the child writes to ordinary memory is lost: share a mapping. Threads: the parent has none when it
 * forks.
 */
#ifndef TESTS_SUPPORT_IN_CHILD_H
#define TESTS_SUPPORT_IN_CHILD_H

#ifdef __cplusplus
extern "C" {
#endif

void in_child(void (*run)(void *arg), void *arg);

#ifdef __cplusplus
}
#endif

#endif
