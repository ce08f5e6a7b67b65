"""In a process of its own a module can harm nobody, whatever it runs.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_isolated.py RUN_MODULE HOSTILE_OP_LIB

Operators are not checked here (--unsafe), so that the process alone holds.
"""
import errno
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch

import modules

# In milliseconds.  What loops is let do so until they are over, so that a module which
# is to loop in forward() has little time there, and long to be loaded.
LOAD_TIMEOUT, LOOP_TIMEOUT, LOADING_LOOP_TIMEOUT = 15000, 2000, 5000

RUN_MODULE, OP_LIB = map(os.path.abspath, sys.argv[1:3])
torch.ops.load_library(OP_LIB)


class Calls(torch.nn.Module):
    """The error numbers of what a native operator was refused."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tensor([
            torch.ops.hostile.write_file(x), torch.ops.hostile.read_file(x),
            torch.ops.hostile.make_socket(x),
            torch.ops.hostile.start_program(x),
            torch.ops.hostile.end_parent(x),
            torch.ops.hostile.own_parent(x),
            torch.ops.hostile.map_shared(x),
            torch.ops.hostile.map_stack(x),
            torch.ops.hostile.grow_files(x)]).float()


class Crashes(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.hostile.crash(x)


class HoardsTensors(torch.nn.Module):
    """Many of a size, which all go at once when there is no memory any more."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = [x]
        for i in range(1000000):
            kept.append(torch.full([20000], float(i)))
        return kept[-1]


class Grows(torch.nn.Module):
    """One tensor at a time, each larger than the one before: 26 MB to 112 MB."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = x.sum()
        for i in range(9):
            total = total + torch.full([int(6.5e6 * 1.2 ** i)], 1.0)[-1]
        return total


class Isolated(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = str(self.folder / "module.pt")

    def run_module(self, module, *options):
        if module:
            modules.save(module, self.path)
            (self.folder / modules.VICTIM).unlink(missing_ok=True)
        done = subprocess.run(
            [RUN_MODULE, "--isolated", "--unsafe", *options, self.path],
            cwd=self.folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=200)
        # It is never the process of the plugin that ends.
        self.assertIn(done.returncode, (0, 1), done.stdout)
        # libtorch could look at what it needs before files were out of reach.
        self.assertNotIn("cpuinfo", done.stderr)
        return done.stdout

    def assert_nothing_written(self):
        self.assertEqual(os.listdir(self.folder), ["module.pt"])

    def test_harmless(self):
        self.assertEqual(self.run_module(modules.Harmless(), "--runs=2"),
                         "loaded\nran\nran\n")

    def test_printer(self):
        """Standard output stays the pipeline's."""
        self.assertEqual(self.run_module(modules.Prints()), "loaded\nran\n")

    def test_native_code(self):
        module = Calls()
        expected = [errno.EPERM] * 8 + [errno.EFBIG]
        out = self.run_module(module, "--op-lib", OP_LIB, "--print")
        self.assertEqual(out, "loaded\n" + " ".join(map(str, expected)) +
                         "\nran\n")
        self.assert_nothing_written()

    def test_native_crash(self):
        """One error a crash; the process is started again as often as allowed."""
        out = self.run_module(Crashes(), "--op-lib", OP_LIB, "--runs=4")
        lines = out.splitlines()
        self.assertEqual(lines[0], "loaded")
        for line in lines[1:3]:
            self.assertRegex(line, r"signal 11 \(Segmentation fault\); it is "
                                   r"started again with the next frame")
        for line in lines[3:]:
            self.assertIn("as often as max-restarts allows", line)
        self.assertEqual(len(lines), 5)

    def assert_contained(self, module, *ends, load_timeout=30000):
        out = self.run_module(module, "--memory=1500",
                              f"--load-timeout={load_timeout}", "--timeout=30000")
        self.assertRegex(out, "|".join(["memory", "bad_alloc", "was ended", *ends]))
        self.assertNotIn("ran", out)

    def test_no_memory_is_an_error(self):
        out = self.run_module(HoardsTensors(), "--memory=1500", "--timeout=30000")
        self.assertRegex(out, "memory|bad_alloc")
        self.assertNotIn("was ended", out)

    def test_what_is_kept_makes_room(self):
        self.assertEqual(self.run_module(Grows(), "--memory=330"), "loaded\nran\n")

    @staticmethod
    def cell_timeouts(act, place):
        """Of loading and of running."""
        if act != "loops":
            return LOAD_TIMEOUT, LOAD_TIMEOUT
        if place == "set_state":
            return LOADING_LOOP_TIMEOUT, LOADING_LOOP_TIMEOUT
        return LOAD_TIMEOUT, LOOP_TIMEOUT

    def check_cell(self, act, place, out):
        if act == "writes":
            # libtorch does not even notice that it cannot.
            self.assertEqual(out, "loaded\nran\n")
            return
        self.assertNotIn("ran\n", out)
        loads = place != "set_state" and act != "recurses"
        self.assertEqual("loaded" in out, loads, out)
        words = {"hoards": "memory|bad_alloc|was ended",
                 "asks for terabytes": "memory|bad_alloc|was ended",
                 "loops": f"did not answer within {self.cell_timeouts(act, place)[1]} ms",
                 "recurses": "recursive"}
        self.assertRegex(out, words.get(act, "victim|passwd"))

    def test_cells(self):
        """Every act in every place."""
        for act in modules.ACTS:
            for place in modules.PLACES:
                method = ["--method", "other"] if place == "other" else []
                with self.subTest(act=act, place=place):
                    modules.save_cell(act, place, self.path)
                    loading, running = self.cell_timeouts(act, place)
                    out = self.run_module(
                        None, *method, "--memory=1500", f"--load-timeout={loading}",
                        f"--timeout={running}")
                    self.check_cell(act, place, out)
                    self.assert_nothing_written()

    def test_giant_answer(self):
        out = self.run_module(modules.ReturnsGiant())
        self.assertIn("more than 4 GiB", out)
        self.assertNotIn("ran\n", out)

    def test_growing_text(self):
        self.assert_contained(modules.GrowsText(), "did not answer")

    def test_constant_that_is_folded(self):
        """libtorch computes it as it compiles, before anybody can look.
        Letter by letter, so that time or memory may be over first."""
        whole = str(self.folder / "whole")
        modules.save(modules.Harmless(), whole)
        modules.edit(whole, self.path, "code/__torch__/modules.py",
                     lambda code: code.replace(
                         b"torch.mul(x, weight)", b"torch.mul(torch.mul(x, weight), "
                         b'torch.len("a".zfill(9000000000)))'))
        os.unlink(whole)
        self.assert_contained(None, "did not answer",
                              load_timeout=LOADING_LOOP_TIMEOUT)

    def test_deep_data(self):
        """libtorch falls over its own recursion; the plugin does not."""
        whole = str(self.folder / "whole")
        modules.save(modules.Harmless(), whole)
        modules.edit(whole, self.path, "data.pkl",
                     lambda data: b"\x80\x02" + b"(" * 1000000 + b"t" * 1000000
                     + b".")
        os.unlink(whole)
        self.assertNotIn("loaded", self.run_module(None))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
