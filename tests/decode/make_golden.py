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
import torchvision


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


def corners(cxcywh):
    half = cxcywh[:, 2:] / 2
    return torch.cat([cxcywh[:, :2] - half, cxcywh[:, :2] + half], 1)


def suppress(boxes, scores, labels, iou, limit):
    """Class by class with torchvision's own operator, then the best first."""
    keep = [torch.nonzero(labels == label).flatten() for label in labels.unique()]
    keep = [rows[torchvision.ops.nms(boxes[rows], scores[rows], iou)] for rows in keep]
    keep = torch.cat(keep).sort()[0] if keep else torch.zeros(0, dtype=torch.long)
    _, order = best(scores[keep], limit)
    keep = keep[order]
    return boxes[keep], scores[keep], labels[keep]


def first_max(scores):
    """The highest score of each row and the lowest of its columns."""
    top = scores.amax(1)
    return top, (scores == top[:, None]).int().argmax(1)


def yolov8(output, threshold, limit, iou):
    rows = output.T
    scores, labels = first_max(rows[:, 4:])
    keep = scores > threshold
    return suppress(corners(rows[keep, :4]), scores[keep], labels[keep], iou, limit)


def yolov5(output, threshold, limit, iou):
    scores, labels = first_max(output[:, 5:])
    scores = output[:, 4] * scores
    keep = scores > threshold
    return suppress(corners(output[keep, :4]), scores[keep], labels[keep], iou, limit)


def ranked(boxes, scores, labels, threshold, limit):
    scores, order = best(scores, limit)
    keep = scores > threshold
    return boxes[order][keep], scores[keep], labels[order][keep].int()


def ssd(boxes, scores, classes, count, threshold, limit):
    n = int(count)
    boxes = boxes[:n, [1, 0, 3, 2]] * SIZE
    return ranked(boxes, scores[:n], classes[:n], threshold, limit)


def detr(logits, boxes, threshold, limit):
    scores, labels = first_max(logits.double().softmax(1)[:, :-1])
    return ranked(corners(boxes) * SIZE, scores.float(), labels, threshold, limit)


def sigmoid_detr(logits, boxes, threshold, limit):
    """As Deformable DETR and RT-DETR: the best pairs of a query and a class."""
    scores, pairs = best(logits.double().sigmoid().float().flatten(), limit)
    keep = scores > threshold
    queries = torch.div(pairs, logits.shape[1], rounding_mode="floor")
    return ((corners(boxes) * SIZE)[queries][keep], scores[keep],
            (pairs % logits.shape[1])[keep])


# What normalised boxes are fractions of; the test in C says the same.
SIZE = torch.tensor([640.0, 480.0, 640.0, 480.0])

DECODERS = {"yolov10": yolov10, "yolo-end2end": end2end}
ACTIVATIONS = {"softmax": lambda x: x.double().softmax(0).float(),
               "sigmoid": lambda x: x.double().sigmoid().float(),
               "none": lambda x: x}


def shorten(tensor):
    """The shortest decimals that read back as the same float32."""
    return [float(str(np.float32(value))) for value in tensor.flatten()]


def record(name, decoder, outputs, item=0, threshold=0.25, limit=300, iou=0.45,
           epsilon=0.0, first_class=0, activation=0, boxes=(), classes=(), mask=()):
    return {
        "name": name, "decoder": decoder, "item": item,
        "score_threshold": threshold, "max_detections": limit,
        "iou_threshold": iou, "score_epsilon": epsilon,
        "first_class": first_class, "activation": activation,
        "outputs": [{"shape": list(o.shape), "values": shorten(o)} for o in outputs],
        "boxes": list(boxes), "classes": list(classes), "mask": list(mask),
    }


def to_rows(boxes, scores, labels):
    return [[*shorten(box), *shorten(score), int(label)]
            for box, score, label in zip(boxes, scores, labels)]


def case(name, decoder, output, item, threshold, limit):
    boxes = DECODERS[decoder](output[item], threshold, limit)
    return record(name, decoder, [output], item, threshold, limit,
                  boxes=to_rows(*boxes))


def nms_case(name, decoder, output, item=0, threshold=0.3, limit=300, iou=0.45):
    function = {"yolov8": yolov8, "yolov5": yolov5}[decoder]
    boxes = function(output[item], threshold, limit, iou)
    return record(name, decoder, [output], item, threshold, limit, iou, 1e-7,
                  boxes=to_rows(*boxes))


def ssd_case(name, outputs, item=0, threshold=0.3, limit=300, first_class=0):
    boxes, scores, labels = ssd(*(o[item] for o in outputs), threshold, limit)
    labels = labels - first_class
    keep = labels >= 0
    return record(name, "ssd", outputs, item, threshold, limit,
                  first_class=first_class,
                  boxes=to_rows(boxes[keep], scores[keep], labels[keep]))


def torchvision_case(name, outputs, threshold=0.3, limit=300):
    return record(name, "torchvision", outputs, 0, threshold, limit,
                  boxes=to_rows(*ranked(*outputs, threshold, limit)))


def detr_case(name, outputs, item=0, threshold=0.3, limit=300):
    boxes = detr(*(o[item] for o in outputs), threshold, limit)
    return record(name, "detr", outputs, item, threshold, limit, epsilon=1e-6,
                  boxes=to_rows(*boxes))


def sigmoid_detr_case(name, outputs, item=0, threshold=0.3, limit=300):
    boxes = sigmoid_detr(*(o[item] for o in outputs), threshold, limit)
    return record(name, "detr", outputs, item, threshold, limit, epsilon=1e-6,
                  activation=1, boxes=to_rows(*boxes))


def classes_case(name, output, item=0, limit=5, activation="softmax", threshold=-1.0):
    scores, order = best(ACTIVATIONS[activation](output[item]), limit)
    classes = [[*shorten(s), int(c)] for s, c in zip(scores, order) if s > threshold]
    return record(name, "classification", [output], item, threshold, limit,
                  epsilon=1e-6, activation=list(ACTIVATIONS).index(activation),
                  classes=classes)


def mask_case(name, output, item=0):
    mask = output[item]
    if mask.dim() == 3:  # the lowest class of equal ones, as NumPy has it
        mask = torch.tensor(mask.numpy().argmax(0))
    return record(name, "segmentation", [output], item, mask=mask.int().tolist())


def binary_case(name, output, item, activation, threshold):
    mask = ACTIVATIONS[activation](output[item, 0]) > (threshold if threshold >= 0 else 0.5)
    return record(name, "segmentation", [output], item, threshold,
                  activation=list(ACTIVATIONS).index(activation),
                  mask=mask.int().tolist())


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


def crowd(batch, n_classes, n_anchors):
    """Boxes that overlap often."""
    output = raw(batch, n_classes, n_anchors)
    output[:, :2] = 100 + output[:, :2] / 4
    output[:, 2:4] = 60 + output[:, 2:4] / 8
    return output


def objects(batch, n_classes, n_rows):
    return torch.cat([crowd(batch, n_classes, n_rows)[:, :4].transpose(1, 2),
                      torch.rand(batch, n_rows, 1 + n_classes)], 2)


def touching():
    """Overlaps of exactly one half, and two boxes without area in one place."""
    boxes = torch.tensor([[10.0, 10, 8, 8], [10, 12, 8, 4], [50, 50, 0, 0],
                          [50, 50, 0, 0], [10, 10, 8, 8]]).T
    scores = torch.tensor([[0.9, 0.8, 0.7, 0.6, 0.5]])
    return torch.cat([boxes, scores])[None]


def ssd_outputs(batch, n, n_classes, counts):
    corner = torch.rand(batch, n, 2) * 0.5
    return [torch.cat([corner, corner + torch.rand(batch, n, 2) * 0.5], 2),
            torch.rand(batch, n), torch.randint(n_classes, (batch, n)).float(),
            torch.tensor(counts).float()]


def torchvision_outputs(n):
    corner = torch.rand(n, 2) * 300
    return [torch.cat([corner, corner + torch.rand(n, 2) * 300], 1), torch.rand(n),
            torch.randint(1, 91, (n,)).float()]


def detr_outputs(batch, n, n_classes):
    return [torch.randn(batch, n, n_classes + 1) * 4, torch.rand(batch, n, 4)]


def head_cases():
    class_scores = (slice(None), slice(4, None))
    tied = torch.randn(1, 12)
    tied[0, [2, 7, 9]] = 3.0
    low = torch.randint(3, (1, 4, 5, 6)).float()
    ssd_tied = ssd_outputs(1, 12, 5, [12])
    ssd_tied[1] = (ssd_tied[1] * 3).round() / 3
    return [
        nms_case("plain", "yolov8", crowd(1, 4, 80)),
        nms_case("ties", "yolov8", ties(crowd(1, 4, 60), class_scores), 0, 0.25),
        nms_case("second item", "yolov8", crowd(2, 3, 30), 1, 0.5, 10),
        nms_case("limit", "yolov8", crowd(1, 3, 60), 0, 0.1, 5),
        nms_case("loose", "yolov8", crowd(1, 2, 40), 0, 0.1, 300, 0.8),
        nms_case("at the threshold", "yolov8", touching(), 0, 0.25, 300, 0.5),
        nms_case("none above", "yolov8", crowd(1, 3, 9), 0, 1.0),
        nms_case("no anchors", "yolov8", crowd(1, 3, 0)),
        nms_case("more than a block", "yolov8", crowd(1, 1, 300), 0, 0.7),
        nms_case("plain", "yolov5", objects(1, 4, 80)),
        nms_case("second item", "yolov5", objects(2, 3, 30), 1, 0.2, 10),
        nms_case("ties", "yolov5", ties(objects(1, 3, 50), (..., slice(4, None))), 0, 0.2),
        nms_case("none above", "yolov5", objects(1, 3, 9), 0, 1.0),
        nms_case("no rows", "yolov5", objects(1, 3, 0)),
        ssd_case("plain", ssd_outputs(1, 20, 9, [14])),
        ssd_case("second item", ssd_outputs(2, 8, 3, [8, 5]), 1),
        ssd_case("background", ssd_outputs(1, 20, 3, [20]), first_class=1),
        ssd_case("ties", ssd_tied, 0, 0.2, 6),
        ssd_case("count of 0", ssd_outputs(1, 4, 3, [0])),
        ssd_case("none above", ssd_outputs(1, 4, 3, [4]), 0, 1.0),
        torchvision_case("plain", torchvision_outputs(15)),
        torchvision_case("limit", torchvision_outputs(15), 0.1, 4),
        torchvision_case("nothing found", torchvision_outputs(0)),
        detr_case("plain", detr_outputs(1, 25, 6)),
        detr_case("second item", detr_outputs(2, 10, 3), 1),
        detr_case("limit", detr_outputs(1, 25, 2), 0, 0.1, 4),
        detr_case("none above", detr_outputs(1, 5, 4), 0, 1.0),
        classes_case("softmax", torch.randn(1, 30) * 3),
        classes_case("sigmoid", torch.randn(2, 12) * 3, 1, 3, "sigmoid"),
        classes_case("none", torch.rand(1, 8), 0, 8, "none", 0.4),
        classes_case("ties", tied, 0, 5),
        classes_case("large logits", torch.tensor([[900.0, 1000, -1000]]), 0, 5),
        classes_case("fewer than k", torch.randn(1, 2)),
        mask_case("logits", torch.randn(1, 5, 6, 7)),
        mask_case("second item", torch.randn(2, 3, 4, 3), 1),
        mask_case("ties", low),
        mask_case("class map", torch.randint(300, (2, 4, 5)).float(), 1),
        sigmoid_detr_case("sigmoid", detr_outputs(1, 12, 4), 0, 0.6),
        sigmoid_detr_case("sigmoid, second item", detr_outputs(2, 10, 2), 1, 0.2, 7),
        sigmoid_detr_case("sigmoid, one class", detr_outputs(1, 9, 0)),
        binary_case("binary logits", torch.randn(1, 1, 5, 6), 0, "sigmoid", -1.0),
        binary_case("binary logits, threshold", torch.randn(1, 1, 4, 4), 0, "sigmoid", 0.7),
        binary_case("binary scores", torch.rand(2, 1, 3, 4), 1, "none", 0.25),
        record("any shape", "tensors", []),
    ]


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
    cases += head_cases()
    path = pathlib.Path(__file__).with_name("golden.json")
    path.write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")


main()
