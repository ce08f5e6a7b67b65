"""pipelines/demo.sh on pictures and paths as users have them.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_demo.py SOURCE_ROOT BUILD_ROOT
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import cv2
import numpy
import torch

SOURCE, BUILD = pathlib.Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(SOURCE / "models"))
import mlpkg  # noqa: E402

DEMO = SOURCE / "pipelines" / "demo.sh"
# As tests/models/README.md tells: the colours of the four quarters read back as
# scores, classes 0, 1, 2 for R, G, B.
MODULE = SOURCE / "tests" / "models" / "boxes_e2e.pt"
COLOURS = numpy.array([[[250, 20, 130], [30, 240, 60]], [[90, 70, 245], [200, 190, 10]]])
GREYS = COLOURS[:, :, :1].repeat(3, 2)


def picture(colours=COLOURS):
    """Four plain quarters, 64 x 64, BGR as cv2 has it."""
    return colours[:, :, ::-1].repeat(32, 0).repeat(32, 1).astype(numpy.uint8)


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.dir = pathlib.Path(cls.folder.name) / "a \"path\" with\\everything, it's $x é"
        cls.dir.mkdir()
        package = mlpkg.Package(name="quarters", repo_id="test/quarters", model_type="test",
                                decoder="yolo-end2end", labels=["red", "green", "blue"],
                                imgsz=64, score_threshold=0.0)
        mlpkg.write_package(str(cls.dir / "quarters.mlpkg"), package,
                            torch.jit.load(str(MODULE)))
        cls.env = dict(os.environ, BUILD_DIR=BUILD, OUT_DIR=str(cls.dir / "out"),
                       MODEL=str(cls.dir / "quarters.mlpkg"))

    def run_demo(self, name):
        return subprocess.run(["sh", str(DEMO), name], cwd=self.dir, env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def check_boxes(self, stem, colours=COLOURS, tolerance=0.005):
        line = json.loads((self.dir / "out" / f"{stem}.layout.json").read_text())
        self.assertEqual((line["width"], line["height"]), (64, 64))
        self.assertEqual(len(line["detections"]), 12)
        for box in line["detections"]:
            left, top = (int(v) // 32 for v in box["box"][:2])
            self.assertAlmostEqual(box["score"], colours[top, left, box["class_id"]] / 255,
                                   delta=tolerance)
        drawn = cv2.imread(str(self.dir / "out" / f"{stem}.layout.png"))
        self.assertEqual(drawn.shape, (64, 64, 3))
        self.assertTrue((drawn != picture(colours)).any())

    def test_png(self):
        cv2.imwrite(str(self.dir / "plain.png"), picture())
        done = self.run_demo("plain.png")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.check_boxes("plain")

    def test_sixteen_bits(self):
        cv2.imwrite(str(self.dir / "-deep 16.png"),
                    picture(GREYS)[:, :, 0].astype(numpy.uint16) * 257)
        done = self.run_demo("-deep 16.png")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.check_boxes("-deep 16", GREYS)

    def test_jpeg_without_extension(self):
        path = self.dir / "photo.jpg"
        cv2.imwrite(str(path), picture(), [cv2.IMWRITE_JPEG_QUALITY, 100])
        path.rename(self.dir / "photo")
        done = self.run_demo("photo")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.check_boxes("photo", tolerance=0.02)

    def test_the_printed_line_can_be_run(self):
        cv2.imwrite(str(self.dir / "again.png"), picture())
        done = self.run_demo("again.png")
        line = done.stdout.split("This is what runs:\n\n")[1].split("\n\n")[0]
        for result in (self.dir / "out").glob("again.*"):
            result.unlink()
        subprocess.run(["sh", "-c", line], check=True)
        self.check_boxes("again")

    def test_what_is_no_picture_fails(self):
        (self.dir / "junk.png").write_text("no picture")
        whole = cv2.imencode(".png", numpy.random.RandomState(0).randint(
            0, 256, (64, 64, 3), numpy.uint8))[1].tobytes()
        (self.dir / "half.png").write_bytes(whole[:len(whole) // 2])
        for name in "junk.png", "half.png", "absent.png":
            with self.subTest(name=name):
                done = self.run_demo(name)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(name, done.stdout.strip().split("\n")[-1])
                self.assertNotIn("The page with its boxes", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
