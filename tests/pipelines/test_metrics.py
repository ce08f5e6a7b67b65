"""pipelines/examples/metrics.py, read by Prometheus' own parser.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_metrics.py SOURCE_ROOT
The fake shim answers, so that what the numbers must be is known.
"""
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

SOURCE = pathlib.Path(sys.argv[1])
PROGRAM = SOURCE / "pipelines" / "examples" / "metrics.py"
sys.path.insert(0, str(SOURCE / "tests" / "fakeshim"))
import fakemodel  # noqa: E402

try:
    import gi  # noqa: F401
    from prometheus_client.parser import text_string_to_metric_families
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

FRAMES, DELAY_S, WEIGHTS = 20, 0.02, 123456
CAPS = "video/x-raw,format=RGB,width=8,height=8"
# A second stream without an end keeps the pipeline there.
ENDLESS = "videotestsrc is-live=true ! fakesink"
NAME = 'page "one"'


class Metrics(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.element = NAME
        self.model = pathlib.Path(folder.name) / "m.pt"
        fakemodel.write(self.model, {
            "config": '{"imgsz": [8, 8]}', "delay_ms": 1000 * DELAY_S,
            "weight_bytes": WEIGHTS, "output": {"tensor": {
                "shape": [1, 1, 6], "values": [2, 2, 6, 6, 0.5, 1]}}})

    def start(self, pipeline, port=0):
        return self.start_words(["/usr/bin/python3", PROGRAM, f"--port={port}", pipeline])

    def start_words(self, words):
        process = subprocess.Popen(words, cwd=SOURCE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start_and_wait(self, pipeline):
        process = self.start(pipeline)
        self.url = process.stdout.readline().strip()
        self.assertRegex(self.url, r"^http://127\.0\.0\.1:\d+/metrics$")
        return process

    def pages(self, settings=""):
        return (f"videotestsrc num-buffers={FRAMES} ! {CAPS} ! torchscriptinfer "
                f'name="page \\"one\\"" model={self.model} decoder=yolo-end2end {settings} '
                f"! fakesink {ENDLESS}")

    def read(self):
        with urllib.request.urlopen(self.url, timeout=10) as answer:
            self.assertEqual(answer.headers["Content-Type"],
                             "text/plain; version=0.0.4; charset=utf-8")
            text = answer.read().decode()
        samples = {}
        for family in text_string_to_metric_families(text):
            self.assertNotEqual(family.type, "unknown", family.name)
            self.assertTrue(family.documentation)
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                self.assertNotIn(key, samples)
                samples[key] = sample.value
        return samples

    def get(self, samples, name, **labels):
        return samples[name, frozenset({"element": self.element, **labels}.items())]

    def wait_for_frames(self, n):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            samples = self.read()
            if self.get(samples, "torchscript_frames_in_total") >= n and not self.get(
                    samples, "torchscript_queued_frames"):
                return samples
            time.sleep(0.1)
        self.fail(f"{n} frames do not come")

    def stop(self, process):
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 0, process.stderr.read())

    def test_command_of_the_docs(self):
        docs = (SOURCE / "docs" / "elements.md").read_text()
        command = re.search(r"```\n(python3 pipelines/examples/metrics.py .*?)```", docs,
                            re.DOTALL).group(1)
        words = shlex.split(command.replace("9464", "0"))
        self.assertIn("model=models/doclayout-n.mlpkg", words[-1])
        process = self.start_words(["/usr/bin/python3", *words[1:-1], words[-1].replace(
            "models/doclayout-n.mlpkg", f"{self.model} decoder=yolo-end2end")])
        self.url = process.stdout.readline().strip()
        self.element = "torchscriptinfer0"
        samples = self.wait_for_frames(3)
        self.assertGreater(self.get(samples, "torchscript_frames_total", outcome="answered"), 0)
        self.stop(process)

    def test_numbers(self):
        process = self.start_and_wait(self.pages("inference-interval=2"))
        samples = self.wait_for_frames(FRAMES)
        frames = {outcome: self.get(samples, "torchscript_frames_total", outcome=outcome)
                  for outcome in ("answered", "skipped", "reused", "failed")}
        self.assertEqual(frames, {"answered": FRAMES / 2, "skipped": FRAMES / 2,
                                  "reused": 0, "failed": 0})
        self.assertEqual(self.get(samples, "torchscript_batched_frames_total", size="1"),
                         FRAMES / 2)
        count = self.get(samples, "torchscript_stage_seconds_count", stage="forward")
        total = self.get(samples, "torchscript_stage_seconds_sum", stage="forward")
        self.assertEqual(count, FRAMES / 2)
        self.assertGreaterEqual(total / count, DELAY_S)
        middle = self.get(samples, "torchscript_stage_seconds", stage="forward", quantile="0.5")
        last = self.get(samples, "torchscript_latency_seconds", quantile="0.99")
        self.assertTrue(DELAY_S <= middle < 1 and DELAY_S <= last < 10, (middle, last))
        self.assertEqual(self.get(samples, "torchscript_weight_bytes"), WEIGHTS)
        self.assertEqual(self.get(samples, "torchscript_users"), 1)
        self.assertEqual(self.get(samples, "torchscript_model_info", model="m", device="cpu",
                                  precision="float32", runtime="fakeshim 1.0"), 1)
        self.assertGreater(samples["process_resident_memory_bytes", frozenset()], 1e6)
        self.stop(process)

    def test_steps_that_were_not_have_no_time(self):
        process = self.start_and_wait(self.pages())
        samples = self.wait_for_frames(FRAMES)
        self.assertEqual(self.get(samples, "torchscript_stage_seconds_count", stage="upload"),
                         0)
        value = self.get(samples, "torchscript_stage_seconds", stage="upload", quantile="0.5")
        self.assertNotEqual(value, value)
        self.stop(process)

    def test_clients_that_stall_hold_up_nobody_for_long(self):
        process = self.start_and_wait(self.pages())
        port = int(self.url.split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as stalled:
            stalled.send(b"GET /met")
            self.read()
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(self.url + "s", timeout=10)
        self.assertEqual(caught.exception.code, 404)
        caught.exception.close()
        self.stop(process)

    def test_end_of_stream_ends_it(self):
        process = self.start(self.pages().replace(ENDLESS, ""))
        self.assertEqual(process.wait(timeout=30), 0, process.stderr.read())

    def test_errors_are_told(self):
        missing = self.start(self.pages().replace("m.pt", "nothing.pt"))
        self.assertEqual(missing.wait(timeout=30), 1)
        self.assertIn("nothing.pt", missing.stderr.read())
        broken = self.start("nosuchelement")
        self.assertEqual(broken.wait(timeout=30), 1)
        self.assertIn("nosuchelement", broken.stderr.read())
        with socket.create_server(("127.0.0.1", 0)) as taken:
            refused = self.start(self.pages(), taken.getsockname()[1])
            self.assertEqual(refused.wait(timeout=30), 1)
            self.assertIn("in use", refused.stderr.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
