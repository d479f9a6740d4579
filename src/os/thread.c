#define _GNU_SOURCE

#include "os/thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/mem.h"

struct ewi_thread {
    pthread_t handle;
    void (*run)(void *arg);
    void *arg;
    char name[16];
};

static void *thread_main(void *opaque) {
    ewi_thread *thread = opaque;
#ifdef __linux__
    pthread_setname_np(pthread_self(), thread->name);
#endif
    thread->run(thread->arg);
    return NULL;
}

/* The program's signals belong to the program's threads, but faults must stay deliverable for the guard. */
static int create_without_signals(ewi_thread *thread) {
    sigset_t blocked, before;
    sigfillset(&blocked);
    static const int faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    for (size_t i = 0; i < EWI_COUNT(faults); i++) sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int code = ewi_hostile_fails() ? EAGAIN : pthread_create(&thread->handle, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

ew_status ewi_thread_start(void (*run)(void *arg), void *arg, const char *name, ewi_thread **out,
                           ew_error *err) {
    ewi_thread *thread = ewi_zalloc(sizeof *thread);
    if (!thread) return ewi_no_memory(err, "a thread");
    thread->run = run;
    thread->arg = arg;
    strncpy(thread->name, name, sizeof thread->name - 1);
    int code = create_without_signals(thread);
    if (code != 0) {
        ewi_free(thread);
        return ewi_fail(err, EW_LIMIT, "cannot start thread %s: %s", name, strerror(code));
    }
    *out = thread;
    return EW_OK;
}

void ewi_thread_join(ewi_thread *thread) {
    if (!thread) return;
    pthread_join(thread->handle, NULL);
    ewi_free(thread);
}

struct ewi_signal {
    _Atomic uint32_t
        value; /* changed under the mutex only, so that no raise falls between a look and a sleep */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

ewi_signal *ewi_signal_new(void) {
    ewi_signal *signal = ewi_zalloc(sizeof *signal);
    if (!signal) return NULL;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&signal->mutex, NULL);
    pthread_cond_init(&signal->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return signal;
}

void ewi_signal_free(ewi_signal *signal) {
    if (!signal) return;
    pthread_cond_destroy(&signal->changed);
    pthread_mutex_destroy(&signal->mutex);
    ewi_free(signal);
}

uint32_t ewi_signal_value(const ewi_signal *signal) {
    return atomic_load_explicit(&signal->value, memory_order_acquire);
}

void ewi_signal_raise(ewi_signal *signal) {
    pthread_mutex_lock(&signal->mutex);
    atomic_fetch_add_explicit(&signal->value, 1, memory_order_release);
    pthread_cond_broadcast(&signal->changed);
    pthread_mutex_unlock(&signal->mutex);
}

void ewi_signal_wait(ewi_signal *signal, uint32_t seen) {
    pthread_mutex_lock(&signal->mutex);
    while (ewi_signal_value(signal) == seen) pthread_cond_wait(&signal->changed, &signal->mutex);
    pthread_mutex_unlock(&signal->mutex);
}

static struct timespec after_ms(uint32_t timeout_ms) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += timeout_ms / 1000;
    end.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    return end;
}

void ewi_signal_wait_for(ewi_signal *signal, uint32_t seen, uint32_t timeout_ms) {
    const struct timespec end = after_ms(timeout_ms);
    int code = 0;
    pthread_mutex_lock(&signal->mutex);
    while (ewi_signal_value(signal) == seen && code == 0)
        code = pthread_cond_timedwait(&signal->changed, &signal->mutex, &end);
    pthread_mutex_unlock(&signal->mutex);
}

struct ewi_mutex {
    pthread_mutex_t mutex;
};

ewi_mutex *ewi_mutex_new(void) {
    ewi_mutex *mutex = ewi_zalloc(sizeof *mutex);
    if (mutex) pthread_mutex_init(&mutex->mutex, NULL);
    return mutex;
}

void ewi_mutex_free(ewi_mutex *mutex) {
    if (!mutex) return;
    pthread_mutex_destroy(&mutex->mutex);
    ewi_free(mutex);
}

void ewi_mutex_lock(ewi_mutex *mutex) {
    pthread_mutex_lock(&mutex->mutex);
}

void ewi_mutex_unlock(ewi_mutex *mutex) {
    pthread_mutex_unlock(&mutex->mutex);
}

/* Built-ins instead of an _Atomic member, which C++ would not read in the header. */
void ewi_flag_raise(ewi_flag *flag) {
    __atomic_store_n(&flag->up, 1, __ATOMIC_RELEASE);
}

bool ewi_flag_take(ewi_flag *flag) {
    return __atomic_exchange_n(&flag->up, 0, __ATOMIC_ACQ_REL) != 0;
}

void ewi_cpu_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void ewi_thread_yield(void) {
    sched_yield();
}
