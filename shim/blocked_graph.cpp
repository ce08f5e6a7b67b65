// blocked_graph.cpp - a graph whose images stay in the order of oneDNN's vector code
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "blocked_graph.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/loop_unrolling.h>
#include <torch/csrc/jit/passes/remove_mutation.h>

#include <cmath>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "blocked_convolution.h"
#include "graph_region.h"

namespace jit = torch::jit;

namespace ts {
namespace {

constexpr int64_t kChannels = 1;  // the dimension

// Operators that work number by number, whatever the order.
const Symbols &number_by_number() {
  static const Symbols symbols = to_symbols(
      {"aten::silu", "aten::relu", "aten::relu6", "aten::leaky_relu", "aten::hardswish",
       "aten::hardsigmoid", "aten::gelu", "aten::sigmoid", "aten::tanh", "aten::mish",
       "aten::hardtanh", "aten::clamp", "aten::neg", "aten::exp", "aten::add",
       "aten::sub", "aten::mul", "aten::div"});
  return symbols;
}

std::optional<int64_t> constant_int(jit::Value *value) {
  auto constant = jit::toIValue(value);
  return constant && constant->isInt() ? constant->toInt() : std::optional<int64_t>();
}

// The numbers of a list that is a constant or made of constants.
std::optional<std::vector<double>> constant_numbers(jit::Value *value) {
  std::vector<double> numbers;
  auto constant = jit::toIValue(value);
  if (constant && constant->isIntList()) {
    for (int64_t number : constant->toIntVector()) numbers.push_back((double)number);
    return numbers;
  }
  if (constant && constant->isDoubleList()) return constant->toDoubleVector();
  if (value->node()->kind() != c10::prim::ListConstruct) return std::nullopt;
  for (jit::Value *input : value->node()->inputs()) {
    constant = jit::toIValue(input);
    if (!constant || (!constant->isInt() && !constant->isDouble())) return std::nullopt;
    numbers.push_back(constant->toScalar().toDouble());
  }
  return numbers;
}

// Two integers: as they are, or one for both.
std::optional<std::vector<int64_t>> constant_pair(jit::Value *value) {
  const auto numbers = constant_numbers(value);
  if (!numbers || numbers->empty() || numbers->size() > 2) return std::nullopt;
  return std::vector<int64_t>{(int64_t)numbers->front(), (int64_t)numbers->back()};
}

std::optional<Activation> to_activation(jit::Node *node) {
  static const auto silu = c10::Symbol::fromQualString("aten::silu");
  static const auto leaky = c10::Symbol::fromQualString("aten::leaky_relu");
  if (node->kind() == silu) return Activation{dnnl::algorithm::eltwise_swish, 1};
  if (node->kind() == c10::aten::relu)
    return Activation{dnnl::algorithm::eltwise_relu, 0};
  if (node->kind() == c10::aten::sigmoid)
    return Activation{dnnl::algorithm::eltwise_logistic, 0};
  if (node->kind() != leaky) return std::nullopt;
  const auto slope = jit::toIValue(node->input(1));
  if (!slope || !slope->isDouble()) return std::nullopt;
  return Activation{dnnl::algorithm::eltwise_relu, (float)slope->toDouble()};
}

// The activations of which each alone reads the one before, from @value on; gives the
// last one's output.
jit::Value *take_activations(jit::Value *value, std::vector<Activation> *activations) {
  while (value->uses().size() == 1) {
    jit::Node *user = value->uses()[0].user;
    const auto activation = to_activation(user);
    if (!activation) break;
    activations->push_back(*activation);
    value = user->output();
  }
  return value;
}

std::optional<ConvolutionSpec> read_convolution(jit::Node *node) {
  const auto found = find_convolution(node);
  if (!found || has_few_weights(*found) || !is_constant(*found)) return std::nullopt;
  const auto stride = constant_pair(node->input(found->stride)),
             padding = constant_pair(node->input(found->padding)),
             dilation = constant_pair(node->input(found->dilation));
  const auto bias = jit::toIValue(node->input(2));
  if (!stride || !padding || !dilation || !bias ||
      found->weight.scalar_type() != at::kFloat)
    return std::nullopt;
  ConvolutionSpec spec{found->weight,
                       {},
                       *stride,
                       *padding,
                       *dilation,
                       *constant_int(node->input(found->groups)),
                       {}};
  if (bias->isTensor()) spec.bias = bias->toTensor();
  return can_block(spec) ? std::optional<ConvolutionSpec>(std::move(spec)) : std::nullopt;
}

// The region is what lies in blocks.
class Blocking : public GraphRegion {
 public:
  explicit Blocking(const std::shared_ptr<jit::Graph> &graph) : GraphRegion(graph) {}
  bool has_convolutions() const { return has_convolutions_; }

 protected:
  bool take(jit::Node *node) override;
  jit::Value *bring_back(jit::Value *value) override;
  bool is_indifferent(jit::Node *node) override;

 private:
  void add_channels(jit::Value *value, int64_t channels);
  jit::Value *replace(jit::Node *node, const char *name,
                      std::vector<jit::Value *> inputs);
  bool take_convolution(jit::Node *node);
  bool take_number_by_number(jit::Node *node);
  bool take_join(jit::Node *node);
  bool take_parts(jit::Node *node);
  bool take_pool(jit::Node *node);
  bool take_enlarge(jit::Node *node);
  std::unordered_map<jit::Value *, int64_t> channels_;
  bool has_convolutions_ = false;
};

jit::Value *Blocking::bring_back(jit::Value *value) {
  return graph_->insert(c10::Symbol::fromQualString("gst_torchscript::unblock"), {value});
}

bool Blocking::is_indifferent(jit::Node *node) {
  static const Symbols symbols = to_symbols({"prim::device", "prim::dtype"});
  return symbols.count(node->kind()) > 0;
}

void Blocking::add_channels(jit::Value *value, int64_t channels) {
  channels_[value] = channels;
  add(value);
}

// The old node stays, read by nobody, as the caller goes through a list of all.
jit::Value *Blocking::replace(jit::Node *node, const char *name,
                              std::vector<jit::Value *> inputs) {
  jit::WithInsertPoint here(node);
  jit::Node *made =
      graph_->insertNode(graph_->create(c10::Symbol::fromQualString(name), inputs));
  made->output()->setType(c10::TensorType::get());
  return made->output();
}

bool Blocking::take_convolution(jit::Node *node) {
  auto spec = read_convolution(node);
  if (!spec) return false;
  jit::Value *last = take_activations(node->output(), &spec->activations);
  auto convolution = c10::make_intrusive<BlockedConvolution>(std::move(*spec));
  const int64_t channels = convolution->channels();
  jit::Value *made =
      replace(node, "gst_torchscript::blocked_conv2d",
              {node->input(0), insert_constant(node, std::move(convolution))});
  last->replaceAllUsesWith(made);
  if (channels % block_width() == 0) add_channels(made, channels);
  has_convolutions_ = true;
  return true;
}

bool Blocking::take_number_by_number(jit::Node *node) {
  if (number_by_number().count(node->kind()) == 0 || !reads_only_inside(node))
    return false;
  const int64_t channels = channels_[node->input(0)];
  for (jit::Value *input : node->inputs())
    if (contains(input) && channels_[input] != channels) return false;
  add_channels(node->output(), channels);
  return true;
}

// Channels one after the other: the list that says so, and what joins it.
bool Blocking::take_join(jit::Node *node) {
  const bool is_list = lists_to_join(node);
  jit::Node *join = is_list ? node->output()->uses()[0].user : node;
  if (!is_list && (node->kind() != c10::aten::cat || !contains(node->input(0))))
    return false;
  if (constant_int(join->input(1)) != kChannels) return false;
  int64_t channels = 0;
  for (jit::Value *input : join->input(0)->node()->inputs()) channels += channels_[input];
  add_channels(node->output(), channels);
  return true;
}

// Equal parts of the channels, whole blocks each: aten::chunk(x, n, dim) with the node
// that unpacks its list, or prim::ConstantChunk.
bool Blocking::take_parts(jit::Node *node) {
  if (node->kind() == c10::prim::ListUnpack && contains(node->input())) {
    for (jit::Value *output : node->outputs())
      add_channels(output, channels_[node->input()]);
    return true;
  }
  std::optional<int64_t> n, dim;
  if (node->kind() == c10::prim::ConstantChunk) {
    n = node->i(c10::attr::chunks);
    dim = node->i(c10::attr::dim);
  } else if (node->kind() == c10::aten::chunk && node->output()->uses().size() == 1 &&
             node->output()->uses()[0].user->kind() == c10::prim::ListUnpack) {
    n = constant_int(node->input(1));
    dim = constant_int(node->input(2));
  }
  if (!n || dim != kChannels || !contains(node->input(0))) return false;
  const int64_t channels = channels_[node->input(0)];
  if (channels % (*n * block_width()) != 0) return false;
  for (jit::Value *output : node->outputs()) add_channels(output, channels / *n);
  return true;
}

// aten::max_pool2d(x, kernel, stride, padding, dilation, ceil_mode)
bool Blocking::take_pool(jit::Node *node) {
  static const auto kind = c10::Symbol::fromQualString("aten::max_pool2d");
  if (node->kind() != kind || !contains(node->input(0))) return false;
  const auto kernel = constant_pair(node->input(1)),
             padding = constant_pair(node->input(3)),
             dilation = constant_pair(node->input(4));
  auto stride = constant_numbers(node->input(2));
  const auto ceil = jit::toIValue(node->input(5));
  if (!kernel || !stride || !padding || dilation != std::vector<int64_t>{1, 1} || !ceil ||
      ceil->toBool())
    return false;
  const auto steps = stride->empty() ? kernel : constant_pair(node->input(2));
  jit::Value *made =
      replace(node, "gst_torchscript::blocked_max_pool2d",
              {node->input(0), insert_constant(node, *kernel),
               insert_constant(node, *steps), insert_constant(node, *padding)});
  node->output()->replaceAllUsesWith(made);
  add_channels(made, channels_[node->input(0)]);
  return true;
}

// aten::upsample_nearest2d(x, None, scale_factors) by one whole number.
bool Blocking::take_enlarge(jit::Node *node) {
  static const auto kind = c10::Symbol::fromQualString("aten::upsample_nearest2d");
  if (node->kind() != kind || !contains(node->input(0)) || node->inputs().size() != 3)
    return false;
  const auto size = jit::toIValue(node->input(1));
  const auto factors = constant_numbers(node->input(2));
  if (!size || !size->isNone() || !factors || factors->size() != 2 ||
      factors->front() != factors->back() || factors->front() < 1 ||
      factors->front() != std::floor(factors->front()))
    return false;
  jit::Value *made =
      replace(node, "gst_torchscript::blocked_enlarge",
              {node->input(0), insert_constant(node, (int64_t)factors->front())});
  node->output()->replaceAllUsesWith(made);
  add_channels(made, channels_[node->input(0)]);
  return true;
}

bool Blocking::take(jit::Node *node) {
  return take_convolution(node) || take_number_by_number(node) || take_join(node) ||
         take_parts(node) || take_pool(node) || take_enlarge(node);
}

// Writes that what convolutions give has four dimensions; FALSE: nobody asked.
bool write_ranks(jit::Graph &graph) {
  static const Symbols keep =
      to_symbols({"aten::cat", "aten::chunk", "aten::max_pool2d", "aten::avg_pool2d",
                  "prim::ListConstruct", "prim::ListUnpack", "prim::ConstantChunk"});
  std::unordered_set<jit::Value *> images;
  bool written = false;
  for (jit::Node *node : list_nodes(graph.block())) {
    const bool reads = !node->inputs().empty() && images.count(node->input(0)) > 0;
    if (reads && node->kind() == c10::aten::dim && node->output()->hasUses()) {
      node->output()->replaceAllUsesWith(insert_constant(node, (int64_t)4));
      written = true;
    }
    if (find_convolution(node) || (reads && (keep.count(node->kind()) > 0 ||
                                             number_by_number().count(node->kind()))))
      images.insert(node->outputs().begin(), node->outputs().end());
  }
  return written;
}

// Scripts ask for the dimensions, in branches and loops, before they enlarge an image.
void fold_ranks(std::shared_ptr<jit::Graph> graph) {
  while (write_ranks(*graph)) {
    jit::ConstantPropagation(graph);
    jit::UnrollConstantLoops(graph);
    jit::RemoveListMutation(graph);
    jit::ConstantPropagation(graph);
  }
}

}  // namespace

bool block_images(const std::shared_ptr<jit::Graph> &graph) {
  if (block_width() == 0) return false;
  fold_ranks(graph);
  Blocking blocking(graph);
  blocking.run();
  jit::EliminateDeadCode(graph);
  graph->lint();
  return blocking.has_convolutions();
}

}  // namespace ts
