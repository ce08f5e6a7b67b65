#!/usr/bin/python3
"""Measures a layout model on labelled pages: AP at IoU 0.5 for each class.

    evaluate.py MODEL LABELS.json --imgsz 1024 --overlays OUT

MODEL is a package, a TorchScript file, or the weights.pt of a training.  A page goes in as the plugin sends it: scaled to fit,
padded with grey to multiples of 32 (--square: to a square).

AP is COCO's: precision, made monotonous, averaged at 101 recalls.  Two
figures are given.  "strict" takes boxes as they are.  "loose" forgives edges
that lie up to 3 page pixels outside the labelled one, for boxes are labelled
tight to the ink.  "any" is class-agnostic: every anchor counts once, under
its best class.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import json
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from doclayout.weights import read_weights  # noqa: E402

NAMES = ("title", "plain text", "abandon", "figure", "figure_caption", "table",
         "table_caption", "table_footnote", "isolate_formula",
         "formula_caption")
SLACK_PX = 3
COLOURS = [(0, 0, 255), (0, 160, 0), (128, 128, 128), (255, 0, 0),
           (255, 160, 0), (160, 0, 160), (0, 160, 255), (90, 90, 0),
           (200, 0, 200), (0, 200, 200)]


def load_model(path):
    """The model in evaluation mode."""
    if os.path.isdir(path):
        path = os.path.join(path, "backends", "tch", "model.pt")
    try:
        return torch.jit.load(path, map_location="cpu").float().eval()
    except RuntimeError:
        return read_weights(path).network


def letterbox(image, imgsz, square):
    """The page as model input, its scale and its offset in it."""
    h, w = image.shape[:2]
    scale = min(imgsz / h, imgsz / w)
    new_w, new_h = round(w * scale), round(h * scale)
    pad_w, pad_h = imgsz - new_w, imgsz - new_h
    if not square:
        pad_w, pad_h = pad_w % 32, pad_h % 32
    left, top = round(pad_w / 2 - 0.1), round(pad_h / 2 - 0.1)
    image = cv2.resize(image, (new_w, new_h), interpolation=cv2.INTER_LINEAR)
    image = cv2.copyMakeBorder(image, top, pad_h - top, left, pad_w - left,
                               cv2.BORDER_CONSTANT, value=(114,) * 3)
    tensor = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)
    return tensor[None].float() / 255, scale, (left, top)


@torch.no_grad()
def detect(model, image, imgsz, square):
    """Rows x1, y1, x2, y2, score, class, anchor in page pixels, best first."""
    tensor, scale, (left, top) = letterbox(image, imgsz, square)
    answer = model(tensor)[0]
    scores = answer[4:]
    best, anchors = scores.amax(0).topk(min(300, scores.shape[1]))
    best, flat = scores[:, anchors].T.flatten().topk(len(anchors))
    anchor, label = anchors[flat // len(scores)], flat % len(scores)
    centre, size = answer[:2, anchor], answer[2:4, anchor]
    offset = torch.tensor([left, top])[:, None]
    low = (centre - size / 2 - offset) / scale
    high = (centre + size / 2 - offset) / scale
    h, w = image.shape[:2]
    low[0].clamp_(0, w), high[0].clamp_(0, w)
    low[1].clamp_(0, h), high[1].clamp_(0, h)
    return torch.cat([low, high, best[None], label[None],
                      anchor[None]]).T.numpy()


def overlaps(boxes, truth, slack):
    """IoU [P, T]; edges at most slack outside the truth's count as its own."""
    a, b = boxes[:, None], truth[None]
    low = np.where(a[..., :2] < b[..., :2],
                   np.minimum(a[..., :2] + slack, b[..., :2]), a[..., :2])
    high = np.where(a[..., 2:] > b[..., 2:],
                    np.maximum(a[..., 2:] - slack, b[..., 2:]), a[..., 2:])
    inside = np.clip(np.minimum(high, b[..., 2:]) -
                     np.maximum(low, b[..., :2]), 0, None).prod(-1)
    return inside / ((high - low).prod(-1) +
                     (b[..., 2:] - b[..., :2]).prod(-1) - inside + 1e-9)


def match(found, truth, slack, threshold=0.5):
    """For each box, best first, whether it is the first to hit a truth."""
    iou = overlaps(found[:, :4], truth, slack)
    taken = np.zeros(len(truth), bool)
    hits = np.zeros(len(found), bool)
    for i in range(len(found)):
        free = np.where(taken, -1, iou[i]) if len(truth) else [-1]
        j = int(np.argmax(free))
        if free[j] >= threshold:
            hits[i] = taken[j] = True
    return hits


def average_precision(scores, hits, count):
    """COCO's AP: monotonous precision at recalls 0, 0.01, ... 1."""
    order = np.argsort(-scores, kind="stable")
    true = np.cumsum(hits[order])
    recall = true / max(count, 1)
    precision = true / np.arange(1, len(true) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    padded = np.append(precision, 0)
    return float(padded[np.minimum(at, len(precision))].mean())


def once(found):
    """Every anchor under its best class only."""
    _, first = np.unique(found[:, 6], return_index=True)
    return found[np.sort(first)]


def measure(pages, slack):
    """AP of each class with its count of boxes, and the class-agnostic one."""
    rows = []
    for label in list(range(len(NAMES))) + [None]:
        scores, hits, count = [], [], 0
        for found, truth in pages:
            mine = once(found) if label is None else \
                found[found[:, 5] == label]
            wanted = truth if label is None else truth[truth[:, 4] == label]
            hits.append(match(mine, wanted[:, :4], slack))
            scores.append(mine[:, 4])
            count += len(wanted)
        rows.append((average_precision(np.concatenate(scores),
                                       np.concatenate(hits), count), count))
    return rows


def read_labels(path):
    """[(image path, truth [T, 5] as x1, y1, x2, y2, class)] of a COCO file."""
    with open(path, encoding="utf-8") as source:
        coco = json.load(source)
    pages = []
    for image in coco["images"]:
        rows = [a["bbox"] + [a["category_id"]] for a in coco["annotations"]
                if a["image_id"] == image["id"]]
        truth = np.array(rows, np.float64).reshape(-1, 5)
        truth[:, 2:4] += truth[:, :2]
        pages.append((os.path.join(os.path.dirname(path),
                                   image["file_name"]), truth))
    return pages


def overlay(image, found, least):
    for x1, y1, x2, y2, score, label, _ in once(found)[::-1]:
        if score >= least:
            colour = COLOURS[int(label)]
            cv2.rectangle(image, (round(x1), round(y1)),
                          (round(x2), round(y2)), colour, 2)
            cv2.putText(image, f"{NAMES[int(label)]} {score:.2f}",
                        (round(x1), round(y1) - 3), 0, 0.45, colour, 1)
    return image


def report(pages):
    """Prints the table; the loose figures by name."""
    strict, loose = measure(pages, 0), measure(pages, SLACK_PX)
    print(f"{'class':16}{'boxes':>6}{'strict':>8}{'loose':>8}")
    for name, (a, count), (b, _) in zip(NAMES + ("any",), strict, loose):
        print(f"{name:16}{count:6}{a:8.3f}{b:8.3f}")
    known = [i for i in range(len(NAMES)) if strict[i][1]]
    means = [np.mean([rows[i][0] for i in known]) for rows in (strict, loose)]
    print(f"{'mean':16}{'':6}{means[0]:8.3f}{means[1]:8.3f}")
    return dict(zip(NAMES + ("any",), (ap for ap, _ in loose)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("labels", nargs="+")
    parser.add_argument("--imgsz", type=int, default=1024)
    parser.add_argument("--square", action="store_true")
    parser.add_argument("--overlays", help="folder for pages with their boxes")
    parser.add_argument("--least", type=float, default=0.25,
                        help="least score of a box on an overlay")
    options = parser.parse_args()
    model, pages = load_model(options.model), []
    for path, truth in sum((read_labels(p) for p in options.labels), []):
        image = cv2.imread(path, cv2.IMREAD_COLOR)
        found = detect(model, image, options.imgsz, options.square)
        pages.append((found, truth))
        if options.overlays:
            os.makedirs(options.overlays, exist_ok=True)
            name = os.path.splitext(os.path.basename(path))[0] + ".png"
            cv2.imwrite(os.path.join(options.overlays, name),
                        overlay(image, found, options.least))
    report(pages)


if __name__ == "__main__":
    main()
