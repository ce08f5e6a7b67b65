// cuda_graph.h - a call's launches as one CUDA graph
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAStream.h>

#include <functional>
#include <memory>
#include <string>

namespace ts {

// Whether @body runs without waiting for the card or touching the host, which no
// graph may: runs it once.  FALSE with a *reason otherwise; nothing is broken then.
// No other thread may use the card meanwhile.
bool can_capture(const std::function<void()> &body, std::string *reason);

// What @body queues on the current stream @stream, as a graph that replay() repeats.
// NULL with a *reason if that fails; the stream and libtorch's memory work on.
std::unique_ptr<at::cuda::CUDAGraph> capture(c10::cuda::CUDAStream stream,
                                             const std::function<void()> &body,
                                             std::string *reason);

}  // namespace ts
