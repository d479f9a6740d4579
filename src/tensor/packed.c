#include "tensor/packed.h"

#include "base/checked.h"
#include "base/error.h"

#define LINE_BYTES 64u

#define LEVEL(x) x,
static const int8_t levels_iq4_nl[16] = {EWI_IQ4_NL_MAP(LEVEL)};
#undef LEVEL

static const ewi_packed_info infos[EWI_N_DTYPES] = {
    [EWI_Q8C] = {EWI_PACKED_ROW, 8, 128, 0, false, NULL},
    [EWI_Q4C] = {EWI_PACKED_ROW, 4, 8, 0, false, NULL},
    [EWI_Q4S] = {EWI_PACKED_ROW, 4, 8, 32, false, NULL},
    [EWI_Q4G128] = {EWI_PACKED_GROUP, 4, 8, 128, false, NULL},
    [EWI_Q8_0] = {EWI_PACKED_GROUP, 8, 128, 32, false, NULL},
    [EWI_Q4_0] = {EWI_PACKED_GROUP, 4, 8, 32, false, NULL},
    [EWI_Q4_1] = {EWI_PACKED_GROUP, 4, 0, 32, true, NULL},
    [EWI_Q5_0] = {EWI_PACKED_GROUP, 5, 16, 32, false, NULL},
    [EWI_Q5_1] = {EWI_PACKED_GROUP, 5, 0, 32, true, NULL},
    [EWI_Q4_K] = {EWI_PACKED_SUPER, 4, 0, 32, true, NULL},
    [EWI_Q5_K] = {EWI_PACKED_SUPER, 5, 0, 32, true, NULL},
    [EWI_Q6_K] = {EWI_PACKED_SUPER, 6, 32, 16, false, NULL},
    [EWI_IQ4_NL] = {EWI_PACKED_GROUP, 4, 0, 32, false, levels_iq4_nl},
};

const ewi_packed_info *ewi_packed_info_get(ewi_dtype dtype) {
    return infos[dtype].bits ? &infos[dtype] : NULL;
}

int ewi_packed_value(const ewi_packed_info *info, unsigned code) {
    return info->levels ? info->levels[code] : (int)code - (int)info->zero;
}

ewi_k_scale ewi_k_scale_get(const uint8_t *head, size_t at, size_t g) {
    const uint8_t *bytes = head + 64 + 4 * at + g % 4;
    if (g < 4) return (ewi_k_scale){bytes[0] & 63, bytes[64] & 63};
    return (ewi_k_scale){(bytes[128] & 15) | bytes[0] >> 6 << 4, bytes[128] >> 4 | bytes[64] >> 6 << 4};
}

static size_t round_up(size_t n, size_t unit) {
    return (n + unit - 1) / unit * unit;
}

size_t ewi_packed_inputs(ewi_dtype dtype, size_t k) {
    return round_up(k, infos[dtype].kind == EWI_PACKED_ROW ? 2 * EWI_CHUNK_INPUTS : EWI_CHUNK_INPUTS);
}

size_t ewi_packed_chunk_bytes(ewi_dtype dtype) {
    return EWI_TILE_OUTPUTS * EWI_CHUNK_INPUTS / 8 * infos[dtype].bits;
}

static size_t row_head(ewi_dtype dtype, size_t k) {
    size_t subscales = dtype == EWI_Q4S ? ewi_packed_inputs(dtype, k) / 64 * EWI_TILE_OUTPUTS : 0;
    return EWI_TILE_OUTPUTS * sizeof(float) + subscales;
}

static size_t super_head(const ewi_packed_info *info, size_t k) {
    size_t bytes = info->has_min ? 2 * sizeof(uint16_t) + 12 : sizeof(uint16_t) + 256 / info->group;
    return round_up(k, 256) / 256 * EWI_TILE_OUTPUTS * bytes;
}

size_t ewi_packed_head_bytes(ewi_dtype dtype, size_t k) {
    const ewi_packed_info *info = &infos[dtype];
    size_t head;
    if (info->kind == EWI_PACKED_ROW)
        head = row_head(dtype, k);
    else if (info->kind == EWI_PACKED_SUPER)
        head = super_head(info, k);
    else
        head = round_up(k, info->group) / info->group * EWI_TILE_OUTPUTS * (info->has_min ? 4 : 2);
    return round_up(head, LINE_BYTES);
}

size_t ewi_packed_tile_bytes(ewi_dtype dtype, size_t k) {
    return ewi_packed_head_bytes(dtype, k) +
           ewi_packed_inputs(dtype, k) / EWI_CHUNK_INPUTS * ewi_packed_chunk_bytes(dtype);
}

bool ewi_packed_bytes(ewi_dtype dtype, size_t n, size_t k, size_t *out) {
    EW_ASSERT(infos[dtype].bits && k <= EWI_PACKED_MAX_K);
    size_t tiles = n / EWI_TILE_OUTPUTS + (n % EWI_TILE_OUTPUTS != 0);
    return ewi_mul_size(tiles, ewi_packed_tile_bytes(dtype, k), out);
}

ewi_stack ewi_stack_of(const ewi_tensor *t) {
    const bool is_stack = t->n_dims == 3;
    const size_t n = (size_t)t->dims[is_stack], k = (size_t)t->dims[is_stack + 1];
    return (ewi_stack){is_stack ? (size_t)t->dims[0] : 1, n, k,
                       n / EWI_TILE_OUTPUTS + (n % EWI_TILE_OUTPUTS != 0)};
}

size_t ewi_stack_row(const ewi_stack *s, size_t tile) {
    return tile / s->n_tiles * s->n + tile % s->n_tiles * EWI_TILE_OUTPUTS;
}

bool ewi_stack_bytes(const ewi_stack *s, ewi_dtype dtype, size_t *out) {
    size_t one;
    return ewi_packed_bytes(dtype, s->n, s->k, &one) && ewi_mul_size(s->n_matrices, one, out);
}
