/*
 * kept.h: what a run that was interrupted had made of a package or a GGUF file, for the next one to go on
 * with: the tensors that lie whole in the staging's kept file (os/staging.h), each with its digest.
 *
 * Its notes are a record for each tensor, in the order in which they were written, and nothing of them is
 * believed: of the bytes that are there, opening takes those before the first that differ from their digest,
 * and cuts off the rest. A run comes to its tensors in the same order each time; from the first on that is
 * not the next one that was kept it makes all itself. One thread uses it, while the staging lives.
 *
 *     EWI_TRY(ewi_kept_open(staging, tell, user, &kept, err));
 *     const ewi_kept_tensor *t = ewi_kept_next(kept, index, size_bytes);
 *     if (t) status = ewi_kept_read(kept, t, from, data, len, err);     in pieces; they are written once more
 *     else {
 *         status = ewi_kept_begin(kept, index, size_bytes, err);
 *         ewi_kept_add(kept, data, len);                                each piece that is written
 *         status = ewi_kept_end(kept, squares, squared_errors, err);
 *     }
 *     ewi_kept_close(kept);
 */
#ifndef EW_ENGINE_KEPT_H
#define EW_ENGINE_KEPT_H

#include "crypto/sha256.h"
#include "engine/package_out.h"
#include "os/staging.h"

/* A record. */
typedef struct ewi_kept_tensor {
    uint64_t index, at, size_bytes;   /* which of the model's; where it begins in the file */
    double squares, squared_errors;   /* sums of the report's row, this tensor's included */
    uint8_t digest[EWI_SHA256_BYTES]; /* of all this and its bytes */
} ewi_kept_tensor;

typedef struct ewi_kept ewi_kept;

/* Errors: EW_IO, EW_NO_MEMORY, and what tell fails with. */
EWI_NODISCARD ew_status ewi_kept_open(ewi_staging *staging, ewi_tell tell, void *user, ewi_kept **out,
                                      ew_error *err);
/* NULL is allowed. */
void ewi_kept_close(ewi_kept *kept);

/* The next one, when it is that of the model's tensor and lies where the staging's file is now; NULL: it has
 * to be made. */
const ewi_kept_tensor *ewi_kept_next(ewi_kept *kept, uint64_t index, uint64_t size_bytes);
EWI_NODISCARD ew_status ewi_kept_read(const ewi_kept *kept, const ewi_kept_tensor *tensor, uint64_t from,
                                      void *data, size_t len, ew_error *err);

EWI_NODISCARD ew_status ewi_kept_begin(ewi_kept *kept, uint64_t index, uint64_t size_bytes, ew_error *err);
void ewi_kept_add(ewi_kept *kept, const void *data, size_t len);
EWI_NODISCARD ew_status ewi_kept_end(ewi_kept *kept, double squares, double squared_errors, ew_error *err);

/* How many are whole now. */
size_t ewi_kept_n(const ewi_kept *kept);

/* ---- the key ---- */

#define EWI_KEPT_KEY_BYTES 17

/* Adds which files a model is made of, as the file system tells them apart: by their numbers, sizes and times
 * of the last change. */
void ewi_kept_add_source(ewi_sha256 *hash, const ewi_checkpoint *source);

#endif
