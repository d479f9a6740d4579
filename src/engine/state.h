/*
 * state.h: what a session remembers: blocks of 64 positions, each with the keys and values of every layer.
 *
 * A block is one allocation: for layer l, keys [n_kv_heads][head_dim][64] and then values
 * [n_kv_heads][64][head_dim]: scores are made of many positions at once, and sums of values of many elements.
 * I8 keys are [n_kv_heads] of {[head_dim / 4, rounded up][64][4] codes + 128, [64] f32 scales}, values of
 * {[64][head_dim] codes, [64] f32 scales}. Q4R keys are {[head_dim / 8, rounded up][64][4] bytes, [64] bf16
 * scales}, values {[64][head_dim / 16, rounded up][8] bytes, [64] bf16 scales} (kernels/q4r.h). Blocks are
 * allocated as positions are reserved, never during a step.
 *
 * Several may hold a block: states, a prefix cache, the thread that writes it to disk. Then nobody writes
 * into it: a state that is to go on inside of one gets a copy of its own when positions are reserved. A state
 * belongs to one thread at a time; references to blocks are counted across threads.
 *
 *     ewi_state_shape shape = ewi_state_shape_make(n_layers, n_kv_heads, head_dim, EWI_F16, EWI_F16);
 *     EWI_TRY(ewi_state_init(&state, &shape, n_ctx, err));
 *     EWI_TRY(ewi_state_reserve(&state, 0, 100, err));      positions 0..99 exist, and may be written
 *     void *k = ewi_state_keys(&state, layer, head, block);
 *     ewi_state_deinit(&state);
 */
#ifndef EW_ENGINE_STATE_H
#define EW_ENGINE_STATE_H

#include "base/compiler.h"
#include "os/file.h"
#include "tensor/dtype.h"

#define EWI_BLOCK_POSITIONS 64u

typedef struct ewi_state_shape {
    uint32_t n_layers, n_kv_heads, head_dim;
    ewi_dtype k, v;                    /* F32, F16, I8 or Q4R */
    size_t k_head_bytes, v_head_bytes; /* one head of one layer of a block */
    size_t layer_bytes, block_bytes;
} ewi_state_shape;

typedef struct ewi_block {
    uint8_t *data;   /* [block_bytes] */
    ewi_map *map;    /* of whose bytes they are, which nobody writes; NULL: of this allocation */
    uint32_t n_refs; /* private */
} ewi_block;

typedef struct ewi_state {
    const ewi_state_shape *shape;
    uint32_t n_blocks, max_blocks; /* there are, at most */
    uint32_t n_mapped;             /* of those there are */
    ewi_block **blocks;
} ewi_state;

/* One reference each, the caller's; NULL: no memory. */
EWI_NODISCARD ewi_block *ewi_block_new(size_t size_bytes);
/* Takes the map in, which holds the data, unless there is no memory. */
EWI_NODISCARD ewi_block *ewi_block_new_mapped(ewi_map *map, const uint8_t *data);
ewi_block *ewi_block_ref(ewi_block *block);
/* NULL is allowed. */
void ewi_block_unref(ewi_block *block);
uint32_t ewi_block_n_refs(const ewi_block *block);
/* Whether it is to be left as it is. Of an unshared one the asker's reference is the only one. */
bool ewi_block_is_shared(const ewi_block *block);

/* Errors: EW_LIMIT when a block would not fit an address space; EW_UNSUPPORTED for heads of more codes than
 * one scale covers. */
EWI_NODISCARD ew_status ewi_state_shape_make(uint32_t n_layers, uint32_t n_kv_heads, uint32_t head_dim,
                                             ewi_dtype k, ewi_dtype v, ewi_state_shape *out, ew_error *err);

/* The shape must outlive the state. */
EWI_NODISCARD ew_status ewi_state_init(ewi_state *state, const ewi_state_shape *shape, uint32_t n_ctx,
                                       ew_error *err);
void ewi_state_deinit(ewi_state *state);
/* Makes positions `first` to n_positions (at most n_ctx) ready to be written, after what is held of those
 * before. On failure what is held stays. Errors: EW_NO_MEMORY; EW_IO when a file that the last block is
 * mapped from was truncated. */
EWI_NODISCARD ew_status ewi_state_reserve(ewi_state *state, uint32_t first, uint32_t n_positions,
                                          ew_error *err);
/* Lets go of shared blocks behind n_positions; own ones stay for what comes. */
void ewi_state_truncate(ewi_state *state, uint32_t n_positions);
/* Block `index`, at most n_blocks, is from now on the given one, of which it takes a reference. */
void ewi_state_set_block(ewi_state *state, uint32_t index, ewi_block *block);
/* EW_IO when a file that a block is mapped from was truncated: nothing computed from the state is to be
 * trusted. */
EWI_NODISCARD ew_status ewi_state_check(const ewi_state *state, ew_error *err);

/* Keys [head_dim, 64], values [64, head_dim] of the state's types; block must be reserved. */
void *ewi_state_keys(const ewi_state *state, uint32_t layer, uint32_t kv_head, uint32_t block);
void *ewi_state_values(const ewi_state *state, uint32_t layer, uint32_t kv_head, uint32_t block);
/* [64]: f32 of I8, bf16 of Q4R; NULL when the type has none. */
void *ewi_state_key_scales(const ewi_state *state, uint32_t layer, uint32_t kv_head, uint32_t block);
void *ewi_state_value_scales(const ewi_state *state, uint32_t layer, uint32_t kv_head, uint32_t block);

#endif
