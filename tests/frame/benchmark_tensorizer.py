# benchmark_tensorizer.py - the tensorizer beside OpenCV, one thread each
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: benchmark_tensorizer.py PROGRAM
# PROGRAM is benchmark_tensorizer.c.  OpenCV's share: resize, cvtColor, the
# conversion to float and split; not the padding, which PROGRAM does as well.
# Rounds alternate and the fastest counts, as the machine may be busy.
import subprocess
import sys
import time

try:
    import cv2
    import numpy as np
except ImportError as error:
    print(f'skipped: {error}; install python3-opencv')
    sys.exit(77)

RGB, BGRX, NV12 = 0, 3, 7
SIDE, ROUNDS, RUNS = 1024, 6, 30


class OpenCV:
    def __init__(self, pixel_format, width, height):
        ratio = min(SIDE / width, SIDE / height)
        self.size = round(width * ratio), round(height * ratio)
        shape = {RGB: (height, width, 3), BGRX: (height, width, 4),
                 NV12: (height // 2 * 3, width)}[pixel_format]
        self.pixel_format = pixel_format
        self.image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        self.rgb = np.empty((height, width, 3), np.uint8)
        target = self.size[1], self.size[0], 3
        self.scaled, self.swapped = (np.empty(target, np.uint8) for _ in 'ab')
        self.floats = np.empty(target, np.float32)
        self.planes = [np.empty(target[:2], np.float32) for _ in 'rgb']

    def run(self):
        image = self.image
        if self.pixel_format == NV12:
            image = cv2.cvtColor(image, cv2.COLOR_YUV2RGB_NV12, self.rgb)
        elif self.pixel_format == BGRX:
            image = cv2.cvtColor(image, cv2.COLOR_BGRA2RGB, self.rgb)
        scaled = cv2.resize(image, self.size, self.scaled)
        if self.pixel_format == RGB:
            scaled = cv2.cvtColor(scaled, cv2.COLOR_RGB2BGR, self.swapped)
        # Python has no convertTo(); of what it has this is the fastest.
        cv2.normalize(scaled, self.floats, 0, 1, cv2.NORM_MINMAX, cv2.CV_32F)
        cv2.split(self.floats, self.planes)

    def fastest_us(self):
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            self.run()
            times.append(time.perf_counter() - start)
        return min(times) * 1e6


def copy_us(size):
    """Reading and writing that many bytes, the floor of any such work."""
    source, target = np.ones(size, np.uint8), np.ones(size, np.uint8)
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - start)
    return min(times) * 1e6


def ours_us(program, pixel_format, width, height):
    return int(subprocess.check_output(
        [program, *map(str, (pixel_format, width, height, RUNS))]))


def main(program):
    cv2.setNumThreads(1)
    for name, pixel_format in (('RGB', RGB), ('BGRx', BGRX), ('NV12', NV12)):
        for width, height in ((1920, 1080), (1654, 2338)):
            other = OpenCV(pixel_format, width, height)
            moved = other.image.nbytes + other.floats.nbytes
            rounds = [(ours_us(program, pixel_format, width, height),
                       other.fastest_us(), copy_us(moved // 2))
                      for _ in range(ROUNDS)]
            ours, theirs, copy = (min(column) for column in zip(*rounds))
            print(f'{name} {width}x{height}: {ours:.0f} us, '
                  f'OpenCV {theirs:.0f} us ({theirs / ours:.2f} times ours), '
                  f'a copy of as many bytes {copy:.0f} us '
                  f'({ours / copy:.2f} times that)')


if __name__ == '__main__':
    main(sys.argv[1])
