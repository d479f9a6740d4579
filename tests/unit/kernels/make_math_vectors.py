#!/usr/bin/env python3
"""Writes math_vectors.h: arguments and values of exp, log, sin, cos and pow from mpmath (PyPI) at 300 bits.

    python3 make_math_vectors.py > math_vectors.h

A value is a pair of doubles, high + low, so that an error can be measured in small parts of an ulp.
"""

import random
import struct

from mpmath import cos, exp, log, mp, mpf, pi, sin

mp.prec = 300
rng = random.Random(20240229)


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def pair(value):
    high = float(value)
    return high, float(value - mpf(high))


def table(name, comment, rows):
    print(f"\n/* {comment} */\nstatic const math_vector {name}[] = {{")
    for x, y, value in rows:
        high, low = pair(value)
        print(f"    {{{x.hex()}, {y.hex()}, {high.hex()}, {low.hex()}}},")
    print("};")


def unary(xs, f):
    return [(x, 0.0, f(mpf(x))) for x in xs]


def angles():
    """What rope asks for (position times frequency, up to 2^26), and doubles next to multiples of pi/2."""
    xs = [0.5, 0.785398, 1.0, 1e-3, 1e-9, 3.14159, 100.25, 12345.678]
    for _ in range(60):
        position, dim = rng.randrange(1, 1 << rng.randrange(1, 26)), rng.randrange(64)
        xs.append(position * rng.choice([1e4, 5e5, 1e6]) ** (-dim / 64))
    for k in [1, 2, 3, 4, 7, 100, 65535, 10**6 + 1, 1 << 20, 5340353, 42722829 // 2 * 2 - 1]:
        xs.append(float(k * pi / 2))
    xs += [float(rng.randrange(1 << 24, 1 << 26)) for _ in range(10)]
    return [s * x for x in xs if x <= 2.0**26 for s in (1, -1)]


print("""/*
 * math_vectors.h: values of elementary functions, made by make_math_vectors.py with mpmath at 300 bits.
 * Do not edit.
 *
 * value = high + low. Constant data.
 *
 *     double error = (ewi_exp(v.x) - v.high) - v.low;
 */
#ifndef TESTS_UNIT_KERNELS_MATH_VECTORS_H
#define TESTS_UNIT_KERNELS_MATH_VECTORS_H

typedef struct math_vector {
    double x, y; /* y: the exponent of pow, else 0 */
    double high, low;
} math_vector;""")

floats = [f32(rng.uniform(-87, 88.7)) for _ in range(120)] + [f32(rng.uniform(-1, 1)) for _ in range(40)]
floats += [f32(s * 2.0**-e) for e in range(1, 26, 3) for s in (1, -1)]
floats += [f32((k + 0.5) * 0.6931471805599453) for k in range(-120, 128, 9)]
table("expf_vectors", "float arguments whose exponential is a normal float",
      unary([x for x in floats if -87.3 < x < 88.7], exp))
table("expf_small_vectors", "float arguments whose exponential is a subnormal float",
      unary([f32(x) for x in (-87.4, -88.0, -90.5, -95.25, -100.0, -102.5, -103.2, -103.9)], exp))
wide = [rng.uniform(-700, 700) for _ in range(60)] + [rng.uniform(-1, 1) for _ in range(40)]
table("exp_vectors", "both wide and near zero", unary(wide, exp))
near_one = [rng.uniform(0.5, 2) for _ in range(60)] + [1 + 2.0**-52, 1 - 2.0**-53]
anywhere = [2.0 ** rng.uniform(-1000, 1000) for _ in range(40)] + [1e4, 5e5, 1e6, 5e-324]
table("log_vectors", "near one, anywhere, and on both sides of sqrt(1/2)",
      unary(near_one + anywhere + [0.7071067811865475, 0.7071067811865476], log))
table("sin_vectors", "angles of rope, and doubles next to multiples of pi/2", unary(angles(), sin))
table("cos_vectors", "the like", unary(angles(), cos))
table("pow_vectors", "rope frequencies: base to the power of -2 i / d",
      [(base, -2.0 * i / d, mpf(base) ** mpf(-2.0 * i / d))
       for base in (1e4, 5e5, 1e6) for d in (64, 96, 128) for i in range(1, d // 2, 7)])
print("\n#endif")
