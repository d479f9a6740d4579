"""Running the two programs: each measurement is a process of its own, watched from outside."""

import json
import os
import resource
import subprocess
import tempfile
import time

from . import rows

PROMPT = "the banana bicolo"
START_TOKENS = 4
# What both keep room for when a prompt is answered: without it the peer would clear gigabytes of state for
# the whole context that the model was trained on.
START_CONTEXT = 4096
TIMEOUT_S = 1800


class Failed(Exception):
    """A program that did not do what it was asked for; the text says which and why."""


def _busy_s():
    """Processor seconds that all processes had, and that the hypervisor gave to others, since boot."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = [int(x) for x in stat.readline().split()[1:]]
    user, nice, system, _idle, _wait, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def wait_for_quiet(share, longest_s, window_s=1.0):
    """Until others have less than this share of the processors' time for a while. False: they never did."""
    start = time.monotonic()
    while True:
        before = _busy_s() - _own_s()
        time.sleep(window_s)
        others = (_busy_s() - _own_s() - before) / (window_s * (os.cpu_count() or 1))
        if others < share:
            return True
        if time.monotonic() - start > longest_s:
            return False


class Watch:
    """What else ran on the machine meanwhile: `others` is its share of all processors' time."""

    def __init__(self):
        self.start, self.busy, self.own = time.monotonic(), _busy_s(), _own_s()

    def stop(self, usage):
        self.wall_s = time.monotonic() - self.start
        mine = usage.ru_utime + usage.ru_stime + _own_s() - self.own
        available = max(self.wall_s, 0.01) * (os.cpu_count() or 1)
        self.others = max(0.0, (_busy_s() - self.busy - mine) / available)


def run(command, env=None):
    """Runs a command to its end. Returns its stdout and what was seen of it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        watch = Watch()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 env=dict(os.environ, **(env or {})))
        _, status, usage = wait_for(child, watch.start)
        watch.stop(usage)
        out.seek(0)
        err.seek(0)
        text, errors = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if status != 0:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise Failed(f"{os.path.basename(command[0])}: exit code {status}: {last[:300]}")
    return text, {"wall_s": watch.wall_s, "others": watch.others, "rss_bytes": usage.ru_maxrss * 1024}


def wait_for(child, start, most_s=TIMEOUT_S):
    """os.wait4 with a deadline."""
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return pid, child.returncode, usage
        if time.monotonic() - start > most_s:
            child.kill()
        time.sleep(0.005)


def first_byte(command, env=None):
    """Milliseconds from before the process starts until its first byte of output."""
    watch = Watch()
    start = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, env=dict(os.environ, **(env or {})))
    byte = os.read(child.stdout.fileno(), 1)
    took_ms = (time.perf_counter() - start) * 1e3
    child.stdout.read()
    _, status, usage = wait_for(child, watch.start)
    child.stdout.close()
    watch.stop(usage)
    if status != 0 or not byte:
        raise Failed(f"{os.path.basename(command[0])}: exit code {status}, {len(byte)} bytes of output")
    return took_ms, {"wall_s": watch.wall_s, "others": watch.others, "rss_bytes": usage.ru_maxrss * 1024}


# ---- ours ----

class Ours:
    def __init__(self, program, threads):
        self.program, self.threads = program, threads

    def _env(self, row):
        return {"EDGEWISE_CPU": row.level} if row.level else {}

    def _bench(self, row, model, prompt, gen, batch=1):
        command = [self.program, "bench", "-m", model, "-t", str(self.threads), "-r", "1", "--json",
                   "--prompt-tokens", str(prompt), "--gen-tokens", str(gen), "--depth", str(row.depth)]
        command += ["--batch", str(batch)] if batch > 1 else []
        command += ["-c", str(row.depth + max(prompt, gen) + 64)]
        command += ["-ctk", row.state, "-ctv", row.state] if row.state != "f16" else []
        text, seen = run(command, self._env(row))
        return json.loads(text), seen

    def measure(self, row, model, batch=1):
        """One number, with everything else that the program said."""
        if row.kind == rows.START:
            value, seen = first_byte([self.program, "run", "-m", model, "-t", str(self.threads), "--raw",
                                      "-c", str(START_CONTEXT), "--temp", "0", "--ignore-eos", "-n",
                                      str(START_TOKENS), "-p", PROMPT], self._env(row))
            return value, seen
        if row.kind in (rows.PREFILL, rows.MEMORY):
            said, seen = self._bench(row, model, row.tokens, 1)
        else:
            said, seen = self._bench(row, model, 1, row.tokens, batch)
        seen["said"] = said
        key = {rows.PREFILL: "prefill_tok_s", rows.MEMORY: "peak_rss_bytes"}.get(row.kind, "decode_tok_s")
        if not said.get(key):
            raise Failed(f"edgewise bench: no {key}")
        return said[key], seen


# ---- the peer ----

class Peer:
    def __init__(self, folder, threads):
        self.folder, self.threads = folder, threads

    def program(self, name):
        path = os.path.join(self.folder, "bin", name)
        if not os.access(path, os.X_OK):
            raise Failed(f"{path} is missing: build the target {name} there")
        return path

    def measure(self, row, model, more=()):
        if row.kind == rows.START:
            return first_byte([self.program("llama-completion"), "-m", model, "-t", str(self.threads), "-c",
                               str(START_CONTEXT), "-fit", "off", "-no-cnv", "--no-warmup",
                               "--no-display-prompt", "--temp", "0", "--ignore-eos", "-n",
                               str(START_TOKENS), "-p", PROMPT])
        lengths = ["-p", str(row.tokens), "-n", "0"] if row.kind == rows.PREFILL else \
            ["-p", "0", "-n", str(row.tokens)]
        command = [self.program("llama-bench"), "-m", model, "-t", str(self.threads), "-r", "1", "-o",
                   "json", "-d", str(row.depth)] + lengths + list(more)
        if row.peer_state != "f16":
            command += ["-ctk", row.peer_state, "-ctv", row.peer_state]
        text, seen = run(command)
        seen["said"] = json.loads(text)[0]
        return seen["said"]["avg_ts"], seen
