// blocked_convolution.h - a convolution on blocked images
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/custom_class.h>

#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "onednn.h"

namespace ts {

// What is computed from each number that a convolution gives.
struct Activation {
  dnnl::algorithm algorithm;
  float alpha;
};

struct ConvolutionSpec {
  at::Tensor weight, bias;  // bias may be undefined
  std::vector<int64_t> stride, padding, dilation;
  int64_t groups = 1;
  std::vector<Activation> activations;
};

// Whether oneDNN has fast code for such a convolution of blocked images.
bool can_block(const ConvolutionSpec &spec);

// Keeps its weights in the order that oneDNN computes with, and what oneDNN has
// generated for the last few shapes.  Threads may run it at the same time.
class BlockedConvolution : public torch::CustomClassHolder {
 public:
  explicit BlockedConvolution(ConvolutionSpec spec);
  ~BlockedConvolution() override;

  // @image: [n, c, h, w] or blocked.  The answer is blocked if the number of its
  // channels is a multiple of block_width(), else [n, c, h, w].
  at::Tensor run(const at::Tensor &image);

  int64_t channels() const { return kernel_[0]; }

 private:
  struct Key;
  struct Plan;
  std::shared_ptr<Plan> find_plan(const at::Tensor &image);
  std::shared_ptr<Plan> make_plan(const Key &key);
  dnnl::convolution_forward::primitive_desc describe(const Key &key, bool padded) const;
  dnnl::primitive_attr make_attributes() const;
  std::vector<int64_t> answer_shape(const std::vector<int64_t> &shape) const;
  at::Tensor find_weight(const Desc &desc);
  ConvolutionSpec spec_;         // its weights in the order of weight_desc_
  std::vector<int64_t> kernel_;  // the shape of the weights
  Desc weight_desc_;
  std::mutex lock_;
  std::list<std::shared_ptr<Plan>> plans_;
};

}  // namespace ts
