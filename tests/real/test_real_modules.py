"""Modules exported from torchvision, through pipelines and in Python.

SPDX-License-Identifier: LGPL-2.1-or-later

The same frames, of random blobs, go both ways; the pictures are resized with
OpenCV for Python.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings

try:
    import cv2
    import numpy as np
    import torch
    import torchvision
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstTorchscript", "1.0")
    from gi.repository import Gst, GstTorchscript
except (ImportError, ValueError) as missing:
    print("skipped:", missing)
    sys.exit(77)

import modules

WIDTH, HEIGHT = 220, 160


def make_frames(count):
    rng = np.random.default_rng(4)
    for _ in range(count):
        small = rng.integers(0, 256, (8, 11, 3), dtype=np.uint8)
        yield cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def to_input(frame, size, normalize):
    """[1, 3, size, size] as a package with these settings says."""
    pixels = cv2.resize(frame, (size, size)).astype(np.float32) / 255
    if normalize:
        pixels = (pixels - np.float32(modules.MEAN)) / np.float32(modules.STD)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def torchvision_library():
    """The library that registers torchvision's operators."""
    return next(pathlib.Path(torchvision.__file__).parent.glob("_C*.so"))


class RealModules(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.frames = list(make_frames(3))

    def run_pipeline(self, module, preprocessing, postprocessing, labels=()):
        """The buffers that come out for the frames."""
        package = self.folder / "real.mlpkg"
        modules.write_package(package, module, preprocessing, postprocessing, labels)
        pipeline = Gst.parse_launch(
            f"appsrc name=src caps=video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},"
            f"framerate=0/1 ! torchscriptinfer name=infer model={package} device=cpu"
            " ! appsink name=sink sync=false")
        pipeline.set_state(Gst.State.PLAYING)
        buffers = []
        for frame in self.frames:
            source, sink = pipeline.get_by_name("src"), pipeline.get_by_name("sink")
            source.emit("push-buffer", Gst.Buffer.new_wrapped(frame.tobytes()))
            sample = sink.emit("try-pull-sample", 60 * Gst.SECOND)
            if sample is None:
                message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
                pipeline.set_state(Gst.State.NULL)
                self.fail(message and message.parse_error())
            buffers.append(sample.get_buffer())
        pipeline.set_state(Gst.State.NULL)
        return buffers

    def check_classes(self, module, size, normalize, tolerance=1e-4, n=5):
        preprocessing = {"size": {"height": size, "width": size}}
        preprocessing.update(modules.IMAGENET if normalize else {})
        buffers = self.run_pipeline(module, preprocessing, {"decoder": "classification"},
                                    [f"class {i}" for i in range(1000)])
        for frame, buf in zip(self.frames, buffers):
            with torch.no_grad():
                logits = module(to_input(frame, size, normalize))
            logits = logits["logits"] if isinstance(logits, dict) else logits
            scores, labels = (v[:n] for v in logits[0].softmax(0).sort(
                descending=True, stable=True))
            meta = GstTorchscript.buffer_get_torchscript_classification_meta(buf)
            found = [meta.get_class(i) for i in range(meta.get_n_classes())]
            self.assertEqual([c.class_id for c in found], labels.tolist())
            self.assertEqual(found[0].label, f"class {labels[0]}")
            np.testing.assert_allclose([c.score for c in found], scores, atol=tolerance)

    def test_resnet(self):
        self.check_classes(torch.jit.trace(modules.resnet(), torch.zeros(1, 3, 96, 96)),
                           96, True)

    def test_control_flow(self):
        module = torch.jit.script(modules.Halving())
        self.check_classes(module, 64, False, n=4)

    def test_quantized(self):
        module = torch.jit.script(modules.quantized())
        self.check_classes(module, 64, False)

    def test_dynamically_quantized(self):
        module = torch.jit.script(modules.dynamically_quantized())
        self.check_classes(module, 96, True)

    def test_segmentation(self):
        module = torch.jit.script(modules.segmentation())
        size = {"size": {"height": 128, "width": 128}}
        buffers = self.run_pipeline(module, {**size, **modules.IMAGENET},
                                    {"decoder": "segmentation"})
        for frame, buf in zip(self.frames, buffers):
            with torch.no_grad():
                expected = module(to_input(frame, 128, True))["out"][0].argmax(0).numpy()
            meta = GstTorchscript.buffer_get_torchscript_mask_meta(buf)
            found = np.frombuffer(meta.get_classes().get_data(), np.uint16)
            found = found.reshape(meta.rows, meta.columns)
            self.assertGreater(len(np.unique(expected)), 1)
            self.assertGreater((found == expected).mean(), 0.9995)
            self.assertEqual((meta.x, meta.y, meta.width, meta.height),
                             (0, 0, WIDTH, HEIGHT))

    def test_detector(self):
        module = torch.jit.script(modules.detector())
        buffers = self.run_pipeline(
            module, {"do_resize": False, "input_form": "list"},
            {"decoder": "torchvision", "score_threshold": 0.25})
        for frame, buf in zip(self.frames, buffers):
            image = torch.from_numpy(frame).permute(2, 0, 1).float() / 255
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _, (expected,) = module([image])
            keep = expected["scores"] > 0.25
            self.check_boxes(buf, *(expected[k][keep].numpy()
                                    for k in ("boxes", "scores", "labels")))

    def test_torchvision_operators(self):
        """In a process of its own, where nobody has loaded them yet."""
        module = torch.jit.script(modules.two_stage_detector())
        package = self.folder / "real.mlpkg"
        modules.write_package(package, module, {"do_resize": False, "input_form": "list"},
                              {"decoder": "torchvision", "score_threshold": 0.3})
        frame = self.frames[0]
        cv2.imwrite(str(self.folder / "frame.png"), frame[..., ::-1])
        pipeline = ["gst-launch-1.0", "-q", "filesrc", f"location={self.folder}/frame.png",
                    "!", "pngdec", "!", "torchscriptinfer", f"model={package}",
                    "device=cpu", f"custom-op-libs={torchvision_library()}", "!",
                    "detectionjson", "location=-", "!", "fakesink"]
        done = subprocess.run(pipeline, check=True, capture_output=True)
        found = json.loads(done.stdout)["detections"]
        image = torch.from_numpy(frame).permute(2, 0, 1).float() / 255
        with torch.no_grad():
            _, (expected,) = module([image])
        self.assertGreater(len(found), 3)
        self.assertEqual([d["class_id"] for d in found], expected["labels"].tolist())
        np.testing.assert_allclose([d["box"] for d in found], expected["boxes"],
                                   atol=0.5)
        pipeline.remove(f"custom-op-libs={torchvision_library()}")
        done = subprocess.run(pipeline, capture_output=True, text=True)
        self.assertIn("torchvision::", done.stderr)
        self.assertIn("custom-op-libs", done.stderr)

    def check_boxes(self, buf, boxes, scores, labels):
        meta = GstTorchscript.buffer_get_torchscript_detection_meta(buf)
        found = [meta.get_detection(i) for i in range(meta.get_n_detections())]
        self.assertGreater(len(found), 5)
        self.assertEqual([d.class_id for d in found], labels.tolist())
        np.testing.assert_allclose([d.score for d in found], scores, atol=1e-3)
        np.testing.assert_allclose([(d.x1, d.y1, d.x2, d.y2) for d in found], boxes,
                                   atol=0.5)


if __name__ == "__main__":
    Gst.init(None)
    torch.set_num_threads(2)
    unittest.main()
