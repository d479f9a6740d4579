/*
 * prefix_key.h: digests of all that decides the bits of a session's state: what an engine runs and how, a
 * session's ropes and adapters, and then its tokens, 64 at a time, each block's digest made of the one
 * before.
 *
 * A package is known by its blobs' digests, other models by the numbers, sizes and times of their files, as
 * the file system says; adapters by their weights. Of processors the level counts where bits depend on it
 * (docs/numerics.md): unless the engine is exact.
 *
 *     EWI_TRY(ewi_prefix_key_engine(engine, digest, err));
 *     EWI_TRY(ewi_prefix_key_adapter(adapter, digest, err));
 *     EWI_TRY(ewi_prefix_key_next(parent, bytes, digest, err));
 */
#ifndef EW_ENGINE_PREFIX_KEY_H
#define EW_ENGINE_PREFIX_KEY_H

#include "crypto/sha256.h"
#include "engine/engine.h"

EWI_NODISCARD ew_status ewi_prefix_key_engine(const ew_engine *engine, uint8_t digest[EWI_SHA256_BYTES],
                                              ew_error *err);
EWI_NODISCARD ew_status ewi_prefix_key_adapter(const ew_adapter *adapter, uint8_t digest[EWI_SHA256_BYTES],
                                               ew_error *err);
/* Of the parent's digest and those bytes. */
EWI_NODISCARD ew_status ewi_prefix_key_next(const uint8_t parent[EWI_SHA256_BYTES], ewi_bytes bytes,
                                            uint8_t digest[EWI_SHA256_BYTES], ew_error *err);

#endif
