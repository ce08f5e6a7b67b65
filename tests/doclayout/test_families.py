"""Every member of the family, from its checkpoint to boxes on a page.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_families.py MLPKG

A checkpoint as upstream writes it is converted by convert.py, read by the mlpkg tool,
and run by torchscriptinfer; the boxes must be those of the network that was written,
run by PyTorch on the page as OpenCV scales it.  Two narrow networks are tried; with
TS_TEST_FAMILIES=TEXT also those of all sizes, label sets and options whose name, such as
"doclayout-m DocLayNet --half", holds the text.
"""
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import cv2

from common import box_and_score_error, np, torch, with_statistics
from pages import letterbox, tool, to_page
from upstream import write_checkpoint

from doclayout.deploy import fuse, top_detections
from doclayout.network import SCALES, doclayout, yolov10

MLPKG = sys.argv.pop(1) if len(sys.argv) > 1 else "mlpkg"
CHOSEN = os.environ.get("TS_TEST_FAMILIES")
SIZE = 320  # of the input; the whole page is letterboxed into it
PAGE = 620, 443
THRESHOLD = 0.25  # what a package says
MAX_BOX_ERROR = 1e-2  # in pixels of the input
MAX_SCORE_ERROR = 1e-4

# The published ones, and as many as COCO has.
LABELS = {
    "DocStructBench": "title, plain text, abandon, figure, figure_caption, table, "
                      "table_caption, table_footnote, isolate_formula, formula_caption",
    "DocLayNet": "Caption, Footnote, Formula, List-item, Page-footer, Page-header, "
                 "Picture, Section-header, Table, Text, Title",
    "D4LA": "DocTitle, ParaTitle, ParaText, ListText, RegionTitle, Date, LetterHead, "
            "LetterDear, LetterSign, Question, OtherText, RegionKV, RegionList, "
            "Abstract, Author, TableName, Table, Figure, FigureName, Equation, "
            "Reference, Footer, PageHeader, PageFooter, Number, Catalog, PageNumber",
    "80 classes": ", ".join(f"class {i}" for i in range(80)),
}
OPTIONS = ((), ("--half",), ("--end2end",), ("--half", "--end2end", "--square"))


def every_case():
    """Names and arguments: each size with each option, each label set with most."""
    for i, size in enumerate(SCALES):
        for j, options in enumerate(OPTIONS):
            for family in ("doclayout", "yolov10"):
                labels = (list(LABELS)[(i + j) % 4] if family == "doclayout" or j % 2
                          else "80 classes")
                yield " ".join((f"{family}-{size}", labels, *options)), (
                    family, size, SCALES[size], labels, options)


def make_network(family, size, scale, nc):
    if family == "doclayout":
        return doclayout(*scale, nc=nc)
    return yolov10(size, nc, scale)


def narrow(size):
    depth, width, most = SCALES[size]
    return depth, width / 4, most


def make_page(path):
    """Blocks of colours with soft edges, so that scaling has something to do."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (20, 14, 3), dtype=np.uint8)
    page = cv2.resize(coarse, PAGE[::-1], interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(path), page)
    return page


def rounded(network, options):
    """The network with the weights that the package holds.

    A checkpoint is in float16; --half rounds once more, behind the folding, which
    test_deploy.py compares with the network in float64.
    """
    network = network.half().float()
    return fuse(network).half().float() if "--half" in options else network


def own_roundings(network, image, answer):
    """How far the answer is from float64's, in px and score, where its best boxes are."""
    with torch.no_grad():
        exact = copy.deepcopy(network).double()(image.double())
    best = answer[0, 4:].amax(0).topk(300)[1]
    return box_and_score_error(answer[..., best], exact[..., best])


def expect(network, page, square):
    """Rows x1, y1, x2, y2, score, class in page pixels, the gain of the letterbox, and
    the roundings in them."""
    boxed = letterbox(page, SIZE, not square)
    image = torch.from_numpy(boxed[..., ::-1].transpose(2, 0, 1).copy())[None] / 255
    with torch.no_grad():
        answer = network(image)
    rows = top_detections(answer, 300)[0].numpy()
    gain = min(boxed.shape[0] / page.shape[0], boxed.shape[1] / page.shape[1])
    return (to_page(rows, page.shape[:2], boxed.shape[:2]), gain,
            own_roundings(network, image, answer))


def detect(package, page, out):
    """Rows as expect's, from a pipeline, and the labels of them."""
    subprocess.run(
        ["gst-launch-1.0", "-q", "filesrc", f"location={page}", "!", "pngdec", "!",
         "torchscriptinfer", f"model={package}", "device=cpu", "!", "detectionjson",
         f"location={out}", "!", "fakesink"], check=True)
    found = json.loads(out.read_text())["detections"]
    rows = np.array([d["box"] + [d["score"], d["class_id"]] for d in found])
    return rows, [d["label"] for d in found]


def errors(rows, wanted):
    """For each wanted row, how far the nearest row of its class is, in px and score."""
    for row in wanted:
        same = rows[rows[:, 5] == row[5]]
        if len(same) == 0:
            yield np.inf, np.inf
            continue
        far = np.abs(same[:, :5] - row[:5])
        best = (far[:, :4].max(1) + far[:, 4]).argmin()
        yield far[best, :4].max(), far[best, 4]


class Families(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.top = Path(directory.name)
        self.page = make_page(self.top / "page.png")

    def mlpkg(self, command, package):
        done = subprocess.run([MLPKG, command, "--json", package], check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def check_package(self, package, labels, options):
        found = self.mlpkg("info", package)
        self.assertEqual(found["labels"], labels)
        self.assertEqual(found["license"], "AGPL-3.0")
        self.assertEqual(found["output"]["decoder"],
                         "yolo-end2end" if "--end2end" in options else "yolov10")
        self.assertEqual(found["input"]["size_divisor"], 0 if "--square" in options else 32)
        found = self.mlpkg("validate", package)
        self.assertEqual(found["self_test_result"], "passed")
        module = found["module"]
        self.assertEqual(module["device_constants"], [])
        self.assertEqual(module["dtypes"],
                         ["float16" if "--half" in options else "float32"])
        self.assertEqual({o.split("::")[0] for o in module["operators"]}, {"aten"})
        self.assertNotIn("aten::batch_norm", module["operators"])
        if "TS_TEST_FOLD" in os.environ:  # what the shim leaves behind convolutions
            file = package / "backends/tch/model.pt"
            done = subprocess.run([os.environ["TS_TEST_FOLD"], file], check=False,
                                  capture_output=True, text=True)
            self.assertIn(", 0 not folded, ", done.stdout)

    def check_rows(self, rows, wanted, gain):
        """Each of both has its partner; the last ones may be below the other's cut."""
        cut = max(THRESHOLD, wanted[-1, 4]) + 2 * MAX_SCORE_ERROR
        self.assertGreater((wanted[:, 4] > cut).sum(), 20)
        worst = [0.0, 0.0]
        for one, other in ((rows, wanted), (wanted, rows)):
            found = np.array(list(errors(one, other[other[:, 4] > cut])))
            worst = np.maximum(worst, found.max(0))
        return worst[0] * gain, worst[1]

    def check(self, family, size, scale, labels, options):
        labels = LABELS[labels].split(", ")
        torch.manual_seed(0)
        network = with_statistics(make_network(family, size, scale, len(labels)))
        checkpoint, package = self.top / "checkpoint.pt", self.top / "x.mlpkg"
        plain = family == "yolov10"
        write_checkpoint(str(checkpoint), network, labels, ema=plain, numpy=not plain,
                         package="ultralytics" if plain else "doclayout_yolo")
        shutil.rmtree(package, ignore_errors=True)
        done = tool("convert.py", checkpoint, "-o", package, "--imgsz", SIZE, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_package(package, labels, options)
        rows, names = detect(package, self.top / "page.png", self.top / "boxes.json")
        self.assertEqual(names, [labels[int(c)] for c in rows[:, 5]])
        wanted, gain, own = expect(rounded(network, options), self.page,
                                   "--square" in options)
        box, score = self.check_rows(rows, wanted, gain)
        print(f"{family}-{size}, {len(labels)} classes{', '.join(('', *options))}: "
              f"{len(rows)} boxes, {box:.4f} px and {score:.6f} of score off (PyTorch's "
              f"own roundings: {own[0]:.4f} and {own[1]:.6f})", flush=True)
        # Deep networks of random weights amplify roundings; then those of both add up.
        self.assertLess(box, max(MAX_BOX_ERROR, 2 * own[0]))
        self.assertLess(score, max(MAX_SCORE_ERROR, 2 * own[1]))

    def test_doclayout(self):
        for options in ((), ("--half",)):
            self.check("doclayout", "n", narrow("n"), "D4LA", options)

    def test_yolov10(self):
        self.check("yolov10", "s", narrow("s"), "80 classes", ("--end2end", "--square"))

    @unittest.skipUnless(CHOSEN, "TS_TEST_FAMILIES chooses none")
    def test_chosen(self):
        chosen = [(n, case) for n, case in every_case() if CHOSEN == "all" or CHOSEN in n]
        self.assertTrue(chosen, f"TS_TEST_FAMILIES={CHOSEN} names none of "
                        + "; ".join(n for n, _ in every_case()))
        for name, case in chosen:
            with self.subTest(name):
                self.check(*case)


if __name__ == "__main__":
    torch.set_num_threads(2)
    unittest.main()
