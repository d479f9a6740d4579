/*
 * package_out.h: what a package holds besides its tensors: the metadata of the model that it is made from,
 * the type, and the digest of the source.
 *
 *     EWI_TRY(ewi_package_open(path, NULL, replace, &package, err));
 *     EWI_TRY(ewi_package_out_begin(package, source, &config, err));        then the tensors
 *     EWI_TRY(ewi_package_out_end(package, source, "q4s", tell, user, err));
 */
#ifndef EW_ENGINE_PACKAGE_OUT_H
#define EW_ENGINE_PACKAGE_OUT_H

#include "model/checkpoint.h"
#include "package/package_writer.h"

/* Called after some millions of bytes; what it fails with ends the work. */
typedef ew_status (*ewi_tell)(void *user, ew_error *err);

/* What the package's config says. */
typedef struct ewi_package_out_config {
    const char *type, *activation_ranges; /* NULL: there are none */
    bool is_scaled;                       /* channels between layers are not as in the source */
} ewi_package_out_config;

EWI_NODISCARD ew_status ewi_package_out_begin(ewi_package *package, const ewi_checkpoint *source,
                                              const ewi_package_out_config *config, ew_error *err);
/* Closes the package, which is freed when this succeeds. */
EWI_NODISCARD ew_status ewi_package_out_end(ewi_package *package, const ewi_checkpoint *source,
                                            const char *type, ewi_tell tell, void *user, ew_error *err);

#endif
