"""No module touches the machine: not when it is loaded, and not when it runs.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_operators.py RUN_MODULE SHIM OP_LIB CUSTOM_OP_MODEL
"""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import modules

RUN_MODULE, SHIM, OP_LIB, CUSTOM_OP = map(os.path.abspath, sys.argv[1:5])


class Refused(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = str(self.folder / "module.pt")

    def run_module(self, *options, paths=()):
        done = subprocess.run(
            [RUN_MODULE, *options, *(paths or [self.path])], cwd=self.folder,
            text=True, stdout=subprocess.PIPE, timeout=100,
            env=dict(os.environ, TS_TEST_SHIM=SHIM))
        self.assertIn(done.returncode, (0, 1), done.stdout)
        return done.stdout

    def assert_refused(self, operator, *options):
        out = self.run_module(*options)
        self.assertIn(f"{self.path}: calls {operator}, which is not", out)
        self.assertIn("unsafe-operators=true", out)
        self.assertRegex(out, r"code/__torch__.*\.py, line \d+: ")
        self.assertNotIn("loaded", out)
        self.assertEqual(os.listdir(self.folder), ["module.pt"])

    def save_writers(self):
        for name, cls in modules.WRITERS.items():
            modules.save(cls(), str(self.folder / name))
        return [str(self.folder / name) for name in modules.WRITERS]

    def test_writers(self):
        paths = self.save_writers()
        answers = self.run_module(paths=paths).splitlines()
        self.assertEqual(len(answers), len(paths))
        for path, answer in zip(paths, answers):
            self.assertIn(f"{path}: calls aten::save, which is not", answer)
        self.assertEqual(set(os.listdir(self.folder)), set(modules.WRITERS))

    def test_writers_do_write(self):
        """Where they are let: each attack above is a real one."""
        dormant = {"WritesInBranch", "WritesInUnusedSubmodule",
                   "WritesInOtherMethod"}
        wrote = set()
        for path in self.save_writers():
            self.assertIn("ran", self.run_module("--unsafe", paths=[path]))
            if (self.folder / modules.VICTIM).exists():
                wrote.add(os.path.basename(path))
                (self.folder / modules.VICTIM).unlink()
        self.assertEqual(wrote, set(modules.WRITERS) - dormant)

    def test_other_method_by_name(self):
        modules.save(modules.WritesInOtherMethod(), self.path)
        self.assert_refused("aten::save", "--method", "other")
        self.assertIn("ran", self.run_module("--unsafe", "--method", "other"))
        self.assertTrue((self.folder / modules.VICTIM).exists())

    def test_description_runs_nothing(self):
        modules.save(modules.WritesInSetState(), self.path)
        self.assert_refused("aten::save", "--describe")

    def run_cells(self, cells, *options):
        """What each says; all that one process can do goes into one."""
        out = ""
        for places, more in ((("forward", "set_state"), ()),
                             (("other",), ("--method", "other"))):
            paths = []
            for act in cells:
                for place in places:
                    paths.append(str(self.folder / f"{act} in {place}"))
                    modules.save_cell(act, place, paths[-1])
            out += self.run_module(*options, *more, paths=paths)
        return out

    def test_cells(self):
        """Each act that reaches out, in each place."""
        cells = {"reads": "aten::from_file", "maps": "aten::from_file",
                 "writes": "aten::save"}
        out = self.run_cells(cells)
        self.assertNotIn("loaded", out)
        for act, operator in cells.items():
            for place in modules.PLACES:
                self.assertIn(f"{act} in {place}: calls {operator}, which is not", out)
        self.assertFalse((self.folder / modules.VICTIM).exists())

    def test_cells_are_real(self):
        for act in ("reads", "maps", "writes"):
            self.assertEqual(self.run_cells([act], "--unsafe"), 3 * "loaded\nran\n")
            victim = self.folder / modules.VICTIM
            self.assertEqual(victim.exists(), act != "reads")
            victim.unlink(missing_ok=True)

    def test_recursion(self):
        """libtorch compiles none, and it says so instead of recursing."""
        out = self.run_cells(["recurses"])
        self.assertEqual(out.count("recursive"), 3, out)
        self.assertNotIn("loaded", out)

    def test_giant_answer(self):
        modules.save(modules.ReturnsGiant(), self.path)
        out = self.run_module()
        self.assertRegex(out, r"more than 4 GiB, the last of shape \[1099511627776\]")
        self.assertNotIn("ran\n", out)

    def test_printer(self):
        modules.save(modules.Prints(), self.path)
        self.assert_refused("prim::Print")

    def test_harmless(self):
        modules.save(modules.Harmless(), self.path)
        self.assertEqual(self.run_module(), "loaded\nran\n")

    def edit(self, record, change):
        whole = str(self.folder / "whole")
        modules.save(modules.Harmless(), whole)
        modules.edit(whole, self.path, record, change)
        os.unlink(whole)

    def edit_code(self, old, new):
        self.edit("code/__torch__/modules.py",
                  lambda code: code.replace(old.encode(), new.encode()))

    def test_default_values(self):
        """Each act that an expression can do, as the file is loaded."""
        for kind, value in (
                ("Tensor", 'ops.aten.from_file("/etc/passwd", False, 16)'),
                ("NoneType", 'ops.aten.save(torch.zeros([1]), "victim")'),
                ("Tensor", "torch.zeros([35184372088832])")):
            self.edit_code("times: int=2", f"times: {kind}={value}")
            self.assertIn("computes a default value", self.run_module())
            self.assertEqual(os.listdir(self.folder), ["module.pt"])

    def test_default_value_that_writes(self):
        """libtorch would run it while it compiles the method."""
        self.edit_code("times: int=2",
                       'times: Tensor=ops.aten.from_file("victim", True, 4)')
        out = self.run_module()
        self.assertRegex(out, r"computes a default value .*line 9: ops.aten.from")
        self.assertEqual(os.listdir(self.folder), ["module.pt"])
        self.run_module("--unsafe")
        self.assertIn(modules.VICTIM, os.listdir(self.folder))

    def test_default_value_that_hoards(self):
        self.edit_code("times: int=2", 'times: str="a" * 100000000000')
        self.assertIn("computes a default value", self.run_module())

    def test_class_constant_that_writes(self):
        self.edit_code(
            "  training : bool",
            '  harm : Final[Tensor] = ops.aten.from_file("victim", True, 4)\n'
            "  training : bool")
        self.assertIn("computes a default value", self.run_module())
        self.assertEqual(os.listdir(self.folder), ["module.pt"])

    def test_deep_source(self):
        """Each is a level of the parser's or the compiler's recursion."""
        n = 100000
        for default in ("(" * n + "2" + ")" * n, "not " * n + "2", "2" + " + 2" * n):
            self.edit_code("times: int=2", "times: int=" + default)
            self.assertIn("deeper than", self.run_module())

    def test_deep_branches(self):
        branch = "    elif True:\n      pass\n"
        self.edit_code("    return ", "    if True:\n      pass\n" + branch * 100000 +
                       "    return ")
        self.assertIn("deeper than", self.run_module())

    def test_foreign_class(self):
        """Classes of libtorch run C++ of their own when they are called."""
        self.edit_code(
            "    x: Tensor,",
            "    x: Tensor,\n    y: Optional[__torch__.torch.classes.profiling."
            "_ScriptProfile]=None,")
        self.assertIn("has an object of the class __torch__.torch.classes."
                      "profiling._ScriptProfile", self.run_module())

    def test_foreign_object(self):
        """And when they are unpickled."""
        self.edit("data.pkl", lambda data: data.replace(
            b"c__torch__.modules\nHarmless\n",
            b"c__torch__.torch.classes.profiling\n_ScriptProfile\n"))
        self.assertRegex(self.run_module(),
                         r"has an object of the class __torch__\.torch\.classes\."
                         r"profiling\._ScriptProfile, .* \(in its data\)")

    def test_names_in_capitals(self):
        """libtorch finds a source file whatever the case of its name."""
        whole = str(self.folder / "whole")
        modules.save(modules.WritesInSetState(), whole)
        modules.rename(whole, self.path, "code/__torch__/modules.py",
                       "CODE/__TORCH__/MODULES.PY")
        os.unlink(whole)
        self.assertIn("calls aten::save, which is not", self.run_module())
        self.assertEqual(os.listdir(self.folder), ["module.pt"])
        self.run_module("--unsafe")
        self.assertIn(modules.VICTIM, os.listdir(self.folder))

    def test_shape_beyond_its_storage(self):
        """Four numbers are stored; a million said to be there were read."""
        self.edit("data.pkl", lambda data: data.replace(
            b"(K\x04t", b"(J\x00\x00\x10\x00t", 1))
        out = self.run_module()
        self.assertRegex(out, r"reaches beyond the 16 bytes stored for it")

    def test_short_storage(self):
        self.edit("data/0", lambda data: data[:8])
        self.assertRegex(self.run_module(), r"beyond the 8 bytes stored for it")

    def test_library_of_operators(self):
        """Operators of a library run for those who name it, and for no other."""
        self.path = CUSTOM_OP
        self.assertIn("custom-op-libs", self.run_module())
        self.assertIn("ran", self.run_module("--op-lib", OP_LIB))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
