// fold_graph.h - folds into convolutions what follows them, once for all runs
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <memory>

namespace ts {

// Batch norms, sums and products by constants behind the convolutions of a frozen
// @graph become part of their weights; constants that are equal are held once.
void fold_convolutions(std::shared_ptr<torch::jit::Graph> &graph);

}  // namespace ts
