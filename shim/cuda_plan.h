// cuda_plan.h - one way to run a module on one shape of input
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/ATen.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "cuda_graph.h"
#include "cuda_kernels.h"
#include "cuda_memory.h"
#include "shim_module.h"

namespace ts {

// What a plan is made for.
struct PlanShape {
  int64_t n;  // frames
  TsShimInput input;
  int64_t keep;  // columns of a head; 0: all
};

// A module's code with its weights in one layout.
class Variant {
 public:
  Variant(const TsShimModule &module, bool channels_last);
  c10::IValue run(const at::Tensor &pixels);
  const bool channels_last;

 private:
  c10::IValue self_;
  torch::jit::GraphExecutor executor_;
};

// The input's memory, the module, and where its answer goes: queued call by call, or
// as one CUDA graph.
class Plan {
 public:
  Plan(Variant &variant, const PlanShape &shape, c10::cuda::CUDAStream stream);

  // Writes @frames, whose planes are on the card, to the input.
  void fill(const std::vector<TsShimFrame> &frames);

  // Queues the module and, of a head, the copy of the best to the host.
  void run();

  // Runs once and waits.  Then a graph can be tried: FALSE with a *reason if there is
  // to be none.
  void warm_up();
  bool try_capture(std::string *reason);
  bool is_graph() const { return graph_ != nullptr; }
  bool is_channels_last() const { return variant_.channels_last; }

  // Whether the answer was a head, of which host() then has the best, as float32
  // [n, rows, keep].
  bool is_head() const { return rows_ > 0; }
  float *host() const { return (float *)host_.data(); }
  int64_t rows() const { return rows_; }
  const c10::IValue &answer() const { return answer_; }
  const PlanShape &shape() const { return shape_; }
  int runs = 0;

 private:
  void queue();
  void select();
  Variant &variant_;
  const PlanShape shape_;
  c10::cuda::CUDAStream stream_;
  at::Tensor pixels_;
  c10::IValue answer_;
  int64_t rows_ = 0;
  at::Tensor keys_, best_;
  Pinned host_;
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
};

}  // namespace ts
