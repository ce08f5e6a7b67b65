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

    def sign_certificate(self, name, subject, names):
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
                     f"{name}.csr", "-subj", f"/CN={subject}")
        (self.folder / "names").write_text(f"subjectAltName={names}\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                     "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "names")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True,
                       stderr=subprocess.DEVNULL)

    def make_certificates(self):
        for name in ("ca", "other"):
            self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                         f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN=test {name}",
                         "-days", "2")
        self.sign_certificate("server", "localhost", "DNS:localhost,IP:127.0.0.1")

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

    def serve_those_with_certificates(self):
        """The name in the certificate is the user's, who may write as that one alone."""
        self.make_certificates()
        self.sign_certificate("camera", "camera", "DNS:camera")
        rules = self.folder / "rules"
        rules.write_text("user camera\ntopic readwrite detections\n")
        self.serve("allow_anonymous false", f"certfile {self.folder}/server.pem",
                   f"keyfile {self.folder}/server.key", f"cafile {self.folder}/ca.pem",
                   "require_certificate true", "use_identity_as_username true",
                   f"acl_file {rules}")

    def test_client_certificate(self):
        self.serve_those_with_certificates()
        files = f"ca-file={self.folder}/ca.pem cert-file={self.folder}/camera.pem"
        received = self.subscribe(
            "--cafile", f"{self.folder}/ca.pem", "--cert", f"{self.folder}/camera.pem", "--key",
            f"{self.folder}/camera.key", "-h", "localhost")
        done = frames.run(PUSH_FRAMES, 50, "e", self.element(
            f"{files} key-file={self.folder}/camera.key", "localhost"))
        self.assertEqual((done.status, done.values), (0, {"published": "50", "dropped": "0"}))
        self.assertEqual(self.results(received, range(50)), list(range(50)))
        # Without one the broker lets nobody in.
        done = frames.run(PUSH_FRAMES, 5, "e", self.element(
            f"ca-file={self.folder}/ca.pem drain-timeout=500", "localhost"))
        self.assertEqual(done.values["published"], "0")

    def test_client_certificate_that_cannot_be_used(self):
        self.serve_those_with_certificates()
        ca, camera = f"ca-file={self.folder}/ca.pem", f"{self.folder}/camera"
        for what, named in (
                (f"cert-file=/nowhere.pem key-file={camera}.key", "/nowhere.pem"),
                (f"cert-file={camera}.pem key-file=/nowhere.key", "/nowhere.key"),
                (f"cert-file={camera}.pem", "key-file")):
            for trust in (ca, "tls=true", ""):
                done = frames.run(PUSH_FRAMES, 1000, "e", self.element(
                    f"{trust} {what} drain-timeout=500", "localhost"), pause_us=1000)
                self.assertEqual((done.status, done.values["published"]), (1, "0"), what)
                self.assertIn(named, done.errors[0], what)
        # The key of another one: no connection comes about.
        done = frames.run(PUSH_FRAMES, 5, "e", self.element(
            f"{ca} cert-file={camera}.pem key-file={self.folder}/server.key "
            "drain-timeout=500", "localhost"))
        self.assertEqual(done.values["published"], "0")

    def test_system_certificates_beside_a_client_certificate(self):
        """Where the system trusts the broker, a certificate to log in with is enough."""
        self.serve_those_with_certificates()
        files = f"cert-file={self.folder}/camera.pem key-file={self.folder}/camera.key"
        os.environ["SSL_CERT_FILE"] = f"{self.folder}/ca.pem"
        self.addCleanup(os.environ.pop, "SSL_CERT_FILE")
        for trust in ("tls=true", ""):
            done = frames.run(PUSH_FRAMES, 20, "e", self.element(f"{trust} {files}", "localhost"))
            self.assertEqual((done.status, done.values["published"]), (0, "20"), trust)

    def test_client_id(self):
        """The broker knows the client by it: a second one of the name ends the first."""
        self.serve("allow_anonymous true", "log_type notice", "log_type information",
                   f"log_dest file {self.folder}/log")
        for name in ("dock-4", None):
            frames.run(PUSH_FRAMES, 5, "e",
                       self.element(f"client-id={name}" if name else ""))
        log = (self.folder / "log").read_text()
        self.assertEqual(log.count(" as dock-4 "), 1, log)
        self.assertEqual(log.count("New client connected"), 2, log)

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
