"""Modules that try to do harm, and files that are made to.

SPDX-License-Identifier: LGPL-2.1-or-later

Each writes to, reads from or maps the file called VICTIM in the current directory,
at some place or other of its life.  They are written out as torch.jit.save() does.
"""
import importlib.util
import io
import itertools
import re
import tempfile
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

VICTIM = "victim"


class WritesInForward(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        torch.ops.aten.save(x, "victim")
        return x


class WritesInBranch(nn.Module):
    """In code that does not run, as far as one can see from outside."""

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.sum() > 1000):
            for _ in range(int(x.sum())):
                torch.ops.aten.save(x, "victim")
        return x


class WritesInSetState(nn.Module):
    def __init__(self):
        super().__init__()
        self.numbers = torch.zeros(2)

    @torch.jit.export
    def __getstate__(self) -> Tensor:
        return self.numbers

    @torch.jit.export
    def __setstate__(self, state: Tensor):
        torch.ops.aten.save(state, "victim")
        self.numbers = state
        self.training = False

    def forward(self, x: Tensor) -> Tensor:
        return x


class WritesInOtherMethod(nn.Module):
    @torch.jit.export
    def other(self, x: Tensor) -> Tensor:
        torch.ops.aten.save(x, "victim")
        return x

    def forward(self, x: Tensor) -> Tensor:
        return x


class WritesInSubmodule(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.ReLU(), WritesInForward()])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class WritesInUnusedSubmodule(nn.Module):
    def __init__(self):
        super().__init__()
        self.unused = WritesInForward()

    def forward(self, x: Tensor) -> Tensor:
        return x


def write_it(x: Tensor) -> Tensor:
    torch.ops.aten.save(x, "victim")
    return x


class WritesInFunction(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return write_it(x)


class WritesInFork(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.jit.wait(torch.jit.fork(write_it, x))


class WritesInHook(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.ReLU()

        def hook(self, x: tuple[Tensor], y: Tensor) -> Tensor:
            torch.ops.aten.save(y, "victim")
            return y

        self.inner.register_forward_hook(hook)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


@torch.jit.interface
class Layer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class WritesBehindInterface(nn.Module):
    layer: Layer

    def __init__(self):
        super().__init__()
        self.layer = WritesInForward()

    def forward(self, x: Tensor) -> Tensor:
        return self.layer.forward(x)


@torch.jit.script
class Box:
    def __init__(self, x: Tensor):
        self.x = x

    def write(self) -> Tensor:
        torch.ops.aten.save(self.x, "victim")
        return self.x


class WritesInObject(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Box(x).write()


class Prints(nn.Module):
    """Standard output is where a pipeline may send its data."""

    def forward(self, x: Tensor) -> Tensor:
        print("victim")
        return x


class Harmless(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor, times: int = 2) -> Tensor:
        return x * self.weight * times


class ReturnsGiant(nn.Module):
    """Terabytes to look at, and four bytes to store."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:1].expand(1 << 40)


class GrowsText(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        text = "a"
        while len(text) > 0:
            text = text + text
        return x


WRITERS = {cls.__name__: cls for cls in (
    WritesInForward, WritesInBranch, WritesInSetState, WritesInOtherMethod,
    WritesInSubmodule, WritesInUnusedSubmodule, WritesInFunction, WritesInFork,
    WritesInHook, WritesBehindInterface, WritesInObject)}


def save(module: nn.Module, path: str):
    torch.jit.save(torch.jit.script(module.eval()), path)


def rewrite(source: str, path: str, change):
    """Writes @source to @path with its records as @change gives them back."""
    with zipfile.ZipFile(source) as archive:
        records = {info.filename.split("/", 1)[1]: archive.read(info)
                   for info in archive.infolist()}
    changed = change(records)
    assert changed != records, "nothing to change"
    blob = io.BytesIO()
    writer = torch._C.PyTorchFileWriter(blob)
    for name, data in changed.items():
        if name != "version":
            writer.write_record(name, data, len(data))
    writer.write_end_of_file()
    with open(path, "wb") as out:
        out.write(blob.getvalue())


def edit(source: str, path: str, record: str, change):
    """Writes @source to @path with one record changed."""
    rewrite(source, path, lambda records: {
        **records, record: change(records[record])})


def rename(source: str, path: str, record: str, name: str):
    """Writes @source to @path with one record of another name."""
    rewrite(source, path, lambda records: {
        name if old == record else old: data for old, data in records.items()})


# A class with an act in one of its places, each of which may change x.
CELL = """
import torch
from torch import Tensor, nn

class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.numbers = torch.zeros(4)

    def forward(self, x: Tensor) -> Tensor:
        {forward}
        return x

    @torch.jit.export
    def other(self, x: Tensor) -> Tensor:
        {other}
        return x

    @torch.jit.export
    def __getstate__(self) -> Tensor:
        return self.numbers

    @torch.jit.export
    def __setstate__(self, x: Tensor):
        {set_state}
        self.numbers = x
        self.training = False
"""

ACTS = {
    "reads": 'x = torch.from_file("/etc/passwd", shared=False, size=16, '
             'dtype=torch.uint8).float()',
    "writes": 'torch.ops.aten.save(x, "victim")',
    "maps": 'x = torch.from_file("victim", shared=True, size=4, '
            'dtype=torch.float32).copy_(x)',
    # Bit by bit, touching it, and not the same bit each time.
    "hoards": """hoard = [x]
        while len(hoard) < 1000000:
            hoard.append(torch.ones([1 << 22]) * x.sum())
        x = hoard[-1]""",
    "loops": """while bool(x.sum() != 0.5):
            x = x + 1""",
    "asks for terabytes": "x = torch.zeros([1 << 45])",
    # torch.jit.script() would not have it; it is put into the file.
    "recurses": "pass",
}

numbers = itertools.count()

PLACES = {"forward": "forward", "other": "other", "set_state": "__setstate__"}


def save_cell(act: str, place: str, path: str):
    """The module that does @act in the method of @place."""
    lines = {name: ACTS[act] if name == place else "pass" for name in PLACES}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "cell.py"
        source.write_text(CELL.format(**lines))
        # Names that it has seen before PyTorch changes.
        name = f"cell{next(numbers)}"
        spec = importlib.util.spec_from_file_location(name, source)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if act != "recurses":
            save(module.Cell(), path)
            return
        whole = str(Path(folder) / "whole")
        save(module.Cell(), whole)
        method = PLACES[place]
        edit(whole, path, f"code/__torch__/{name}.py", lambda code: re.sub(
            rb"(def %s\(self.*?\) -> \w+:\n)" % method.encode(),
            rb"\1    again = (self).%s(x, )\n" % method.encode(), code, flags=re.S))
