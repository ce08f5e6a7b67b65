"""The loss and the augmentation, against plain arithmetic and OpenCV.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import math
import random
import sys
import unittest
from pathlib import Path

try:
    import cv2
    import numpy as np
    import torch
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models"))
from doclayout import augment, loss  # noqa: E402
from doclayout.network import doclayout  # noqa: E402

torch.set_num_threads(1)  # more would spin against the tests beside this one


class Boxes(unittest.TestCase):
    def test_complete_iou(self):
        a = torch.tensor([[0., 0, 10, 10]])
        b = torch.tensor([[5., 0, 15, 20]])
        # IoU 50/250; centres 5, 5 apart; hull 15x20; shapes 1 and 1/2.
        iou = 50 / 250
        v = 4 / math.pi ** 2 * (math.atan(.5) - math.atan(1)) ** 2
        expected = iou - 50 / 625 - v * v / (1 - iou + v)
        self.assertAlmostEqual(loss.complete_iou(a, b).item(), expected, 5)

    def test_pair_iou(self):
        a = torch.tensor([[[0., 0, 10, 10]]])
        b = torch.tensor([[[0., 0, 10, 5], [20, 20, 30, 30]]])
        torch.testing.assert_close(loss.pair_iou(a, b),
                                   torch.tensor([[[.5, 0]]]))

    def test_focal_distribution(self):
        logits = torch.randn(3, 4, 16)
        distance = torch.rand(3, 4) * 14
        low = distance.floor().long()
        p = logits.log_softmax(-1)
        left = p.gather(-1, low[..., None])[..., 0]
        right = p.gather(-1, low[..., None] + 1)[..., 0]
        share = distance - low
        expected = -(left * (1 - share) + right * share).mean(-1)
        torch.testing.assert_close(loss.focal_distribution(logits, distance),
                                   expected)


class Reach(unittest.TestCase):
    """Cells lie half a stride off the lines here, the worst there is."""

    def setUp(self):
        maps = [torch.zeros(1, 1, 1024 // s, 1024 // s) for s in (8, 16, 32)]
        self.centres, self.strides = loss.grid(maps)

    def fits(self, box):
        return loss.candidates(self.centres, self.strides,
                               torch.tensor([[box]]))[0, 0]

    def test_a_wide_flat_line_gets_cells_that_reach_its_ends(self):
        box = [100., 313, 700, 327]
        chosen = self.fits(box)
        self.assertTrue(chosen.any())
        left = self.centres[chosen, 0] - box[0]
        right = box[2] - self.centres[chosen, 0]
        reach = 15 * self.strides[chosen]
        self.assertTrue((left <= reach).all() and (right <= reach).all())
        self.assertEqual(set(self.strides[chosen].tolist()), {32.})

    def test_what_no_cell_reaches_gets_the_coarsest_in_its_middle(self):
        chosen = self.fits([2., 313, 1022, 327])
        self.assertTrue(chosen.any())
        middle = (self.centres[chosen, 0] - 512).abs()
        self.assertLessEqual(float(middle.max()), 16)

    def test_a_small_box_keeps_to_the_cells_inside_it(self):
        box = torch.tensor([100., 100, 130, 112])
        at = self.centres[self.fits(box.tolist())]
        self.assertTrue(len(at))
        self.assertTrue(((at >= box[:2]) & (at <= box[2:])).all())


class Assignment(unittest.TestCase):
    def setUp(self):
        maps = [torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 8, 8),
                torch.zeros(1, 1, 4, 4)]
        self.centres, self.strides = loss.grid(maps)
        n = len(self.centres)
        self.scores = torch.full((1, n, 10), 0.5)
        half = torch.tensor([20., 10])
        self.boxes = torch.cat([self.centres - half, self.centres + half],
                               -1)[None]

    def assign(self, targets, k):
        targets = torch.tensor([targets])
        labels = torch.zeros(1, targets.shape[1], dtype=torch.long)
        return loss.assign(self.scores, self.boxes, self.centres, self.strides,
                           labels, targets,
                           torch.ones_like(labels, dtype=torch.bool), k)

    def test_the_best_anchor_of_each_target_is_taken(self):
        targets = [[32., 34, 72, 54], [80, 80, 120, 100]]
        owner, positive, quality = self.assign(targets, 1)
        self.assertEqual(int(positive.sum()), 2)
        for j, target in enumerate(targets):
            at = self.centres[positive[0] & (owner[0] == j)][0]
            middle = torch.tensor([(target[0] + target[2]) / 2,
                                   (target[1] + target[3]) / 2])
            self.assertLess(float((at - middle).norm()), 6)
        self.assertTrue((quality[positive] > 0.5).all())

    def test_a_tiny_target_has_an_anchor(self):
        _, positive, _ = self.assign([[64.5, 64.5, 66, 67]], 10)
        self.assertGreaterEqual(int(positive.sum()), 1)

    def test_anchors_outside_are_never_taken(self):
        owner, positive, _ = self.assign([[32., 34, 72, 54]], 10)
        x, y = self.centres[positive[0]].T
        self.assertTrue(((x > 32) & (x < 72) & (y > 34) & (y < 54)).all())


class Learning(unittest.TestCase):
    def test_the_loss_falls_on_one_page(self):
        torch.manual_seed(0)
        model = doclayout().train()
        optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
        images = torch.rand(1, 3, 128, 128)
        images[..., 20:60, 30:100] = 0
        targets = torch.tensor([[[30., 20, 100, 60]]])
        labels, real = torch.tensor([[5]]), torch.tensor([[True]])
        totals = []
        for _ in range(12):
            total, _ = loss.Loss()(model(images), labels, targets, real)
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            totals.append(total.item())
        self.assertLess(totals[-1], 0.7 * totals[0])


class Placing(unittest.TestCase):
    def test_warp_and_boxes_agree_with_opencv(self):
        rng = random.Random(5)
        page = np.full((300, 200, 3), 255, np.uint8)
        page[100:150, 40:160] = 0
        forward = augment.matrix(rng, (300, 200), (256, 192))
        pixels = torch.from_numpy(page.transpose(2, 0, 1).copy())
        mine = augment.warp(pixels, forward, (256, 192))
        # OpenCV counts pixel centres as whole numbers, warp as halves.
        half = np.array([[1, 0, .5], [0, 1, .5], [0, 0, 1]])
        theirs = cv2.warpPerspective(
            page, np.linalg.inv(half) @ forward @ half, (192, 256),
            borderValue=(114,) * 3)
        difference = np.abs(mine.permute(1, 2, 0).numpy() * 255 - theirs)
        self.assertLess(difference.mean(), 0.1)
        boxes, labels = augment.move_boxes(
            torch.tensor([[40., 100, 160, 150]]), torch.tensor([7]), forward,
            (256, 192))
        ys, xs = np.nonzero((theirs[..., 0] < 60))
        self.assertEqual(labels.tolist(), [7])
        np.testing.assert_allclose(
            boxes[0].numpy(), [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1],
            atol=1.6)

    def test_a_desk_shows_only_where_the_page_is_not(self):
        pixels = torch.full((3, 40, 30), 255, dtype=torch.uint8)
        forward = np.array([[1., 0, 10], [0, 1, 5], [0, 0, 1]])
        around = torch.full((3, 64, 48), 0.25)
        seen = augment.warp(pixels, forward, (64, 48), around)[0].numpy()
        expected = np.full((64, 48), 0.25, np.float32)
        expected[5:45, 10:40] = 1
        # The edge itself is blended with the padding's grey.
        inner = np.ones_like(expected, bool)
        inner[4:46, 9:41] = False
        inner[6:44, 11:39] = True
        np.testing.assert_allclose(seen[inner], expected[inner], atol=1e-6)

    def test_jpeg_s_transform_is_opencv_s(self):
        block = np.random.default_rng(1).random((8, 8), np.float32)
        turn = augment.cosines("cpu").numpy()
        np.testing.assert_allclose(turn @ block @ turn.T, cv2.dct(block),
                                   atol=1e-5)

    def test_every_defect_gives_a_picture_of_the_same_size(self):
        rng, image = random.Random(2), torch.rand(3, 64, 48)
        torch.manual_seed(1)
        for _, make in augment.SPOILERS:
            spoilt = make(rng, image.clone())
            self.assertEqual(spoilt.shape, image.shape)
            self.assertTrue(torch.isfinite(spoilt).all())
            self.assertGreater((spoilt - image).abs().max().item(), 0.01)

    def test_boxes_off_the_picture_are_left_out(self):
        forward = np.array([[1., 0, -90], [0, 1, 0], [0, 0, 1]])
        boxes = torch.tensor([[0., 0, 100, 20], [80, 0, 180, 20]])
        boxes, labels = augment.move_boxes(boxes, torch.tensor([1, 2]),
                                           forward, (100, 100))
        self.assertEqual(labels.tolist(), [2])
        self.assertEqual(boxes.tolist(), [[0, 0, 90, 20]])


if __name__ == "__main__":
    unittest.main()
