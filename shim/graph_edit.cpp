// graph_edit.cpp - rewrites the graph of a frozen method
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph_edit.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/remove_mutation.h>
#include <torch/csrc/jit/passes/shape_analysis.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace jit = torch::jit;

namespace ts {
namespace {

// Too few weights to gain anything: the expectation over a distribution, say, which
// is a convolution by name alone and loses by rounding.
constexpr int64_t kFewWeights = 64;

using Symbols = std::set<c10::Symbol>;

Symbols to_symbols(std::initializer_list<const char *> names) {
  Symbols symbols;
  for (const char *name : names) symbols.insert(c10::Symbol::fromQualString(name));
  return symbols;
}

// The place of each argument of a convolution by its operator.
struct Convolution {
  jit::Node *node;
  at::Tensor weight;
  size_t stride, padding, dilation, groups;
};

at::Tensor constant_input(const jit::Node *node, size_t input) {
  auto constant = jit::toIValue(node->input(input));
  return constant && constant->isTensor() ? constant->toTensor() : at::Tensor();
}

bool is_false(jit::Value *value) {
  auto constant = jit::toIValue(value);
  return constant && constant->isBool() && !constant->toBool();
}

// A 2-D convolution with constant weights, and numbers for its padding.
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

std::vector<jit::Node *> list_nodes(jit::Block *block) {
  return {block->nodes().begin(), block->nodes().end()};
}

jit::Value *insert_constant(jit::Node *before, const c10::IValue &value) {
  jit::WithInsertPoint here(before);
  return before->owningGraph()->insertConstant(value);
}

void replace_constant(jit::Node *node, size_t input, const at::Tensor &tensor) {
  node->replaceInput(input, insert_constant(node, tensor));
}

// Which values are in the lower type while the graph is rewritten from its first
// node to its last.
class Lowering {
 public:
  Lowering(const std::shared_ptr<jit::Graph> &graph, at::ScalarType type)
      : graph_(graph), aliases_(graph), type_(type) {
    for (jit::Node *node : list_nodes(graph->block()))
      for (jit::Value *output : node->outputs())
        if (aliases_.hasWriters(output)) written_.insert(output);
  }
  void run();

 private:
  bool is_low(jit::Value *value) const { return low_.count(value) > 0; }
  jit::Value *cast(jit::Value *value, at::ScalarType type, jit::Node *before);
  jit::Value *raised(jit::Value *value);
  void lower_input(jit::Node *node, size_t input);
  bool lower_convolution(jit::Node *node);
  bool lower_product(jit::Node *node);
  bool passes(jit::Node *node);
  bool is_written(jit::Node *node) const;
  void mark(jit::Node *node);
  void raise_inputs(jit::Node *node);

  std::shared_ptr<jit::Graph> graph_;
  jit::AliasDb aliases_;
  at::ScalarType type_;
  std::unordered_set<jit::Value *> low_, written_;
  std::unordered_map<jit::Value *, jit::Value *> raised_;
};

jit::Value *Lowering::cast(jit::Value *value, at::ScalarType type, jit::Node *before) {
  jit::WithInsertPoint here(before);
  return graph_->insert(c10::aten::to, {value, (int64_t)type});
}

// One conversion serves all who need it.
jit::Value *Lowering::raised(jit::Value *value) {
  jit::Value *&copy = raised_[value];
  if (copy == nullptr) copy = cast(value, at::kFloat, value->node()->next());
  return copy;
}

void Lowering::lower_input(jit::Node *node, size_t input) {
  jit::Value *value = node->input(input);
  if (!is_low(value)) node->replaceInput(input, cast(value, type_, node));
}

bool Lowering::is_written(jit::Node *node) const {
  return std::any_of(node->outputs().begin(), node->outputs().end(),
                     [&](jit::Value *output) { return written_.count(output) > 0; });
}

bool Lowering::lower_convolution(jit::Node *node) {
  auto convolution = find_convolution(node);
  if (!convolution || convolution->weight.numel() < kFewWeights ||
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
bool Lowering::passes(jit::Node *node) {
  static const Symbols operators =
      to_symbols({"aten::silu", "aten::relu", "aten::leaky_relu", "aten::hardswish",
                  "aten::gelu", "aten::max_pool2d", "aten::avg_pool2d",
                  "aten::upsample_nearest2d", "aten::cat", "aten::chunk", "aten::add",
                  "aten::mul", "prim::ConstantChunk", "prim::ListUnpack"});
  if (operators.count(node->kind()) == 0) return false;
  size_t n_tensors = 0;
  for (jit::Value *input : node->inputs()) {
    bool is_list = input->type()->isSubtypeOf(*c10::ListType::ofTensors());
    if (!is_list && !input->type()->isSubtypeOf(*c10::TensorType::get())) continue;
    n_tensors++;
    if (!is_low(input)) return false;
  }
  return n_tensors > 0;
}

// A list of tensors that is only there to be joined.
bool joins_low(jit::Node *node, const std::unordered_set<jit::Value *> &low) {
  return node->kind() == c10::prim::ListConstruct && node->output()->uses().size() == 1 &&
         node->output()->uses()[0].user->kind() == c10::aten::cat &&
         !node->inputs().empty() &&
         std::all_of(node->inputs().begin(), node->inputs().end(),
                     [&](jit::Value *input) { return low.count(input) > 0; });
}

void Lowering::mark(jit::Node *node) {
  for (jit::Value *output : node->outputs()) low_.insert(output);
}

void Lowering::raise_inputs(jit::Node *node) {
  static const Symbols type_blind =
      to_symbols({"aten::size", "aten::dim", "prim::device"});
  if (type_blind.count(node->kind()) > 0) return;
  for (size_t i = 0; i < node->inputs().size(); i++)
    if (is_low(node->input(i))) node->replaceInput(i, raised(node->input(i)));
  for (jit::Block *block : node->blocks()) {
    for (jit::Node *inner : list_nodes(block)) raise_inputs(inner);
    raise_inputs(block->return_node());
  }
}

void Lowering::run() {
  for (jit::Node *node : list_nodes(graph_->block())) {
    if (!is_written(node) && (lower_convolution(node) || lower_product(node) ||
                              passes(node) || joins_low(node, low_)))
      mark(node);
    else
      raise_inputs(node);
  }
  raise_inputs(graph_->return_node());
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

bool is_constant(const Convolution &convolution) {
  for (size_t i : {convolution.stride, convolution.dilation, convolution.groups})
    if (!jit::toIValue(convolution.node->input(i))) return false;
  return true;
}

void finish(const Convolution &from, jit::Node *replaced, jit::Node *node) {
  node->output()->setType(c10::TensorType::get());
  replaced->output()->replaceAllUsesWith(node->output());
  if (replaced != from.node) replaced->destroy();
  from.node->destroy();
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
  finish(from, activation ? activation : from.node, node);
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
  finish(from, from.node, node);
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
