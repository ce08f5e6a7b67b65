"""Pickled data by hand: what torch.jit.save() would never write.

SPDX-License-Identifier: LGPL-2.1-or-later

Each function gives the opcodes that leave one value on the stack.
"""
import pickle
import struct
from pathlib import Path

import modules

# libtorch's reader drops the upper value where Python's makes an object of both.
DROP = pickle.NEWOBJ
NONE = pickle.NONE
FALSE = pickle.NEWFALSE


def number(n: int) -> bytes:
    return pickle.LONG1 + b"\x08" + struct.pack("<q", n)


def text(value: str) -> bytes:
    data = value.encode()
    return pickle.BINUNICODE + struct.pack("<I", len(data)) + data


def name(module: str, attribute: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{attribute}\n".encode()


def row(*values: bytes) -> bytes:
    return pickle.MARK + b"".join(values) + pickle.TUPLE


def put(n: int) -> bytes:
    return pickle.BINPUT + bytes([n])


def get(n: int) -> bytes:
    return pickle.BINGET + bytes([n])


def storage(claimed: int, key: str = "0") -> bytes:
    """Of floats; 16 bytes are stored for each."""
    return row(text("storage"), name("torch", "FloatStorage"), text(key), text("cpu"),
               number(claimed)) + pickle.BINPERSID


def tensor(of: bytes, size: int) -> bytes:
    empty = name("collections", "OrderedDict") + pickle.EMPTY_TUPLE + pickle.REDUCE
    return name("torch._utils", "_rebuild_tensor_v2") + row(
        of, number(0), row(number(size)), row(number(1)), FALSE, empty) + pickle.REDUCE


def items(values: dict) -> bytes:
    return pickle.MARK + b"".join(
        text(key) + value for key, value in values.items()) + pickle.SETITEMS


def instance(cls: str, state: dict) -> bytes:
    """Of __torch__.m.CLS; the state stays in the memo as 9."""
    return (name("__torch__.m", cls) + pickle.EMPTY_TUPLE + DROP + pickle.EMPTY_DICT +
            put(9) + items(state) + pickle.BUILD)


MODULE = """op_version_set = 1
class M(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : NoneType
  w : Tensor
  v : Any
  def forward(self: __torch__.m.M,
    x: Tensor) -> Tensor:
    return {answer}
{more}
"""


def module(w: bytes, v: bytes = NONE) -> bytes:
    return instance("M", {"training": FALSE, "_is_full_backward_hook": NONE, "w": w,
                          "v": v})


def save(path: str, data: bytes, answer: str = "torch.add(x, torch.sum(self.w))",
         more: str = "", constants: bytes = pickle.EMPTY_TUPLE):
    """Writes a file with the class M and what @data makes of it."""
    whole = Path(path).with_suffix(".whole")
    modules.save(modules.Harmless(), str(whole))

    def change(records: dict) -> dict:
        changed = {key: value for key, value in records.items()
                   if not key.startswith(("code/", "data/"))}
        changed["code/__torch__/m.py"] = MODULE.format(answer=answer, more=more).encode()
        changed["data/0"] = bytes(16)
        changed["data.pkl"] = pickle.PROTO + b"\x02" + data + pickle.STOP
        changed["constants.pkl"] = pickle.PROTO + b"\x02" + constants + pickle.STOP
        return changed

    modules.rewrite(str(whole), path, change)
    whole.unlink()
