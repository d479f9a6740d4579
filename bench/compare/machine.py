"""What the measurements were taken on, and what it can do at most."""

import datetime
import json
import os
import platform
import re
import subprocess

from . import programs


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _output(*command, cwd=None):
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _cpu_model():
    found = re.search(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.M)
    return found.group(1) if found else platform.processor() or platform.machine()


def cpu_flags():
    found = re.search(r"^flags\s*: (.*)$", _read("/proc/cpuinfo"), re.M)
    return set(found.group(1).split()) if found else set()


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def describe():
    return {
        "cpu": _cpu_model(),
        "processors": os.cpu_count(),
        "amx": "amx_int8" in cpu_flags(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "unknown (no cpufreq)",
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2 ** 30, 1),
        "kernel": platform.release(),
        "load_at_start": os.getloadavg()[0],
        "date": now(),
    }


def _cache(folder):
    """The cmake cache of a build as a dictionary."""
    return dict(re.findall(r"^(\w+):\w+=(.*)$", _read(os.path.join(folder, "CMakeCache.txt")), re.M))


def describe_build(repository, program):
    folder = os.path.dirname(os.path.abspath(program))
    cache = _cache(folder)
    compiler = cache.get("CMAKE_C_COMPILER", "cc")
    return {
        "commit": _output("git", "rev-parse", "--short=12", "HEAD", cwd=repository),
        "changed_files": len(_output("git", "status", "--porcelain", cwd=repository).splitlines()),
        "compiler": (_output(compiler, "--version").splitlines() or ["unknown"])[0],
        "build_type": cache.get("CMAKE_BUILD_TYPE", "unknown"),
    }


_PEER_KEYS = ("CMAKE_BUILD_TYPE", "GGML_NATIVE", "GGML_AVX2", "GGML_AVX512", "GGML_AVX512_VNNI",
              "GGML_AVX512_BF16", "GGML_AMX_TILE", "GGML_AMX_INT8", "GGML_AMX_BF16", "GGML_OPENMP",
              "GGML_LLAMAFILE", "GGML_CPU_REPACK")


def describe_peer(folder):
    cache = _cache(folder)
    compiler = cache.get("CMAKE_CXX_COMPILER", "c++")
    commit = cache.get("LLAMA_BUILD_COMMIT", "") or \
        _output("git", "rev-parse", "--short=12", "HEAD", cwd=cache.get("CMAKE_HOME_DIRECTORY", "/"))
    return {
        "commit": commit or "unknown",
        "compiler": (_output(compiler, "--version").splitlines() or ["unknown"])[0],
        "options": {key: cache[key] for key in _PEER_KEYS if key in cache},
    }


def peer_warnings(name, folder, flags):
    """Reasons why this build would not be the peer at its best (bench/README.md)."""
    cache, found = _cache(folder), []
    build_type = cache.get("CMAKE_BUILD_TYPE") or "unset"
    if build_type not in ("Release", "RelWithDebInfo"):
        found.append(f"the peer for {name}: CMAKE_BUILD_TYPE is {build_type}, not Release")
    if cache.get("GGML_NATIVE") == "ON" and "avx512_fp16" in flags:
        found.append(f"the peer for {name}: GGML_NATIVE turned AVX512-FP16 on, with which attention for "
                     "heads of 64 is slow: name the instruction sets instead")
    return found


def probe(program, threads):
    text, seen = programs.run([program, "--threads", str(threads)])
    result = json.loads(text)
    result["others"] = seen["others"]
    return result


def best_of(probes):
    """The highest of each figure: what a busy machine showed least of."""
    best = dict(probes[0], read_gb_s=max(p["read_gb_s"] for p in probes))
    best["peaks"] = [dict(peak, gop_s=max(p["peaks"][i]["gop_s"] for p in probes))
                     for i, peak in enumerate(probes[0]["peaks"])]
    return best


def peak(probed, element, level=None):
    """The best rate of an element type, up to a level, in 10^9 operations a second."""
    ladder = ["scalar", "avx2", "avx512", "vnni", "amx", "neon", "dotprod", "i8mm"]
    usable = [p["gop_s"] for p in probed["peaks"] if p["element"] == element and
              (not level or ladder.index(p["level"]) <= ladder.index(level))]
    return max(usable, default=0.0)
