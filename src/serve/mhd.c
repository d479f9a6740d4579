#include "serve/mhd.h"

#include "base/error.h"

#define LIBRARY "libmicrohttpd.so.12"

ew_status ewi_mhd_load(ewi_mhd *out, ewi_library **library, ew_error *err) {
    if (ewi_library_open(LIBRARY, library, err) != EW_OK)
        return ewi_fail_at(err, EW_UNSUPPORTED, "serving needs libmicrohttpd (Debian: libmicrohttpd12)");
#define FIND(member, function) &&ewi_library_find(*library, #function, &out->member)
    if (true EWI_MHD_MAP(FIND)) return EW_OK;
#undef FIND
    ewi_library_close(*library);
    *library = NULL;
    return ewi_fail(err, EW_UNSUPPORTED, "%s is too old: serving needs libmicrohttpd 0.9.75", LIBRARY);
}
