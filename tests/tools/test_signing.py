"""Signed models: what a trusted key has signed is loaded, and nothing else.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_signing.py MLPKG MODELS FAKE_SHIM

The keys and the signatures of bare files come from minisign itself.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

MLPKG, MODELS, FAKE_SHIM = sys.argv[1], Path(sys.argv[2]), sys.argv[3]


class Signing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.make_key("mine")
        self.package = self.folder / "model.mlpkg"
        self.mlpkg("create", MODELS / "boxes_e2e.pt", self.package,
                   "--decoder=yolo-end2end")

    def make_key(self, name):
        subprocess.run(["minisign", "-G", "-W", "-p", f"{name}.pub", "-s",
                        f"{name}.key"], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL)

    def mlpkg(self, *arguments, status=0):
        done = subprocess.run([MLPKG, *map(str, arguments)], cwd=self.folder,
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def sign(self):
        self.mlpkg("sign", "--secret-key=mine.key", self.package)

    def verify(self, *arguments, keys="mine.pub", status=0):
        return self.mlpkg("verify", f"--trusted-keys={keys}",
                          *(arguments or [self.package]), status=status)

    def assert_refused(self, *words, keys="mine.pub", path=None):
        out = self.verify(path or self.package, keys=keys, status=1)
        for word in words:
            self.assertIn(word, out)

    def test_signed(self):
        self.sign()
        self.verify()
        # What signs is what minisign checks.
        subprocess.run(["minisign", "-V", "-q", "-p", "mine.pub", "-m",
                        self.package / "metadata.json"], cwd=self.folder,
                       check=True)

    def test_unsigned(self):
        self.assert_refused("metadata.json.minisig", "there is no such")

    def test_other_key(self):
        self.sign()
        self.make_key("other")
        self.assert_refused("signed with a key that", "other.pub",
                            keys="other.pub")
        both = "".join((self.folder / f"{name}.pub").read_text()
                       for name in ("other", "mine"))
        (self.folder / "both.pub").write_text(both)
        self.verify(keys="both.pub")

    def test_no_key(self):
        self.sign()
        (self.folder / "none.pub").write_text("# nobody\n")
        self.assert_refused("has no public key", keys="none.pub")

    def change(self, name, old, new):
        path = self.package / name
        text = path.read_bytes()
        self.assertIn(old, text)
        path.write_bytes(text.replace(old, new, 1))

    def test_changed_metadata(self):
        self.sign()
        self.change("metadata.json", b'"version"', b' "version"')
        self.assert_refused("changed after it was signed")

    def test_changed_file(self):
        self.sign()
        self.change("postprocessor_config.json", b"end2end", b"end2End")
        self.assert_refused("postprocessor_config.json", "SHA-256")

    def test_added_file(self):
        self.sign()
        (self.package / "preprocessor_config.json.bak").write_text("{}")
        self.assert_refused("preprocessor_config.json.bak is not signed")

    def test_link(self):
        self.sign()
        model = self.package / "backends/tch/model.pt"
        shutil.copy(model, self.folder / "elsewhere.pt")
        model.unlink()
        model.symlink_to(self.folder / "elsewhere.pt")
        self.assert_refused("model.pt")

    def test_forged_comment(self):
        self.sign()
        self.change("metadata.json.minisig", b"trusted comment: timestamp",
                    b"trusted comment: Timestamp")
        self.assert_refused("changed after it was signed")

    def test_damaged_signature(self):
        self.sign()
        for text in ("", "\n\n\n\n", "untrusted comment: x\nRUQ\ny\nz\n"):
            (self.package / "metadata.json.minisig").write_text(text)
            self.assert_refused("metadata.json.minisig")

    def test_one_file(self):
        self.sign()
        packed = self.folder / "packed.mlpkg"
        self.mlpkg("pack", self.package, packed)
        self.verify(packed)
        with zipfile.ZipFile(packed, "a") as archive:
            archive.writestr("extra.json", "{}")
        self.assert_refused("extra.json is not signed", path=packed)

    def test_bare_file(self):
        path = self.folder / "bare.pt"
        shutil.copy(MODELS / "identity.pt", path)
        self.assert_refused("bare.pt.minisig", path=path)
        subprocess.run(["minisign", "-S", "-s", "mine.key", "-m", path],
                       cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        self.verify(path)
        shutil.copy(MODELS / "inplace.pt", path)
        self.assert_refused("changed after it was signed", path=path)

    def launch(self, path, keys="mine.pub"):
        """A pipeline of the model; its exit status and what it says."""
        done = subprocess.run(
            ["gst-launch-1.0", "videotestsrc", "num-buffers=2", "!",
             "video/x-raw,format=RGB,width=128,height=128", "!", "torchscriptinfer",
             f"model={path}", "decoder=tensors", f"trusted-keys={self.folder}/{keys}",
             "!", "fakesink"], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60,
            env=dict(os.environ, GST_TORCHSCRIPT_SHIM=FAKE_SHIM))
        return done.returncode, done.stdout

    def assert_not_launched(self, *words, **arguments):
        status, out = self.launch(self.package, **arguments)
        self.assertNotEqual(status, 0, out)
        for word in words:
            self.assertIn(word, out)

    def test_pipeline(self):
        """What verify refuses does not start."""
        self.assert_not_launched("metadata.json.minisig", "there is no such")
        self.sign()
        status, out = self.launch(self.package)
        self.assertEqual(status, 0, out)
        self.make_key("other")
        self.assert_not_launched("signed with a key that", keys="other.pub")
        self.assert_not_launched("nowhere.pub", keys="nowhere.pub")
        self.change("postprocessor_config.json", b"end2end", b"end2End")
        self.assert_not_launched("postprocessor_config.json", "SHA-256")

    def test_signing_again(self):
        """Over the hashes of what is there now."""
        self.sign()
        self.change("postprocessor_config.json", b"{", b"{ ")
        self.assert_refused("SHA-256")
        self.sign()
        self.verify()
        files = json.loads((self.package / "metadata.json").read_text())["files"]
        self.assertNotIn("metadata.json.minisig", files)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
