"""One row: pairs of runs in turns, and what the ratios say."""

import os

from . import machine, models, programs, rows, spread

DISTURBED = 0.05  # more than this share of the processors' time went to other programs: a run is disturbed
MIN_PAIRS = 5     # for a verdict


class Bench:
    """What all rows share: programs, files, ceilings, and how to tell the user."""

    def __init__(self, ours, peers, files, probe, options, say):
        self.ours, self.peers, self.files, self.probe = ours, peers, files, probe
        self.options, self.say = options, say

    def row(self, row):
        """Measures a row; the result is made of plain values for JSON."""
        result = {"row": row.name, "title": row.title, "kind": row.kind, "floor": row.floor,
                  "goal": row.goal, "lower_is_better": row.lower_is_better, "needs_amx": row.needs_amx,
                  "note": row.note, "date": machine.now(), "pairs": []}
        try:
            self._measure(row, result)
        except programs.Failed as failure:
            result["failed"] = str(failure).replace(os.path.join(self.files.folder, ""), "")
            self.say(f"  failed: {failure}")
        return result

    def _measure(self, row, result):
        model = self.files.path(row.shape, row.type)
        peer_model = self.files.path(row.shape, row.peer_type or row.type)
        for path in {model, peer_model}:
            models.warm(path)
        result["probe"] = self.probe()
        take = {rows.BATCH: self._batch_pair, rows.MEMORY: self._memory_run}.get(row.kind)
        if not take:
            peer = self._peer(row)
            more = self._best_peer_options(row, peer, peer_model, result)
            take = lambda row, model, ours_first: self._pair(row, model, peer, peer_model, more, ours_first)
        self._take_pairs(row, model, result, take)
        self._summarise(row, model, result)

    def _peer(self, row):
        peer = self.peers.get(row.level)
        if peer:
            return peer
        raise programs.Failed(f"no build of the peer for {row.level or 'this machine'}: "
                              f"--peer{'-' + row.level if row.level else ''} DIR")

    def _best_peer_options(self, row, peer, model, result):
        """At depth the peer's two ways to compute attention differ much: it gets the faster one."""
        if row.peer_state != "f16":
            return ["-fa", "on"]  # it keeps values in 8 bits with this way only
        if not row.depth:
            return []
        speeds = {}
        for way in ("on", "off"):
            speeds[way], _ = peer.measure(row, model, ["-fa", way])
        best = max(speeds, key=speeds.get)
        result["peer_flash_attention"] = {"chosen": best, "speeds": speeds}
        self.say(f"  the peer with -fa on {speeds['on']:.4g}, off {speeds['off']:.4g}")
        return ["-fa", best]

    def _take_pairs(self, row, model, result, take):
        kept, disturbed_left = 0, self.options.retries
        while kept < self.options.pairs:
            if self.options.wait_s:
                programs.wait_for_quiet(DISTURBED, self.options.wait_s)
            pair = take(row, model, len(result["pairs"]) % 2 == 0)
            pair["disturbed"] = row.kind != rows.MEMORY and \
                max(run["others"] for run in pair["runs"]) > DISTURBED
            pair["kept"] = not pair["disturbed"] or disturbed_left == 0
            if pair["kept"]:
                kept += 1
            else:
                disturbed_left -= 1
            result["pairs"].append(pair)
            self.say(f"  {pair['ours']:.5g} to {pair['theirs']:.5g}: {pair['ratio']:.3f}"
                     + (", others ran meanwhile" if pair["disturbed"] else "")
                     + ("" if pair["kept"] else ", taken again"))

    def _pair(self, row, model, peer, peer_model, more, ours_first):
        def measure_ours():
            return self.ours.measure(row, model)

        def measure_theirs():
            return peer.measure(row, peer_model, more)

        if ours_first:
            ours, theirs = measure_ours(), measure_theirs()
        else:
            theirs, ours = measure_theirs(), measure_ours()
        return _pair_of(ours, theirs, "ours" if ours_first else "theirs")

    def _batch_pair(self, row, model, eight_first):
        sizes = (8, 1) if eight_first else (1, 8)
        runs = {n: self.ours.measure(row, model, n) for n in sizes}
        return _pair_of(runs[8], runs[1], "8" if eight_first else "1")

    def _memory_run(self, row, model, _):
        value, seen = self.ours.measure(row, model)
        needed = models.size_bytes(model) + models.state_bytes(row.shape, row.tokens + 1)
        return _pair_of((value, seen), (needed, seen), "ours")

    def _summarise(self, row, model, result):
        kept = [pair for pair in result["pairs"] if pair["kept"]]
        result["ratio"] = spread.summary([pair["ratio"] for pair in kept])
        result["ours"] = spread.summary([pair["ours"] for pair in kept])
        result["theirs"] = spread.summary([pair["theirs"] for pair in kept])
        result["n_disturbed"] = sum(pair["disturbed"] for pair in kept)
        self._add_shares(row, result, kept)
        result["floor"] = _floor(row, result)

    def _add_shares(self, row, result, kept):
        """Of the memory's speed, where decoding reads every weight once a token."""
        read_gb_s = result["probe"].get("read_gb_s")
        if row.kind != rows.DECODE or row.depth or not read_gb_s:
            return
        step_bytes = kept[0]["runs"][0]["said"].get("step_weight_bytes") or \
            kept[0]["runs"][1]["said"].get("step_weight_bytes")
        if step_bytes:
            result["ours_share"] = result["ours"]["median"] * step_bytes / 1e9 / read_gb_s
            result["theirs_share"] = result["theirs"]["median"] * step_bytes / 1e9 / read_gb_s


def _pair_of(ours, theirs, first):
    return {"ours": ours[0], "theirs": theirs[0], "ratio": ours[0] / theirs[0], "first": first,
            "runs": [ours[1], theirs[1]]}


def _floor(row, result):
    bound_from = row.extra.get("bound_from_share")
    if bound_from and result.get("theirs_share", 0) >= bound_from:
        return row.extra["floor_when_bound"]
    return row.floor


def verdict(result, has_amx):
    """What may be said of a row: a floor is met when the whole interval of the median lies beyond it."""
    if "failed" in result:
        return "not measured"
    floor, goal, ratio = result["floor"], result["goal"], result["ratio"]
    if not floor:
        return "no floor"
    if result["needs_amx"] and not has_amx:
        return "not claimed: no AMX"
    if ratio["n"] < MIN_PAIRS:
        return f"not claimed: {ratio['n']} pairs"
    if result["n_disturbed"] > ratio["n"] // 5:
        return "not claimed: busy machine"
    sign = -1 if result["lower_is_better"] else 1
    edge = ratio["high"] if result["lower_is_better"] else ratio["low"]
    if sign * edge >= sign * floor:
        return "goal met" if goal and sign * ratio["median"] >= sign * goal else "floor met"
    return "missed" if sign * ratio["median"] < sign * floor else "unclear"
