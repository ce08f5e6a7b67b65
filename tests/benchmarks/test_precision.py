# test_precision.py - what a lower precision does to the answers on labelled pages
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: test_precision.py SOURCE_ROOT [PRECISION]
# The bundled model looks at the pages of ../shared/pages through the element, in
# float32 and in PRECISION (bf16); the mean AP may not differ by more than 0.005.
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SOURCE = pathlib.Path(sys.argv[1])
LABELS = SOURCE.parent / 'shared' / 'pages' / 'labels.json'
MODEL = SOURCE / 'models' / 'doclayout-n.mlpkg'
MAX_CHANGE = 0.005
LEAST_SCORE = 0.001
SLACK_PX = 3

sys.path.insert(0, str(SOURCE / 'models'))


def detect(page, precision, out):
    """Rows x1, y1, x2, y2, score, class, anchor, best first."""
    subprocess.run(
        ['gst-launch-1.0', '-q', 'filesrc', f'location={page}', '!', 'pngdec', '!',
         'videoconvert', '!', 'video/x-raw,format=RGB', '!',
         'torchscriptinfer', f'model={MODEL}', 'tune=off', f'precision={precision}',
         'max-detections=300', f'score-threshold={LEAST_SCORE}', '!',
         'detectionjson', f'location={out}', '!', 'fakesink'], check=True)
    rows = [d['box'] + [d['score'], d['class_id'], i] for i, d in
            enumerate(json.loads(out.read_text())['detections'])]
    return np.array(rows, np.float64).reshape(-1, 7)


def mean_ap(evaluate, pages, precision, out):
    found = [(detect(page, precision, out), truth) for page, truth in pages]
    rows = evaluate.measure(found, SLACK_PX)[:-1]
    return float(np.mean([ap for ap, count in rows if count]))


def main(precision='bf16'):
    if not LABELS.exists():
        print(f'skipped: {LABELS} is not there')
        return 77
    from doclayout import evaluate
    pages = evaluate.read_labels(str(LABELS))
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / 'out.json'
        full = mean_ap(evaluate, pages, 'fp32', out)
        lower = mean_ap(evaluate, pages, precision, out)
    print(f'mean AP: fp32 {full:.4f}, {precision} {lower:.4f}')
    return abs(full - lower) > MAX_CHANGE


if __name__ == '__main__':
    sys.exit(main(*sys.argv[2:]))
