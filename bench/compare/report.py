"""A run as JSON, as a Markdown table and as a plot."""

import json
import os

from . import measuring, rows

BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"

UNITS = {rows.PREFILL: "tokens/s", rows.DECODE: "tokens/s", rows.BATCH: "tokens/s", rows.MEMORY: "MiB",
         rows.START: "ms"}


def _number(x):
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def _value(result, side):
    median = result[side]["median"]
    share = result.get(f"{side}_share")
    text = _number(median / 2 ** 20 if result["kind"] == rows.MEMORY else median)
    return f"{text} ({share:.0%} of bandwidth)" if share else text


def _other(result):
    """What ours is divided by; not the peer in rows that are ours alone."""
    what = {rows.MEMORY: " (file and state)", rows.BATCH: " (one)"}.get(result["kind"], "")
    return _value(result, "theirs") + what


def _cells(result, has_amx):
    verdict = measuring.verdict(result, has_amx)
    start = [result["title"], UNITS[result["kind"]]]
    aims = [f"{result[key]:g}" if result[key] else "" for key in ("floor", "goal")]
    if "failed" in result:
        return start + ["", "", "", "", ""] + aims + [f"{verdict}: {result['failed']}"]
    ratio = result["ratio"]
    return start + [_value(result, "ours"), _other(result), f"**{ratio['median']:.2f}**",
                    f"{ratio['low']:.2f} to {ratio['high']:.2f}",
                    f"{result['n_disturbed']} of {ratio['n']}"] + aims + [verdict]


def table(report):
    head = ["row", "unit", "ours", "theirs", "ratio", "interval", "disturbed", "floor", "goal", "verdict"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for result in report["rows"]:
        cells = [cell.replace("|", "/") for cell in _cells(result, report["machine"]["amx"])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _machine_lines(report):
    m, ours = report["machine"], report["ours"]
    amx = "with" if m["amx"] else "without"
    changed = f", {ours['changed_files']} files changed" if ours["changed_files"] else ""
    yield (f"{m['date']}, {m['processors']} processors of {m['cpu']}, {amx} AMX, {m['memory_gib']} GiB, "
           f"Linux {m['kernel']}, governor {m['governor']}. Level: {report['level']}, "
           f"{report['threads']} threads.")
    yield f"Edgewise {ours['commit']}{changed}, {ours['compiler']}, {ours['build_type']}."
    for name, peer in report["peers"].items():
        options = ", ".join(f"{k}={v}" for k, v in peer["options"].items())
        yield f"llama.cpp {peer['commit']} (for {name or 'this machine'}), {peer['compiler']}: {options}."


def _probe_line(report):
    probes = [result["probe"] for result in report["rows"] if "probe" in result]
    if not probes:
        return ""
    bandwidth = [p["read_gb_s"] for p in probes]
    best = {}
    for p in probes:
        for peak in p["peaks"]:
            key = f"{peak['element']} {peak['instruction']}"
            best[key] = max(best.get(key, 0), peak["gop_s"])
    peaks = ", ".join(f"{key} {rate:.0f}" for key, rate in best.items())
    return (f"Ceilings, measured before each row: read bandwidth {min(bandwidth):.1f} to "
            f"{max(bandwidth):.1f} GB/s; most operations a second (10^9): {peaks}.")


def _load_line(report):
    pairs = [pair for result in report["rows"] for pair in result["pairs"]]
    disturbed = sum(pair["disturbed"] for pair in pairs)
    repeated = sum(not pair["kept"] for pair in pairs)
    if not disturbed:
        return "Nothing else ran: no pair was disturbed."
    return (f"**The machine was busy with other things**: in {disturbed} of {len(pairs)} pairs others had "
            f"more than {measuring.DISTURBED:.0%} of the processors' time; {repeated} were taken again.")


def markdown(report):
    coverage = [result["ratio"]["coverage"] for result in report["rows"] if "ratio" in result]
    lines = [f"`{report['command']}`", ""]
    lines += list(_machine_lines(report))
    lines += [line for line in (_probe_line(report), _load_line(report)) if line]
    if coverage:
        lines.append(f"Pairs in turns; ratio: ours over theirs, the median of the pairs; interval: holds the "
                     f"median with a likelihood of {min(coverage):.0%} or more.")
    for warning in report["warnings"]:
        lines.append(f"Warning: {warning}.")
    return "\n".join(lines) + "\n\n" + table(report) + "\n"


# ---- plot ----

LEFT, WIDTH, ROW_HEIGHT, TOP = 330, 900, 22, 40
FROM, TO = 0.25, 16.0


def _x(ratio):
    """Logarithmic."""
    from math import log2
    clamped = min(max(ratio, FROM), TO)
    return LEFT + (WIDTH - LEFT - 20) * log2(clamped / FROM) / log2(TO / FROM)


def _escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plot_row(result, y):
    ratio = result["ratio"]
    parts = [f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{_escape(result["title"])}</text>',
             f'<line x1="{_x(ratio["low"]):.1f}" y1="{y}" x2="{_x(ratio["high"]):.1f}" y2="{y}" '
             'stroke="#2563eb" stroke-width="3"/>',
             f'<circle cx="{_x(ratio["median"]):.1f}" cy="{y}" r="4" fill="#2563eb"/>']
    for key, colour in (("floor", "#dc2626"), ("goal", "#16a34a")):
        if result[key]:
            x = _x(result[key])
            parts.append(f'<line x1="{x:.1f}" y1="{y - 7}" x2="{x:.1f}" y2="{y + 7}" stroke="{colour}" '
                         'stroke-width="2"/>')
    return parts


def plot(report):
    measured = [result for result in report["rows"] if "ratio" in result]
    height = TOP + ROW_HEIGHT * len(measured) + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             f'<text x="{LEFT}" y="16">Edgewise over llama.cpp; line: interval of the median; '
             '<tspan fill="#dc2626">floor</tspan>, <tspan fill="#16a34a">goal</tspan></text>']
    ratio = FROM
    while ratio <= TO:
        x = _x(ratio)
        stroke = "#6b7280" if ratio == 1 else "#e5e7eb"
        parts += [f'<line x1="{x:.1f}" y1="{TOP - 12}" x2="{x:.1f}" y2="{height - 22}" stroke="{stroke}"/>',
                  f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle">{ratio:g}</text>']
        ratio *= 2
    for i, result in enumerate(measured):
        parts += _plot_row(result, TOP + ROW_HEIGHT * i + 6)
    return "\n".join(parts + ["</svg>"]) + "\n"


# ---- files ----

def write(report, folder):
    os.makedirs(folder, exist_ok=True)
    contents = {"peers.json": json.dumps(report, indent=1) + "\n", "peers.md": markdown(report),
                "peers.svg": plot(report)}
    for name, text in contents.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def write_docs(report, repository):
    """Replaces what stands between the markers of docs/performance.md, and the plot beside it."""
    path = os.path.join(repository, "docs", "performance.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise SystemExit(f"peers: {path}: needs the lines {BEGIN} and {END} once")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    section = f"\n{markdown(report)}\n![ratios](peers.svg)\n\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + section + END + after)
    with open(os.path.join(repository, "docs", "peers.svg"), "w", encoding="utf-8") as file:
        file.write(plot(report))
