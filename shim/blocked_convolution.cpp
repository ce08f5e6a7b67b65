// blocked_convolution.cpp - a convolution on blocked images
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "blocked_convolution.h"

#include <ATen/Parallel.h>

#include <cstring>
#include <utility>

namespace ts {
namespace {

// Frame sizes and batches in turn are few.
constexpr size_t kMaxPlans = 8;

// An image with so few channels is read as it is.
constexpr int64_t kFewChannels = 3;

// Groups of a few channels each that are cheaper as one product with zeros in it.
constexpr int64_t kSmallProduct = 32 * 1024;

bool is_depthwise(const at::Tensor &weight, int64_t groups) {
  return groups > 1 && weight.size(0) == groups && weight.size(1) == 1;
}

// The weights of groups as those of one, zeros between them.
at::Tensor join_groups(const at::Tensor &weight, int64_t groups) {
  const int64_t rows = weight.size(0) / groups, columns = weight.size(1);
  at::Tensor joined =
      at::zeros({weight.size(0), groups * columns, weight.size(2), weight.size(3)},
                weight.options());
  for (int64_t i = 0; i < groups; i++)
    joined.narrow(0, i * rows, rows)
        .narrow(1, i * columns, columns)
        .copy_(weight.narrow(0, i * rows, rows));
  return joined;
}

bool groups_are_blocks(const at::Tensor &weight, int64_t groups) {
  const int64_t width = block_width();
  if (is_depthwise(weight, groups)) return groups % width == 0;
  return weight.size(1) % width == 0 && weight.size(0) / groups % width == 0;
}

// How oneDNN writes the shape of grouped weights.
std::vector<int64_t> group_shape(std::vector<int64_t> shape, int64_t groups) {
  if (groups == 1) return shape;
  shape[0] /= groups;
  shape.insert(shape.begin(), groups);
  return shape;
}

bool is_slow(const dnnl::convolution_forward::primitive_desc &description) {
  const char *name = description.impl_info_str();
  return strstr(name, "gemm") != nullptr || strstr(name, "ref") != nullptr;
}

}  // namespace

bool can_block(const ConvolutionSpec &spec) {
  if (spec.groups == 1) return true;
  if (groups_are_blocks(spec.weight, spec.groups)) return true;
  const auto shape = spec.weight.sizes();
  return shape[2] == 1 && shape[3] == 1 &&
         shape[0] * shape[1] * spec.groups <= kSmallProduct;
}

struct BlockedConvolution::Key {
  std::vector<int64_t> shape;
  bool blocked;
  int threads;  // oneDNN divides the work when it makes the code
  bool operator==(const Key &other) const {
    return shape == other.shape && blocked == other.blocked && threads == other.threads;
  }
};

struct BlockedConvolution::Plan {
  Key key;
  dnnl::convolution_forward primitive;
  Desc image, source, inner, weight, bias, target, plain_target, scratchpad;
  std::vector<int64_t> target_shape;
  bool padded;  // the source has its margins in memory, inner lies within them
  at::Tensor weight_data;
  std::mutex lock;
  at::Tensor margins;  // a source whose margins are zero, for the next run

  at::Tensor take_source(const at::Tensor &image_data);
  void give_back(const at::Tensor &source_data);
  at::Tensor run(const at::Tensor &image_data, const at::Tensor &bias_data);
};

// The source as the primitive reads it.
at::Tensor BlockedConvolution::Plan::take_source(const at::Tensor &image_data) {
  if (image == source) return image_data;
  at::Tensor data;
  if (padded) {
    std::lock_guard<std::mutex> guard(lock);
    std::swap(data, margins);
  }
  if (!data.defined()) {
    data = new_bytes(source.get_size());
    if (padded) data.zero_();
  }
  reorder(image, image_data, inner, data);
  return data;
}

void BlockedConvolution::Plan::give_back(const at::Tensor &source_data) {
  if (!padded) return;
  std::lock_guard<std::mutex> guard(lock);
  margins = source_data;
}

at::Tensor BlockedConvolution::Plan::run(const at::Tensor &image_data,
                                         const at::Tensor &bias_data) {
  const at::Tensor source_data = take_source(image_data);
  const bool plain = target_shape[1] % block_width() != 0;
  at::Tensor target_data =
      plain ? new_bytes(target.get_size()) : new_blocked(target_shape);
  const at::Tensor scratch = new_bytes(scratchpad.get_size());
  dnnl::stream stream(onednn());
  std::unordered_map<int, dnnl::memory> arguments{
      {DNNL_ARG_SRC, to_memory(source, source_data)},
      {DNNL_ARG_WEIGHTS, to_memory(weight, weight_data)},
      {DNNL_ARG_DST, to_memory(target, target_data)},
      {DNNL_ARG_SCRATCHPAD, to_memory(scratchpad, scratch)}};
  if (bias_data.defined()) arguments.insert({DNNL_ARG_BIAS, to_memory(bias, bias_data)});
  primitive.execute(stream, arguments);
  stream.wait();
  give_back(source_data);
  if (!plain) return target_data;
  at::Tensor answer = at::empty(target_shape, at::TensorOptions(at::kFloat));
  reorder(target, target_data, plain_target, answer);
  return answer;
}

BlockedConvolution::BlockedConvolution(ConvolutionSpec spec) : spec_(std::move(spec)) {
  if (spec_.groups > 1 && !groups_are_blocks(spec_.weight, spec_.groups)) {
    spec_.weight = join_groups(spec_.weight, spec_.groups);
    spec_.groups = 1;
  }
  spec_.weight = spec_.weight.contiguous();
  if (spec_.bias.defined()) spec_.bias = spec_.bias.contiguous();
  kernel_ = spec_.weight.sizes().vec();
  const auto shape = group_shape(kernel_, spec_.groups);
  weight_desc_ = Desc(shape, kFloat32, spec_.groups > 1 ? Tag::goihw : Tag::oihw);
}

BlockedConvolution::~BlockedConvolution() = default;

std::vector<int64_t> BlockedConvolution::answer_shape(
    const std::vector<int64_t> &shape) const {
  std::vector<int64_t> answer{shape[0], kernel_[0], 0, 0};
  for (size_t i = 0; i < 2; i++) {
    const int64_t reach = spec_.dilation[i] * (kernel_[i + 2] - 1) + 1;
    answer[i + 2] = (shape[i + 2] + 2 * spec_.padding[i] - reach) / spec_.stride[i] + 1;
  }
  return answer;
}

dnnl::primitive_attr BlockedConvolution::make_attributes() const {
  dnnl::primitive_attr attributes;
  dnnl::post_ops operations;
  for (const Activation &activation : spec_.activations)
#if DNNL_VERSION_MAJOR >= 3
    operations.append_eltwise(activation.algorithm, activation.alpha, 0);
#else
    operations.append_eltwise(1, activation.algorithm, activation.alpha, 0);
#endif
  attributes.set_post_ops(operations);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// @padded: for a source whose margins are in memory.
dnnl::convolution_forward::primitive_desc BlockedConvolution::describe(
    const Key &key, bool padded) const {
  std::vector<int64_t> shape = key.shape, padding = spec_.padding, gaps = spec_.dilation;
  const auto answer = answer_shape(key.shape);
  for (size_t i = 0; i < 2; i++) {
    gaps[i]--;
    if (!padded) continue;
    shape[i + 2] += 2 * padding[i];
    padding[i] = 0;
  }
  const bool as_it_is = !key.blocked && shape[1] <= kFewChannels && !padded;
  const Desc source(shape, kFloat32, as_it_is ? Tag::nchw : blocked_tag()),
      weight(group_shape(kernel_, spec_.groups), kFloat32, Tag::any),
      target(answer, kFloat32, blocked_tag()),
      bias = spec_.bias.defined() ? Desc({answer[1]}, kFloat32, Tag::x) : Desc();
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const auto attributes = make_attributes();
#if DNNL_VERSION_MAJOR >= 3
  return {onednn(), kind,         algorithm, source,  weight,  bias,
          target,   spec_.stride, gaps,      padding, padding, attributes};
#else
  return {{kind, algorithm, source, weight, bias, target, spec_.stride, gaps, padding,
           padding},
          attributes,
          onednn()};
#endif
}

// The vector code takes no margins that are wider than what it computes at once,
// which those of dilated kernels are.
std::shared_ptr<BlockedConvolution::Plan> BlockedConvolution::make_plan(const Key &key) {
  auto description = describe(key, false);
  bool padded = false;
  if (is_slow(description) && spec_.padding[0] + spec_.padding[1] > 0) {
    auto other = describe(key, true);
    padded = !is_slow(other);
    if (padded) description = other;
  }
  auto plan = std::make_shared<Plan>();
  plan->key = key;
  plan->padded = padded;
  plan->primitive = dnnl::convolution_forward(description);
  plan->source = description.src_desc();
  plan->inner = padded ? plan->source.submemory_desc(
                             key.shape, {0, 0, spec_.padding[0], spec_.padding[1]})
                       : plan->source;
  plan->image = Desc(key.shape, kFloat32, key.blocked ? blocked_tag() : Tag::nchw);
  plan->weight = description.weights_desc();
  plan->bias = description.bias_desc();
  plan->target = description.dst_desc();
  plan->scratchpad = description.scratchpad_desc();
  plan->target_shape = answer_shape(key.shape);
  plan->plain_target = Desc(plan->target_shape, kFloat32, Tag::nchw);
  plan->weight_data = find_weight(plan->weight);
  return plan;
}

// Mostly all plans agree on the order, so that the last one's is enough to keep.
at::Tensor BlockedConvolution::find_weight(const Desc &desc) {
  if (weight_desc_ != desc) {
    const at::Tensor ordered = new_bytes(desc.get_size());
    reorder(weight_desc_, spec_.weight, desc, ordered);
    weight_desc_ = desc;
    spec_.weight = ordered;
  }
  return spec_.weight;
}

std::shared_ptr<BlockedConvolution::Plan> BlockedConvolution::find_plan(
    const at::Tensor &image) {
  const Key key{image_shape(image), image.dim() == 5, at::get_num_threads()};
  TORCH_CHECK(key.shape[1] == kernel_[1] * spec_.groups, "expected images of ",
              kernel_[1] * spec_.groups, " channels, not ", key.shape[1]);
  std::lock_guard<std::mutex> guard(lock_);
  for (auto plan = plans_.begin(); plan != plans_.end(); plan++) {
    if (!((*plan)->key == key)) continue;
    plans_.splice(plans_.begin(), plans_, plan);
    return plans_.front();
  }
  plans_.push_front(make_plan(key));
  if (plans_.size() > kMaxPlans) plans_.pop_back();
  return plans_.front();
}

at::Tensor BlockedConvolution::run(const at::Tensor &image) {
  return find_plan(image)->run(image.contiguous(), spec_.bias);
}

}  // namespace ts
