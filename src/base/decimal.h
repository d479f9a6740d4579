/*
 * decimal.h: a decimal number's text to the nearest double, ties to even, whatever the locale says.
 *
 * Short numbers take one exact multiplication or division (W. D. Clinger, "How to Read Floating Point Numbers
 * Accurately", PLDI 1990, section 5); the others an exact division of big integers. Bounded: 800 digits
 * decide, since no midpoint between two doubles has more than 767 significant ones. No heap. Thread-safe.
 *
 *     double x;
 *     bool finite = ewi_decimal_to_double(EWI_STR("-1.5e3"), &x);      true, -1500.0
 */
#ifndef EW_BASE_DECIMAL_H
#define EW_BASE_DECIMAL_H

#include <stdbool.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

/*
 * text must match  -? digits ( . digits )? ( [eE] [+-]? digits )?  and is not checked. False when the number
 * rounds to infinity: *out is then infinite. Numbers too small for a double become zero of their sign.
 */
EWI_NODISCARD bool ewi_decimal_to_double(ew_str text, double *out);

#endif
