"""The DocLayout-YOLO and YOLOv10 detection networks, written from public facts.

SPDX-License-Identifier: LGPL-2.1-or-later

Attribute names are the names in the published state_dicts, so that their
tensors load by name.  Every module can be compiled by torch.jit.script.

The networks of this family share one topology (see Network.features) and
differ in the blocks at its places and in their channels; a list of Layer
describes one of them.
"""
import copy
import math
from dataclasses import dataclass, replace
from typing import List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Debian 13's PyTorch 2.6 does not come back from compiling these networks with this
# fuser, which scripted modules meet at their second call.
torch._C._jit_set_texpr_fuser_enabled(False)

STRIDES = (8, 16, 32)
REG_MAX = 16
# Not the defaults of PyTorch, and not stored in a state_dict.
BN_EPS = 1e-3
BN_MOMENTUM = 0.03

# name: (depth, width, max_channels)
SCALES = {
    "n": (0.33, 0.25, 1024),
    "s": (0.33, 0.50, 1024),
    "m": (0.67, 0.75, 768),
    "b": (0.67, 1.00, 512),
    "l": (1.00, 1.00, 512),
    "x": (1.00, 1.25, 512),
}


@dataclass(frozen=True)
class Layer:
    """One block of the backbone or the neck, by the name of its class here."""

    kind: str
    c1: int = 0
    c2: int = 0
    n: int = 1  # inner blocks of the CSP shells
    shortcut: bool = False
    large_kernel: bool = False  # C2fCIB: 7x7 in place of 3x3
    dilations: Tuple[int, ...] = ()  # G2L_CRM; empty: inner blocks are CIB
    kernel: int = 3  # of Conv, SCDown and the dilated blocks
    stride: int = 1


class Conv(nn.Module):
    """Convolution, batch norm, SiLU."""

    def __init__(self, c1: int, c2: int, k: int = 1, s: int = 1, g: int = 1,
                 act: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, k // 2, groups=g, bias=False)
        self.bn = nn.BatchNorm2d(c2, eps=BN_EPS, momentum=BN_MOMENTUM)
        self.act = nn.SiLU() if act else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, c: int, shortcut: bool):
        super().__init__()
        self.cv1 = Conv(c, c, 3)
        self.cv2 = Conv(c, c, 3)
        self.add = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv2(self.cv1(x))
        return x + y if self.add else y


class RepVGGDW(nn.Module):
    """Depthwise 7x7 and 3x3 in parallel."""

    def __init__(self, c: int):
        super().__init__()
        self.conv = Conv(c, c, 7, g=c, act=False)
        self.conv1 = Conv(c, c, 3, g=c, act=False)
        self.act = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.conv(x) + self.conv1(x))


class CIB(nn.Module):
    """Compact inverted block: depthwise and pointwise in turn."""

    def __init__(self, c: int, shortcut: bool, large_kernel: bool):
        super().__init__()
        middle = RepVGGDW(2 * c) if large_kernel else Conv(2 * c, 2 * c, 3, g=2 * c)
        self.cv1 = nn.Sequential(Conv(c, c, 3, g=c), Conv(c, 2 * c), middle,
                                 Conv(2 * c, c), Conv(c, c, 3, g=c))
        self.add = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv1(x)
        return x + y if self.add else y


class DilatedBlock(nn.Module):
    """One convolution seen at several dilations, gated and merged."""

    __constants__ = ["dilations", "half_kernel"]  # lets a script unroll the loop

    def __init__(self, c: int, dilations: Sequence[int], k: int):
        super().__init__()
        wide = c * len(dilations)
        self.dilations = tuple(dilations)
        self.half_kernel = k // 2
        self.add = True  # as the published module describes itself
        self.fuse = "glu"
        self.cv2 = Conv(c, c)
        self.conv_gating = Conv(wide, wide, g=wide)
        self.conv1x1 = Conv(wide, c, g=c)
        self.dcv = Conv(c, c, k)

    def forward(self, x: Tensor) -> Tensor:
        seen: List[Tensor] = []
        for d in self.dilations:
            pad = d * self.half_kernel
            y = F.conv2d(x, self.dcv.conv.weight, self.dcv.conv.bias, [1, 1],
                         [pad, pad], [d, d])
            seen.append(self.cv2(self.dcv.act(self.dcv.bn(y))))
        t = torch.cat(seen, 1)
        return x + self.conv1x1(t * torch.sigmoid(self.conv_gating(t)))


class DilatedBottleneck(nn.Module):
    def __init__(self, c: int, shortcut: bool, dilations: Sequence[int], k: int):
        super().__init__()
        self.cv1 = Conv(c, c, 3)
        self.cv2 = Conv(c, c, 3)
        self.dilated_block = DilatedBlock(c, dilations, k)
        self.add = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv2(self.dilated_block(self.cv1(x)))
        return x + y if self.add else y


class C2f(nn.Module):
    """The cross-stage shell; the inner blocks make it C2f, C2fCIB or G2L_CRM."""

    def __init__(self, c1: int, c2: int, inner: Sequence[nn.Module]):
        super().__init__()
        c = c2 // 2
        self.cv1 = Conv(c1, 2 * c)
        self.cv2 = Conv((2 + len(inner)) * c, c2)
        self.m = nn.ModuleList(inner)

    def forward(self, x: Tensor) -> Tensor:
        a, b = torch.chunk(self.cv1(x), 2, 1)
        parts = [a, b]
        for m in self.m:
            b = m(b)
            parts.append(b)
        return self.cv2(torch.cat(parts, 1))


class SCDown(nn.Module):
    """Spatial and channel change apart: pointwise, then depthwise stride."""

    def __init__(self, c1: int, c2: int, k: int, s: int):
        super().__init__()
        self.cv1 = Conv(c1, c2)
        self.cv2 = Conv(c2, c2, k, s, g=c2, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.cv2(self.cv1(x))


class SPPF(nn.Module):
    """Pools of growing reach, from one 5x5 pool chained three times."""

    def __init__(self, c1: int, c2: int):
        super().__init__()
        self.cv1 = Conv(c1, c1 // 2)
        self.cv2 = Conv(c1 // 2 * 4, c2)
        self.m = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cv1(x)
        y1 = self.m(x)
        y2 = self.m(y1)
        return self.cv2(torch.cat([x, y1, y2, self.m(y2)], 1))


class Attention(nn.Module):
    """Self-attention over all positions; keys half as wide as values."""

    def __init__(self, c: int):
        super().__init__()
        self.num_heads = max(c // 64, 1)
        self.head_dim = c // self.num_heads
        self.key_dim = self.head_dim // 2
        self.scale = self.key_dim ** -0.5
        self.qkv = Conv(c, c + 2 * self.key_dim * self.num_heads, act=False)
        self.proj = Conv(c, c, act=False)
        self.pe = Conv(c, c, 3, g=c, act=False)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        qkv = self.qkv(x).view(b, self.num_heads, 2 * self.key_dim + self.head_dim,
                               h * w)
        q, k, v = qkv.split([self.key_dim, self.key_dim, self.head_dim], 2)
        attn = ((q.transpose(-2, -1) @ k) * self.scale).softmax(-1)
        y = (v @ attn.transpose(-2, -1)).reshape(b, c, h, w)
        return self.proj(y + self.pe(v.reshape(b, c, h, w)))


class PSA(nn.Module):
    """Attention on half of the channels."""

    def __init__(self, c: int):
        super().__init__()
        half = c // 2
        self.cv1 = Conv(c, 2 * half)
        self.cv2 = Conv(2 * half, c)
        self.attn = Attention(half)
        self.ffn = nn.Sequential(Conv(half, 2 * half), Conv(2 * half, half, act=False))

    def forward(self, x: Tensor) -> Tensor:
        a, b = torch.chunk(self.cv1(x), 2, 1)
        b = b + self.attn(b)
        b = b + self.ffn(b)
        return self.cv2(torch.cat([a, b], 1))


class Concat(nn.Module):
    __constants__ = ["d"]

    def __init__(self):
        super().__init__()
        self.d = 1  # the axis, as the published module names it

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.cat([x, skip], self.d)


class DFL(nn.Module):
    """Expectation of a distribution over 0 .. REG_MAX-1 cells."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(REG_MAX, 1, 1, bias=False).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        b, n = x.shape[0], x.shape[2]
        p = x.view(b, 4, x.shape[1] // 4, n).transpose(1, 2).softmax(1)
        return self.conv(p).view(b, 4, n)


def box_branch(c1: int, c: int) -> nn.Sequential:
    return nn.Sequential(Conv(c1, c, 3), Conv(c, c, 3), nn.Conv2d(c, 4 * REG_MAX, 1))


def class_branch(c1: int, c: int, nc: int) -> nn.Sequential:
    return nn.Sequential(nn.Sequential(Conv(c1, c1, 3, g=c1), Conv(c1, c)),
                         nn.Sequential(Conv(c, c, 3, g=c), Conv(c, c)),
                         nn.Conv2d(c, nc, 1))


def anchors(maps: List[Tensor]) -> Tuple[Tensor, Tensor]:
    """Cell centres [2, N] in cells and strides [N] in pixels, row by row."""
    centres: List[Tensor] = []
    strides: List[Tensor] = []
    stride = 8.0
    for m in maps:
        h, w = m.shape[2], m.shape[3]
        x = torch.arange(w, device=m.device, dtype=m.dtype) + 0.5
        y = torch.arange(h, device=m.device, dtype=m.dtype) + 0.5
        grid = [x.unsqueeze(0).expand(h, w), y.unsqueeze(1).expand(h, w)]
        centres.append(torch.stack(grid).flatten(1))
        strides.append(torch.full([h * w], stride, device=m.device, dtype=m.dtype))
        stride = stride * 2.0
    return torch.cat(centres, 1), torch.cat(strides)


def decode(maps: List[Tensor], distances: Tensor, scores: Tensor) -> Tensor:
    """Boxes and scores in the form of the family's raw output.

    distances: [B, 4, N] from each anchor to left, top, right, bottom, in cells.
    scores: [B, nc, N], sigmoid.
    Returns [B, 4 + nc, N]: cx, cy, w, h in input pixels, then the scores.
    """
    centre, stride = anchors(maps)
    lt, rb = torch.chunk(distances, 2, 1)
    box = torch.cat([centre + (rb - lt) / 2, lt + rb], 1) * stride
    return torch.cat([box, scores], 1)


def flat_maps(maps: List[Tensor], box_channels: int) -> Tuple[Tensor, Tensor]:
    """The maps of all levels as [B, box_channels, N] and [B, nc, N]."""
    flat = torch.cat([m.flatten(2) for m in maps], 2)
    return flat[:, :box_channels], flat[:, box_channels:]


class Detect(nn.Module):
    """The head: one-to-many branches to learn from, one-to-one to predict."""

    def __init__(self, channels: Sequence[int], nc: int, c2: int, c3: int):
        """c2 and c3 are the inner channels of the box and class branches."""
        super().__init__()
        self.nc = nc
        self.cv2 = nn.ModuleList([box_branch(c, c2) for c in channels])
        self.cv3 = nn.ModuleList([class_branch(c, c3, nc) for c in channels])
        self.dfl = DFL()
        self.one2one_cv2 = copy.deepcopy(self.cv2)
        self.one2one_cv3 = copy.deepcopy(self.cv3)

    def one2many(self, features: List[Tensor]) -> List[Tensor]:
        return [torch.cat([box(x), cls(x)], 1)
                for x, box, cls in zip(features, self.cv2, self.cv3)]

    def one2one(self, features: List[Tensor]) -> List[Tensor]:
        maps: List[Tensor] = []
        for i, (box, cls) in enumerate(zip(self.one2one_cv2, self.one2one_cv3)):
            maps.append(torch.cat([box(features[i]), cls(features[i])], 1))
        return maps

    def forward(self, features: List[Tensor]) -> Tensor:
        maps = self.one2one(features)
        box, scores = flat_maps(maps, 64)
        return decode(maps, self.dfl(box), scores.sigmoid())


def build_inner(layer: Layer, c: int) -> nn.Module:
    if layer.dilations:
        return DilatedBottleneck(c, layer.shortcut, layer.dilations, layer.kernel)
    if layer.kind == "C2f":
        return Bottleneck(c, layer.shortcut)
    return CIB(c, layer.shortcut, layer.large_kernel)


def build_layer(layer: Layer) -> nn.Module:
    if layer.kind == "Conv":
        return Conv(layer.c1, layer.c2, layer.kernel, layer.stride)
    if layer.kind == "SCDown":
        return SCDown(layer.c1, layer.c2, layer.kernel, layer.stride)
    if layer.kind in ("C2f", "C2fCIB", "G2L_CRM"):
        inner = [build_inner(layer, layer.c2 // 2) for _ in range(layer.n)]
        return C2f(layer.c1, layer.c2, inner)
    if layer.kind == "SPPF":
        return SPPF(layer.c1, layer.c2)
    if layer.kind == "PSA":
        return PSA(layer.c2)
    if layer.kind == "Upsample":
        return nn.Upsample(scale_factor=2.0, mode="nearest")
    if layer.kind == "Concat":
        return Concat()
    raise ValueError(f"no block is called {layer.kind!r}")


class Topology(nn.Module):
    """Backbone and neck as one list of blocks, the head last."""

    def __init__(self, model: nn.ModuleList):
        super().__init__()
        self.model = model

    def features(self, x: Tensor) -> List[Tensor]:
        """The three maps the head sees, at strides 8, 16, 32."""
        x = self.model[1](self.model[0](x))
        x = self.model[3](self.model[2](x))
        p3 = self.model[4](x)
        p4 = self.model[6](self.model[5](p3))
        x = self.model[8](self.model[7](p4))
        p5 = self.model[10](self.model[9](x))
        n4 = self.model[13](self.model[12](self.model[11](p5), p4))
        n3 = self.model[16](self.model[15](self.model[14](n4), p3))
        h4 = self.model[19](self.model[18](self.model[17](n3), n4))
        h5 = self.model[22](self.model[21](self.model[20](h4), p5))
        return [n3, h4, h5]


class Network(Topology):
    """The network as it is trained and as it is published.

    Input: [B, 3, H, W] RGB in 0..1, H and W multiples of 32.
    In training, forward returns {"one2many": maps, "one2one": maps}, each three
    raw maps [B, 64 + nc, H/s, W/s]; in evaluation the decoded one-to-one answer
    (see decode).
    """

    def __init__(self, layers: Sequence[Layer], nc: int, c2: int, c3: int):
        super().__init__(nn.ModuleList([build_layer(x) for x in layers]))
        channels = [layers[i].c2 for i in (16, 19, 22)]
        self.model.append(Detect(channels, nc, c2, c3))

    @property
    def detect(self) -> Detect:
        return self.model[23]

    def forward(self, x: Tensor):
        features = self.features(x)
        if not self.training:
            return self.detect(features)
        # The sparse one-to-one targets train their head alone; the shared
        # features learn from the dense one-to-many ones.
        return {"one2many": self.detect.one2many(features),
                "one2one": self.detect.one2one([f.detach() for f in features])}


def init_weights(network: Network, imgsz: int = 640) -> None:
    """Random weights to train from; both heads start equal."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.weight.requires_grad:
            # fan_in counts a group's inputs, so depthwise layers come out right.
            nn.init.kaiming_normal_(module.weight, mode="fan_in",
                                    nonlinearity="relu")
    detect = network.detect
    # Start at the rate of objects to expect: five an image, over all cells.
    for box, cls, stride in zip(detect.cv2, detect.cv3, STRIDES):
        nn.init.normal_(box[-1].weight, std=0.01)
        nn.init.constant_(box[-1].bias, 1.0)
        nn.init.normal_(cls[-1].weight, std=0.01)
        nn.init.constant_(cls[-1].bias, math.log(5 / detect.nc / (imgsz / stride) ** 2))
    detect.one2one_cv2.load_state_dict(detect.cv2.state_dict())
    detect.one2one_cv3.load_state_dict(detect.cv3.state_dict())


def new_network(layers: Sequence[Layer], nc: int, c2: int = 0,
                c3: int = 0) -> Network:
    """A network with random weights; c2 and c3 as in Detect, 0: the default."""
    channels = layers[16].c2
    network = Network(layers, nc, c2 or max(channels // 4, 4 * REG_MAX),
                      c3 or max(channels, min(nc, 100)))
    cells = torch.arange(REG_MAX, dtype=torch.float32)
    network.detect.dfl.conv.weight.data.copy_(cells.view(1, REG_MAX, 1, 1))
    init_weights(network)
    return network


def scaled_layers(depth: float, width: float, max_channels: int,
                  blocks: dict) -> List[Layer]:
    """The layers at a scale; blocks gives the CSP layers that are not C2f."""

    def c(channels: int) -> int:
        return math.ceil(min(channels, max_channels) * width / 8) * 8

    def csp(i: int, c1: int, c2: int, n: int, shortcut: bool) -> Layer:
        default = Layer("C2f", shortcut=shortcut)
        return replace(blocks.get(i, default), c1=c1, c2=c2,
                       n=max(round(n * depth), 1))

    c64, c128, c256, c512, c1024 = c(64), c(128), c(256), c(512), c(1024)
    up, cat = Layer("Upsample"), Layer("Concat")
    n8 = 6 if 4 in blocks else 3
    return [
        Layer("Conv", 3, c64, stride=2),
        Layer("Conv", c64, c128, stride=2),
        csp(2, c128, c128, 3, True),
        Layer("Conv", c128, c256, stride=2),
        csp(4, c256, c256, 6, True),
        Layer("SCDown", c256, c512, stride=2),
        csp(6, c512, c512, 6, True),
        Layer("SCDown", c512, c1024, stride=2),
        csp(8, c1024, c1024, n8, True),
        Layer("SPPF", c1024, c1024),
        Layer("PSA", c1024, c1024),
        up, cat, csp(13, c1024 + c512, c512, 3, False),
        up, cat, csp(16, c512 + c256, c256, 3, False),
        Layer("Conv", c256, c256, stride=2),
        cat, csp(19, c256 + c512, c512, 3, False),
        Layer("SCDown", c512, c512, stride=2),
        cat, csp(22, c512 + c1024, c1024, 3, False),
    ]


def doclayout(depth: float = 0.33, width: float = 0.25, max_channels: int = 1024,
              nc: int = 10) -> Network:
    """The DocLayout-YOLO network; the released one is SCALES["m"]."""
    cib = Layer("C2fCIB", shortcut=True)
    blocks = {
        4: Layer("G2L_CRM", shortcut=True, dilations=(1, 2, 3), kernel=5),
        6: Layer("G2L_CRM", shortcut=True, dilations=(1, 3, 5), kernel=3),
        8: Layer("G2L_CRM", shortcut=True), 19: cib, 22: cib,
    }
    return new_network(scaled_layers(depth, width, max_channels, blocks), nc)


# Where the sizes of YOLOv10 have compact inverted blocks in place of C2f.
YOLOV10_CIB = {"n": (22,), "s": (8, 22), "m": (8, 19, 22), "b": (8, 13, 19, 22),
               "l": (8, 13, 19, 22), "x": (6, 8, 13, 19, 22)}


def yolov10(size: str, nc: int = 80, scale: Tuple = ()) -> Network:
    """Plain YOLOv10 n, s, m, b, l or x; scale if not that of its size."""
    cib = Layer("C2fCIB", shortcut=True, large_kernel=size in "ns")
    blocks = {i: cib for i in YOLOV10_CIB[size]}
    return new_network(scaled_layers(*(scale or SCALES[size]), blocks), nc)
