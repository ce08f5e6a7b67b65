"""Made pages: boxes tight to the ink, split over columns, the same again.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import random
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import cv2  # noqa: F401
    import matplotlib  # noqa: F401
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)
if not (shutil.which("pdflatex") and shutil.which("pdftoppm") and
        Path("/usr/share/dict/american-english").exists()):
    print("skipped: pdflatex, pdftoppm or /usr/share/dict/american-english "
          "is not installed")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models" /
                       "pages"))
import document  # noqa: E402
import typeset  # noqa: E402


class Hand(document.Document):
    """A document with a fixed body in place of a random one."""

    def __init__(self, body, columns=1):
        self.body = body
        super().__init__(random.Random(1), 1,
                         "twocolumn" if columns == 2 else "paper")

    def write(self, pages):
        self.style.language = "english"
        self.words = document.Words(self.rng)
        self.put(self.style.preamble(), r"\pagestyle{empty}",
                 r"\begin{document}", self.body(self), r"\end{document}")


def pages_of(made):
    with tempfile.TemporaryDirectory() as folder:
        return typeset.typeset(made, random.Random(1), folder, 1000, 4)


def ink_of(image):
    """The box of all the ink on a page."""
    ys, xs = np.nonzero(image.min(2) < typeset.INK)
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1


class Made(unittest.TestCase):
    def test_two_boxes_make_up_the_page_s_ink(self):
        def body(d):
            return (d.box(document.TITLE, "A heading") + r"\par\bigskip " +
                    d.box(document.TEXT, "Some words and a long line."))
        (image, boxes), = pages_of(Hand(body))
        self.assertEqual([label for label, _ in boxes],
                         [document.TITLE, document.TEXT])
        corners = np.array([box for _, box in boxes])
        union = np.concatenate([corners[:, :2].min(0), corners[:, 2:].max(0)])
        np.testing.assert_allclose(union, ink_of(image), atol=0)
        self.assertLess(corners[0, 3], corners[1, 1])

    def test_a_paragraph_over_two_columns_is_two_boxes(self):
        def body(d):
            return (d.box(document.TITLE, "Top") + r"\par " +
                    d.box(document.TEXT, "word " * 900))
        made = Hand(body, 2)
        image, boxes = pages_of(made)[0]
        text = [box for label, box in boxes if label == document.TEXT]
        self.assertEqual(len(text), 2)
        left, right = sorted(text)
        self.assertLess(left[2], right[0])

    def test_colours_are_replaced_and_lengths_kept(self):
        made = Hand(lambda d: d.box(document.TEXT, "x"))
        pdf = b"0.0000 0.0039 0.0000 rg x 0.0000 0.0039 0.0039 RG"
        made.style.ink, made.style.link = (0, 0, 0), (0, 0, 1)
        self.assertEqual(
            typeset.recolour(made, pdf),
            b"0.0000 0.0000 0.0000 rg x 0.0000 0.0000 1.0000 RG")

    def test_a_figure_s_box_is_its_picture_s_ink(self):
        def body(d):
            number = d.region(document.FIGURE)
            return d.box(document.TEXT, "Before") + r"\par " + d.paint(
                number, r"\rule{200bp}{120bp}", document.PANEL)
        (image, boxes), = pages_of(Hand(body))
        box = dict(boxes)[document.FIGURE]
        outside = image.copy()
        outside[box[1]:box[3], box[0]:box[2]] = 255
        self.assertLess(ink_of(outside)[3], box[1] + 2)
        part = image[box[1]:box[3], box[0]:box[2]]
        np.testing.assert_array_equal(ink_of(part)[2:], part.shape[1::-1])

    def test_every_formula_line_has_its_number(self):
        made = Hand(lambda d: d.aligned())
        (_, boxes), = pages_of(made)
        labels = [label for label, _ in boxes]
        self.assertGreaterEqual(labels.count(document.FORMULA), 2)
        tall = {label: [] for label in labels}
        for label, box in boxes:
            tall[label].append((box[1] + box[3]) / 2)
        for y in tall[document.FORMULA_NUMBER]:
            self.assertLess(min(abs(y - f) for f in tall[document.FORMULA]),
                            25)

    def test_the_same_seed_makes_the_same_source(self):
        one, two = (document.Document(random.Random("7/3"), 3).source
                    for _ in range(2))
        self.assertEqual(one, two)
        self.assertNotEqual(
            one, document.Document(random.Random("7/4"), 3).source)


if __name__ == "__main__":
    unittest.main()
