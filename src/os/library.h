/*
 * library.h: a shared library that is loaded when it is needed, so that no start of the program pays for it.
 *
 *     ewi_library *library;
 *     EWI_TRY(ewi_library_open("libmicrohttpd.so.12", &library, err));
 *     if (!ewi_library_find(library, "MHD_get_version", &version)) ...    a pointer to a function pointer
 *     ewi_library_close(library);
 */
#ifndef EW_OS_LIBRARY_H
#define EW_OS_LIBRARY_H

#include <stdbool.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_library ewi_library;

/* name: as the dynamic linker finds it. Errors: EW_UNSUPPORTED when it is not installed, EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_library_open(const char *name, ewi_library **out, ew_error *err);
/* Nothing that was found in it may be called any more. NULL is allowed. */
void ewi_library_close(ewi_library *library);
/* Puts the address of a function into *function, a function pointer of its type. False: there is none. */
EWI_NODISCARD bool ewi_library_find(const ewi_library *library, const char *name, void *function);

#endif
