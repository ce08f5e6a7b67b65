# test_reference.py - decodes a whole network's output as the reference does
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_reference.py DECODE-FILE NPZ
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

DECODE_FILE, NPZ = sys.argv[1], pathlib.Path(sys.argv[2])


def decode(output):
    with tempfile.NamedTemporaryFile() as file:
        output.astype("<f4").tofile(file.name)
        text = subprocess.run(
            [DECODE_FILE, "yolov10", "0", "300", file.name,
             *map(str, output.shape)],
            check=True, capture_output=True, text=True).stdout
    return np.array([line.split() for line in text.splitlines()], np.float32)


class Reference(unittest.TestCase):
    def check(self, size):
        with np.load(NPZ) as data:
            found = decode(data[size + "_one2one"])
            expected = data[size + "_top300"][0]
        self.assertEqual(found.shape, expected.shape)
        np.testing.assert_array_equal(found[:, 5], expected[:, 5])
        # one2one and top300 come from two runs of the network.
        np.testing.assert_allclose(found[:, 4], expected[:, 4], rtol=0, atol=1e-6)
        np.testing.assert_allclose(found[:, :4], expected[:, :4], rtol=0, atol=1e-2)

    def test_square(self):
        self.check("1024x1024")

    def test_rectangular(self):
        self.check("1024x736")


if __name__ == "__main__":
    if not NPZ.exists():
        print("skipped: no", NPZ)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
