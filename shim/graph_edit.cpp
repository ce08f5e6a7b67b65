// graph_edit.cpp - rewrites the graph of a frozen method
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph_edit.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/remove_mutation.h>
#include <torch/csrc/jit/passes/shape_analysis.h>

#include "graph_region.h"

namespace jit = torch::jit;

namespace ts {
namespace {

void replace_constant(jit::Node *node, size_t input, const at::Tensor &tensor) {
  node->replaceInput(input, insert_constant(node, tensor));
}

// The region is what is in the lower type.
class Lowering : public GraphRegion {
 public:
  Lowering(const std::shared_ptr<jit::Graph> &graph, at::ScalarType type)
      : GraphRegion(graph), type_(type) {}

 protected:
  bool take(jit::Node *node) override;
  jit::Value *bring_back(jit::Value *value) override;
  bool is_indifferent(jit::Node *node) override;

 private:
  void lower_input(jit::Node *node, size_t input);
  bool lower_convolution(jit::Node *node);
  bool lower_product(jit::Node *node);
  bool passes(jit::Node *node) const;

  const at::ScalarType type_;
};

jit::Value *Lowering::bring_back(jit::Value *value) {
  return graph_->insert(c10::aten::to, {value, (int64_t)at::kFloat});
}

bool Lowering::is_indifferent(jit::Node *node) {
  static const Symbols type_blind =
      to_symbols({"aten::size", "aten::dim", "prim::device"});
  return type_blind.count(node->kind()) > 0;
}

void Lowering::lower_input(jit::Node *node, size_t input) {
  jit::Value *value = node->input(input);
  if (contains(value)) return;
  jit::WithInsertPoint here(node);
  node->replaceInput(input, graph_->insert(c10::aten::to, {value, (int64_t)type_}));
}

bool Lowering::lower_convolution(jit::Node *node) {
  auto convolution = find_convolution(node);
  if (!convolution || has_few_weights(*convolution) ||
      convolution->weight.scalar_type() != at::kFloat)
    return false;
  const at::Tensor bias = constant_input(node, 2);
  lower_input(node, 0);
  replace_constant(node, 1, convolution->weight.to(type_));
  if (bias.defined()) replace_constant(node, 2, bias.to(type_));
  return true;
}

bool Lowering::lower_product(jit::Node *node) {
  static const Symbols products = to_symbols({"aten::matmul", "aten::bmm", "aten::mm"});
  if (products.count(node->kind()) == 0) return false;
  lower_input(node, 0);
  lower_input(node, 1);
  return true;
}

// Operators that only choose, move or add up values to a layer's own precision.
bool Lowering::passes(jit::Node *node) const {
  static const Symbols operators =
      to_symbols({"aten::silu", "aten::relu", "aten::leaky_relu", "aten::hardswish",
                  "aten::gelu", "aten::max_pool2d", "aten::avg_pool2d",
                  "aten::upsample_nearest2d", "aten::cat", "aten::chunk", "aten::add",
                  "aten::mul", "prim::ConstantChunk", "prim::ListUnpack"});
  return operators.count(node->kind()) > 0 && reads_only_inside(node);
}

bool Lowering::take(jit::Node *node) {
  if (!lower_convolution(node) && !lower_product(node) && !passes(node) &&
      !lists_to_join(node))
    return false;
  for (jit::Value *output : node->outputs()) add(output);
  return true;
}

// The name that oneDNN's fusion has for an operator, or NULL.
const char *activation_name(const jit::Node *node) {
  static const auto silu = c10::Symbol::fromQualString("aten::silu");
  if (node->kind() == silu) return "swish";
  return node->kind() == c10::aten::relu ? "relu" : nullptr;
}

// The activation that alone reads what @node gives, or NULL.
jit::Node *find_activation(const jit::Node *node) {
  const auto &uses = node->output()->uses();
  if (uses.size() != 1 || activation_name(uses[0].user) == nullptr) return nullptr;
  return uses[0].user;
}

c10::IValue constant_of(const Convolution &from, size_t input) {
  return *jit::toIValue(from.node->input(input));
}

// Weights in the order that oneDNN computes with, so that no run has to reorder them.
at::Tensor reorder_weight(const c10::OperatorHandle &reorder, const Convolution &from) {
  jit::Stack stack;
  jit::push(stack, from.weight.contiguous(), constant_of(from, from.padding),
            constant_of(from, from.stride), constant_of(from, from.dilation),
            constant_of(from, from.groups));
  if (reorder.schema().arguments().size() > 5) jit::push(stack, c10::IValue());
  reorder.callBoxed(stack);
  return stack.back().toTensor();
}

// No prim::Constant can hold a tensor whose order only oneDNN knows.
jit::Node *insert_packed(jit::Graph *graph, const at::Tensor &weight) {
  jit::Node *node = graph->create(c10::Symbol::prim("ConstantMKLDNNTensor"));
  node->t_(c10::attr::value, weight);
  node->output()->setType(c10::TensorType::get());
  return graph->insertNode(node);
}

// What is replaced stays, read by nobody, as the caller goes through a list of all.
void finish(jit::Node *replaced, jit::Node *node) {
  node->output()->setType(c10::TensorType::get());
  replaced->output()->replaceAllUsesWith(node->output());
}

// mkldnn::_convolution_pointwise(X, W, B, padding, stride, dilation, groups, attr,
// scalars, algorithm)
void pack_with_activation(const Convolution &from, const c10::OperatorHandle &reorder) {
  static const auto kind = c10::Symbol::fromQualString("mkldnn::_convolution_pointwise");
  jit::Graph *graph = from.node->owningGraph();
  jit::Node *activation = find_activation(from.node);
  jit::WithInsertPoint here(from.node);
  jit::Node *weight = insert_packed(graph, reorder_weight(reorder, from));
  jit::Value *name =
      graph->insertConstant(activation ? activation_name(activation) : "none");
  jit::Node *scalars = graph->insertNode(
      graph->createList(c10::OptionalType::create(c10::NumberType::get()), {}));
  const auto in = [&](size_t i) { return from.node->input(i); };
  jit::Node *node = graph->insertNode(
      graph->create(kind, {in(0), weight->output(), in(2), in(from.padding),
                           in(from.stride), in(from.dilation), in(from.groups), name,
                           scalars->output(), graph->insertConstant(c10::IValue())}));
  finish(activation ? activation : from.node, node);
}

// aten::mkldnn_convolution(input, weight, bias, padding, stride, dilation, groups):
// what aten::conv2d calls by rules that leave small kernels to slower code.
void pack_plainly(const Convolution &from) {
  static const auto kind = c10::Symbol::fromQualString("aten::mkldnn_convolution");
  jit::Graph *graph = from.node->owningGraph();
  jit::WithInsertPoint here(from.node);
  jit::Value *weight =
      graph->insertConstant(from.weight.contiguous(at::MemoryFormat::ChannelsLast));
  const auto in = [&](size_t i) { return from.node->input(i); };
  jit::Node *node = graph->insertNode(
      graph->create(kind, {in(0), weight, in(2), in(from.padding), in(from.stride),
                           in(from.dilation), in(from.groups)}));
  finish(from.node, node);
}

}  // namespace

void make_functional(const std::shared_ptr<jit::Graph> &graph) {
  jit::Inline(*graph);
  jit::EraseShapeInformation(graph);
  jit::RemoveListMutation(graph);
  jit::RemoveTensorMutation(graph);
}

void lay_out_channels_last(jit::Graph &graph) {
  for (jit::Node *node : list_nodes(graph.block()))
    if (auto convolution = find_convolution(node))
      replace_constant(node, 1,
                       convolution->weight.contiguous(at::MemoryFormat::ChannelsLast));
}

void lower_precision(const std::shared_ptr<jit::Graph> &graph, at::ScalarType type) {
  Lowering(graph, type).run();
  jit::EliminateDeadCode(graph);
  graph->lint();
}

bool pack_convolutions(const std::shared_ptr<jit::Graph> &graph) {
  const auto reorder = c10::Dispatcher::singleton().findSchema(
      {"mkldnn::_reorder_convolution_weight", ""});
  const auto pointwise =
      c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise", ""});
  bool packed = false;
  for (jit::Node *node : list_nodes(graph->block())) {
    auto convolution = find_convolution(node);
    if (!convolution || !is_constant(*convolution)) continue;
    if (reorder && pointwise)
      pack_with_activation(*convolution, *reorder);
    else
      pack_plainly(*convolution);
    packed = true;
  }
  jit::EliminateDeadCode(graph);
  graph->lint();
  return packed;
}

}  // namespace ts
