"""A second model on what the first one found, against PyTorch on crops made by hand.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_second_stage.py SOURCE_ROOT
boxes_e2e.pt answers with the quadrants of its input: tests/models/README.md.
"""
import json
import math
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import cv2
import numpy as np
import torch

SOURCE = pathlib.Path(sys.argv[1])
MODEL = SOURCE / "tests" / "models" / "boxes_e2e.pt"
sys.path.insert(0, str(SOURCE / "tests" / "frame"))
import test_letterbox as reference  # noqa: E402

WIDTH, HEIGHT = 151, 110
SIZE = (64, 96)  # width, height of the modules' input
THRESHOLD = 0.35
MARGIN = 7
LABELS = ["red", "green", "blue"]
INFO = {"metadata.json": {"version": "1.0", "name": "quadrants", "repo_id": "a/b",
                          "revision": "1", "created_at": "2026-01-01T00:00:00Z", "files": []},
        "model_info.json": {"model_type": "m", "repo_id": "a/b",
                            "architecture_family": "Vision", "supported_backends": ["Tch"]},
        "backends/tch/config.json": {"id2label": dict(enumerate(LABELS))},
        "preprocessor_config.json": {"size": {"width": SIZE[0], "height": SIZE[1]},
                                     "resize_type": "letterbox", "pad_value": 114},
        "postprocessor_config.json": {"decoder": "yolo-end2end",
                                      "score_threshold": THRESHOLD}}


def write_package(folder):
    (folder / "backends" / "tch").mkdir(parents=True)
    shutil.copy(MODEL, folder / "backends" / "tch" / "model.pt")
    for name, content in INFO.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def make_picture():
    """Patches of random colours, so that every part has a mean of its own."""
    patches = np.random.default_rng(5).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    return cv2.resize(patches, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def detect(module, picture):
    """[(x1, y1, x2, y2, score, class)] in pixels of @picture, best first."""
    height, width = picture.shape[:2]
    tensor, scaled, (left, top) = reference.place(reference.LETTERBOX, SIZE, 0,
                                                  (width, height))
    canvas = np.full((tensor[1], tensor[0], 3), 114, np.uint8)
    canvas[top:top + scaled[1], left:left + scaled[0]] = cv2.resize(
        picture, scaled, interpolation=cv2.INTER_LINEAR)
    x = torch.from_numpy(canvas.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    rows = module(x)[0].numpy()
    found = [(*reference.unmap(reference.LETTERBOX, tensor, (width, height),
                               [float(v) for v in row[:4]]), float(row[4]), int(row[5]))
             for row in rows if row[4] > THRESHOLD]
    return sorted(found, key=lambda d: -d[4])


def detect_in(module, picture, parents, margin):
    """[(parent, detection)] of all crops, best first."""
    found = []
    for index, (x1, y1, x2, y2) in parents:
        left, top = (max(0, math.floor(v) - margin) for v in (x1, y1))
        right = min(WIDTH, math.ceil(x2) + margin)
        bottom = min(HEIGHT, math.ceil(y2) + margin)
        for a, b, c, d, *rest in detect(module, picture[top:bottom, left:right]):
            found.append((index, (a + left, b + top, c + left, d + top, *rest)))
    return sorted(found, key=lambda f: -f[1][4])


class SecondStage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.package = write_package(self.dir / "quadrants.mlpkg")
        self.module = torch.jit.load(str(MODEL))
        self.picture = make_picture()
        cv2.imwrite(str(self.dir / "page.png"), self.picture[:, :, ::-1])

    def run_elements(self, *elements):
        subprocess.run(["gst-launch-1.0", "-q", "filesrc", "location=page.png", "!", "pngdec",
                        "!", *elements], cwd=self.dir, check=True, timeout=100)

    def infer(self, *settings):
        return ["torchscriptinfer", f"model={self.package}", "device=cpu", "tune=off",
                *settings]

    def lines(self, *elements):
        self.run_elements(*elements, "!", "detectionjson", "location=lines", "!", "fakesink")
        text = (self.dir / "lines").read_text()
        (self.dir / "lines").unlink()
        return [json.loads(line) for line in text.splitlines()]

    def check(self, found, expected):
        """@expected as detect() has it."""
        self.assertEqual(len(found), len(expected))
        for d, e in zip(found, expected):
            np.testing.assert_allclose(d["box"], e[:4], atol=1e-3)
            self.assertAlmostEqual(d["score"], e[4], delta=1e-5)
            self.assertEqual((d["class_id"], d["label"]), (e[5], LABELS[e[5]]))

    def check_both(self, first, second, parents_of, margin):
        """@parents_of picks from the first model's detections."""
        outer = detect(self.module, self.picture)
        parents = [(i, d[:4]) for i, d in enumerate(outer) if parents_of(d)]
        inner = detect_in(self.module, self.picture, parents, margin)
        self.assertGreater(len(parents), 1)
        self.assertGreater(len(inner), len(parents))
        self.check(first["detections"], outer)
        self.check(second["detections"], [d for _, d in inner])
        ids = [d["id"] for d in first["detections"]]
        self.assertTrue(all("parent_id" not in d for d in first["detections"]))
        self.assertEqual([d["parent_id"] for d in second["detections"]],
                         [ids[index] for index, _ in inner])
        self.assertEqual(len({d["id"] for d in second["detections"]} | set(ids)),
                         len(ids) + len(inner))

    def test_two_models(self):
        for batch in (1, 4):
            with self.subTest(batch=batch):
                first, second = self.lines(
                    *self.infer(), "!", *self.infer("inference-on=detections",
                                                    f"batch-size={batch}"))
                self.check_both(first, second, lambda d: True, 0)

    def test_class_and_margin(self):
        first, second = self.lines(
            *self.infer(), "!", *self.infer("inference-on=detections", "batch-size=3",
                                            "detection-classes=blue,0",
                                            f"crop-margin={MARGIN}"))
        self.check_both(first, second, lambda d: d[5] in (0, 2), MARGIN)

    def test_any_place(self):
        """Boxes off whole pixels, at all edges and out of the frame."""
        boxes = [(-5, -3.5, 40.25, 30), (100.5, 80.75, 160, 130), (20.125, 60, 33.5, 109.9),
                 (60, 10, 150.5, 11), (70.5, 40.5, 71, 90)]
        record = {"result": 0, "model": "r", "page": 1, "detections": [
            {"class_id": 0, "label": "table", "score": 0.5, "box": box, "id": 50 + i}
            for i, box in enumerate(boxes)]}
        (self.dir / "first").write_text(json.dumps(record) + "\n")
        for margin in (0, MARGIN):
            with self.subTest(margin=margin):
                _, second = self.lines(
                    "detectionreplay", "location=first", "!",
                    *self.infer("inference-on=detections", "batch-size=8",
                                f"crop-margin={margin}"))
                expected = detect_in(self.module, self.picture, enumerate(boxes), margin)
                self.check(second["detections"], [d for _, d in expected])
                self.assertEqual([d["parent_id"] for d in second["detections"]],
                                 [50 + index for index, _ in expected])

    def draw(self, meta, *second):
        self.run_elements(*self.infer(f"meta={meta}"), *second, "!", "detectionoverlay",
                          "fill-opacity=0.5", "!", "pngenc", "!", "filesink", "location=out.png")
        return cv2.imread(str(self.dir / "out.png"))

    def test_both_are_drawn_once(self):
        """Something drawn twice is darker; mirrors would be, if they were drawn."""
        stage = ["!", *self.infer("inference-on=detections")]
        alone = self.draw("own", *stage, "meta=own")
        np.testing.assert_array_equal(self.draw("roi", *stage, "meta=roi"), alone)
        self.assertTrue((self.draw("own") != alone).any())

    def test_both_are_cut_out(self):
        both = [*self.infer(), "!", *self.infer("inference-on=detections")]
        lines = self.lines(*both)
        wanted = [d for line in lines for d in line["detections"] if d["label"] == "green"]
        self.run_elements(*both, "!", "detectioncrop", "classes=green", "!", "pngenc", "!",
                          "multifilesink", "location=crop%03d.png")
        crops = sorted(self.dir.glob("crop*.png"))
        self.assertEqual(len(crops), len(wanted))
        for path, d in zip(crops, wanted):
            x1, y1, x2, y2 = d["box"]
            np.testing.assert_array_equal(
                cv2.imread(str(path))[:, :, ::-1],
                self.picture[math.floor(y1):math.ceil(y2), math.floor(x1):math.ceil(x2)])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
