# test_letterbox.py - letterbox geometry against Python's own arithmetic
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: test_letterbox.py PROGRAM [GOLDEN]
# Computes tables for PROGRAM (letterbox.c) from the published rules of the
# reference predictor; Python's round() is the rounding that is meant.  With
# GOLDEN, nd_golden_pages.json, checks the sizes that the predictor itself used.
import json
import os
import random
import subprocess
import sys
import unittest

LETTERBOX, STRETCH = 0, 1
EXTREME_SOURCES = [
    (1, 1), (1, 5000), (5000, 1), (2, 3), (8000, 8000), (8000, 1), (1, 8000),
    (1275, 1650), (1920, 1080), (1654, 2339), (990, 1400), (1024, 1024),
    (1025, 1024), (512, 512), (32, 32), (33, 31), (16384, 16383)]
INPUTS = [(1024, 1024), (640, 640), (1280, 1280), (1024, 736), (32, 32),
          (96, 640)]


def place(mode, size, divisor, source):
    """Tensor size, scaled size and corner, each (width, height)."""
    if mode == STRETCH:
        return size, size, (0, 0)
    ratio = min(size[1] / source[1], size[0] / source[0])
    scaled = tuple(max(1, round(s * ratio)) for s in source)
    pad = [full - part for full, part in zip(size, scaled)]
    if divisor:
        pad = [p % divisor for p in pad]
    before = tuple(round(p / 2 - 0.1) for p in pad)
    after = tuple(round(p / 2 + 0.1) for p in pad)
    tensor = tuple(sum(parts) for parts in zip(scaled, before, after))
    return tensor, scaled, before


def unmap(mode, tensor, source, box):
    gains = [t / s for t, s in zip(tensor, source)]
    pads = [0, 0]
    if mode == LETTERBOX:
        gains = [min(gains)] * 2
        pads = [round((t - s * gains[0]) / 2 - 0.1)
                for t, s in zip(tensor, source)]
    return [min(max((corner - pads[i % 2]) / gains[i % 2], 0), source[i % 2])
            for i, corner in enumerate(box)]


def line(mode, size, divisor, source, rng):
    tensor, scaled, corner = place(mode, size, divisor, source)
    # Some corners lie outside the frame, so that clipping counts.  Multiples
    # of 1/8 are exact in the program's float.
    box = [rng.randrange(-80, 8 * tensor[i % 2] + 80) / 8 for i in range(4)]
    numbers = [mode, *size, divisor, *source, *tensor, *scaled, *corner, *box,
               *unmap(mode, tensor, source, box)]
    return ' '.join(repr(n) for n in numbers)


class TableTest(unittest.TestCase):
    def check(self, lines):
        result = subprocess.run([PROGRAM], input='\n'.join(lines), text=True,
                                stdout=subprocess.PIPE)
        self.assertEqual(result.returncode, 0, result.stdout[:2000])
        self.assertIn(f'{len(lines)} cases, 0 failures', result.stdout)


class Geometry(TableTest):
    def test_extreme_sizes(self):
        rng = random.Random(1)
        self.check([line(mode, size, divisor, source, rng)
                    for mode in (LETTERBOX, STRETCH)
                    for size in INPUTS for divisor in (0, 32)
                    for source in EXTREME_SOURCES])

    def test_random_sizes(self):
        rng = random.Random(2)
        lines = []
        for _ in range(20000):
            divisor = rng.choice([0, 8, 16, 32, 64])
            size = [64 * rng.randint(1, 25) for _ in 'wh']
            source = [round(2 ** rng.uniform(0, 13)) for _ in 'wh']
            lines.append(line(rng.choice([LETTERBOX, LETTERBOX, STRETCH]),
                              size, divisor, source, rng))
        self.check(lines)


class GoldenPages(TableTest):
    def test_golden_pages(self):
        rng = random.Random(3)
        with open(GOLDEN) as file:
            golden = json.load(file)
        size = [golden['imgsz']] * 2
        for page in golden['pages'].values():
            source = page['image_hw'][::-1]
            for divisor, key in ((32, 'rect'), (0, 'square')):
                tensor = page[f'letterbox_{key}_hw'][::-1]
                self.assertEqual(
                    list(place(LETTERBOX, size, divisor, source)[0]), tensor)
                self.check([line(LETTERBOX, size, divisor, source, rng)])


if __name__ == '__main__':
    PROGRAM, GOLDEN = (sys.argv[1:] + [None])[:2]
    if GOLDEN and not os.path.exists(GOLDEN):
        print(f'skipped: {GOLDEN} is not here')
        sys.exit(77)
    unittest.main(argv=sys.argv[:1],
                  defaultTest='GoldenPages' if GOLDEN else 'Geometry')
