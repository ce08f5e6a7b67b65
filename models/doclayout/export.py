#!/usr/bin/python3
"""Makes an mlpkg package from the weights of a network trained here.

SPDX-License-Identifier: LGPL-2.1-or-later

    models/doclayout/export.py WEIGHTS.pt -o NAME.mlpkg --half
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from doclayout.convert import add_output_arguments, new_package  # noqa: E402
from doclayout.deploy import script  # noqa: E402
from doclayout.unpickle import CheckpointError  # noqa: E402
from doclayout.weights import read_weights  # noqa: E402
from mlpkg import PackageError, write_package  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", metavar="WEIGHTS.pt")
    add_output_arguments(parser)
    parser.add_argument("--license", default="LGPL-2.1-or-later")
    parser.add_argument("--description", default="Page layout of documents, trained "
                        "by the gst-torchscript project on synthetic pages")
    args = parser.parse_args()
    try:
        weights = read_weights(args.weights)
        package = new_package(args, model_type="doclayout-yolo",
                              labels=weights.labels, imgsz=weights.imgsz,
                              license=args.license, description=args.description,
                              author="gst-torchscript")
        write_package(args.output, package, script(weights.network, args.end2end),
                      args.half)
    except (CheckpointError, PackageError) as error:
        print(f"export.py: {error}", file=sys.stderr)
        return 1
    print(f"{args.output}: {len(weights.labels)} classes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
