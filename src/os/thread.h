/*
 * thread.h: threads, and a place to sleep until a counter changes.
 *
 *     ewi_thread *thread;
 *     EWI_TRY(ewi_thread_start(run, arg, "ew-worker", &thread, err));
 *     ewi_thread_join(thread);
 */
#ifndef EW_OS_THREAD_H
#define EW_OS_THREAD_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_thread ewi_thread;

/* name: at most 15 bytes are kept. No signal but faults is delivered to the thread. Errors: EW_LIMIT,
 * EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_thread_start(void (*run)(void *arg), void *arg, const char *name,
                                         ewi_thread **out, ew_error *err);
/* Waits for run to return, and frees. NULL is allowed. */
void ewi_thread_join(ewi_thread *thread);

/* A counter that threads can sleep on. */
typedef struct ewi_signal ewi_signal;
EWI_NODISCARD ewi_signal *ewi_signal_new(void); /* NULL: no memory */
void ewi_signal_free(ewi_signal *signal);
/* Sleeps while *word == value; returns at once when it already differs. */
void ewi_signal_wait(ewi_signal *signal, const _Atomic uint32_t *word, uint32_t value);
/* Wakes all sleepers; call it after changing the word. */
void ewi_signal_wake(ewi_signal *signal);

/* A hint inside a spin loop. */
void ewi_cpu_relax(void);

#endif
