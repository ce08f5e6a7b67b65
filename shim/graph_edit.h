// graph_edit.h - rewrites the graph of a frozen method
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/ir/ir.h>

#include <memory>

namespace ts {

// Makes writes in place ordinary operators where that changes nothing, and forgets
// the shapes and types that a trace wrote down.
void make_functional(const std::shared_ptr<torch::jit::Graph> &graph);

// Lays four-dimensional constants of convolutions out as NHWC.
void lay_out_channels_last(torch::jit::Graph &graph);

// Lets convolutions and matrix products compute in @type, and what lies between
// them and needs no precision; everything else stays in float32.
void lower_precision(const std::shared_ptr<torch::jit::Graph> &graph,
                     at::ScalarType type);

// Sends convolutions straight to oneDNN, with their weights in its order and the
// activation behind them as part of them where this libtorch can.
// False if there was none to send.
bool pack_convolutions(const std::shared_ptr<torch::jit::Graph> &graph);

}  // namespace ts
