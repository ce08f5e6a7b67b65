// graph_nodes.h - what the rewriting of graphs asks of nodes
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/ir/ir.h>

#include <optional>
#include <set>
#include <vector>

namespace ts {

using Symbols = std::set<c10::Symbol>;
Symbols to_symbols(std::initializer_list<const char *> names);

// The place of each argument of a convolution by its operator.
struct Convolution {
  torch::jit::Node *node;
  at::Tensor weight;
  size_t stride, padding, dilation, groups;
};

// A 2-D convolution with constant weights, and numbers for its padding.
std::optional<Convolution> find_convolution(torch::jit::Node *node);

// Whether it has too few weights to gain anything: the expectation over a
// distribution, say, which is a convolution by name alone and loses by rounding.
bool has_few_weights(const Convolution &convolution);

// Whether stride, dilation and groups are constants, too.
bool is_constant(const Convolution &convolution);

// The constant that @node reads, or an undefined tensor.
at::Tensor constant_input(const torch::jit::Node *node, size_t input);

// A copy to go through while nodes come and go.
std::vector<torch::jit::Node *> list_nodes(torch::jit::Block *block);

torch::jit::Value *insert_constant(torch::jit::Node *before, const c10::IValue &value);

}  // namespace ts
