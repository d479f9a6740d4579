"""What bench/serve saw, as a picture: how long users waited, and how much got done."""

from math import log10

WIDTH, HEIGHT, TOP, BOTTOM = 900, 300, 40, 250
WAIT, FLOOD = (60, 480), (580, 880)  # from and to, of each panel
COLOURS = {"edgewise": "#2563eb", "llama-server": "#d97706"}


def _text(x, y, text, anchor="middle", colour="#111827"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def _line(x1, y1, x2, y2, colour="#e5e7eb"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _y(share):
    return BOTTOM - share * (BOTTOM - TOP)


def _distribution(times, x, colour):
    points = " ".join(f"{x(s):.1f},{_y((i + 1) / len(times)):.1f}" for i, s in enumerate(sorted(times)))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _waits(waits):
    """The share of requests (upwards) that had their first token within a time (logarithmic)."""
    shown = [s for times in waits.values() for s in times]
    least, most = min(shown), max(shown)
    left, right = WAIT

    def x(s):
        return left + (right - left) * log10(s / least) / max(log10(most / least), 1e-9)

    parts = [_text((left + right) / 2, 20, "share of requests with their first token within .. seconds")]
    parts += [_line(left, _y(share), right, _y(share)) for share in (0, 0.5, 0.99, 1)]
    parts += [_text(left - 8, _y(share) + 4, f"{share:g}", "end") for share in (0, 0.5, 1)]
    ticks = [ten * digit for ten in (0.01, 0.1, 1, 10, 100, 1000) for digit in (1, 2, 5)]
    parts += [_text(x(s), BOTTOM + 18, f"{s:g}") for s in ticks if least <= s <= most]
    return parts + [_distribution(times, x, COLOURS[name]) for name, times in waits.items()]


def _floods(floods):
    left, right = FLOOD
    most = max(rate for rates in floods.values() for rate in rates)
    parts = [_text((left + right) / 2, 20, "tokens a second under a flood"),
             _line(left, BOTTOM, right, BOTTOM)]
    width = (right - left) / 2 / (len(next(iter(floods.values()))) + 1)
    for i, (name, rates) in enumerate(floods.items()):
        begin = left + i * (right - left) / 2
        for j, rate in enumerate(rates):
            y = _y(rate / most)
            parts.append(f'<rect x="{begin + (j + 0.5) * width:.1f}" y="{y:.1f}" width="{width * 0.8:.1f}" '
                         f'height="{BOTTOM - y:.1f}" fill="{COLOURS[name]}"/>')
        parts.append(_text(begin + (right - left) / 4, BOTTOM + 18, f"{min(rates):.0f} to {max(rates):.0f}"))
    return parts


def plot(waits, floods):
    """waits, floods: {server: [seconds]}, {server: [tokens a second, of each pair]}; either may be empty."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>']
    for i, (name, colour) in enumerate(COLOURS.items()):
        parts.append(_text(WAIT[0] + 120 * i, HEIGHT - 8, name, "start", colour))
    parts += _waits(waits) if waits else []
    parts += _floods(floods) if floods else []
    return "\n".join(parts + ["</svg>"]) + "\n"
