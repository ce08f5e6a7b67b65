"""The tracer torchscriptstages, from GStreamer's log.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_stagetracer.py SOURCE_ROOT
"""
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(SOURCE / "tests" / "fakeshim"))
import fakemodel  # noqa: E402

FRAMES, DELAY_NS, FRAME_NS = 6, 20_000_000, 40_000_000
CAPS = "video/x-raw,format=RGB,width=8,height=8,framerate=25/1"
# On the CPU nothing is uploaded.
STAGES = ["map", "wait", "tensor", "forward", "decode", "attach"]
Span = collections.namedtuple("Span", "element stage pts batch ts time")


def spans_of(log):
    for line in log.splitlines():
        fields = dict(re.findall(r"(\w+)=\(\w+\)([^,;]+)[,;]", line))
        # The first line says what the fields are and has no numbers.
        if " torchscript-stage, " in line and fields["pts"].isdigit():
            yield Span(fields["element"], fields["stage"],
                       *(int(fields[name]) for name in ("pts", "batch", "ts", "time")))


class StageTracer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        fakemodel.write(self.folder / "m.pt", {
            "config": '{"imgsz": [8, 8]}', "delay_ms": DELAY_NS // 1_000_000,
            "output": {"tensor": {"shape": [1, 1, 6], "values": [2, 2, 6, 6, 0.5, 1]}}})

    def test_command_of_the_docs(self):
        docs = (SOURCE / "docs" / "elements.md").read_text()
        command = re.search(r"```\n(GST_TRACERS=.*?)```", docs, re.DOTALL).group(1)
        command, n = re.subn(r"model=\S+", f"model={self.folder}/m.pt decoder=yolo-end2end",
                             command.replace("\n", " "))
        self.assertEqual(n, 1)
        done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, GST_DEBUG_NO_COLOR="1"), check=True,
                              timeout=60, stdout=subprocess.DEVNULL)
        self.assertEqual(len({span.pts for span in spans_of(done.stderr)}), 5)

    def launch(self, tracers):
        log = self.folder / "log"
        done = subprocess.run(
            ["gst-launch-1.0", "-q", "videotestsrc", f"num-buffers={FRAMES}", "!", CAPS, "!",
             "torchscriptinfer", "name=pages", f"model={self.folder}/m.pt",
             "decoder=yolo-end2end", "!", "fakesink"],
            env=dict(os.environ, GST_TRACERS=tracers, GST_DEBUG="GST_TRACER:7",
                     GST_DEBUG_FILE=str(log), GST_DEBUG_NO_COLOR="1"),
            capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return log.read_text()

    def test_each_step_of_each_frame_is_a_span(self):
        log = self.launch("torchscriptstages")
        self.assertIn("torchscript-stage.class", log)
        frames = collections.defaultdict(list)
        for span in spans_of(log):
            self.assertEqual((span.element, span.batch), ("pages", 1))
            frames[span.pts].append(span)
        self.assertEqual(sorted(frames), [FRAME_NS * i for i in range(FRAMES)])
        for spans in frames.values():
            spans.sort(key=lambda span: STAGES.index(span.stage))
            self.assertEqual([span.stage for span in spans], STAGES)
            self.assertGreaterEqual(spans[3].time, DELAY_NS)
            for before, after in zip(spans, spans[1:]):
                self.assertLessEqual(before.ts + before.time, after.ts)

    def skip_if_the_other_hangs(self, tracer):
        """GStreamer 1.26's own has a deadlock, in pipelines of its own elements, too."""
        command = ["gst-launch-1.0", "-q", "videotestsrc", f"num-buffers={FRAMES}", "!",
                   CAPS, "!", "queue", "!", "fakesink"]
        try:
            subprocess.run(command, env=dict(os.environ, GST_TRACERS=tracer), timeout=5,
                           check=True, capture_output=True)
        except subprocess.TimeoutExpired:
            self.skipTest(f"{tracer} hangs without torchscriptinfer, too")

    def test_spans_lie_among_those_of_other_tracers(self):
        self.skip_if_the_other_hangs("latency(flags=element)")
        log = self.launch("latency(flags=element);torchscriptstages")
        spans = list(spans_of(log))
        inside = [tuple(map(int, found)) for found in re.findall(
            r" element-latency, .*element=\(string\)pages, .*time=\(guint64\)(\d+), "
            r"ts=\(guint64\)(\d+)", log)]
        self.assertEqual(len(inside), FRAMES)
        forwards = [span for span in spans if span.stage == "forward"]
        # The frame left the element after its forward pass, and before the next one.
        for (_, left), span in zip(sorted(inside, key=lambda found: found[1]), forwards):
            self.assertGreater(left, span.ts + span.time)
        for (_, left), span in zip(inside, forwards[1:]):
            self.assertLess(left, span.ts + span.time)

    def test_without_it_there_are_none(self):
        self.assertEqual(list(spans_of(self.launch(""))), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
