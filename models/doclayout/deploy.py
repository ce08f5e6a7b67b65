"""The forms of a network that run in an application.

SPDX-License-Identifier: LGPL-2.1-or-later

A deploy form has no training head and no batch norm.  torch.jit.script compiles
it (nothing is traced), so it takes any batch, any height and width that are
multiples of 32, any device and any floating dtype.

Batch norm is folded into the convolutions.  Those of the backbone get it as one
scale and shift behind them, since every rounding there moves the boxes most; the
shim folds these as it loads the module.  README.md has the figures.
"""
import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from doclayout.network import CIB, Conv, Network, RepVGGDW, Topology

MAX_DETECTIONS = 300
BACKBONE = range(9)  # the places from the input to stride 32


def fold_batch_norm(block: Conv) -> None:
    """Folds the batch norm of one Conv into its convolution, in place."""
    conv, bn = block.conv, block.bn
    gain = bn.weight.double() / torch.sqrt(bn.running_var.double() + bn.eps)
    weight = conv.weight.double() * gain.view(-1, 1, 1, 1)
    bias = bn.bias.double() - bn.running_mean.double() * gain
    dtype = conv.weight.dtype
    conv.weight = nn.Parameter(weight.to(dtype), requires_grad=False)
    conv.bias = nn.Parameter(bias.to(dtype), requires_grad=False)
    block.bn = nn.Identity()


class Affine(nn.Module):
    """What batch norm does in evaluation: a scale and a shift of each channel.

    Rounds as PyTorch's own batch norm on the CPU, bit by bit: the shift comes from
    one fused operation, and so does each answer.
    """

    def __init__(self, bn: nn.BatchNorm2d):
        super().__init__()
        scale = bn.weight * torch.rsqrt(bn.running_var + bn.eps)
        shift = bn.bias.double() - bn.running_mean.double() * scale.double()
        self.scale = self.per_channel(scale)
        self.shift = self.per_channel(shift.to(scale.dtype))

    @staticmethod
    def per_channel(values: Tensor) -> nn.Parameter:
        return nn.Parameter(values.view(1, -1, 1, 1), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.shift, x, self.scale)


def merge_kernels(block: RepVGGDW) -> nn.Sequential:
    """The two depthwise kernels of a RepVGGDW as one."""
    fold_batch_norm(block.conv)
    fold_batch_norm(block.conv1)
    wide, narrow = block.conv.conv, block.conv1.conv
    wide.weight += F.pad(narrow.weight, [2, 2, 2, 2])
    wide.bias += narrow.bias
    return nn.Sequential(block.conv, block.act)


def reduce_batch_norm(block: Conv, apart: bool) -> None:
    if apart:
        block.bn = Affine(block.bn)
    else:
        fold_batch_norm(block)


def fuse(network: Network) -> Network:
    """A copy for inference, without batch norm."""
    network = copy.deepcopy(network).eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, CIB) and isinstance(module.cv1[2], RepVGGDW):
            module.cv1[2] = merge_kernels(module.cv1[2])
    for place, layer in enumerate(network.model):
        for module in layer.modules():
            if isinstance(module, Conv) and isinstance(module.bn, nn.BatchNorm2d):
                reduce_batch_norm(module, place in BACKBONE)
    for module in network.modules():
        if isinstance(module, nn.SiLU):
            module.inplace = True
    return network


class Deployed(Topology):
    """[B, 3, H, W] in 0..1 to [B, 4 + nc, N]: cx, cy, w, h in pixels, scores."""

    def __init__(self, network: Network):
        super().__init__(fuse(network).model)
        del self.model[-1].cv2, self.model[-1].cv3
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.model[23](self.features(x))


def top_detections(raw: Tensor, max_detections: int) -> Tensor:
    """[B, 4 + nc, N] to [B, K, 6]: x1, y1, x2, y2, score, class; best first.

    Takes the anchors with the best class each, then the best (anchor, class)
    pairs of those, so one anchor may appear with several classes.
    """
    boxes, scores = raw.transpose(1, 2).split([4, raw.shape[1] - 4], 2)
    nc = scores.shape[2]
    k = min(max_detections, scores.shape[1])
    anchor = scores.amax(2).topk(k)[1].unsqueeze(2)
    boxes = boxes.gather(1, anchor.expand(-1, -1, 4))
    scores = scores.gather(1, anchor.expand(-1, -1, nc))
    score, pair = scores.flatten(1).topk(k)
    row = pair.div(nc, rounding_mode="floor").unsqueeze(2)
    centre, size = boxes.gather(1, row.expand(-1, -1, 4)).chunk(2, 2)
    label = (pair % nc).to(score.dtype)
    return torch.cat([centre - size / 2, centre + size / 2,
                      score.unsqueeze(2), label.unsqueeze(2)], 2)


class EndToEnd(Deployed):
    """[B, 3, H, W] in 0..1 to [B, 300, 6]: x1, y1, x2, y2, score, class."""

    def __init__(self, network: Network):
        super().__init__(network)
        self.max_detections = MAX_DETECTIONS

    def forward(self, x: Tensor) -> Tensor:
        return top_detections(self.model[23](self.features(x)), self.max_detections)


def script(network: Network, end2end: bool = False) -> torch.jit.ScriptModule:
    """Compiles the deploy form of a network, float32 on the CPU."""
    form = EndToEnd if end2end else Deployed
    return torch.jit.script(form(network).cpu().float().eval())
