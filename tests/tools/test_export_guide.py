"""Every command of docs/export.md, and the errors that the page shows.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_export_guide.py MLPKG SOURCE_ROOT

Blocks run in the page's order in one directory.  A block of shell that a quotation
follows must fail with that text, in which "..." stands for anything.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import torch  # noqa: F401, the page's own blocks import it
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

MLPKG = pathlib.Path(sys.argv[1])
PAGE = (pathlib.Path(sys.argv[2]) / "docs/export.md").read_text()
BLOCK = re.compile(r"```(python|sh)\n(.*?)```\n(?:\n((?:> [^\n]*\n)+))?", re.DOTALL)


def to_pattern(quotation):
    words = " ".join(line[2:] for line in quotation.splitlines()).split()
    return r".*?".join(r"\s+".join(map(re.escape, part.split()))
                       for part in " ".join(words).split("..."))


class Guide(unittest.TestCase):
    def check(self, command, quotation):
        done = subprocess.run(["sh", "-e", "-c", command], capture_output=True, text=True)
        if not quotation:
            self.assertEqual(done.returncode, 0, command + done.stderr)
            return
        self.assertEqual(done.returncode, 1, command + done.stdout)
        self.assertRegex(done.stderr, re.compile(to_pattern(quotation), re.DOTALL))

    def test_page(self):
        found = BLOCK.findall(PAGE)
        self.assertEqual(len(found), PAGE.count("```") // 2)
        self.assertGreaterEqual(sum(bool(quotation) for *_, quotation in found), 7)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(directory.name)
        os.environ["PATH"] = f"{MLPKG.parent}:{os.environ['PATH']}"
        self.run_blocks(found)

    def run_blocks(self, found):
        # torch.jit.script() reads a class's source, which it needs a file for.
        names = {"__name__": "page"}
        for i, (language, text, quotation) in enumerate(found):
            if language == "sh":
                with self.subTest(command=text):
                    self.check(text, quotation)
                continue
            path = pathlib.Path(f"block{i}.py").absolute()
            path.write_text(text)
            exec(compile(text, path, "exec"), names)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
