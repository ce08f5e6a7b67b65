#!/usr/bin/python3
"""Makes an mlpkg package from a published DocLayout-YOLO or YOLOv10 checkpoint.

SPDX-License-Identifier: LGPL-2.1-or-later

    models/doclayout/convert.py CHECKPOINT.pt -o NAME.mlpkg
"""
import argparse
import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from doclayout.checkpoint import Checkpoint, read_checkpoint  # noqa: E402
from doclayout.deploy import script  # noqa: E402
from doclayout.unpickle import CheckpointError  # noqa: E402
from mlpkg import Package, PackageError, write_package  # noqa: E402


def input_size(text: str) -> int:
    size = int(text)
    if not 32 <= size <= 8192:
        raise argparse.ArgumentTypeError(f"{size} is not within 32 to 8192")
    return size


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", required=True, metavar="NAME.mlpkg",
                        help="the package directory to write")
    parser.add_argument("--imgsz", type=input_size, metavar="PIXELS",
                        help="long side of the input (default: as trained)")
    parser.add_argument("--square", action="store_true",
                        help="always pad to the full square")
    parser.add_argument("--half", action="store_true",
                        help="store the weights in float16 (half the size)")
    parser.add_argument("--end2end", action="store_true",
                        help="let the module choose the best 300 boxes itself")
    parser.add_argument("--repo-id", metavar="OWNER/NAME",
                        help="where the weights come from (default: local/NAME)")


def new_package(args: argparse.Namespace, **facts) -> Package:
    """A package with what the command line says of it."""
    name = Path(args.output).stem
    imgsz = args.imgsz or facts.pop("imgsz")
    facts.pop("imgsz", None)
    return Package(name=name, repo_id=args.repo_id or f"local/{name}",
                   decoder="yolo-end2end" if args.end2end else "yolov10",
                   imgsz=-(-imgsz // 32) * 32, square=args.square,
                   tags=["object-detection", "document-layout"], **facts)


def describe(args: argparse.Namespace, checkpoint: Checkpoint) -> Package:
    digest = hashlib.sha256(Path(args.checkpoint).read_bytes()).hexdigest()
    return new_package(
        args, model_type=checkpoint.family, labels=checkpoint.labels,
        imgsz=checkpoint.imgsz,
        # Upstream's licence covers its weights, whatever a file forgets to say.
        license=checkpoint.license or "AGPL-3.0",
        description=f"Converted from {Path(args.checkpoint).name}",
        custom={"source": {"file": Path(args.checkpoint).name, "sha256": digest,
                           "date": checkpoint.date, "version": checkpoint.version}})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", metavar="CHECKPOINT.pt")
    add_output_arguments(parser)
    args = parser.parse_args()
    try:
        checkpoint = read_checkpoint(args.checkpoint)
        module = script(checkpoint.network, args.end2end)
        write_package(args.output, describe(args, checkpoint), module, args.half)
    except (CheckpointError, PackageError) as error:
        print(f"convert.py: {error}", file=sys.stderr)
        return 1
    print(f"{args.output}: {checkpoint.family}, {len(checkpoint.labels)} classes: "
          + ", ".join(checkpoint.labels))
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # class names in any script
    sys.exit(main())
