#!/usr/bin/python3
"""Draws the log.csv files of a training's parts, one after the other.

    plot.py OUT.svg LOG.csv ...

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import csv

import matplotlib
import numpy as np

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "doclayout"
import matplotlib.pyplot as plt  # noqa: E402

TERMS = [("box", "box_one"), ("class", "class_one"), ("DFL", "dfl_one")]


def read(paths):
    """The columns of all files as arrays; minutes go on, "part" counts."""
    rows, minutes = [], 0.0
    for part, path in enumerate(paths):
        with open(path, newline="", encoding="utf-8") as source:
            mine = [{k: float(v) for k, v in row.items()}
                    for row in csv.DictReader(source)]
        for row in mine:
            row.update(part=part, minutes=minutes + row["seconds"] / 60)
        minutes = mine[-1]["minutes"]
        rows += mine
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def smooth(values, window=9):
    """The running mean, shorter at the ends."""
    ones = np.ones(window)
    return np.convolve(values, ones, "same") / np.convolve(
        np.ones_like(values), ones, "same")


def draw(log, out):
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
    cuts = log["minutes"][:-1][np.diff(log["part"]) > 0]
    for part in np.unique(log["part"]):
        mine = log["part"] == part
        for k, (name, column) in enumerate(TERMS):
            axes[0].plot(log["minutes"][mine], smooth(log[column][mine]),
                         color=f"C{k}", lw=1, label=name if not part else None)
    axes[0].set(title="loss of the one-to-one head", ylim=(0, 4))
    axes[0].legend(frameon=False)
    axes[1].plot(log["minutes"], log["rate"] * 1e3, lw=1)
    axes[1].set(title="learning rate, 1e-3")
    axes[2].plot(log["minutes"], log["pages"], lw=1)
    axes[2].set(title="pages at hand")
    for axis in axes:
        axis.set_xlabel("minutes")
        for cut in cuts:
            axis.axvline(cut, color="0.8", lw=.8, zorder=0)
    figure.savefig(out, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("logs", nargs="+")
    options = parser.parse_args()
    draw(read(options.logs), options.out)


if __name__ == "__main__":
    main()
