"""Every operator that PyTorch registers is on one of two lists.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_registry.py ALLOWED REFUSED

A PyTorch with operators that nobody has looked at fails here: put each on the list
that it belongs to.  Those on neither list are refused at run time.
"""
import fnmatch
import re
import sys
import unittest
from pathlib import Path

import torch

ALLOWED, REFUSED = sys.argv[1:3]


def words(path):
    """The names in a list of "namespace: name name ..." with comments."""
    names, space = [], ""
    for line in Path(path).read_text().splitlines():
        if line.startswith(("#", "R\"list(", ")list\"")):
            continue
        for word in line.split():
            if word.endswith(":"):
                space = word[:-1]
            else:
                names.append(f"{space}::{word}")
    return names


class Registry(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.allowed = set(words(ALLOWED))
        self.refused = words(REFUSED)
        self.schemas = torch._C._jit_get_all_schemas()
        self.names = {schema.name for schema in self.schemas}

    def is_refused(self, name):
        return any(fnmatch.fnmatchcase(name, pattern)
                   for pattern in self.refused)

    def test_each_operator_is_on_one_list(self):
        unknown = sorted(name for name in self.names
                         if name not in self.allowed
                         and not self.is_refused(name))
        self.assertEqual(unknown, [])

    def test_no_operator_is_on_both_lists(self):
        self.assertEqual(sorted(filter(self.is_refused, self.allowed)), [])

    def test_what_reaches_out(self):
        """By what their arguments and names say."""
        telling = re.compile(r"file|\bpath\b|socket|process_group|ptr\b|rpc|c10d|"
                             r"\bsave\b|print|dlopen|system|getenv")
        found = {schema.name for schema in self.schemas
                 if telling.search(str(schema))}
        self.assertIn("aten::from_file", found)
        self.assertIn("aten::save", found)
        # A path of contractions, and letters that can be printed.
        harmless = {"aten::einsum", "aten::isprintable"}
        self.assertEqual(sorted((found & self.allowed) - harmless), [])

    def test_compiling_runs_no_refused_operator(self):
        """libtorch folds constants while it compiles, and so runs what takes and
        gives nothing but numbers and strings and has no side effect that it knows
        of.  Code is looked at after that, so no such operator may do harm."""
        immutable = re.compile(r"^(int|float|bool|str|Device|Scalar|number|"
                               r"complex|NoneType|Optional\[\w+\])$")
        # These tell of the CPU, and what is left out compares types and the time.
        known = {"aten::_cufft_get_plan_cache_max_size",
                 "aten::_cufft_get_plan_cache_size", "aten::_get_cpu_capability", "aten::_get_tracing_state",
                 "aten::_nnpack_available", "aten::is_vulkan_available",
                 "mkldnn::_is_mkldnn_acl_supported",
                 "mkldnn::_is_mkldnn_bf16_supported",
                 "mkldnn::_is_mkldnn_fp16_supported"}
        folded = {schema.name for schema in self.schemas
                  if not schema.name.startswith(("prims::", "nvprims::", "prim::"))
                  and schema.returns and schema.name not in self.allowed
                  and all(immutable.match(str(value.type))
                          for value in [*schema.arguments, *schema.returns])}
        self.assertEqual(sorted(folded), sorted(known & self.names))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
