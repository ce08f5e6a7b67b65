"""Files, pipes and sockets that fill up, break or lose their writer.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_sinks.py PUSH_FRAMES WRITE_LINES
"""
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import frames

PUSH_FRAMES = sys.argv[1]
WRITE_LINES = sys.argv[2]
KILLS = 20
LONG = 200000


class Sinks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "out"

    def run_frames(self, n, metas, location, name="jsonl", **arguments):
        return frames.run(PUSH_FRAMES, n, metas,
                          f"detectionjson format={name} location={location}", **arguments)

    def failure(self, *arguments, **more):
        done = self.run_frames(*arguments, **more)
        self.assertEqual(done.status, 1)
        self.assertEqual(len(done.errors), 1)
        self.assertTrue(done.errors[0].startswith("gst-resource-error-quark "), done.errors)
        return done.errors[0]

    def lines(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def test_killed_writers_leave_whole_lines(self):
        """The kernel cuts a plain write(2) of so many pages in half of these cases."""
        for _ in range(KILLS):
            process = subprocess.Popen([WRITE_LINES, self.path, str(LONG)])
            while not self.path.exists() or self.path.stat().st_size == 0:
                time.sleep(0.002)
            time.sleep(random.uniform(0, 0.02))
            process.kill()
            process.wait()
            time.sleep(0.1)
            size = self.path.stat().st_size
            self.assertEqual((size > 0, size % LONG), (True, 0))
            self.path.unlink()

    def test_killed_elements_leave_whole_lines(self):
        cut_short = 0
        for _ in range(KILLS):
            process = frames.start(PUSH_FRAMES, 1000000, "L",
                                   f"detectionjson location={self.path}")
            while not self.path.exists() or self.path.stat().st_size == 0:
                time.sleep(0.002)
            time.sleep(random.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            time.sleep(0.02)
            text = self.path.read_text()
            self.assertTrue(text.endswith("\n"))
            results = [o["result"] for o in self.lines()]
            self.assertEqual(results, list(range(len(results))))
            cut_short += len(results)
            self.path.unlink()
        self.assertGreater(cut_short, KILLS)

    def test_killed_writers_leave_whole_documents(self):
        for _ in range(KILLS // 2):
            process = frames.start(PUSH_FRAMES, 1000000, "L", "detectionjson format=alto "
                                   f"location={self.folder.name}/%06d.xml")
            while not any(pathlib.Path(self.folder.name).glob("*.xml")):
                time.sleep(0.002)
            time.sleep(random.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            time.sleep(0.02)
            for document in pathlib.Path(self.folder.name).glob("*.xml"):
                self.assertTrue(document.read_text().endswith("</alto>\n"))
                document.unlink()

    def test_device_that_is_full(self):
        error = self.failure(1, "e", "/dev/full")
        self.assertIn("/dev/full", error)
        self.assertIn(os.strerror(28), error)

    def test_full_disk_keeps_whole_lines(self):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small file system")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs",
                                  self.folder.name], stderr=subprocess.DEVNULL)
        if mounted.returncode != 0:
            self.skipTest("file systems cannot be mounted here")
        try:
            error = self.failure(1000, "d", self.path)
            self.assertIn(os.strerror(28), error)
            lines = self.lines()
            self.assertGreater(len(lines), 10)
            self.assertEqual([o["result"] for o in lines], list(range(len(lines))))
            error = self.failure(1000, "L", f"{self.folder.name}/%d.xml", name="alto")
            self.assertIn(os.strerror(28), error)
            self.assertEqual(list(pathlib.Path(self.folder.name).glob("*.part")), [])
        finally:
            subprocess.run(["umount", self.folder.name], check=True)

    def test_pipe_whose_reader_goes_away(self):
        """SIGPIPE's default action would end the process without a word."""
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        process = frames.start(PUSH_FRAMES, 100000, "d", f"detectionjson location={self.path}",
                               pause_us=100)
        time.sleep(0.3)
        os.close(reader)
        done = frames.Run(process, process.communicate(timeout=30)[0])
        self.assertEqual(done.status, 1)
        self.assertIn(os.strerror(32), done.errors[0])

    def test_pipe_gets_every_line(self):
        os.mkfifo(self.path)
        process = frames.start(PUSH_FRAMES, 50, "L", f"detectionjson location={self.path}")
        with open(self.path) as reader:
            results = [json.loads(line)["result"] for line in reader]
        process.communicate()
        self.assertEqual(results, list(range(50)))

    def serve(self, read):
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.path))
        server.listen(1)
        server.settimeout(30)
        thread = threading.Thread(target=lambda: read(server.accept()[0]))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.close)

    def test_unix_socket(self):
        received = []

        def read(connection):
            with connection, connection.makefile() as file:
                received.extend(json.loads(line)["result"] for line in file)

        self.serve(read)
        done = self.run_frames(50, "L", f"unix:{self.path}")
        self.assertEqual((done.status, done.errors), (0, []))
        self.doCleanups()
        self.assertEqual(received, list(range(50)))

    def test_unix_socket_whose_reader_goes_away(self):
        self.serve(lambda connection: connection.close())
        error = self.failure(100000, "d", f"unix:{self.path}")
        self.assertIn(os.strerror(32), error)

    def test_unix_socket_that_nobody_listens_on(self):
        done = self.run_frames(1, "e", f"unix:{self.path}")
        self.assertEqual(done.status, 1)
        self.assertIn(str(self.path), done.errors[0])

    def test_a_reader_that_does_not_read_does_not_keep_us_from_stopping(self):
        connected, stop = threading.Event(), threading.Event()
        self.serve(lambda c: (connected.set(), stop.wait(30), c.close()))
        process = subprocess.Popen(
            ["gst-launch-1.0", "-q", "fakesrc", "!", "detectionjson", f"location=unix:{self.path}",
             "!", "fakesink"], stdout=subprocess.DEVNULL)
        self.addCleanup(stop.set)
        self.assertTrue(connected.wait(30))
        time.sleep(0.5)  # until the socket is full
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
