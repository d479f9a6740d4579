"""The files that are measured: made when they are missing, and read once so that they lie in memory."""

import os

from . import programs, rows

NATIVE = ("q8c", "q4c", "q4s", "q8g", "q4g32", "q4g128")

# Bytes of one position's keys and values in f16: 2 x layers x KV heads x head size x 2.
STATE_BYTES = {rows.ONE_B: 2 * 16 * 8 * 64 * 2, rows.HALF_B: 2 * 24 * 2 * 64 * 2}
STATE_BLOCK = 64  # positions


class Models:
    def __init__(self, folder, make_shape, edgewise, say):
        self.folder, self.make_shape, self.edgewise, self.say = folder, make_shape, edgewise, say

    def path(self, shape, type_):
        """The file's path; it is there afterwards."""
        native = type_ in NATIVE
        path = os.path.join(self.folder, f"{shape}-{type_}" + ("" if native else ".gguf"))
        if os.path.exists(path):
            return path
        os.makedirs(self.folder, exist_ok=True)
        self.say(f"making {path}")
        if native:
            self._quantize(shape, type_, path)
        else:
            programs.run([self.make_shape, path, shape, type_])
        return path

    def _quantize(self, shape, type_, path):
        unfinished = path + ".unfinished"
        programs.run([self.edgewise, "quantize", "-m", self.path(shape, "f16"), "--type", type_, "-o",
                      unfinished])
        os.rename(unfinished, path)


def _files(path):
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]


def size_bytes(path):
    return sum(os.path.getsize(file) for file in _files(path))


def state_bytes(shape, positions):
    blocks = -(-positions // STATE_BLOCK)
    return blocks * STATE_BLOCK * STATE_BYTES[shape]


def warm(path):
    """Into the page cache."""
    for file in _files(path):
        with open(file, "rb", buffering=0) as data:
            while data.read(1 << 24):
                pass
