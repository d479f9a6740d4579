/* scored_text.h: how much of a text is scored: the longest common subsequence of two takes as many steps as
 * the product of their words. */
#ifndef EW_MEASURE_SCORED_TEXT_H
#define EW_MEASURE_SCORED_TEXT_H

#define EWI_MAX_ANSWER_BYTES  65536u
#define EWI_MAX_RIGHT_ANSWERS 64u

#endif
