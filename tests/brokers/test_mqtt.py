"""mqttpublish against a real mosquitto.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_mqtt.py TESTS PUSH_FRAMES
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


class Mqtt(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.port = broker.free_port()
        self.server = None

    def serve(self, *settings):
        """Starts a broker that keeps what subscribers have not got over its restart."""
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join([
            f"listener {self.port} 127.0.0.1", f"user {os.environ.get('USER', 'root')}",
            "persistence true", f"persistence_location {self.folder}/", "autosave_on_changes true",
            "autosave_interval 1", "max_queued_messages 0", "log_type error", *settings, ""]))
        self.server = broker.Server(["mosquitto", "-c", config], self.folder)
        self.server.start(self.port)
        self.addCleanup(lambda: self.server.stop())

    def subscribe(self, *arguments, n=None):
        """A subscriber with a session that outlives the broker."""
        output = open(self.folder / "received", "w+")
        self.addCleanup(output.close)
        process = subprocess.Popen(
            ["mosquitto_sub", "-p", str(self.port), "-q", "1", "-c", "-i", "reader", "-t",
             "detections", *arguments], stdout=output)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        return output.name

    def results(self, path, wanted):
        """The numbers of the answers that arrived, once all have or 10 s are over."""
        for _ in range(100):
            lines = pathlib.Path(path).read_text().split("\n")[:-1]
            found = [json.loads(line)["result"] for line in lines]
            if set(found) >= set(wanted):
                break
            time.sleep(0.1)
        return found

    def element(self, more="", host="127.0.0.1"):
        return f"mqttpublish name=out host={host} port={self.port} {more}"

    def test_every_answer_arrives(self):
        self.serve("allow_anonymous true")
        received = self.subscribe()
        done = frames.run(PUSH_FRAMES, 200, "d", self.element())
        self.assertEqual((done.status, done.errors), (0, []))
        self.assertEqual(done.values, {"published": "200", "dropped": "0"})
        self.assertEqual(self.results(received, range(200)), list(range(200)))

    def test_each_quality_of_service(self):
        self.serve("allow_anonymous true")
        received = self.subscribe()
        for qos in (0, 1, 2):
            done = frames.run(PUSH_FRAMES, 30, "e", self.element(f"qos-level={qos}"))
            self.assertEqual(done.values, {"published": "30", "dropped": "0"})
        time.sleep(0.5)
        self.assertEqual(self.results(received, range(30)), 3 * list(range(30)))

    def test_restart_in_mid_stream(self):
        """Everything arrives at the broker; what was on its way may do so twice."""
        self.serve("allow_anonymous true")
        received = self.subscribe()
        process = frames.start(PUSH_FRAMES, 300, "e", self.element("drain-timeout=20000"),
                               pause_us=10000)
        time.sleep(1)
        self.server.stop()
        time.sleep(0.5)
        self.server.start(self.port)
        done = frames.Run(process, process.communicate(timeout=60)[0])
        self.assertEqual((done.status, done.values), (0, {"published": "300", "dropped": "0"}))
        self.assertEqual(sorted(set(self.results(received, range(300)))), list(range(300)))
        states = ["connected=(boolean)true" in m for m in done.messages]
        self.assertEqual(states, [True, False, True])

    def test_what_does_not_fit_is_counted(self):
        self.serve("allow_anonymous true")
        self.server.stop()
        process = frames.start(PUSH_FRAMES, 300, "e", self.element(
            "max-messages=20 drain-timeout=20000 retain=true"), pause_us=1000)
        time.sleep(1.5)
        self.server.start(self.port)
        done = frames.Run(process, process.communicate(timeout=60)[0])
        self.assertEqual(done.values, {"published": "20", "dropped": "280"})
        retained = subprocess.run(
            ["mosquitto_sub", "-p", str(self.port), "-t", "detections", "-C", "1", "-W", "5"],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual(json.loads(retained)["result"], 299)

    def test_stopping_does_not_wait_for_the_broker(self):
        start = time.monotonic()
        done = frames.run(PUSH_FRAMES, 5, "e", self.element("drain-timeout=300"))
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(done.values["published"], "0")

    def make_certificates(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True,
                           stderr=subprocess.DEVNULL)

        for name in ("ca", "other"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
                    "-out", f"{name}.pem", "-subj", f"/CN=test {name}", "-days", "2")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out",
                "server.csr", "-subj", "/CN=localhost")
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")

    def test_tls_and_credentials(self):
        self.make_certificates()
        passwords = self.folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "camera", "open sesame"],
                       check=True)
        self.serve("allow_anonymous false", f"password_file {passwords}",
                   f"certfile {self.folder}/server.pem", f"keyfile {self.folder}/server.key",
                   f"cafile {self.folder}/ca.pem")
        secret = self.folder / "secret"
        secret.write_text("open sesame\n")
        login = f"username=camera password-file={secret}"
        received = self.subscribe("--cafile", f"{self.folder}/ca.pem", "-u", "camera", "-P",
                                  "open sesame", "-h", "localhost")
        done = frames.run(PUSH_FRAMES, 50, "e",
                          self.element(f"{login} ca-file={self.folder}/ca.pem", "localhost"))
        self.assertEqual((done.status, done.values), (0, {"published": "50", "dropped": "0"}))
        self.assertEqual(self.results(received, range(50)), list(range(50)))
        for what in (f"username=camera password=wrong ca-file={self.folder}/ca.pem",
                     f"ca-file={self.folder}/ca.pem"):
            done = frames.run(PUSH_FRAMES, 2000, "e", self.element(what, "localhost"),
                              pause_us=1000)
            self.assertEqual(done.status, 1)
            self.assertTrue(done.errors[0].startswith("gst-resource-error-quark 15 "), done.errors)
        # a server that the given authority has not signed gets nothing
        done = frames.run(PUSH_FRAMES, 5, "e", self.element(
            f"{login} ca-file={self.folder}/other.pem drain-timeout=500", "localhost"))
        self.assertEqual(done.values["published"], "0")

    def test_certificates_that_are_not_there(self):
        done = frames.run(PUSH_FRAMES, 1000, "e", self.element("ca-file=/nowhere.pem"),
                          pause_us=1000)
        self.assertEqual(done.status, 1)
        self.assertIn("/nowhere.pem", done.errors[0])

    def test_a_topic_that_cannot_be(self):
        self.serve("allow_anonymous true")
        done = frames.run(PUSH_FRAMES, 1000, "e", self.element("topic=a/#"), pause_us=1000)
        self.assertEqual(done.status, 1)
        self.assertIn("a/#", done.errors[0])


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin"
    broker.need("mosquitto", "mosquitto_sub", "mosquitto_passwd", "openssl")
    unittest.main(argv=sys.argv[:1])
