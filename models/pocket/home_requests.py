"""Requests to a home and its devices, with their answers: what a person might type or say, by templates.

    maker = Requests(seed=1)
    text, answer = maker.sample()      # "pls dim teh lamps in the loft", '{"tool":"light_adjust",...}'

A sentence is made of clauses (templates/*.txt), joined and wrapped (affixes.py), first as flat templates
that guard.py must allow, then with its slots filled, then with slips of the keyboard (slips.py).
"""

import itertools
import json
import pathlib
import random
import re

import affixes
import slots
from grammar import SLOT, choose, read_lines, read_pairs, read_templates, read_verbs, tidy
from guard import Guard
from slips import Slips

HERE = pathlib.Path(__file__).resolve().parent
CORRECTED = {
    "room",
    "colour",
    "brightness",
    "position",
    "level",
    "temperature",
    "degrees",
    "seconds",
    "seconds_noun",
    "alarm_time",
    "alarm_for",
    "points",
    "door",
    "label",
    "place",
    "day_name",
}
# Slots that may be said once more at the end, and how: `.., make that 30`.
AT_END = {
    "room": "the {room}",
    "brightness": "{brightness}",
    "position": "{position}",
    "level": "{level}",
    "temperature": "{temperature}",
    "degrees": "{degrees}",
    "seconds": "{seconds}",
    "alarm_time": "{alarm_time}",
    "alarm_for": "{alarm_for}",
    "colour": "{colour}",
    "points": "{points}",
    "door": "the {door}",
}
# A slot of a pair that is said once and belongs to each of its calls.
SAME = re.compile(r"\{same_([a-z_]+)\}")
# A room said before several things belongs to each of them: such a clause stands alone.
ROOM_FIRST = re.compile(r"\{(in_room|everywhere)\}|in the \{rooms?\}|\{rooms?\}[:,]")
# What a fragment may end with, and begin with, that has nothing but a blank on that side.
PLAIN_END = re.compile(r"[a-z]$|\{(onoff|colour)\}$")
PLAIN_START = re.compile(r"[A-Za-z]|\{(appliance|door|all_[a-z]+)\}")
# Tools whose second call for the same thing undoes the first.
UNDONE = {
    "light_set",
    "thermostat_set",
    "thermostat_adjust",
    "light_adjust",
    "appliance_switch",
    "blinds_set",
    "lock_set",
    "media_play",
    "volume_set",
}
# What is not over at once, and words that would put what follows off until it is.
LATER = {"timer_set", "alarm_set", "reminder_add"}
WHEN_DONE = re.compile("only|done|finished|afterwards|after which")
N_TRIES = 200


class Clause:
    """A flat template, what tool it calls, and the arguments that its words fix."""

    def __init__(self, kind, tool, args, flat):
        self.kind, self.tool, self.args, self.flat = kind, tool, args, flat

    def slots(self):
        return SLOT.findall(self.flat)


def read_tools():
    with open(HERE / "tools.json", encoding="utf-8") as f:
        return {t["function"]["name"]: list(t["function"]["parameters"]["properties"]) for t in json.load(f)}


def same_thing(one, other):
    return all(one.get(key) == other.get(key) for key in ("room", "door", "appliance"))


def stands_bare(flat):
    plain = PLAIN_START.match(flat) and PLAIN_END.search(flat) and not re.search("[,.:;?]", flat)
    return plain and len(flat.split()) < 6


def canonical(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Requests:
    def __init__(self, seed, guard=None, plans=None):
        self.plans = plans or self.FIRST
        self.rng = random.Random(seed)
        self.guard = guard or Guard(slots.PATTERNS)
        self.slips = Slips(self.rng, self.SLIPS_SHARE)
        self.order = read_tools()
        self.macros, sections = read_templates("home.txt")
        outside_macros, self.outside = read_templates("outside.txt")
        self.outside_macros = self.macros | outside_macros
        self.shared = read_templates("shared.txt")[1]
        self.pairs = read_pairs()
        self.verbs = read_verbs()
        self.reasons = affixes.REASONS + read_lines("reasons.txt")
        self.by_tool, self.by_tool_again, self.known_keys = {}, {}, {}
        for section in sections:
            of_kind = self.by_tool_again if section[0] == "a" else self.by_tool
            of_kind.setdefault(section[1], []).append(section)
        self.tools = list(self.by_tool)
        busy = {
            "light_set": 2,
            "timer_set": 1.6,
            "reminder_add": 2.4,
            "list_add": 1.9,
            "media_play": 1.7,
            "alarm_set": 1.7,
            "weather_query": 1.4,
            "list_remove": 1.4,
            "volume_adjust": 1.2,
            "appliance_switch": 1.3,
            "blinds_set": 1.2,
            "lock_set": 1.3,
            "media_control": 1.3,
            "timer_cancel": 0.8,
            "timer_query": 0.8,
        }
        self.weights = [busy.get(tool, 1) for tool in self.tools]

    # ---- clauses ----

    def section(self, sections):
        return self.rng.choices(sections, [len(s[3]) ** 0.7 for s in sections])[0]

    def clause(self, tool=None, kinds="ifs"):
        """A clause whose wording the test does not have."""
        for _ in range(N_TRIES):
            name = tool or self.rng.choices(self.tools, self.weights)[0]
            sections = [s for s in self.by_tool[name] if s[0] in kinds]
            if not sections:
                continue
            found = self.from_section(self.section(sections), self.macros)
            if found:
                return found
        raise LookupError(f"no clause of {tool} that the guard allows")

    def from_section(self, section, macros):
        kind, tool, args, templates = section
        flat = choose(self.rng.choice(templates), macros, self.rng)
        said = set(SLOT.findall(flat))
        rooms = said & {"room", "in_room", "everywhere", "all_lights", "all_blinds"}
        if len(rooms) > 1 or flat.count("{room}") + flat.count("{in_room}") > 1 and not said & {"rooms"}:
            return None
        if not self.guard.allows(flat):
            kind, flat = self.addressed(kind, flat)
        return Clause(kind, tool, args, flat) if self.guard.allows(flat) else None

    def addressed(self, kind, flat):
        """What the guard refuses as it is may be allowed with what people say around it."""
        rng = self.rng
        if kind == "i" and rng.random() < 0.6:
            kind, flat = "s", f"{rng.choice(affixes.ASKING)} {flat}"
        if kind != "s" and rng.random() < 0.5:
            return kind, f"{rng.choice(affixes.OPENING)}, {flat}"
        return kind, flat + rng.choice([" ", ", "]) + rng.choice(affixes.CLOSING)

    def outside_clause(self):
        for _ in range(N_TRIES):
            section = self.rng.choices(self.outside, [len(s[3]) ** 0.8 for s in self.outside])[0]
            flat = choose(self.rng.choice(section[3]), self.outside_macros, self.rng)
            if flat and self.guard.allows(flat):
                return Clause("s", "none", {}, flat)
        raise LookupError("no clause outside that the guard allows")

    # ---- wrapping ----

    def marked(self, clause, ask=True):
        """A clause between marks, perhaps with something before it; `would you mind` wants -ing."""
        flat = self.hesitating(clause.flat)
        if not ask or clause.kind != "i" or self.rng.random() > 0.36:
            return f"\x00{flat}\x00"
        verb, _, rest = flat.partition(" ")
        if verb in affixes.GERUNDS and self.rng.random() < 0.14:
            return f"{self.rng.choice(affixes.ASKING_ING)} \x00{affixes.GERUNDS[verb]} {rest}\x00"
        return f"{self.rng.choice(affixes.ASKING)} \x00{flat}\x00"

    def hesitating(self, flat):
        """With a filler between two words, now and then."""
        blanks = [i for i, c in enumerate(flat) if c == " "]
        if not blanks or self.rng.random() > 0.035:
            return flat
        i = self.rng.choice(blanks)
        return flat[:i] + self.rng.choice(affixes.FILLERS) + flat[i:]

    def wrapped(self, flat, light=False):
        rng = self.rng
        if rng.random() < (0.08 if light else 0.14):
            flat = rng.choice(affixes.OPENING) + rng.choice([" ", ", "]) + flat
        if rng.random() < (0.08 if light else 0.2):
            flat = flat + rng.choice([" ", ", ", " "]) + rng.choice(affixes.CLOSING)
        if not light and rng.random() < 0.1:
            reason = choose(rng.choice(self.reasons), self.macros, rng)
            if rng.random() < 0.25:
                reason += rng.choice([", ", ", and ", ". "]) + choose(rng.choice(self.reasons), self.macros, rng)
            before = reason + rng.choice([", ", " so ", ". ", ", so ", "; "]) + flat
            after = flat + rng.choice([", ", " because ", ". ", " as ", " - ", ", "]) + reason
            flat = rng.choice([before, after])
        return flat

    def corrected(self, clause):
        """With a slot said wrongly first: the wrong one's name gets a minus."""
        rng = self.rng
        known = [s for s in clause.slots() if s in CORRECTED]
        if not known or rng.random() > 0.09:
            return clause
        slot = rng.choice(known)
        again = rng.choice(affixes.AGAIN)
        mark = "{" + slot + "}"
        if slot in AT_END and rng.random() < 0.4:
            flat = (
                clause.flat.replace(mark, "{-" + slot + "}", 1)
                + rng.choice([", ", "... ", ". "])
                + f"{again} {AT_END[slot]}"
            )
        else:
            the = "the " if slot in ("room", "door") and "the " + mark in clause.flat else ""
            flat = clause.flat.replace(
                mark, "{-" + slot + "}" + rng.choice([", ", "... ", ", "]) + f"{again}, {the}{mark}", 1
            )
        return Clause(clause.kind, clause.tool, clause.args, flat)

    # ---- filling ----

    def fill(self, flat):
        """[(text, copied?)] and the arguments said; a wrong first value differs from the right one."""
        parts, args = [], {}
        values, said_as, wrong = {}, {}, {}
        pieces = SLOT.split(flat)
        for i, piece in enumerate(pieces):
            if i % 2 == 0:
                parts.append((piece, False))
                continue
            name = piece.lstrip("-=")
            if piece.startswith("="):
                parts.append((said_as[name], name in slots.COPIED))
                continue
            said, value = slots.SLOTS[name][0](self.rng)
            if piece.startswith("-"):
                wrong = value
            else:
                for _ in range(20):
                    if value != wrong:
                        break
                    said, value = slots.SLOTS[name][0](self.rng)
                values |= value
            said_as[name] = said
            parts.append((said, name in slots.COPIED))
        args |= values
        return parts, args

    def calls(self, clause, args):
        """The calls of a clause: one, or one for each of several values."""
        order = self.order[clause.tool]
        merged = clause.args | args
        merged = {key: merged[key] for key in order if key in merged}
        if "brightness" in merged or "colour" in merged:
            merged.pop("state", None)
        several = [v if isinstance(v, tuple) else (v,) for v in merged.values()]
        return [
            {"tool": clause.tool, "args": dict(zip(merged, values, strict=True))}
            for values in itertools.product(*several)
        ]

    def realise(self, clauses, flat, extra=None):
        """Fills a sentence whose clauses' flats are marked by \\x00..\\x01."""
        parts, calls = [], []
        for i, piece in enumerate(flat.split("\x00")):
            if i % 2 == 0:
                parts += self.fill(piece)[0]
            else:
                filled, args = self.fill(piece)
                clause = clauses[i // 2]
                parts += filled
                if "list" in self.order[clause.tool] and "list" not in clause.args | args:
                    # `.. and add jam`: to the list just spoken of, or the list with no name.
                    args["list"] = calls[-1]["args"].get("list", "shopping") if calls else "shopping"
                if clause.tool != "none":
                    calls += self.calls(clause, (extra or {}) | args)
        return parts, calls

    @staticmethod
    def repeats(calls):
        """Whether a call says nothing that another does not say, or undoes it: the answer is then unclear."""
        pairs = [(a, b) for a, b in itertools.permutations(calls, 2) if a["tool"] == b["tool"]]
        return any(
            a["args"].items() <= b["args"].items() or a["tool"] in UNDONE and same_thing(a["args"], b["args"])
            for a, b in pairs
        )

    def finish(self, parts, calls):
        if self.repeats(calls):
            return None
        text = self.slips.finish(parts)
        answer = {"tool": "none"} if not calls else calls[0] if len(calls) == 1 else calls
        if not text or not self.guard.allows_text(text):
            return None
        return text, canonical(answer)

    def one(self):
        clause = self.corrected(self.clause())
        return [clause], self.wrapped(self.marked(clause)), None

    def shared_clause(self):
        for _ in range(N_TRIES):
            found = self.from_section(self.section(self.shared), self.macros)
            if found:
                return found
        raise LookupError("no shared clause that the guard allows")

    def shared_one(self):
        clause = self.shared_clause()
        return [clause], self.wrapped(self.marked(clause)), None

    def said_twice(self):
        """One thing that is meant, in two sentences: `it's freezing in the loft. warm it up a bit`."""
        rng = self.rng
        for _ in range(N_TRIES):
            tool = rng.choices(self.tools, self.weights)[0]
            known = [s for s in self.by_tool[tool] if s[0] in "ifs"]
            section = self.section(known)
            others = [s for s in self.by_tool[tool] + self.by_tool_again.get(tool, []) if s[2] == section[2]]
            first = self.from_section(section, self.macros)
            second = self.from_section(self.section(others), self.macros)
            if first and second and first.flat != second.flat:
                flat = self.second_of(first, second)
                if flat and self.guard.allows(flat):
                    return [Clause("s", tool, section[2], flat)], self.wrapped(f"\x00{flat}\x00", True), None
        raise LookupError("no two sentences that mean one thing")

    def second_of(self, first, second):
        """Both flats in one, where the second repeats what both say; None where they contradict each other."""
        one, two = set(first.slots()), set(second.slots())
        if any(slot[0] in "-=" for slot in one | two):
            return None
        new = {key for slot in two - one for key in self.keys_of(slot)}
        old = {key for slot in one for key in self.keys_of(slot)}
        if new & old or ("seconds" in new | old and (new | old) & {"time", "day"}):
            return None
        again = second.flat
        for slot in one & two:
            again = again.replace("{" + slot + "}", "{=" + slot + "}")
        return first.flat + self.rng.choice([". ", ", ", ". ", "; ", " - ", ": ", ", so ", "! ", ", ", "? "]) + again

    def keys_of(self, slot):
        """The arguments that a slot may give."""
        if slot not in self.known_keys:
            rng = random.Random(1)
            self.known_keys[slot] = {key for _ in range(60) for key in slots.SLOTS[slot][0](rng)[1]}
        return self.known_keys[slot]

    def several(self):
        kind = self.rng.random()
        if kind < 0.14:
            return self.one_verb()
        if kind < 0.21:
            return self.in_a_row()
        if kind < 0.25:
            return self.same_again()
        clauses = self.some_clauses()
        if kind < 0.36:
            return self.in_one_room(clauses)
        flat = self.headed(self.wrapped(self.linked(clauses), True), len(clauses))
        return clauses, flat, None

    def some_clauses(self):
        rng = self.rng
        n = rng.choices([2, 3, 4, 5], [0.62, 0.26, 0.09, 0.03])[0]
        same_tool = rng.choice(self.tools) if rng.random() < 0.18 else None
        kinds = rng.choice(["i", "f", "f", "if", "ifs", "ifs"])
        clauses = []
        while len(clauses) < n:
            tool = same_tool if same_tool and any(s[0] in kinds for s in self.by_tool[same_tool]) else None
            kind = rng.random()
            if kind < self.TWICE_SHARE:
                clause = self.said_twice()[0][0]
            else:
                clause = self.shared_clause() if kind < self.TWICE_SHARE + 0.04 else self.clause(tool, kinds)
            if not ROOM_FIRST.match(clause.flat):
                clauses.append(self.corrected(clause) if rng.random() < 0.3 else clause)
        return clauses

    def headed(self, flat, n):
        """Perhaps with what says that several things follow, or that these were all."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.07:
            return f"{rng.choice(affixes.HEADINGS)} {flat}"
        if kind < 0.11:
            return rng.choice(affixes.COUNTING).format(rng.choice(affixes.COUNTS[n])) + " " + flat
        if kind < 0.16:
            return flat + rng.choice([", ", ". ", " - "]) + rng.choice(affixes.CLOSING_ALL)
        return flat

    def pair(self):
        """Two or three calls whose words lean on each other: `.. and the attic ones off`."""
        rng = self.rng
        for _ in range(N_TRIES):
            calls, templates = rng.choices(self.pairs, [len(p[1]) for p in self.pairs])[0]
            flats = [choose(template, self.macros, rng) for template in rng.choice(templates)]
            if all(self.guard.allows(SAME.sub(r"{\1}", flat)) for flat in flats):
                flats, extra = self.with_same(flats)
                clauses = [Clause("i", *call, flat) for call, flat in zip(calls, flats, strict=True)]
                return clauses, self.wrapped(" ".join("\x00" + flat + "\x00" for flat in flats), True), extra
        raise LookupError("no pair that the guard allows")

    def with_same(self, flats):
        """Says what is the same for all, and gives its arguments."""
        said, extra = {}, {}
        for slot in SAME.findall(" ".join(flats)):
            if slot not in said:
                said[slot], args = slots.SLOTS[slot][0](self.rng)
                extra |= args
        return [SAME.sub(lambda m: said[m.group(1)], flat) for flat in flats], extra or None

    def one_verb(self):
        """One verb for several things: `turn off the telly, the fan and the loft lamps`."""
        rng = self.rng
        frames, things = self.verbs[rng.choice(list(self.verbs))]
        n = rng.choices([2, 3, 4], [0.4, 0.45, 0.15])[0]
        clauses = []
        for _ in range(N_TRIES):
            clause = self.from_section(self.section(things), self.macros)
            if clause and clause.kind != "s":
                clauses.append(clause)
            if len(clauses) == n:
                break
        kind, frame = rng.choice(frames)
        if kind == "i" and rng.random() < 0.3:
            frame = f"{rng.choice(affixes.ASKING)} {frame}"
        [frame], extra = self.with_same([choose(frame, self.macros, rng)])
        listed = self.listed([f"\x00{c.flat}\x00" for c in clauses])
        return clauses, self.wrapped(frame.replace("#", listed), True), extra

    def in_a_row(self):
        """Short fragments with nothing between them: `lights off telly on front door locked`."""
        clauses = []
        n = self.rng.choices([2, 3, 4], [0.5, 0.35, 0.15])[0]
        kinds = self.rng.choice(["f", "f", "i", "if"])
        while len(clauses) < n:
            clause = self.clause(kinds=kinds)
            if stands_bare(clause.flat) and (clause.kind == "f" or not slots.COPIED & set(clause.slots())):
                clauses.append(clause)
        link = self.rng.choice([" ", " ", ", ", ", ", ". ", " and "])
        return clauses, self.wrapped(link.join(f"\x00{c.flat}\x00" for c in clauses), True), None

    def listed(self, parts):
        rng = self.rng
        comma = rng.choice([", ", ", ", ", ", " and ", "; "])
        links = [" and ", " and ", " and ", ", and ", ", ", " & ", " plus ", " as well as ", " and also "]
        return comma.join(parts[:-1]) + rng.choice(links) + parts[-1]

    def linked(self, clauses):
        rng = self.rng
        marked = [self.marked(c, i == 0 or rng.random() < 0.1) for i, c in enumerate(clauses)]
        if rng.random() < 0.24:
            return self.chatted(clauses, marked)
        style = rng.random()
        if style < 0.26:
            return rng.choice(affixes.STOPS).join(marked)
        if style < 0.31:
            return rng.choice([", ", "; ", " ", ". "]).join(self.numbered(marked))
        if style < 0.38:
            return rng.choice([", ", ", ", ". ", "; "]).join(self.in_turn(marked))
        if style < 0.8 or len(marked) == 2:
            return self.with_link(clauses, marked)
        return f" {rng.choice(['and', 'then', 'and then', 'and', '&', 'plus'])} ".join(marked)

    def with_link(self, clauses, marked):
        rng = self.rng
        link = rng.choice(affixes.LINKS + (affixes.LINKS_ASKING if clauses[-1].kind == "i" else []))
        said = ", ".join(marked[:-1]) + rng.choice([" ", " ", ", ", ". "]) + f"{link} {marked[-1]}"
        if rng.random() < 0.08 and PLAIN_END.search(clauses[-1].flat):
            said += rng.choice([" too", " as well", " also", ", too", " while you're at it"])
        return said

    def chatted(self, clauses, marked):
        """The last as an afterthought, a reason in the middle, or `as well as dimming A, B`."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.2:
            at = rng.randrange(1, len(marked))
            reason = choose(rng.choice(self.reasons), self.macros, rng)
            link = rng.choice([". {}, so ", ", {}, and ", " - {} - and ", " ({}) and ", ". {}. ", ", and since {}, "])
            last = marked[at:]
            return ", ".join(marked[:at]) + link.format(reason) + rng.choice([" and ", ", then "]).join(last)
        if kind < 0.3 and clauses[0].kind == "i" and not slots.COPIED & set(clauses[0].slots()):
            first = self.ing(clauses[0])
            if first:
                rest = [f"\x00{c.flat}\x00" for c in clauses[1:]]
                return rng.choice(affixes.FIRST_ING).format(first, rng.choice([" and ", ", "]).join(rest))
        before = rng.choice([", ", ", ", ". ", " and "]).join(marked[:-1])
        if kind < 0.38:
            wrong = self.clause(kinds=rng.choice(["i", "f"]))
            if not ROOM_FIRST.match(wrong.flat):
                return rng.choice(affixes.NOT_THAT).format(before, wrong.flat, f"\x00{clauses[-1].flat}\x00")
        if clauses[-1].kind == "i" and kind < 0.65:
            last = self.ing(clauses[-1]) if kind < 0.48 else None
            if last:
                return self.fitting(affixes.AFTERTHOUGHTS_ING, clauses).format(before, last)
            link = self.fitting(affixes.AFTERTHOUGHTS_ASKING, clauses)
            return link.format(before, f"\x00{clauses[-1].flat}\x00")
        return self.fitting(affixes.AFTERTHOUGHTS, clauses).format(before, marked[-1])

    def fitting(self, links, clauses):
        """One that ends in a word only after a plain end, and says no `when that's done` of what will ring later."""
        while True:
            link = self.rng.choice(links)
            late = clauses[-2].tool in LATER and WHEN_DONE.search(link)
            if not late and (link.endswith("{}") or PLAIN_END.search(clauses[-1].flat)):
                return link

    def ing(self, clause):
        """A clause with its verb in -ing, or None."""
        verb, _, rest = clause.flat.partition(" ")
        return f"\x00{affixes.GERUNDS[verb]} {rest}\x00" if verb in affixes.GERUNDS else None

    def same_again(self):
        """A request for one room, and the same for another: `dim the loft lamps, and the same in the study`."""
        rng = self.rng
        for _ in range(N_TRIES):
            clause = self.clause(kinds="if")
            where = [s for s in clause.slots() if "room" in s or s in ("everywhere", "all_lights", "all_blinds")]
            if where not in (["room"], ["in_room"]) or re.search("[.?!]", clause.flat):
                continue
            if " in here" in clause.flat or " in this room" in clause.flat:
                continue
            mark = "{" + where[0] + "}"
            n = rng.choices([2, 3], [0.85, 0.15])[0]
            rooms = rng.sample(list(slots.ROOMS), n)
            said = [rng.choice(slots.words.split(slots.ROOMS[room])) for room in rooms]
            tails = affixes.SAME_AGAIN
            if clause.flat.endswith(mark) and rng.random() < 0.6:
                tails = affixes.AND_THERE
            tail = rng.choice([", ", ", ", ". ", " ", " - "]) + rng.choice(tails)
            if not self.guard.allows(clause.flat + tail.format("{room}")):
                continue
            first = said[0] if where == ["room"] else rng.choice(["in the ", "in the ", "in my ", "for the "]) + said[0]
            flat = clause.flat.replace(mark, first) + tail.format(" and the ".join(said[1:]))
            whole = Clause(clause.kind, clause.tool, clause.args, flat)
            return [whole], self.wrapped(self.marked(whole), True), {"room": tuple(rooms)}
        raise LookupError("no request for a room that the guard allows")

    def numbered(self, marked):
        numbers = self.rng.choice(affixes.NUMBERINGS)
        return [f"{number} {part}" for number, part in zip(numbers[: len(marked)], marked, strict=True)]

    def in_turn(self, marked):
        """`first A, then B, and finally C`"""
        first, middle, last = self.rng.choice(affixes.IN_TURN)
        before = [first] + [middle] * (len(marked) - 2) + [last]
        return [f"{word} {part}".strip() for word, part in zip(before, marked, strict=True)]

    def in_one_room(self, clauses):
        """`in the loft, A and B`, or `A in the loft and B there`: one room for clauses that name none."""
        rng = self.rng
        roomless = []
        for _ in range(N_TRIES):
            clause = self.clause(kinds=rng.choice(["i", "i", "f"]))
            if "room" in clause.args or re.search(r" (in|for) (here|this room)\b", clause.flat):
                continue
            if "room" in self.order[clause.tool] and not any(
                "room" in s or s in ("everywhere", "all_lights", "all_blinds") for s in clause.slots()
            ):
                roomless.append(clause)
            if len(roomless) == min(len(clauses), 3):
                break
        else:
            return clauses, self.wrapped(self.linked(clauses), True), None
        room = slots.in_room(rng)
        linked = self.linked(roomless)
        kind = rng.random()
        if kind < 0.5:
            return roomless, room[0] + rng.choice([", ", " ", ": "]) + linked, room[1]
        if kind < 0.6:
            return roomless, room[0].split(" ", 2)[-1] + ": " + linked, room[1]
        if kind < 0.75:
            name = room[0].split(" ", 2)[-1]
            return roomless, rng.choice(affixes.ROOM_JOBS).format(name, linked), room[1]
        there = rng.choice(
            affixes.THERE
        )
        marked = ["\x00" + c.flat + "\x00" for c in roomless]
        said = [f"{marked[0]} {room[0]}"] + [f"{m} {there}" for m in marked[1:]]
        link = rng.choice([" and ", ", ", ", and ", " then ", ". Then "])
        return roomless, link.join(said), room[1]

    def taken_back(self):
        """A request and another in its place."""
        first, second = self.clause(kinds="i"), self.clause(kinds="i")
        again = self.rng.choice(
            [
                "no, {}",
                "no wait, {}",
                "actually, {}",
                "sorry, {}",
                "scratch that, {}",
                "actually no, {}",
                "no don't, {} instead",
                "on second thoughts, {}",
                "forget that, {}",
                "I mean {}",
                "oh no, {}",
            ]
        )
        stop = self.rng.choice([", ", ". ", "... "])
        flat = first.flat + stop + again.format("\x00" + second.flat + "\x00")
        return [second], flat, None

    def outside_one(self):
        clause = self.outside_clause()
        return [clause], self.wrapped("\x00" + clause.flat + "\x00", True), None

    def plan(self):
        kind = self.rng.random()
        for share, make in self.plans:
            if kind < share:
                return make(self)
            kind -= share
        return self.several()

    # Shares of the kinds of requests, the rest being several in one; of texts with slips; of things said twice
    # among several.
    FIRST = (
        (0.26, outside_one),
        (0.32, one),
        (0.02, said_twice),
        (0.03, shared_one),
        (0.01, taken_back),
        (0.08, pair),
    )
    # After the first training alone, `none` is said too readily.
    SECOND = (
        (0.15, outside_one),
        (0.4, one),
        (0.02, said_twice),
        (0.03, shared_one),
        (0.01, taken_back),
        (0.08, pair),
    )
    SLIPS_SHARE = 0.4
    TWICE_SHARE = 0.01

    def sample(self):
        """A text and its answer in canonical form."""
        while True:
            clauses, flat, extra = self.plan()
            flat = tidy(flat)
            if not self.guard.allows(flat.replace("\x00", "")):
                continue
            parts, calls = self.realise(clauses, flat, extra)
            if extra:
                calls = [
                    {
                        "tool": c["tool"],
                        "args": {k: c["args"][k] for k in self.order[c["tool"]] if k in c["args"]},
                    }
                    for c in calls
                ]
            made = self.finish(parts, calls)
            if made:
                return made
