"""Batches from pages: placed, bent and spoilt as scans and cameras do.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

PAD = 114 / 255
# Height, width and how often a batch has them.
# Few shapes, for each one costs cuDNN's search some 20 s; small inputs are
# met by small pages on these.
SHAPES = [(1024, 736, 6), (1024, 1024, 4)]
MOST_BOXES = 160


def matrix(rng, page, shape, camera=False):
    """Homography [3, 3] from page pixels to batch pixels.

    A camera sees a page whole, on its ground, turned and from the side.
    """
    h, w = page
    out_h, out_w = shape
    fit = min(out_h / h, out_w / w)
    plain = not camera and rng.random() < 0.45
    zoom = rng.random()
    scale = fit if plain else fit * (
        rng.uniform(0.72, 1.0) if zoom < 0.55 else
        rng.uniform(1.0, 1.7) if zoom < 0.8 and not camera else
        rng.uniform(0.5, 0.75))
    stretch = 1 if plain else math.exp(rng.gauss(0, 0.06))
    angle, shear, bend = 0, 0, (0, 0)
    if not plain and rng.random() < 0.3:
        angle = math.radians(rng.gauss(0, 1.2))
    if camera:
        angle = math.radians(rng.gauss(0, 1.6))
        shear = rng.gauss(0, 0.02)
        bend = rng.gauss(0, 5e-5), rng.gauss(0, 5e-5)
    elif not plain and rng.random() < 0.12:
        shear = rng.gauss(0, 0.02)
        bend = rng.gauss(0, 2e-5), rng.gauss(0, 2e-5)
    cos, sin = math.cos(angle), math.sin(angle)
    centre = np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1]])
    bent = np.array([[1, shear, 0], [0, 1, 0], [bend[0], bend[1], 1]])
    turn = np.array([[cos * scale * stretch, -sin * scale, 0],
                     [sin * scale, cos * scale / stretch, 0], [0, 0, 1]])
    # The page may be shifted by what is left over on each side.
    room = [abs(out_w - w * scale), abs(out_h - h * scale)]
    part = 0.0 if plain else 0.5
    shift = [rng.uniform(-part, part) * r for r in room]
    back = np.array([[1, 0, out_w / 2 + shift[0]],
                     [0, 1, out_h / 2 + shift[1]], [0, 0, 1]])
    return back @ turn @ bent @ centre


def ground(rng, shape, device):
    """What lies round a page: a desk, cloth, or a scanner's dark lid."""
    colour = torch.tensor([rng.uniform(0, 0.9) for _ in range(3)])
    if rng.random() < 0.4:
        colour[:] = rng.choice([0, 0.05, 0.3, 0.6])
    coarse = rng.choice([(3, 3), (3, 60), (60, 3), (200, 200)])
    noise = torch.randn(1, 3, *coarse) * rng.uniform(0, 0.12)
    if rng.random() < 0.6:
        noise = noise[:, :1].expand(-1, 3, -1, -1)
    image = (colour[None, :, None, None] + noise).to(device)
    return F.interpolate(image, shape, mode="bilinear")[0].clamp(0, 1)


def warp(pixels, forward, shape, around=None):
    """The page [3, H, W] uint8 under a homography, as [3, h, w] in 0..1.

    Outside the page lies around [3, h, w], or the padding's grey.
    """
    h, w = pixels.shape[1:]
    inverse = torch.tensor(np.linalg.inv(forward), dtype=torch.float32,
                           device=pixels.device)
    y, x = torch.meshgrid(
        torch.arange(shape[0], device=pixels.device) + 0.5,
        torch.arange(shape[1], device=pixels.device) + 0.5, indexing="ij")
    at = torch.stack([x, y, torch.ones_like(x)], -1) @ inverse.T
    at = at[..., :2] / at[..., 2:]
    at = at / torch.tensor([w / 2, h / 2], device=pixels.device) - 1
    # Shifted so that what lies outside the page becomes the padding's grey.
    image = pixels[None].float() / 255 - PAD
    image = F.grid_sample(image, at[None], align_corners=False)[0] + PAD
    if around is None:
        return image
    inside = (at.abs() <= 1).all(-1)
    return torch.where(inside, image, around)


def move_boxes(boxes, labels, forward, shape):
    """Boxes under the homography, clipped; those mostly outside are left."""
    x1, y1, x2, y2 = boxes.numpy().astype(np.float64).T
    corners = np.stack([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    corners = np.concatenate([corners, np.ones((4, 1, len(boxes)))], 1)
    moved = np.einsum("ij,kjn->kin", forward, corners)
    moved = moved[:, :2] / moved[:, 2:]
    low, high = moved.min(0), moved.max(0)
    size = np.array(shape[::-1], np.float64)[:, None]
    low2, high2 = np.clip(low, 0, size), np.clip(high, 0, size)
    side = high2 - low2
    share = side.prod(0) / np.maximum((high - low).prod(0), 1e-6)
    keep = (share > 0.25) & (side.min(0) > 2)
    out = np.concatenate([low2, high2]).T[keep].astype(np.float32)
    return torch.from_numpy(out), labels[torch.from_numpy(keep)]


def pack(items):
    """Boxes and labels of several images as padded tensors."""
    most = max(1, min(MOST_BOXES, max(len(b) for b, _ in items)))
    boxes = torch.zeros(len(items), most, 4)
    labels = torch.zeros(len(items), most, dtype=torch.long)
    real = torch.zeros(len(items), most, dtype=torch.bool)
    for i, (b, label) in enumerate(items):
        n = min(len(b), most)
        boxes[i, :n], labels[i, :n], real[i, :n] = b[:n], label[:n], True
    return labels, boxes, real


def some(rng, batch, share):
    """The indices of a random share of a batch."""
    return [i for i in range(batch) if rng.random() < share]


def blur(rng, image):
    sigma = rng.uniform(0.4, 1.3)
    x = torch.arange(-3, 4, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-x ** 2 / (2 * sigma ** 2))
    kernel = (kernel / kernel.sum()).expand(3, 1, 7)
    image = F.conv2d(image[None], kernel[:, :, None], padding=(0, 3), groups=3)
    return F.conv2d(image, kernel[..., None], padding=(3, 0), groups=3)[0]


def coarse(rng, image):
    """Lost resolution: shrunk and enlarged again."""
    factor = rng.uniform(0.5, 0.85)
    small = F.interpolate(image[None], scale_factor=factor, mode="bilinear",
                          antialias=True)
    return F.interpolate(small, image.shape[1:], mode="bilinear")[0]


def thick(rng, image):
    """Ink that has spread, or worn thin."""
    sign = -1 if rng.random() < 0.7 else 1
    spread = sign * F.max_pool2d(sign * image[None], 3, 1, 1)[0]
    share = rng.uniform(0.3, 0.8)
    return image * (1 - share) + spread * share


def one_bit(rng, image):
    """Black and white, as fax machines see."""
    grey = image.mean(0, keepdim=True)
    noise = torch.randn_like(grey) * rng.uniform(0, 0.12)
    return (grey + noise > rng.uniform(0.45, 0.75)).to(image).expand(3, -1, -1)


def shadow(rng, image):
    """Light that falls off over the page."""
    h, w = image.shape[1:]
    y = torch.linspace(-1, 1, h, device=image.device)[:, None]
    x = torch.linspace(-1, 1, w, device=image.device)[None]
    slope = x * rng.gauss(0, 0.5) + y * rng.gauss(0, 0.5)
    edge = rng.choice([1.0, 8.0])
    light = 1 - rng.uniform(0.1, 0.5) * torch.sigmoid(
        edge * (slope - rng.uniform(-0.3, 0.6)))
    return image * light


def tint(rng, image):
    """Coloured paper and faded ink."""
    device = image.device
    base = rng.uniform(0.75, 1)
    paper = torch.tensor([min(1, base * rng.uniform(0.92, 1.04))
                          for _ in range(3)], device=device)[:, None, None]
    ink = torch.tensor([rng.uniform(0, 0.25) for _ in range(3)],
                       device=device)[:, None, None]
    return ink + image * (paper - ink)


def cast(rng, image):
    """Coloured light, and less contrast."""
    light = torch.tensor([rng.uniform(0.7, 1.1) for _ in range(3)],
                         device=image.device)[:, None, None]
    contrast = rng.uniform(0.35, 1)
    return (image * contrast + (1 - contrast) * rng.uniform(0.2, 0.9)) * light


def glare(rng, image):
    """A lamp's reflection."""
    h, w = image.shape[1:]
    y = torch.arange(h, device=image.device)[:, None] - rng.uniform(0, h)
    x = torch.arange(w, device=image.device)[None] - rng.uniform(0, w)
    size = rng.uniform(0.05, 0.3) * w
    light = torch.exp(-(x ** 2 + y ** 2) / (2 * size ** 2))
    return image + light * rng.uniform(0.1, 0.6)


def moire(rng, image):
    """Stripes, as where a screen is photographed."""
    h, w = image.shape[1:]
    angle, length = rng.uniform(0, math.pi), rng.uniform(2.1, 30)
    y = torch.arange(h, device=image.device)[:, None] * math.sin(angle)
    x = torch.arange(w, device=image.device)[None] * math.cos(angle)
    stripes = torch.sin((x + y) * (2 * math.pi / length))
    return image + stripes * rng.uniform(0.01, 0.06)


def moved(rng, image):
    """Blur along a line, from a camera or a page in motion."""
    length = rng.choice([3, 5, 7])
    kernel = torch.zeros(length, length, device=image.device)
    kind = rng.randrange(3)
    if kind == 0:
        kernel[length // 2] = 1
    elif kind == 1:
        kernel[:, length // 2] = 1
    else:
        kernel.fill_diagonal_(1)
    kernel = (kernel / length).expand(3, 1, -1, -1)
    return F.conv2d(image[None], kernel, padding=length // 2, groups=3)[0]


def cosines(device):
    """The orthonormal 8-point cosine transform."""
    k = torch.arange(8, device=device, dtype=torch.float32)
    table = torch.cos(math.pi / 8 * (k[None] + 0.5) * k[:, None]) / 2
    table[0] /= math.sqrt(2)
    return table


def jpeg(rng, image):
    """Blocks of 8 by 8 whose frequencies are rounded, coarser the higher."""
    _, h, w = image.shape
    image = image.clamp(0, 1)
    grey = image.mean(0, keepdim=True)
    tone = F.interpolate(F.avg_pool2d((image - grey)[None], 2), (h, w))[0]
    turn = cosines(image.device)
    blocks = grey[0].view(h // 8, 8, w // 8, 8).transpose(1, 2)
    order = torch.arange(8, device=image.device)
    step = (10 + 9 * (order[:, None] + order[None])) / 255 * rng.uniform(0.8, 4)
    waves = turn @ blocks @ turn.T
    blocks = turn.T @ ((waves / step).round() * step) @ turn
    return blocks.transpose(1, 2).reshape(1, h, w) + tone


SPOILERS = [
    (0.04, lambda rng, image: 1 - image),
    (0.10, thick),
    (0.12, lambda rng, image: image.mean(0, keepdim=True).expand(3, -1, -1)),
    (0.25, tint),
    (0.15, blur),
    (0.10, coarse),
    (0.12, lambda rng, image: image.clamp(0, 1) ** rng.uniform(0.5, 2)),
    (0.12, shadow),
    (0.12, cast),
    (0.05, glare),
    (0.06, moire),
    (0.06, moved),
    (0.04, one_bit),
    (0.20, lambda rng, image: image + torch.randn_like(image) *
     rng.uniform(0.01, 0.09)),
    (0.25, jpeg),
]


def spoil(rng, images, dirty):
    """Random defects on some images of a batch [B, 3, h, w], in place."""
    for share, make in SPOILERS:
        for i in dirty:
            if rng.random() < share * 1.6:
                images[i] = make(rng, images[i])
    return images.clamp_(0, 1)


def pick_shape(rng):
    return rng.choices([s[:2] for s in SHAPES], [s[2] for s in SHAPES])[0]


def count_of(pixels, shape):
    """How many images of a shape hold about that many pixels."""
    return max(1, round(pixels / (shape[0] * shape[1])))


def batch(rng, pages, pixels, shape=None):
    """A batch of about that many pixels: images, labels, boxes, real."""
    shape = shape or pick_shape(rng)
    count = count_of(pixels, shape)
    images, items = [], []
    cameras = some(rng, count, 0.12)
    for i in range(count):
        page, boxes, labels = pages.sample(rng)
        forward = matrix(rng, page.shape[1:], shape, i in cameras)
        around = ground(rng, shape, page.device) if i in cameras else None
        images.append(warp(page, forward, shape, around))
        items.append(move_boxes(boxes, labels, forward, shape))
    # Most pages stay as clean as a renderer makes them.
    dirty = set(some(rng, count, 0.36)) | set(cameras)
    images = spoil(rng, torch.stack(images), sorted(dirty))
    return (images,) + tuple(t.to(images.device, non_blocking=True)
                             for t in pack(items))
