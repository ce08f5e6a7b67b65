"""float32 to other element types, against NumPy and PyTorch.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_convert_floats.py CONVERT_FLOATS
"""
import subprocess
import sys
import unittest

try:
    import numpy as np
    import torch
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

DTYPES = {"float16": 1, "bfloat16": 2, "float64": 3, "uint8": 4, "int8": 5, "int16": 6,
          "int32": 7, "int64": 8}


def samples():
    """Every half number, what lies half-way between them, and much at random."""
    halves = np.arange(0x7c00, dtype=np.uint16).view(np.float16).astype(np.float32)
    middles = (halves[1:] + halves[:-1]) / 2
    edges = [65504, 65519.99, 65520, 1e9, np.inf, 2 ** -25, 2 ** -24, 2 ** -26, 0,
             np.nextafter(np.float32(2 ** -25), np.float32(1))]
    bits = np.random.default_rng(1).integers(0, 0x7f800000, 50000, dtype=np.uint32)
    positive = np.concatenate([halves, middles, np.nextafter(middles, np.float32(0)),
                               np.nextafter(middles, np.float32(1e9)),
                               np.float32(edges), bits.view(np.float32)])
    return np.concatenate([positive, -positive]).astype(np.float32)


def convert(name, values, dtype):
    done = subprocess.run([sys.argv[1], str(DTYPES[name]), str(len(values))],
                          input=values.tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout, dtype)


class ConvertFloats(unittest.TestCase):
    def test_half(self):
        values = samples()
        with np.errstate(over="ignore"):
            expected = values.astype(np.float16).view(np.uint16)
        np.testing.assert_array_equal(convert("float16", values, np.uint16), expected)

    def test_bfloat16(self):
        values = samples()
        expected = torch.from_numpy(values).to(torch.bfloat16).view(torch.int16).numpy()
        np.testing.assert_array_equal(convert("bfloat16", values, np.int16), expected)

    def test_nan(self):
        values = np.float32([np.nan])
        self.assertTrue(np.isnan(convert("float16", values, np.float16))[0])
        bits = torch.from_numpy(convert("bfloat16", values, np.int16).copy())
        self.assertTrue(bits.view(torch.bfloat16).isnan().item())
        for name in ("uint8", "int8", "int16", "int32"):
            self.assertEqual(convert(name, values, name), np.iinfo(name).min, name)

    def test_integers(self):
        values = np.float32([-3.5, -0.6, 0, 0.4, 1.5, 2.5, 254.9, 300])
        for name, dtype in (("uint8", np.uint8), ("int32", np.int32),
                            ("int64", np.int64), ("float64", np.float64)):
            expected = values if dtype == np.float64 else np.rint(values)
            expected = np.clip(expected, 0, 255) if dtype == np.uint8 else expected
            np.testing.assert_array_equal(convert(name, values, dtype),
                                          expected.astype(dtype), name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
