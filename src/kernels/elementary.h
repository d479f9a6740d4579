/*
 * elementary.h: exp, log, sin, cos and pow in double precision, for set-up (rope tables) and reports; libm's
 * differ from machine to machine. One implementation at every level, so the same bits everywhere.
 * docs/numerics.md states the errors.
 *
 * Pure functions, any thread.
 *
 *     double freq = ewi_pow(10000.0, -2.0 * i / d);
 *     table[i] = (float)ewi_cos(position * freq);
 */
#ifndef EW_KERNELS_ELEMENTARY_H
#define EW_KERNELS_ELEMENTARY_H

/* |x| at most 2^26; NaN beyond it. */
#define EWI_TRIG_MAX 67108864.0

double ewi_exp(double x);
/* -inf for zero, NaN below. */
double ewi_log(double x);
double ewi_sin(double x);
double ewi_cos(double x);
/* base > 0: exp(y log(base)); the relative error grows with |y log(base)|. */
double ewi_pow(double base, double y);

/* The float exponential that the kernels use, for one number. */
float ewi_expf(float x);
/* cap * tanh(x / cap) as the kernels compute it, for one number. */
float ewi_capf(float x, float cap);

#endif
