"""Writes the tiny TorchScript modules that the tests of all areas load.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: /usr/bin/python3 make_models.py [DIRECTORY]

Made with Debian 12's PyTorch 1.13, so that every supported libtorch reads them.
README.md beside this file says what each one does.
"""
import io
import json
import random
import sys
import zipfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Identity(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Quadrants(nn.Module):
    """[B, 12, 6]: a box a quadrant and channel, its score the channel's mean."""

    def forward(self, x: Tensor) -> Tensor:
        rows: List[Tensor] = []
        h, w = x.shape[2] // 2, x.shape[3] // 2
        for q in range(4):
            top, left = (q // 2) * h, (q % 2) * w
            middle = x[:, :, top + h // 4:top + h - h // 4,
                       left + w // 4:left + w - w // 4]
            mean = middle.mean(dim=[2, 3])
            for c in range(3):
                box = torch.tensor([left, top, left + w, top + h],
                                   dtype=x.dtype, device=x.device)
                label = torch.full([x.shape[0], 1], float(c), dtype=x.dtype,
                                   device=x.device)
                rows.append(torch.cat([box.expand(x.shape[0], 4),
                                       mean[:, c:c + 1], label], 1))
        return torch.stack(rows, 1)


class Cells(nn.Module):
    """[B, 4 + 3, N]: a candidate a 32 x 32 cell, its scores the channels' means."""

    def forward(self, x: Tensor) -> Tensor:
        scores = F.avg_pool2d(x, [32, 32])
        h, w = scores.shape[2], scores.shape[3]
        cy = torch.arange(h, device=x.device).to(x.dtype) * 32 + 16
        cx = torch.arange(w, device=x.device).to(x.dtype) * 32 + 16
        boxes = torch.stack([cx.repeat(h), cy.repeat_interleave(w),
                             torch.full([h * w], 24.0, device=x.device),
                             torch.full([h * w], 24.0, device=x.device)], 0)
        return torch.cat([boxes.expand(x.shape[0], 4, h * w),
                          scores.flatten(2)], 1)


class Half(nn.Module):
    """A 1x1 convolution stored in float16, with an int64 buffer beside it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        weight = [[0.5, 0.25, -1.0], [2.0, 0.0, 0.125]]
        self.conv.weight.data = torch.tensor(weight).reshape(2, 3, 1, 1)
        self.conv.bias.data = torch.tensor([1.0, -2.0])
        self.register_buffer("order", torch.tensor([1, 0]))
        self.half()

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).index_select(1, self.order)


class Dropout(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, 0.5, self.training)


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() > 0:
            raise ValueError("this module always fails")
        return x


class Mismatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.ones([x.shape[-1] + 1])


class DictOutput(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        boxes = torch.tensor([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
        return {"boxes": boxes, "scores": torch.tensor([0.75, 0.5]),
                "labels": torch.tensor([2, 1])}


class Ssd(nn.Module):
    """Two boxes, as fractions of the input; the second is no object's."""

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        boxes = torch.tensor([[[0.25, 0.125, 0.75, 0.5], [0.0, 0.0, 1.0, 1.0]]])
        return {"boxes": boxes, "scores": torch.tensor([[0.875, 0.0]]),
                "classes": torch.tensor([[2.0, 0.0]]), "count": torch.tensor([1.0])}


class TupleOutput(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x + 1, x * 2


class NestedOutput(nn.Module):
    def forward(self, x: Tensor) -> Tuple[
            List[Tensor], Dict[int, Tuple[Tensor, int]], Optional[Tensor],
            Tuple[float, bool, str], List[int], List[float], List[str],
            List[bool]]:
        none: Optional[Tensor] = None
        return ([x, x + 1], {3: (x * 2, 7), -1: (x * 3, -8)}, none,
                (0.25, True, "caption"), [1, -2], [0.5], ["a", "b", "c"],
                [False, True])


class StringOutput(nn.Module):
    def forward(self, x: Tensor) -> str:
        return "page"


class Point(NamedTuple):
    x: Tensor
    y: int


class NamedTupleOutput(nn.Module):
    def forward(self, x: Tensor) -> Point:
        return Point(x, 4)


class Thing:
    def __init__(self, value: int):
        self.value = value


class ObjectOutput(nn.Module):
    def forward(self, x: Tensor) -> Thing:
        return Thing(3)


class SparseOutput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.to_sparse()


class ComplexOutput(nn.Module):
    def forward(self, x: Tensor) -> List[Tensor]:
        return [torch.complex(x, x)]


class QuantizedOutput(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"q": torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)}


class Bfloat16Output(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x.to(torch.bfloat16), x.to(torch.float16)


class Product(nn.Module):
    """A matrix product, which is the BLAS', and nothing after it."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0].matmul(x[:, 0].transpose(1, 2))


class NanOutput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        row = [1.0, 2.0, float("nan"), 4.0, 0.5, 0.0]
        return torch.tensor([[row]]).expand(x.shape[0], 1, 6)


class InfOutput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        row = [1.0, 2.0, float("inf"), 4.0, 0.5, 0.0]
        return torch.tensor([[row]]).expand(x.shape[0], 1, 6)


class WrongRank(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tensor([1.0, 2.0, 3.0, 4.0])


class NoBoxes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros([x.shape[0], 0, 6])


class TwoMethods(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1

    @torch.jit.export
    def detect(self, x: Tensor) -> Tensor:
        return x * 2


class TwoPhases(nn.Module):
    """400 MB in large tensors, and after them 320 MB in small ones."""

    def forward(self, x: Tensor) -> Tensor:
        for n, floats in [(5, 20 << 20), (80, 1 << 20)]:
            alive = [x.expand([floats]) + i for i in range(n)]
            x = alive[0][:1] + 1
        return x


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x - y


class ListInput(nn.Module):
    """Writes into the tensors of its list."""

    def forward(self, images: List[Tensor], scale: Tensor) -> List[Tensor]:
        return [image.mul_(scale) for image in images]


class FixedSize(nn.Module):
    """One box over a 64 x 64 frame; its score is the mean of the input."""

    def forward(self, x: Tensor) -> Tensor:
        mean = x.reshape(1, 3, 64, 64).mean().reshape(1, 1, 1)
        return torch.cat([torch.tensor([[[0.0, 0.0, 64.0, 64.0]]]), mean,
                          torch.zeros([1, 1, 1])], 2)


class InPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul_(2)


class Counter(nn.Module):
    """Returns its own buffer, which each call changes."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls.add_(1)
        return self.calls


class Remembers(nn.Module):
    """Returns the input of the call before, which it keeps as an attribute."""

    def __init__(self):
        super().__init__()
        self.last = torch.zeros(1)

    def forward(self, x: Tensor) -> Tensor:
        last = self.last
        self.last = x * 1
        return last


class Ramp(nn.Module):
    """Traced below: the device of arange() becomes a constant of the graph."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(x.shape[-1], device=x.device)


class Tied(nn.Module):
    """One float16 weight under two names, as in a language model's ends."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2, bias=False)
        self.second = nn.Linear(2, 2, bias=False)
        self.second.weight = self.first.weight
        self.first.weight.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        self.half()

    def forward(self, x: Tensor) -> Tensor:
        return self.first(x) + 10 * self.second(x)


LIBRARY = torch.library.Library("shim_example", "DEF")
LIBRARY.define("scale(Tensor x, float factor) -> Tensor")


class CustomOp(nn.Module):
    """Its operator is registered by tests/shim/example_op.cpp."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.shim_example.scale(x, 3.0)


class Head(nn.Module):
    """[B, 4 + 5, H * W]: a raw YOLO head whose columns are the pixels."""

    def forward(self, x: Tensor) -> Tensor:
        p = x.flatten(2)
        return torch.cat([p, p, p], 1)


class StaysBehind(nn.Module):
    """Mixes in a tensor that is on the CPU wherever the module is."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.ones(x.shape[-1]).cpu()


class UnnamedDevice(nn.Module):
    """Makes a tensor and names no device: that means the CPU."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(x.shape[-1], dtype=x.dtype)


class Branches(nn.Module):
    """Looks at a value before it goes on, which no graph of launches can."""

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.mean() > 0.5):
            return x + 1
        return x * 2


class Activated(nn.Module):
    """What is fused on a card: convolutions, SiLU, sums; see README.md."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(7)
        self.first = nn.Conv2d(3, 16, 3, 2, 1)
        self.second = nn.Conv2d(16, 16, 3, 1, 2, dilation=2)
        self.each = nn.Conv2d(16, 16, 3, 1, 1, groups=16)
        self.last = nn.Conv2d(16, 7, 1)
        for p in self.parameters():
            p.data = torch.randn(p.shape, generator=generator) / p[0].numel() ** 0.5

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(self.first(x), inplace=True)
        y = x + F.silu(self.second(x))
        y = F.silu(self.each(y)) + x
        return F.silu(self.last(y))


WAITING = torch.library.Library("shim_cuda_test", "DEF")
WAITING.define("wait(Tensor x) -> Tensor")


class Waits(nn.Module):
    """Its operator, of tests/cuda/waiting_op.cpp, waits for the whole card."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.shim_cuda_test.wait(x) + 1


SCRIPTED = {
    "identity": Identity, "boxes_e2e": Quadrants, "boxes_raw": Cells,
    "half": Half, "raises": Raises, "mismatch": Mismatch,
    "dict_output": DictOutput, "ssd": Ssd, "tuple_output": TupleOutput,
    "nested_output": NestedOutput, "namedtuple_output": NamedTupleOutput,
    "string_output": StringOutput, "object_output": ObjectOutput,
    "sparse_output": SparseOutput,
    "complex_output": ComplexOutput, "quantized_output": QuantizedOutput,
    "bf16_output": Bfloat16Output, "nan_output": NanOutput,
    "inf_output": InfOutput, "wrong_rank": WrongRank, "no_boxes": NoBoxes,
    "two_methods": TwoMethods, "two_phases": TwoPhases, "two_inputs": TwoInputs,
    "list_input": ListInput,
    "fixed_size": FixedSize, "inplace": InPlace, "counter": Counter,
    "remembers": Remembers,
    "tied": Tied, "custom_op": CustomOp,
    "head": Head, "stays_behind": StaysBehind, "unnamed_device": UnnamedDevice,
    "branches": Branches, "activated": Activated, "waits": Waits, "product": Product,
}

CONFIG = {"task": "detect", "stride": 32, "imgsz": [64, 64],
          "names": {"0": "red", "1": "green", "2": "blue"}}


def write_without_source_paths(module, path: Path, extra=None):
    """Saves @module less its debug records, which name files of this machine."""
    blob = io.BytesIO()
    torch.jit.save(module, blob, _extra_files=extra or {})
    writer = torch._C.PyTorchFileWriter(str(path))
    with zipfile.ZipFile(blob) as archive:
        for name in archive.namelist():
            record = name.split("/", 1)[1]
            if record == "version" or record.endswith(".debug_pkl"):
                continue
            data = archive.read(name)
            writer.write_record(record, data, len(data))
    writer.write_end_of_file()


def write_modules(out: Path):
    for name, cls in SCRIPTED.items():
        write_without_source_paths(torch.jit.script(cls().eval()),
                                   out / f"{name}.pt")
    write_without_source_paths(torch.jit.script(Dropout().train()),
                               out / "training.pt")
    write_without_source_paths(torch.jit.script(Quadrants().eval()),
                               out / "config.pt",
                               {"config.txt": json.dumps(CONFIG)})
    write_without_source_paths(torch.jit.trace(Ramp(), torch.zeros(1, 4)),
                               out / "traced_device.pt")


def write_non_modules(out: Path):
    state = {"conv.weight": torch.zeros(2, 3, 1, 1)}
    torch.save(state, out / "checkpoint.pt")
    torch.save(state, out / "checkpoint_legacy.pt",
               _use_new_zipfile_serialization=False)
    whole = (out / "boxes_e2e.pt").read_bytes()
    (out / "truncated.pt").write_bytes(whole[:len(whole) // 2])
    (out / "random.pt").write_bytes(random.Random(1).randbytes(1500))
    (out / "empty.pt").write_bytes(b"")


if __name__ == "__main__":
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    write_modules(directory)
    write_non_modules(directory)
