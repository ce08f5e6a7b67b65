"""From a published DocLayout-YOLO or YOLOv10 checkpoint to a Network.

SPDX-License-Identifier: LGPL-2.1-or-later

The file describes module objects.  What block stands where, and how wide, is
taken from that description, so that every width, depth and member of the family
loads; what this implementation would compute differently is refused.
"""
import itertools
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, List, Tuple

from torch import nn

from doclayout.network import STRIDES, DilatedBlock, Layer, Network, new_network
from doclayout.unpickle import (Archive, CheckpointError, LazyTensor, Record,
                                errors_name, is_int, printable, short)

# Where each place of the shared topology takes its input from.
SOURCES = [-1] * 12 + [[-1, 6], -1, -1, [-1, 4], -1, -1, [-1, 13], -1, -1, [-1, 10],
                       -1, [16, 19, 22]]
HEAD = 23
MAX_MODULES = 10000  # the largest of the family has about 1000
MAX_SIDE = 8192  # of an input, in pixels


@dataclass
class Checkpoint:
    network: Network
    labels: List[str]
    imgsz: int
    license: str
    date: str
    version: str
    family: str  # "doclayout-yolo" or "yolov10"


def is_name(value: Any) -> bool:
    """Whether a value is text, or a number for text, that a JSON file can hold."""
    if isinstance(value, str):
        return not any("\ud800" <= c <= "\udfff" for c in value)
    return type(value) is float or is_int(value) and value.bit_length() <= 64


def members(record: Record, slot: str) -> Dict[str, Any]:
    """The modules, parameters or buffers that a module holds, by name."""
    found = record.state.get(slot) or {}
    if not (isinstance(found, dict) and all(isinstance(k, str) for k in found)):
        raise CheckpointError(f"a {printable(record.kind)} in it has {slot} that are "
                              f"{short(found)}, expected a dict by names")
    return found


def children(record: Record) -> Dict[str, Record]:
    return {k: v for k, v in members(record, "_modules").items()
            if isinstance(v, Record)}


def walk(record: Record, path: str = "", depth: int = 0
         ) -> Iterator[Tuple[str, Record]]:
    """A module and every one below it, with its dotted path."""
    yield path, record
    if depth > 16:  # a module inside itself
        raise CheckpointError(f"the modules at {printable(path)} are nested without end")
    for name, child in children(record).items():
        yield from walk(child, f"{path}.{name}" if path else name, depth + 1)


def list_modules(model: Record) -> Dict[str, Record]:
    modules = dict(itertools.islice(walk(model), MAX_MODULES + 1))
    if len(modules) > MAX_MODULES:  # few may be there, but inside each other
        raise CheckpointError(f"it holds more than {MAX_MODULES} modules, expected "
                              "those of a DocLayout-YOLO or YOLOv10 network")
    return modules


def lazy_state(modules: Dict[str, Record]) -> Dict[str, LazyTensor]:
    """What state_dict() of the described modules would hold."""
    state = {}
    for path, record in modules.items():
        passing = record.state.get("_non_persistent_buffers_set")
        for slot in ("_parameters", "_buffers"):
            for name, value in members(record, slot).items():
                if slot == "_buffers" and isinstance(passing, list) and name in passing:
                    continue
                if isinstance(value, LazyTensor):
                    state[f"{path}.{name}" if path else name] = value
    return state


def list_keys(data: dict) -> str:
    """The keys of a dict for a message, as many as one can take in."""
    keys = ", ".join(short(k) for k in itertools.islice(data, 12))
    return keys + (f" and {len(data) - 12} more" if len(data) > 12 else "")


class Description:
    """The described model: its modules by path and the shapes of its tensors."""

    def __init__(self, archive: Archive):
        self.archive = archive
        self.model = self.find_model()
        self.modules = list_modules(self.model)
        self.state = lazy_state(self.modules)
        for tensor in self.state.values():
            archive.check(tensor)

    def fail(self, what: str) -> None:
        raise CheckpointError(what)

    def find_model(self) -> Record:
        data = self.archive.data
        expected = ("expected a training checkpoint, a dict whose 'ema' or 'model' is a "
                    "pickled detection model; take the file as its authors publish it")
        if not isinstance(data, dict):
            kind = data.cls if isinstance(data, Record) else short(data)
            self.fail(f"holds {printable(kind)}; {expected}")
        model = data.get("ema") or data.get("model")
        if not isinstance(model, Record) or "model" not in children(model):
            if any(isinstance(d, dict) and any(isinstance(v, LazyTensor) for v in d.values())
                   for d in (data, model)):
                self.fail("holds tensors alone (a state_dict), which do not tell the "
                          f"network they belong to; {expected}")
            self.fail(f"found a dict with the keys {list_keys(data)}; {expected}")
        return model

    def at(self, path: str) -> Record:
        if path not in self.modules:
            self.fail(f"its module {path} is missing")
        return self.modules[path]

    def shape(self, key: str) -> Tuple[int, ...]:
        if key not in self.state:
            self.fail(f"its tensor {key} is missing")
        shape = self.state[key].shape
        if len(shape) != 4:
            self.fail(f"its tensor {key} has the shape {shape}, expected four axes")
        return shape

    def attribute(self, path: str, name: str) -> Any:
        state = self.at(path).state
        if name not in state:
            self.fail(f"its module {path} has no attribute {name}")
        return state[name]

    def layer(self, i: int) -> Layer:
        path = f"model.{i}"
        kind = self.at(path).kind
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
        self.fail(f"its module {path} is of the class {printable(kind)}, which stands nowhere in "
                  "a DocLayout-YOLO or YOLOv10 network")

    def stride(self, path: str) -> int:
        stride = self.attribute(path, "stride")
        if stride not in ((1, 1), (2, 2)) or not is_int(*stride):
            self.fail(f"its module {path} has the stride {short(stride)}, expected "
                      "(1, 1) or (2, 2)")
        return stride[0]

    def inner(self, path: str) -> Layer:
        """The blocks inside a cross-stage shell, from the first of them."""
        first = f"{path}.m.0"
        kind = self.kind(first)
        if kind not in ("Bottleneck", "CIB", "DilatedBottleneck"):
            self.fail(f"its module {path} holds blocks of the class {printable(kind)}, "
                      "expected Bottleneck, CIB or DilatedBottleneck")
        layer = Layer("C2f" if kind == "Bottleneck" else "C2fCIB",
                      n=len(children(self.at(f"{path}.m"))),
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
        found = [list(f) if isinstance(f, tuple) else f for f in found]
        if found != SOURCES:
            self.fail("its modules are not connected as those of DocLayout-YOLO and "
                      f"YOLOv10 are; found {len(found)} modules, expected {len(SOURCES)}; "
                      "other networks cannot be converted")

    def build(self) -> Network:
        """A network of the described shape, weights not loaded."""
        self.check_topology()
        head = f"model.{HEAD}"
        if self.at(head).kind != "v10Detect":
            self.fail(f"its head is {printable(self.at(head).kind)}, expected v10Detect")
        self.check_strides(head)
        layers = [self.layer(i) for i in range(HEAD)]
        sizes = {"nc": self.shape(f"{head}.one2one_cv3.0.2.weight")[0],
                 "c2": self.shape(f"{head}.one2one_cv2.0.0.conv.weight")[0],
                 "c3": self.shape(f"{head}.one2one_cv3.0.1.1.conv.weight")[0]}
        try:
            return new_network(layers, **sizes)
        except (ArithmeticError, MemoryError, RuntimeError, ValueError) as error:
            self.fail("its tensors have shapes of which no network can be built: "
                      + printable(str(error)))

    def check_strides(self, head: str) -> None:
        """The head's own strides, where it has them, in cells of input pixels."""
        found = self.at(head).state.get("stride", STRIDES)
        if isinstance(found, LazyTensor):
            found = tuple(self.archive.tensor(found).flatten().tolist())
        if found != STRIDES:
            self.fail(f"its head has the strides {short(found)}, expected {STRIDES}")

    def check_behaviour(self, network: Network) -> None:
        """What a state_dict does not tell: strides, activations, heads ..."""
        for path, module in network.named_modules():
            kind = type(module).__name__
            for ours, theirs in CHECKED.get(kind, {}).items():
                found, expected = self.attribute(path, theirs), getattr(module, ours)
                found = tuple(found) if isinstance(found, list) else found
                if found != expected:
                    self.fail(f"its module {path} has {theirs} = {short(found)}, "
                              f"expected {short(expected)}; a network that computes "
                              "otherwise cannot be converted")
            if kind in ("SiLU", "Identity") and self.kind(path) != kind:
                self.fail(f"its module {path} is {printable(self.kind(path))}, expected "
                          f"{kind}")
            if isinstance(module, nn.BatchNorm2d):
                module.eps = self.eps(path)

    def eps(self, path: str) -> float:
        eps = self.attribute(path, "eps")
        if type(eps) is not float or not 0 < eps < 1:
            self.fail(f"its module {path} has eps = {short(eps)}, expected a number "
                      "between 0 and 1")
        return eps

    def kind(self, path: str) -> str:
        return self.modules[path].kind if path in self.modules else "missing"

    def load(self, network: Network) -> None:
        """Loads every tensor; each of both sides must find its partner."""
        ours = network.state_dict()
        problems = [f"missing: {k} {tuple(ours[k].shape)}"
                    for k in ours if k not in self.state]
        for key, tensor in self.state.items():
            if key not in ours:
                problems.append(f"unknown: {printable(key)} {short(tensor.shape)}")
            elif tensor.shape != tuple(ours[key].shape):
                problems.append(f"shape: {key} is {short(tensor.shape)}, expected "
                                f"{tuple(ours[key].shape)}")
            elif tensor.is_floating() != ours[key].is_floating_point():
                problems.append(f"type: {key} is {tensor.storage.dtype}, expected "
                                f"{ours[key].dtype}")
        if problems:
            self.fail("its tensors are not those of the network it describes; a network "
                      "that was fused, pruned or quantized cannot be converted, take the "
                      "file as its authors publish it:\n  " + "\n  ".join(problems))
        network.load_state_dict({k: self.archive.tensor(v)
                                 for k, v in self.state.items()})

    def labels(self, nc: int) -> List[str]:
        names = self.model.state.get("names")
        if isinstance(names, (list, tuple)):
            names = dict(enumerate(names))
        names = names if isinstance(names, dict) else {}
        found = [names.get(i, names.get(str(i))) for i in range(nc)]
        if len(names) != nc or not all(map(is_name, found)):
            self.fail(f"its 'names' are those of {len(names)} classes, expected a text for "
                      f"each of the classes 0 to {nc - 1}")
        return list(map(str, found))

    def imgsz(self) -> int:
        """The size it was trained at, else 1024."""
        for args in (self.archive.data.get("train_args"), self.model.state.get("args")):
            args = args.state if isinstance(args, Record) else args
            size = args.get("imgsz") if isinstance(args, dict) else None
            sides = size if isinstance(size, (list, tuple)) else [size]
            if sides and is_int(*sides) and 32 <= min(sides) and max(sides) <= MAX_SIDE:
                return max(sides)
        return 1024

    def text(self, key: str) -> str:
        value = self.archive.data.get(key)
        return value if isinstance(value, str) and is_name(value) else ""


# Attributes here and what the file calls them, by class.
CHECKED = {
    "Conv2d": {n: n for n in ("stride", "padding", "dilation", "groups",
                              "padding_mode")},
    "Bottleneck": {"add": "add"},
    "CIB": {"add": "add"},
    "DilatedBottleneck": {"add": "add"},
    "DilatedBlock": {"dilations": "dilation", "add": "add", "fuse": "fuse"},
    "Attention": {n: n for n in ("num_heads", "key_dim", "head_dim", "scale")},
    "MaxPool2d": {n: n for n in ("kernel_size", "stride", "padding", "dilation",
                                 "ceil_mode")},
    "Concat": {"d": "d"},
    "Upsample": {n: n for n in ("scale_factor", "mode")},
}


def read_checkpoint(path: str) -> Checkpoint:
    """Reads a published checkpoint.  Raises CheckpointError."""
    with errors_name(path):
        return convert(Description(Archive(path)))


def convert(description: Description) -> Checkpoint:
    network = description.build()
    description.load(network)
    description.check_behaviour(network)
    dilated = any(isinstance(m, DilatedBlock) for m in network.modules())
    return Checkpoint(network.eval(), description.labels(network.detect.nc),
                      description.imgsz(), description.text("license"),
                      description.text("date"), description.text("version"),
                      "doclayout-yolo" if dilated else "yolov10")
