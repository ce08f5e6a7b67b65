#!/usr/bin/python3
# make_golden.py - writes golden.json: what PyTorch makes of small outputs
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Run it by hand after a change of a case: /usr/bin/python3 make_golden.py
# The selection follows the published description of YOLOv10; stable sorts say
# which of two equal scores comes first.
import json
import pathlib

import numpy as np
import torch


def best(scores, k):
    values, order = torch.sort(scores, descending=True, stable=True)
    return values[:k], order[:k]


def yolov10(output, threshold, limit):
    rows = output.T
    n_classes = rows.shape[1] - 4
    _, anchors = best(rows[:, 4:].amax(1), limit)
    rows = rows[anchors]
    scores, pairs = best(rows[:, 4:].flatten(), limit)
    labels = pairs % n_classes
    cxcywh = rows[torch.div(pairs, n_classes, rounding_mode="floor"), :4]
    half = cxcywh[:, 2:] / 2
    boxes = torch.cat([cxcywh[:, :2] - half, cxcywh[:, :2] + half], 1)
    keep = scores > threshold
    return boxes[keep], scores[keep], labels[keep]


def end2end(output, threshold, limit):
    scores, order = best(output[:, 4], limit)
    rows = output[order][scores > threshold]
    return rows[:, :4], rows[:, 4], rows[:, 5].int()


DECODERS = {"yolov10": yolov10, "yolo-end2end": end2end}


def shorten(tensor):
    """The shortest decimals that read back as the same float32."""
    return [float(str(np.float32(value))) for value in tensor.flatten()]


def case(name, decoder, output, item, threshold, limit):
    boxes, scores, labels = DECODERS[decoder](output[item], threshold, limit)
    return {
        "name": name, "decoder": decoder, "item": item,
        "score_threshold": threshold, "max_detections": limit,
        "shape": list(output.shape), "values": shorten(output),
        "boxes": [[*shorten(box), *shorten(score), int(label)]
                  for box, score, label in zip(boxes, scores, labels)],
    }


def raw(batch, n_classes, n_anchors):
    output = torch.rand(batch, 4 + n_classes, n_anchors)
    output[:, :4] *= 640
    return output


def rows(batch, n_rows, n_classes):
    output = torch.rand(batch, n_rows, 6)
    output[..., :2] *= 300
    output[..., 2:4] = output[..., :2] + output[..., 2:4] * 300
    output[..., 5] = torch.randint(n_classes, (batch, n_rows)).float()
    return output


def ties(output, scores):
    """The same with scores of few distinct values, so that many are equal."""
    output[scores] = (output[scores] * 4).round() / 4
    return output


def multi_label():
    """One anchor that is the best for every class."""
    output = raw(1, 3, 8)
    output[0, 4:] *= 0.1
    output[0, 4:, 5] = torch.tensor([0.8, 0.9, 0.7])
    return output


def padded():
    output = rows(1, 12, 4)
    output[0, 7:] = 0
    return output


def main():
    torch.manual_seed(20)
    class_scores = (slice(None), slice(4, None))
    row_scores = (..., 4)
    cases = [
        case("plain", "yolov10", raw(1, 10, 70), 0, 0.8, 300),
        case("limit", "yolov10", raw(1, 5, 40), 0, 0.0, 7),
        case("limit above all", "yolov10", raw(1, 2, 5), 0, 0.0, 300),
        case("ties", "yolov10", ties(raw(1, 4, 40), class_scores), 0, 0.25, 20),
        case("second item", "yolov10", raw(2, 3, 20), 1, 0.5, 10),
        case("several labels", "yolov10", multi_label(), 0, 0.25, 4),
        case("one class", "yolov10", raw(1, 1, 30), 0, 0.5, 300),
        case("more than a block", "yolov10", raw(1, 1, 520), 0, 0.8, 50),
        case("no anchors", "yolov10", raw(1, 3, 0), 0, 0.1, 300),
        case("none above", "yolov10", raw(1, 3, 9), 0, 1.0, 300),
        case("plain", "yolo-end2end", rows(1, 30, 10), 0, 0.25, 300),
        case("ties", "yolo-end2end", ties(rows(1, 30, 10), row_scores), 0, 0.2, 9),
        case("second item", "yolo-end2end", rows(2, 8, 3), 1, 0.4, 3),
        case("padding", "yolo-end2end", padded(), 0, 0.0, 300),
        case("none above", "yolo-end2end", rows(1, 8, 3), 0, 1.0, 300),
    ]
    path = pathlib.Path(__file__).with_name("golden.json")
    path.write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")


main()
