// cuda_fuse.h - fewer passes over memory on a card
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <memory>

namespace ts {

// Puts one operator of our own in place of a convolution that SiLU follows, and of
// the sum of that with another tensor: bias, activation and sum then take one pass
// instead of three.
void fuse_for_cuda(const std::shared_ptr<torch::jit::Graph> &graph);

}  // namespace ts
