"""HTML pages: boxes tight to the ink, columns, scripts, the same again.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import random
import shutil
import sys
import tempfile
import unicodedata
import unittest
from pathlib import Path

try:
    import cv2  # noqa: F401
    import matplotlib  # noqa: F401
    import numpy as np
    import weasyprint
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)
if not weasyprint.__version__.startswith("57."):
    print(f"skipped: WeasyPrint is {weasyprint.__version__}; colours are read "
          "from PDFs as version 57 writes them")
    sys.exit(77)
if not (shutil.which("pdftoppm") and
        Path("/usr/share/dict/american-english").exists()):
    print("skipped: pdftoppm or /usr/share/dict/american-english is not "
          "installed")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models" /
                       "pages"))
import document  # noqa: E402
import scripts  # noqa: E402
import typeset  # noqa: E402
import weasy  # noqa: E402
import web  # noqa: E402


class Hand(web.Web):
    """A document with a fixed body in place of a random one."""

    def __init__(self, body, columns=1):
        self.body, self.columns = body, columns
        super().__init__(random.Random(1), 1, "newspaper")

    def write(self, pages):
        style = self.style
        style.columns, style.title_ink, style.ink = self.columns, (0,) * 3, (
            0,) * 3
        style.column_width = (style.width - style.gap * (
            self.columns - 1)) / self.columns
        self.outside = self.columns == 1
        self.source = (
            '<style>@page{size:%.1fpt %.1fpt;margin:40pt %.1fpt 40pt %.1fpt}'
            'body{margin:0}</style><body style="columns:%d;column-gap:%.1fpt;'
            'column-fill:auto">%s</body>' % (
                *style.paper, style.right, style.left, self.columns,
                style.gap, self.body(self)))


def pages_of(made):
    with tempfile.TemporaryDirectory() as folder:
        return weasy.typeset_html(made, random.Random(1), folder, 1000, 4)


def ink_of(image):
    """The box of all the ink on a page."""
    ys, xs = np.nonzero(image.min(2) < typeset.INK)
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1


class Made(unittest.TestCase):
    def test_two_boxes_make_up_the_page_s_ink(self):
        (image, boxes), = pages_of(Hand(lambda d: d.box(
            document.TITLE, "A heading") + d.box(
                document.TEXT, "Some words and a long line.")))
        self.assertEqual([label for label, _ in boxes],
                         [document.TITLE, document.TEXT])
        corners = np.array([box for _, box in boxes])
        union = np.concatenate([corners[:, :2].min(0), corners[:, 2:].max(0)])
        np.testing.assert_allclose(union, ink_of(image), atol=0)
        self.assertLess(corners[0, 3], corners[1, 1])

    def test_a_paragraph_over_five_columns_is_five_boxes(self):
        (_, boxes), *_ = pages_of(Hand(lambda d: d.box(
            document.TEXT, "word " * 4000), 5))
        self.assertEqual([label for label, _ in boxes], [document.TEXT] * 5)
        boxes = sorted(box for _, box in boxes)
        for left, right in zip(boxes, boxes[1:]):
            self.assertLess(left[2], right[0])

    def test_a_ground_of_no_region_is_in_no_box(self):
        (image, boxes), = pages_of(Hand(
            lambda d: '<div style="background:%s;padding:20pt">%s</div>' % (
                d.decor(10), d.box(document.TITLE, "White on dark",
                                   use=document.REVERSED)) + d.box(
                document.TEXT, "Below", "margin-top:30pt")))
        box = dict(boxes)[document.TITLE]
        ground = ink_of(image)
        self.assertGreater(box[0], ground[0] + 20)
        part = image[box[1]:box[3], box[0]:box[2]]
        self.assertGreater(part.max(), 250)

    def test_the_same_seed_makes_the_same_source(self):
        one, two, other = (web.Web(random.Random(seed), 3).source
                           for seed in ("7/3", "7/3", "7/4"))
        self.assertEqual(one, two)
        self.assertNotEqual(one, other)


class Letters(unittest.TestCase):
    NAMES = {"chinese": ("CJK",), "korean": ("HANGUL",),
             "japanese": ("CJK", "HIRAGANA", "KATAKANA")}

    def test_words_are_of_their_script(self):
        for name, script in scripts.SCRIPTS.items():
            words = scripts.MadeWords(random.Random(1), script).words
            wanted = self.NAMES.get(name, (name.upper(),))
            for sign in set("".join(words)):
                self.assertTrue(
                    unicodedata.name(sign).startswith(wanted), (name, sign))

    def test_right_to_left_where_unicode_says_so(self):
        for name, script in scripts.SCRIPTS.items():
            word = scripts.MadeWords(random.Random(1), script).words[0]
            self.assertEqual(
                script.rtl, unicodedata.bidirectional(word[0]) in ("R", "AL"),
                name)


if __name__ == "__main__":
    unittest.main()
