#!/usr/bin/python3
"""Trains the layout network on made-up pages, for a set time.

    train.py PAGES OUT --minutes 10

PAGES may still be growing.  OUT gets log.csv, and every minute weights.pt (the
average that export.py and evaluate.py take), model.pt and optimizer.pt;
--resume FOLDER goes on from such a folder, --resume WEIGHTS.pt sets out anew
from an average.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import copy
import csv
import math
import os
import queue
import random
import sys
import threading
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from doclayout.augment import SHAPES, batch, count_of  # noqa: E402
from doclayout.dataset import Pages  # noqa: E402
from doclayout.evaluate import NAMES  # noqa: E402
from doclayout.loss import Loss  # noqa: E402
from doclayout.network import SCALES, doclayout  # noqa: E402
from doclayout.weights import save_weights  # noqa: E402

SCALE, IMGSZ = SCALES["n"], 1024
COLUMNS = ("step", "seconds", "rate", "pages", "images_per_s", "box_many",
         "class_many", "dfl_many", "box_one", "class_one", "dfl_one")


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages")
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--batch", type=float, default=16,
                        help="images of 1024x1024 in a batch, or their pixels")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--warm", type=int, default=300)
    parser.add_argument("--decay", type=float, default=0.03)
    parser.add_argument("--resume")
    parser.add_argument("--first", type=int, default=400,
                        help="pages to wait for before the first step")
    parser.add_argument("--most", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def make_optimizer(model, rate, decay):
    """AdamW; norms and biases do not decay."""
    heavy = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    light = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
    fused = dict(fused=True) if next(model.parameters()).is_cuda else {}
    return torch.optim.AdamW([dict(params=heavy, weight_decay=decay),
                              dict(params=light, weight_decay=0)], rate,
                             betas=(0.9, 0.99), **fused)


class Average:
    """The moving average of the weights, which is what gets used."""

    def __init__(self, model, decay=0.9995):
        self.model = copy.deepcopy(model).eval()
        self.decay, self.steps = decay, 0

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        keep = min(self.decay, self.steps / (self.steps + 20))
        mine, new = self.model.state_dict(), model.state_dict()
        floats = [k for k in mine if mine[k].is_floating_point()]
        mine = [mine[k] for k in floats]
        torch._foreach_mul_(mine, keep)
        torch._foreach_add_(mine, [new[k] for k in floats], alpha=1 - keep)


def save(path, value):
    """Writes a file in whole, or leaves the old one."""
    torch.save(value, path + ".part")
    os.replace(path + ".part", path)


def checkpoint(folder, model, average, optimizer, step):
    save(os.path.join(folder, "model.pt"), model.state_dict())
    path = os.path.join(folder, "weights.pt")
    save_weights(path + ".part", average.model, SCALE, NAMES, IMGSZ)
    os.replace(path + ".part", path)
    state = optimizer.state_dict()["state"]
    # bfloat16 keeps this under what some transfers allow.
    save(os.path.join(folder, "optimizer.pt"), dict(step=step, state={
        k: dict(step=v["step"], exp_avg=v["exp_avg"].bfloat16(),
                exp_avg_sq=v["exp_avg_sq"].bfloat16())
        for k, v in state.items()}))


def resume(folder, model, average, optimizer):
    """Loads a checkpoint's weights and, where there, the optimizer's."""
    device = next(model.parameters()).device

    def load(name):
        return torch.load(os.path.join(folder, name), map_location=device)
    average.steps = 10000
    if os.path.isfile(folder):
        folder, name = os.path.split(folder)
        for network in (model, average.model):
            network.load_state_dict(load(name)["state_dict"])
        return
    model.load_state_dict(load("model.pt"))
    average.model.load_state_dict(load("weights.pt")["state_dict"])
    if os.path.exists(os.path.join(folder, "optimizer.pt")):
        state = optimizer.state_dict()
        state["state"] = {
            k: dict(step=v["step"], exp_avg=v["exp_avg"].float(),
                    exp_avg_sq=v["exp_avg_sq"].float())
            for k, v in load("optimizer.pt")["state"].items()}
        optimizer.load_state_dict(state)


def rate_at(done, step, opt):
    """Warm-up by steps, then a cosine over the time there is."""
    rise = min(1, (step + 1) / opt.warm)
    return opt.rate * rise * (0.02 + 0.98 * (
        1 + math.cos(math.pi * min(done, 1))) / 2)


class Feed:
    """Makes batches beside the training, on a stream of their own."""

    def __init__(self, pages, pixels, device, seed):
        self.pages, self.pixels, self.device = pages, pixels, device
        self.rng, self.ready = random.Random(seed), queue.Queue(2)
        self.stream = torch.cuda.Stream() if device.type == "cuda" else None
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            if not self.stream:
                self.ready.put((batch(self.rng, self.pages, self.pixels), None))
                continue
            with torch.cuda.stream(self.stream):
                made = batch(self.rng, self.pages, self.pixels)
                self.ready.put((made, self.stream.record_event()))

    def next(self):
        made, event = self.ready.get()
        if event:
            now = torch.cuda.current_stream()
            now.wait_event(event)
            for tensor in made:
                # Or its memory goes to the next batch while it is still read.
                tensor.record_stream(now)
        return made


class Trainer:
    def __init__(self, opt):
        self.opt = opt
        torch.manual_seed(opt.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available()
                                   else "cpu")
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        self.model = doclayout(*SCALE, nc=len(NAMES)).to(self.device)
        self.model = self.model.to(memory_format=torch.channels_last).train()
        self.average = Average(self.model)
        self.optimizer = make_optimizer(self.model, opt.rate, opt.decay)
        if opt.resume:
            resume(opt.resume, self.model, self.average, self.optimizer)
        self.loss = Loss()
        self.pages = Pages(opt.pages, self.device, opt.most)

    def forward_loss(self, model, images, labels, boxes, real):
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            output = model(images)
        return self.loss(output, labels, boxes, real)

    def warm_up(self):
        """Lets cuDNN search while the first pages are being made."""
        spare = copy.deepcopy(self.model)
        for h, w, _ in SHAPES:
            count = count_of(self.opt.batch * 1024 * 1024, (h, w))
            images = torch.rand(count, 3, h, w, device=self.device)
            boxes = torch.tensor([10., 10, 200, 100], device=self.device)
            boxes = boxes.expand(count, 1, 4)
            ones = torch.ones(count, 1, device=self.device)
            for _ in range(2):
                self.forward_loss(spare, images, ones.long(), boxes,
                                  ones.bool())[0].backward()
            print("ready for", h, w, flush=True)

    def step(self, done, number):
        rate = rate_at(done, number, self.opt)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        images, labels, boxes, real = self.feed.next()
        total, terms = self.forward_loss(self.model, images, labels, boxes,
                                         real)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 10)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.average.update(self.model)
        return rate, len(images), terms

    def run(self):
        opt = self.opt
        os.makedirs(opt.out, exist_ok=True)
        self.pages.follow()
        if self.device.type == "cuda":
            self.warm_up()
        self.pages.wait_for(opt.first)
        self.feed = Feed(self.pages, opt.batch * 1024 * 1024, self.device,
                         opt.seed)
        start = saved = logged = time.time()
        number = seen = 0
        with open(os.path.join(opt.out, "log.csv"), "a", newline="") as out:
            log = csv.writer(out)
            log.writerow(COLUMNS)
            while time.time() - start < opt.minutes * 60:
                done = (time.time() - start) / opt.minutes / 60
                rate, count, terms = self.step(done, number)
                number, seen = number + 1, seen + count
                if number % 20 == 0:
                    now = time.time()
                    row = [number, f"{now - start:.0f}", f"{rate:.6f}",
                           len(self.pages.pages),
                           f"{seen / (now - logged):.0f}"] + [
                        f"{v:.3f}" for v in terms.tolist()]
                    logged, seen = now, 0
                    log.writerow(row)
                    out.flush()
                    if number % 200 == 0:
                        print(*row, flush=True)
                if time.time() - saved > 60:
                    saved = time.time()
                    checkpoint(opt.out, self.model, self.average,
                               self.optimizer, number)
        checkpoint(opt.out, self.model, self.average, self.optimizer, number)


if __name__ == "__main__":
    Trainer(options()).run()
