"""The network against the published tensors and sizes.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import unittest

from common import NO_SHARED, SHARED, has_shared, torch

from doclayout.deploy import Deployed, fuse
from doclayout.network import SCALES, doclayout, init_weights, yolov10

# Parameters in millions, as deployed (arXiv 2405.14458, table 1).
PUBLISHED_MILLIONS = {"n": 2.3, "s": 7.2, "m": 15.4, "b": 19.1, "l": 24.4, "x": 29.5}


def listed_state(name):
    lines = (SHARED / "doclayout" / name).read_text().splitlines()
    return [tuple(line.split("\t")[:3]) for line in lines if line[:1] != "#"]


def state_of(network):
    return [(k, str(tuple(v.shape)), str(v.dtype))
            for k, v in network.state_dict().items()]


class StateDict(unittest.TestCase):
    @unittest.skipUnless(has_shared(), NO_SHARED)
    def test_scale_n(self):
        self.assertEqual(state_of(doclayout(*SCALES["n"])),
                         listed_state("nd_state_dict.txt"))

    @unittest.skipUnless(has_shared(), NO_SHARED)
    def test_released_scale_m(self):
        self.assertEqual(state_of(doclayout(*SCALES["m"])),
                         listed_state("m_state_dict.txt"))

    def test_yolov10_sizes(self):
        for size, millions in PUBLISHED_MILLIONS.items():
            deployed = Deployed(yolov10(size))
            # A scale goes into its convolution's weights.
            total = sum(p.numel() for n, p in deployed.named_parameters()
                        if not n.endswith(".scale"))
            self.assertEqual(round(total / 1e6, 1), millions, size)


class Training(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.network = doclayout(0.33, 0.125, 512, nc=4)

    def test_returns_the_raw_maps_of_both_heads(self):
        maps = self.network(torch.rand(2, 3, 64, 96))
        expected = [(2, 68, 8, 12), (2, 68, 4, 6), (2, 68, 2, 3)]
        for head in ("one2many", "one2one"):
            self.assertEqual([tuple(m.shape) for m in maps[head]], expected)

    def test_one2one_trains_its_head_alone(self):
        maps = self.network(torch.rand(2, 3, 64, 64))
        sum(m.sum() for m in maps["one2one"]).backward()
        moved = {n.split(".")[2] if n.startswith("model.23.") else "trunk"
                 for n, p in self.network.named_parameters() if p.grad is not None}
        self.assertEqual(moved, {"one2one_cv2", "one2one_cv3"})

    def test_starts_with_few_objects(self):
        init_weights(self.network, imgsz=640)
        self.network.eval()
        with torch.no_grad():
            scores = self.network(torch.rand(1, 3, 64, 64))[:, 4:, :64]
        self.assertLess(scores.max().item(), 0.01)
        self.assertGreater(scores.max().item(), 0)


class Evaluation(unittest.TestCase):
    def test_anchors_are_cell_centres_row_by_row(self):
        network = doclayout(0.33, 0.125, 512, nc=4).eval()
        for branch in network.detect.one2one_cv2:
            torch.nn.init.zeros_(branch[-1].weight)
            torch.nn.init.zeros_(branch[-1].bias)
        with torch.no_grad():
            answer = network(torch.rand(1, 3, 32, 64))[0]
        # A flat distribution over 0..15 cells reaches 7.5 cells to each side.
        expected = [(8 * (x + 0.5), 8 * (y + 0.5), 120, 120)
                    for y in range(4) for x in range(8)]
        expected += [(16 * (x + 0.5), 16 * (y + 0.5), 240, 240)
                     for y in range(2) for x in range(4)]
        expected += [(32 * (x + 0.5), 16, 480, 480) for x in range(2)]
        torch.testing.assert_close(answer[:4].T, torch.tensor(expected),
                                   rtol=0, atol=1e-3)

    def test_fuse_leaves_the_network_as_it_was(self):
        network = doclayout(0.33, 0.125, 512, nc=4)
        before = {k: v.clone() for k, v in network.state_dict().items()}
        fuse(network)
        after = network.state_dict()
        self.assertEqual(list(before), list(after))
        self.assertTrue(all(torch.equal(before[k], after[k]) for k in before))


if __name__ == "__main__":
    unittest.main()
