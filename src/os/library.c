#include "os/library.h"

#include <dlfcn.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

struct ewi_library {
    void *handle;
};

ew_status ewi_library_open(const char *name, ewi_library **out, ew_error *err) {
    ewi_library *library = ewi_zalloc(sizeof *library);
    if (!library) return ewi_no_memory(err, "a library");
    library->handle = ewi_hostile_fails() ? NULL : dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle) {
        const char *why = dlerror();
        ewi_free(library);
        return ewi_fail(err, EW_UNSUPPORTED, "cannot load %s: %s", name, why ? why : "no reason given");
    }
    *out = library;
    return EW_OK;
}

void ewi_library_close(ewi_library *library) {
    if (!library) return;
    dlclose(library->handle);
    ewi_free(library);
}

/* POSIX has dlsym's pointer stand for a function; C has no cast that says so. */
bool ewi_library_find(const ewi_library *library, const char *name, void *function) {
    void *address = dlsym(library->handle, name);
    if (address) memcpy(function, &address, sizeof address);
    return address != NULL;
}
