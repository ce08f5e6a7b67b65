"""Writes the first files of each fuzz target's corpus.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: make_seeds.py FOLDER
"""
import io
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy
from gi.repository import GLib

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


def mlpkg():
    for number, name in enumerate((
            "metadata.json", "model_info.json", "backends/tch/config.json",
            "preprocessor_config.json", "postprocessor_config.json")):
        if (PACKAGE / name).exists():
            yield with_first_byte(number, (PACKAGE / name).read_bytes())
    yield with_first_byte(2, b'{"id2label": {"0": "a", "7": "b"}}')
    yield with_first_byte(0, json.dumps({
        "name": "m", "version": "1.0", "repo_id": "", "revision": "", "created_at": "",
        "files": ["backends/tch/m.pt"], "sha256": {"backends/tch/m.pt": "00"}}).encode())


def replay():
    detection = {"class_id": 1, "label": "text", "score": 0.5, "box": [1, 2, 3, 4], "id": 1,
                 "parent_id": 0, "track_id": 3, "order": 1, "relation": "caption-of"}
    line = {"result": 0, "page": 1, "pts": 40, "model": "m", "width": 640, "height": 480,
            "detections": [detection]}
    other = {"result": 1, "classes": []}
    yield "\n".join(map(json.dumps, (line, other, line))).encode()
    annotations = [{"image_id": 1, "category_id": 2, "score": 0.5, "bbox": [1, 2, 3, 4]}]
    yield json.dumps(annotations).encode()
    yield json.dumps({"images": [{"id": 1, "width": 9, "height": 9}],
                      "categories": [{"id": 2, "name": "a"}],
                      "annotations": annotations}).encode()


def part(data):
    return struct.pack("<H", len(data)) + data


def signature():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "file").write_bytes(b"signed\n")
        subprocess.run(["minisign", "-G", "-W", "-p", "keys", "-s", "secret"], cwd=folder,
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["minisign", "-S", "-s", "secret", "-m", "file"], cwd=folder,
                       check=True, stdout=subprocess.DEVNULL)
        sign = (folder / "file.minisig").read_bytes()
        keys = (folder / "keys").read_bytes()
    yield part(sign) + keys
    yield part(sign.replace(b"trusted comment: ", b"trusted comment: x")) + keys
    yield part(sign) + b"a comment\n"


def caps():
    for text in ("video/x-raw, format=I420, width=33, height=17, framerate=5/1, "
                 "colorimetry=bt709", "video/x-raw, format=NV12, width=32, height=9, "
                 "interlace-mode=interleaved, framerate=0/1", "video/x-raw, format=RGB, "
                 "width=7, height=5, framerate=30/1, colorimetry=1:1:5:1"):
        numbers = b"".join(b"\0" + struct.pack("<H", 1000 + 8 * n) for n in (1, 2, 6, 4))
        yield numbers + struct.pack("<H4B4h", 1, 0, 20, 31, 63, 0, 2, 20, 9) + text.encode()


def message(flags, kind, *values):
    data = GLib.Variant(kind, values).get_data_as_bytes().get_data()
    return bytes([flags]) + part(data or b"")


def text(string):
    return GLib.Variant.new_bytestring(string.encode())


def tensor(shape, offset=0, dtype=0):
    return GLib.Variant("(uaxt)", (dtype, shape, offset))


def answer(value, status=0, flags=4, error=""):
    return message(flags, "(iayv)", status, error.encode() + b"\0", value)


def remote():
    """What a process says after load(), run(), prepare(), settle() and run()."""
    nothing = GLib.Variant("()", ())
    loaded = answer(text("{}"))
    values = GLib.Variant("av", [
        tensor([2, 3]), GLib.Variant("x", -1), GLib.Variant("d", 0.5), text("s"), nothing,
        GLib.Variant("a(ayv)", [(b"a\0", tensor([4], 64, 4)), (b"boxes\0", tensor([0, 4]))])])
    yield loaded + answer(values, flags=16) + answer(nothing) * 2 + answer(tensor([16]))
    yield loaded + answer(nothing, 5, error="no luck") + answer(nothing) * 2 + answer(values)
    yield answer(nothing, 2, error="no such file")
    yield loaded + answer(values, flags=18) + b"\1\3\0abc"
    whole = answer(values)[3:]
    yield loaded + b"\5" + part(struct.pack("<Q", len(whole)) + whole)


def host():
    def request(flags, kind, value):
        return message(flags, "(yv)", ord(kind), value)

    nothing = GLib.Variant("()", ())
    load = request(1, "l", GLib.Variant(
        "(ayayayiuiiaayaya(ay(uaxt))bt)",
        (b"m.pt\0", b"cpu\0", b"\0", 1, 0, 0, 1, [], b"\0",
         [(b"w\0", (0, [4], 0))], True, 1 << 30)))
    run = request(2, "r", GLib.Variant("(a(uaxt)u)", ([(0, [2, 3], 0)], 0)))
    again = request(0, "r", GLib.Variant("(a(uaxt)u)", ([(4, [2], 64)], 1)))
    variant = request(0, "p", GLib.Variant("(iiiiiui)", (1, 1, 0, 0, 0, 2, 2)))
    yield request(0, "d", text("cpu")) + load + run + again
    yield load + variant + request(0, "s", nothing) + run


def noise():
    generator = random.Random(1)
    for size in (8, 40, 200, 1000):
        yield bytes(generator.randrange(256) for _ in range(size))


SEEDS = {"safetensors": safetensors, "npy": npy, "ppm": ppm, "labels": labels,
         "json": jsons, "package": package, "decode": noise, "frame": noise,
         "mlpkg": mlpkg, "replay": replay, "signature": signature, "caps": caps,
         "remote": remote, "host": host}

for target, seeds in SEEDS.items():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (folder / f"seed{number}").write_bytes(seed)
