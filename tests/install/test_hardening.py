"""What the linker and the compiler did to make faults harder to use.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_hardening.py READELF SANITIZED FILE...
"""
import re
import subprocess
import sys
import unittest

READELF, SANITIZED, *FILES = sys.argv[1:]


def readelf(option, path):
    return subprocess.run([READELF, "-W", option, path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


class Hardening(unittest.TestCase):
    def for_each(self, check):
        self.assertGreater(len(FILES), 3)
        for path in FILES:
            with self.subTest(path):
                check(path)

    def test_relocations_are_read_only(self):
        def check(path):
            self.assertIn("GNU_RELRO", readelf("-l", path))
            dynamic = readelf("-d", path)
            self.assertRegex(dynamic, r"\(FLAGS_1\).* NOW|\(BIND_NOW\)")
            self.assertNotIn("TEXTREL", dynamic)
        self.for_each(check)

    def test_stack_is_not_executable(self):
        def check(path):
            self.assertRegex(readelf("-l", path), r"GNU_STACK .* RW ")
        self.for_each(check)

    def test_position_independent(self):
        def check(path):
            self.assertRegex(readelf("-h", path), r"Type: +DYN ")
        self.for_each(check)

    def test_stack_protector(self):
        def check(path):
            self.assertIn("__stack_chk_fail", readelf("--dyn-syms", path))
        self.for_each(check)

    @unittest.skipIf(SANITIZED == "yes", "the sanitizers check instead")
    def test_fortify(self):
        """At least one checked call where there is one that could be checked; those
        proven safe become plain ones, and a lone memcpy() may be one to memory whose
        size only the program knows."""
        def check(path):
            symbols = readelf("--dyn-syms", path)
            if re.search(r" (str|v?sn?printf|f?read)\w*@|__\w+_chk@", symbols):
                self.assertRegex(symbols, r"__\w+_chk@")
            else:
                unchecked.append(path)
        unchecked = []
        self.for_each(check)
        self.assertLess(len(unchecked), 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
