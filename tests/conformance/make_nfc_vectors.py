#!/usr/bin/env python3
"""Writes data/nfc_vectors.txt from Unicode's own NormalizationTest.txt, version 15.0.0 (Debian: package
unicode-data).

    tests/conformance/make_nfc_vectors.py [STEP] > tests/conformance/data/nfc_vectors.txt

Lines "SOURCE NFC" in hex. Of each line's columns, the first three have the second as their Form C; the last
two, the fourth. Part 1 of the file, one character a line, is thinned to each STEPth line; STEP 1 keeps all.
"""
import bz2
import sys
from pathlib import Path


def main():
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    packed = Path("/usr/share/unicode/NormalizationTest.txt.bz2").read_bytes()
    lines = bz2.decompress(packed).decode().splitlines()
    print("# made by make_nfc_vectors.py from", lines[0][2:])
    part, seen, n = "", set(), 0
    for line in lines:
        if line.startswith("@"):
            part = line.split()[0]
        line = line.split("#")[0].strip()
        if not line or line.startswith("@"):
            continue
        n += 1
        if part in ("@Part1", "@Part2") and n % step:
            continue
        texts = ["".join(chr(int(c, 16)) for c in column.split()) for column in line.split(";")[:5]]
        columns = [text.encode().hex() for text in texts]
        seen.update((columns[i], columns[1]) for i in range(3))
        seen.update((columns[i], columns[3]) for i in (3, 4))
    for source, nfc in sorted(seen):
        print(source, nfc)


main()
