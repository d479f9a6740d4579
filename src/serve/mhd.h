/*
 * mhd.h: libmicrohttpd, loaded when a server is opened: linking it would cost each start of the program the
 * loading of ten libraries.
 *
 *     EWI_TRY(ewi_mhd_load(&mhd, &library, err));
 *     mhd.resume(connection);                       until ewi_library_close(library)
 */
#ifndef EW_SERVE_MHD_H
#define EW_SERVE_MHD_H

#include <microhttpd.h>

#include "base/compiler.h"
#include "os/library.h"

/* X(member, function) */
#define EWI_MHD_MAP(X)                                         \
    X(start_daemon, MHD_start_daemon)                          \
    X(stop_daemon, MHD_stop_daemon)                            \
    X(quiesce_daemon, MHD_quiesce_daemon)                      \
    X(get_connection_info, MHD_get_connection_info)            \
    X(get_values, MHD_get_connection_values_n)                 \
    X(suspend, MHD_suspend_connection)                         \
    X(resume, MHD_resume_connection)                           \
    X(response_from_buffer, MHD_create_response_from_buffer)   \
    X(response_from_reader, MHD_create_response_from_callback) \
    X(add_header, MHD_add_response_header)                     \
    X(queue_response, MHD_queue_response)                      \
    X(destroy_response, MHD_destroy_response)

typedef struct ewi_mhd {
#define EWI_MHD_MEMBER(member, function) __typeof__(function) *member;
    EWI_MHD_MAP(EWI_MHD_MEMBER)
#undef EWI_MHD_MEMBER
} ewi_mhd;

/* Errors: EW_UNSUPPORTED, with what to install. */
EWI_NODISCARD ew_status ewi_mhd_load(ewi_mhd *out, ewi_library **library, ew_error *err);

#endif
