"""docs/elements.md against what gst-inspect-1.0 says.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_docs.py SOURCE_ROOT HAVE_ANALYTICS      "true" or "false"
"""
import pathlib
import re
import subprocess
import sys
import unittest

DOCS = pathlib.Path(sys.argv[1]) / "docs" / "elements.md"
OF_BROKERS = {"mqttpublish", "redispublish"}
SOURCES = DOCS.parent.parent / "gst" / "elements"
BASE_CLASS_PROPERTIES = {"name", "parent", "qos"}


def inspect(*arguments):
    return subprocess.run(["gst-inspect-1.0", *arguments], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def elements_of_plugin():
    return set(re.findall(r"^  (\w+): ", inspect("torchscript"), re.MULTILINE))


def is_there(element):
    """Elements that need a broker's library are built where the library is."""
    return subprocess.run(["gst-inspect-1.0", "--exists", element]).returncode == 0


def inspected_properties(element):
    """{name: (type, range, default, when)} in the words of the docs."""
    text = inspect(element).split("Element Properties:")[1].split("Element Signals:")[0]
    found = {}
    for name, body in re.findall(r"^  ([\w-]+) +: (.*(?:\n {4,}.*)+)", text, re.MULTILINE):
        if name in BASE_CLASS_PROPERTIES:
            continue
        when = "playing" if "PLAYING" in body else "ready"
        if "flags: readable\n" in body:
            when = "read-only"
        enum = re.search(r'\n +Enum "\w+" Default: \d+, ("[\w-]+")', body)
        if enum:
            words = ", ".join(re.findall(r"\(-?\d+\): ([\w-]+)", body))
            # A value only where GstAnalytics is built, and documented everywhere.
            if words == "auto, own, roi" and sys.argv[2] == "false":
                words += ", analytics"
            found[name] = ("enum", words, enum.group(1), when)
            continue
        if "Boxed pointer of type" in body:
            found[name] = ("structure", "", "", "read only")
            continue
        kind, limits, default = re.search(
            r"\n +([A-Z][\w ]+?)\.(?: +Range: +(\S+ +- +\S+))? +Default: +(\S+)", body).groups()
        found[name] = (kind.lower(), " ".join((limits or "").split()), default, when)
    return found


def documented_properties():
    """{element: {name: (type, range, default, when)}}."""
    docs = {}
    for section in re.split(r"^## ", DOCS.read_text(), flags=re.MULTILINE)[1:]:
        table = section.split("| property |")[1].split("\n\n")[0]
        rows = [[cell.strip() for cell in line.split("|")[1:-1]]
                for line in table.splitlines()[2:]]
        docs[section.split("\n")[0]] = {row[0].strip("`"): tuple(row[1:5]) for row in rows}
    return docs


def as_built(documented, found):
    """Without those words of enums that only other builds have."""
    for name, (kind, words, *rest) in documented.items():
        if kind == "enum" and name in found:
            here = found[name][1].split(", ")
            words = ", ".join(word for word in words.split(", ") if word in here)
        yield name, (kind, words, *rest)


class Docs(unittest.TestCase):
    maxDiff = None

    def test_every_element_has_a_section(self):
        self.assertEqual(elements_of_plugin(), set(documented_properties()) - OF_BROKERS)

    def test_tables_say_what_the_elements_say(self):
        for element, documented in documented_properties().items():
            if element in OF_BROKERS and not is_there(element):
                continue
            with self.subTest(element=element):
                self.assertGreater(len(documented), 0)
                found = inspected_properties(element)
                self.assertEqual(dict(as_built(documented, found)), found)

    def test_every_element_has_a_comment_for_hotdoc(self):
        for element in elements_of_plugin():
            with self.subTest(element=element):
                source = (SOURCES / f"gst{element}.c").read_text()
                comment = re.search(rf"/\*\*\n \* SECTION:element-{element}\n(.*?)\*/", source,
                                    re.DOTALL).group(1)
                self.assertIn(f" * @title: {element}\n", comment)
                self.assertRegex(comment, r"gst-launch-1.0 .*\b" + element)
                self.assertIn(" * Since: 0.1\n", comment)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
