# test_tensorizer.py - the tensorizer against OpenCV and NumPy
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: test_tensorizer.py PROGRAM
# PROGRAM is tensorize.c.  The resampling is exact: cv2.resize is the oracle.
# The conversion of Y'CbCr to R'G'B' may be one level beside the float formula,
# which is rounded half up.  cv2.resize truncates and can make two of that one,
# so the two steps are tested apart: the conversion on unscaled frames, the
# resampling, exactly, on what the program makes of the unscaled frame.
import copy
import random
import struct
import subprocess
import sys
import unittest

try:
    import cv2
    import numpy as np
except ImportError as error:
    print(f'skipped: {error}; install python3-opencv')
    sys.exit(77)

RGB, BGR, RGBX, BGRX, XRGB, XBGR, GRAY8, NV12, I420 = range(9)
BYTE_ORDER = {RGB: 'RGB', BGR: 'BGR', RGBX: 'RGBX', BGRX: 'BGRX',
              XRGB: 'XRGB', XBGR: 'XBGR'}
LUMA_WEIGHTS = [(0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)]
NCHW, NHWC = range(2)
LETTERBOX, STRETCH = range(2)
UNIT = ((1, 1, 1), (0, 0, 0))
IMAGENET = (tuple(1 / 255 / s for s in (0.229, 0.224, 0.225)),
            tuple(-m / s for m, s in zip((0.485, 0.456, 0.406),
                                         (0.229, 0.224, 0.225))))


class Case:
    """An image with random pixels and all that says how to tensorize it."""

    def __init__(self, pixel_format, width, height, size, divisor=0,
                 mode=LETTERBOX, channels=3, layout=NCHW, bgr=False, pad=114,
                 norm=UNIT, matrix=0, full_range=False, slack=(0, 0, 0),
                 seed=0):
        self.__dict__.update(locals())
        rng = np.random.default_rng(seed)
        rows, cols = (height + 1) // 2, (width + 1) // 2
        shapes = {GRAY8: [(height, width)],
                  NV12: [(height, width), (rows, 2 * cols)],
                  I420: [(height, width), (rows, cols), (rows, cols)]}.get(
            pixel_format,
            [(height, width * len(BYTE_ORDER.get(pixel_format, '')))])
        self.planes = [rng.integers(0, 256, s, np.uint8) for s in shapes]

    def __repr__(self):
        return ', '.join(f'{k}={v}' for k, v in self.__dict__.items()
                         if k not in ('self', 'planes', 'rng'))

    def request(self):
        """Rows are padded to the stride, but the last ends with its pixels."""
        data, strides = [], []
        for plane, slack in zip(self.planes, self.slack):
            rows, length = plane.shape
            padded = np.full((rows, length + slack), 77, np.uint8)
            padded[:, :length] = plane
            data.append(padded.tobytes()[:padded.size - slack])
            strides.append(length + slack)
        strides += [0] * (3 - len(strides))
        sizes = [len(d) for d in data] + [0] * (3 - len(data))
        scale, offset = self.norm
        return struct.pack(
            '=4i6f4i5i6i', self.layout, self.bgr, self.channels, self.pad,
            *scale, *offset, self.mode, *self.size, self.divisor,
            self.pixel_format, self.width, self.height, self.matrix,
            self.full_range, *strides, *sizes) + b''.join(data)


def yuv_to_rgb(case):
    """The definition of the standards in floats, chroma repeated 2x2."""
    y = case.planes[0].astype(float)
    if case.pixel_format == NV12:
        cb, cr = case.planes[1][:, 0::2], case.planes[1][:, 1::2]
    else:
        cb, cr = case.planes[1:]
    cb, cr = (c.repeat(2, 0).repeat(2, 1)[:case.height, :case.width] - 128.
              for c in (cb, cr))
    y_scale, c_scale = (1, 1) if case.full_range else (255 / 219, 255 / 224)
    y = (y - (0 if case.full_range else 16)) * y_scale
    kr, kb = LUMA_WEIGHTS[case.matrix]
    r = y + 2 * (1 - kr) * cr * c_scale
    b = y + 2 * (1 - kb) * cb * c_scale
    g = (y - kr * r - kb * b) / (1 - kr - kb)
    rgb = y[..., None] if case.channels == 1 else np.stack([r, g, b], 2)
    return np.floor(rgb.clip(0, 255) + 0.5).astype(np.uint8)


def source_pixels(case):
    """Height x width x channels, R G B or luma."""
    if case.pixel_format in (NV12, I420):
        return yuv_to_rgb(case)
    if case.pixel_format == GRAY8:
        return np.repeat(case.planes[0][..., None], case.channels, 2)
    order = BYTE_ORDER[case.pixel_format]
    pixels = case.planes[0].reshape(case.height, case.width, len(order))
    rgb = np.ascontiguousarray(pixels[..., [order.index(c) for c in 'RGB']])
    if case.channels == 1:
        return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None]
    return rgb


def scaled_size(case):
    if case.mode == STRETCH:
        return case.size
    ratio = min(case.size[1] / case.height, case.size[0] / case.width)
    return tuple(max(1, round(s * ratio)) for s in (case.width, case.height))


def expected_tensor(case, source):
    scaled = scaled_size(case)
    pixels = cv2.resize(source, scaled,
                        interpolation=cv2.INTER_LINEAR)
    pixels = pixels.reshape(scaled[1], scaled[0], case.channels)
    pad = [full - part for full, part in zip(case.size, scaled)]
    if case.divisor and case.mode == LETTERBOX:
        pad = [p % case.divisor for p in pad]
    (left, right), (top, bottom) = (
        (round(p / 2 - 0.1), round(p / 2 + 0.1)) for p in pad)
    pixels = np.pad(pixels, ((top, bottom), (left, right), (0, 0)),
                    constant_values=case.pad)
    scale, offset = (np.array(n[:case.channels], np.float32)
                     for n in case.norm)
    tensor = pixels.astype(np.float32) * scale + offset
    if case.bgr and case.channels == 3:
        tensor = tensor[..., ::-1]
    return tensor.transpose(2, 0, 1) if case.layout == NCHW else tensor


def random_case(rng, formats, channels):
    def length():
        return round(2 ** rng.uniform(0, 9.5))
    return Case(rng.choice(formats), length(), length(),
                (length() + 31 & -32, length() + 31 & -32),
                divisor=rng.choice([0, 32]),
                mode=rng.choice([LETTERBOX, LETTERBOX, STRETCH]),
                channels=channels, layout=rng.choice([NCHW, NHWC]),
                bgr=rng.random() < 0.5, pad=rng.randrange(256),
                norm=rng.choice([UNIT, IMAGENET]), matrix=rng.randrange(3),
                full_range=rng.random() < 0.5,
                slack=[rng.choice([0, 0, 1, 3, 64]) for _ in range(3)],
                seed=rng.randrange(2 ** 32))


class Tensorizer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)

    @classmethod
    def tearDownClass(cls):
        # A sanitizer speaks through the exit status, leaks included.
        cls.program.communicate()
        if cls.program.returncode != 0:
            raise AssertionError(f'{PROGRAM}: {cls.program.returncode}')

    def run_case(self, case):
        self.program.stdin.write(case.request())
        self.program.stdin.flush()
        head = self.program.stdout.read(8)
        self.assertEqual(len(head), 8, f'the program ended at {case}')
        height, width = struct.unpack('=2i', head)
        count = case.channels * height * width
        data = self.program.stdout.read(4 * count)
        shape = ((case.channels, height, width) if case.layout == NCHW
                 else (height, width, case.channels))
        return np.frombuffer(data, np.float32).reshape(shape)

    def check(self, case):
        got = self.run_case(case)
        expected = expected_tensor(case, source_pixels(case))
        self.assertEqual(got.shape, expected.shape, case)
        np.testing.assert_array_equal(got, expected, str(case))

    def check_yuv(self, case):
        """The conversion of the unscaled frame, then the rest from that."""
        plain = copy.copy(case)
        plain.size, plain.mode, plain.layout = (
            (case.width, case.height), STRETCH, NHWC)
        plain.bgr, plain.norm = False, UNIT
        rgb = self.run_case(plain)
        self.assertEqual(rgb.shape, (case.height, case.width, 3))
        off = np.abs(rgb - source_pixels(case))
        self.assertLessEqual(off.max(), 1, case)
        self.assertLess((off > 0).mean(), 0.05 + 10 / off.size, case)
        np.testing.assert_array_equal(
            self.run_case(case), expected_tensor(case, rgb.astype(np.uint8)),
            str(case))

    def check_random(self, seed, count, formats, channels, check=None):
        rng = random.Random(seed)
        for _ in range(count):
            (check or self.check)(random_case(rng, formats, channels))

    def test_rgb_is_exact(self):
        self.check_random(1, 300, list(BYTE_ORDER), 3)

    def test_rgb_to_luma_is_exact(self):
        self.check_random(2, 150, list(BYTE_ORDER), 1)

    def test_gray_is_exact(self):
        self.check_random(3, 80, [GRAY8], 3)
        self.check_random(4, 80, [GRAY8], 1)

    def test_yuv(self):
        self.check_random(5, 200, [NV12, I420], 3, self.check_yuv)

    def test_yuv_to_luma_is_exact(self):
        self.check_random(6, 100, [NV12, I420], 1)

    def test_special_scales(self):
        """Equal size, half, double, one row or column, extreme shapes."""
        for pixel_format in (RGB, BGRX, XRGB, GRAY8):
            for source, size in (
                    ((64, 96), (64, 96)), ((128, 192), (64, 96)),
                    ((64, 192), (64, 96)), ((128, 96), (64, 96)),
                    ((32, 48), (64, 96)), ((1, 1), (64, 64)),
                    ((1, 64), (64, 64)), ((64, 1), (64, 64)),
                    ((2, 2), (64, 32)), ((3, 2), (1, 1)), ((1, 1), (1, 1)),
                    ((1, 5000), (64, 64)), ((5000, 1), (64, 64)),
                    ((700, 500), (1, 1)), ((257, 3), (640, 640))):
                for mode in (LETTERBOX, STRETCH):
                    for channels in (1, 3):
                        self.check(Case(pixel_format, *source, size,
                                        mode=mode, channels=channels))

    def test_large(self):
        self.check(Case(RGB, 8000, 8000, (1024, 1024)))
        self.check(Case(RGB, 1654, 2339, (1024, 1024), divisor=32))
        self.check_yuv(Case(NV12, 1920, 1080, (1024, 1024), divisor=32))
        self.check(Case(GRAY8, 16000, 40, (4096, 1024), divisor=32))

    def test_yuv_grid(self):
        """Every luma against every fourth chroma value, unscaled."""
        chroma = np.r_[np.arange(0, 256, 4), 255].astype(np.uint8)
        side = chroma.size
        for matrix in range(3):
            for full_range in (False, True):
                case = Case(I420, 2 * side * 8, 2 * side * 8, (0, 0),
                            matrix=matrix, full_range=full_range)
                case.size = case.width, case.height
                cb, cr = np.meshgrid(chroma, chroma)
                case.planes[1:] = np.tile(cb, (8, 8)), np.tile(cr, (8, 8))
                # Four luma values for each of the 64 tiles.
                tile = np.kron(np.arange(64).reshape(8, 8),
                               np.ones((side, side), int))
                case.planes[0] = (np.kron(tile, np.full((2, 2), 4)) + np.tile(
                    [[0, 1], [2, 3]], tile.shape)).astype(np.uint8)
                self.check_yuv(case)


if __name__ == '__main__':
    PROGRAM = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
