#!/usr/bin/env python3
"""What bench/peers and bench/kernels conclude from what they measured.

Expected likelihoods: order-statistic intervals of the median, from the binomial distribution with p = 1/2
(Conover, Practical Nonparametric Statistics, 3.2), worked out by hand.
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench"))

# pylint: disable=wrong-import-position
from compare import measuring, models, report, roofline, rows, spread  # noqa: E402


def result_of(ratios, floor, goal, **more):
    result = {"title": "a row", "kind": rows.DECODE, "floor": floor, "goal": goal, "lower_is_better": False,
              "needs_amx": False, "n_disturbed": 0, "ratio": spread.summary(ratios),
              "ours": spread.summary(ratios), "theirs": spread.summary([1.0] * len(ratios)), "pairs": []}
    return dict(result, **more)


class Spread(unittest.TestCase):
    def test_intervals_hold_the_median_as_often_as_the_binomial_says(self):
        self.assertEqual(spread.coverage(5, 1), 1 - 2 / 32)
        self.assertEqual(spread.coverage(8, 2), 1 - 2 * 9 / 256)
        self.assertEqual(spread.interval([5, 1, 4, 2, 3]), (1, 5, 0.9375))
        self.assertEqual(spread.interval([8, 1, 7, 2, 6, 3, 5, 4])[:2], (2, 7))

    def test_a_single_run_knows_nothing(self):
        self.assertEqual(spread.interval([3]), (3, 3, 0))

    def test_an_even_number_has_two_middles(self):
        self.assertEqual(spread.median([4, 1, 2, 3]), 2.5)


class Verdict(unittest.TestCase):
    def test_a_floor_is_met_when_the_whole_interval_is_above(self):
        self.assertEqual(measuring.verdict(result_of([1.3, 1.25, 1.21, 1.3, 1.3], 1.2, 1.35), False),
                         "floor met")
        self.assertEqual(measuring.verdict(result_of([1.3, 1.25, 1.19, 1.3, 1.3], 1.2, 1.35), False),
                         "unclear")
        self.assertEqual(measuring.verdict(result_of([1.1, 1.1, 1.1, 1.3, 1.3], 1.2, 1.35), False), "missed")
        self.assertEqual(measuring.verdict(result_of([1.4] * 5, 1.2, 1.35), False), "goal met")

    def test_less_is_better_for_memory_and_start(self):
        less = {"lower_is_better": True}
        self.assertEqual(measuring.verdict(result_of([0.7] * 5, 0.8, 0.5, **less), False), "floor met")
        self.assertEqual(measuring.verdict(result_of([0.4] * 5, 0.8, 0.5, **less), False), "goal met")
        self.assertEqual(measuring.verdict(result_of([0.9] * 5, 0.8, 0.5, **less), False), "missed")

    def test_nothing_is_claimed_without_the_grounds(self):
        self.assertIn("AMX", measuring.verdict(result_of([9] * 5, 3, 5, needs_amx=True), False))
        self.assertEqual(measuring.verdict(result_of([9] * 5, 3, 5, needs_amx=True), True), "goal met")
        self.assertIn("4 pairs", measuring.verdict(result_of([9] * 4, 3, 5), True))
        self.assertIn("busy", measuring.verdict(result_of([9] * 5, 3, 5, n_disturbed=2), True))
        self.assertEqual(measuring.verdict(dict(result_of([9] * 5, 3, 5), failed="no memory"), True),
                         "not measured")


class Rows(unittest.TestCase):
    def test_names_are_unique(self):
        names = [row.name for row in rows.all_rows()]
        self.assertEqual(len(names), len(set(names)))

    def test_state_is_counted_in_blocks(self):
        # Llama-3.2-1B: 16 layers, keys and values of 8 heads of 64, 2 bytes each; blocks of 64 positions.
        self.assertEqual(models.state_bytes(rows.ONE_B, 513), 576 * 16 * 2 * 8 * 64 * 2)

    def test_a_failed_row_is_in_the_table_with_its_reason(self):
        failed = dict(result_of([1], 1.2, 0), failed="no peer | here")
        text = report.table({"rows": [failed], "machine": {"amx": False}})
        self.assertIn("not measured: no peer / here", text)


PROBED = {"read_gb_s": 20.0, "l3_bytes": 1 << 20, "peaks": [
    {"level": "avx2", "element": "f32", "gop_s": 50.0}, {"level": "avx512", "element": "f32", "gop_s": 100.0},
    {"level": "vnni", "element": "int8", "gop_s": 400.0}]}


class Roofline(unittest.TestCase):
    def share(self, line):
        kernel, = roofline.parse(line)
        least_ns, by = roofline.bound(kernel, PROBED)
        return least_ns / kernel.ns, by

    def test_weights_beyond_the_cache_are_bound_by_memory(self):
        line = "avx512   matmul F16 1x16384x2048            6710886 ns    10.00 GB/s    10.00 GFLOP/s"
        self.assertAlmostEqual(self.share(line)[0], 0.5)

    def test_products_in_the_cache_are_bound_by_their_levels_instruction(self):
        line = "avx2     matmul F32 8x256x256   20971 ns    12.50 GB/s    25.00 GFLOP/s"
        self.assertAlmostEqual(self.share(line)[0], 0.5)
        self.assertAlmostEqual(self.share(line.replace("avx2  ", "avx512"))[0], 0.25)

    def test_emulated_levels_are_left_out(self):
        kernels = roofline.parse("amx   exp n=2048   1000 ns   16.0 GB/s   24.0 GFLOP/s\n"
                                 "vnni  exp n=2048   1000 ns   16.0 GB/s   24.0 GFLOP/s\n")
        self.assertEqual([kernel.level for kernel in roofline.usable(kernels, PROBED)], ["vnni"])

    def test_other_kernels_have_no_bound(self):
        self.assertEqual(self.share("avx2   exp n=2048   1000 ns   16.0 GB/s   24.0 GFLOP/s"), (0, ""))


if __name__ == "__main__":
    unittest.main()
