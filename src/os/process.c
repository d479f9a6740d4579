#define _GNU_SOURCE

#include "os/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* /proc/self/statm: pages of the program, then those that are resident. */
uint64_t ewi_process_resident_bytes(void) {
    char text[128], *at;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) close(fd);
    if (n <= 0) return 0;
    text[n] = '\0';
    strtoull(text, &at, 10);
    return strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}
