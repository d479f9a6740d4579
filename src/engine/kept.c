#include "engine/kept.h"

#include "base/error.h"
#include "base/mem.h"

#define PIECE_BYTES  ((size_t)4 << 20)
#define HASHED_BYTES offsetof(ewi_kept_tensor, digest)
#define MAX_NOTES    ((uint64_t)1 << 30)
_Static_assert(sizeof(ewi_kept_tensor) == HASHED_BYTES + EWI_SHA256_BYTES, "records without gaps");

struct ewi_kept {
    ewi_staging *staging;
    size_t n, next; /* whole ones that were found; of them, which comes */
    ewi_kept_tensor *found;
    size_t n_made;        /* after those */
    ewi_kept_tensor made; /* that is written now */
    ewi_sha256 *hash;     /* of it */
};

/* ---- what is there ---- */

static ew_status hash_bytes(ewi_kept *k, const ewi_kept_tensor *t, uint8_t *piece, ewi_tell tell, void *user,
                            ew_error *err) {
    for (uint64_t from = 0; from < t->size_bytes; from += PIECE_BYTES) {
        const uint64_t rest = t->size_bytes - from;
        const size_t n = rest < PIECE_BYTES ? (size_t)rest : PIECE_BYTES;
        EWI_TRY(ewi_kept_read(k, t, from, piece, n, err));
        ewi_sha256_add(k->hash, piece, n);
        EWI_TRY(tell(user, err));
    }
    return EW_OK;
}

static ew_status begin_hash(ewi_kept *k, ew_error *err) {
    ewi_sha256_free(k->hash);
    k->hash = NULL;
    return ewi_sha256_new(&k->hash, err);
}

static ew_status end_hash(ewi_kept *k, const ewi_kept_tensor *t, uint8_t digest[EWI_SHA256_BYTES],
                          ew_error *err) {
    ewi_sha256 *hash = k->hash;
    k->hash = NULL;
    ewi_sha256_add(hash, t, HASHED_BYTES);
    return ewi_sha256_end(hash, digest, err);
}

/* Whole ones, one after the other in the file. */
static ew_status check_found(ewi_kept *k, size_t n, uint64_t file_bytes, uint8_t *piece, ewi_tell tell,
                             void *user, ew_error *err) {
    uint8_t digest[EWI_SHA256_BYTES];
    uint64_t end = 0;
    for (; k->n < n; k->n++) {
        const ewi_kept_tensor *t = &k->found[k->n];
        if (t->at < end || t->at > file_bytes || t->size_bytes > file_bytes - t->at) break;
        EWI_TRY(begin_hash(k, err));
        EWI_TRY(hash_bytes(k, t, piece, tell, user, err));
        EWI_TRY(end_hash(k, t, digest, err));
        if (memcmp(digest, t->digest, sizeof digest) != 0) break;
        end = t->at + t->size_bytes;
    }
    EWI_TRY(ewi_staging_cut_kept(k->staging, EWI_KEPT_NOTES, k->n * sizeof *k->found, err));
    return ewi_staging_cut_kept(k->staging, EWI_KEPT_FILE, end, err);
}

static ew_status find(ewi_kept *k, ewi_tell tell, void *user, ew_error *err) {
    uint64_t notes_bytes, file_bytes;
    EWI_TRY(ewi_staging_kept_bytes(k->staging, EWI_KEPT_NOTES, &notes_bytes, err));
    EWI_TRY(ewi_staging_kept_bytes(k->staging, EWI_KEPT_FILE, &file_bytes, err));
    if (notes_bytes > MAX_NOTES) notes_bytes = 0;
    const size_t n = (size_t)notes_bytes / sizeof *k->found;
    k->found = ewi_alloc_array(n + 1, sizeof *k->found);
    uint8_t *piece = ewi_alloc(PIECE_BYTES);
    ew_status status = k->found && piece ? EW_OK : ewi_no_memory(err, "what was kept of tensors");
    if (status == EW_OK)
        status = ewi_staging_read_kept(k->staging, EWI_KEPT_NOTES, 0, k->found, n * sizeof *k->found, err);
    if (status == EW_OK) status = check_found(k, n, file_bytes, piece, tell, user, err);
    ewi_free(piece);
    return status;
}

ew_status ewi_kept_open(ewi_staging *staging, ewi_tell tell, void *user, ewi_kept **out, ew_error *err) {
    ewi_kept *k = ewi_zalloc(sizeof *k);
    if (!k) return ewi_no_memory(err, "what was kept of tensors");
    k->staging = staging;
    ew_status status = find(k, tell, user, err);
    if (status == EW_OK)
        *out = k;
    else
        ewi_kept_close(k);
    return status;
}

void ewi_kept_close(ewi_kept *k) {
    if (!k) return;
    ewi_sha256_free(k->hash);
    ewi_free(k->found);
    ewi_free(k);
}

const ewi_kept_tensor *ewi_kept_next(ewi_kept *k, uint64_t index, uint64_t size_bytes) {
    const ewi_kept_tensor *t = &k->found[k->next];
    if (k->next == k->n || t->index != index || t->size_bytes != size_bytes ||
        t->at != ewi_staging_at(k->staging))
        return NULL;
    k->next++;
    return t;
}

ew_status ewi_kept_read(const ewi_kept *k, const ewi_kept_tensor *t, uint64_t from, void *data, size_t len,
                        ew_error *err) {
    return ewi_staging_read_kept(k->staging, EWI_KEPT_FILE, t->at + from, data, len, err);
}

/* ---- what is made ---- */

ew_status ewi_kept_begin(ewi_kept *k, uint64_t index, uint64_t size_bytes, ew_error *err) {
    if (k->next < k->n) {
        k->n = k->next;
        EWI_TRY(ewi_staging_cut_kept(k->staging, EWI_KEPT_NOTES, k->n * sizeof *k->found, err));
    }
    k->made = (ewi_kept_tensor){.index = index, .at = ewi_staging_at(k->staging), .size_bytes = size_bytes};
    return begin_hash(k, err);
}

void ewi_kept_add(ewi_kept *k, const void *data, size_t len) {
    ewi_sha256_add(k->hash, data, len);
}

ew_status ewi_kept_end(ewi_kept *k, double squares, double squared_errors, ew_error *err) {
    k->made.squares = squares;
    k->made.squared_errors = squared_errors;
    EWI_TRY(end_hash(k, &k->made, k->made.digest, err));
    EWI_TRY(ewi_staging_note(k->staging, &k->made, sizeof k->made, err));
    k->n_made++;
    return EW_OK;
}

size_t ewi_kept_n(const ewi_kept *k) {
    return k->n + k->n_made;
}

/* ---- the key ---- */

void ewi_kept_add_source(ewi_sha256 *hash, const ewi_checkpoint *source) {
    for (size_t i = 0; i < source->n_maps; i++) {
        const ewi_map_stamp stamp = ewi_map_get_stamp(source->maps[i]);
        ewi_sha256_add(hash, &stamp, sizeof stamp);
    }
}
