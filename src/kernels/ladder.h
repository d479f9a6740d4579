/*
 * ladder.h: the steps of the ladder. Each function puts the kernels of one instruction set into the table,
 * over those of the step below; a kernel that it has no better code for stays.
 *
 *     ewi_kernels_ref(&table);
 *     if (level < EWI_CPU_AVX2) return;
 *     ewi_kernels_avx2(&table);
 */
#ifndef EW_KERNELS_LADDER_H
#define EW_KERNELS_LADDER_H

#include "kernels/kernels.h"

void ewi_kernels_ref(ewi_kernels *table);
void ewi_kernels_avx2(ewi_kernels *table);
void ewi_kernels_avx512(ewi_kernels *table);
void ewi_kernels_vnni(ewi_kernels *table);
void ewi_kernels_amx(ewi_kernels *table);
/* Parts of the steps avx2, vnni and amx. */
void ewi_qmatmul_avx2(ewi_kernels *table);
void ewi_halves_avx2(ewi_kernels *table);
void ewi_halves_vnni(ewi_kernels *table);
void ewi_attention_vnni(ewi_kernels *table);
void ewi_matmul_amx(ewi_kernels *table);
void ewi_attention_amx(ewi_kernels *table);
/* The step below AMX, for few rows. */
void ewi_qmatmul_vnni(ewi_dtype dtype, const ewi_qmatmul *args);

void ewi_kernels_neon(ewi_kernels *table);
void ewi_kernels_dotprod(ewi_kernels *table);
void ewi_kernels_i8mm(ewi_kernels *table);
/* Parts of the steps neon and dotprod. */
void ewi_qmatmul_neon(ewi_kernels *table);
void ewi_halves_neon(ewi_kernels *table);
void ewi_attention_dotprod(ewi_kernels *table);

#endif
