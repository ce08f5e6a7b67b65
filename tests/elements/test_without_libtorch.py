"""The plugin on a machine whose libtorch is missing, incomplete or another.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_without_libtorch.py SOURCE_ROOT BAD_ABI NO_SYMBOL MISSING_LIB, the last
three being broken shims.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

MODEL = pathlib.Path(sys.argv[1]) / "tests" / "models" / "boxes_e2e.pt"
BAD_ABI, NO_SYMBOL, MISSING_LIB = sys.argv[2:5]


class WithoutLibtorch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.env = dict(os.environ, GST_REGISTRY=str(self.dir / "registry.bin"),
                        LC_ALL="C")
        # What plugins of others warn of when they are scanned is no matter of ours.
        self.run_with("gst-inspect-1.0", "--exists", "videotestsrc")
        self.env["G_DEBUG"] = "fatal-warnings"

    def run_with(self, *command, **env):
        return subprocess.run(command, env=dict(self.env, **env), text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def libraries_of(self, *command, **env):
        """The names of all that the dynamic linker opened for the command."""
        done = self.run_with(*command, LD_DEBUG="files", LD_DEBUG_OUTPUT=str(self.dir / "ld"),
                             **env)
        self.assertEqual(done.returncode, 0, done.stdout)
        log = "".join(path.read_text() for path in self.dir.glob("ld.*"))
        return set(re.findall(r"file=(\S+)", log))

    def test_scanning_opens_no_libtorch(self):
        """In the program itself, of our plugins alone."""
        ours = os.environ["GST_PLUGIN_PATH"].split(":")[0]
        opened = self.libraries_of(
            "gst-inspect-1.0", "torchscriptinfer", GST_REGISTRY_FORK="no",
            GST_REGISTRY=str(self.dir / "ours.bin"), GST_PLUGIN_PATH=ours,
            GST_PLUGIN_SYSTEM_PATH="", GST_PLUGIN_SYSTEM_PATH_1_0="")
        names = {os.path.basename(name) for name in opened}
        self.assertIn("libgsttorchscript.so", names)
        self.assertFalse({name for name in names
                          if re.match(r"lib(torch|c10|caffe2|torchscriptshim)", name)})

    def error_with(self, shim):
        """What gst-launch-1.0 says first if it is to use this shim."""
        done = self.run_with(
            "gst-launch-1.0", "-q", "videotestsrc", "num-buffers=1", "!", "torchscriptinfer",
            f"model={MODEL}", "decoder=yolo-end2end", "!", "fakesink",
            GST_TORCHSCRIPT_SHIM=str(shim))
        self.assertNotEqual(done.returncode, 0)
        first = done.stdout.split("\n")[0]
        self.assertRegex(first, "^ERROR: from element .*GstTorchscriptInfer")
        self.assertIn(str(shim), first)
        return first

    def test_errors_say_what_to_do(self):
        for shim, words in {
                self.dir / "absent.so": ("not installed", "apt install libtorch-dev"),
                MISSING_LIB: ("libtorch_not_there.so", "apt install libtorch-dev"),
                BAD_ABI: ("ABI", "install the plugin and its shim anew"),
                NO_SYMBOL: ("symbol", "install the plugin and its shim anew")}.items():
            with self.subTest(shim=shim):
                message = self.error_with(shim)
                for word in words:
                    self.assertIn(word, message)

    def test_the_plugin_is_not_blacklisted_afterwards(self):
        self.error_with(MISSING_LIB)
        done = self.run_with("gst-inspect-1.0", "torchscript", GST_TORCHSCRIPT_SHIM=MISSING_LIB)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("detectionoverlay", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
