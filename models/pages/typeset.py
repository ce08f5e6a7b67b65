"""Runs TeX and the renderer; finds each region's box by its colour.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import functools
import os
import re
import subprocess

import cv2
import numpy as np

from document import (ABANDON, BAND_ROW, COMMENT, DECOR, FIGURE, HEAD_ROW,
                      KEYWORD, LINK, PANEL, TABLE, TITLE)
from figures import logo, mathematics, picture

COLOUR = re.compile(rb'(\d\.\d{4}) (\d\.\d{4}) (\d\.\d{4}) (rg|RG)')
INK = 235


def run_tex(folder, source):
    """Typesets the source; the PDF's path, or None where TeX made none."""
    with open(os.path.join(folder, 'page.tex'), 'w', encoding='utf-8') as out:
        out.write(source)
    program = os.environ.get('PAGES_PDFTEX', 'pdflatex').split()
    try:
        subprocess.run(program + ['-interaction=batchmode', 'page.tex'],
                       cwd=folder, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=60)
    except subprocess.TimeoutExpired:
        return None
    path = os.path.join(folder, 'page.pdf')
    return path if os.path.exists(path) else None


def real_colour(document, number, use):
    """The colour a reader shall see where a region's number stands now."""
    style = document.style
    if number // 200 == DECOR:
        if number % 200 >= 20:
            return (0.90 + (number % 200 - 20) * 0.025,) * 3
        return style.decor[number % 200]
    if use >= PANEL:
        return (1, 1, 1)
    special = {LINK: style.link, KEYWORD: style.keyword,
               COMMENT: style.comment}
    if use in special:
        return special[use]
    label = document.regions[number]['label']
    if use == HEAD_ROW and document.regions[number]['shade'] in (0, 1):
        return (1, 1, 1)
    return {TITLE: style.title_ink, ABANDON: style.header_ink}.get(
        label, style.ink)


def recolour(document, pdf):
    """The PDF as a reader shall see it, from the one with numbered colours.

    Every colour keeps its length, so no offset in the file moves.
    """
    def real(match):
        r, g, b = (int(round(float(v) * 255)) for v in match.groups()[:3])
        colour = real_colour(document, r * 200 + g, b)
        return b'%.4f %.4f %.4f %s' % (*colour, match.group(4))
    return COLOUR.sub(real, pdf)


def render(folder, name, size, smooth, last):
    """The pages of a PDF as images of that long side."""
    program = os.environ.get('PAGES_PDFTOPPM', 'pdftoppm').split()
    flag = 'yes' if smooth else 'no'
    subprocess.run(program + [
        '-q', '-scale-to', str(size), '-l', str(last), '-aa', flag,
        '-aaVector', flag, name + '.pdf', name], cwd=folder,
        stderr=subprocess.DEVNULL, timeout=120)
    files = sorted(f for f in os.listdir(folder)
                   if f.startswith(name + '-') and f.endswith('.ppm'))
    return [cv2.imread(os.path.join(folder, f)) for f in files]


class Labels:
    """The regions of one page, read from its render without smoothing."""

    def __init__(self, document, image):
        self.document = document
        blue, green, red = (image[..., i].astype(np.int32) for i in range(3))
        number = red * 200 + green
        seen = np.isin(number, list(document.regions)) & (red < 200)
        self.ys, self.xs = np.nonzero(seen)
        self.numbers = number[seen]
        self.uses = blue[seen]
        self.scale = image.shape[1] / document.style.paper[0]

    def column(self, xs):
        """The text column each x lies in."""
        style = self.document.style
        step = (style.column_width + style.gap) * self.scale
        start = (style.left - style.gap / 2) * self.scale
        return np.clip((xs - start) // step, 0, style.columns - 1).astype(int)

    @staticmethod
    def extents(keys, xs, ys):
        """For each key the box of its pixels: {key: (x1, y1, x2, y2)}."""
        order = np.argsort(keys, kind='stable')
        keys, xs, ys = keys[order], xs[order], ys[order]
        names, starts = np.unique(keys, return_index=True)
        if not len(names):
            return {}
        low = [np.minimum.reduceat(v, starts) for v in (xs, ys)]
        high = [np.maximum.reduceat(v, starts) + 1 for v in (xs, ys)]
        return {int(k): tuple(int(v) for v in box)
                for k, *box in zip(names, *low, *high)}

    def boxes(self):
        """(number, box) of every region; split over columns where it flows."""
        wide = np.array([0] + [r['wide'] for r in
                               self.document.regions.values()], bool)
        column = np.where(wide[self.numbers], 0, self.column(self.xs))
        found = self.extents(self.numbers * 8 + column, self.xs, self.ys)
        return [(key // 8, box) for key, box in found.items()]

    def parts(self, number, low, high=255):
        """Boxes of a region's pixels by use, for uses from low to high."""
        mine = (self.numbers == number) & (self.uses >= low) & (
            self.uses <= high)
        return self.extents(self.uses[mine], self.xs[mine], self.ys[mine])

    def rows(self, number, use):
        """The rows of a region with that use, one box each."""
        mine = (self.numbers == number) & (self.uses == use)
        ys = np.unique(self.ys[mine])
        cuts = np.nonzero(np.diff(ys) > 3)[0] + 1
        return [(int(part[0]), int(part[-1]) + 1)
                for part in np.split(ys, cuts) if len(part)]


def grow(image, box):
    """The box, one pixel wider on each side where smoothing put ink."""
    x1, y1, x2, y2 = box
    grey = image.min(2)
    height, width = grey.shape
    if x1 > 0 and (grey[y1:y2, x1 - 1] < INK).any():
        x1 -= 1
    if y1 > 0 and (grey[y1 - 1, x1:x2] < INK).any():
        y1 -= 1
    if x2 < width and (grey[y1:y2, x2] < INK).any():
        x2 += 1
    if y2 < height and (grey[y2, x1:x2] < INK).any():
        y2 += 1
    return x1, y1, x2, y2


def paste(rng, image, labels, number, make):
    """Pictures over a figure's rules; the box of all the ink in it."""
    for use, (x1, y1, x2, y2) in labels.parts(number, PANEL).items():
        if x2 - x1 < 8 or y2 - y1 < 8:
            continue
        ground = image[y1:y2, x1:x2]
        drawn = make(rng, x2 - x1, y2 - y1)
        image[y1:y2, x1:x2] = np.minimum(drawn, ground) if (
            ground.min() > 200) else drawn
    mine = labels.numbers == number
    xs, ys = labels.xs[mine], labels.ys[mine]
    inked = image[ys, xs].min(1) < INK
    if not inked.any():
        return None
    return (int(xs[inked].min()), int(ys[inked].min()),
            int(xs[inked].max()) + 1, int(ys[inked].max()) + 1)


def shade(document, image, labels, number, box):
    """Tints a table's rows; the box then reaches over the tints."""
    kind = document.regions[number]['shade']
    if kind is None:
        return box
    pad = max(2, int(4 * labels.scale))
    x1, y1, x2, y2 = box
    x1, x2 = max(x1 - pad, 0), min(x2 + pad, image.shape[1])
    head = tuple(60 + 20 * kind for _ in range(3)) if kind < 2 else (
        200, 210 - 8 * kind, 190)
    tints = [(HEAD_ROW, head), (BAND_ROW, (232, 228, 224))]
    for use, tint in tints[:1] if kind == 5 else tints:
        for top, bottom in labels.rows(number, use):
            top, bottom = max(top - pad // 2, 0), bottom + pad // 2
            part = image[top:bottom, x1:x2]
            if use == HEAD_ROW and kind < 2:
                part[:] = white_text(labels, number, part, (x1, top), tint)
            else:
                part[:] = np.minimum(part, tint)
            y1, y2 = min(y1, top), max(y2, bottom)
    return x1, y1, x2, min(y2, image.shape[0])


def white_text(labels, number, part, corner, tint):
    """A dark row with the region's own pixels in white."""
    out = np.empty_like(part)
    out[:] = tint
    mine = (labels.numbers == number) & (labels.uses == HEAD_ROW)
    xs, ys = labels.xs[mine] - corner[0], labels.ys[mine] - corner[1]
    good = (xs >= 0) & (ys >= 0) & (xs < part.shape[1]) & (ys < part.shape[0])
    out[ys[good], xs[good]] = 255
    return out


def annotate(rng, document, image, marks):
    """Finishes the visible page in place; its labelled boxes."""
    labels, found = Labels(document, marks), []
    for number, box in labels.boxes():
        region = document.regions[number]
        if region['label'] == FIGURE:
            box = paste(rng, image, labels, number, picture)
        elif region.get('logo'):
            box = paste(rng, image, labels, number, logo)
        elif region.get('math'):
            box = paste(rng, image, labels, number, functools.partial(
                mathematics, region['math'] * labels.scale))
        else:
            box = grow(image, box)
            if region['label'] == TABLE:
                box = shade(document, image, labels, number, box)
        if box and box[2] - box[0] > 2 and box[3] - box[1] > 2:
            found.append((region['label'], box))
    return found


def turn_dark(document, image):
    """The page with light ink on the document's paper colour."""
    colour = np.array(document.style.paper_colour[::-1]) * 255
    if colour.min() >= 255:
        return image
    ink = 1 - image / 255
    return (colour + ink * (250 - colour)).astype(np.uint8)


def typeset(document, rng, folder, size, most):
    """The document's pages: [(image BGR, [(label, box)])]."""
    path = run_tex(folder, document.source)
    if not path:
        return []
    with open(path, 'rb') as source:
        pdf = source.read()
    with open(os.path.join(folder, 'seen.pdf'), 'wb') as out:
        out.write(recolour(document, pdf))
    return finish(document, rng, folder, size, most)


def finish(document, rng, folder, size, most):
    """The pages of the two PDFs in the folder: [(image BGR, [(label, box)])]."""
    marks = render(folder, 'page', size, False, most)
    seen = render(folder, 'seen', size, True, most)
    pages = []
    for image, mark in zip(seen, marks):
        boxes = annotate(rng, document, image, mark)
        if len(boxes) > 1:
            pages.append((turn_dark(document, image), boxes))
    return pages
