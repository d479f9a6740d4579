"""Draws the losses of a log as SVG: training, and held-back samples, by tokens seen."""

import json
import math

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 360, 56, 40, 24


def read(path):
    with open(path, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    training = [(r["tokens"] / 1e6, r["loss"]) for r in rows]
    held_back = [(r["tokens"] / 1e6, r["held_back_loss"]) for r in rows if "held_back_loss" in r]
    return training, held_back


def draw(log, out):
    training, held_back = read(log)
    most = max(x for x, _ in training)
    low = math.floor(math.log10(min(y for _, y in training + held_back)) * 4) / 4
    high = math.ceil(math.log10(max(y for _, y in training + held_back)) * 4) / 4

    def place(point):
        x = LEFT + point[0] / most * (WIDTH - LEFT - 16)
        y = TOP + (high - math.log10(point[1])) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f},{y:.1f}"

    def line(points, colour, width):
        return (
            f'<polyline fill="none" stroke="{colour}" stroke-width="{width}" points="'
            + " ".join(map(place, points))
            + '"/>'
        )

    ticks = [10 ** (low + i / 4) for i in range(round((high - low) * 4) + 1)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for tick in ticks:
        x, y = place((0, tick)).split(",")
        parts.append(f'<line x1="{x}" x2="{WIDTH - 16}" y1="{y}" y2="{y}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{tick:.2g}</text>')
    for i in range(5):
        x = place((most * i / 4, 10**low)).split(",")[0]
        parts.append(
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{most * i / 4:.3g}</text>'
        )
    parts += [
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 6}" text-anchor="middle">million tokens</text>',
        f'<text x="{LEFT}" y="16">loss of a token: <tspan fill="#2a6fb0">training</tspan>, '
        '<tspan fill="#c0392b">held back</tspan></text>',
        line(training, "#2a6fb0", 1),
    ]
    if held_back:
        parts.append(line(held_back, "#c0392b", 2))
    out.write_text("\n".join(parts) + "\n</svg>\n", encoding="utf-8")
