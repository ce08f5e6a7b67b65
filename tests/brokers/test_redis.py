"""redispublish against a real redis-server.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_redis.py TESTS PUSH_FRAMES
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, sys.argv[1] + "/publish")
import broker
import frames

PUSH_FRAMES = sys.argv[2]


class Redis(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.port = broker.free_port()
        self.folder = folder.name
        self.server = self.new_server()
        self.server.start(self.port)
        self.addCleanup(lambda: self.server.stop())

    def new_server(self, *more):
        return broker.Server(["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir",
                              self.folder, "--appendonly", "yes", "--appendfsync", "always",
                              "--unixsocket", f"{self.folder}/socket", *more], self.folder)

    def ask(self, *command):
        return subprocess.run(["redis-cli", "-p", str(self.port), *command], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def results(self, stream="detections"):
        """The numbers of the answers in the stream."""
        lines = self.ask("XRANGE", stream, "-", "+").splitlines()
        return [json.loads(data)["result"] for name, data in zip(lines, lines[1:])
                if name == "data"]

    def element(self, more=""):
        return f"redispublish name=out host=127.0.0.1 port={self.port} {more}"

    def test_every_answer_is_in_the_stream(self):
        done = frames.run(PUSH_FRAMES, 200, "d", self.element("stream=pages"))
        self.assertEqual((done.status, done.errors), (0, []))
        self.assertEqual(done.values, {"published": "200", "dropped": "0"})
        self.assertEqual(self.results("pages"), list(range(200)))

    def test_objects_of_others(self):
        done = frames.run(PUSH_FRAMES, 3, "rd", f"{frames.CAPS} ! {self.element()}")
        self.assertEqual(done.values, {"published": "6", "dropped": "0"})
        lines = self.ask("XRANGE", "detections", "-", "+").splitlines()
        others = [json.loads(data) for name, data in zip(lines, lines[1:])
                  if name == "data" and '"others"' in data]
        self.assertEqual([o["result"] for o in others], [0, 1, 2])
        self.assertEqual([(d["label"], d["score"], d["box"], d["track_id"])
                          for d in others[2]["detections"]], [("cat", None, [20, 30, 60, 40], 3)])

    def test_unix_socket_and_length(self):
        done = frames.run(PUSH_FRAMES, 2000, "e", "redispublish name=out max-messages=2000 "
                          f"max-length=100 host={self.folder}/socket")
        self.assertEqual(done.values["published"], "2000")
        self.assertLess(int(self.ask("XLEN", "detections")), 400)

    def test_restart_in_mid_stream(self):
        """Everything arrives; what was on its way may do so twice."""
        process = frames.start(PUSH_FRAMES, 300, "e", self.element("drain-timeout=20000"),
                               pause_us=10000)
        time.sleep(1)
        self.server.stop()
        time.sleep(0.5)
        self.server.start(self.port)
        done = frames.Run(process, process.communicate(timeout=60)[0])
        self.assertEqual((done.status, done.values), (0, {"published": "300", "dropped": "0"}))
        self.assertEqual(sorted(set(self.results())), list(range(300)))
        states = ["connected=(boolean)true" in m for m in done.messages]
        self.assertEqual(states, [True, False, True])

    def test_what_does_not_fit_is_counted(self):
        self.server.stop()
        start = time.monotonic()
        process = frames.start(PUSH_FRAMES, 300, "e", self.element("max-messages=20 "
                               "drain-timeout=20000"), pause_us=1000)
        time.sleep(1.5)
        self.server.start(self.port)
        done = frames.Run(process, process.communicate(timeout=60)[0])
        self.assertLess(time.monotonic() - start, 15)
        self.assertEqual(done.values, {"published": "20", "dropped": "280"})
        self.assertEqual(self.results(), list(range(280, 300)))
        self.assertTrue(any("dropped=(guint64)" in m and "connected=(boolean)false" in m
                            for m in done.messages))

    def test_the_newest_can_be_dropped(self):
        self.server.stop()
        process = frames.start(PUSH_FRAMES, 100, "e", self.element(
            "max-messages=20 on-full=drop-newest drain-timeout=20000"), pause_us=1000)
        time.sleep(1)
        self.server.start(self.port)
        done = frames.Run(process, process.communicate(timeout=60)[0])
        self.assertEqual(done.values, {"published": "20", "dropped": "80"})
        self.assertEqual(self.results(), list(range(20)))

    def test_blocking_holds_the_pipeline_up(self):
        self.server.stop()
        process = frames.start(PUSH_FRAMES, 100, "e", self.element(
            "max-messages=10 on-full=block drain-timeout=20000"))
        time.sleep(1)
        self.assertIsNone(process.poll())
        self.server.start(self.port)
        done = frames.Run(process, process.communicate(timeout=60)[0])
        self.assertEqual(done.values, {"published": "100", "dropped": "0"})
        self.assertEqual(self.results(), list(range(100)))

    def test_the_end_does_not_wait_for_ever(self):
        self.server.stop()
        start = time.monotonic()
        done = frames.run(PUSH_FRAMES, 5, "e", self.element("drain-timeout=300"))
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(done.values["published"], "0")

    def test_passwords(self):
        self.server.stop()
        self.server = self.new_server("--requirepass", "open sesame")
        self.server.start(self.port)
        for more in ("", "password=wrong"):
            done = frames.run(PUSH_FRAMES, 1000, "e", self.element(more), pause_us=1000)
            self.assertEqual(done.status, 1)
            self.assertTrue(done.errors[0].startswith("gst-resource-error-quark 15 "), done.errors)
        path = pathlib.Path(self.folder) / "password"
        path.write_text("open sesame\n")
        done = frames.run(PUSH_FRAMES, 3, "e", self.element(f"password-file={path}"))
        self.assertEqual((done.status, done.values["published"]), (0, "3"))

    def test_a_key_that_is_no_stream_is_an_error(self):
        self.ask("SET", "detections", "text")
        done = frames.run(PUSH_FRAMES, 1000, "e", self.element(), pause_us=1000)
        self.assertEqual(done.status, 1)
        self.assertIn("WRONGTYPE", done.errors[0])


if __name__ == "__main__":
    broker.need("redis-server", "redis-cli")
    os.environ["PATH"] += ":/usr/sbin"
    unittest.main(argv=sys.argv[:1])
