#!/usr/bin/env python3
"""Writes the packages that run.sh measures.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: make_packages.py DIRECTORY

m.mlpkg and m-half.mlpkg: DocLayout-YOLO at scale m, 1024 x 1024, random weights, in
float32 and float16.  m-any.mlpkg: the first at any size.  n-half.mlpkg: the bundled
model in float16.
"""
import json
import shutil
import sys
from pathlib import Path

import torch

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "models"))

from doclayout.deploy import script  # noqa: E402
from doclayout.network import SCALES, doclayout  # noqa: E402
from mlpkg import Package, write_package  # noqa: E402


def calibrate(network, device):
    """Gives the batch norms the statistics of noise, else float16 overflows."""
    network = network.to(device).train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the mean over all passes
    with torch.no_grad():
        for _ in range(4):
            network(torch.rand(2, 3, 512, 512, device=device))
    return network.cpu().eval()


def make_half(package: Path, half: Path):
    """The same package, run in float16."""
    shutil.copytree(package, half)
    config = half / "preprocessor_config.json"
    config.write_text(json.dumps(dict(json.loads(config.read_text()), dtype="float16")))
    metadata = half / "metadata.json"
    content = json.loads(metadata.read_text())
    content.get("sha256", {}).pop(config.name, None)
    metadata.write_text(json.dumps(content))


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = calibrate(doclayout(*SCALES["m"]), device)
    module = script(network)
    for name in ("m", "m-any"):
        package = Package(name=name, repo_id=f"local/{name}", model_type="doclayout-yolo",
                          decoder="yolov10", labels=[f"class {i}" for i in range(10)],
                          imgsz=1024, square=name == "m")
        write_package(str(out / f"{name}.mlpkg"), package, module, False)
    make_half(out / "m.mlpkg", out / "m-half.mlpkg")
    make_half(SOURCE / "models/doclayout-n.mlpkg", out / "n-half.mlpkg")


if __name__ == "__main__":
    main()
