"""The weights file of a network trained here.

SPDX-License-Identifier: LGPL-2.1-or-later

A torch.save()d dict of plain values: "depth", "width", "max_channels" (the scale
of network.doclayout), "labels", "imgsz" and "state_dict" (of a Network, in any
floating dtype).  Keys beside these are left to the trainer.
"""
from dataclasses import dataclass
from typing import List

import torch

from doclayout.network import Network, doclayout
from doclayout.unpickle import Archive, CheckpointError, LazyTensor, errors_name

SCALE = ("depth", "width", "max_channels")


@dataclass
class Weights:
    network: Network
    labels: List[str]
    imgsz: int


def save_weights(path: str, network: Network, scale: tuple, labels: List[str],
                 imgsz: int, **more) -> None:
    """Writes a weights file; scale is (depth, width, max_channels)."""
    torch.save(dict(zip(SCALE, scale), labels=list(labels), imgsz=imgsz,
                    state_dict=network.state_dict(), **more), path)


def read_weights(path: str) -> Weights:
    """Reads a weights file.  Raises CheckpointError."""
    with errors_name(path):
        return load_weights(Archive(path))


def load_weights(archive: Archive) -> Weights:
    data = archive.data if isinstance(archive.data, dict) else {}
    missing = [k for k in (*SCALE, "labels", "imgsz", "state_dict") if k not in data]
    if missing:
        raise CheckpointError("no weights file of this project; its keys "
                              f"{', '.join(missing)} are missing (a published "
                              "checkpoint is converted by convert.py)")
    labels = [str(label) for label in data["labels"]]
    network = doclayout(*(data[k] for k in SCALE), nc=len(labels))
    state = {k: archive.tensor(v) for k, v in data["state_dict"].items()
             if isinstance(v, LazyTensor)}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(str(error)) from None
    return Weights(network.eval(), labels, data["imgsz"])
