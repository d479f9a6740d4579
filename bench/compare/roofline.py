"""checkkern's measurements as shares of what bounds them: the memory's speed or an instruction's."""

import re
from dataclasses import dataclass

from . import machine

_LINE = re.compile(r"^(?P<level>\w+)\s+(?P<name>\S.*?)\s+(?P<ns>[\d.]+) ns\s+(?P<gb_s>[\d.]+) GB/s\s+"
                   r"(?P<gop_s>[\d.]+) GFLOP/s$")

# Data below twice the last cache's size may come from it: then memory is no bound that can be stated.
BEYOND_CACHE = 2


@dataclass
class Kernel:
    level: str
    name: str
    ns: float
    bytes: float
    ops: float

    @property
    def element(self):
        """What its inner loop multiplies; None: not a product, so no peak says anything about it."""
        words = self.name.split()
        if words[0] not in ("matmul", "qmatmul", "attention"):
            return None
        if words[0] == "qmatmul":
            return "int8"
        wide = words[1].lower() if len(words) > 1 else "f32"
        return "bf16" if self.level == "amx" and wide in ("f16", "bf16") else "f32"


def parse(text):
    found = []
    for line in text.splitlines():
        match = _LINE.match(line.strip())
        if match:
            ns = float(match["ns"])
            found.append(Kernel(match["level"], match["name"], ns, float(match["gb_s"]) * ns,
                                float(match["gop_s"]) * ns))
    return found


def usable(kernels, probed):
    """Without the levels that the processor lacks: checkkern emulates those to check them."""
    levels = {"scalar", "neon"} | {peak["level"] for peak in probed["peaks"]}
    return [kernel for kernel in kernels if kernel.level in levels]


def bound(kernel, probed):
    """The longer of reading its bytes and doing its operations at the machine's best, in ns, and which it is;
    (0, "") when neither is known."""
    read_ns = kernel.bytes / probed["read_gb_s"] if kernel.bytes > BEYOND_CACHE * probed["l3_bytes"] else 0
    peak = machine.peak(probed, kernel.element, kernel.level) if kernel.element else 0
    ops_ns = kernel.ops / peak if peak else 0
    if not read_ns and not ops_ns:
        return 0, ""
    if read_ns > ops_ns:
        return read_ns, f"{probed['read_gb_s']:.1f} GB/s"
    return ops_ns, f"{peak:.0f} {kernel.element} GOP/s"


def table(kernels, probed):
    lines = ["| level | kernel | GB/s | GOP/s | bound by | share |", "|---|---|---|---|---|---|"]
    for kernel in kernels:
        least_ns, by = bound(kernel, probed)
        share = f"{least_ns / kernel.ns:.0%}" if least_ns else ""
        lines.append(f"| {kernel.level} | {kernel.name} | {kernel.bytes / kernel.ns:.1f} | "
                     f"{kernel.ops / kernel.ns:.1f} | {by} | {share} |")
    return "\n".join(lines)
