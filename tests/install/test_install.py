"""What an application finds after "meson install": headers, libraries, examples.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_install.py SOURCE_ROOT BUILD_ROOT PREFIX LIBDIR
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import cv2

from staged import Staged, prepend

SOURCE, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
PREFIX, LIBDIR = sys.argv[3], sys.argv[4]
EXAMPLES = SOURCE / "pipelines" / "examples"
MODEL = SOURCE / "models" / "doclayout-n.mlpkg"
PAGE = SOURCE / "pipelines" / "demo" / "page.png"


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          **options).stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp())
        staged = Staged(BUILD, cls.dir, PREFIX, LIBDIR)
        cls.prefix = staged.prefix
        cls.env = dict(
            staged.env,
            GI_TYPELIB_PATH=prepend("GI_TYPELIB_PATH", staged.libdir / "girepository-1.0"),
            GST_PLUGIN_PATH=str(staged.libdir / "gstreamer-1.0"),
            GST_REGISTRY=str(cls.dir / "registry.bin"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def pkg_config(self, flag):
        return run("pkg-config", flag, "gstreamer-torchscript-1.0", env=self.env).split()

    def examples(self):
        """Each example as a command."""
        program = self.dir / "detections"
        run(*os.environ.get("CC", "cc").split(), "-Wall", "-Werror",
            EXAMPLES / "detections.c", "-o", program,
            *self.pkg_config("--cflags"), *self.pkg_config("--libs"), env=self.env)
        return [program], [sys.executable, EXAMPLES / "detections.py"]

    def test_both_examples_print_the_same_boxes(self):
        from_c, from_python = (run(*example, MODEL, PAGE, env=self.env)
                               for example in self.examples())
        self.assertRegex(from_c, r"plain text: 0\.\d\d at \d+,\d+ to \d+,\d+\n")
        self.assertEqual(from_c, from_python)

    def test_the_plugin_finds_its_parts_by_itself(self):
        env = {**self.env, "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
        del env["GST_TORCHSCRIPT_SHIM"]
        done = subprocess.run(
            ["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=1", "!", "torchscriptinfer",
             f"model={MODEL}", "!", "fakesink"], env=env, text=True, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        # It either is installed at the prefix, too, or names the place of its shim.
        if done.returncode != 0:
            place = re.search(r"(/\S+): the shim over libtorch is not installed", done.stdout)
            self.assertIsNotNone(place, done.stdout)
            self.assertTrue((self.dir / place.group(1).lstrip("/")).is_file(), done.stdout)

    def test_both_examples_end_with_the_error(self):
        for example in self.examples():
            done = subprocess.run([*example, "absent.pt", PAGE], env=self.env, text=True,
                                  timeout=30, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, "^absent.pt: there is no such model")

    def test_appsink_example_has_the_boxes_and_the_pixels(self):
        printed, *others = (
            run(sys.executable, EXAMPLES / name, MODEL, PAGE, env=self.env).splitlines()
            for name in ("appsink.py", "detections.py"))
        page = cv2.imread(str(PAGE))
        good = [line for line in others[0] if float(line.split(": ")[1].split()[0]) > 0.5]
        self.assertGreater(len(good), 3)
        self.assertEqual([line.split(", brightness")[0] for line in printed], good)
        for line in printed:
            x1, y1, x2, y2 = map(int, re.search(r"(\d+),(\d+) to (\d+),(\d+)", line).groups())
            self.assertAlmostEqual(float(line.split()[-1]), page[y1:y2, x1:x2].mean(),
                                   delta=0.051)

    def test_manual_page_tells_all_commands_and_options(self):
        page = self.prefix / "share" / "man" / "man1" / "mlpkg.1"
        manual = subprocess.run(
            ["man", "--warnings", "-l", page], check=True, text=True,
            env=dict(os.environ, MANWIDTH="100", LC_ALL="C.UTF-8", MANROFFOPT="-c"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(manual.stderr, "")
        for word in ("mlpkg create MODEL.pt NAME.mlpkg", "--self-test-expected=FILE",
                     "-n, --runs=N", "EXIT STATUS"):
            self.assertIn(word, manual.stdout)

    def complete(self, *words):
        script = self.prefix / "share" / "bash-completion" / "completions" / "mlpkg"
        return run("bash", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                   '_mlpkg "$1"; printf "%s " "${COMPREPLY[@]}"', script,
                   self.prefix / "bin" / "mlpkg", *words).split()

    def test_bash_completes_commands_and_options(self):
        self.assertEqual(self.complete("va"), ["validate"])
        self.assertLessEqual({"create", "info", "bench"}, set(self.complete("")))
        self.assertEqual(self.complete("bench", "--w"), ["--warm-up=", "--width=", "--weights="])
        self.assertEqual(self.complete("info", "--js"), ["--json"])
        self.assertEqual(self.complete("info", "mod"), [])

    def test_nothing_installed_knows_where_it_was_built(self):
        for path in self.dir.rglob("*.so*"):
            dynamic = run("readelf", "-d", path)
            self.assertNotIn(str(BUILD), dynamic, path)
        for path in self.dir.rglob("*.pc"):
            self.assertNotIn(str(BUILD), path.read_text())

    def test_readme_shows_parts_of_the_examples(self):
        readme = (SOURCE / "README.md").read_text()
        for language, name in ("c", "detections.c"), ("python", "detections.py"):
            block = re.search(rf"```{language}\n(.*?)```", readme, re.DOTALL).group(1)
            self.assertIn(block, (EXAMPLES / name).read_text())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
