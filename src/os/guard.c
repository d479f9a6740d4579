#define _GNU_SOURCE

#include "os/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

struct ewi_guard_slot {
    atomic_uintptr_t base; /* 0 = free, 1 = being filled */
    atomic_size_t len;
    atomic_bool lost;
};

#define SLOT_FREE ((uintptr_t)0)
#define SLOT_BUSY ((uintptr_t)1)

static ewi_guard_slot slots[EWI_GUARD_SLOTS];
static struct sigaction previous_action;
static uintptr_t page_bytes;

ewi_guard_slot *ewi_guard_add(const void *base, size_t len) {
    for (size_t i = 0; i < EWI_GUARD_SLOTS; i++) {
        uintptr_t expected = SLOT_FREE;
        if (!atomic_compare_exchange_strong(&slots[i].base, &expected, SLOT_BUSY)) continue;
        atomic_store(&slots[i].len, len);
        atomic_store(&slots[i].lost, false);
        atomic_store(&slots[i].base, (uintptr_t)base);
        return &slots[i];
    }
    return NULL;
}

void ewi_guard_remove(ewi_guard_slot *slot) {
    if (slot) atomic_store(&slot->base, SLOT_FREE);
}

/* The first free one is taken, so those before this one were when it was. */
bool ewi_guard_is_crowded(void) {
    return atomic_load(&slots[EWI_GUARD_SLOTS / 8 * 7].base) != SLOT_FREE;
}

bool ewi_guard_lost(const ewi_guard_slot *slot) {
    return slot && atomic_load(&slot->lost);
}

/* A range may end in the middle of its last page; the whole page belongs to it. */
static bool slot_covers(const ewi_guard_slot *slot, uintptr_t address) {
    uintptr_t base = atomic_load(&slot->base);
    if (base == SLOT_FREE || base == SLOT_BUSY) return false;
    size_t len = atomic_load(&slot->len);
    return address >= base && address - base < ((len + page_bytes - 1) & ~(page_bytes - 1));
}

/* Readers of the page see it lost or zero, never between. The bare call, where its arguments are the same: in
 * a signal handler nothing should stand between us and the system, such as a sanitizer's mmap, which would
 * take the other readers for a race. */
static bool put_zeros(void *page) {
    const int prot = PROT_READ, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
#if defined(__linux__) && defined(__LP64__)
    return syscall(SYS_mmap, page, page_bytes, prot, flags, -1, 0L) == (long)(uintptr_t)page;
#else
    return mmap(page, page_bytes, prot, flags, -1, 0) == page;
#endif
}

static bool mend_page(uintptr_t address) {
    for (size_t i = 0; i < EWI_GUARD_SLOTS; i++) {
        if (!slot_covers(&slots[i], address)) continue;
        void *page = (void *)(address & ~(page_bytes - 1)); /* NOLINT(performance-no-int-to-ptr) */
        atomic_store(&slots[i].lost, true);
        return put_zeros(page);
    }
    return false;
}

/* What the system would have done without us. A fault cannot be ignored: its instruction runs again and ends
 * the process. A signal that was sent does not come again by itself. */
static void act_by_default(bool is_fault) {
    if (previous_action.sa_handler == SIG_IGN && !is_fault) return;
    signal(SIGBUS, SIG_DFL);
    if (!is_fault) raise(SIGBUS);
}

static void on_sigbus(int signo, siginfo_t *info, void *context) {
    int saved_errno = errno;
    bool is_fault = info->si_code > 0; /* else kill() or sigqueue(): si_addr holds no address */
    if (is_fault && mend_page((uintptr_t)info->si_addr)) {
        errno = saved_errno;
    } else if (previous_action.sa_flags & SA_SIGINFO) {
        previous_action.sa_sigaction(signo, info, context);
    } else if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN) {
        previous_action.sa_handler(signo);
    } else {
        act_by_default(is_fault);
    }
}

ew_status ew_guard_install(ew_error *err) {
    static atomic_flag installed = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&installed)) return EW_OK;
    page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_sigbus;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK; /* hosts such as Go need the last */
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, &action, &previous_action) == 0) return EW_OK;
    atomic_flag_clear(&installed);
    return ewi_fail(err, EW_IO, "cannot install the SIGBUS guard: %s", strerror(errno));
}
