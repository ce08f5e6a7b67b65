// vet_graph.cpp - looks through compiled code for what it may not call
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vet_graph.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>

#include <unordered_set>

#include "allowed_operators.h"
#include "shim_error.h"
#include "vet_source.h"

namespace jit = torch::jit;

namespace ts {
namespace {

constexpr size_t kMostNodes = 1 << 20;
constexpr char kForeignClass[] = "__torch__.torch.classes.";

[[noreturn]] void refuse(const Vetting &vetting, const std::string &what,
                         const std::string &place) {
  throw Error(TS_SHIM_ERROR_LOAD,
              vetting.path + ": " + what +
                  ", which is not among the operators that a module may use (" + place +
                  "): it could touch this machine; if you trust whoever made the file, "
                  "set unsafe-operators=true");
}

class GraphVetter {
 public:
  explicit GraphVetter(const Vetting &vetting) : vetting_(vetting) {}
  void vet_block(const jit::Block *block);
  void vet_type(const c10::TypePtr &type, const jit::Node *node);

 private:
  void vet_node(const jit::Node *node);
  void vet_subgraphs(const jit::Node *node);
  bool is_of_library(const std::string &class_name) const;
  const Vetting &vetting_;
  std::unordered_set<const c10::Type *> seen_;
  size_t n_nodes_ = 0;
};

// Classes cannot be listed; a library's have the namespace of its operators.
bool GraphVetter::is_of_library(const std::string &class_name) const {
  std::string space = class_name.substr(0, class_name.find('.')) + "::";
  auto first = vetting_.added.lower_bound(space);
  return first != vetting_.added.end() && first->compare(0, space.size(), space) == 0;
}

void GraphVetter::vet_type(const c10::TypePtr &type, const jit::Node *node) {
  if (!seen_.insert(type.get()).second) return;
  auto named = type->cast<c10::NamedType>();
  std::string name = named && named->name() ? named->name()->qualifiedName() : "";
  if (name.compare(0, sizeof kForeignClass - 1, kForeignClass) == 0 &&
      !is_allowed_class(name) && !is_of_library(name.substr(sizeof kForeignClass - 1)))
    refuse(vetting_, "has an object of the class " + name,
           node ? place_in_words(node->sourceRange()) : "in its data");
  for (const auto &part : type->containedTypes()) vet_type(part, node);
}

void GraphVetter::vet_subgraphs(const jit::Node *node) {
  for (const jit::Block *block : node->blocks()) vet_block(block);
  for (auto name : node->attributeNames()) {
    if (node->kindOf(name) == jit::AttributeKind::g) vet_block(node->g(name)->block());
    if (node->kindOf(name) == jit::AttributeKind::gs)
      for (const auto &graph : node->gs(name)) vet_block(graph->block());
  }
}

void GraphVetter::vet_node(const jit::Node *node) {
  std::string name = node->kind().toQualString();
  if (!is_allowed_operator(name) && vetting_.added.count(name) == 0)
    refuse(vetting_, "calls " + name, place_in_words(node->sourceRange()));
  for (const jit::Value *output : node->outputs()) vet_type(output->type(), node);
  if (++n_nodes_ > kMostNodes)
    throw Error(TS_SHIM_ERROR_LOAD, vetting_.path + ": has more than " +
                                        std::to_string(kMostNodes) +
                                        " operations; expected a smaller module");
  vet_subgraphs(node);
}

void GraphVetter::vet_block(const jit::Block *block) {
  for (const jit::Value *input : block->inputs()) vet_type(input->type(), nullptr);
  for (const jit::Node *node : block->nodes()) vet_node(node);
}

}  // namespace

void vet_graphs(const jit::CompilationUnit &unit, const Vetting &vetting) {
  GraphVetter vetter(vetting);
  for (jit::Function *function : unit.get_functions())
    vetter.vet_block(jit::toGraphFunction(*function).graph()->block());
}

void vet_type(const c10::TypePtr &type, const Vetting &vetting) {
  GraphVetter(vetting).vet_type(type, nullptr);
}

}  // namespace ts
