// graph_region.cpp - the part of a graph whose values take another form
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph_region.h"

#include <algorithm>

namespace jit = torch::jit;

namespace ts {

// What writes is asked now, as the analysis does not follow the rewriting.
GraphRegion::GraphRegion(const std::shared_ptr<jit::Graph> &graph)
    : graph_(graph), aliases_(graph) {
  for (jit::Node *node : list_nodes(graph->block()))
    for (jit::Value *output : node->outputs())
      if (aliases_.hasWriters(output)) written_.insert(output);
}

bool GraphRegion::is_written(jit::Node *node) const {
  return std::any_of(node->outputs().begin(), node->outputs().end(),
                     [&](jit::Value *output) { return written_.count(output) > 0; });
}

// One conversion serves all who need it.
jit::Value *GraphRegion::outside(jit::Value *value) {
  jit::Value *&copy = outside_[value];
  if (copy == nullptr) {
    jit::WithInsertPoint here(value->node()->next());
    copy = bring_back(value);
  }
  return copy;
}

bool GraphRegion::reads_only_inside(jit::Node *node) const {
  size_t n_tensors = 0;
  for (jit::Value *input : node->inputs()) {
    bool is_list = input->type()->isSubtypeOf(*c10::ListType::ofTensors());
    if (!is_list && !input->type()->isSubtypeOf(*c10::TensorType::get())) continue;
    n_tensors++;
    if (!contains(input)) return false;
  }
  return n_tensors > 0;
}

bool GraphRegion::lists_to_join(jit::Node *node) const {
  return node->kind() == c10::prim::ListConstruct && node->output()->uses().size() == 1 &&
         node->output()->uses()[0].user->kind() == c10::aten::cat &&
         !node->inputs().empty() &&
         std::all_of(node->inputs().begin(), node->inputs().end(),
                     [&](jit::Value *input) { return contains(input); });
}

void GraphRegion::leave(jit::Node *node) {
  if (is_indifferent(node)) return;
  for (size_t i = 0; i < node->inputs().size(); i++)
    if (contains(node->input(i))) node->replaceInput(i, outside(node->input(i)));
  for (jit::Block *block : node->blocks()) {
    for (jit::Node *inner : list_nodes(block)) leave(inner);
    leave(block->return_node());
  }
}

void GraphRegion::run() {
  for (jit::Node *node : list_nodes(graph_->block()))
    if (is_written(node) || !take(node)) leave(node);
  leave(graph_->return_node());
}

}  // namespace ts
