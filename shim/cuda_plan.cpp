// cuda_plan.cpp - one way to run a module on one shape of input
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cuda_plan.h"

#include <c10/cuda/CUDAGuard.h>

#include "cuda_fuse.h"
#include "shim_error.h"
#include "torch_convert.h"

namespace jit = torch::jit;

namespace ts {
namespace {

// By how much a graph's answer may differ from the plain one, as a part of the
// largest number in it: some kernels add in any order.
constexpr double kTolerance = 1e-3;

void to_channels_last(jit::Block *block) {
  for (jit::Node *node : block->nodes()) {
    for (jit::Block *inner : node->blocks()) to_channels_last(inner);
    if (node->kind() != c10::prim::Constant || !node->hasAttribute(c10::attr::value) ||
        node->kindOf(c10::attr::value) != jit::AttributeKind::t)
      continue;
    const at::Tensor tensor = node->t(c10::attr::value);
    if (tensor.dim() == 4)
      node->t_(c10::attr::value, tensor.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

std::shared_ptr<jit::Graph> graph_of(const TsShimModule &module, bool channels_last) {
  auto graph = module.module.get_method(module.method_name).graph()->copy();
  fuse_for_cuda(graph);
  if (channels_last) to_channels_last(graph->block());
  return graph;
}

at::Tensor new_pixels(const PlanShape &shape, bool channels_last, c10::Device device) {
  const TsShimInput &in = shape.input;
  auto options = at::TensorOptions(to_scalar_type(in.dtype)).device(device);
  if (in.interleaved)
    return at::zeros({shape.n, in.height, in.width, in.channels}, options);
  auto format =
      channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  return at::zeros({shape.n, in.channels, in.height, in.width}, options)
      .contiguous(format);
}

void list_tensors(const c10::IValue &value, std::vector<at::Tensor> *tensors) {
  value.visit([&](const c10::IValue &part) {
    if (part.isTensor()) tensors->push_back(part.toTensor());
    return false;
  });
}

bool is_close(const at::Tensor &a, const at::Tensor &b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  if (!a.is_floating_point()) return a.equal(b);
  if (a.numel() == 0) return true;
  const at::Tensor x = a.to(at::kFloat), y = b.to(at::kFloat);
  const double largest = x.abs().nan_to_num(0., 0., 0.).max().item<double>();
  return at::allclose(x, y, kTolerance, kTolerance * largest, true);
}

// Copies, as the next run writes to the same memory.
std::vector<at::Tensor> copies_of(const c10::IValue &answer) {
  std::vector<at::Tensor> tensors;
  list_tensors(answer, &tensors);
  for (at::Tensor &tensor : tensors) tensor = tensor.clone();
  return tensors;
}

bool is_head(const c10::IValue &answer, const PlanShape &shape) {
  if (!answer.isTensor() || shape.keep <= 0) return false;
  const at::Tensor &t = answer.toTensor();
  const auto type = t.scalar_type();
  return t.defined() && t.is_cuda() && t.dim() == 3 && t.size(0) == shape.n &&
         t.size(1) > 4 && t.size(2) > shape.keep && t.is_contiguous() &&
         t.numel() < INT32_MAX &&
         (type == at::kFloat || type == at::kHalf || type == at::kBFloat16);
}

TsShimDtype dtype_of(const at::Tensor &tensor) {
  if (tensor.scalar_type() == at::kFloat) return TS_SHIM_FLOAT32;
  return tensor.scalar_type() == at::kHalf ? TS_SHIM_FLOAT16 : TS_SHIM_BFLOAT16;
}

}  // namespace

Variant::Variant(const TsShimModule &module, bool channels_last)
    : channels_last(channels_last),
      self_(module.module._ivalue()),
      executor_(graph_of(module, channels_last), module.method_name) {}

c10::IValue Variant::run(const at::Tensor &pixels) {
  jit::Stack stack = {self_, pixels};
  executor_.run(stack);
  if (stack.size() == 1) return stack[0];
  return c10::ivalue::Tuple::create(std::move(stack));
}

Plan::Plan(std::shared_ptr<Variant> variant, const PlanShape &shape,
           c10::cuda::CUDAStream stream)
    : variant_(std::move(variant)), shape_(shape), stream_(stream) {
  c10::cuda::CUDAStreamGuard on_stream(stream_);
  pixels_ = new_pixels(shape, variant_->channels_last, stream_.device());
}

void Plan::fill(const std::vector<TsShimFrame> &frames) {
  const size_t item = pixels_.nbytes() / (size_t)shape_.n;
  uint8_t *out = (uint8_t *)pixels_.data_ptr();
  const bool interleaved = shape_.input.interleaved || variant_->channels_last;
  for (size_t i = 0; i < frames.size(); i++)
    check_cuda(
        cuda_tensorize({frames[i], shape_.input, interleaved}, out + i * item, stream_));
}

// Makes room at the first run, so that later ones, and a graph, use the same.
void Plan::select() {
  rows_ = 0;
  if (!ts::is_head(answer_, shape_)) return;
  const at::Tensor &head = answer_.toTensor();
  const int64_t n = head.size(0), rows = head.size(1), anchors = head.size(2);
  const int64_t size = n * rows * shape_.keep * (int64_t)sizeof(float);
  auto keys = (uint32_t *)reserve(&keys_, n * (anchors + shape_.keep) * 4, head.device());
  auto best = (float *)reserve(&best_, size, head.device());
  check_cuda(
      cuda_select({head.data_ptr(), dtype_of(head), (int)n, (int)rows, (int)anchors},
                  (int)shape_.keep, keys, best, stream_));
  rows_ = rows;
}

void Plan::fetch(Pinned *host) const {
  const size_t size = (size_t)(shape_.n * rows_ * shape_.keep) * sizeof(float);
  host->reserve(size);
  check_cuda(cudaMemcpyAsync(host->data(), best_.data_ptr(), size, cudaMemcpyDeviceToHost,
                             stream_));
}

void Plan::queue() {
  answer_ = variant_->run(pixels_);
  select();
}

void Plan::run() {
  if (graph_)
    graph_->replay();
  else
    queue();
}

void Plan::warm_up() {
  queue();
  check_cuda(cudaStreamSynchronize(stream_));
}

bool Plan::try_capture(std::string *reason) {
  if (!can_capture([this] { queue(); }, reason)) return false;
  const std::vector<at::Tensor> before = copies_of(answer_);
  check_cuda(cudaStreamSynchronize(stream_));
  graph_ = capture(
      stream_, [this] { queue(); }, reason);
  if (graph_ == nullptr) return false;
  graph_->replay();
  check_cuda(cudaStreamSynchronize(stream_));
  std::vector<at::Tensor> after;
  list_tensors(answer_, &after);
  bool same = before.size() == after.size();
  for (size_t i = 0; same && i < before.size(); i++) same = is_close(before[i], after[i]);
  if (same) return true;
  graph_.reset();
  *reason = "as a graph it gives another answer";
  return false;
}

}  // namespace ts
