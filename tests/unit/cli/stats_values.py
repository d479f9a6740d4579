"""Figures of the rows of test_stats.c by Python's own statistics: the numbers that stand there."""

import statistics

rows = []
state = 1
for i in range(201):
    state = (state * 1103515245 + 12345) % 2**31
    first = 1000 + state % 900000
    rows.append((i % 3, 429 if i % 10 == 9 else 200, i, i // 2, i % 50, first, first + 2000 * (i % 50)))


def show(name, chosen):
    def cut(values):
        cuts = statistics.quantiles([v / 1e6 for v in values], n=100, method="inclusive")
        return [f"{cuts[p - 1]:.9f}" for p in (50, 90, 99)]

    answered = [r for r in chosen if r[1] < 400]
    decoded = [r for r in chosen if r[4] >= 2]
    rate = sum(r[4] - 1 for r in decoded) / sum(2e-3 * r[4] for r in decoded)
    print(name, len(chosen), len(chosen) - len(answered), *(sum(r[c] for r in chosen) for c in (2, 3, 4)))
    print(f"  {rate:.6f}", cut([r[5] for r in chosen]), cut([r[6] for r in answered]))


for model in range(3):
    show(f"m{model}", [r for r in rows if r[0] == model])
show("all", rows)
