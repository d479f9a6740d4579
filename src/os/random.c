#include "os/random.h"

#include <stdint.h>
#include <sys/random.h>
#include <sys/types.h>

bool ewi_random_bytes(void *out, size_t n) {
    uint8_t *at = out;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got <= 0) return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}
