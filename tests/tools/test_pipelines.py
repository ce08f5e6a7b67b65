# test_pipelines.py - packages and their parts through real pipelines
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_pipelines.py MLPKG SOURCE-ROOT EXAMPLE-OP-LIB
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch

from packagetest import Detector, safetensors

MLPKG, SOURCE, OP_LIB = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
CHECKPOINT = SOURCE.parent / "shared/doclayout/nd_checkpoint.pt"
COLOUR = (200, 40, 90)


def picture():
    image = torch.tensor(COLOUR, dtype=torch.float32).view(1, 3, 1, 1) / 255
    return image.expand(1, 3, 64, 64)


class Pipelines(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.top = pathlib.Path(directory.name)
        torch.manual_seed(1)
        self.net = Detector().eval()
        torch.jit.script(self.net).save(str(self.top / "net.pt"))

    def mlpkg(self, *arguments):
        subprocess.run([MLPKG, *map(str, arguments)], check=True, cwd=self.top,
                       stdout=subprocess.DEVNULL)

    def create(self, *arguments):
        self.mlpkg("create", "net.pt", "net.mlpkg", "--decoder", "yolo-end2end",
                   "--size", "64x64", "--score-threshold", "0", *arguments)

    def launch(self, model, *properties):
        colour = 0xff000000 | COLOUR[0] << 16 | COLOUR[1] << 8 | COLOUR[2]
        return subprocess.run(
            ["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=1",
             "pattern=solid-color", f"foreground-color={colour}", "!",
             "video/x-raw,format=RGB,width=64,height=64", "!", "torchscriptinfer",
             "device=cpu", f"model={model}", *properties, "!", "detectionjson",
             "location=out.json", "!", "fakesink"],
            cwd=self.top, capture_output=True, text=True)

    def detect(self, *arguments):
        run = self.launch(*arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        answer = json.loads((self.top / "out.json").read_text())
        return [d["box"] + [d["score"]] for d in answer["detections"]]

    def assert_refused(self, words, *arguments):
        run = self.launch(*arguments)
        self.assertNotEqual(run.returncode, 0)
        for word in words:
            self.assertIn(word, run.stderr)

    def assert_answers(self, net, found):
        with torch.no_grad():
            expected = net(picture())[0, :, :5].numpy()
        expected = expected[np.argsort(-expected[:, 4])]
        self.assertEqual(np.shape(found), expected.shape)
        np.testing.assert_allclose(found, expected, atol=0.01)

    def test_one_file(self):
        self.create("--one-file")
        self.assertTrue((self.top / "net.mlpkg").is_file())
        self.assert_answers(self.net, self.detect("net.mlpkg"))

    def other_weights(self):
        torch.manual_seed(2)
        other = Detector().eval()
        other.norm.running_mean += 0.3
        state = {k: v.numpy() for k, v in other.state_dict().items()}
        (self.top / "w.safetensors").write_bytes(safetensors(state))
        return other

    def test_weights_of_the_package(self):
        other = self.other_weights()
        self.create("--weights", "w.safetensors")
        self.assert_answers(other, self.detect("net.mlpkg"))

    def test_weights_property(self):
        other = self.other_weights()
        self.create()
        self.assert_answers(self.net, self.detect("net.mlpkg"))
        self.assert_answers(other, self.detect("net.mlpkg", "weights=w.safetensors"))
        self.assert_refused(["net.pt", "no header"], "net.mlpkg", "weights=net.pt")

    def test_custom_op_libs(self):
        """The operator is there, so that only the output does not fit."""
        model = SOURCE / "tests/models/custom_op.pt"
        self.assert_refused(["shim_example::scale", "custom-op-libs"], model,
                            "decoder=yolo-end2end")
        self.assert_refused(["[1, 3, 640, 640]", "yolo-end2end"], model,
                            "decoder=yolo-end2end", f"custom-op-libs={OP_LIB}")

    def test_self_test(self):
        np.save(self.top / "input.npy", picture().numpy())
        for shift, good in ((0, True), (1, False)):
            with torch.no_grad():
                np.save(self.top / "expected.npy", self.net(picture()).numpy() + shift)
            self.create("--self-test-input", "input.npy", "--self-test-expected",
                        "expected.npy")
            self.detect("net.mlpkg", "self-test=false")
            if good:
                self.detect("net.mlpkg", "self-test=true")
            else:
                self.assert_refused(["selftest/expected.npy", "12 of 12 numbers"],
                                    "net.mlpkg", "self-test=true")
            subprocess.run(["rm", "-r", self.top / "net.mlpkg"], check=True)

    def write_picture(self):
        header = b"P6\n# a comment\n64 64\n255\n"
        (self.top / "input.ppm").write_bytes(header + bytes(COLOUR) * (64 * 64))

    def write_expected(self, *rows):
        detections = [{"box": [float(x) for x in row[:4]], "score": float(row[4]),
                       "class_id": int(row[5])} for row in rows]
        (self.top / "expected.json").write_text(json.dumps({"detections": detections}))

    def run_picture_test(self):
        self.create("--self-test-input", "input.ppm", "--self-test-expected",
                    "expected.json")
        run = self.launch("net.mlpkg", "self-test=true")
        subprocess.run(["rm", "-r", self.top / "net.mlpkg"], check=True)
        return run.stderr

    def test_picture_self_test(self):
        self.write_picture()
        with torch.no_grad():
            rows = self.net(picture())[0].numpy()
        self.write_expected(*rows[::-1])
        self.assertEqual(self.run_picture_test(), "")
        moved = rows.copy()
        for column, shift, good in ((0, 1.9, True), (0, 2.1, False), (4, 0.019, True),
                                    (4, -0.021, False), (5, 1, False)):
            moved = rows.copy()
            moved[1, column] += shift
            self.write_expected(*moved)
            error = self.run_picture_test()
            self.assertEqual("missing is the one of class" in error, not good, error)
        self.write_expected(rows[0])
        self.assertIn("2 detections, expected 1; not expected is the one of",
                      self.run_picture_test())
        self.write_expected(rows[0], *rows)
        self.assertIn("2 detections, expected 3; missing", self.run_picture_test())

    def test_picture_errors(self):
        self.write_expected()
        pixels = bytes(64 * 64 * 3)
        for content in (b"P5 64 64 255\n" + pixels, b"P6 64 64 65535\n" + pixels,
                        b"P6 64 64 255\n" + pixels[1:], b"P6 0 64 255\n", b"P6 64",
                        b"P6 64 65 255\n" + pixels, b"P6 99999 99999 255\n" + pixels):
            (self.top / "input.ppm").write_bytes(content)
            self.assertIn("expected a binary PPM", self.run_picture_test())
        self.write_picture()
        for text, word in (("[]", "a JSON object"), ("{}", '"detections" is missing'),
                           ('{"detections": [1]}', "no object"),
                           ('{"detections": [{"box": [1, 2, 3]}]}', "[x1, y1, x2, y2]"),
                           ('{"detections": [{"box": [1, 2, 3, 4]}]}', "score")):
            (self.top / "expected.json").write_text(text)
            self.assertIn(word, self.run_picture_test())

    def test_picture_of_no_detector(self):
        self.write_picture()
        self.write_expected()
        self.mlpkg("create", "net.pt", "c.mlpkg", "--decoder", "classification",
                   "--self-test-input", "input.ppm", "--self-test-expected",
                   "expected.json")
        self.assert_refused(["input.ppm", "gives no boxes"], "c.mlpkg",
                            "self-test=true")

    def test_no_self_test(self):
        self.create()
        self.assert_refused(["net.mlpkg", "no self-test"], "net.mlpkg",
                            "self-test=true")

    @unittest.skipUnless(CHECKPOINT.exists(), "no shared checkpoint")
    def test_converted(self):
        """What convert.py writes tests itself, as a directory and as one file."""
        subprocess.run([sys.executable, SOURCE / "models/doclayout/convert.py",
                        CHECKPOINT, "-o", self.top / "layout.mlpkg"], check=True,
                       stdout=subprocess.DEVNULL)
        self.mlpkg("pack", "layout.mlpkg", "one.mlpkg")
        for model in ("layout.mlpkg", "one.mlpkg"):
            self.detect(model, "self-test=true")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
