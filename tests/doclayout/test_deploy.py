"""The deploy forms against the network as it was trained.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import copy
import io
import unittest

from common import blocks_image, box_and_score_error, np, torch, with_statistics

from doclayout.deploy import Affine, fuse, script, top_detections
from doclayout.network import doclayout, yolov10

SIZES = [(1, 64, 96), (2, 96, 64), (3, 32, 32), (1, 160, 224)]


def saved(module):
    data = io.BytesIO()
    torch.jit.save(module, data)
    return data.getvalue()


def constant_types(module):
    graph = module.inlined_graph
    return {str(n.output().type()) for n in graph.findAllNodes("prim::Constant")}


def reference_top(raw, limit):
    """Post-processing as upstream describes it, in plain NumPy."""
    boxes, scores = raw[:4].T, raw[4:].T
    anchors = np.argsort(-scores.max(1), kind="stable")[:limit]
    flat = scores[anchors].ravel()
    pairs = np.argsort(-flat, kind="stable")[:limit]
    cx, cy, w, h = boxes[anchors[pairs // scores.shape[1]]].T
    return np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, flat[pairs],
                     pairs % scores.shape[1]], 1)


class Deploy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.manual_seed(1)
        cls.networks = {
            "doclayout": with_statistics(doclayout(0.33, 0.125, 512, nc=5)),
            "large kernels": with_statistics(yolov10("n", nc=3)),
        }
        cls.files = {name: saved(script(network))
                     for name, network in cls.networks.items()}
        cls.end2end = saved(script(cls.networks["doclayout"], end2end=True))

    def load(self, name="doclayout"):
        data = self.end2end if name == "end2end" else self.files[name]
        return torch.jit.load(io.BytesIO(data))

    def test_folding_is_exact(self):
        image = blocks_image(1, 96, 64).double()
        for name, network in self.networks.items():
            network = copy.deepcopy(network).double()
            with torch.no_grad():
                box, score = box_and_score_error(fuse(network)(image), network(image))
            self.assertLess(box, 1e-9, name)
            self.assertLess(score, 1e-12, name)

    def test_the_backbone_rounds_as_batch_norm(self):
        """Bit by bit, with every PyTorch; what rounding does there moves the boxes."""
        norms = [m for m in self.networks["doclayout"].modules()
                 if isinstance(m, torch.nn.BatchNorm2d)]
        for norm in norms[:20]:
            x = torch.randn(2, norm.num_features, 33, 47)
            with torch.no_grad():
                self.assertTrue(torch.equal(Affine(norm)(x), norm(x)))

    def test_script_equals_eager_at_every_size(self):
        for name, network in self.networks.items():
            module = self.load(name)
            for b, h, w in SIZES:
                image = blocks_image(b, h, w)
                with torch.no_grad():
                    box, score = box_and_score_error(module(image), network(image))
                self.assertLess(box, 1e-2, (name, b, h, w))
                self.assertLess(score, 1e-4, (name, b, h, w))

    def test_nothing_of_training_is_left(self):
        for name in self.networks:
            module = self.load(name)
            names = list(module.state_dict())
            self.assertFalse([n for n in names if "running" in n or ".23.cv" in n])
            self.assertFalse(module.inlined_graph.findAllNodes("aten::batch_norm"))

    def test_no_device_or_dtype_is_baked_in(self):
        for name in ("doclayout", "end2end"):
            module = self.load(name)
            self.assertIn("int", constant_types(module))
            self.assertFalse(constant_types(module) & {"Device", "Tensor"})
            double = module.double()
            image = torch.rand(1, 3, 64, 64, dtype=torch.float64)
            self.assertEqual(double(image).dtype, torch.float64)

    def test_meta_device_moves_everything(self):
        data = io.BytesIO(self.files["doclayout"])
        module = torch.jit.load(data, map_location="meta")
        answer = module(torch.empty(2, 3, 64, 96, device="meta"))
        self.assertEqual(tuple(answer.shape), (2, 9, 126))
        self.assertEqual(answer.device.type, "meta")

    def test_top_detections_chooses_as_upstream_describes(self):
        boxes = torch.rand(2, 4, 1344) * 100
        # All scores differ, so that there is one right order.
        scores = (torch.randperm(2 * 5 * 1344) / 2.0 ** 14).view(2, 5, 1344)
        raw = torch.cat([boxes, scores], 1)
        for rows, answer in zip(top_detections(raw, 300), raw.numpy()):
            np.testing.assert_allclose(rows.numpy(), reference_top(answer, 300),
                                       atol=1e-4)

    def test_end2end_is_the_top_of_the_raw_answer(self):
        image = blocks_image(2, 256, 256)
        with torch.no_grad():
            expected = top_detections(self.load()(image), 300)
            found = self.load("end2end")(image)
        self.assertEqual(tuple(found.shape), (2, 300, 6))
        torch.testing.assert_close(found[..., 4], expected[..., 4], rtol=0, atol=1e-4)
        # Nearly equal scores may change places; nearly all rows agree.
        same = ((found - expected).abs() < 1e-2).all(2).float().mean()
        self.assertGreater(same.item(), 0.95)

    def test_end2end_of_fewer_anchors_than_rows(self):
        rows = top_detections(torch.rand(1, 7, 21), 300)
        self.assertEqual(tuple(rows.shape), (1, 21, 6))

    def test_half_storage_runs_in_float32(self):
        network = self.networks["doclayout"]
        module = self.load().half()
        self.assertEqual({p.dtype for p in module.parameters()}, {torch.float16})
        image = blocks_image(1, 64, 96)
        rounded = fuse(network).half().float()
        with torch.no_grad():
            answer = module.float()(image)
            box, score = box_and_score_error(answer, rounded(image))
        self.assertEqual(answer.dtype, torch.float32)
        self.assertLess(box, 1e-2)
        self.assertLess(score, 1e-4)

    @unittest.skipUnless(torch.cuda.is_available(), "no CUDA device")
    def test_cuda(self):
        network = self.networks["doclayout"]
        module = self.load().to("cuda")
        image = blocks_image(2, 96, 64)
        with torch.no_grad(), torch.backends.cudnn.flags(allow_tf32=False):
            box, score = box_and_score_error(module(image.cuda()).cpu(), network(image))
        self.assertLess(box, 1e-2)
        self.assertLess(score, 1e-4)


if __name__ == "__main__":
    unittest.main()
