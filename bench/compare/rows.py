"""The rows of the comparison: what is run, how a ratio is made of it, and what the ratio should be."""

from dataclasses import dataclass, field

ONE_B, HALF_B = "llama-3.2-1b", "qwen2.5-0.5b"

# What one run of a program is asked for.
PREFILL, DECODE, BATCH, MEMORY, START = "prefill", "decode", "batch", "memory", "start"


@dataclass
class Row:
    name: str
    kind: str
    shape: str
    type: str                  # of our file
    peer_type: str = ""        # of the peer's, where it differs
    tokens: int = 64
    depth: int = 0
    floor: float = 0.0
    goal: float = 0.0          # 0 = none
    lower_is_better: bool = False
    level: str = ""            # EDGEWISE_CPU; the peer is then built for the same instructions
    state: str = "f16"         # how our keys and values are kept
    peer_state: str = "f16"
    note: str = ""
    extra: dict = field(default_factory=dict)

    @property
    def against_peer(self):
        return self.kind not in (BATCH, MEMORY)

    @property
    def needs_amx(self):
        """The peer takes other paths with AMX than without, faster here and slower there: floors and goals
        against its best build are for machines with AMX, a level's for any."""
        return self.against_peer and not self.level

    @property
    def title(self):
        what = {
            PREFILL: f"prefill {self.tokens}",
            DECODE: "decode",
            BATCH: "8 sequences together over one",
            MEMORY: "peak memory over file and state",
            START: "start to first byte",
        }[self.kind]
        size = "1B" if self.shape == ONE_B else "0.5B"
        types = self.type.upper() if self.type == (self.peer_type or self.type) else \
            f"{self.type} against {self.peer_type.upper()}"
        at = f", at depth {self.depth}" if self.depth else ""
        state = "" if self.state == "f16" else f", state {self.state} against {self.peer_state}"
        level = f", {self.level}" if self.level else ""
        return f"{what}{at}, {size} {types}{state}{level}"


def main_rows():
    rows = []

    def add(name, kind, shape, type_, **more):
        rows.append(Row(name, kind, shape, type_, **more))

    for type_ in ("q4_0", "q8_0", "q4_k_m"):
        add(f"prefill-1b-{type_}", PREFILL, ONE_B, type_, tokens=512, floor=3.5, goal=5.5)
    for tokens, floor, goal in ((512, 9, 12), (2048, 8, 11)):
        for type_, peer_type in (("q4s", "q4_0"), ("q8c", "q8_0")):
            add(f"prefill{tokens}-1b-{type_}", PREFILL, ONE_B, type_, peer_type=peer_type, tokens=tokens,
                floor=floor, goal=goal)
    for type_ in ("f16", "bf16"):
        add(f"prefill-1b-{type_}", PREFILL, ONE_B, type_, tokens=512, floor=7, goal=12)
    add("prefill-0.5b-q8_0-d4096", PREFILL, HALF_B, "q8_0", tokens=512, depth=4096, floor=4, goal=8)
    for type_, floor, goal in (("q4_0", 1.2, 1.35), ("q8_0", 1.15, 1.3), ("q4_k_m", 1.8, 2.1)):
        add(f"decode-1b-{type_}", DECODE, ONE_B, type_, floor=floor, goal=goal)
    add("decode-0.5b-q4_0", DECODE, HALF_B, "q4_0", floor=1.3, goal=1.5)
    add("decode-1b-q8_0-d4096", DECODE, ONE_B, "q8_0", depth=4096, floor=2, goal=2.4)
    add("decode-1b-q8_0-d4096-q8", DECODE, ONE_B, "q8_0", depth=4096, floor=2, goal=2.6, state="q8",
        note="our int8 state against the peer's default state")
    add("decode-1b-q8_0-d4096-q8-both", DECODE, ONE_B, "q8_0", depth=4096, state="q8", peer_state="q8_0",
        note="both with 8-bit state")
    add("batch8-1b-q8_0", BATCH, ONE_B, "q8_0", floor=4.5, goal=6)
    for type_ in ("q4_0", "q8_0", "q4_k_m"):
        add(f"memory-1b-{type_}", MEMORY, ONE_B, type_, tokens=512, floor=1.08, goal=1.03,
            lower_is_better=True)
    add("start-1b-q4_0", START, ONE_B, "q4_0", floor=0.8, goal=0.5, lower_is_better=True)
    return rows


def level_rows():
    """At a lower level against a peer that has no more. A peer that already reads memory at its speed
    leaves nothing to gain: then 0.97 is the floor of decode (Row.extra, applied when it is known)."""
    rows = []
    for level in ("vnni", "avx2"):
        for type_ in ("q4_0", "q8_0", "q4_k_m", "f16"):
            rows.append(Row(f"{level}-prefill-1b-{type_}", PREFILL, ONE_B, type_, tokens=512, floor=1.3,
                            level=level))
            rows.append(Row(f"{level}-decode-1b-{type_}", DECODE, ONE_B, type_, floor=1.0, level=level,
                            extra={"floor_when_bound": 0.97, "bound_from_share": 0.8}))
    return rows


def all_rows():
    return main_rows() + level_rows()
