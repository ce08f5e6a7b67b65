"""Writes mlpkg packages: a TorchScript module and all that is to know of it.

SPDX-License-Identifier: LGPL-2.1-or-later

The format is described in docs/mlpkg.md.
"""
import datetime
import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import torch


class PackageError(Exception):
    """A package that cannot be written; the message is for the user."""


@dataclass
class Package:
    """What a detector's package says of it."""

    name: str
    repo_id: str
    model_type: str
    decoder: str
    labels: List[str]
    imgsz: int
    square: bool = False  # pad to the full square, not to a multiple of 32
    revision: str = "main"
    description: str = ""
    author: str = ""
    license: str = ""
    tags: List[str] = field(default_factory=list)
    custom: Dict[str, Any] = field(default_factory=dict)
    score_threshold: float = 0.25
    max_detections: int = 300


def preprocessor_config(package: Package) -> Dict[str, Any]:
    config = {
        "do_resize": True,
        "size": {"height": package.imgsz, "width": package.imgsz},
        "resample": 2,  # bilinear
        "resize_type": "letterbox",
        "do_pad": True,
        "pad_value": 114,
        "size_divisor": 32,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": False,
        "do_convert_rgb": True,
        "channel_order": "RGB",
        "layout": "NCHW",
        "dtype": "float32",
    }
    if package.square:
        del config["size_divisor"]
    return config


def postprocessor_config(package: Package) -> Dict[str, Any]:
    return {"decoder": package.decoder,
            "score_threshold": package.score_threshold,
            "max_detections": package.max_detections}


def stored_dtype(module: torch.nn.Module) -> str:
    """The dtype the weights are stored in; it runs in float32 all the same."""
    dtypes = {str(p.dtype)[len("torch."):] for p in module.parameters()}
    return dtypes.pop() if len(dtypes) == 1 else "mixed"


def model_info(package: Package, module: torch.nn.Module,
               output: torch.Tensor) -> Dict[str, Any]:
    batch = {"Dynamic": "batch"}
    row = {"Fixed": output.shape[1]}
    last = [row, {"Dynamic": "anchors"}]
    if package.decoder == "yolo-end2end":
        last = [{"Dynamic": "detections"}, {"Fixed": output.shape[2]}]
    parameters = list(module.parameters())
    return {
        "model_type": package.model_type,
        "repo_id": package.repo_id,
        "architecture_family": "Vision",
        "supported_backends": ["Tch"],
        "device": None,
        "hidden_size": None,
        "num_layers": None,
        "vocab_size": None,
        "dtype": stored_dtype(module),
        "input_spec": {"dtype": "float32", "shape": [
            batch, {"Fixed": 3}, {"Dynamic": "height"}, {"Dynamic": "width"}]},
        "output_spec": {"dtype": "float32", "shape": [batch] + last},
        "num_parameters": sum(p.numel() for p in parameters),
        "memory_mb": sum(p.numel() for p in parameters) * 4 // 2 ** 20 + 1,
    }


def backend_config(package: Package, module: torch.nn.Module) -> Dict[str, Any]:
    return {
        "model_type": package.model_type,
        "torch_dtype": stored_dtype(module),
        "id2label": {str(i): name for i, name in enumerate(package.labels)},
        "label2id": {name: i for i, name in enumerate(package.labels)},
    }


def extra_config(package: Package) -> str:
    """The text exports of the YOLO family embed, for a model.pt on its own."""
    return json.dumps({"stride": 32, "task": "detect",
                       "imgsz": [package.imgsz, package.imgsz],
                       "names": dict(enumerate(package.labels)),
                       "license": package.license})


def selftest(module: torch.nn.Module) -> Dict[str, np.ndarray]:
    """A small input (uint8, to be divided by 255) and the float32 answer."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (1, 3, 6, 4), dtype=np.uint8)
    image = coarse.repeat(32, 2).repeat(32, 3)
    with torch.no_grad():
        answer = module(torch.from_numpy(image).float() / 255)
    if not torch.isfinite(answer).all():
        raise PackageError("the network answers NaN or infinity; its weights are "
                           "damaged or belong to another network")
    return {"input": image, "expected": answer.numpy()}


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n",
                    encoding="utf-8")


def created_at() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")  # for reproducible packages
    zone = datetime.timezone.utc
    when = (datetime.datetime.fromtimestamp(int(epoch), zone) if epoch
            else datetime.datetime.now(zone))
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def list_files(root: Path) -> Dict[str, Any]:
    """What metadata.json says of the files beside it."""
    files = sorted(str(p.relative_to(root)) for p in root.rglob("*")
                   if p.is_file() and p != root / "metadata.json")
    return {"files": files,
            "sha256": {f: hashlib.sha256((root / f).read_bytes()).hexdigest()
                       for f in files}}


def metadata(package: Package, root: Path) -> Dict[str, Any]:
    listed = list_files(root)
    return {
        "version": "1.0",
        "name": package.name,
        "repo_id": package.repo_id,
        "revision": package.revision,
        "files": listed["files"],
        "created_at": created_at(),
        "description": package.description,
        "author": package.author,
        "license": package.license,
        "tags": package.tags,
        "custom": package.custom,
        "sha256": listed["sha256"],
    }


def save_module(module: torch.jit.ScriptModule, path: Path, config: str) -> None:
    """Without the debug records, which name files of the machine that wrote them."""
    whole = io.BytesIO()  # PyTorch itself ends the process on a full disk
    torch.jit.save(module, whole, _extra_files={"config.txt": config})
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for info in source.infolist():
            if not info.filename.endswith(".debug_pkl"):
                # A new entry: the old one's padding belongs to its old place.
                target.writestr(zipfile.ZipInfo(info.filename), source.read(info))


def fill(root: Path, package: Package, module: torch.jit.ScriptModule,
         half: bool) -> None:
    tch = root / "backends" / "tch"
    tch.mkdir(parents=True)
    if half:
        module.half()
    save_module(module, tch / "model.pt", extra_config(package))
    write_json(tch / "config.json", backend_config(package, module))
    stored = stored_dtype(module)
    # Half precision is for storage: the answer is that of the float32 run.
    test = selftest(module.float())
    info = model_info(package, module, torch.from_numpy(test["expected"]))
    write_json(root / "model_info.json", dict(info, dtype=stored))
    write_json(root / "preprocessor_config.json", preprocessor_config(package))
    write_json(root / "postprocessor_config.json", postprocessor_config(package))
    (root / "selftest").mkdir()
    for name, array in test.items():
        np.save(root / "selftest" / f"{name}.npy", array)
    write_json(root / "metadata.json", metadata(package, root))


def write_package(output: str, package: Package, module: torch.jit.ScriptModule,
                  half: bool = False) -> None:
    """Writes a package directory; the whole of it or nothing.

    half stores the weights in float16 (module is changed); the runtime converts
    them to float32.  Raises PackageError.
    """
    target = Path(output)
    if target.suffix != ".mlpkg":
        raise PackageError(f"{output}: a package's name ends in .mlpkg")
    if target.exists():
        raise PackageError(f"{output}: exists already; remove it or choose another "
                           "name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".mlpkg-", dir=target.parent))
    except OSError as error:
        raise PackageError(f"{output}: cannot be written: {error.strerror}") from None
    try:
        draft.chmod(0o755)
        fill(draft, package, module, half)
        draft.rename(target)
    except OSError as error:
        raise PackageError(f"{output}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
