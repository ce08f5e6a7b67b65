// cuda_fuse.cpp - convolution, bias, SiLU and sum as one operator
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cuda_fuse.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/csrc/jit/ir/subgraph_matcher.h>
#include <torch/csrc/jit/passes/subgraph_rewrite.h>
#include <torch/library.h>

#include "cuda_error.h"
#include "cuda_kernels.h"

namespace jit = torch::jit;

namespace ts {
namespace {

using OptionalTensor = c10::optional<at::Tensor>;

bool to_dtype(at::ScalarType type, TsShimDtype *dtype) {
  if (type == at::kFloat) *dtype = TS_SHIM_FLOAT32;
  if (type == at::kHalf) *dtype = TS_SHIM_FLOAT16;
  if (type == at::kBFloat16) *dtype = TS_SHIM_BFLOAT16;
  return type == at::kFloat || type == at::kHalf || type == at::kBFloat16;
}

// The numbers from one channel to the next if @y is dense; 0: it is not.
uint32_t inner_size(const at::Tensor &y) {
  if (y.dim() != 4) return 0;
  if (y.is_contiguous(at::MemoryFormat::ChannelsLast)) return 1;
  return y.is_contiguous() ? (uint32_t)(y.size(2) * y.size(3)) : 0;
}

bool activate_fast(const at::Tensor &y, const OptionalTensor &bias,
                   const OptionalTensor &residual) {
  CudaActivation job{};
  job.inner = inner_size(y);
  if (!y.is_cuda() || job.inner == 0 || !to_dtype(y.scalar_type(), &job.dtype))
    return false;
  if (bias && (bias->scalar_type() != y.scalar_type() || !bias->is_contiguous()))
    return false;
  if (residual && (residual->scalar_type() != y.scalar_type() ||
                   residual->sizes() != y.sizes() || residual->strides() != y.strides()))
    return false;
  job.y = y.data_ptr();
  job.bias = bias ? bias->data_ptr() : nullptr;
  job.residual = residual ? residual->data_ptr() : nullptr;
  job.n = y.numel();
  job.channels = (uint32_t)y.size(1);
  if (!cuda_can_activate(job)) return false;
  check_cuda(cuda_activate(job, c10::cuda::getCurrentCUDAStream()));
  return true;
}

at::Tensor activate(at::Tensor y, const OptionalTensor &bias,
                    const OptionalTensor &residual) {
  if (activate_fast(y, bias, residual)) return y;
  if (bias) y.add_(bias->view({1, -1, 1, 1}));
  at::silu_(y);
  return residual ? y + *residual : y;
}

at::Tensor conv2d_silu(const at::Tensor &x, const at::Tensor &weight,
                       const OptionalTensor &bias, at::IntArrayRef stride,
                       at::IntArrayRef padding, at::IntArrayRef dilation,
                       int64_t groups) {
  return activate(at::conv2d(x, weight, {}, stride, padding, dilation, groups), bias,
                  c10::nullopt);
}

at::Tensor conv2d_silu_add(const at::Tensor &x, const at::Tensor &weight,
                           const OptionalTensor &bias, at::IntArrayRef stride,
                           at::IntArrayRef padding, at::IntArrayRef dilation,
                           int64_t groups, const at::Tensor &other) {
  return activate(at::conv2d(x, weight, {}, stride, padding, dilation, groups), bias,
                  other);
}

TORCH_LIBRARY(gst_torchscript, library) {
  library.def(
      "conv2d_silu(Tensor x, Tensor weight, Tensor? bias, int[] stride, int[] padding, "
      "int[] dilation, int groups) -> Tensor",
      conv2d_silu);
  library.def(
      "conv2d_silu_add(Tensor x, Tensor weight, Tensor? bias, int[] stride, int[] "
      "padding, int[] dilation, int groups, Tensor other) -> Tensor",
      conv2d_silu_add);
}

// Every pattern has its convolution as a script writes it or as a trace does.
struct Convolution {
  const char *inputs, *call;
};
constexpr Convolution kConvolutions[] = {
    {"", "aten::conv2d(%x, %w, %b, %s, %p, %d, %g)"},
    {", %transposed, %output_padding, %benchmark, %deterministic, %enabled, %tf32",
     "aten::_convolution(%x, %w, %b, %s, %p, %d, %transposed, %output_padding, %g, "
     "%benchmark, %deterministic, %enabled, %tf32)"},
};

std::string head(const Convolution &convolution, const std::string &more) {
  return std::string("graph(%x, %w, %b, %s, %p, %d, %g") + convolution.inputs + more +
         "):\n";
}

// A plain convolution: two dimensions, padded by numbers, and not transposed.
bool is_plain(const jit::Match &match,
              const std::unordered_map<std::string, jit::Value *> &names) {
  auto weight = jit::toIValue(match.values_map.at(names.at("w")));
  auto padding = jit::toIValue(match.values_map.at(names.at("p")));
  if (!weight || !weight->isTensor() || weight->toTensor().dim() != 4) return false;
  if (!padding || !padding->isIntList()) return false;
  auto transposed = names.find("transposed");
  if (transposed == names.end()) return true;
  auto value = jit::toIValue(match.values_map.at(transposed->second));
  return value && value->isBool() && !value->toBool();
}

void rewrite(std::shared_ptr<jit::Graph> graph, const std::string &from,
             const std::string &to) {
  jit::SubgraphRewriter rewriter;
  rewriter.RegisterRewritePattern(from, to);
  rewriter.runOnGraph(graph, is_plain);
}

void fuse_activation(const std::shared_ptr<jit::Graph> &graph,
                     const Convolution &convolution, const char *silu) {
  const std::string start = head(convolution, "");
  rewrite(
      graph,
      start + "  %y = " + convolution.call + "\n  %r = " + silu + "(%y)\n  return (%r)",
      start +
          "  %r = gst_torchscript::conv2d_silu(%x, %w, %b, %s, %p, %d, %g)\n"
          "  return (%r)");
}

bool adds_plainly(const jit::Match &match,
                  const std::unordered_map<std::string, jit::Value *> &names) {
  auto alpha = jit::toIValue(match.values_map.at(names.at("alpha")));
  return alpha && alpha->isInt() && alpha->toInt() == 1;
}

// The sum may be broadcast; the operator sees to that.
void fuse_sum(std::shared_ptr<jit::Graph> graph, const char *sum) {
  const std::string start = "graph(%x, %w, %b, %s, %p, %d, %g, %other, %alpha):\n";
  jit::SubgraphRewriter rewriter;
  rewriter.RegisterRewritePattern(
      start + "  %y = gst_torchscript::conv2d_silu(%x, %w, %b, %s, %p, %d, %g)\n  %r = " +
          sum + "\n  return (%r)",
      start +
          "  %r = gst_torchscript::conv2d_silu_add(%x, %w, %b, %s, %p, %d, %g, %other)\n"
          "  return (%r)");
  rewriter.runOnGraph(graph, adds_plainly);
}

}  // namespace

void fuse_for_cuda(const std::shared_ptr<jit::Graph> &graph) {
  for (const Convolution &convolution : kConvolutions)
    for (const char *silu : {"aten::silu", "aten::silu_"})
      fuse_activation(graph, convolution, silu);
  fuse_sum(graph, "aten::add(%other, %y, %alpha)");
  fuse_sum(graph, "aten::add(%y, %other, %alpha)");
}

}  // namespace ts
