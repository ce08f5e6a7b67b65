# run_python.py - what people write: PyTorch, OpenCV and NumPy
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: run_python.py MODEL.pt FRAME.raw WIDTH HEIGHT
# Answers lines as lines.h says.  A frame is letterboxed to 1024 with OpenCV, goes
# through the module as it is loaded, and NumPy picks the 300 best boxes.
import json
import sys
import time

import cv2
import numpy as np
import torch

SIDE, STRIDE, GREY, BEST = 1024, 32, 114, 300


def letterbox(frame):
    height, width = frame.shape[:2]
    ratio = min(SIDE / width, SIDE / height)
    size = round(width * ratio), round(height * ratio)
    pad_x, pad_y = (SIDE - size[0]) % STRIDE, (SIDE - size[1]) % STRIDE
    left, top = round(pad_x / 2 - 0.1), round(pad_y / 2 - 0.1)
    frame = cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)
    return cv2.copyMakeBorder(frame, top, pad_y - top, left, pad_x - left,
                              cv2.BORDER_CONSTANT, value=(GREY,) * 3)


def best_boxes(answer):
    boxes, scores = answer[:4].T, answer[4:].T
    anchors = np.argsort(-scores.max(1))[:BEST]
    scores = scores[anchors]
    flat = np.argsort(-scores.ravel())[:BEST]
    row, label = np.divmod(flat, scores.shape[1])
    centre, size = boxes[anchors[row]].reshape(-1, 2, 2).swapaxes(0, 1)
    return np.column_stack([centre - size / 2, centre + size / 2,
                            scores[row, label], label])


def main(model, path, width, height):
    torch._C._jit_set_texpr_fuser_enabled(False)
    module = torch.jit.load(model).float().eval()
    frame = np.fromfile(path, np.uint8).reshape(int(height), int(width), 3)

    def run():
        start = time.perf_counter()
        tensor = torch.from_numpy(letterbox(frame)).permute(2, 0, 1)
        with torch.no_grad():
            answer = module(tensor[None].float() / 255)
        best_boxes(answer[0].numpy())
        return 1e3 * (time.perf_counter() - start)

    for _ in range(3):
        run()
    print(json.dumps({'form': 'as loaded', 'threads': torch.get_num_threads(),
                      'runtime': f'PyTorch {torch.__version__}'}), flush=True)
    for line in sys.stdin:
        print([round(run(), 3) for _ in range(int(line))], flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
