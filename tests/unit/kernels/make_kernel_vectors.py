#!/usr/bin/env python3
"""Writes kernel_vectors.h: docs/numerics.md carried out in exact rational arithmetic, one rounding at a time.

    python3 make_kernel_vectors.py > kernel_vectors.h

Independent of the C code: every float operation is computed exactly as a fraction and rounded once to the
nearest f32, ties to even.
"""

import random
from fractions import Fraction as F
from math import isqrt

rng = random.Random(271828)


def round_to(value, bits, least):
    """The nearest number of `bits` bits, ties to even; 2^least is the smallest subnormal."""
    if value == 0:
        return F(0)
    n, d = abs(value).numerator, abs(value).denominator
    e = n.bit_length() - d.bit_length()
    if F(n, d) < F(2) ** e:
        e -= 1
    unit = F(2) ** max(e - bits + 1, least)
    quotient = F(n, d) / unit
    whole = quotient.numerator // quotient.denominator
    rest = quotient - whole
    if rest > F(1, 2) or (rest == F(1, 2) and whole % 2):
        whole += 1
    return whole * unit * (1 if value > 0 else -1)


def f32(value):
    return round_to(F(value), 24, -149)


def f16(value):
    return round_to(F(value), 11, -24)


def bf16(value):
    return round_to(F(value), 8, -133)


def fma(a, b, c):
    return f32(a * b + c)


def add(a, b):
    return f32(a + b)


def mul(a, b):
    return f32(a * b)


def div(a, b):
    return f32(a / b)


def sqrt(x):
    """Rounded from 100 more bits than needed: the root of an f32 is never a tie."""
    scale = 1 << 200
    return f32(F(isqrt(x.numerator * scale * scale // x.denominator), scale))


def tree(lane):
    for half in (8, 4, 2, 1):
        lane = [add(lane[j], lane[j + half]) for j in range(half)]
    return lane[0]


def dot(x, w):
    lane = [F(0)] * 16
    for i in range(len(x)):
        lane[i % 16] = fma(x[i], w[i], lane[i % 16])
    return tree(lane)


def total(x):
    lane = [F(0)] * 16
    for i, v in enumerate(x):
        lane[i % 16] = add(lane[i % 16], v)
    return tree(lane)


def h(text):
    return F(float.fromhex(text))


def exp(x):
    """The section on exp, step by step; arguments here stay inside the clamp."""
    rounder = h("0x1.8p+23")
    n = add(fma(x, h("0x1.715476p+0"), rounder), -rounder)
    r = fma(n, -h("0x1.62e43p-1"), x)
    r = fma(n, h("0x1.05c61p-29"), r)
    p = h("0x1.a1256cp-13")
    for c in ("0x1.6d43bp-10", "0x1.1110ep-7", "0x1.5554e8p-5", "0x1.555556p-3", "0x1p-1"):
        p = fma(p, r, h(c))
    y = add(fma(mul(r, r), p, r), F(1))
    e = int(n)
    return f32(f32(y * F(2) ** (e // 2)) * F(2) ** (e - e // 2))


def draw(n, kind=f32):
    return [kind(F(rng.uniform(-2, 2))) for _ in range(n)]


def array(name, values):
    print(f"static const float {name}[] = {{")
    row = [float(v).hex() + "f" for v in values]
    for i in range(0, len(row), 5):
        print("    " + ", ".join(row[i:i + 5]) + ",")
    print("};")


def matmul():
    m, n, k = 3, 5, 37
    x, bias = [draw(k) for _ in range(m)], draw(n)
    array("matmul_x", sum(x, []))
    array("matmul_bias", bias)
    for name, kind in (("f32", f32), ("f16", f16), ("bf16", bf16)):
        w = [draw(k, kind) for _ in range(n)]
        array(f"matmul_{name}_w", sum(w, []))
        array(f"matmul_{name}_y", [add(dot(x[i], w[j]), bias[j]) for i in range(m) for j in range(n)])


def norm():
    n = 50
    x, w, eps = draw(n), draw(n), h("0x1.4f8b58p-17")
    inverse = div(F(1), sqrt(add(div(dot(x, x), F(n)), eps)))
    array("norm_x", x)
    array("norm_w", w)
    array("norm_y", [mul(mul(a, inverse), b) for a, b in zip(x, w)])


def rope():
    pairs = 9
    x, c, s = draw(2 * pairs + 3), draw(pairs), draw(pairs)

    def rotated(index):
        y = list(x)
        for p in range(pairs):
            i, j = index(p)
            y[i] = fma(x[i], c[p], -mul(x[j], s[p]))
            y[j] = fma(x[j], c[p], mul(x[i], s[p]))
        return y

    array("rope_x", x)
    array("rope_cos", c)
    array("rope_sin", s)
    array("rope_adjacent_y", rotated(lambda p: (2 * p, 2 * p + 1)))
    array("rope_halves_y", rotated(lambda p: (p, p + pairs)))


def exponential():
    x, shift = [f32(F(rng.uniform(-80, 80))) for _ in range(200)], h("0x1.4p-1")
    array("exp_x", x)
    array("exp_y", [exp(add(v, -shift)) for v in x])


def swiglu():
    gate, up = [f32(12 * v) for v in draw(40)], draw(40)
    array("swiglu_gate", gate)
    array("swiglu_up", up)
    array("swiglu_y", [mul(div(g, add(F(1), exp(-g))), u) for g, u in zip(gate, up)])


def gelu(x):
    size, positive = abs(x), max(x, F(0))
    t = div(F(1), fma(f32(F("0.23164189")), size, F(1)))
    p = f32(F("0.5307027145"))
    for c in ("-0.7265760135", "0.7107068705", "-0.142248368", "0.127414796"):
        p = fma(p, t, f32(F(c)))
    return fma(-size, mul(mul(p, t), exp(mul(mul(size, size), F(-1, 2)))), positive)


def gelu_tanh(x):
    u = mul(x, fma(f32(F("0.0713548163")), mul(x, x), f32(F("1.5957691216"))))
    return div(x, add(F(1), exp(-u)))


def cap(x, most):
    t = div(x, most)
    return mul(most, add(F(1), -div(F(2), add(exp(add(t, t)), F(1)))))


def activations():
    x = [f32(3 * v) for v in draw(45)]
    array("act_x", x)
    array("gelu_y", [gelu(v) for v in x])
    array("gelu_tanh_y", [gelu_tanh(v) for v in x])
    array("cap_y", [cap(v, F(3, 4)) for v in x])


def layer_norm():
    n = 50
    x, w, b, eps = draw(n), draw(n), draw(n), h("0x1.4f8b58p-17")
    mean = div(total(x), F(n))
    d = [add(v, -mean) for v in x]
    inverse = div(F(1), sqrt(add(div(dot(d, d), F(n)), eps)))
    array("layer_norm_x", x)
    array("layer_norm_w", w)
    array("layer_norm_b", b)
    array("layer_norm_y", [fma(mul(v, inverse), m, c) for v, m, c in zip(d, w, b)])


def chain(q, k):
    s = F(0)
    for a, b in zip(q, k):
        s = fma(a, b, s)
    return s


def attend_span(q, keys, values, scale, dot=chain, weigh=lambda p, v: p):
    """The section on attention for one row and the keys that it sees of a span: max, sum and acc."""
    d, top, amount = len(values[0]), None, F(0)
    acc = [F(0)] * d
    for first in range(0, len(keys), 64):
        score = [mul(scale, dot(q, k)) for k in keys[first:first + 64]]
        new = max(score + ([top] if top is not None else []))
        p = [exp(add(s, -new)) for s in score]
        shrink = exp(add(top, -new)) if top is not None else F(0)
        amount, top = fma(amount, shrink, total(p)), new
        acc = [mul(a, shrink) for a in acc]
        for w, v in zip(p, values[first:first + 64]):
            w = weigh(w, v)
            acc = [fma(w, v[i], acc[i]) for i in range(d)]
    return top, amount, acc


def merge_spans(a, b):
    top = max(a[0], b[0])
    old, new = exp(add(a[0], -top)), exp(add(b[0], -top))
    return top, fma(a[1], old, mul(b[1], new)), [fma(x, old, mul(y, new)) for x, y in zip(a[2], b[2])]


def number(i):
    """What element i of keys and values is; the test computes the same. Every type holds it exactly."""
    return F(i * 7919 % 257 - 128, 64)


def attention():
    """Three rows over two spans of 512 keys; each sees another number of them."""
    d, seen, scale, out = 21, (530, 150, 515), h("0x1.bcp-3"), []
    n = (max(seen) + 63) // 64 * 64
    q = [draw(d) for _ in seen]
    k = [[number(j * d + i) for i in range(d)] for j in range(n)]
    v = [[number((n + j) * d + i) for i in range(d)] for j in range(n)]
    for r, length in enumerate(seen):
        row = attend_span(q[r], k[:min(length, 512)], v[:min(length, 512)], scale)
        if length > 512:
            row = merge_spans(row, attend_span(q[r], k[512:length], v[512:length], scale))
        out += [div(a, row[1]) for a in row[2]]
    print(f"static const size_t attention_seen[] = {{{', '.join(map(str, seen))}}};")
    array("attention_q", sum(q, []))
    array("attention_out", out)


class Codes(list):
    """A row as 8-bit codes with its scale."""

    def __init__(self, x):
        largest = max(abs(v) for v in x)
        self.scale = div(largest, F(127))
        inverse = div(F(127), largest)
        super().__init__(F(round(mul(v, inverse))) for v in x)  # round() takes ties to even


def attention_codes():
    """One row over 70 keys of 8 bits. Element i of key j is number(j * d + i) * (j % 7 + 1) / 8."""
    d, n, scale = 21, 70, h("0x1.bcp-7")
    q = draw(d)
    k, v = ([Codes([number(b + j * d + i) * F(j % 7 + 1, 8) for i in range(d)]) for j in range(n)]
            for b in (0, n * d))

    def dot(a, b):
        return mul(f32(sum(x * y for x, y in zip(a, b))), mul(a.scale, b.scale))

    _, amount, acc = attend_span(Codes(q), k, v, scale, dot, lambda p, row: mul(p, row.scale))
    array("attention_codes_q", q)
    array("attention_codes_out", [div(a, amount) for a in acc])


SIGNS = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)


def blocks(n):
    """Cuts a row into blocks of 128 and what is left into powers of two; with each the factor f."""
    first = 0
    while first < n:
        size = min(128, 1 << (n - first).bit_length() - 1)
        yield first, size, (8, 8, 4, 4, 2, 2, 1, 1)[size.bit_length() - 1]
        first += size


def signs(x):
    return [-v if SIGNS[i // 32] >> i % 32 & 1 else v for i, v in enumerate(x)]


def hadamard(x):
    h, x = 1, list(x)
    while h < len(x):
        for i in range(len(x)):
            if not i & h:
                x[i], x[i + h] = add(x[i], x[i + h]), add(x[i], -x[i + h])
        h *= 2
    return x


def rotated(x, is_weight):
    y = []
    for first, size, f in blocks(len(x)):
        y += [mul(v, F(f, size * f * f if is_weight else 1)) for v in hadamard(signs(x[first:first + size]))]
    return y


def turned_back(x):
    y = []
    for first, size, f in blocks(len(x)):
        y += [mul(v, F(f)) for v in signs(hadamard(x[first:first + size]))]
    return y


class HalfCodes(list):
    """A key or value as 4-bit codes with its scale."""

    def __init__(self, x):
        x = rotated(x, True)
        far = max(x) if max(x) > -min(x) else min(x)
        self.scale = bf16(far / -8)
        inverse = div(F(1), self.scale)
        super().__init__(F(min(7, round(mul(v, inverse)))) for v in x)


def attention_half_codes():
    """The same with 4 bits, and heads of 84 elements: blocks of 64, 16 and 4."""
    d, n, scale = 84, 70, h("0x1.bcp-7")
    q = draw(d)
    k, v = ([HalfCodes([number(b + j * d + i) * F(j % 7 + 1, 8) for i in range(d)]) for j in range(n)]
            for b in (0, n * d))

    def dot(a, b):
        return mul(f32(sum(x * y for x, y in zip(a, b))), mul(a.scale, b.scale))

    _, amount, acc = attend_span(Codes(rotated(q, False)), k, v, scale, dot, lambda p, row: mul(p, row.scale))
    array("attention_half_codes_q", q)
    array("attention_half_codes_out", turned_back([div(a, amount) for a in acc]))


print("""/*
 * kernel_vectors.h: inputs and outputs of kernels, made by make_kernel_vectors.py in exact arithmetic.
 * Do not edit.
 *
 * Constant data; weights are numbers that their type holds exactly.
 *
 *     assert_bits(y, matmul_f32_y, 15);
 */
#ifndef TESTS_UNIT_KERNELS_KERNEL_VECTORS_H
#define TESTS_UNIT_KERNELS_KERNEL_VECTORS_H

#include <stddef.h>
""")
matmul()
norm()
rope()
exponential()
swiglu()
attention()
attention_codes()
activations()
layer_norm()
attention_half_codes()
print("\n#endif")
