// fold_graph.cpp - folds into convolutions what follows them, once for all runs
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fold_graph.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_pooling.h>
#include <torch/csrc/jit/passes/frozen_graph_optimizations.h>

#include <vector>

namespace jit = torch::jit;

namespace ts {
namespace {

at::Tensor to_tensor(const jit::Value *value) {
  auto constant = jit::toIValue(value);
  return constant && constant->isTensor() ? constant->toTensor() : at::Tensor();
}

bool is_one(const jit::Value *value) {
  auto constant = jit::toIValue(value);
  return constant && constant->isScalar() && constant->toScalar().equal(1);
}

// A constant of one number a channel, of whatever has @weight.
bool is_per_channel(const jit::Value *value, const at::Tensor &weight) {
  const at::Tensor tensor = to_tensor(value);
  return tensor.defined() && tensor.dim() >= 3 && tensor.size(-3) == weight.size(0) &&
         tensor.numel() == weight.size(0);
}

// shift + convolution * scale, where nobody else reads the convolution.
bool scales_convolution(const jit::Node *node) {
  if (node->kind() != c10::aten::addcmul || !is_one(node->input(3))) return false;
  const jit::Value *x = node->input(1);
  if (x->node()->kind() != c10::aten::conv2d || x->uses().size() != 1) return false;
  const at::Tensor weight = to_tensor(x->node()->input(1));
  return weight.defined() && is_per_channel(node->input(0), weight) &&
         is_per_channel(node->input(2), weight);
}

// libtorch folds products and sums, but not the operator that is both.
void split_scales(jit::Graph &graph) {
  std::vector<jit::Node *> found;
  for (jit::Node *node : graph.nodes())
    if (scales_convolution(node)) found.push_back(node);
  for (jit::Node *node : found) {
    jit::WithInsertPoint here(node);
    jit::Value *scaled = graph.insert(c10::aten::mul, {node->input(1), node->input(2)});
    jit::Value *shifted = graph.insert(c10::aten::add, {scaled, node->input(0)});
    node->output()->replaceAllUsesWith(shifted);
    node->destroy();
  }
}

}  // namespace

void fold_convolutions(std::shared_ptr<jit::Graph> &graph) {
  split_scales(*graph);
  jit::OptimizeFrozenGraph(graph, true);
  // A convolution that runs at several dilations was folded once for each.
  jit::ConstantPooling(graph);
}

}  // namespace ts
