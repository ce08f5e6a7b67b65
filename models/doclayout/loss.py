"""Training losses: task-aligned assignment, then class, box and DFL terms.

SPDX-License-Identifier: LGPL-2.1-or-later

The assignment follows TOOD (arXiv 2108.07755), the distribution focal loss
GFL (arXiv 2006.04388), complete IoU arXiv 1911.08287, and the two heads with
their one-to-many and one-to-one targets YOLOv10 (arXiv 2405.14458).
"""
import math

import torch
import torch.nn.functional as F

from doclayout.network import REG_MAX, STRIDES

ALPHA, BETA = 0.5, 6.0
# A page number may be smaller than the finest cells; targets are at least
# this large when anchors are chosen, so that each has one.
LEAST_PX = 9.0
GAIN_BOX, GAIN_CLASS, GAIN_DFL = 7.5, 0.5, 1.5


def grid(maps):
    """Anchor centres [N, 2] and strides [N], in input pixels."""
    centres, strides = [], []
    for level, stride in zip(maps, STRIDES):
        h, w = level.shape[-2:]
        y, x = torch.meshgrid(torch.arange(h, device=level.device),
                              torch.arange(w, device=level.device),
                              indexing="ij")
        centres.append((torch.stack([x, y], -1).view(-1, 2) + 0.5) * stride)
        strides.append(torch.full((h * w,), float(stride),
                                  device=level.device))
    return torch.cat(centres), torch.cat(strides)


def pair_iou(a, b):
    """IoU of every box of a [B, M, 4] with every one of b [B, N, 4]."""
    a, b = a[:, :, None], b[:, None]
    w = (torch.minimum(a[..., 2], b[..., 2]) -
         torch.maximum(a[..., 0], b[..., 0])).clamp_(min=0)
    h = (torch.minimum(a[..., 3], b[..., 3]) -
         torch.maximum(a[..., 1], b[..., 1])).clamp_(min=0)
    inside = w * h

    def area(box):
        return (box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1])
    return inside / (area(a) + area(b) - inside + 1e-7)


def complete_iou(a, b):
    """CIoU of boxes [K, 4], pair by pair."""
    wa, ha = a[:, 2] - a[:, 0], a[:, 3] - a[:, 1]
    wb, hb = b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    inside = (low[:, 2] - high[:, 0]).clamp(min=0) * (
        low[:, 3] - high[:, 1]).clamp(min=0)
    iou = inside / (wa * ha + wb * hb - inside + 1e-7)
    reach = (high[:, 2] - low[:, 0]) ** 2 + (high[:, 3] - low[:, 1]) ** 2
    shift = ((a[:, 0] + a[:, 2] - b[:, 0] - b[:, 2]) ** 2 +
             (a[:, 1] + a[:, 3] - b[:, 1] - b[:, 3]) ** 2) / 4
    v = 4 / math.pi ** 2 * (torch.atan(wb / (hb + 1e-7)) -
                            torch.atan(wa / (ha + 1e-7))) ** 2
    with torch.no_grad():
        weight = v / (1 - iou + v + 1e-7)
    return iou - shift / (reach + 1e-7) - weight * v


def candidates(centres, strides, boxes):
    """Which anchors may have which targets, [B, M, N].

    An anchor lies in its target and reaches all four sides.  A wide line may
    be flatter than the cells that reach its ends, and so lie between their
    centres; it then gets the cells next to it.
    """
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2
    half = ((boxes[..., 2:] - boxes[..., :2]) / 2).clamp(min=LEAST_PX / 2)
    off = (centres[None, None] - middle[:, :, None]).abs_()
    half, reach = half[:, :, None], strides[:, None] * (REG_MAX - 1)
    next_to = strides[:, None] / 2
    needed = half.amax(-1, keepdim=True) > reach / 2
    near = torch.where(needed, torch.maximum(half, next_to), half)
    # The coarsest cells have to do for what is wider than all reach.
    able = (half.amax(-1) <= reach[:, 0]) | (strides == STRIDES[-1])
    room = torch.maximum(reach - half, next_to)
    return (off <= torch.minimum(near, room)).all(-1) & able


@torch.no_grad()
def assign(scores, boxes, centres, strides, labels, targets, real, k):
    """Gives each anchor a target or none.

    scores [B, N, C] after sigmoid, boxes and targets xyxy in pixels, labels
    [B, M], real [B, M] false for padding.  Returns which target each anchor
    has [B, N], whether it has one, and the score it shall learn [B, N].
    """
    iou = pair_iou(targets, boxes)
    picked = scores.transpose(1, 2).gather(
        1, labels[..., None].expand(-1, -1, scores.shape[1]))
    fits = candidates(centres, strides, targets) & real[..., None]
    align = picked.pow_(ALPHA) * iou.pow(BETA)
    align = torch.where(fits, align.clamp_(min=1e-12), 0)
    best = align.topk(k, dim=-1)
    chosen = torch.zeros_like(fits).scatter_(-1, best.indices,
                                             best.values > 0)
    # An anchor wanted by several targets goes to the one it overlaps most.
    owner = torch.where(chosen, iou + 1e-6, 0).max(1)
    positive = owner.values > 0
    mine = F.one_hot(owner.indices, iou.shape[1]).transpose(1, 2).bool()
    chosen &= mine
    align = torch.where(chosen, align, 0)
    iou = torch.where(chosen, iou, 0)
    scale = iou.amax(-1, keepdim=True) / (align.amax(-1, keepdim=True) + 1e-12)
    return owner.indices, positive, (align * scale).amax(1)


def focal_distribution(logits, distance):
    """DFL of [K, 4, REG_MAX] logits for distances [K, 4] in cells."""
    distance = distance.clamp(0, REG_MAX - 1.01)
    low = distance.long()
    share = distance - low
    flat = logits.reshape(-1, REG_MAX)
    left = F.cross_entropy(flat, low.view(-1), reduction="none")
    right = F.cross_entropy(flat, low.view(-1) + 1, reduction="none")
    loss = left.view_as(low) * (1 - share) + right.view_as(low) * share
    return loss.mean(-1)


class HeadLoss:
    """The loss of one head; k anchors are taken for each target."""

    def __init__(self, k):
        self.k = k
        self.cells = None

    def boxes(self, logits, centres, strides):
        """Boxes [B, N, 4] in pixels from the raw maps' box part."""
        cells = torch.arange(REG_MAX, device=logits.device,
                             dtype=torch.float32)
        distance = logits.softmax(-1) @ cells * strides[:, None]
        return torch.cat([centres - distance[..., :2],
                          centres + distance[..., 2:]], -1)

    def __call__(self, maps, labels, targets, real):
        centres, strides = grid(maps)
        flat = torch.cat([m.flatten(2) for m in maps], 2).float()
        flat = flat.transpose(1, 2)
        logits = flat[..., :4 * REG_MAX].unflatten(-1, (4, REG_MAX))
        classes = flat[..., 4 * REG_MAX:]
        boxes = self.boxes(logits, centres, strides)
        owner, positive, quality = assign(
            classes.detach().sigmoid(), boxes.detach(), centres, strides,
            labels, targets, real, self.k)
        goal = torch.zeros_like(classes)
        goal.scatter_(2, labels.gather(1, owner)[..., None],
                      (quality * positive)[..., None])
        total = goal.sum().clamp(min=1)
        loss_class = F.binary_cross_entropy_with_logits(
            classes, goal, reduction="sum") / total
        weight = quality[positive]
        wanted = targets.gather(1, owner[..., None].expand(-1, -1, 4))[positive]
        loss_box = ((1 - complete_iou(boxes[positive], wanted)) *
                    weight).sum() / total
        centre = centres.expand(len(boxes), -1, -1)[positive]
        stride = strides.expand(len(boxes), -1)[positive][:, None]
        distance = torch.cat([centre - wanted[:, :2],
                              wanted[:, 2:] - centre], -1) / stride
        loss_dfl = (focal_distribution(logits[positive], distance) *
                    weight).sum() / total
        return torch.stack([loss_box * GAIN_BOX, loss_class * GAIN_CLASS,
                            loss_dfl * GAIN_DFL])


class Loss:
    """The sum over both heads, and its six terms."""

    def __init__(self):
        self.many, self.one = HeadLoss(10), HeadLoss(1)

    def __call__(self, output, labels, targets, real):
        terms = torch.cat([
            self.many(output["one2many"], labels, targets, real),
            self.one(output["one2one"], labels, targets, real)])
        return terms.sum(), terms.detach()
