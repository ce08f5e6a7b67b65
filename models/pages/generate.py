#!/usr/bin/python3
"""Makes labelled pages: typeset, rendered, boxed; COCO labels beside them.

Each document is its own seed, so a set can be made in parts and again:

    generate.py OUT --documents 100 --seed 1 --jobs 2

Writes OUT/dSEED_NNNN-P.jpg and OUT/dSEED_NNNN.json (COCO, one per document).

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
import traceback

import cv2

from document import NAMES, Document
from typeset import typeset
from web import Web


def coco(name, pages):
    """COCO's form of one document's labels."""
    images, annotations = [], []
    for i, (image, boxes) in enumerate(pages):
        images.append(dict(id=i, file_name='%s-%d.jpg' % (name, i),
                           width=image.shape[1], height=image.shape[0]))
        for label, (x1, y1, x2, y2) in boxes:
            annotations.append(dict(
                id=len(annotations), image_id=i, category_id=label,
                bbox=[x1, y1, x2 - x1, y2 - y1], iscrowd=0,
                area=(x2 - x1) * (y2 - y1)))
    return dict(images=images, annotations=annotations,
                categories=[dict(id=i, name=n) for i, n in enumerate(NAMES)])


def make(job):
    """Makes one document; the number of its pages."""
    out, seed, index, size, most, html = job
    cv2.setNumThreads(1)
    rng = random.Random('%d/%d' % (seed, index))
    name = 'd%d_%05d' % (seed, index)
    with tempfile.TemporaryDirectory() as folder:
        try:
            if rng.random() < html:
                # These cost more each page, so there are fewer a document.
                from weasy import typeset_html  # TeX alone needs none of it.
                pages = typeset_html(Web(rng, most // 2), rng, folder, size,
                                     most // 2)
            else:
                pages = typeset(Document(rng, most), rng, folder, size, most)
        except Exception:
            # One bad document must not end a run of thousands.
            traceback.print_exc()
            return 0
    for i, (image, _) in enumerate(pages):
        cv2.imwrite(os.path.join(out, '%s-%d.jpg' % (name, i)), image,
                    [cv2.IMWRITE_JPEG_QUALITY, 92])
    # Readers take a document once its labels are there, so these come last.
    path = os.path.join(out, name + '.json')
    with open(path + '.part', 'w', encoding='utf-8') as labels:
        json.dump(coco(name, pages), labels)
    os.replace(path + '.part', path)
    return len(pages)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('out')
    parser.add_argument('--documents', type=int, default=100)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--size', type=int, default=1280,
                        help='long side of the pages in pixels')
    parser.add_argument('--pages', type=int, default=8,
                        help='most pages of one document')
    parser.add_argument('--html', type=float, default=0.6,
                        help='share of the documents that are HTML, not TeX')
    parser.add_argument('--seconds', type=float, default=1e9,
                        help='start no document after this time')
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    start, count, documents = time.time(), 0, 0
    jobs = ((options.out, options.seed, i, options.size, options.pages,
             options.html)
            for i in range(options.documents)
            if time.time() - start < options.seconds)
    with multiprocessing.Pool(options.jobs) as pool:
        for pages in pool.imap_unordered(make, jobs):
            count, documents = count + pages, documents + 1
    print('%d pages of %d documents in %.0f s' % (
        count, documents, time.time() - start))


if __name__ == '__main__':
    main()
