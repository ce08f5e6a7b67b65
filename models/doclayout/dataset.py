"""Pages with labels, read while a generator may still be adding some.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import concurrent.futures
import json
import os
import random
import threading
import time

import cv2
import numpy as np
import torch


def read_page(path, image, annotations):
    """RGB pixels [3, H, W] uint8, boxes [K, 4] xyxy, labels [K]."""
    pixels = cv2.imread(path, cv2.IMREAD_COLOR)
    if pixels is None:
        raise OSError(f"{path} is no image OpenCV can read; make the set anew")
    pixels = np.ascontiguousarray(pixels[..., ::-1].transpose(2, 0, 1))
    boxes = np.array([a["bbox"] for a in annotations], np.float32)
    boxes = boxes.reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    labels = np.array([a["category_id"] for a in annotations], np.int64)
    return tuple(torch.from_numpy(x) for x in (pixels, boxes, labels))


def read_document(path):
    """All pages of one COCO file; file names are relative to it."""
    with open(path, encoding="utf-8") as source:
        coco = json.load(source)
    by_image = {image["id"]: [] for image in coco["images"]}
    for annotation in coco["annotations"]:
        by_image[annotation["image_id"]].append(annotation)
    folder = os.path.dirname(path)
    return [read_page(os.path.join(folder, image["file_name"]), image,
                      by_image[image["id"]]) for image in coco["images"]]


class Pages:
    """A growing list of pages, held on the device."""

    def __init__(self, folder, device, most=8000, threads=2):
        self.folder, self.device, self.most = folder, device, most
        self.pages, self.seen = [], set()
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)

    def add_new(self):
        """Reads the documents that have come since the last time."""
        names = sorted(f for f in os.listdir(self.folder)
                       if f.endswith(".json") and f not in self.seen)
        self.seen.update(names)
        paths = [os.path.join(self.folder, name) for name in names]
        for pages in self.pool.map(read_document, paths):
            for pixels, boxes, labels in pages:
                self.keep((pixels.to(self.device), boxes, labels))
        return len(self.pages)

    def keep(self, page):
        """Adds a page; a full list loses a random one for it."""
        if len(self.pages) < self.most:
            self.pages.append(page)
        else:
            self.pages[random.randrange(self.most)] = page

    def follow(self, seconds=3):
        """Keeps adding pages in the background."""
        def run():
            while True:
                self.add_new()
                time.sleep(seconds)
        threading.Thread(target=run, daemon=True).start()

    def wait_for(self, count, seconds=600):
        """Blocks until that many pages are there."""
        start = time.time()
        while len(self.pages) < count:
            if time.time() - start > seconds:
                raise RuntimeError(
                    f"{self.folder} holds {len(self.pages)} pages after "
                    f"{seconds} s, {count} were awaited: is the generator "
                    "running?")
            time.sleep(0.5)

    def sample(self, rng):
        return self.pages[rng.randrange(len(self.pages))]
