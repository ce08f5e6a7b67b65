"""The whole path on real pages against the reference predictor's answers.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_golden_pages.py SOURCE_ROOT
The weights are random (a test fixture), the reference answers come from PyTorch
and OpenCV: ../shared/doclayout/README.md.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1])
SHARED = SOURCE.parent / "shared"
SCORE_THRESHOLD = 0.02
MAX_BOX_ERROR_PX = 0.5
MAX_SCORE_ERROR = 0.005
MIN_SHARE = 0.99


def convert(package):
    subprocess.run(
        [sys.executable, SOURCE / "models/doclayout/convert.py",
         SHARED / "doclayout/nd_checkpoint.pt", "-o", package], check=True)


def make_square(package):
    """Pads to the full square, as the reference's TorchScript export does."""
    name = "preprocessor_config.json"
    path = package / name
    config = json.loads(path.read_text())
    del config["size_divisor"]
    path.write_text(json.dumps(config))
    metadata = json.loads((package / "metadata.json").read_text())
    metadata.get("sha256", {}).pop(name, None)
    (package / "metadata.json").write_text(json.dumps(metadata))


def detect(package, page, out):
    """The detections that a real pipeline finds, as [x1, y1, x2, y2, score, class]."""
    subprocess.run(
        ["gst-launch-1.0", "-q", "filesrc", f"location={page}", "!", "pngdec", "!",
         "torchscriptinfer", f"model={package}", "max-detections=300",
         f"score-threshold={SCORE_THRESHOLD}", "!",
         "detectionjson", f"location={out}", "!", "fakesink"], check=True)
    answer = json.loads(out.read_text())
    return [d["box"] + [d["score"], d["class_id"]] for d in answer["detections"]]


def agrees(ours, reference):
    return (ours[5] == reference[5]
            and abs(ours[4] - reference[4]) <= MAX_SCORE_ERROR
            and all(abs(a - b) <= MAX_BOX_ERROR_PX for a, b in zip(ours, reference[:4])))


def share_found(wanted, found):
    """The share of wanted rows that have a partner of their own among found."""
    left = list(found)
    hits = 0
    for row in wanted:
        partner = next((f for f in left if agrees(f, row)), None)
        if partner is not None:
            left.remove(partner)
            hits += 1
    return hits / len(wanted)


class GoldenPages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.golden = json.loads((SHARED / "doclayout/nd_golden_pages.json").read_text())
        convert(cls.dir / "rect.mlpkg")
        # Of the same module, as only the padding differs.
        shutil.copytree(cls.dir / "rect.mlpkg", cls.dir / "square.mlpkg")
        make_square(cls.dir / "square.mlpkg")

    def check(self, kind):
        package = self.dir / f"{kind}.mlpkg"
        for name, page in self.golden["pages"].items():
            with self.subTest(page=name):
                found = detect(package, SHARED / "pages" / name, self.dir / "boxes.json")
                wanted = [row for row in page[kind] if row[4] > SCORE_THRESHOLD]
                self.assertGreater(len(wanted), 50)
                forth, back = share_found(wanted, found), share_found(found, wanted)
                print(f"{kind} {name}: {len(wanted)} boxes wanted, {len(found)} found, "
                      f"{forth:.4f} and {back:.4f} agree")
                self.assertGreaterEqual(forth, MIN_SHARE)
                self.assertGreaterEqual(back, MIN_SHARE)

    def test_rectangular(self):
        self.check("rect")

    def test_square(self):
        self.check("square")


if __name__ == "__main__":
    if not (SHARED / "doclayout").is_dir():
        print(f"skipped: {SHARED} is not there")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
