/*
 * table_wide.h: puts the kernels of this folder into a table.
 */
#ifndef EW_KERNELS_WIDE_TABLE_WIDE_H
#define EW_KERNELS_WIDE_TABLE_WIDE_H

#include "kernels/wide/attention_wide.h"
#include "kernels/wide/convert_wide.h"
#include "kernels/wide/divergence_wide.h"
#include "kernels/wide/fit_wide.h"
#include "kernels/wide/matmul_wide.h"
#include "kernels/wide/quantize_wide.h"
#include "kernels/wide/row_wide.h"

#ifdef V16_ROWS

EWI_INLINE void fill_wide(ewi_kernels *table) {
    table->matmul[EWI_F32] = matmul_f32;
    table->matmul[EWI_F16] = matmul_f16;
    table->matmul[EWI_BF16] = matmul_bf16;
    table->quantize[EWI_QROWS_WHOLE] = quantize_whole;
    table->quantize[EWI_QROWS_256] = quantize_256;
    table->rotate[EWI_ROTATE_INPUTS] = rotate_inputs;
    table->rotate[EWI_ROTATE_WEIGHTS] = rotate_weights;
    table->rotate[EWI_ROTATE_BACK] = rotate_back;
    fill_attention(table);
    table->attention_finish = attention_finish;
    table->rms_norm = rms_norm;
    table->layer_norm = layer_norm;
    table->rope_adjacent = rope_adjacent;
    table->rope_halves = rope_halves;
    table->act[EWI_ACT_SILU] = act_silu;
    table->act[EWI_ACT_GELU] = act_gelu;
    table->act[EWI_ACT_GELU_TANH] = act_gelu_tanh;
    table->add = add;
    table->scale = scale;
    table->cap = cap_by;
    table->exp = exp_shifted;
    table->sum = sum;
    table->max = max;
    table->argmax = argmax;
    table->divergence = divergence;
    table->fit_codes = fit_codes;
    table->widen[EWI_F16] = widen_f16;
    table->widen[EWI_BF16] = widen_bf16;
    table->narrow[EWI_F16] = narrow_f16;
}

#endif
#endif
