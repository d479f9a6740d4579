/*
 * package_writer.h: a model package as it is made: an OCI image layout with one manifest
 * (docs/container.md).
 *
 * Blobs are named by their digests; weights are one blob of tensors, written as they come. The package
 * appears whole or not at all. Used by one thread.
 *
 *     EWI_TRY(ewi_package_open("out", NULL, false, &package, err));
 *     status = ewi_package_add(package, EWI_BLOB_CONFIG, json, err);
 *     status = ewi_package_tensor(package, &tensor, err);              then its data, in pieces
 *     status = ewi_package_data(package, tile, n, err);
 *     status = ewi_package_close(package, &annotations, err);          after a failure: ewi_package_abandon
 */
#ifndef EW_PACKAGE_PACKAGE_WRITER_H
#define EW_PACKAGE_PACKAGE_WRITER_H

#include "format/container.h"
#include "os/staging.h"

typedef struct ewi_package ewi_package;

/* key: of the staging, which keeps the weights. Replacing is for packages: EW_INVALID when something else is
 * there. */
EWI_NODISCARD ew_status ewi_package_open(const char *path, const char *key, bool replace, ewi_package **out,
                                         ew_error *err);
ewi_staging *ewi_package_staging(const ewi_package *package);
/* Not EWI_BLOB_TENSORS and EWI_BLOB_WEIGHTS; before the first tensor. */
EWI_NODISCARD ew_status ewi_package_add(ewi_package *package, ewi_blob_role role, ewi_bytes bytes,
                                        ew_error *err);
/* Begins a tensor: name, dtype, packed, dims, size_bytes and input_scale count. The one before is
 * complete. */
EWI_NODISCARD ew_status ewi_package_tensor(ewi_package *package, const ewi_tensor *tensor, ew_error *err);
EWI_NODISCARD ew_status ewi_package_data(ewi_package *package, const void *data, size_t len, ew_error *err);

typedef struct ewi_package_notes {
    const char *type;   /* "q4s" */
    const char *source; /* "sha256:..." of the files it was made from */
} ewi_package_notes;

/* Writes tables and manifest and puts the package in its place. Frees when it succeeds. */
EWI_NODISCARD ew_status ewi_package_close(ewi_package *package, const ewi_package_notes *notes,
                                          ew_error *err);
/* NULL is allowed. */
void ewi_package_abandon(ewi_package *package);

#endif
