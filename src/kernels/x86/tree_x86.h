/*
 * tree_x86.h: the lower steps of the canonical tree, from 8 lanes to 1, for AVX2 and AVX-512 alike.
 *
 * Summing four vectors at once shares the shuffles; each sum still adds the same pairs of lanes as alone.
 */
#ifndef EW_KERNELS_X86_TREE_X86_H
#define EW_KERNELS_X86_TREE_X86_H
#if defined(V16_ROWS) && defined(__AVX2__)

/* 4+4, 2+2, 1+1. */
EWI_INLINE float v16_tree(__m256 a) {
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}

EWI_INLINE float v16_sum(v16 a) {
    return v16_tree(v16_fold(a));
}

/* out[i] = v16_sum(a[i]). */
EWI_INLINE void v16_sum4(float *out, const v16 *a) {
    __m256 x0 = v16_fold(a[0]), x1 = v16_fold(a[1]), x2 = v16_fold(a[2]), x3 = v16_fold(a[3]);
    /* Lanes 0-3 of 0 and of 2, then of 1 and of 3. */
    __m256 x02 = _mm256_add_ps(_mm256_permute2f128_ps(x0, x2, 0x20), _mm256_permute2f128_ps(x0, x2, 0x31));
    __m256 x13 = _mm256_add_ps(_mm256_permute2f128_ps(x1, x3, 0x20), _mm256_permute2f128_ps(x1, x3, 0x31));
    /* Pairs: 0 1 | 2 3. */
    __m256d even = _mm256_unpacklo_pd(_mm256_castps_pd(x02), _mm256_castps_pd(x13));
    __m256d odd = _mm256_unpackhi_pd(_mm256_castps_pd(x02), _mm256_castps_pd(x13));
    __m256 pairs = _mm256_add_ps(_mm256_castpd_ps(even), _mm256_castpd_ps(odd));
    __m128 low = _mm256_castps256_ps128(pairs), high = _mm256_extractf128_ps(pairs, 1);
    _mm_storeu_ps(out, _mm_add_ps(_mm_shuffle_ps(low, high, 0x88), _mm_shuffle_ps(low, high, 0xdd)));
}

/* The largest lane; NaN lanes are not allowed. */
EWI_INLINE float v16_largest(v16 a) {
    __m256 x8 = v16_fold_max(a);
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(x8), _mm256_extractf128_ps(x8, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}

#endif
#endif
