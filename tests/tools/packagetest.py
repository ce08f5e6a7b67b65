# packagetest.py - a network, and weights for it, that the tests of packages share
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import struct

import torch


def safetensors(tensors):
    """The format, written from its description."""
    header, data = {}, b""
    for name, array in tensors.items():
        begin, data = len(data), data + array.tobytes()
        dtype = {"f4": "F32", "f2": "F16", "f8": "F64", "i8": "I64"}[array.dtype.str[1:]]
        header[name] = {"dtype": dtype, "shape": list(array.shape),
                        "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Detector(torch.nn.Module):
    """Two boxes whose scores depend on the input and on the weights."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 12, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(12)

    def forward(self, x):
        y = self.norm(self.conv(x)).mean((2, 3)).sigmoid().view(-1, 2, 6)
        scale = torch.tensor([10.0, 10.0, 60.0, 60.0, 1.0, 0.0], device=x.device)
        return y * scale
