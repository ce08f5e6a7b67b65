"""Reads PyTorch checkpoint files without executing their pickle.

SPDX-License-Identifier: LGPL-2.1-or-later

A pickle is a program that may call anything.  This reader interprets its
opcodes itself, calls nothing that the file names, and turns every object into a
Record of what the file says about it.  Names outside an allow-list are refused.
"""
import contextlib
import math
import pickletools
import struct
import zipfile
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
import torch


class CheckpointError(Exception):
    """A checkpoint that cannot be read; the message is for the user."""


@contextlib.contextmanager
def errors_name(path: str) -> Iterator[None]:
    """Puts the file's name before the message of a CheckpointError."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None


@dataclass(frozen=True)
class Global:
    """A class or function that the file names."""

    module: str
    name: str

    def __str__(self) -> str:
        return printable(f"{self.module}.{self.name}")


@dataclass(eq=False)
class Record:
    """An object of the file: its class, how it was made, its state."""

    cls: str
    args: Tuple = ()
    state: Dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.cls.rpartition(".")[2]


@dataclass(frozen=True)
class Storage:
    dtype: str
    key: str
    numel: int


@dataclass(eq=False)
class LazyTensor:
    """A tensor whose numbers are still in the file."""

    storage: Storage
    offset: int
    shape: Tuple[int, ...]
    stride: Tuple[int, ...]

    def is_floating(self) -> bool:
        return "f" in self.storage.dtype  # <f2, <f4, <f8, bfloat16


UPSTREAM_CLASSES = {
    "nn.tasks": ("YOLOv10DetectionModel", "DetectionModel"),
    "nn.modules.block": ("Attention", "Bottleneck", "C2f", "C2fCIB", "CIB", "DFL",
                         "PSA", "RepVGGDW", "SCDown", "SPPF"),
    "nn.modules.conv": ("Conv", "Concat"),
    "nn.modules.g2l_crm": ("G2L_CRM", "DilatedBottleneck", "DilatedBlock"),
    "nn.modules.head": ("v10Detect",),
    "utils": ("IterableSimpleNamespace",),
    "utils.loss": ("v10DetectLoss", "v8DetectionLoss", "BboxLoss"),
    "utils.tal": ("TaskAlignedAssigner",),
}
TORCH_CLASSES = {
    "torch": ("Size", "device"),
    "torch.nn.modules.activation": ("SiLU",),
    "torch.nn.modules.batchnorm": ("BatchNorm2d",),
    "torch.nn.modules.container": ("ModuleList", "Sequential"),
    "torch.nn.modules.conv": ("Conv2d",),
    "torch.nn.modules.linear": ("Identity",),
    "torch.nn.modules.loss": ("BCEWithLogitsLoss",),
    "torch.nn.modules.pooling": ("MaxPool2d",),
    "torch.nn.modules.upsampling": ("Upsample",),
    "numpy": ("dtype",),
    "numpy.core.multiarray": ("scalar",),
    "numpy._core.multiarray": ("scalar",),
}
# How each storage type lies in the file; bfloat16 has no NumPy type.
STORAGE_DTYPES = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1",
    "BoolStorage": "?",
}
# What dill's _load_type may name: plain data, nothing that runs.
DILL_TYPES = ("NoneType", "bool", "bytes", "complex", "dict", "float", "frozenset",
              "int", "list", "object", "set", "str", "tuple")


def record_classes() -> frozenset:
    names = {(m, n) for m, ns in TORCH_CLASSES.items() for n in ns}
    # The same classes are published under the names of two packages.
    for package in ("doclayout_yolo", "ultralytics"):
        names |= {(f"{package}.{m}", n)
                  for m, ns in UPSTREAM_CLASSES.items() for n in ns}
    return frozenset(names)


RECORD_CLASSES = record_classes()


def need(condition: bool, what: str) -> None:
    if not condition:
        raise CheckpointError(what)


def is_int(*values: Any) -> bool:
    return all(type(v) is int for v in values)


def printable(text: str) -> str:
    """Text of the file for a message: one line, no control characters, not long."""
    text = text if len(text) <= 160 else text[:160] + "..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def short(value: Any) -> str:
    """A value for a message; containers by type, as theirs may be endless."""
    if isinstance(value, Global):
        return str(value)
    if type(value) is int and value.bit_length() > 64:
        return "a huge integer"  # Python may refuse to print it
    if value is None or isinstance(value, (str, bytes, int, float)):
        return printable(repr(value))
    if isinstance(value, (tuple, list)) and len(value) <= 8 and all(
            type(v) in (int, float) for v in value):
        items = ", ".join(map(short, value)) + "," * (len(value) == 1)
        return f"({items})" if isinstance(value, tuple) else f"[{items.rstrip(',')}]"
    return f"a {type(value).__name__}"


def make_dict(*args: Any) -> dict:
    pairs = args[0] if args else []
    need(len(args) <= 1 and isinstance(pairs, (list, dict)),
         "collections.OrderedDict is called with something else than pairs")
    return dict(pairs)


def make_list(*args: Any) -> list:
    """Sets become lists: their elements may be unhashable here."""
    need(len(args) <= 1 and all(isinstance(a, (list, tuple, dict)) for a in args),
         "a container is made from something else than a list")
    return list(args[0]) if args else []


def make_bytes(*args: Any) -> bytes:
    need(len(args) == 2 and isinstance(args[0], str) and args[1] == "latin1",
         f"_codecs.encode is called with {', '.join(map(short, args))}; only (text, 'latin1') is "
         "what checkpoints hold")
    return args[0].encode("latin1")


def make_dill_type(*args: Any) -> Global:
    need(len(args) == 1 and args[0] in DILL_TYPES,
         f"dill._dill._load_type asks for {', '.join(map(short, args))}; allowed "
         f"are only {', '.join(DILL_TYPES)}")
    return Global("builtins", args[0])


def make_tensor(*args: Any) -> LazyTensor:
    need(len(args) >= 4 and isinstance(args[0], Storage) and is_int(args[1])
         and isinstance(args[2], tuple) and is_int(*args[2])
         and isinstance(args[3], tuple) and is_int(*args[3]),
         "torch._utils._rebuild_tensor_v2 is called with something else than a "
         "storage, an offset, a shape and strides")
    storage, offset, shape, stride = args[:4]
    check_bounds(storage, offset, shape, stride)
    return LazyTensor(storage, offset, shape, stride)


def check_bounds(storage: Storage, offset: int, shape: Tuple[int, ...],
                 stride: Tuple[int, ...]) -> None:
    inside = (len(shape) == len(stride) and offset >= 0
              and all(n >= 0 for n in shape + stride))
    if inside and all(shape):
        last = offset + sum((n - 1) * s for n, s in zip(shape, stride))
        inside = last < storage.numel
    need(inside, f"a tensor of shape {short(shape)}, strides {short(stride)}, offset "
         f"{short(offset)} does not lie within its storage of {short(storage.numel)} elements")


def make_parameter(*args: Any) -> LazyTensor:
    need(len(args) >= 1 and isinstance(args[0], LazyTensor),
         "torch._utils._rebuild_parameter, or with_state, is called with something else than a "
         "tensor")
    return args[0]


FUNCTIONS: Dict[Tuple[str, str], Callable] = {
    ("torch._utils", "_rebuild_tensor_v2"): make_tensor,
    ("torch._utils", "_rebuild_parameter"): make_parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): make_parameter,
    ("collections", "OrderedDict"): make_dict,
    ("_codecs", "encode"): make_bytes,
    ("dill._dill", "_load_type"): make_dill_type,
    ("builtins", "dict"): make_dict,
}
for _module in ("__builtin__", "builtins"):
    for _name in ("set", "frozenset", "list"):
        FUNCTIONS[_module, _name] = make_list


def find_global(module: str, name: str) -> Global:
    key = (module, name)
    storage = module == "torch" and name in STORAGE_DTYPES
    found = Global(module, name)
    need(key in RECORD_CLASSES or key in FUNCTIONS or storage,
         f"it names {found}, which no DocLayout-YOLO or YOLOv10 checkpoint needs; "
         "refusing to read it.  Take the file as its authors publish it")
    return found


def call(function: Any, args: Any) -> Any:
    """What REDUCE and NEWOBJ mean here: never a call into the file's choice."""
    need(isinstance(function, Global) and isinstance(args, tuple),
         "it calls something that is no named class")
    key = (function.module, function.name)
    if key in FUNCTIONS:
        return FUNCTIONS[key](*args)
    need(key in RECORD_CLASSES, f"it calls {function}, which is not allowed")
    if key == ("torch", "Size"):
        return tuple(make_list(*args))
    return Record(str(function), args)


def build(target: Any, state: Any) -> None:
    """What BUILD means here: remember the state."""
    if isinstance(target, (dict, LazyTensor)):
        return  # attributes of a dict or tensor: metadata nobody needs
    need(isinstance(target, Record),
         f"it sets the state of a {type(target).__name__}, which is not allowed")
    parts = state if isinstance(state, tuple) else (state,)
    for part in parts:
        if isinstance(part, dict):
            target.state.update(part)


def find_storage(pid: Any) -> Storage:
    need(isinstance(pid, tuple) and len(pid) == 5 and pid[0] == "storage"
         and isinstance(pid[1], Global) and pid[1].name in STORAGE_DTYPES
         and isinstance(pid[2], str) and is_int(pid[4]) and pid[4] >= 0,
         "it refers to something that is no tensor storage")
    return Storage(STORAGE_DTYPES[pid[1].name], pid[2], pid[4])


PUSHED = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple,
         "EMPTY_SET": list}
LITERALS = frozenset((
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE",
    "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"))
SKIPPED = frozenset(("PROTO", "FRAME"))
PUT = frozenset(("PUT", "BINPUT", "LONG_BINPUT"))
GET = frozenset(("GET", "BINGET", "LONG_BINGET"))
KEYS = (str, int, float, bytes, type(None), Global)
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class Machine:
    """The stack machine of a pickle, for the opcodes that only build data."""

    def __init__(self):
        self.stack: List[Any] = []
        self.marks: List[int] = []
        self.memo: Dict[int, Any] = {}

    def pop(self) -> Any:
        need(len(self.stack) > (self.marks[-1] if self.marks else 0),
             "its pickle is damaged: the stack is empty")
        return self.stack.pop()

    def pop_to_mark(self) -> List[Any]:
        need(bool(self.marks), "its pickle is damaged: a mark is missing")
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def top(self, kind: type) -> Any:
        need(bool(self.stack) and isinstance(self.stack[-1], kind),
             f"its pickle is damaged: a {kind.__name__} is missing")
        return self.stack[-1]

    def set_items(self, items: List[Any]) -> None:
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2]):
            # Of tuples only flat ones: hashing a deep one would exhaust the C stack.
            need(all(isinstance(k, KEYS) for k in
                     (key if isinstance(key, tuple) else (key,))),
                 f"it uses {short(key)} as a key")
            target[key] = value

    def construct(self, op: str, arg: Any) -> bool:
        """Opcodes that make an object of a named class."""
        if op == "GLOBAL":
            self.stack.append(find_global(*arg.split(" ", 1)))
        elif op == "STACK_GLOBAL":
            name, module = self.pop(), self.pop()
            self.stack.append(find_global(str(module), str(name)))
        elif op in ("REDUCE", "NEWOBJ"):
            args = self.pop()
            self.stack.append(call(self.pop(), args))
        elif op == "BUILD":
            state = self.pop()
            build(self.top(object), state)
        elif op == "INST":
            raise CheckpointError(f"it makes {find_global(*arg.split(' ', 1))} by the "
                                  "opcode INST, which no checkpoint needs")
        elif op == "BINPERSID":
            self.stack.append(find_storage(self.pop()))
        else:
            return False
        return True

    def collect(self, op: str) -> bool:
        """Opcodes that fill containers."""
        if op == "TUPLE":
            self.stack.append(tuple(self.pop_to_mark()))
        elif op == "FROZENSET":
            self.stack.append(self.pop_to_mark())
        elif op in TUPLES:
            items = [self.pop() for _ in range(TUPLES[op])]
            self.stack.append(tuple(reversed(items)))
        elif op in ("APPENDS", "ADDITEMS"):
            items = self.pop_to_mark()
            self.top(list).extend(items)
        elif op == "APPEND":
            item = self.pop()
            self.top(list).append(item)
        elif op == "SETITEMS":
            self.set_items(self.pop_to_mark())
        elif op == "SETITEM":
            value, key = self.pop(), self.pop()
            self.set_items([key, value])
        else:
            return False
        return True

    def remember(self, op: str, arg: Any) -> bool:
        """Opcodes of the memo and the stack."""
        if op in PUT:
            self.memo[arg] = self.top(object)
        elif op == "MEMOIZE":
            self.memo[len(self.memo)] = self.top(object)
        elif op in GET:
            need(arg in self.memo, "its pickle is damaged: a memo entry is missing")
            self.stack.append(self.memo[arg])
        elif op == "MARK":
            self.marks.append(len(self.stack))
        elif op == "POP":
            self.pop()
        else:
            return False
        return True

    def step(self, op: str, arg: Any) -> None:
        if op in PUSHED:
            self.stack.append(PUSHED[op])
        elif op in EMPTY:
            self.stack.append(EMPTY[op]())
        elif op in LITERALS:
            self.stack.append(arg)
        elif op not in SKIPPED and not (self.remember(op, arg) or self.collect(op)
                                        or self.construct(op, arg)):
            raise CheckpointError(f"its pickle uses the opcode {op}, which no "
                                  "checkpoint needs; refusing to read it")


def interpret(pickle: bytes) -> Any:
    """The data a pickle describes; nothing in it is executed."""
    machine = Machine()
    try:
        for opcode, arg, _ in pickletools.genops(pickle):
            if opcode.name == "STOP":
                return machine.pop()
            machine.step(opcode.name, arg)
    except (ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(f"its pickle is damaged: {printable(str(error))}") from None
    raise CheckpointError("its pickle is damaged: it has no end")


LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def not_a_zip(path: str) -> str:
    """What a file is instead, and what to do."""
    with open(path, "rb") as file:
        head = file.read(40)
    if head.startswith(LEGACY_MAGIC):
        return ("was written as PyTorch before 1.6 did, expected a zip archive; save it "
                "again with a current PyTorch")
    if head.startswith(b"PK\3\4"):
        return "is cut off or damaged: its zip directory is missing; download it again"
    if not head:
        return "is empty, expected a checkpoint; download it again"
    return (f"no checkpoint of PyTorch: it starts with {short(head)}, expected a zip "
            "archive; download it again, and the file itself, not the page or the Git "
            "LFS pointer that stands for it")


# What zipfile raises, beside BadZipFile, at fields that are nonsense.
ZIP_ERRORS = (zipfile.BadZipFile, EOFError, NotImplementedError, OverflowError,
              RuntimeError, ValueError, struct.error)


def open_zip(path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise CheckpointError(error.strerror or str(error)) from None
    except ZIP_ERRORS:
        raise CheckpointError(not_a_zip(path)) from None


class Archive:
    """A checkpoint file: the described objects, and tensors on demand."""

    def __init__(self, path: str):
        self.zip = open_zip(path)
        self.root = self.find_root()
        self.order = self.byte_order()
        self.data = interpret(self.read("data.pkl"))

    def find_root(self) -> str:
        names = self.zip.namelist()
        roots = [n[:-len("data.pkl")] for n in names
                 if n.count("/") == 1 and n.endswith("/data.pkl")]
        need(len(roots) == 1, f"no PyTorch checkpoint: it holds {len(roots)} entries "
             "*/data.pkl, expected one")
        need(roots[0] + "constants.pkl" not in names,
             "this is TorchScript already, not a checkpoint; it can be used as it is")
        return roots[0]

    def byte_order(self) -> str:
        """As NumPy writes it; files before PyTorch 2.1 do not say."""
        if self.root + "byteorder" not in self.zip.namelist():
            return "<"
        order = self.read("byteorder")
        need(order in (b"little", b"big"), f"its entry byteorder is {short(order)}, "
             "expected little or big")
        return "<" if order == b"little" else ">"

    def entry(self, name: str) -> zipfile.ZipInfo:
        try:
            info = self.zip.getinfo(self.root + name)
        except KeyError:
            raise CheckpointError(f"its entry {printable(name)} is missing; the file is "
                                  "incomplete, download it again") from None
        # PyTorch stores; a compressed entry may be a decompression bomb.
        need(info.compress_type == zipfile.ZIP_STORED, f"its entry {printable(name)} "
             "is compressed, expected stored; take the file as PyTorch wrote it")
        return info

    def read(self, name: str) -> bytes:
        info = self.entry(name)
        try:
            return self.zip.read(info)
        except (OSError, *ZIP_ERRORS) as error:
            raise CheckpointError(f"its entry {printable(name)} is damaged ("
                                  f"{printable(str(error))}); download it again"
                                  ) from None

    def dtype(self, storage: Storage) -> np.dtype:
        name = "<u2" if storage.dtype == "bfloat16" else storage.dtype
        return np.dtype(name.replace("<", self.order))

    def check(self, lazy: LazyTensor) -> None:
        """Its numbers are there, as many as the pickle says; before room is made."""
        storage = lazy.storage
        need(math.prod(lazy.shape) <= storage.numel,
             f"a tensor of shape {short(lazy.shape)} repeats the {short(storage.numel)} "
             "elements of its storage, which no weights do")
        found = self.entry(f"data/{storage.key}").file_size
        expected = storage.numel * self.dtype(storage).itemsize
        need(found == expected, f"its entry data/{printable(storage.key)} has {found} "
             f"bytes, expected {short(expected)}; download it again")

    def elements(self, storage: Storage) -> np.ndarray:
        array = np.frombuffer(self.read(f"data/{storage.key}"), self.dtype(storage))
        if storage.dtype == "bfloat16":
            return (array.astype("<u4") << 16).view("<f4")
        return array

    def tensor(self, lazy: LazyTensor) -> torch.Tensor:
        """The numbers of a tensor; floats as float32."""
        self.check(lazy)
        flat = self.elements(lazy.storage)[lazy.offset:]
        strides = [s * flat.itemsize for s in lazy.stride]
        # The bounds were checked when the tensor was described.
        view = np.lib.stride_tricks.as_strided(flat, lazy.shape, strides)
        kind = np.float32 if flat.dtype.kind == "f" else flat.dtype.newbyteorder("=")
        return torch.from_numpy(np.array(view, kind))
