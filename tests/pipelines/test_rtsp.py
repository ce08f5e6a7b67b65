"""pipelines/examples/rtsp-server.c with clients that come and go.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_rtsp.py SOURCE_ROOT SERVER SHIM PLUGIN
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import cv2
import numpy
import torch

SOURCE, SERVER, SHIM, PLUGIN = map(pathlib.Path, sys.argv[1:5])
sys.path.insert(0, str(SOURCE / "models"))
import mlpkg  # noqa: E402

try:
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    from gi.repository import Gst, GstApp  # noqa: E402,F401
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# As tests/models/README.md tells: the colours of the four quarters read back as
# scores, classes 0, 1, 2 for R, G, B.
MODULE = SOURCE / "tests" / "models" / "boxes_e2e.pt"
PAGES = numpy.array([[[[200, 20, 130], [30, 210, 60]], [[90, 70, 200], [200, 190, 10]]],
                     [[[20, 200, 30], [130, 10, 160]], [[190, 170, 100], [60, 90, 210]]]])
EDGE = 64


def picture(colours):
    return colours[:, :, ::-1].repeat(EDGE // 2, 0).repeat(EDGE // 2, 1).astype(numpy.uint8)


class Client(threading.Thread):
    """Takes so many frames and leaves."""

    def __init__(self, url, n_frames):
        super().__init__()
        self.url, self.n_frames, self.frames, self.error = url, n_frames, [], None

    def run(self):
        pipeline = Gst.parse_launch(
            f"rtspsrc location={self.url} protocols=tcp latency=0 ! rtpjpegdepay ! jpegdec ! "
            "videoconvert ! video/x-raw,format=RGB ! appsink name=sink sync=false")
        sink = pipeline.get_by_name("sink")
        pipeline.set_state(Gst.State.PLAYING)
        while len(self.frames) < self.n_frames:
            sample = sink.try_pull_sample(20 * Gst.SECOND)
            if sample is None:
                message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
                self.error = message.parse_error()[0].message if message else "no frame in 20 s"
                break
            data = sample.get_buffer().extract_dup(0, EDGE * EDGE * 3)
            self.frames.append(numpy.frombuffer(data, numpy.uint8).reshape(EDGE, EDGE, 3))
        pipeline.set_state(Gst.State.NULL)


def nearest_page(pixels):
    """The page that this picture shows, by the middles of its quarters."""
    middles = pixels[EDGE // 4::EDGE // 2, EDGE // 4::EDGE // 2].astype(int)
    distances = [numpy.abs(middles - page).max() for page in PAGES]
    return int(numpy.argmin(distances)), min(distances)


class Rtsp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Gst.init(None)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.dir = pathlib.Path(folder.name)
        for number, colours in enumerate(PAGES):
            cv2.imwrite(str(cls.dir / f"page{number:02}.png"), picture(colours))
        package = mlpkg.Package(name="quarters", repo_id="test/quarters", model_type="test",
                                decoder="yolo-end2end", labels=["red", "green", "blue"],
                                imgsz=EDGE, score_threshold=0.0)
        mlpkg.write_package(str(cls.dir / "quarters.mlpkg"), package,
                            torch.jit.load(str(MODULE)))

    def setUp(self):
        self.json = pathlib.Path(tempfile.mkdtemp(dir=self.dir))
        env = dict(os.environ, GST_TORCHSCRIPT_SHIM=str(SHIM),
                   GST_PLUGIN_PATH=str(PLUGIN.parent),
                   GST_REGISTRY=str(self.dir / "registry.bin"), GST_DEBUG="torchscriptinfer:4",
                   GST_DEBUG_NO_COLOR="1", GST_DEBUG_FILE=str(self.dir / "log"))
        self.server = subprocess.Popen(
            [SERVER, f"--model={self.dir}/quarters.mlpkg", f"--pages={self.dir}/page%02d.png",
             f"--json={self.json}", "--port=0", "--rate=20", f"--width={EDGE}",
             f"--height={EDGE}", "--device=cpu"], env=env, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.addCleanup(self.server.stdout.close)
        self.url = self.server.stdout.readline().strip()
        self.assertTrue(self.url.startswith("rtsp://"), self.url)

    def run_clients(self, numbers_of_frames):
        clients = [Client(self.url, n) for n in numbers_of_frames]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
            self.assertIsNone(client.error)
        return clients

    def check_frames(self, client):
        """Each shows a page, and boxes are drawn along the edges of its quarters."""
        shown = set()
        for frame in client.frames:
            page, distance = nearest_page(frame)
            self.assertLess(distance, 30)
            shown.add(page)
            plain = picture(PAGES[page])[:, :, ::-1].astype(int)
            changed = numpy.abs(frame.astype(int) - plain).max(2) > 60
            self.assertGreater(changed.mean(), 0.02)
        self.assertEqual(shown, {0, 1})

    def read_stream(self, path):
        """The pages that a stream's answers speak of, in their order."""
        pages = []
        lines = path.read_text().split("\n")[:-1]
        for line in lines:
            boxes = json.loads(line)["detections"]
            scores = numpy.zeros((2, 2, 3))
            for box in boxes:
                left, top = (int(v) // (EDGE // 2) for v in box["box"][:2])
                scores[top, left, box["class_id"]] = box["score"] * 255
            distances = [numpy.abs(scores - page).max() for page in PAGES]
            self.assertLess(min(distances), 6)
            pages.append(int(numpy.argmin(distances)))
        return pages

    def n_open(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def n_threads(self):
        return len(os.listdir(f"/proc/{self.server.pid}/task"))

    def test_four_clients(self):
        for client in self.run_clients([30, 10, 20, 30]):
            self.check_frames(client)
        streams = sorted(self.json.glob("stream-*.jsonl"))
        self.assertEqual(len(streams), 4)
        for stream in streams:
            pages = self.read_stream(stream)
            self.assertGreaterEqual(len(pages), 10)
            # The pages turn one after the other: none was lost, none came twice.
            self.assertEqual(pages, [i % 2 for i in range(len(pages))])

    def test_come_and_go(self):
        self.run_clients([3, 3])
        self.wait_for_quiet()
        n_open, n_threads = self.n_open(), self.n_threads()
        for _ in range(4):
            self.run_clients([2, 4, 1])
        self.wait_for_quiet()
        self.assertLessEqual(self.n_open(), n_open)
        self.assertLessEqual(self.n_threads(), n_threads)
        self.assertIsNone(self.server.poll())

    def wait_for_quiet(self):
        """Until the media of the clients that left are gone."""
        before, since = None, time.monotonic()
        while time.monotonic() - since < 20:
            now = self.n_open(), self.n_threads()
            if now == before and time.monotonic() - since > 5:
                return
            before = now
            time.sleep(1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
