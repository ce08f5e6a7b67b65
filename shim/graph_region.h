// graph_region.h - the part of a graph whose values take another form
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/ir/alias_analysis.h>

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "graph_nodes.h"

namespace ts {

// Rewrites a graph from its first node to its last.  Values of the region are in
// another form (a lower type, another order in memory); where a node outside needs
// one, it is brought back.
class GraphRegion {
 public:
  explicit GraphRegion(const std::shared_ptr<torch::jit::Graph> &graph);
  virtual ~GraphRegion() = default;
  void run();

 protected:
  // Rewrites @node if its outputs can be in the region; FALSE: it cannot be.
  virtual bool take(torch::jit::Node *node) = 0;
  // Inserts at the current place what brings @value back.
  virtual torch::jit::Value *bring_back(torch::jit::Value *value) = 0;
  // Whether @node says the same whatever form its inputs have.
  virtual bool is_indifferent(torch::jit::Node *node) = 0;

  bool contains(torch::jit::Value *value) const { return values_.count(value) > 0; }
  void add(torch::jit::Value *value) { values_.insert(value); }

  // Whether @node has inputs that are tensors, or lists of them, and all are inside.
  bool reads_only_inside(torch::jit::Node *node) const;
  // Whether it makes a list of such tensors that is only there to be joined.
  bool lists_to_join(torch::jit::Node *node) const;

  const std::shared_ptr<torch::jit::Graph> graph_;

 private:
  bool is_written(torch::jit::Node *node) const;
  torch::jit::Value *outside(torch::jit::Value *value);
  void leave(torch::jit::Node *node);
  torch::jit::AliasDb aliases_;
  std::unordered_set<torch::jit::Value *> values_, written_;
  std::unordered_map<torch::jit::Value *, torch::jit::Value *> outside_;
};

}  // namespace ts
