# test_vision.py - the C library as an application finds it installed
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_vision.py SOURCE BUILD PREFIX LIBDIR MLPKG
import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import cv2
import numpy as np

SOURCE, BUILD = pathlib.Path(sys.argv[1]), sys.argv[2]
PREFIX, LIBDIR, MLPKG = sys.argv[3:]
COLOURS = np.array([[250, 20, 130], [30, 240, 60], [90, 70, 245], [200, 190, 10]])
sys.path.insert(0, str(SOURCE / "tests/install"))
from staged import Staged  # noqa: E402

LABELS = ["red", "green", "blue"]


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          **options).stdout


class Image(ctypes.Structure):
    _fields_ = [("format", ctypes.c_int), ("width", ctypes.c_int),
                ("height", ctypes.c_int), ("stride", ctypes.c_int),
                ("pixels", ctypes.c_char_p)]


class Options(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in (
        "device", "decoder", "output", "labels", "method", "weights",
        "custom_op_libs")] + [("threads", ctypes.c_int), ("self_test", ctypes.c_int),
                              ("reserved", ctypes.c_void_p * 7)]


class Class(ctypes.Structure):
    _fields_ = [("score", ctypes.c_float), ("class_id", ctypes.c_int),
                ("label", ctypes.c_char_p)]


class Mask(ctypes.Structure):
    _fields_ = [("classes", ctypes.POINTER(ctypes.c_uint16)),
                ("columns", ctypes.c_int), ("rows", ctypes.c_int),
                ("area", ctypes.c_float * 4)]


class Vision(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.top = pathlib.Path(directory.name)
        staged = Staged(BUILD, cls.top, PREFIX, LIBDIR)
        cls.library = staged.libdir / "libtorchscriptvision-1.0.so"
        cls.env = staged.env
        cls.build_example()
        cls.make_package()
        image = COLOURS.reshape(2, 2, 3).repeat(40, 0).repeat(60, 1)
        cv2.imwrite(str(cls.top / "page.png"), image[:, :, ::-1])

    @classmethod
    def build_example(cls):
        flags = run("pkg-config", "--cflags", "--libs", "torchscript-vision-1.0",
                    "cairo", env=cls.env).split()
        cls.program = cls.top / "vision"
        run(*os.environ.get("CC", "cc").split(), "-Wall", "-Werror",
            SOURCE / "pipelines/examples/vision.c", "-o", cls.program, *flags)

    @classmethod
    def make_package(cls):
        (cls.top / "names.txt").write_text("\n".join(LABELS))
        run(MLPKG, "create", SOURCE / "tests/models/boxes_e2e.pt", "net.mlpkg",
            "--decoder", "yolo-end2end", "--size", "120x80", "--labels", "names.txt",
            "--score-threshold", "0.5", cwd=cls.top)

    def test_example(self):
        """A box a quarter and channel; its score is the channel's value."""
        expected = []
        for quarter, colour in enumerate(COLOURS):
            x, y = quarter % 2 * 60, quarter // 2 * 40
            for label, value in zip(LABELS, colour):
                if value / 255 > 0.5:
                    expected.append((-value, f"{label}: {value / 255:.2f} at "
                                             f"{x},{y} to {x + 60},{y + 40}"))
        found = run(self.program, self.top / "net.mlpkg", self.top / "page.png",
                    env=self.env).splitlines()
        self.assertEqual(found, [line for _, line in sorted(expected)])

    def open(self, model, **options):
        api = ctypes.CDLL(self.library)
        for name in ("open", "classify", "segment", "get_label"):
            getattr(api, f"ts_vision_model_{name}").restype = ctypes.c_void_p
        options = Options(**{k: str(v).encode() for k, v in options.items()})
        model = ctypes.c_void_p(api.ts_vision_model_open(
            str(SOURCE / "tests/models" / model).encode(), ctypes.byref(options), None))
        self.assertTrue(model)
        self.addCleanup(api.ts_vision_model_free, model)
        return api, model

    def image(self, pixels):
        return Image(0, pixels.shape[1], pixels.shape[0], pixels.strides[0],
                     pixels.tobytes())

    def test_classify(self):
        """The softmax of what ssd.pt returns as its scores."""
        api, model = self.open("ssd.pt", decoder="classification", output="scores",
                               labels=self.top / "names.txt")
        self.assertEqual(api.ts_vision_model_get_kind(model), 1)
        n = ctypes.c_size_t()
        image = self.image(np.zeros((8, 8, 3), np.uint8))
        found = ctypes.cast(api.ts_vision_model_classify(
            model, ctypes.byref(image), ctypes.byref(n), None), ctypes.POINTER(Class))
        expected = np.exp([0.875, 0]) / np.exp([0.875, 0]).sum()
        self.assertEqual([(found[i].class_id, found[i].label) for i in range(n.value)],
                         [(0, b"red"), (1, b"green")])
        np.testing.assert_allclose([found[i].score for i in range(2)], expected, 1e-6)
        self.assertIsNone(api.ts_vision_model_segment(model, ctypes.byref(image), None))

    def test_segment(self):
        """identity.pt gives the channels; the highest wins."""
        api, model = self.open("identity.pt", decoder="segmentation")
        image = self.image(COLOURS.reshape(2, 2, 3).astype(np.uint8)
                           .repeat(160, 0).repeat(320, 1))
        mask = ctypes.cast(api.ts_vision_model_segment(
            model, ctypes.byref(image), None), ctypes.POINTER(Mask)).contents
        self.assertEqual((mask.columns, mask.rows), (640, 640))
        self.assertEqual(list(mask.area), [0, -160, 640, 640])
        classes = np.ctypeslib.as_array(mask.classes, (640, 640))[160:480]
        np.testing.assert_array_equal(
            classes, COLOURS.argmax(1).reshape(2, 2).repeat(160, 0).repeat(320, 1))

    def test_errors(self):
        run(MLPKG, "create", SOURCE / "tests/models/identity.pt", "classes.mlpkg",
            "--decoder", "classification", cwd=self.top)
        for model, image, word in (("classes.mlpkg", "page.png", "gives classes, not boxes"),
                                   ("nowhere.mlpkg", "page.png", "no such model"),
                                   ("net.mlpkg", "nowhere.png", "0 x 0 pixels")):
            failed = subprocess.run([self.program, self.top / model, self.top / image],
                                    env=self.env, text=True, capture_output=True)
            self.assertEqual(failed.returncode, 1, failed.stderr)
            self.assertIn(word, failed.stderr)

    def test_exports(self):
        symbols = run("nm", "-D", "--defined-only", self.library).split("\n")
        names = {line.split()[-1] for line in symbols if line}
        self.assertIn("ts_vision_model_open", names)
        self.assertEqual([n for n in names if not n.startswith("ts_vision_")], [])

    def test_header_alone(self):
        flags = run("pkg-config", "--cflags", "torchscript-vision-1.0",
                    env=self.env).split()
        for language, standard in (("c", "c11"), ("c++", "c++17")):
            run(*os.environ.get("CC", "cc").split(), "-x", language, f"-std={standard}",
                "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-", *flags,
                input="#include <torchscriptvision.h>\n")

    def test_docs(self):
        """The page shows a part of the example, and its build command is the one
        above; the example is short."""
        example = (SOURCE / "pipelines/examples/vision.c").read_text()
        page = (SOURCE / "docs/c-api.md").read_text()
        self.assertLess(len(example.splitlines()), 40)
        self.assertIn(page.split("```c\n")[1].split("```")[0], example)
        command = page.split("```sh\n")[1].split("```")[0]
        (self.top / "vision.c").write_text(example)
        run("sh", "-e", "-c", command, cwd=self.top, env=self.env)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
