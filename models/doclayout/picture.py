#!/usr/bin/python3
"""Gives a package a picture with the detections that PyTorch finds on it.

SPDX-License-Identifier: LGPL-2.1-or-later

    models/doclayout/picture.py NAME.mlpkg PAGE.png

With such a self-test precision=auto can tell whether a lower precision finds the
same.  The page is stored at the size that the model sees, so that nothing but the
network decides what is found.
"""
import argparse
import json
import sys
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from doclayout.evaluate import detect, load_model  # noqa: E402
from mlpkg import PackageError, list_files, write_json  # noqa: E402


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def shrink(image, side: int):
    scale = side / max(image.shape[:2])
    size = [round(n * scale) for n in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def find(root: Path, image, config: dict) -> list:
    found = detect(load_model(str(root)), image, config["size"]["width"],
                   "size_divisor" not in config)
    threshold = read_json(root / "postprocessor_config.json")["score_threshold"]
    return [{"box": [round(float(x), 3) for x in row[:4]],
             "score": round(float(row[4]), 5), "class_id": int(row[5])}
            for row in found if row[4] >= threshold]


def add_picture(root: Path, page: str) -> int:
    """Writes the self-test into the package; gives the number of detections."""
    image = cv2.imread(page)
    if image is None:
        raise PackageError(f"{page}: is no picture that OpenCV can read")
    config = read_json(root / "preprocessor_config.json")
    image = shrink(image, config["size"]["width"])
    found = find(root, image, config)
    if not found:
        raise PackageError(f"{page}: the model finds nothing on it; take another page")
    cv2.imwrite(str(root / "selftest/input.ppm"), image)
    write_json(root / "selftest/expected.json", {"detections": found})
    metadata = read_json(root / "metadata.json")
    metadata.update(list_files(root))
    write_json(root / "metadata.json", metadata)
    return len(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", metavar="NAME.mlpkg")
    parser.add_argument("page", metavar="PAGE.png")
    args = parser.parse_args()
    try:
        count = add_picture(Path(args.package), args.page)
    except (PackageError, OSError) as error:
        print(f"picture.py: {error}", file=sys.stderr)
        return 1
    print(f"{args.package}: {count} detections on {args.page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
