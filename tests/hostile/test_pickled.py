"""No pickled data makes libtorch run code or read what is not its own.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_pickled.py RUN_MODULE SHIM
"""
import os
import pickle
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

import torch
from torch import Tensor, nn

import modules
from pickled import (DROP, NONE, get, instance, items, module, name, number, put, row,
                     save, storage, tensor, text)

RUN_MODULE, SHIM = map(os.path.abspath, sys.argv[1:3])

GOOD = tensor(storage(4), 4)
BAD = tensor(storage(1 << 28), 1 << 28)

# Each would write a file; what calls it is no call in the source.
WRITES = """class Z:
  q : int
  def __float__(self: __torch__.m.Z) -> float:
    _0 = ops.aten.save(torch.ones([1]), "victim")
    return 1.
  def __int__(self: __torch__.m.Z) -> int:
    _0 = ops.aten.save(torch.ones([1]), "victim")
    return 1
  def __neg__(self: __torch__.m.Z) -> float:
    _0 = ops.aten.save(torch.ones([1]), "victim")
    return 1.
  def __getitem__(self: __torch__.m.Z, i: int) -> float:
    _0 = ops.aten.save(torch.ones([1]), "victim")
    return 1.
def g(x: Tensor, t: {type}={value}) -> Tensor:
  return x
"""


class Pair(NamedTuple):
    first: int
    second: Tensor


class Ordinary(nn.Module):
    names: List[str]
    table: Dict[str, int]
    numbers: List[int]
    tensors: List[Tensor]
    pair: Pair

    def __init__(self):
        super().__init__()
        self.names, self.table, self.numbers = ["a"], {"a": 1}, [1]
        self.tensors, self.pair = [torch.ones(4)], Pair(1, torch.ones(4))

    def forward(self, x: Tensor, low: float = float("-inf"), far: float = -1.5,
                high: float = float("inf"), none: float = float("nan"),
                device: torch.device = torch.device("cpu"),
                sizes: Optional[List[int]] = None) -> Tensor:
        return (x + len(self.names) + self.table["a"] + self.numbers[0]
                + self.tensors[0] + self.pair.second)


class Pickled(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = str(self.folder / "module.pt")

    def run_module(self):
        done = subprocess.run(
            [RUN_MODULE, self.path], cwd=self.folder, text=True, stdout=subprocess.PIPE,
            timeout=100, env=dict(os.environ, TS_TEST_SHIM=SHIM))
        self.assertIn(done.returncode, (0, 1), done.stdout)
        self.assertEqual(os.listdir(self.folder), ["module.pt"], done.stdout)
        return done.stdout

    def assert_beyond(self):
        out = self.run_module()
        self.assertIn("beyond the 16 bytes stored for it", out)
        self.assertNotIn("loaded", out)

    def test_good(self):
        save(self.path, module(GOOD))
        self.assertEqual(self.run_module(), "loaded\nran\n")

    def test_ordinary_attributes(self):
        modules.save(Ordinary(), self.path)
        self.assertEqual(self.run_module(), "loaded\nran\n")

    def test_storage_that_claims_more(self):
        """The tensor is fine; a view of its storage need not be."""
        save(self.path, module(tensor(storage(1 << 36), 4)),
             "torch.add(x, torch.sum(torch.as_strided(self.w, [1000], [1], 0)))")
        self.assert_beyond()

    def test_storage_of_an_empty_tensor(self):
        for claimed in (1 << 36, -4):
            save(self.path, module(tensor(storage(claimed), 0)))
            self.assertNotIn("loaded", self.run_module())

    def test_second_tensor_of_a_storage(self):
        of = storage(4) + put(5)
        save(self.path, module(tensor(of, 4), tensor(get(5), 1 << 28)))
        self.assert_beyond()
        save(self.path, module(tensor(of, 1 << 28), tensor(get(5), 4)))
        self.assert_beyond()

    def test_state_that_changes_after_its_use(self):
        save(self.path, module(BAD) + get(9) + items({"w": GOOD}) + DROP)
        self.assert_beyond()

    def test_list_that_grows_after_its_use(self):
        full = get(8) + pickle.MARK + BAD + pickle.APPENDS + DROP
        save(self.path, module(GOOD, pickle.EMPTY_LIST + put(8)) + get(9)
             + items({"v": NONE}) + DROP + full)
        self.assertNotIn("ran\n", self.run_module())

    def test_list_in_itself(self):
        save(self.path, module(GOOD, pickle.EMPTY_LIST + put(8) + pickle.MARK
                               + get(8) + pickle.APPENDS))
        self.assertEqual(self.run_module(), "loaded\nran\n")

    def test_enum_without_the_value(self):
        """Nothing is left on the stack where an object would be."""
        trick = (pickle.MARK + BAD + name("__torch__.m", "E") + number(77)
                 + pickle.REDUCE + put(7) + pickle.TUPLE + DROP)
        save(self.path, trick + module(get(7)), more="class E(Enum):\n  A = 1\n")
        self.assertNotIn("ran\n", self.run_module())

    def assert_computes(self, kind, value, constants=pickle.EMPTY_TUPLE):
        save(self.path, module(GOOD), "__torch__.m.g(x, 1, )",
             WRITES.format(type=kind, value=value), constants)
        self.assertIn("computes a default value", self.run_module())

    def test_default_value_by_a_method(self):
        for kind, value in (("float", "float({})"), ("int", "int({})"),
                            ("float", "-{}"), ("float", "({})[0]"),
                            ("float", "annotate(float, ({})[0])")):
            self.assert_computes(kind, value.format("uninitialized(__torch__.m.Z)"))
            self.assert_computes(kind, value.format("CONSTANTS.c0"),
                                 row(instance("Z", {"q": number(1)})))

    def test_class_constant_by_a_method(self):
        save(self.path, module(GOOD), more=WRITES.format(type="float", value="1.").replace(
            "  q : int", "  q : int\n  k : Final[float] = -uninitialized(__torch__.m.Z)"))
        self.assertIn("computes a default value", self.run_module())

    def test_long_names(self):
        """Longer than libtorch's list of a file's records has them."""
        long = "a" * 600
        whole = str(self.folder / "whole")
        for cls in (modules.WritesInForward, modules.WritesInSetState):
            modules.save(cls(), whole)
            modules.rewrite(whole, self.path, lambda records: {
                key.replace("modules.py", long + ".py"):
                data.replace(b"__torch__.modules\n", f"__torch__.{long}\n".encode())
                for key, data in records.items()})
            os.unlink(whole)
            self.assertIn("calls aten::save, which is not", self.run_module())

    def test_text_is_harmless(self):
        save(self.path, module(GOOD, text("w")))
        self.assertEqual(self.run_module(), "loaded\nran\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
