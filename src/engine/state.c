#include "engine/state.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "kernels/q4r.h"
#include "kernels/qrows.h"

/* Elements of a head that share a scale. */
#define MOST_CODES EWI_Q4R_MOST
EWI_STATIC_ASSERT(MOST_CODES == EWI_QROWS_BLOCK, "both kinds of codes");

/* Of one head of a block; they follow the codes. */
static size_t scales_bytes(ewi_dtype dtype) {
    size_t bytes = dtype == EWI_I8 ? sizeof(float) : dtype == EWI_Q4R ? sizeof(uint16_t) : 0;
    return EWI_BLOCK_POSITIONS * bytes;
}

static bool has_codes(ewi_dtype dtype) {
    return scales_bytes(dtype) > 0;
}

/* Keys of codes come in fours of elements, of 4 bits in two of them, such values in sixteens. */
static bool head_bytes(uint32_t head_dim, ewi_dtype dtype, bool are_keys, size_t *out) {
    const ewi_dtype_info *info = ewi_dtype_get(dtype);
    size_t elements, rows,
        unit = dtype == EWI_Q4R               ? (are_keys ? 8 : 16)
               : has_codes(dtype) && are_keys ? 4
                                              : 1;
    return ewi_align_size(head_dim, unit, &rows) && ewi_mul_size(rows, EWI_BLOCK_POSITIONS, &elements) &&
           ewi_mul_size(elements / info->block_elements, info->block_bytes, out) &&
           ewi_add_size(*out, scales_bytes(dtype), out);
}

ew_status ewi_state_shape_make(uint32_t n_layers, uint32_t n_kv_heads, uint32_t head_dim, ewi_dtype k,
                               ewi_dtype v, ewi_state_shape *out, ew_error *err) {
    *out = (ewi_state_shape){
        .n_layers = n_layers, .n_kv_heads = n_kv_heads, .head_dim = head_dim, .k = k, .v = v};
    size_t pair;
    if ((has_codes(k) || has_codes(v)) && head_dim > MOST_CODES)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "heads of %u elements: 8-bit and 4-bit keys and values are for at most %u; use f16",
                        head_dim, MOST_CODES);
    bool fits = head_bytes(head_dim, k, true, &out->k_head_bytes) &&
                head_bytes(head_dim, v, false, &out->v_head_bytes) &&
                ewi_add_size(out->k_head_bytes, out->v_head_bytes, &pair) &&
                ewi_mul_size(pair, n_kv_heads, &out->layer_bytes) &&
                ewi_mul_size(out->layer_bytes, n_layers, &out->block_bytes);
    return fits ? EW_OK
                : ewi_fail(err, EW_LIMIT, "the state of %u layers of %u heads does not fit in memory",
                           n_layers, n_kv_heads);
}

/* ---- blocks ---- */

/* The data of an allocated block follows it, aligned as kernels like it. */
#define BLOCK_HEAD_BYTES ((size_t)64)
EWI_STATIC_ASSERT(sizeof(ewi_block) <= BLOCK_HEAD_BYTES, "a block's head");

ewi_block *ewi_block_new(size_t size_bytes) {
    size_t all;
    ewi_block *block = ewi_add_size(BLOCK_HEAD_BYTES, size_bytes, &all) ? ewi_alloc(all) : NULL;
    if (block) *block = (ewi_block){.data = (uint8_t *)block + BLOCK_HEAD_BYTES, .n_refs = 1};
    return block;
}

ewi_block *ewi_block_new_mapped(ewi_map *map, const uint8_t *data) {
    ewi_block *block = ewi_alloc(sizeof *block);
    /* Of a file, but never written: it is shared whoever holds it. */
    if (block) *block = (ewi_block){.data = (uint8_t *)(uintptr_t)data, .map = map, .n_refs = 1};
    return block;
}

ewi_block *ewi_block_ref(ewi_block *block) {
    __atomic_add_fetch(&block->n_refs, 1, __ATOMIC_RELAXED);
    return block;
}

/* What the others did with it is over when the last one lets go. */
void ewi_block_unref(ewi_block *block) {
    if (!block || __atomic_sub_fetch(&block->n_refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    ewi_map_close(block->map);
    ewi_free(block);
}

uint32_t ewi_block_n_refs(const ewi_block *block) {
    return __atomic_load_n(&block->n_refs, __ATOMIC_ACQUIRE);
}

bool ewi_block_is_shared(const ewi_block *block) {
    return block->map || ewi_block_n_refs(block) > 1;
}

/* ---- states ---- */

static uint32_t blocks_of(uint32_t n_positions) {
    return n_positions / EWI_BLOCK_POSITIONS + (n_positions % EWI_BLOCK_POSITIONS != 0);
}

ew_status ewi_state_init(ewi_state *state, const ewi_state_shape *shape, uint32_t n_ctx, ew_error *err) {
    *state = (ewi_state){.shape = shape, .max_blocks = blocks_of(n_ctx)};
    state->blocks = ewi_zalloc_array(state->max_blocks, sizeof(ewi_block *));
    return state->blocks ? EW_OK : ewi_no_memory(err, "a session's table of blocks");
}

void ewi_state_deinit(ewi_state *state) {
    for (uint32_t i = 0; i < state->n_blocks; i++) ewi_block_unref(state->blocks[i]);
    ewi_free(state->blocks);
    *state = (ewi_state){0};
}

/* Takes the reference in, and lets go of the one before. */
static void put_block(ewi_state *state, uint32_t index, ewi_block *block) {
    if (index == state->n_blocks) state->blocks[state->n_blocks++] = NULL;
    ewi_block *before = state->blocks[index];
    if (before && before->map) state->n_mapped--;
    if (block->map) state->n_mapped++;
    state->blocks[index] = block;
    ewi_block_unref(before);
}

void ewi_state_set_block(ewi_state *state, uint32_t index, ewi_block *block) {
    EW_ASSERT(index <= state->n_blocks && index < state->max_blocks);
    put_block(state, index, ewi_block_ref(block));
}

/* A copy that nobody else holds, of a block that lies in a file only if that was there all the while. */
static ew_status own_block(ewi_state *state, uint32_t index, ew_error *err) {
    const ewi_block *shared = state->blocks[index];
    ewi_block *own = ewi_block_new(state->shape->block_bytes);
    if (!own) return ewi_no_memory(err, "a block of a session's state");
    memcpy(own->data, shared->data, state->shape->block_bytes);
    ew_status status = shared->map ? ewi_map_check(shared->map, err) : EW_OK;
    if (status == EW_OK)
        put_block(state, index, own);
    else
        ewi_block_unref(own);
    return status;
}

ew_status ewi_state_reserve(ewi_state *state, uint32_t first, uint32_t n_positions, ew_error *err) {
    const uint32_t need = blocks_of(n_positions), begin = first / EWI_BLOCK_POSITIONS;
    EW_ASSERT(need <= state->max_blocks);
    if (begin < need && begin < state->n_blocks && ewi_block_is_shared(state->blocks[begin]))
        EWI_TRY(own_block(state, begin, err));
    while (state->n_blocks < need) {
        ewi_block *block = ewi_block_new(state->shape->block_bytes);
        if (!block) return ewi_no_memory(err, "a block of a session's state");
        put_block(state, state->n_blocks, block);
    }
    return EW_OK;
}

void ewi_state_truncate(ewi_state *state, uint32_t n_positions) {
    uint32_t stay = blocks_of(n_positions);
    for (uint32_t i = stay; i < state->n_blocks; i++) {
        ewi_block *block = state->blocks[i];
        if (!ewi_block_is_shared(block)) {
            state->blocks[stay++] = block;
            continue;
        }
        if (block->map) state->n_mapped--;
        ewi_block_unref(block);
    }
    if (stay < state->n_blocks) state->n_blocks = stay;
}

ew_status ewi_state_check(const ewi_state *state, ew_error *err) {
    for (uint32_t i = 0; state->n_mapped && i < state->n_blocks; i++)
        if (state->blocks[i]->map) EWI_TRY(ewi_map_check(state->blocks[i]->map, err));
    return EW_OK;
}

static uint8_t *layer_of(const ewi_state *state, uint32_t layer, uint32_t block) {
    EW_ASSERT(block < state->n_blocks && layer < state->shape->n_layers);
    return state->blocks[block]->data + layer * state->shape->layer_bytes;
}

void *ewi_state_keys(const ewi_state *state, uint32_t layer, uint32_t kv_head, uint32_t block) {
    return layer_of(state, layer, block) + kv_head * state->shape->k_head_bytes;
}

void *ewi_state_values(const ewi_state *state, uint32_t layer, uint32_t kv_head, uint32_t block) {
    const ewi_state_shape *shape = state->shape;
    return layer_of(state, layer, block) + shape->n_kv_heads * shape->k_head_bytes +
           kv_head * shape->v_head_bytes;
}

static void *scales_of(uint8_t *head, size_t head_bytes_all, ewi_dtype dtype) {
    return has_codes(dtype) ? head + head_bytes_all - scales_bytes(dtype) : NULL;
}

void *ewi_state_key_scales(const ewi_state *state, uint32_t layer, uint32_t kv_head, uint32_t block) {
    const ewi_state_shape *shape = state->shape;
    return scales_of(ewi_state_keys(state, layer, kv_head, block), shape->k_head_bytes, shape->k);
}

void *ewi_state_value_scales(const ewi_state *state, uint32_t layer, uint32_t kv_head, uint32_t block) {
    const ewi_state_shape *shape = state->shape;
    return scales_of(ewi_state_values(state, layer, kv_head, block), shape->v_head_bytes, shape->v);
}
