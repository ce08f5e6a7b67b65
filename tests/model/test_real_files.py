# test_real_files.py - tells the files that PyTorch writes apart
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_real_files.py CHECK-FILE CHECKPOINT
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

try:
    import torch
except ImportError:
    print("skipped: no torch for this Python")
    sys.exit(77)

CHECK_FILE, CHECKPOINT = sys.argv[1], pathlib.Path(sys.argv[2])


def check(path):
    return subprocess.run([CHECK_FILE, path], check=True, capture_output=True,
                          text=True).stdout.strip()


class RealFiles(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = directory.name + "/net.pt"
        self.net = torch.nn.Linear(2, 3)

    def assert_checkpoint(self, path):
        self.assertIn("pickled checkpoint and no TorchScript", check(path))

    def test_traced(self):
        torch.jit.trace(self.net, torch.zeros(1, 2)).save(self.path)
        self.assertEqual(check(self.path), "ok")

    def test_scripted(self):
        torch.jit.script(self.net).save(self.path)
        self.assertEqual(check(self.path), "ok")

    def test_truncated(self):
        torch.jit.script(self.net).save(self.path)
        content = pathlib.Path(self.path).read_bytes()
        for size in (5, len(content) // 2, len(content) - 1):
            pathlib.Path(self.path).write_bytes(content[:size])
            self.assertIn("end is missing or damaged", check(self.path))

    def append(self, name, data):
        with zipfile.ZipFile(self.path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)

    def test_bomb(self):
        """libtorch would inflate it, though it never packs anything itself."""
        torch.jit.script(self.net).save(self.path)
        self.append("net/data/8", bytes(15 << 20))
        self.assertEqual(check(self.path), "ok")
        self.append("net/data/9", bytes(32 << 20))
        self.assertRegex(check(self.path), r"unpacks to 49\d{6} or more; .* 200 times")

    def test_sizes_that_are_said(self):
        """A directory that says four gigabytes."""
        torch.jit.script(self.net).save(self.path)
        content = bytearray(pathlib.Path(self.path).read_bytes())
        at = content.index(b"PK\1\2")
        content[at + 24:at + 28] = b"\xf0\xff\xff\xff"
        pathlib.Path(self.path).write_bytes(content)
        self.assertIn("unpacks to 42949", check(self.path))

    def test_sizes_that_disagree(self):
        """An entry that says less of itself than the directory, which libtorch reads."""
        torch.jit.script(self.net).save(self.path)
        self.append("net/data/9", bytes(32 << 20))
        content = bytearray(pathlib.Path(self.path).read_bytes())
        at = content.rindex(b"PK\3\4")
        content[at + 22:at + 26] = b"\x10\0\0\0"
        pathlib.Path(self.path).write_bytes(content)
        self.assertRegex(check(self.path), "Inconsistent .* 33554432 .* copy or export")

    def test_state_dict(self):
        torch.save(self.net.state_dict(), self.path)
        self.assert_checkpoint(self.path)

    def test_legacy(self):
        torch.save(self.net, self.path, _use_new_zipfile_serialization=False)
        self.assert_checkpoint(self.path)

    @unittest.skipUnless(CHECKPOINT.exists(), "no shared checkpoint")
    def test_shared(self):
        self.assert_checkpoint(CHECKPOINT)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
