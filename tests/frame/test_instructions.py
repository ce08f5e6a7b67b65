# test_instructions.py - how many instructions a frame costs the tensorizer
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: test_instructions.py PROGRAM COMPILER KERNELS
# PROGRAM is tensorize_once.c, COMPILER "gcc 12", KERNELS "portable" or "windows".  Times
# on a busy machine are noise, callgrind's counts are the same each time.  They depend on
# the compiler and on the instructions that the CPU has: valgrind offers AVX2 at most, so
# it is the portable loops, compiled for AVX2, and those written for AVX2 that are
# counted.  What AVX-512 does instead is measured by benchmark_tensorizer alone.
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

FORMATS = {'RGB': 0, 'BGRX': 3, 'NV12': 7, 'I420': 8}
# Measured; a change of more than TOLERANCE is a regression, or an improvement
# that belongs in this table.
TOLERANCE = 0.05
COUNTS = {
    'gcc 12': {
        'portable': {'RGB': 1_364_000, 'BGRX': 1_403_000, 'NV12': 2_345_000,
                     'I420': 2_278_000},
        'windows': {'RGB': 848_000, 'BGRX': 874_000, 'NV12': 1_062_000,
                    'I420': 1_065_000},
    },
    'gcc 14': {
        'portable': {'RGB': 1_692_000, 'BGRX': 1_733_000, 'NV12': 2_675_000,
                     'I420': 2_608_000},
        'windows': {'RGB': 841_000, 'BGRX': 867_000, 'NV12': 1_054_000,
                    'I420': 1_058_000},
    },
}


def count_instructions(program, pixel_format):
    """Of ts_tensorizer_run() and all that it calls."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            ['valgrind', '--tool=callgrind',
             '--toggle-collect=ts_tensorizer_run',
             f'--callgrind-out-file={os.path.join(folder, "out")}',
             program, str(pixel_format)],
            capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(result.stderr)
    return int(re.search(r'Collected : (\d+)', result.stderr).group(1))


class Instructions(unittest.TestCase):
    def test_counts(self):
        for name, expected in COUNTS[COMPILER][KERNELS].items():
            with self.subTest(name):
                count = count_instructions(PROGRAM, FORMATS[name])
                print(f'{name}: {count} instructions, expected {expected} '
                      f'within {TOLERANCE:.0%}')
                self.assertLessEqual(abs(count - expected),
                                     TOLERANCE * expected)


def find_obstacle():
    if shutil.which('valgrind') is None:
        return 'no valgrind; install valgrind'
    if COMPILER not in COUNTS:
        return f'no counts for {COMPILER}, only for {", ".join(COUNTS)}'
    with open('/proc/cpuinfo', encoding='ascii') as info:
        if ' avx2 ' not in info.read():
            return 'the counts are for CPUs with AVX2'
    return None


if __name__ == '__main__':
    PROGRAM, COMPILER, KERNELS = sys.argv[1:4]
    OBSTACLE = find_obstacle()
    if OBSTACLE:
        print(f'skipped: {OBSTACLE}')
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
