"""The command of docs/elements.md that cuts tables and figures out of a page.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_crop.py SOURCE_ROOT
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import cv2

SOURCE = pathlib.Path(sys.argv[1])
PAGE = SOURCE / "pipelines" / "demo" / "page.png"


class Crop(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        (self.dir / "page.png").symlink_to(PAGE)
        (self.dir / "models").symlink_to(SOURCE / "models")

    def run_in(self, command):
        subprocess.run(command, cwd=self.dir, check=True, timeout=100,
                       stdout=subprocess.DEVNULL)

    def test_pictures_are_the_boxes_of_the_page(self):
        docs = (SOURCE / "docs" / "elements.md").read_text()
        command = shlex.split(re.search(r"^gst-launch-1.0 .* detectioncrop .*", docs,
                                        re.MULTILINE).group(), comments=False)
        self.run_in(command)
        self.run_in([*command[:command.index("detectioncrop")], "detectionjson",
                     "location=page.json", "!", "fakesink"])
        found = json.loads((self.dir / "page.json").read_text())["detections"]
        expected = [d["box"] for d in found if d["label"] in ("table", "figure")]
        self.assertGreater(len(expected), 0)
        self.assertLess(len(expected), len(found))

        page = cv2.imread(str(PAGE), cv2.IMREAD_UNCHANGED)
        crops = sorted(self.dir.glob("crop*.png"))
        self.assertEqual(len(crops), len(expected))
        for path, (x1, y1, x2, y2) in zip(crops, expected):
            crop = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            left, top = max(int(x1), 0), max(int(y1), 0)
            right, bottom = -int(-x2 // 1), -int(-y2 // 1)
            self.assertTrue((crop == page[top:bottom, left:right]).all(), path)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
