# test_safetensors.py - files of weights, whole and hostile, written by hand
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_safetensors.py CHECK-SAFETENSORS
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy as np

CHECK = sys.argv[1]
# In the order of the shim's TsShimDtype; NumPy has no bfloat16.
DTYPES = [("F32", "f4"), ("F16", "f2"), ("BF16", "u2"), ("F64", "f8"), ("U8", "u1"),
          ("I8", "i1"), ("I16", "i2"), ("I32", "i4"), ("I64", "i8"), ("BOOL", "?")]


def encode(header, data, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(begin, end, dtype="U8", shape=None):
    return {"dtype": dtype, "shape": [end - begin] if shape is None else shape,
            "data_offsets": [begin, end]}


class Safetensors(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name, "w.safetensors")

    def read(self, content):
        self.path.write_bytes(content)
        run = subprocess.run([CHECK, self.path], check=True, capture_output=True,
                             text=True)
        self.assertEqual(run.stderr, "")
        return run.stdout.strip()

    def assert_refused(self, content, *words):
        answer = self.read(content)
        self.assertIn(str(self.path), answer)
        for word in words:
            self.assertIn(word, answer)

    def test_all_types(self):
        rng = np.random.default_rng(0)
        header, data, expected = {"__metadata__": {"format": "pt"}}, b"", []
        for number, (name, code) in enumerate(DTYPES):
            array = rng.integers(0, 100, (2, 3)).astype(code)
            begin, data = len(data), data + array.tobytes()
            header[f"t{number}"] = entry(begin, len(data), name, [2, 3])
            expected.append(f"t{number}:{number}:2x3:{array.tobytes().hex()}")
        self.assertEqual(self.read(encode(header, data)), " ".join(["ok"] + expected))

    def test_shapes(self):
        header = {"scalar": entry(0, 4, "F32", []), "none": entry(4, 4, "F32", [3, 0])}
        self.assertEqual(self.read(encode(header, bytes(4))),
                         "ok none:0:3x0: scalar:0::00000000")
        self.assertEqual(self.read(encode({}, b"")), "ok")

    def test_padded_header(self):
        header = json.dumps({"a": entry(0, 1)}).encode() + b" " * 13
        self.assertEqual(self.read(encode(header, b"\7")), "ok a:4:1:07")

    def test_no_header(self):
        for content in (b"PK\3\4", b"\0" * 8, b"\0" * 20, encode(b"[]", b""),
                        encode({}, b"", 3), encode({}, b"", 2 ** 63),
                        encode({}, b"", 2 ** 64 - 1), encode({}, b"", 2 ** 64 - 8),
                        encode(b"{", b""), encode(b'{"a": 1', b"}")):
            self.assert_refused(content)

    def test_ranges(self):
        first = entry(0, 4)
        cases = [(entry(2, 6), "inside of another"), (entry(5, 8), "after a hole"),
                 (entry(4, 9), "within the 8 bytes"),
                 (dict(first, data_offsets=[8, 4]), "within the 8 bytes"),
                 (dict(first, data_offsets=[4]), "within the 8 bytes"),
                 (dict(first, data_offsets=[4, 6, 8]), "data_offsets"),
                 (dict(first, data_offsets=[-4, 0]), "none negative"),
                 (dict(first, data_offsets=[4, 2 ** 63 - 8]), "within the 8 bytes"),
                 (dict(first, data_offsets=[4.0, 8.0]), "data_offsets"),
                 (dict(first, data_offsets="4"), "data_offsets")]
        for second, word in cases:
            self.assert_refused(encode({"a": first, "b": second}, bytes(8)), '"b', word)
            self.assert_refused(encode({"b": second, "a": first}, bytes(8)), '"b', word)

        self.assert_refused(encode({"a": first}, bytes(5)), "1 bytes after its last")

    def test_shape_errors(self):
        cases = [([5], "has 4 bytes of data, but its type and shape need 5"),
                 ([-4], "none negative"), ([1] * 9, "at most 8"), ([4.0], "shape"),
                 ([2 ** 62, 8], "2^64"), ([2 ** 32, 2 ** 32], "2^64"),
                 ([2 ** 63 - 1], "need 9223372036854775807"), (["4"], "shape"), (4, "shape"), (None, "shape"),
                 ([[4]], "shape")]
        for shape, word in cases:
            tensor = dict(entry(0, 4), shape=shape)
            self.assert_refused(encode({"a": tensor}, bytes(4)), '"a', word)

    def test_integers_of_more_than_64_bits(self):
        for beyond in (dict(entry(0, 4), shape=[2 ** 63]),
                       dict(entry(0, 4), data_offsets=[4, 2 ** 64 + 8])):
            self.assert_refused(encode({"a": beyond}, bytes(8)), "holds the integer")

    def test_types(self):
        for dtype in ("F8_E4M3", "U32", "", 4, None):
            tensor = dict(entry(0, 4), dtype=dtype)
            self.assert_refused(encode({"a": tensor}, bytes(4)), '"a', "type")
        self.assert_refused(encode({"a": 1}, b""), '"a"', "no object")

    def test_truncated(self):
        content = encode({"a": entry(0, 8)}, bytes(8))
        for size in range(1, len(content)):
            self.assert_refused(content[:size])

    def test_damaged(self):
        """Whatever a header says, no byte outside of the file is read."""
        rng = random.Random(1)
        header = {"a": entry(0, 8, "F32", [2]), "b": entry(8, 12, "F32", [])}
        content = encode(header, bytes(range(12)))
        paths = []
        for number in range(400):
            damaged = bytearray(content)
            for _ in range(rng.randint(1, 4)):
                damaged[rng.randrange(len(damaged) - 12)] = rng.choice(
                    b'0123456789-,[]{}":e.\0\xff')
            paths.append(self.path.with_name(f"{number}"))
            paths[-1].write_bytes(damaged)
        run = subprocess.run([CHECK, *paths], check=True, capture_output=True)
        self.assertEqual(len(run.stdout.splitlines()), len(paths))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
