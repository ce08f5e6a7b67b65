// blocked_graph.h - a graph whose images stay in the order of oneDNN's vector code
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <memory>

namespace ts {

// Gives convolutions, and what lies between them, to operators of our own over oneDNN,
// so that images are laid out for it once and not at each operator.  @graph is frozen
// and functional.  False if there was no convolution to give, or this shim has no
// oneDNN, or the CPU none of the vectors that it needs.
bool block_images(const std::shared_ptr<torch::jit::Graph> &graph);

}  // namespace ts
