"""AP, IoU with slack, and the model's input, against hand-made answers.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import sys
import unittest
from pathlib import Path

try:
    import cv2  # noqa: F401
    import numpy as np
    import torch
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models"))
from doclayout import evaluate  # noqa: E402


def rows(*boxes):
    """Found boxes: x1, y1, x2, y2, score, class; anchors are numbered."""
    return np.array([list(b) + [i] for i, b in enumerate(boxes)], float)


class Overlap(unittest.TestCase):
    def test_iou(self):
        a = np.array([[0., 0, 10, 10]])
        b = np.array([[5., 0, 15, 10], [0, 0, 10, 10], [20, 20, 30, 30]])
        np.testing.assert_allclose(evaluate.overlaps(a, b, 0)[0],
                                   [50 / 150, 1, 0], atol=1e-6)

    def test_slack_forgives_only_looser_edges(self):
        truth = np.array([[10., 10, 20, 20]])
        looser = np.array([[7., 8, 23, 22]])
        tighter = np.array([[12., 10, 20, 20]])
        far = np.array([[5., 10, 20, 20]])
        self.assertAlmostEqual(evaluate.overlaps(looser, truth, 3)[0, 0], 1, 6)
        self.assertAlmostEqual(evaluate.overlaps(tighter, truth, 3)[0, 0], .8,
                               6)
        self.assertAlmostEqual(evaluate.overlaps(far, truth, 3)[0, 0],
                               100 / 120, 6)


class Precision(unittest.TestCase):
    def test_all_found(self):
        ap = evaluate.average_precision(np.array([.9, .8]),
                                        np.array([True, True]), 2)
        self.assertAlmostEqual(ap, 1)

    def test_half_found_after_a_miss(self):
        # Recall 0.5 at precision 1/2: 51 of the 101 points have 0.5.
        ap = evaluate.average_precision(np.array([.9, .8]),
                                        np.array([False, True]), 2)
        self.assertAlmostEqual(ap, 51 * 0.5 / 101)

    def test_nothing_found(self):
        self.assertEqual(evaluate.average_precision(
            np.zeros(0), np.zeros(0, bool), 3), 0)

    def test_a_truth_counts_once(self):
        found = rows((0, 0, 10, 10, .9, 1), (0, 0, 10, 10, .8, 1))
        hits = evaluate.match(found, np.array([[0., 0, 10, 10]]), 0)
        self.assertEqual(hits.tolist(), [True, False])

    def test_class_matters_unless_agnostic(self):
        found = rows((0, 0, 10, 10, .9, 0))
        truth = np.array([[0., 0, 10, 10, 1]])
        aps = evaluate.measure([(found, truth)], 0)
        self.assertEqual((aps[1][0], aps[-1][0]), (0, 1))


class Input(unittest.TestCase):
    def test_boxes_come_back_in_page_pixels(self):
        class Fixed(torch.nn.Module):
            def forward(self, x):
                _, _, h, w = x.shape
                box = torch.tensor([w / 2, h / 2, w / 4, h / 4])
                row = torch.zeros(14, 1)
                row[:4, 0], row[4 + 3, 0] = box, 0.7
                return row[None]
        image = np.zeros((1000, 500, 3), np.uint8)
        found = evaluate.detect(Fixed(), image, 512, False)[0]
        # 1000x500 becomes 512x256: no padding, scale 0.512.
        np.testing.assert_allclose(
            found[:6], [187.5, 375, 312.5, 625, .7, 3], atol=1e-3)

    def test_square_pads_with_grey(self):
        image = np.zeros((100, 50, 3), np.uint8)
        tensor, scale, offset = evaluate.letterbox(image, 128, True)
        self.assertEqual(tuple(tensor.shape), (1, 3, 128, 128))
        self.assertEqual(offset, (32, 0))
        self.assertAlmostEqual(float(tensor[0, 0, 0, 0]), 114 / 255, 5)
        self.assertEqual(float(tensor[0, 0, 64, 64]), 0)


if __name__ == "__main__":
    unittest.main()
