// module_state.cpp - whether a method changes its own module
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "module_state.h"

#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/passes/inliner.h>

namespace jit = torch::jit;

namespace ts {
namespace {

// A list of tensors: a write to one of them is not told apart.
bool holds_tensors(const c10::TypePtr &type) {
  if (type->kind() == c10::TypeKind::TensorType) return true;
  const auto &contained = type->containedTypes();
  return std::any_of(contained.begin(), contained.end(), holds_tensors);
}

bool is_written(const jit::AliasDb &aliases, const jit::Value *attribute) {
  const auto &type = attribute->type();
  if (type->is_module()) return false;
  if (type->kind() != c10::TypeKind::TensorType && holds_tensors(type)) return true;
  return aliases.hasWriters(attribute);
}

bool changes_module(const jit::AliasDb &aliases, const jit::Block *block);

bool changes_module(const jit::AliasDb &aliases, const jit::Node *node) {
  const auto kind = node->kind();
  // What could not be inlined may do anything.
  if (kind == c10::prim::SetAttr || kind == c10::prim::CallMethod ||
      kind == c10::prim::CallFunction || kind == c10::prim::fork)
    return true;
  if (kind == c10::prim::GetAttr && is_written(aliases, node->output())) return true;
  const auto blocks = node->blocks();
  return std::any_of(blocks.begin(), blocks.end(), [&](const jit::Block *inner) {
    return changes_module(aliases, inner);
  });
}

bool changes_module(const jit::AliasDb &aliases, const jit::Block *block) {
  const auto nodes = block->nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](const jit::Node *node) {
    return changes_module(aliases, node);
  });
}

}  // namespace

bool keeps_state(const jit::Module &module, const std::string &method) {
  auto graph = module.get_method(method).graph()->copy();
  jit::Inline(*graph);
  const jit::AliasDb aliases(graph);
  return changes_module(aliases, graph->block());
}

}  // namespace ts
