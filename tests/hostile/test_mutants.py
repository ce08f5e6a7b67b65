"""Whatever is in a TorchScript file, with isolation the plugin gets an error or an answer.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_mutants.py TRY_MODULES MODELS [SECONDS SEED FOLDER]

Breaks small modules at random, and loads and runs each in a process of its own; that
process may crash.  With SECONDS it goes on for so long, and keeps the files that it
crashed or hung with in FOLDER.
"""
import collections
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import mutants

TRY_MODULES, MODELS = os.path.abspath(sys.argv[1]), Path(sys.argv[2])
SECONDS, SEED, FOLDER = (*sys.argv[3:6], None, None, None)[:3]
COUNT = 100
MEMORY_MB = 1000
TIMEOUT_MS = 3000


def read_originals():
    files = [path.read_bytes() for path in sorted(MODELS.glob("*.pt"))]
    good = [file for file in files if file[:2] == b"PK" and b"constants.pkl" in file[-2000:]]
    assert len(good) > 30, "the modules are not there"
    return good


def run(paths):
    """The line that each file gave; the program that plays the plugin must not fall."""
    done = subprocess.run([TRY_MODULES, str(TIMEOUT_MS), str(MEMORY_MB), *map(str, paths)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60 + 4 * len(paths) * TIMEOUT_MS / 1000)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:], done.stdout[-2000:])
    # The first file is there twice: it shows that a good one works.
    lines = [line for line in done.stdout.decode().splitlines()
             if re.match("answer$|load |run ", line)]
    assert len(lines) == len(paths) + 1, done.stdout
    return lines[1:]


def classify(line):
    signal = re.search(r"was ended by (signal \d+)", line)
    if signal:
        return signal[1]
    for sign in ("ended with status", "was killed", "did not answer"):
        if sign in line:
            return sign
    return line.split()[0]


def try_batch(originals, generator, count, results):
    with tempfile.TemporaryDirectory() as folder:
        paths = [MODELS / "identity.pt"]
        for i in range(count):
            paths.append(Path(folder) / f"{i}.pt")
            paths[-1].write_bytes(mutants.mutate(generator.choice(originals), generator))
        kinds = [classify(line) for line in run(paths)]
        assert kinds[0] == "answer", kinds[0]
        for path, kind in zip(paths[1:], kinds[1:]):
            results[kind] += 1
            if FOLDER and kind not in ("answer", "load", "run"):
                keep = Path(FOLDER) / f"{kind.replace(' ', '-')}-{SEED}-{sum(results.values())}.pt"
                keep.write_bytes(path.read_bytes())


def main():
    # Of entries that are there twice.
    warnings.simplefilter("ignore")
    originals, results = read_originals(), collections.Counter()
    generator = random.Random(int(SEED or 1))
    end = time.monotonic() + float(SECONDS or 0)
    try_batch(originals, generator, COUNT, results)
    while time.monotonic() < end:
        try_batch(originals, generator, COUNT, results)
    print(f"{sum(results.values())} files: {dict(results)}")
    # Else they would all be refused for the same thing, and show little.
    assert results["load"] and results["run"] and results["answer"], results


main()
