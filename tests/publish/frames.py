"""Runs push_frames, whose frames carry known answers.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import subprocess

WIDTH, HEIGHT = 100, 80
CAPS = f"video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT},framerate=25/1"
LABELS = ["figure_caption", "title", "figure", "a, \"b\" <&>\x01\ufffd\u00e4", None]
BOXES = [(10, 60, 90, 70), (10.25, 5, 90, 9.5), (10, 20, 90, 59), (-2, 72, 101, 81),
         (1, 2, 3, 4)]
SCORES = [0.5, 0.93, 0.75, 0.25, 0.125]
CLASS_IDS = [4, 0, 3, 2, 11]
ORDERS = [3, 1, 2, 0, 0]


class Run:
    """What a finished push_frames has said."""

    def __init__(self, process, output):
        self.status = process.returncode
        lines = output.splitlines()
        self.messages = [s[8:] for s in lines if s.startswith("message=")]
        self.errors = [s[6:] for s in lines if s.startswith("error=")]
        self.values = dict(s.split("=") for s in lines
                           if s.split("=")[0] in ("dropped", "published"))


def start(program, n, metas, elements, pause_us=0, **arguments):
    return subprocess.Popen([program, str(n), str(pause_us), metas, elements],
                            stdout=subprocess.PIPE, text=True, **arguments)


def run(program, n, metas, elements, pause_us=0, timeout=60, **arguments):
    process = start(program, n, metas, elements, pause_us, **arguments)
    return Run(process, process.communicate(timeout=timeout)[0])
