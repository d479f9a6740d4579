#include "engine/state.h"

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

ew_status ewi_state_init(ewi_state *state, const ewi_state_shape *shape, uint32_t n_ctx, ew_error *err) {
    uint32_t max_blocks = n_ctx / EWI_BLOCK_POSITIONS + (n_ctx % EWI_BLOCK_POSITIONS != 0);
    *state = (ewi_state){.shape = shape, .max_blocks = max_blocks};
    state->blocks = ewi_zalloc_array(max_blocks, sizeof *state->blocks);
    return state->blocks ? EW_OK : ewi_no_memory(err, "a session's table of blocks");
}

void ewi_state_deinit(ewi_state *state) {
    for (uint32_t i = 0; i < state->n_blocks; i++) ewi_free(state->blocks[i]);
    ewi_free(state->blocks);
    *state = (ewi_state){0};
}

ew_status ewi_state_reserve(ewi_state *state, uint32_t n_positions, ew_error *err) {
    uint32_t need = n_positions / EWI_BLOCK_POSITIONS + (n_positions % EWI_BLOCK_POSITIONS != 0);
    EW_ASSERT(need <= state->max_blocks);
    for (; state->n_blocks < need; state->n_blocks++) {
        state->blocks[state->n_blocks] = ewi_alloc(state->shape->block_bytes);
        if (!state->blocks[state->n_blocks]) return ewi_no_memory(err, "a block of a session's state");
    }
    return EW_OK;
}

static uint8_t *layer_of(const ewi_state *state, uint32_t layer, uint32_t block) {
    EW_ASSERT(block < state->n_blocks && layer < state->shape->n_layers);
    return state->blocks[block] + layer * state->shape->layer_bytes;
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
