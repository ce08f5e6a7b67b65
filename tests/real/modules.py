"""Modules as people export them, with fixed random weights, and their packages.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import json
from typing import Dict

import torch
import torchvision
from torch import Tensor, nn

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
IMAGENET = {"do_normalize": True, "image_mean": MEAN, "image_std": STD}


def settle(model, trunk=None):
    """Weights that keep the answers apart, running statistics that fit them."""
    trunk = trunk or model
    torch.manual_seed(11)
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.5
    trunk.train()
    with torch.no_grad():
        for _ in range(4):
            trunk(torch.randn(4, 3, 96, 96))
    return model.eval()


def resnet():
    return settle(torchvision.models.resnet18(weights=None))


def segmentation():
    """Answers {"out": [1, 21, H, W]}."""
    return settle(torchvision.models.segmentation.lraspp_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=21))


def plain_nms(boxes: Tensor, scores: Tensor, idxs: Tensor,
              iou_threshold: float) -> Tensor:
    """batched_nms() of basic operators: torchvision's own is not in libtorch."""
    order = scores.sort(descending=True, stable=True)[1]
    boxes, idxs = boxes[order], idxs[order]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    keep = torch.ones(len(boxes), dtype=torch.bool)
    for i in range(len(boxes)):
        if bool(keep[i]):
            low = torch.maximum(boxes[i, :2], boxes[:, :2])
            high = torch.minimum(boxes[i, 2:], boxes[:, 2:])
            both = (high - low).clamp(min=0).prod(1)
            worse = (both / (area[i] + area - both) > iou_threshold) & (idxs == idxs[i])
            worse[:i + 1] = False
            keep = keep & ~worse
    return order[keep]


def two_stage_detector():
    """Runs torchvision's own operators, nms and roi_align."""
    model = torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=5, box_score_thresh=0.3,
        box_detections_per_img=20)
    settle(model, model.backbone)
    # Kaiming's are meant for what is behind a ReLU: boxes would leave the picture.
    nn.init.normal_(model.rpn.head.bbox_pred.weight, std=1e-4)
    nn.init.normal_(model.roi_heads.box_predictor.bbox_pred.weight, std=1e-4)
    return model


def detector():
    """Takes a list of images; scripted it answers (losses, [{"boxes", ...}])."""
    torchvision.ops.boxes.batched_nms = plain_nms
    model = torchvision.models.detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=6, score_thresh=0.2,
        topk_candidates=30, detections_per_img=60)
    return settle(model, model.backbone)


class Halving(nn.Module):
    """Halves its input in a loop as long as it is large, and branches on its mean."""

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        steps = 0
        while x.shape[2] > 20:
            x = nn.functional.avg_pool2d(x, 2)
            steps += 1
        logits = x.mean(dim=[2, 3])
        if bool(logits.mean() > 0.5):
            logits = -logits
        return {"logits": torch.cat([logits * 10, torch.full([1, 1], float(steps))], 1)}


class Small(nn.Module):
    """A network that static quantisation can fuse and convert."""

    def __init__(self):
        super().__init__()
        self.quant = torch.ao.quantization.QuantStub()
        self.conv = nn.Conv2d(3, 16, 3, 2)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(16 * 16, 12)
        self.pool = nn.AdaptiveAvgPool2d(4)
        self.dequant = torch.ao.quantization.DeQuantStub()

    def forward(self, x):
        x = self.pool(self.relu(self.conv(self.quant(x))))
        return self.dequant(self.fc(x.flatten(1)))


def quantized():
    torch.manual_seed(3)
    model = Small().eval()
    model.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    model = torch.ao.quantization.fuse_modules(model, [["conv", "relu"]])
    model = torch.ao.quantization.prepare(model)
    for _ in range(4):
        model(torch.rand(1, 3, 64, 64))
    return torch.ao.quantization.convert(model)


def dynamically_quantized():
    return torch.ao.quantization.quantize_dynamic(resnet(), {nn.Linear})


def write_package(folder, module, preprocessing, postprocessing, labels=()):
    """An mlpkg of a TorchScript module."""
    (folder / "backends/tch").mkdir(parents=True)
    torch.jit.save(module, str(folder / "backends/tch/model.pt"))
    files = {
        "metadata.json": {
            "version": "1.0", "name": folder.name, "repo_id": "test/real",
            "revision": "main", "created_at": "2026-01-01T00:00:00Z",
            "files": ["model_info.json", "backends/tch/model.pt"]},
        "model_info.json": {
            "model_type": "test", "repo_id": "test/real",
            "architecture_family": "Vision", "supported_backends": ["Tch"]},
        "preprocessor_config.json": preprocessing,
        "postprocessor_config.json": postprocessing,
        "backends/tch/config.json": {"id2label": dict(enumerate(labels))},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
