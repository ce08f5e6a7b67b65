"""A page into the network and its boxes back, as upstream does it with OpenCV.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import subprocess
import sys

import cv2

from common import ROOT

TOOLS = ROOT / "models" / "doclayout"


def tool(name, *args):
    return subprocess.run([sys.executable, str(TOOLS / name), *map(str, args)],
                          capture_output=True, text=True, check=False)


def letterbox(image, size, rectangular):
    """The page in the input, and where: as section 3 of the facts says."""
    h, w = image.shape[:2]
    gain = min(size / h, size / w)
    new_w, new_h = round(w * gain), round(h * gain)
    pad_w, pad_h = size - new_w, size - new_h
    if rectangular:
        pad_w, pad_h = pad_w % 32, pad_h % 32
    if (new_w, new_h) != (w, h):
        image = cv2.resize(image, (new_w, new_h), interpolation=cv2.INTER_LINEAR)
    top, bottom = round(pad_h / 2 - 0.1), round(pad_h / 2 + 0.1)
    left, right = round(pad_w / 2 - 0.1), round(pad_w / 2 + 0.1)
    return cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT,
                              value=(114, 114, 114))


def to_page(rows, page, tensor):
    """Rows in tensor pixels to rows in page pixels, clipped."""
    (h, w), (tensor_h, tensor_w) = page, tensor
    gain = min(tensor_h / h, tensor_w / w)
    left = round((tensor_w - w * gain) / 2 - 0.1)
    top = round((tensor_h - h * gain) / 2 - 0.1)
    rows = rows.copy()
    rows[:, :4] = (rows[:, :4] - [left, top, left, top]) / gain
    rows[:, :4] = rows[:, :4].clip(0, [w, h, w, h])
    return rows
