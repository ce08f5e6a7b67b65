# test_archive.py - packages in one zip file, whole and hostile, from zipfile
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_archive.py CHECK-FILE MODELS
import hashlib
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest
import zipfile

CHECK_FILE = sys.argv[1]
MODULE = pathlib.Path(sys.argv[2], "boxes_e2e.pt").read_bytes()

METADATA = {"version": "1.0", "name": "zipped", "repo_id": "a/b",
            "revision": "main", "created_at": "2025-01-01T00:00:00Z",
            "files": ["model_info.json", "backends/tch/model.pt"]}
MODEL_INFO = {"model_type": "yolo", "repo_id": "a/b",
              "architecture_family": "Vision", "supported_backends": ["Tch"]}


def whole_package(**metadata):
    return {"metadata.json": json.dumps(dict(METADATA, **metadata)),
            "model_info.json": json.dumps(MODEL_INFO),
            "backends/tch/model.pt": MODULE}


class Archive(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.top = pathlib.Path(directory.name)
        self.path = self.top / "net.mlpkg"
        (self.top / "tmp").mkdir()

    def check(self):
        environment = dict(os.environ, TMPDIR=str(self.top / "tmp"))
        answer = subprocess.run([CHECK_FILE, self.path], check=True, text=True,
                                capture_output=True, env=environment).stdout
        self.assertEqual(list((self.top / "tmp").iterdir()), [])
        self.assertEqual({p.name for p in self.top.iterdir()}, {"tmp", "net.mlpkg"})
        return answer.strip()

    def write(self, files, compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(self.path, "w", compression) as archive:
            for name, content in files.items():
                archive.writestr(name, content)

    def assert_refused(self, *words):
        answer = self.check()
        self.assertIn(str(self.path), answer)
        self.assertNotIn(str(self.top / "tmp"), answer)
        for word in words:
            self.assertIn(word, answer)

    def add(self, name, content=b"x", mode=None):
        info = zipfile.ZipInfo(name)
        if mode is not None:
            info.create_system = 3
            info.external_attr = mode << 16
        with zipfile.ZipFile(self.path, "a") as archive:
            archive.writestr(info, content)

    def test_whole(self):
        for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            self.write(whole_package(), compression)
            self.assertEqual(self.check(), "ok")

    def test_any_name(self):
        self.write(whole_package())
        self.path = self.path.rename(self.top / "net.zip")
        answer = subprocess.run([CHECK_FILE, self.path], text=True,
                                capture_output=True).stdout
        self.assertEqual(answer.strip(), "ok")

    def test_folder_entries(self):
        self.write(dict({"backends/": "", "backends/tch/": ""}, **whole_package()))
        self.assertEqual(self.check(), "ok")

    def test_hash(self):
        digest = hashlib.sha256(MODULE).hexdigest()
        self.write(whole_package(sha256={"backends/tch/model.pt": digest}))
        self.assertEqual(self.check(), "ok")
        self.write(whole_package(sha256={"backends/tch/model.pt": "0" * 64}))
        self.assert_refused("backends/tch/model.pt", "SHA-256", digest)

    def test_missing_file(self):
        files = whole_package()
        del files["model_info.json"]
        self.write(files)
        self.assert_refused("model_info.json", "not in the package")

    def test_escapes(self):
        for name in ("../out", "backends/../../out", "/tmp/out", "a//b", "./a",
                     "..", "a/..", "a\\..\\..\\out"):
            self.write(whole_package())
            self.add(name)
            # libarchive takes a backslash for a slash.
            self.assert_refused(name.replace("\\", "/"), "leads out of the package")

    def test_deep(self):
        """A folder a letter would need more open directories than there may be."""
        self.write(whole_package())
        self.add("a/" * 31 + "a")
        self.assertEqual(self.check(), "ok")
        self.add("a/" * 1900 + "a")
        self.assert_refused("more than 32 folders deep")

    def test_links(self):
        for kind in (stat.S_IFLNK, stat.S_IFCHR):
            self.write(whole_package())
            self.add("link", b"/etc/passwd", kind | 0o777)
            self.assert_refused("'link'", "a link or a special file")

    def test_twice(self):
        self.write(whole_package())
        with self.assertWarns(UserWarning):
            self.add("model_info.json")
        self.assert_refused("model_info.json", "twice")

    def test_file_as_folder(self):
        self.write(dict(whole_package(), **{"metadata.json/inner": "x"}))
        self.assert_refused("metadata.json")

    def test_entries(self):
        files = whole_package()
        files.update((f"extra/{i}", "") for i in range(4096 - len(files)))
        self.write(files)
        self.assertEqual(self.check(), "ok")
        self.add("extra/last")
        self.assert_refused("4097 entries", "at most 4096")

    def test_bomb(self):
        files = dict(whole_package(), zeros=bytes(15 << 20))
        self.write(files, zipfile.ZIP_DEFLATED)
        self.assertEqual(self.check(), "ok")
        files["zeros"] = bytes(32 << 20)
        self.write(files, zipfile.ZIP_DEFLATED)
        self.assert_refused("unpacks to more", "200 times")

    def test_damage(self):
        self.write(whole_package(), zipfile.ZIP_DEFLATED)
        content = bytearray(self.path.read_bytes())
        middle = content.index(b"backends/tch/model.pt") + 200
        content[middle:middle + 64] = bytes(64)
        self.path.write_bytes(content)
        self.assert_refused("damaged")

    def test_truncated(self):
        self.write(whole_package())
        content = self.path.read_bytes()
        for size in (len(content) // 2, len(content) - 1):
            self.path.write_bytes(content[:size])
            self.assert_refused("end is missing or damaged")

    def test_folder_on_top(self):
        self.write({"net/" + name: content
                    for name, content in whole_package().items()})
        self.assert_refused("in a folder", "metadata.json at its top")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
