"""From a published DocLayout-YOLO or YOLOv10 checkpoint to a Network.

SPDX-License-Identifier: LGPL-2.1-or-later

The file describes module objects.  What block stands where, and how wide, is
taken from that description, so that every width, depth and member of the family
loads; what this implementation would compute differently is refused.
"""
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, List, Tuple

from torch import nn

from doclayout.network import DilatedBlock, Layer, Network, new_network
from doclayout.unpickle import Archive, CheckpointError, LazyTensor, Record

# Where each place of the shared topology takes its input from.
SOURCES = [-1] * 12 + [[-1, 6], -1, -1, [-1, 4], -1, -1, [-1, 13], -1, -1, [-1, 10],
                       -1, [16, 19, 22]]
HEAD = 23


@dataclass
class Checkpoint:
    network: Network
    labels: List[str]
    imgsz: int
    license: str
    date: str
    version: str
    family: str  # "doclayout-yolo" or "yolov10"


def children(record: Record) -> Dict[str, Record]:
    modules = record.state.get("_modules", {})
    if not isinstance(modules, dict):
        return {}
    return {str(k): v for k, v in modules.items() if isinstance(v, Record)}


def walk(record: Record, path: str = "", depth: int = 0
         ) -> Iterator[Tuple[str, Record]]:
    """Every module below a record, with its dotted path."""
    if depth > 16:  # a module inside itself
        raise CheckpointError(f"the modules at {path[:80]} are nested without end")
    for name, child in children(record).items():
        here = f"{path}.{name}" if path else name
        yield here, child
        yield from walk(child, here, depth + 1)


def lazy_state(modules: Dict[str, Record]) -> Dict[str, LazyTensor]:
    """What state_dict() of the described modules would hold."""
    state = {}
    for path, record in modules.items():
        for slot in ("_parameters", "_buffers"):
            for name, value in (record.state.get(slot) or {}).items():
                if isinstance(value, LazyTensor):
                    state[f"{path}.{name}"] = value
    return state


class Description:
    """The described model: its modules by path and the shapes of its tensors."""

    def __init__(self, archive: Archive):
        self.archive = archive
        self.model = self.find_model()
        self.modules = {p: r for p, r in walk(self.model) if p.startswith("model.")}
        self.state = lazy_state(self.modules)

    def fail(self, what: str) -> None:
        raise CheckpointError(f"{self.archive.path}: {what}")

    def find_model(self) -> Record:
        data = self.archive.data
        if not isinstance(data, dict):
            self.fail("holds no training checkpoint (a dict with the key 'model')")
        model = data.get("ema") or data.get("model")
        if not isinstance(model, Record) or "model" not in children(model):
            self.fail("its 'ema' or 'model' is no pickled detection model; found "
                      f"the keys {', '.join(map(str, data))}")
        return model

    def shape(self, key: str) -> Tuple[int, ...]:
        if key not in self.state:
            self.fail(f"its tensor {key} is missing")
        shape = self.state[key].shape
        if len(shape) != 4:
            self.fail(f"its tensor {key} has the shape {shape}, expected four axes")
        return shape

    def attribute(self, path: str, name: str) -> Any:
        record = self.modules.get(path)
        if record is None or name not in record.state:
            self.fail(f"its module {path} has no attribute {name}")
        return record.state[name]

    def layer(self, i: int) -> Layer:
        path = f"model.{i}"
        kind = self.modules[path].kind
        if kind in ("Upsample", "Concat"):
            return Layer(kind)
        if kind == "Conv":
            c2, c1, k, _ = self.shape(f"{path}.conv.weight")
            return Layer(kind, c1, c2, kernel=k, stride=self.stride(f"{path}.conv"))
        c1 = self.shape(f"{path}.cv1.conv.weight")[1]
        c2, _, k, _ = self.shape(f"{path}.cv2.conv.weight")
        if kind == "SCDown":
            return Layer(kind, c1, c2, kernel=k, stride=self.stride(f"{path}.cv2.conv"))
        if kind in ("SPPF", "PSA"):
            return Layer(kind, c1, c2)
        if kind in ("C2f", "C2fCIB", "G2L_CRM"):
            return replace(self.inner(path), c1=c1, c2=c2)
        self.fail(f"its module {path} is of the class {kind}, which stands nowhere in "
                  "a DocLayout-YOLO or YOLOv10 network")

    def stride(self, path: str) -> int:
        stride = self.attribute(path, "stride")
        if stride not in ((1, 1), (2, 2)):
            self.fail(f"its module {path} has the stride {stride}, expected 1 or 2")
        return stride[0]

    def inner(self, path: str) -> Layer:
        """The blocks inside a cross-stage shell, from the first of them."""
        first = f"{path}.m.0"
        kind = self.modules[first].kind if first in self.modules else "none"
        if kind not in ("Bottleneck", "CIB", "DilatedBottleneck"):
            self.fail(f"its module {path} holds blocks of the class {kind}, expected "
                      "Bottleneck, CIB or DilatedBottleneck")
        layer = Layer("C2f" if kind == "Bottleneck" else "C2fCIB",
                      n=len(children(self.modules[f"{path}.m"])),
                      shortcut=self.attribute(first, "add") is True)
        if kind == "CIB":
            middle = self.modules.get(f"{first}.cv1.2")
            large = middle is not None and middle.kind == "RepVGGDW"
            return replace(layer, large_kernel=large)
        if kind == "DilatedBottleneck":
            block = f"{first}.dilated_block"
            return replace(layer, dilations=self.dilations(block),
                           kernel=self.shape(f"{block}.dcv.conv.weight")[2])
        return layer

    def dilations(self, path: str) -> Tuple[int, ...]:
        dilations = self.attribute(path, "dilation")
        if not (isinstance(dilations, (list, tuple)) and dilations
                and all(type(d) is int and 0 < d < 100 for d in dilations)):
            self.fail(f"its module {path} has no list of dilations")
        return tuple(dilations)

    def check_topology(self) -> None:
        places = children(children(self.model)["model"])
        found = [r.state.get("f") for r in places.values()]
        if found != SOURCES:
            self.fail("its modules are not connected as DocLayout-YOLO and YOLOv10 "
                      f"are; found {len(found)} modules, expected {len(SOURCES)}")

    def build(self) -> Network:
        """A network of the described shape, weights not loaded."""
        self.check_topology()
        head = f"model.{HEAD}"
        if self.modules[head].kind != "v10Detect":
            self.fail(f"its head is {self.modules[head].kind}, expected v10Detect")
        layers = [self.layer(i) for i in range(HEAD)]
        return new_network(layers, nc=self.shape(f"{head}.one2one_cv3.0.2.weight")[0],
                           c2=self.shape(f"{head}.one2one_cv2.0.0.conv.weight")[0],
                           c3=self.shape(f"{head}.one2one_cv3.0.1.1.conv.weight")[0])

    def check_behaviour(self, network: Network) -> None:
        """What a state_dict does not tell: strides, activations, heads ..."""
        for path, module in network.named_modules():
            kind = type(module).__name__
            for ours, theirs in CHECKED.get(kind, {}).items():
                found, expected = self.attribute(path, theirs), getattr(module, ours)
                found = tuple(found) if isinstance(found, list) else found
                if found != expected:
                    self.fail(f"its module {path} has {theirs} = {found}, expected "
                              f"{expected}")
            if kind in ("SiLU", "Identity") and self.kind(path) != kind:
                self.fail(f"its module {path} is {self.kind(path)}, expected {kind}")
            if isinstance(module, nn.BatchNorm2d):
                module.eps = float(self.attribute(path, "eps"))

    def kind(self, path: str) -> str:
        return self.modules[path].kind if path in self.modules else "missing"

    def load(self, network: Network) -> None:
        """Loads every tensor; each of both sides must find its partner."""
        ours = {k: tuple(v.shape) for k, v in network.state_dict().items()}
        theirs = {k: v.shape for k, v in self.state.items()}
        missing = [f"missing: {k} {ours[k]}" for k in ours if k not in theirs]
        unknown = [f"unknown: {k} {theirs[k]}" for k in theirs if k not in ours]
        other = [f"shape: {k} is {theirs[k]}, expected {ours[k]}"
                 for k in ours if theirs.get(k, ours[k]) != ours[k]]
        if missing or unknown or other:
            self.fail("its tensors are not those of the network it describes:\n  "
                      + "\n  ".join(missing + unknown + other))
        network.load_state_dict({k: self.archive.tensor(v)
                                 for k, v in self.state.items()})

    def labels(self, nc: int) -> List[str]:
        names = self.model.state.get("names")
        if isinstance(names, (list, tuple)):
            names = dict(enumerate(names))
        if not (isinstance(names, dict) and sorted(map(str, names)) ==
                sorted(map(str, range(nc)))):
            self.fail(f"its 'names' do not name the classes 0 to {nc - 1}")
        return [str(names[i]) for i in range(nc)]

    def imgsz(self) -> int:
        """The size it was trained at, else 1024."""
        for args in (self.archive.data.get("train_args"), self.model.state.get("args")):
            args = args.state if isinstance(args, Record) else args
            size = args.get("imgsz") if isinstance(args, dict) else None
            if type(size) is int and size > 0:
                return size
        return 1024

    def text(self, key: str) -> str:
        value = self.archive.data.get(key)
        return value if isinstance(value, str) else ""


# Attributes here and what the file calls them, by class.
CHECKED = {
    "Conv2d": {n: n for n in ("stride", "padding", "dilation", "groups")},
    "Bottleneck": {"add": "add"},
    "CIB": {"add": "add"},
    "DilatedBottleneck": {"add": "add"},
    "DilatedBlock": {"dilations": "dilation", "add": "add", "fuse": "fuse"},
    "Attention": {n: n for n in ("num_heads", "key_dim", "head_dim", "scale")},
    "MaxPool2d": {n: n for n in ("kernel_size", "stride", "padding")},
    "Upsample": {n: n for n in ("scale_factor", "mode")},
}


def read_checkpoint(path: str) -> Checkpoint:
    """Reads a published checkpoint.  Raises CheckpointError."""
    description = Description(Archive(path))
    network = description.build()
    description.load(network)
    description.check_behaviour(network)
    dilated = any(isinstance(m, DilatedBlock) for m in network.modules())
    return Checkpoint(network.eval(), description.labels(network.detect.nc),
                      description.imgsz(), description.text("license"),
                      description.text("date"), description.text("version"),
                      "doclayout-yolo" if dilated else "yolov10")
