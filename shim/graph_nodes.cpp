// graph_nodes.cpp - what the rewriting of graphs asks of nodes
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph_nodes.h"

#include <torch/csrc/jit/ir/constants.h>

namespace jit = torch::jit;

namespace ts {
namespace {

constexpr int64_t kFewWeights = 64;

bool is_false(jit::Value *value) {
  auto constant = jit::toIValue(value);
  return constant && constant->isBool() && !constant->toBool();
}

}  // namespace

Symbols to_symbols(std::initializer_list<const char *> names) {
  Symbols symbols;
  for (const char *name : names) symbols.insert(c10::Symbol::fromQualString(name));
  return symbols;
}

at::Tensor constant_input(const jit::Node *node, size_t input) {
  auto constant = jit::toIValue(node->input(input));
  return constant && constant->isTensor() ? constant->toTensor() : at::Tensor();
}

std::optional<Convolution> find_convolution(jit::Node *node) {
  static const auto conv2d = c10::Symbol::fromQualString("aten::conv2d");
  static const auto convolution = c10::Symbol::fromQualString("aten::_convolution");
  Convolution found{node, {}, 3, 4, 5, 6};
  if (node->kind() == convolution) {
    if (!is_false(node->input(6))) return std::nullopt;
    found.groups = 8;
  } else if (node->kind() != conv2d) {
    return std::nullopt;
  }
  auto padding = jit::toIValue(node->input(found.padding));
  found.weight = constant_input(node, 1);
  if (!padding || !padding->isIntList() || !found.weight.defined() ||
      found.weight.dim() != 4 || found.weight.is_mkldnn() ||
      !found.weight.is_floating_point())
    return std::nullopt;
  return found;
}

bool has_few_weights(const Convolution &convolution) {
  return convolution.weight.numel() < kFewWeights;
}

bool is_constant(const Convolution &convolution) {
  for (size_t i : {convolution.stride, convolution.dilation, convolution.groups})
    if (!jit::toIValue(convolution.node->input(i))) return false;
  return true;
}

std::vector<jit::Node *> list_nodes(jit::Block *block) {
  return {block->nodes().begin(), block->nodes().end()};
}

jit::Value *insert_constant(jit::Node *before, const c10::IValue &value) {
  jit::WithInsertPoint here(before);
  return before->owningGraph()->insertConstant(value);
}

}  // namespace ts
