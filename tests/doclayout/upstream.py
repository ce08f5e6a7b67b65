"""Checkpoint files as upstream writes them, made from networks of this project.

SPDX-License-Identifier: LGPL-2.1-or-later

Upstream pickles module objects, so the file names its classes.  Here classes of
those names, empty, stand in for them while a file is written.
"""
import contextlib
import copy
import sys
import types

import numpy as np
import torch
from torch import nn

from doclayout.checkpoint import SOURCES
from doclayout.network import CIB, C2f, DilatedBottleneck, DilatedBlock

MODULES = {
    "nn.tasks": ["YOLOv10DetectionModel"],
    "nn.modules.block": ["Attention", "Bottleneck", "C2f", "C2fCIB", "CIB", "DFL",
                         "PSA", "RepVGGDW", "SCDown", "SPPF"],
    "nn.modules.conv": ["Conv", "Concat"],
    "nn.modules.g2l_crm": ["G2L_CRM", "DilatedBottleneck", "DilatedBlock"],
    "nn.modules.head": ["v10Detect"],
    "utils": ["IterableSimpleNamespace"],
    "utils.loss": ["v10DetectLoss", "v8DetectionLoss", "BboxLoss"],
    "utils.tal": ["TaskAlignedAssigner"],
}


class DillType:
    """Pickles as dill's reference to a built-in type."""

    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return sys.modules["dill._dill"]._load_type, (self.name,)


def stand_in(module, name, base):
    fake = type(name, (base,), {"__module__": module})
    setattr(sys.modules[module], name, fake)
    return fake


@contextlib.contextmanager
def upstream_classes(package):
    """Empty classes under upstream's names, by their short name."""
    before = set(sys.modules)
    try:
        classes = {}
        for path, names in MODULES.items():
            parts = f"{package}.{path}".split(".")
            for i in range(1, len(parts) + 1):
                name = ".".join(parts[:i])
                sys.modules.setdefault(name, types.ModuleType(name))
            base = nn.Module if path.startswith("nn.") else object
            classes.update((n, stand_in(f"{package}.{path}", n, base))
                           for n in names)
        dill = types.ModuleType("dill._dill")
        sys.modules["dill"], sys.modules["dill._dill"] = types.ModuleType("dill"), dill

        def _load_type(name):
            return getattr(types, name)

        _load_type.__module__, _load_type.__qualname__ = "dill._dill", "_load_type"
        dill._load_type = _load_type
        yield classes
    finally:
        # Not what PyTorch has loaded meanwhile: it cannot be loaded twice.
        for name in set(sys.modules) - before:
            if name.split(".")[0] in (package, "dill"):
                del sys.modules[name]


def upstream_name(module):
    """The class upstream has for a module of this project."""
    if not isinstance(module, C2f):
        return {"Detect": "v10Detect"}.get(type(module).__name__,
                                           type(module).__name__)
    if isinstance(module.m[0], DilatedBottleneck):
        return "G2L_CRM"
    return "C2fCIB" if isinstance(module.m[0], CIB) else "C2f"


def loss(classes, model):
    """The loss object that some published files carry."""
    inner = classes["v8DetectionLoss"]()
    inner.bce = nn.BCEWithLogitsLoss(reduction="none")
    inner.device = torch.device("cpu")
    inner.proj = torch.arange(16.0)
    inner.hyp = classes["IterableSimpleNamespace"]()
    inner.hyp.box = 7.5
    inner.assigner = classes["TaskAlignedAssigner"]()
    inner.assigner.shape = torch.Size([1, 2])
    inner.bbox_loss = classes["BboxLoss"]()
    outer = classes["v10DetectLoss"]()
    outer.one2many, outer.one2one = inner, inner
    return outer


def upstream_model(network, labels, classes, change=None, half=True):
    """The network as the object upstream would pickle."""
    network = copy.deepcopy(network)
    if half:
        network.half()
    for layer, source in zip(network.model, SOURCES):
        layer.f = source
    if change:
        change(network)
    for module in list(network.modules()):
        if isinstance(module, DilatedBlock):
            module.dilation = list(module.dilations)
        if type(module).__module__.startswith("doclayout."):
            name = upstream_name(module)
            module.__class__ = classes.get(name, classes["YOLOv10DetectionModel"])
    network._modules["model"] = nn.Sequential(*network._modules["model"])
    network.names = dict(enumerate(labels))
    network.stride = torch.tensor([8.0, 16.0, 32.0])
    return network


def write_checkpoint(path, network, labels, *, package="doclayout_yolo", ema=False,
                     with_loss=False, dill=False, numpy=False, imgsz=1024,
                     change=None, protocol=2, half=True):
    """Writes network as upstream would; change edits it first."""
    with upstream_classes(package) as classes:
        model = upstream_model(network, labels, classes, change, half)
        if with_loss:
            model.criterion = loss(classes, model)
        if dill:
            model.save_types = [DillType("set"), DillType("NoneType")]
        torch.save({
            "epoch": -1,
            "best_fitness": np.float64(0.5) if numpy else None,
            "model": None if ema else model,
            "ema": model if ema else None,
            "optimizer": None,
            "train_args": {"imgsz": imgsz},
            "date": "2024-10-14",
            "version": "0.0.2",
            "license": "AGPL-3.0",
        }, path, pickle_protocol=protocol)
