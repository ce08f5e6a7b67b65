"""Checkpoint to package to boxes: the whole path against upstream's answers.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import hashlib
import json
import os
import subprocess
import tempfile
import unittest
import zipfile
from pathlib import Path

import cv2

from common import (FINE_PX, REFERENCE_PX, REFERENCE_SHARE, ROOT, SHARED,
                    box_and_score_error, need_shared, np, reference_answers,
                    share_beyond, torch)
from pages import letterbox, to_page, tool

from doclayout.checkpoint import read_checkpoint
from doclayout.deploy import top_detections
from doclayout.network import doclayout
from doclayout.weights import save_weights

FIXTURE = SHARED / "doclayout" / "nd_checkpoint.pt"


def share_found(rows, golden):
    """How many golden boxes have a row of their class, place and score."""
    found = 0
    for box in golden:
        near = ((np.abs(rows[:, :4] - box[:4]).max(1) <= 0.5)
                & (np.abs(rows[:, 4] - box[4]) <= 0.005) & (rows[:, 5] == box[5]))
        found += bool(near.any())
    return found / len(golden)


def check_rows(test, rows, expected, limit):
    """Rows of nearly equal scores may change places, and the last ones drop out."""
    np.testing.assert_allclose(rows[:, 4], expected[:, 4], rtol=0, atol=1e-4)
    for row in expected[expected[:, 4] > expected[-1, 4] + 2e-4]:
        near = (np.abs(rows[:, :4] - row[:4]).max(1) < limit) & (rows[:, 5] == row[5])
        test.assertTrue(near.any(), row)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.root = Path(cls.directory.name) / "nd.mlpkg"
        cls.result = tool("convert.py", FIXTURE, "-o", cls.root)
        cls.module = torch.jit.load(str(cls.root / "backends/tch/model.pt"))

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def json(self, name):
        return json.loads((self.root / name).read_text())

    def test_says_what_it_made(self):
        self.assertEqual(self.result.returncode, 0, self.result.stderr)
        self.assertIn("10 classes: title, plain text, abandon", self.result.stdout)

    def test_every_file_is_listed_with_its_hash(self):
        metadata = self.json("metadata.json")
        files = sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*")
                       if p.is_file() and p.name != "metadata.json")
        self.assertEqual(metadata["files"], files)
        for name, digest in metadata["sha256"].items():
            data = (self.root / name).read_bytes()
            self.assertEqual(hashlib.sha256(data).hexdigest(), digest, name)
        self.assertEqual(sorted(metadata["sha256"]), files)
        self.assertIn("AGPL-3.0", metadata["license"])

    def test_configuration(self):
        pre = self.json("preprocessor_config.json")
        self.assertEqual(pre["size"], {"height": 1024, "width": 1024})
        self.assertEqual((pre["resize_type"], pre["pad_value"], pre["size_divisor"],
                          pre["channel_order"]), ("letterbox", 114, 32, "RGB"))
        self.assertAlmostEqual(pre["rescale_factor"], 1 / 255)
        post = self.json("postprocessor_config.json")
        self.assertEqual((post["decoder"], post["max_detections"]), ("yolov10", 300))
        labels = self.json("backends/tch/config.json")["id2label"]
        self.assertEqual(labels["8"], "isolate_formula")
        self.assertEqual(self.json("model_info.json")["supported_backends"], ["Tch"])

    def test_selftest_belongs_to_the_module(self):
        image = np.load(self.root / "selftest/input.npy")
        expected = np.load(self.root / "selftest/expected.npy")
        with torch.no_grad():
            answer = self.module(torch.from_numpy(image).float() / 255).numpy()
        np.testing.assert_allclose(answer, expected, atol=1e-2)

    def test_names_no_file_of_this_machine(self):
        with zipfile.ZipFile(self.root / "backends/tch/model.pt") as archive:
            for name in archive.namelist():
                self.assertNotIn(str(ROOT).encode(), archive.read(name), name)

    def test_is_the_network_at_every_coordinate(self):
        """1e-2 px and 1e-4 in score, on any machine and with any PyTorch."""
        network = read_checkpoint(str(FIXTURE)).network
        for size, image, _, _ in reference_answers():
            with torch.no_grad():
                box, score = box_and_score_error(self.module(image), network(image))
            self.assertLess(box, 1e-2, size)
            self.assertLess(score, 1e-4, size)

    def test_reference_answers(self):
        """nd_io.npz within 1e-4 in score, and 1e-2 px but for its own roundings."""
        for size, image, expected, top in reference_answers():
            with torch.no_grad():
                answer = self.module(image)
            box, score = box_and_score_error(answer, expected)
            self.assertLess(box, REFERENCE_PX, size)
            self.assertLess(share_beyond(answer, expected, FINE_PX), REFERENCE_SHARE, size)
            self.assertLess(score, 1e-4, size)
            rows = top_detections(answer, 300)[0].numpy()
            check_rows(self, rows, top[0], REFERENCE_PX)

    def test_no_batch_norm_is_left(self):
        """In the file it is one operator a layer; the shim leaves convolutions alone."""
        kinds = {n.kind() for n in self.module.inlined_graph.nodes()}
        self.assertIn("aten::conv2d", kinds)
        self.assertNotIn("aten::batch_norm", kinds)

    @unittest.skipUnless("TS_TEST_FOLD" in os.environ, "the shim is not built")
    def test_the_shim_folds_everything(self):
        module = str(self.root / "backends/tch/model.pt")
        result = subprocess.run([os.environ["TS_TEST_FOLD"], module],
                                capture_output=True, text=True, check=False)
        # 16 of the convolutions run at three dilations or on their answers.
        self.assertIn("126 convolutions, 110 weights, 0 not folded", result.stdout)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_pages(self):
        golden = json.loads((SHARED / "doclayout/nd_golden_pages.json").read_text())
        for name, page in golden["pages"].items():
            image = cv2.imread(str(SHARED / "pages" / name))
            for form in ("rect", "square"):
                boxed = letterbox(image, golden["imgsz"], form == "rect")
                self.assertEqual(list(boxed.shape[:2]), page[f"letterbox_{form}_hw"])
                tensor = torch.from_numpy(boxed[..., ::-1].transpose(2, 0, 1).copy())
                with torch.no_grad():
                    rows = top_detections(self.module(tensor[None].float() / 255), 300)
                rows = to_page(rows[0].numpy(), image.shape[:2], boxed.shape[:2])
                share = share_found(rows, np.array(page[form]))
                self.assertGreaterEqual(share, 0.99, (name, form))


class Commands(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.output = Path(self.directory.name) / "x.mlpkg"

    def test_half_end2end_square(self):
        result = tool("convert.py", FIXTURE, "-o", self.output, "--half", "--end2end",
                      "--square", "--imgsz", "700")
        self.assertEqual(result.returncode, 0, result.stderr)
        pre = json.loads((self.output / "preprocessor_config.json").read_text())
        self.assertEqual(pre["size"], {"height": 704, "width": 704})
        self.assertNotIn("size_divisor", pre)
        post = json.loads((self.output / "postprocessor_config.json").read_text())
        self.assertEqual(post["decoder"], "yolo-end2end")
        info = json.loads((self.output / "model_info.json").read_text())
        self.assertEqual(info["dtype"], "float16")
        module = torch.jit.load(str(self.output / "backends/tch/model.pt"))
        self.assertEqual({p.dtype for p in module.parameters()}, {torch.float16})
        with torch.no_grad():
            rows = module.float()(torch.rand(2, 3, 256, 320))
        self.assertEqual(tuple(rows.shape), (2, 300, 6))

    def test_end2end_gives_the_best_of_the_network(self):
        result = tool("convert.py", FIXTURE, "-o", self.output, "--end2end")
        self.assertEqual(result.returncode, 0, result.stderr)
        module = torch.jit.load(str(self.output / "backends/tch/model.pt"))
        for _, image, _, top in reference_answers():
            with torch.no_grad():
                rows = module(image)[0].numpy()
            check_rows(self, rows, top[0], REFERENCE_PX)

    def test_export_of_own_weights(self):
        weights = Path(self.directory.name) / "weights.pt"
        scale = (0.33, 0.125, 512)
        torch.manual_seed(0)
        network = doclayout(*scale, nc=3).eval()
        save_weights(str(weights), network, scale, ["a", "b", "c"], 640)
        result = tool("export.py", weights, "-o", self.output)
        self.assertEqual(result.returncode, 0, result.stderr)
        module = torch.jit.load(str(self.output / "backends/tch/model.pt"))
        image = torch.rand(1, 3, 64, 96)
        with torch.no_grad():
            torch.testing.assert_close(module(image), network(image), rtol=0, atol=1e-2)

    def test_errors_name_the_file_and_leave_nothing(self):
        missing = Path(self.directory.name) / "missing.pt"
        result = tool("convert.py", missing, "-o", self.output)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(str(missing), result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        self.assertFalse(self.output.exists())

    def test_never_overwrites(self):
        self.output.mkdir()
        result = tool("convert.py", FIXTURE, "-o", self.output)
        self.assertEqual(result.returncode, 1)
        self.assertIn("exists already", result.stderr)
        self.assertEqual(list(self.output.iterdir()), [])


if __name__ == "__main__":
    need_shared()
    unittest.main()
