/*
 * thread.h: threads, a counter to sleep on, a mutex and a flag.
 *
 *     ewi_thread *thread;
 *     EWI_TRY(ewi_thread_start(run, arg, "ew-worker", &thread, err));
 *     ewi_thread_join(thread);
 */
#ifndef EW_OS_THREAD_H
#define EW_OS_THREAD_H

#include <stdbool.h>
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

/*
 * A counter that threads can watch and sleep on. It starts at 0 and wraps around. What a thread wrote before
 * it raised the counter is seen by whoever sees the new value. Any thread may call anything but free.
 */
typedef struct ewi_signal ewi_signal;
EWI_NODISCARD ewi_signal *ewi_signal_new(void); /* NULL: no memory */
void ewi_signal_free(ewi_signal *signal);
uint32_t ewi_signal_value(const ewi_signal *signal);
/* Adds one and wakes all sleepers. */
void ewi_signal_raise(ewi_signal *signal);
/* Sleeps while the value is `seen`; returns at once when it already differs. */
void ewi_signal_wait(ewi_signal *signal, uint32_t seen);
/* At most so long. */
void ewi_signal_wait_for(ewi_signal *signal, uint32_t seen, uint32_t timeout_ms);

/* One thread at a time between lock and unlock. */
typedef struct ewi_mutex ewi_mutex;
EWI_NODISCARD ewi_mutex *ewi_mutex_new(void); /* NULL: no memory */
void ewi_mutex_free(ewi_mutex *mutex);
void ewi_mutex_lock(ewi_mutex *mutex);
void ewi_mutex_unlock(ewi_mutex *mutex);

/* A wish that any thread, also a signal handler, expresses to another. Caller-owned; {0} is down. */
typedef struct ewi_flag {
    uint32_t up; /* private */
} ewi_flag;

void ewi_flag_raise(ewi_flag *flag);
/* Takes the flag down. True when it was up: of many takers one gets each wish. */
bool ewi_flag_take(ewi_flag *flag);

/* A hint inside a spin loop. */
void ewi_cpu_relax(void);
/* Lets another thread have the core, if one waits for it. */
void ewi_thread_yield(void);

#endif
