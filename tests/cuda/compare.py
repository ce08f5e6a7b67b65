#!/usr/bin/env python3
"""Boxes on the card against boxes on the CPU, through whole pipelines.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: compare.py PACKAGE HALF_PACKAGE PAGE.png...
float32: all boxes of both must have a partner within 0.1 px and 0.001 of score.
float16: prints the largest differences, which docs/cuda.md states.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

MAX_BOX_PX = 0.1
MAX_SCORE = 0.001
MAX_HALF_BOX_PX = 4.0
MAX_HALF_SCORE = 0.02
THRESHOLD = 0.05


def detect(package, device, page, precision):
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "boxes.json"
        subprocess.run(
            ["gst-launch-1.0", "-q", "filesrc", f"location={page}", "!", "pngdec", "!",
             "torchscriptinfer", f"model={package}", f"device={device}",
             f"score-threshold={THRESHOLD}", f"precision={precision}",
             "!",
             "detectionjson", f"location={out}", "!", "fakesink"], check=True)
        return json.loads(out.read_text())["detections"]


def differences(one, other):
    """The largest over boxes that overlap most, and the scores without a partner."""
    box = score = 0.0
    lost = []
    left = list(other)
    for d in one:
        def distance(e):
            return max(abs(a - b) for a, b in zip(d["box"], e["box"]))
        partners = [e for e in left if e["class_id"] == d["class_id"]]
        partner = min(partners, key=distance, default=None)
        if partner is None or distance(partner) > 16:
            lost.append(d["score"])
            continue
        left.remove(partner)
        box = max(box, distance(partner))
        score = max(score, abs(d["score"] - partner["score"]))
    return box, score, lost + [e["score"] for e in left]


def compare(package, other, precision, page, max_box, max_score):
    one = detect(package, "cpu", page, "fp32")
    two = detect(other, "cuda", page, precision)
    box, score, lost = differences(one, two)
    near = [s for s in lost if s > THRESHOLD + max_score]
    good = box <= max_box and score <= max_score and not near and one
    print(json.dumps({"compare": Path(other).name, "page": Path(page).name,
                      "boxes": len(one), "box_px": round(box, 4),
                      "score": round(score, 6), "without_partner": lost,
                      "good": bool(good)}), flush=True)
    return good


def main():
    package, half, *pages = sys.argv[1:]
    good = True
    for page in pages:
        good &= bool(compare(package, package, "fp32", page, MAX_BOX_PX, MAX_SCORE))
        good &= bool(compare(package, half, "auto", page, MAX_HALF_BOX_PX,
                             MAX_HALF_SCORE))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
