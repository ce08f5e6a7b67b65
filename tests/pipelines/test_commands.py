"""The commands of docs/elements.md, on the page of the demo.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_commands.py SOURCE_ROOT
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


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        (self.dir / "page.png").symlink_to(PAGE)
        (self.dir / "models").symlink_to(SOURCE / "models")

    def run_in(self, command):
        subprocess.run(command, cwd=self.dir, check=True, timeout=200,
                       stdout=subprocess.DEVNULL)

    def find(self, word):
        docs = (SOURCE / "docs" / "elements.md").read_text()
        return shlex.split(re.search(rf"^gst-launch-1.0 .* {word}.*", docs,
                                     re.MULTILINE).group(), comments=False)

    def test_second_stage_looks_at_tables_and_figures(self):
        command = self.find("inference-on=detections")
        margin = int(re.search(r"crop-margin=(\d+)", " ".join(command)).group(1))
        self.run_in(command)
        first, second = (json.loads(line)["detections"]
                         for line in (self.dir / "page.json").read_text().splitlines())
        parents = {d["id"]: d for d in first}
        self.assertGreater(len(second), 0)
        for d in second:
            parent = parents[d["parent_id"]]
            self.assertIn(parent["label"], ("table", "figure"))
            for inner, outer, sign in zip(d["box"], parent["box"], (1, 1, -1, -1)):
                self.assertGreaterEqual(sign * (inner - outer), -margin - 1)
        plain = cv2.imread(str(PAGE))
        self.assertTrue((cv2.imread(str(self.dir / "boxes.png")) != plain).any())

    def test_pictures_are_the_boxes_of_the_page(self):
        command = self.find("detectioncrop")
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
