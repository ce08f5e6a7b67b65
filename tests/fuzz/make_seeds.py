"""Writes the first files of each fuzz target's corpus.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: make_seeds.py FOLDER
"""
import io
import json
import pathlib
import random
import struct
import sys
import zipfile

import numpy

TOP = pathlib.Path(__file__).parents[2]
PACKAGE = TOP / "models/doclayout-n.mlpkg"


def safetensors():
    header = {"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
              "b": {"dtype": "F16", "shape": [], "data_offsets": [24, 26]},
              "__metadata__": {"format": "pt"}}
    text = json.dumps(header).encode()
    yield struct.pack("<Q", len(text)) + text + bytes(26)


def npy():
    for dtype in ("uint8", "float32"):
        file = io.BytesIO()
        numpy.save(file, numpy.arange(6, dtype=dtype).reshape(1, 2, 3))
        yield file.getvalue()


def ppm():
    yield b"P6\n# a comment\n3 2\n255\n" + bytes(range(18))


def labels():
    yield "\ufefftitle\r\ntext\n\nfigure\n".encode()


def with_first_byte(number, data):
    return bytes([number]) + data


def jsons():
    yield with_first_byte(0, b'{"imgsz": [640, 480], "stride": 32, "names": {"0": "a"}}')
    for number, name in ((1, "preprocessor_config.json"), (2, "postprocessor_config.json")):
        yield with_first_byte(number, (PACKAGE / name).read_bytes())
    yield with_first_byte(1, json.dumps({"inputs": [
        {"source": "frame"}, {"source": "constant", "dtype": "int64", "shape": [2],
                              "values": [1, 2]}]}).encode())


def package():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("model_info.json", "preprocessor_config.json",
                     "postprocessor_config.json"):
            archive.write(PACKAGE / name, name)
        metadata = json.loads((PACKAGE / "metadata.json").read_text())
        metadata["files"] = ["model_info.json"]
        metadata.pop("sha256", None)
        archive.writestr("metadata.json", json.dumps(metadata))
        archive.write(TOP / "tests/models/identity.pt", "backends/tch/model.pt")
    yield file.getvalue()
    yield (TOP / "tests/models/identity.pt").read_bytes()
    yield (TOP / "tests/models/truncated.pt").read_bytes()


def noise():
    generator = random.Random(1)
    for size in (8, 40, 200, 1000):
        yield bytes(generator.randrange(256) for _ in range(size))


SEEDS = {"safetensors": safetensors, "npy": npy, "ppm": ppm, "labels": labels,
         "json": jsons, "package": package, "decode": noise, "frame": noise}

for target, seeds in SEEDS.items():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (folder / f"seed{number}").write_bytes(seed)
