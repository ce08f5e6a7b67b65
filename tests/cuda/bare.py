#!/usr/bin/env python3
"""Times the bare module, without anything of ours, as the reference of run.sh.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: bare.py MODEL.pt DTYPE BATCH...
Prints one JSON object for each batch and memory layout, each from a process of its own,
or what one leaves would count as the next one's memory: the median of the forward
passes, and that of the same as a CUDA graph.
"""
import json
import multiprocessing
import sys

import torch

torch._C._jit_set_texpr_fuser_enabled(False)
torch._C._jit_set_profiling_mode(False)


def load(path, dtype, layout):
    module = torch.jit.load(path, map_location="cuda").eval().to(dtype)
    if layout is torch.channels_last:
        for parameter in module.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=layout)
    return torch.jit.freeze(module)


def median_ms(call, runs):
    times = []
    for _ in range(runs):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        call()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    times.sort()
    return times[len(times) // 2]


def graph_of(module, x):
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        module(x)
    return graph


def used_mb():
    """Of the whole card, so that it can be compared with what is not Python."""
    torch.cuda.empty_cache()
    free, total = torch.cuda.mem_get_info()
    return (total - free) / 2 ** 20


@torch.inference_mode()
def measure(path, dtype, batch, layout, benchmark):
    torch.backends.cudnn.benchmark = benchmark
    module = load(path, dtype, layout)
    x = torch.rand(batch, 3, 1024, 1024, device="cuda").to(dtype)
    x = x.contiguous(memory_format=layout)
    for _ in range(3):
        module(x)
    runs = max(5, 40 // batch)
    result = {"bench": "bare", "model": path, "dtype": str(dtype), "batch": batch,
              "layout": str(layout), "cudnn_benchmark": benchmark,
              "runs": runs, "forward_ms": median_ms(lambda: module(x), runs)}
    graph = graph_of(module, x)
    result["graph_ms"] = median_ms(graph.replay, runs)
    best = min(result["forward_ms"], result["graph_ms"])
    result["frames_per_second"] = 1000 * batch / best
    result["memory_mb"] = used_mb()
    print(json.dumps(result), flush=True)


def measure_alone(*arguments):
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=measure, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def main():
    path, dtype = sys.argv[1], getattr(torch, sys.argv[2])
    for batch in map(int, sys.argv[3:]):
        for layout in (torch.contiguous_format, torch.channels_last):
            for benchmark in (False, True):
                measure_alone(path, dtype, batch, layout, benchmark)


if __name__ == "__main__":
    main()
